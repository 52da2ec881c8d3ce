"""A document in short: the one that is named, or the last one this thread cited. What names none is looked up like any question."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot import texts
from bot.guardrails import fence_said
from bot.intents.ask import ask
from bot.intents.form import asks_to_sum_up, names_file
from bot.intents.intent import Intent, Request, Tools
from bot.intents.sections import outline
from bot.intents.writing import written
from bot.messages import Answer, Outcome
from bot.reply import Step
from knowledge.documents import DocumentId, Findings, Hit, Passage
from knowledge.errors import UnknownDocument
from knowledge.terms import terms, things

_COMMAND = re.compile(
    r"(?<![\w@./-])(?:(?:can|could|would|will) you|please|pls|kindly|i need|i want|i(?:'d| would) like|give me|show me|write|make|get|"
    r"tell me|"
    r"(?:a |the )?(?:short |brief |quick |one[- ]paragraph )*(?:summary|overview|recap|gist|tl;?dr|outline|digest|main points|"
    r"key points|key takeaways|takeaways|highlights|essence)(?: (?:of|for|from|in))?|"
    r"summari[sz]e|sum(?:s|med)? up|summing up|boil down|condense|outline|recap|tl;?dr|shorten|"
    r"what does .{0,3}|what(?:'s| is) in|what are|say|says|cover|covers|contain|about|for me|in (?:short|brief|a nutshell|\w+ "
    r"(?:sentences|lines|points|words|bullets|bullet points))|briefly|quickly|document|doc|file|page|pdf|"
    r"deck|called|named|titled|entitled)(?![\w@/-]|\.\w)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(r"\b(this|that|it|the (?:same|last|cited|above)|above|them)\b", re.IGNORECASE)


async def summarize_document(tools: Tools, request: Request) -> Answer:
    """Find the document, read it with the asker's eyes, show its outline, write its summary if there is a model.

    Where there is none of that name, what documents say of it is looked up.
    """
    title = named_in(request.question.text)
    passages = await _passages(tools, request, title)
    if not passages:
        return await _looked_up(tools, request, title)
    cited = outline(passages)
    if not cited.citations:
        return Answer(outcome=Outcome.REFUSAL, text=texts.NO_TEXT)
    text = f"{texts.SUMMARY_OF.format(title=texts.title(passages[0].document.title))}\n\n{cited.text}"
    first = Answer(outcome=Outcome.ANSWER, text=text, citations=cited.citations)
    await request.reply.extracts(first)
    request.notes.shown()
    return await summarized(tools, request, [passages[0].document.title], passages, first)


async def summarized(tools: Tools, request: Request, subject: Sequence[str], passages: Sequence[Passage], first: Answer) -> Answer:
    """What the model makes of `passages`; `first` without one, or if nothing it writes holds.

    `subject` is what they are, in others' words: a title, or what was asked.
    """
    if tools.writer is None:
        return first
    hits = [Hit(passage=passage, score=0.0) for passage in passages]
    template, named = tools.prompts["summarize"], fence_said(subject)
    answer = await written(tools, request, tools.writer, lambda sources: template.filled(subject=named, sources=sources), hits, first)
    return answer or first


def named_in(text: str) -> str:
    """The words of a request for a summary that name the document; empty if it only points back."""
    words = " ".join(_COMMAND.sub(" ", text).split()).strip(" ?!.,:;\"'“”")
    return words if terms(_POINTS_BACK.sub(" ", words)) else ""


async def _passages(tools: Tools, request: Request, title: str) -> tuple[Passage, ...]:
    question = request.question
    await request.reply.step(Step.SEARCHING)
    with request.notes.step("open"):
        document = await _document(tools, request, title)
        if document is None:
            return ()
        try:
            passages = await tools.sources.passages(question.viewer, question.audience, document)
        except UnknownDocument:
            return ()
    request.notes.found(title, Findings(hits=tuple(Hit(passage=passage, score=0.0) for passage in passages[:8])))
    return passages


async def _document(tools: Tools, request: Request, title: str) -> DocumentId | None:
    question = request.question
    if title:
        found = await tools.sources.named(question.viewer, question.audience, title)
        if found and names_file(title) and set(things(title)).isdisjoint(things(found.name)):
            return None  # a file is meant by its own name, not by one that is alike
        return found.id if found else None
    return next((turn.answer.citations[0].document for turn in reversed(request.past) if turn.answer.citations), None)


async def _looked_up(tools: Tools, request: Request, title: str) -> Answer:
    """What a search finds instead; whoever says to sum something up is told if that is nothing, or asked what it is."""
    question = request.question
    told = asks_to_sum_up(question.text)
    if told and not title:
        return Answer(outcome=Outcome.REFUSAL, text=texts.NAME_A_DOCUMENT)
    request.notes.intent = Intent.ASK
    answer = await ask(tools, replace(request, question=replace(question, text=title)) if told else request)
    if answer.outcome is not Outcome.REFUSAL or not told:
        return answer
    text = texts.NO_SUCH_DOCUMENT if question.private else texts.NO_SUCH_DOCUMENT_EVERYBODY
    return replace(answer, text=text, citations=())
