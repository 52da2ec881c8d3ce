"""Whether a question in a thread is about something else than the thread was."""

from typing import Final

from bot.intents.asked_part import asked_part, beside
from bot.intents.grounded import searched
from bot.intents.intent import Request, Tools
from bot.intents.rules import leans
from bot.likeness import Likeness
from knowledge.documents import Findings

NEAR: Final = 0.3
"""Cosine to a question of the thread from which a new one is taken to go on with it."""
SURE: Final = 0.55
"""Best cosine of what a question finds by itself from which it needs no help of the thread.

On mtrag (`tests/quality/followups.py`), of 198 first questions of another conversation put at the end of this one, 74 are noticed where
that is of the same collection and 76 where it is of another; of the 198 turns that are there, 12 are taken for a change, and many of them
are one. What is not noticed costs little, for the own words are searched too: in threads about something else 29 questions that stand alone
keep .929 to .946 of .948 nDCG@10, without this .920 to .914. Lower bars notice more, and cost those that go on more.
"""


async def another_subject(tools: Tools, request: Request) -> Findings | None:
    """What the question finds by itself if it turns to another subject; None if it goes on with the thread, or that cannot be told."""
    text = asked_part(request.question.text)
    if leans(text) or await _nearest(tools, request, text) >= NEAR:
        return None
    findings = await searched(tools, request, text, beside(request.question.text))
    best = max((hit.cosine for hit in findings.hits), default=0.0)
    return findings if best >= SURE and not findings.words_only else None


async def _nearest(tools: Tools, request: Request, text: str) -> float:
    """The highest cosine of the question to an earlier one that something was searched for; 1 where it cannot be told."""
    earlier = [(text, turn.question) for turn in request.past if turn.query]
    cosines = await Likeness(tools.sources, request.notes)(earlier) if earlier else []
    return max((1.0 if cosine is None else cosine for cosine in cosines), default=1.0)
