"""The HTTP application of a running house: health, metrics, and the doors that are open."""

import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from adapters import compose, demo_tenant, local_model
from adapters.demo import company as demo_people
from adapters.doors import Doors, Spawn, door_states, open_doors
from adapters.doorway import Doorway
from adapters.health import Looked, states
from adapters.settings import BadSetting
from adapters.web import closed
from adapters.web.demo import demo_company
from adapters.web.house import Loading, Playground
from adapters.web.places import Company, Member
from adapters.web.routes import routes
from knowledge.parsers.port import LARGEST_FILE
from tenancy.tenants import Tenant

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from adapters.compose import House

_LARGEST_BODY = LARGEST_FILE + 1_000_000  # bytes: a dropped file, and the form around it
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was made before there was an application."""

    registry: "CollectorRegistry"
    doorway: Doorway
    doors: Doors


@asynccontextmanager
async def opened(house: "House", spawn: Spawn) -> AsyncIterator[Opened]:
    """Open what the doors and the workers share, until the end of the block."""
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    doorway = Doorway(house.conversation, house.pace, registry)
    async with open_doors(house, doorway, spawn) as doors:
        yield Opened(registry=registry, doorway=doorway, doors=doors)


async def application(house: "House", opened: Opened, host: str, port: int, *, role: str, demo: bool, spawn: Spawn) -> web.Application:
    """The routes of `house`. Raises `BadSetting` if the playground cannot be what was asked for."""
    doorway = opened.doorway
    app = web.Application(client_max_size=_LARGEST_BODY)
    app.add_routes(_health(house, opened.registry))
    if role != "worker":
        app.add_routes(opened.doors.routes)
    found = await demo_tenant.tenant(house) if demo else None
    reading = await demo_tenant.Reading.begun(house, found.id, _say) if found and role != "web" else None
    plays = role != "worker" and _playground_is_open(house, host, demo=demo)
    if plays:
        door = await _playground(house, doorway, found, host, reading)
        app.add_routes(routes(door))
        _say(f"Footnote is open at http://{_shown(host)}:{port}")
    else:
        app.add_routes(closed.routes(_hosts(house, host)) if role != "worker" else [])
        _say(f"Footnote serves its health at http://{_shown(host)}:{port}/healthz; the playground is closed.")
    if role != "worker":
        _say(f"Doors open: {', '.join(map(str.title, opened.doors.platforms)) or 'none; `footnote doctor` says what opens them'}.")
    if found and reading:
        spawn(demo_tenant.read_documents(house, found, reading))
    if role != "web":
        spawn(house.tidy_all())
    if plays or role != "web":
        spawn(_warm_up(house))
    else:  # nothing is answered here, only taken
        compose.settle()
    return app


def _health(house: "House", registry: "CollectorRegistry") -> list[web.RouteDef]:
    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    parts = Looked(partial(states, house), fresh_s=1.0, patience_s=3.0)
    doors = Looked(partial(door_states, house), fresh_s=60.0, patience_s=0.5)  # each look asks the platforms

    async def ready(_request: web.Request) -> web.Response:
        needed = await parts.states()
        found = [*needed, *await doors.states()]
        able = bool(needed) and all(state.ok or not state.needed for state in found)
        # What is wrong in words is for `footnote doctor`: anybody may ask here.
        report = {"ready": able, "checks": {state.name: {"ok": state.ok, "needed": state.needed} for state in found}}
        return web.json_response(report, status=200 if able else 503)

    async def metrics(_request: web.Request) -> web.Response:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]


def _playground_is_open(house: "House", host: str, *, demo: bool) -> bool:
    if house.settings.playground is not None:
        return house.settings.playground == "on"
    return demo and _is_loopback(host)


async def _playground(house: "House", doorway: Doorway, found: Tenant | None, host: str, loading: Loading | None) -> Playground:
    tenant = found or await _only_tenant(house)
    return Playground(
        tenant=tenant.id,
        company=demo_company(demo_people.load()) if found else await _company(house, tenant),
        conversation=doorway,
        people=house.people,
        library=house.library,
        uploads=house.uploads,
        clock=lambda: datetime.now(UTC),
        hosts=_hosts(house, host),
        loading=loading,
    )


def _hosts(house: "House", host: str) -> frozenset[str]:
    """The names under which the pages answer."""
    return _LOOPBACK | {host} | ({urlsplit(house.settings.url).hostname or ""} if house.settings.url else set())


async def _only_tenant(house: "House") -> Tenant:
    found = await house.tenants.list()
    if len(found) != 1:
        message = f"FOOTNOTE_PLAYGROUND=on needs --demo, or exactly one tenant; there are {len(found)}."
        raise BadSetting(message)
    return found[0]


async def _company(house: "House", tenant: Tenant) -> Company:
    people = await house.people.list(tenant.id)
    members = tuple(Member(email=one.email, name=one.name, groups=tuple(group.name for group in one.groups)) for one in people)
    return Company(name=tenant.name, members=members)


async def _warm_up(house: "House") -> None:
    """Load what the first question would otherwise wait for: model, engine, LlamaIndex. In a thread; the doors are open."""
    started = time.perf_counter()
    if not house.settings.model_url and (hint := await local_model.noticed()):
        _say(hint)
    await house.warm()
    _log.info("warm after %.1f s", time.perf_counter() - started)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # another name: whom it reaches is not ours to guess
        return False


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _say(line: str) -> None:
    """To whoever started the server in a terminal; logs go to stderr."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
