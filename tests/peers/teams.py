"""A Microsoft Teams to test against: its Connector, its signing keys and Microsoft's login over real HTTP, and activities as it posts them.

    app = App("5e1f…", "secret", "home-tenant")
    acme = EntraTenant("acme-tenant", app)
    acme.add_person("aad-ana", "ana@acme.example", "Ana Ito")
    chat = acme.personal("aad-ana")
    async with Teams(acme) as teams, aiohttp.ClientSession() as session:
        # The product is given teams.openid_url, teams.login_url, and teams.service_url as a prefix that it may answer.
        answered = await teams.send(session, product_url, acme.message("aad-ana", chat, "How long is the notice period?"))
        answer = await teams.wait_for(lambda: teams.posts(chat))

It is as strict as Teams where a bot can go wrong: whose token it is, who is in which conversation, what a message may hold. What it
knows is from Microsoft's documentation (the table of status codes in "Messages in bot conversations" above all), its SDKs and captured
payloads; where those say nothing it is lenient. Streaming and targeted messages are not made: who sends one is told so.
"""

import asyncio
import hashlib
import html
import json
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from itertools import count
from types import TracebackType
from typing import Final, Literal, NamedTuple, Self, TypeVar
from uuid import uuid4

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.peers.slack import Answered, Dropped, Json, LostReply, Passed, RateLimited, Slow, Status
from tests.waiting import PATIENCE_S

Verb = Literal["GET", "POST", "PUT", "DELETE"]
Kind = Literal["personal", "groupChat", "channel"]
T = TypeVar("T")

ISSUER: Final = "https://api.botframework.com"
CONNECTOR: Final = "https://api.botframework.com"
GRAPH: Final = "https://graph.microsoft.com"
LOGIN: Final = "https://login.microsoftonline.com"  # what MSAL is told; whoever drives it leads it to `Teams.login_url`
ROOT_ENTITY: Final = "https://schema.org/Message"
SIZE_LIMIT: Final = 100 * 1024  # bytes of an activity in UTF-16
PAGE: Final = 200  # members, if nobody says how many
SMALLEST_PAGE: Final = 50
LARGEST_PAGE: Final = 500
CITATIONS: Final = 20
APPEARANCE: Final = {"name": 80, "abstract": 160}  # characters
KEYWORDS: Final = 3
KEYWORD: Final = 28  # characters
_THREAD: Final = ";messageid="
_CLIENT: Final = {"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web", "timezone": "UTC"}


# What may go wrong with one call, beside what may with Slack's. They are used up in their order, one a call of their route.


@dataclass(frozen=True, slots=True)
class Refusal:
    """The Connector's own refusal, such as 412 `PreconditionFailed` or 403 `BotDisabledByAdmin`; nothing is done."""

    status: int
    code: str
    message: str = "It was refused."


@dataclass(frozen=True, slots=True)
class Instead:
    """200 with this JSON, whatever was asked for; nothing is done. `Status(200)` is 200 with a page that is no JSON."""

    body: Json


@dataclass(frozen=True, slots=True)
class InPieces:
    """The call is done and its answer sent in two pieces, the second when whoever asked has had time to read the first."""

    pause_s: float = 0.05


Fault = RateLimited | Status | Refusal | Instead | InPieces | Slow | Dropped | LostReply | Passed
"""`Dropped`: aiohttp's client repeats GET, PUT and DELETE by itself, once, so that these need two of them to fail."""


class Refused(Exception):
    """A call is answered with this status and body."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


class Done(NamedTuple):
    """How a call is answered."""

    status: int
    body: Json | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a route, recorded when it arrived, whatever came of it."""

    number: int  # from 1
    verb: Verb
    kind: str  # of the route: see ROUTES
    path: dict[str, str]  # tenant, conversation, activity, member: those that the route has, decoded
    query: dict[str, str]
    body: Json  # of JSON or of a form
    app: str | None  # whose valid Connector token it carried; None: nobody's


class Clock:
    """Moments in Teams' words, each later than the one before."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._last = 0

    def id(self) -> str:
        """The id of a new message: milliseconds since 1970."""
        self._last = max(self._last + 1, int(self.now() * 1000))
        return str(self._last)

    def timestamp(self) -> str:
        """Now, as activities say it."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class App:
    """The bot's registration. A single-tenant one, as new ones are: only `tenant` gives it tokens that the Connector takes."""

    id: str
    secret: str
    tenant: str  # where it is registered, which need be none of those that use it
    name: str = "Footnote"

    @property
    def account(self) -> Json:
        """Our bot, as activities name it."""
        return {"id": f"28:{self.id}", "name": self.name}


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody as one tenant knows them."""

    aad: str  # the object id in Entra
    id: str  # 29:…, which only our bot knows them by
    email: str
    name: str
    upn: str
    tenant: str
    guest: bool

    @property
    def account(self) -> Json:
        """The `from` of their activities."""
        return {"id": self.id, "name": self.name, "aadObjectId": self.aad}

    def seen(self) -> Json:
        """The member object of a roster. Microsoft's pages call the Entra id `objectId`, its SDKs `aadObjectId`."""
        given, _, surname = self.name.partition(" ")
        names = {"givenName": given, "surname": surname, "email": self.email, "userPrincipalName": self.upn}
        return self.account | names | {"objectId": self.aad, "tenantId": self.tenant, "userRole": "guest" if self.guest else "user"}

    def is_called(self, member: str) -> bool:
        """Whether `member` names them: by their id here, their Entra id or their user principal name."""
        return member in {self.id, self.aad} or member.casefold() == self.upn.casefold()


