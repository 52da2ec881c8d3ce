"""One answer, in its thread, once: whatever is lost on the way, and whoever was killed before."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from aiohttp import ClientSession, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient

from adapters import retrying
from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.heard import Asked, Place
from adapters.slack import reply as module
from adapters.slack.client import SlackClient
from adapters.slack.reply import SlackReply
from bot import texts
from bot.messages import Answer, Outcome, TurnId
from bot.reply import Step
from tests.peers.slack import Dropped, Error, Fault, LostReply, Message, Passed, RateLimited, Slack, Slow, Status, Workspace
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

BOT, ANA, CHANNEL, DIRECT = "UBOT", "UANA", "C1", "DANA"
TURN = TurnId("4f6vqd7c3yk2aemx5zj6bwn7ra")
ANSWER = Answer(outcome=Outcome.ANSWER, text="Parental leave lasts 16 weeks.")
IN_THREAD, IN_PRIVATE = "in a thread", "in a direct message without thread"


@dataclass
class Progress:
    """What is known of the post, as a worker keeps it."""

    may_be_there: bool = False
    name: str | None = None
    begun: int = 0
    names: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        self.begun += 1

    async def done(self, name: str) -> None:
        self.names.append(name)
        self.name = name

    async def offering(self) -> bool:
        return False


@dataclass
class Stage:
    """A question that waits for its answer, and the Slack that it was asked in."""

    slack: Slack
    house: Workspace
    client: SlackClient
    asked: Asked

    def reply(self, post: Progress, turn: TurnId = TURN) -> SlackReply:
        return SlackReply(self.client, self.asked, turn, post, "https://footnote.acme.example")

    @property
    def posts(self) -> list[Message]:
        return self.house.posts(self.asked.place.channel)


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What happens before each look at the thread, in order; nobody really waits."""
    happening: list[Callable[[], None]] = []

    async def pause(_: float) -> None:
        if happening:
            happening.pop(0)()
        await asyncio.sleep(0)

    monkeypatch.setattr(module, "sleep", pause)
    monkeypatch.setattr(retrying, "sleep", pause_of_the_client)
    return happening


async def pause_of_the_client(_: float) -> None:
    await asyncio.sleep(0)


@pytest_asyncio.fixture(params=[IN_THREAD, IN_PRIVATE])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    house = Workspace("T1", BOT, "B1", "xoxb-1", "secret", "A1")
    house.add_person(ANA, "ana@acme.example", "Ana")
    house.add_channel(CHANNEL, [ANA, BOT])
    house.add_channel(DIRECT, [ANA], kind="im")
    async with Slack(house) as slack, ClientSession(timeout=ClientTimeout(total=10)) as http:
        client = SlackClient(AsyncWebClient(token=house.token, base_url=slack.url, session=http, retry_handlers=[]))
        yield Stage(slack, house, client, asked(house, private=request.param == IN_PRIVATE))


def asked(house: Workspace, *, private: bool) -> Asked:
    """Ana asks in a channel, where she wants the answer in private."""
    ts = house.message(ANA, CHANNEL, "How long is parental leave?")["ts"]
    place = Place(workspace="T1", channel=DIRECT if private else CHANNEL, thread="" if private else ts, direct=private)
    when = datetime.fromtimestamp(float(ts), UTC)
    return Asked(place=place, person=ANA, message=ts, text="How long is parental leave?", asked_at=when, elsewhere=private)


only_in_a_thread = pytest.mark.parametrize("stage", [IN_THREAD], indirect=True)


async def test_the_answer_is_posted_once_where_it_was_asked(stage: Stage) -> None:
    post = Progress()
    await stage.reply(post).finish(ANSWER)
    (posted,) = stage.posts
    assert (posted.thread_ts or "") == stage.asked.place.thread
    assert posted.metadata == {"event_type": "footnote_answer", "event_payload": {"turn": TURN}}
    assert (post.begun, post.names) == (1, [posted.ts])


