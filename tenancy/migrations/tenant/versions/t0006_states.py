"""What passages are ranked by: the states of their tokens and their vector, as one embedding model sees them."""

from alembic.operations import Operations

revision = "t0006"
down_revision = "t0005"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the table. It has nothing of passages that were there before; they are ranked without until the nightly job has been."""
    op.execute("""
        CREATE TABLE passage_states (
            passage text NOT NULL REFERENCES passages ON DELETE CASCADE,
            model   text NOT NULL,
            states  bytea NOT NULL,  -- signs, eight in a byte, as many bytes for each token; empty: the model shows none
            vector  bytea NOT NULL,  -- float16
            PRIMARY KEY (passage, model)
        )""")
    op.execute("ALTER TABLE passage_states ALTER COLUMN states SET STORAGE EXTERNAL")  # signs are as good as random: nothing to compress
