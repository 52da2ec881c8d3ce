"""The Slack peer is held against Slack's own SDK: its client accepts what the peer answers, its verifier what the peer signs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.http_retry.builtin_interval_calculators import FixedValueRetryIntervalCalculator
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, DividerBlock, SectionBlock
from slack_sdk.models.metadata import Metadata
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from tests.peers.slack import (
    ALL_SCOPES,
    METHODS,
    TIER_2,
    Call,
    Dropped,
    Error,
    Fault,
    Json,
    LostReply,
    Passed,
    RateLimited,
    Slack,
    Slow,
    Status,
    Workspace,
    wrong_with,
)

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

BOT = "U0BOT"
SECRET = "a signing secret"  # noqa: S105 - of a workspace that does not exist
TRIGGER = "a trigger"
MODAL: Json = {"type": "modal", "title": {"type": "plain_text", "text": "Sources"}, "blocks": []}

Do = Callable[[AsyncWebClient], Awaitable[Any]]
CALLS: dict[str, Do] = {
    "auth.test": lambda client: client.auth_test(),
    "chat.postMessage": lambda client: client.chat_postMessage(channel="C1", text="Six weeks."),
    "chat.update": lambda client: client.chat_update(channel="C1", ts="2.000000", text="Eight weeks."),
    "chat.postEphemeral": lambda client: client.chat_postEphemeral(channel="C1", user="U1", text="Only you see this."),
    "chat.delete": lambda client: client.chat_delete(channel="C1", ts="2.000000"),
    "conversations.members": lambda client: client.conversations_members(channel="C1"),
    "conversations.info": lambda client: client.conversations_info(channel="C1"),
    "conversations.replies": lambda client: client.conversations_replies(channel="C1", ts="1.000000"),
    "conversations.history": lambda client: client.conversations_history(channel="C1"),
    "conversations.open": lambda client: client.conversations_open(users=["U2"]),
    "users.info": lambda client: client.users_info(user="U1"),
    "users.list": lambda client: client.users_list(),
    "assistant.threads.setStatus": lambda client: client.assistant_threads_setStatus(channel_id="C1", thread_ts="1.000000", status="reads"),
    "views.open": lambda client: client.views_open(trigger_id=TRIGGER, view=MODAL),
}
every_method = pytest.mark.parametrize("method", CALLS)


class Product:
    """What stands where the product will: it keeps each request as it came and answers `ok`."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    async def hear(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, dict(request.headers), await request.read()))
        return web.Response(text="ok")

    def event(self) -> Json:
        """The envelope that came last."""
        envelope: Json = json.loads(self.requests[-1][2])
        return envelope

    def form(self) -> dict[str, str]:
        """The fields of the form that came last."""
        return {name: values[0] for name, values in parse_qs(self.requests[-1][2].decode(), keep_blank_values=True).items()}

    def verified(self, secret: str = SECRET) -> bool:
        """Whether Slack's SDK takes the last request for Slack's."""
        _, headers, body = self.requests[-1]
        return SignatureVerifier(secret).is_valid_request(body, headers)


@pytest.fixture
def house() -> Workspace:
    house = Workspace("T1", BOT, "B1", "xoxb-1", SECRET, "A1")
    house.add_person("U1", "ana@acme.example", "Ana")
    house.add_person("U2", "bob@acme.example", "Bob", restricted=True)
    house.add_person("U3", "eve@other.example", "Eve", team="T9")
    house.add_person("U4", "old@acme.example", "Olli", deleted=True)
    house.add_person("U5", "one@acme.example", "One", ultra_restricted=True)
    house.add_channel("C1", ["U1", "U2", BOT])
    house.add_channel("C2", ["U1"])
    house.add_channel("C3", ["U1", "U3", BOT], ext_shared=True)
    house.add_channel("C4", ["U1", BOT]).archived = True
    house.add_channel("C5", ["U1", BOT], private=True)
    house.add_channel("C6", ["U1"], private=True)
    house.add_channel("G1", ["U1", BOT], kind="group")
    house.add_channel("G2", ["U1", "U2", BOT], kind="mpim")
    house.add_channel("D1", ["U1"], kind="im")
    return house


@pytest_asyncio.fixture
async def slack(house: Workspace) -> AsyncIterator[Slack]:
    async with Slack(house) as slack:
        yield slack


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def client(slack: Slack, house: Workspace, session: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(token=house.token, base_url=slack.url, session=session, retry_handlers=[])


@pytest_asyncio.fixture
async def product() -> AsyncIterator[Product]:
    product, application = Product(), web.Application()
    application.add_routes([web.post("/slack/{what}", product.hear)])
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    product.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield product
    await runner.cleanup()


async def refused(call: Awaitable[Any]) -> Json:
    """What Slack said against a call."""
    with pytest.raises(SlackApiError) as caught:
        await call
    answer: Json = caught.value.response.data
    return answer


async def set_scene(house: Workspace, client: AsyncWebClient) -> None:
    """A question of 1.000000, our answer of 2.000000 and a trigger: what `CALLS` are about."""
    house.message("U1", "C1", "How long is the notice period?", ts="1.000000")
    await client.chat_postMessage(channel="C1", text="A moment.", thread_ts="1.000000")
    house.posts("C1")[0].ts = "2.000000"
    house.triggers[TRIGGER] = False


# Tokens and scopes


def test_every_method_is_driven_here() -> None:
    assert CALLS.keys() == METHODS.keys()


@every_method
async def test_the_sdk_accepts_what_a_method_answers(house: Workspace, client: AsyncWebClient, method: str) -> None:
    await set_scene(house, client)
    answer = await CALLS[method](client)
    assert answer["ok"] is True
    assert answer.headers["X-OAuth-Scopes"] == ",".join(sorted(ALL_SCOPES))


@every_method
async def test_a_method_needs_a_token_that_is_known_and_not_revoked(house: Workspace, client: AsyncWebClient, method: str) -> None:
    await set_scene(house, client)
    client.token = ""
    assert (await refused(CALLS[method](client)))["error"] == "not_authed"
    client.token = "xoxb-2"  # noqa: S105 - nobody's
    assert (await refused(CALLS[method](client)))["error"] == "invalid_auth"
    client.token = house.token
    house.revoke()
    assert (await refused(CALLS[method](client)))["error"] == "token_revoked"


async def test_a_new_token_is_taken_and_the_old_one_is_nobodys(house: Workspace, client: AsyncWebClient) -> None:
    house.revoke()
    house.reinstall("xoxb-9")
    assert (await refused(client.auth_test()))["error"] == "invalid_auth"
    client.token = "xoxb-9"  # noqa: S105 - of a workspace that does not exist
    assert (await client.auth_test())["team_id"] == "T1"


async def test_auth_test_says_whose_token_it_is(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert {name: answer[name] for name in ("team_id", "user", "user_id", "bot_id")} == {
        "team_id": "T1",
        "user": "footnote",
        "user_id": BOT,
        "bot_id": "B1",
    }
    assert answer["url"].startswith("https://")
    assert answer["team"]


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if method.scopes])
async def test_a_method_without_its_scope_says_what_is_needed(house: Workspace, client: AsyncWebClient, method: str) -> None:
    await set_scene(house, client)
    house.scopes = {"commands", "app_mentions:read"}
    answer = await refused(CALLS[method](client))
    assert answer["error"] == "missing_scope"
    assert set(answer["needed"].split(",")) <= set(METHODS[method].scopes)
    assert answer["provided"] == "app_mentions:read,commands"


