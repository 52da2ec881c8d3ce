"""The demo company as a tenant: its people at once, its documents while the doors are open already."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.demo import company as demo
from adapters.demo.build import build
from knowledge.ingest.items import items_of
from knowledge.ingest.readers import load
from tenancy.errors import UnknownTenant
from tenancy.tenants import Tenant

if TYPE_CHECKING:
    from adapters.compose import House

SOURCE = "Company files"


@dataclass(slots=True)
class Said:
    """Tells how far reading the demo company's documents is, a line every ten."""

    say: Callable[[str], None]
    documents: int = 0
    done: int = 0

    def found(self, documents: int) -> None:
        """So many there are."""
        self.documents = documents

    def advanced(self, documents: int, passages: int) -> None:
        """So many are done."""
        before, self.done = self.done, self.done + documents
        if passages and (before // 10 != self.done // 10 or self.done == self.documents):
            self.say(f"  {self.done} of {self.documents} documents can be asked about")


async def tenant(house: "House") -> Tenant:
    """The demo company's tenant with its people and groups, made if it is not there."""
    company = demo.load()
    try:
        found = await house.tenants.by_slug(company.slug)
    except UnknownTenant:
        found = await house.add(company.slug, company.name)
    names = {person.email: person.name for person in company.people}
    groups = {person.email: person.groups for person in company.people}
    await house.people.upsert(found.id, SOURCE, groups, names=names)
    return found


async def read_documents(house: "House", found: Tenant, say: Callable[[str], None]) -> None:
    """Make the company's files and read them in. What has not changed since the last start costs nothing."""
    folder: Path = house.settings.home / "demo"
    await asyncio.to_thread(build, folder)
    items = items_of([folder], load(demo.READERS, SOURCE).readers_of, SOURCE)
    report = await house.ingestion.run(found.id, SOURCE, items, progress=Said(say))
    for refused in report.refused:
        say(f"  {refused.name} {refused.reason}")
    say(f"{report.standing} documents of {found.name} are ready.")