@dataclass(slots=True, kw_only=True)
class Message:
    """One message of a conversation."""

    id: str
    activity: Json  # as it is now
    aad: str | None  # its author; None: our bot
    root: str | None = None  # the message that its channel thread begins with, which may be itself; None: not in a channel
    reply_to: str | None = None  # what a reply of ours named
    versions: list[Json] = field(default_factory=list)  # what it was before, oldest first
    deleted: bool = False

    @property
    def text(self) -> str:
        """Its text; "" without any."""
        return str(self.activity.get("text") or "")

    @property
    def entities(self) -> list[Json]:
        """Its entities: citations, mentions."""
        return list(self.activity.get("entities") or [])

    @property
    def attachments(self) -> list[Json]:
        """Its attachments: cards."""
        return list(self.activity.get("attachments") or [])


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A conversation and all that was said in it."""

    id: str  # of a channel without its thread
    kind: Kind
    tenant: str
    members: list[str]  # Entra ids; of a channel those of its team
    team: Json = field(default_factory=dict)  # id, name and aadGroupId; of a channel only
    removed: bool = False  # our bot was
    messages: list[Message] = field(default_factory=list)
    typing: list[Json] = field(default_factory=list)  # what our bot sent to say that it writes

    def find(self, message: str) -> Message | None:
        """The message of this id, unless it was deleted."""
        return next((found for found in self.messages if found.id == message and not found.deleted), None)

    def has_thread(self, root: str) -> bool:
        """Whether a thread of this channel begins with that message, even if it was deleted since."""
        return any(root == message.root for message in self.messages)

    def account(self, root: str | None = None) -> Json:
        """The `conversation` of its activities."""
        address = f"{self.id}{_THREAD}{root}" if root else self.id
        group = {} if self.kind == "personal" else {"isGroup": True}
        return group | {"conversationType": self.kind, "tenantId": self.tenant, "id": address}

    def data(self, *, event: bool) -> Json:
        """The `channelData` of its activities; an event names the team in full and the channel that was chosen."""
        tenant: Json = {"tenant": {"id": self.tenant}}
        chosen: Json = {"settings": {"selectedChannel": {"id": self.id}}, "source": {"name": "message"}} if event else {}
        if self.kind != "channel":
            return tenant | chosen
        team = {"team": self.team if event else {"id": self.team["id"]}, "channel": {"id": self.id}}
        return tenant | chosen | team | ({} if event else {"teamsChannelId": self.id, "teamsTeamId": self.team["id"]})


@dataclass(slots=True)
class EntraTenant:
    """One company that uses the bot, and what its people do."""

    id: str
    app: App
    people: dict[str, Person] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    largest_page: int = LARGEST_PAGE  # more members are never given at once; Teams gives at least 50
    clock: Clock = field(default_factory=Clock)  # its `Teams`'s
    service_url: str = "https://smba.invalid/"  # its `Teams`'s, ending in this tenant's id and a slash

    def add_person(self, aad: str, email: str, name: str, *, guest: bool = False, upn: str | None = None) -> Person:
        """Make somebody known here. `aad` is their object id in this tenant, which is another than at a guest's home."""
        own = email.replace("@", "_") + f"#EXT#@{self.id}.onmicrosoft.com" if guest else email
        bot_knows_as = f"29:1{_digest(self.app.id, self.id, aad)}"
        self.people[aad] = Person(aad=aad, id=bot_knows_as, email=email, name=name, upn=upn or own, tenant=self.id, guest=guest)
        return self.people[aad]

    def personal(self, aad: str) -> str:
        """The chat of our bot with one person, who has it installed: always the same one."""
        return self._opened(f"a:1{_digest(self.app.id, self.id, aad, 'chat')}", "personal", [aad])

    def group(self, members: Sequence[str]) -> str:
        """A new group chat, our bot in it."""
        return self._opened(f"19:{uuid4().hex}@thread.v2", "groupChat", members)

    def channel(self, members: Sequence[str], team: str | None = None) -> str:
        """A channel of a new team of these people, or of the one that the channel `team` belongs to. Our bot is installed in it."""
        new = {"id": f"19:{_digest(uuid4().hex)[:44]}1@thread.tacv2", "name": "A team", "aadGroupId": str(uuid4())}
        return self._opened(f"19:{uuid4().hex}@thread.tacv2", "channel", members, self.place(team).team if team else new)

    def place(self, conversation: str) -> Conversation:
        """The conversation with this id; a thread's id leads to its channel."""
        return self.conversations[conversation.partition(_THREAD)[0]]

    def posts(self, conversation: str) -> list[Message]:
        """What our bot has there now, oldest first. A thread's id limits it to the thread."""
        address, _, root = conversation.partition(_THREAD)
        found = self.conversations[address].messages if address in self.conversations else []
        return [post for post in found if post.aad is None and not post.deleted and (not root or post.root == root)]

    def remove_bot(self, conversation: str) -> None:
        """Take our bot out: whatever it says there is refused, until somebody `installed` it again."""
        self.place(conversation).removed = True

    # What people do: the activities that Teams posts to the product. Each is made once and may be sent as often as one likes.

    def message(
        self, aad: str, conversation: str, text: str, *, mention: bool = False, reply_to: str | None = None, **more: object
    ) -> Json:
        """Somebody writes. In a channel it begins a thread, unless `reply_to` or the conversation's id names one.

        Teams tells a bot of unmentioned messages in groups and channels only where an owner consented to that. `more` are further
        fields of the activity.
        """
        place, thread = self._entered(aad, conversation)
        answered = place.find(reply_to) if reply_to else None
        if reply_to and answered is None:
            raise ValueError(f"there is no message {reply_to} to reply to")
        number = self.clock.id()
        said = Message(id=number, aad=aad, activity={})
        if place.kind == "channel":
            said.root = thread or (answered.root if answered else None) or number
        named = {"replyToId": reply_to} if reply_to and place.kind != "channel" else {}
        said.activity = self._activity("message", aad, place, said.root, number=number) | self._words(text, mention=mention) | named | more
        place.messages.append(said)
        return said.activity

    def mentioned(self, aad: str, conversation: str, text: str, *, reply_to: str | None = None, **more: object) -> Json:
        """Somebody writes to our bot in a group or a channel. A text without `<at>…</at>` gets it in front."""
        return self.message(aad, conversation, text, mention=True, reply_to=reply_to, **more)

    def edited(self, aad: str, conversation: str, message: str, text: str) -> Json:
        """Somebody rewrites a message of theirs; a mention of our bot stays."""
        place, said = self._own(aad, conversation, message)
        mention = any(entity["type"] == "mention" for entity in said.entities)
        change = self._activity("messageUpdate", aad, place, said.root, number=said.id) | self._words(text, mention=mention)
        change["channelData"] = change["channelData"] | {"eventType": "editMessage"}
        said.versions.append(said.activity)
        said.activity = change
        return change

    def deleted(self, aad: str, conversation: str, message: str) -> Json:
        """Somebody deletes a message of theirs."""
        place, said = self._own(aad, conversation, message)
        said.deleted = True
        gone = self._activity("messageDelete", aad, place, said.root, number=said.id)
        gone["channelData"] = gone["channelData"] | {"eventType": "softDeleteMessage"}
        return gone

    def reaction(self, aad: str, conversation: str, message: str, reaction: str = "like", *, added: bool = True) -> Json:
        """Somebody puts a reaction on a message, or takes it away."""
        place, said = self._about(aad, conversation, message)
        change = {"reactionsAdded" if added else "reactionsRemoved": [{"type": reaction}], "replyToId": said.id}
        return self._activity("messageReaction", aad, place, said.root) | change

    def feedback(
        self, aad: str, conversation: str, message: str, reaction: str, comment: str, *, form: Literal["json", "text", "object"] = "json"
    ) -> Json:
        """Somebody judges an answer of ours: `like` or `dislike`. Teams was seen to send the comment in each of these forms."""
        place, said = self._about(aad, conversation, message)
        if said.aad is not None:
            raise ValueError(f"{message} is not our bot's, so nobody can judge it")
        words = {"feedbackText": comment}
        forms: Json = {"json": json.dumps(words), "text": comment, "object": words}
        value = {"actionName": "feedback", "actionValue": {"reaction": reaction, "feedback": forms[form]}}
        invoke = {"name": "message/submitAction", "value": value, "replyToId": said.id}
        return self._activity("invoke", aad, place, said.root) | invoke

    def pressed(self, aad: str, conversation: str, message: str, title: str) -> Json:
        """Somebody presses the button of that title on a card of ours: its data comes back as a message without text."""
        place, said = self._about(aad, conversation, message)
        cards = [one["content"] for one in said.attachments if one["contentType"] == "application/vnd.microsoft.card.adaptive"]
        buttons = {one["title"]: one for card in cards for one in card["actions"]}
        if buttons[title]["type"] != "Action.Submit":
            raise ValueError(f"{title} sends no message")
        sent = {"value": buttons[title]["data"], "replyToId": said.id, "channelData": place.data(event=False) | {"postback": True}}
        return self._activity("message", aad, place, said.root, number=self.clock.id()) | sent

    def installed(self, aad: str, conversation: str, action: str = "add") -> Json:
        """Somebody installs our bot there, or takes it out: add, remove, add-upgrade, remove-upgrade."""
        place, _ = self._entered(aad, conversation)
        place.removed = action == "remove"
        return self._activity("installationUpdate", aad, place, event=True) | {"action": action}

    def joined(self, aad: str, conversation: str, *members: str) -> Json:
        """Somebody adds `members` to the conversation; without any, our bot. It comes with `installed`."""
        place, _ = self._entered(aad, conversation)
        place.members.extend(member for member in members if member not in place.members)
        added = [{"id": self.people[member].id, "aadObjectId": member} for member in members] or [{"id": self.app.account["id"]}]
        change = self._activity("conversationUpdate", aad, place, event=True) | {"membersAdded": added}
        if place.kind == "channel":
            change["channelData"] = change["channelData"] | {"eventType": "teamMemberAdded"}
        return change

    def _activity(
        self, kind: str, aad: str, place: Conversation, root: str | None = None, *, number: str = "", event: bool = False
    ) -> Json:
        """What every activity has."""
        return {
            "type": kind,
            "id": number or f"f:{uuid4()}",
            "timestamp": self.clock.timestamp(),
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": self.people[aad].account,
            "recipient": self.app.account,
            "conversation": place.account(root),
            "channelData": place.data(event=event),
            "entities": [_CLIENT],
            "locale": "en-US",
        }

    def _words(self, text: str, *, mention: bool) -> Json:
        if not mention:
            return {"text": text, "textFormat": "plain", "entities": [_CLIENT]}
        at = f"<at>{self.app.name}</at>"
        addressed = text if at in text else f"{at} {text}"
        span = f'<span itemscope="" itemtype="http://schema.skype.com/Mention" itemid="0">{html.escape(self.app.name)}</span>'
        shown = html.escape(addressed).replace(html.escape(f"{at} "), f"{span}&nbsp;").replace(html.escape(at), span)
        return {
            "text": f"{addressed}\n",
            "textFormat": "plain",
            "entities": [{"type": "mention", "mentioned": self.app.account, "text": at}, _CLIENT],
            "attachments": [{"contentType": "text/html", "content": f"<div><div>{shown}</div>\n</div>"}],
        }

    def _opened(self, conversation: str, kind: Kind, members: Sequence[str], team: Json | None = None) -> str:
        if strangers := [member for member in members if member not in self.people]:
            raise ValueError(f"nobody knows {', '.join(strangers)} in {self.id}")
        made = Conversation(id=conversation, kind=kind, tenant=self.id, members=list(members), team=team or {})
        return self.conversations.setdefault(conversation, made).id

    def _entered(self, aad: str, conversation: str) -> tuple[Conversation, str | None]:
        """Where somebody does something, and the channel thread that was named."""
        place, root = self.place(conversation), conversation.partition(_THREAD)[2]
        if aad not in place.members:
            raise ValueError(f"{aad} is not in {conversation}, so they can do nothing there")
        if root and not place.has_thread(root):
            raise ValueError(f"no thread of {place.id} begins with {root}")
        return place, root or None

    def _about(self, aad: str, conversation: str, message: str) -> tuple[Conversation, Message]:
        place, _ = self._entered(aad, conversation)
        said = place.find(message)
        if said is None:
            raise ValueError(f"there is no message {message} in {conversation}")
        return place, said

    def _own(self, aad: str, conversation: str, message: str) -> tuple[Conversation, Message]:
        place, said = self._about(aad, conversation, message)
        if said.aad != aad:
            raise ValueError(f"{message} is not {aad}'s")
        return place, said


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token that the login gave away."""

    app: App
    tenant: str
    audience: str
    ends: float  # seconds since 1970


class Teams:
    """The server. Inside `async with` its URLs are what the product is to be given."""

    def __init__(self, *tenants: EntraTenant, now: Callable[[], float] = time.time) -> None:
        self.clock = Clock(now)
        self.tenants: dict[str, EntraTenant] = {}
        self.calls: list[Call] = []
        self.service_url = self.openid_url = self.login_url = ""  # the first is what every tenant's begins with
        self.endorsements: list[str] | None = ["msteams"]  # of its keys; None: the keys say nothing of it
        self.token_lifetime_s = 3599
        self._tokens: dict[str, Issued] = {}
        self._key_numbers = count(1)
        self._keys = [next(self._key_numbers)]  # published; the last one signs
        self._faults: dict[tuple[Verb, str], deque[Fault]] = {}
        self._changed = asyncio.Condition()
        for tenant in tenants:
            self.install(tenant)

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=4 * SIZE_LIMIT)
        for (verb, kind), route in ROUTES.items():
            application.router.add_route(verb, route.path, partial(self._called, verb, kind))
        # Whoever still waits for an answer when the test ends gets none, and the test need not wait for them.
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.service_url, self.login_url = f"{origin}/amer/", f"{origin}/login"
        self.openid_url = f"{origin}/v1/.well-known/openidconfiguration"
        for tenant in self.tenants.values():
            tenant.service_url = f"{self.service_url}{tenant.id}/"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._runner.cleanup()

    def install(self, tenant: EntraTenant) -> EntraTenant:
        """Serve one more tenant, and its app."""
        tenant.clock = self.clock
        tenant.service_url = f"{self.service_url}{tenant.id}/" if self.service_url else tenant.service_url
        self.tenants[tenant.id] = tenant
        return tenant

    def fail(self, verb: Verb, kind: str, *faults: Fault) -> None:
        """Let the next calls of a route go wrong, one fault a call, whoever calls."""
        if (verb, kind) not in ROUTES:
            raise ValueError(f"{verb} {kind} is never called here")
        self._faults.setdefault((verb, kind), deque()).extend(faults)

    def called(self, verb: Verb, kind: str) -> list[Call]:
        """The calls of one route so far."""
        return [call for call in self.calls if (call.verb, call.kind) == (verb, kind)]

    def posts(self, conversation: str) -> list[Message]:
        """What our bots have in this conversation now, oldest first. A thread's id limits it to the thread."""
        return [post for tenant in self.tenants.values() for post in tenant.posts(conversation)]

    async def wait_for(self, predicate: Callable[[], T], timeout: float = PATIENCE_S) -> T:  # noqa: ASYNC109 - callers say how long
        """What `predicate` returns once that is true; it is asked again at every call. Fails the test after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout), self._changed:
                return await self._changed.wait_for(predicate)
        except TimeoutError:
            happened = ", ".join(f"{call.verb} {call.kind}" for call in self.calls) or "nothing"
            raise AssertionError(f"It did not happen within {timeout} s. Called were: {happened}") from None

    # Tokens: the bot's, and those by which Teams proves that an activity is its own.

    def access_token(self, app: App | None = None, *, tenant: str | None = None, audience: str = CONNECTOR) -> str:
        """A token as the login gives it to the bot, without asking there."""
        app, token = app or self._first_app(), f"token-{uuid4().hex}"
        self._tokens[token] = Issued(app, tenant or app.tenant, audience, self.clock.now() + self.token_lifetime_s)
        return token

    def revoke(self) -> None:
        """Forget every access token: the Connector says 401 until the bot has a new one."""
        self._tokens.clear()

    def rotate(self, *, keep: bool = False) -> str:
        """Sign with a new key from now on; its id. The old ones are published no longer, unless they are kept."""
        self._keys = [*(self._keys if keep else []), next(self._key_numbers)]
        return _kid(self._keys[-1])

    def token(
        self,
        service_url: str,
        *,
        key: RSAPrivateKey | bytes | None = None,
        alg: str = "RS256",
        header: Json | None = None,
        **claims: object,
    ) -> str:
        """The `Authorization` header of an activity from this service URL, signed by the key of the day.

        Each of `claims` and of `header` takes the place of the true one; None takes it away. With `alg="none"` nothing is signed.
        """
        app = next((tenant.app for tenant in self.tenants.values() if tenant.service_url == service_url), None) or self._first_app()
        now = int(self.clock.now())
        true = {"iss": ISSUER, "aud": app.id, "serviceurl": service_url, "nbf": now, "exp": now + 3600}
        said = {name: value for name, value in (true | claims).items() if value is not None}
        # PyJWT refuses to write claims that are no strings; whoever forges some does not.
        secret = "" if alg == "none" else key or private_key(self._keys[-1])
        body = json.dumps(said).encode()
        head = {name: value for name, value in ({"kid": _kid(self._keys[-1])} | (header or {})).items() if value is not None}
        return f"Bearer {jwt.PyJWS().encode(body, secret, algorithm=alg, headers=head)}"

    async def send(self, session: aiohttp.ClientSession, base_url: str, activity: Json, *, header: str | None = None) -> Answered:
        """Post an activity to the product, as Teams does. `header` is sent instead of the true `Authorization`; "" sends none."""
        authorization = self.token(activity["serviceUrl"]) if header is None else header
        headers = {"Authorization": authorization} if authorization else {}
        async with session.post(f"{base_url}/api/messages", json=activity, headers=headers) as answer:
            return Answered(answer.status, await answer.text())

    # What answers calls.

    def app(self, client_id: str) -> App | None:
        """The registered app with this id."""
        return next((tenant.app for tenant in self.tenants.values() if tenant.app.id == client_id), None)

    def knows(self, tenant: str) -> bool:
        """Whether there is such a tenant in Entra: one that uses an app, or one that an app is registered in."""
        return any(tenant in {known.id, known.app.tenant} for known in self.tenants.values())

    def published(self) -> list[Json]:
        """The keys that the Bot Framework shows, as JWKs."""
        endorsed: Json = {} if self.endorsements is None else {"endorsements": self.endorsements}
        return [_jwk(number) | endorsed for number in self._keys]

    def _first_app(self) -> App:
        return next(iter(self.tenants.values())).app

    async def _called(self, verb: Verb, kind: str, request: web.Request) -> web.StreamResponse:
        """Record a call, let it go wrong if it is to, else do it."""
        try:
            body = await _body(request)
        except Refused as refused:
            return _answer(Done(refused.status, refused.body))
        issued = self._bearer(request)
        path, query = dict(request.match_info), dict(request.query)
        call = Call(len(self.calls) + 1, verb, kind, path, query, body, issued.app.id if issued else None)
        self.calls.append(call)
        await self._tell()
        faults = self._faults.get((verb, kind))
        fault = faults.popleft() if faults else Passed()
        if answer := _spoilt(request, fault):
            return answer
        if isinstance(fault, Slow):
            await fault.event.wait()
        done = self._done(call)
        await self._tell()
        if isinstance(fault, InPieces):
            return await _in_pieces(request, _answer(done), fault.pause_s)
        return _closed(request) if isinstance(fault, LostReply) else _answer(done)

    def _done(self, call: Call) -> Done:
        """The answer to a call, once it is done."""
        try:
            return ROUTES[call.verb, call.kind].perform(self, call)
        except Refused as refused:
            return Done(refused.status, refused.body)

    def _bearer(self, request: web.Request) -> Issued | None:
        """The token that came with a call, if it is one for the Connector."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        issued = self._tokens.get(token)
        if issued is None or scheme.casefold() != "bearer" or issued.ends <= self.clock.now():
            return None
        return issued if (issued.audience, issued.tenant) == (CONNECTOR, issued.app.tenant) else None

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _digest(*parts: str) -> str:
    """A long id that follows from `parts`."""
    return urlsafe_b64encode(hashlib.sha512("/".join(parts).encode()).digest()).decode().rstrip("=")


