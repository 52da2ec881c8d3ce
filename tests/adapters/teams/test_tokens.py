"""Only what the Bot Framework signed for this app, for Teams and for this service URL is let in; and its keys are found, and kept."""

import asyncio
import base64
import json
import tempfile
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams import tokens
from adapters.teams.tokens import Claims, KeysUnavailable, SigningKeys, TokenCheck, Unauthorized, fetched
from tests.waiting import PATIENCE_S

APP = "3f3d1cea-7a18-41af-872b-cfbbd5140984"
STRANGER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
ISSUER = "https://api.botframework.com"
SERVICE = "https://smba.trafficmanager.net/amer/"
OPENID = "https://login.botframework.com/v1/.well-known/openidconfiguration"
JWKS = "https://login.botframework.com/v1/.well-known/keys"
NOW = 1_800_000_000
KID = "current"

JSON = dict[str, Any]


@cache
def ours() -> rsa.RSAPrivateKey:
    """The key that the Bot Framework signs with."""
    return rsa.generate_private_key(65537, 2048)


@cache
def theirs() -> rsa.RSAPrivateKey:
    """A key of somebody else."""
    return rsa.generate_private_key(65537, 2048)


def jwk(kid: object = KID, endorsements: object = ("msteams",), key: rsa.RSAPrivateKey | None = None, **more: object) -> JSON:
    public: JSON = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk((key or ours()).public_key()))
    return public | {"kid": kid, "endorsements": endorsements, "use": "sig"} | more


