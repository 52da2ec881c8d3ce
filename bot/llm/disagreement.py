"""Whether two sources that both hold disagree about what was asked: "26 weeks" here and "20 weeks" there. Pure.

They may say it in other words. Told by what is told easily: each has one value of the kind that was asked for, in one unit, and these
differ; each has all that the question names; and nothing that makes it another thing stands in one alone: a name, a year, whom it is for,
when, or of what the value is ("notice of 12 weeks"). What is missed so is quoted as before, the best first; what is told wrongly would be a
claim of ours. On 419 questions of the demo company, the 18F handbook and mtrag
no two are told to disagree.
"""

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Final

from bot.clauses import said
from bot.evidence import NUMBER_WORDS, Evidence, missing_name
from bot.llm.candidates import Candidate
from bot.llm.cues import NUMBER
from bot.llm.wanted import Wanted, importance
from bot.polarity import contradicted
from bot.values import counted
from bot.words import words
from knowledge.terms import terms

_ALIKE: Final = 0.75  # of the terms but numbers, from which two statements are about one thing, whatever the question names
_NUMBER_WORD: Final = rf"(?:{'|'.join(NUMBER_WORDS.keys() - {'hundred'})})"
_WRITTEN: Final = re.compile(rf"\b{_NUMBER_WORD}(?:[ -]{_NUMBER_WORD})?\b(?!-| hundred| thousand)", re.IGNORECASE)
_WHOM: Final = re.compile(r"\bfor (?:(?:all|the|our|every|an?|your|any|each) )*([^\W\d_]+)", re.IGNORECASE)
_ANYBODY: Final = frozenset(terms("staff employees people colleagues employee person members us you them"))
_CLOCK: Final = re.compile(r"\b(\d{1,2})[:.](\d\d)\b|\b(\d{1,2}) ?([ap])\.?m\b", re.IGNORECASE)
_ORDINAL: Final = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_WORD: Final = re.compile(r"[^\W\d_]+")
_QUALIFIERS: Final = words(
    "additional adopter advance after again age amount annual apprentice apprentices average before between birth bonus "
    "budget child children claim claims client clients contractor contractors customer customers daily day deadline deposit "
    "director directors discount domestic during each except executive executives extension extra father fathers fee fine "
    "first freelancer freelancers further half head holiday holidays hour hourly if intern internal international interns "
    "junior least length manager managers maximum minimum month monthly more most mother mothers new night nights notice only "
    "other others over overtime parent parents part partner partners penalty per permanent person probation rate reminder "
    "retention second senior since student students supplier suppliers surcharge tax team teams temporary than third trainee "
    "trainees trial under unless unpaid until visitor visitors week weekend weekends weekly when within without year yearly "
)
"""Words that make a value another one: whom or what it is of, when it holds, a bound, a period that it is counted by."""


def disagree(one: Candidate, best: Candidate, question: Wanted) -> bool:
    """Whether `one` gives another answer to `question` than `best` does, of another document, where both hold."""
    if one.quote.passage.document.id == best.quote.passage.document.id or one.superseded or best.superseded:
        return False
    differ = {unit for unit, value in _values(one, question).items() if _values(best, question).get(unit, value) != value}
    alike = _is_like(one, best)
    told = (differ and (alike or _is_asked(one, best, question))) or (alike and contradicted(one.text, said(best.text)))
    return bool(told) and not _is_apart(one, best, question, differ)


def _values(piece: Candidate, question: Wanted) -> dict[str, str]:
    """The value of each unit of which the piece has but one."""
    text = _WRITTEN.sub(lambda words: str(sum(int(NUMBER_WORDS[word]) for word in re.findall(r"\w+", words[0].lower()))), piece.text)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for number, unit in counted(text):
        found[unit].add(number)
    for hour, minute, twelve, half in _CLOCK.findall(text):
        found["clock"].add(f"{int(hour or twelve) % 24 + 12 * (half.lower() == 'p')}:{minute or '00'}")
    for day in _ORDINAL.findall(text):
        found["day of the month"].add(day)
    if question.asked is NUMBER:
        for number, what in re.findall(r"(\d+) (?:\w+ )?(\w+)", text):
            found.update({term: found[term] | {number} for term in terms(what) if term in question.weights})
    return {unit: min(values) for unit, values in found.items() if len(values) == 1}


def _is_asked(one: Candidate, best: Candidate, question: Wanted) -> bool:
    """Whether both look like what was asked for, and each has all that the question names, itself or above it."""
    named = {term for term in question.weights if importance(term) == 1}
    asked = question.asked
    return bool(named) and all(
        (asked is None or asked.search(piece.text))
        and named <= {own for term in _known(piece) for own, _ in question.accepted.get(term, ())}
        for piece in (one, best)
    )


def _is_like(one: Candidate, best: Candidate) -> bool:
    """Whether they say the same in the same words but for their numbers."""
    words = [{term for term in piece.terms if not term[:1].isdigit()} for piece in (one, best)]
    return len(words[0] & words[1]) >= _ALIKE * max(1, *map(len, words))


def _is_apart(one: Candidate, best: Candidate, question: Wanted, units: Collection[str]) -> bool:
    """Whether something that makes it another thing stands in one of them alone, and not in the question."""
    counted_by = {word for unit in units for word in (unit, f"{unit}s", unit.rpartition(" ")[2])}
    told = [set(map(str.lower, _WORD.findall(_whole(piece)))) & _QUALIFIERS - counted_by for piece in (one, best)]
    if any(question.weights.keys().isdisjoint(terms(word)) for word in told[0] ^ told[1]):
        return True
    years = [set(_YEAR.findall(piece.text)) for piece in (one, best)]
    titled = [set(_YEAR.findall(piece.quote.passage.document.title)) for piece in (one, best)]
    if years[0] != years[1] or (all(titled) and titled[0] != titled[1]):
        return True
    return any(
        not _known(other) | question.accepted.keys() | _ANYBODY >= frozenset(terms(" ".join(_WHOM.findall(piece.text))))
        or missing_name(Evidence(piece.text), [Evidence(_whole(other))]) is not None
        or (piece.row and not _known(other).issuperset(terms(piece.row.cells[0])))
        for piece, other in ((one, best), (best, one))
    )


def _known(piece: Candidate) -> frozenset[str]:
    return piece.all_terms | piece.heading_terms | piece.title_terms


def _whole(piece: Candidate) -> str:
    """Its words and all that stands above them."""
    passage = piece.quote.passage
    header = piece.row.header if piece.row else ()
    return "\n".join((passage.document.title, *passage.heading, " ".join(header), piece.text))