@cache  # slow to make: the first key of every peer is the same one
def private_key(_number: int) -> RSAPrivateKey:
    """The key of this number; 0 is a stranger's, which no peer ever publishes."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def _kid(number: int) -> str:
    return f"peer-key-{number}"


def _jwk(number: int) -> Json:
    kid = _kid(number)
    jwk: Json = RSAAlgorithm.to_jwk(private_key(number).public_key(), as_dict=True)
    return jwk | {"kid": kid, "x5t": kid, "use": "sig"}


def _spoilt(request: web.Request, fault: Fault) -> web.Response | None:
    """The answer to a call that is not done; None: it is done."""
    match fault:
        case RateLimited():
            return _answer(_refusal(429, "Throttled", "Too many requests."), {"Retry-After": str(fault.retry_after)})
        case Status():
            return web.Response(status=fault.status, text="<html><body>Server Error</body></html>", content_type="text/html")
        case Refusal():
            return _answer(_refusal(fault.status, fault.code, fault.message))
        case Instead():
            return _answer(Done(200, fault.body))
        case Dropped():
            return _closed(request)
        case _:
            return None


def _answer(done: Done, headers: dict[str, str] | None = None) -> web.Response:
    if done.body is None:
        return web.Response(status=done.status, headers=headers)
    return web.json_response(done.body, status=done.status, headers=headers)


async def _in_pieces(request: web.Request, whole: web.Response, pause_s: float) -> web.StreamResponse:
    body = whole.body if isinstance(whole.body, bytes) else b""
    stream = web.StreamResponse(status=whole.status, headers={"Content-Type": "application/json"})
    stream.content_length = len(body)
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2])
    await asyncio.sleep(pause_s)
    await stream.write(body[len(body) // 2 :])
    return stream


def _closed(request: web.Request) -> web.Response:
    """Close the connection. What is returned is never sent."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def _body(request: web.Request) -> Json:
    if request.content_type == "application/x-www-form-urlencoded":
        return {name: str(value) for name, value in (await request.post()).items()}
    try:
        read = json.loads(await request.text() or "{}")
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise _refused(400, "BadSyntax", "The payload is no JSON object.")
    return read


