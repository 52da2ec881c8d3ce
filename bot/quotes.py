"""Quotes: slices of a passage, and the citations made of them. Pure.

A quote is verbatim and its span exact by construction: it is only ever cut out of a passage's text.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

from bot import texts
from bot.messages import Citation
from bot.sentences import Kind, Unit, units
from knowledge.documents import DocumentId, Passage, Span
from knowledge.terms import terms

QUOTABLE = frozenset({Kind.SENTENCE, Kind.STEP, Kind.BULLET, Kind.FIELD, Kind.ROW, Kind.LEAD_IN})
"""What may be quoted on its own. Headings, headers, code and fragments may not."""


@dataclass(frozen=True, slots=True)
class Quote:
    """`passage.text[start:end]`."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words, verbatim."""
        return self.passage.text[self.start : self.end]

    @property
    def place(self) -> tuple[DocumentId, int, int]:
        """Where it stands in its document's text; passages overlap."""
        begins = self.passage.span.start
        return self.passage.document.id, begins + self.start, begins + self.end

    def citation(self, n: int) -> Citation:
        """Footnote `n`, which opens these words."""
        passage, document = self.passage, self.passage.document
        return Citation(
            n=n,
            document=document.id,
            document_name=document.name,
            passage=passage.id,
            title=document.title,
            url=document.url,
            source=document.source,
            page=passage.page,
            heading=passage.heading,
            span=Span(*self.place[1:]),
            quote=self.text,
            modified_at=document.modified_at,
            note=texts.edition(document.edition.standing, document.edition.replaced_by),
        )


@dataclass(frozen=True, slots=True)
class Cited:
    """Text and what its footnotes stand for: `[1]` is `citations[0]`."""

    text: str
    citations: tuple[Citation, ...] = ()


def best_quote(passage: Passage, claim: Collection[str]) -> Quote:
    """The unit of `passage` that shares most of the terms of `claim`; the whole passage when none shares any."""
    candidates = [unit for unit in units(passage.text) if unit.kind in QUOTABLE or unit.kind is Kind.FRAGMENT]
    wanted = frozenset(claim)
    best = max(candidates, key=lambda unit: _shared(passage.text, unit, wanted), default=None)
    if best is None or not _shared(passage.text, best, wanted):
        return whole(passage)
    return Quote(passage, best.start + best.lead, best.end)


def whole(passage: Passage) -> Quote:
    """All of a passage, without the white space around it."""
    start = len(passage.text) - len(passage.text.lstrip())
    return Quote(passage, start, max(start, len(passage.text.rstrip())))


def _shared(text: str, unit: Unit, claim: frozenset[str]) -> float:
    own = frozenset(terms(unit.body(text)))
    return len(own & claim) / math.sqrt(3 + len(own))  # long units share more by chance
