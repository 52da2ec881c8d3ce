"""The Slack door as answering sees it, on a Slack that keeps state and the directory on PostgreSQL; and the link that settings declare."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from unittest.mock import AsyncMock

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from slack_sdk.web.async_client import AsyncWebClient

from adapters import retrying
from adapters.failures import Undeliverable
from adapters.heard import Asked, Place
from adapters.inbox import Kept, Key
from adapters.slack import install
from adapters.slack.client import SlackClient
from adapters.slack.door import SlackDoor
from adapters.slack.install import Declared
from adapters.slack.reply import SlackReply
from bot.messages import Ignored, TurnId
from tenancy.database import Database
from tenancy.errors import StoreUnavailable, UnknownPerson
from tenancy.installs import Installs
from tenancy.tenants import Tenant
from tenancy.users import People
from tenancy.viewer import EVERYONE, Audience, TenantId, group_principal
from tests.adapters.slack import Json, direct, mention
from tests.peers.slack import Dropped, Error, Fault, Slack, Status, Workspace
from tests.tenancy import servers

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

PEOPLE = group_principal("hr", "people")
NOTHING = Audience(frozenset({frozenset()}))


@dataclass
class Stage:
    slack: Slack
    house: Workspace
    door: SlackDoor
    tenant: TenantId

    async def holds(self, user: str) -> set[str]:
        """What somebody holds, but for what is theirs alone."""
        viewer = await self.door.viewer(self.tenant, self.place("C1"), user)
        return {principal for principal in viewer.principals if not principal.startswith("person:")}

    async def shared(self, channel: str) -> set[str]:
        """What everybody in a channel holds."""
        return set((await self.door.audience(self.tenant, self.place(channel))).shared())

    def place(self, channel: str) -> Place:
        return Place(workspace=self.house.team, channel=channel, thread="1.000000", direct=False)


def workspace() -> Workspace:
    house = Workspace("T1", "UBOT", "B1", "xoxb-1", "secret", "A1")
    house.add_person("UANA", "Ana@Acme.example", "Ana")
    house.add_person("UBOB", "bob@acme.example", "Bob")
    house.add_person("UNEW", "new@acme.example", "New")
    house.add_person("UGUEST", "guest@acme.example", "Guest", restricted=True)
    house.add_person("UEVE", "ana@acme.example", "Eve", team="T9")
    house.add_channel("C1", ["UANA", "UBOB", "UBOT"])
    house.add_channel("CHR", ["UANA", "UBOT"], private=True)
    house.add_channel("CHROPEN", ["UANA", "UBOT"])
    house.add_channel("CHRGROUP", ["UANA", "UBOT"], kind="mpim")
    house.add_channel("CGUEST", ["UANA", "UGUEST", "UBOT"], private=True)
    house.add_channel("CGUESTOPEN", ["UANA", "UGUEST", "UBOT"])
    house.add_channel("CEVE", ["UANA", "UEVE", "UBOT"], ext_shared=True)
    house.add_channel("CBOT", ["UBOT"], private=True)
    house.add_channel("CPRIVATE", ["UANA"], private=True)
    return house


@pytest_asyncio.fixture
async def stage(database: Database, tenant: Tenant) -> AsyncIterator[Stage]:
    people = People(database)
    await people.upsert(tenant.id, "hr", {"ana@acme.example": ["people"], "bob@acme.example": [], "guest@acme.example": ["people"]})
    async with Slack(house := workspace()) as slack:
        door = SlackDoor(token=house.token, api_url=slack.url, url="https://footnote.acme.example", people=people)
        await door.open()
        yield Stage(slack, house, door, tenant.id)
        await door.close()


def kept(payload: Json) -> Kept:
    body = json.dumps(payload).encode()
    return Kept(key=Key("slack", "A1", "Ev1"), workspace="T1", tenant=None, body=body, tries=1, may_be_posted=False, post=None)


async def test_a_kept_event_is_heard_without_asking_slack(stage: Stage) -> None:
    assert isinstance(await stage.door.hear(kept(mention())), Asked)
    assert isinstance(await stage.door.hear(kept(direct(bot_id="B9"))), Ignored)
    assert stage.slack.calls == []


async def test_colleagues_hold_what_is_everybodys_and_their_groups(stage: Stage) -> None:
    assert await stage.holds("UANA") == {EVERYONE, PEOPLE}
    assert await stage.holds("UBOB") == {EVERYONE}


async def test_guests_hold_what_was_declared_of_them_and_no_more(stage: Stage) -> None:
    assert await stage.holds("UGUEST") == {PEOPLE}


async def test_somebody_of_another_company_holds_nothing_though_they_call_themselves_ana(stage: Stage) -> None:
    assert await stage.holds("UEVE") == set()


async def test_a_colleague_whom_the_directory_does_not_know_is_unknown(stage: Stage) -> None:
    with pytest.raises(UnknownPerson):
        await stage.holds("UNEW")


async def test_whom_slack_does_not_know_holds_nothing(stage: Stage) -> None:
    assert await stage.holds("UNOBODY") == set()


async def test_without_the_scope_for_emails_nobody_holds_anything(stage: Stage) -> None:
    stage.house.scopes.discard("users:read.email")
    assert await stage.holds("UANA") == set()
    assert await stage.shared("C1") == set()


async def test_a_place_may_read_what_all_its_people_may_read(stage: Stage) -> None:
    assert await stage.shared("C1") == {EVERYONE}
    assert {EVERYONE, PEOPLE} < await stage.shared("CHR")
    assert {EVERYONE, PEOPLE} < await stage.shared("CHRGROUP")
    assert await stage.shared("CGUEST") == {PEOPLE}


async def test_anybody_in_the_workspace_may_come_and_read_a_public_channel(stage: Stage) -> None:
    assert await stage.shared("CHROPEN") == {EVERYONE}
    assert await stage.shared("CGUESTOPEN") == set()
    audience = await stage.door.audience(stage.tenant, stage.place("CHROPEN"))
    assert frozenset({EVERYONE}) in audience.members
    assert len(audience.members) == 2


async def test_a_public_channel_that_becomes_private_is_its_members_own(stage: Stage) -> None:
    await stage.shared("CHROPEN")
    stage.house.channels["CHROPEN"].private = True
    assert {EVERYONE, PEOPLE} < await stage.shared("CHROPEN")


async def test_a_channel_of_four_hundred_is_answered_within_what_slack_allows_a_minute(database: Database, tenant: Tenant) -> None:
    people = People(database)
    await people.upsert(tenant.id, "hr", {f"u{n}@acme.example": [] for n in range(400)})
    house = workspace()
    for n in range(400):
        house.add_person(f"U{n}", f"u{n}@acme.example", f"U{n}")
    house.add_channel("CALL", [*(f"U{n}" for n in range(400)), "UBOT"])
    async with Slack(house, limited=True) as slack:
        door = SlackDoor(token=house.token, api_url=slack.url, url="", people=people)
        await door.open()
        place = Place(workspace="T1", channel="CALL", thread="1.000000", direct=False)
        for _ in range(5):
            assert set((await door.audience(tenant.id, place)).shared()) == {EVERYONE}
        await door.close()
    assert [len(slack.called(method)) for method in ("users.list", "users.info")] == [1, 0]


@pytest.mark.parametrize("channel", ["CEVE", "CBOT"], ids=["another company's too", "of nobody but us"])
async def test_a_place_whose_readers_cannot_be_told_may_read_nothing(stage: Stage, channel: str) -> None:
    assert await stage.door.audience(stage.tenant, stage.place(channel)) == NOTHING


async def test_a_place_that_slack_does_not_show_us_is_no_place_to_answer_in(stage: Stage) -> None:
    with pytest.raises(Undeliverable, match="channel_not_found"):
        await stage.shared("CPRIVATE")


async def test_a_place_may_read_no_more_as_soon_as_a_guest_comes(stage: Stage) -> None:
    await stage.shared("C1")
    stage.house.channels["C1"].members.append("UGUEST")
    assert await stage.shared("C1") == set()


async def test_the_private_place_is_the_conversation_with_that_person(stage: Stage) -> None:
    place = await stage.door.direct(stage.place("C1"), "UANA")
    assert (place.workspace, place.thread, place.direct) == ("T1", "", True)
    assert set(stage.house.channels[place.channel].members) == {"UANA", "UBOT"}


async def test_a_private_place_with_nobody_cannot_be_had(stage: Stage) -> None:
    with pytest.raises(Undeliverable, match="user_not_found"):
        await stage.door.direct(stage.place("C1"), "UNOBODY")


async def test_a_reply_is_slacks(stage: Stage) -> None:
    asked = Asked(place=stage.place("C1"), person="UANA", message="1.000000", text="x", asked_at=datetime(2026, 1, 1, tzinfo=UTC))

    class Nothing:
        may_be_there, name = False, None

        async def begin(self) -> None: ...

        async def done(self, name: str) -> None: ...

        async def offering(self) -> bool:
            return False

    assert isinstance(stage.door.reply(asked, TurnId("t"), Nothing()), SlackReply)


# The link that settings declare.


@dataclass
class Linking:
    slack: Slack
    house: Workspace
    declared: Declared
    installs: Installs


@pytest_asyncio.fixture
async def linking(database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Linking]:
    monkeypatch.setattr(install, "sleep", AsyncMock())
    monkeypatch.setattr(retrying, "sleep", AsyncMock())
    house = Workspace(f"T{tenant.id}", "UBOT", "B1", "xoxb-1", "secret", "A1")
    async with Slack(house) as slack, ClientSession() as http:
        client = SlackClient(AsyncWebClient(token=house.token, base_url=slack.url, session=http, retry_handlers=[]))
        installs = Installs(database)
        yield Linking(slack, house, Declared(client, installs, tenant.id), installs)
        await installs.unlink("slack", house.team)


async def test_the_tokens_workspace_is_linked_to_the_tenant(linking: Linking, tenant: Tenant) -> None:
    assert not linking.declared.is_done()
    await linking.declared.declare()
    assert linking.declared.is_done()
    assert await linking.installs.find("slack", linking.house.team) == tenant


@pytest.mark.parametrize(
    ("faults", "lines"),
    [
        pytest.param([Status(500)] * 8, 1, id="a Slack that is down"),
        pytest.param([Dropped()] * 8, 1, id="a connection that is lost"),
        pytest.param([Error("invalid_auth")] * 20, 1, id="a token that is no good"),
        pytest.param([Error("invalid_auth"), Error("token_revoked")] * 3, 2, id="a token that is not good yet, for two reasons"),
    ],
)
async def test_slack_is_asked_until_it_says_whose_token_it_is_and_each_reason_is_logged_once(
    linking: Linking, tenant: Tenant, faults: list[Fault], lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    linking.slack.fail("auth.test", *faults)
    await linking.declared.declare()
    assert await linking.installs.find("slack", linking.house.team) == tenant
    assert sum("asking again" in record.getMessage() for record in caplog.records) == lines


async def test_slack_is_asked_less_and_less_often_but_every_minute(linking: Linking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "sleep", pauses := AsyncMock())
    linking.slack.fail("auth.test", *[Error("invalid_auth")] * 7)
    await linking.declared.declare()
    assert [call.args[0] for call in pauses.await_args_list] == [5, 10, 20, 40, 60, 60, 60]


async def test_a_workspace_of_another_tenant_is_linked_as_soon_as_it_is_free(
    linking: Linking, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = await servers.new_tenant(database)
    await linking.installs.link("slack", linking.house.team, other.id)

    async def freed(_: float) -> None:
        assert not linking.declared.is_done()
        await linking.installs.unlink("slack", linking.house.team)

    monkeypatch.setattr(install, "sleep", freed)
    await linking.declared.declare()
    assert await linking.installs.find("slack", linking.house.team) == tenant
    assert "linked to another tenant" in caplog.text


async def test_a_database_that_is_away_for_a_moment_delays_the_link(linking: Linking, monkeypatch: pytest.MonkeyPatch) -> None:
    declare, tries = Installs.declare, iter([StoreUnavailable(), None])

    async def away_at_first(self: Installs, platform: str, workspaces: dict[str, TenantId]) -> None:
        if failure := next(tries):
            raise failure
        await declare(self, platform, workspaces)

    monkeypatch.setattr(Installs, "declare", away_at_first)
    await linking.declared.declare()
    assert linking.declared.is_done()
