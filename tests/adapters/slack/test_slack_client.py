"""The calls to Slack: read as often as it takes, posted no more often than is safe, and every failure said in words that help."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import AsyncMock

import pytest
import pytest_asyncio
from aiohttp import ClientSession, ClientTimeout, web
from aiohttp.test_utils import TestServer
from procrastinate import App, RetryStrategy
from procrastinate.testing import InMemoryConnector
from slack_sdk.web.async_client import AsyncWebClient

from adapters import jobs, retrying
from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.slack.client import Refused, SlackClient
from tests.peers.slack import Dropped, Error, Fault, LostReply, Passed, RateLimited, Slack, Slow, Status, Workspace
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

BOT, ANA = "UBOT", "UANA"
TOKEN = "xoxb-1"  # noqa: S105 - of a workspace that does not exist
Act = Callable[[SlackClient], Awaitable[Any]]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client paused, in seconds; it does not really."""
    taken: list[float] = []

    async def pause(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(retrying, "sleep", pause)
    return taken


@pytest.fixture
def house() -> Workspace:
    house = Workspace("T1", BOT, "B1", TOKEN, "secret", "A1")
    house.add_person(ANA, "ana@acme.example", "Ana")
    house.add_channel("C1", [ANA, BOT])
    house.add_channel("CNOT", [ANA])
    house.add_channel("COLD", [ANA, BOT]).archived = True
    house.add_channel("CPRIVATE", [ANA], private=True)
    return house


@pytest_asyncio.fixture
async def slack(house: Workspace) -> AsyncIterator[Slack]:
    async with Slack(house) as slack:
        yield slack


@asynccontextmanager
async def calling(url: str, seconds: float = 10) -> AsyncIterator[SlackClient]:
    """A client of the Slack at `url`, that waits so long for each answer."""
    async with ClientSession(timeout=ClientTimeout(total=seconds)) as session:
        yield SlackClient(AsyncWebClient(token=TOKEN, base_url=url, session=session, retry_handlers=[]))


@pytest_asyncio.fixture
async def client(slack: Slack) -> AsyncIterator[SlackClient]:
    async with calling(slack.url) as client:
        yield client


def post(client: SlackClient) -> Awaitable[Any]:
    return client.post("C1", text="Six weeks.")


def person(client: SlackClient) -> Awaitable[Any]:
    return client.person(ANA)


async def replies(client: SlackClient) -> list[Any]:
    return [message async for message in client.thread("C1", "1.000000")]


async def test_a_message_is_posted_with_its_metadata_and_nothing_is_unfurled(client: SlackClient, house: Workspace, slack: Slack) -> None:
    metadata = {"event_type": "footnote_answer", "event_payload": {"turn": "t1"}}
    name = await client.post("C1", text="Six weeks.", metadata=metadata, thread_ts="1.000000")
    (posted,) = house.posts("C1")
    assert (posted.ts, posted.metadata, posted.thread_ts) == (name, metadata, "1.000000")
    (call,) = slack.called("chat.postMessage")
    assert (call.arguments["unfurl_links"], call.arguments["unfurl_media"]) == (False, False)


async def test_slack_says_whose_token_it_is(client: SlackClient) -> None:
    assert {"team_id": "T1", "user_id": BOT, "bot_id": "B1"}.items() <= (await client.identity()).items()


async def test_people_and_places_are_described(client: SlackClient) -> None:
    assert (await client.person(ANA))["profile"]["email"] == "ana@acme.example"
    assert (await client.channel("C1"))["is_ext_shared"] is False
    assert await client.members("C1", 1000) == [ANA, BOT]


async def test_the_conversation_with_somebody_is_always_the_same_one(client: SlackClient) -> None:
    assert await client.direct(ANA) == await client.direct(ANA)


async def test_every_member_of_a_large_channel_is_read_page_by_page(client: SlackClient, house: Workspace, slack: Slack) -> None:
    house.largest_page = 15
    house.channels["C1"].members = [f"U{n}" for n in range(100)]
    assert await client.members("C1", 100) == [f"U{n}" for n in range(100)]
    assert len(slack.called("conversations.members")) == 7


async def test_of_more_members_than_anybody_wants_no_further_page_is_read(client: SlackClient, house: Workspace, slack: Slack) -> None:
    house.largest_page = 15
    house.channels["C1"].members = [f"U{n}" for n in range(1000)]
    assert len(await client.members("C1", 29)) > 29
    assert len(slack.called("conversations.members")) == 2


async def test_the_people_of_a_workspace_are_read_in_large_pages_and_not_without_end(
    client: SlackClient, house: Workspace, slack: Slack
) -> None:
    assert [one["id"] async for one in client.people(3)] == [BOT, ANA]
    house.largest_page = 10
    for n in range(100):
        house.add_person(f"U{n}", f"{n}@acme.example", f"{n}")
    assert len([one async for one in client.people(3)]) == 30
    assert [call.arguments["limit"] for call in slack.called("users.list")] == ["1000"] * 4


def members(client: SlackClient) -> Awaitable[Any]:
    return client.members("C1", 9)


async def everybody(client: SlackClient) -> list[Any]:
    return [one async for one in client.people(99)]


@pytest.mark.parametrize("read", [members, everybody, replies])
async def test_a_slack_that_gives_the_same_page_again_is_not_read_for_ever(read: Act) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "members": [], "messages": [], "response_metadata": {"next_cursor": "again"}})

    app = web.Application()
    app.router.add_post("/api/{method}", answer)
    async with TestServer(app) as server, calling(str(server.make_url("/api/"))) as client, asyncio.timeout(PATIENCE_S):
        with pytest.raises(NotNow, match="the same page"):
            await read(client)


