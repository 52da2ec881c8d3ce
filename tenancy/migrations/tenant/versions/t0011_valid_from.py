"""From when a document holds, as it says itself: questions may ask for what held on a day."""

from alembic.operations import Operations

revision = "t0011"
down_revision = "t0010"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the column. Documents that are there say it when they are next read."""
    op.execute("ALTER TABLE documents ADD COLUMN valid_from date")
