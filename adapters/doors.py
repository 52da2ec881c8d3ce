"""The platforms' doors that the settings open, and what they share: one inbox, one way from an event to its outcome."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from adapters.answering import Answering, Door
from adapters.doorway import Doorway

if TYPE_CHECKING:
    from adapters.compose import House

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Starts work that goes on beside the doors until they close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What is open."""

    routes: Sequence[web.RouteDef]
    answering: Answering


@asynccontextmanager
async def open_doors(house: "House", doorway: Doorway, spawn: Spawn) -> AsyncIterator[Doors]:
    """Open every door that is set up, until the end of the block. Raises `UnknownTenant` for a setting that names none."""
    routes: list[web.RouteDef] = []
    doors: dict[str, Door] = {}
    async with AsyncExitStack() as stack:
        if house.settings.slack_signing_secret:
            doors["slack"] = await _slack(house, routes, spawn, stack)
        if house.settings.teams_app_id:
            doors["teams"] = await _teams(house, routes, stack)
        answering = Answering(house.inbox, doors, doorway, house.turns, house.audit)
        yield Doors(routes=routes, answering=answering)


async def _slack(house: "House", routes: list[web.RouteDef], spawn: Spawn, stack: AsyncExitStack) -> Door:
    from adapters.slack.door import SlackDoor  # half a second: only where it is set up
    from adapters.slack.install import Declared
    from adapters.slack.routes import SlackRoutes

    settings = house.settings
    tenant = await house.tenants.by_slug(settings.slack_tenant or "")
    door = SlackDoor(token=settings.slack_bot_token or "", api_url=settings.slack_api_url, url=settings.url or "", people=house.people)
    await door.open()
    stack.push_async_callback(door.close)
    declared = Declared(door.client, house.installs, tenant.id)
    spawn(declared.declare())
    routes += SlackRoutes(settings.slack_signing_secret or "", house.inbox, declared.is_done).routes()
    return door


async def _teams(house: "House", routes: list[web.RouteDef], stack: AsyncExitStack) -> Door:
    from adapters.teams import install, tokens  # half a second: only where it is set up
    from adapters.teams.credentials import Credentials
    from adapters.teams.door import TeamsDoor
    from adapters.teams.hosts import ServiceUrls
    from adapters.teams.routes import TeamsRoutes

    settings = house.settings
    app = settings.teams_app_id or ""
    linked = {entra: (await house.tenants.by_slug(slug)).id for entra, slug in install.links(settings.teams_link).items()}
    await house.installs.declare("teams", linked)
    hosts = ServiceUrls(filter(None, map(str.strip, settings.teams_allowed_service_urls.split(","))))
    credentials = Credentials(app, settings.teams_app_secret or "", settings.teams_app_tenant or "", settings.microsoft_login_url)
    door = TeamsDoor(credentials=credentials, hosts=hosts, url=settings.url or "", people=house.people)
    await door.open()
    stack.push_async_callback(door.close)
    keys = tokens.SigningKeys(settings.teams_openid_url, partial(tokens.fetched, door.session))
    routes += TeamsRoutes(app, tokens.TokenCheck(app, keys), hosts, house.inbox).routes()
    return door