@pytest.mark.parametrize(
    ("channel", "needed"),
    [
        pytest.param("C1", "channels:read", id="public"),
        pytest.param("C5", "groups:read", id="private"),
        pytest.param("G1", "groups:read", id="a private one of old"),
        pytest.param("G2", "mpim:read", id="a group message"),
        pytest.param("D1", "im:read", id="a direct message"),
    ],
)
async def test_each_kind_of_channel_has_its_own_scope(house: Workspace, client: AsyncWebClient, channel: str, needed: str) -> None:
    house.scopes.remove(needed)
    assert (await refused(client.conversations_members(channel=channel)))["needed"] == needed
    house.scopes = {needed}
    assert (await client.conversations_members(channel=channel))["members"]


async def test_a_scope_is_enough_where_one_of_two_is_asked_for(house: Workspace, client: AsyncWebClient) -> None:
    house.scopes = {"assistant:write"}
    assert (await client.assistant_threads_setStatus(channel_id="C1", thread_ts="1.000000", status="reads"))["ok"]


async def test_a_method_that_is_not_there_is_unknown(client: AsyncWebClient) -> None:
    assert (await refused(client.api_call("chat.shout")))["error"] == "unknown_method"


async def test_a_token_sees_its_own_workspace_only(slack: Slack, client: AsyncWebClient) -> None:
    other = slack.install(Workspace("T2", "U0BOT2", "B2", "xoxb-2", SECRET, "A1"))
    other.add_channel("C9", ["U0BOT2"])
    assert (await refused(client.conversations_info(channel="C9")))["error"] == "channel_not_found"
    client.token = other.token
    await client.chat_postMessage(channel="C9", text="Hello")
    assert slack.calls[-1].team == "T2"
    assert [post.user for post in slack.posts("C9")] == ["U0BOT2"]


# Posting


async def test_a_post_is_stored_as_it_was_given(slack: Slack, client: AsyncWebClient) -> None:
    button = ButtonElement(text="Why?", action_id="why", value="t1")
    answer = await client.chat_postMessage(
        channel="C1",
        thread_ts="1.000000",
        text="Six weeks.",
        blocks=[SectionBlock(text="*Six* weeks."), ActionsBlock(elements=[button], block_id="mine")],
        metadata=Metadata(event_type="answer", event_payload={"turn": "t1"}),
    )
    [post] = slack.posts("C1")
    assert (answer["channel"], answer["ts"], answer["message"]["text"]) == ("C1", post.ts, "Six weeks.")
    assert (post.text, post.thread_ts, post.bot_id, post.user) == ("Six weeks.", "1.000000", "B1", BOT)
    assert post.metadata == {"event_type": "answer", "event_payload": {"turn": "t1"}}
    assert [block["type"] for block in post.blocks] == ["section", "actions"]
    assert post.blocks[0]["block_id"]
    assert post.blocks[1]["block_id"] == "mine"
    assert answer["message"]["bot_id"] == "B1"


async def test_every_post_is_later_than_the_one_before_even_if_the_clock_stands(house: Workspace, session: aiohttp.ClientSession) -> None:
    async with Slack(house, now=lambda: 1_700_000_000.0) as slack:
        client = AsyncWebClient(token=house.token, base_url=slack.url, session=session)
        stamps = [(await client.chat_postMessage(channel="C1", text="Hello"))["ts"] for _ in range(3)]
    assert stamps == ["1700000000.000000", "1700000000.000001", "1700000000.000002"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param({"channel": "C404", "text": "x"}, "channel_not_found", id="no such channel"),
        pytest.param({"channel": "C6", "text": "x"}, "channel_not_found", id="a private channel without us is none"),
        pytest.param({"channel": "C2", "text": "x"}, "not_in_channel", id="a channel without us"),
        pytest.param({"channel": "C4", "text": "x"}, "is_archived", id="an archived channel"),
        pytest.param({"text": "x"}, "invalid_arguments", id="no channel"),
        pytest.param({"channel": "C1"}, "no_text", id="nothing to say"),
        pytest.param({"channel": "C1", "text": "", "blocks": []}, "no_text", id="nothing in either"),
        pytest.param({"channel": "C1", "text": "x" * 40_001}, "msg_too_long", id="a text too long"),
        pytest.param({"channel": "C1", "markdown_text": "x" * 12_001}, "msg_too_long", id="a Markdown text too long"),
        pytest.param({"channel": "C1", "text": "x", "markdown_text": "x"}, "markdown_text_conflict", id="two texts"),
        pytest.param({"channel": "C1", "text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts", id="a thread that is no moment"),
        pytest.param({"channel": "C1", "text": "x", "blocks": "{"}, "invalid_blocks_format", id="blocks that are no JSON"),
        pytest.param({"channel": "C1", "text": "x", "blocks": ["a"]}, "invalid_blocks_format", id="blocks that are no objects"),
        pytest.param({"channel": "C1", "text": "x", "blocks": [{"type": "shout"}]}, "invalid_blocks", id="a block that is none"),
        pytest.param({"channel": "C1", "text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format", id="half metadata"),
    ],
)
async def test_a_post_that_slack_would_refuse_is_refused_and_not_kept(
    slack: Slack, client: AsyncWebClient, arguments: Json, error: str
) -> None:
    assert (await refused(client.api_call("chat.postMessage", json=arguments)))["error"] == error
    assert slack.posts(str(arguments.get("channel"))) == []


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"channel": "C1", "text": "x" * 40_000}, id="the longest text"),
        pytest.param({"channel": "C1", "blocks": [{"type": "divider"}]}, id="blocks alone"),
        pytest.param({"channel": "C1", "markdown_text": "**x**"}, id="Markdown"),
        pytest.param({"channel": "D1", "text": "x"}, id="a direct message"),
        pytest.param({"channel": "C5", "text": "x"}, id="a private channel with us"),
    ],
)
async def test_a_post_that_slack_takes_is_kept(slack: Slack, client: AsyncWebClient, arguments: Json) -> None:
    await client.api_call("chat.postMessage", json=arguments)
    assert len(slack.posts(arguments["channel"])) == 1