async def test_a_page_that_fails_is_read_again_and_none_twice(client: SlackClient, house: Workspace, slack: Slack) -> None:
    house.largest_page = 1
    slack.fail("conversations.members", Passed(), Status(503))
    assert await client.members("C1", 9) == [ANA, BOT]
    assert len(slack.called("conversations.members")) == 3


async def test_a_long_thread_is_read_to_its_end_with_metadata(client: SlackClient, house: Workspace) -> None:
    house.largest_page = 2
    parent = house.message(ANA, "C1", "How long?")["ts"]
    names = [await client.post("C1", text=f"{n}", thread_ts=parent, metadata=metadata(n)) for n in range(5)]
    read = [message async for message in client.thread("C1", parent)]
    assert [message["ts"] for message in read] == [parent, *names]
    assert [message["metadata"]["event_payload"]["n"] for message in read[1:]] == list(range(5))


async def test_a_conversation_is_read_back_to_a_moment_and_that_moment_too(client: SlackClient, house: Workspace) -> None:
    house.largest_page = 2
    names = [await client.post("C1", text=f"{n}", metadata=metadata(n)) for n in range(6)]
    read = [message async for message in client.latest("C1", names[2])]
    assert sorted(message["ts"] for message in read) == names[2:]
    assert all("metadata" in message for message in read)


def metadata(n: int) -> dict[str, Any]:
    return {"event_type": "footnote_answer", "event_payload": {"n": n}}


# What only reads is asked again.


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Status(500)] * 3, id="a broken machine"),
        pytest.param([Status(502), Status(503), Status(504)], id="the machines before Slack"),
        pytest.param([Dropped()] * 3, id="a lost connection"),
        pytest.param([RateLimited(1)] * 3, id="too many calls"),
        pytest.param([Error("internal_error"), Error("fatal_error"), Error("service_unavailable")], id="what passes"),
    ],
)
async def test_what_only_reads_is_asked_again(client: SlackClient, slack: Slack, faults: list[Fault], pauses: list[float]) -> None:
    slack.fail("users.info", *faults)
    assert (await client.person(ANA))["id"] == ANA
    assert len(slack.called("users.info")) == 4
    assert len(pauses) == 3


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        pytest.param([Status(500)] * 4, MayHaveHappened, id="a broken machine"),
        pytest.param([Dropped()] * 4, MayHaveHappened, id="a lost connection"),
        pytest.param([Error("internal_error")] * 4, MayHaveHappened, id="what does not pass"),
        pytest.param([RateLimited(4)], NotNow, id="longer than a job may wait"),
    ],
)
async def test_reading_is_given_up_after_four_tries_or_when_the_wait_is_too_long(
    client: SlackClient, slack: Slack, faults: list[Fault], error: type[Exception]
) -> None:
    slack.fail("users.info", *faults)
    with pytest.raises(error, match=r"users\.info"):
        await client.person(ANA)
    assert (await client.person(ANA))["id"] == ANA  # none of the faults is left


async def test_reading_that_slack_asks_to_wait_with_is_given_up_after_four_tries_too(client: SlackClient, slack: Slack) -> None:
    slack.fail("users.info", *[RateLimited(3)] * 16)
    with pytest.raises(NotNow):
        await client.person(ANA)
    assert len(slack.called("users.info")) == 4


async def test_a_refusal_is_not_asked_about_twice(client: SlackClient, slack: Slack) -> None:
    with pytest.raises(Refused, match=r"users\.info: user_not_found") as refused:
        await client.person("UNOBODY")
    assert refused.value.error == "user_not_found"
    assert len(slack.called("users.info")) == 1


# What posts is done once.


