"""A question that needs what the thread said before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.errors import ModelUnavailable
from bot.guardrails import clean, fence_said
from bot.intents.grounded import answered, composed, extracted, searched, shown
from bot.intents.intent import Request, Tools
from bot.intents.subject import standalone
from bot.llm.port import Prompt, Writer
from bot.messages import Answer

MOST_REWRITTEN = 400
"""Characters of a question that the model rewrote; a longer one is no question."""
_MOST_SAID = 600  # characters of each earlier answer that the model is told
_REMEMBERED = 4  # earlier turns that the model is told


async def follow_up(tools: Tools, request: Request) -> Answer:
    """Search with the thread's subject words at once; if the model rewrites the question meanwhile, write from that search."""
    query = standalone(request.question.text, request.past)
    async with _rewriting(tools, request) as rewriting:
        findings = await searched(tools, request, query)
        if rewriting is None:
            return await answered(tools, request, query, findings)
        first = await shown(tools, request, query, findings)
        with request.notes.step("rewrite"):
            better = await rewriting
    if better and better != query:
        query, findings = better, await searched(tools, request, better)
        first = await extracted(tools, request, better, findings)
    return await composed(tools, request, query, findings, first)


@asynccontextmanager
async def _rewriting(tools: Tools, request: Request) -> AsyncIterator[asyncio.Task[str | None] | None]:
    """The model at work on the question; ended with the block at the latest."""
    if tools.writer is None:
        yield None
        return
    prompt = _prompt(tools, request)
    request.notes.prompted(prompt, tools.writer.name)
    task = asyncio.create_task(_rewritten(tools.writer, prompt, request))
    try:
        yield task
    finally:
        task.cancel()


async def _rewritten(writer: Writer, prompt: Prompt, request: Request) -> str | None:
    """The model's question; None if it gives none. The search by subject words stands then."""
    try:
        text = clean(await writer.complete(prompt, request.notes.usage)).strip("\"'“”")
    except ModelUnavailable:
        return None
    return text if text and len(text) <= MOST_REWRITTEN and "\n" not in text else None


def _prompt(tools: Tools, request: Request) -> Prompt:
    said = fence_said(f"Question: {turn.question}\nAnswer: {turn.answer.text[:_MOST_SAID]}" for turn in request.past[-_REMEMBERED:])
    return tools.prompts["rewrite"].filled(thread=said, question=request.question.text)
