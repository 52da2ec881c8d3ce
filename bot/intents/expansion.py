"""Other words for a question, from the model, where its words and its meaning found different things."""

import asyncio
import re
from operator import attrgetter
from typing import Final

from bot.errors import ModelUnavailable
from bot.guardrails import clean, fence_said, without_orders
from bot.intents.asked_part import beside
from bot.intents.grounded import searched
from bot.intents.intent import Request, Tools
from bot.intents.writing import room
from bot.llm.port import CHARACTERS_A_TOKEN, Prompt, Writer
from knowledge.documents import Findings
from knowledge.terms import terms

MOST_TERMS: Final = 6
PATIENCE_S: Final = 5.0
"""How long the model may hold up an answer for a few words."""
_APART: Final = 3
"""Places behind the other's best from which words and vectors disagree. Of the eight best documents on mtrag, the 18F handbook and scifact
(every second claim), 24, 32 and 20 % of questions are so; their nDCG@10 is .518, .487 and .428, that of the others .928, .604 and .836.
"""
_TERM: Final = re.compile(r"[^\W_][\w'’/-]*(?: [\w'’/-]+){0,3}")  # noqa: RUF001  apostrophes as models write them
_LONGEST: Final = 240  # characters of an answer
_LONGEST_ASKED: Final = 400  # characters of a message; one that says more has words enough


def disagree(findings: Findings) -> bool:
    """Whether the best hit by words is far from the best by vector, and the other way round."""
    hits = findings.hits
    if findings.words_only or not hits:
        return False
    by_words, by_cosine = max(hits, key=attrgetter("words")), max(hits, key=attrgetter("cosine"))
    nearer, worded = sum(hit.cosine > by_words.cosine for hit in hits), sum(hit.words > by_cosine.words for hit in hits)
    return min(nearer, worded) >= _APART


async def expanded(tools: Tools, request: Request, query: str, findings: Findings) -> Findings | None:
    """What `query` finds with other words searched beside it and what else was said; None where there is no need, or there are none.

    Asked for once a question, never where the model has rewritten it, and only while there is room for an answer in the budget.
    """
    text = request.question.text
    if tools.writer is None or len(text) > _LONGEST_ASKED or not disagree(findings):
        return None
    prompt = tools.prompts["expand"].filled(question=fence_said([query]))
    if len(prompt.system) + len(prompt.user) >= room(request):
        return None
    words = [word for word in await _asked_for(tools.writer, prompt, request) if not set(terms(word)) <= set(terms(query))]
    if not words:
        return None
    request.notes.expanded = ", ".join(words)
    return await searched(tools, request, query, " ".join((beside(text) or query, *words)))


async def _asked_for(writer: Writer, prompt: Prompt, request: Request) -> list[str]:
    """The model's words; none if it fails or takes too long."""
    request.notes.prompted(prompt, writer.name)
    spent = request.notes.usage.tokens
    with request.notes.step("expand"):
        try:
            async with asyncio.timeout(PATIENCE_S):
                return parsed(await writer.complete(prompt, request.notes.usage))
        except (ModelUnavailable, TimeoutError):
            if request.notes.usage.tokens == spent:  # it was sent, whatever came back
                request.notes.usage.add((len(prompt.system) + len(prompt.user)) // CHARACTERS_A_TOKEN, 0)
            return []


def parsed(written: str) -> list[str]:
    """The terms, in order, each once; none at all where anything else is written."""
    text = clean(written).strip(" .")
    if not text or len(text) > _LONGEST or "\n" in text or without_orders(text) != text or text.casefold() == "none":
        return []
    found = list(dict.fromkeys(" ".join(term.split()) for term in text.split(",")))
    return found if len(found) <= MOST_TERMS and all(map(_TERM.fullmatch, found)) else []
