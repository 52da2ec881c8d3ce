"""The shared catalogue of requests to a Slack app, replayed against our front: set FOOTNOTE_SHARED to the folder that has `data/`.

What is measured there of Bolt is not asked of us; what is wanted there is.
"""

import io
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from adapters.heard import Heard
from adapters.inbox import Event, Inbox, Key
from adapters.slack import events
from adapters.slack.routes import SlackRoutes
from bot.messages import Ignored
from tests.adapters.slack import SECRET, form, signed

FOLDER = Path(os.environ.get("FOOTNOTE_SHARED", "")) / "data/slack_payloads"
THERE = "FOOTNOTE_SHARED" in os.environ
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8")) if THERE else [{"name": "not there"}]

pytestmark = [
    pytest.mark.sockets,
    pytest.mark.enable_socket,
    pytest.mark.skipif(not THERE, reason="FOOTNOTE_SHARED does not name the folder that has data/slack_payloads/cases.json"),
]

RAW = {
    "over_1MiB": b" " * 1_048_577,
    "unhandled_event_type": b'{"type": "event_callback", "event_id": "Ev1", "event": {"type": "pin_added"}}',
}
"""Bodies of cases that the catalogue gives in words."""

Client = TestClient[web.Request, web.Application]


class Everybodys(Inbox):
    """An inbox that keeps everything, once."""

    def __init__(self) -> None:
        self.events: dict[Key, Event] = {}
        self.fails = False

    async def take(self, event: Event, *, strangers: bool = False) -> bool:
        if self.fails:
            raise RuntimeError
        self.events.setdefault(event.key, event)
        return True


@pytest.fixture
def inbox() -> Everybodys:
    return Everybodys()


@pytest_asyncio.fixture
async def client(inbox: Everybodys) -> AsyncIterator[Client]:
    outer, inner = web.Application(), web.Application()
    routes = SlackRoutes(SECRET, inbox, lambda: True).routes()
    outer.add_routes(routes)
    inner.add_routes(routes)
    outer.add_subapp("/mounted", inner)
    async with TestClient(TestServer(outer)) as client:
        yield client


def body(case: dict[str, Any]) -> bytes:
    """The bytes of a case; of one that names none, those of a good event."""
    if "raw" in case or "raw_hex" in case:
        return bytes.fromhex(case["raw_hex"]) if "raw_hex" in case else str(case["raw"]).encode()
    return RAW.get(case["name"]) or (FOLDER / case.get("payload", "app_mention.json")).read_bytes()


def headers(case: dict[str, Any], content: bytes) -> dict[str, str]:
    proof = {} if case.get("sign") == "none" else signed(content, int(time.time()) + case.get("ts_offset", 0))
    if case.get("sign") == "wrong":
        proof["X-Slack-Signature"] = "v0=" + "0" * 64
    kind = "application/x-www-form-urlencoded" if str(case.get("payload", "")).endswith(".txt") else "application/json"
    return {"Content-Type": kind, **proof, **case.get("headers", {})}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES if isinstance(case.get("want", 0), int)])
async def test_a_case_is_answered_as_wanted(client: Client, inbox: Everybodys, case: dict[str, Any]) -> None:
    inbox.fails = case["name"] == "listener_raises_process_before_response"
    content = body(case)
    path = "/mounted/slack/events" if case["name"] == "add_subapp_mount" else "/slack/events"
    async with client.post(path, data=io.BytesIO(content), headers=headers(case, content)) as response:
        assert response.status == case["want"]
        assert "want_body" not in case or await response.text() == json.loads(content)["challenge"]


@pytest.mark.parametrize("name", ["retry_same_event_id", "unhandled_event_type", "listener_raises_default", "auth_test_429_or_500"])
async def test_a_case_is_taken_and_kept_at_most_once(client: Client, inbox: Everybodys, name: str) -> None:
    case = next(case for case in CASES if case["name"] == name)
    content = body(case)
    for _ in range(2):
        async with client.post("/slack/events", data=content, headers=headers(case, content)) as response:
            assert response.status == 200
    assert len(inbox.events) == (0 if name == "unhandled_event_type" else 1)


@pytest.mark.parametrize("name", ["slack_connect_tenant", "view_submission_slack_connect"])
async def test_a_case_is_the_workspaces_that_installed_us(client: Client, name: str) -> None:
    case = next(case for case in CASES if case["name"] == name)
    payload = json.loads(body(case))
    assert events.workspace(payload) in case["want"]
    is_event = payload["type"] == "event_callback"
    path, content = ("/slack/events", body(case)) if is_event else ("/slack/interactions", form({"payload": json.dumps(payload)}))
    kind = "application/json" if is_event else "application/x-www-form-urlencoded"
    async with client.post(path, data=content, headers=headers({}, content) | {"Content-Type": kind}) as response:
        assert response.status == 200


def test_every_case_is_replayed() -> None:
    assert {case["name"] for case in CASES if not isinstance(case["want"], int)} == {
        "retry_same_event_id",
        "unhandled_event_type",
        "listener_raises_default",
        "auth_test_429_or_500",
        "slack_connect_tenant",
        "view_submission_slack_connect",
    }
    assert len(CASES) == 22


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.json")) if THERE else [], ids=lambda path: path.stem)
def test_whatever_slack_sends_is_heard_or_ignored(path: Path) -> None:
    payload = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(payload, dict):
        assert isinstance(events.heard(payload), Heard | Ignored)
        assert isinstance(events.workspace(payload), str)
