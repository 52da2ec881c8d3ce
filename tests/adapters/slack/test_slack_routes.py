"""Slack's addresses let in what Slack signed, keep what may want an outcome, and only then say that we have it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from adapters import bodies
from adapters.inbox import Event, Inbox, Key
from adapters.slack.routes import SlackRoutes
from tenancy.database import Database
from tenancy.errors import StoreUnavailable
from tests.adapters.slack import (
    ANA,
    APP,
    CHANNEL,
    SECRET,
    TEAM,
    TS,
    TURN,
    Json,
    authorization,
    command,
    direct,
    envelope,
    form,
    mention,
    mentioned,
    message,
    pressed,
    signature,
    signed,
    submitted,
)

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

NOW = 1_700_000_100
EVENTS, INTERACTIONS, COMMANDS = "/slack/events", "/slack/interactions", "/slack/commands"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PROMISE = "I will answer in our direct messages."
BROKEN = b"{not json"
LINKED_TO_NOBODY = envelope(mentioned(), authorizations=[authorization(team_id="TNOBODY")])


class Kept(Inbox):
    """An inbox of memory: each event once, and those of workspaces that nobody knows not at all."""

    def __init__(self) -> None:
        self.events: dict[Key, Event] = {}
        self.taken = 0
        self.fails: Exception | None = None

    async def take(self, event: Event, *, strangers: bool = False) -> bool:
        self.taken += 1
        if self.fails:
            raise self.fails
        if event.workspace != TEAM:
            return False
        self.events.setdefault(event.key, event)
        return True


class Answered(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]


@dataclass
class Front:
    """The door's front, as Slack reaches it."""

    client: TestClient[web.Request, web.Application]
    inbox: Kept
    ready: bool = True

    async def post(self, path: str, body: Any, headers: Any) -> Answered:  # noqa: ANN401 - whatever a client may be given
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        async with self.client.post(path, data=data, headers=headers) as response:
            return Answered(response.status, await response.text(), dict(response.headers))

    async def send(self, payload: Json | bytes, path: str = EVENTS, content_type: str = JSON, at: object = NOW) -> Answered:
        """Post a payload as Slack does, signed."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return await self.post(path, body, {"Content-Type": content_type, **signed(body, at)})

    async def interact(self, payload: Json) -> Answered:
        return await self.send(form({"payload": json.dumps(payload)}), INTERACTIONS, FORM)

    async def command(self, fields: dict[str, str]) -> Answered:
        return await self.send(form(fields), COMMANDS, FORM)

    @property
    def only(self) -> Event:
        """The one event that was kept."""
        (event,) = self.inbox.events.values()
        return event


@pytest_asyncio.fixture
async def front() -> AsyncIterator[Front]:
    inbox = Kept()
    made: list[Front] = []
    slack = SlackRoutes(SECRET, inbox, lambda: made[0].ready, lambda: NOW)
    app = web.Application()
    app.add_routes(slack.routes())
    async with TestClient(TestServer(app)) as client:
        made.append(Front(client, inbox))
        yield made[0]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A request, and what is wanted of it."""

    body: bytes = json.dumps(mention()).encode()
    headers: Callable[[bytes], dict[str, str]] = lambda body: signed(body, NOW)
    path: str = EVENTS
    content_type: str = JSON
    want: int
    kept: int = 0


def with_header(name: str, value: str) -> Callable[[bytes], dict[str, str]]:
    """Signed well, but for one header."""
    return lambda body: signed(body, NOW) | {name: value}


def proved(spoilt: Callable[[str], str]) -> Callable[[bytes], dict[str, str]]:
    """Signed well, and then the signature spoilt."""
    return lambda body: signed(body, NOW) | {"X-Slack-Signature": spoilt(signature(body, NOW))}


def unsigned(_: bytes) -> dict[str, str]:
    return {}


def at(moment: object) -> Callable[[bytes], dict[str, str]]:
    return lambda body: signed(body, moment)


