"""Whether a claim's numbers and weekdays belong to what it says of them, not only to the same passage. Pure.

A value must stand in a unit (a sentence, an item, a row) that shares nearly as much with the claim as the best one does: the limit of
London is no limit of Berlin, though both stand in one table. A number must not count something else there: £120 is not €120, 26 weeks
are not 26 days.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from bot.clauses import Said, nearest
from bot.evidence import Evidence, normal
from knowledge.terms import terms

NEAR: Final = 0.5
"""Of the best unit's share of the claim, for a unit that may give it a value."""

_NUMBER = r"\d+(?:[.,'\u2019\u00a0\u202f]\d+)*"
_WEEKDAY = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)
_OF_ALL = re.compile(r"(?:effective|updated|valid|in force|version|as of|last changed)\b", re.IGNORECASE)
_KIND = {"pound": "gbp", "£": "gbp", "€": "eur", "euro": "eur", "$": "usd", "dollar": "usd", "percent": "%", "per cent": "%"}
_COUNTED = re.compile(
    rf"(?P<sign>£|€|\$|\b(?:cad|gbp|eur|usd))\s?(?P<amount>{_NUMBER})|"
    rf"(?P<number>{_NUMBER})(?:\s|-)?(?:(?:working|calendar|full|paid|more|further|extra|consecutive)\s)?"
    r"(?P<unit>[£€%]|(?:cad|gbp|eur|usd|pound|euro|dollar|percent|per cent|minute|hour|day|week|month|year)s?\b)",
    re.IGNORECASE,
)


def unbound(claim: Evidence, sources: Sequence[Evidence]) -> str | None:
    """A value of `claim` that none of the units of `sources` which it is about has, nor what holds for all of them."""
    wanted = claim.claimed_numbers | weekdays(claim.text)
    if not wanted:
        return None
    units = [one for source in sources for one in source.said]
    near = _near(claim, units)
    known = [_values(one.text) for one in (*near, *filter(_is_of_all, units))]
    above = [source.above.numbers | source.dates(claim) for source in sources]
    missing = min(wanted.difference(*known, *above), default=None)
    return missing if missing is not None else _miscounted(claim.text, near)


def _near(claim: Evidence, units: Sequence[Said]) -> Sequence[Said]:
    """The units that share most with the claim, its values left out; all of them if none shares any.

    If the claim names a row by its first cell, other rows are not near.
    """
    about = frozenset(terms(_WEEKDAY.sub(" ", claim.text))) - claim.written_numbers
    near = [one for _, one in nearest(about, units, NEAR)]
    named = any(one.label and one.label <= claim.terms for one in near)
    return [one for one in near if not (named and one.label) or one.label <= claim.terms] or units


def _is_of_all(one: Said) -> bool:
    """Whether a unit says from when on its document holds, or which version it is."""
    return bool(_OF_ALL.match(one.text))


def _values(text: str) -> frozenset[str]:
    return Evidence(text).numbers | weekdays(text)


def weekdays(text: str) -> frozenset[str]:
    """The days of the week that `text` names: `Monday`."""
    return frozenset(f"{day.title()}day" for day in _WEEKDAY.findall(text))


def _miscounted(claim: str, near: Sequence[Said]) -> str | None:
    """An amount of `claim` whose number counts something else wherever it stands in `near` beside a unit."""
    there: dict[str, set[str]] = defaultdict(set)
    for one in near:
        for number, unit in counted(one.text):
            there[number].add(unit)
    return next((f"{number} {unit}" for number, unit in counted(claim) if there[number] and unit not in there[number]), None)


def counted(text: str) -> list[tuple[str, str]]:
    """The numbers in digits of `text` with what they count: `("26", "week")`, `("120", "gbp")`."""
    return [_amount(match) for match in _COUNTED.finditer(text)]


def _amount(match: re.Match[str]) -> tuple[str, str]:
    unit = (match["sign"] or match["unit"]).lower().removesuffix("s")
    return normal(match["amount"] or match["number"]), _KIND.get(unit, unit)
