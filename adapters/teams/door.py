"""The Teams door, as answering sees it."""

import json
from collections.abc import Mapping

from aiohttp import ClientSession, ClientTimeout

from adapters.answering import Post
from adapters.heard import Asked, Heard, Place
from adapters.inbox import Kept
from adapters.teams.client import TeamsClient
from adapters.teams.credentials import Credentials
from adapters.teams.hosts import ServiceUrls
from adapters.teams.people import TeamsPeople
from adapters.teams.reply import TeamsReply
from adapters.teams.sdk import Listeners
from bot.messages import Ignored, TurnId
from tenancy.users import People
from tenancy.viewer import Audience, TenantId, Viewer

_CALL_S = 15.0  # for one call to the Connector, from end to end


class TeamsDoor:
    """One bot, in every Entra tenant that has it."""

    def __init__(self, *, credentials: Credentials, hosts: ServiceUrls, url: str, people: People) -> None:
        """`hosts`: where the token may go; `url`: the public base URL for footnotes, or empty. To be opened before use."""
        self._credentials = credentials
        self._hosts = hosts
        self._url = url
        self._people = people

    async def open(self) -> None:
        """Make the one HTTP session that all calls share."""
        self.session = ClientSession(timeout=ClientTimeout(total=_CALL_S))
        self.client = TeamsClient(self.session, self._credentials.token, self._hosts)
        self._members = TeamsPeople(self.client)
        self._listeners = Listeners()

    async def close(self) -> None:
        """Close it."""
        await self.session.close()

    async def hear(self, kept: Kept) -> Heard | Ignored:
        """What an event says."""
        payload = json.loads(kept.body)
        assert isinstance(payload, Mapping)  # noqa: S101 - the route took nothing else
        return await self._listeners.hear(payload)

    async def viewer(self, tenant: TenantId, place: Place, person: str) -> Viewer:
        """Who that is, with what they hold."""
        return await self._people.viewer_of(tenant, await self._members.identity(place, person))

    async def audience(self, tenant: TenantId, place: Place) -> Audience:
        """Everybody who reads a place. Of a place whose readers cannot be told, one that may read nothing."""
        return await self._people.audience_of(tenant, await self._members.readers(place) or [])

    async def direct(self, place: Place, person: str) -> Place:
        """The conversation with that person alone."""
        name = await self.client.direct(place.via, place.workspace, person)
        return Place(workspace=place.workspace, channel=name, thread=name, direct=True, via=place.via)

    def reply(self, asked: Asked, turn: TurnId, post: Post) -> TeamsReply:
        """Where the answer is shown."""
        return TeamsReply(self.client, asked, turn, post, self._url)
