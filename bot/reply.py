"""The port through which an answer travels up to whoever asked. Every door fulfils it."""

from enum import StrEnum
from typing import Protocol

from bot.messages import Answer


class Step(StrEnum):
    """What is being done just now, for doors that can show it. The words are in `bot.texts`."""

    READING = "reading"  # reading the question
    SEARCHING = "searching"  # looking through the documents the asker may read
    WRITING = "writing"  # the model writes
    CHECKING = "checking"  # sentences are held against their passages


class Reply(Protocol):
    """One answer on its way into one thread. Calls come in this order; `finish` comes exactly once, last.

    A door that cannot show a stage ignores it. No call may raise for a reason of presentation.
    """

    async def step(self, step: Step) -> None:
        """Say what is being done."""

    async def extracts(self, answer: Answer) -> None:
        """Show the cited extracts, while the written answer is on its way. At most once."""

    async def text(self, written: str) -> None:
        """Show the written answer so far: the whole checked text, Markdown, each call longer than the last."""

    async def finish(self, answer: Answer) -> None:
        """Show the outcome, in place of whatever was shown before."""
