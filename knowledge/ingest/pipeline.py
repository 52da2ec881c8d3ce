"""One ingestion: look at every item, read what changed, embed it in batches, publish, remove what vanished."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

from knowledge.chunking import cut
from knowledge.documents import DocumentId, Readers
from knowledge.embedding.known import Embedders
from knowledge.errors import EmbedderUnavailable, Unreadable
from knowledge.index.places import Opened, Places
from knowledge.index.port import NOTHING, Entry
from knowledge.ingest.acceptance import place_of, refuse_losing, refuse_opening
from knowledge.ingest.batches import MOST_DOCUMENTS, batches, made_ahead
from knowledge.ingest.entries import Made, made_of
from knowledge.ingest.items import FileItem, Found, Item, TextItem, Unseen, digest, unopened
from knowledge.ingest.ledger import NO_SOURCE, UNFINISHED, Draft, Known, Ledger, document_id
from knowledge.ingest.mending import Difference, compare, mend
from knowledge.ingest.report import Progress, Refused, Report, Silent
from knowledge.originals import Originals
from knowledge.own_words.acronyms import definitions
from knowledge.parsers.port import Extracted, Parser, refuse_by_size
from knowledge.standing import standing_of, valid_from_of
from tenancy.database import Database
from tenancy.viewer import TenantId

_LOOKED_AT = 3  # documents whose vectors tell for all
_READ_AHEAD = 3  # files being parsed and cut while a batch is embedded


@dataclass(frozen=True, slots=True)
class Ingestion:
    """The parts that documents pass through. Shared by all runs; keeps nothing of any."""

    database: Database
    places: Places
    embedders: Embedders
    parser: Parser
    originals: Originals

    async def run(
        self,
        tenant: TenantId,
        source: str,
        found: Sequence[Found],
        *,
        kind: str = "files",
        root: str = "",
        progress: Progress | None = None,
        accepted: Callable[[], Awaitable[None]] | None = None,
    ) -> Report:
        """Make the source called `source` hold exactly the items among `found`, and keep what is known from the places not seen.

        Unchanged documents cost nothing but a look; changed ones swap their passages in one moment; those not among `found` are removed.
        Who may no longer read is out before any file is opened; who may from now on is in once the file was read. A run cut off anywhere
        is finished by the next.

        Raises `KnowledgeError` and changes nothing while another run of the source is under way, if the source was read from another
        `root`, if a root with all its documents is out of sight, and if restricted documents would be open because nobody said anything.
        What has to change together with the run changes in `accepted`: awaited once none of that is the case, before anything else.
        """
        items = [one for one in found if not isinstance(one, Unseen)]
        ledger = await Ledger.of(self.database, tenant, source, kind, root)
        async with ledger.alone():
            run = await _Run.begin(self, tenant, ledger, progress or Silent(), found)
            refuse_losing(source, run.known, run.unseen)
            refuse_opening(source, run.known, items, run.unseen)
            if accepted:
                await accepted()
            run.progress.found(len(items))
            await run.narrow_readers(items)
            await run.mend_if_short()
            await run.publish_all(batches(run.drafts(items)))
            await run.remove_all_but({item.name for item in items})
            await ledger.define()
            await run.tidy()
        return run.report

    async def add(self, tenant: TenantId, source: str, item: Item) -> DocumentId:
        """Bring one document in, beside what its source holds. Raises `Unreadable`."""
        ledger = await Ledger.of(self.database, tenant, source, "uploads")
        async with ledger.alone():
            run = await _Run.begin(self, tenant, ledger, Silent())
            await run.narrow_readers([item])
            draft = await run.draft(item)
            if draft:
                await run.publish([draft], await run.embedded([draft]))
        return document_id(ledger.source, item.name)

    async def tidy(self, tenant: TenantId) -> None:
        """Fold recent writes of the tenant's index in; mend it if it does not hold as much as it should, or terms of an older analyser.

        Documents that nobody has looked at for short forms are.
        """
        async with self._whole(tenant) as run:
            await run.mend_if_short()
            await run.ledger.define()
            await run.analyse()
            await run.tidy()

    async def mend(self, tenant: TenantId) -> Difference:
        """Compare the tenant's index with PostgreSQL, document by document: what it lost is built again, what it should not have dropped.

        What is kept to rank passages by is made for documents that have none yet. Returns what was wrong with the index.
        """
        async with self._whole(tenant) as run:
            found = await run.mend()
            await run.complete()
            await run.ledger.define()
            await run.analyse()
            await run.tidy()
        return found

    @asynccontextmanager
    async def _whole(self, tenant: TenantId) -> AsyncIterator["_Run"]:
        """A run of no source, for looking after a tenant's documents as a whole."""
        ledger = Ledger(self.database, tenant, NO_SOURCE)
        async with ledger.alone():
            yield await _Run.begin(self, tenant, ledger, Silent())


