"""What platforms told us, durably: an event and its job are committed together, and only then is the platform told that we have it.

The same event twice is one row and one job. A row is finished when the event has had its one visible outcome, or when there is none to
have; then its body is forgotten and the rest kept for a week, which is longer than any platform sends again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.failures import Overtaken
from adapters.heard import Place
from bot.messages import TurnId
from tenancy.database import Database
from tenancy.viewer import TenantId


class Key(NamedTuple):
    """An event's own name."""

    platform: str  # `slack`, `teams`
    app: str  # which app of ours it was sent to
    event: str  # unique within the app


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it came, verified and not yet read."""

    key: Key
    workspace: str  # the platform's own name for where it comes from
    thread: str  # events of one thread are worked on in their order
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An event that waits for its outcome."""

    key: Key
    workspace: str
    tenant: TenantId | None  # whose workspace it is; None: it is linked to nobody
    body: bytes
    tries: int  # which try of the event this is, from 1; the next one overtakes it
    may_be_posted: bool  # a worker before us was about to show the outcome when it was lost
    post: str | None  # the platform's name for what is shown already


Queue = Callable[[AsyncConnection, Key, str, int], Awaitable[None]]
"""Queues the job of an event in the transaction that keeps it: (connection, key, thread, place in line)."""

# One of each tenant's events in each place, the tenants side by side: a newcomer stands beside whoever is first, not behind
# everything that a busier tenant has asked before. Places of one tenant never go down, so a thread stays in order.
_TAKE = text("""
    INSERT INTO inbox (platform, app, event, workspace, body, tenant, place)
    SELECT :platform, :app, :event, :workspace, :body, whose.tenant, greatest(
        coalesce((SELECT max(place) + 1 FROM inbox
                  WHERE finished_at IS NULL AND coalesce(tenant, '') = coalesce(whose.tenant, '')), 0),
        coalesce((SELECT min(place) FROM inbox WHERE finished_at IS NULL), 0))
    FROM (SELECT (SELECT tenant FROM installs WHERE platform = :platform AND external_id = :workspace) AS tenant) AS whose
    WHERE whose.tenant IS NOT NULL OR :strangers
    ON CONFLICT DO NOTHING
    RETURNING place""")
_IS = "platform = :platform AND app = :app AND event = :event"
_THERE = text(f"SELECT EXISTS (SELECT FROM inbox WHERE {_IS})")
_OPEN = text(f"""
    UPDATE inbox SET tries = tries + 1 WHERE {_IS} AND finished_at IS NULL
    RETURNING workspace, tenant, body, tries, posting_at IS NOT NULL AS may_be_posted, post""")
_IS_THIS_TRY = f"{_IS} AND tries = :tries AND finished_at IS NULL"
_POSTING = text(f"UPDATE inbox SET posting_at = coalesce(posting_at, now()), turn = :turn WHERE {_IS_THIS_TRY} RETURNING event")
_TURN = text("""
    SELECT turn FROM inbox
    WHERE platform = :platform AND workspace = :workspace AND post = :post AND post_thread = :thread""")
_POSTED = text(f"UPDATE inbox SET post = :post, post_thread = :thread WHERE {_IS_THIS_TRY} RETURNING event")
_OFFERING = text(f"UPDATE inbox SET offered_at = now() WHERE {_IS_THIS_TRY} AND offered_at IS NULL RETURNING event")
_OUTCOME = text("SELECT outcome FROM inbox WHERE turn = :turn AND outcome IS NOT NULL ORDER BY finished_at DESC LIMIT 1")
_SHOWN = text(f"""
    SELECT EXISTS (SELECT FROM inbox WHERE turn = :turn AND NOT ({_IS}) AND (post IS NOT NULL OR finished_at IS NULL)) AS shown""")
_FINISH = text(f"""
    UPDATE inbox SET outcome = :outcome, reason = :reason, finished_at = now(), body = NULL
    WHERE {_IS} AND finished_at IS NULL""")
_FORGET = text("DELETE FROM inbox WHERE finished_at < now() - interval '7 days'")


class Inbox:
    """Every platform's events, on PostgreSQL."""

    def __init__(self, database: Database, queue: Queue) -> None:
        """`queue` is called in the transaction that keeps an event."""
        self._database = database
        self._queue = queue

    async def take(self, event: Event, *, strangers: bool = False) -> bool:
        """Keep an event and queue its job; when this returns, both are there whatever happens.

        False: it comes from a workspace that is linked to nobody, and nothing was kept; with `strangers` it is kept, without a tenant.
        Raises `StoreUnavailable`.
        """
        values = {**_named(event.key), "workspace": event.workspace, "body": event.body, "strangers": strangers}
        async with self._database.control() as connection:
            place = await connection.scalar(_TAKE, values)
            if place is None:
                return bool(await connection.scalar(_THERE, _named(event.key)))
            await self._queue(connection, event.key, event.thread, place)
        return True

    async def open(self, key: Key) -> Kept | None:
        """The event, if it has not had its outcome. Whoever opened it before is overtaken by this."""
        row = await self._first(_OPEN, _named(key))
        return Kept(key=key, **row) if row else None

    async def posting(self, kept: Kept, turn: TurnId) -> None:
        """From here on the outcome of `turn` may be on show, whoever is killed. To be called before the platform is.

        Raises `Overtaken`.
        """
        if await self._first(_POSTING, _tried(kept) | {"turn": turn}) is None:
            raise Overtaken

    async def posted(self, kept: Kept, thread: str, post: str) -> None:
        """The outcome is on show in that thread, under this name of the platform's. Raises `Overtaken`."""
        if await self._first(_POSTED, _tried(kept) | {"thread": thread, "post": post}) is None:
            raise Overtaken

    async def offering(self, kept: Kept) -> bool:
        """From here on what stands beside the outcome may be on show; False if it may have been before."""
        return await self._first(_OFFERING, _tried(kept)) is not None

    async def outcome_of(self, turn: TurnId) -> str | None:
        """How an event whose outcome is that of `turn` ended, in the last week."""
        row = await self._first(_OUTCOME, {"turn": turn})
        return str(row["outcome"]) if row else None

    async def turn_of(self, platform: str, place: Place, post: str) -> TurnId | None:
        """The turn whose outcome is on show there under that name, in the last week."""
        where = {"platform": platform, "workspace": place.workspace, "thread": place.thread}
        row = await self._first(_TURN, {**where, "post": post})
        return TurnId(row["turn"]) if row else None

    async def is_shown(self, turn: TurnId, *, but_by: Key) -> bool:
        """Whether an outcome of `turn` is on show, or may be, by another event than this one."""
        row = await self._first(_SHOWN, {"turn": turn, **_named(but_by)})
        return bool(row and row["shown"])

    async def finish(self, key: Key, outcome: str, reason: str = "") -> None:
        """Nothing more is to be done about this event."""
        await self._first(_FINISH, _named(key) | {"outcome": outcome, "reason": reason})

    async def forget(self) -> None:
        """Remove what was finished more than a week ago."""
        await self._first(_FORGET, {})

    async def _first(self, statement: Any, values: dict[str, object]) -> dict[str, Any] | None:  # noqa: ANN401 - SQLAlchemy's text
        async with self._database.control() as connection:
            result = await connection.execute(statement, values)
            row = result.mappings().first() if result.returns_rows else None
        return dict(row) if row else None


def _tried(kept: Kept) -> dict[str, object]:
    return _named(kept.key) | {"tries": kept.tries}


def _named(key: Key) -> dict[str, object]:
    return {"platform": key.platform, "app": key.app, "event": key.event}