async def test_a_form_says_the_same_as_json(slack: Slack, session: aiohttp.ClientSession) -> None:
    given = {"channel": "C1", "text": "Six & weeks", "blocks": [{"type": "divider"}]}
    headers = {"Authorization": "Bearer xoxb-1"}
    form = given | {"blocks": json.dumps(given["blocks"])}
    for body in ({"json": given}, {"data": form}, {"params": form}):
        async with session.post(f"{slack.url}chat.postMessage", headers=headers, **body) as answer:  # type: ignore[arg-type] # one of three
            assert (await answer.json())["ok"]
    assert [call.arguments for call in slack.calls] == [given, given, given]
    assert [(post.text, post.blocks[0]["type"]) for post in slack.posts("C1")] == [("Six & weeks", "divider")] * 3


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[1]", "json_not_object")])
async def test_a_body_that_is_no_json_object_is_refused(slack: Slack, session: aiohttp.ClientSession, body: str, error: str) -> None:
    headers = {"Authorization": "Bearer xoxb-1", "Content-Type": "application/json"}
    async with session.post(f"{slack.url}auth.test", headers=headers, data=body) as answer:
        assert (await answer.json())["error"] == error


def section(text: str = "x") -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def buttons(number: int, **changes: str) -> list[Json]:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Why?"}} | changes
    return [button | {"action_id": f"a{at}"} for at in range(number)]


WORDS = [{"type": "mrkdwn", "text": "x"}]


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        pytest.param([section()] * 50, [section()] * 51, "no more than 50 items", id="blocks"),
        pytest.param(
            [section("x" * 3000)], [section("x" * 3001)], "less than 3001 characters [json-pointer:/blocks/0/text/text]", id="section"
        ),
        pytest.param([section()], [section("")], "more than 0 characters", id="an empty section"),
        pytest.param([{"type": "section", "fields": WORDS}], [{"type": "section"}], "more than 0 characters", id="fields instead of text"),
        pytest.param(
            [{"type": "actions", "elements": buttons(25)}], [{"type": "actions", "elements": buttons(26)}], "1 to 25 items", id="actions"
        ),
        pytest.param(
            [{"type": "context", "elements": WORDS * 10}], [{"type": "context", "elements": WORDS * 11}], "1 to 10 items", id="context"
        ),
        pytest.param(
            [{"type": "actions", "elements": buttons(1)}], [{"type": "actions", "elements": []}], "1 to 25 items", id="no elements"
        ),
        pytest.param(
            [{"type": "actions", "elements": buttons(2)}],
            [{"type": "actions", "elements": buttons(1) * 2}],
            "action_id already exists",
            id="two buttons of one id",
        ),
        pytest.param(
            [{"type": "actions", "elements": buttons(1, value="x" * 2000)}],
            [{"type": "actions", "elements": buttons(1, value="x" * 2001)}],
            "/blocks/0/elements/0/value",
            id="a button's value",
        ),
        pytest.param(
            [{"type": "markdown", "text": "x" * 12_000}], [{"type": "markdown", "text": "x" * 12_001}], "less than 12001", id="markdown"
        ),
        pytest.param(
            [section() | {"block_id": "a"}], [section() | {"block_id": "a"}] * 2, "block_id already exists", id="two blocks of one id"
        ),
        pytest.param(
            [section() | {"accessory": buttons(1)[0]}],
            [section() | {"accessory": buttons(1, url="x" * 3001)[0]}],
            "/blocks/0/accessory/url",
            id="a button beside a section",
        ),
        pytest.param([{"type": "divider"}], [{"type": "shout"}], "unsupported type: shout", id="an unknown block"),
    ],
)
async def test_blocks_are_held_to_their_limits(client: AsyncWebClient, good: list[Json], bad: list[Json], said: str) -> None:
    assert list(wrong_with(good)) == []
    assert (await client.chat_postMessage(channel="C1", text="x", blocks=good))["ok"]
    answer = await refused(client.chat_postMessage(channel="C1", text="x", blocks=bad))
    assert answer["error"] == "invalid_blocks"
    assert said in " ".join(answer["response_metadata"]["messages"])


# Changing what was posted


async def test_an_update_changes_what_it_names_and_keeps_the_rest(slack: Slack, client: AsyncWebClient) -> None:
    metadata = Metadata(event_type="answer", event_payload={"turn": "t1"})
    ts = (await client.chat_postMessage(channel="C1", text="A moment.", blocks=[DividerBlock()], metadata=metadata))["ts"]
    answer = await client.chat_update(channel="C1", ts=ts, text="Six weeks.")
    [post] = slack.posts("C1")
    assert (answer["channel"], answer["ts"], answer["text"], answer["message"]["text"]) == ("C1", ts, "Six weeks.", "Six weeks.")
    assert (post.text, post.blocks[0]["type"], post.metadata) == ("Six weeks.", "divider", metadata.to_dict())
    assert answer["message"]["edited"] == {"user": BOT, "ts": post.edited}
    await client.chat_update(channel="C1", ts=ts, text="Six weeks.", blocks=[])
    assert post.blocks == []