async def test_a_post_that_slack_asks_to_wait_with_is_made_then(client: SlackClient, slack: Slack, pauses: list[float]) -> None:
    slack.fail("chat.postMessage", RateLimited(3), RateLimited(2))
    await post(client)
    assert len(slack.posts("C1")) == 1
    assert [int(pause) for pause in pauses] == [3, 2]


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([RateLimited(1)] * 4, id="four times in a row"),
        pytest.param([RateLimited(4)], id="longer than a job may wait"),
        pytest.param([Error("ratelimited")] * 4, id="said in words"),
    ],
)
async def test_a_post_that_would_have_to_wait_too_long_is_for_later(client: SlackClient, slack: Slack, faults: list[Fault]) -> None:
    slack.fail("chat.postMessage", *faults)
    with pytest.raises(NotNow):
        await post(client)
    assert slack.posts("C1") == []
    assert len(slack.called("chat.postMessage")) == len(faults)


def test_the_queue_waits_as_long_as_slack_may_ask_to() -> None:
    app = App(connector=InMemoryConnector())
    nothing = AsyncMock()
    work = jobs.Work(
        ("slack",),
        nothing,
        nothing,
        nothing,
        tidy_index=nothing,
        mend_index=nothing,
        learn_doubt=nothing,
        learn_map=nothing,
        nightly=nothing,
    )
    jobs._register(app, work)
    retry = app.tasks[jobs.ANSWER].retry_strategy
    assert isinstance(retry, RetryStrategy)
    assert sum(retry.wait + retry.exponential_wait ** (tried + 1) for tried in range((retry.max_attempts or 0) - 1)) >= 60


@pytest.mark.parametrize(
    ("fault", "there"),
    [
        pytest.param(LostReply(), 1, id="the answer was lost"),
        pytest.param(Dropped(), 0, id="the connection was lost"),
        pytest.param(Status(500), 0, id="a broken machine"),
        pytest.param(Status(504), 0, id="a machine that did not wait"),
        pytest.param(Error("internal_error"), 0, id="Slack failed"),
        pytest.param(Error("fatal_error"), 0, id="Slack failed, perhaps after it did it"),
        pytest.param(Error("request_timeout"), 0, id="Slack was too slow"),
        pytest.param(Error(""), 0, id="Slack did not say what is wrong"),
    ],
)
async def test_a_post_of_which_nobody_knows_is_not_made_again(client: SlackClient, slack: Slack, fault: Fault, there: int) -> None:
    slack.fail("chat.postMessage", fault)
    with pytest.raises(MayHaveHappened, match=r"chat\.postMessage"):
        await post(client)
    assert len(slack.called("chat.postMessage")) == 1
    assert len(slack.posts("C1")) == there


async def test_a_post_that_is_not_answered_in_time_may_have_happened(slack: Slack) -> None:
    slack.fail("chat.postMessage", Slow(asyncio.Event()))
    async with calling(slack.url, seconds=0.2) as client:
        with pytest.raises(MayHaveHappened, match="TimeoutError"):
            await post(client)


@pytest.mark.parametrize("act", [post, person], ids=["posting", "reading"])
async def test_a_slack_that_cannot_be_reached_has_done_nothing(act: Act, pauses: list[float], unused_tcp_port: int) -> None:
    async with calling(f"http://127.0.0.1:{unused_tcp_port}/api/") as client:
        with pytest.raises(NotNow):
            await act(client)
    assert len(pauses) >= 3


@pytest.mark.parametrize(
    ("channel", "error", "remedy"),
    [
        pytest.param("CNOT", "not_in_channel", "Invite the app to the channel.", id="a channel without us"),
        pytest.param("CPRIVATE", "channel_not_found", "invite it.", id="a private channel without us"),
        pytest.param("CGONE", "channel_not_found", "The channel is gone", id="a channel that is gone"),
        pytest.param("COLD", "is_archived", "The channel is archived.", id="an archived channel"),
    ],
)
async def test_a_place_where_nothing_can_be_posted_is_named_with_what_to_do(
    client: SlackClient, channel: str, error: str, remedy: str
) -> None:
    with pytest.raises(Undeliverable, match=rf"Slack refuses chat\.postMessage: {error}\. .*{remedy}"):
        await client.post(channel, text="x")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("token_revoked", "Install the app again."),
        ("account_inactive", "Install the app again."),
        ("invalid_auth", "Check SLACK_BOT_TOKEN."),
        ("missing_scope", "Update the app from its manifest and install it again."),
        ("restricted_action", "A workspace rule keeps the app from posting there."),
    ],
)
async def test_a_refusal_says_what_an_admin_can_do(client: SlackClient, slack: Slack, error: str, remedy: str) -> None:
    slack.fail("chat.postMessage", Error(error))
    with pytest.raises(Undeliverable, match=rf"{error}\. {remedy}"):
        await post(client)


