"""The platforms' doors that the settings open, and what they share: one inbox, one way from an event to its outcome."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from adapters.answering import Answering, Door
from adapters.doorway import Doorway
from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.health import State
from adapters.settings import BadSetting
from tenancy.errors import TenancyError
from tenancy.viewer import TenantId

if TYPE_CHECKING:
    from adapters.compose import House
    from adapters.slack.door import SlackDoor
    from adapters.teams.credentials import Credentials
    from adapters.teams.hosts import ServiceUrls

_SLACK_CLOSED = "closed; SLACK_SIGNING_SECRET, SLACK_BOT_TOKEN and SLACK_TENANT open it"
_TEAMS_CLOSED = "closed; TEAMS_APP_ID, TEAMS_APP_SECRET and TEAMS_APP_TENANT open it"
_NO_LINKS = "; footnotes have no links until FOOTNOTE_URL is set"

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Starts work that goes on beside the doors until they close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What is open."""

    platforms: Sequence[str]
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
        if house.settings.teams_app_secret:
            doors["teams"] = await _teams(house, routes, stack)
        answering = Answering(house.inbox, doors, doorway, house.turns, house.audit)
        yield Doors(platforms=tuple(doors), routes=routes, answering=answering)


async def door_states(house: "House") -> list[State]:
    """Each door: closed, which is no fault, or open with whom; asked of the platform just now."""
    return [
        await _state("slack", _SLACK_CLOSED, "SLACK_API_URL", _slack_says(house)),
        await _state("teams", _TEAMS_CLOSED, "MICROSOFT_LOGIN_URL", _teams_says(house)),
    ]


async def _state(name: str, closed: str, at: str, asking: Awaitable[str | None]) -> State:
    try:
        said = await asking
    except (NotNow, MayHaveHappened) as error:
        return State(name=name, ok=False, needed=False, detail=f"{error}. Check that this machine can reach {at}.")
    except (Undeliverable, TenancyError, BadSetting) as error:
        return State(name=name, ok=False, needed=False, detail=str(error))
    return State(name=name, ok=True, needed=False, detail=said or closed)


def _links(house: "House") -> str:
    return "" if house.settings.url else _NO_LINKS


async def _slack_says(house: "House") -> str | None:
    if not house.settings.slack_signing_secret:
        return None
    async with AsyncExitStack() as stack:
        door = await _slack_door(house, stack)
        tenant = await house.tenants.by_slug(house.settings.slack_tenant or "")
        workspace = str((await door.client.identity())["team_id"])
        linked = await house.installs.find("slack", workspace)
        if linked and linked.id != tenant.id:
            raise BadSetting(
                f"workspace {workspace} is linked to {linked.slug}, not to {tenant.slug}. Unlink it there first, "
                "or start `footnote serve` again if SLACK_TENANT has just been changed."
            )
        return f"workspace {workspace} belongs to {tenant.slug}{_links(house)}"


async def _teams_says(house: "House") -> str | None:
    if not house.settings.teams_app_secret:
        return None
    _hosts(house)
    credentials, linked = _credentials(house), await _linked(house)
    await credentials.token()
    tenants = f"{len(linked)} Entra tenant{'' if len(linked) == 1 else 's'}"
    return f"app {house.settings.teams_app_id}; {tenants} linked by TEAMS_LINK{_links(house)}"


async def _slack(house: "House", routes: list[web.RouteDef], spawn: Spawn, stack: AsyncExitStack) -> Door:
    from adapters.slack.install import Declared  # half a second: only where it is set up
    from adapters.slack.routes import SlackRoutes

    tenant = await house.tenants.by_slug(house.settings.slack_tenant or "")
    door = await _slack_door(house, stack)
    declared = Declared(door.client, house.installs, tenant.id)
    spawn(declared.declare())
    routes += SlackRoutes(house.settings.slack_signing_secret or "", house.inbox, declared.is_done).routes()
    return door


async def _slack_door(house: "House", stack: AsyncExitStack) -> "SlackDoor":
    from adapters.slack.door import SlackDoor

    settings = house.settings
    door = SlackDoor(token=settings.slack_bot_token or "", api_url=settings.slack_api_url, url=settings.url or "", people=house.people)
    await door.open()
    stack.push_async_callback(door.close)
    return door


async def _teams(house: "House", routes: list[web.RouteDef], stack: AsyncExitStack) -> Door:
    from adapters.teams import tokens  # half a second: only where it is set up
    from adapters.teams.door import TeamsDoor
    from adapters.teams.routes import TeamsRoutes

    settings = house.settings
    hosts = _hosts(house)
    await house.installs.declare("teams", await _linked(house))
    door = TeamsDoor(credentials=_credentials(house), hosts=hosts, url=settings.url or "", people=house.people)
    await door.open()
    stack.push_async_callback(door.close)
    keys = tokens.SigningKeys(settings.teams_openid_url, partial(tokens.fetched, door.session))
    app = settings.teams_app_id or ""
    routes += TeamsRoutes(app, tokens.TokenCheck(app, keys), hosts, house.inbox).routes()
    return door


def _hosts(house: "House") -> "ServiceUrls":
    from adapters.teams.hosts import ServiceUrls

    try:
        return ServiceUrls(filter(None, map(str.strip, house.settings.teams_allowed_service_urls.split(","))))
    except ValueError as error:
        raise BadSetting(f"TEAMS_ALLOWED_SERVICE_URLS: {error}") from error


def _credentials(house: "House") -> "Credentials":
    from adapters.teams.credentials import Credentials

    settings = house.settings
    return Credentials(
        settings.teams_app_id or "", settings.teams_app_secret or "", settings.teams_app_tenant or "", settings.microsoft_login_url
    )


async def _linked(house: "House") -> dict[str, TenantId]:
    """The tenants of TEAMS_LINK. Raises `UnknownTenant` for a slug that is none, and `BadSetting`."""
    from adapters.teams.install import links

    return {entra: (await house.tenants.by_slug(slug)).id for entra, slug in links(house.settings.teams_link).items()}