def _refusal(status: int, code: str, message: str) -> Done:
    return Done(status, {"error": {"code": code, "message": message}})


def _refused(status: int, code: str, message: str) -> Refused:
    """A refusal in the Connector's shape."""
    return Refused(status, {"error": {"code": code, "message": message}})


# The Connector: a call in, an answer out.


def _caller(teams: Teams, call: Call) -> EntraTenant:
    """The tenant that is called about, for its own app only."""
    if call.app is None:
        raise _refused(401, "Unauthorized", "Authorization has been denied for this request.")
    tenant = teams.tenants.get(call.path["tenant"])
    if tenant is None:
        raise _refused(404, "ConversationNotFound", "Conversation not found.")
    if tenant.app.id != call.app:
        raise _not_there()
    return tenant


def _not_there() -> Refused:
    return _refused(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")


def _called_about(tenant: EntraTenant, call: Call) -> tuple[Conversation, str | None]:
    """The conversation, and the thread that its id names."""
    address, _, root = call.path["conversation"].partition(_THREAD)
    place = tenant.conversations.get(address)
    if place is None or (root and not place.has_thread(root)):
        raise _refused(404, "ConversationNotFound", "Conversation not found.")
    if place.removed:
        raise _not_there()
    return place, root or None


def _post(teams: Teams, call: Call) -> Done:
    tenant = _caller(teams, call)
    place, root = _called_about(tenant, call)
    if "isTargetedActivity" in call.query:
        raise _refused(400, "BadArgument", "This peer makes no targeted messages.")
    _check_content(call.body)
    reply_to = call.path.get("activity")
    answered = place.find(reply_to) if reply_to else None
    if reply_to and answered is None and not reply_to.startswith("f:"):  # the id of an event or invoke is no message's
        raise _no_such_activity()
    if call.body["type"] == "typing":
        place.typing.append(call.body)
        return Done(201, {"id": tenant.clock.id()})
    return _said(tenant, place, call.body, root or (answered.root if answered else None), reply_to)


def _said(tenant: EntraTenant, place: Conversation, activity: Json, root: str | None, reply_to: str | None = None) -> Done:
    """Our bot's message, put where it belongs. Teams makes two of a text with attachments, and then says no id."""
    parts = [activity]
    if activity.get("text") and activity.get("attachments"):
        parts = [{**activity, "attachments": []}, {**activity, "text": ""}]
    for part in parts:
        number = tenant.clock.id()
        thread = (root or number) if place.kind == "channel" else None
        place.messages.append(Message(id=number, activity=part, aad=None, root=thread, reply_to=reply_to))
        root = thread
    return Done(201, {"id": place.messages[-1].id}) if len(parts) == 1 else Done(202)


def _update(teams: Teams, call: Call) -> Done:
    message = _ours(teams, call)
    _check_content(call.body)
    if call.body["type"] != "message":
        raise _refused(400, "BadSyntax", "Unknown activity type")
    if call.body.get("text") and call.body.get("attachments"):  # two messages, and there is room for one; so says the Playground
        raise _refused(400, "BadSyntax", "An update has a text or attachments, not both.")
    message.versions.append(message.activity)
    message.activity = call.body
    return Done(200, {"id": message.id})


def _delete(teams: Teams, call: Call) -> Done:
    _ours(teams, call).deleted = True
    return Done(200)


def _ours(teams: Teams, call: Call) -> Message:
    place, _ = _called_about(_caller(teams, call), call)
    message = place.find(call.path["activity"])
    if message is None or message.aad is not None:
        raise _no_such_activity()
    return message


def _no_such_activity() -> Refused:
    return _refused(404, "ActivityNotFoundInConversation", "Conversation not found.")


def _member(teams: Teams, call: Call) -> Done:
    tenant = _caller(teams, call)
    place, _ = _called_about(tenant, call)
    for aad in place.members:
        if tenant.people[aad].is_called(call.path["member"]):
            return Done(200, tenant.people[aad].seen())
    raise _refused(404, "MemberNotFoundInConversation", "Member not found in conversation.")


def _paged_members(teams: Teams, call: Call) -> Done:
    tenant = _caller(teams, call)
    place, _ = _called_about(tenant, call)
    asked, start = call.query.get("pageSize") or str(PAGE), _start(call.query.get("continuationToken") or "")
    if not asked.isdigit():
        raise _refused(400, "BadArgument", "The page size is no number.")
    end = start + min(max(int(asked), SMALLEST_PAGE), tenant.largest_page)
    page = [tenant.people[aad].seen() for aad in place.members[start:end]]
    after = {"continuationToken": b64encode(f"next:{end}".encode()).decode()} if end < len(place.members) else {}
    return Done(200, {"members": page, **after})


def _start(token: str) -> int:
    try:
        return int(b64decode(token, validate=True).decode().removeprefix("next:")) if token else 0
    except (Base64Error, ValueError):
        raise _refused(400, "BadArgument", "The continuation token is not one of ours.") from None


def _create(teams: Teams, call: Call) -> Done:
    """The chat with one person, or a new thread of a channel. A bot can open no group chat."""
    tenant, wanted = _caller(teams, call), call.body
    data = wanted.get("channelData") or {}
    # What Microsoft's Python SDK writes is `tenantID`.
    named = wanted.get("tenantId") or wanted.get("tenantID") or data.get("tenant", {}).get("id")
    if not named:
        raise _refused(400, "BadSyntax", "Could not parse tenant id")
    if named.casefold() != tenant.id.casefold():
        raise _refused(400, "BadSyntax", "Invalid user identity in provided tenant")
    if channel := data.get("channel", {}).get("id"):
        return _new_thread(tenant, channel, wanted.get("activity") or {})
    if wanted.get("isGroup"):
        raise _refused(403, "Forbidden", "A bot cannot create group chats.")
    members = wanted.get("members") or []
    if len(members) != 1:
        raise _refused(400, "BadSyntax", "Incorrect conversation creation parameters")
    return _new_chat(tenant, members[0], wanted.get("activity"))


def _new_chat(tenant: EntraTenant, member: Json, activity: Json | None) -> Done:
    person = next((person for person in tenant.people.values() if member.get("id") in {person.id, person.aad}), None)
    if person is None:
        raise _refused(400, "BadSyntax", "Invalid user identity in provided tenant")
    # The bot may write to whom it shares a conversation with, unless they took it out of their own.
    shared = any(person.aad in place.members and not place.removed for place in tenant.conversations.values())
    if activity:
        _check_content(activity)
    if not shared or (place := tenant.place(tenant.personal(person.aad))).removed:
        raise _refused(403, "ForbiddenOperationException", "Bot is not installed in user's personal scope")
    said = (_said(tenant, place, activity, None).body or {}) if activity else {}
    return Done(201, {"id": place.id} | ({"activityId": said["id"]} if said else {}))


def _new_thread(tenant: EntraTenant, channel: str, activity: Json) -> Done:
    place = tenant.conversations.get(channel)
    if place is None or place.kind != "channel":
        raise _refused(404, "ConversationNotFound", "Conversation not found.")
    if place.removed:
        raise _not_there()
    _check_content(activity)
    _said(tenant, place, activity, None)
    root = place.messages[-1].root
    return Done(201, {"id": f"{channel}{_THREAD}{root}", "activityId": root})


def _check_content(activity: Json) -> None:
    """Refuse what Teams shows to nobody, and what this peer does not make."""
    entities = [entity for entity in activity.get("entities") or [] if isinstance(entity, dict)]
    if activity.get("type") not in {"message", "typing"}:
        raise _refused(400, "BadSyntax", "Unknown activity type")
    if any(str(entity.get("type")).casefold() == "streaminfo" for entity in entities):
        raise _refused(400, "BadArgument", "This peer makes no streams.")
    if len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) > SIZE_LIMIT:
        raise _refused(413, "MessageSizeTooBig", "Message size too large.")
    if activity["type"] == "message" and not activity.get("text") and not activity.get("attachments"):
        raise _refused(400, "BadSyntax", "Activity must include non empty 'text' field or at least 1 attachment")
    if problem := next(_entity_problems(entities), None):
        raise _refused(400, "BadArgument", problem)


