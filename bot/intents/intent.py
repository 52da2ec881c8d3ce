"""The intents, and what their handlers are given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.llm.port import Writer
from bot.messages import Answer, Question, Turn
from bot.notes import Notes
from bot.ports import Calibration, Memory, Sources
from bot.prompts import Prompts
from bot.reply import Reply


class Intent(StrEnum):
    """What a person wants."""

    ASK = "ask"  # a question that stands on its own
    FOLLOW_UP = "follow_up"  # a question that needs what the thread said before
    RESTATE = "restate"  # the last answer, shorter or longer
    SOURCE = "source"  # one source or point of the last answer
    SUMMARIZE_THREAD = "summarize_thread"
    SUMMARIZE_DOCUMENT = "summarize_document"
    HELP = "help"  # what can you do
    SMALLTALK = "smalltalk"  # thanks, greetings
    FEEDBACK = "feedback"  # that answer was wrong, or right
    NOT_FOR_ME = "not_for_me"  # people talking to each other


BY_RULE: Final = frozenset({Intent.RESTATE, Intent.SOURCE})
"""Intents that only their own words give away: a message that is merely like them is a question."""
ASKED_BACK: Final = "asked_back"
"""What a turn is remembered by, in an intent's place, that was answered by a question of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every handler works with; the same for all questions."""

    sources: Sources
    memory: Memory
    prompts: Prompts
    writer: Writer | None  # None: cited extracts
    calibration: Calibration | None = None  # None: the usual thresholds of doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question being answered."""

    question: Question  # its text cleaned
    past: tuple[Turn, ...]  # what the thread remembers, oldest first; only what this audience may be told
    reply: Reply
    notes: Notes


def asked_back(request: Request) -> Turn | None:
    """The last turn, if it was answered by a question of ours: what is said now may answer it."""
    last = request.past[-1] if request.past else None
    return last if last and last.intent == ASKED_BACK else None


Handler = Callable[[Tools, Request], Awaitable[Answer]]