def segment(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def rs256(signed: bytes) -> bytes:
    return ours().sign(signed, padding.PKCS1v15(), hashes.SHA256())


def by_a_stranger(signed: bytes) -> bytes:
    return theirs().sign(signed, padding.PKCS1v15(), hashes.SHA256())


def rs512(signed: bytes) -> bytes:
    return ours().sign(signed, padding.PKCS1v15(), hashes.SHA512())


def ps256(signed: bytes) -> bytes:
    return ours().sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def hs256_with_the_public_key(signed: bytes) -> bytes:
    pem = ours().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return jwt.api_jws.PyJWS().get_algorithm_by_name("HS256").sign(signed, pem)


def without(parts: JSON, name: str) -> JSON:
    return {key: value for key, value in parts.items() if key != name}


def head(**other: object) -> JSON:
    return {"typ": "JWT", "alg": "RS256", "kid": KID} | other


def body(**other: object) -> JSON:
    return {"iss": ISSUER, "aud": APP, "exp": NOW + 3600, "nbf": NOW - 60, "serviceurl": SERVICE} | other


HEAD, BODY = head(), body()


def token(header: object = HEAD, payload: object = BODY, sign: Callable[[bytes], bytes] = rs256) -> str:
    """A token with any header and payload, as objects or raw bytes."""
    signed = f"{segment(header)}.{segment(payload)}"
    return f"{signed}.{segment(sign(signed.encode()))}"


def bearer(header: object = HEAD, payload: object = BODY, sign: Callable[[bytes], bytes] = rs256) -> str:
    return f"Bearer {token(header, payload, sign)}"


def claiming(**other: object) -> str:
    return bearer(payload=body(**other))


def activity(**other: object) -> JSON:
    return {"type": "message", "channelId": "msteams", "serviceUrl": SERVICE} | other


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


def published(*keys: object) -> dict[str, bytes]:
    """What Microsoft's two URLs answer."""
    return {OPENID: json.dumps({"issuer": ISSUER, "jwks_uri": JWKS}).encode(), JWKS: json.dumps({"keys": keys}).encode()}


@dataclass
class Microsoft:
    """Answers as it is told to, and remembers what it was asked."""

    answers: dict[str, bytes]
    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        self.reached.set()
        await self.open.wait()
        if self.failure:
            raise self.failure
        return self.answers[url]


@dataclass
class Door:
    """A check with everything around it."""

    microsoft: Microsoft
    clock: Clock
    keys: SigningKeys
    check: Callable[[str | None, Mapping[str, object]], Awaitable[Claims]]


class Checked(TokenCheck):
    """The check as the route makes it: first the token, then the activity that came with it."""

    async def check(self, header: str | None, posted: Mapping[str, object]) -> Claims:
        return (await self.signed(header)).fits(posted)


def door(*keys: object, openid: str = OPENID) -> Door:
    microsoft, clock = Microsoft(published(*(keys or (jwk(),)))), Clock()
    signing = SigningKeys(openid, microsoft, clock)
    return Door(microsoft, clock, signing, Checked(APP, signing, clock).check)


def in_another_tongue(text: str) -> str:
    return text[:20] + "\u212a" + text[21:]


ACCEPTED = [
    pytest.param(bearer, {}, id="as Teams sends it"),
    pytest.param(lambda: f"bearer {token()}", {}, id="scheme in small letters"),
    pytest.param(lambda: f"BEARER {token()}", {}, id="scheme in capitals"),
    pytest.param(lambda: claiming(aud=[APP]), {}, id="a list of nobody but us"),
    pytest.param(lambda: bearer(payload=without(body(), "serviceurl") | {"serviceUrl": SERVICE}), {}, id="the claim's other spelling"),
    pytest.param(lambda: claiming(serviceurl=SERVICE[:-1]), {}, id="no trailing slash in the claim"),
    pytest.param(bearer, {"serviceUrl": SERVICE[:-1]}, id="no trailing slash in the activity"),
    pytest.param(bearer, {"serviceUrl": "HTTPS://SMBA.TrafficManager.net/amer/"}, id="the host in capitals"),
    pytest.param(lambda: claiming(exp=NOW - 299), {}, id="ended, within the leeway"),
    pytest.param(lambda: claiming(exp=NOW + 0.5), {}, id="ends within the second"),
    pytest.param(lambda: claiming(nbf=NOW + 300), {}, id="begins later, within the leeway"),
    pytest.param(lambda: bearer(payload=without(body(), "nbf")), {}, id="no beginning"),
    pytest.param(lambda: claiming(iat="tomorrow"), {}, id="an issue time that nobody reads"),
    pytest.param(lambda: bearer(head(x5u="https://evil.example/", jku="https://evil.example/")), {}, id="other places for keys named"),
    pytest.param(lambda: bearer(head(jwk=jwk(key=theirs()))), {}, id="a stranger's key brought along"),
]


@pytest.mark.parametrize(("make", "sent"), ACCEPTED)
async def test_what_teams_signed_is_let_in(make: Callable[[], str], sent: JSON) -> None:
    at = door()
    claims = await at.check(make(), activity(**sent))
    assert claims.app == APP
    assert claims.service_url.rstrip("/") == SERVICE.rstrip("/")
    assert at.microsoft.asked == [OPENID, JWKS]


async def test_the_service_url_handed_on_is_the_signed_one() -> None:
    claims = await door().check(bearer(), activity(serviceUrl="https://SMBA.trafficmanager.net/amer"))
    assert claims == Claims(app=APP, service_url=SERVICE)


NO_TOKEN = "there is no bearer token"  # noqa: S105
MALFORMED = "the token is malformed"
ALGORITHM = "the algorithm is another"
UNNAMED = "no key is named"
UNKNOWN = "the key is unknown"
SIGNATURE = r"the token did not pass \(InvalidSignatureError\)"
NOT_SIGNED = "the token did not pass"
MISSING = r"the token did not pass \(MissingRequiredClaimError\)"
ENDED = "the token has ended, or its end is no time"
BEGINS = "the token begins later, or its beginning is no time"
ISSUED = "the issuer is another"
FOR_ANOTHER = "the token is for another app"
NOWHERE = "the token is for no service URL"
ELSEWHERE = "the token is for another service URL"

BEFORE_ANY_KEY = [
    pytest.param(lambda: None, NO_TOKEN, id="no header"),
    pytest.param(lambda: "", NO_TOKEN, id="empty header"),
    pytest.param(lambda: "Bearer", NO_TOKEN, id="scheme alone"),
    pytest.param(lambda: "Bearer ", NO_TOKEN, id="no token"),
    pytest.param(lambda: "Basic dXNlcjpwYXNzd29yZA==", NO_TOKEN, id="Basic"),
    pytest.param(lambda: f"Basic {token()}", NO_TOKEN, id="Basic with a good token"),
    pytest.param(token, NO_TOKEN, id="a good token without a scheme"),
    pytest.param(lambda: f"Bearer  {token()}", NO_TOKEN, id="two spaces"),
    pytest.param(lambda: f"Bearer\t{token()}", NO_TOKEN, id="a tab"),
    pytest.param(lambda: f" Bearer {token()}", NO_TOKEN, id="a space before"),
    pytest.param(lambda: f"Bearer {token()} ", NO_TOKEN, id="a space behind"),
    pytest.param(lambda: f"Bearer {token()}\n", NO_TOKEN, id="a line end behind"),
    pytest.param(lambda: f"Bearer {token()} {token()}", NO_TOKEN, id="two tokens"),
    pytest.param(lambda: f"Bearer {token()},Bearer {token()}", NO_TOKEN, id="two headers joined"),
    pytest.param(lambda: f"Bearer {token().replace('.', ' ')}", NO_TOKEN, id="spaces for dots"),
    pytest.param(lambda: "Bearer garbage", NO_TOKEN, id="garbage"),
    pytest.param(lambda: "Bearer ..", NO_TOKEN, id="nothing but dots"),
    pytest.param(lambda: f"Bearer {token().rpartition('.')[0]}", NO_TOKEN, id="two parts"),
    pytest.param(lambda: f"{bearer()}.{segment(b'more')}", NO_TOKEN, id="four parts"),
    pytest.param(lambda: f"{bearer()}.{segment(b'more')}.{segment(b'more')}", NO_TOKEN, id="five parts, as if encrypted"),
    pytest.param(lambda: f"{bearer()}==", NO_TOKEN, id="padding"),
    pytest.param(lambda: in_another_tongue(bearer()), NO_TOKEN, id="a Kelvin sign in the token"),
    pytest.param(lambda: f"\uff22earer {token()}", NO_TOKEN, id="a full-width scheme"),
    pytest.param(lambda: bearer().encode(), NO_TOKEN, id="bytes"),
    pytest.param(lambda: claiming(more="x" * 16_384), NO_TOKEN, id="more than 16 kB"),
    pytest.param(lambda: "Bearer " + "A" * 1_000_000, NO_TOKEN, id="1 MB"),
    pytest.param(lambda: bearer(head(alg="none"), sign=lambda _: b""), NO_TOKEN, id="algorithm none, unsigned"),
    pytest.param(lambda: bearer(head(alg="none")), ALGORITHM, id="algorithm none, signed"),
    pytest.param(lambda: bearer(head(alg="None")), ALGORITHM, id="algorithm None"),
    pytest.param(lambda: bearer(head(alg="HS256"), sign=hs256_with_the_public_key), ALGORITHM, id="HS256 with the public key"),
    pytest.param(lambda: bearer(head(alg="RS512"), sign=rs512), ALGORITHM, id="RS512"),
    pytest.param(lambda: bearer(head(alg="PS256"), sign=ps256), ALGORITHM, id="PS256"),
    pytest.param(lambda: bearer(head(alg="rs256")), ALGORITHM, id="rs256 in small letters"),
    pytest.param(lambda: bearer(head(alg=["RS256"])), ALGORITHM, id="algorithm a list"),
    pytest.param(lambda: bearer(head(alg=None)), ALGORITHM, id="algorithm null"),
    pytest.param(lambda: bearer(without(head(), "alg")), ALGORITHM, id="no algorithm"),
    pytest.param(lambda: bearer(without(head(), "kid")), UNNAMED, id="no key id"),
    pytest.param(lambda: bearer(head(kid="")), UNNAMED, id="empty key id"),
    pytest.param(lambda: bearer(head(kid=7)), MALFORMED, id="key id a number"),
    pytest.param(lambda: bearer(head(kid=None)), MALFORMED, id="key id null"),
    pytest.param(lambda: bearer(head(kid=[KID])), MALFORMED, id="key id a list"),
    pytest.param(lambda: bearer(head(crit=["exp"])), MALFORMED, id="an extension that we must understand"),
    pytest.param(lambda: bearer(head(b64=False, crit=["b64"])), MALFORMED, id="a payload that is not encoded"),
    pytest.param(lambda: bearer()[:-1], MALFORMED, id="truncated within a byte"),
    pytest.param(lambda: bearer(b"{"), MALFORMED, id="header not JSON"),
    pytest.param(lambda: bearer(b"\xff\xfe"), MALFORMED, id="header not text"),
    pytest.param(lambda: bearer([head()]), MALFORMED, id="header an array"),
    pytest.param(lambda: bearer("RS256"), MALFORMED, id="header a string"),
    pytest.param(lambda: bearer(b"[" * 9_000), MALFORMED, id="header nested without end"),
    pytest.param(lambda: bearer(b'{"alg":' + b"9" * 9_000 + b"}"), MALFORMED, id="header with a number of 9,000 digits"),
]

BY_SIGNATURE = [
    pytest.param(lambda: bearer(head(kid="made up")), UNKNOWN, id="unknown key"),
    pytest.param(lambda: bearer(head(kid=KID.upper())), UNKNOWN, id="key id in capitals"),
    pytest.param(lambda: bearer(sign=by_a_stranger), SIGNATURE, id="signed by a stranger"),
    pytest.param(lambda: bearer(head(jwk=jwk(key=theirs())), sign=by_a_stranger), SIGNATURE, id="a stranger's key brought along"),
    pytest.param(lambda: bearer(head(jku="https://evil.example/keys"), sign=by_a_stranger), SIGNATURE, id="a stranger's keys named"),
    pytest.param(lambda: bearer(head(x5u="https://evil.example/cert"), sign=by_a_stranger), SIGNATURE, id="a stranger's certificate named"),
    pytest.param(lambda: bearer(sign=rs512), SIGNATURE, id="another hash than it says"),
    pytest.param(lambda: bearer(sign=lambda _: b"\0" * 256), SIGNATURE, id="a signature of zeros"),
    pytest.param(lambda: bearer(sign=lambda _: b"\0"), SIGNATURE, id="a signature of one byte"),
    pytest.param(lambda: bearer()[:-2], SIGNATURE, id="truncated by a byte"),
    pytest.param(lambda: f"{bearer()}A", SIGNATURE, id="a byte more"),
    pytest.param(
        lambda: ".".join([*bearer().split(".")[:1], segment(body(more=1)), bearer().split(".")[2]]), SIGNATURE, id="payload exchanged"
    ),
    pytest.param(lambda: bearer(head(more=1)).replace(segment(head(more=1)), segment(head())), SIGNATURE, id="header exchanged"),
    pytest.param(lambda: bearer(payload=[body()]), NOT_SIGNED, id="payload an array"),
    pytest.param(lambda: bearer(payload="claims"), NOT_SIGNED, id="payload a string"),
    pytest.param(lambda: bearer(payload=b"null"), NOT_SIGNED, id="payload null"),
    pytest.param(lambda: bearer(payload=b"{"), NOT_SIGNED, id="payload not JSON"),
    pytest.param(lambda: bearer(payload=b"\xff\xfe"), NOT_SIGNED, id="payload not text"),
    pytest.param(lambda: bearer(payload=b"[" * 9_000), NOT_SIGNED, id="payload nested without end"),
]

BY_CLAIM = [
    pytest.param(lambda: claiming(exp=NOW - 3600), ENDED, id="ended"),
    pytest.param(lambda: claiming(exp=NOW - 300), ENDED, id="ended, just beyond the leeway"),
    pytest.param(lambda: bearer(payload=without(body(), "exp")), MISSING, id="no end"),
    pytest.param(lambda: claiming(exp=None), MISSING, id="end null"),
    pytest.param(lambda: claiming(exp=str(NOW + 3600)), ENDED, id="end a string"),
    pytest.param(lambda: claiming(exp=True), ENDED, id="end true"),
    pytest.param(lambda: claiming(exp=[NOW + 3600]), ENDED, id="end a list"),
    pytest.param(lambda: claiming(exp=float("nan")), ENDED, id="end not a number"),
    pytest.param(lambda: claiming(exp=float("inf")), ENDED, id="end infinite"),
    pytest.param(lambda: claiming(exp=10**400), ENDED, id="end beyond every float"),
    pytest.param(lambda: claiming(exp=-1), ENDED, id="end before 1970"),
    pytest.param(lambda: claiming(nbf=NOW + 301), BEGINS, id="begins later"),
    pytest.param(lambda: claiming(nbf=str(NOW)), BEGINS, id="beginning a string"),
    pytest.param(lambda: claiming(nbf=None), BEGINS, id="beginning null"),
    pytest.param(lambda: claiming(nbf=False), BEGINS, id="beginning false"),
    pytest.param(lambda: claiming(nbf=float("-inf")), BEGINS, id="beginning infinitely long ago"),
    pytest.param(lambda: claiming(nbf=float("nan")), BEGINS, id="beginning not a number"),
    pytest.param(lambda: claiming(iss="https://evil.example"), ISSUED, id="another issuer"),
    pytest.param(lambda: claiming(iss=f"{ISSUER}/"), ISSUED, id="issuer with a slash"),
    pytest.param(lambda: claiming(iss="https://API.botframework.com"), ISSUED, id="issuer in capitals"),
    pytest.param(lambda: claiming(iss="https://api.botframework.us"), ISSUED, id="issuer of the government's cloud"),
    pytest.param(lambda: claiming(iss=[ISSUER]), ISSUED, id="issuer a list"),
    pytest.param(lambda: claiming(iss={}), ISSUED, id="issuer an object"),
    pytest.param(lambda: bearer(payload=without(body(), "iss")), MISSING, id="no issuer"),
    pytest.param(lambda: claiming(aud=STRANGER), FOR_ANOTHER, id="for another app"),
    pytest.param(lambda: claiming(aud=APP.upper()), FOR_ANOTHER, id="for an app id in capitals"),
    pytest.param(lambda: claiming(aud=ISSUER), FOR_ANOTHER, id="for the Bot Framework"),
    pytest.param(lambda: claiming(aud=[APP, STRANGER]), FOR_ANOTHER, id="for another app beside us"),
    pytest.param(lambda: claiming(aud=[[APP]]), FOR_ANOTHER, id="for a list in a list"),
    pytest.param(lambda: claiming(aud=[]), FOR_ANOTHER, id="for nobody"),
    pytest.param(lambda: claiming(aud={APP: APP}), FOR_ANOTHER, id="for an object"),
    pytest.param(lambda: claiming(aud=""), FOR_ANOTHER, id="for an empty name"),
    pytest.param(lambda: bearer(payload=without(body(), "aud") | {"appid": APP, "azp": APP}), MISSING, id="no audience, but an app id"),
    pytest.param(lambda: bearer(payload=without(body(), "serviceurl")), NOWHERE, id="no service URL"),
    pytest.param(lambda: claiming(serviceurl=None, serviceUrl=SERVICE), NOWHERE, id="service URL null, and spelled twice"),
    pytest.param(lambda: claiming(serviceurl=[SERVICE]), NOWHERE, id="service URL a list"),
    pytest.param(lambda: claiming(serviceurl=""), ELSEWHERE, id="service URL empty"),
    pytest.param(lambda: claiming(serviceurl="https://evil.example/amer/"), ELSEWHERE, id="another host"),
    pytest.param(lambda: claiming(serviceurl="https://smba.trafficmanager.net/emea/"), ELSEWHERE, id="another path"),
    pytest.param(lambda: claiming(serviceurl="https://smba.trafficmanager.net/AMER/"), ELSEWHERE, id="another case of the path"),
    pytest.param(lambda: claiming(serviceurl="http://smba.trafficmanager.net/amer/"), ELSEWHERE, id="another scheme"),
    pytest.param(lambda: claiming(serviceurl="https://smba.trafficmanager.net:8443/amer/"), ELSEWHERE, id="another port"),
    pytest.param(lambda: claiming(serviceurl=f"{SERVICE}/"), ELSEWHERE, id="two trailing slashes"),
    pytest.param(lambda: claiming(serviceurl=f"{SERVICE}more"), ELSEWHERE, id="a longer path"),
    pytest.param(lambda: claiming(sub={}), NOT_SIGNED, id="subject an object"),
]

EMULATOR = [
    pytest.param(partial(claiming, iss=issuer, appid=APP, azp=APP, ver=version), ISSUED, id=f"emulator {issuer}")
    for issuer, version in (
        ("https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", "1.0"),
        ("https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0", "2.0"),
        ("https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/", "1.0"),
        ("https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a/v2.0", "2.0"),
        ("https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/", "1.0"),
        ("https://sts.windows.net/cab8a31a-1906-4287-a0d8-4eef66b95f6e/", "1.0"),
        ("https://login.microsoftonline.us/cab8a31a-1906-4287-a0d8-4eef66b95f6e/v2.0", "2.0"),
    )
]


async def refused(at: Door, header: str | None, posted: JSON, reason: str) -> None:
    """Refused for this reason, and without a word of the token in what would be logged."""
    with pytest.raises(Unauthorized, match=f"^{reason}") as caught:
        await at.check(header, posted)
    logged = "".join(traceback.format_exception(caught.value))
    assert not [part for part in str(header or "").split(".") if len(part) > 30 and part[:30] in logged]


@pytest.mark.parametrize(("make", "reason"), BEFORE_ANY_KEY)
async def test_what_is_no_token_is_refused_without_asking_microsoft(make: Callable[[], str | None], reason: str) -> None:
    at = door()
    await refused(at, make(), activity(), reason)
    assert at.microsoft.asked == []


@pytest.mark.parametrize(("make", "reason"), [*BY_SIGNATURE, *BY_CLAIM, *EMULATOR])
async def test_a_token_that_is_not_for_us_is_refused(make: Callable[[], str], reason: str) -> None:
    at = door()
    await refused(at, make(), activity(), reason)
    assert at.microsoft.asked == [OPENID, JWKS]  # and nowhere else, whatever the token names


async def test_what_a_token_says_is_not_repeated_in_the_log() -> None:
    extension = "forged\nline"
    with pytest.raises(Unauthorized) as caught:
        await door().check(bearer(head(crit=[extension])), activity())
    assert extension not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("posted", "reason"),
    [
        pytest.param(without(activity(), "serviceUrl"), "the activity has no service URL", id="no service URL"),
        pytest.param(activity(serviceUrl=None), "the activity has no service URL", id="service URL null"),
        pytest.param(activity(serviceUrl=[SERVICE]), "the activity has no service URL", id="service URL a list"),
        pytest.param(activity(serviceUrl=443), "the activity has no service URL", id="service URL a number"),
        pytest.param(without(activity(), "channelId"), "the activity is not from Teams", id="no channel"),
        pytest.param(activity(channelId="webchat"), "the activity is not from Teams", id="web chat"),
        pytest.param(activity(channelId="emulator"), "the activity is not from Teams", id="emulator"),
        pytest.param(activity(channelId="MSTeams"), "the activity is not from Teams", id="Teams in capitals"),
        pytest.param(activity(channelId=["msteams"]), "the activity is not from Teams", id="channel a list"),
        pytest.param({}, "the activity is not from Teams", id="an empty activity"),
    ],
)
async def test_an_activity_that_teams_did_not_write_is_refused(posted: JSON, reason: str) -> None:
    await refused(door(), bearer(), posted, reason)


