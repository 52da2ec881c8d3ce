"""The Teams peer is held against Microsoft's own clients, its own check of tokens, and PyJWT."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

import aiohttp
import jwt
import msal
import pytest
import pytest_asyncio
import requests
from aiohttp import web
from botbuilder.schema import Activity, ChannelAccount, ConversationParameters, ErrorResponseException, Mention
from botbuilder.schema.teams import TeamsPagedMembersResult
from botframework.connector.aio import ConnectorClient  # type: ignore[import-untyped]
from botframework.connector.aio.operations_async import ConversationsOperations  # type: ignore[import-untyped]
from botframework.connector.auth import (  # type: ignore[import-untyped]
    AuthenticationConfiguration,
    ChannelValidation,
    ClaimsIdentity,
    JwtTokenExtractor,
    JwtTokenValidation,
    SimpleCredentialProvider,
)
from jwt.types import Options
from msrest.authentication import Authentication
from msrest.exceptions import ClientRequestError

from tests.peers.slack import Answered, Dropped, Json, LostReply, Passed, RateLimited, Slow, Status
from tests.peers.teams import (
    CITATIONS,
    GRAPH,
    ISSUER,
    LOGIN,
    ROOT_ENTITY,
    ROUTES,
    App,
    EntraTenant,
    Fault,
    InPieces,
    Instead,
    Refusal,
    Teams,
    Verb,
    private_key,
)

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

APP, HOME, ACME, OTHER = "app-id", "home-tenant", "acme-tenant", "other-tenant"
SECRET = "a client secret"  # noqa: S105 - of an app that does not exist
NOON = 1_800_000_000.0
BOT: Json = {"id": f"28:{APP}", "name": "Footnote"}
ANSWER: Json = {"type": "message", "text": "Six weeks."}
CARD: Json = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.5"}}


@dataclass
class World:
    """A tenant with three conversations, the app, and a Connector token of its."""

    teams: Teams
    acme: EntraTenant
    http: aiohttp.ClientSession
    token: str
    chat: str  # of Ana
    group: str  # of Ana and Bob
    channel: str  # of Ana, Bob and Gus

    async def call(
        self, verb: Verb, url: str, body: object = None, *, data: dict[str, str] | str | None = None, headers: dict[str, str] | None = None
    ) -> Answered:
        """Call the peer as the app does."""
        sent = {"Authorization": f"Bearer {self.token}"} if headers is None else headers
        async with self.http.request(verb, url, json=body, data=data, headers=sent) as answer:
            return Answered(answer.status, await answer.text())

    async def post(self, conversation: str, activity: Json, reply_to: str | None = None) -> Answered:
        """Say something there."""
        return await self.call("POST", self.at(conversation, "activities", *([reply_to] if reply_to else [])), activity)

    async def answer(self, conversation: str, text: str = "Six weeks.") -> str:
        """Say something there; its id."""
        answered = await self.post(conversation, {"type": "message", "text": text})
        assert answered.status == 201
        return str(json.loads(answered.text)["id"])

    async def create(self, **parameters: object) -> Answered:
        """Open a conversation."""
        return await self.call("POST", f"{self.acme.service_url}v3/conversations", parameters)

    async def log_in(self, tenant: str, **form: str) -> Answered:
        """Ask for a token, with what is right unless `form` says otherwise; "" leaves a field out."""
        right = {"grant_type": "client_credentials", "client_id": APP, "client_secret": SECRET, "scope": CONNECTOR_SCOPE}
        sent = {name: value for name, value in (right | form).items() if value}
        return await self.call("POST", f"{self.teams.login_url}/{tenant}/oauth2/v2.0/token", data=sent, headers={})

    def at(self, conversation: str, *rest: str) -> str:
        """Where a conversation is found."""
        return "/".join([f"{self.acme.service_url}v3/conversations/{conversation}", *rest])


CONNECTOR_SCOPE = "https://api.botframework.com/.default"
Do = Callable[[World, str], Awaitable[Answered]]  # of the world and a message of ours in Ana's chat
CALLS: dict[tuple[Verb, str], Do] = {
    ("POST", "activities"): lambda world, _: world.post(world.chat, ANSWER),
    ("POST", "reply"): lambda world, ours: world.post(world.chat, ANSWER, ours),
    ("PUT", "activity"): lambda world, ours: world.call("PUT", world.at(world.chat, "activities", ours), {**ANSWER, "text": "Eight."}),
    ("DELETE", "activity"): lambda world, ours: world.call("DELETE", world.at(world.chat, "activities", ours)),
    ("GET", "member"): lambda world, _: world.call("GET", world.at(world.chat, "members", "aad-ana")),
    ("GET", "pagedmembers"): lambda world, _: world.call("GET", world.at(world.chat, "pagedmembers")),
    ("POST", "conversations"): lambda world, _: world.create(members=[{"id": "aad-bob"}], tenantId=ACME),
    ("GET", "openid"): lambda world, _: world.call("GET", world.teams.openid_url),
    ("GET", "keys"): lambda world, _: world.call("GET", world.teams.openid_url.replace("openidconfiguration", "keys")),
    ("GET", "instances"): lambda world, _: world.call("GET", f"{world.teams.login_url}/common/discovery/instance", headers={}),
    ("GET", "authority"): lambda world, _: world.call(
        "GET", f"{world.teams.login_url}/{HOME}/v2.0/.well-known/openid-configuration", headers={}
    ),
    ("POST", "token"): lambda world, _: world.log_in(HOME),
}
CONNECTOR_CALLS = [route for route, known in ROUTES.items() if known.path.startswith("/amer/")]
REPEATED_BY_AIOHTTP = {"GET", "PUT", "DELETE"}
every_route = pytest.mark.parametrize("route", CALLS, ids=" ".join)
every_connector_route = pytest.mark.parametrize("route", CONNECTOR_CALLS, ids=" ".join)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    app = App(APP, SECRET, HOME)
    acme = EntraTenant(ACME, app)
    acme.add_person("aad-ana", "ana@acme.example", "Ana Ito")
    acme.add_person("aad-bob", "bob@acme.example", "Bob", upn="robert@acme.example")
    acme.add_person("aad-gus", "gus@guest.example", "Gus", guest=True)
    acme.add_person("aad-zoe", "zoe@acme.example", "Zoe")  # who shares nothing with our bot
    chat, group, channel = acme.personal("aad-ana"), acme.group(["aad-ana", "aad-bob"]), acme.channel(["aad-ana", "aad-bob", "aad-gus"])
    async with Teams(acme) as teams, aiohttp.ClientSession() as http:
        yield World(teams, acme, http, teams.access_token(), chat, group, channel)


class Static(Authentication):
    """The credentials of a bot that has its token already."""

    def __init__(self, token: str) -> None:
        self.token = token

    def signed_session(self, session: requests.Session | None = None) -> requests.Session:
        """Have a session carry the token."""
        assert session is not None
        session.headers["Authorization"] = f"Bearer {self.token}"
        return session


@pytest_asyncio.fixture
async def sdk(world: World) -> AsyncIterator[ConversationsOperations]:
    """Microsoft's client of the Connector, which repeats nothing."""
    client = ConnectorClient(Static(world.token), base_url=world.acme.service_url)
    client.config.retry_policy.retries = 0
    client.config.retry_policy.policy.status_forcelist = []
    async with client:
        yield client.conversations


