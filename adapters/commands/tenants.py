"""`footnote tenants …`."""

import click

from adapters.compose import open_house
from adapters.settings import Settings


async def create(settings: Settings, slug: str, name: str) -> int:
    """Make a tenant."""
    async with open_house(settings) as house:
        tenant = await house.tenants.create(slug, name)
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
    """A tenant, its people and its sources."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        people = await house.people.list(tenant.id)
        sources = await house.library.sources(tenant.id)
    click.echo(f"{tenant.name} ({tenant.slug}), since {tenant.created_at:%d %b %Y}, id {tenant.id}")
    for source in sources:
        click.echo(f"source\t{source.name}\t{source.documents} documents")
    for person in people:
        click.echo(f"person\t{person.email}\t{person.name}\t{', '.join(group.name for group in person.groups) or 'no groups'}")
    return 0


async def delete(settings: Settings, slug: str) -> int:
    """Take a tenant away."""
    async with open_house(settings) as house:
        tenant = await house.remove(slug)
    click.echo(f"Deleted {tenant.name}: its documents, index, conversations and key are gone.")
    return 0
