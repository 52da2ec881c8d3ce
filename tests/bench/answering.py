"""From question to cited extracts, beside the bare engine on the same table with the same question."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

import lancedb
import numpy as np

from adapters.commands.ask import Heard
from adapters.compose import House, open_house
from adapters.demo.questions import judged
from adapters.settings import Settings
from bot.messages import Question, TurnId
from knowledge.embedding.known import Embedders
from knowledge.embedding.minilm import MiniLM
from knowledge.embedding.port import Asked, Embedded, Matrix
from knowledge.ingest.items import TextItem
from tenancy.viewer import EVERYONE, Viewer
from tests.bench.texts import passages_of_the_demo

_SEED = 20261125
_NOISE = 0.35  # added to a real vector: a neighbour, not a copy
_BARE_LIMIT = 20
AROUND = ("As of now: ", "About this: ", "For us: ", "With that: ")  # stop words: nothing to find or to doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured; times in milliseconds."""

    ratio: float  # median over questions of extracts / (hybrid + embedding)
    bare_p50_ms: float
    extracts_p50_ms: float
    extracts_p95_ms: float
    whole_p50_ms: float
    whole_p95_ms: float


class Neighbours:
    """An embedder that gives passages vectors near real ones, so that 50,000 of them take seconds and not an hour.

    Questions are embedded by the real model. Never measure quality with this; only time.
    """

    def __init__(self, model: MiniLM, real: Embedded) -> None:
        self.name, self.dimension = model.name, model.dimension
        self._model, self._real = model, real
        self._random = np.random.default_rng(_SEED)

    async def query(self, text: str) -> Asked:
        return await self._model.query(text)

    async def passages(self, texts: Sequence[str]) -> Embedded:
        picked = self._random.integers(len(self._real.vectors), size=len(texts))
        chosen = self._real.vectors[picked]
        noisy = chosen + self._random.standard_normal(chosen.shape).astype(np.float32) * (_NOISE / np.sqrt(self.dimension))
        unit: Matrix = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
        return Embedded(unit, self._real.states and [self._real.states[i] for i in picked])

    def count(self, text: str) -> int:
        return self._model.count(text)


async def measure(home: Path, size: int, questions: int) -> Figures:
    """Answer `questions` from an index of `size` passages; each beside the bare engine."""
    async with open_house(Settings(home=home)) as house:
        tenant = await house.tenants.create("bench", "Bench")
        await house.people.upsert(tenant.id, "bench", {"ana@bench.example": []})
        viewer = await house.people.viewer_by_email(tenant.id, "ana@bench.example")
        await fill(house, viewer, size)
        await house.warm()
        bare = await _Bare.at(home, viewer)
        asked = [one.text for one in judged() if one.answerable]  # a refusal shows no extracts
        await _pair(house, bare, viewer, asked[0])
        # Other words around it each time round: nobody's cache has seen the question.
        texts = [f"{AROUND[n // len(asked) % len(AROUND)]}{asked[n % len(asked)]}" for n in range(questions)]
        pairs = [await _pair(house, bare, viewer, text) for text in texts]
        bare.close()
    return _figures(pairs)


def _figures(pairs: Sequence[tuple[float, float, float]]) -> Figures:
    bares, extracts, wholes = zip(*pairs, strict=True)
    return Figures(
        ratio=median(first / bare for bare, first, _ in pairs),
        bare_p50_ms=median(bares),
        extracts_p50_ms=median(extracts),
        extracts_p95_ms=quantiles(extracts, n=20)[18],
        whole_p50_ms=median(wholes),
        whole_p95_ms=quantiles(wholes, n=20)[18],
    )


async def fill(house: House, viewer: Viewer, size: int) -> None:
    texts = passages_of_the_demo()
    model = MiniLM(house.settings.home / "models")
    neighbours = Neighbours(model, await model.passages(texts))
    random = np.random.default_rng(_SEED)
    bodies = texts + [_mixed(texts, random) for _ in range(size - len(texts))]  # what answers, and much that does not
    items = [TextItem(name=f"d{n}", title=f"Document {n}", readers=frozenset({EVERYONE}), text=body) for n, body in enumerate(bodies)]
    await replace(house.ingestion, embedders=Embedders(neighbours)).run(viewer.tenant, "bench", items)
    model.close()


def _mixed(texts: Sequence[str], random: np.random.Generator) -> str:
    """Words of two real passages, about as many as one has."""
    one, other = (texts[i].split() for i in random.integers(len(texts), size=2))
    return " ".join([*one[::2], *other[1::2]])[:900]


class _Bare:
    """LanceDB and MiniLM without us: one hybrid query (RRF, 20 rows, readers filtered) and one query embedding."""

    def __init__(self, table: lancedb.AsyncTable, model: MiniLM, viewer: Viewer) -> None:
        self._table, self._model = table, model
        self._readable = f"array_has_any(readers, {sorted(viewer.principals)!r})"

    @classmethod
    async def at(cls, home: Path, viewer: Viewer) -> "_Bare":
        database = await lancedb.connect_async(str(home / "index" / MiniLM.name / viewer.tenant))
        return cls(await database.open_table("passages"), MiniLM(home / "models"), viewer)

    async def ask(self, text: str) -> None:
        vector = (await self._model.query(text)).vector
        query = self._table.query().where(self._readable).nearest_to(vector.tolist()).distance_type("cosine").refine_factor(5)
        await query.nearest_to_text(text.lower(), columns=["terms"]).limit(_BARE_LIMIT).to_arrow()

    def close(self) -> None:
        self._model.close()


async def _pair(house: House, bare: _Bare, viewer: Viewer, text: str) -> tuple[float, float, float]:
    """Milliseconds of the bare engine, of ours to extracts, and of ours to the end."""
    started = time.perf_counter()
    await bare.ask(text)
    bare_ms = (time.perf_counter() - started) * 1000
    question = Question(id=TurnId(secrets.token_hex(12)), viewer=viewer, thread=secrets.token_hex(8), text=text, asked_at=datetime.now(UTC))
    heard = Heard()
    await house.conversation.handle(question, heard)
    whole_ms = (time.perf_counter() - heard.started) * 1000
    return bare_ms, heard.first_ms or whole_ms, whole_ms
