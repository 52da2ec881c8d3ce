"""A passage's words around a quote, as they would be read to somebody. Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from bot.llm.layout import inert
from bot.markup import is_empty
from bot.quotes import QUOTABLE, Quote
from bot.sentences import Kind, Unit, cells, units

MOST_CHARACTERS: Final = 900
"""Of a passage that are read; a passage of 256 word pieces has about 1,100."""
_ITEMS = frozenset({Kind.STEP, Kind.BULLET})


def around(quote: Quote, most: int = MOST_CHARACTERS) -> Quote:
    """The quote with as many whole units of its passage before and after it as fit, nearest first; at least the quote."""
    passage = quote.passage
    start, end = quote.start, quote.end
    found = [unit for unit in units(passage.text) if unit.kind in QUOTABLE]
    before = [unit for unit in found if unit.end <= start]
    after = [unit for unit in found if unit.start >= end]
    while before or after:
        nearer_before = before and (not after or start - before[-1].start <= after[0].end - end)
        unit = before.pop() if nearer_before else after.pop(0)
        if max(end, unit.end) - min(start, unit.start) > most:
            (before if nearer_before else after).clear()
            continue
        start, end = min(start, unit.start), max(end, unit.end)
    return Quote(passage, start, end)


def read_out(quote: Quote, n: int) -> str:
    """The words of a quote as Markdown: paragraphs, lists and rows, each with footnote `n`."""
    text = quote.passage.text
    found = [unit for unit in units(text) if quote.start <= unit.start + unit.lead and unit.end <= quote.end and unit.kind in QUOTABLE]
    whole = [unit for unit in found if not is_empty(unit.body(text))]
    if not whole:
        return f"{inert(quote.text)} [{n}]"
    return "\n\n".join(_blocks(text, whole, n))


def _blocks(text: str, found: Sequence[Unit], n: int) -> Iterator[str]:
    for _, block in groupby(found, key=lambda unit: unit.block):
        prose = ""
        lines: list[str] = []
        for unit in block:
            words = inert(" · ".join(filter(None, cells(unit.body(text)))) if unit.kind is Kind.ROW else unit.body(text))
            if unit.kind in _ITEMS:
                lead = text[unit.start : unit.start + unit.lead].strip() if unit.kind is Kind.STEP else "-"
                lines.append(f"{lead} {words} [{n}]")
            elif unit.kind is Kind.ROW:
                lines.append(f"- {words} [{n}]")
            else:
                prose = f"{prose} {words}".strip()
        yield "\n\n".join(filter(None, (f"{prose} [{n}]" if prose else "", "\n".join(lines))))
