"""The calls to the Bot Connector: one protocol, plain dictionaries, so that another SDK would be another file and nothing else.

A call that reads, updates or removes is tried again by itself: doing it twice is doing it once. One that posts is not, unless the
Connector has said that it did nothing.
"""

import json
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import quote

from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession

from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.retrying import NothingDone, once, surely
from adapters.teams.hosts import ServiceUrls
from adapters.teams.wire import whole, written

_PAGE: Final = 200
_MOST_PAGES: Final = 100  # of a roster, however few are on one
_DONE: Final = range(200, 300)
_BUSY: Final = frozenset({412, 429})
_FAILED: Final = frozenset({500, 502, 503, 504})
_LARGEST: Final = 4_000_000  # bytes of what the Connector answers

Activity = Mapping[str, Any]


class Token(Protocol):
    """Gives the bearer token that the Connector knows us by."""

    async def __call__(self, refused: str = "") -> str:
        """The token; a new one if the last is what the Connector `refused`."""


class _Unknown(Undeliverable):
    """The Connector does not know us by the token that it was shown; it did nothing."""


class TeamsClient:
    """The Connector, wherever a conversation says that it is."""

    def __init__(self, session: ClientSession, token: Token, hosts: ServiceUrls) -> None:
        """`hosts`: where the token may go."""
        self._session = session
        self._token = token
        self._hosts = hosts

    async def post(self, via: str, conversation: str, activity: Activity) -> str:
        """Post an activity; returns its id. Raises `MayHaveHappened` where nobody can know."""
        posted = await once(partial(self._call, "POST", via, f"v3/conversations/{_part(conversation)}/activities", activity))
        return _id(posted, "POST")

    async def update(self, via: str, conversation: str, name: str, activity: Activity) -> None:
        """Put an activity in the place of one that was posted."""
        await self._surely("PUT", via, f"v3/conversations/{_part(conversation)}/activities/{_part(name)}", {**activity, "id": name})

    async def remove(self, via: str, conversation: str, name: str) -> None:
        """Take a posted activity away."""
        await self._surely("DELETE", via, f"v3/conversations/{_part(conversation)}/activities/{_part(name)}")

    async def member(self, via: str, conversation: str, person: str) -> Mapping[str, Any]:
        """What is known of somebody in a conversation. Never nothing."""
        found = await self._surely("GET", via, f"v3/conversations/{_part(conversation)}/members/{_part(person)}")
        if not found:
            raise NotNow("Teams says nothing of who asks")
        return found

    async def members(self, via: str, conversation: str, most: int) -> list[Mapping[str, Any]]:
        """Everybody in a conversation; a few more than `most` at most.

        What is shown there depends on it, so a roster that may lack somebody is none: raises `NotNow` unless every page is one and the
        last is reached.
        """
        found: list[Mapping[str, Any]] = []
        tokens = [""]
        page = f"v3/conversations/{_part(conversation)}/pagedmembers?pageSize={_PAGE}"
        while len(found) <= most:
            following = f"&continuationToken={_part(tokens[-1])}" if tokens[-1] else ""
            members, token = _roster(await self._surely("GET", via, page + following))
            found += members
            if not token:
                break
            if token in tokens or len(tokens) == _MOST_PAGES:
                raise NotNow("Teams' list of who reads a conversation has no end")
            tokens.append(token)
        return found

    async def direct(self, via: str, workspace: str, person: str) -> str:
        """The conversation with that person alone. Making it twice is making it once."""
        wanted = {"isGroup": False, "members": [{"id": person}], "tenantId": workspace, "channelData": {"tenant": {"id": workspace}}}
        return _id(await self._surely("POST", via, "v3/conversations", wanted), "POST")

    async def _surely(self, verb: str, via: str, path: str, body: Activity | None = None) -> Mapping[str, Any]:
        """A call that may be made any number of times."""
        return await surely(partial(self._call, verb, via, path, body))

    async def _call(self, verb: str, via: str, path: str, body: Activity | None) -> Mapping[str, Any]:
        """One try of a call; a token that is not taken any more, before its time, costs one more."""
        if not self._hosts.allows(via):
            raise Undeliverable("The conversation names a service URL that is not Microsoft's; nothing was sent there.")
        url, token = f"{via.rstrip('/')}/{path}", await self._token()
        try:
            return await self._sent(verb, url, body, token)
        except _Unknown:
            return await self._sent(verb, url, body, await self._token(token))

    async def _sent(self, verb: str, url: str, body: Activity | None, token: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} | ({} if body is None else {"Content-Type": "application/json"})
        data = None if body is None else written(body)
        try:
            async with self._session.request(verb, url, data=data, headers=headers, allow_redirects=False) as response:
                return await _answer(verb, response)
        except ClientConnectorError as error:  # not even a connection
            raise NothingDone(f"the Connector cannot be reached: {type(error).__name__}") from error
        except (ClientError, TimeoutError) as error:
            raise MayHaveHappened(f"{verb}: {type(error).__name__}") from error


async def _answer(verb: str, response: ClientResponse) -> Mapping[str, Any]:
    if response.status in _BUSY:
        raise NothingDone("the Connector asks to wait", response.headers.get("Retry-After", "0"))
    if response.status in _FAILED:
        raise MayHaveHappened(f"{verb}: {response.status}")
    said = _read(await whole(response, _LARGEST))
    if response.status in _DONE:
        if said is None:
            raise MayHaveHappened(f"{verb}: {response.status} with an answer that cannot be read")
        return said
    error = (said or {}).get("error")
    code = error.get("code") if isinstance(error, Mapping) else None
    refusal = _Unknown if response.status == HTTPStatus.UNAUTHORIZED else Undeliverable
    raise refusal(f"Teams refuses: {response.status} {code or ''}.{_REMEDIES.get(response.status, '')}")


_REMEDIES: Final = {
    401: " Check TEAMS_APP_ID, TEAMS_APP_SECRET and TEAMS_APP_TENANT.",
    403: " The app was removed there, or may not post: add it again.",
    404: " The conversation is gone, or the app was removed from it.",
}


def _read(body: bytes | None) -> Mapping[str, Any] | None:
    """The JSON object of a whole body, which may also be empty; None of anything else."""
    if body is None:
        return None
    try:
        found = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _id(made: Mapping[str, Any], verb: str) -> str:
    """The name of what was made. Without one nobody can say whether it was, nor put anything in its place."""
    name = made.get("id")
    if not isinstance(name, str) or not name:
        raise MayHaveHappened(f"{verb}: no id")
    return name


def _roster(page: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], str]:
    """The members of one page, and what the next is asked for by: empty after the last."""
    members, token = page.get("members"), page.get("continuationToken")
    if not isinstance(members, list) or not all(isinstance(one, Mapping) for one in members) or not isinstance(token, str | None):
        raise NotNow("Teams' list of who reads a conversation cannot be understood")
    return members, token or ""


def _part(name: str) -> str:
    return quote(name, safe="")
