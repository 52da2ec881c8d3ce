"""Which analyser made an index's terms; whether documents say that they hold; which table goes on in a passage."""

from alembic.operations import Operations

revision = "t0008"
down_revision = "t0007"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Add the columns. Every index there is so far is of the first analyser; the next tidying writes its terms anew.

    Of documents that are there already only title and path tell whether they hold, and no table's header is known, until they are
    read again.
    """
    op.execute("ALTER TABLE indexes ADD COLUMN analyser integer NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE documents ADD COLUMN standing text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE passages ADD COLUMN header text NOT NULL DEFAULT ''")
