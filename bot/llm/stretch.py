"""A passage with what stands beside it in its section: for what begins in one window and goes on in the next. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, Self

from bot.llm.alone import ITEMS, Standing, leads_nowhere, standing
from bot.quotes import Quote
from bot.sentences import Unit, units
from knowledge.documents import Hit, Passage

_LONGEST_PROSE: Final = 240
"""Characters of sentences that are quoted as one though a window ends among them, all of one paragraph.

Where it may be all that is joined inside a passage, IoU on chroma's spans (`tests.quality.sentences`, given) falls from .458 to .446; so it
stays within .001.
"""
_BEGINS: Final = 400  # characters that show what a passage begins with


@dataclass(frozen=True)
class Stretch:
    """A hit's passage between its neighbours."""

    passages: Sequence[Passage]  # one to three, in reading order
    own: int  # place of the hit's among them

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """Around `hit`."""
        return cls([one for one in (hit.before, hit.passage, hit.after) if one], 1 if hit.before else 0)

    def standing(self, found: Sequence[Unit], index: int) -> tuple[Standing, tuple[Quote, ...]]:
        """`found[index]`, a unit of the hit's passage, with what it needs beside it, and the quotes that this is made of, one a passage.

        Neighbours are looked at only where what is needed reaches the passage's first or last unit, and so may go on in them.
        """
        own = self.passages[self.own]
        stands = standing(own.text, found, index)
        at_edge = stands.start <= found[0].start + found[0].lead or stands.end == found[-1].end
        if at_edge and len(self.passages) > 1:
            wider = self._wider(found[index])
            if wider and wider.end - wider.start > stands.end - stands.start:
                return wider, tuple(self._quotes(wider))
        return stands, (Quote(own, stands.start, stands.end),)

    def leads_nowhere(self, found: Sequence[Unit], index: int) -> bool:
        """Whether a line of the hit's passage that leads in is followed by no list, there or in the next passage."""
        if not leads_nowhere(found, index):
            return False
        following = self.passages[self.own + 1 :] if index + 1 == len(found) else ()
        return not any(unit.kind in ITEMS for one in following for unit in units(one.text[:_BEGINS])[:1])

    @cached_property
    def _starts(self) -> list[int]:
        """Where each passage begins in the text of all."""
        return [one.span.start - self.passages[0].span.start for one in self.passages]

    @cached_property
    def _text(self) -> str:
        """All passages, with line breaks for the white space between them, so that every offset is the document's."""
        gaps = [after.span.start - before.span.end for before, after in pairwise(self.passages)]
        return "".join(one.text + "\n" * gap for one, gap in zip(self.passages, (*gaps, 0), strict=True))

    @cached_property
    def _units(self) -> list[Unit]:
        return units(self._text)

    def _wider(self, unit: Unit) -> Standing | None:
        """What `unit` needs in all of the text; None if it is no unit there, or needs more prose than a little of its paragraph."""
        begins = self._starts[self.own]
        same = (place for place, one in enumerate(self._units) if (one.start - begins, one.end - begins) == (unit.start, unit.end))
        place = next(same, None)
        stands = None if place is None else standing(self._text, self._units, place)
        return stands if stands and (stands.is_list or self._is_short_prose(stands)) else None

    def _is_short_prose(self, stands: Standing) -> bool:
        within = {unit.block for unit in self._units if stands.start <= unit.start < stands.end}
        return len(within) == 1 and stands.end - stands.start <= _LONGEST_PROSE

    def _quotes(self, stands: Standing) -> Iterator[Quote]:
        for passage, begins in zip(self.passages, self._starts, strict=True):
            start, end = max(stands.start - begins, 0), min(stands.end - begins, len(passage.text))
            if start < end:
                yield Quote(passage, start, end)
