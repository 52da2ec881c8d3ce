"""What stands right before and after a hit in its section: text is cut where it is long, not where an answer ends. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from knowledge.documents import Hit, Passage, PassageId, passage_id

WITH_NEIGHBOURS: Final = 5
"""Hits that are given their neighbours: as many as extracts are made from.

Eight hits hold .922 of Chroma's spans (`tests.bench.long_documents`), with the neighbours of the first two .947, of the first five .958, of
all .960.
"""


def unread(hits: Sequence[Hit]) -> list[PassageId]:
    """What could stand beside the first hits and is no hit itself; beyond a document's ends nothing is, so not all of it exists."""
    known = {hit.passage.id for hit in hits}
    return [one for one in dict.fromkeys(place for hit in hits[:WITH_NEIGHBOURS] for place in _places(hit.passage)) if one not in known]


def beside(hits: Sequence[Hit], read: Mapping[PassageId, Passage]) -> list[Hit]:
    """The hits, in their order, the first of them with their neighbours: out of `read`, which was checked as the hits were, or other hits.

    A neighbour is of the same version, under the same headings, and shares no text with its hit.
    """
    known = {**read, **{hit.passage.id: hit.passage for hit in hits}}
    return [_with(hit, *map(known.get, _places(hit.passage))) for hit in hits[:WITH_NEIGHBOURS]] + list(hits[WITH_NEIGHBOURS:])


def _places(passage: Passage) -> tuple[PassageId, PassageId]:
    """What the passages before and after are called."""
    document = passage.document
    before, after = (passage_id(document.id, document.version, passage.ordinal + step) for step in (-1, 1))
    return before, after


def _with(hit: Hit, before: Passage | None, after: Passage | None) -> Hit:
    own = hit.passage
    return replace(
        hit,
        before=replace(before, document=own.document) if before and _follows(before, own) else None,
        after=replace(after, document=own.document) if after and _follows(own, after) else None,
    )


def _follows(first: Passage, second: Passage) -> bool:
    same = first.document.version == second.document.version and first.heading == second.heading
    return same and first.span.end <= second.span.start