async def test_a_token_is_refused_before_its_activity_is_read() -> None:
    at = door()
    check = Checked(APP, at.keys, at.clock)
    with pytest.raises(Unauthorized, match=FOR_ANOTHER):
        await check.signed(claiming(aud=STRANGER))
    assert (await check.signed(bearer())).fits(activity()) == Claims(app=APP, service_url=SERVICE)


@pytest.mark.parametrize("url", ["", "/", "https://evil.example/amer/", "https://smba.trafficmanager.net/AMER/", SERVICE + "/"])
async def test_an_activity_with_another_service_url_than_was_signed_is_refused(url: str) -> None:
    await refused(door(), bearer(), activity(serviceUrl=url), ELSEWHERE)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(without(jwk(), "endorsements"), id="no endorsements"),
        pytest.param(jwk(endorsements=[]), id="none endorsed"),
        pytest.param(jwk(endorsements=["webchat"]), id="web chat only"),
        pytest.param(jwk(endorsements=["MSTeams"]), id="Teams in capitals"),
        pytest.param(jwk(endorsements="msteams"), id="a string"),
        pytest.param(jwk(endorsements={"msteams": True}), id="an object"),
        pytest.param(jwk(endorsements=[["msteams"], None, 7]), id="no strings"),
    ],
)
async def test_a_key_that_may_not_sign_for_teams_is_refused(key: JSON) -> None:
    await refused(door(key), bearer(), activity(), "the key is not endorsed for Teams")


