"""What a unit needs beside it to be understood: what it points back at, the list it is part of, the line that leads in. Pure."""

import re
from collections.abc import Sequence
from itertools import islice, pairwise, takewhile
from typing import Final, NamedTuple

from bot.sentences import Kind, Unit, is_ended

_LONGEST_PAIR: Final = 600  # characters of sentences quoted as one
_LONGEST_ROUND: Final = 240  # characters of a sentence with the one after it
_LONGEST_STEPS: Final = 2_000
"""Characters of steps quoted as one: two windows of them, since who stops half way through a procedure may do harm."""
_LONGEST_LIST: Final = 1_200  # characters of any other list quoted as one for the sake of the line that leads in
_LONGEST_BULLETS: Final = 700  # characters of a list quoted as one for the sake of one item
_LONGEST_LEAD: Final = 120  # characters of a line that an item is put under
_FRAGMENT_WORDS: Final = 5  # a list item of fewer words does not stand alone

ITEMS: Final = frozenset({Kind.STEP, Kind.BULLET})
_HEADED: Final = ITEMS | {Kind.HEADING}  # what is done in a list is what the heading above it says
_PRONOUN: Final = r"(?:this|that|these|those|it|they|them|he|she|such)\b"
_BEFORE_IT: Final = (
    r"(?:and|but|or|so|yet|if|when|once|after|before|by|for|in|with|to \w+|because of|as a result of|instead of|"
    r"(?:all|some|both|each|one|none|most|many|either|any) of) "
)
_CONNECTIVE: Final = (
    r"(?:its|their|his|her|however|but|and|or|so|also|then|therefore|thus|otherwise|instead|likewise|similarly|additionally|furthermore|"
    r"moreover|nevertheless|conversely|consequently|hence|accordingly|neither|both(?! \w+ and\b)|another|in addition(?! to\b)|"
    r"for example|for instance|as such|as a result(?! of\b)|on the other hand|(?:in|by) contrast(?! to\b)|in turn|"
    r"the (?:latter|former|above|others))\b"
)
_POINTS_BACK: Final = re.compile(rf"\W*(?:(?:{_BEFORE_IT})?{_PRONOUN}|{_CONNECTIVE}|(?:yes|no|nope|sure)[,.;:!])|\(", re.IGNORECASE)
_POINTS_NOWHERE: Final = re.compile(
    r"\W*(?:"
    r"it (?:is|was|will be|may be|can be|has been|takes|seems|appears) (?:[\w-]+ ){0,2}(?:to|that|for|if)\b|"
    r"(?:this|these) (?:results?|findings?|data|observations?|stud(?:y|ies)|works?|analys[ie]s|trials?|experiments?)\b|"
    r"this (?:year|quarter|month|week|spring|summer|autumn|fall|winter)\b|"
    r"that said\b|those who\b)",
    re.IGNORECASE,
)
_OF_THE_DOCUMENT: Final = re.compile(
    r"\W*(?:in |on )?this (?:document|page|guide|policy|handbook|section|article|chapter|manual|procedure|plan|notice|form|list|table)\b",
    re.IGNORECASE,
)
_MIDWAY: Final = re.compile(r"[^\w`]*(?-i:[a-z])")
_LEADS_IN: Final = re.compile(
    r"\b(?:following|follows?|below|steps?)\b[^.!?]*[.!]\W*$|^\W*there (?:are|is) .{0,30}\b(?:ways|options|reasons|kinds|types|things)\b",
    re.IGNORECASE,
)
"""A sentence that announces the list after it."""


class Standing(NamedTuple):
    """A piece that stands on its own, as far as its passage lets it: `text[start:end]`."""

    start: int
    end: int
    dangling: bool = False  # begins by pointing at what its heading has to say
    astray: bool = False  # begins by pointing at something that is not quoted, and that no heading says
    is_list: bool = False  # a list, or a part of one, of more than one line
    under: str = ""  # the line that leads in, where the list is too long to be quoted


def points_back(words: str) -> bool:
    """Whether `words` begin with something that was said before them: "it", "these rules", "however", "to do this"."""
    return bool(_POINTS_BACK.match(words)) and not _POINTS_NOWHERE.match(words)


