"""A model writes; every sentence is held against its source before anybody sees it, and once it may mend what fell out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot import texts
from bot.citations import INTRODUCES_NOTHING, Checker
from bot.errors import ModelUnavailable, Unavailable
from bot.guardrails import fence, fence_said
from bot.intents.intent import Request, Tools
from bot.intents.material import MOST_CHARACTERS, fitting
from bot.judging import Dropped, Held
from bot.likeness import Likeness
from bot.llm.port import CHARACTERS_A_TOKEN, Prompt, Writer
from bot.messages import Answer, Outcome
from bot.quotes import Cited
from bot.reply import Step
from knowledge.documents import Hit, Passage

_BESIDES: Final = 2_000
"""Tokens of a call besides its sources: the rules, the question, the answer."""
_TOO_MANY: Final = 1 / 3
"""Share of an answer's sentences; if more fell out, the model is asked again."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What one call of the model came to, checked."""

    written: str  # all that it wrote
    cited: Cited  # what holds
    held: tuple[Held, ...]
    dropped: tuple[Dropped, ...]  # sentences only, no headings and lead-ins
    unanswered: bool
    failure: Unavailable | None

    @property
    def incomplete(self) -> bool:
        """Whether so much fell out that what is left may not answer."""
        return self.failure is None and not self.unanswered and len(self.dropped) > _TOO_MANY * (len(self.dropped) + len(self.held))

    def beats(self, other: "_Draft") -> bool:
        """Whether more of it holds, or as much and less fell out."""
        return self.failure is None and (len(self.held), -len(self.dropped)) > (len(other.held), -len(other.dropped))


async def written(
    tools: Tools, request: Request, writer: Writer, prompt: Callable[[str], Prompt], hits: Sequence[Hit], otherwise: Answer
) -> Answer | None:
    """What the model writes from as many of `hits` as there is room for, checked; see `written_from`."""
    return await written_from(tools, request, writer, prompt, fitting(hits, room(request)), otherwise)


async def written_from(
    tools: Tools, request: Request, writer: Writer, prompt: Callable[[str], Prompt], sources: Sequence[Hit], otherwise: Answer
) -> Answer | None:
    """What the model writes from all of `sources`, checked; None if it says that they do not answer.

    Only checked text is ever shown, so nothing that was shown must be struck. If too much falls out, the model is told what and why and
    asked once more, unless that would go over the budget; the better of both stands. `otherwise`, with a notice that says why, if the
    model fails before anything holds, or nothing it writes does.
    """
    filled = prompt(fence((_label(hit.passage), hit.passage.text) for hit in sources))
    spent = request.notes.usage.tokens
    draft = await _draft(tools, request, writer, filled, sources, shown=True)
    if draft.incomplete:
        draft = await _mended(tools, request, writer, filled, sources, draft, request.notes.usage.tokens - spent)
    if draft.failure:
        request.notes.failure = f"{ModelUnavailable.__name__}.{draft.failure}"
    elif draft.unanswered:
        return None
    return _outcome(draft, otherwise)


def room(request: Request) -> int:
    """Characters of sources that the question's budget still has room for."""
    left = request.notes.spending.budget - request.notes.usage.tokens - _BESIDES
    return max(0, min(MOST_CHARACTERS, left * CHARACTERS_A_TOKEN))


async def _mended(
    tools: Tools, request: Request, writer: Writer, prompt: Prompt, sources: Sequence[Hit], first: _Draft, cost: int
) -> _Draft:
    """The better of the first draft and a second one; `cost` in tokens of the first is what the second is expected to need."""
    notes = request.notes
    if notes.usage.tokens + cost > notes.spending.budget:
        notes.again = "over budget"
        return first
    removed = "\n".join(f"- {one.sentence} ({one.reason})" for one in first.dropped)
    again = tools.prompts["again"].after(prompt, draft=fence_said([first.written]), removed=fence_said([removed]))
    second = await _draft(tools, request, writer, again, sources, shown=False)
    stands = second if second.beats(first) or (second.unanswered and not first.held) else first
    notes.again = "second stands" if stands is second else "first stands"
    return stands


async def _draft(tools: Tools, request: Request, writer: Writer, prompt: Prompt, sources: Sequence[Hit], *, shown: bool) -> _Draft:
    notes = request.notes
    notes.prompted(prompt, writer.name)
    await request.reply.step(Step.WRITING)
    checker = Checker(sources, Likeness(tools.sources, notes))
    with notes.step("write"):
        text, failure = await _streamed(request, writer, prompt, checker, shown=shown)
    await request.reply.step(Step.CHECKING)
    with notes.step("check"):
        cited = await checker.close()
    notes.dropped += checker.dropped
    lost = tuple(one for one in checker.dropped if one.reason != INTRODUCES_NOTHING)
    return _Draft(text, cited, tuple(checker.held), lost, checker.unanswered, failure)


async def _streamed(request: Request, writer: Writer, prompt: Prompt, checker: Checker, *, shown: bool) -> tuple[str, Unavailable | None]:
    """All that the model wrote, and how it failed, if it did; if it is `shown`, then the checked text as it grows."""
    whole, length = "", 0
    try:
        async for piece in writer.stream(prompt, request.notes.usage):
            whole += piece
            checked = await checker.add(piece)
            if shown and len(checked) > length:
                length = len(checked)
                await request.reply.text(checked)
                request.notes.shown()
    except ModelUnavailable as problem:
        return whole, problem.reason
    return whole, None


def _outcome(draft: _Draft, otherwise: Answer) -> Answer:
    if not draft.cited.citations:
        notice = texts.NOTICES[draft.failure] if draft.failure else texts.UNSUPPORTED
        return replace(otherwise, notice=texts.joined(notice, otherwise.notice))
    cut = texts.CUT_SHORT if draft.failure else ""
    foreign = texts.OTHER_LANGUAGE if any(held.foreign for held in draft.held) else ""
    return replace(
        otherwise,
        outcome=Outcome.ANSWER,
        text=draft.cited.text,
        citations=draft.cited.citations,
        notice=texts.joined(cut, foreign, otherwise.notice),
        written=True,
    )


def _label(passage: Passage) -> str:
    """Its title and headings, from when it holds, when it was changed, and what it is beside other editions: a draft, an older one."""
    changed, edition = passage.document.modified_at, passage.document.edition
    date = f"last changed {changed.day} {texts.month(changed)}" if changed else ""
    valid = f"valid from {edition.valid_from.day} {texts.month(edition.valid_from)}" if edition.valid_from else ""
    told = "; ".join(filter(None, (valid, date, texts.edition(edition.standing, edition.replaced_by))))
    return " › ".join((passage.document.title, *passage.heading)) + (f" ({told})" if told else "")  # noqa: RUF001  the same sign as in the interface
