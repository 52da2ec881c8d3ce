"""Whether a claim says the opposite of its source: negations and pairs of opposites, clause by clause. Pure.

Each clause of a claim is held against the clauses of its sources that share most with it. An odd number of turns between the two
(a `not` on one side, `before` here and `after` there) is a contradiction, unless a clause that shares nearly as much agrees.
"""

import re
from collections.abc import Sequence

from bot.clauses import Said, clauses, nearest
from knowledge.terms import terms

_ALIKE = 0.5
"""Of the best clause's share, for another one that may agree.

At .4, .5 and .6, of 693 sentences of mtrag's reference answers 8, 12 and 14 are held to contradict their passages, and of 168 lost
negations in the 18F handbook 82, 88 and 92 % are found.
"""
_ABOUT = 0.5  # of a clause's terms that the best one must share, or nothing is told

_BOUNDS = (
    (re.compile(r"\b(?:no|not) (?:more|longer|greater|higher) than\b"), "at most"),
    (re.compile(r"\b(?:no|not) (?:later|earlier|sooner) than\b"), "by"),
    (re.compile(r"\b(?:no|not) (?:less|fewer|shorter|lower) than\b"), "at least"),
)
_ASIDE = re.compile(r"^(?:yes|no)[.,]\s+|\byes or no\b|\bnot even\b|['\u2018\u201c\"]no['\u2019\u201d\"]")
"""A `no` that is said of nothing in its clause."""
_UNTOLD = re.compile(
    r"\b(?:not only|no difference|(?:not|n't) (?:matter|depend)|no matter|whether or not|regardless|none whether|if not)\b"
)
"""Where a `no` does not turn what is said; such a clause is not judged."""
_NEGATION = re.compile(r"\b(?:not|cannot|no|never|none|nobody|nothing|nowhere|neither|nor|without|no one)\b|n['\u2019]t\b")
_EXCEPTION = re.compile(r"\b(?:unless|except|excluding|save for)\b")
_RESERVE = re.compile(
    r"\b(?:unless|except|excluding|until|but|only|other than|apart from|save for|if|not|no|never|without|nobody|none)\b|n['\u2019]t\b"
)
_MUST = re.compile(r"\b(?:must|have to|has to|shall|required to|obliged to|mandatory|compulsory|obligatory)\b")
_MAY = re.compile(r"\b(?:may|can|could|allowed to|free to|optional|voluntary)\b")

_OPPOSITES = tuple(
    (re.compile(rf"\b(?:{one})\b"), re.compile(rf"\b(?:{other})\b"))
    for one, other in (
        ("allow(?:s|ed)?|permit(?:s|ted)?|may|can", "forbid(?:s|den)?|prohibit(?:s|ed)?|banned|ban|disallowed"),
        ("before|prior to|ahead of|in advance", "after|afterwards|following|once"),
        (
            "more than|above|over|longer than|beyond|exceed(?:s|ing)?|warmer|higher|at least|minimum|or more|from",
            "less than|below|under|shorter than|colder|lower|at most|up to|maximum|as many as|fewer than|or less|or fewer",
        ),
        ("paid", "unpaid"),
        ("full pay|full-pay|paid in full", "half pay|unpaid"),
        ("required|mandatory|compulsory|necessary|need(?:s|ed)?", "optional|voluntary|unnecessary"),
        ("includ(?:e|es|ed|ing)", "exclud(?:e|es|ed|ing)"),
        ("accept(?:s|ed)?|approv(?:e|es|ed)", "refuse(?:s|d)?|reject(?:s|ed)?|declin(?:e|es|ed)|den(?:y|ies|ied)"),
        ("increase(?:s|d)?|rise(?:s)?|rose|goes up|raised?", "decrease(?:s|d)?|falls?|fell|goes down|reduced?|lowered"),
        ("internal|inside", "external|outside"),
        ("full-time|full time", "part-time|part time"),
        ("gross", "net"),
        ("start(?:s|ed)?|begin(?:s)?|began", "end(?:s|ed)?|stop(?:s|ped)?|finish(?:es|ed)?"),
        ("switched on|turned on|enabled", "switched off|turned off|disabled"),
        ("first", "last"),
        ("earliest", "latest"),
        ("open(?:s|ed)?", "clos(?:e|es|ed)"),
        ("valid", "invalid|void"),
        ("possible", "impossible"),
        ("encrypted", "unencrypted"),
        ("eligible", "ineligible"),
        ("safe", "unsafe|dangerous"),
        ("temporary", "permanent"),
        ("public", "private|confidential"),
        ("buy|buys|bought|purchase(?:s|d)?", "sell|sells|sold"),
    )
)
"""Pairs of opposites that policies are made of. Of a pair only one side may stand in a clause for it to tell anything."""


def contradicted(claim: str, among: Sequence[Said]) -> bool:
    """Whether some clause of `claim` is turned into its opposite by the clauses of `among` that are about the same."""
    return any(_turned(one.text, among) for one in clauses([Said(claim)]))


def _turned(clause: str, among: Sequence[Said]) -> bool:
    wanted = frozenset(terms(clause))
    close = nearest(wanted, among, _ALIKE)
    if not close or len(wanted & (close[0][1].terms | close[0][1].head_terms)) < _ABOUT * len(wanted):
        return False
    own = _plain(clause)
    others = [_plain(one.text) for _, one in close]
    if _UNTOLD.search(own) or any(map(_UNTOLD.search, others)):
        return False
    return all(_opposed(own, other) for other in others)


def _opposed(claim: str, source: str) -> bool:
    if _EXCEPTION.search(claim) and not _RESERVE.search(source):
        return True
    negated, denied = _is_negated(claim), _is_negated(source)
    flips = sum(_flipped(claim, source, one, other) for one, other in _OPPOSITES)
    if (negated + denied + flips) % 2:
        return True
    return (
        not negated
        and not denied
        and bool(_MUST.search(claim) and not _MAY.search(claim))
        and bool(_MAY.search(source) and not _MUST.search(source))
    )


def _is_negated(text: str) -> bool:
    """Whether an odd number of negations stands in a clause; `nor` only goes on with the one before it."""
    found = _NEGATION.findall(text)
    return bool((len(found) - (found.count("nor") if len(found) > found.count("nor") else 0)) % 2)


def _flipped(claim: str, source: str, one: re.Pattern[str], other: re.Pattern[str]) -> bool:
    """Whether `claim` has only the one side of a pair and `source` only the other."""
    left, right = (bool(one.search(claim)), bool(other.search(claim))), (bool(one.search(source)), bool(other.search(source)))
    return left[0] != left[1] and right[0] != right[1] and left != right


def _plain(text: str) -> str:
    plain = _ASIDE.sub(" ", text.lower())
    for bound, instead in _BOUNDS:
        plain = bound.sub(instead, plain)
    return plain