async def test_an_update_that_is_refused_changes_nothing(slack: Slack, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel="C1", text="A moment."))["ts"]
    assert (await refused(client.chat_update(channel="C1", ts=ts, text="x", blocks=[section("")])))["error"] == "invalid_blocks"
    [post] = slack.posts("C1")
    assert (post.text, post.blocks, post.edited) == ("A moment.", [], None)


async def test_an_update_may_be_4000_bytes_and_no_more(slack: Slack, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel="C1", text="A moment."))["ts"]
    assert (await refused(client.chat_update(channel="C1", ts=ts, text="ä" * 2001)))["error"] == "msg_too_long"
    assert slack.posts("C1")[0].text == "A moment."
    await client.chat_update(channel="C1", ts=ts, text="ä" * 2000)
    assert slack.posts("C1")[0].text == "ä" * 2000


async def test_only_our_own_messages_may_be_changed_or_deleted(house: Workspace, client: AsyncWebClient) -> None:
    house.message("U1", "C1", "Mine.", ts="1.000000")
    assert (await refused(client.chat_update(channel="C1", ts="1.000000", text="Yours.")))["error"] == "cant_update_message"
    assert (await refused(client.chat_delete(channel="C1", ts="1.000000")))["error"] == "cant_delete_message"
    assert (await refused(client.chat_update(channel="C1", ts="3.000000", text="Whose?")))["error"] == "message_not_found"
    assert [message.text for message in house.channels["C1"].messages] == ["Mine."]


async def test_a_deleted_message_is_gone(slack: Slack, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel="C1", text="A moment."))["ts"]
    assert (await client.chat_delete(channel="C1", ts=ts))["ts"] == ts
    assert slack.posts("C1") == []
    assert (await refused(client.chat_delete(channel="C1", ts=ts)))["error"] == "message_not_found"


async def test_an_ephemeral_message_is_seen_by_one_and_is_no_post(slack: Slack, house: Workspace, client: AsyncWebClient) -> None:
    answer = await client.chat_postEphemeral(channel="C1", user="U1", text="Only you see this.")
    assert [(user, message.text, message.ts) for user, message in house.channels["C1"].ephemerals] == [
        ("U1", "Only you see this.", answer["message_ts"])
    ]
    assert slack.posts("C1") == []
    assert (await client.conversations_history(channel="C1"))["messages"] == []
    assert (await refused(client.chat_postEphemeral(channel="C1", user="U3", text="x")))["error"] == "user_not_in_channel"


# Reading


async def test_members_come_in_pages_of_a_hundred(slack: Slack, house: Workspace, client: AsyncWebClient) -> None:
    people = [f"U{number:05}" for number in range(250)]
    house.add_channel("C7", people)
    pages = [page["members"] async for page in await client.conversations_members(channel="C7")]
    assert [len(page) for page in pages] == [100, 100, 50]
    assert [user for page in pages for user in page] == people
    assert len(slack.called("conversations.members")) == 3


async def test_a_page_is_as_long_as_was_asked_for_and_no_longer_than_slack_gives(house: Workspace, client: AsyncWebClient) -> None:
    house.add_channel("C7", [f"U{number:05}" for number in range(250)])
    first = await client.conversations_members(channel="C7", limit=200)
    assert len(first["members"]) == 200
    after = first["response_metadata"]["next_cursor"]
    last = await client.conversations_members(channel="C7", limit=200, cursor=after)
    assert (len(last["members"]), last["response_metadata"]["next_cursor"]) == (50, "")
    house.largest_page = 15
    assert len((await client.conversations_members(channel="C7", limit=200))["members"]) == 15


@pytest.mark.parametrize(("asked", "error"), [({"cursor": "page two"}, "invalid_cursor"), ({"limit": 1001}, "invalid_limit")])
async def test_a_page_that_is_none_is_refused(client: AsyncWebClient, asked: dict[str, Any], error: str) -> None:
    assert (await refused(client.conversations_members(channel="C1", **asked)))["error"] == error


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        pytest.param(
            "C1", {"is_channel": True, "is_private": False, "is_member": True, "is_ext_shared": False, "num_members": 3}, id="public"
        ),
        pytest.param("C2", {"is_member": False, "is_archived": False}, id="a public one without us"),
        pytest.param("C3", {"is_ext_shared": True, "is_shared": True, "shared_team_ids": ["T1", "T9"]}, id="shared with a company"),
        pytest.param("C4", {"is_archived": True}, id="archived"),
        pytest.param("C5", {"is_channel": True, "is_private": True}, id="private"),
        pytest.param("G1", {"is_group": True, "is_channel": False, "is_private": True}, id="a private one of old"),
        pytest.param("G2", {"is_mpim": True, "is_private": True}, id="a group message"),
        pytest.param("D1", {"is_im": True, "user": "U1"}, id="a direct message"),
    ],
)
async def test_info_says_what_kind_of_channel_it_is(client: AsyncWebClient, channel: str, said: Json) -> None:
    seen = (await client.conversations_info(channel=channel, include_num_members=True))["channel"]
    assert seen["id"] == channel
    assert {name: seen[name] for name in said} == said


@pytest.mark.parametrize("method", ["conversations.members", "conversations.info", "conversations.history", "conversations.replies"])
@pytest.mark.parametrize("channel", ["C404", "C6"])
async def test_no_channel_and_a_private_one_without_us_are_told_from_each_other_by_nothing(
    client: AsyncWebClient, method: str, channel: str
) -> None:
    answer = await refused(client.api_call(method, http_verb="GET", params={"channel": channel, "ts": "1.000000"}))
    assert answer == {"ok": False, "error": "channel_not_found"}


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
async def test_what_was_said_where_we_are_not_is_not_read(client: AsyncWebClient, method: str) -> None:
    answer = await refused(client.api_call(method, http_verb="GET", params={"channel": "C2", "ts": "1.000000"}))
    assert answer["error"] == "not_in_channel"