async def test_a_key_may_be_endorsed_for_more_than_teams() -> None:
    assert await door(jwk(endorsements=["webchat", "msteams", 7])).check(bearer(), activity())


async def test_without_an_app_id_nothing_starts() -> None:
    with pytest.raises(ValueError, match="Without an app id"):
        Checked("", door().keys)


async def test_without_keys_nobody_is_called_unauthorized() -> None:
    at = door()
    at.microsoft.failure = ConnectionRefusedError()
    with pytest.raises(KeysUnavailable):
        await at.check(bearer(), activity())


# Anything at all, posted by anybody.

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**60, 2**1100) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


async def let_in(header: str | None, posted: JSON, *keys: object) -> bool:
    """Whether it is let in. Anything but `Unauthorized` is passed on."""
    try:
        await door(*keys).check(header, posted)
    except Unauthorized:
        return False
    return True


@given(
    st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | st.from_regex(r"(?i:bearer) [\w-]+\.[\w-]+\.[\w-]*", fullmatch=True)
)
async def test_any_header_at_all_is_refused(header: str) -> None:
    assert not await let_in(header, activity())
    assert not await let_in(f"Bearer {header}", activity())


@given(st.binary(max_size=60) | ANY_JSON, st.binary(max_size=60) | ANY_JSON)
async def test_any_content_of_a_token_is_refused(header: object, payload: object) -> None:
    assert not await let_in(bearer(header), activity())
    assert not await let_in(bearer(payload=payload), activity())


