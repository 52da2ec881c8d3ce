"""What every tenant has from the first day: people, documents, turns, and the books that are kept on them."""

from alembic.operations import Operations

revision = "t0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make the tables, in the tenant's schema, owned by the tenant's role."""
    for statement in (*_PEOPLE, *_KNOWLEDGE, *_CONVERSATION, *_BOOKS):
        op.execute(statement)


_PEOPLE = (
    """
    CREATE TABLE persons (
        id         text PRIMARY KEY,
        email      text NOT NULL UNIQUE,  -- lower case, Unicode NFC
        name       text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    # A group is a group of one source: `hr` here and `hr` there are two.
    "CREATE TABLE groups (source text NOT NULL, name text NOT NULL, PRIMARY KEY (source, name))",
    """
    CREATE TABLE memberships (
        person text NOT NULL REFERENCES persons ON DELETE CASCADE,
        source text NOT NULL,
        name   text NOT NULL,
        PRIMARY KEY (person, source, name),
        FOREIGN KEY (source, name) REFERENCES groups ON DELETE CASCADE
    )
    """,
    "CREATE INDEX memberships_by_group ON memberships (source, name)",
)

_KNOWLEDGE = (
    """
    CREATE TABLE sources (
        id         text PRIMARY KEY,
        name       text NOT NULL UNIQUE,
        kind       text NOT NULL,
        root       text NOT NULL DEFAULT '',  -- where it is read from, if that must not change
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE documents (
        id           text PRIMARY KEY,
        source       text NOT NULL REFERENCES sources ON DELETE CASCADE,
        name         text NOT NULL,           -- what the source calls it
        title        text NOT NULL,
        url          text,
        media_type   text NOT NULL,
        version      integer NOT NULL CHECK (version >= 0),  -- the one whose passages may be shown; 0: none yet
        readers      text[] NOT NULL,         -- principals; empty: nobody
        content_hash text NOT NULL,           -- of the original's bytes
        size         bigint NOT NULL CHECK (size >= 0),      -- of the original, bytes
        modified_at  timestamptz,             -- the source's clock
        indexed_at   timestamptz NOT NULL DEFAULT now(),
        UNIQUE (source, name)
    )
    """,
    """
    CREATE TABLE document_versions (
        document text NOT NULL REFERENCES documents ON DELETE CASCADE,
        version  integer NOT NULL,
        text     text NOT NULL,  -- as extracted; passages are spans of it
        pages    integer[] NOT NULL DEFAULT '{}',  -- start of each page in text, then the text's end; empty without pages
        PRIMARY KEY (document, version)
    )
    """,
    """
    CREATE TABLE passages (
        id         text PRIMARY KEY,
        document   text NOT NULL REFERENCES documents ON DELETE CASCADE,
        version    integer NOT NULL,
        ordinal    integer NOT NULL,  -- from 0, in reading order
        span_start integer NOT NULL,  -- characters of document_versions.text, not bytes
        span_end   integer NOT NULL,
        page       integer,           -- from 1; null where the format has no pages
        heading    text[] NOT NULL,   -- outermost first
        text       text NOT NULL
    )
    """,
    "CREATE INDEX passages_by_version ON passages (document, version)",
)

_CONVERSATION = (
    """
    CREATE TABLE turns (
        id          text PRIMARY KEY,  -- made from the platform's event: the same event twice is one turn
        thread      text NOT NULL,
        ordinal     bigint GENERATED ALWAYS AS IDENTITY,  -- orders a thread; clocks of two platforms may not
        person      text NOT NULL,
        place       text NOT NULL DEFAULT '',  -- as people call it; empty in private
        question    text NOT NULL,
        asked_at    timestamptz NOT NULL,      -- the platform's clock
        intent      text,
        outcome     text,                      -- null until the question ended
        answer      jsonb,
        trace       jsonb,
        took_ms     real,
        first_ms    real,                      -- until the asker saw the first of it
        finished_at timestamptz
    )
    """,
    "CREATE INDEX turns_by_thread ON turns (thread, ordinal)",
    """
    CREATE TABLE feedback (
        turn     text NOT NULL REFERENCES turns ON DELETE CASCADE,
        person   text NOT NULL,
        verdict  text NOT NULL,
        comment  text NOT NULL DEFAULT '',
        given_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (turn, person)  -- the last word of each person counts
    )
    """,
)

_BOOKS = (
    """
    CREATE TABLE audit (
        id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at      timestamptz NOT NULL DEFAULT now(),
        actor   text NOT NULL,
        action  text NOT NULL,
        subject text NOT NULL,
        detail  jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE usage (
        month     date PRIMARY KEY,  -- its first day, UTC
        questions integer NOT NULL CHECK (questions >= 0)
    )
    """,
    """
    CREATE TABLE uploads (
        id          text PRIMARY KEY,
        person      text NOT NULL,
        name        text NOT NULL,
        readers     text[] NOT NULL,
        original    text NOT NULL,  -- its key among the tenant's originals
        state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'reading', 'done', 'failed')),
        reason      text NOT NULL DEFAULT '',  -- of a failure, for the person
        document    text,           -- once done
        created_at  timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz
    )
    """,
    "CREATE TABLE settings (name text PRIMARY KEY, value jsonb NOT NULL)",
)
