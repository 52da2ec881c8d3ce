"""Where the tenant's index is: by which engine, of which embedding model."""

from alembic.operations import Operations

revision = "t0003"
down_revision = "t0002"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the table. Of one tenant one index serves, and one may be built beside it."""
    op.execute("""
        CREATE TABLE indexes (
            engine    text NOT NULL,
            model     text NOT NULL,
            dimension integer NOT NULL,
            state     text NOT NULL CHECK (state IN ('serving', 'building', 'kept')),
            since     timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (engine, model)
        )""")
    op.execute("CREATE UNIQUE INDEX indexes_one_each ON indexes (state) WHERE state IN ('serving', 'building')")
