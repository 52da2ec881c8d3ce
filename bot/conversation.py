"""The one conversation that every door calls. It reads like the product; nothing about one question is kept on it."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable
from dataclasses import replace
from typing import Final

from opentelemetry import trace

from bot import guardrails, outcomes, texts
from bot.intents.asked_part import asked_part
from bot.intents.intent import Intent, Request, Tools
from bot.intents.router import Routing
from bot.intents.rules import Thread
from bot.intents.table import FREE, HANDLERS
from bot.llm.port import Spending, Writer
from bot.messages import Answer, Outcome, Question, Turn, TurnId, Verdict
from bot.notes import Notes
from bot.ports import Calibration, Ending, Memory, Opening, Sources
from bot.prompts import Prompts
from bot.reply import Reply, Step
from bot.spans import span
from knowledge.errors import EmbedderUnavailable, UnknownDocument
from tenancy.viewer import Viewer

_log = logging.getLogger(__name__)
_NO_TRACE: Final = 0


class Conversation:
    """Answers questions, one visible outcome each. Shared by all doors and all tenants."""

    def __init__(
        self,
        *,
        sources: Sources,
        memory: Memory,
        router: Routing,
        prompts: Prompts,
        writer: Writer | None = None,
        calibration: Calibration | None = None,
        spending: Spending | None = None,
    ) -> None:
        """`writer` absent: answers are cited extracts. `calibration` absent: every tenant has the usual thresholds of doubt.

        `spending`: what the writer may cost.
        """
        self._spending = spending or Spending()
        self._sources = sources
        self._memory = memory
        self._router = router
        self._tools = Tools(sources=sources, memory=memory, prompts=prompts, writer=writer, calibration=calibration)

    async def handle(self, question: Question, reply: Reply) -> Answer:
        """Answer one question: guard it, open its turn, route it, do what is wanted, keep the turn, finish the reply.

        `reply.finish` is called exactly once, whatever fails, and the turn is kept before it. A question whose turn is
        finished already gets the stored answer, if all of its sources are still open to viewer and audience: nothing is
        searched, charged or kept again. If the caller is cancelled, the turn is kept as interrupted, unanswered, so that
        the same question handed over again is answered; only then `finish` is not called.
        """
        notes = Notes(spending=self._spending)
        with span("bot.question"):
            try:
                answer = await _safely(self._answered(question, reply, notes), question, notes)
                answer = await _safely(self._settled(question, answer, notes), question, notes)
            except asyncio.CancelledError:
                await asyncio.shield(_safely(self._interrupted(question, notes), question, notes))
                raise
            await reply.finish(answer)
        return answer

    async def feedback(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str = "") -> None:
        """Keep what `viewer` thinks of an answer; their last word counts, and 1,000 characters of the comment.

        Raises `UnknownTurn` if there is no such answer, or it was a private one of somebody else.
        """
        await self._memory.rate(viewer, turn, verdict, guardrails.comment(comment))

    async def _answered(self, asked: Question, reply: Reply, notes: Notes) -> Answer:
        question = replace(asked, text=guardrails.guarded(asked.text))
        opening = await self._opened(question, reply, notes)
        if opening.answer is not None:
            notes.repeated = True
            return await self._still_open(question, opening.answer, notes)
        intent = await self._routed(question, opening.past, notes)
        request = Request(question=question, past=opening.past, reply=reply, notes=notes)
        with notes.step(intent):
            return await HANDLERS[intent](self._tools, request)

    async def _opened(self, question: Question, reply: Reply, notes: Notes) -> Opening:
        """The turn opened and paid for while the question is embedded, which routing and searching both need."""
        with notes.step("open"):
            embedded, opening, told = await asyncio.gather(
                self._sources.embed(asked_part(question.text)),  # first: it takes longest, and in another thread
                self._memory.open(question),
                reply.step(Step.READING),
                return_exceptions=True,  # none is left behind at work when another fails
            )
        if isinstance(opening, BaseException):
            raise opening
        notes.opened = True
        failures = [result for result in (embedded, told) if isinstance(result, BaseException)]
        failure = next((one for one in failures if not isinstance(one, EmbedderUnavailable)), None)  # words can be searched without
        if failure is not None and opening.answer is None:
            raise failure
        return opening

    async def _still_open(self, question: Question, stored: Answer, notes: Notes) -> Answer:
        """The stored answer, every document it cites checked live; if viewer or audience lost one, none of it is shown.

        What its footnotes said of other documents, that there is a newer edition, is left out: those may be closed by now.
        """
        with notes.step("recheck"):
            try:
                for document in dict.fromkeys(citation.document for citation in stored.citations):
                    await self._sources.passages(question.viewer, question.audience, document)
            except UnknownDocument:
                text = texts.NO_LONGER_ASKER if question.private else texts.NO_LONGER_EVERYBODY
                return Answer(outcome=Outcome.REFUSAL, text=text)
        return replace(stored, citations=tuple(replace(citation, note="") for citation in stored.citations))

    async def _routed(self, question: Question, past: tuple[Turn, ...], notes: Notes) -> Intent:
        with notes.step("route"):
            route = await self._router.route(question.text, Thread.of(past, overheard=not question.addressed))
        notes.intent, notes.routed_by = route.intent, route.by
        return route.intent

    async def _settled(self, asked: Question, answer: Answer, notes: Notes) -> Answer:
        """Keep the turn with its trace and audit line; the answer that stands, checked if it is another one."""
        if notes.repeated:
            return answer
        question = replace(asked, text=guardrails.kept(asked.text))
        took = notes.elapsed_ms()
        first = took if notes.first_ms is None else notes.first_ms
        free = notes.opened and (answer.outcome is Outcome.APOLOGY or notes.intent in FREE)
        ending = Ending(answer=answer, trace=notes.trace(), took_ms=took, first_ms=first, refunded=free)
        with notes.step("keep"):
            stands = await self._memory.close(question, ending)
        return stands if stands is answer else await self._still_open(question, stands, notes)

    async def _interrupted(self, asked: Question, notes: Notes) -> Answer:
        question = replace(asked, text=guardrails.kept(asked.text))
        await self._memory.interrupt(question, notes.trace(), notes.elapsed_ms())
        return Answer(outcome=Outcome.APOLOGY, text="")


async def _safely(work: Awaitable[Answer], question: Question, notes: Notes) -> Answer:
    """What `work` comes to; what goes wrong in it becomes a refusal or an apology."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001  the edge: every question gets its one outcome, whatever failed
        notes.failure = type(error).__name__
        # Nobody who talks to others is told what we could not do with it.
        answer = replace(outcomes.of(error, kept=notes.opened), silent=not question.addressed)
        if answer.outcome is Outcome.APOLOGY:
            _log.error("a question failed", extra=_known(error, question))
        return answer


def _known(error: Exception, question: Question) -> dict[str, object]:
    """What may be logged: where it failed, never the words of a message, which may be a user's."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return {
        "failure": type(error).__name__,
        "where": " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames)),
        "turn": question.id,
        "tenant": question.viewer.tenant,
        "trace_id": f"{trace.get_current_span().get_span_context().trace_id or _NO_TRACE:032x}",
    }
