"""What earlier answers cited, as it is now: documents read again for those who will see the new answer."""

from collections.abc import Sequence
from dataclasses import replace

from bot.intents.asked_part import asked_part
from bot.intents.intent import BY_RULE, Request, Tools
from bot.messages import Citation, Turn
from bot.quotes import Quote
from knowledge.documents import DocumentId, Passage
from knowledge.errors import UnknownDocument


async def reread(tools: Tools, request: Request, turns: Sequence[Turn]) -> dict[DocumentId, tuple[Passage, ...]]:
    """The documents these turns cited, as they are now; without those that asker or audience may not read any more."""
    cited = {citation.document: None for turn in turns for citation in turn.answer.citations}
    return {document: passages for document in cited if (passages := await read(tools, request, document)) is not None}


async def read(tools: Tools, request: Request, document: DocumentId) -> tuple[Passage, ...] | None:
    """A whole document as asker and audience may read it now; None if they may not, or it is gone."""
    try:
        return await tools.sources.passages(request.question.viewer, request.question.audience, document)
    except UnknownDocument:
        return None


async def still_told(tools: Tools, request: Request, turns: Sequence[Turn]) -> list[Turn]:
    """The turns without those answers of which a source is not open to asker and audience any more.

    What was searched for goes on from turn to turn, with words of titles and labels in it: from the first such turn on it is the questions
    themselves. So where it is not, all that the thread remembers is read again.
    """
    known = list(request.past) if needs_recheck(turns) else list(turns)
    opened = await reread(tools, request, known)
    lost, told = False, list[Turn]()
    for turn in known:
        open_ = all(citation.document in opened for citation in turn.answer.citations)
        lost = lost or not open_
        asked = _asked_only(turn) if lost and _searched_otherwise(turn) else turn
        told.append(asked if open_ else _unanswered(asked))
    wanted = {turn.id for turn in turns}
    return [turn for turn in told if turn.id in wanted]


def needs_recheck(turns: Sequence[Turn]) -> bool:
    """Whether anything was searched for in other words than the question's: they may be a document's."""
    return any(map(_searched_otherwise, turns))


def found_again(citation: Citation, passages: Sequence[Passage]) -> Quote | None:
    """Where the words of an earlier citation stand now; None if they are gone."""
    for passage in passages:
        start = passage.text.find(citation.quote)
        if start >= 0 and citation.quote:
            return Quote(passage, start, start + len(citation.quote))
    return None


def _searched_otherwise(turn: Turn) -> bool:
    return bool(turn.query) and turn.query not in {turn.question, asked_part(turn.question)}


def _asked_only(turn: Turn) -> Turn:
    """The turn as if its question was searched as it is; "shorter" says nothing of a subject."""
    return replace(turn, query="" if turn.intent in BY_RULE else turn.question)


def _unanswered(turn: Turn) -> Turn:
    return replace(turn, answer=replace(turn.answer, text="", citations=()))
