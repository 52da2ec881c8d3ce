"""A Slack to test against: its Web API over real HTTP, and its events, signed and posted as Slack does it.

    house = Workspace("T1", "U0BOT", "B1", "xoxb-1", "secret", "A1")
    house.add_person("U1", "ana@acme.example", "Ana")
    house.add_channel("C1", ["U1", "U0BOT"])
    async with Slack(house) as slack, aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=house.token, base_url=slack.url, session=session)
        status = await slack.send_event(session, product_url, house.mention("U1", "C1", "How long is the notice period?"))
        answer = await slack.wait_for(lambda: slack.posts("C1"))

It is as strict as Slack where a bot can go wrong: who is in which channel, what a token may do, how long a text may be, how many
items one page has. What it knows of Slack is from docs.slack.dev and from the payloads of Slack's own SDKs; where those say nothing
it is lenient. One channel of two companies (Slack Connect) is one `Channel` in the `channels` of two workspaces.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import math
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, Self, TypeVar
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.waiting import PATIENCE_S

Json = dict[str, Any]
Kind = Literal["channel", "im", "mpim", "group"]
T = TypeVar("T")

TEXT_LIMIT: Final = 40_000  # characters of a posted text
UPDATE_LIMIT: Final = 4_000  # bytes of a text that replaces another: the limit of `chat.update` is the smaller one
PAGE_LIMIT: Final = 1_000  # items that may be asked for at once
_TS: Final = re.compile(r"\d{1,12}\.\d{6}")
_FAMILIES: Final = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


# What may go wrong with one call. They are used up in their order, one a call of their method.


@dataclass(frozen=True, slots=True)
class RateLimited:
    """429 with `Retry-After`; nothing is done."""

    retry_after: int = 1  # seconds


@dataclass(frozen=True, slots=True)
class Status:
    """A status of the machinery before Slack, with a page that is no JSON; nothing is done."""

    status: int = 500


@dataclass(frozen=True, slots=True)
class Error:
    """Slack's own refusal: 200 with `ok: false`; nothing is done."""

    error: str


@dataclass(frozen=True, slots=True)
class Slow:
    """The call is held until the event is set, then done."""

    event: asyncio.Event


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection is closed; nothing is done.

    aiohttp's client repeats a GET by itself, once: a reading method (`conversations.*`, `users.*`) needs two of these to fail.
    """


@dataclass(frozen=True, slots=True)
class LostReply:
    """The call is done and the connection closed without an answer: whoever repeats it does it twice."""


@dataclass(frozen=True, slots=True)
class Passed:
    """Nothing goes wrong: for `fail(method, Passed(), Dropped())`, where the second call is to fail."""


Fault = RateLimited | Status | Error | Slow | Dropped | LostReply | Passed


class Refused(Exception):
    """A call is answered `ok: false`, with this error."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.answer: Json = {"ok": False, "error": error, **more}


class Answered(NamedTuple):
    """What the product answered to a request of Slack's."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method, recorded when it arrived, whatever came of it."""

    number: int  # from 1
    method: str
    arguments: Json  # of the query and the body together; blocks, metadata and views as objects
    team: str | None  # whose token it carried; None: nobody's


class Clock:
    """Moments in Slack's words, each later than the one before."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._last = 0

    def ts(self) -> str:
        """The id of a new message: seconds and microseconds."""
        self._last = max(self._last + 1, int(self.now() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody as one workspace knows them."""

    user: str
    email: str
    name: str
    team: str  # where they are at home, which may be another company
    restricted: bool = False  # a guest
    ultra_restricted: bool = False  # a guest of one channel
    bot: bool = False
    deleted: bool = False

    def seen(self, team: str, *, email: bool) -> Json:
        """The user object that `team` gets. The email needs a scope of its own."""
        profile = {"real_name": self.name, "display_name": self.name, "team": self.team} | (
            {"email": self.email} if email and self.email else {}
        )
        guest = {"is_restricted": self.restricted or self.ultra_restricted, "is_ultra_restricted": self.ultra_restricted}
        stranger = {"is_stranger": True} if self.team != team else {}
        name = {"name": self.name.casefold().replace(" ", "."), "real_name": self.name}
        return {
            "id": self.user,
            "team_id": self.team,
            "deleted": self.deleted,
            "is_bot": self.bot,
            **name,
            **guest,
            **stranger,
            "profile": profile,
        }


@dataclass(slots=True, kw_only=True)
class Message:
    """One message of a channel."""

    ts: str
    user: str
    team: str  # the author's
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None  # of its parent; None: it stands by itself or is a parent
    metadata: Json | None = None
    bot_id: str | None = None
    app: str | None = None
    subtype: str | None = None
    edited: str | None = None  # when
    more: Json = field(default_factory=dict)  # client_msg_id, files, attachments

    def core(self) -> Json:
        """What events and answers say of it alike."""
        body: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts, "team": self.team, **self.more}
        profile = {"id": self.bot_id, "app_id": self.app, "name": self.user, "deleted": False, "team_id": self.team}
        bot = {"bot_id": self.bot_id, "app_id": self.app, "bot_profile": profile} if self.bot_id else {}
        edited = {"edited": {"user": self.user, "ts": self.edited}} if self.edited else {}
        optional = {"blocks": self.blocks, "thread_ts": self.thread_ts, "subtype": self.subtype}
        return body | bot | edited | {key: value for key, value in optional.items() if value}


