"""A passage with what stands beside it in its section: for what begins in one window and goes on in the next. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from bot.llm.alone import ITEMS, Standing, does_lead_in, leads_nowhere, points_back, standing
from bot.markup import is_empty
from bot.quotes import Quote
from bot.sentences import Kind, Unit, units
from knowledge.documents import Hit, Passage

_LONGEST_PROSE: Final = 240
"""Characters of sentences that are quoted as one though a window ends among them, all of one paragraph.

Where it may be all that is joined inside a passage, IoU on chroma's spans (`tests.quality.sentences`, given) falls from .458 to .446; so to
.457.
"""
_BEGINS: Final = 400  # characters that show what a passage begins with
_LISTED: Final = ITEMS | {Kind.LEAD_IN}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A hit's passage between its neighbours."""

    hit: Hit
    _joined: "dict[tuple[bool, bool], Joined]" = field(default_factory=dict)  # with the one before, with the one after -> what was made

    def standing(self, found: Sequence[Unit], index: int) -> tuple[Standing, tuple[Quote, ...]]:
        """`found[index]`, a unit of the hit's passage, with what it needs beside it, and the quotes that this is made of, one a passage.

        A neighbour is looked at only where what is needed reaches the passage's first or last unit, and may go on beyond it.
        """
        own = self.hit.passage
        stands = standing(own.text, found, index)
        sides = self._goes_back(found, index, stands), self._goes_on(found, index, stands)
        if any(sides):
            if sides not in self._joined:
                before, after = (one if wanted else None for one, wanted in zip((self.hit.before, self.hit.after), sides, strict=True))
                self._joined[sides] = Joined.of([one for one in (before, own, after) if one])
            wider = self._joined[sides].standing(own, found[index])
            if wider and wider.end - wider.start > stands.end - stands.start:
                return wider, tuple(self._joined[sides].quotes(wider.start, wider.end))
        return stands, (Quote(own, stands.start, stands.end),)

    def leads_nowhere(self, found: Sequence[Unit], index: int) -> bool:
        """Whether a line of the hit's passage that leads in is followed by no list, there or in the next passage."""
        after = self.hit.after
        goes_on = after and index + 1 == len(found) and any(unit.kind in ITEMS for unit in units(after.text[:_BEGINS])[:1])
        return leads_nowhere(found, index) and not goes_on

    def _goes_back(self, found: Sequence[Unit], index: int, stands: Standing) -> bool:
        """Whether the passage before may have the beginning: of the list, or of the paragraph, if this points back in it."""
        before, own = self.hit.before, self.hit.passage
        if before is None or stands.start > found[0].start + found[0].lead:
            return False
        return found[index].kind in _LISTED or (_gap(before, own) <= 1 and points_back(own.text[stands.start : stands.end]))

    def _goes_on(self, found: Sequence[Unit], index: int, stands: Standing) -> bool:
        """Whether the next passage may have the rest: of the list, or a sentence of the paragraph that points back at this one."""
        after, own, last = self.hit.after, self.hit.passage, found[-1]
        if after is None or stands.end != last.end:
            return False
        leads_on = found[index].kind in _LISTED or last.kind in ITEMS or does_lead_in(own.text, last)
        return leads_on or (_gap(own, after) <= 1 and points_back(after.text))


class Joined(NamedTuple):
    """Passages that stand one after another, as one text."""

    passages: Sequence[Passage]
    starts: Sequence[int]  # where each begins in it
    text: str  # with line breaks, or in a row spaces, for the white space between them, so that places are as far apart as in the document
    found: Sequence[Unit]

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> "Joined":
        """`passages`, at least one, in reading order and with nothing left out between them."""
        parts, tail = [passages[0].text], passages[0].text
        for one, other in pairwise(passages):
            parts += [(" " if _is_cut_row(tail) else "\n") * _gap(one, other), other.text]
            tail = "\n".join(f"{tail}{parts[-2]}{parts[-1]}".rsplit("\n", 2)[-2:])  # two lines tell whether a row goes on
        text = "".join(parts)
        return cls(passages, [one.span.start - passages[0].span.start for one in passages], text, units(text))

    def standing(self, own: Passage, unit: Unit) -> Standing | None:
        """What `unit` of `own` needs here; None if it is no unit here, or needs more prose than a little of its paragraph."""
        begins = self.starts[self.passages.index(own)]
        same = (place for place, one in enumerate(self.found) if (one.start - begins, one.end - begins) == (unit.start, unit.end))
        place = next(same, None)
        stands = None if place is None else standing(self.text, self.found, place)
        return stands if stands and (stands.is_list or self._is_short_prose(stands)) else None

    def quotes(self, start: int, end: int) -> Sequence[Quote]:
        """What `text[start:end]` is made of, one a passage; of markup alone only where there is nothing else."""
        parts = list(self._parts(start, end))
        return [part for part in parts if not is_empty(part.text)] or parts

    def _parts(self, start: int, end: int) -> Iterator[Quote]:
        for passage, begins in zip(self.passages, self.starts, strict=True):
            first, last = max(start - begins, 0), min(end - begins, len(passage.text))
            if first < last:
                yield Quote(passage, first, last)

    def _is_short_prose(self, stands: Standing) -> bool:
        within = {unit.block for unit in self.found if stands.start <= unit.start < stands.end}
        return len(within) == 1 and stands.end - stands.start <= _LONGEST_PROSE


def _is_cut_row(text: str) -> bool:
    """Whether `text` ends within a row of a table."""
    above, _, line = text.rpartition("\n")
    row, before = line.strip(), above[above.rfind("\n") + 1 :].strip()
    short = before.startswith("|") and row.count("|") < before.count("|")  # it has fewer cells than the row above
    return row.startswith("|") and (short or not row.endswith("|"))


def _gap(first: Passage, second: Passage) -> int:
    """Characters of white space between them; with one at most they are of one paragraph, list or table."""
    return second.span.start - first.span.end
