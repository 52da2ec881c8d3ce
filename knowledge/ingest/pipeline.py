"""One ingestion: look at every item, read what changed, embed it in batches, publish, remove what vanished."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from knowledge.chunking import cut, embedding_text
from knowledge.documents import DocumentId
from knowledge.embedding.port import Embedder
from knowledge.errors import Unreadable
from knowledge.index.port import NOTHING, Entry, IndexEngine, TenantIndex
from knowledge.ingest.items import FileItem, Item, TextItem, digest
from knowledge.ingest.ledger import NO_SOURCE, Draft, Known, Ledger, document_id
from knowledge.ingest.report import Progress, Refused, Report, Silent
from knowledge.originals import Originals
from knowledge.parsers.port import Extracted, Parser, refuse_by_size
from knowledge.ranking import searchable_terms
from tenancy.database import Database
from tenancy.viewer import TenantId

_BATCH_PASSAGES = 256  # embedded, indexed and published together: about 10 s on two cores, which is what a kill can cost
_BATCH_DOCUMENTS = 256
_READ_AHEAD = 3  # files being parsed and cut while a batch is embedded


@dataclass(frozen=True, slots=True)
class Ingestion:
    """The parts that documents pass through. Shared by all runs; keeps nothing of any."""

    database: Database
    engine: IndexEngine
    embedder: Embedder
    parser: Parser
    originals: Originals

    async def run(
        self,
        tenant: TenantId,
        source: str,
        items: Sequence[Item],
        *,
        kind: str = "files",
        root: str = "",
        progress: Progress | None = None,
    ) -> Report:
        """Make the source called `source` hold exactly `items`.

        Unchanged documents cost nothing but a look; changed ones swap their passages in one moment; those not among `items` are removed.
        Readers that changed are followed before any file is opened. A run cut off anywhere is finished by the next. Raises
        `KnowledgeError` while another run of the source is under way, and if the source was read from another `root`.
        """
        ledger = await Ledger.of(self.database, tenant, source, kind, root)
        async with ledger.alone():
            run = await _Run.begin(self, tenant, ledger, progress or Silent())
            run.progress.found(len(items))
            await run.follow_readers(items)
            await run.mend()
            await run.publish_all(_batches(run.drafts(items)))
            await run.remove_all_but({item.name for item in items})
            await run.index.tidy()
        return run.report

    async def add(self, tenant: TenantId, source: str, item: Item) -> DocumentId:
        """Bring one document in, beside what its source holds. Raises `Unreadable`."""
        ledger = await Ledger.of(self.database, tenant, source, "uploads")
        async with ledger.alone():
            run = await _Run.begin(self, tenant, ledger, Silent())
            await run.follow_readers([item])
            draft = await run.draft(item)
            if draft:
                await run.publish([draft], await run.entries([draft]))
        return document_id(ledger.source, item.name)

    async def tend(self, tenant: TenantId) -> None:
        """Mend and tidy the tenant's index: what it lost is built again from PostgreSQL, what it should not have is dropped."""
        ledger = Ledger(self.database, tenant, NO_SOURCE)
        async with ledger.alone():
            run = await _Run.begin(self, tenant, ledger, Silent())
            await run.mend()
            await run.index.tidy()


