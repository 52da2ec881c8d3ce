"""Who posts to `/api/messages`: our own check of the Bot Framework's token, in which nothing is optional.

The SDK's check (botbuilder-core 4.17.1) takes a token without an end, an activity without a service URL, and the tokens of the
emulator's issuers; it fetches the signing keys while every other request waits, and never finds a new one.

Unauthorized        refused: answer 401
KeysUnavailable     it cannot be told: answer 503, and the platform sends again
"""

import asyncio
import json
import logging
import math
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeGuard
from urllib.parse import urlsplit

import aiohttp
import jwt  # 0.04 s beside aiohttp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.types import Options

from adapters.teams.wire import whole

Fetch = Callable[[str], Awaitable[bytes]]
"""Returns what a GET of the URL answers, at most 1 MB. Raises `KeysUnavailable` or `OSError`. See `fetched`."""

_ISSUER = "https://api.botframework.com"
_CHANNEL = "msteams"
_ALGORITHM = "RS256"
_LEEWAY_S = 300  # Microsoft's own allowance for clocks that differ
_YEAR_10000 = 253_402_300_800  # later is no time, whatever it is
_LONGEST_HEADER = 16 * 1024  # characters; Microsoft's are about 1,200
_HEADER = re.compile(r"bearer ([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII | re.IGNORECASE)

_KEPT_S = 24 * 3600.0
_PAUSE_S = 60.0  # between two refreshes, so that made-up key ids do not have us hammer Microsoft
_PAUSE_WITHOUT_KEYS_S = 5.0  # nobody can write to the bot until they are there
_PATIENCE_S = 5.0
_LARGEST_ANSWER = 1024 * 1024  # bytes

_OPTIONS: Options = {
    "require": ["exp", "iss", "aud"],
    # `_facts` does these: PyJWT reads "1" as a number, other apps beside ours as ours, and the time from a clock of its own.
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_iss": False,
    "verify_aud": False,
}
# PyJWT means to raise only its own; the others are what made-up JSON and numbers raise beneath it.
_MALFORMED = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)

_log = logging.getLogger(__name__)


class Unauthorized(Exception):
    """The activity does not come from Teams. The message is for our log alone, and holds nothing of the token."""


class KeysUnavailable(Exception):
    """The Bot Framework's signing keys could not be fetched, so no token can be checked."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What was verified."""

    app: str  # the app id that the token is for: ours
    service_url: str  # where replies go, as Microsoft signed it


@dataclass(frozen=True, slots=True)
class Signed:
    """A token that holds by itself; whether it is this activity's is not known yet."""

    app: str
    service_url: str

    def fits(self, activity: Mapping[str, object]) -> Claims:
        """Return what is verified about `activity`.

        Raises `Unauthorized` unless it is of Teams, and its service URL the signed one. Whether that may be answered is for
        `ServiceUrls` to say.
        """
        if activity.get("channelId") != _CHANNEL:
            raise Unauthorized("the activity is not from Teams")
        sent_to = activity.get("serviceUrl")
        if not isinstance(sent_to, str):
            raise Unauthorized("the activity has no service URL")
        if _comparable(sent_to) != _comparable(self.service_url):
            raise Unauthorized("the token is for another service URL")
        return Claims(self.app, self.service_url)


@dataclass(frozen=True, slots=True)
class Key:
    """One key that the Bot Framework signs with."""

    public: RSAPublicKey
    endorsements: frozenset[str]  # the channels it may sign for