async def test_that_we_are_about_to_post_is_kept_before_slack_is_called(stage: Stage) -> None:
    class Killed(Progress):
        async def begin(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await stage.reply(Killed()).finish(ANSWER)
    assert stage.slack.calls == []


async def test_what_is_posted_already_is_not_looked_for(stage: Stage) -> None:
    await stage.reply(Progress(may_be_there=True, name="1.000000")).finish(ANSWER)
    assert stage.slack.calls == []


async def test_of_a_silent_answer_nothing_is_shown(stage: Stage) -> None:
    post = Progress()
    await stage.reply(post).finish(replace(ANSWER, silent=True))
    assert (stage.slack.calls, post.begun) == ([], 0)


async def test_an_answer_that_grows_is_shown_when_it_is_whole(stage: Stage) -> None:
    reply = stage.reply(Progress())
    await reply.extracts(ANSWER)
    await reply.text("Parental")
    assert stage.posts == []


# A worker before us may have posted it.


async def test_what_a_lost_worker_posted_is_found_and_not_posted_again(stage: Stage) -> None:
    await stage.reply(Progress()).finish(ANSWER)
    (there,) = stage.posts
    post = Progress(may_be_there=True)
    await stage.reply(post).finish(ANSWER)
    assert [message.ts for message in stage.posts] == [there.ts]
    assert (post.begun, post.names) == (0, [there.ts])


async def test_what_a_lost_worker_did_not_post_is_posted(stage: Stage) -> None:
    await stage.reply(Progress(), TurnId("another")).finish(ANSWER)
    post = Progress(may_be_there=True)
    await stage.reply(post).finish(ANSWER)
    assert len(stage.posts) == 2
    assert post.names == [stage.posts[-1].ts]


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"event_type": "somebody_elses", "event_payload": {"turn": TURN}}, id="of another app"),
        pytest.param({"event_type": "footnote_answer", "event_payload": {}}, id="of no turn"),
        pytest.param({"event_type": "footnote_answer", "event_payload": {"turn": None}}, id="of nothing"),
    ],
)
async def test_metadata_that_does_not_name_the_turn_is_no_answer(stage: Stage, metadata: dict[str, object]) -> None:
    thread = {"thread_ts": stage.asked.place.thread} if stage.asked.place.thread else {}
    await stage.client.post(stage.asked.place.channel, text="x", metadata=metadata, **thread)
    await stage.reply(Progress(may_be_there=True)).finish(ANSWER)
    assert len(stage.posts) == 2


async def test_what_another_app_posts_in_our_words_is_not_taken_for_our_answer(stage: Stage) -> None:
    metadata = {"event_type": "footnote_answer", "event_payload": {"turn": TURN}}
    thread, ts = stage.asked.place.thread or None, stage.house.clock.ts()
    theirs = Message(ts=ts, user="UOTHER", team="T1", bot_id="B9", app="A9", text="Trust me.", thread_ts=thread, metadata=metadata)
    stage.house.channels[stage.asked.place.channel].messages.append(theirs)
    await stage.reply(Progress(may_be_there=True)).finish(ANSWER)
    assert [message.text for message in stage.posts] == [ANSWER.text]


async def test_an_answer_is_found_behind_many_others(stage: Stage) -> None:
    stage.house.largest_page = 2
    for n in range(5):
        await stage.reply(Progress(), TurnId(f"turn{n}")).finish(ANSWER)
    post = Progress(may_be_there=True)
    await stage.reply(post, TurnId("turn2")).finish(ANSWER)
    assert post.names == [stage.posts[2].ts]
    assert len(stage.posts) == 5


async def test_while_an_answer_may_be_there_no_status_is_shown(stage: Stage) -> None:
    reply = stage.reply(Progress(may_be_there=True))
    await reply.step(Step.SEARCHING)
    await reply.finish(ANSWER)
    assert stage.slack.called("assistant.threads.setStatus") == []


# The call is not answered.