async def test_a_thread_is_its_parent_and_its_replies_in_their_order(house: Workspace, client: AsyncWebClient) -> None:
    house.message("U2", "C1", "Something else.")
    asked = house.mention("U1", "C1", "How long is the notice period?")
    await client.chat_postMessage(channel="C1", text="Six weeks.", thread_ts=asked["ts"])
    house.message("U2", "C1", "Since when?", thread_ts=asked["ts"])
    answer = await client.conversations_replies(channel="C1", ts=asked["ts"])
    parent, ours, theirs = answer["messages"]
    assert [parent["text"], ours["text"], theirs["text"]] == [f"<@{BOT}> How long is the notice period?", "Six weeks.", "Since when?"]
    assert (parent["reply_count"], parent["reply_users"], parent["latest_reply"]) == (2, [BOT, "U2"], theirs["ts"])
    assert {message["thread_ts"] for message in answer["messages"]} == {asked["ts"]}
    assert (ours["bot_id"], ours["parent_user_id"], theirs["user"]) == ("B1", "U1", "U2")
    assert answer["has_more"] is False
    assert "response_metadata" not in answer
    assert (await client.conversations_replies(channel="C1", ts=theirs["ts"]))["messages"] == answer["messages"]


async def test_a_message_without_replies_is_a_thread_of_one(house: Workspace, client: AsyncWebClient) -> None:
    ts = house.message("U1", "C1", "Anybody?")["ts"]
    [alone] = (await client.conversations_replies(channel="C1", ts=ts))["messages"]
    assert alone["text"] == "Anybody?"
    assert "thread_ts" not in alone
    assert (await refused(client.conversations_replies(channel="C1", ts="1.000000")))["error"] == "thread_not_found"


async def test_metadata_is_read_by_those_only_who_ask_for_it(client: AsyncWebClient) -> None:
    metadata = Metadata(event_type="answer", event_payload={"turn": "t1"})
    ts = (await client.chat_postMessage(channel="C1", text="Six weeks.", metadata=metadata))["ts"]
    for read in (client.conversations_history(channel="C1"), client.conversations_replies(channel="C1", ts=ts)):
        assert "metadata" not in (await read)["messages"][0]
    for read in (
        client.conversations_history(channel="C1", include_all_metadata=True),
        client.conversations_replies(channel="C1", ts=ts, include_all_metadata=True),
    ):
        assert (await read)["messages"][0]["metadata"] == {"event_type": "answer", "event_payload": {"turn": "t1"}}


async def test_a_long_thread_comes_in_pages_and_a_later_part_of_it_with_its_parent(house: Workspace, client: AsyncWebClient) -> None:
    house.message("U1", "C1", "0", ts="1.000000")
    for number in range(1, 6):
        house.message("U1", "C1", str(number), ts=f"1.00000{number}", thread_ts="1.000000")
    pages = [
        [message["text"] for message in page["messages"]]
        async for page in await client.conversations_replies(channel="C1", ts="1.000000", limit=4)
    ]
    assert pages == [["0", "1", "2", "3"], ["4", "5"]]
    for inclusive, expected in ((False, ["0", "4", "5"]), (True, ["0", "3", "4", "5"])):
        later = await client.conversations_replies(channel="C1", ts="1.000000", oldest="1.000003", inclusive=inclusive)
        assert [message["text"] for message in later["messages"]] == expected


async def test_history_is_newest_first_and_without_replies(house: Workspace, client: AsyncWebClient) -> None:
    for number in (1, 2, 3):
        house.message("U1", "C1", str(number), ts=f"{number}.000000")
    house.message("U1", "C1", "a reply", ts="4.000000", thread_ts="1.000000")
    house.message("U1", "C1", "a reply to all", ts="5.000000", thread_ts="1.000000", subtype="thread_broadcast")
    pages = [[m["text"] for m in page["messages"]] async for page in await client.conversations_history(channel="C1", limit=3)]
    assert pages == [["a reply to all", "3", "2"], ["1"]]
    between = await client.conversations_history(channel="C1", oldest="1.000000", latest="3.000000")
    assert [message["text"] for message in between["messages"]] == ["2"]


async def test_a_direct_message_is_opened_once(slack: Slack, house: Workspace, client: AsyncWebClient) -> None:
    opened = (await client.conversations_open(users="U2"))["channel"]["id"]
    again = await client.conversations_open(users=["U2"], return_im=True)
    assert (again["channel"]["id"], again["channel"]["user"], again["already_open"]) == (opened, "U2", True)
    assert (await client.conversations_open(users="U1"))["channel"]["id"] == "D1"
    assert (await client.conversations_open(channel="D1"))["channel"]["id"] == "D1"
    await client.chat_postMessage(channel=opened, text="In private.")
    assert [post.text for post in slack.posts(opened)] == ["In private."]
    assert (await client.conversations_open(users=["U1", "U2"]))["channel"]["id"] == "G2"
    house.scopes.remove("im:write")
    assert (await refused(client.conversations_open(users="U2")))["needed"] == "im:write"


@pytest.mark.parametrize(
    ("users", "error"),
    [("U404", "user_not_found"), ("U4", "user_disabled"), (BOT, "cannot_dm_bot"), ("", "users_list_not_supplied")],
)
async def test_who_cannot_be_written_to_is_refused(client: AsyncWebClient, users: str, error: str) -> None:
    assert (await refused(client.conversations_open(users=users)))["error"] == error


@pytest.mark.parametrize(
    ("user", "said"),
    [
        pytest.param(
            "U1", {"is_restricted": False, "is_ultra_restricted": False, "is_bot": False, "deleted": False, "team_id": "T1"}, id="member"
        ),
        pytest.param("U2", {"is_restricted": True, "is_ultra_restricted": False}, id="guest"),
        pytest.param("U5", {"is_restricted": True, "is_ultra_restricted": True}, id="guest of one channel"),
        pytest.param("U3", {"team_id": "T9", "is_stranger": True}, id="of another company"),
        pytest.param("U4", {"deleted": True}, id="gone"),
        pytest.param(BOT, {"is_bot": True}, id="our bot"),
    ],
)
async def test_info_says_who_somebody_is(client: AsyncWebClient, user: str, said: Json) -> None:
    seen = (await client.users_info(user=user))["user"]
    assert seen["id"] == user
    assert ("is_stranger" in seen) is (user == "U3")
    assert {name: seen[name] for name in said} == said


