"""Is the right place of long documents found? `python -m tests.bench.long_documents [--data PATH]`.

Five manuals of our own making, 120 pages each: sections that say the same of 24 machines but for one number, and tables that run over
pages. Of 60 questions the page and the place of the answer are known. With `--data`, the folder of the Chroma chunking evaluation (see
`tests.bench.chunking`), its questions over its documents as well. Everything goes the way of a real question: ingested, searched by
words, vectors and late interaction, checked, ranked. Of the passages found:

    place@k    the answer's first character is in one of the first k
    page@k     one of the first k stands on the answer's page
    recall     share of the reference's characters in the first k; precision and IoU likewise, as `tests.bench.chunking`

and of what a model would be given of them within so many characters, the recall with and without the passages beside the first hits.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np

from bot.intents.material import between_neighbours, fitting
from knowledge.documents import Hit
from knowledge.embedding.minilm import MiniLM
from knowledge.ingest.items import FileItem
from knowledge.parsers.port import Extracted
from tenancy.embedded import postgres
from tenancy.viewer import EVERYONE
from tests.bench.chunking import Question, characters, questions
from tests.knowledge.parts import Shelf, file, shelf_of
from tests.tenancy import servers

TOP = (1, 5, 10)
ROOMS = (4_000, 8_000, 16_000)  # characters
_AN_ANSWER = 8  # passages that it is made from
_PAGES = 120
_MACHINES = 24
_ROWS = 60
_PLANTS = ("Aarhus", "Bergamo", "Cadiz", "Dresden", "Espoo")
_KINDS = ("pump", "press", "oven", "conveyor", "mixer", "chiller")
_DUTIES = ("Start-up", "Cleaning", "Lubrication", "Shut-down")


@dataclass(frozen=True, slots=True)
class Manual:
    """A document with pages."""

    name: str
    text: str
    pages: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and where in which document it is answered."""

    text: str
    kind: str  # `section`, `table`
    manual: str
    at: int  # of the answer's first character


class Writer:
    """Writes one manual, page by page."""

    def __init__(self) -> None:
        """An empty one."""
        self._parts: list[str] = []
        self._length = 0
        self._starts: list[int] = []

    def page(self) -> None:
        """Begin the next page."""
        self._starts.append(self._length)

    def say(self, text: str) -> int:
        """Add a block of text; where it begins."""
        began = self._length
        self._parts.append(text)
        self._length += len(text)
        return began

    def done(self, name: str) -> Manual:
        """The manual."""
        ends = [*self._starts[1:], self._length]
        return Manual(name, "".join(self._parts), tuple(zip(self._starts, ends, strict=True)))


