"""How much doubt is too much for a company: the questions its admin judged, and what is learned of them and of feedback."""

from alembic.operations import Operations

revision = "t0007"
down_revision = "t0006"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make both tables. Doubts are kept with what they were worked out with: others are forgotten when that changes."""
    op.execute("""
        CREATE TABLE judged_questions (
            id         text PRIMARY KEY,  -- digest of asker and question: a question may be longer than a key
            question   text NOT NULL,
            asker      text NOT NULL,
            answerable boolean NOT NULL,
            doubt      double precision NOT NULL,
            made_by    text NOT NULL,
            judged_at  timestamptz NOT NULL
        )""")
    op.execute("""
        CREATE TABLE doubt_thresholds (
            made_by    text PRIMARY KEY,
            nearest    double precision NOT NULL,
            refuse     double precision NOT NULL,
            learned_at timestamptz NOT NULL
        )""")