async def test_an_email_needs_a_scope_of_its_own(house: Workspace, client: AsyncWebClient) -> None:
    assert (await client.users_info(user="U1"))["user"]["profile"]["email"] == "ana@acme.example"
    assert (await refused(client.users_info(user="U404")))["error"] == "user_not_found"
    house.scopes.remove("users:read.email")
    assert "email" not in (await client.users_info(user="U1"))["user"]["profile"]
    assert all("email" not in user["profile"] for user in (await client.users_list())["members"])


async def test_people_come_in_pages(client: AsyncWebClient) -> None:
    pages = [[user["id"] for user in page["members"]] async for page in await client.users_list(limit=4)]
    assert pages == [[BOT, "U1", "U2", "U3"], ["U4", "U5"]]


# Statuses and views


async def test_a_status_stays_until_an_answer_or_an_empty_one(house: Workspace, client: AsyncWebClient) -> None:
    def status(said: str) -> Awaitable[Any]:
        return client.assistant_threads_setStatus(channel_id="C1", thread_ts="1.000000", status=said)

    await status("reads")
    assert house.statuses == {("C1", "1.000000"): "reads"}
    await client.chat_postMessage(channel="C1", text="elsewhere")
    assert house.statuses == {("C1", "1.000000"): "reads"}
    await client.chat_postMessage(channel="C1", text="here", thread_ts="1.000000")
    assert house.statuses == {}
    await status("reads")
    await status("")
    assert house.statuses == {}
    nowhere = client.assistant_threads_setStatus(channel_id="C1", thread_ts="yesterday", status="x")
    assert (await refused(nowhere))["error"] == "invalid_thread_ts"
    wrong = client.assistant_threads_setStatus(channel_id="C1", thread_ts="1.000000", status="x", loading_messages=["y"] * 11)
    assert (await refused(wrong))["error"] == "invalid_arguments"


async def test_a_trigger_opens_one_view(house: Workspace, client: AsyncWebClient) -> None:
    trigger = house.trigger()
    assert (await refused(client.views_open(trigger_id=trigger, view={"type": "modal"})))["error"] == "invalid_arguments"
    view = (await client.views_open(trigger_id=trigger, view=MODAL | {"private_metadata": "t1"}))["view"]
    assert (view["id"], view["app_installed_team_id"], view["private_metadata"]) == ("V1", "T1", "t1")
    assert house.views == [view]
    assert (await refused(client.views_open(trigger_id=trigger, view=MODAL)))["error"] == "exchanged_trigger_id"
    assert (await refused(client.views_open(trigger_id="mine", view=MODAL)))["error"] == "invalid_trigger_id"


# What goes wrong


async def test_a_limited_call_says_when_to_come_back(slack: Slack, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", RateLimited(30))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C1", text="x")
    response = caught.value.response
    assert (response.status_code, response.headers["Retry-After"], response["error"]) == (429, "30", "ratelimited")
    assert slack.posts("C1") == []


@pytest.mark.parametrize("status", [500, 503])
async def test_a_broken_slack_answers_no_json(slack: Slack, client: AsyncWebClient, status: int) -> None:
    slack.fail("chat.postMessage", Status(status))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C1", text="x")
    assert caught.value.response.status_code == status
    assert slack.posts("C1") == []


async def test_faults_are_used_up_in_their_order_by_their_method_alone(slack: Slack, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", Error("channel_not_found"), Passed(), Error("is_archived"))
    assert (await client.auth_test())["ok"]
    assert (await refused(client.chat_postMessage(channel="C1", text="1")))["error"] == "channel_not_found"
    await client.chat_postMessage(channel="C1", text="2")
    assert (await refused(client.chat_postMessage(channel="C1", text="3")))["error"] == "is_archived"
    await client.chat_postMessage(channel="C1", text="4")
    assert [post.text for post in slack.posts("C1")] == ["2", "4"]


def test_a_fault_of_a_method_that_is_not_there_is_a_mistake_of_the_test(house: Workspace) -> None:
    with pytest.raises(ValueError, match=r"chat\.shout"):
        Slack(house).fail("chat.shout", Dropped())


@pytest.mark.parametrize(("fault", "kept"), [(Dropped(), []), (LostReply(), ["x"])], ids=["dropped", "lost reply"])
async def test_a_lost_reply_keeps_the_post_and_a_dropped_call_does_not(
    slack: Slack, client: AsyncWebClient, fault: Fault, kept: list[str]
) -> None:
    slack.fail("chat.postMessage", fault)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel="C1", text="x")
    assert [post.text for post in slack.posts("C1")] == kept
    assert len(slack.called("chat.postMessage")) == 1
    assert (await client.auth_test())["ok"]


async def test_repeating_a_lost_reply_as_the_sdk_does_by_itself_posts_twice(slack: Slack, client: AsyncWebClient) -> None:
    client.retry_handlers = [AsyncConnectionErrorRetryHandler(interval_calculator=FixedValueRetryIntervalCalculator(0))]
    slack.fail("chat.postMessage", LostReply())
    await client.chat_postMessage(channel="C1", text="x")
    assert [post.text for post in slack.posts("C1")] == ["x", "x"]


async def test_one_dropped_reading_call_is_repeated_by_aiohttp_and_two_are_not(slack: Slack, client: AsyncWebClient) -> None:
    slack.fail("users.info", Dropped())
    assert (await client.users_info(user="U1"))["ok"]
    slack.fail("users.info", Dropped(), Dropped())
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.users_info(user="U1")
    assert len(slack.called("users.info")) == 4


async def test_a_slow_call_is_done_when_it_is_let_go(slack: Slack, client: AsyncWebClient) -> None:
    go = asyncio.Event()
    slack.fail("chat.postMessage", Slow(go))
    held = asyncio.create_task(client.chat_postMessage(channel="C1", text="x"))
    await slack.wait_for(lambda: slack.called("chat.postMessage"))
    await client.auth_test()
    assert slack.posts("C1") == []
    assert not held.done()
    go.set()
    assert (await held)["ok"]
    assert len(slack.posts("C1")) == 1


