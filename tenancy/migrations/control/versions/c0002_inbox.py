"""The inbox: what platforms told us, kept until it has had its one visible outcome. And tenants whose remains are still to be removed."""

from alembic.operations import Operations

revision = "c0002"
down_revision = "c0001"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    """Make both. The inbox stands outside the tenants' schemas: an event is kept before anybody has asked whose it is."""
    for statement in _STATEMENTS:
        op.execute(statement)


_STATEMENTS = (
    """
    CREATE TABLE inbox (
        platform    text NOT NULL,
        app         text NOT NULL,
        event       text NOT NULL,            -- the platform's own name for it: the same event twice is one row
        workspace   text NOT NULL,            -- the platform's own name for the workspace
        tenant      text REFERENCES tenants ON DELETE CASCADE,  -- null: the workspace is linked to none
        body        bytea,                    -- as it came; null once the event is finished
        place       integer NOT NULL,         -- in line: the worker takes the lowest first, and each tenant has one of each
        received_at timestamptz NOT NULL DEFAULT now(),
        posting_at  timestamptz,              -- set before the platform is asked to show the outcome: from then on it may be shown
        turn        text,                     -- whose outcome it is, once that is known
        post        text,                     -- the platform's own name for what is shown
        outcome     text,                     -- null until finished
        reason      text NOT NULL DEFAULT '', -- of an outcome that is not an answer, for an admin
        finished_at timestamptz,
        PRIMARY KEY (platform, app, event)
    )
    """,
    "CREATE TABLE removals (tenant text PRIMARY KEY, removed_at timestamptz NOT NULL DEFAULT now())",
    "CREATE INDEX inbox_waiting ON inbox (place) WHERE finished_at IS NULL",
    "CREATE INDEX inbox_waiting_by_tenant ON inbox (coalesce(tenant, ''), place) WHERE finished_at IS NULL",
    "CREATE INDEX inbox_finished ON inbox (finished_at) WHERE finished_at IS NOT NULL",
    "CREATE INDEX inbox_by_post ON inbox (platform, workspace, post) WHERE post IS NOT NULL",
    "CREATE INDEX inbox_by_turn ON inbox (turn) WHERE turn IS NOT NULL",
    "ALTER TABLE installs ADD COLUMN declared boolean NOT NULL DEFAULT false",  # by a setting, not by consent
)
