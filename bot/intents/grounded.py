"""An answer from passages: search, extracts, and what a model makes of them. Shared by all intents that look something up."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot import doubt as doubts
from bot import texts
from bot.guardrails import fence_said, told
from bot.intents import recall
from bot.intents.asked_part import asked_part, judged_by
from bot.intents.intent import Request, Tools, asked_back
from bot.intents.material import material, without
from bot.intents.rules import leans
from bot.intents.second_opinion import unanswered
from bot.intents.subject import added
from bot.intents.writing import room, written_from
from bot.llm.candidates import Candidate
from bot.llm.extractive import chosen, extracts
from bot.llm.layout import laid_out
from bot.llm.wanted import accepted_for, content, importance
from bot.llm.whole import is_wanted, whole
from bot.messages import Answer, Outcome
from bot.quotes import Cited
from bot.reply import Step
from knowledge.documents import DocumentId, Findings
from knowledge.terms import terms


async def searched(tools: Tools, request: Request, query: str, own: str = "") -> Findings:
    """What may be shown of what `query` finds, with `own` searched beside it as in `Sources.search`; noted for the trace."""
    question = request.question
    await request.reply.step(Step.SEARCHING)
    with request.notes.step("search"):
        findings = await tools.sources.search(question.viewer, question.audience, query, own=own)
    request.notes.found(query, findings)
    return findings


async def answered(tools: Tools, request: Request, query: str, findings: Findings) -> Answer:
    """The outcome of one search: shown as extracts first, then as written by the model if there is one."""
    first = await shown(request, await extracted(tools, request, query, findings))
    return await composed(tools, request, query, findings, first)


async def shown(request: Request, first: Answer) -> Answer:
    """The extracts of one search, shown at once; a refusal is not shown, it is the outcome."""
    if first.outcome is not Outcome.REFUSAL:
        await request.reply.extracts(first)
        request.notes.shown()
    return first


async def extracted(tools: Tools, request: Request, query: str, findings: Findings) -> Answer:
    """What the passages say by themselves: an answer, the nearest, or a refusal that says where it looked.

    Doubted by `query`, chosen by what is said beside it too.
    """
    question, hits = request.question, findings.hits
    wanted = judged_by(question.text, query)
    with request.notes.step("extract"):
        doubt = _doubted(request, query, findings)
        outcome = await _outcome(tools, request, findings, doubt)
        if outcome is Outcome.ANSWER:
            pieces = chosen(wanted, hits, question.asked_at)
            cited, closed = await _whole(tools, request, wanted, pieces)
            if closed is not None:
                return await _without(tools, request, query, findings, closed)
            cited = cited or laid_out(pieces)
            answer = Answer(outcome=outcome, text=cited.text, citations=cited.citations, doubt=doubt)
        else:
            answer = _doubtful(wanted, findings, question.asked_at, await _where(tools, request), doubt, outcome)
    return offered(answer, findings, private=question.private)


async def composed(tools: Tools, request: Request, query: str, findings: Findings, first: Answer) -> Answer:
    """The model's answer to `query` from `findings`; `first` if there is no model, nothing found, or nothing that holds.

    Where `first` is in doubt, the model is first asked for a word on whether the passages answer. What was closed since it was found is
    not written from, and `first` is made anew without it; if nothing else was found, that is said.
    """
    if tools.writer is None or first.outcome is Outcome.REFUSAL:
        return first
    question, hits, said = request.question, findings.hits, _meaning(request, query)
    if first.outcome is Outcome.NEAREST and await unanswered(tools.writer, tools.prompts["judge"], request, said, findings):
        return first
    given = await material(tools, request, hits, room(request))
    if not given.sources:
        return Answer(outcome=Outcome.REFUSAL, text=texts.gone(private=question.private))
    if given.closed:
        findings = replace(findings, hits=tuple(without(hits, hits, given.closed)))
        first = await extracted(tools, request, query, findings)
        if first.outcome is Outcome.REFUSAL:
            return first
    answer = await written_from(
        tools,
        request,
        tools.writer,
        lambda sources: tools.prompts["answer"].filled(question=said, sources=sources, today=texts.in_full(question.asked_at)),
        given.sources,
        first,
    )
    if answer is None:
        wanted, doubt = judged_by(question.text, query), max(first.doubt, doubts.NEAREST_FROM)
        nearest = _doubtful(wanted, findings, question.asked_at, await _where(tools, request), doubt)
        return offered(nearest, findings, private=question.private)
    return answer


def offered(answer: Answer, findings: Findings, *, private: bool) -> Answer:
    """The answer with what is to be said beside it: that only words were looked for; that there is more, which only the asker may read."""
    if findings.words_only:
        answer = replace(answer, notice=texts.joined(answer.notice, texts.WORDS_ONLY))
    if not findings.better_withheld:
        return answer
    notice = answer.notice if private else texts.joined(answer.notice, texts.PRIVATE_OFFER)
    return replace(answer, withheld=True, notice=notice)


def _meaning(request: Request, query: str) -> str:
    """The question as the model is told it: in the asker's words; what those lean on, which may be words that others wrote, is data.

    What answers a question of ours always leans, on the question that we asked back.
    """
    text = request.question.text
    asked = asked_part(text)
    leaning = leans(asked) or asked_back(request) is not None
    if query in {asked, text} or not leaning:
        return told(text)
    return f"{told(text)}\n\nWhat it seems to mean, as data:\n\n{fence_said([told(query)])}"


def _doubted(request: Request, query: str, findings: Findings) -> float:
    """The doubt of `findings`, such that they are not sure where nothing has what is new in a thread: "and in Germany?".

    The words that it took over from the thread, and from the titles that were cited there, are near to what they found before, whatever
    else is asked.
    """
    doubt, asked = doubts.doubt(query, findings), asked_part(request.question.text)
    if not request.past or query == asked:
        return doubt
    said = frozenset(term for term in content(asked) if importance(term) == 1)
    lacking = said if said <= findings.unsaid else added(asked) & findings.unsaid
    if not lacking:
        return doubt
    found = {term for hit in findings.hits for term in terms(hit.passage.text)}  # by another word, perhaps
    return max(doubt, doubts.NEAREST_FROM) if any(found.isdisjoint(accepted_for([term])) for term in lacking) else doubt


async def _whole(tools: Tools, request: Request, query: str, pieces: Sequence[Candidate]) -> tuple[Cited | None, DocumentId | None]:
    """All of the table or list that the best of `pieces` is a part of, where `query` wants that; its document, if that was closed since."""
    if not is_wanted(query, pieces):
        return None, None
    document = pieces[0].quote.passage.document.id
    passages = await recall.read(tools, request, document)
    if passages is None:
        return None, document
    return await asyncio.to_thread(whole, query, pieces, passages), None  # of a sheet of 10,000 rows: a second


async def _without(tools: Tools, request: Request, query: str, findings: Findings, closed: DocumentId) -> Answer:
    """What the other documents say by themselves; that there is nothing any more, if there are none."""
    left = tuple(without(findings.hits, findings.hits, frozenset({closed})))
    if left:
        return await extracted(tools, request, query, replace(findings, hits=left))
    return Answer(outcome=Outcome.REFUSAL, text=texts.gone(private=request.question.private))


async def _outcome(tools: Tools, request: Request, findings: Findings, doubt: float) -> Outcome:
    """What this doubt leads to for this tenant."""
    made_by = doubts.made_by(findings)
    request.notes.doubted(doubt, made_by)
    if tools.calibration is None or not made_by or doubt < doubts.NEVER_DOUBTED:
        return doubts.USUAL.outcome(doubt)
    return (await tools.calibration.thresholds(request.question.viewer.tenant, made_by)).outcome(doubt)


def _doubtful(query: str, findings: Findings, asked_at: datetime, where: str, doubt: float, outcome: Outcome = Outcome.NEAREST) -> Answer:
    """The nearest that was found, in full or, in a refusal, by its name; every hit is one that the asker may read."""
    cited = extracts(query, findings.hits, asked_at, most=1)
    if not cited.citations:
        return Answer(outcome=Outcome.REFUSAL, text=texts.NOTHING.format(where=where), doubt=doubt)
    template = texts.NEAREST if outcome is Outcome.NEAREST else texts.NOTHING_BUT
    nearest = template.format(where=where, title=texts.title(cited.citations[0].title))
    text = f"{nearest}\n\n{cited.text}" if outcome is Outcome.NEAREST else nearest
    return Answer(outcome=outcome, text=text, citations=cited.citations[:1] if outcome is Outcome.REFUSAL else cited.citations, doubt=doubt)


async def _where(tools: Tools, request: Request) -> str:
    question = request.question
    with request.notes.step("count"):
        count = await tools.sources.count(question.viewer, question.audience)
    return texts.where(count, private=question.private)
