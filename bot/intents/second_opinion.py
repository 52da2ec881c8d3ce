"""Where there is doubt and a model, the model says whether the passages answer, in a word, before it is asked to write."""

from bot.errors import ModelUnavailable
from bot.guardrails import clean, fence
from bot.intents.intent import Request
from bot.llm.port import Writer
from bot.prompts import Template
from knowledge.documents import Findings

MOST_PASSAGES = 4
MOST_CHARACTERS = 4_000
"""Characters of passages that the model is told, about 1,000 tokens: a quarter of what it is given to write from."""


async def unanswered(writer: Writer, template: Template, request: Request, query: str, findings: Findings) -> bool:
    """Whether the model says that the best passages do not answer `query`; not if it fails, or says anything else than no."""
    hits = findings.hits[:MOST_PASSAGES]
    sources = fence((hit.passage.document.title, hit.passage.text[: MOST_CHARACTERS // len(hits)]) for hit in hits)
    prompt = template.filled(question=query, sources=sources)
    request.notes.prompted(prompt, writer.name)
    try:
        with request.notes.step("judge"):
            said = clean(await writer.complete(prompt, request.notes.usage))
    except ModelUnavailable:
        return False
    return said.strip(" .!*\"'").casefold() == "no"