@dataclass(slots=True, kw_only=True)
class Channel:
    """A channel and all that was said in it. Two workspaces may hold the same one."""

    id: str
    kind: Kind = "channel"
    members: list[str]
    private: bool = False
    ext_shared: bool = False
    archived: bool = False
    messages: list[Message] = field(default_factory=list)
    ephemerals: list[tuple[str, Message]] = field(default_factory=list)  # who alone saw it, and what

    @property
    def type(self) -> str:
        """The `channel_type` of its events."""
        return "group" if self.kind == "channel" and self.private else self.kind

    def find(self, ts: str) -> Message | None:
        """The message of that moment."""
        return next((message for message in self.messages if message.ts == ts), None)

    def thread(self, ts: str) -> list[Message]:
        """The parent and its replies, oldest first, for the parent's `ts` or a reply's; empty for a message that is not there."""
        named = self.find(ts)
        parent = (named.thread_ts or named.ts) if named else ts
        found = [message for message in self.messages if parent in {message.ts, message.thread_ts}]
        return sorted(found, key=lambda message: _moment(message.ts))

    def seen(self, message: Message, *, metadata: bool = False) -> Json:
        """The message as reading methods give it."""
        body = message.core()
        if message.thread_ts:
            parent = self.find(message.thread_ts)
            body |= {"parent_user_id": parent.user} if parent else {}
        elif replies := [reply for reply in self.messages if reply.thread_ts == message.ts]:
            users = list(dict.fromkeys(reply.user for reply in replies))
            latest = max((reply.ts for reply in replies), key=_moment)
            numbers = {"reply_count": len(replies), "reply_users_count": len(users), "reply_users": users, "latest_reply": latest}
            body |= {"thread_ts": message.ts, "is_locked": False, "subscribed": False, **numbers}
        return body | ({"metadata": message.metadata} if metadata and message.metadata else {})