@given(st.sampled_from(["typ", "alg", "kid", "crit", "b64", "jwk", "zip"]), ANY_JSON)
async def test_any_part_of_its_header_is_refused_or_of_no_matter(name: str, value: object) -> None:
    if name in {"alg", "kid", "crit"}:
        assert not await let_in(bearer(head(**{name: value})), activity())
    else:
        await let_in(bearer(head(**{name: value})), activity())


@given(st.sampled_from(["iss", "aud", "serviceurl", "exp", "nbf", "iat", "sub", "jti"]), ANY_JSON)
async def test_any_claim_is_refused_or_of_no_matter(name: str, value: object) -> None:
    entered = await let_in(claiming(**{name: value}), activity())
    assert not (entered and name in {"iss", "aud", "serviceurl"})
    assert not (entered and name in {"exp", "nbf"} and type(value) not in {int, float})


@given(st.sampled_from(["channelId", "serviceUrl"]), ANY_JSON)
async def test_any_activity_is_refused(name: str, value: object) -> None:
    assert not await let_in(bearer(), activity(**{name: value}))


# The keys.


async def test_keys_are_fetched_once_and_kept_for_a_day() -> None:
    at = door()
    for later in (0, 60, 24 * 3600 - 1):
        at.clock.now = NOW + later
        assert await at.keys.find(KID)
    assert at.microsoft.asked == [OPENID, JWKS]