@dataclass(slots=True)
class _Run:
    """What one run knows while it lasts."""

    parts: Ingestion
    tenant: TenantId
    ledger: Ledger
    index: TenantIndex
    known: dict[str, Known]
    progress: Progress
    report: Report

    @classmethod
    async def begin(cls, parts: Ingestion, tenant: TenantId, ledger: Ledger, progress: Progress) -> "_Run":
        index = await parts.engine.open(tenant)
        return cls(parts, tenant, ledger, index, await ledger.known(), progress, Report())

    async def mend(self) -> None:
        """Bring the index in line with PostgreSQL: a run may have been killed, the index lost, the embedding model changed."""
        indexed = await self.index.versions()  # first: whatever is in the index by now is in PostgreSQL by now
        everywhere = await self.ledger.all_documents()
        newest = {known.id: known.version for known in self.known.values()}
        stale = {
            document: newest.get(document, NOTHING)
            for document, version in indexed
            if document not in everywhere or version < newest.get(document, NOTHING)
        }
        await self.index.keep_only(stale)
        lost = sorted(document for document, version in await self.ledger.current() - indexed)
        for start in range(0, len(lost), _BATCH_DOCUMENTS):
            await self.index.put(await self.entries(await self.ledger.published(lost[start : start + _BATCH_DOCUMENTS])))

    async def follow_readers(self, items: Sequence[Item]) -> None:
        """Give known documents the readers that their items have now, whatever else changed or cannot be read.

        First PostgreSQL forgets who may no longer read: from that moment on nobody else is shown anything. Then the index learns the
        new list, and last PostgreSQL does; a run that is killed in between is seen to be unfinished by the next.
        """
        changed = {
            known.id: (known.readers, item.readers)
            for item in items
            if (known := self.known.get(item.name)) and known.readers != item.readers
        }
        await self.ledger.set_readers({document: old & new for document, (old, new) in changed.items()})
        for document, (_, new) in changed.items():
            await self.index.set_readers(document, new)
        await self.ledger.set_readers({document: new for document, (_, new) in changed.items()})

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
        """The item's next version; None if it has not changed. Raises `Unreadable`."""
        known = self.known.get(item.name)
        data = await _bytes(item)
        fingerprint = item.fingerprint if isinstance(item, TextItem) else digest(data)
        if known and known.fingerprint == fingerprint:
            return None
        document = known.id if known else document_id(self.ledger.source, item.name)
        version = known.version + 1 if known else 1
        extracted = await self.extract(item, data)
        if isinstance(item, FileItem):
            await self.parts.originals.put(self.tenant, f"{document}/{version}", data)
        pieces = await asyncio.to_thread(cut, extracted.text, count=self.parts.embedder.count, pages=extracted.pages)
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
        )

    async def extract(self, item: Item, data: bytes) -> Extracted:
        if isinstance(item, TextItem):
            return Extracted(text=item.text, title=item.title, media_type="text/plain")
        return await self.parts.parser.parse(item.name, data)

    async def publish_all(self, batches: AsyncGenerator[list[Draft]]) -> None:
        """Publish batch after batch: while one is embedded, the one before is written and the one after is read and cut."""
        written: asyncio.Task[None] | None = None
        try:
            async with aclosing(_ahead(batches)) as ahead:
                async for batch in ahead:
                    entries = await self.entries(batch)
                    if written:
                        await written
                    written = asyncio.create_task(self.publish(batch, entries))
            if written:
                await written
        finally:
            if written:
                written.cancel()

    async def publish(self, drafts: Sequence[Draft], entries: Sequence[Entry]) -> None:
        """Make a batch what readers find: staged, indexed, published, and only then is the old forgotten."""
        await self.ledger.stage(drafts)
        await self.index.put(entries)
        await self.ledger.publish(drafts)
        replaced = {draft.id: draft.version for draft in drafts if draft.version > 1}
        await self.index.keep_only(replaced)
        for document, version in replaced.items():
            await self.parts.originals.remove(self.tenant, f"{document}/{version - 1}")
        self.report.changed += len(replaced)
        self.report.added += len(drafts) - len(replaced)
        self.report.passages += len(entries)
        self.progress.advanced(len(drafts), len(entries))

    async def entries(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Every passage of the batch as the index wants it."""
        places = [(draft, ordinal) for draft in drafts for ordinal in range(len(draft.pieces))]
        searched = await asyncio.to_thread(_searched, drafts, self.parts.embedder.count)
        vectors = await self.parts.embedder.passages([text for text, _ in searched])
        return [
            Entry(
                passage=draft.passage_id(ordinal),
                document=draft.id,
                version=draft.version,
                terms=words,
                vector=vector,
                readers=draft.readers,
            )
            for (draft, ordinal), (_, words), vector in zip(places, searched, vectors, strict=True)
        ]

    async def remove_all_but(self, names: set[str]) -> None:
        """Remove the source's documents that are not among `names`."""
        gone = [known.id for name, known in self.known.items() if name not in names]
        await self.ledger.remove(gone)
        await self.index.keep_only(dict.fromkeys(gone, NOTHING))
        for document in gone:
            await self.parts.originals.remove(self.tenant, document)
        self.report.removed = len(gone)


def _searched(drafts: Sequence[Draft], count: Callable[[str], int]) -> list[tuple[str, list[str]]]:
    """For each passage the text that is embedded and the terms that words are searched over."""
    return [
        (embedding_text(draft.title, piece.heading, piece.text, count=count), searchable_terms(draft.title, piece.heading, piece.text))
        for draft in drafts
        for piece in draft.pieces
    ]


async def _bytes(item: Item) -> bytes:
    """What the item holds. Raises `Unreadable` for what is too big, or cannot be opened."""
    if isinstance(item, TextItem):
        return item.text.encode()
    refuse_by_size(item.size)
    try:
        return await asyncio.to_thread(item.read)
    except OSError as error:
        raise Unreadable(f"cannot be opened ({error.strerror})", "check that it is there and that you may read it") from error


async def _ahead(batches: AsyncGenerator[list[Draft]]) -> AsyncGenerator[list[Draft]]:
    """`batches`, the next of which is being made while one is used."""
    upcoming = asyncio.create_task(_next(batches))
    try:
        while (batch := await upcoming) is not None:
            upcoming = asyncio.create_task(_next(batches))
            yield batch
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        await batches.aclose()


async def _next(batches: AsyncGenerator[list[Draft]]) -> list[Draft] | None:
    return await anext(batches, None)


async def _batches(drafts: AsyncGenerator[Draft]) -> AsyncGenerator[list[Draft]]:
    """Drafts in groups worth a run of the embedder."""
    batch: list[Draft] = []
    async with aclosing(drafts):
        async for draft in drafts:
            batch.append(draft)
            if sum(len(one.pieces) for one in batch) >= _BATCH_PASSAGES or len(batch) == _BATCH_DOCUMENTS:
                yield batch
                batch = []
    if batch:
        yield batch
