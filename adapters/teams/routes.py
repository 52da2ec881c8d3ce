"""Teams' address: check the token, read the activity, keep it, and only then say that we have it. No logic."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters import bodies
from adapters.heard import lane
from adapters.inbox import Event, Inbox, Key
from adapters.teams import events
from adapters.teams.hosts import ServiceUrls
from adapters.teams.tokens import KeysUnavailable, TokenCheck, Unauthorized
from bot.messages import Ignored
from tenancy.errors import StoreUnavailable

_log = logging.getLogger(__name__)


class TeamsRoutes:
    """The door's front: it needs the app's id, Microsoft's keys and the inbox."""

    def __init__(self, app: str, check: TokenCheck, hosts: ServiceUrls, inbox: Inbox) -> None:
        """`hosts`: where an answer may be posted; an activity from elsewhere is refused."""
        self._app = app
        self._check = check
        self._hosts = hosts
        self._inbox = inbox

    def routes(self) -> list[web.RouteDef]:
        """Every route of the door."""
        return [web.post("/api/messages", self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """Keep an activity."""
        activity = await self._checked(request)
        heard = events.heard(activity)
        if isinstance(heard, Ignored):
            return _taken(activity)
        name = f"{heard.place.thread}/{activity['id']}"
        event = Event(
            key=Key("teams", self._app, name),
            workspace=heard.place.workspace,
            thread=lane("teams", heard, name),
            body=json.dumps(activity).encode(),
        )
        try:
            await self._inbox.take(event, strangers=True)  # who is linked to nobody is told so
        except StoreUnavailable:
            return bodies.again()
        return _taken(activity)

    async def _checked(self, request: web.Request) -> Mapping[str, Any]:
        """The activity, if Teams sent it to us just now."""
        header = request.headers.get("Authorization")
        try:
            signed = await self._check.signed(header)  # before anything is read
            activity = bodies.json_object(await bodies.read(request))
            claims = signed.fits(activity)
        except Unauthorized as error:
            _log.info("an activity was refused: %s", error)
            raise web.HTTPUnauthorized(text="This is not signed by the Bot Framework for this app.") from error
        except KeysUnavailable as error:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from error
        if not self._hosts.allows(claims.service_url):
            _log.warning("an activity names a service URL that is not Microsoft's; set TEAMS_ALLOWED_SERVICE_URLS for a test peer")
            raise web.HTTPForbidden(text="Its service URL is not one that answers may go to.")
        return activity


def _taken(activity: Mapping[str, Any]) -> web.Response:
    """We have it. An invoke is answered with a body, or Teams says that something went wrong."""
    return web.json_response({}) if activity.get("type") == "invoke" else web.Response()
