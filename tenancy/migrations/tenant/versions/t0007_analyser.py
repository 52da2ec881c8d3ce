"""Which analyser made the terms of an index."""

from alembic.operations import Operations

revision = "t0007"
down_revision = "t0006"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Add the column. Every index there is so far is of the first analyser; the next tidying writes its terms anew."""
    op.execute("ALTER TABLE indexes ADD COLUMN analyser integer NOT NULL DEFAULT 1")