class Product:
    """What stands where the product will: it keeps each request as it came."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[str | None, Json]] = []

    async def hear(self, request: web.Request) -> web.Response:
        self.requests.append((request.headers.get("Authorization"), await request.json()))
        return web.json_response({"heard": True}, status=202)


@pytest_asyncio.fixture
async def product() -> AsyncIterator[Product]:
    product, application = Product(), web.Application()
    application.add_routes([web.post("/api/messages", product.hear)])
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    product.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield product
    await runner.cleanup()


class Led:
    """What MSAL is given for its HTTP: it leads Microsoft's login to the peer."""

    def __init__(self, login_url: str) -> None:
        self.login_url = login_url
        self.session = requests.Session()

    def get(self, url: str, params: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> requests.Response:
        return self.session.get(self._led(url), params=params, headers=headers, timeout=10)

    def post(
        self, url: str, params: dict[str, str] | None = None, data: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        return self.session.post(self._led(url), params=params, data=data, headers=headers, timeout=10)

    def close(self) -> None:
        self.session.close()

    def _led(self, url: str) -> str:
        assert url.startswith(LOGIN)
        return url.replace(LOGIN, self.login_url)


def asked_by_msal(login_url: str, tenant: str, secret: str, scope: str = CONNECTOR_SCOPE, client_id: str = APP) -> Json:
    """What MSAL makes of the login's answer."""
    led = Led(login_url)
    try:
        client = msal.ConfidentialClientApplication(client_id, authority=f"{LOGIN}/{tenant}", client_credential=secret, http_client=led)
        return cast("Json", client.acquire_token_for_client([scope]))
    finally:
        led.close()


def refusal(answered: Answered) -> tuple[int, str, str]:
    """How the Connector refused: status, code, message."""
    error = json.loads(answered.text)["error"]
    return answered.status, error["code"], error["message"]


async def refused(call: Awaitable[object]) -> tuple[int, str]:
    """How the Connector refused a call of its own client's."""
    with pytest.raises(ErrorResponseException) as caught:
        await call
    return caught.value.response.status_code, caught.value.error.error.code


# The login, as MSAL asks it


async def test_msal_gets_a_token_that_the_connector_takes(world: World) -> None:
    given = await asyncio.to_thread(asked_by_msal, world.teams.login_url, HOME, SECRET)
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3599)
    world.token = given["access_token"]
    assert (await world.post(world.chat, ANSWER)).status == 201
    assert [(call.verb, call.kind, call.path) for call in world.teams.calls[:2]] == [
        ("GET", "authority", {"tenant": HOME}),
        ("POST", "token", {"tenant": HOME}),
    ]


async def test_msal_is_told_that_the_secret_is_wrong(world: World) -> None:
    given = await asyncio.to_thread(asked_by_msal, world.teams.login_url, HOME, "another")
    assert (given["error"], given["error_codes"]) == ("invalid_client", [7000215])
    assert given["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")


async def test_msal_is_told_that_there_is_no_such_tenant(world: World) -> None:
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        await asyncio.to_thread(asked_by_msal, world.teams.login_url, "nowhere", SECRET)


async def test_msal_gets_a_token_for_graph_in_the_tenant_of_a_customer(world: World) -> None:
    given = await asyncio.to_thread(asked_by_msal, world.teams.login_url, ACME, SECRET, f"{GRAPH}/.default")
    world.token = given["access_token"]
    assert refusal(await world.post(world.chat, ANSWER))[0] == 401  # it is for Graph


@pytest.mark.parametrize(
    ("tenant", "form", "status", "error", "number"),
    [
        pytest.param("nowhere", {}, 400, "invalid_request", 90002, id="an unknown tenant"),
        pytest.param(HOME, {"client_id": "another"}, 400, "unauthorized_client", 700016, id="an unknown app"),
        pytest.param(OTHER, {}, 400, "unauthorized_client", 700016, id="a tenant that does not use this app"),
        pytest.param(HOME, {"client_secret": "another"}, 401, "invalid_client", 7000215, id="a wrong secret"),
        pytest.param(HOME, {"client_secret": ""}, 401, "invalid_client", 7000218, id="no secret"),
        pytest.param(HOME, {"grant_type": "password"}, 400, "unsupported_grant_type", 70003, id="another grant"),
        pytest.param(HOME, {"grant_type": ""}, 400, "invalid_request", 900144, id="no grant"),
        pytest.param(HOME, {"client_id": ""}, 400, "invalid_request", 900144, id="no app"),
        pytest.param(HOME, {"scope": ""}, 400, "invalid_request", 900144, id="no scope"),
        pytest.param(HOME, {"scope": "https://api.botframework.com/send"}, 400, "invalid_scope", 1002012, id="a scope that is no default"),
        pytest.param(HOME, {"scope": "https://api.acme.example/.default"}, 400, "invalid_resource", 500011, id="an unknown resource"),
    ],
)
async def test_the_login_refuses(world: World, tenant: str, form: dict[str, str], status: int, error: str, number: int) -> None:
    world.teams.install(EntraTenant(OTHER, App("other-app", "its secret", OTHER)))
    answered = await world.log_in(tenant, **form)
    told = json.loads(answered.text)
    assert (answered.status, told["error"], told["error_codes"]) == (status, error, [number])
    assert told["error_description"].startswith(f"AADSTS{number}: ")
    assert "access_token" not in told


async def test_a_secret_that_was_replaced_is_a_wrong_one(world: World) -> None:
    world.acme.app.secret = "a newer secret"  # noqa: S105 - of an app that does not exist
    assert (await world.log_in(HOME)).status == 401
    assert (await world.log_in(HOME, client_secret="a newer secret")).status == 200  # noqa: S106 - the same


# The Connector: whose token it takes


@every_connector_route
async def test_the_connector_wants_a_token(world: World, route: tuple[Verb, str]) -> None:
    ours = await world.answer(world.chat)
    for token in ("", "another"):
        world.token = token
        assert refusal(await CALLS[route](world, ours)) == (401, "Unauthorized", "Authorization has been denied for this request.")
    assert [call.app for call in world.teams.called(*route)][-2:] == [None, None]
    assert [post.text for post in world.teams.posts(world.chat)] == ["Six weeks."]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic {token}"}, {"Authorization": "{token}"}], ids=["none", "basic", "bare"])
async def test_the_connector_wants_a_bearer_token(world: World, headers: dict[str, str]) -> None:
    sent = {name: value.format(token=world.token) for name, value in headers.items()}
    assert (await world.call("POST", world.at(world.chat, "activities"), ANSWER, headers=sent)).status == 401


async def test_the_connector_takes_no_token_for_graph(world: World) -> None:
    world.token = world.teams.access_token(audience=GRAPH)
    assert (await world.post(world.chat, ANSWER)).status == 401


async def test_the_connector_takes_no_token_of_a_tenant_in_which_the_app_is_not_registered(world: World) -> None:
    world.token = world.teams.access_token(tenant=ACME)
    assert (await world.post(world.chat, ANSWER)).status == 401


async def test_a_token_ends() -> None:
    now = [NOON]
    acme = EntraTenant(ACME, App(APP, SECRET, HOME))
    acme.add_person("aad-ana", "ana@acme.example", "Ana")
    chat = acme.personal("aad-ana")
    async with Teams(acme, now=lambda: now[0]) as teams, aiohttp.ClientSession() as http:
        world = World(teams, acme, http, teams.access_token(), chat, "", "")
        now[0] += 3598
        assert (await world.post(chat, ANSWER)).status == 201
        now[0] += 1
        assert (await world.post(chat, ANSWER)).status == 401


async def test_revoked_tokens_are_nobodys_and_a_new_one_is_taken(world: World) -> None:
    world.teams.revoke()
    assert (await world.post(world.chat, ANSWER)).status == 401
    world.token = json.loads((await world.log_in(HOME)).text)["access_token"]
    assert (await world.post(world.chat, ANSWER)).status == 201


async def test_another_bot_is_in_none_of_our_conversations(world: World) -> None:
    other = world.teams.install(EntraTenant(OTHER, App("other-app", "its secret", OTHER)))
    world.token = world.teams.access_token(other.app)
    assert refusal(await world.post(world.chat, ANSWER))[:2] == (403, "BotNotInConversationRoster")


async def test_a_conversation_is_found_in_its_own_tenant_only(world: World) -> None:
    other = world.teams.install(EntraTenant(OTHER, world.acme.app))
    assert other.service_url == f"{world.teams.service_url}{OTHER}/"
    for service_url in (other.service_url, f"{world.teams.service_url}nowhere/"):
        answered = await world.call("POST", f"{service_url}v3/conversations/{world.chat}/activities", ANSWER)
        assert refusal(answered)[:2] == (404, "ConversationNotFound")


# The Connector: what the bot says, through Microsoft's client


async def test_a_message_is_posted_and_found(world: World, sdk: ConversationsOperations) -> None:
    answer = await sdk.send_to_conversation(world.chat, Activity(type="message", text="Six weeks."))
    (post,) = world.teams.posts(world.chat)
    assert (post.id, post.text, post.root, post.reply_to, post.aad) == (answer.id, "Six weeks.", None, None, None)
    assert world.teams.posts(world.group) == []
    (call,) = world.teams.called("POST", "activities")
    assert (call.number, call.path, call.app) == (1, {"tenant": ACME, "conversation": world.chat}, APP)
    assert call.body["text"] == "Six weeks."


async def test_a_reply_names_what_it_answers(world: World, sdk: ConversationsOperations) -> None:
    question = world.acme.message("aad-ana", world.chat, "How long?")
    await sdk.reply_to_activity(world.chat, question["id"], Activity(type="message", text="Six weeks."))
    assert [post.reply_to for post in world.teams.posts(world.chat)] == [question["id"]]


async def test_an_event_can_be_replied_to(world: World, sdk: ConversationsOperations) -> None:
    event = world.acme.installed("aad-ana", world.chat)
    await sdk.reply_to_activity(world.chat, event["id"], Activity(type="message", text="Hello."))
    assert [post.reply_to for post in world.teams.posts(world.chat)] == [event["id"]]


@pytest.mark.parametrize("gone", ["1", "deleted"])
async def test_nothing_replies_to_a_message_that_is_not_there(world: World, sdk: ConversationsOperations, gone: str) -> None:
    question = world.acme.message("aad-ana", world.chat, "How long?")
    if gone == "deleted":
        world.acme.deleted("aad-ana", world.chat, question["id"])
        gone = question["id"]
    reply = sdk.reply_to_activity(world.chat, gone, Activity(type="message", text="Six weeks."))
    assert await refused(reply) == (404, "ActivityNotFoundInConversation")
    assert world.teams.posts(world.chat) == []


async def test_an_update_replaces_and_keeps_what_was_there(world: World, sdk: ConversationsOperations) -> None:
    answer = await sdk.send_to_conversation(world.chat, Activity(type="message", text="A moment."))
    for text in ("Six", "Six weeks."):
        updated = await sdk.update_activity(world.chat, answer.id, Activity(type="message", text=text))
        assert updated.id == answer.id
    (post,) = world.teams.posts(world.chat)
    assert (post.id, post.text, [version["text"] for version in post.versions]) == (answer.id, "Six weeks.", ["A moment.", "Six"])


async def test_a_deleted_message_is_gone(world: World, sdk: ConversationsOperations) -> None:
    answer = await sdk.send_to_conversation(world.chat, Activity(type="message", text="A moment."))
    await sdk.delete_activity(world.chat, answer.id)
    assert world.teams.posts(world.chat) == []
    assert await refused(sdk.delete_activity(world.chat, answer.id)) == (404, "ActivityNotFoundInConversation")
    assert await refused(sdk.update_activity(world.chat, answer.id, Activity(type="message", text="Six"))) == (
        404,
        "ActivityNotFoundInConversation",
    )


async def test_only_our_own_messages_change(world: World, sdk: ConversationsOperations) -> None:
    question = world.acme.message("aad-ana", world.chat, "How long?")
    elsewhere = await sdk.send_to_conversation(world.group, Activity(type="message", text="Six weeks."))
    for wrong in ("1", question["id"], elsewhere.id):
        update = sdk.update_activity(world.chat, wrong, Activity(type="message", text="Mine."))
        assert await refused(update) == (404, "ActivityNotFoundInConversation")
        assert await refused(sdk.delete_activity(world.chat, wrong)) == (404, "ActivityNotFoundInConversation")
    assert [post.text for post in world.teams.posts(world.group)] == ["Six weeks."]
    assert world.acme.place(world.chat).find(question["id"]) is not None


async def test_nothing_becomes_a_typing_sign(world: World) -> None:
    ours = await world.answer(world.chat)
    assert (await world.call("PUT", world.at(world.chat, "activities", ours), {"type": "typing"})).status == 400
    assert [post.text for post in world.teams.posts(world.chat)] == ["Six weeks."]


async def test_typing_is_taken_and_is_no_message(world: World, sdk: ConversationsOperations) -> None:
    assert (await sdk.send_to_conversation(world.chat, Activity(type="typing"))).id
    assert world.teams.posts(world.chat) == []
    assert [typing["type"] for typing in world.acme.place(world.chat).typing] == ["typing"]


async def test_an_answer_to_a_channel_message_stays_in_its_thread(world: World, sdk: ConversationsOperations) -> None:
    first = world.acme.mentioned("aad-ana", world.channel, "How long?")
    second = world.acme.mentioned("aad-bob", world.channel, "How much?")
    answer = await sdk.send_to_conversation(second["conversation"]["id"], Activity(type="message", text="Much."))
    assert second["conversation"]["id"] == f"{world.channel};messageid={second['id']}"
    assert [post.id for post in world.teams.posts(second["conversation"]["id"])] == [answer.id]
    assert world.teams.posts(first["conversation"]["id"]) == []
    assert [post.id for post in world.teams.posts(world.channel)] == [answer.id]


async def test_a_reply_to_a_channel_message_stays_in_its_thread(world: World, sdk: ConversationsOperations) -> None:
    question = world.acme.mentioned("aad-ana", world.channel, "How long?")
    follow_up = world.acme.mentioned("aad-bob", world.channel, "For me, too?", reply_to=question["id"])
    await sdk.reply_to_activity(world.channel, follow_up["id"], Activity(type="message", text="Yes."))
    assert [post.text for post in world.teams.posts(question["conversation"]["id"])] == ["Yes."]


async def test_a_message_to_a_channel_itself_begins_a_thread(world: World, sdk: ConversationsOperations) -> None:
    answer = await sdk.send_to_conversation(world.channel, Activity(type="message", text="News."))
    assert [post.root for post in world.teams.posts(f"{world.channel};messageid={answer.id}")] == [answer.id]


@pytest.mark.parametrize("place", ["{chat};messageid=1", "{channel};messageid=1", "{channel};messageid={reply}", "19:none@thread.tacv2"])
async def test_there_is_no_such_conversation(world: World, sdk: ConversationsOperations, place: str) -> None:
    question = world.acme.mentioned("aad-ana", world.channel, "How long?")
    reply = world.acme.mentioned("aad-bob", world.channel, "And me?", reply_to=question["id"])
    conversation = place.format(chat=world.chat, channel=world.channel, reply=reply["id"])
    assert await refused(sdk.send_to_conversation(conversation, Activity(type="message", text="Hi"))) == (404, "ConversationNotFound")


@every_connector_route
async def test_a_bot_that_was_removed_reaches_nobody_until_it_is_installed_again(world: World, route: tuple[Verb, str]) -> None:
    ours = await world.answer(world.chat)
    world.acme.personal("aad-bob")
    for aad in ("aad-ana", "aad-bob"):
        world.acme.installed(aad, world.acme.personal(aad), "remove")
    status, code, _ = refusal(await CALLS[route](world, ours))
    assert (status, code) == (403, "ForbiddenOperationException" if route[1] == "conversations" else "BotNotInConversationRoster")
    for aad in ("aad-ana", "aad-bob"):
        world.acme.installed(aad, world.acme.personal(aad))
    assert (await CALLS[route](world, ours)).status in {200, 201}


async def test_the_roster_error_reads_as_the_real_one(world: World) -> None:
    world.acme.remove_bot(world.group)
    refused_with = (403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
    assert refusal(await world.post(world.group, ANSWER)) == refused_with
    assert (await world.post(world.chat, ANSWER)).status == 201


# The Connector: what a message may hold


def claim(position: int = 1, **appearance: object) -> Json:
    shown = {"@type": "DigitalDocument", "name": "Leave", "abstract": "Six weeks.", **appearance}
    return {"@type": "Claim", "position": position, "appearance": shown}


def root(*claims: Json) -> Json:
    return {"type": ROOT_ENTITY, "@type": "Message", "@id": "", "additionalType": ["AIGeneratedContent"], "citation": list(claims)}


def cited(*entities: Json) -> Json:
    return {**ANSWER, "text": "Six weeks. [1]", "entities": list(entities)}


@pytest.mark.parametrize(
    "activity",
    [
        pytest.param(cited(root(*[claim(at) for at in range(1, CITATIONS + 1)])), id="20 citations"),
        pytest.param(cited(root(claim(name="n" * 80, abstract="a" * 160, keywords=["k" * 28] * 3))), id="a citation as long as may be"),
        pytest.param(
            cited(root(), {"type": "mention", "mentioned": {"id": "29:1"}, "text": "<at>Ana</at>"}), id="a mention beside the root"
        ),
        pytest.param({"type": "message", "text": "x" * 51_000}, id="nearly 100 kB"),
        pytest.param({"type": "message", "attachments": [CARD]}, id="a card alone"),
    ],
)
async def test_what_a_message_may_hold(world: World, activity: Json) -> None:
    assert (await world.post(world.chat, activity)).status == 201
    (post,) = world.teams.posts(world.chat)
    assert (post.text, post.entities, post.attachments) == tuple(
        activity.get(name, otherwise) for name, otherwise in (("text", ""), ("entities", []), ("attachments", []))
    )


@pytest.mark.parametrize(
    ("activity", "status", "code"),
    [
        pytest.param(cited(root(claim()), root()), 400, "BadArgument", id="two root entities"),
        pytest.param(cited(root(*[claim(at) for at in range(1, CITATIONS + 2)])), 400, "BadArgument", id="21 citations"),
        pytest.param(cited(root(claim(), claim(2, name="n" * 81))), 400, "BadArgument", id="a name of 81 characters"),
        pytest.param(cited(root(claim(name=""))), 400, "BadArgument", id="no name"),
        pytest.param(cited(root(claim(abstract="a" * 161))), 400, "BadArgument", id="an abstract of 161 characters"),
        pytest.param(cited(root(claim(abstract=None))), 400, "BadArgument", id="no abstract"),
        pytest.param(cited(root(claim(keywords=["k"] * 4))), 400, "BadArgument", id="four keywords"),
        pytest.param(cited(root(claim(keywords=["k" * 29]))), 400, "BadArgument", id="a keyword of 29 characters"),
        pytest.param({"type": "message", "text": "x" * 100_001}, 413, "MessageSizeTooBig", id="a text over 100 kB"),
        pytest.param({"type": "message", "text": "x" * 51_200}, 413, "MessageSizeTooBig", id="over 100 kB in UTF-16"),
        pytest.param({"type": "message", "attachments": [{**CARD, "x": "x" * 51_200}]}, 413, "MessageSizeTooBig", id="a card over 100 kB"),
        pytest.param({"type": "message", "text": ""}, 400, "BadSyntax", id="nothing"),
        pytest.param({"type": "trace", "text": "x"}, 400, "BadSyntax", id="a type that Teams shows nobody"),
        pytest.param({"text": "x"}, 400, "BadSyntax", id="no type"),
        pytest.param(cited({"type": "streaminfo", "streamType": "final"}), 400, "BadArgument", id="a stream, which is not made here"),
    ],
)
async def test_what_a_message_may_not_hold(world: World, activity: Json, status: int, code: str) -> None:
    ours = await world.answer(world.chat)
    assert refusal(await world.post(world.chat, activity))[:2] == (status, code)
    assert refusal(await world.call("PUT", world.at(world.chat, "activities", ours), activity))[:2] == (status, code)
    assert [(post.text, post.versions) for post in world.teams.posts(world.chat)] == [("Six weeks.", [])]


async def test_a_text_with_a_card_becomes_two_messages_and_no_id_is_told(world: World) -> None:
    assert await world.post(world.chat, {**ANSWER, "attachments": [CARD]}) == Answered(202, "")
    assert [(post.text, post.attachments) for post in world.teams.posts(world.chat)] == [("Six weeks.", []), ("", [CARD])]


async def test_an_update_has_a_text_or_cards(world: World) -> None:
    ours = await world.answer(world.chat)
    where = world.at(world.chat, "activities", ours)
    assert refusal(await world.call("PUT", where, {**ANSWER, "attachments": [CARD]}))[:2] == (400, "BadSyntax")
    assert (await world.call("PUT", where, {"type": "message", "attachments": [CARD]})).status == 200
    assert [(post.text, post.attachments) for post in world.teams.posts(world.chat)] == [("", [CARD])]


async def test_both_halves_of_a_message_stay_in_one_thread(world: World) -> None:
    await world.post(world.channel, {**ANSWER, "attachments": [CARD]})
    first, second = world.teams.posts(world.channel)
    assert first.root == second.root == first.id


@pytest.mark.parametrize("body", ["{", "[]", "nothing"])
async def test_what_is_no_json_object_is_refused(world: World, body: str) -> None:
    answered = await world.call("POST", world.at(world.chat, "activities"), data=body)
    assert refusal(answered)[:2] == (400, "BadSyntax")


async def test_targeted_messages_are_not_made_here(world: World) -> None:
    answered = await world.call("POST", f"{world.at(world.group, 'activities')}?isTargetedActivity=true", ANSWER)
    assert refusal(answered)[:2] == (400, "BadArgument")
    assert world.teams.posts(world.group) == []


# The Connector: who is there


async def test_a_member_is_described(world: World, sdk: ConversationsOperations) -> None:
    member = await sdk.get_conversation_member(world.chat, world.acme.people["aad-ana"].id)
    assert (member.name, member.aad_object_id, member.additional_properties) == (
        "Ana Ito",
        "aad-ana",
        {
            "givenName": "Ana",
            "surname": "Ito",
            "email": "ana@acme.example",
            "userPrincipalName": "ana@acme.example",
            "objectId": "aad-ana",
            "tenantId": ACME,
            "userRole": "user",
        },
    )


@pytest.mark.parametrize("name", ["{id}", "aad-bob", "Robert@acme.example"])
async def test_a_member_is_found_by_each_of_their_names(world: World, sdk: ConversationsOperations, name: str) -> None:
    member = await sdk.get_conversation_member(world.group, name.format(id=world.acme.people["aad-bob"].id))
    assert member.id == world.acme.people["aad-bob"].id


async def test_a_guest_is_described_as_one(world: World, sdk: ConversationsOperations) -> None:
    member = await sdk.get_conversation_member(world.channel, "aad-gus")
    told = member.additional_properties
    assert (told["userRole"], told["email"], told["userPrincipalName"]) == (
        "guest",
        "gus@guest.example",
        f"gus_guest.example#EXT#@{ACME}.onmicrosoft.com",
    )


@pytest.mark.parametrize("member", ["aad-zoe", "bob@acme.example", "29:1"])
async def test_who_is_not_there_is_no_member(world: World, sdk: ConversationsOperations, member: str) -> None:
    assert await refused(sdk.get_conversation_member(world.group, member)) == (404, "MemberNotFoundInConversation")


async def test_members_come_in_pages(world: World, sdk: ConversationsOperations) -> None:
    world.acme.largest_page = 2
    first = await sdk.get_teams_conversation_paged_members(world.channel)
    second = await sdk.get_teams_conversation_paged_members(world.channel, continuation_token=first.continuation_token)
    assert isinstance(first, TeamsPagedMembersResult)
    assert [[member.email for member in page.members] for page in (first, second)] == [
        ["ana@acme.example", "bob@acme.example"],
        ["gus@guest.example"],
    ]
    assert second.continuation_token is None
    world.acme.largest_page = 3
    assert (await sdk.get_teams_conversation_paged_members(world.channel)).continuation_token is None


@pytest.mark.parametrize(("asked", "given"), [("", 200), ("?pageSize=10", 50), ("?pageSize=100", 100), ("?pageSize=9999", 500)], ids=str)
async def test_a_page_has_as_many_members_as_teams_gives(world: World, asked: str, given: int) -> None:
    everybody = [world.acme.add_person(f"aad-{at}", f"p{at}@acme.example", f"P{at}").aad for at in range(600)]
    answered = await world.call("GET", f"{world.at(world.acme.group(everybody), 'pagedmembers')}{asked}")
    page = json.loads(answered.text)
    assert (len(page["members"]), bool(page["continuationToken"])) == (given, True)


@pytest.mark.parametrize("asked", ["?pageSize=x", "?continuationToken=x", "?continuationToken=bmV4dDp4"])
async def test_a_page_that_cannot_be_is_refused(world: World, asked: str) -> None:
    assert refusal(await world.call("GET", f"{world.at(world.group, 'pagedmembers')}{asked}"))[:2] == (400, "BadArgument")


# The Connector: new conversations


def chat_with(member: str, activity: Activity | None = None) -> ConversationParameters:
    return ConversationParameters(is_group=False, members=[ChannelAccount(id=member)], tenant_id=ACME, activity=activity)


async def test_the_chat_with_somebody_is_always_the_same_one(world: World, sdk: ConversationsOperations) -> None:
    bob = world.acme.people["aad-bob"].id
    first, second = await sdk.create_conversation(chat_with(bob)), await sdk.create_conversation(chat_with("aad-bob"))
    assert first.id == second.id == world.acme.personal("aad-bob")
    assert first.id.startswith("a:")
    assert (await sdk.create_conversation(chat_with("aad-ana"))).id == world.chat
    await sdk.send_to_conversation(first.id, Activity(type="message", text="Hello Bob."))
    assert [post.text for post in world.teams.posts(first.id)] == ["Hello Bob."]


async def test_a_chat_is_opened_with_its_first_message(world: World, sdk: ConversationsOperations) -> None:
    opened = await sdk.create_conversation(chat_with("aad-bob", activity=Activity(type="message", text="Hello Bob.")))
    assert [(post.id, post.text) for post in world.teams.posts(opened.id)] == [(opened.activity_id, "Hello Bob.")]


async def test_a_thread_is_opened_in_a_channel(world: World, sdk: ConversationsOperations) -> None:
    wanted = ConversationParameters(
        is_group=True, channel_data={"channel": {"id": world.channel}}, activity=Activity(type="message", text="News."), tenant_id=ACME
    )
    opened = await sdk.create_conversation(wanted)
    assert opened.id == f"{world.channel};messageid={opened.activity_id}"
    assert [post.text for post in world.teams.posts(opened.id)] == ["News."]


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        pytest.param({"isGroup": True, "members": [{"id": "aad-ana"}, {"id": "aad-bob"}]}, 403, "Forbidden", id="a group"),
        pytest.param({"members": [{"id": "aad-ana"}, {"id": "aad-bob"}]}, 400, "BadSyntax", id="two people"),
        pytest.param({"members": []}, 400, "BadSyntax", id="nobody"),
        pytest.param({"members": [{"id": "29:1"}]}, 400, "BadSyntax", id="a stranger"),
        pytest.param({"members": [{"id": "aad-zoe"}]}, 403, "ForbiddenOperationException", id="somebody without the bot"),
        pytest.param({"members": [{"id": "aad-ana"}], "tenantId": ""}, 400, "BadSyntax", id="no tenant"),
        pytest.param({"members": [{"id": "aad-ana"}], "tenantId": OTHER}, 400, "BadSyntax", id="another tenant"),
        pytest.param({"members": [{"id": "aad-ana"}], "activity": {"type": "message"}}, 400, "BadSyntax", id="an empty message"),
        pytest.param({"channelData": {"channel": {"id": "19:1"}}, "activity": ANSWER}, 404, "ConversationNotFound", id="no such channel"),
    ],
)
async def test_a_conversation_is_not_opened(world: World, wanted: Json, status: int, code: str) -> None:
    before = set(world.acme.conversations)
    assert refusal(await world.create(**({"tenantId": ACME} | wanted)))[:2] == (status, code)
    assert set(world.acme.conversations) == before
    assert world.teams.posts(world.chat) == []