def _entity_problems(entities: list[Json]) -> Iterator[str]:
    roots = [entity for entity in entities if entity.get("type") == ROOT_ENTITY]
    if len(roots) > 1:
        yield "An activity may have one root Message entity only."
    citations = [claim for root in roots for claim in root.get("citation") or []]
    if len(citations) > CITATIONS:
        yield f"An activity may have {CITATIONS} citations only."
    for claim in citations:
        shown = claim.get("appearance") or {}
        for name, limit in APPEARANCE.items():
            if not 1 <= len(str(shown.get(name) or "")) <= limit:
                yield f"The {name} of citation {claim.get('position')} must have 1 to {limit} characters."
        keywords = shown.get("keywords") or []
        if len(keywords) > KEYWORDS or any(len(word) > KEYWORD for word in keywords):
            yield f"Citation {claim.get('position')} may have {KEYWORDS} keywords of {KEYWORD} characters only."


# What the Bot Framework says of its keys, and Microsoft's login.


def _openid(teams: Teams, _: Call) -> Done:
    keys = teams.openid_url.replace("openidconfiguration", "keys")
    known = {"issuer": ISSUER, "authorization_endpoint": "https://invalid.botframework.com", "jwks_uri": keys}
    return Done(
        200, known | {"id_token_signing_alg_values_supported": ["RS256"], "token_endpoint_auth_methods_supported": ["private_key_jwt"]}
    )


