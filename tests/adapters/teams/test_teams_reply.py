"""One answer into one conversation, through a Connector that fails: real HTTP, the test peer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from unittest.mock import AsyncMock

import aiohttp
import pytest
import pytest_asyncio

from adapters import retrying
from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.heard import Asked, Place
from adapters.teams.client import TeamsClient
from adapters.teams.credentials import Credentials
from adapters.teams.hosts import ServiceUrls
from adapters.teams.people import MOST_MEMBERS, TeamsPeople
from adapters.teams.reply import TeamsReply
from bot import texts
from bot.messages import Answer, Outcome, TurnId
from bot.reply import Step
from tests.peers.slack import Dropped, LostReply, RateLimited, Status
from tests.peers.teams import App, EntraTenant, Fault, InPieces, Instead, Message, Refusal, Teams

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

    async def post(self, **activity: object) -> str:
        return await self.client.post(self.acme.service_url, self.chat, {"type": "message", "text": "Hello"} | activity)

    def posts(self) -> list[Message]:
        return self.teams.posts(self.chat)


@pytest_asyncio.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(retrying, "sleep", AsyncMock())
    acme = EntraTenant(HOME, App("77777777-0000-0000-0000-000000000007", "s3cret", HOME))
    acme.add_person("a-1", "ana@acme.example", "Ana")
    async with Teams(acme) as teams, aiohttp.ClientSession() as session:
        credentials = Credentials(acme.app.id, acme.app.secret, HOME, teams.login_url)
        yield Stage(teams, acme, TeamsClient(session, credentials.token, ServiceUrls([acme.service_url])), acme.personal("a-1"))


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


@pytest.mark.parametrize(
    ("faults", "left"),
    [
        pytest.param([LostReply()], ["Reading the question"], id="it may stand there"),  # without a name it stays
        pytest.param([Status(502)], [], id="it may, and does not"),
        pytest.param([RateLimited(3600)], [], id="later"),
        pytest.param([RateLimited(1)] * 4, [], id="put off again and again"),
        pytest.param([Refusal(400, "BadSyntax")], [], id="refused"),
    ],
)
async def test_an_answer_that_could_not_be_announced_is_given_all_the_same_once(stage: Stage, faults: list[Fault], left: list[str]) -> None:
    stage.teams.fail("POST", "activities", *faults)
    post = Progress()
    reply = stage.reply(post)
    for step in Step:
        await reply.step(step)
    assert len(stage.teams.called("POST", "activities")) == len(faults), "no second line is tried"
    assert post.name is None
    await reply.finish(ANSWER)
    assert [one.text for one in stage.posts()] == [*left, "16 weeks."]
    assert post.name == stage.posts()[-1].id


async def test_whoever_comes_after_an_outcome_that_may_stand_there_makes_no_second_answer(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", LostReply(), LostReply())
    reply = stage.reply(Progress())
    await reply.step(Step.READING)
    with pytest.raises(MayHaveHappened):
        await reply.finish(ANSWER)
    await stage.reply(Progress(may_be_there=True)).finish(ANSWER)
    assert [one.text for one in stage.posts()] == [texts.STEPS[Step.READING], texts.STEPS[Step.CHECKING], "16 weeks."]


async def test_a_post_that_was_put_off_is_made_then_or_left_for_later(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", RateLimited(1), RateLimited(1))
    await stage.reply(Progress()).step(Step.READING)
    stage.teams.fail("POST", "activities", *[RateLimited(1)] * 4)
    with pytest.raises(NotNow):
        await stage.reply(Progress()).finish(ANSWER)
    assert len(stage.posts()) == 1


async def test_a_post_that_would_have_to_wait_too_long_is_for_later(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", RateLimited(3600))
    with pytest.raises(NotNow):
        await stage.reply(Progress()).finish(ANSWER)
    await stage.reply(Progress()).finish(ANSWER)
    assert len(stage.posts()) == 1


async def test_where_the_app_was_removed_nothing_can_be_said(stage: Stage) -> None:
    stage.acme.remove_bot(stage.chat)
    reply = stage.reply(Progress())
    await reply.step(Step.READING)
    with pytest.raises(Undeliverable, match=r"BotNotInConversationRoster.*add it again"):
        await reply.finish(ANSWER)


async def test_a_refusal_names_its_code(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", Refusal(400, "BadSyntax"))
    with pytest.raises(Undeliverable, match="400 BadSyntax"):
        await stage.post()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Status(200), id="a page that is no JSON"),
        pytest.param(Instead({}), id="no id"),
        pytest.param(Instead({"id": ""}), id="an empty id"),
        pytest.param(Instead({"id": 7}), id="an id that is no text"),
        pytest.param(Instead({"id": "1", "more": "x" * 5_000_000}), id="more than anybody reads"),
    ],
)
async def test_a_post_whose_answer_says_nothing_may_have_happened(stage: Stage, fault: Fault) -> None:
    stage.teams.fail("POST", "activities", fault)
    with pytest.raises(MayHaveHappened):
        await stage.post()
    stage.teams.fail("POST", "conversations", *[fault] * 4)
    with pytest.raises(MayHaveHappened):
        await stage.client.direct(stage.acme.service_url, HOME, "a-1")


async def test_a_text_with_a_card_has_no_name(stage: Stage) -> None:
    with pytest.raises(MayHaveHappened):
        await stage.post(attachments=[{"contentType": "x", "content": {}}])


async def test_a_redirect_is_followed_nowhere_and_no_success(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", Status(302))
    with pytest.raises(Undeliverable, match="refuses: 302"):
        await stage.post()


async def test_an_answer_in_pieces_is_read_to_its_end(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", InPieces())
    assert await stage.post() == stage.posts()[0].id


async def test_what_is_sent_is_text_whatever_was_said(stage: Stage) -> None:
    await stage.post(text="16 w\u00f6chentlich \U0001f600 \ud800 \x00")
    assert stage.posts()[0].text == "16 w\u00f6chentlich \U0001f600 ? \x00"


async def test_the_token_goes_nowhere_but_where_it_may(stage: Stage) -> None:
    with pytest.raises(Undeliverable, match="not Microsoft's"):
        await stage.client.post("https://smba.trafficmanager.net.evil.example/", "a:1", {})


async def test_a_token_that_is_not_taken_any_more_is_renewed_once(stage: Stage) -> None:
    for _ in range(2):
        await stage.post()
    stage.teams.revoke()
    assert await stage.post() == stage.posts()[2].id
    assert len(stage.teams.called("POST", "token")) == 2


async def test_who_is_not_known_with_a_new_token_either_is_told_what_to_check(stage: Stage) -> None:
    stage.teams.fail("POST", "activities", *[Refusal(401, "Unauthorized")] * 2)
    with pytest.raises(Undeliverable, match="Check TEAMS_APP_ID"):
        await stage.post()
    assert len(stage.teams.called("POST", "activities")) == 2


@pytest.mark.parametrize("faults", [[], [InPieces()] * 3], ids=["whole", "in pieces"])
async def test_everybody_in_a_conversation_is_found_page_by_page(stage: Stage, faults: list[Fault]) -> None:
    for n in range(7):
        stage.acme.add_person(f"b-{n}", f"b{n}@acme.example", f"B {n}", guest=n == 6)
    group = stage.acme.group([f"b-{n}" for n in range(7)])
    stage.acme.largest_page = 3
    stage.teams.fail("GET", "pagedmembers", *faults)
    readers = await TeamsPeople(stage.client).readers(replace(stage.place, channel=group, thread=group))
    assert readers is not None
    assert sorted((one.email, one.guest) for one in readers) == sorted((f"b{n}@acme.example", n == 6) for n in range(7))
    assert len(stage.teams.called("GET", "pagedmembers")) == 3


FIRST = {"members": [{"id": "29:x"}], "continuationToken": "bmV4dDox"}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([Instead({})], id="nothing"),
        pytest.param([Instead({"members": None})], id="no members"),
        pytest.param([Instead({"members": {"id": "29:x"}})], id="members that are no list"),
        pytest.param([Instead({"members": [{"id": "29:x"}, "29:y"]})], id="a member that is none"),
        pytest.param([Instead(FIRST | {"continuationToken": 7})], id="a token that is no text"),
        pytest.param([Instead(FIRST), Instead({})], id="a second page that is none"),
        pytest.param([Instead(FIRST), *[Status(200)] * 4], id="a second page that is no JSON"),
        pytest.param([Instead(FIRST), *[Instead({"members": "x" * 5_000_000})] * 4], id="a second page that is too long"),
        pytest.param([Instead(FIRST), Instead(FIRST)], id="the same token again"),
        pytest.param([Instead(FIRST | {"continuationToken": str(n)}) for n in range(100)], id="no end"),
    ],
)
async def test_a_roster_that_may_lack_somebody_is_none(stage: Stage, answers: list[Fault]) -> None:
    stage.teams.fail("GET", "pagedmembers", *answers)
    with pytest.raises((NotNow, MayHaveHappened)):
        await TeamsPeople(stage.client).readers(stage.place)
    assert len(stage.teams.called("GET", "pagedmembers")) == len(answers)


async def test_somebody_of_whom_nothing_is_said_is_nobody(stage: Stage) -> None:
    stage.teams.fail("GET", "member", Instead({}))
    with pytest.raises(NotNow):
        await TeamsPeople(stage.client).identity(stage.place, "29:x")


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