@pytest.mark.parametrize("tenant", [ACME, ACME.upper()])
async def test_the_tenant_may_be_named_in_the_channel_data(world: World, tenant: str) -> None:
    created = await world.create(members=[{"id": "aad-ana"}], channelData={"tenant": {"id": tenant}})
    assert (created.status, json.loads(created.text)) == (201, {"id": world.chat})


async def test_no_chat_is_opened_with_whom_the_bot_shares_only_what_it_left(world: World) -> None:
    world.acme.remove_bot(world.acme.group(["aad-ana", "aad-zoe"]))
    created = await world.create(tenantId=ACME, members=[{"id": "aad-zoe"}])
    assert refusal(created)[:2] == (403, "ForbiddenOperationException")


async def test_a_group_has_no_threads_to_open(world: World) -> None:
    created = await world.create(tenantId=ACME, channelData={"channel": {"id": world.group}}, activity=ANSWER)
    assert refusal(created)[:2] == (404, "ConversationNotFound")
    assert world.teams.posts(world.group) == []


async def test_no_thread_is_opened_in_a_channel_that_the_bot_left(world: World) -> None:
    world.acme.remove_bot(world.channel)
    created = await world.create(tenantId=ACME, channelData={"channel": {"id": world.channel}}, activity=ANSWER)
    assert refusal(created)[:2] == (403, "BotNotInConversationRoster")


