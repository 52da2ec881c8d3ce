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
from tenancy.viewer import TenantId

if TYPE_CHECKING:
    from adapters.compose import House

SOURCE = "Company files"


@dataclass(slots=True)
class Reading:
    """How far reading the demo company's documents is, told in a line every ten. Fulfils `Progress`, and the playground's `Loading`."""

    say: Callable[[str], None]
    ready: int = 0  # documents that can be asked about
    documents: int = 0  # that there are; 0 until they are counted
    ended: bool = False
    _done: int = 0

    @classmethod
    async def begun(cls, house: "House", tenant: TenantId, say: Callable[[str], None]) -> "Reading":
        """What is to be read, with what an earlier start has read already."""
        return cls(say, ready=sum(source.documents for source in await house.library.sources(tenant) if source.name == SOURCE))

    @property
    def under_way(self) -> bool:
        """Whether there will be more documents to ask about soon."""
        return not self.ended and (self.documents == 0 or self.ready < self.documents)

    def found(self, documents: int) -> None:
        """So many there are."""
        self.documents = documents

    def advanced(self, documents: int, passages: int) -> None:
        """So many more are done: read, if there are passages; else refused, or as they were."""
        before, self._done = self._done, self._done + documents
        self.ready = min(self.documents, self.ready + documents) if passages else self.ready
        if passages and (before // 10 != self._done // 10 or self._done == self.documents):
            self.say(f"  {self._done} of {self.documents} documents can be asked about")


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


async def read_documents(house: "House", found: Tenant, reading: Reading) -> None:
    """Make the company's files and read them in. What has not changed since the last start costs nothing."""
    folder: Path = house.settings.home / "demo"
    try:
        await asyncio.to_thread(build, folder)
        items = items_of([folder], load(demo.READERS, SOURCE).readers_of, SOURCE)
        report = await house.ingestion.run(found.id, SOURCE, items, progress=reading)
        reading.ready = report.standing
    finally:
        reading.ended = True
    for refused in report.refused:
        reading.say(f"  {refused.name} {refused.reason}")
    reading.say(f"{report.standing} documents of {found.name} are ready.")
