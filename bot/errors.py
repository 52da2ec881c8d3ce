"""What can go wrong while answering.

    BotError
    ├── QuestionRefused    a question that cannot be taken as it is
    │   ├── EmptyQuestion
    │   └── LongQuestion
    ├── UnknownTurn
    ├── ModelUnavailable   `reason` says how; the answer falls back to extracts
    └── BadPrompt          a prompt file that cannot be used; found at start

The message of each is a sentence for the person who reads it: what was wrong, and what to do.
"""

from enum import StrEnum


class BotError(Exception):
    """Something about this question or its answer is not as asked."""


class QuestionRefused(BotError):
    """A question that cannot be taken as it is."""


class EmptyQuestion(QuestionRefused):
    """There is no question in that message. Write what you would like to know, in a sentence."""


class LongQuestion(QuestionRefused):
    """The question is too long."""

    def __init__(self, length: int, limit: int) -> None:
        """`length` and `limit` are characters."""
        super().__init__(
            f"That question has {length:,} characters; {limit:,} is the most I can take. "
            "Ask the core of it, or add the long text as a document."
        )


class UnknownTurn(BotError):
    """There is no such answer, or it was given to somebody else."""


class Unavailable(StrEnum):
    """How a model failed."""

    SLOW = "slow"  # no word, or no further word, in time
    BUSY = "busy"  # 429
    FAILED = "failed"  # 5xx
    UNREACHABLE = "unreachable"  # no connection
    REJECTED = "rejected"  # 4xx: the key, the model's name or the request is wrong
    CUT = "cut"  # the stream ended before it was finished


class ModelUnavailable(BotError):
    """The language model cannot be reached just now. Ask again in a minute."""

    def __init__(self, reason: Unavailable) -> None:
        """`reason` chooses the sentence that people read; see `bot.texts.NOTICES`."""
        super().__init__(self.__doc__)
        self.reason = reason


class BadPrompt(BotError):
    """A prompt file cannot be used; the message says which and what to change."""