def standing(text: str, found: Sequence[Unit], index: int) -> Standing:
    """The unit `found[index]` with what is next to it and without which it cannot be understood."""
    unit = found[index]
    announces = index + 1 < len(found) and found[index + 1].kind in ITEMS and does_lead_in(text, unit)
    if unit.kind in ITEMS or unit.kind is Kind.LEAD_IN or announces:
        return _in_its_list(text, found, index)
    if unit.kind is Kind.SENTENCE:
        return _from(text, found, _antecedent(text, found, index, unit.end), _rounded_off(text, found, index))
    return Standing(unit.start + unit.lead, unit.end, points_back(unit.body(text)))


def starts_midway(text: str, unit: Unit, index: int) -> bool:
    """Whether a passage's first sentence lost its beginning to the passage before."""
    return index == 0 and unit.kind is Kind.SENTENCE and bool(_MIDWAY.match(text, unit.start))


def leads_nowhere(found: Sequence[Unit], index: int) -> bool:
    """Whether a line that leads in is followed by no list."""
    return found[index].kind is Kind.LEAD_IN and (index + 1 == len(found) or found[index + 1].kind not in ITEMS)


def does_lead_in(text: str, unit: Unit) -> bool:
    """Whether a unit announces a list after it."""
    return unit.kind is Kind.LEAD_IN or (unit.kind is Kind.SENTENCE and bool(_LEADS_IN.search(text[unit.start : unit.end])))


class Items(NamedTuple):
    """A list, however long."""

    first: int  # where it starts with the line that leads in
    outer: Sequence[tuple[int, int]]  # its items, each with what stands within it: `text[start:end]`
    lead: str  # the line that leads in, unless it is long
    is_nested: bool


def items(text: str, found: Sequence[Unit], index: int) -> Items:
    """The list that the item `found[index]` stands in."""
    first, last = _items_around(text, found, index)
    margin = _column(text, found[first])
    outer = [place for place in range(first, last + 1) if found[place].kind in ITEMS and _column(text, found[place]) <= margin]
    spans = [(found[place].start, found[following - 1].end) for place, following in pairwise([*outer, last + 1])]
    leads = first > 0 and does_lead_in(text, found[first - 1])
    return Items(found[first - leads].start, spans, _lead(text, found[first - 1]) if leads else "", len(outer) <= last - first)


def _stands_alone(body: str, *, led_in: bool) -> bool:
    """Whether an item of a list without numbers says enough: it is a sentence, or long enough where no line leads in to it."""
    return len(body.split()) >= _FRAGMENT_WORDS and (not led_in or is_ended(body))


def _antecedent(text: str, found: Sequence[Unit], index: int, end: int) -> int:
    """The sentence to begin with, so that none begins by pointing at what is left out; as far back as there is room."""
    first = index
    while first and points_back(text[found[first].start : found[first].end]) and not _OF_THE_DOCUMENT.match(text, found[first].start):
        before = found[first - 1]
        if before.kind is not Kind.SENTENCE or end - before.start > _LONGEST_PAIR or starts_midway(text, before, first - 1):
            return first
        first -= 1
    return first


def _from(text: str, found: Sequence[Unit], first: int, end: int, under: str = "") -> Standing:
    """From unit `first` on: whether its heading has to say what it points at, or nothing does."""
    unit = found[first]
    begins = unit.start + (unit.lead if end == unit.end else 0)
    if not points_back(text[begins:end]):
        later = first == 0 and unit.kind is Kind.STEP and not text.startswith("1", unit.start)  # its list began in another passage
        return Standing(begins, end, dangling=later, under=under)
    headed = first == 0 or found[first - 1].kind in _HEADED or bool(_OF_THE_DOCUMENT.match(text, begins))
    return Standing(begins, end, dangling=True, astray=not headed, under=under)


def _rounded_off(text: str, found: Sequence[Unit], index: int) -> int:
    """The end of a sentence, or of the next one if that points back at it or is all that is left of a short paragraph."""
    unit, following = found[index], found[index + 1] if index + 1 < len(found) else None
    joins = following and following.block == unit.block and unit.kind is following.kind is Kind.SENTENCE
    if not following or not joins or following.end - unit.start > _LONGEST_ROUND:
        return unit.end
    alone = not any(other.block == unit.block for other in (*found[max(0, index - 1) : index], *found[index + 2 : index + 3]))
    return following.end if alone or points_back(text[following.start : following.end]) else unit.end


