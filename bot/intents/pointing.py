"""What people say to point at one of several things, and to have an answer again in another length. Pure."""

import re
from typing import Final

from bot.words import any_of

_ORDINALS: Final = "first second third fourth fifth sixth seventh eighth ninth tenth"
_CARDINALS: Final = "one two three four five six seven eight nine ten"
_NUMBERS: Final = {
    word: n for line in (_ORDINALS, _CARDINALS, "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th") for n, word in enumerate(line.split(), start=1)
}
LAST: Final = -1
"""The number of the last one, however many there are."""
_ITEMS: Final = "point|item|bullet|step|option|line|row"
_SOURCES: Final = "source|footnote|link|document|doc|reference|citation|result|page|passage|quote"
_THING: Final = rf"(?:one|{_ITEMS}|{_SOURCES})"
_NTH: Final = rf"(?:{_ORDINALS.replace(' ', '|')}|\d{{1,2}}(?:st|nd|rd|th)|last|latter|former)"
_NUMBER: Final = rf"(?:\d{{1,2}}|{_CARDINALS.replace(' ', '|')})"
_LEAD: Final = (
    r"^\W*(?:(?:ok(?:ay)?|and|please|now|so|then|what about|how about|can you|could you|would you|i (?:want|mean|meant|need)|i'd like|"
    r"let me (?:see|read)|open|show|give|read|quote|explain|tell|elaborate on|expand on|go to|see|take|it'?s|"
    r"me|up|more|about|to see|the|of|on|in|from)\b[ ,:]*)*"
)
_POINTS = re.compile(
    rf"{_LEAD}(?:(?P<nth>{_NTH})(?: (?P<thing>{_THING}))?|(?:(?P<named>number|no\.?|nr\.?|{_THING}) ?#?|#|\[)?(?P<number>{_NUMBER})\]?)"
    r"(?:,? (?:please|pls|again|then|in full|in detail))*\W*$",
    re.IGNORECASE,
)
_A_CARDINAL = re.compile(rf"^(?:{_CARDINALS.replace(' ', '|')})$", re.IGNORECASE)

_IT: Final = "(?:it|that|this)"
_ASKS_FOR: Final = (
    r"^\W*(?:(?:ok(?:ay)?|and|but|please|pls|now|can you|could you|would you|i (?:want|need)|i'd like|make|say|put|give|keep|write|tell|"
    r"explain|answer|have|get|do|me|us|it|that|this|the answer|the same|an?|too|much|even|bit|little|again|is|was)\b[ ,:]*)*"
)
_POLITELY: Final = r"(?:,? (?:please|pls|thanks|thank you|version|answer|then|of (?:it|that|this)|about (?:it|that|this)))*\W*$"
_COUNT: Final = r"(?:one|a|a single|two|three|a few|fewer|\d)"
_SHORTER = any_of(
    rf"{_ASKS_FOR}(?:shorter|shorten(?: {_IT})?|briefer|more (?:briefly|concise(?:ly)?)|less (?:text|words)|"
    rf"in short|brief(?:ly)?|concise(?:ly)?|too long|in (?:just |only )?{_COUNT} (?:sentence|line|word|bullet)s?|"
    rf"to the point|simpler|in simpler words)"
    rf"{_POLITELY}"
)
_LONGER = any_of(
    rf"{_ASKS_FOR}(?:(?:some |in |with |a lot |in a bit )?more (?:details?|depth|context|text)|longer|in (?:detail|full)|the details|"
    rf"more|go on|say more|more about {_IT}|expand(?: on {_IT})?|elaborate(?: on {_IT})?|in greater detail)"
    rf"{_POLITELY}"
)


def pointed_at(text: str) -> int | None:
    """The number of what a message points at and says nothing else of, from 1, `LAST` for the last; None if it is no such message."""
    match = _POINTS.match(text)
    if match is None:
        return None
    said = (match["nth"] or match["number"]).lower()
    if match["nth"] is None and not match["named"] and _A_CARDINAL.match(said):
        return None  # "one", "two": a count, or an answer to what somebody else asked
    if said in {"last", "latter"}:
        return LAST
    return _NUMBERS.get(said) or (1 if said == "former" else int(re.sub(r"\D", "", said)))


def is_bare(text: str) -> bool:
    """Whether what it points with is a number and nothing that could be ours: "3", "ok, 2", not "[2]" or "source 2"."""
    match = _POINTS.match(text)
    return match is not None and match["nth"] is None and "[" not in text and not _called(match["named"] or "", _THING)


def means_item(text: str) -> bool:
    """Whether what it points at is called an item of a list."""
    return _called(text, _ITEMS)


def means_source(text: str) -> bool:
    """Whether what it points at is called a source."""
    return _called(text, _SOURCES) or "[" in text


def wants_shorter(text: str) -> bool:
    """Whether a message asks for the last answer again, in fewer words, and for nothing else."""
    return bool(_SHORTER.search(text))


def wants_longer(text: str) -> bool:
    """Whether a message asks for more of what the last answer said, and for nothing else."""
    return bool(_LONGER.search(text))


def _called(text: str, things: str) -> bool:
    return bool(re.search(rf"\b(?:{things})\b", text, re.IGNORECASE))