@dataclass(slots=True)
class _Run:
    """What one run knows while it lasts."""

    parts: Ingestion
    tenant: TenantId
    ledger: Ledger
    model: str  # of the index that serves, when it was last looked at
    known: dict[str, Known]
    progress: Progress
    unseen: Mapping[str, Unseen]  # by place
    report: Report = field(default_factory=Report)

    @classmethod
    async def begin(cls, parts: Ingestion, tenant: TenantId, ledger: Ledger, progress: Progress, found: Sequence[Found] = ()) -> "_Run":
        place = await parts.places.serving(tenant)
        unseen = {one.place: one for one in found if isinstance(one, Unseen)}
        run = cls(parts, tenant, ledger, place.model, await ledger.known(), progress, unseen)
        run.report.refused += [Refused(place.name, place.why.reason, place.why.remedy) for place in unseen.values()]
        return run

    def writing(self) -> AbstractAsyncContextManager[Opened]:
        return self.parts.places.writing(self.tenant)

    async def mend_if_short(self) -> None:
        """Mend the index if it does not hold as much as it should: a run may have been killed, the index lost."""
        async with self.writing() as to:
            held = await to.index.count()
        if held != (await self.ledger.current()).total():
            await self.mend()

    async def mend(self) -> Difference:
        """Bring the index in line with PostgreSQL. Returns what was wrong with it."""
        async with self.writing() as to:
            fits = await self.fits(to)
        if not fits:
            async with self.parts.places.alone(self.tenant):
                await self.parts.places.remake(self.tenant)
        async with self.writing() as to:
            found = await compare(self.ledger, to.index, exact=False)
        await mend(self.writing, found, self.entries_again)
        return found

    async def complete(self) -> None:
        """Make what ranking goes by for documents of a time before it was kept. Where their model is away, they do without for now."""
        lacking = await self.ledger.not_kept(self.model)
        try:
            for start in range(0, len(lacking), MOST_DOCUMENTS):
                await self.entries_again(self.model, lacking[start : start + MOST_DOCUMENTS])
        except EmbedderUnavailable:
            return

    async def analyse(self) -> None:
        """Write the terms of the whole index anew, with the vectors it has, if they are of an older analyser. Later if the model is away.

        A run that is cut off, or whose index is left for another, begins again the next time; until then some passages are found by the
        old terms, some by the new. What others changed between our reading and our writing is put right before it counts as done.
        """
        place = await self.parts.places.serving(self.tenant)
        if await self.parts.places.is_analysed(self.tenant, place):
            return
        everything = sorted({one.document for one in await self.ledger.current()})
        try:
            for start in range(0, len(everything), MOST_DOCUMENTS):
                async with self.writing() as to:
                    if to.place != place:
                        return
                    drafts = await self.ledger.published(everything[start : start + MOST_DOCUMENTS])
                    known = await to.index.vectors([passage for draft in drafts for passage in draft.passage_ids])
                    made = await made_of(drafts, self.parts.embedders.of(to.place.model), known)
                    await to.index.put(made.entries)
            await self.mend()
        except EmbedderUnavailable:
            return
        await self.parts.places.analysed(self.tenant, place)

    async def fits(self, to: Opened) -> bool:
        """Whether its vectors are as long as the model makes them; an index takes none of another length beside those it has."""
        documents = [one.document for one in await self.ledger.current()][:_LOOKED_AT]
        drafts = await self.ledger.published(documents)
        found = await to.index.vectors([passage for draft in drafts for passage in draft.passage_ids[:1]])
        return all(len(vector) == to.place.dimension for vector in found.values())

    async def entries_again(self, model: str, documents: Sequence[DocumentId]) -> list[Entry]:
        made = await self.embedded(await self.ledger.published(documents), model)
        await self.ledger.keep(made.model, made.kept)
        return made.entries

    async def tidy(self) -> None:
        async with self.writing() as to:
            await to.index.tidy()

    async def narrow_readers(self, items: Sequence[Item]) -> None:
        """Shut out who may no longer read a known document, whatever else changed or cannot be read.

        Nobody is let in yet: what the new readers may see is the new content, and that was not read so far.
        """
        wanted = {name: place.readers_of(name) for name in self.known if (place := place_of(name, self.unseen))}
        wanted |= {item.name: item.readers for item in items}
        narrowed = [
            (name, known, known.readers & wanted[name])
            for name, known in self.known.items()
            if name in wanted and not known.readers <= wanted[name]
        ]
        await self.follow_readers([(known, both) for _, known, both in narrowed])
        self.known |= {name: replace(known, readers=both) for name, known, both in narrowed}

    async def follow_readers(self, changes: Sequence[tuple[Known, Readers]]) -> None:
        """Give known documents these readers.

        First PostgreSQL forgets who may no longer read: from that moment on nobody else is shown anything. Then the index learns the
        new list, and last PostgreSQL does; a run that is killed in between is seen to be unfinished by the next.
        """
        await self.ledger.set_readers({known.id: (known.readers & new) | {UNFINISHED} for known, new in changes})
        if changes:
            async with self.writing() as to:
                for known, new in changes:
                    await to.index.set_readers(known.id, new)
                await self.ledger.set_readers({known.id: new for known, new in changes})

    async def drafts(self, items: Sequence[Item]) -> AsyncGenerator[Draft]:
        """The items that are new or changed, read and cut, a few ahead of whoever takes them, in their order."""
        ahead: list[asyncio.Task[Draft | None]] = []
        try:
            for item in items:
                ahead.append(asyncio.create_task(self.draft_or_refuse(item)))
                if len(ahead) > _READ_AHEAD and (draft := await ahead.pop(0)):
                    yield draft
            while ahead:
                if draft := await ahead.pop(0):
                    yield draft
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)  # they may be writing who may read

    async def draft_or_refuse(self, item: Item) -> Draft | None:
        """The item's draft; None, with a line in the report, where there is nothing to publish."""
        try:
            draft = await self.draft(item)
        except Unreadable as error:
            self.report.refused.append(Refused(item.name, error.reason, error.remedy))
            self.progress.advanced(1, 0)
            return None
        if draft is None:
            self.report.unchanged += 1
            self.progress.advanced(1, 0)
        return draft

    async def draft(self, item: Item) -> Draft | None:
        """The item's next version; None if it has not changed, but perhaps who may read it. Raises `Unreadable`."""
        known = self.known.get(item.name)
        data = await _bytes(item)
        fingerprint = item.fingerprint if isinstance(item, TextItem) else digest(data)
        if known and known.fingerprint == fingerprint:
            if known.readers != item.readers:
                await self.follow_readers([(known, item.readers)])
            return None
        document = known.id if known else document_id(self.ledger.source, item.name)
        version = known.version + 1 if known else 1
        extracted = await self.extract(item, data)
        if isinstance(item, FileItem):
            await self.parts.originals.put(self.tenant, f"{document}/{version}", data)
        pieces = await asyncio.to_thread(cut, extracted.text, count=self.parts.embedders.preferred.count, pages=extracted.pages)
        return Draft(
            id=document,
            name=item.name,
            version=version,
            fingerprint=fingerprint,
            readers=item.readers,
            title=extracted.title,
            url=item.url if isinstance(item, TextItem) else None,
            media_type=extracted.media_type,
            size=len(data),
            modified_at=extracted.modified_at or (item.modified_at if isinstance(item, FileItem) else None),
            text=extracted.text,
            pages=extracted.pages,
            pieces=pieces,
            standing=extracted.standing or standing_of(extracted.title, item.name, extracted.text),
            valid_from=extracted.valid_from or valid_from_of(extracted.text),
            defined=await asyncio.to_thread(definitions, extracted.text),
        )

    async def extract(self, item: Item, data: bytes) -> Extracted:
        if isinstance(item, TextItem):
            return Extracted(text=item.text, title=item.title, media_type="text/plain")
        return await self.parts.parser.parse(item.name, data)

    async def publish_all(self, drafted: AsyncGenerator[list[Draft]]) -> None:
        """Publish batch after batch: while one is embedded, the one before is written and the one after is read and cut."""
        written: asyncio.Task[None] | None = None
        try:
            async with aclosing(made_ahead(drafted)) as upcoming:
                async for batch in upcoming:
                    made = await self.embedded(batch)
                    if written:
                        await written
                    written = asyncio.create_task(self.publish(batch, made))
            if written:
                await written
        finally:
            if written:
                written.cancel()

    async def publish(self, drafts: Sequence[Draft], made: Made) -> None:
        """Make a batch what its readers find: staged, indexed, published, and only then is the old forgotten."""
        await self.ledger.stage(drafts)
        replaced = {draft.id: draft.version for draft in drafts if draft.version > 1}
        async with self.writing() as to:
            if made.model != to.place.model:  # the index of another model has taken over meanwhile
                self.model = to.place.model
                made = await self.embedded(drafts)
            await to.index.put(made.entries)
            await self.ledger.keep(made.model, made.kept)
            await self.ledger.publish(drafts)
            await to.index.keep_only(replaced)
        for document, version in replaced.items():
            await self.parts.originals.remove(self.tenant, f"{document}/{version - 1}")
        self.report.changed += len(replaced)
        self.report.added += len(drafts) - len(replaced)
        self.report.passages += len(made.entries)
        self.progress.advanced(len(drafts), len(made.entries))

    async def embedded(self, drafts: Sequence[Draft], model: str = "") -> Made:
        """Every passage of the batch as the index wants it, that of `model` or the one that serves."""
        embedder = self.parts.embedders.of(model or self.model)
        return await made_of(drafts, embedder)

    async def remove_all_but(self, names: set[str]) -> None:
        """Remove the source's documents that are not among `names`, but for those that may be where nobody could look."""
        gone = [known.id for name, known in self.known.items() if name not in names and not place_of(name, self.unseen)]
        await self.ledger.remove(gone)
        async with self.writing() as to:
            await to.index.keep_only(dict.fromkeys(gone, NOTHING))
        for document in gone:
            await self.parts.originals.remove(self.tenant, document)
        self.report.removed = len(gone)


async def _bytes(item: Item) -> bytes:
    """What the item holds. Raises `Unreadable` for what is too big, or cannot be opened."""
    if isinstance(item, TextItem):
        return item.text.encode()
    refuse_by_size(item.size)
    try:
        return await asyncio.to_thread(item.read)
    except OSError as error:
        raise unopened(error) from error
