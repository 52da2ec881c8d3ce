"""An answer from passages: search, extracts, and what a model makes of them. Shared by all intents that look something up."""

from dataclasses import replace
from datetime import datetime

from bot import doubt as doubts
from bot import texts
from bot.intents.intent import Request, Tools
from bot.intents.material import material
from bot.intents.writing import room, written
from bot.llm.extractive import extracts
from bot.messages import Answer, Outcome
from bot.reply import Step
from knowledge.documents import Findings


async def searched(tools: Tools, request: Request, query: str) -> Findings:
    """What may be shown of what `query` finds; noted for the trace."""
    question = request.question
    await request.reply.step(Step.SEARCHING)
    with request.notes.step("search"):
        findings = await tools.sources.search(question.viewer, question.audience, query)
    request.notes.found(query, findings)
    return findings


async def answered(tools: Tools, request: Request, query: str, findings: Findings) -> Answer:
    """The outcome of one search: shown as extracts first, then as written by the model if there is one."""
    first = await shown(tools, request, query, findings)
    return await composed(tools, request, query, findings, first)


async def shown(tools: Tools, request: Request, query: str, findings: Findings) -> Answer:
    """The extracts of one search, shown at once; a refusal is not shown, it is the outcome."""
    first = await extracted(tools, request, query, findings)
    if first.outcome is not Outcome.REFUSAL:
        await request.reply.extracts(first)
        request.notes.shown()
    return first


async def extracted(tools: Tools, request: Request, query: str, findings: Findings) -> Answer:
    """What the passages say by themselves: an answer, the nearest, or a refusal that says where it looked."""
    question, hits = request.question, findings.hits
    with request.notes.step("extract"):
        doubt = doubts.of_words(query, hits) if findings.words_only else doubts.doubt(query, hits)
        outcome = doubts.outcome(doubt)
        if outcome is Outcome.ANSWER:
            cited = extracts(query, hits, question.asked_at)
            answer = Answer(outcome=outcome, text=cited.text, citations=cited.citations, doubt=doubt)
        else:
            answer = _doubtful(query, findings, question.asked_at, await _where(tools, request), doubt)
    return offered(answer, findings, private=question.private)


async def composed(tools: Tools, request: Request, query: str, findings: Findings, first: Answer) -> Answer:
    """The model's answer to `query` from `findings`; `first` if there is no model, nothing found, or nothing that holds."""
    if tools.writer is None or first.outcome is Outcome.REFUSAL:
        return first
    question = request.question
    hits = await material(tools, request, findings.hits, room(request))
    answer = await written(
        tools,
        request,
        tools.writer,
        lambda sources: tools.prompts["answer"].filled(question=query, sources=sources, today=_day(question.asked_at)),
        hits,
        first,
    )
    if answer is None:
        nearest = _doubtful(query, findings, question.asked_at, await _where(tools, request), max(first.doubt, doubts.NEAREST_FROM))
        return offered(nearest, findings, private=question.private)
    return answer


def offered(answer: Answer, findings: Findings, *, private: bool) -> Answer:
    """The answer with what is to be said beside it: that only words were looked for; that there is more, which only the asker may read."""
    if findings.words_only:
        answer = replace(answer, notice=" ".join(filter(None, (answer.notice, texts.WORDS_ONLY))))
    if not findings.better_withheld:
        return answer
    notice = answer.notice if private else " ".join(filter(None, (answer.notice, texts.PRIVATE_OFFER)))
    return replace(answer, withheld=True, notice=notice)


def _doubtful(query: str, findings: Findings, asked_at: datetime, where: str, doubt: float) -> Answer:
    cited = extracts(query, findings.hits, asked_at, most=1)
    if not cited.citations or doubts.outcome(doubt) is Outcome.REFUSAL:
        return Answer(outcome=Outcome.REFUSAL, text=texts.NOTHING.format(where=where), doubt=doubt)
    nearest = texts.NEAREST.format(where=where, title=texts.title(cited.citations[0].title))
    return Answer(outcome=Outcome.NEAREST, text=f"{nearest}\n\n{cited.text}", citations=cited.citations, doubt=doubt)


async def _where(tools: Tools, request: Request) -> str:
    question = request.question
    with request.notes.step("count"):
        count = await tools.sources.count(question.viewer, question.audience)
    return texts.where(count, private=question.private)


def _day(moment: datetime) -> str:
    return f"{moment.day} {texts.month(moment)}"
