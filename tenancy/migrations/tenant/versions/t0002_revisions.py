"""Sources count the changes of their documents, so that what was counted of those once need not be counted for every question."""

from alembic.operations import Operations

revision = "t0002"
down_revision = "t0001"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Add the count of changes."""
    op.execute("ALTER TABLE sources ADD COLUMN revision bigint NOT NULL DEFAULT 0")