class SigningKeys:
    """The Bot Framework's keys: fetched when first asked for, kept for 24 hours, refreshed when an unknown one turns up."""

    def __init__(self, openid_url: str, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        """`openid_url` of the metadata that says where the keys are. `clock` in seconds. Does not fetch yet."""
        self._openid_url = openid_url
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fresh_until = -math.inf
        self._quiet_until = -math.inf
        self._renewal: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> Key | None:
        """Return the key with this id, or None if the Bot Framework has none.

        Fetches only keys that are missing or 24 hours old: at most once in 60 s (5 s while there are none at all), once for all who
        ask meanwhile, for 5 s. Where that fails, the old keys serve on. Raises `KeysUnavailable` without any.
        """
        if kid not in self._keys or self._clock() >= self._fresh_until:
            await self._refresh()
        if not self._keys:
            raise KeysUnavailable("There are no signing keys yet.")
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        if self._renewal is None and self._clock() >= self._quiet_until:
            self._renewal = asyncio.create_task(self._renew())
        if self._renewal is not None:
            await asyncio.shield(self._renewal)  # who leaves does not take the keys from those who wait

    async def _renew(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                self._keys = await self._published()
            self._fresh_until = self._clock() + _KEPT_S
        except (KeysUnavailable, OSError) as problem:  # a TimeoutError is an OSError
            _log.warning("the Bot Framework's signing keys were not refreshed: %s", str(problem) or type(problem).__name__)
        finally:
            self._quiet_until = self._clock() + (_PAUSE_S if self._keys else _PAUSE_WITHOUT_KEYS_S)
            self._renewal = None

    async def _published(self) -> dict[str, Key]:
        where = _object(await self._fetch(self._openid_url)).get("jwks_uri")
        if not _is_trusted(where, self._openid_url):
            raise KeysUnavailable("The metadata name no place for keys that can be trusted.")
        keys = _usable(_object(await self._fetch(where)).get("keys"))
        if not keys:
            raise KeysUnavailable("There is no usable key where keys should be.")
        return keys


class TokenCheck:
    """Tells activities that Teams sent to this app from all others."""

    def __init__(self, app_id: str, keys: SigningKeys, clock: Callable[[], float] = time.time) -> None:
        """`clock` in seconds since 1970. Raises `ValueError` without an app id: nobody's tokens would be everybody's."""
        if not app_id:
            raise ValueError("Without an app id no token can be checked. Set the one of your Azure Bot.")
        self._app_id = app_id
        self._keys = keys
        self._clock = clock

    async def signed(self, header: str | None) -> Signed:
        """Return what the token in this `Authorization` header says, before anything else of the request is read.

        Raises `Unauthorized` unless all of it holds: signed with RS256 by a key that is endorsed for Teams; issued by the Bot Framework
        for this app alone; valid now, give or take 300 s; for some service URL. Raises `KeysUnavailable` where that cannot be told.
        """
        token = _bearer(header)
        claims = _read(token, await self._endorsed(_kid(token)))
        for holds, otherwise in self._facts(claims):
            if not holds:
                raise Unauthorized(otherwise)
        service_url = claims.get("serviceurl", claims.get("serviceUrl"))
        if not isinstance(service_url, str):
            raise Unauthorized("the token is for no service URL")
        return Signed(self._app_id, service_url)

    async def _endorsed(self, kid: str) -> Key:
        key = await self._keys.find(kid)
        if key is None:
            raise Unauthorized("the key is unknown")
        if _CHANNEL not in key.endorsements:
            raise Unauthorized("the key is not endorsed for Teams")
        return key

    def _facts(self, claims: Mapping[str, object]) -> tuple[tuple[bool, str], ...]:
        now, ends, begins = self._clock(), claims["exp"], claims.get("nbf", 0)
        return (
            (claims["iss"] == _ISSUER, "the issuer is another"),
            (claims["aud"] in (self._app_id, [self._app_id]), "the token is for another app"),
            (_is_time(ends) and ends > now - _LEEWAY_S, "the token has ended, or its end is no time"),
            (_is_time(begins) and begins <= now + _LEEWAY_S, "the token begins later, or its beginning is no time"),
        )


async def fetched(session: aiohttp.ClientSession, url: str) -> bytes:
    """Return what a GET of `url` answers.

    Raises `KeysUnavailable` for any status but 200 (redirects are not followed), over 1 MB, after 5 s, and without a connection.
    """
    patience = aiohttp.ClientTimeout(total=_PATIENCE_S)
    try:
        async with session.get(url, allow_redirects=False, timeout=patience) as response:
            return await _body(response)
    except (aiohttp.ClientError, OSError) as error:
        raise KeysUnavailable(f"{url} cannot be fetched ({type(error).__name__}).") from error


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if response.status != HTTPStatus.OK:
        raise KeysUnavailable(f"{response.url} answers {response.status}.")
    body = await whole(response, _LARGEST_ANSWER)
    if body is None:
        raise KeysUnavailable(f"{response.url} answers more than 1 MB.")
    return body


def _object(body: bytes) -> dict[str, object]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise KeysUnavailable("What should be JSON is not.") from error
    if not isinstance(read, dict):
        raise KeysUnavailable("What should be a JSON object is another value.")
    return read


def _is_trusted(where: object, openid_url: str) -> TypeGuard[str]:
    """Whether keys from `where` are the metadata's: over https, or from the very server that sent the metadata."""
    try:
        return isinstance(where, str) and (urlsplit(where).scheme == "https" or _origin(where) == _origin(openid_url))
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _usable(entries: object) -> dict[str, Key]:
    pairs = (_key(entry) for entry in entries) if isinstance(entries, list) else ()
    return dict(pair for pair in pairs if pair)


def _key(entry: object) -> tuple[str, Key] | None:
    if not isinstance(entry, dict) or not isinstance(kid := entry.get("kid"), str):
        return None
    try:
        public = jwt.PyJWK(entry, _ALGORITHM).key
    except _MALFORMED:
        return None
    endorsed = entry.get("endorsements")
    channels = frozenset(channel for channel in endorsed if isinstance(channel, str)) if isinstance(endorsed, list) else frozenset()
    return (kid, Key(public, channels)) if isinstance(public, RSAPublicKey) else None


def _bearer(header: str | None) -> str:
    found = _HEADER.fullmatch(header) if isinstance(header, str) and len(header) <= _LONGEST_HEADER else None
    if found is None:
        raise Unauthorized("there is no bearer token")
    return found[1]


def _kid(token: str) -> str:
    with _strictly("the token is malformed"):
        header = jwt.get_unverified_header(token)
    if header.get("alg") != _ALGORITHM:
        raise Unauthorized("the algorithm is another")
    if not isinstance(kid := header.get("kid"), str) or not kid:
        raise Unauthorized("no key is named")
    return kid


def _read(token: str, key: Key) -> dict[str, object]:
    with _strictly("the token did not pass"):
        return jwt.decode(token, key.public, algorithms=[_ALGORITHM], options=_OPTIONS)


@contextmanager
def _strictly(reason: str) -> Iterator[None]:
    try:
        yield
    except _MALFORMED as error:
        raise Unauthorized(f"{reason} ({type(error).__name__})") from None  # the error's own message may quote the token


def _comparable(url: str) -> tuple[str, str, str]:
    """One trailing slash and the case of scheme and host make no difference."""
    scheme, _, rest = url.removesuffix("/").partition("://")
    host, _, path = rest.partition("/")
    return scheme.lower(), host.lower(), path


def _is_time(value: object) -> TypeGuard[float]:
    """Whether `value` is a number of seconds since 1970. True is none, nor is NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _YEAR_10000
