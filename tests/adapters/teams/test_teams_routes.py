"""Teams' address, from raw bytes to what is kept: nothing is kept of what is not Teams', and bad bodies are no failure of ours."""

import io
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.inbox import Event, Inbox, Key
from adapters.teams import events
from adapters.teams.hosts import ServiceUrls
from adapters.teams.routes import TeamsRoutes
from adapters.teams.tokens import KeysUnavailable, Signed, TokenCheck, Unauthorized
from tenancy.database import Database
from tenancy.errors import StoreUnavailable
from tests.adapters.teams.test_teams_events import ANA, SERVICE, TENANT, TURN, activity, mention, verdict

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

GOOD = "Bearer good"


class Kept(Inbox):
    """An inbox that keeps in a list, and refuses what PostgreSQL would."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.events: list[Event] = []
        self.failure = failure

    async def take(self, event: Event, *, strangers: bool = False) -> bool:
        assert strangers
        if self.failure:
            raise self.failure
        for column in (*event.key, event.workspace, event.thread):
            assert b"\0" not in column.encode(), "PostgreSQL keeps no NUL"
            assert len(column.encode()) < 2_700, "this is more than an index of PostgreSQL's takes"
        self.events.append(event)
        return True


class Check(TokenCheck):
    """A check that knows one header by heart; the true one has tests of its own."""

    def __init__(self, failure: Exception | None = None, service_url: str = SERVICE) -> None:
        self.failure, self.service_url = failure, service_url

    async def signed(self, header: str | None) -> Signed:
        if self.failure:
            raise self.failure
        if header != GOOD:
            raise Unauthorized("another header")
        return Signed("app", self.service_url)


@asynccontextmanager
async def door(inbox: Inbox, check: Check | None = None) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application()
    app.add_routes(TeamsRoutes("app", check or Check(), ServiceUrls(), inbox).routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(inbox: Inbox, body: bytes, check: Check | None = None, header: str = GOOD) -> tuple[int, str]:
    async with (
        door(inbox, check) as client,
        client.post("/api/messages", data=io.BytesIO(body), headers={"Authorization": header}) as response,
    ):
        return response.status, await response.text()


def pressed(person: str = ANA) -> dict[str, Any]:
    return activity(text=None, value={events.PRIVATE: TURN}, **{"from": {"id": person}})


async def test_a_question_is_kept_as_it_came() -> None:
    inbox = Kept()
    assert (await post(inbox, json.dumps(mention()).encode()))[0] == 200
    (event,) = inbox.events
    assert json.loads(event.body) == mention()
    assert (event.key.platform, event.key.app, event.workspace) == ("teams", "app", TENANT)
    assert event.key.event == f"{mention()['conversation']['id']}/{mention()['id']}"
    assert event.thread == f"teams:{TENANT}:{mention()['conversation']['id'].partition(';')[0]}:{mention()['conversation']['id']}"


async def test_a_verdict_is_kept_and_answered_with_an_object() -> None:
    inbox = Kept()
    value = {"actionName": "feedback", "actionValue": {"reaction": "like"}}
    assert await post(inbox, json.dumps(verdict(value)).encode()) == (200, "{}")
    assert len(inbox.events) == 1


@pytest.mark.parametrize(
    "quiet",
    [
        pytest.param(activity(type="typing"), id="typing"),
        pytest.param(activity(**{"from": {"id": "28:x"}}), id="a bot"),
        pytest.param(activity(id="x" * 500), id="a long id"),
        pytest.param(activity(id="a\x00b"), id="NUL in the id"),
        pytest.param(activity(conversation={"id": "a\x00b", "tenantId": TENANT}), id="NUL in the conversation"),
        pytest.param(activity(conversation={"id": "a:1", "tenantId": f"{TENANT[:-1]}\x00"}, channelData=None), id="NUL in the tenant"),
        pytest.param(
            activity(conversation={"id": "a:1", "tenantId": f"{TENANT[:-1]}\ud800"}, channelData=None),
            id="half a surrogate pair in the tenant",
        ),
        pytest.param(pressed("29:\x00"), id="NUL in who pressed"),
        pytest.param(pressed("29:\udfff"), id="half a pair in who pressed"),
        pytest.param(pressed("29:" + "x" * 5_000), id="a long name pressed"),
        pytest.param(pressed("29:" + "\U0001f600" * 300), id="a name of many bytes pressed"),
    ],
)
async def test_what_wants_no_answer_is_taken_and_not_kept(quiet: dict[str, Any]) -> None:
    inbox = Kept()
    assert (await post(inbox, json.dumps(quiet).encode()))[0] == 200
    assert inbox.events == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{not json", 400, id="no JSON"),
        pytest.param(b"[1]", 400, id="a list"),
        pytest.param(b"\xff\xfe{", 400, id="no UTF-8"),
        pytest.param(json.dumps(activity()).encode("utf-16"), 400, id="another encoding"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, 400, id="10,000 levels deep"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, id="10,000 objects deep"),
        pytest.param(json.dumps(activity(text="x" * 900_000)).encode(), 200, id="900 KB"),
        pytest.param(json.dumps(activity(text="x" * 1_100_000)).encode(), 413, id="more than 1 MiB"),
        pytest.param(json.dumps(activity(text="a\x00b")).encode(), 200, id="NUL in the text"),
        pytest.param(json.dumps(activity(serviceUrl="https://evil.example/")).encode(), 401, id="another service URL"),
        pytest.param(json.dumps(activity(channelId="webchat")).encode(), 401, id="another channel"),
    ],
)
async def test_whatever_is_posted_is_no_failure_of_ours(body: bytes, status: int) -> None:
    inbox = Kept()
    assert (await post(inbox, body))[0] == status
    assert len(inbox.events) == (status == 200)


@pytest.mark.parametrize("longest", ["x" * 400, "\u00fc" * 200, "\U0001f600" * 100], ids=["one byte", "two", "four"])
async def test_the_longest_names_are_kept(longest: str) -> None:
    for made in (activity, pressed):
        inbox = Kept()
        long = made() | {"id": longest, "from": {"id": longest}, "conversation": {"id": longest, "tenantId": TENANT}}
        assert (await post(inbox, json.dumps(long).encode()))[0] == 200
        assert len(inbox.events) == 1


async def test_what_is_not_signed_is_not_read() -> None:
    inbox = Kept()
    assert (await post(inbox, b"{not json", header="Bearer bad"))[0] == 401
    assert (await post(inbox, b"x" * 1_100_000, header=""))[0] == 401
    assert inbox.events == []


async def test_without_keys_and_without_a_database_it_is_sent_again() -> None:
    body = json.dumps(activity()).encode()
    assert (await post(Kept(), body, Check(KeysUnavailable("none"))))[0] == 503
    assert (await post(Kept(StoreUnavailable()), body))[0] == 503


async def test_a_service_url_that_answers_may_not_go_to_is_refused() -> None:
    elsewhere = "https://elsewhere.example/"
    inbox = Kept()
    assert (await post(inbox, json.dumps(activity(serviceUrl=elsewhere)).encode(), Check(service_url=elsewhere)))[0] == 403
    assert inbox.events == []


async def test_a_real_database_keeps_whatever_is_kept(database: Database) -> None:
    queued: list[tuple[str, str]] = []

    async def queue(connection: AsyncConnection, key: Key, thread: str, _: int) -> None:
        await connection.execute(text("SELECT :thread || 'x'"), {"thread": thread})  # as the real one names it
        queued.append((key.event, thread))

    inbox = Inbox(database, queue)
    for odd in ("\0", "\ud800", "\u00fc" * 201, secrets.token_hex(200), "\u00fc" * 180 + secrets.token_hex(20)):
        named = {"id": odd, "tenantId": TENANT}
        for sent in (activity(id=odd), pressed() | {"from": named, "id": secrets.token_hex(6)}, activity(conversation=named)):
            assert (await post(inbox, json.dumps(sent).encode()))[0] == 200
    assert len(queued) == 2 * 3, "the last two are names"
    for event, _ in queued:
        await inbox.finish(Key("teams", "app", event), "refusal")