# What may go wrong


def test_every_route_is_driven_here() -> None:
    assert CALLS.keys() == ROUTES.keys()


def state(world: World) -> object:
    """What calls change."""
    place = world.acme.place(world.chat)
    messages = [(message.text, message.deleted) for message in place.messages]
    return messages, len(world.acme.conversations), len(world.teams._tokens)


@every_route
async def test_every_route_answers(world: World, route: tuple[Verb, str]) -> None:
    ours = await world.answer(world.chat)
    answered = await CALLS[route](world, ours)
    assert answered.status == (201 if route in {("POST", "activities"), ("POST", "reply"), ("POST", "conversations")} else 200)
    assert len(world.teams.called(*route)) == (2 if route == ("POST", "activities") else 1)


@every_route
@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        pytest.param(RateLimited(7), 429, '"Throttled"', id="throttled"),
        pytest.param(Status(502), 502, "<html>", id="a page of the gateway's"),
        pytest.param(Refusal(412, "PreconditionFailed"), 412, '"PreconditionFailed"', id="a refusal"),
        pytest.param(Instead({"odd": [1]}), 200, '{"odd": [1]}', id="another answer"),
    ],
)
async def test_a_call_is_refused_once_and_nothing_is_done(
    world: World, route: tuple[Verb, str], fault: Fault, status: int, text: str
) -> None:
    ours = await world.answer(world.chat)
    before, calls = state(world), len(world.teams.calls)
    world.teams.fail(*route, fault)
    answered = await CALLS[route](world, ours)
    assert answered.status == status
    assert text in answered.text
    assert state(world) == before
    assert len(world.teams.calls) == calls + 1
    assert (await CALLS[route](world, ours)).status in {200, 201}