async def test_a_refusal_without_a_known_remedy_is_named(client: SlackClient, slack: Slack) -> None:
    slack.fail("chat.postMessage", Error("msg_too_long"))
    with pytest.raises(Undeliverable, match=r"chat\.postMessage: msg_too_long\.$"):
        await post(client)


async def test_a_token_that_is_taken_away_and_one_that_lacks_a_scope_are_told_apart(client: SlackClient, house: Workspace) -> None:
    house.scopes.discard("channels:history")
    with pytest.raises(Undeliverable, match="missing_scope"):
        await replies(client)
    house.revoke()
    with pytest.raises(Undeliverable, match="token_revoked"):
        await post(client)


# A status is a courtesy.


async def test_a_status_is_shown_until_something_is_posted(client: SlackClient, house: Workspace) -> None:
    await client.status("C1", "1.000000", "Reading the question")
    assert house.statuses == {("C1", "1.000000"): "Reading the question"}
    await client.post("C1", text="Six weeks.", thread_ts="1.000000")
    assert house.statuses == {}


FAULTS = [Status(500), Dropped(), LostReply(), RateLimited(60), Error("missing_scope"), Error("not_allowed_token_type")]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_a_status_that_cannot_be_shown_is_missed_by_nobody(
    client: SlackClient, slack: Slack, fault: Fault, pauses: list[float]
) -> None:
    slack.fail("assistant.threads.setStatus", fault, fault)
    await client.status("C1", "1.000000", "Reading the question")
    assert pauses == []


async def test_a_slow_status_and_a_slack_that_is_away_are_missed_by_nobody(slack: Slack, unused_tcp_port: int) -> None:
    slack.fail("assistant.threads.setStatus", Slow(asyncio.Event()))
    for url in (slack.url, f"http://127.0.0.1:{unused_tcp_port}/api/"):
        async with calling(url, seconds=0.2) as client:
            assert not await client.status("C1", "1.000000", "Reading the question")


async def test_a_status_that_slack_never_answers_is_given_up(client: SlackClient, slack: Slack) -> None:
    slack.fail("assistant.threads.setStatus", Slow(asyncio.Event()))
    async with asyncio.timeout(PATIENCE_S):
        assert not await client.status("C1", "1.000000", "Reading the question")


# What does not come from Slack but from something before it.


@asynccontextmanager
async def answering(text: str, content_type: str, status: int) -> AsyncIterator[SlackClient]:
    """A client of something that answers everything alike."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type, status=status)

    app = web.Application()
    app.router.add_route("*", "/api/{method}", answer)
    async with TestServer(app) as server, calling(str(server.make_url("/api/"))) as client:
        yield client


@pytest.mark.parametrize("act", [post, person], ids=["posting", "reading"])
@pytest.mark.parametrize(
    ("text", "content_type", "status"),
    [
        pytest.param("<html>", "text/html", 200, id="a page"),
        pytest.param("<html>", "text/html", 403, id="a page that forbids"),
        pytest.param("", "application/octet-stream", 503, id="nothing"),
        pytest.param('{"ok": false, "error": "an_error_to_come"}', "application/json", 500, id="a failure that is said in words"),
    ],
)
async def test_what_is_no_answer_of_slacks_may_hide_anything(act: Act, text: str, content_type: str, status: int) -> None:
    async with answering(text, content_type, status) as client:
        with pytest.raises(MayHaveHappened):
            await act(client)


@pytest.mark.parametrize("act", [post, person], ids=["posting", "reading"])
@pytest.mark.parametrize(
    ("text", "content_type", "status"),
    [
        pytest.param("upstream connect error or disconnect/reset before headers", "text/plain", 503, id="what Envoy says"),
        pytest.param('{"ok": tr', "application/json", 200, id="JSON that breaks off"),
        pytest.param("[1]", "application/json", 200, id="a list"),
    ],
)
async def test_what_is_no_json_object_may_hide_anything(act: Act, text: str, content_type: str, status: int) -> None:
    async with answering(text, content_type, status) as client:
        with pytest.raises(MayHaveHappened):
            await act(client)


@pytest.mark.parametrize(("text", "content_type"), [("ok", "text/plain"), ("[1]", "application/json")], ids=["words", "a list"])
async def test_a_status_that_something_else_answers_is_missed_by_nobody(text: str, content_type: str) -> None:
    async with answering(text, content_type, 200) as client:
        await client.status("C1", "1.000000", "Reading the question")


@pytest.mark.parametrize("given", ["soon", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_time_to_wait_that_is_no_number_is_not_waited_for_ever(given: str, pauses: list[float]) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": given})

    app = web.Application()
    app.router.add_post("/api/{method}", answer)
    async with TestServer(app) as server, calling(str(server.make_url("/api/"))) as client:
        with pytest.raises(NotNow):
            await post(client)
    assert all(0 <= pause < 60 for pause in pauses)