@dataclass(slots=True)
class Workspace:
    """One workspace in which the app is installed, seen through its bot's token. Its bot is one of its people."""

    team: str
    bot_user: str
    bot_id: str
    token: str
    signing_secret: str
    app: str
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    people: dict[str, Person] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)  # of channel and thread; a post or "" takes it away
    views: list[Json] = field(default_factory=list)  # opened
    triggers: dict[str, bool] = field(default_factory=dict)  # sent to the product -> already used
    largest_page: int = PAGE_LIMIT  # more is never given at once; 15 is what Slack gives some distributed apps
    revoked: bool = False
    clock: Clock = field(default_factory=Clock)  # its `Slack`'s
    hooks: str = "https://hooks.slack.invalid/"  # where response_urls lead: to its `Slack`
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.add_person(self.bot_user, "", "Footnote", bot=True)

    def add_person(
        self, user: str, email: str, name: str, *,
        restricted: bool = False, ultra_restricted: bool = False, bot: bool = False, deleted: bool = False, team: str | None = None,
    ) -> Person:  # fmt: skip
        """Make somebody known here; `team` is their own company if it is another one."""
        self.people[user] = Person(
            user=user, email=email, name=name, team=team or self.team,
            restricted=restricted, ultra_restricted=ultra_restricted, bot=bot, deleted=deleted,
        )  # fmt: skip
        return self.people[user]

    def add_channel(
        self, channel: str, members: Sequence[str], *, private: bool = False, kind: Kind = "channel", ext_shared: bool = False
    ) -> Channel:
        """Open a channel. Our bot is in it if it is named, and in every `im`."""
        bot = [self.bot_user] if kind == "im" and self.bot_user not in members else []
        made = Channel(id=channel, kind=kind, members=[*members, *bot], private=private or kind != "channel", ext_shared=ext_shared)
        self.channels[channel] = made
        return made

    def revoke(self) -> None:
        """Take the token away: every call says `token_revoked`, until `reinstall`."""
        self.revoked = True

    def reinstall(self, token: str) -> None:
        """Install anew with another token; the old one is nobody's."""
        self.token, self.revoked = token, False

    def posts(self, channel: str, thread: str | None = None) -> list[Message]:
        """What our bot posted there, in the thread only if one is named."""
        found = self.channels[channel].messages if channel in self.channels else []
        return [message for message in found if message.bot_id == self.bot_id and thread in {None, message.thread_ts}]

    def message(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        ts: str | None = None,
        thread_ts: str | None = None,
        subtype: str | None = None,
        **more: object,
    ) -> Json:
        """Somebody writes: the `message` event that Slack sends of it. The text is Slack's: `&amp;`, `<@U1>`; `more` are further fields."""
        return self.event("message", channel, self._said(user, channel, text, ts, thread_ts, subtype, more))

    def mention(self, user: str, channel: str, text: str, ts: str | None = None, thread_ts: str | None = None) -> Json:
        """Somebody writes to our bot: the `app_mention` event alone."""
        return self.mentioned(user, channel, text, ts, thread_ts)[0]

    def mentioned(self, user: str, channel: str, text: str, ts: str | None = None, thread_ts: str | None = None) -> tuple[Json, Json]:
        """Somebody writes to our bot: both events that Slack sends of that one message, `app_mention` and `message`."""
        if self.channels[channel].kind == "im":
            raise ValueError("Slack sends no app_mention for direct messages")
        addressed = text if f"<@{self.bot_user}>" in text else f"<@{self.bot_user}> {text}"
        said = self._said(user, channel, addressed, ts, thread_ts, None, {})
        return self.event("app_mention", channel, said), self.event("message", channel, said)

    def event(self, kind: Literal["app_mention", "message"], channel: str, message: Message) -> Json:
        """The event of a message that is there: of our bot's own posts too, which Slack tells us like anybody's."""
        place, mention = self.channels[channel], kind == "app_mention"
        body = place.seen(message) if message.thread_ts else message.core()
        here = {"channel": channel, "event_ts": message.ts} | ({} if mention else {"channel_type": place.type})
        home = {"team": self.team} if mention else {}
        foreign = {"user_team": message.team, "source_team": message.team} if message.team != self.team else {}
        return body | here | home | foreign | {"type": kind}

    def pressed(self, user: str, channel: str, message: Message, action_id: str, value: str, *, kind: str = "button") -> Json:
        """Somebody presses a button of a message: the `block_actions` payload."""
        person, action = (
            self.people[user],
            {"action_id": action_id, "block_id": "b1", "value": value, "type": kind, "action_ts": self.clock.ts()},
        )
        return {
            "type": "block_actions",
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team},
            "api_app_id": self.app,
            "token": "verification-token",
            "container": {"type": "message", "message_ts": message.ts, "channel_id": channel, "is_ephemeral": False},
            "trigger_id": self.trigger(),
            "team": {"id": self.team, "domain": self.team.casefold()},
            "channel": {"id": channel, "name": channel.casefold()},
            "message": self.channels[channel].seen(message),
            "response_url": f"{self.hooks}{self.team}/{next(self._numbers)}",
            "actions": [action],
        }

    def command(self, command: str, user: str, channel: str, text: str = "") -> dict[str, str]:
        """Somebody gives a slash command: the fields of its form."""
        place = self.channels[channel]
        name = {"im": "directmessage", "channel": channel.casefold()}.get(place.type, "privategroup")
        return {
            "token": "verification-token",
            "team_id": self.team,
            "team_domain": self.team.casefold(),
            "api_app_id": self.app,
            "channel_id": channel,
            "channel_name": name,
            "user_id": user,
            "user_name": self.people[user].name,
            "command": command,
            "text": text,
            "is_enterprise_install": "false",
            "response_url": f"{self.hooks}{self.team}/{next(self._numbers)}",
            "trigger_id": self.trigger(),
        }

    def trigger(self) -> str:
        """A trigger that opens one view."""
        made = f"{next(self._numbers)}.{self.team}.trigger"
        self.triggers[made] = False
        return made

    def authorization(self) -> Json:
        """Who sees an event: our bot here."""
        return {"enterprise_id": None, "team_id": self.team, "user_id": self.bot_user, "is_bot": True, "is_enterprise_install": False}

    def visible(self, channel: str) -> Channel | None:
        """The channel, unless it is private and our bot is not in it: Slack does not tell such a one from none."""
        found = self.channels.get(channel)
        return found if found and (not found.private or self.bot_user in found.members) else None

    def require(self, *scopes: str) -> None:
        """Refuse the call unless the token has one of `scopes`."""
        if scopes and not self.scopes & set(scopes):
            raise Refused("missing_scope", needed=",".join(scopes), provided=",".join(sorted(self.scopes)))

    def _said(self, user: str, channel: str, text: str, ts: str | None, thread_ts: str | None, subtype: str | None, more: Json) -> Message:
        place = self.channels[channel]
        if user not in self.people or user not in place.members:
            raise ValueError(f"{user} is not in {channel}, so they cannot write there")
        number = next(self._numbers)
        own = {"client_msg_id": f"00000000-0000-4000-8000-{number:012}"}
        words = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        blocks = [{"type": "rich_text", "block_id": f"r{number}", "elements": [words]}]
        said = Message(
            ts=ts or self.clock.ts(), user=user, team=self.people[user].team, text=text, blocks=blocks,
            thread_ts=thread_ts, subtype=subtype, more=own | more,
        )  # fmt: skip
        place.messages.append(said)
        return said


