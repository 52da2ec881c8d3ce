"""A question that needs what the thread said before."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bot.errors import ModelUnavailable
from bot.guardrails import clean, fence_said, told, without_orders
from bot.intents.asked_part import asked_part, without_chatter
from bot.intents.asking import asked_alone, taken_up, which_before, which_one
from bot.intents.change import another_subject
from bot.intents.grounded import answered, composed, extracted, searched, shown
from bot.intents.intent import ASKED_BACK, Request, Tools, asked_back
from bot.intents.recall import needs_recheck, still_told
from bot.intents.rules import leans, names_by_pronoun
from bot.intents.subject import borrows, content, last_named, last_searched, own_words, standalone
from bot.llm.cues import WANTS_ALL
from bot.llm.port import Prompt, Writer
from bot.messages import Answer, Outcome, Turn
from knowledge.documents import Findings
from knowledge.terms import terms

MOST_REWRITTEN = 400
"""Characters of a question that the model rewrote; a longer one is no question."""
LEAST_SAID = 0.5
"""Share of its terms that the conversation must have; "I cannot help with that" is no question of this thread."""
_MOST_SAID = 600  # characters of each earlier answer that the model is told
_REMEMBERED = 4  # earlier turns that the model is told


async def follow_up(tools: Tools, request: Request) -> Answer:
    """Search with the thread's subject words and the question's own beside them; a question about something else, with its own alone.

    If a model rewrites the question meanwhile, what is written is from that search.
    """
    text, before = asked_part(request.question.text), asked_back(request)
    if before is not None:
        return await taken_up(tools, request, before)
    if last_searched(request.past) is None:
        return await asked_alone(tools, request)
    alone = await another_subject(tools, request)
    if alone is not None:
        return which_one(request, text, alone) or await answered(tools, request, text, alone)
    past = await _told(tools, request, text)
    async with _rewriting(tools, request, past) as rewriting:
        return await _gone_on(tools, request, past, rewriting)


async def _gone_on(tools: Tools, request: Request, past: Sequence[Turn], rewriting: asyncio.Task[str | None] | None) -> Answer:
    """What goes on with the thread: searched with its subject; again as the model rewrites it, if it does."""
    text, own = asked_part(request.question.text), without_chatter(request.question.text)
    query = standalone(text, past)
    asked = query if leans(text) else text  # what says enough itself is answered by what it says, not by what was before
    findings = await searched(tools, request, query, _beside(query, own) or _named(own, past))
    unclear = which_one(request, query, findings)
    if unclear:
        return unclear
    first = await extracted(tools, request, asked, findings)
    if first.outcome is not Outcome.ANSWER and WANTS_ALL.search(text) and not (leans(text) or names_by_pronoun(text)):
        query, findings, first = await _surer_alone(tools, request, text, (query, findings, first))
    unclear = await which_before(tools, request, first)
    if not unclear:
        await shown(request, first)
    better = await _awaited(request, rewriting)
    if unclear and better is None:
        request.notes.intent, request.notes.query = ASKED_BACK, text
        return unclear
    if better and better != query:
        findings = await searched(tools, request, better, _beside(better, own))
        first, asked = await extracted(tools, request, better, findings), better
    return await composed(tools, request, asked, findings, first)


async def _surer_alone(tools: Tools, request: Request, text: str, found: tuple[str, Findings, Answer]) -> tuple[str, Findings, Answer]:
    """What a question of a list of something finds without the thread's words, if that is an answer; else what was `found` with them.

    Of any question that does not lean, nDCG@10 of mtrag's last turns would be .869 instead of .878, and half as many be asked back.
    """
    findings = await searched(tools, request, text)
    first = await extracted(tools, request, text, findings)
    if first.outcome is Outcome.ANSWER:
        return text, findings, first
    request.notes.found(*found[:2])
    return found


async def _awaited(request: Request, rewriting: asyncio.Task[str | None] | None) -> str | None:
    if rewriting is None:
        return None
    with request.notes.step("rewrite"):
        return await rewriting


async def _told(tools: Tools, request: Request, text: str) -> Sequence[Turn]:
    """The thread, as far as its words go on where `standalone` is given `text`: where those of answers do, none of what is closed."""
    past = request.past
    if tools.writer is None and not borrows(text, past) and not needs_recheck(past):
        return past
    latest = past[-_REMEMBERED:]  # every document that is read again takes its time
    with request.notes.step("recall"):
        return await still_told(tools, request, latest if last_searched(latest) else past)


def _beside(query: str, text: str) -> str:
    """The question's own words, if they say something by themselves that is not all there is."""
    own = own_words(text)
    return own if content(own) and own not in {query, own_words(query)} else ""


def _named(text: str, past: Sequence[Turn]) -> str:
    """What the thread came to last, where `text` says nothing by itself: that "why?" is about, before what the thread began with."""
    return "" if content(own_words(text)) else last_named(past)


@asynccontextmanager
async def _rewriting(tools: Tools, request: Request, past: Sequence[Turn]) -> AsyncIterator[asyncio.Task[str | None] | None]:
    """The model at work on the question; ended with the block at the latest."""
    if tools.writer is None:
        yield None
        return
    prompt = _prompt(tools, request, past)
    request.notes.prompted(prompt, tools.writer.name)
    task = asyncio.create_task(_rewritten(tools.writer, prompt, request, past))
    try:
        yield task
    finally:
        task.cancel()


async def _rewritten(writer: Writer, prompt: Prompt, request: Request, past: Sequence[Turn]) -> str | None:
    """The model's question; None if it gives none. The search by subject words stands then."""
    try:
        text = clean(await writer.complete(prompt, request.notes.usage)).strip("\"'“”")
    except ModelUnavailable:
        return None
    fits = text and len(text) <= MOST_REWRITTEN and "\n" not in text and without_orders(text) == text
    return text if fits and is_of_thread(text, request.question.text, past) else None


def is_of_thread(rewritten: str, asked: str, past: Sequence[Turn]) -> bool:
    """Whether a rewritten question is made of what was said in the thread: its questions, its answers and their titles."""
    known = set(terms(" ".join((asked, *(_said(turn) for turn in past)))))
    own = set(terms(rewritten))
    return bool(own) and len(own & known) >= LEAST_SAID * len(own)


def _said(turn: Turn) -> str:
    titles = (words for citation in turn.answer.citations for words in (citation.title, *citation.heading))
    return " ".join((turn.question, turn.query, turn.answer.text, *titles))


def _prompt(tools: Tools, request: Request, past: Sequence[Turn]) -> Prompt:
    said = fence_said(map(_told_to_model, past[-_REMEMBERED:]))
    return tools.prompts["rewrite"].filled(thread=said, question=told(request.question.text))


def _told_to_model(turn: Turn) -> str:
    answer = turn.answer.text[:_MOST_SAID]
    return without_orders(f"Question: {turn.question}\nAnswer: {answer}" if answer else f"Question: {turn.question}")
