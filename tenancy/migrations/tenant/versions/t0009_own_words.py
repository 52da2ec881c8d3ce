"""A company's own words: the short forms that its documents explain, those that its admin adds, and those that are switched off."""

from alembic.operations import Operations

revision = "t0009"
down_revision = "t0008"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the tables. Nothing is known of documents that are there already until they are looked at, by the next tidying or ingestion."""
    op.execute("""
        CREATE TABLE own_words (
            document  text NOT NULL REFERENCES documents ON DELETE CASCADE,
            version   integer NOT NULL,  -- of the document: what explained it; whoever publishes the next may know nothing of this table
            short_key text NOT NULL,  -- what spellings of one form have in common
            long_key  text NOT NULL,
            short     text NOT NULL,
            long      text NOT NULL,
            PRIMARY KEY (document, short_key, long_key)
        )""")
    op.execute("CREATE INDEX own_words_short ON own_words (short_key)")
    op.execute("CREATE INDEX own_words_long ON own_words (long_key, short_key)")
    op.execute("""
        CREATE TABLE own_words_added (
            short_key text PRIMARY KEY,
            long_key  text NOT NULL,
            short     text NOT NULL,
            long      text NOT NULL
        )""")
    op.execute("""
        CREATE TABLE own_words_off (
            short_key text NOT NULL,
            long_key  text NOT NULL,  -- empty: whatever it means
            PRIMARY KEY (short_key, long_key)
        )""")
    op.execute("""
        ALTER TABLE documents
            ADD COLUMN words_found   integer NOT NULL DEFAULT 0, -- by which finder its text was looked at last; 0: by none so far
            ADD COLUMN words_version integer NOT NULL DEFAULT 0  -- and of which version; 0: of none
    """)
