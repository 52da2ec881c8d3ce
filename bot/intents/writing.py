"""A model writes; every sentence is held against its source before anybody sees it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot import texts
from bot.citations import Checker
from bot.errors import ModelUnavailable, Unavailable
from bot.guardrails import fence
from bot.intents.intent import Request
from bot.llm.port import Prompt, Writer
from bot.messages import Answer, Outcome
from bot.quotes import Cited
from bot.reply import Step
from knowledge.documents import Hit, Passage

MOST_CHARACTERS = 16_000
"""Characters of sources in one prompt, about 4,000 tokens; the best hits that fit."""


async def written(
    request: Request, writer: Writer, prompt: Callable[[str], Prompt], hits: Sequence[Hit], otherwise: Answer
) -> Answer | None:
    """What the model writes from `hits`, checked; None if it says that they do not answer.

    `otherwise`, with a notice that says why, if the model fails before anything holds, or nothing it writes does.
    """
    sources = _fitting(hits)
    filled = prompt(fence((_label(hit.passage), hit.passage.text) for hit in sources))
    request.notes.prompted(filled, writer.name)
    await request.reply.step(Step.WRITING)
    checker = Checker(sources)
    with request.notes.step("write"):
        failure = await _streamed(request, writer, filled, checker)
    await request.reply.step(Step.CHECKING)
    with request.notes.step("check"):
        cited = checker.close()
    request.notes.dropped += checker.dropped
    if checker.unanswered and failure is None:
        return None
    return _outcome(cited, failure, otherwise)


async def _streamed(request: Request, writer: Writer, prompt: Prompt, checker: Checker) -> Unavailable | None:
    """Show the checked text as it grows; how the model failed, if it did."""
    length = 0
    try:
        async for piece in writer.stream(prompt, request.notes.usage):
            checked = checker.add(piece)
            if len(checked) > length:
                length = len(checked)
                await request.reply.text(checked)
                request.notes.shown()
    except ModelUnavailable as problem:
        request.notes.failure = f"{type(problem).__name__}.{problem.reason}"
        return problem.reason
    return None


def _outcome(cited: Cited, failure: Unavailable | None, otherwise: Answer) -> Answer:
    if not cited.citations:
        notice = texts.NOTICES[failure] if failure else texts.UNSUPPORTED
        return replace(otherwise, notice=_together(notice, otherwise.notice))
    notice = texts.CUT_SHORT if failure else ""
    return replace(
        otherwise,
        outcome=Outcome.ANSWER,
        text=cited.text,
        citations=cited.citations,
        notice=_together(notice, otherwise.notice),
        written=True,
    )


def _together(*notices: str) -> str:
    return " ".join(filter(None, notices))


def _fitting(hits: Sequence[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    room = MOST_CHARACTERS
    for hit in hits:
        room -= len(hit.passage.text)
        if kept and room < 0:
            break
        kept.append(hit)
    return kept


def _label(passage: Passage) -> str:
    changed = passage.document.modified_at
    date = f" (last changed {changed.day} {texts.month(changed)})" if changed else ""
    return " › ".join((passage.document.title, *passage.heading)) + date  # noqa: RUF001  the same sign as in the interface
