"""Indexes of one model whose vectors changed their length are two, one beside the other."""

from alembic.operations import Operations

revision = "t0005"
down_revision = "t0004"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the length part of what an index is known by."""
    op.execute("ALTER TABLE indexes DROP CONSTRAINT indexes_pkey, ADD PRIMARY KEY (engine, model, dimension)")
