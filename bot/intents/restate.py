"""The last answer again, shorter or with more of what its sources say; at length, also what a refusal named as the nearest."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot import texts
from bot.intents.intent import ASKED_BACK, BY_RULE, Request, Tools
from bot.intents.pointing import wants_longer
from bot.intents.reading import around, read_out
from bot.intents.recall import found_again, reread, still_told
from bot.intents.writing import written
from bot.llm.extractive import MOST_PIECES, chosen
from bot.llm.layout import laid_out
from bot.messages import Answer, Citation, Outcome, Turn
from bot.quotes import Quote
from bot.reply import Step
from knowledge.documents import Findings, Hit
from knowledge.terms import terms

_LENGTHS = {
    True: "with more of what the sources say about it: conditions, exceptions, steps, dates",
    False: "in one sentence, or two at most, with what matters most",
}
_MOST_READ = 3  # sources that are read at length


async def restate(tools: Tools, request: Request) -> Answer:
    """Read the last answer's sources again, and say what still stands there in another length; what was closed since is left out."""
    longer = wants_longer(request.question.text)
    turn = _meant(request, longer=longer)
    if isinstance(turn, str):
        return Answer(outcome=Outcome.REFUSAL, text=turn)
    await request.reply.step(Step.SEARCHING)
    with request.notes.step("open"):
        documents = await reread(tools, request, [turn])
    quotes = [found_again(citation, documents.get(citation.document, ())) for citation in turn.answer.citations]
    standing = [quote for quote in quotes if quote]
    if not standing:
        return Answer(outcome=Outcome.REFUSAL, text=texts.gone(private=request.question.private))
    with request.notes.step("recall"):
        told = (await still_told(tools, request, [turn]))[0]
    asked = told.query or _question(request, turn)
    if any(citation.note for citation in turn.answer.citations):
        standing = await _marked(tools, request, asked, standing)
    hits = _hits(standing)
    request.notes.found(asked, Findings(hits=tuple(hits)))
    short = _longer(standing) if longer else _shorter(request, asked, turn, standing)
    first = await _as_sure(tools, request, turn, short)
    await request.reply.extracts(first)
    request.notes.shown()
    if tools.writer is None or not turn.answer.supported:  # what was refused to be an answer is opened, not told
        return first
    template = tools.prompts["restate"]
    answer = await written(
        tools, request, tools.writer, lambda sources: template.filled(question=asked, sources=sources, length=_LENGTHS[longer]), hits, first
    )
    return await _as_sure(tools, request, turn, answer) if answer and answer.written else answer or first


def _meant(request: Request, *, longer: bool) -> Turn | str:
    """The turn whose answer is to be said again: the last that has one; for more of it, one whose refusal named the nearest will do.

    What was refused last has none: then words that say so, rather than the answer to something else.
    """
    said = [turn for turn in reversed(request.past) if turn.intent != ASKED_BACK]
    last = next((turn for turn in said if turn.answer.supported or turn.answer.outcome is Outcome.REFUSAL), None)
    if last is not None and (last.answer.supported or (longer and last.answer.citations)):
        return last
    return texts.NO_ANSWER_LAST if any(turn.answer.supported for turn in said) else texts.NOTHING_SAID


async def _as_sure(tools: Tools, request: Request, turn: Turn, answer: Answer) -> Answer:
    """`answer`, as sure as that of `turn` was: another length makes no answer of what may be none, or of what is none but the nearest."""
    outcome = turn.answer.outcome if turn.answer.supported else Outcome.NEAREST
    answer = replace(answer, outcome=outcome, doubt=turn.answer.doubt)
    if answer.outcome is not Outcome.NEAREST:
        return answer
    question = request.question
    where = texts.where(await tools.sources.count(question.viewer, question.audience), private=question.private)
    warning = texts.NEAREST.format(where=where, title=texts.title(answer.citations[0].title))
    return replace(answer, text=f"{warning}\n\n{answer.text}")


async def _marked(tools: Tools, request: Request, asked: str, quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes, with what their documents are beside the other editions that `asked` finds now: an older one, a draft.

    The footnote that told it is not repeated: the newer edition that it names may be closed by now.
    """
    question = request.question
    with request.notes.step("search"):
        findings = await tools.sources.search(question.viewer, question.audience, asked)
    marks = {hit.passage.document.id: hit.passage.document.edition for hit in findings.hits}

    def marked(quote: Quote) -> Quote:
        document = quote.passage.document
        return replace(quote, passage=replace(quote.passage, document=replace(document, edition=marks.get(document.id, document.edition))))

    return [marked(quote) for quote in quotes]


def _question(request: Request, turn: Turn) -> str:
    """What was asked that `turn` answers: of "shorter", what was asked before it."""
    before = request.past[: request.past.index(turn) + 1]
    return next((one.question for one in reversed(before) if one.intent not in BY_RULE), turn.question)


def _hits(quotes: Sequence[Quote]) -> list[Hit]:
    """The quotes' passages, each once, in the order of the answer's footnotes."""
    return [Hit(passage=passage, score=1 / n) for n, passage in enumerate({q.passage.id: q.passage for q in quotes}.values(), start=1)]


def _longer(quotes: Sequence[Quote]) -> Answer:
    """Each source's passage, as far as it can be read."""
    read = [around(quote) for quote in {quote.passage.id: quote for quote in quotes}.values()][:_MOST_READ]
    blocks = [f"{_named(quote)}:\n\n{read_out(quote, n)}" for n, quote in enumerate(read, start=1)]
    citations = tuple(quote.citation(n) for n, quote in enumerate(read, start=1))
    return Answer(outcome=Outcome.ANSWER, text="\n\n".join(blocks), citations=citations)


def _shorter(request: Request, asked: str, turn: Turn, quotes: Sequence[Quote]) -> Answer:
    """The fewest pieces that say as much of what was asked as all of them did; that there are none fewer, if so.

    Of two sources that disagree both stay.
    """
    hits, wanted = _hits(quotes), frozenset(terms(asked)) & _terms(quote.text for quote in quotes)
    found = [chosen(asked, hits, request.question.asked_at, most=most) for most in range(1, MOST_PIECES + 1)]
    every = [
        laid_out(pieces) for pieces in found if any(piece.against for piece in pieces) or not any(piece.against for piece in found[-1])
    ]
    cited = next((one for one in every if wanted <= _terms(map(_in_place, one.citations))), every[-1])
    before = turn.answer.text.partition("\n\n")[2] if turn.answer.outcome is Outcome.NEAREST else turn.answer.text  # the warning aside
    notice = "" if len(cited.text) < len(before) else texts.AS_SHORT
    return Answer(outcome=Outcome.ANSWER, text=cited.text, citations=cited.citations, notice=notice)


def _in_place(citation: Citation) -> str:
    return " ".join((citation.title, *citation.heading, citation.quote))


def _terms(said: Iterable[str]) -> frozenset[str]:
    return frozenset(terms(" ".join(said)))


def _named(quote: Quote) -> str:
    return texts.title(" › ".join((quote.passage.document.title, *quote.passage.heading[-1:])))  # noqa: RUF001  as in the interface
