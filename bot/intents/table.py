"""The table of intents. A new intent is a line here, a file beside it and phrases in `examples.yaml`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.intents.ask import ask
from bot.intents.feedback import feedback
from bot.intents.follow_up import follow_up
from bot.intents.intent import Handler, Intent
from bot.intents.restate import restate
from bot.intents.small import help_, not_for_me, smalltalk
from bot.intents.source import source
from bot.intents.summarize_document import summarize_document
from bot.intents.summarize_thread import summarize_thread

HANDLERS: Final[Mapping[Intent, Handler]] = MappingProxyType(
    {
        Intent.ASK: ask,
        Intent.FOLLOW_UP: follow_up,
        Intent.RESTATE: restate,
        Intent.SOURCE: source,
        Intent.SUMMARIZE_THREAD: summarize_thread,
        Intent.SUMMARIZE_DOCUMENT: summarize_document,
        Intent.HELP: help_,
        Intent.SMALLTALK: smalltalk,
        Intent.FEEDBACK: feedback,
        Intent.NOT_FOR_ME: not_for_me,
    }
)

FREE: Final = frozenset({Intent.HELP, Intent.SMALLTALK, Intent.FEEDBACK, Intent.NOT_FOR_ME})
"""Intents that look nothing up: they are not taken from the month's allowance."""