def _published(teams: Teams, _: Call) -> Done:
    return Done(200, {"keys": teams.published()})


def _authority(teams: Teams, call: Call) -> Done:
    """What MSAL asks about a tenant. It takes https addresses only, so they are Microsoft's."""
    tenant = call.path["tenant"]
    if not teams.knows(tenant):
        raise _no_such_tenant("invalid_tenant", tenant)
    place, version = f"{LOGIN}/{tenant}", f"{LOGIN}/{tenant}/oauth2/v2.0"
    endpoints = {"token_endpoint": f"{version}/token", "authorization_endpoint": f"{version}/authorize"}
    return Done(200, endpoints | {"issuer": f"{place}/v2.0", "jwks_uri": f"{place}/discovery/v2.0/keys"})


def _instances(_teams: Teams, _: Call) -> Done:
    """What MSAL asks after a refusal: which hosts are the same login."""
    hosts = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]
    group = {"preferred_network": hosts[0], "preferred_cache": hosts[1], "aliases": hosts}
    return Done(200, {"tenant_discovery_endpoint": f"{LOGIN}/common/.well-known/openid-configuration", "metadata": [group]})


def _token(teams: Teams, call: Call) -> Done:
    tenant, form = call.path["tenant"], call.body
    if not teams.knows(tenant):
        raise _no_such_tenant("invalid_request", tenant)
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            raise _aadsts(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")
    if form["grant_type"] != "client_credentials":
        raise _aadsts(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form['grant_type']}'.")
    app = _authenticated(teams, tenant, form)
    audience, _, permission = form["scope"].rpartition("/")
    if permission != ".default":
        raise _aadsts(400, "invalid_scope", 1002012, f"The provided value for scope {form['scope']} is not valid.")
    if audience not in {CONNECTOR, GRAPH}:
        raise _aadsts(400, "invalid_resource", 500011, f"The resource principal named {audience} was not found.")
    token = teams.access_token(app, tenant=tenant, audience=audience)
    lifetime = {"expires_in": teams.token_lifetime_s, "ext_expires_in": teams.token_lifetime_s}
    return Done(200, {"token_type": "Bearer", **lifetime, "access_token": token})


def _authenticated(teams: Teams, tenant: str, form: Json) -> App:
    app, user = teams.app(form["client_id"]), teams.tenants.get(tenant)
    if app is None or (app.tenant != tenant and (user is None or user.app.id != app.id)):
        where = f"Application with identifier '{form['client_id']}' was not found in the directory '{tenant}'."
        raise _aadsts(400, "unauthorized_client", 700016, where)
    if not form.get("client_secret"):
        missing = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise _aadsts(401, "invalid_client", 7000218, missing)
    if form["client_secret"] != app.secret:
        wrong = f"Invalid client secret provided. Ensure the secret being sent is the value, not the ID, of a secret of app '{app.id}'."
        raise _aadsts(401, "invalid_client", 7000215, wrong)
    return app


def _no_such_tenant(error: str, tenant: str) -> Refused:
    return _aadsts(400, error, 90002, f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.")


def _aadsts(status: int, error: str, number: int, text: str) -> Refused:
    """A refusal in the login's shape."""
    trace = {"trace_id": str(uuid4()), "correlation_id": str(uuid4()), "timestamp": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"}
    told = {"error": error, "error_description": f"AADSTS{number}: {text} Trace ID: {trace['trace_id']}", "error_codes": [number]}
    return Refused(status, told | trace | {"error_uri": f"{LOGIN}/error?code={number}"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where calls of one kind go, and what does them."""

    path: str
    perform: Callable[[Teams, Call], Done]


_CONVERSATION: Final = "/amer/{tenant}/v3/conversations/{conversation}"

ROUTES: Final[dict[tuple[Verb, str], Route]] = {
    ("POST", "activities"): Route(f"{_CONVERSATION}/activities", _post),
    ("POST", "reply"): Route(f"{_CONVERSATION}/activities/{{activity}}", _post),
    ("PUT", "activity"): Route(f"{_CONVERSATION}/activities/{{activity}}", _update),
    ("DELETE", "activity"): Route(f"{_CONVERSATION}/activities/{{activity}}", _delete),
    ("GET", "member"): Route(f"{_CONVERSATION}/members/{{member}}", _member),
    ("GET", "pagedmembers"): Route(f"{_CONVERSATION}/pagedmembers", _paged_members),
    ("POST", "conversations"): Route("/amer/{tenant}/v3/conversations", _create),
    ("GET", "openid"): Route("/v1/.well-known/openidconfiguration", _openid),
    ("GET", "keys"): Route("/v1/.well-known/keys", _published),
    ("GET", "instances"): Route("/login/common/discovery/instance", _instances),
    ("GET", "authority"): Route("/login/{tenant}/v2.0/.well-known/openid-configuration", _authority),
    ("POST", "token"): Route("/login/{tenant}/oauth2/v2.0/token", _token),
}