@every_route
async def test_an_answer_in_two_pieces_is_the_same_answer(world: World, route: tuple[Verb, str]) -> None:
    ours = await world.answer(world.chat)
    world.teams.fail(*route, InPieces())
    answered = await CALLS[route](world, ours)
    assert answered.status in {200, 201}
    assert answered.text == "" if route[0] == "DELETE" else isinstance(json.loads(answered.text), dict)


async def test_the_second_piece_comes_after_the_first_was_there_to_be_read(world: World) -> None:
    world.teams.fail("GET", "openid", InPieces())
    async with world.http.get(world.teams.openid_url) as answer:
        first = await answer.content.read(10_000)
        whole = first + await answer.content.read()
    assert len(first) == len(whole) // 2
    assert json.loads(whole)["issuer"] == ISSUER


async def test_who_is_throttled_is_told_how_long_to_wait(world: World) -> None:
    world.teams.fail("GET", "openid", RateLimited(7))
    async with world.http.get(world.teams.openid_url) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


@every_route
async def test_a_dropped_call_is_not_done(world: World, route: tuple[Verb, str]) -> None:
    ours = await world.answer(world.chat)
    before = state(world)
    world.teams.fail(*route, *[Dropped()] * (2 if route[0] in REPEATED_BY_AIOHTTP else 1))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await CALLS[route](world, ours)
    assert state(world) == before