class Slack:
    """The server. Inside `async with`, `url` is what `SLACK_API_URL` is to be."""

    def __init__(self, *workspaces: Workspace, now: Callable[[], float] = time.time, limited: bool = False) -> None:
        """`limited`: as many calls of a method a minute and workspace as its tier allows, and no more."""
        self.clock = Clock(now)
        self._limited = limited
        self._made: dict[tuple[str | None, str], deque[float]] = {}  # when, of workspace and method, in the last minute
        self.workspaces: dict[str, Workspace] = {}
        self.calls: list[Call] = []
        self.responses: list[Json] = []  # what was posted to response_urls
        self.url = ""
        self._faults: dict[str, deque[Fault]] = {}
        self._changed = asyncio.Condition()
        self._numbers = count(1)
        for workspace in workspaces:
            self.install(workspace)

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.add_routes([web.route("*", "/api/{method}", self._called), web.post("/hooks/{team}/{number}", self._responded)])
        # Whoever still waits for an answer when the test ends gets none, and the test need not wait for them.
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.url = f"{origin}/api/"
        for workspace in self.workspaces.values():
            workspace.hooks = f"{origin}/hooks/"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._runner.cleanup()

    def install(self, workspace: Workspace) -> Workspace:
        """Serve one more workspace."""
        workspace.clock, workspace.hooks = self.clock, self.url.replace("/api/", "/hooks/") or workspace.hooks
        self.workspaces[workspace.team] = workspace
        return workspace

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of `method` go wrong, one fault a call, whoever calls."""
        if method not in METHODS:
            raise ValueError(f"{method} is never called here")
        self._faults.setdefault(method, deque()).extend(faults)

    def called(self, method: str) -> list[Call]:
        """The calls of one method so far."""
        return [call for call in self.calls if call.method == method]

    def posts(self, channel: str, thread: str | None = None) -> list[Message]:
        """What our bots posted there, in the thread only if one is named."""
        return [message for workspace in self.workspaces.values() for message in workspace.posts(channel, thread)]

    async def wait_for(self, predicate: Callable[[], T], timeout: float = PATIENCE_S) -> T:  # noqa: ASYNC109 - callers say how long
        """What `predicate` returns once that is true; it is asked again at every call. Fails the test after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout), self._changed:
                return await self._changed.wait_for(predicate)
        except TimeoutError:
            happened = ", ".join(call.method for call in self.calls) or "nothing"
            raise AssertionError(f"It did not happen within {timeout} s. Called were: {happened}") from None

    def envelope(
        self, event: Json, *, team: str | None = None, event_id: str | None = None, authorizations: list[Json] | None = None
    ) -> Json:
        """What Slack posts around an event. `team` is its `team_id`: in a shared channel it may be the other company's."""
        workspace = self._workspace(team, event.get("channel"))
        channel = workspace.channels.get(str(event.get("channel")))
        return {
            "token": "verification-token",
            "team_id": team or event.get("team") or workspace.team,
            "context_team_id": workspace.team,
            "context_enterprise_id": None,
            "api_app_id": workspace.app,
            "event": event,
            "type": "event_callback",
            "event_id": event_id or f"Ev{next(self._numbers):08}",
            "event_time": int(float(event.get("event_ts") or self.clock.now())),
            "authorizations": [workspace.authorization()] if authorizations is None else authorizations,
            "is_ext_shared_channel": bool(channel and channel.ext_shared),
            "event_context": f"4-{event.get('type')}-{workspace.team}-{event.get('channel')}",
        }

    async def send_event(
        self, session: aiohttp.ClientSession, base_url: str, event: Json, *, team: str | None = None, event_id: str | None = None,
        retry_num: int | None = None, retry_reason: str | None = None, authorizations: list[Json] | None = None,
        secret: str | None = None, timestamp: int | str | None = None,
    ) -> int:  # fmt: skip
        """Post an event to the product; its status. A retry is the same `event_id` again, with a number and a reason."""
        retry = {"X-Slack-Retry-Num": retry_num, "X-Slack-Retry-Reason": retry_reason or ("http_timeout" if retry_num else None)}
        body = json.dumps(self.envelope(event, team=team, event_id=event_id, authorizations=authorizations)).encode()
        headers = {"Content-Type": "application/json"} | {name: str(value) for name, value in retry.items() if value is not None}
        secret = secret or self._workspace(team, event.get("channel")).signing_secret
        return (await self.send(session, f"{base_url}/slack/events", body, headers, secret, timestamp)).status

    async def send_interaction(
        self, session: aiohttp.ClientSession, base_url: str, payload: Json, *, secret: str | None = None, timestamp: int | str | None = None
    ) -> Answered:
        """Post what somebody did with a button or a view. Its `trigger_id` opens one view."""
        team = payload.get("view", {}).get("app_installed_team_id") or (payload.get("team") or {}).get("id")
        workspace = self._workspace(team, (payload.get("channel") or {}).get("id"))
        return await self._send_form(
            session, f"{base_url}/slack/interactions", workspace, payload, {"payload": json.dumps(payload)}, secret, timestamp
        )

    async def send_command(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        form: dict[str, str],
        *,
        secret: str | None = None,
        timestamp: int | str | None = None,
    ) -> Answered:
        """Post a slash command, made by `Workspace.command`. Its `trigger_id` opens one view."""
        workspace = self._workspace(form.get("team_id"), form.get("channel_id"))
        return await self._send_form(session, f"{base_url}/slack/commands", workspace, form, form, secret, timestamp)

    async def send(
        self,
        session: aiohttp.ClientSession,
        url: str,
        body: bytes,
        headers: dict[str, str],
        secret: str,
        timestamp: int | str | None = None,
    ) -> Answered:
        """Post raw bytes, signed as of `timestamp` or now."""
        signature = signed(body, secret, int(self.clock.now()) if timestamp is None else timestamp)
        async with session.post(url, data=body, headers=headers | signature) as answer:
            return Answered(answer.status, await answer.text())

    async def _send_form(
        self, session: aiohttp.ClientSession, url: str, workspace: Workspace, payload: Json | dict[str, str], form: dict[str, str],
        secret: str | None, timestamp: int | str | None,
    ) -> Answered:  # fmt: skip
        if payload.get("trigger_id"):
            workspace.triggers.setdefault(str(payload["trigger_id"]), False)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.send(session, url, urlencode(form).encode(), headers, secret or workspace.signing_secret, timestamp)

    def _workspace(self, team: str | None, channel: object) -> Workspace:
        """The workspace an event is for: the named one, else one that has the channel, else the first."""
        if team in self.workspaces:
            return self.workspaces[team]
        holders = [workspace for workspace in self.workspaces.values() if channel in workspace.channels]
        return (holders or list(self.workspaces.values()))[0]

    async def _called(self, request: web.Request) -> web.StreamResponse:
        """Record a call, let it go wrong if it is to, else do it."""
        method, workspace = request.match_info["method"], self._bearer(request)
        try:
            arguments = await _arguments(request)
        except Refused as refused:
            return web.json_response(refused.answer)
        self.calls.append(Call(len(self.calls) + 1, method, arguments, workspace.team if workspace else None))
        await self._tell()
        faults = self._faults.get(method)
        fault = faults.popleft() if faults else self._held_up(workspace, method)
        if answer := _spoilt(request, fault):
            return answer
        if isinstance(fault, Slow):
            await fault.event.wait()
        done = self._done(request, workspace, method, arguments)
        await self._tell()
        scopes = {"X-OAuth-Scopes": ",".join(sorted(workspace.scopes))} if workspace else {}
        return _closed(request) if isinstance(fault, LostReply) else web.json_response(done, headers=scopes)

    def _held_up(self, workspace: Workspace | None, method: str) -> Fault:
        """A wait, if a method was called too often in the last minute and calls are limited. What is held up is not counted."""
        if not self._limited or method not in METHODS:
            return Passed()
        now, made = self.clock.now(), self._made.setdefault((workspace.team if workspace else None, method), deque())
        while made and made[0] <= now - MINUTE_S:
            made.popleft()
        if len(made) >= METHODS[method].a_minute:
            return RateLimited(math.ceil(made[0] + MINUTE_S - now))
        made.append(now)
        return Passed()

    def _done(self, request: web.Request, workspace: Workspace | None, method: str, arguments: Json) -> Json:
        """The answer to a call, once it is done."""
        try:
            perform = _allowed(request, workspace, method, arguments)
            return {"ok": True, **perform()}
        except Refused as refused:
            return refused.answer

    def _bearer(self, request: web.Request) -> Workspace | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return next((workspace for workspace in self.workspaces.values() if workspace.token == token), None)

    async def _responded(self, request: web.Request) -> web.Response:
        self.responses.append(await request.json())
        await self._tell()
        return web.Response(text="ok")

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def signed(body: bytes, secret: str, timestamp: int | str) -> dict[str, str]:
    """The headers by which Slack proves that a request is its own."""
    digest = hmac.new(secret.encode(), b"v0:%s:%s" % (str(timestamp).encode(), body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def _allowed(request: web.Request, workspace: Workspace | None, method: str, arguments: Json) -> Callable[[], Json]:
    """What does the call, if method, token and scopes allow it."""
    if method not in METHODS:
        raise Refused("unknown_method", req_method=method)
    if workspace is None:
        raise Refused("invalid_auth" if "Authorization" in request.headers else "not_authed")
    if workspace.revoked:
        raise Refused("token_revoked")
    workspace.require(*_scopes(workspace, method, arguments))
    return partial(METHODS[method].perform, workspace, arguments)


def _spoilt(request: web.Request, fault: Fault) -> web.Response | None:
    """The answer to a call that is not done; None: it is done."""
    match fault:
        case RateLimited():
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(fault.retry_after)})
        case Status():
            return web.Response(status=fault.status, text="<html><body>Server Error</body></html>", content_type="text/html")
        case Error():
            return web.json_response({"ok": False, "error": fault.error})
        case Dropped():
            return _closed(request)
        case _:
            return None


