"""What a model is given to read: whole documents where they lead and fit, then the best passages of the others with their neighbours."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.intents import recall
from bot.intents.intent import Request, Tools
from knowledge.documents import DocumentId, Hit, Passage

MOST_CHARACTERS: Final = 16_000
"""Characters of sources in one prompt, about 4,000 tokens."""
MOST_WHOLE: Final = 2
"""Documents that are given whole."""
_ROOM_FOR_WHOLE: Final = 0.75  # of the characters, so that other documents have their say


@dataclass(frozen=True, slots=True)
class Material:
    """What to write from, and what cannot be told any more."""

    sources: list[Hit]
    closed: frozenset[DocumentId]  # found, and refused since by the live check


async def material(tools: Tools, request: Request, hits: Sequence[Hit], most: int = MOST_CHARACTERS) -> Material:
    """What to write from: at most `most` characters of text, but at least the best hit; nothing only if all that was found is closed.

    The documents of the best hits come first, whole and in reading order, as far as they fit, `MOST_WHOLE` at most; a document that
    is hit once, below another, does not lead. They are sorted by id, so that the next question about them begins with the same words,
    which providers keep. Then come the other hits, best first, and in the room that is left what stands beside them. The document of
    everything that is given is read once through the live check for viewer and audience; of one that it refuses, nothing is given.
    """
    read: dict[DocumentId, tuple[Passage, ...] | None] = {}
    whole: dict[DocumentId, tuple[Passage, ...]] = {}
    room = int(most * _ROOM_FOR_WHOLE)
    for document in _leading(hits):
        if len(whole) == MOST_WHOLE:
            break
        if _length(hit.passage for hit in hits if hit.passage.document.id == document) > room:
            continue  # what was found of it is too long already
        passages = read[document] = await recall.read(tools, request, document)
        if passages and _length(passages) <= room:
            whole[document] = passages
            room -= _length(passages)
    scores = {hit.passage.id: hit for hit in hits}
    given = [scores.get(passage.id) or Hit(passage=passage, score=0.0) for _, passages in sorted(whole.items()) for passage in passages]
    left = most - _length(hit.passage for hit in given)
    for hit in hits:
        document, length = hit.passage.document.id, len(hit.passage.text)
        if document in whole:
            continue
        if length > left and given:
            break
        if document not in read:
            read[document] = await recall.read(tools, request, document)
        if read[document] is not None:
            given.append(hit)
            left -= length
    closed = frozenset(document for document, passages in read.items() if passages is None)
    return Material(without(between_neighbours(given, left), hits, closed), closed)


def without(hits: Iterable[Hit], found: Iterable[Hit], closed: frozenset[DocumentId]) -> list[Hit]:
    """`hits` but those of `closed` documents; nor is one of these named as a newer edition, where it was `found` with them."""
    titles = {hit.passage.document.title for hit in found if hit.passage.document.id in closed}
    return [_unnamed(hit, titles) for hit in hits if hit.passage.document.id not in closed]


def between_neighbours(hits: Sequence[Hit], room: int) -> list[Hit]:
    """All `hits` in their order, each between those of its neighbours that fit into `room` characters; the first hits' go first."""
    known = {hit.passage.id for hit in hits}
    found: list[Hit] = []
    for hit in hits:
        fits: list[Passage] = []
        for one in (hit.after, hit.before):
            if one and one.id not in known and len(one.text) <= room:
                fits.append(one)
                known.add(one.id)
                room -= len(one.text)
        beside = {one.ordinal: Hit(passage=one, score=0.0) for one in fits}
        found += [one for _, one in sorted({**beside, hit.passage.ordinal: hit}.items())]
    return found


def fitting(hits: Iterable[Hit], most: int, *, at_least: int = 1) -> list[Hit]:
    """The first hits that fit into `most` characters together, `at_least` so many whatever their length."""
    kept: list[Hit] = []
    for hit in hits:
        most -= len(hit.passage.text)
        if most < 0 and len(kept) >= at_least:
            break
        kept.append(hit)
    return kept


def _leading(hits: Sequence[Hit]) -> Iterator[DocumentId]:
    """The document of the best hit, and others that are hit more than once, in order of their best hit."""
    found = [hit.passage.document.id for hit in hits]
    return (document for document in dict.fromkeys(found) if document == found[0] or found.count(document) > 1)


def _unnamed(hit: Hit, titles: Collection[str]) -> Hit:
    edition = hit.passage.document.edition
    if edition.replaced_by not in titles:
        return hit
    return hit.within(replace(hit.passage.document, edition=replace(edition, replaced_by=None)))


def _length(passages: Iterable[Passage]) -> int:
    return sum(len(passage.text) for passage in passages)
