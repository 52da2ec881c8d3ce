"""The calls to the Bot Connector: one protocol, plain dictionaries, so that another SDK would be another file and nothing else.

A call that reads, updates or removes is tried again by itself: doing it twice is doing it once. One that posts is not, unless the
Connector has said that it did nothing.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession

from adapters.answering import MayHaveHappened, Undeliverable
from adapters.retrying import NothingDone, once, surely
from adapters.teams.hosts import ServiceUrls

_PAGE: Final = 200
_BUSY: Final = frozenset({412, 429})
_FAILED: Final = frozenset({500, 502, 503, 504})
_LARGEST: Final = 4_000_000  # bytes of what the Connector answers

Activity = Mapping[str, Any]
Token = Callable[[], Awaitable[str]]
"""Gives the bearer token that the Connector knows us by."""


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
        return str(posted.get("id", ""))

    async def update(self, via: str, conversation: str, name: str, activity: Activity) -> None:
        """Put an activity in the place of one that was posted."""
        await self._surely("PUT", via, f"v3/conversations/{_part(conversation)}/activities/{_part(name)}", {**activity, "id": name})

    async def remove(self, via: str, conversation: str, name: str) -> None:
        """Take a posted activity away."""
        await self._surely("DELETE", via, f"v3/conversations/{_part(conversation)}/activities/{_part(name)}")

    async def member(self, via: str, conversation: str, person: str) -> Mapping[str, Any]:
        """What is known of somebody in a conversation."""
        return await self._surely("GET", via, f"v3/conversations/{_part(conversation)}/members/{_part(person)}")

    async def members(self, via: str, conversation: str, most: int) -> list[Mapping[str, Any]]:
        """Everybody in a conversation; a few more than `most` at most."""
        found: list[Mapping[str, Any]] = []
        page, following = f"v3/conversations/{_part(conversation)}/pagedmembers?pageSize={_PAGE}", ""
        while True:
            answered = await self._surely("GET", via, page + following)
            found += [member for member in answered.get("members") or [] if isinstance(member, Mapping)]
            token = answered.get("continuationToken")
            if not token or len(found) > most:
                return found
            following = f"&continuationToken={_part(str(token))}"

    async def direct(self, via: str, workspace: str, person: str) -> str:
        """The conversation with that person alone. Making it twice is making it once."""
        wanted = {"isGroup": False, "members": [{"id": person}], "tenantId": workspace, "channelData": {"tenant": {"id": workspace}}}
        return str((await self._surely("POST", via, "v3/conversations", wanted)).get("id", ""))

    async def _surely(self, verb: str, via: str, path: str, body: Activity | None = None) -> Mapping[str, Any]:
        """A call that may be made any number of times."""
        return await surely(partial(self._call, verb, via, path, body))

    async def _call(self, verb: str, via: str, path: str, body: Activity | None) -> Mapping[str, Any]:
        """One try of a call."""
        if not self._hosts.allows(via):
            raise Undeliverable("The conversation names a service URL that is not Microsoft's; nothing was sent there.")
        url, headers = f"{via.rstrip('/')}/{path}", {"Authorization": f"Bearer {await self._token()}"}
        try:
            async with self._session.request(verb, url, json=body, headers=headers, allow_redirects=False) as response:
                return await _answer(verb, response)
        except ClientConnectorError as error:  # not even a connection
            raise NothingDone(f"the Connector cannot be reached: {type(error).__name__}") from error
        except (ClientError, TimeoutError) as error:
            raise MayHaveHappened(f"{verb}: {type(error).__name__}") from error


async def _answer(verb: str, response: ClientResponse) -> Mapping[str, Any]:
    if response.status in _BUSY:
        raise NothingDone("the Connector asks to wait", response.headers.get("Retry-After", "0"))
    body = await response.content.read(_LARGEST)
    if response.ok:
        return _read(body)
    if response.status in _FAILED:
        raise MayHaveHappened(f"{verb}: {response.status}")
    error = _read(body).get("error")
    code = error.get("code") if isinstance(error, Mapping) else None
    raise Undeliverable(f"Teams refuses: {response.status} {code or ''}.{_REMEDIES.get(response.status, '')}")


_REMEDIES: Final = {
    401: " Check TEAMS_APP_ID, TEAMS_APP_SECRET and TEAMS_APP_TENANT.",
    403: " The app was removed there, or may not post: add it again.",
    404: " The conversation is gone, or the app was removed from it.",
}


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(name: str) -> str:
    return quote(name, safe="")
