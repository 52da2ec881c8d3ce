"""The Slack door, as answering sees it."""

import json
from collections.abc import Mapping

from aiohttp import ClientSession, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient

from adapters.answering import Post
from adapters.heard import Asked, Heard, Place
from adapters.inbox import Kept
from adapters.slack.client import SlackClient
from adapters.slack.people import SlackPeople
from adapters.slack.reply import SlackReply
from adapters.slack.sdk import Listeners
from bot.messages import Ignored, TurnId
from tenancy.users import People
from tenancy.viewer import EVERYONE, Audience, TenantId, Viewer

_CALL_S = 10.0  # for one call to Slack, from end to end
_ANY_COLLEAGUE = frozenset({EVERYONE})  # who holds only what every colleague holds


class SlackDoor:
    """One app in one workspace, whose bot token a setting gave."""

    def __init__(self, *, token: str, api_url: str, url: str, people: People) -> None:
        """`api_url` ends in `/api/`; `url` is the public base URL for footnotes, or empty. To be opened before use."""
        self._token = token
        self._api_url = api_url
        self._url = url
        self._people = people
        self._accounts: dict[str, SlackPeople] = {}

    async def open(self) -> None:
        """Make the one HTTP session that all calls share."""
        self._session = ClientSession(timeout=ClientTimeout(total=_CALL_S))
        web = AsyncWebClient(token=self._token, base_url=self._api_url, session=self._session, retry_handlers=[])
        self.client = SlackClient(web)
        self._listeners = Listeners(web)

    async def close(self) -> None:
        """Close it."""
        await self._session.close()

    async def hear(self, kept: Kept) -> Heard | Ignored:
        """What an event says."""
        payload = json.loads(kept.body)
        assert isinstance(payload, Mapping)  # noqa: S101 - the route took nothing else
        return await self._listeners.hear(payload)

    async def viewer(self, tenant: TenantId, place: Place, person: str) -> Viewer:
        """Who that is, with what they hold."""
        return await self._people.viewer_of(tenant, await self._in(place.workspace).identity(person))

    async def audience(self, tenant: TenantId, place: Place) -> Audience:
        """Everybody who reads a place, or may come and read it. Of a place whose readers cannot be told, one that may read nothing."""
        readers = await self._in(place.workspace).readers(place.channel)
        there = await self._people.audience_of(tenant, readers.people if readers else [])
        return Audience(there.members | {_ANY_COLLEAGUE}) if readers and readers.is_open else there

    async def direct(self, place: Place, person: str) -> Place:
        """The conversation with that person alone."""
        return Place(workspace=place.workspace, channel=await self.client.direct(person), thread="", direct=True)

    def reply(self, asked: Asked, turn: TurnId, post: Post) -> SlackReply:
        """Where the answer is shown."""
        return SlackReply(self.client, asked, turn, post, self._url)

    def _in(self, workspace: str) -> SlackPeople:
        return self._accounts.setdefault(workspace, SlackPeople(self.client, workspace))