@every_route
async def test_a_call_whose_answer_is_lost_is_done(world: World, route: tuple[Verb, str]) -> None:
    ours = await world.answer(world.chat)
    before = state(world)
    # What aiohttp repeats by itself meets a second fault, so that nothing is answered.
    world.teams.fail(*route, LostReply(), *[Dropped()] * (route[0] in REPEATED_BY_AIOHTTP))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await CALLS[route](world, ours)
    assert (state(world) == before) is (route[0] == "GET")


async def test_who_repeats_a_call_whose_answer_was_lost_says_it_twice(world: World, sdk: ConversationsOperations) -> None:
    world.teams.fail("POST", "activities", LostReply())
    with pytest.raises(ClientRequestError):
        await sdk.send_to_conversation(world.chat, Activity(type="message", text="Six weeks."))
    await sdk.send_to_conversation(world.chat, Activity(type="message", text="Six weeks."))
    assert [post.text for post in world.teams.posts(world.chat)] == ["Six weeks.", "Six weeks."]


async def test_a_slow_call_is_held_and_then_done(world: World) -> None:
    held = asyncio.Event()
    world.teams.fail("POST", "activities", Slow(held))
    call = asyncio.create_task(world.post(world.chat, ANSWER))
    await world.teams.wait_for(lambda: world.teams.called("POST", "activities"))
    assert (call.done(), world.teams.posts(world.chat)) == (False, [])
    done = asyncio.create_task(world.teams.wait_for(lambda: world.teams.posts(world.chat)))
    held.set()
    assert len(await done) == 1
    assert (await call).status == 201


async def test_faults_are_used_up_in_their_order_by_their_own_route(world: World) -> None:
    world.teams.fail("POST", "activities", Passed(), Status(500))
    world.teams.fail("POST", "activities", Status(504))
    ours = await world.answer(world.chat)
    assert (await world.post(world.chat, ANSWER, ours)).status == 201
    assert [(await world.post(world.chat, ANSWER)).status for _ in range(3)] == [500, 504, 201]


def test_a_route_that_is_not_there_cannot_fail() -> None:
    with pytest.raises(ValueError, match="POST members is never called here"):
        Teams().fail("POST", "members", Status())


# What is recorded


async def test_waiting_ends_when_it_happens(world: World) -> None:
    waiting = asyncio.create_task(world.teams.wait_for(lambda: world.teams.posts(world.chat)))
    await world.answer(world.chat)
    assert [post.text for post in await waiting] == ["Six weeks."]


async def test_waiting_fails_and_says_what_happened_instead(world: World) -> None:
    await world.answer(world.chat)
    with pytest.raises(AssertionError, match="Called were: POST activities"):
        await world.teams.wait_for(lambda: world.teams.posts(world.group), timeout=0.01)


async def test_calls_are_recorded_as_they_came(world: World) -> None:
    await world.log_in(HOME)
    await world.call("GET", f"{world.at(world.group, 'pagedmembers')}?pageSize=100")
    login, members = world.teams.calls
    assert (login.number, login.verb, login.kind, login.body["client_id"], login.app) == (1, "POST", "token", APP, None)
    assert (members.number, members.query, members.path["conversation"], members.app) == (2, {"pageSize": "100"}, world.group, APP)


# The keys, and what they sign


async def published_key(world: World, token: str) -> jwt.PyJWK:
    """The key that a token names, as the metadata lead to it."""
    metadata = json.loads((await world.call("GET", world.teams.openid_url)).text)
    keys = jwt.PyJWKSet.from_dict(json.loads((await world.call("GET", metadata["jwks_uri"])).text))
    return keys[jwt.get_unverified_header(token)["kid"]]


async def test_pyjwt_verifies_a_token_by_the_published_key(world: World) -> None:
    scheme, _, token = world.teams.token(world.acme.service_url).partition(" ")
    claims = jwt.decode(token, await published_key(world, token), ["RS256"], audience=APP, issuer="https://api.botframework.com")
    assert (scheme, claims["serviceurl"]) == ("Bearer", world.acme.service_url)
    assert claims["exp"] - claims["nbf"] == 3600


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "not kept"])
async def test_a_rotated_key_signs_and_the_old_one_stays_if_it_is_kept(world: World, keep: bool) -> None:  # noqa: FBT001 - of a table
    old = world.teams.token(world.acme.service_url).split()[1]
    kid = world.teams.rotate(keep=keep)
    new = world.teams.token(world.acme.service_url).split()[1]
    assert jwt.get_unverified_header(new)["kid"] == kid != jwt.get_unverified_header(old)["kid"]
    assert jwt.decode(new, await published_key(world, new), ["RS256"], audience=APP)
    if keep:
        assert jwt.decode(old, await published_key(world, old), ["RS256"], audience=APP)
    else:
        with pytest.raises(KeyError):
            await published_key(world, old)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(old, await published_key(world, new), ["RS256"], audience=APP)


async def read(world: World, header: str) -> Json:
    """The claims of a token, once its signature and what it is for and from are verified."""
    token = header.removeprefix("Bearer ")
    required = {"require": ["exp", "iss", "aud", "serviceurl"]}
    key = await published_key(world, token)
    return jwt.decode(token, key, ["RS256"], cast("Options", required), audience=APP, issuer="https://api.botframework.com")


