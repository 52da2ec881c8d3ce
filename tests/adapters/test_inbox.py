"""The inbox on real PostgreSQL: an event is kept with its job or not at all, once, and in a fair order."""

import secrets

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.failures import Overtaken
from adapters.heard import Place
from adapters.inbox import Event, Inbox, Kept, Key
from bot.messages import TurnId
from tenancy.database import Database
from tenancy.installs import Installs
from tenancy.tenants import Tenant
from tests.tenancy import servers

Queued = list[tuple[str, int]]  # event, place


@pytest.fixture
def queued() -> Queued:
    return []


@pytest.fixture
def inbox(database: Database, queued: Queued) -> Inbox:
    async def queue(_: AsyncConnection, key: Key, thread: str, place: int) -> None:  # noqa: ARG001 - as `Queue` has it
        queued.append((key.event, place))

    return Inbox(database, queue)


async def workspace(database: Database, tenant: Tenant) -> str:
    """A workspace that is linked to the tenant."""
    name = f"T{secrets.token_hex(6)}"
    await Installs(database).link("slack", name, tenant.id)
    return name


def event(workspace: str, name: str = "", body: bytes = b"{}") -> Event:
    return Event(key=Key("slack", "A1", name or secrets.token_hex(6)), workspace=workspace, thread="t", body=body)


async def opened(inbox: Inbox, key: Key) -> Kept:
    """The event, in one more try."""
    kept = await inbox.open(key)
    assert kept is not None
    return kept


async def finish_all(inbox: Inbox, keys: list[Key]) -> None:
    for key in keys:
        await inbox.finish(key, "answer")


async def test_an_event_is_kept_and_queued_once_however_often_it_comes(
    inbox: Inbox, database: Database, tenant: Tenant, queued: Queued
) -> None:
    one = event(await workspace(database, tenant), body=b'{"\x00": 1}')
    assert await inbox.take(one)
    assert await inbox.take(one)
    assert [name for name, _ in queued] == [one.key.event]
    kept = await inbox.open(one.key)
    assert kept is not None
    assert (kept.tenant, kept.body, kept.may_be_posted, kept.post) == (tenant.id, one.body, False, None)
    await inbox.finish(one.key, "answer")


async def test_what_cannot_be_queued_is_not_kept(database: Database, tenant: Tenant) -> None:
    async def broken(*_: object) -> None:
        raise ConnectionError

    one = event(await workspace(database, tenant))
    inbox = Inbox(database, broken)
    with pytest.raises(ConnectionError):
        await inbox.take(one)
    assert await inbox.open(one.key) is None


async def test_a_stranger_is_left_out_unless_somebody_will_tell_them(inbox: Inbox, queued: Queued) -> None:
    one = event("T-of-nobody")
    assert not await inbox.take(one)
    assert (await inbox.open(one.key), queued) == (None, [])
    assert await inbox.take(one, strangers=True)
    kept = await inbox.open(one.key)
    assert kept is not None
    assert kept.tenant is None
    await inbox.finish(one.key, "refusal")


async def test_progress_is_kept_and_the_end_forgets_the_words(inbox: Inbox, database: Database, tenant: Tenant) -> None:
    one = event(await workspace(database, tenant), body=b"secret words")
    await inbox.take(one)
    first = await opened(inbox, one.key)
    await inbox.posting(first, TurnId("turn1"))
    await inbox.posted(first, "123", "123.456")
    kept = await opened(inbox, one.key)
    assert (kept.may_be_posted, kept.post) == (True, "123.456")
    await inbox.finish(one.key, "answer")
    await inbox.finish(one.key, "apology", "too late: the first outcome stands")
    assert await inbox.open(one.key) is None
    async with database.control() as connection:
        row = (await connection.exec_driver_sql(f"SELECT body, outcome, reason FROM inbox WHERE event = '{one.key.event}'")).one()  # noqa: S608
    assert tuple(row) == (None, "answer", "")


async def test_a_try_that_was_overtaken_posts_nothing(inbox: Inbox, database: Database, tenant: Tenant) -> None:
    one = event(await workspace(database, tenant))
    await inbox.take(one)
    first, second = await opened(inbox, one.key), await opened(inbox, one.key)
    assert (first.tries, second.tries) == (1, 2)
    for late in (inbox.posting(first, TurnId("t")), inbox.posted(first, "thread", "post")):
        with pytest.raises(Overtaken):
            await late
    assert not await inbox.offering(first)
    await inbox.posting(second, TurnId("t"))
    await inbox.posted(second, "thread", "post")
    await inbox.finish(one.key, "apology")
    with pytest.raises(Overtaken):
        await inbox.posting(second, TurnId("t"))
    assert await inbox.outcome_of(TurnId("t")) == "apology"


