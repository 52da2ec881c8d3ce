"""What answers of a kind look like: a duration after "how long", an amount after "how much". Pure; rules of thumb, no grammar."""

import math
import re
from collections.abc import Sequence
from typing import Final

_NUMBER = (
    r"(?:\d[\d.,]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety)\b)"
)
MONTHS: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|"
    r"Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
MONTH: Final = rf"{MONTHS}\b"
CURRENCY: Final = "EUR|GBP|USD|CAD|AUD|CHF|NOK|SEK|DKK|JPY"

DURATION: Final = re.compile(
    rf"\b{_NUMBER}[ -](?:(?:full|paid|working|work|business|calendar|consecutive|more) )?(?:minute|hour|day|week|month|year)s?\b",
    re.IGNORECASE,
)
DATE: Final = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\.? (?:of )?{MONTH}|{MONTH} \d{{1,2}}\b|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|\d{{1,2}}:\d\d|"
    r"\d{1,2} ?[ap]\.?m\b|\d{4}-\d\d-\d\d|\d{1,2}(?:st|nd|rd|th)\b)",
)
MONEY: Final = re.compile(rf"[£€$¥] ?\d|\b(?:{CURRENCY}) ?\d|\d ?(?:%|(?:{CURRENCY})\b|percent|euros?\b|pounds?\b|dollars?\b|p a\b)")
NUMBER: Final = re.compile(_NUMBER, re.IGNORECASE)
SOMEBODY: Final = re.compile(
    r"\w@\w|\+\d{2}|\b(?:managers?|directors?|officers?|supervisors?|teams?|leads?|heads?|chief|boards?|committee|counsel|extension)\b",
    re.IGNORECASE,
)
REASON: Final = re.compile(r"\b(?:because|caused?|causes|due to|owing to|reasons?|so that|as a result|expired|failed)\b", re.IGNORECASE)
CHANGED: Final = re.compile(r"\b(?:no longer|any ?more|still|until|since)\b", re.IGNORECASE)

_ASKED: Final = tuple(
    (re.compile(question, re.IGNORECASE), answer)
    for question, answer in (
        (r"\bstill\b|\banymore\b", CHANGED),
        (r"\bwho(?:m|se)?\b", SOMEBODY),
        (r"\bwhy\b", REASON),
        (r"\bhow (?:long|often|old|soon|far (?:ahead|in advance))\b|\bhow many weeks\b|\bnotice period\b|\bdeadline\b", DURATION),
        (r"\bhow much (?:\w+ )?(?:time|notice|leave|holiday|vacation)\b", DURATION),
        (r"\bwhen\b|\b(?:what|which) (?:days?|dates?|time|month|year)\b", DATE),
        (r"\bhow (?:many|thick|deep|big|large|fast|high|late|far|wide)\b|\bwhat (?:number|percentage)\b", NUMBER),
        (r"\bhow much\b|\b(?:costs?|prices?|fees?|rates?|salary|budget|limit|allowance|money|spend|mileage)\b|\bpay(?:ing)? for\b", MONEY),
    )
)
_QUANTITIES: Final = frozenset({DURATION, DATE, MONEY, NUMBER})

WANTS_STEPS: Final = re.compile(
    r"\bhow (?:do|can|should|to|must)\b|\bwhat (?:do|should|must|can) (?:I|we) do\b|\bwhat now\b|^\W*(?:I|I've|my|our|we)\b(?!.*\?)",
    re.IGNORECASE,
)
"""A question that steps answer, and a trouble that is told instead of a question."""
_NO_NOUN: Final = (
    r"(?:happens|counts|makes|gets|needs|goes|comes|applies|means|changes|says|works|does|has|was|is|as|its|this|us|if|when|do|did|are|can|"
    r"may|will)\b"
)
_SEVERAL: Final = rf"(?:(?!{_NO_NOUN})[\w'\u2019-]+ ){{0,3}}?(?!{_NO_NOUN})(?:[\w'\u2019-]+[^\Wsui]s|people|staff)"
"""Nouns of several, as a rule."""
WANTS_ALL: Final = re.compile(
    r"^\W*(?:(?:hi|hello|hey|please|can|could|would|will|you|and|so|give|show|tell|us|me|do|have|i|need),? )*"
    r"(?:(?:list|enumerate) (?!of\b|prices?\b)|(?:an? |the )?(?:full |complete |whole )?list of |name (?:all|every|each|the)\b|"
    rf"(?:all|every|each) (?:of )?{_SEVERAL}\W*$|"
    rf"(?<=me )(?:the |our |my |your )?{_SEVERAL}\W*$|(?:who|where) are (?:the |our |my |your )+{_SEVERAL}\b|"
    rf"(?:what|which|where)\b.*(?<!\bif )(?<!\bwhen )(?<!\b(?:to|by|in) )(?<!\bfor )"
    rf"\b(?:all|every|each) (?:of )?(?:the |our |my |your |their |its )?{_SEVERAL}\b|"
    rf"what(?: are|'re|\u2019re) (?:the |our |my |your |all )+{_SEVERAL}\b|"
    rf"(?:what|which) {_SEVERAL} (?:do|are|can|may|must|should|will|have|did|were|could|of|in|at|exist|work|does|has|is there)\b)",
    re.IGNORECASE,
)
"""A question that several things answer, each a row of a table or an item of a list: "list …", "which offices are there"."""
DENIES: Final = re.compile(r"\b(?:not|never|cannot|neither|nobody|nothing|none|no longer)\b|n['\u2019]t\b", re.IGNORECASE)
"""What says that something is not so."""
WANTS_DENIAL: Final = re.compile(
    r"^\W*(?:what|which|who|when|where|how)\b.*\b(?:not(?! only\b)|never|cannot|no longer|\w+n['\u2019]t)\b", re.IGNORECASE
)
"""A question of what is not so: what says the opposite has the same terms."""
ABOUT_ITSELF: Final = re.compile(
    r"(?:effective|valid (?:from|for|until)|in force|(?:last )?(?:updated|changed|reviewed)|released|published|written|"
    r"replaces|supersedes|version|(?:please )?(?:refer to|see (?:the|also|our)|learn more|read more)|(?:for )?more (?:information|details)|"
    r"owner|this (?:\w+ )?(?:replaces|supersedes)|table of contents|"
    r"(?:read|see|consult|visit|check out) (?:the|our|this)\b[^!?]{0,250}\bfor (?:more|further|detailed|details|an overview))\b",
    re.IGNORECASE,
)
"""How a sentence starts that says something of its document, or points to another, and nothing of the matter."""
OPTIONAL: Final = re.compile(r"\bif you(?:'d| would)? (?:want|wish|like|prefer|choose)\b", re.IGNORECASE)
"""What only some want."""
LETTERHEAD: Final = re.compile(r"(?:from|to|cc|bcc|date|subject|sent|reply-to):", re.IGNORECASE)
"""How a line at the head of a mail starts."""
POINTER: Final = re.compile(r"\W*(?:\[[^\]]*\]\([^()]*\)|https?://\S+)\W*")
"""A link and nothing else: it leads to an answer and is none."""
ALL_OTHERS: Final = re.compile(
    r"\W*(?:rest of|(?:all|any|every) ?(?:other|thing else|where else|body else)|others?\b|elsewhere|otherwise|default)", re.IGNORECASE
)
"""How a table's row for all that has none of its own starts."""