CHALLENGE = json.dumps({"token": "t", "challenge": "say this", "type": "url_verification"}).encode()
PINNED = json.dumps(envelope({"type": "pin_added", "user": ANA, "channel_id": CHANNEL, "event_ts": TS})).encode()
WANTED = {
    "valid event": Row(want=200, kept=1),
    "url_verification, signed": Row(body=CHALLENGE, want=200),
    "url_verification, unsigned": Row(body=CHALLENGE, headers=unsigned, want=401),
    "ssl_check, unsigned": Row(body=b"token=random&ssl_check=1", headers=unsigned, content_type=FORM, want=200),
    "ssl_check at the buttons": Row(body=b"ssl_check=1", headers=unsigned, path=INTERACTIONS, content_type=FORM, want=200),
    "ssl_check at the commands": Row(body=b"ssl_check=1", headers=unsigned, path=COMMANDS, content_type=FORM, want=200),
    "no ssl_check as JSON": Row(body=b"ssl_check=1", headers=unsigned, want=401),
    "no ssl_check with an event behind it": Row(
        body=b"ssl_check=1&payload=" + b"x" * 200, headers=unsigned, path=INTERACTIONS, content_type=FORM, want=401
    ),
    "bad signature": Row(headers=lambda body: signed(body + b" ", NOW), want=401),
    "another secret": Row(headers=lambda body: signed(body, NOW) | {"X-Slack-Signature": signature(body, NOW, "theirs")}, want=401),
    "old timestamp": Row(headers=at(NOW - 301), want=401),
    "a timestamp of five minutes ago": Row(headers=at(NOW - 300), want=200, kept=1),
    "a timestamp to come": Row(headers=at(NOW + 301), want=401),
    "a clock a little ahead": Row(headers=at(NOW + 299), want=200, kept=1),
    "missing headers": Row(headers=unsigned, want=401),
    "missing signature": Row(headers=lambda _: {"X-Slack-Request-Timestamp": str(NOW)}, want=401),
    "missing timestamp": Row(headers=lambda body: {"X-Slack-Signature": signature(body, NOW)}, want=401),
    "no number for a timestamp": Row(headers=at("abc"), want=401),
    "a number too long": Row(headers=at("1" * 5000), want=401),
    "a negative number": Row(headers=at(-NOW), want=401),
    "a signed number": Row(headers=at(f"+{NOW}"), want=401),
    "a number with a point": Row(headers=at(f"{NOW}.0"), want=401),
    "Arabic-Indic digits": Row(headers=at(str(NOW).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))), want=401),
    "a signature that is not ASCII": Row(headers=with_header("X-Slack-Signature", "v0=é"), want=401),
    "a signature of another length": Row(headers=proved(lambda proof: proof[:-1]), want=401),
    "a longer signature": Row(headers=proved(lambda proof: proof + "0"), want=401),
    "a signature of another version": Row(headers=proved(lambda proof: f"v1{proof[2:]}"), want=401),
    "a signature in capitals": Row(headers=proved(str.upper), want=401),
    "an empty signature": Row(headers=with_header("X-Slack-Signature", ""), want=401),
    "broken JSON, unsigned": Row(body=BROKEN, headers=unsigned, want=401),
    "broken JSON, signed": Row(body=BROKEN, want=400),
    "an array, unsigned": Row(body=b"[1]", headers=unsigned, want=401),
    "an array, signed": Row(body=b"[1]", want=400),
    "no UTF-8, unsigned": Row(body=b"\xff\xfe{", headers=unsigned, want=401),
    "no UTF-8, signed": Row(body=b"\xff\xfe{", want=400),
    "UTF-16, signed": Row(body=json.dumps(mention()).encode("utf-16"), want=400),
    "nothing, signed": Row(body=b"", want=400),
    "a NUL character between the words": Row(body=json.dumps(mention(text="a\0b")).encode(), want=200, kept=1),
    "a raw NUL": Row(body=json.dumps(mention(text="a|b")).encode().replace(b"|", b"\0"), want=400),
    "10,000 levels deep": Row(body=b'{"event":' + b"[" * 10_000 + b"]" * 10_000 + b"}", want=400),
    "10,000 levels deep, unsigned": Row(body=b"[" * 10_000, headers=unsigned, want=401),
    "900 KB": Row(body=json.dumps(mention(text="w " * 450_000)).encode(), want=200, kept=1),
    "over 1 MiB": Row(body=b" " * (bodies.LARGEST + 1), want=413),
    "over 1 MiB, unsigned": Row(body=b" " * (bodies.LARGEST + 1), headers=unsigned, want=413),
    "exactly 1 MiB": Row(body=json.dumps(mention()).encode().ljust(bodies.LARGEST), want=200, kept=1),
    "a retry that came first": Row(headers=with_header("X-Slack-Retry-Num", "1"), want=200, kept=1),
    "an event type that nobody handles": Row(body=PINNED, want=200),
    "a rate limit": Row(body=json.dumps({"type": "app_rate_limited", "team_id": TEAM, "api_app_id": APP}).encode(), want=200),
    "an event without an event": Row(body=json.dumps({"type": "event_callback"}).encode(), want=200),
    "an object without anything": Row(body=b"{}", want=200),
    "the view of a shared channel": Row(
        body=form({"payload": json.dumps(submitted())}), path=INTERACTIONS, content_type=FORM, want=200
    ),
    "a button, unsigned": Row(body=form({"payload": "{}"}), headers=unsigned, path=INTERACTIONS, content_type=FORM, want=401),
    "a form without its payload": Row(body=b"a=b", path=INTERACTIONS, content_type=FORM, want=400),
    "a form with an empty payload": Row(body=b"payload=", path=INTERACTIONS, content_type=FORM, want=400),
    "a form whose payload is no JSON": Row(body=b"payload=%7B", path=INTERACTIONS, content_type=FORM, want=400),
    "a form whose payload is an array": Row(body=b"payload=%5B1%5D", path=INTERACTIONS, content_type=FORM, want=400),
    "a form whose payload is no UTF-8": Row(body=b"payload=%FF%FE", path=INTERACTIONS, content_type=FORM, want=400),
    "a form that is no UTF-8": Row(body=b"payload=\xff\xfe", path=INTERACTIONS, content_type=FORM, want=400),
    "a form of many fields": Row(body=b"&".join(b"a=b" for _ in range(101)), path=INTERACTIONS, content_type=FORM, want=400),
    "JSON where a form belongs": Row(body=json.dumps(pressed("a", "b")).encode(), path=INTERACTIONS, want=400),
    "a button of somebody else": Row(body=form({"payload": json.dumps(pressed("a", "b"))}), path=INTERACTIONS, content_type=FORM, want=200),
    "our button": Row(
        body=form({"payload": json.dumps(pressed("footnote_private", TURN))}), path=INTERACTIONS, content_type=FORM, want=200, kept=1
    ),
    "a command, unsigned": Row(body=form(command()), headers=unsigned, path=COMMANDS, content_type=FORM, want=401),
    "a command that is no UTF-8": Row(body=b"command=\xff", path=COMMANDS, content_type=FORM, want=400),
    "a command of many fields": Row(body=b"&".join(b"a=b" for _ in range(101)), path=COMMANDS, content_type=FORM, want=400),
    "our command": Row(body=form(command()), path=COMMANDS, content_type=FORM, want=200, kept=1),
}  # fmt: skip


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in WANTED.items()])
async def test_what_comes_is_answered_and_kept_as_wanted(front: Front, row: Row) -> None:
    headers = {"Content-Type": row.content_type, **row.headers(row.body)}
    answered = await front.post(row.path, row.body, headers)
    assert (answered.status, len(front.inbox.events)) == (row.want, row.kept)