async def test_after_a_day_keys_are_fetched_anew_and_a_retired_one_is_gone() -> None:
    at = door()
    assert await at.keys.find(KID)
    at.microsoft.answers = published(jwk("next"))
    at.clock.now += 24 * 3600
    assert await at.keys.find(KID) is None
    assert await at.keys.find("next")
    assert at.microsoft.asked == [OPENID, JWKS] * 2


async def test_a_rotated_key_is_picked_up() -> None:
    at = door()
    await at.check(bearer(), activity())
    at.microsoft.answers = published(jwk(), jwk("next", key=theirs()))
    at.clock.now += 60
    assert await at.check(bearer(head(kid="next"), sign=by_a_stranger), activity())
    assert await at.check(bearer(), activity())


async def test_made_up_key_ids_cause_one_refresh_a_minute() -> None:
    at = door()
    assert await at.keys.find(KID)
    for second in range(180):
        at.clock.now = NOW + second
        assert await at.keys.find(f"made up {second}") is None
    assert at.microsoft.asked == [OPENID, JWKS] * 3  # at once, after 60 s, after 120 s


async def test_those_who_ask_at_once_share_one_fetch() -> None:
    at = door()
    at.microsoft.open.clear()
    asking = [asyncio.create_task(at.keys.find(kid)) for kid in (KID, "made up") * 10]
    await at.microsoft.reached.wait()
    at.microsoft.open.set()
    found = await asyncio.gather(*asking)
    assert [key is not None for key in found] == [True, False] * 10
    assert at.microsoft.asked == [OPENID, JWKS]


async def test_one_who_leaves_does_not_take_the_keys_from_the_others() -> None:
    at = door()
    at.microsoft.open.clear()
    first, second = (asyncio.create_task(at.keys.find(KID)) for _ in range(2))
    await at.microsoft.reached.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    at.microsoft.open.set()
    assert await second
    assert at.microsoft.asked == [OPENID, JWKS]


def metadata(jwks_uri: object) -> dict[str, bytes]:
    return published(jwk()) | {OPENID: json.dumps({"issuer": ISSUER, "jwks_uri": jwks_uri}).encode()}


def keyless(raw: bytes) -> dict[str, bytes]:
    return published() | {JWKS: raw}


