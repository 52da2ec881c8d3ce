"""The query map: what turns a question's vector towards its documents, as one embedding model sees them."""

from alembic.operations import Operations

revision = "t0010"
down_revision = "t0009"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the table. A map counts as one only while everybody may read every document that it was learned from."""
    op.execute("""
        CREATE TABLE query_maps (
            model      text PRIMARY KEY,
            version    integer NOT NULL,
            map        bytea NOT NULL,   -- float32, row by row, as many rows as columns
            passages   text[] NOT NULL,  -- whose names and vectors it was learned from
            documents  text[] NOT NULL,  -- those of the passages, each once
            names      integer NOT NULL, -- different titles and headings
            mrr_before double precision NOT NULL,  -- of names held out, asked for what stands below them: with vectors as they are
            mrr_after  double precision NOT NULL,  -- the same, mapped
            helps      boolean NOT NULL, -- whether that is more by more than chance: else it is kept, and not used
            learned_at timestamptz NOT NULL
        )""")