async def test_slack_is_answered_with_its_challenge(front: Front) -> None:
    answered = await front.send(CHALLENGE)
    assert answered.text == "say this"
    assert answered.headers["Content-Type"].startswith("text/plain")


async def test_a_challenge_is_no_markup(front: Front) -> None:
    answered = await front.send({"type": "url_verification", "challenge": "<script>alert(1)</script>"})
    assert answered.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", [EVENTS, INTERACTIONS, COMMANDS])
async def test_nobody_reads_at_these_addresses(front: Front, path: str) -> None:
    async with front.client.get(path) as response:
        assert response.status == 405


async def test_an_event_is_kept_as_it_came(front: Front) -> None:
    await front.send(mention(text="naïve ☃ \0 \ud800"))
    assert front.only.key == Key("slack", APP, "Ev0001")
    assert (front.only.workspace, front.only.thread) == (TEAM, f"slack:{TEAM}:{CHANNEL}:{TS}")
    assert json.loads(front.only.body) == mention(text="naïve ☃ \0 \ud800")


async def test_a_retry_of_an_event_runs_nothing_again(front: Front) -> None:
    body = json.dumps(mention()).encode()
    for number in range(4):
        retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"} if number else {}
        answered = await front.post(EVENTS, body, {"Content-Type": JSON, **signed(body, NOW + number), **retry})
        assert answered.status == 200
    assert (front.inbox.taken, len(front.inbox.events)) == (4, 1)


