"""One search: propose by words and by vector, fuse, check live, diversify. What `retrieval.py` wraps for LlamaIndex."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from opentelemetry import trace

from knowledge.access import may_all_read, may_read
from knowledge.catalogue import Catalogue
from knowledge.documents import Findings, Hit, Passage, Withheld
from knowledge.embedding.known import Embedders
from knowledge.errors import EmbedderUnavailable, IndexMissing, IndexUnavailable
from knowledge.index.places import Opened, Places
from knowledge.index.port import Proposal
from knowledge.ranking import CANDIDATES, LIST_LENGTH, Candidate, current_first, diversify, fuse
from knowledge.terms import terms
from tenancy.viewer import Audience, Principal, Viewer

_tracer = trace.get_tracer(__name__)

GONE = "gone"
OUTDATED = "outdated"
NOT_FOR_VIEWER = "viewer may not read"
NOT_FOR_AUDIENCE = "audience may not read"
MANY = 3_000
"""Principals of a viewer from which on only those are asked for that some document names: few of so many do.

Of 20,000 passages in Weaviate, a filter of 3,000 costs a search 3 ms, of 20,000 22 ms, and ten times as much where the server has no
QUERY_BATCHED_CONTAINS_ENABLED (2 cores).
"""
_AN_ANSWER = 8  # passages that an answer is made from; the default depth is measured for so many


@dataclass(frozen=True, slots=True)
class Depth:
    """How far one search looks."""

    lists: int = LIST_LENGTH  # proposals of words and of vectors each
    keep: int = CANDIDATES  # candidates that are checked and ranked

    @classmethod
    def of(cls, limit: int) -> "Depth":
        """Deep enough for `limit` passages: as deep for each as for those of an answer, and never less deep than for all of those."""
        passages = max(limit, _AN_ANSWER)
        return cls(LIST_LENGTH * passages // _AN_ANSWER, CANDIDATES * passages // _AN_ANSWER)


@dataclass(frozen=True, slots=True)
class Search:
    """Finds passages of one tenant at a time. Shared by all questions; keeps nothing of any."""

    places: Places  # whose indexes propose
    embedders: Embedders
    catalogue: Catalogue  # disposes

    async def best(self, viewer: Viewer, audience: Audience, query: str, limit: int) -> Findings:
        """The best `limit` passages that viewer and audience may all read: no two the same, no document too often while others wait."""
        found = await self.ranked(viewer, audience, query, Depth.of(limit))
        return replace(found, hits=tuple(diversify(current_first(found.hits, query), limit)))

    async def ranked(self, viewer: Viewer, audience: Audience, query: str, depth: Depth) -> Findings:
        """Every candidate that may be shown, best first. Raises `IndexMissing` after having it made again."""
        opened = await self.places.open(viewer.tenant)
        try:
            return await self._ranked(_OneSearch(self, opened, viewer, audience, query, depth))
        except IndexMissing:
            await self.places.is_lost(viewer.tenant)
            raise

    async def _ranked(self, search: "_OneSearch") -> Findings:
        """Where nothing is proposed though there is something, the index has lost it: by vector there is always a nearest."""
        found = await search.run()
        if not (found.hits or found.withheld or found.words_only) and await self.catalogue.has_passages(search.viewer):
            raise IndexMissing(IndexMissing.__doc__)
        return found


@dataclass(slots=True)
class _Clock:
    """Milliseconds per step, summed where a step is taken twice; each step is a span."""

    timings_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        # no words of an exception: they may be a document's
        with _tracer.start_as_current_span(f"search.{name}", record_exception=False, set_status_on_exception=False):
            started = time.perf_counter()
            try:
                yield
            finally:
                took = (time.perf_counter() - started) * 1000
                self.timings_ms[name] = self.timings_ms.get(name, 0.0) + took


@dataclass(frozen=True, slots=True)
class _OneSearch:
    """One question on its way through the steps."""

    parts: Search
    opened: Opened
    viewer: Viewer
    audience: Audience
    query: str
    depth: Depth
    clock: _Clock = field(default_factory=_Clock)
    lacking: list[Exception] = field(default_factory=list)  # why there are no vectors

    async def run(self) -> Findings:
        found = await self.dispose(await self.propose(self.viewer.principals))
        if any(withheld.reason == NOT_FOR_AUDIENCE for withheld in found.withheld):
            return await self.again_for_all(found)
        return found

    async def again_for_all(self, found: Findings) -> Findings:
        """Look again among what a principal that all hold opens, lest what they may not read has crowded out what they may."""
        shared = self.viewer.principals & self.audience.shared()
        more = await self.dispose(await self.propose(shared))
        # Scores of two searches do not compare: what all may read keeps the order of the search made among just that.
        seen = {hit.passage.id for hit in more.hits}
        rest = [hit for hit in found.hits if hit.passage.id not in seen]
        return replace(found, hits=(*more.hits, *rest))

    async def propose(self, principals: frozenset[Principal]) -> list[Candidate]:
        """Both lists at once, the longer search begun first; words alone where vectors cannot be had."""
        if len(principals) >= MANY:
            with self.clock.step("narrow"):
                principals = await self.parts.catalogue.occurring(self.viewer.tenant, principals)
        vectors, words = await asyncio.gather(self.by_vector(principals), self.by_words(principals), return_exceptions=True)
        if isinstance(words, BaseException):
            raise words
        if isinstance(vectors, EmbedderUnavailable | IndexUnavailable):
            self.lacking.append(vectors)
            return fuse(words, [], self.depth.keep)
        if isinstance(vectors, BaseException):
            raise vectors
        return fuse(words, vectors, self.depth.keep)

    async def by_words(self, principals: frozenset[Principal]) -> Sequence[Proposal]:
        with self.clock.step("words"):
            return await self.opened.index.by_words(terms(self.query), principals, self.depth.lists)

    async def by_vector(self, principals: frozenset[Principal]) -> Sequence[Proposal]:
        with self.clock.step("embed"):
            vector = await self.parts.embedders.of(self.opened.place.model).query(self.query)
        with self.clock.step("vectors"):
            return await self.opened.index.by_vector(vector, principals, self.depth.lists)

    async def dispose(self, candidates: Sequence[Candidate]) -> Findings:
        """The live check: what exists, is current, and may be read by the asker and everybody who will see the answer."""
        with self.clock.step("check"):
            found = await self.parts.catalogue.proposed(self.viewer.tenant, [candidate.passage for candidate in candidates])
        hits: list[Hit] = []
        withheld: list[Withheld] = []
        for candidate in candidates:
            reason = _refused(found.get(candidate.passage), self.viewer, self.audience)
            if reason:
                withheld.append(Withheld(passage=candidate.passage, reason=reason, score=candidate.score))
            else:
                hits.append(_hit(found[candidate.passage][0], candidate))
        better = _better(withheld, hits)
        return Findings(
            hits=tuple(hits),
            withheld=tuple(withheld),
            better_withheld=better,
            words_only=bool(self.lacking),
            timings_ms=self.clock.timings_ms,
        )


def _refused(found: tuple[Passage, int] | None, viewer: Viewer, audience: Audience) -> str | None:
    """Why a passage may not be shown, or None if it may."""
    if found is None:
        return GONE
    passage, version = found
    document = passage.document
    if version != document.version:
        return OUTDATED
    if not may_read(viewer, document.readers):
        return NOT_FOR_VIEWER
    return None if may_all_read(audience, document.readers) else NOT_FOR_AUDIENCE


def _better(withheld: Sequence[Withheld], hits: Sequence[Hit]) -> bool:
    """Whether the audience alone keeps back something that would have led."""
    kept_back = max((one.score for one in withheld if one.reason == NOT_FOR_AUDIENCE), default=0.0)
    return kept_back > (hits[0].score if hits else 0.0)


def _hit(passage: Passage, candidate: Candidate) -> Hit:
    return Hit(passage=passage, score=candidate.score, words=candidate.words, cosine=candidate.cosine)
