"""One search: propose by words and by vector, check live, rank what is left, diversify. What `retrieval.py` wraps for LlamaIndex."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from typing import NamedTuple

from opentelemetry import trace

from knowledge.access import all_may_read, may_all_read, may_read
from knowledge.catalogue import Catalogue, Proposed
from knowledge.documents import Findings, Hit, Passage, Withheld
from knowledge.embedding.known import Embedders
from knowledge.embedding.port import Asked, States
from knowledge.errors import EmbedderUnavailable, IndexMissing, IndexUnavailable
from knowledge.index.places import Opened, Places
from knowledge.index.port import Proposal
from knowledge.own_words.reading import Reading, forms, read
from knowledge.query_maps import QueryMaps
from knowledge.ranking import (
    CANDIDATES,
    LIST_LENGTH,
    RECIPE,
    Candidate,
    Judging,
    Ranked,
    Recipe,
    beside,
    best_of,
    current_first,
    diversify,
    exact_first,
    fuse,
    together,
    turned,
    unread,
)
from knowledge.ranking.query_map import Map
from knowledge.terms import terms
from knowledge.waiting import all_of, both
from tenancy.errors import StoreUnavailable
from tenancy.viewer import EVERYONE, Audience, Principal, Viewer

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
    maps: QueryMaps  # turn questions towards passages
    recipe: Recipe = RECIPE

    async def best(self, viewer: Viewer, audience: Audience, query: str, limit: int, own: str = "") -> Findings:
        """The best `limit` passages that viewer and audience may all read: no two the same, no document too often while others wait.

        `own`: what was said, where `query` is that with its subject; searched beside it, at the same time.
        """
        searches = [self.ranked(viewer, audience, text, Depth.of(limit)) for text in ((query, own) if own else (query,))]
        found = reduce(together, await all_of(*searches))
        hits = diversify(_placed(found, query), limit)
        with _Clock(found.timings_ms).step("beside"):
            return replace(found, hits=tuple(await self._with_neighbours(viewer, audience, hits)))

    async def _with_neighbours(self, viewer: Viewer, audience: Audience, hits: Sequence[Hit]) -> list[Hit]:
        """The hits with what stands beside the first of them, checked live as they were; without, where that cannot be read."""
        try:
            read = await self.catalogue.proposed(viewer.tenant, wanted, None, 0) if (wanted := unread(hits)) else {}
        except StoreUnavailable:
            return list(hits)
        return beside(hits, {place: one.passage for place, one in read.items() if not _refused(one, viewer, audience)})

    async def placed(self, viewer: Viewer, audience: Audience, query: str, depth: Depth) -> Findings:
        """Every candidate that may be shown in the order of `best`, none left out."""
        found = await self.ranked(viewer, audience, query, depth)
        return replace(found, hits=tuple(_placed(found, query)))

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
        if (
            self.recipe.vectors
            and not (found.hits or found.withheld or found.words_only)
            and await self.catalogue.has_passages(search.viewer)
        ):
            raise IndexMissing(IndexMissing.__doc__)
        return found


def _placed(found: Findings, query: str) -> list[Hit]:
    """What holds first, and before that what the question names exactly."""
    return exact_first(current_first(found.hits, query, datetime.now(UTC)), query)


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
        reading = asyncio.create_task(self.read())  # while the question is embedded as it is
        try:
            found = await self.dispose(await self.propose(self.viewer.principals, reading), await reading)
            if any(withheld.reason == NOT_FOR_AUDIENCE for withheld in found.withheld):
                return await self.again_for_all(found, reading)
            return found
        finally:
            reading.cancel()  # if that failed nobody needs it
            await asyncio.gather(reading, return_exceptions=True)

    async def read(self) -> Reading:
        """The question with what its words mean here to all who will see the answer; as it is where that cannot be told."""
        found = forms(self.query) if self.parts.recipe.own_words else {}
        if not found:
            return Reading(self.query)
        with self.clock.step("own words"), suppress(StoreUnavailable):
            return read(self.query, found, await self.parts.catalogue.meanings(self.viewer, self.audience, found))
        return Reading(self.query)

    async def again_for_all(self, found: Findings, reading: "asyncio.Task[Reading]") -> Findings:
        """Look again among what a principal that all hold opens, lest what they may not read has crowded out what they may."""
        shared = self.viewer.principals & self.audience.shared()
        more = await self.dispose(await self.propose(shared, reading), await reading)
        # Scores of two searches do not compare: what all may read keeps the order of the search made among just that.
        seen = {hit.passage.id for hit in more.hits}
        rest = [hit for hit in found.hits if hit.passage.id not in seen]
        signals = max(filter(None, (more.signals, found.signals)), key=lambda one: one.nearness, default=None)
        return replace(found, hits=(*more.hits, *rest), signals=signals, unsaid=more.unsaid & found.unsaid)

    async def propose(self, principals: frozenset[Principal], reading: "asyncio.Task[Reading]") -> "_Proposed":
        """Both lists at once, the longer search begun first; words alone where vectors cannot be had."""
        if len(principals) >= MANY:
            with self.clock.step("narrow"):
                principals = await self.parts.catalogue.occurring(self.viewer.tenant, principals)
        vectors, words = await both(self.by_vector_if_possible(principals, reading), self.by_words(principals, reading))
        return _Proposed(fuse(words, vectors.proposals, self.depth.keep), vectors.states)

    async def by_words(self, principals: frozenset[Principal], reading: "asyncio.Task[Reading]") -> Sequence[Sequence[Proposal]]:
        """What has the question's words, of each way to ask it."""
        if not self.parts.recipe.words:
            return [()]
        ways = (await reading).ways
        with self.clock.step("words"):
            index, lists = self.opened.index, self.depth.lists
            return await all_of(*(index.by_words(terms(way), principals, lists) for way in ways))

    async def by_vector_if_possible(self, principals: frozenset[Principal], reading: "asyncio.Task[Reading]") -> "_Near":
        try:
            return await self.by_vector(principals, reading)
        except (EmbedderUnavailable, IndexUnavailable) as error:
            self.lacking.append(error)
            return _NOTHING_NEAR

    async def by_vector(self, principals: frozenset[Principal], reading: "asyncio.Task[Reading]") -> "_Near":
        """What is near the question, and the states of its tokens, of each way to ask it."""
        by, first = await both(self.learned(), self.embedded(self.query))
        asked = [first]
        with suppress(EmbedderUnavailable):  # one way to ask it will do
            asked += await all_of(*map(self.embedded, (await reading).ways[1:]))
        states = [one.states for one in asked]
        if not self.parts.recipe.vectors:
            return _Near((), states)
        with self.clock.step("vectors"):
            index, lists = self.opened.index, self.depth.lists
            vectors = [one.vector if by is None else turned(by, one.vector) for one in asked]
            return _Near(best_of(await all_of(*(index.by_vector(vector, principals, lists) for vector in vectors))), states)

    async def embedded(self, way: str) -> Asked:
        with self.clock.step("embed"):
            return await self.parts.embedders.of(self.opened.place.model).query(way)

    async def learned(self) -> Map | None:
        """What turns the question, if viewer and audience may all read what query maps are learned from."""
        everybody = frozenset({EVERYONE})
        wanted = self.parts.recipe.vectors and self.parts.recipe.map
        if not (wanted and all_may_read(self.viewer, self.audience, everybody)):
            return None
        return await self.parts.maps.used(self.viewer.tenant, self.opened.place)

    async def dispose(self, proposed: "_Proposed", reading: Reading) -> Findings:
        """The live check: what exists, is current, and may be read by the asker and everybody who will see the answer; and its order."""
        with self.clock.step("check"):
            ids = [candidate.passage for candidate in proposed.candidates]
            _, model, dimension = self.opened.place
            found = await self.parts.catalogue.proposed(
                self.viewer.tenant, ids, model if self.parts.recipe.looks_closely else None, dimension
            )
        reasons = {passage: _refused(found.get(passage), self.viewer, self.audience) for passage in ids}
        refused = [(one, reason) for one in proposed.candidates if (reason := reasons[one.passage])]
        with self.clock.step("rank"):
            readable = [one for one in proposed.candidates if reasons[one.passage] in {None, NOT_FOR_AUDIENCE}]
            judging = Judging(
                self.parts.recipe,
                proposed.states,
                kept={one.passage: found[one.passage].kept for one in readable},
                documents={one.passage: found[one.passage].passage.document.id for one in readable},
            )
            shown = [one for one in readable if not reasons[one.passage]]
            ranked = await asyncio.to_thread(judging.ranked, shown)
            signals = await asyncio.to_thread(judging.signals, shown)
            # What may not be shown has no part in the order of what is; it is ranked among all only to learn whether it would have led.
            among_all = await asyncio.to_thread(judging.ranked, readable) if len(shown) < len(readable) else []
        return Findings(
            hits=tuple(_hit(found[one.passage].passage, one) for one in ranked),
            withheld=tuple(Withheld(passage=one.passage, reason=reason, score=one.score) for one, reason in refused),
            better_withheld=bool(among_all) and reasons[among_all[0].passage] is not None,
            words_only=bool(self.lacking),
            signals=signals,
            unsaid=reading.unsaid([found[one.passage].passage for one in shown]),
            read_as=reading.added,
            model=model,
            timings_ms=self.clock.timings_ms,
        )


class _Near(NamedTuple):
    """What was found by vector."""

    proposals: Sequence[Proposal]
    states: Sequence[States | None]  # of the question's tokens, of each way to ask it


class _Proposed(NamedTuple):
    """What is held against PostgreSQL."""

    candidates: Sequence[Candidate]
    states: Sequence[States | None]


_NOTHING_NEAR = _Near((), ())


def _refused(found: Proposed | None, viewer: Viewer, audience: Audience) -> str | None:
    """Why a passage may not be shown, or None if it may."""
    if found is None:
        return GONE
    document = found.passage.document
    if found.version != document.version:
        return OUTDATED
    if not may_read(viewer, document.readers):
        return NOT_FOR_VIEWER
    return None if may_all_read(audience, document.readers) else NOT_FOR_AUDIENCE


def _hit(passage: Passage, ranked: Ranked) -> Hit:
    return Hit(passage=passage, score=ranked.score, words=ranked.words, cosine=ranked.cosine, late=ranked.late)