@pytest.mark.parametrize("name", [None, "", "a name with spaces", "x" * 101, 7, {"a": 1}, "Ev\0"])
async def test_an_event_without_a_usable_name_is_the_same_when_it_comes_again(front: Front, name: object) -> None:
    for _ in range(2):
        assert (await front.send(mention() | {"event_id": name})).status == 200
    assert (await front.send(mention(text="Another.") | {"event_id": name})).status == 200
    assert len(front.inbox.events) == 2


async def test_two_apps_of_one_company_do_not_share_names(front: Front) -> None:
    await front.send(mention())
    await front.send(mention() | {"api_app_id": "AOTHER"})
    assert len(front.inbox.events) == 2


async def test_in_a_shared_channel_the_workspace_is_ours_and_not_the_askers(front: Front) -> None:
    theirs = mention(user="UEVE", team="TOTHER", user_team="TOTHER") | {"team_id": "TOTHER", "enterprise_id": "EOTHER"}
    await front.send(theirs | {"is_ext_shared_channel": True})
    assert front.only.workspace == TEAM


async def test_the_messages_own_event_of_a_mention_is_not_kept(front: Front) -> None:
    await front.send(mention())
    await front.send(message(text=mentioned()["text"]) | {"event_id": "Ev0002"})
    assert front.only.key.event == "Ev0001"


async def test_events_of_one_thread_stand_in_one_lane_and_buttons_alone(front: Front) -> None:
    await front.send(direct())
    await front.send(direct(ts="1700000001.000100", thread_ts=TS, text="And then?") | {"event_id": "Ev0002"})
    await front.interact(pressed("footnote_private", TURN))
    lanes = [event.thread for event in front.inbox.events.values()]
    assert lanes[0] == lanes[1] != lanes[2]


