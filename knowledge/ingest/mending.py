"""What an index should hold, held against what it holds; and bringing it in line. Whatever is wrong with it, PostgreSQL is right."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from knowledge.documents import DocumentId, Readers
from knowledge.index.places import Opened
from knowledge.index.port import NOTHING, Entry, Held, TenantIndex
from knowledge.ingest.batches import MOST_DOCUMENTS
from knowledge.ingest.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Difference:
    """What keeps an index from being what PostgreSQL says."""

    stale: Mapping[DocumentId, int]  # documents of which too much is there, and the version that stays
    lost: Sequence[DocumentId]  # documents whose current version is not there, or not whole
    readers: Mapping[DocumentId, Readers]  # documents that others may read than the index believes

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.stale or self.lost or self.readers)

    def __str__(self) -> str:
        """For whoever asked for a comparison."""
        return f"{len(self.lost)} missing, {len(self.stale)} outdated, {len(self.readers)} with other readers"


def difference(wanted: Counter[Held], known: Collection[DocumentId], held: Counter[Held], *, exact: bool) -> Difference:
    """Compare. `wanted`: passages of current versions; `known`: every document, also those with nothing published yet.

    Not `exact`: others may be writing, so a version newer than the current one is about to be published, and stays.
    """
    current = {one.document: one for one in wanted}
    stale = {one.document: _stays(current, one.document) for one in held if _is_stale(one, current, known, exact=exact)}
    whole: defaultdict[DocumentId, int] = defaultdict(int)
    readers: dict[DocumentId, Readers] = {}
    for one, passages in held.items():
        of = current.get(one.document)
        if of and of.version == one.version:
            whole[one.document] += passages
            if of.readers != one.readers:
                readers[one.document] = of.readers
    lost = sorted(document for document, one in current.items() if whole[document] != wanted[one])
    stale |= {document: NOTHING for document in lost if whole[document] > wanted[current[document]]}
    return Difference(stale=stale, lost=lost, readers={one: to for one, to in readers.items() if one not in set(lost)})


def _is_stale(one: Held, current: Mapping[DocumentId, Held], known: Collection[DocumentId], *, exact: bool) -> bool:
    stays = _stays(current, one.document)
    return one.version < stays or one.document not in known or (exact and one.version != stays)


def _stays(current: Mapping[DocumentId, Held], document: DocumentId) -> int:
    return current[document].version if document in current else NOTHING


Writing = Callable[[], AbstractAsyncContextManager[Opened]]
"""Opens what is mended, while nobody switches it for another."""
Entries = Callable[[str, Sequence[DocumentId]], Awaitable[list[Entry]]]
"""Makes the entries of documents' current versions, with vectors of the model of that name."""


async def compare(ledger: Ledger, index: TenantIndex, *, exact: bool) -> Difference:
    """What keeps `index` from being what `ledger` says; `exact` only while nobody writes."""
    held = await index.holdings()  # first: whatever is in the index by now is in PostgreSQL by now
    return difference(await ledger.current(), await ledger.all_documents(), held, exact=exact)


async def mend(writing: Writing, found: Difference, entries: Entries) -> None:
    """Undo a difference, a batch at a time."""
    async with writing() as to:
        await to.index.keep_only(found.stale)
        for document, readers in found.readers.items():
            await to.index.set_readers(document, readers)
    for start in range(0, len(found.lost), MOST_DOCUMENTS):
        async with writing() as to:
            await to.index.put(await entries(to.place.model, found.lost[start : start + MOST_DOCUMENTS]))
