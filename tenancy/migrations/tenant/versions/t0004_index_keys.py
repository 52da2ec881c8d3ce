"""The keys that the tenant's index is reached with, where an engine has one for each tenant."""

from alembic.operations import Operations

revision = "t0004"
down_revision = "t0003"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the table. Keys are sealed under the tenant's data key."""
    op.execute("""
        CREATE TABLE index_keys (
            engine text PRIMARY KEY,
            sealed bytea NOT NULL
        )""")