def _in_its_list(text: str, found: Sequence[Unit], index: int) -> Standing:
    """The list with the line that leads in; of a list that is too long, the item under that line."""
    first, last = _items_around(text, found, index)
    leads = first > 0 and found[first].kind in ITEMS and does_lead_in(text, found[first - 1])
    unit = found[index]
    if unit.kind is Kind.BULLET and _stands_alone(unit.body(text), led_in=leads):
        return _from(text, found, index, unit.end)
    first -= leads
    if found[last].end - found[first].start <= _longest(found[last].kind, unit.kind):
        begin = _antecedent(text, found, first, found[first].end) if found[first].kind not in ITEMS else first
        return _from(text, found, begin, found[last].end)._replace(is_list=first < last)
    lead = _lead(text, found[first]) if found[first].kind is Kind.LEAD_IN and first != index else ""
    return _from(text, found, index, found[index].end, lead)


def _lead(text: str, unit: Unit) -> str:
    """What a list is put under; nothing if it is long."""
    lead = text[unit.start : unit.end]
    return lead.rstrip(":* ") if len(lead) <= _LONGEST_LEAD else ""


def _longest(items: Kind, unit: Kind) -> int:
    """Characters of a list of such items that are quoted for the sake of one unit of it."""
    if items is Kind.STEP:
        return _LONGEST_STEPS
    return _LONGEST_BULLETS if unit is Kind.BULLET else _LONGEST_LIST


def _items_around(text: str, found: Sequence[Unit], index: int) -> tuple[int, int]:
    """The first and the last item of the list that `found[index]` is an item of, or leads in to: then itself and the last."""
    first = last = index
    while found[index].kind in ITEMS and first and _is_part(text, found, first - 1) and not _begins_another(text, found, first):
        first -= 1
    while last + 1 < len(found) and _is_part(text, found, last + 1) and not _begins_another(text, found, last + 1):
        last += 1
    items = [i for i in range(first, last + 1) if i == index or found[i].kind in ITEMS]
    while items[-1] > index and text[: found[items[-1]].end].endswith(":"):  # what it leads in to is in another passage
        items.pop()
    return items[0], items[-1]


def _begins_another(text: str, found: Sequence[Unit], index: int) -> bool:
    """Whether an item begins another list than those before it: below white space it is of another kind, or is numbered 1 once more.

    Bullets below a step are its own where its number goes on after them; where every step is numbered 1, none begins anew.
    """
    unit = found[index]
    parts = takewhile(lambda place: _is_part(text, found, place), reversed(range(index)))
    before = next((found[place] for place in parts if _is_outer(text, found[place])), None)
    if before is None or before.block == unit.block or not _is_outer(text, unit):
        return False
    if unit.kind is Kind.STEP:
        return _number(text, unit) == 1 and (before.kind is not Kind.STEP or _number(text, before) != 1)
    if before.kind is not Kind.STEP:
        return False
    following = next((one for one in islice(found, index, None) if one.kind is Kind.STEP and _is_outer(text, one)), None)
    return following is None or _number(text, following) != _number(text, before) + 1


def _is_outer(text: str, unit: Unit) -> bool:
    return unit.kind in ITEMS and not _is_indented(text, unit)


def _is_indented(text: str, unit: Unit) -> bool:
    return text.startswith(("  ", "\t"), text.rfind("\n", 0, unit.start) + 1)


def _column(text: str, unit: Unit) -> int:
    """Characters before it on its line."""
    return unit.start - text.rfind("\n", 0, unit.start) - 1


def _number(text: str, step: Unit) -> int:
    return int(text[step.start : step.start + step.lead].strip(" \t.)"))


def _is_part(text: str, found: Sequence[Unit], index: int) -> bool:
    """Whether a unit is an item, or a paragraph within one: it is indented."""
    unit = found[index]
    return unit.kind in ITEMS or _is_indented(text, unit)