_AMOUNT: Final = re.compile(
    r"[£€$¥] ?\d[\d.,]*|\d[\d.,]* ?(?:%|per ?cent\b)|\d[\d.,]* ?(?:pounds?|euros?|dollars?|quid)\b|\b\d{1,3}(?:,\d{3})+\b", re.IGNORECASE
)
_PERCENT: Final = re.compile(r"%|per ?cent", re.IGNORECASE)
_RANGE: Final = re.compile(r"(\d[\d.,]*) ?%? ?(?:to|and|until|[-\u2013]) ?[£€$¥]? ?(\d[\d.,]*)( ?%)?")
_SUM: Final = r"(?:[£€$¥] ?(\d[\d.,]*\d|\d)|(\d[\d.,]*) ?%)"
_HALF_OPEN: Final = 0.4  # much lies beyond one end: `up to £250` holds whatever is cheap
_OPEN: Final = re.compile(
    rf"\b(?:(more than|above|over|exceeding|at least|from)|(?:no|not) (?:more|higher) than|up to|below|under|less than|at most) {_SUM}"
    r"(?!\d| ?(?:to|[-\u2013]) ?[£€$¥]?\d)|"
    rf"{_SUM},? (?:(or more|or above|or over|and more|and above|and over|upwards?)|or less|or below|or under|and less|and below)\b",
    re.IGNORECASE,
)
"""A range with one end, of a sum or a percentage: up to £400, more than 10 %."""


def asked_for(query: str) -> re.Pattern[str] | None:
    """What an answer to `query` looks like; `None` if its words do not tell."""
    return next((answer for question, answer in _ASKED if question.search(query)), None)


def fit(asked: re.Pattern[str] | None, words: str) -> float:
    """How much `words` look like what was asked for: 1, .5 if any number stands where some quantity was wanted, or 0."""
    if asked is None:
        return 0.0
    if asked.search(words):
        return 1.0
    return 0.5 if asked in _QUANTITIES and NUMBER.search(words) else 0.0


def without_amounts(query: str) -> tuple[str, tuple[str, ...]]:
    """`query` without its sums and percentages, and these: no text has to repeat them to speak of them."""
    return _AMOUNT.sub(" ", query), tuple(_AMOUNT.findall(query))


def spans(amounts: tuple[str, ...], words: str) -> float:
    """1 if `words` have one of `amounts` or a range that holds it, less if that has one end: `15 to 22 %`, `up to 30 %`."""
    if not amounts:
        return 0.0
    wanted = [_valued(amount) for amount in amounts]
    closed = [(_value(low), _value(high), bool(percent)) for low, high, percent in _RANGE.findall(words)]
    closed += [(value, value, percent) for value, percent in map(_valued, _AMOUNT.findall(words))]
    if _holds(closed, wanted):
        return 1.0
    found = ((beyond or above, total or sum_, percent or share) for beyond, total, percent, sum_, share, above in _OPEN.findall(words))
    ends = [(bool(beyond), _value(total or percent), bool(percent)) for beyond, total, percent in found]
    return _HALF_OPEN * _holds([(end, math.inf, kind) if beyond else (0.0, end, kind) for beyond, end, kind in ends], wanted)


def _holds(ranges: Sequence[tuple[float, float, bool]], wanted: Sequence[tuple[float, bool]]) -> bool:
    return any(same == kind and low <= value <= high for value, same in wanted for low, high, kind in ranges)


def _valued(amount: str) -> tuple[float, bool]:
    """What it comes to, and whether that is a percentage."""
    return _value(amount), bool(_PERCENT.search(amount))


def _value(amount: str) -> float:
    digits = re.sub(r"[^\d.]", "", re.sub(r"[.,](?=\d{3}(?!\d))", "", amount)).rstrip(".")
    try:
        return float(digits)
    except ValueError:
        return -1.0
