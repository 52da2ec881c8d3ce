"""A block that is too long, in ever smaller parts: sentences, lines, words, characters. Pure, exact to the character."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from knowledge.chunking.blocks import Kind

WIDEST = 20
"""Characters that at least one word piece is reckoned for, so that runs without spaces cannot grow without end."""

_ABBREVIATIONS = r"(?<!\be\.g)(?<!\bi\.e)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bNo)(?<!\bvs)(?<!\bcf)(?<!\bFig)(?<!\bSt)(?<!\b[A-Z])"
_SENTENCE_END = re.compile(
    rf"""(?:{_ABBREVIATIONS}\.|[!?\u2026])["'\u201d\u2019)\]]*\s+(?=["'\u201c\u2018(\[]*[A-Z0-9\u00c0-\u024f\u0370-\uffff])"""
    r"|[\u3002\uff01\uff1f]\s*"
)
_LINE_END = re.compile(r"\n\s*")
_WORD_END = re.compile(r"\s+")

Count = Callable[[str], int]
"""Word pieces of a text. What is counted apart at spaces must add up to what is counted together, as word pieces do."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a text that is not cut any further, and what it costs in word pieces."""

    start: int
    end: int
    cost: int


class Splitter:
    """Cuts parts of one text into units that cost at most `budget`."""

    def __init__(self, text: str, count: Count, budget: int) -> None:
        """For one text; every part is counted once on each level that it is cut on."""
        self._text = text
        self._count = count
        self._budget = budget

    def cost(self, start: int, end: int) -> int:
        """Word pieces of `text[start:end]`, and never less than its length lets expect."""
        return self.cost_of(self._text[start:end])

    def cost_of(self, part: str) -> int:
        """The same of a part of the text as it is."""
        return max(self._count(part), len(part) // WIDEST) if part else 0

    def split(self, kind: Kind, start: int, end: int, room: int) -> Iterator[Unit]:
        """The units of one block that cost at most `room`: rows of a table, lines of code, sentences of all else."""
        by_lines = (_LINE_END, _WORD_END)
        yield from self._split(start, end, by_lines if kind in {Kind.TABLE, Kind.CODE} else (_SENTENCE_END, *by_lines), room)

    def smaller(self, unit: Unit, room: int) -> Iterator[Unit]:
        """A unit in parts that cost at most `room`, the first as much of it as fits."""
        yield from self._split(unit.start, unit.end, (_WORD_END,), room)

    def _split(self, start: int, end: int, ends: tuple[re.Pattern[str], ...], room: int) -> Iterator[Unit]:
        if not ends:
            yield from self._characters(start, end, room)
            return
        for part_start, part_end in self._parts(start, end, ends[0]):
            cost = self.cost(part_start, part_end)
            if cost <= room:
                yield Unit(part_start, part_end, cost)
            else:
                yield from self._split(part_start, part_end, ends[1:], room)

    def _parts(self, start: int, end: int, boundary: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """The stretches between boundaries, without the spaces around them."""
        for found in boundary.finditer(self._text, start, end):
            stop = start + len(self._text[start : found.end()].rstrip())
            if stop > start:
                yield start, stop
            start = found.end()
        if start < end:
            yield start, end

    def _characters(self, start: int, end: int, room: int) -> Iterator[Unit]:
        """A run without spaces, halved until each part fits. A single character always fits."""
        cost = self.cost(start, end)
        if cost <= room or end - start == 1:
            yield Unit(start, end, min(cost, room))
            return
        middle = (start + end) // 2
        yield from self._characters(start, middle, room)
        yield from self._characters(middle, end, room)