async def test_a_workspace_that_is_linked_to_nobody_is_told_nothing_and_an_admin_is(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    assert (await front.send(LINKED_TO_NOBODY)).status == 200
    (line,) = [record for record in caplog.records if "linked to nobody" in record.getMessage()]
    assert (line.levelname, line.__dict__["workspace"]) == ("WARNING", "TNOBODY")
    assert front.inbox.events == {}


async def test_that_slack_leaves_events_out_is_told_an_admin(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    await front.send({"type": "app_rate_limited", "team_id": TEAM, "api_app_id": APP, "minute_rate_limited": 1700000000})
    assert any("leaves out events" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("send", ["event", "button", "command"])
async def test_what_cannot_be_kept_is_to_be_sent_again(front: Front, send: str) -> None:
    front.inbox.fails = StoreUnavailable()
    answered = await sent(front, send)
    assert (answered.status, answered.headers["Retry-After"]) == (503, "2")
    assert PROMISE not in answered.text


@pytest.mark.parametrize("send", ["event", "button", "command"])
async def test_until_we_know_whose_workspace_it_is_slack_is_asked_to_send_again(front: Front, send: str) -> None:
    front.ready = False
    assert (await sent(front, send)).status == 503
    assert front.inbox.taken == 0
    front.ready = True
    assert (await sent(front, send)).status == 200
    assert len(front.inbox.events) == 1


async def test_what_wants_no_outcome_need_not_wait_until_we_are_ready(front: Front) -> None:
    front.ready = False
    assert (await front.send(PINNED)).status == 200
    assert (await front.send(CHALLENGE)).text == "say this"


async def test_a_failure_that_nobody_thought_of_is_no_acknowledgement(front: Front) -> None:
    front.inbox.fails = RuntimeError("not thought of")
    assert (await front.send(mention())).status == 500


async def sent(front: Front, what: str) -> Answered:
    match what:
        case "event":
            return await front.send(mention())
        case "button":
            return await front.interact(pressed("footnote_feedback", f"helpful:{TURN}"))
        case _:
            return await front.command(command())


async def test_a_body_that_comes_in_pieces_is_cut_off_where_it_grows_too_large(front: Front) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 65_536
            await asyncio.sleep(0)

    answered = await front.post(EVENTS, pieces(), {"Content-Type": JSON, **signed(b"", NOW)})
    assert answered.status == 413


async def test_a_body_that_comes_in_pieces_is_kept_as_a_whole(front: Front) -> None:
    body = json.dumps(mention(text="w " * 100_000)).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 7_001):
            yield body[start : start + 7_001]

    assert (await front.post(EVENTS, pieces(), {"Content-Type": JSON, **signed(body, NOW)})).status == 200
    assert json.loads(front.only.body) == json.loads(body)


@pytest.mark.parametrize("name", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
async def test_of_two_headers_the_first_counts_and_a_wrong_one_is_not_made_good(front: Front, name: str) -> None:
    body = json.dumps(mention()).encode()
    good = signed(body, NOW)
    others = [(other, value) for other, value in good.items() if other != name]
    for values, status in ((("wrong", good[name]), 401), ((good[name], "wrong"), 200)):
        headers = [("Content-Type", JSON), *others, *((name, value) for value in values)]
        assert (await front.post(EVENTS, body, headers)).status == status


async def test_however_deep_a_payload_is_it_is_taken_or_refused(front: Front) -> None:
    depths = [99, 100, *range(300, 900, 200), *range(900, 1000, 4)]
    deep = [json.dumps(mention()).replace('"team_id"', f'"deep": {"[" * depth}{"]" * depth}, "team_id"', 1) for depth in depths]
    statuses = [(await front.send(body.encode())).status for body in deep]
    assert statuses == [200] + [400] * (len(depths) - 1)  # what is read here is written and read again, with more of the stack in use


async def test_the_front_can_be_mounted_below_a_prefix() -> None:
    inner, outer = web.Application(), web.Application()
    inner.add_routes(SlackRoutes(SECRET, Kept(), lambda: True, lambda: NOW).routes())
    outer.add_subapp("/eu", inner)
    body = json.dumps(mention()).encode()
    async with TestClient(TestServer(outer)) as client, client.post("/eu/slack/events", data=body, headers=signed(body, NOW)) as response:
        assert response.status == 200


async def test_a_button_is_kept_once_however_often_the_press_is_sent(front: Front) -> None:
    for _ in range(2):
        assert (await front.interact(pressed("footnote_feedback", f"helpful:{TURN}"))).text == ""
    assert front.only.key.event.startswith("action:")


async def test_a_command_is_kept_with_its_moment_and_told_where_the_answer_will_be(front: Front) -> None:
    answered = await front.command(command())
    assert json.loads(answered.text) == {"response_type": "ephemeral", "text": PROMISE}
    assert json.loads(front.only.body) == command() | {"received": f"{NOW}.000000"}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(command(command="/somebody-elses"), id="a command that is not ours"),
        pytest.param(command(team_id="TNOBODY"), id="a workspace that is linked to nobody"),
        pytest.param(command(user_id=""), id="a command of nobody"),
    ],
)
async def test_nobody_is_promised_an_answer_that_never_comes(front: Front, fields: dict[str, str]) -> None:
    answered = await front.command(fields)
    assert (answered.status, front.inbox.events) == (200, {})
    assert PROMISE not in answered.text


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(mention() | {"authorizations": [authorization(team_id="T\0")]}, id="NUL in the workspace"),
        pytest.param(mention() | {"api_app_id": "A\0"}, id="NUL in the app"),
        pytest.param(mention() | {"api_app_id": "A\ud800"}, id="half a character in the app"),
    ],
)
async def test_a_name_that_cannot_be_kept_is_no_failure_of_ours(database: Database, odd: Json) -> None:
    async def queue(*_: object) -> None: ...

    app = web.Application()
    app.add_routes(SlackRoutes(SECRET, Inbox(database, queue), lambda: True, lambda: NOW).routes())
    body = json.dumps(odd).encode()
    async with TestClient(TestServer(app)) as client, client.post(EVENTS, data=body, headers=signed(body, NOW)) as response:
        assert response.status in {200, 400}
