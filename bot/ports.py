"""What the bot needs of the rooms below it and of its own memory, no more than it uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.doubt import Thresholds
from bot.messages import Answer, Question, Trace, Turn, TurnId, Verdict
from knowledge.documents import Document, DocumentId, Findings, Passage
from knowledge.embedding.port import Matrix, Vector
from tenancy.viewer import Audience, TenantId, Viewer


class Sources(Protocol):
    """What is known, for one viewer and audience at a time. `knowledge.library.Library` is one."""

    async def search(self, viewer: Viewer, audience: Audience, query: str, limit: int = 8, own: str = "") -> Findings:
        """The best passages, every one checked live for viewer and audience.

        `own`: a follow-up in its own words, searched beside `query`, which is those with their subject.
        """

    async def count(self, viewer: Viewer, audience: Audience) -> int:
        """How many documents viewer and audience may all read."""

    async def named(self, viewer: Viewer, audience: Audience, title: str) -> Document | None:
        """The document that `title` means best, among those viewer and audience may read."""

    async def passages(self, viewer: Viewer, audience: Audience, document: DocumentId) -> tuple[Passage, ...]:
        """A whole document in reading order, checked live. Raises `UnknownDocument`."""

    async def embed(self, text: str) -> Vector:
        """The vector of a question; asking again for the same text costs nothing."""

    async def vectors(self, texts: Sequence[str]) -> Matrix:
        """The vectors of sentences, in their order, off the event loop. Raises `EmbedderUnavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A turn that was opened, with what the thread remembers."""

    is_new: bool  # False: the same question was opened before, by a worker that did not finish it, or that did
    answer: Answer | None = None  # the stored answer, if the turn is finished
    past: tuple[Turn, ...] = ()  # oldest first, bounded; only what this question's audience may be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a turn ended, to be kept with it."""

    answer: Answer
    trace: Trace
    took_ms: float
    first_ms: float  # until the asker was shown the first of it
    refunded: bool = False  # whether the question, paid for when its turn was opened, is free after all


class Calibration(Protocol):
    """What is learned of how much doubt is too much. `bot.memory.calibrations.Calibrations` is one."""

    async def thresholds(self, tenant: TenantId, made_by: str) -> Thresholds:
        """Of the tenant, for doubts made so; the usual ones if nothing is learned of it, or only of doubts that were made otherwise."""


class Memory(Protocol):
    """What threads have said so far. `bot.memory.turns.Turns` is one."""

    async def open(self, question: Question) -> Opening:
        """Keep the question as a turn and pay for it, unless it is kept already, and recall its thread; one transaction.

        Raises `UnknownTurn` if that id belongs to somebody else's question; `AllowanceSpent` if the month's are used up.
        """

    async def close(self, question: Question, ending: Ending) -> Answer:
        """Keep how the turn ended, write the audit line and give back what is free, in one transaction.

        Returns the answer that stands, which is another one if the turn was finished meanwhile.
        """

    async def interrupt(self, question: Question, trace: Trace, took_ms: float) -> None:
        """Keep what is known of a turn that nobody waits for any more; it stays open, so the same id can be asked again."""

    async def rate(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str) -> None:
        """Keep what a person thinks of an answer; their last word counts.

        Raises `UnknownTurn` if there is no such turn, or it was a private one of somebody else.
        """
