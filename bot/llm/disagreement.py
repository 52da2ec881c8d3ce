"""Whether two sources that both hold disagree about what was asked: "26 weeks" here and "20 weeks" there. Pure.

They may say it in other words, but of the same thing: each has one value of the kind that was asked for, in one unit, and these differ;
each has all that the question names; and no other word of content stands in one alone, but for those that say of anything that it is,
costs, takes or is given. Any other word may make it another thing ("audit logs", "the old rate", "we propose"). So most that is put in
quite other words is missed, and quoted as before, the best first; what is told wrongly would be a claim of ours.
"""

import re
from collections import defaultdict
from collections.abc import Set as AbstractSet
from typing import Final

from bot.clauses import said
from bot.evidence import NUMBER_WORDS
from bot.llm.candidates import Candidate
from bot.llm.cues import MONTHS, NUMBER
from bot.llm.wanted import Wanted, importance
from bot.polarity import contradicted
from bot.values import counted, weekdays
from knowledge.terms import terms

_NUMBER_WORD: Final = rf"(?:{'|'.join(NUMBER_WORDS.keys() - {'hundred'})})"
_NUMBERS: Final = frozenset(terms(" ".join(NUMBER_WORDS)))
_WRITTEN: Final = re.compile(rf"\b{_NUMBER_WORD}(?:[ -]{_NUMBER_WORD})?\b", re.IGNORECASE)
_TIME, _DAY, _WEEKDAYS, _DATES = "time", "day of the month", "weekday", "date"
_WRITTEN_WITH: Final = {
    _DAY: "month",
    _WEEKDAYS: "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    _DATES: "January February March April May June July August September October November December",
    "eur": "euro euros EUR",
    "gbp": "pound pounds GBP",
    "usd": "dollar dollars USD",
    "%": "percent per cent",
}
"""Unit -> words that its values are written with."""
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_UNREAD: Final = re.compile(r"\d ?[km]\b|\d/\d|[½¼¾]|\b(?:hundred|thousand|million|half|quarter|dozen)s?\b", re.IGNORECASE)
"""What makes numbers of what stands beside it that are not read here."""
_CLOCK: Final = re.compile(r"\b(\d{1,2})[:.](\d\d)\b|\b(\d{1,2}) ?([ap])\.?m\b", re.IGNORECASE)
_DATE: Final = re.compile(rf"(?:\b(\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?)?\b({MONTHS})\b(?: (\d{{1,2}})\b)?")
_ORDINAL: Final = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")
_TOLD_OF_ANOTHER_TIME: Final = re.compile(
    r"\b(?:was|were|had|been|will|would|used to|if|unless|whether|not yet|from .{1,30} on)\b", re.IGNORECASE
)
_BOUND: Final = re.compile(
    r"\b(?:at least|minimum|or more|at most|maximum|up to|or less|within|before|after|until|by|every|each|per)\b", re.IGNORECASE
)
_KINDS: Final = frozenset(terms("time day date month share percentage number amount price cost"))
"""What a question calls a value, and an answer does not."""
_SAYS_THAT_IT_IS: Final = frozenset(
    terms(
        "all allowed always amount amounts any anybody anyone be begin begins bring brings can charge charges colleague "
        "colleagues company cost costs cover covers currently door doors earn earns employee employees entitled "
        "entitlement everybody everyone exactly figure full get gets give gives grant granted has have keep kept last "
        "lasts length limit long longer may member members more must need needed needs now number offer offers paid pay "
        "pays people period permit permits permitted person place provide provides rate receive receives require "
        "required requires set staff stand start starts sum take takes taking today total usually value we you "
    )
)
"""Terms of content that say nothing of what a value is of, but that it is, or that anybody has it."""


def disagree(one: Candidate, best: Candidate, question: Wanted) -> bool:
    """Whether `one` gives another answer to `question` than `best` does, of another document, where both hold.

    Not of documents that the question names by year or version: then they are meant to differ.
    """
    apart = one.quote.passage.document.id != best.quote.passage.document.id
    if not apart or any(piece.superseded or piece.asked_for for piece in (one, best)) or not _is_asked(one, best, question):
        return False
    values, others = _values(one, question), _values(best, question)
    differ = {unit for unit in values.keys() & others.keys() if values[unit] and others[unit] and values[unit] != others[unit]}
    told = differ and values.keys() == others.keys() and len(values) == 1
    known = frozenset(terms(" ".join((*differ, *(_WRITTEN_WITH.get(unit, "") for unit in differ))))) | {*values.values(), *others.values()}
    return bool(told or contradicted(one.text, said(best.text))) and not _is_apart(one, best, question.accepted.keys() | known)


def _values(piece: Candidate, question: Wanted) -> dict[str, str]:
    """The value of each unit of which the piece has but one; none where numbers may mean others than they say."""
    if _UNREAD.search(piece.text):
        return {}
    text = _WRITTEN.sub(lambda words: str(sum(int(NUMBER_WORDS[word]) for word in re.findall(r"\w+", words[0].lower()))), piece.text)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for number, unit in counted(text):
        found[unit].add(number)
    for hour, minute, twelve, half in _CLOCK.findall(text):
        found[_TIME].add(f"{int(twelve) % 12 + 12 * (half.lower() == 'p')}:00" if half else f"{int(hour)}:{minute}")
    for day in _ORDINAL.findall(text):
        found[_DAY].add(day)
    for day in weekdays(text):
        found[_WEEKDAYS].add(day)
    for before, month, after in _DATE.findall(text):
        found[_DATES].add(f"{before or after} {month[:3].lower()}")
    if question.asked is NUMBER:
        for number, what in re.findall(r"(\d+) (?:\w+ )?(\w+)", text):
            for term in question.weights.keys() & terms(what):
                found[term].add(number)
    return {unit: min(values) if len(values) == 1 else "" for unit, values in found.items()}


def _is_asked(one: Candidate, best: Candidate, question: Wanted) -> bool:
    """Whether both look like what was asked for, and each has all that the question names, itself or above it."""
    named = {term for term in question.weights if importance(term) == 1} - _KINDS
    asked = question.asked
    return bool(named) and all(
        (asked is None or asked.search(piece.text))
        and named <= {own for term in _known(piece) for own, _ in question.accepted.get(term, ())}
        for piece in (one, best)
    )


def _is_apart(one: Candidate, best: Candidate, known: AbstractSet[str]) -> bool:
    """Whether something that may make it another thing, and is not `known`, stands in one of them alone."""
    bounds, times = ([set(map(str.lower, cue.findall(piece.text))) for piece in (one, best)] for cue in (_BOUND, _TOLD_OF_ANOTHER_TIME))
    generic = known | _SAYS_THAT_IT_IS | _NUMBERS
    return (
        bounds[0] != bounds[1]
        or times[0] != times[1]
        or any(
            not generic | _known(other) >= {term for term in piece.terms if not term[:1].isdigit() or _YEAR.fullmatch(term)}
            for piece, other in ((one, best), (best, one))
        )
    )


def _known(piece: Candidate) -> frozenset[str]:
    return piece.all_terms | piece.heading_terms | piece.title_terms