async def test_a_post_whose_answer_was_lost_is_found_in_the_thread(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", LostReply())
    post = Progress()
    await stage.reply(post).finish(ANSWER)
    assert post.names == [message.ts for message in stage.posts]
    assert len(stage.posts) == 1


async def test_a_post_that_can_be_read_only_later_is_found_then(stage: Stage, looks: list[Callable[[], None]]) -> None:
    stage.slack.fail("chat.postMessage", LostReply())
    channel = stage.house.channels[stage.asked.place.channel]
    hidden: list[Message] = []
    looks += [lambda: hidden.append(channel.messages.pop()), lambda: channel.messages.append(hidden.pop())]
    post = Progress()
    await stage.reply(post).finish(ANSWER)
    assert post.names == [message.ts for message in stage.posts]
    assert len(stage.slack.called(looking(stage))) == 2


LOST = [Dropped(), Status(500), Status(503), Error("internal_error"), Error("fatal_error")]


@pytest.mark.parametrize("fault", LOST, ids=str)
async def test_a_post_that_is_not_to_be_found_is_left_to_the_next_try_which_looks_again(stage: Stage, fault: Fault) -> None:
    stage.slack.fail("chat.postMessage", fault)
    first = Progress()
    with pytest.raises(MayHaveHappened):
        await stage.reply(first).finish(ANSWER)
    assert (first.begun, first.names, stage.posts) == (1, [], [])
    second = Progress(may_be_there=True)
    await stage.reply(second).finish(ANSWER)
    assert second.names == [message.ts for message in stage.posts]
    assert len(stage.posts) == 1


async def test_the_thread_is_looked_at_three_times(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", Dropped())
    with pytest.raises(MayHaveHappened):
        await stage.reply(Progress()).finish(ANSWER)
    assert len(stage.slack.called(looking(stage))) == 3


async def test_a_thread_that_cannot_be_read_just_now_is_read_again(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", LostReply())
    stage.slack.fail(looking(stage), Status(500), Dropped(), RateLimited(1))
    await stage.reply(Progress()).finish(ANSWER)
    assert len(stage.posts) == 1


async def test_a_thread_that_cannot_be_read_at_all_is_left_to_the_next_try(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", LostReply())
    stage.slack.fail(looking(stage), *[Status(500)] * 4)
    with pytest.raises(MayHaveHappened):
        await stage.reply(Progress()).finish(ANSWER)
    await stage.reply(Progress(may_be_there=True)).finish(ANSWER)
    assert len(stage.posts) == 1


async def test_without_the_scope_to_read_back_nothing_is_posted_twice_and_the_remedy_is_said(stage: Stage) -> None:
    await stage.reply(Progress()).finish(ANSWER)
    stage.house.scopes -= {"channels:history", "im:history"}
    with pytest.raises(Undeliverable, match=r"missing_scope\. Update the app from its manifest"):
        await stage.reply(Progress(may_be_there=True)).finish(ANSWER)
    assert len(stage.posts) == 1


def looking(stage: Stage) -> str:
    return "conversations.replies" if stage.asked.place.thread else "conversations.history"


# Slack refuses, or asks to wait.


async def test_a_post_that_has_to_wait_is_posted_once(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", RateLimited(1), RateLimited(2), Passed())
    await stage.reply(Progress()).finish(ANSWER)
    assert len(stage.posts) == 1


async def test_a_post_that_has_to_wait_too_long_is_for_the_next_try(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", RateLimited(600))
    with pytest.raises(NotNow):
        await stage.reply(Progress()).finish(ANSWER)
    assert stage.posts == []


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived", "token_revoked"])
async def test_a_place_that_takes_no_posts_is_not_looked_at(stage: Stage, error: str) -> None:
    stage.slack.fail("chat.postMessage", Error(error))
    with pytest.raises(Undeliverable, match=error):
        await stage.reply(Progress()).finish(ANSWER)
    assert [call.method for call in stage.slack.calls] == ["chat.postMessage"]


UNTAKEN = ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"]


@pytest.mark.parametrize("error", UNTAKEN)
async def test_an_answer_whose_blocks_slack_does_not_take_is_shown_in_plain_words(
    stage: Stage, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage.slack.fail("chat.postMessage", Error(error))
    post = Progress()
    await stage.reply(post).finish(ANSWER)
    (posted,) = stage.posts
    assert (posted.text, posted.blocks, post.names) == (ANSWER.text, [], [posted.ts])
    assert posted.metadata == {"event_type": "footnote_answer", "event_payload": {"turn": TURN}}
    (line,) = (record for record in caplog.records if error in record.getMessage())
    assert (line.__dict__["platform"], line.__dict__["workspace"]) == ("slack", "T1")


async def test_plain_words_that_are_not_taken_either_are_an_admins_matter(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", Error("invalid_blocks"), Error("msg_too_long"))
    with pytest.raises(Undeliverable, match="msg_too_long"):
        await stage.reply(Progress()).finish(ANSWER)
    assert len(stage.slack.calls) == 2


async def test_plain_words_are_short(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", Error("msg_too_long"))
    await stage.reply(Progress()).finish(replace(ANSWER, text="Sixteen weeks. " * 1_000))
    assert len(stage.posts[0].text) <= 3_000


# What is being done is said in the thread.


@only_in_a_thread
@pytest.mark.parametrize("step", list(Step))
async def test_each_step_is_said_in_the_thread(stage: Stage, step: Step) -> None:
    await stage.reply(Progress()).step(step)
    there = {(CHANNEL, stage.asked.place.thread): texts.STEPS[step]}
    await stage.slack.wait_for(lambda: stage.house.statuses == there)


@only_in_a_thread
async def test_people_who_talk_to_each_other_see_no_status(stage: Stage) -> None:
    stage.asked = replace(stage.asked, addressed=False)
    reply = stage.reply(Progress())
    await reply.step(Step.READING)
    await reply.finish(replace(ANSWER, silent=True))
    assert stage.slack.calls == []


@only_in_a_thread
async def test_nobody_waits_for_a_status_and_of_many_steps_the_newest_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.slack.client._STATUS_S", 10 * PATIENCE_S)
    stage.slack.fail("assistant.threads.setStatus", Slow(held := asyncio.Event()))
    reply = stage.reply(Progress())
    async with asyncio.timeout(PATIENCE_S):
        for step in Step:
            await reply.step(step)
            await asyncio.sleep(0)
    await stage.slack.wait_for(lambda: stage.slack.called("assistant.threads.setStatus"))
    held.set()
    await stage.slack.wait_for(lambda: texts.STEPS[Step.CHECKING] in stage.house.statuses.values())
    assert len(stage.slack.called("assistant.threads.setStatus")) == 2


@only_in_a_thread
async def test_an_answer_is_posted_after_the_status_that_is_under_way(stage: Stage) -> None:
    stage.slack.fail("assistant.threads.setStatus", Slow(held := asyncio.Event()))
    reply = stage.reply(Progress())
    await reply.step(Step.READING)
    await stage.slack.wait_for(lambda: stage.slack.called("assistant.threads.setStatus"))
    await reply.step(Step.SEARCHING)
    finishing = asyncio.create_task(reply.finish(ANSWER))
    await asyncio.sleep(0.05)
    assert stage.posts == []
    held.set()
    await finishing
    assert [call.method for call in stage.slack.calls] == ["assistant.threads.setStatus", "chat.postMessage"]
    assert stage.house.statuses == {}


@only_in_a_thread
async def test_a_status_that_comes_late_is_taken_away_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.slack.client._STATUS_S", 0.1)
    stage.slack.fail("assistant.threads.setStatus", Slow(asyncio.Event()))
    reply = stage.reply(Progress())
    await reply.step(Step.READING)
    await stage.slack.wait_for(lambda: stage.slack.called("assistant.threads.setStatus"))
    await reply.finish(ANSWER)
    *_, posted, last = stage.slack.calls
    assert (posted.method, last.method, last.arguments["status"]) == ("chat.postMessage", "assistant.threads.setStatus", "")


@pytest.mark.parametrize("stage", [IN_PRIVATE], indirect=True)
async def test_where_there_is_no_thread_nothing_is_said(stage: Stage) -> None:
    await stage.reply(Progress()).step(Step.SEARCHING)
    assert stage.slack.calls == []


@only_in_a_thread
async def test_a_status_that_fails_does_not_matter(stage: Stage) -> None:
    stage.slack.fail("assistant.threads.setStatus", Status(500), Error("missing_scope"), Dropped(), RateLimited(60))
    reply = stage.reply(Progress())
    for number, step in enumerate(Step, 1):
        await reply.step(step)
        await stage.slack.wait_for(lambda number=number: len(stage.slack.called("assistant.threads.setStatus")) >= number)
    await reply.finish(ANSWER)
    assert len(stage.posts) == 1


@only_in_a_thread
async def test_the_answer_takes_the_place_of_the_status(stage: Stage) -> None:
    reply = stage.reply(Progress())
    await reply.step(Step.SEARCHING)
    await stage.slack.wait_for(lambda: stage.house.statuses)
    await reply.finish(ANSWER)
    assert stage.house.statuses == {}


@only_in_a_thread
async def test_after_a_silent_answer_no_status_promises_one(stage: Stage) -> None:
    reply = stage.reply(Progress())
    await reply.step(Step.READING)
    await stage.slack.wait_for(lambda: stage.house.statuses)
    await reply.finish(replace(ANSWER, silent=True))
    assert stage.house.statuses == {}
