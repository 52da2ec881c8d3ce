"""Outcomes that are not answers: what went wrong, as something to say. Pure."""

import inspect
from typing import Final

from bot import texts
from bot.errors import BotError, QuestionRefused, UnknownTurn
from bot.messages import Answer, Outcome
from knowledge.errors import KnowledgeError, UnknownDocument
from tenancy.errors import AllowanceSpent, AskedTooFast, TenancyError, UnknownPerson, UnknownTenant

REFUSED: Final = (QuestionRefused, UnknownTurn, UnknownDocument, AllowanceSpent, AskedTooFast, UnknownTenant, UnknownPerson)
"""What is wrong with the question or with what it asks for; every other failure is ours and is apologised for."""


def of(error: Exception, *, kept: bool = False) -> Answer:
    """The one visible outcome of a question that ended in `error`; `kept` is whether its turn was opened.

    Errors of the house speak for themselves; of any other not a word is shown.
    """
    if isinstance(error, BotError | KnowledgeError | TenancyError):
        outcome = Outcome.REFUSAL if isinstance(error, REFUSED) else Outcome.APOLOGY
        return Answer(outcome=outcome, text=sentence(error))
    return Answer(outcome=Outcome.APOLOGY, text=texts.UNEXPECTED_KEPT if kept else texts.UNEXPECTED)


def sentence(error: Exception) -> str:
    """What an error of the house says to people: its message, or its docstring."""
    return str(error) or " ".join((inspect.getdoc(error) or texts.UNEXPECTED).split())
