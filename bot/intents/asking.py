"""One question back where a question could mean several things, and what its answer is taken for."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot import texts
from bot.intents.asked_part import asked_part, beside, without_chatter
from bot.intents.choices import MOST_CHOICES, apart, choices, chosen, label, named
from bot.intents.expansion import expanded
from bot.intents.grounded import answered, composed, extracted, offered, searched, shown
from bot.intents.intent import ASKED_BACK, Request, Tools
from bot.intents.pointing import pointed_at
from bot.intents.recall import reread, still_told
from bot.intents.rules import asks, names_by_pronoun, points_back
from bot.intents.subject import content, own_words
from bot.messages import Answer, Citation, Outcome, Turn
from knowledge.documents import Findings
from knowledge.terms import folded, terms

_FEWEST_SMALL_WORDS: Final = 4  # of a question that may be a title though it has no others; "how long?" is looked up nowhere
_SHORTEST_TITLE: Final = 3  # words, then


async def asked_alone(tools: Tools, request: Request) -> Answer:
    """A question where no thread says what it is about: searched by what it asks and answered, or asked back.

    What is found is shown before the model is asked for other words, if it is; it is then written from what both searches found.
    """
    text = asked_part(request.question.text)
    unsaid = await which_subject(tools, request)
    if unsaid is not None:
        return unsaid
    findings = await searched(tools, request, text, beside(request.question.text))
    unclear = which_one(request, text, findings)
    if unclear is not None:
        return unclear
    first = await shown(request, await extracted(tools, request, text, findings))
    better = await expanded(tools, request, text, findings) if first.outcome is not Outcome.REFUSAL else None
    if better is not None:
        findings = better
        first = await extracted(tools, request, text, findings)
    return await composed(tools, request, text, findings, first)


async def which_subject(tools: Tools, request: Request) -> Answer | None:
    """A question back if nothing says what this one is about: it has no word of content nor an emoji, and is no document's title."""
    text = request.question.text
    if content(text) or not all(term.isalnum() for term in terms(text)) or await _has_title(tools, request):
        return None
    request.notes.intent = ASKED_BACK
    return Answer(outcome=Outcome.REFUSAL, text=texts.WHICH_SUBJECT)


def which_one(request: Request, query: str, findings: Findings) -> Answer | None:
    """A question back that names what was found, if that is several things of which `query` names none."""
    text = request.question.text
    own = own_words(without_chatter(text))
    found = choices(own if content(own) else query, findings.hits, request.question.asked_at, f"{query} {text}")
    if not found:
        return None
    request.notes.intent = ASKED_BACK
    return offered(_which(texts.WHICH_ONE, found), findings, private=request.question.private)


async def which_before(tools: Tools, request: Request, first: Answer) -> Answer | None:
    """A question back where `first` is no sure answer, and what a pronoun stands for may be several things that were answered here.

    It names those of them that asker and audience may read now, the latest first, and says what was to be said beside `first`.
    On mtrag: `tests/quality/followups.py`.
    """
    text = asked_part(request.question.text)
    if first.outcome is Outcome.ANSWER or not names_by_pronoun(text):
        return None
    about: dict[tuple[str, ...], Citation] = {}
    for turn in reversed(await still_told(tools, request, request.past)):
        if turn.intent != ASKED_BACK and turn.answer.supported:
            best = turn.answer.citations[0]
            about.setdefault(label(best), replace(best, note=""))
    found = list(about.values())[:MOST_CHOICES]
    if len(found) <= 1 or named(text, found) is not None:
        return None
    return replace(_which(texts.WHICH_BEFORE, found), notice=first.notice, withheld=first.withheld)


def _which(said: str, found: Sequence[Citation]) -> Answer:
    """The question back, with what may be meant under numbers."""
    citations = tuple(replace(citation, n=n) for n, citation in enumerate(found, start=1))
    names = [f"{n}. {texts.plain(' '.join(name.split()))} [{n}]" for n, name in enumerate(apart(found), start=1)]
    return Answer(outcome=Outcome.NEAREST, text="\n".join((said, "", *names)), citations=citations)


async def taken_up(tools: Tools, request: Request, turn: Turn) -> Answer:
    """The question of `turn` again, with what was meant by it now; what fits none of its choices is searched as it is.

    Of a choice that was closed meanwhile, only what was said of it here is searched.
    """
    text = request.question.text
    choice = chosen(text, turn.answer.citations, turn.question)
    if choice is not None:
        with request.notes.step("recall"):
            told = (await still_told(tools, request, [turn]))[0]
            readable = choice.document in await reread(tools, request, [turn])
        said = label(choice) if readable else () if pointed_at(text) is not None else (own_words(text),)
        query = " ".join((own_words(told.query), *said))
        return await answered(tools, request, query, _first(choice, await searched(tools, request, query)))
    if not turn.answer.citations and not asks(text):
        text = f"{own_words(turn.question)} {own_words(text)}"
    return await answered(tools, request, text, await searched(tools, request, text))


def _first(choice: Citation, findings: Findings) -> Findings:
    """What was chosen before everything else that was found: its section, then the rest of its document."""

    def place(heading: tuple[str, ...], document: str) -> int:
        return 0 if (document, heading) == (choice.document, choice.heading) else 1 if document == choice.document else 2

    hits = sorted(findings.hits, key=lambda hit: place(hit.passage.heading, hit.passage.document.id))
    return replace(findings, hits=tuple(hits))


async def _has_title(tools: Tools, request: Request) -> bool:
    """Whether a question has every word of the title of what is found first, small as they all are: "what do we do" of "What we do"."""
    question = request.question
    said = _words(question.text)
    if len(said) < _FEWEST_SMALL_WORDS or points_back(question.text):
        return False
    with request.notes.step("search"):
        findings = await tools.sources.search(question.viewer, question.audience, question.text)
    title = _words(findings.hits[0].passage.document.title) if findings.hits else []
    return len(title) >= _SHORTEST_TITLE and set(title) <= set(said)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", folded(text))
