"""Alembic, run without its `env.py` and its global `alembic.op`, which two tenants set up at once would share.

A revision's `upgrade(op)` is handed the `Operations` of its own connection instead.
"""

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from tenancy.errors import SchemaTooNew


def upgrade(connection: Connection, place: str, schema: str) -> None:
    """Run what `schema` lacks of the revisions in `place`, `control` or `tenant`, in the connection's transaction.

    Raises `SchemaTooNew` if the schema is at a revision that is not there.
    """
    scripts = revisions(place)

    def steps(current: Any, _: MigrationContext) -> Collection[RevisionStep]:  # noqa: ANN401  Alembic's own type
        try:
            return scripts._upgrade_revs("head", current)  # noqa: SLF001  what Alembic's documentation of `fn` calls
        except CommandError as problem:  # the schema is at a revision that is not among ours
            raise SchemaTooNew from problem

    context = MigrationContext.configure(connection, opts={"version_table_schema": schema, "fn": steps})
    context.run_migrations(op=Operations(context))


@cache
def revisions(place: str) -> ScriptDirectory:
    """The revisions in `place`, read once."""
    return ScriptDirectory(str(Path(__file__).parent / place))
