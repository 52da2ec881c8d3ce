"""Each try of an event counts itself, so that one that was overtaken posts nothing; what is posted beside an outcome is kept too."""

from alembic.operations import Operations

revision = "c0003"
down_revision = "c0002"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Add what is kept of the tries, of the post's thread and of the offer beside it."""
    op.execute("ALTER TABLE inbox ADD COLUMN tries integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE inbox ADD COLUMN post_thread text")  # where the post stands: its name may be unique only there
    op.execute("ALTER TABLE inbox ADD COLUMN offered_at timestamptz")  # set before the platform is asked to show the offer