FAILURES = [
    pytest.param(KeysUnavailable("It answers 500."), id="another answer"),
    pytest.param(ConnectionRefusedError(), id="no connection"),
    pytest.param(TimeoutError(), id="too late"),
    pytest.param(published() | {OPENID: b"<html>"}, id="metadata not JSON"),
    pytest.param(published() | {OPENID: b"\xff"}, id="metadata not text"),
    pytest.param(published() | {OPENID: b"[]"}, id="metadata an array"),
    pytest.param(published() | {OPENID: b"[" * 100_000}, id="metadata nested without end"),
    pytest.param(published() | {OPENID: b"{}"}, id="metadata without a place for keys"),
    pytest.param(metadata(None), id="the place null"),
    pytest.param(metadata([JWKS]), id="the place a list"),
    pytest.param(metadata("http://login.botframework.com/v1/.well-known/keys"), id="the place without TLS"),
    pytest.param(metadata("//evil.example/keys"), id="the place without a scheme"),
    pytest.param(metadata("file:///etc/passwd"), id="the place a file"),
    pytest.param(metadata("http://[/keys"), id="the place no URL"),
    pytest.param(keyless(b"<html>"), id="keys not JSON"),
    pytest.param(keyless(b"[]"), id="keys an array"),
    pytest.param(keyless(b"{}"), id="keys missing"),
    pytest.param(keyless(b'{"keys": {}}'), id="keys an object"),
    pytest.param(keyless(b'{"keys": []}'), id="no key"),
    pytest.param(keyless(b'{"keys": [null, 7, [], {}]}'), id="no usable key"),
]


def fails(at: Door, failure: Exception | dict[str, bytes]) -> None:
    """From now on Microsoft fails in this way."""
    if isinstance(failure, Exception):
        at.microsoft.failure = failure
    else:
        at.microsoft.answers = failure


@pytest.mark.parametrize("failure", FAILURES)
async def test_where_a_refresh_fails_the_old_keys_serve_on(failure: Exception | dict[str, bytes]) -> None:
    at = door()
    await at.check(bearer(), activity())
    fails(at, failure)
    asked = len(at.microsoft.asked)
    at.clock.now = NOW + 24 * 3600
    assert await at.keys.find(KID)
    assert len(at.microsoft.asked) > asked, "a refresh was tried"
    assert await at.keys.find("made up") is None


@pytest.mark.parametrize("failure", FAILURES)
async def test_without_any_keys_it_cannot_be_told(failure: Exception | dict[str, bytes]) -> None:
    at = door()
    fails(at, failure)
    for _ in range(2):
        with pytest.raises(KeysUnavailable, match="There are no signing keys yet"):
            await at.keys.find(KID)


@pytest.mark.parametrize(
    ("failure", "words"), [(TimeoutError(), "TimeoutError"), (KeysUnavailable("It answers 500."), "It answers 500.")], ids=str
)
async def test_a_failed_refresh_is_logged_with_what_failed(failure: Exception, words: str, caplog: pytest.LogCaptureFixture) -> None:
    at = door()
    at.microsoft.failure = failure
    with pytest.raises(KeysUnavailable):
        await at.keys.find(KID)
    assert caplog.messages == [f"the Bot Framework's signing keys were not refreshed: {words}"]


async def test_a_failed_refresh_is_tried_again_after_a_minute() -> None:
    at = door()
    assert await at.keys.find(KID)
    at.microsoft.failure = ConnectionRefusedError()
    for later in (0, 59, 60, 61, 119, 120):
        at.clock.now = NOW + 24 * 3600 + later
        assert await at.keys.find(KID)
    assert at.microsoft.asked == [OPENID, JWKS, OPENID, OPENID, OPENID]


async def test_while_there_are_no_keys_they_are_asked_for_every_five_seconds() -> None:
    at = door()
    at.microsoft.failure = ConnectionRefusedError()
    for later in (0, 1, 4, 5, 9):
        at.clock.now = NOW + later
        with pytest.raises(KeysUnavailable):
            await at.keys.find(KID)
    assert at.microsoft.asked == [OPENID] * 2
    at.microsoft.failure = None
    at.clock.now = NOW + 10
    assert await at.keys.find(KID)


async def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_PATIENCE_S", 0)
    at = door()
    at.microsoft.open.clear()
    with pytest.raises(KeysUnavailable):
        await asyncio.wait_for(at.keys.find(KID), PATIENCE_S)


@pytest.mark.parametrize(
    ("openid", "place", "fetches"),
    [
        pytest.param("http://127.0.0.1:3999/oidc", "http://127.0.0.1:3999/keys", True, id="a test's own server"),
        pytest.param("http://127.0.0.1:3999/oidc", "https://keys.example/", True, id="another host over TLS"),
        pytest.param("http://127.0.0.1:3999/oidc", "http://127.0.0.1:4000/keys", False, id="another port"),
        pytest.param("http://127.0.0.1:3999/oidc", "http://127.0.0.1/keys", False, id="no port"),
        pytest.param("http://127.0.0.1:3999/oidc", "http://127.0.0.1:99999/keys", False, id="no such port"),
        pytest.param("http://127.0.0.1:3999/oidc", "http://evil.example:3999/keys", False, id="another host"),
        pytest.param("http://127.0.0.1:3999/oidc", "http://127.0.0.1:3999@evil.example/keys", False, id="the server as a user name"),
        pytest.param("http://127.0.0.1:3999/oidc", "ftp://127.0.0.1:3999/keys", False, id="another scheme"),
        pytest.param("https://127.0.0.1:3999/oidc", "http://127.0.0.1:3999/keys", False, id="the same server without TLS"),
    ],
)
async def test_keys_come_over_tls_or_from_where_the_metadata_came(openid: str, place: str, fetches: bool) -> None:  # noqa: FBT001
    at = door(openid=openid)
    at.microsoft.answers = {openid: json.dumps({"jwks_uri": place}).encode(), place: published(jwk())[JWKS]}
    if fetches:
        assert await at.keys.find(KID)
    else:
        with pytest.raises(KeysUnavailable):
            await at.keys.find(KID)
    assert (place in at.microsoft.asked) is fetches