async def test_what_stands_beside_an_outcome_is_offered_to_the_first_who_asks(inbox: Inbox, database: Database, tenant: Tenant) -> None:
    one, another = [event(await workspace(database, tenant)) for _ in range(2)]
    for each in (one, another):
        await inbox.take(each)
    first, second = [await opened(inbox, each.key) for each in (one, another)]
    assert [await inbox.offering(each) for each in (first, first, second)] == [True, False, True]
    await finish_all(inbox, [one.key, another.key])


async def test_a_finished_event_that_comes_again_is_not_queued_again(
    inbox: Inbox, database: Database, tenant: Tenant, queued: Queued
) -> None:
    one = event(await workspace(database, tenant))
    await inbox.take(one)
    await inbox.finish(one.key, "answer")
    assert await inbox.take(one)
    assert len(queued) == 1


async def test_a_newcomer_stands_beside_the_first_of_a_busy_tenant(
    inbox: Inbox, database: Database, tenant: Tenant, queued: Queued
) -> None:
    busy, quiet = await workspace(database, tenant), await workspace(database, await servers.new_tenant(database))
    events = [event(busy, f"{tenant.id}-{n}") for n in range(5)]
    for one in events:
        await inbox.take(one)
    await finish_all(inbox, [events[0].key])  # its turn has come and gone: the line begins with the second
    late = [event(quiet, f"{tenant.id}-late-{n}") for n in range(3)]
    for one in late:
        await inbox.take(one)
    order = [name for name, _ in sorted(queued[1:], key=lambda one: one[1])]
    first = [name.removeprefix(f"{tenant.id}-") for name in order]
    assert first == ["1", "late-0", "2", "late-1", "3", "late-2", "4"]
    await finish_all(inbox, [one.key for one in (*events, *late)])


async def test_a_tenants_own_events_keep_their_order(inbox: Inbox, database: Database, tenant: Tenant, queued: Queued) -> None:
    mine = await workspace(database, tenant)
    events = [event(mine) for _ in range(6)]
    for number, one in enumerate(events):
        await inbox.take(one)
        if number % 2:
            await inbox.finish(events[number - 1].key, "answer")
    assert [name for name, _ in sorted(queued, key=lambda one: one[1])] == [one.key.event for one in events]
    await finish_all(inbox, [one.key for one in events])


async def test_what_was_finished_long_ago_is_forgotten(inbox: Inbox, database: Database, tenant: Tenant) -> None:
    old, new = event(await workspace(database, tenant)), event(await workspace(database, tenant))
    for one in (old, new):
        await inbox.take(one)
        await inbox.finish(one.key, "answer")
    async with database.control() as connection:
        await connection.exec_driver_sql(f"UPDATE inbox SET finished_at = now() - interval '8 days' WHERE event = '{old.key.event}'")  # noqa: S608
    await inbox.forget()
    async with database.control() as connection:
        left = (await connection.exec_driver_sql("SELECT event FROM inbox")).scalars().all()
    assert new.key.event in left
    assert old.key.event not in left


async def test_a_tenant_that_goes_takes_its_events_along(inbox: Inbox, database: Database) -> None:
    gone = await servers.new_tenant(database)
    one = event(await workspace(database, gone))
    await inbox.take(one)
    await servers.tenants_of(database).delete(gone.slug)
    assert await inbox.open(one.key) is None


async def test_a_post_is_known_by_its_place_and_its_name(inbox: Inbox, database: Database, tenant: Tenant) -> None:
    mine = await workspace(database, tenant)
    one, other = event(mine, "19:a/1"), event(mine, "19:b/1")
    for each, name in ((one, "turn-a"), (other, "turn-b")):
        await inbox.take(each)
        kept = await opened(inbox, each.key)
        await inbox.posting(kept, TurnId(name))
        await inbox.posted(kept, each.key.event.partition("/")[0], "1700000000000")

    async def turn(thread: str, post: str = "1700000000000", of: str = mine) -> str | None:
        return await inbox.turn_of("slack", Place(workspace=of, channel=thread, thread=thread, direct=False), post)

    assert (await turn("19:a"), await turn("19:b")) == ("turn-a", "turn-b")
    assert (await turn("19:c"), await turn("19:a", "2"), await turn("19:a", of="T-of-nobody")) == (None, None, None)
    await finish_all(inbox, [one.key, other.key])


async def test_an_outcome_that_could_not_be_shown_stands_in_nobodys_way(inbox: Inbox, database: Database, tenant: Tenant) -> None:
    mine = await workspace(database, tenant)
    first, second = event(mine), event(mine)
    turn = TurnId(f"turn-{first.key.event}")
    await inbox.take(first)
    await inbox.posting(await opened(inbox, first.key), turn)
    assert await inbox.is_shown(turn, but_by=second.key)
    assert not await inbox.is_shown(turn, but_by=first.key)
    await inbox.finish(first.key, "undeliverable")
    assert not await inbox.is_shown(turn, but_by=second.key)
