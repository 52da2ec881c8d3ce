"""What earlier answers cited, as it is now: documents read again for those who will see the new answer."""

from collections.abc import Sequence
from dataclasses import replace

from bot.intents.intent import Request, Tools
from bot.messages import Citation, Turn
from bot.quotes import Quote
from knowledge.documents import DocumentId, Passage
from knowledge.errors import UnknownDocument


async def reread(tools: Tools, request: Request, turns: Sequence[Turn]) -> dict[DocumentId, tuple[Passage, ...]]:
    """The documents these turns cited, as they are now; without those that asker or audience may not read any more."""
    question = request.question
    found: dict[DocumentId, tuple[Passage, ...]] = {}
    for document in {citation.document: None for turn in turns for citation in turn.answer.citations}:
        try:
            found[document] = await tools.sources.passages(question.viewer, question.audience, document)
        except UnknownDocument:
            continue
    return found


async def still_told(tools: Tools, request: Request, turns: Sequence[Turn]) -> list[Turn]:
    """The turns without those answers of which a source is not open to asker and audience any more."""
    opened = await reread(tools, request, turns)
    return [turn if all(citation.document in opened for citation in turn.answer.citations) else _unanswered(turn) for turn in turns]


def found_again(citation: Citation, passages: Sequence[Passage]) -> Quote | None:
    """Where the words of an earlier citation stand now; None if they are gone."""
    for passage in passages:
        start = passage.text.find(citation.quote)
        if start >= 0 and citation.quote:
            return Quote(passage, start, start + len(citation.quote))
    return None


def _unanswered(turn: Turn) -> Turn:
    return replace(turn, answer=replace(turn.answer, text="", citations=()))