async def test_the_server_ends_while_a_call_is_held(house: Workspace, session: aiohttp.ClientSession) -> None:
    async with Slack(house) as slack:
        client = AsyncWebClient(token=house.token, base_url=slack.url, session=session, retry_handlers=[])
        slack.fail("chat.postMessage", Slow(asyncio.Event()))
        held = asyncio.create_task(client.chat_postMessage(channel="C1", text="x"))
        await slack.wait_for(lambda: slack.calls)
    with pytest.raises(aiohttp.ClientConnectionError):
        await held
    assert slack.posts("C1") == []


# What is recorded


async def test_calls_are_recorded_with_their_arguments_whatever_comes_of_them(slack: Slack, client: AsyncWebClient) -> None:
    await client.users_info(user="U1")
    await refused(client.chat_postMessage(channel="C404", text="x"))
    client.token = "nobody's"  # noqa: S105 - nobody's
    await refused(client.auth_test())
    assert slack.calls == [
        Call(1, "users.info", {"user": "U1"}, "T1"),
        Call(2, "chat.postMessage", {"channel": "C404", "text": "x"}, "T1"),
        Call(3, "auth.test", {}, None),
    ]


async def test_posts_are_those_of_our_bot_of_one_thread_if_it_is_named(slack: Slack, house: Workspace, client: AsyncWebClient) -> None:
    house.message("U1", "C1", "Theirs.", ts="1.000000")
    await client.chat_postMessage(channel="C1", text="in the thread", thread_ts="1.000000")
    await client.chat_postMessage(channel="C1", text="in the channel")
    assert [post.text for post in slack.posts("C1")] == ["in the thread", "in the channel"]
    assert [post.text for post in slack.posts("C1", "1.000000")] == ["in the thread"]
    assert slack.posts("C1", "2.000000") == []


async def test_waiting_ends_when_the_post_is_there(slack: Slack, client: AsyncWebClient) -> None:
    waiting = asyncio.create_task(slack.wait_for(lambda: slack.posts("C1")))
    await client.auth_test()
    assert not waiting.done()
    await client.chat_postMessage(channel="C1", text="x")
    assert [post.text for post in await waiting] == ["x"]
    assert len(await slack.wait_for(lambda: slack.posts("C1"))) == 1


async def test_waiting_in_vain_fails_and_says_what_was_called(slack: Slack, client: AsyncWebClient) -> None:
    await client.auth_test()
    with pytest.raises(AssertionError, match=r"within 0.01 s.*auth\.test"):
        await slack.wait_for(lambda: slack.posts("C1"), timeout=0.01)


# What Slack sends


async def test_an_event_is_posted_in_its_envelope_and_signed(
    slack: Slack, house: Workspace, session: aiohttp.ClientSession, product: Product
) -> None:
    event = house.mention("U1", "C1", "How long is the notice period?")
    assert await slack.send_event(session, product.url, event) == 200
    assert product.requests[-1][0] == "/slack/events"
    assert product.verified()
    assert not product.verified("another secret")
    envelope = product.event()
    assert envelope["event"] == event
    assert {name: envelope[name] for name in ("type", "team_id", "api_app_id", "is_ext_shared_channel")} == {
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": "A1",
        "is_ext_shared_channel": False,
    }
    assert envelope["authorizations"] == [
        {"enterprise_id": None, "team_id": "T1", "user_id": BOT, "is_bot": True, "is_enterprise_install": False}
    ]
    assert envelope["event_time"] == int(float(event["ts"]))
    assert "X-Slack-Retry-Num" not in product.requests[-1][1]


async def test_a_forged_or_old_request_is_not_verified(
    slack: Slack, house: Workspace, session: aiohttp.ClientSession, product: Product
) -> None:
    event = house.mention("U1", "C1", "Hello")
    await slack.send_event(session, product.url, event, secret="guessed")  # noqa: S106 - a wrong one
    assert not product.verified()
    await slack.send_event(session, product.url, event, timestamp=int(time.time()) - 301)
    assert not product.verified()
    await slack.send_event(session, product.url, event, timestamp=int(time.time()) - 200)
    assert product.verified()


async def test_each_event_has_its_id_and_a_retry_has_it_again(
    slack: Slack, house: Workspace, session: aiohttp.ClientSession, product: Product
) -> None:
    ids = []
    for event in house.mentioned("U1", "C1", "Hello"):
        await slack.send_event(session, product.url, event)
        ids.append(product.event()["event_id"])
    assert len(set(ids)) == 2
    await slack.send_event(session, product.url, event, event_id=ids[1], retry_num=1, retry_reason="http_error")
    _, headers, _ = product.requests[-1]
    assert (product.event()["event_id"], headers["X-Slack-Retry-Num"], headers["X-Slack-Retry-Reason"]) == (ids[1], "1", "http_error")


def test_one_mention_is_two_events_of_one_message(house: Workspace) -> None:
    mention, message = house.mentioned("U1", "C1", "Hello")
    assert (mention["type"], message["type"]) == ("app_mention", "message")
    assert mention["text"] == message["text"] == f"<@{BOT}> Hello"
    for name in ("ts", "event_ts", "user", "channel", "client_msg_id"):
        assert mention[name] == message[name]
    assert message["channel_type"] == "channel"
    assert "channel_type" not in mention
    assert len(house.channels["C1"].messages) == 1


@pytest.mark.parametrize(
    ("channel", "kind"), [("C1", "channel"), ("C5", "group"), ("G1", "group"), ("G2", "mpim"), ("D1", "im")], ids=lambda value: value
)
def test_a_message_says_in_what_kind_of_channel_it_is(house: Workspace, channel: str, kind: str) -> None:
    assert house.message("U1", channel, "Hello")["channel_type"] == kind


def test_a_message_has_what_slack_gives_it(house: Workspace) -> None:
    first = house.message("U1", "C1", "Hello")
    reply = house.message("U2", "C1", "Hello to you", thread_ts=first["ts"], subtype="file_share", files=[{"id": "F1"}])
    assert (reply["thread_ts"], reply["parent_user_id"], reply["subtype"], reply["files"]) == (
        first["ts"],
        "U1",
        "file_share",
        [{"id": "F1"}],
    )
    assert reply["client_msg_id"] != first["client_msg_id"]
    assert "thread_ts" not in first
    stamps = [house.message("U1", "C1", "x")["ts"] for _ in range(5)]
    assert all(earlier < later for earlier, later in pairwise([first["ts"], reply["ts"], *stamps]))