def _closed(request: web.Request) -> web.Response:
    """Close the connection. What is returned is never sent."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def _arguments(request: web.Request) -> Json:
    """The arguments of query and body together; what Slack takes as JSON inside a form is read."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        given |= _read(await request.text())
    elif request.content_type == "application/x-www-form-urlencoded":
        given |= {name: str(value) for name, value in (await request.post()).items()}
    for name in ("blocks", "metadata", "view", "attachments", "loading_messages"):
        if isinstance(given.get(name), str):
            given[name] = _unpacked(name, given[name])
    return given


def _read(body: str) -> Json:
    try:
        read = json.loads(body or "{}")
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(read, dict):
        raise Refused("json_not_object")
    return read


def _unpacked(name: str, value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        raise Refused(f"invalid_{name}_format") from None


# Web API methods: a workspace and arguments in, an answer without its `ok` out.


def _auth_test(workspace: Workspace, _: Json) -> Json:
    bot = workspace.people[workspace.bot_user].name.casefold()
    home = {"url": f"https://{workspace.team.casefold()}.slack.com/", "team": workspace.team.title(), "team_id": workspace.team}
    return {**home, "user": bot, "user_id": workspace.bot_user, "bot_id": workspace.bot_id, "is_enterprise_install": False}


def _post_message(workspace: Workspace, arguments: Json) -> Json:
    channel = _writable(workspace, arguments)
    message = _composed(workspace, arguments)
    channel.messages.append(message)
    workspace.statuses.pop((channel.id, message.thread_ts or ""), None)
    return {"channel": channel.id, "ts": message.ts, "message": channel.seen(message, metadata=True)}


def _post_ephemeral(workspace: Workspace, arguments: Json) -> Json:
    channel, user = _writable(workspace, arguments), _given(arguments, "user")
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    message = _composed(workspace, arguments)
    channel.ephemerals.append((user, message))
    return {"message_ts": message.ts}


def _update(workspace: Workspace, arguments: Json) -> Json:
    channel = _writable(workspace, arguments)
    message = _own(workspace, channel, arguments, "cant_update_message")
    _check_content(arguments)
    if len(str(arguments.get("text") or "").encode()) > UPDATE_LIMIT:
        raise Refused("msg_too_long")
    blocks, metadata = _blocks(arguments), _metadata(arguments)  # refused before anything changes
    message.text = str(arguments.get("text") or arguments.get("markdown_text") or message.text)
    message.blocks = blocks if "blocks" in arguments else message.blocks  # what is not named stays
    message.metadata = metadata if "metadata" in arguments else message.metadata
    message.edited = workspace.clock.ts()
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": channel.seen(message, metadata=True)}


def _delete(workspace: Workspace, arguments: Json) -> Json:
    channel = _known(workspace, arguments)
    message = _own(workspace, channel, arguments, "cant_delete_message")
    channel.messages.remove(message)
    return {"channel": channel.id, "ts": message.ts}


def _members(workspace: Workspace, arguments: Json) -> Json:
    page, after = _page(workspace, _known(workspace, arguments).members, arguments, 100)
    return {"members": page, "response_metadata": {"next_cursor": after}}


def _info(workspace: Workspace, arguments: Json) -> Json:
    channel = _known(workspace, arguments)
    return {"channel": _described(workspace, channel, members=_flag(arguments, "include_num_members"))}


def _described(workspace: Workspace, channel: Channel, *, members: bool = False) -> Json:
    own: Json = {"id": channel.id, "created": 1_600_000_000, "context_team_id": workspace.team, "is_archived": channel.archived}
    number = {"num_members": len(channel.members)} if members else {}
    if channel.kind == "im":
        other = next((user for user in channel.members if user != workspace.bot_user), workspace.bot_user)
        return own | number | {"is_im": True, "is_org_shared": False, "user": other}
    kinds = {
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_mpim": channel.kind == "mpim",
        "is_im": False,
    }
    shared = {"is_shared": channel.ext_shared, "is_ext_shared": channel.ext_shared, "is_org_shared": False, "is_pending_ext_shared": False}
    homes = [workspace.people[user].team for user in channel.members if user in workspace.people]
    teams = list(dict.fromkeys([workspace.team, *homes])) if channel.ext_shared else [workspace.team]
    who = {"is_private": channel.private, "is_member": workspace.bot_user in channel.members, "shared_team_ids": teams}
    name = {"name": channel.id.casefold(), "name_normalized": channel.id.casefold()}
    return own | number | kinds | shared | who | name | {"pending_shared": [], "pending_connected_team_ids": []}


def _replies(workspace: Workspace, arguments: Json) -> Json:
    channel = _readable(workspace, arguments)
    thread = channel.thread(_given(arguments, "ts"))
    if not thread:
        raise Refused("thread_not_found")
    # The parent is given whatever the range.
    return _messages(workspace, channel, thread[:1] + _ranged(thread[1:], arguments), arguments, 1000)


def _history(workspace: Workspace, arguments: Json) -> Json:
    channel = _readable(workspace, arguments)
    top = [message for message in channel.messages if not message.thread_ts or message.subtype == "thread_broadcast"]
    newest_first = sorted(_ranged(top, arguments), key=lambda message: _moment(message.ts), reverse=True)
    return _messages(workspace, channel, newest_first, arguments, 100)


def _messages(workspace: Workspace, channel: Channel, found: list[Message], arguments: Json, size: int) -> Json:
    page, after = _page(workspace, found, arguments, size)
    seen = [channel.seen(message, metadata=_flag(arguments, "include_all_metadata")) for message in page]
    # Slack leaves `response_metadata` out of a last page of messages.
    return {"messages": seen, "has_more": bool(after)} | ({"response_metadata": {"next_cursor": after}} if after else {})


def _open(workspace: Workspace, arguments: Json) -> Json:
    if arguments.get("channel"):
        found, is_new = _known(workspace, arguments), False
    else:
        found, is_new = _direct(workspace, [user for user in str(arguments.get("users") or "").split(",") if user])
    seen = _described(workspace, found) if _flag(arguments, "return_im") else {"id": found.id}
    return {"channel": seen} | ({} if is_new else {"no_op": True, "already_open": True})


def _direct(workspace: Workspace, users: list[str]) -> tuple[Channel, bool]:
    """The direct message with these people, and whether it is new: the same people always have the same one."""
    if not users:
        raise Refused("users_list_not_supplied")
    for user in users:
        _reachable(workspace, user)
    kind: Kind = "im" if len(users) == 1 else "mpim"
    workspace.require(f"{kind}:write")
    everyone = {*users, workspace.bot_user}
    for channel in workspace.channels.values():
        if channel.kind == kind and set(channel.members) == everyone:
            return channel, False
    name = f"D{users[0][1:]}" if kind == "im" else f"G{'x'.join(sorted(users))}"
    return workspace.add_channel(name, [*users, workspace.bot_user], kind=kind), True


def _reachable(workspace: Workspace, user: str) -> None:
    person = workspace.people.get(user)
    if person is None:
        raise Refused("user_not_found")
    if person.deleted:
        raise Refused("user_disabled")
    if person.bot:
        raise Refused("cannot_dm_bot")


def _user_info(workspace: Workspace, arguments: Json) -> Json:
    person = workspace.people.get(_given(arguments, "user"))
    if person is None:
        raise Refused("user_not_found")
    return {"user": person.seen(workspace.team, email="users:read.email" in workspace.scopes)}


def _users(workspace: Workspace, arguments: Json) -> Json:
    page, after = _page(workspace, list(workspace.people.values()), arguments, 100)
    people = [person.seen(workspace.team, email="users:read.email" in workspace.scopes) for person in page]
    return {"members": people, "cache_ts": int(workspace.clock.now()), "response_metadata": {"next_cursor": after}}


def _set_status(workspace: Workspace, arguments: Json) -> Json:
    channel, thread = _known(workspace, arguments, "channel_id"), _given(arguments, "thread_ts")
    if not _TS.fullmatch(thread):
        raise Refused("invalid_thread_ts")
    if "status" not in arguments or len(arguments.get("loading_messages") or []) > 10:
        raise Refused("invalid_arguments")
    workspace.statuses.pop((channel.id, thread), None)
    if arguments["status"]:
        workspace.statuses[channel.id, thread] = arguments["status"]
    return {}


def _open_view(workspace: Workspace, arguments: Json) -> Json:
    trigger, view = _given(arguments, "trigger_id"), arguments.get("view")
    if trigger not in workspace.triggers:
        raise Refused("invalid_trigger_id")
    if workspace.triggers[trigger]:
        raise Refused("exchanged_trigger_id")
    if not isinstance(view, dict) or view.get("type") != "modal" or not 1 <= len(_words(view.get("title"))) <= 24:
        raise Refused(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] a modal with a title of 1 to 24 characters is required"]}
        )
    workspace.triggers[trigger] = True
    number = len(workspace.views) + 1
    own = {"id": f"V{number}", "team_id": workspace.team, "app_id": workspace.app, "app_installed_team_id": workspace.team}
    state = {"bot_id": workspace.bot_id, "hash": workspace.clock.ts(), "state": {"values": {}}, "root_view_id": f"V{number}"}
    opened = {"private_metadata": "", "callback_id": "", "external_id": "", "previous_view_id": None} | view | own | state
    workspace.views.append(opened)
    return {"view": opened}