def ec_jwk() -> JSON:
    public: JSON = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key()))
    return public | {"kid": "bad", "endorsements": ["msteams"]}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: "key", id="a string"),
        pytest.param(lambda: None, id="null"),
        pytest.param(lambda: without(jwk("bad"), "kid"), id="no id"),
        pytest.param(lambda: jwk(["bad"]), id="id a list"),
        pytest.param(lambda: without(jwk("bad"), "n"), id="no modulus"),
        pytest.param(lambda: jwk("bad", n=7), id="modulus a number"),
        pytest.param(lambda: jwk("bad", n="!"), id="modulus garbage"),
        pytest.param(lambda: jwk("bad", e=""), id="exponent empty"),
        pytest.param(lambda: jwk("bad", kty="oct", k=segment(b"secret")), id="a shared secret"),
        pytest.param(ec_jwk, id="an elliptic curve"),
        pytest.param(lambda: json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(theirs())) | {"kid": "bad"}, id="a private key"),
    ],
)
async def test_an_entry_that_is_no_key_of_ours_spoils_no_other(make: Callable[[], object]) -> None:
    at = door(make(), jwk())
    assert await at.keys.find("bad") is None
    assert await at.keys.find(KID)


@given(st.sampled_from(["kid", "kty", "n", "e", "d", "alg", "oth", "use", "endorsements"]), ANY_JSON)
async def test_any_entry_among_the_keys_is_a_key_or_nothing(name: str, value: object) -> None:
    assert await door(jwk("other") | {name: value}, jwk()).keys.find(KID)


# Over HTTP, through a Unix socket.


@asynccontextmanager
async def server(handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[aiohttp.ClientSession]:
    """A session whose every request reaches `handle`."""
    app = web.Application()
    app.router.add_get("/{name}", handle)
    runner = web.AppRunner(app)
    with tempfile.TemporaryDirectory() as folder:
        socket = str(Path(folder) / "s")
        await runner.setup()
        await web.UnixSite(runner, socket).start()
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket)) as session:
            yield session
        await runner.cleanup()


LARGEST = 1024 * 1024


async def answers(request: web.Request) -> web.StreamResponse:
    """Answers by the name of what is asked for."""
    match request.match_info["name"]:
        case "full":
            return web.Response(body=b"x" * LARGEST)
        case "overfull":
            return web.Response(body=b"x" * (LARGEST + 1))
        case "moved":
            raise web.HTTPFound("/full")
        case "zipped":
            response = web.Response(body=b"x" * (LARGEST + 1))
            response.enable_compression(web.ContentCoding.gzip)
            return response
        case "endless":
            stream = web.StreamResponse()
            await stream.prepare(request)
            for _ in range(LARGEST // 1024 + 1):
                await stream.write(b"x" * 1024)
            return stream
        case name:
            return web.Response(status=int(name), body=b"{}")


async def test_what_is_published_is_fetched_up_to_1_mb() -> None:
    async with server(answers) as session:
        assert await fetched(session, "http://login/full") == b"x" * LARGEST


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("overfull", "more than 1 MB", id="too large"),
        pytest.param("zipped", "more than 1 MB", id="too large once unpacked"),
        pytest.param("endless", "more than 1 MB", id="too large, of no known length"),
        pytest.param("moved", "answers 302", id="redirected"),
        pytest.param("204", "answers 204", id="empty"),
        pytest.param("404", "answers 404", id="not there"),
        pytest.param("500", "answers 500", id="broken"),
    ],
)
async def test_any_other_answer_brings_no_keys(name: str, reason: str) -> None:
    async with server(answers) as session:
        with pytest.raises(KeysUnavailable, match=reason):
            await fetched(session, f"http://login/{name}")


async def test_a_fetch_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_PATIENCE_S", 0.01)
    done = asyncio.Event()

    async def never(_: web.Request) -> web.StreamResponse:
        await done.wait()
        return web.Response()

    async with server(never) as session:
        with pytest.raises(KeysUnavailable, match="TimeoutError"):
            await asyncio.wait_for(fetched(session, "http://login/full"), PATIENCE_S)
        done.set()


@pytest.mark.parametrize("url", ["http://login/full", "nonsense", "http://[/", "https:///keys"])
async def test_where_nobody_answers_there_are_no_keys(url: str, tmp_path: Path) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(tmp_path / "s"))) as session:
        with pytest.raises(KeysUnavailable, match="cannot be fetched"):
            await fetched(session, url)
