"""Intents that look nothing up: help, small talk, and what was not meant for us."""

import re
from typing import Final

from bot import texts
from bot.intents.intent import Request, Tools
from bot.messages import Answer, Outcome

_TALK: Final = (
    (re.compile(r"\b(thank|thanks|thx|ty|cheers|merci|danke|gracias|appreciate|much obliged)", re.IGNORECASE), texts.THANKS),
    (re.compile(r"\b(bye|goodbye|see you|good night|ciao|later)\b", re.IGNORECASE), texts.BYE),
    (re.compile(r"\b(how are you|how('s| is) it going|what'?s up)\b", re.IGNORECASE), texts.FINE),
    (re.compile(r"\b(hi|hello|hey|good (morning|afternoon|evening|day)|howdy|hallo|moin|greetings)\b", re.IGNORECASE), texts.HELLO),
)


async def help_(tools: Tools, request: Request) -> Answer:
    """What the assistant can do, and how many documents it would look through for this asker."""
    question = request.question
    count = await tools.sources.count(question.viewer, question.audience)
    return Answer(outcome=Outcome.ANSWER, text=texts.HELP.format(where=texts.where(count, private=question.private)))


async def smalltalk(_tools: Tools, request: Request) -> Answer:
    """A word back."""
    words = next((words for pattern, words in _TALK if pattern.search(request.question.text)), texts.THANKS)
    return Answer(outcome=Outcome.ANSWER, text=words)


async def not_for_me(_tools: Tools, request: Request) -> Answer:
    """Silence among others; a short word in private, where everything is meant for us."""
    if request.question.private:
        return Answer(outcome=Outcome.REFUSAL, text=texts.NOT_A_QUESTION)
    return Answer(outcome=Outcome.REFUSAL, text=texts.NOT_FOR_ME, silent=True)
