"""Building a tenant's index anew, by another engine or embedding model, beside the one that serves; and switching to it.

    build     what PostgreSQL says is not there is put there, batch by batch, until nothing is missing; others go on writing
    compare   while nobody writes, what changed last is caught up with, and everything is counted; a sample of documents must be found
              in both, and by words in much the same order, unless the terms of one are of an older analyser
    switch    one row is changed

Questions are answered from the old index until that row is changed, and from the new one after it. The old one is kept until somebody
says that it may go. A move that is cut off anywhere is taken up where it was by the next.
"""

import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from knowledge.documents import DocumentId, PassageId
from knowledge.embedding.port import Vector
from knowledge.errors import IndexUnavailable, KnowledgeError
from knowledge.index.places import Opened, Place, Places
from knowledge.index.port import Entry, Proposal
from knowledge.ingest.entries import made_of
from knowledge.ingest.ledger import Draft, Ledger
from knowledge.ingest.mending import compare, mend
from knowledge.ingest.pipeline import Ingestion
from knowledge.ingest.report import Progress, Silent
from knowledge.ranking import searchable_terms
from tenancy.viewer import TenantId

_THE_MOVE: Final = "the index is moved"  # in the place of a source: what only one process may do for a tenant
_LAPS: Final = 5  # rounds of catching up beside others who write; the last round is made alone
_SAMPLE: Final = 30  # documents
_TOP: Final = 10
_ALIKE: Final = 0.8  # of the first ten by words, on average; engines round BM25 in ways of their own
_FOUND: Final = 0.9  # of the sample, by their own vectors


class NotAsGood(KnowledgeError):
    """The new index does not find what the old one finds, so it was not switched to; the message says how far they are apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move came to."""

    left: Place
    to: Place
    passages: int
    alike: float | None  # share of the first ten by words that both find, on average over the sample; None: they cannot be compared
    waited_s: float  # how long those who write were held up
    took_s: float


@dataclass(frozen=True, slots=True)
class Moving:
    """Moves tenants, one at a time each."""

    ingestion: Ingestion

    async def move(self, tenant: TenantId, to: Place, progress: Progress | None = None) -> Moved:
        """Let the index at `to` serve. Raises `NotAsGood`, and `KnowledgeError` while another move of the tenant is under way."""
        started = time.monotonic()
        places, ledger = self.ingestion.places, Ledger(self.ingestion.database, tenant, _THE_MOVE)
        async with ledger.alone():
            left = await places.serving(tenant)
            if left == to:
                return Moved(left=left, to=to, passages=(await ledger.current()).total(), alike=1, waited_s=0, took_s=0)
            old, new = await _reached(places, tenant), Opened(to, await places.begin(tenant, to))
            move = _Move(self.ingestion, tenant, ledger, old, new, progress or Silent())
            await move.build()
            async with places.alone(tenant):
                alone = time.monotonic()
                await move.finish()
                alike, passages = await move.compared(), await new.index.count()
                await places.switch(tenant)
            ended = time.monotonic()
        return Moved(left=left, to=to, passages=passages, alike=alike, waited_s=ended - alone, took_s=ended - started)

    async def forget(self, tenant: TenantId, is_set_up: Callable[[Place], bool]) -> list[Place]:
        """Drop what does not serve any more, as `Places.forget`. Raises `KnowledgeError` while a move of the tenant is under way."""
        async with Ledger(self.ingestion.database, tenant, _THE_MOVE).alone():
            return await self.ingestion.places.forget(tenant, is_set_up)


@dataclass(frozen=True, slots=True)
class _Move:
    parts: Ingestion
    tenant: TenantId
    ledger: Ledger
    old: Opened | None  # None: it cannot be reached, and is left for good
    new: Opened
    progress: Progress

    async def build(self) -> None:
        """Put in what is missing, until a round finds nothing, or only what others have written meanwhile."""
        for lap in range(_LAPS):
            found = await compare(self.ledger, self.new.index, exact=False)
            if not found:
                return
            if lap == 0:
                self.progress.found(len(found.lost))
            await mend(self.writing, found, self.entries)

    async def finish(self) -> None:
        """Make both the same, while nobody writes."""
        await mend(self.writing, await compare(self.ledger, self.new.index, exact=True), self.entries)
        if left := await compare(self.ledger, self.new.index, exact=True):
            raise NotAsGood(f"The new index could not be brought in line: {left}. The old one serves on. Try again; see `footnote doctor`.")

    async def compared(self) -> float | None:
        """How alike both find; 1 if there is nothing to find, None if that cannot be told. Raises `NotAsGood`."""
        drafts = await self._sample()
        if not drafts:
            return 1.0
        other = await self._comparable()
        alike = fmean([await self._overlap(other, draft) for draft in drafts]) if other else None
        vectors = await self.new.index.vectors([draft.passage_id(0) for draft in drafts])
        found = fmean([await self._finds(draft, vectors) for draft in drafts])
        if (alike is not None and alike < _ALIKE) or found < _FOUND:
            by_words = "" if alike is None else f"{alike:.0%} of what the old one finds by words, and "
            raise NotAsGood(
                f"The new index finds {by_words}{found:.0%} of a sample by meaning, so the old one serves on. Look at it with "
                "`footnote index verify`, or move again."
            )
        return alike

    async def entries(self, model: str, documents: Sequence[DocumentId]) -> list[Entry]:
        """With the vectors of the old index, if they are of the same model, and as long as it makes them."""
        drafts = await self.ledger.published(documents)
        known: dict[PassageId, Vector] = {}
        if self.old and model == self.old.place.model:
            found = await self.old.index.vectors([passage for draft in drafts for passage in draft.passage_ids])
            known = {passage: vector for passage, vector in found.items() if len(vector) == self.new.place.dimension}
        made = await made_of(drafts, self.parts.embedders.of(model), known)
        await self.ledger.keep(model, made.kept)
        self.progress.advanced(len(drafts), len(made.entries))
        return made.entries

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Opened]:
        """Nobody else writes to what is being built."""
        yield self.new

    async def _sample(self) -> list[Draft]:
        everything = sorted({one.document for one in await self.ledger.current()})
        chosen = random.sample(everything, min(_SAMPLE, len(everything)))
        return [draft for draft in await self.ledger.published(chosen) if draft.pieces and draft.readers]

    async def _comparable(self) -> Opened | None:
        """The old index, if today's terms find in both: what is of an older analyser is written anew by the next tidying."""
        if self.old is None:
            return None
        today = [await self.parts.places.is_analysed(self.tenant, one.place) for one in (self.old, self.new)]
        return self.old if all(today) else None

    async def _overlap(self, other: Opened, draft: Draft) -> float:
        piece = draft.pieces[0]
        terms = list(dict.fromkeys(searchable_terms(draft.spoken_title, piece.heading, piece.text)))[:_TOP]
        old, new = [_names(await index.by_words(terms, draft.readers, _TOP)) for index in (other.index, self.new.index)]
        return len(old & new) / max(1, len(old | new))

    async def _finds(self, draft: Draft, vectors: dict[PassageId, Vector]) -> bool:
        passage = draft.passage_id(0)
        return passage in vectors and passage in _names(await self.new.index.by_vector(vectors[passage], draft.readers, _TOP))


async def _reached(places: Places, tenant: TenantId) -> Opened | None:
    """The index that serves; None if it cannot be reached: what was in it is made again from what PostgreSQL keeps."""
    try:
        return await places.open(tenant)
    except IndexUnavailable:
        return None


def _names(found: Sequence[Proposal]) -> set[PassageId]:
    return {proposal.passage for proposal in found}
