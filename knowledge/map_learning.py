"""Learning tenants' query maps: by night, and when an operator asks.

By night one is learned where the model says nothing of passages but a vector, or where an operator has switched maps on: where late
interaction ranks the candidates, a map was worth nothing on any of four sets, and -.003 on mtrag (`ranking/query_map.py`).

A map is learned anew when there is none for the model of the index that serves, when the passages that it would be learned from have
changed by a fifth, and when a document that it was learned from is gone or no longer open to everybody.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import embedding_text
from knowledge.documents import PassageId
from knowledge.embedding.known import Embedders
from knowledge.embedding.port import Embedder, Matrix
from knowledge.errors import EmbedderUnavailable
from knowledge.index.places import Place, Places
from knowledge.query_maps import QueryMaps, Row, Version
from knowledge.ranking.query_map import MOST_DIMENSION, Pairs, bodies, judged, lacking
from tenancy.viewer import TenantId

_CHANGED = 0.2  # of the passages


@dataclass(frozen=True, slots=True)
class MapLearning:
    """The parts that it takes. No connection to the database is held while anything is embedded or learned."""

    places: Places
    embedders: Embedders
    maps: QueryMaps

    async def learn(self, tenant: TenantId, *, anew: bool = False) -> str:
        """Learn the tenant's map, if it is time to and one is wanted; `anew`: whether or not. Returns why none is learned, if that matters.

        What cannot be learned because there is too little of it leaves no map; where the model is away, what is there stays until it
        is back. `anew` then raises `EmbedderUnavailable`.
        """
        place = await self.places.serving(tenant)
        if place.dimension > MOST_DIMENSION:
            return f"the model's vectors have {place.dimension:,} numbers, and {MOST_DIMENSION:,} are the most"
        if not anew and (unwanted := await self._unwanted(tenant, place)) is not None:
            return unwanted
        rows = await self.maps.rows(tenant, place)
        known = await self.maps.version(tenant, place.model)
        try:
            embedder = self.embedders.of(place.model)
            named = await asyncio.to_thread(_named, rows, embedder.count)
            if known and not anew and known.is_open and not _has_changed(known, {row.passage for row, _ in named}):
                return ""
            lack = await asyncio.to_thread(_lacking, named)
            pairs = None if lack else await _pairs(named, embedder)
        except EmbedderUnavailable:
            if anew:
                raise
            return ""
        found = await asyncio.to_thread(judged, pairs) if pairs else None
        if found:
            await self.maps.keep(tenant, place.model, found, [row for row, _ in named])
            return ""
        await self.maps.forget(tenant, place.model)
        return lack or "the model gives no vectors for too many of the titles and headings"

    async def _unwanted(self, tenant: TenantId, place: Place) -> str | None:
        """Why none is learned by night, empty if it is known to whoever switched maps off; None: one is."""
        switched = await self.maps.is_on(tenant)
        if switched is None and await self.maps.has_states(tenant, place):
            return "late interaction says what it would say; --on learns one by night all the same"
        return "" if switched is False else None


def _has_changed(known: Version, passages: set[PassageId]) -> bool:
    """Whether the passages to learn from are others than those that were learned from, by a fifth of the larger lot."""
    return len(known.passages & passages) < (1 - _CHANGED) * max(len(known.passages), len(passages))


def _named(rows: Sequence[Row], count: Callable[[str], int]) -> list[tuple[Row, str]]:
    """Those that have a name, with it: title and headings, as they are embedded in front of the text."""
    names = ((row, embedding_text(row.title, row.heading, "", count=count).strip()) for row in rows)
    return [(row, name) for row, name in names if name]


def _lacking(named: Sequence[tuple[Row, str]]) -> str:
    """What they lack: known before anything is embedded."""
    numbers = [np.unique(of, return_inverse=True)[1] for of in ([name for _, name in named], [row.document for row, _ in named])]
    return lacking(*numbers)


async def _pairs(named: Sequence[tuple[Row, str]], embedder: Embedder) -> Pairs:
    names = sorted({name for _, name in named})
    made = await embedder.passages(names)
    return await asyncio.to_thread(_joined, named, dict(zip(names, range(len(names)), strict=True)), made.vectors)


def _joined(named: Sequence[tuple[Row, str]], numbers: Mapping[str, int], vectors: Matrix) -> Pairs:
    """`numbers`: of the names, in the order of their `vectors`. Without what a model said nothing of: one such pair would spoil the map."""
    names = np.array([numbers[name] for _, name in named])
    shares = np.array([len(name) / (len(name) + row.characters) for row, name in named], np.float32)
    passages = np.stack([row.vector for row, _ in named])
    answers = bodies(passages, vectors[names], shares)
    documents = np.unique([row.document for row, _ in named], return_inverse=True)[1]
    pairs = Pairs(questions=vectors[names], answers=answers, names=names, documents=documents)
    return pairs.only(_tells(passages) & _tells(pairs.questions) & _tells(answers))


def _tells(vectors: Matrix) -> NDArray[np.bool_]:
    """Of each vector whether it is one: numbers, and not all 0."""
    lengths = np.linalg.norm(vectors, axis=1)
    told: NDArray[np.bool_] = np.isfinite(lengths) & (lengths > 0)
    return told
