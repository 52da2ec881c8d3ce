"""`footnote doctor`: what is configured, reachable and migrated; what is wrong and how to mend it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import click
from sqlalchemy.exc import DBAPIError

from adapters import local_model
from adapters.commands import FAILURES
from adapters.compose import House, open_house
from adapters.doors import door_states
from adapters.health import State, database_refusal, states
from adapters.settings import Settings
from knowledge.index.places import State as PlaceState

_NAMED = 5  # tenants


async def doctor(settings: Settings, *, as_json: bool) -> int:
    """Look at everything. 1 if anything is wrong."""
    found = [*await _inside(settings), *_ignored(settings)]
    hint = None if settings.model_url else await local_model.noticed()
    if as_json:
        click.echo(json.dumps({"ok": all(state.ok for state in found), "checks": [asdict(state) for state in found], "hint": hint}))
    else:
        for state in found:
            click.echo(f"{'ok   ' if state.ok else 'WRONG'} {state.name:12} {state.detail}")
        if hint:
            click.echo(hint)
    return 0 if all(state.ok for state in found) else 1


async def _inside(settings: Settings) -> list[State]:
    """The checks of a running house; the one thing that keeps it from starting, if it does not start."""
    home = State(name="home", ok=True, needed=True, detail=str(settings.home.resolve()))
    try:
        async with open_house(settings) as house:
            return [home, *await states(house), await _indexes(house), *await door_states(house)]
    except (*FAILURES, DBAPIError) as error:
        detail = database_refusal(error) or (" ".join(str(error).split()) if isinstance(error, FAILURES) else None)
        if detail is None:
            raise
        return [home, State(name="start", ok=False, needed=True, detail=detail)]


async def _indexes(house: House) -> State:
    """Where everybody's index is; whose is in an engine that is not set up here, and whose vectors are of another model."""
    serving = {
        tenant.slug: place
        for tenant in await house.tenants.list()
        for place, state in (await house.places.all(tenant.id)).items()
        if state is PlaceState.SERVING
    }
    gone = [slug for slug, place in serving.items() if not house.engines.has(place)]
    other = [slug for slug, place in serving.items() if slug not in gone and place[1:] != house.engines.preferred[1:]]
    counted = Counter(place.engine for place in serving.values())
    said = [f"{', '.join(f'{count} in {engine}' for engine, count in sorted(counted.items())) or 'none yet'}."]
    if gone:
        said.append(f"Not set up here: that of {_some(gone)}. Set WEAVIATE_URL again, or leave it with `footnote index move --to lancedb`.")
    if other:
        said.append(f"Made with another embedding model: that of {_some(other)}. `footnote index move` builds it anew.")
    return State(name="indexes", ok=not gone and not other, needed=False, detail=" ".join(said))


def _some(slugs: Sequence[str]) -> str:
    """A few of them by name."""
    rest = len(slugs) - _NAMED
    return ", ".join(slugs[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _ignored(settings: Settings) -> list[State]:
    """Settings that somebody set and this version does not obey: better said than silently passed over."""
    detail = "is set, but this version does not use it yet; unset it."
    return [State(name=name, ok=False, needed=False, detail=detail) for name in settings.ignored]
