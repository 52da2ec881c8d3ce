"""What is posted beside an outcome is posted once."""

from alembic.operations import Operations

revision = "c0003"
down_revision = "c0002"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Set before the platform is asked to show an offer: from then on it may be shown."""
    op.execute("ALTER TABLE inbox ADD COLUMN offered_at timestamptz")
