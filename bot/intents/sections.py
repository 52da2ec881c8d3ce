"""A document in short, without a model: the first sentence of each section, verbatim. Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from bot import texts
from bot.llm.layout import inert
from bot.markup import is_empty
from bot.quotes import Cited, Quote
from bot.sentences import Kind, Unit, units
from knowledge.documents import Passage

MOST_SECTIONS: Final = 7
_LEADS = (Kind.SENTENCE, Kind.FIELD, Kind.BULLET, Kind.STEP)  # in this order of preference
_FEW_WORDS: Final = 5  # a sentence of fewer words says little of its section


def outline(passages: Sequence[Passage]) -> Cited:
    """One item for each of at most `MOST_SECTIONS` sections, spread over the document, in reading order; empty without text."""
    leads = [quote for _, section in groupby(passages, key=lambda passage: passage.heading) for quote in _lead(list(section))]
    chosen = _spread(leads)
    lines = [f"- {_item(quote)} [{n}]" for n, quote in enumerate(chosen, start=1)]
    return Cited("\n".join(lines), tuple(quote.citation(n) for n, quote in enumerate(chosen, start=1)))


def _lead(section: Sequence[Passage]) -> Iterator[Quote]:
    every = [(passage, unit) for passage in section for unit in units(passage.text) if unit.kind in _LEADS]
    found = [(passage, unit) for passage, unit in every if not is_empty(unit.body(passage.text))]
    if found:
        passage, unit = min(found, key=lambda pair: _preference(*pair))
        yield Quote(passage, unit.start + unit.lead, unit.end)


def _preference(passage: Passage, unit: Unit) -> tuple[int, int, int]:
    body = unit.body(passage.text)
    midway = unit.kind is Kind.SENTENCE and body[:1].islower()
    return (int(midway or len(body.split()) < _FEW_WORDS), _LEADS.index(unit.kind), passage.ordinal)


def _item(quote: Quote) -> str:
    words = inert(quote.text)
    return f"**{texts.plain(quote.passage.heading[-1])}**: {words}" if quote.passage.heading else words


def _spread(quotes: Sequence[Quote]) -> list[Quote]:
    if len(quotes) <= MOST_SECTIONS:
        return list(quotes)
    return [quotes[i * (len(quotes) - 1) // (MOST_SECTIONS - 1)] for i in range(MOST_SECTIONS)]
