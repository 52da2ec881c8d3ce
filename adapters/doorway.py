"""The doorway that every door leads through to the conversation: nobody runs, and everybody is counted."""

import time
from dataclasses import replace

from prometheus_client import CollectorRegistry, Counter, Histogram

from bot import outcomes
from bot.conversation import Conversation
from bot.messages import Answer, Question, TurnId, Verdict
from bot.reply import Reply
from tenancy.errors import AskedTooFast
from tenancy.pacing import Pace
from tenancy.viewer import Viewer

_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Doorway:
    """A conversation whose questions are paced, counted and timed."""

    def __init__(self, conversation: Conversation, pace: Pace, registry: CollectorRegistry) -> None:
        """Count into `registry`."""
        self._conversation = conversation
        self._pace = pace
        self._outcomes = Counter("footnote_questions", "Questions by how they ended.", ["outcome"], registry=registry)
        self._seconds = Histogram("footnote_answer_seconds", "Time to the whole answer.", buckets=_BUCKETS_S, registry=registry)
        self._feedback = Counter("footnote_feedback", "Verdicts of people on answers.", ["verdict"], registry=registry)

    async def handle(self, question: Question, reply: Reply) -> Answer:
        """As `Conversation.handle`; a question that comes too fast is refused before anything is looked up for it."""
        started = time.perf_counter()
        try:
            await self._pace.take(question.viewer)
        except AskedTooFast as error:
            answer = replace(outcomes.of(error), silent=not question.addressed)  # people may talk as fast as they like
            await reply.finish(answer)
        else:
            answer = await self._conversation.handle(question, reply)
        self._seconds.observe(time.perf_counter() - started)
        self._outcomes.labels(answer.outcome.value).inc()
        return answer

    async def feedback(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str = "") -> None:
        """As `Conversation.feedback`."""
        await self._conversation.feedback(viewer, turn, verdict, comment)
        self._feedback.labels(verdict.value).inc()