@pytest.mark.parametrize(
    ("forged", "error"),
    [
        pytest.param({"alg": "none"}, jwt.InvalidAlgorithmError, id="no signature"),
        pytest.param({"alg": "HS256", "key": b"k" * 32}, jwt.InvalidAlgorithmError, id="a shared key"),
        pytest.param({"alg": "RS384"}, jwt.InvalidAlgorithmError, id="another algorithm"),
        pytest.param({"header": {"kid": None}}, KeyError, id="no key id"),
        pytest.param({"header": {"kid": "another"}}, KeyError, id="an unknown key id"),
        pytest.param({"iss": None}, jwt.MissingRequiredClaimError, id="no issuer"),
        pytest.param({"iss": 1}, jwt.InvalidIssuerError, id="an issuer that is no word"),
        pytest.param({"aud": "another"}, jwt.InvalidAudienceError, id="another app"),
        pytest.param({"serviceurl": None}, jwt.MissingRequiredClaimError, id="no service URL"),
        pytest.param({"exp": None}, jwt.MissingRequiredClaimError, id="no end"),
        pytest.param({"exp": 1}, jwt.ExpiredSignatureError, id="ended"),
        pytest.param({"nbf": 9_999_999_999}, jwt.ImmatureSignatureError, id="not begun"),
    ],
)
async def test_a_forged_token_is_forged_in_that_alone(world: World, forged: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        await read(world, world.teams.token(world.acme.service_url, **forged))


async def test_a_stranger_signs_with_another_key(world: World) -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        await read(world, world.teams.token(world.acme.service_url, key=private_key(0)))


async def test_nothing_is_left_of_a_claim_that_was_taken_away(world: World) -> None:
    token = world.teams.token(world.acme.service_url, exp=None, nbf=None).split()[1]
    assert set(jwt.decode(token, options={"verify_signature": False})) == {"iss", "aud", "serviceurl"}


@pytest.mark.parametrize(
    "claims", [{"aud": [APP, "another"]}, {"serviceurl": "https://smba.trafficmanager.net/amer/"}, {"tid": ACME}], ids=str
)
async def test_a_claim_is_as_it_was_wished(world: World, claims: Json) -> None:
    told = await read(world, world.teams.token(world.acme.service_url, **claims))
    assert told | claims == told


@pytest.mark.parametrize(
    ("endorsements", "told"), [(None, {}), ([], {"endorsements": []}), (["skype"], {"endorsements": ["skype"]})], ids=str
)
async def test_keys_are_endorsed_as_it_was_wished(world: World, endorsements: list[str] | None, told: Json) -> None:
    (usual,) = world.teams.published()
    world.teams.endorsements = endorsements
    (wished,) = world.teams.published()
    assert usual.pop("endorsements") == ["msteams"]
    assert wished == usual | told


def sdks_check(activity: Json, header: str) -> ClaimsIdentity:
    """What Microsoft's own check says of an activity. It waits for the keys without letting anybody else run."""
    endorsed = AuthenticationConfiguration(required_endorsements=["msteams"])
    checked = JwtTokenValidation.authenticate_request(
        Activity.deserialize(activity), header, SimpleCredentialProvider(APP, SECRET), "", endorsed
    )
    return asyncio.run(checked)


@pytest.fixture
def _sdk_asks_the_peer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", world.teams.openid_url)
    monkeypatch.setattr(JwtTokenExtractor, "metadataCache", {})


@pytest.mark.usefixtures("_sdk_asks_the_peer")
async def test_microsofts_own_check_takes_an_activity(world: World, product: Product) -> None:
    await world.teams.send(world.http, product.url, world.acme.message("aad-ana", world.chat, "How long?"))
    header, heard = product.requests[0]
    assert header is not None
    identity = await asyncio.to_thread(sdks_check, heard, header)
    assert (identity.is_authenticated, identity.claims["aud"]) == (True, APP)


@pytest.mark.usefixtures("_sdk_asks_the_peer")
@pytest.mark.parametrize(
    ("claims", "endorsements", "says"),
    [
        pytest.param({"aud": "another"}, ["msteams"], "Invalid AppId", id="another app"),
        pytest.param({"serviceurl": "https://smba.trafficmanager.net/amer/"}, ["msteams"], "service_url", id="another service URL"),
        pytest.param({}, ["skype"], "Could not validate endorsement key", id="a key that is not endorsed for Teams"),
    ],
)
async def test_microsofts_own_check_refuses(world: World, claims: Json, endorsements: list[str], says: str) -> None:
    world.teams.endorsements = endorsements
    header = world.teams.token(world.acme.service_url, **claims)
    with pytest.raises(Exception, match=says):
        await asyncio.to_thread(sdks_check, world.acme.message("aad-ana", world.chat, "How long?"), header)


async def test_a_token_is_for_the_app_of_the_tenant(world: World) -> None:
    other = world.teams.install(EntraTenant(OTHER, App("other-app", "its secret", OTHER)))
    token = world.teams.token(other.service_url).split()[1]
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == "other-app"


# Activities


async def test_an_activity_is_posted_with_a_token_of_its_own(world: World, product: Product) -> None:
    activity = world.acme.message("aad-ana", world.chat, "How long?")
    assert await world.teams.send(world.http, product.url, activity) == Answered(202, '{"heard": true}')
    header, heard = product.requests[0]
    assert heard == activity
    assert header is not None
    assert (await read(world, header))["serviceurl"] == heard["serviceUrl"]


@pytest.mark.parametrize(("header", "sent"), [("", None), ("Bearer x", "Bearer x")], ids=["none", "another"])
async def test_an_activity_is_posted_with_any_header(world: World, product: Product, header: str, sent: str | None) -> None:
    await world.teams.send(world.http, product.url, world.acme.message("aad-ana", world.chat, "How long?"), header=header)
    assert product.requests[0][0] == sent


Make = Callable[[World, str], Json]  # of the world and a message of ours in Ana's chat
MADE: dict[str, Make] = {
    "message": lambda world, _: world.acme.message("aad-ana", world.chat, "How long?"),
    "mentioned": lambda world, _: world.acme.mentioned("aad-ana", world.channel, "How long?"),
    "edited": lambda world, _: world.acme.edited(
        "aad-ana", world.chat, world.acme.message("aad-ana", world.chat, "How")["id"], "How long?"
    ),
    "deleted": lambda world, _: world.acme.deleted("aad-ana", world.chat, world.acme.message("aad-ana", world.chat, "How")["id"]),
    "reaction": lambda world, ours: world.acme.reaction("aad-ana", world.chat, ours),
    "feedback": lambda world, ours: world.acme.feedback("aad-ana", world.chat, ours, "like", "Good."),
    "installed": lambda world, _: world.acme.installed("aad-ana", world.channel),
    "joined": lambda world, _: world.acme.joined("aad-ana", world.channel),
}


@pytest.mark.parametrize("name", MADE)
async def test_every_activity_says_where_it_comes_from(world: World, name: str) -> None:
    made = MADE[name](world, await world.answer(world.chat))
    assert made["id"]
    assert made["timestamp"].endswith("Z")
    assert (made["channelId"], made["serviceUrl"]) == ("msteams", f"{world.teams.service_url}{ACME}/")
    assert (made["conversation"]["tenantId"], made["channelData"]["tenant"]["id"]) == (ACME, ACME)
    assert (made["from"]["aadObjectId"], made["from"]["id"]) == ("aad-ana", world.acme.people["aad-ana"].id)
    assert made["recipient"] == BOT
    assert Activity.deserialize(made).type == made["type"]


async def test_no_two_activities_have_one_id(world: World) -> None:
    ours = await world.answer(world.chat)
    made = [MADE[name](world, ours) for name in ("message", "mentioned", "reaction", "feedback", "installed", "joined") for _ in range(2)]
    assert len({activity["id"] for activity in made} | {ours}) == len(made) + 1


def test_a_personal_message_is_plain() -> None:
    acme = EntraTenant(ACME, App(APP, SECRET, HOME))
    acme.add_person("aad-ana", "ana@acme.example", "Ana")
    made = acme.message("aad-ana", acme.personal("aad-ana"), "How long?", locale="de-DE")
    assert made["conversation"] == {"conversationType": "personal", "tenantId": ACME, "id": acme.personal("aad-ana")}
    assert (made["text"], made["locale"], [entity["type"] for entity in made["entities"]]) == ("How long?", "de-DE", ["clientInfo"])
    assert "attachments" not in made


@pytest.mark.parametrize(
    ("said", "text", "shown"),
    [
        pytest.param("Is 1 < 2?", "<at>Footnote</at> Is 1 < 2?\n", "{at}&nbsp;Is 1 &lt; 2?", id="in front"),
        pytest.param("Hi <at>Footnote</at>", "Hi <at>Footnote</at>\n", "Hi {at}", id="where it was written"),
    ],
)
async def test_a_mention_looks_as_teams_writes_it(world: World, said: str, text: str, shown: str) -> None:
    made = world.acme.mentioned("aad-ana", world.group, said)
    at = '<span itemscope="" itemtype="http://schema.skype.com/Mention" itemid="0">Footnote</span>'
    assert made["text"] == text
    assert made["entities"][0] == {"type": "mention", "mentioned": BOT, "text": "<at>Footnote</at>"}
    assert made["attachments"] == [{"contentType": "text/html", "content": f"<div><div>{shown.format(at=at)}</div>\n</div>"}]
    assert made["conversation"] == {"isGroup": True, "conversationType": "groupChat", "tenantId": ACME, "id": world.group}
    mention = Mention.deserialize(Activity.deserialize(made).entities[0].additional_properties)
    assert (mention.mentioned.id, mention.text) == (BOT["id"], "<at>Footnote</at>")  # read by the SDK


async def test_a_channel_message_begins_a_thread_and_replies_stay_in_it(world: World) -> None:
    first = world.acme.mentioned("aad-ana", world.channel, "How long?")
    thread = f"{world.channel};messageid={first['id']}"
    ours = await world.answer(thread)
    replies = [
        world.acme.mentioned("aad-bob", world.channel, "And me?", reply_to=first["id"]),
        world.acme.mentioned("aad-bob", thread, "And Gus?"),
        world.acme.message("aad-bob", world.channel, "Thanks.", reply_to=ours),
        world.acme.feedback("aad-bob", thread, ours, "like", ""),
        world.acme.reaction("aad-bob", world.channel, ours),
    ]
    assert [activity["conversation"]["id"] for activity in (first, *replies)] == [thread] * 6
    assert not any("replyToId" in said for said in replies[:3])  # as Teams: the thread alone tells
    data, team = first["channelData"], world.acme.place(world.channel).team["id"]
    assert (data["channel"], data["team"], data["teamsChannelId"], data["teamsTeamId"]) == (
        {"id": world.channel},
        {"id": team},
        world.channel,
        team,
    )


async def test_a_reply_in_a_chat_names_what_it_answers(world: World) -> None:
    ours = await world.answer(world.chat)
    made = world.acme.message("aad-ana", world.chat, "And now?", reply_to=ours)
    assert (made["replyToId"], made["conversation"]["id"]) == (ours, world.chat)


async def test_two_channels_may_belong_to_one_team(world: World) -> None:
    second, other = world.acme.channel(["aad-ana"], world.channel), world.acme.channel(["aad-ana"])
    teams = [world.acme.place(channel).team["id"] for channel in (world.channel, second, other)]
    assert second != world.channel
    assert (teams[0] == teams[1], teams[0] == teams[2]) == (True, False)


@pytest.mark.parametrize(
    ("form", "sent"),
    [("json", '{"feedbackText": "Too short."}'), ("text", "Too short."), ("object", {"feedbackText": "Too short."})],
)
async def test_feedback_is_an_invoke_about_our_answer(world: World, form: Literal["json", "text", "object"], sent: object) -> None:
    ours = await world.answer(world.chat)
    made = world.acme.feedback("aad-ana", world.chat, ours, "dislike", "Too short.", form=form)
    assert (made["type"], made["name"], made["replyToId"]) == ("invoke", "message/submitAction", ours)
    assert made["value"] == {"actionName": "feedback", "actionValue": {"reaction": "dislike", "feedback": sent}}


async def test_an_edit_is_the_same_message_with_another_text(world: World) -> None:
    asked = world.acme.mentioned("aad-ana", world.channel, "How log?")
    made = world.acme.edited("aad-ana", world.channel, asked["id"], "How long?")
    assert (made["type"], made["id"], made["text"]) == ("messageUpdate", asked["id"], "<at>Footnote</at> How long?\n")
    assert (made["conversation"], made["channelData"]["eventType"]) == (asked["conversation"], "editMessage")
    said = world.acme.place(world.channel).find(asked["id"])
    assert said is not None
    assert (said.activity, said.versions) == (made, [asked])


async def test_a_deletion_is_of_the_same_message(world: World) -> None:
    asked = world.acme.mentioned("aad-ana", world.channel, "How long?")
    made = world.acme.deleted("aad-ana", world.channel, asked["id"])
    assert (made["type"], made["id"], made["channelData"]["eventType"]) == ("messageDelete", asked["id"], "softDeleteMessage")
    assert "text" not in made
    assert world.acme.place(world.channel).find(asked["id"]) is None
    await world.answer(asked["conversation"]["id"])  # the thread is still there


@pytest.mark.parametrize(("added", "name"), [(True, "reactionsAdded"), (False, "reactionsRemoved")])
async def test_a_reaction_comes_and_goes(world: World, added: bool, name: str) -> None:  # noqa: FBT001 - of a table
    ours = await world.answer(world.chat)
    made = world.acme.reaction("aad-ana", world.chat, ours, "heart", added=added)
    assert (made["type"], made[name], made["replyToId"]) == ("messageReaction", [{"type": "heart"}], ours)


async def test_an_installation_names_the_team_and_the_chosen_channel(world: World) -> None:
    made = world.acme.installed("aad-ana", world.channel)
    data = made["channelData"]
    assert (made["type"], made["action"]) == ("installationUpdate", "add")
    assert (data["settings"]["selectedChannel"], data["source"]) == ({"id": world.channel}, {"name": "message"})
    assert data["team"] == world.acme.place(world.channel).team
    assert set(data["team"]) == {"id", "name", "aadGroupId"}
    assert made["conversation"]["id"] == world.channel


async def test_who_joins_is_a_member_from_then_on(world: World) -> None:
    bot, zoe = world.acme.joined("aad-ana", world.channel), world.acme.joined("aad-ana", world.channel, "aad-zoe")
    assert (bot["type"], bot["membersAdded"]) == ("conversationUpdate", [{"id": f"28:{APP}"}])
    assert zoe["membersAdded"] == [{"id": world.acme.people["aad-zoe"].id, "aadObjectId": "aad-zoe"}]
    assert zoe["channelData"]["eventType"] == "teamMemberAdded"
    assert (await world.call("GET", world.at(world.channel, "members", "aad-zoe"))).status == 200


def test_a_bot_knows_people_and_chats_by_ids_of_its_own() -> None:
    tenants = [EntraTenant(tenant, App(app, SECRET, HOME)) for tenant, app in ((ACME, APP), (ACME, "app-2"), (OTHER, APP), (ACME, APP))]
    people = [tenant.add_person("aad-ana", "ana@acme.example", "Ana").id for tenant in tenants]
    chats = [tenant.personal("aad-ana") for tenant in tenants]
    for ids, prefix in ((people, "29:1"), (chats, "a:1")):
        assert (len(set(ids)), ids[0] == ids[3]) == (3, True)
        assert all(known.startswith(prefix) for known in ids)


@pytest.mark.parametrize(
    ("do", "says"),
    [
        pytest.param(lambda world: world.acme.message("aad-zoe", world.chat, "x"), "is not in", id="somebody else's chat"),
        pytest.param(lambda world: world.acme.message("aad-ana", f"{world.channel};messageid=1", "x"), "no thread", id="no thread"),
        pytest.param(
            lambda world: world.acme.message("aad-ana", world.chat, "x", reply_to="1"), "no message 1", id="no message to reply to"
        ),
        pytest.param(lambda world: world.acme.reaction("aad-ana", world.chat, "1"), "no message 1", id="no message to react to"),
        pytest.param(
            lambda world: world.acme.edited("aad-ana", world.group, world.acme.message("aad-bob", world.group, "x")["id"], "y"),
            "is not aad-ana's",
            id="somebody else's message",
        ),
        pytest.param(
            lambda world: world.acme.feedback("aad-ana", world.chat, world.acme.message("aad-ana", world.chat, "x")["id"], "like", ""),
            "is not our bot's",
            id="a judgement of a person",
        ),
        pytest.param(lambda world: world.acme.group(["aad-nobody"]), "nobody knows aad-nobody", id="a stranger"),
    ],
)
async def test_what_people_cannot_do_is_an_error_of_the_test(world: World, do: Callable[[World], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        do(world)
