"""`footnote index …`."""

from collections.abc import Sequence
from pathlib import Path

import click

from adapters.commands.ingest import Bar
from adapters.compose import House, open_house
from adapters.engines import WEAVIATE
from adapters.settings import BadSetting, Settings
from knowledge.errors import KnowledgeError
from knowledge.index.places import Place
from knowledge.index.weaviate.access import Role
from tenancy.tenants import Tenant
from tenancy.viewer import TenantId

_KEYS = {Role.APPLICATION: "WEAVIATE_API_KEY", Role.OPERATIONS: "WEAVIATE_OPERATIONS_KEY"}
"""Which setting takes whose key. The operations' comes last: it may be what the others are made with."""


async def list_(settings: Settings, slug: str | None) -> int:
    """One line an index."""
    async with open_house(settings) as house:
        for tenant in await _tenants(house, slug):
            for place, state in (await house.places.all(tenant.id)).items():
                click.echo(f"{tenant.slug}\t{_named(place)}\t{state}")
    return 0


async def move(settings: Settings, slug: str | None, engine: str) -> int:
    """Move one tenant's index, or everybody's. 1 if any could not be moved."""
    if engine == WEAVIATE and not settings.weaviate_url:
        raise BadSetting("Set WEAVIATE_URL to where it is moved to, and WEAVIATE_GRPC and WEAVIATE_API_KEY where they are needed.")
    async with open_house(settings) as house:
        to = house.engines.preferred._replace(engine=engine)
        await house.engines.at(to).check()
        failed = [tenant.slug for tenant in await _tenants(house, slug) if not await _moved(house, tenant, to)]
    if failed:
        click.echo(f"Not moved: {', '.join(failed)}. Their old indexes serve on. Move again to go on where it stopped.", err=True)
    return 1 if failed else 0


async def verify(settings: Settings, slug: str | None) -> int:
    """Hold indexes against PostgreSQL and mend what is wrong. 1 if anything was."""
    wrong = False
    async with open_house(settings) as house:
        for tenant in await _tenants(house, slug):
            found = await house.ingestion.mend(tenant.id)
            place = await house.places.serving(tenant.id)
            click.echo(f"{tenant.slug}\t{_named(place)}\t{f'{found}; mended' if found else 'as it should be'}")
            wrong |= bool(found)
    return 1 if wrong else 0


async def forget(settings: Settings, slug: str | None) -> int:
    """Drop the indexes that served before a move."""
    async with open_house(settings) as house:
        for tenant in await _tenants(house, slug):
            for place in await house.moving.forget(tenant.id, house.engines.has):
                done = "dropped" if house.engines.has(place) else f"forgotten; its tenant {tenant.id} may still be there"
                click.echo(f"{tenant.slug}\t{_named(place)}\t{done}")
                await house.audit.append(tenant.id, "operator", "index.dropped", _named(place), {})
    return 0


async def backup(settings: Settings, slug: str, file: Path) -> int:
    """Write one tenant's vectors to a file."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        with Bar(slug) as bar:
            written = await house.backup.write(tenant.id, file, bar)
        await house.audit.append(tenant.id, "operator", "index.backed_up", file.name, {"passages": written})
    click.echo(f"{written:,} passages are in {file}. It tells of the documents: keep it as you keep them.")
    return 0


async def restore(settings: Settings, slug: str, file: Path) -> int:
    """Put what one tenant's index lacks back from a file."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        with Bar(slug) as bar:
            documents = await house.backup.restore(tenant.id, file, bar)
        await house.audit.append(tenant.id, "operator", "index.restored", file.name, {"documents": documents})
    click.echo(f"{documents:,} documents were put back." if documents else "Nothing was missing.")
    return 0


async def keys(settings: Settings, *, rotate: bool) -> int:
    """Make the roles in Weaviate and a user of each, and print new keys as lines for an environment."""
    async with open_house(settings) as house:
        access = await house.engines.access()
        await access.set_roles(tenant_keys=settings.weaviate_tenant_keys == "on")
        click.echo(f"The roles {' and '.join(_KEYS)} have the rights that they need.", err=True)
        for role, setting in _KEYS.items():
            key = await access.new_key(role, rotate=rotate)
            if key:
                click.echo(f"{setting}={key}")
            else:
                click.echo(f"{role.user} is there already and keeps its key; --rotate gives it another.", err=True)
    return 0


async def map_(settings: Settings, slug: str | None, *, learn: bool, switch: bool | None) -> int:
    """Switch and learn query maps, if that is wanted; then one line a tenant about its own."""
    async with open_house(settings) as house:
        for tenant in await _tenants(house, slug):
            if switch is not None:
                await house.maps.switch(tenant.id, on=switch)
                await house.audit.append(tenant.id, "operator", "query_map.switched", "on" if switch else "off", {})
            why = await house.map_learning.learn(tenant.id, anew=True) if learn else ""
            click.echo(f"{tenant.slug}\t{await query_map(house, tenant.id, why)}")
    return 0


_WHEN_LEARNED = {
    True: "switched on, so one is learned by night, or now with --learn",
    False: "switched off",
    None: "one is learned by night where the model gives passages only a vector, elsewhere once it is switched on with --on",
}


async def query_map(house: House, tenant: TenantId, why: str = "") -> str:
    """The tenant's query map in a sentence, and whether it is used; `why` none can be learned, if that is known."""
    known = await house.maps.version(tenant, (await house.places.serving(tenant)).model)
    is_on = await house.maps.is_on(tenant)
    switched = "; switched off" if is_on is False else ""
    if known is None:
        return f"no map: {why or _WHEN_LEARNED[is_on]}{switched if why else ''}"
    figures = f"names held out find their passages at a mean reciprocal rank of {known.before:.3f} without and {known.after:.3f} with it"
    if not known.helps:
        use = "not used: no help"
    elif not known.is_open:
        use = "not used: a document that it was learned from is not open to everybody any more"
    else:
        use = "helps"
    return f"map {known.number} of {known.learned_at:%Y-%m-%d}, {known.names:,} names: {figures}; {use}{switched}"


async def _moved(house: House, tenant: Tenant, to: Place) -> bool:
    with Bar(tenant.slug) as bar:
        try:
            moved = await house.moving.move(tenant.id, to, bar)
        except KnowledgeError as error:
            click.echo(f"{tenant.slug}\t{error}", err=True)
            return False
    if moved.left == to:
        click.echo(f"{tenant.slug}\t{_named(to)}\tis there already")
        return True
    await house.audit.append(tenant.id, "operator", "index.moved", _named(to), {"from": _named(moved.left), "passages": moved.passages})
    compared = "nothing to compare with" if moved.alike is None else f"{moved.alike:.0%} alike by words"
    click.echo(
        f"{tenant.slug}\t{_named(moved.left)} -> {_named(to)}\t{moved.passages:,} passages, {compared}, "
        f"{moved.took_s:.1f} s, writing waited {moved.waited_s:.1f} s"
    )
    return True


async def _tenants(house: House, slug: str | None) -> Sequence[Tenant]:
    return [await house.tenants.by_slug(slug)] if slug else await house.tenants.list()


def _named(place: Place) -> str:
    return f"{place.engine}, {place.model}"