# What the methods share.


def _given(arguments: Json, name: str) -> str:
    if not arguments.get(name):
        raise Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]})
    return str(arguments[name])


def _flag(arguments: Json, name: str) -> bool:
    return arguments.get(name) in {True, "1", "true"}


def _known(workspace: Workspace, arguments: Json, name: str = "channel") -> Channel:
    channel = workspace.visible(_given(arguments, name))
    if channel is None:
        raise Refused("channel_not_found")
    return channel


def _readable(workspace: Workspace, arguments: Json) -> Channel:
    channel = _known(workspace, arguments)
    if workspace.bot_user not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _writable(workspace: Workspace, arguments: Json) -> Channel:
    channel = _readable(workspace, arguments)
    if channel.archived:
        raise Refused("is_archived")
    return channel


def _own(workspace: Workspace, channel: Channel, arguments: Json, otherwise: str) -> Message:
    message = channel.find(_given(arguments, "ts"))
    if message is None:
        raise Refused("message_not_found")
    if message.bot_id != workspace.bot_id:
        raise Refused(otherwise)
    return message


def _composed(workspace: Workspace, arguments: Json) -> Message:
    """A new message of our bot's, or a refusal. It is nowhere yet."""
    _check_content(arguments)
    thread = arguments.get("thread_ts") or None
    if thread and not _TS.fullmatch(str(thread)):
        raise Refused("invalid_thread_ts")
    subtype = "thread_broadcast" if thread and _flag(arguments, "reply_broadcast") else None
    return Message(
        ts=workspace.clock.ts(),
        user=workspace.bot_user,
        team=workspace.team,
        bot_id=workspace.bot_id,
        app=workspace.app,
        text=str(arguments.get("text") or arguments.get("markdown_text") or ""),
        blocks=_blocks(arguments),
        thread_ts=thread,
        metadata=_metadata(arguments),
        subtype=subtype,
        more={"attachments": arguments["attachments"]} if arguments.get("attachments") else {},
    )


