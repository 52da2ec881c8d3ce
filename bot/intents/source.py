"""One of the sources, or of the points, of the last answer: "the second one"."""

import re
from collections.abc import Sequence
from typing import Final, TypeVar

from bot import texts
from bot.intents.intent import Intent, Request, Tools
from bot.intents.pointing import LAST, is_bare, means_item, means_source, pointed_at
from bot.intents.reading import around, read_out
from bot.intents.recall import found_again, reread
from bot.messages import Answer, Citation, Outcome, Turn
from bot.reply import Step
from knowledge.documents import Findings, Hit

_ITEM = re.compile(r"^\s*(?:[-*]|\d{1,3}[.)])\s.*$", re.MULTILINE)
_MARK = re.compile(r"(?<!\\)\[(\d{1,3})\]")
_FEWEST_ITEMS: Final = 2  # of a list that one may be pointed at in
_Thing = TypeVar("_Thing")


async def source(tools: Tools, request: Request) -> Answer:
    """Read out what is pointed at, from its document as it is now; nothing of it if asker or audience may not read it any more."""
    if not request.question.addressed and is_bare(request.question.text):  # among colleagues a number is mostly theirs
        request.notes.intent = Intent.NOT_FOR_ME
        return _refused(request, texts.NOT_FOR_ME)
    turn = next((turn for turn in reversed(request.past) if turn.answer.citations and turn.intent != Intent.SOURCE), None)
    if turn is None:
        return _refused(request, texts.NOTHING_SAID)
    citation = meant(request.question.text, turn)
    if citation is None:
        return _refused(request, _none_such(request.question.text, turn))
    await request.reply.step(Step.SEARCHING)
    with request.notes.step("open"):
        documents = await reread(tools, request, [turn])
    found = found_again(citation, documents.get(citation.document, ()))
    if found is None:
        return _refused(request, texts.gone(private=request.question.private))
    request.notes.found(turn.query or turn.question, Findings(hits=(Hit(passage=found.passage, score=1.0),)))
    read = around(found)
    name = texts.title(" › ".join((found.passage.document.title, *found.passage.heading)))  # noqa: RUF001  as in the interface
    return Answer(outcome=Outcome.ANSWER, text=f"{name}:\n\n{read_out(read, 1)}", citations=(read.citation(1),))


def meant(text: str, turn: Turn) -> Citation | None:
    """The footnote of the answer that `text` points at; None if it has none of that number.

    What is called a source is a footnote; what is called an item, or nothing, is one of the answer's list, if it has one as long.
    """
    number = pointed_at(text)
    if number is None:
        return None
    items = _ITEM.findall(turn.answer.text)
    listed = not means_source(text) and (means_item(text) or len(items) >= _FEWEST_ITEMS)
    if listed and (item := _nth(items, number)) and (mark := _MARK.search(item)):
        number = int(mark[1])
    elif means_item(text):
        return None
    return _nth(turn.answer.citations, number)


def _refused(request: Request, text: str) -> Answer:
    """A refusal; nobody who talks to others is told it."""
    return Answer(outcome=Outcome.REFUSAL, text=text, silent=not request.question.addressed)


def _none_such(text: str, turn: Turn) -> str:
    """That the answer has no such point, or source."""
    if means_item(text) and len(_ITEM.findall(turn.answer.text)) >= _FEWEST_ITEMS:
        return texts.NO_SUCH_POINT
    count = len(turn.answer.citations)
    return texts.ONE_SOURCE if count == 1 else texts.SO_MANY_SOURCES.format(count=count)


def _nth(things: Sequence[_Thing], number: int) -> _Thing | None:
    if number == LAST:
        number = len(things)
    return things[number - 1] if 0 < number <= len(things) else None
