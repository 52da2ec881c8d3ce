"""`footnote doctor`: what is configured, reachable and migrated; what is wrong and how to mend it."""

import json
from dataclasses import asdict

import click
from sqlalchemy.exc import DBAPIError

from adapters import local_model
from adapters.commands import FAILURES
from adapters.compose import open_house
from adapters.doors import door_states
from adapters.health import State, database_refusal, states
from adapters.settings import Settings


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
            return [home, *await states(house), *await door_states(house)]
    except (*FAILURES, DBAPIError) as error:
        detail = database_refusal(error) or (" ".join(str(error).split()) if isinstance(error, FAILURES) else None)
        if detail is None:
            raise
        return [home, State(name="start", ok=False, needed=True, detail=detail)]


def _ignored(settings: Settings) -> list[State]:
    """Settings that somebody set and this version does not obey: better said than silently passed over."""
    detail = "is set, but this version does not use it yet; unset it."
    return [State(name=name, ok=False, needed=False, detail=detail) for name in settings.ignored]