def _check_content(arguments: Json) -> None:
    content = [name for name in ("text", "markdown_text", "blocks", "attachments") if arguments.get(name)]
    if not content:
        raise Refused("no_text")
    if "markdown_text" in content and {"text", "blocks"} & set(content):
        raise Refused("markdown_text_conflict")
    if len(str(arguments.get("text") or "")) > TEXT_LIMIT or len(str(arguments.get("markdown_text") or "")) > TEXTS["markdown"]:
        raise Refused("msg_too_long")


def _metadata(arguments: Json) -> Json | None:
    given = arguments.get("metadata")
    if not given:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("event_type"), str) or not isinstance(given.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    return given


def _blocks(arguments: Json) -> list[Json]:
    """The blocks, each with an id, or the refusal that says which is wrong."""
    given = arguments.get("blocks") or []
    if not isinstance(given, list) or not all(isinstance(block, dict) for block in given):
        raise Refused("invalid_blocks_format")
    if wrong := list(wrong_with(given)):
        raise Refused("invalid_blocks", errors=wrong, response_metadata={"messages": [f"[ERROR] {line}" for line in wrong]})
    return [{"block_id": f"b{at}"} | block for at, block in enumerate(given, 1)]


def _ranged(messages: list[Message], arguments: Json) -> list[Message]:
    oldest, latest = _moment(arguments.get("oldest") or "0"), _moment(arguments.get("latest") or "9999999999")
    inclusive = _flag(arguments, "inclusive")
    return [m for m in messages if oldest < _moment(m.ts) < latest or (inclusive and _moment(m.ts) in {oldest, latest})]


def _moment(ts: object) -> tuple[int, int]:
    """A `ts` as a number that two can be compared by; floats are too coarse for it."""
    seconds, _, fraction = str(ts).partition(".")
    return int(seconds), int(fraction[:6].ljust(6, "0"))


def _page(workspace: Workspace, items: Sequence[T], arguments: Json, size: int) -> tuple[list[T], str]:
    """One page and the cursor of the next, which is empty after the last."""
    limit = str(arguments.get("limit") or 0)
    if not limit.isdigit() or int(limit) > PAGE_LIMIT:
        raise Refused("invalid_limit")
    start = _place(str(arguments.get("cursor") or ""))
    end = start + min(int(limit) or size, workspace.largest_page)
    return list(items[start:end]), base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""


def _place(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:")) if cursor else 0
    except (binascii.Error, ValueError):
        raise Refused("invalid_cursor") from None


# Block Kit, as far as a bot's answers use it.

BLOCKS: Final = frozenset({
    "actions", "alert", "card", "carousel", "container", "context", "context_actions", "divider", "file", "header", "image", "input",
    "markdown", "plan", "rich_text", "section", "table", "task_card", "video",
})  # fmt: skip
TEXTS: Final = {"section": 3_000, "header": 150, "markdown": 12_000}  # characters
ELEMENTS: Final = {"actions": 25, "context": 10, "context_actions": 5}
BUTTON: Final = {"value": 2_000, "action_id": 255, "url": 3_000}  # characters


def wrong_with(blocks: Sequence[Json]) -> Iterator[str]:
    """What Slack would say against these blocks, one line each."""
    if len(blocks) > 50:
        yield "no more than 50 items allowed [json-pointer:/blocks]"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids):
        yield "block_id already exists [json-pointer:/blocks]"
    for at, block in enumerate(blocks):
        for problem, where in _problems(block):
            yield f"{problem} [json-pointer:/blocks/{at}{where}]"


def _problems(block: Json) -> Iterator[tuple[str, str]]:
    kind = str(block.get("type"))
    if kind not in BLOCKS:
        yield f"unsupported type: {kind}", "/type"
    if kind in TEXTS and not (kind == "section" and block.get("fields") and "text" not in block):
        yield from _text_problems(block.get("text"), TEXTS[kind], "/text")
    for at, words in enumerate(block.get("fields") or []):
        yield from _text_problems(words, 2_000, f"/fields/{at}")
    if kind in ELEMENTS:
        yield from _element_problems(block.get("elements") or [], ELEMENTS[kind])
    if isinstance(block.get("accessory"), dict):
        yield from _button_problems(block["accessory"], "/accessory")


def _text_problems(text: object, limit: int, where: str) -> Iterator[tuple[str, str]]:
    length = len(_words(text))
    if length > limit:
        yield f"must be less than {limit + 1} characters", f"{where}/text"
    if not length:
        yield "must be more than 0 characters", f"{where}/text"


def _element_problems(elements: list[Json], limit: int) -> Iterator[tuple[str, str]]:
    if not 1 <= len(elements) <= limit:
        yield f"must have 1 to {limit} items", "/elements"
    actions = [element["action_id"] for element in elements if "action_id" in element]
    if len(set(actions)) < len(actions):
        yield "action_id already exists", "/elements"
    for at, element in enumerate(elements):
        yield from _button_problems(element, f"/elements/{at}")


def _button_problems(element: Json, where: str) -> Iterator[tuple[str, str]]:
    if element.get("type") in {"mrkdwn", "plain_text"}:
        yield from _text_problems(element, TEXTS["section"], where)
    if element.get("type") == "button":
        yield from _text_problems(element.get("text"), 75, f"{where}/text")
    for name, limit in BUTTON.items():
        if len(str(element.get(name) or "")) > limit:
            yield f"must be less than {limit + 1} characters", f"{where}/{name}"


def _words(text: object) -> str:
    """The words of a text object, or of a block whose text is plain."""
    found = text.get("text") if isinstance(text, dict) else text
    return found if isinstance(found, str) else ""


TIER_2, TIER_3, TIER_4 = 20, 50, 100  # calls a minute; Slack allows no fewer and says not how many more
MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Method:
    """A method, the scopes of which one suffices, and how often a minute it may be called."""

    perform: Callable[[Workspace, Json], Json]
    scopes: tuple[str, ...] = ()
    a_minute: int = TIER_3


READ: Final = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY: Final = ("channels:history", "groups:history", "im:history", "mpim:history")

METHODS: Final[dict[str, Method]] = {
    "auth.test": Method(_auth_test, a_minute=TIER_4),
    "chat.postMessage": Method(_post_message, ("chat:write",), a_minute=TIER_4),
    "chat.update": Method(_update, ("chat:write",)),
    "chat.postEphemeral": Method(_post_ephemeral, ("chat:write",), a_minute=TIER_4),
    "chat.delete": Method(_delete, ("chat:write",)),
    "conversations.members": Method(_members, READ, a_minute=TIER_4),
    "conversations.info": Method(_info, READ),
    "conversations.replies": Method(_replies, HISTORY),
    "conversations.history": Method(_history, HISTORY),
    "conversations.open": Method(_open, ("im:write", "mpim:write")),
    "users.info": Method(_user_info, ("users:read",), a_minute=TIER_4),
    "users.list": Method(_users, ("users:read",), a_minute=TIER_2),
    "assistant.threads.setStatus": Method(_set_status, ("chat:write", "assistant:write")),
    "views.open": Method(_open_view, a_minute=TIER_4),
}
ALL_SCOPES: Final[frozenset[str]] = frozenset(scope for method in METHODS.values() for scope in method.scopes) | {"users:read.email"}


def _scopes(workspace: Workspace, method: str, arguments: Json) -> tuple[str, ...]:
    """The scopes of which one suffices for this call: of reading a channel, only the one of its kind."""
    scopes = METHODS[method].scopes
    channel = workspace.channels.get(str(arguments.get("channel")))
    if channel is None or scopes not in {READ, HISTORY}:
        return scopes
    return tuple(scope for scope in scopes if scope.partition(":")[0] == _FAMILIES[channel.type])
