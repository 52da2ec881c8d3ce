"""Tenants, and the platform workspaces that lead to them."""

from alembic.operations import Operations

revision = "c0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the first tables of the schema `footnote`."""
    for statement in _STATEMENTS:
        op.execute(statement)


_STATEMENTS = (
    """
    CREATE TABLE tenants (
        id         text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{1,40}$'),  -- becomes part of identifiers
        slug       text NOT NULL UNIQUE,
        name       text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        data_key   bytea NOT NULL,  -- wrapped under the master key; without it nothing sealed can be read
        revision   text NOT NULL    -- as in the tenant's alembic_version: one query finds those that are behind
    )
    """,
    """
    CREATE TABLE installs (
        platform    text NOT NULL,
        external_id text NOT NULL,  -- the platform's own name for the workspace
        tenant      text NOT NULL REFERENCES tenants ON DELETE CASCADE,
        created_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (platform, external_id)
    )
    """,
    "CREATE INDEX installs_by_tenant ON installs (tenant)",
)
