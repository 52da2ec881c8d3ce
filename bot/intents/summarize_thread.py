"""What this thread found out, in short; every source is checked again for those who will read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import texts
from bot.intents.intent import Intent, Request, Tools
from bot.intents.recall import found_again, reread
from bot.intents.summarize_document import summarized
from bot.llm.layout import inert
from bot.messages import Answer, Outcome, Turn
from bot.quotes import Quote
from bot.reply import Step
from knowledge.documents import DocumentId, Passage

_FOUND_OUT = frozenset({Intent.ASK, Intent.FOLLOW_UP})  # a summary is not summed up again
_MOST_QUESTION = 160  # characters of a question that are repeated


@dataclass(frozen=True, slots=True)
class _Point:
    """One earlier question with what still supports its answer."""

    question: str
    quote: Quote


async def summarize_thread(tools: Tools, request: Request) -> Answer:
    """Read the cited documents again, keep what still stands there, show it by question, write it up if there is a model."""
    turns = [turn for turn in request.past if turn.intent in _FOUND_OUT and turn.answer.supported]
    if not turns:
        return Answer(outcome=Outcome.REFUSAL, text=texts.NOTHING_SAID)
    await request.reply.step(Step.SEARCHING)
    with request.notes.step("open"):
        documents = await reread(tools, request, turns)
    points = [point for turn in turns for point in _points(turn, documents)]
    if not points:
        return Answer(outcome=Outcome.REFUSAL, text=texts.NOTHING_SAID)
    first = _listed(points)
    await request.reply.extracts(first)
    request.notes.shown()
    passages = list({point.quote.passage.id: point.quote.passage for point in points}.values())
    return await summarized(tools, request, _questions(points), passages, first)


def _points(turn: Turn, documents: Mapping[DocumentId, tuple[Passage, ...]]) -> list[_Point]:
    """The answer's first source that still says the same; none if no source does."""
    for citation in turn.answer.citations:
        quote = found_again(citation, documents.get(citation.document, ()))
        if quote is not None:
            return [_Point(turn.question, quote)]
    return []


def _listed(points: Sequence[_Point]) -> Answer:
    lines = [
        texts.THREAD_SO_FAR.format(
            question=texts.plain(" ".join(point.question.split())[:_MOST_QUESTION]), answer=f"{inert(point.quote.text)} [{n}]"
        )
        for n, point in enumerate(points, start=1)
    ]
    citations = tuple(point.quote.citation(n) for n, point in enumerate(points, start=1))
    return Answer(outcome=Outcome.ANSWER, text="\n".join(lines), citations=citations)


def _questions(points: Sequence[_Point]) -> list[str]:
    return list(dict.fromkeys(point.question for point in points))
