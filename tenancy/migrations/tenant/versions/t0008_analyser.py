"""Which analyser made the terms of an index; and what documents say of themselves: that they are drafts, or no longer hold."""

from alembic.operations import Operations

revision = "t0008"
down_revision = "t0007"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Add the columns. Every index there is so far is of the first analyser; the next tidying writes its terms anew.

    Of documents that are there already only title and path tell, until they are read again.
    """
    op.execute("ALTER TABLE indexes ADD COLUMN analyser integer NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE documents ADD COLUMN standing text NOT NULL DEFAULT ''")
