"""`footnote tenants …`."""

import sys
from collections.abc import Iterable

import click

from adapters.compose import open_house
from adapters.settings import Settings
from knowledge.errors import IndexUnavailable
from tenancy.audit import Entry
from tenancy.quotas import Allowance
from tenancy.users import Person

_AUDIT_LINES = 10


async def create(settings: Settings, slug: str, name: str) -> int:
    """Make a tenant."""
    async with open_house(settings) as house:
        tenant = await house.add(slug, name)
    click.echo(f"Created {tenant.name}. Bring documents in with: footnote ingest FOLDER --tenant {tenant.slug}")
    return 0


async def list_(settings: Settings) -> int:
    """One line a tenant."""
    async with open_house(settings) as house:
        tenants = await house.tenants.list()
    for tenant in tenants:
        click.echo(f"{tenant.slug}\t{tenant.name}\tsince {tenant.created_at:%d %b %Y}")
    if not tenants:
        click.echo("There are no tenants yet. Make one with: footnote tenants create SLUG --name NAME", err=True)
    return 0


async def show(settings: Settings, slug: str) -> int:
    """A tenant, what it asked this month of what it may, its sources, its people, and what was done last, newest first."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        people = await house.people.list(tenant.id)
        sources = await house.library.sources(tenant.id)
        allowance = Allowance(house.database)
        used, limit = await allowance.used(tenant.id), await allowance.limit(tenant.id)
        entries = await house.audit.recent(tenant.id, _AUDIT_LINES)
    click.echo(f"{tenant.name} ({tenant.slug}), since {tenant.created_at:%d %b %Y}, id {tenant.id}")
    click.echo(f"questions\t{used:,} of {limit:,} this month")
    for source in sources:
        click.echo(f"source\t{source.name}\t{source.documents} documents")
    for person in people:
        click.echo(f"person\t{person.email}\t{person.name}\t{', '.join(group.name for group in person.groups) or 'no groups'}")
    for entry in entries:
        click.echo(_audit_line(entry, people))
    return 0


def _audit_line(entry: Entry, people: Iterable[Person]) -> str:
    """When, who, what and to what."""
    who = next((person.email for person in people if person.id == entry.actor), entry.actor)
    return f"audit\t{entry.at:%d %b %Y, %H:%M} UTC\t{who}\t{entry.action}\t{entry.subject}"


async def allow(settings: Settings, slug: str, questions: int) -> int:
    """Set how many questions a tenant may ask in a month; those asked this month count."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        allowance = Allowance(house.database)
        await allowance.set_limit(tenant.id, questions)
        await house.audit.append(tenant.id, "operator", "allowance.set", tenant.id, {"questions": questions})
        used = await allowance.used(tenant.id)
    click.echo(f"{tenant.name} may ask {questions:,} question{'' if questions == 1 else 's'} a month; so far this month: {used:,}.")
    return 0


async def delete(settings: Settings, slug: str) -> int:
    """Take a tenant away, for ever; somebody at a terminal is asked once more."""
    if sys.stdin.isatty():
        click.confirm(f"Delete {slug} with its documents, index, conversations and key, for ever?", abort=True)
    async with open_house(settings) as house:
        try:
            await house.remove(slug)
        except IndexUnavailable:  # all else is gone by then, the key too
            click.echo(f"Deleted {slug}. Its index cannot be reached just now: `footnote serve` removes it as soon as it can be.")
        else:
            click.echo(f"Deleted {slug}: its documents, index, conversations and key are gone.")
    return 0