@pytest.mark.parametrize(("user", "channel"), [("U2", "C2"), ("U404", "C1")])
def test_nobody_writes_where_they_are_not(house: Workspace, user: str, channel: str) -> None:
    with pytest.raises(ValueError, match="cannot write"):
        house.message(user, channel, "Hello")


def test_there_is_no_mention_in_a_direct_message(house: Workspace) -> None:
    with pytest.raises(ValueError, match="no app_mention"):
        house.mention("U1", "D1", "Hello")


async def test_our_own_post_comes_back_as_an_event(slack: Slack, house: Workspace, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C1", text="Six weeks.")
    event = house.event("message", "C1", slack.posts("C1")[0])
    assert (event["user"], event["bot_id"], event["app_id"], event["bot_profile"]["app_id"]) == (BOT, "B1", "A1", "A1")


async def test_somebody_of_another_company_writes_under_its_name(
    slack: Slack, house: Workspace, session: aiohttp.ClientSession, product: Product
) -> None:
    mention, message = house.mentioned("U3", "C3", "Hello")
    assert (mention["team"], mention["user_team"], message["team"]) == ("T1", "T9", "T9")
    await slack.send_event(session, product.url, mention)
    assert (product.event()["team_id"], product.event()["is_ext_shared_channel"]) == ("T1", True)
    await slack.send_event(session, product.url, message)
    assert (product.event()["team_id"], product.event()["context_team_id"]) == ("T9", "T1")
    assert product.event()["authorizations"][0]["team_id"] == "T1"
    assert product.verified()


async def test_team_and_authorizations_may_be_set(slack: Slack, house: Workspace, session: aiohttp.ClientSession, product: Product) -> None:
    event = house.mention("U1", "C1", "Hello")
    await slack.send_event(session, product.url, event, team="T9", authorizations=[])
    assert (product.event()["team_id"], product.event()["authorizations"]) == ("T9", [])


async def test_one_channel_of_two_companies_is_read_by_both(slack: Slack, house: Workspace, client: AsyncWebClient) -> None:
    other = slack.install(Workspace("T9", "U0BOT9", "B9", "xoxb-9", SECRET, "A1"))
    other.channels["C3"] = house.channels["C3"]
    other.channels["C3"].members.append("U0BOT9")
    await client.chat_postMessage(channel="C3", text="ours")
    client.token = other.token
    await client.chat_postMessage(channel="C3", text="theirs")
    assert [message["text"] for message in (await client.conversations_history(channel="C3"))["messages"]] == ["theirs", "ours"]
    assert [post.text for post in other.posts("C3")] == ["theirs"]
    assert sorted(post.text for post in slack.posts("C3")) == ["ours", "theirs"]
    assert slack.envelope(house.event("message", "C3", slack.posts("C3")[0]), team="T9")["context_team_id"] == "T9"


async def test_a_pressed_button_is_posted_as_a_form_and_may_open_a_view(
    slack: Slack, house: Workspace, client: AsyncWebClient, session: aiohttp.ClientSession, product: Product
) -> None:
    await client.chat_postMessage(channel="C1", text="Six weeks.")
    [post] = slack.posts("C1")
    payload = house.pressed("U2", "C1", post, "footnote_feedback", "up:t1", kind="feedback_buttons")
    assert await slack.send_interaction(session, product.url, payload) == (200, "ok")
    path, headers, _ = product.requests[-1]
    assert (path, headers["Content-Type"]) == ("/slack/interactions", "application/x-www-form-urlencoded")
    assert product.verified()
    heard = json.loads(product.form()["payload"])
    assert heard == payload
    assert (heard["user"]["team_id"], heard["team"]["id"], heard["message"]["ts"]) == ("T1", "T1", post.ts)
    assert (heard["actions"][0]["action_id"], heard["actions"][0]["value"]) == ("footnote_feedback", "up:t1")
    assert (await client.views_open(trigger_id=heard["trigger_id"], view=MODAL))["ok"]


async def test_a_payload_of_ones_own_is_signed_and_its_trigger_opens_a_view(
    slack: Slack, client: AsyncWebClient, session: aiohttp.ClientSession, product: Product
) -> None:
    view = {"app_installed_team_id": "T1"}
    payload = {"type": "view_submission", "team": {"id": "T9"}, "trigger_id": "own", "view": view}
    await slack.send_interaction(session, product.url, payload)
    assert product.verified()
    await slack.send_interaction(session, product.url, {"type": "view_closed", "view": view}, secret="guessed")  # noqa: S106 - a wrong one
    assert not product.verified()
    assert (await client.views_open(trigger_id="own", view=MODAL))["ok"]


async def test_a_command_is_posted_as_a_form_and_may_be_answered_later(
    slack: Slack, house: Workspace, session: aiohttp.ClientSession, product: Product
) -> None:
    command = house.command("/footnote", "U1", "D1", "how long is the notice period? & why")
    assert (await slack.send_command(session, product.url, command)).status == 200
    assert product.requests[-1][0] == "/slack/commands"
    assert product.verified()
    form = product.form()
    assert form == command
    assert (form["command"], form["text"], form["team_id"], form["channel_name"]) == ("/footnote", command["text"], "T1", "directmessage")
    async with session.post(form["response_url"], json={"text": "Six weeks."}) as answer:
        assert answer.status == 200
    assert slack.responses == [{"text": "Six weeks."}]


async def test_calls_are_limited_by_the_minute_where_a_test_wants_it(house: Workspace) -> None:
    now = 1_000.5
    async with Slack(house, now=lambda: now, limited=True) as slack, aiohttp.ClientSession() as http:
        client = AsyncWebClient(token=house.token, base_url=slack.url, session=http, retry_handlers=[])
        for _ in range(TIER_2):
            await client.users_list()
        now += 20
        with pytest.raises(SlackApiError) as refused:
            await client.users_list()
        assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "40")
        await client.users_info(user="U1")  # another method has its own minute
        now += 40
        await client.users_list()
