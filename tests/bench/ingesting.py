"""How fast documents go in, beside the bare embedder on the same texts in the same run."""

import time
from dataclasses import dataclass
from pathlib import Path

from adapters.compose import open_house
from adapters.demo.sources import sources
from adapters.settings import Settings
from knowledge.chunking import cut, embedding_text
from knowledge.ingest.items import TextItem
from tenancy.viewer import EVERYONE

_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """Passages a second."""

    ours_per_s: float
    bare_per_s: float

    @property
    def ratio(self) -> float:
        return self.ours_per_s / self.bare_per_s


async def measure(home: Path) -> Figures:
    """Ingest the demo's documents, and embed the very same texts without us, in turn."""
    ours = bare = passages = 0.0
    async with open_house(Settings(home=home)) as house:
        await house.embedder.query("warm up")
        for turn in range(_ROUNDS):
            items = [
                TextItem(name=str(source.path), title=str(source.path), readers=frozenset({EVERYONE}), text=source.body)
                for source in sources()
            ]
            tenant = await house.tenants.create(f"bench-{turn}", "Bench")
            started = time.perf_counter()
            report = await house.ingestion.run(tenant.id, "bench", items)
            ours += time.perf_counter() - started
            passages += report.passages
            pieces = [(item, piece) for item in items for piece in cut(item.text, count=house.embedder.count)]
            texts = [embedding_text(item.title, piece.heading, piece.text) for item, piece in pieces]
            started = time.perf_counter()
            await house.embedder.passages(texts)
            bare += time.perf_counter() - started
    return Figures(passages / ours, passages / bare)
