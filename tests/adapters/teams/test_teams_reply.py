"""One answer into one conversation, through a Connector that fails: real HTTP, the test peer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from unittest.mock import AsyncMock

import aiohttp
import pytest
import pytest_asyncio

from adapters import retrying
from adapters.answering import MayHaveHappened, NotNow, Undeliverable
from adapters.heard import Asked, Place
from adapters.teams.client import TeamsClient
from adapters.teams.hosts import ServiceUrls
from adapters.teams.people import MOST_MEMBERS, TeamsPeople
from adapters.teams.reply import TeamsReply
from bot.messages import Answer, Outcome, TurnId
from bot.reply import Step
from tests.peers.slack import Dropped, LostReply, RateLimited, Status
from tests.peers.teams import App, EntraTenant, Fault, Message, Refusal, Teams

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

HOME = "11111111-2222-3333-4444-555555555555"
ANSWER = Answer(outcome=Outcome.ANSWER, text="16 weeks.")


@dataclass
class Progress:
    """A post as answering keeps it."""

    name: str | None = None
    may_be_there: bool = False
    offered: bool = False

    async def begin(self) -> None:
        self.may_be_there = True

    async def done(self, name: str) -> None:
        self.name = name

    async def offering(self) -> bool:
        self.offered, before = True, self.offered
        return not before


@dataclass
class Stage:
    teams: Teams
    acme: EntraTenant
    client: TeamsClient
    chat: str

    @property
    def place(self) -> Place:
        return Place(workspace=HOME, channel=self.chat, thread=self.chat, direct=True, via=self.acme.service_url)

    def reply(self, post: Progress, *, direct: bool = True) -> TeamsReply:
        when = datetime(2026, 3, 3, tzinfo=UTC)
        asked = Asked(place=replace(self.place, direct=direct), person="29:x", message="", text="How long?", asked_at=when)
        return TeamsReply(self.client, asked, TurnId("t1"), post, "")

    def posts(self) -> list[Message]:
        return self.teams.posts(self.chat)


@pytest_asyncio.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(retrying, "sleep", AsyncMock())
    acme = EntraTenant(HOME, App("77777777-0000-0000-0000-000000000007", "s3cret", HOME))
    acme.add_person("a-1", "ana@acme.example", "Ana")
    async with Teams(acme) as teams, aiohttp.ClientSession() as session:
        token = teams.access_token()

        async def known() -> str:
            return token

        yield Stage(teams, acme, TeamsClient(session, known, ServiceUrls([acme.service_url])), acme.personal("a-1"))


async def test_the_answer_takes_the_place_of_the_first_line(stage: Stage) -> None:
    post = Progress()
    reply = stage.reply(post)
    await reply.step(Step.READING)
    assert [one.text for one in stage.posts()] == ["Reading the question"]
    await reply.step(Step.SEARCHING)
    await reply.finish(ANSWER)
    assert [one.text for one in stage.posts()] == ["16 weeks."]
    assert post.name == stage.posts()[0].id


async def test_whoever_takes_over_puts_the_answer_where_it_was(stage: Stage) -> None:
    post = Progress()
    await stage.reply(post).step(Step.READING)
    for _ in range(2):
        await stage.reply(replace(post)).finish(ANSWER)
    assert [one.text for one in stage.posts()] == ["16 weeks."]


GROUP = replace(ANSWER, withheld=True)


async def test_the_button_for_more_in_private_is_posted_beside_the_answer_once(stage: Stage) -> None:
    post = Progress()
    for _ in range(2):  # whoever takes over puts the answer there again
        await stage.reply(post, direct=False).finish(GROUP)
    assert [(one.text, len(one.attachments)) for one in stage.posts()] == [("16 weeks.", 0), ("", 1)]


async def test_in_private_there_is_no_such_button(stage: Stage) -> None:
    await stage.reply(Progress()).finish(GROUP)
    assert [one.attachments for one in stage.posts()] == [[]]


@pytest.mark.parametrize("fault", [Refusal(400, "BadSyntax"), Status(500), LostReply()], ids=repr)
async def test_an_answer_stands_without_its_button(stage: Stage, fault: Fault) -> None:
    post = Progress()
    await stage.reply(post, direct=False).step(Step.READING)
    stage.teams.fail("POST", "activities", fault)
    await stage.reply(post, direct=False).finish(GROUP)
    assert stage.posts()[0].text == "16 weeks."
    assert post.offered


async def test_a_silent_answer_takes_the_first_line_away(stage: Stage) -> None:
    reply = stage.reply(Progress())
    await reply.step(Step.READING)
    await reply.finish(replace(ANSWER, silent=True))
    assert stage.posts() == []


@pytest.mark.parametrize("faults", [[LostReply()], [Status(502)] * 3, [RateLimited(1)] * 2, [Dropped()] * 3], ids=repr)
async def test_an_update_is_made_as_often_as_it_takes(stage: Stage, faults: list[object]) -> None:
    reply = stage.reply(Progress())
    await reply.step(Step.READING)
    stage.teams.fail("PUT", "activity", *faults)  # type: ignore[arg-type] # any faults
    await reply.finish(ANSWER)
    assert [one.text for one in stage.posts()] == ["16 weeks."]


async def test_a_post_that_may_have_happened_is_not_made_again_by_itself(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", LostReply())
    with pytest.raises(MayHaveHappened):
        await stage.reply(Progress()).step(Step.READING)
    assert len(stage.posts()) == 1


async def test_a_post_that_was_put_off_is_made_then_or_left_for_later(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", RateLimited(1), RateLimited(1))
    await stage.reply(Progress()).step(Step.READING)
    stage.teams.fail("POST", "activities", *[RateLimited(1)] * 4)
    with pytest.raises(NotNow):
        await stage.reply(Progress()).step(Step.READING)
    assert len(stage.posts()) == 1


async def test_a_post_that_would_have_to_wait_too_long_is_for_later(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", RateLimited(3600))
    with pytest.raises(NotNow):
        await stage.reply(Progress()).step(Step.READING)
    await stage.reply(Progress()).step(Step.READING)
    assert len(stage.posts()) == 1


async def test_where_the_app_was_removed_nothing_can_be_said(stage: Stage) -> None:
    stage.acme.remove_bot(stage.chat)
    with pytest.raises(Undeliverable, match=r"BotNotInConversationRoster.*add it again"):
        await stage.reply(Progress()).step(Step.READING)


async def test_a_refusal_names_its_code(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", Refusal(400, "BadSyntax"))
    with pytest.raises(Undeliverable, match="400 BadSyntax"):
        await stage.reply(Progress()).step(Step.READING)


async def test_the_token_goes_nowhere_but_where_it_may(stage: Stage) -> None:
    with pytest.raises(Undeliverable, match="not Microsoft's"):
        await stage.client.post("https://smba.trafficmanager.net.evil.example/", "a:1", {})


async def test_a_token_that_is_not_taken_any_more_is_said(stage: Stage) -> None:
    stage.teams.revoke()
    with pytest.raises(Undeliverable, match="Check TEAMS_APP_ID"):
        await stage.reply(Progress()).step(Step.READING)


async def test_everybody_in_a_conversation_is_found_page_by_page(stage: Stage) -> None:
    for n in range(7):
        stage.acme.add_person(f"b-{n}", f"b{n}@acme.example", f"B {n}", guest=n == 6)
    group = stage.acme.group([f"b-{n}" for n in range(7)])
    stage.acme.largest_page = 3
    readers = await TeamsPeople(stage.client).readers(replace(stage.place, channel=group, thread=group))
    assert readers is not None
    assert sorted((one.email, one.guest) for one in readers) == sorted((f"b{n}@acme.example", n == 6) for n in range(7))


async def test_of_too_many_nobody_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.teams.people.MOST_MEMBERS", 1)
    stage.acme.add_person("b-1", "b@acme.example", "B")
    group = stage.acme.group(["a-1", "b-1"])
    assert MOST_MEMBERS > 1
    assert await TeamsPeople(stage.client).readers(replace(stage.place, channel=group, thread=group)) is None


@pytest.mark.parametrize(("home", "email"), [(HOME, "ana@acme.example"), ("99999999-2222-3333-4444-555555555555", None)])
async def test_an_email_that_another_company_vouches_for_proves_nothing(
    stage: Stage, home: str, email: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def member(*_: str) -> dict[str, str]:
        return {"id": "29:x", "aadObjectId": "a-1", "name": "Ana", "email": "ana@acme.example", "tenantId": home}

    monkeypatch.setattr(stage.client, "member", member)
    found = await TeamsPeople(stage.client).identity(stage.place, "29:x")
    assert (found.email, found.guest) == (email, email is None)
