"""What a model is given to read: whole documents where they lead and fit, then the best passages of the others."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.intents.intent import Request, Tools
from knowledge.documents import DocumentId, Hit, Passage
from knowledge.errors import UnknownDocument

MOST_CHARACTERS: Final = 16_000
"""Characters of sources in one prompt, about 4,000 tokens."""
MOST_WHOLE: Final = 2
"""Documents that are given whole."""
_ROOM_FOR_WHOLE: Final = 0.75  # of the characters, so that other documents have their say


async def material(tools: Tools, request: Request, hits: Sequence[Hit], most: int = MOST_CHARACTERS) -> list[Hit]:
    """What to write from: at most `most` characters of text, but at least the best hit.

    The documents of the best hits come first, whole and in reading order, as far as they fit, `MOST_WHOLE` at most; a document that
    is hit once, below another, does not lead. They are sorted by id, so that the next question about them begins with the same words,
    which providers keep. Then come the other hits, best first. Every passage is read through the live check for viewer and audience.
    """
    whole: dict[DocumentId, tuple[Passage, ...]] = {}
    room = int(most * _ROOM_FOR_WHOLE)
    for document in _leading(hits):
        passages = await _read(tools, request, document)
        length = _length(passages)
        if passages and length <= room and len(whole) < MOST_WHOLE:
            whole[document] = passages
            room -= length
    scores = {hit.passage.id: hit for hit in hits}
    first = [scores.get(passage.id) or Hit(passage=passage, score=0.0) for _, passages in sorted(whole.items()) for passage in passages]
    others = (hit for hit in hits if hit.passage.document.id not in whole)
    return [*first, *fitting(others, most - _length(hit.passage for hit in first), at_least=0 if first else 1)]


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


async def _read(tools: Tools, request: Request, document: DocumentId) -> tuple[Passage, ...]:
    """A whole document; nothing of one that was closed or deleted since it was found."""
    try:
        return await tools.sources.passages(request.question.viewer, request.question.audience, document)
    except UnknownDocument:
        return ()


def _length(passages: Iterable[Passage]) -> int:
    return sum(len(passage.text) for passage in passages)
