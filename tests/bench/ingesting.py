"""How fast documents go in, beside the bare embedder on the same texts, and what a reader in a process of its own adds."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from adapters.compose import open_house
from adapters.demo.sources import sources
from adapters.settings import Settings
from knowledge.chunking import cut, embedding_text
from knowledge.ingest.items import TextItem
from knowledge.parsers.isolated import IsolatedParser
from knowledge.parsers.read import read
from tenancy.viewer import EVERYONE

_ROUNDS = 2
_FILES = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """Passages a second; seconds for a new company, and milliseconds for a small file, read in a process of its own and in this one."""

    ours_per_s: float
    bare_per_s: float
    tenant_s: float
    isolated_ms: float
    here_ms: float

    @property
    def ratio(self) -> float:
        return self.ours_per_s / self.bare_per_s


async def measure(home: Path) -> Figures:
    """Ingest the demo's documents, and embed the very same texts without us, in turn."""
    ours = bare = passages = 0.0
    made = []
    async with open_house(Settings(home=home)) as house:
        await house.embedder.query("warm up")
        for turn in range(_ROUNDS):
            items = [
                TextItem(name=str(source.path), title=str(source.path), readers=frozenset({EVERYONE}), text=source.body)
                for source in sources()
            ]
            started = time.perf_counter()
            tenant = await house.tenants.create(f"bench-{turn}", "Bench")
            made.append(time.perf_counter() - started)
            started = time.perf_counter()
            report = await house.ingestion.run(tenant.id, "bench", items)
            ours += time.perf_counter() - started
            passages += report.passages
            pieces = [(item, piece) for item in items for piece in cut(item.text, count=house.embedder.count)]
            texts = [embedding_text(item.title, piece.heading, piece.text) for item, piece in pieces]
            started = time.perf_counter()
            await house.embedder.passages(texts)
            bare += time.perf_counter() - started
    isolated, here = await _reading(home)
    return Figures(passages / ours, passages / bare, min(made), isolated, here)


async def _reading(home: Path) -> tuple[float, float]:
    """Milliseconds for a small file, p50, in turn."""
    page = b"<title>Leave</title><p>Parental leave lasts 16 weeks."
    isolated, here = [], []
    async with IsolatedParser(scratch=home) as parser:
        await parser.parse("leave.html", page)  # the first starts the process
        for _ in range(_FILES):
            started = time.perf_counter()
            await parser.parse("leave.html", page)
            isolated.append(time.perf_counter() - started)
            started = time.perf_counter()
            read("leave.html", page)
            here.append(time.perf_counter() - started)
    return median(isolated) * 1000, median(here) * 1000
