"""`footnote words …`: a tenant's own words, and what they mean."""

import json
import shlex
from typing import Any

import click

from adapters.compose import House, open_house
from adapters.settings import Settings
from knowledge.own_words.glossary import Entry, Glossary
from tenancy.tenants import Tenant

_NONE = (
    "No short forms are known yet. Documents that explain theirs, as in `paid time off (PTO)`, bring them; `footnote words add` adds one."
)


async def list_(settings: Settings, slug: str, *, as_json: bool) -> int:
    """One line for each meaning of a short form: whether questions are read with it, and who says so."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        entries = await Glossary(house.database).entries(tenant.id)
    if as_json:
        click.echo(json.dumps({"words": [_as_json(entry) for entry in entries]}, ensure_ascii=False))
        return 0
    for entry in entries:
        click.echo(f"{entry.meaning.short}\t{entry.meaning.long}\t{_state(entry)}\t{_source(entry)}")
    if unclear := len({entry.meaning.key[0] for entry in entries if entry.is_unclear}):
        left = "1 is" if unclear == 1 else f"{unclear} are"
        click.echo(f"{left} left alone, for documents differ. Add the one that is meant, or switch the other off.", err=True)
    if not entries:
        click.echo(_NONE, err=True)
    return 0


async def add(settings: Settings, slug: str, short: str, long: str) -> int:
    """Say what a short form stands for."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        meaning, replaced = await Glossary(house.database).add(tenant.id, short, long)
        await _audited(house, tenant, "words.added", f"{meaning.short} for {meaning.long}")
    click.echo(f"Questions with {meaning.short} are searched for by {meaning.long} too from now on, and the other way round.")
    if replaced is not None:
        click.echo(f"That replaces {replaced}, which was added for it before.")
    return 0


async def off(settings: Settings, slug: str, short: str, long: str | None) -> int:
    """Leave a short form alone."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        await Glossary(house.database).switch_off(tenant.id, short, long)
        await _audited(house, tenant, "words.off", _named(short, long))
    again = shlex.join(["footnote", "words", "on", "--tenant", slug, short, *([] if long is None else [long])])
    click.echo(f"{_named(short, long)} is off, whatever documents say. To switch it on again: {again}")
    return 0


async def on(settings: Settings, slug: str, short: str, long: str | None) -> int:
    """Use a short form again."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        changed = await Glossary(house.database).switch_on(tenant.id, short, long)
        if changed:
            await _audited(house, tenant, "words.on", _named(short, long))
    others = "" if long is None else f" What else {short} may stand for is as it was."
    click.echo(f"{_named(short, long)} is on again.{others}" if changed else f"{_named(short, long)} was on already.")
    return 0


async def remove(settings: Settings, slug: str, short: str, long: str | None) -> int:
    """Forget what the admin said."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        await Glossary(house.database).remove(tenant.id, short, long)
        await _audited(house, tenant, "words.removed", _named(short, long))
    click.echo(f"Removed what was said of {_named(short, long)}. What documents say of it holds.")
    return 0


async def _audited(house: House, tenant: Tenant, action: str, named: str) -> None:
    await house.audit.append(tenant.id, "operator", action, named)


def _named(short: str, long: str | None) -> str:
    return short if long is None else f"{short} for {long}"


def _state(entry: Entry) -> str:
    left = "unclear" if entry.is_unclear else "common" if entry.is_common else "on"
    return "off" if entry.is_off else left


def _source(entry: Entry) -> str:
    """Who says so."""
    others = entry.meaning.documents - 1
    more = f" and {others} more" if others > 0 else ""
    by_admin = ["added here"] if entry.meaning.said else []
    return ", ".join([*by_admin, *([f"{entry.title}{more}"] if entry.title is not None else [])])


def _as_json(entry: Entry) -> dict[str, Any]:
    meaning = entry.meaning
    return {
        "short": meaning.short,
        "long": meaning.long,
        "state": _state(entry),
        "added": meaning.said,
        "documents": meaning.documents,
        "document": entry.title,
    }