def manual(number: int) -> tuple[Manual, list[Asked]]:
    """Manual `number`: four pages a machine, and 24 of tables."""
    plant, writer, asked = _PLANTS[number], Writer(), list[Asked]()
    name = f"{plant.lower()}-manual.md"
    for machine in range(_MACHINES):
        code = f"{plant[0]}{machine + 101}"
        kind = _KINDS[machine % len(_KINDS)]
        for duty, place in enumerate(_DUTIES):
            writer.page()
            writer.say(f"# {plant} plant\n\n## Machine {code}: {kind}\n\n### {place}\n\n" if duty == 0 else f"### {place}\n\n")
            writer.say(_ROUTINE.format(duty=place.lower(), kind=kind))
            value = 40 + machine * 7 + duty * 3 + number
            at = writer.say(_DUTY_LINES[duty].format(kind=kind, value=value))
            writer.say(_AFTER.format(kind=kind))
            if (machine * len(_DUTIES) + duty) % 12 == number:
                asked.append(Asked(_DUTY_ASKED[duty].format(kind=kind, code=code, plant=plant), "section", name, at))
    for part in range((_PAGES - _MACHINES * len(_DUTIES)) // 4):
        asked += _table(writer, plant, part, name)
    made = writer.done(name)
    assert len(made.pages) == _PAGES, len(made.pages)
    return made, asked


def _table(writer: Writer, plant: str, part: int, name: str) -> Iterator[Asked]:
    """A table of spare parts over four pages."""
    for page in range(4):
        writer.page()
        if page == 0:
            writer.say(f"# Spare parts of {plant}, store {part + 1}\n\n")
            writer.say("| Part | Replace after (weeks) | Torque (Nm) | Supplier |\n|---|---|---|---|\n")
        for row in range(page * _ROWS // 4, (page + 1) * _ROWS // 4):
            item = f"{_PARTS[row % len(_PARTS)]} {_SIZES[row // len(_PARTS) % len(_SIZES)]}"
            weeks, torque, supplier = 4 + (row * 7 + part) % 48, 10 + (row * 13 + part) % 90, _SUPPLIERS[(row + part) % len(_SUPPLIERS)]
            at = writer.say(f"| {item} | {weeks} | {torque} | {supplier} |\n")
            if (row == 20 + part * 6 and part % 2 == 0) or (row == 50 - part * 5 and part == 1):
                ask = _TABLE_ASKED[part % len(_TABLE_ASKED)]
                yield Asked(ask.format(item=item, plant=plant, store=part + 1), "table", name, at)
    writer.say("\n")


_ROUTINE = (
    "Before {duty} the operator puts on gloves and glasses, hangs the red sign on the switch and tells the shift leader. "
    "The {kind} must be free of tools and the guard must be closed. Nobody stands behind the yellow line.\n\n"
    "1. Read the log of the last shift.\n2. Check the guard, the sign and the emergency stop.\n3. Wait for the green lamp.\n\n"
)
_DUTY_LINES = (
    "At start-up the pressure of the {kind} is raised to {value} kilopascal and held for two minutes.\n\n",
    "For cleaning the {kind} is rinsed for {value} minutes with warm water and then dried by air.\n\n",
    "The bearings of the {kind} are given {value} grams of grease, on both sides alike.\n\n",
    "At shut-down the {kind} runs empty for {value} seconds before the main valve is closed.\n\n",
)
_DUTY_ASKED = (
    "To what pressure is {kind} {code} raised at start-up?",
    "How long is machine {code} in {plant} rinsed for cleaning?",
    "How much grease do the bearings of {code} get?",
    "How long does the {kind} {code} run empty at shut-down in {plant}?",
)
_AFTER = (
    "If the value cannot be reached, stop, close the valve and call maintenance. Do not try again before the {kind} has cooled down. "
    "Write the time, the value and your name into the log; the shift leader signs it. A second person checks the sign and takes it off.\n\n"
)
_PARTS = ("gasket", "filter", "bearing", "belt", "valve", "seal", "coupling", "nozzle", "spring", "fuse", "hose", "relay")
_SIZES = ("small", "medium", "large", "double", "sealed")
_SUPPLIERS = ("Nordfilter", "Alba", "Keller", "Ruiz", "Tamm")
_TABLE_ASKED = (
    "After how many weeks is the {item} replaced in {plant}, store {store}?",
    "What is the torque of the {item} in store {store} of {plant}?",
    "Who supplies the {item} for store {store} in {plant}?",
)


class Paged:
    """Reads the manuals, which have pages."""

    def __init__(self, manuals: Sequence[Manual]) -> None:
        """Of these; everything else is text without pages."""
        self._pages = {one.name: one.pages for one in manuals}

    async def parse(self, name: str, data: bytes) -> Extracted:
        title = name.rpartition(".")[0].replace("-", " ").capitalize()
        return Extracted(text=data.decode(), title=title, media_type="text/markdown", pages=self._pages.get(name, ()))


@asynccontextmanager
async def library(files: Sequence[FileItem], manuals: Sequence[Manual], models: Path):  # noqa: ANN201 - an async context
    """The files, ingested for everyone."""
    with TemporaryDirectory() as folder:
        async with servers.started(postgres(Path(folder) / "postgres")) as server:
            url = await asyncio.to_thread(lambda: servers.migrated(servers.fresh_database(server)))
            async with servers.opened(url) as database:
                tenant = await servers.new_tenant(database)
                async with shelf_of(database, tenant, Path(folder), embedder=MiniLM(models, threads=1)) as shelf:
                    ingestion = replace(shelf.ingestion, parser=Paged(manuals))
                    told = await ingestion.run(tenant.id, "files", files)
                    report(f"{told.added} documents, {told.passages} passages")
                    yield shelf


async def measure_manuals(models: Path) -> None:
    """Print how often the place and the page are found."""
    made = [manual(number) for number in range(len(_PLANTS))]
    manuals = {one.name: one for one, _ in made}
    asked = [question for _, questions_ in made for question in questions_]
    async with library([file(one.name, one.text) for one in manuals.values()], [*manuals.values()], models) as shelf:
        rows: dict[str, list[list[bool]]] = {}
        for question in asked:
            rows.setdefault(question.kind, []).append(await _found(shelf, question, manuals[question.manual]))
    report("| questions | n | " + " | ".join(f"{what}@{k}" for what in ("place", "page") for k in TOP) + " |")
    report("|---" * (2 + 2 * len(TOP)) + "|")
    for kind, each in rows.items():
        report(f"| {kind} | {len(each)} | " + " | ".join(f"{mean:.2f}" for mean in np.mean(each, axis=0)) + " |")


async def _found(shelf: Shelf, question: Asked, within: Manual) -> list[bool]:
    """Whether place and page are among the first so many."""
    hits = (await shelf.find(question.text, EVERYONE, limit=max(TOP))).hits
    here = [one.passage if one.passage.document.name == within.name else None for one in hits]
    page = next(number for number, (start, end) in enumerate(within.pages, 1) if start <= question.at < end)
    place = [bool(one) and one.span.start <= question.at < one.span.end for one in here]
    on_page = [bool(one) and (one.page == page or holds) for one, holds in zip(here, place, strict=True)]
    return [any(each[:k]) for each in (place, on_page) for k in TOP]


async def measure_spans(folder: Path, models: Path) -> None:
    """Print recall, precision and IoU of the references' characters."""
    files = [file(path.name, path.read_text(encoding="utf-8")) for path in sorted((folder / "corpora").glob("*.md"))]
    rows, given = [], []
    async with library(files, [], models) as shelf:
        for question in questions(folder):
            hits = (await shelf.find(question.text, EVERYONE, limit=max(TOP))).hits
            wanted = characters(question.spans)
            row = []
            for k in TOP:
                got = _characters(hits[:k], question)
                total = sum(one.passage.span.end - one.passage.span.start for one in hits[:k])
                hit = len(got & wanted)
                row += [hit / len(wanted), hit / total, hit / (total + len(wanted) - hit)]
            rows.append(row)
            given.append([len(_characters(one, question) & wanted) / len(wanted) for one in _given(hits)])
    report("| k | recall | precision | IoU |\n|---|---|---|---|")
    for k, three in zip(TOP, np.mean(rows, axis=0).reshape(-1, 3), strict=True):
        report(f"| {k} | " + " | ".join(f"{mean:.3f}" for mean in three) + " |")
    report("\n| characters | recall of passages alone | between their neighbours |\n|---|---|---|")
    for most, both in zip(ROOMS, np.mean(given, axis=0).reshape(-1, 2), strict=True):
        report(f"| {most} | " + " | ".join(f"{mean:.3f}" for mean in both) + " |")


def _given(hits: Sequence[Hit]) -> Iterator[list[Hit]]:
    """For each room what a model would be given of an answer's passages: them alone, and between their neighbours."""
    for most in ROOMS:
        alone = fitting(hits[:_AN_ANSWER], most)
        yield alone
        yield between_neighbours(alone, most - sum(len(one.passage.text) for one in alone))


def _characters(hits: Sequence[Hit], question: Question) -> set[int]:
    """The positions in the question's document that passages cover."""
    own = [one.passage.span for one in hits if one.passage.document.name == f"{question.corpus}.md"]
    return characters([(span.start, span.end) for span in own])


def report(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, help="folder with corpora/ and questions.jsonl")
    parser.add_argument(
        "--models", type=Path, default=Path(gettempdir()) / "footnote-bench-models", help="where the graph of MiniLM is kept"
    )
    given = parser.parse_args()
    asyncio.run(measure_manuals(given.models))
    if given.data:
        asyncio.run(measure_spans(given.data, given.models))


if __name__ == "__main__":
    main()
