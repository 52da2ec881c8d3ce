"""How likely it is that nothing found answers the question, without a model, and what to do at which doubt. Pure.

Where late interaction knows the tokens: how near the best stretches of text come and how far the best leads (`Signals`), the share of
the question's terms that nothing found has, and numbered names ("Heron 4") and codes ("E31") of which only others were found, in one
logistic. Its scale is fitted on mtrag, scifact and the demo company, as if three questions in ten had no answer. AUROC .875 on mtrag
(answerable and unanswerable turns), .809 on scifact (claims with and without evidence; `tests/quality/results.md` has both), .91 on the
demo company. Elsewhere what words and the cosine tell; that refuses nothing.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from bot import coverage
from bot.llm.cues import CURRENCY, MONTH, MONTHS, without_amounts
from bot.llm.wanted import content, importance
from bot.messages import Outcome
from knowledge.documents import Findings, Hit, Signals
from knowledge.ranking import RECIPE, late
from knowledge.ranking import signals as signals_of
from knowledge.terms import ANALYSER, bare, terms, things

_USUAL_COSINE: Final = 0.5
_WORDY: Final = 9
"""Terms of what is asked (`bot.intents.asked_part`); one of more may say much besides, and all of it counts for its nearness. Of the
demo company's 60 questions, each in four ways of telling a story around it, 7 of 240 are refused; 8 if it were 12.
"""
_FEW: Final = 8
"""Passages an answer is made from; where there are fewer, not much can be told. Of mtrag's answerable turns, with their best passage and so
many others of the corpus that there are 2, 4, 8, 12, 26 would be refused of a hundred, 17, 11 and 5.
"""
_NO_NAMES = f"(?:From|Since|After|Before|Until|Levels?|Grade|Band|Section|Chapter|Page|Step|Phase|Week|Day|Quarter|{MONTH})"
_NO_CODES = rf"(?:{CURRENCY}|{MONTHS})-?\d|\w+-(?:19|20)\d\d\b"
_NUMBERED = re.compile(rf"\b(?!{_NO_NAMES} )[A-Z]\w+ (?!(?:19|20)\d\d\b)\d+\b")
_CODE = re.compile(rf"(?<![\w@/:.=&?-])(?i:(?!{_NO_CODES})(?=[\w-]{{3}})([a-z]+)-?(\d+))(?![\w@/]|[-.]\w)")
"""E31, ERR-4032; not Q3, B2B, USD40, May-2024, v2.1, nor what is part of an address."""


_FIRST_WORD = re.compile(r"^\W*([\w-]+)", re.MULTILINE)


class _Weights(NamedTuple):
    """Of the logistic, in log-odds."""

    bias: float = 7.6
    nearness: float = -13.5  # of MiniLM's tokens .5 on average where something answers, .4 where nothing quite does, .3 with strangers
    lead: float = -2.0  # 1.4, 1.0 and .9
    unsaid: float = 2.7  # if nothing has any of the question's terms
    unnumbered: float = 3.4  # a name with a number, or a code, that nothing has
    usual_lead: float = 1.2  # where there is nothing to lead


_WEIGHTS: Final = _Weights()
_MADE_OF: Final = (_WEIGHTS, RECIPE, ANALYSER, signals_of.SHAPE, late.SHAPE)
_VERSION: Final = hashlib.sha256(repr(_MADE_OF).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a doubt leads to."""

    nearest: float = 0.5  # from here on, what was found is shown as the nearest that was found
    refuse: float = 0.8  # from here on, nothing is shown as an answer; at least `nearest`

    def outcome(self, doubt: float) -> Outcome:
        """What to do at this doubt."""
        if doubt >= self.refuse:
            return Outcome.REFUSAL
        return Outcome.NEAREST if doubt >= self.nearest else Outcome.ANSWER


_NAMED: Final = 0.1
"""The doubt where nothing but the name of a thing is asked, and it stands there: it is not near to what is said of it."""
USUAL: Final = Thresholds()
"""For tenants of whom nothing is learned. Of answerable questions 5 to 16 % are doubted and at most 3 % refused (mtrag, scifact, 18F
handbook, cranfield, demo company); of unanswerable ones, mtrag: 69 % and 21 %, scifact: 35 % and 4 %, strangers': 95 % and 60 to 93 %.
"""
NEAREST_FROM: Final = USUAL.nearest
NEVER_DOUBTED: Final = 0.2
"""Below this, something is answered whatever a company's judgements are: nothing of it has to be looked up."""


def doubt(query: str, findings: Findings) -> float:
    """0 to 1, higher when it is less likely that `findings` answer `query`; 1 without hits. Order of hits does not matter.

    `query` is what was searched for, without what is said around a question: that is no nearer to what answers it than to anything.
    """
    if not findings.hits:
        return 1.0
    if _is_name_of(query, findings.hits):
        return _NAMED
    hits, signals = findings.hits, findings.signals
    named = _WEIGHTS.unnumbered * _unnumbered(query, hits)
    if signals is None:
        cosine = _USUAL_COSINE if findings.words_only else max(hit.cosine for hit in hits)
        return _soft(coverage.log_odds(query, hits, cosine) + named, at_least=USUAL.nearest if findings.words_only else 0.0)
    log_odds = _seen(signals) + _WEIGHTS.unsaid * _unsaid(query, findings.unsaid) + named
    is_sure = signals.lead is not None and len(hits) >= _FEW and len(content(query)) <= _WORDY and not _has_codes(query, hits)
    return share_of(log_odds) if is_sure else _soft(log_odds, at_least=0.0)


def made_by(findings: Findings) -> str:
    """What the doubt of `findings` was worked out with: only doubts made alike compare. Empty where it is a guess by words."""
    return version(findings.model) if findings.signals else ""


def version(model: str) -> str:
    """What doubts are worked out with where `model` embeds: it, the ranking and the weights."""
    return f"{model}/{_VERSION}"


def _seen(signals: Signals) -> float:
    lead = _WEIGHTS.usual_lead if signals.lead is None else signals.lead
    return _WEIGHTS.bias + _WEIGHTS.nearness * signals.nearness + _WEIGHTS.lead * lead


def share_of(log_odds: float) -> float:
    """The share, 0 to 1, that these log-odds stand for."""
    return 1 / (1 + math.exp(-log_odds))


def _soft(log_odds: float, *, at_least: float) -> float:
    """A doubt that refuses nothing.

    Of another model's cosines nothing is known; where only words were searched, meaning was not; and nearness tells little where there
    are few candidates (or few whose tokens are known), much is said besides what is asked, or the very code was found.
    """
    return min(max(share_of(log_odds), at_least), math.nextafter(USUAL.refuse, 0))


def _unsaid(query: str, unsaid: frozenset[str]) -> float:
    """The share of the question's terms, by their importance, that nothing found has."""
    said = {term: importance(term) for term in content(without_amounts(query)[0])}
    return sum(weight for term, weight in said.items() if term in unsaid) / (sum(said.values()) or 1.0)


def _unnumbered(query: str, hits: Sequence[Hit]) -> bool:
    """Whether the question has a name with a number that stands in no text, or a code of which only others do.

    There is a Heron 3, but no Heron 4; an E30, but no E31. What has it would have been found by it.
    """
    names = [pair for pair in (tuple(terms(name)) for name in _NUMBERED.findall(query)) if len(pair) > 1]
    codes = _codes(query)
    if not (names or codes):
        return False
    texts = [part for hit in hits for part in (hit.passage.text, " ".join((hit.passage.document.title, *hit.passage.heading)))]
    pairs = {pair for text in texts for pair in pairwise(terms(text))} if names else set()
    known = {code for text in texts for code in _codes(text)} if codes else set()
    kinds = {kind for kind, _ in known}
    return any(pair not in pairs for name in names for pair in pairwise(name)) or any(code[0] in kinds for code in codes - known)


def _has_codes(query: str, hits: Sequence[Hit]) -> bool:
    """Whether the question has a code, and a hit has a line or row of each that it has: that is about it, whatever else is told of it."""
    codes = _codes(query)
    return bool(codes) and any(codes <= _codes("\n".join(_FIRST_WORD.findall(hit.passage.text))) for hit in hits)


def _is_name_of(query: str, hits: Sequence[Hit]) -> bool:
    """Whether the question is nothing but a code, an address, a file … that stands in one of the hits, or is what its file is called."""
    wanted = set(things(query))
    if not wanted or any(not any(bare(term) in bare(thing) for thing in wanted) for term in terms(query)):
        return False
    named = ({*things(hit.passage.text), *things(hit.passage.document.title), *things(hit.passage.document.name)} for hit in hits)
    return any(wanted <= one for one in named)


def _codes(text: str) -> set[tuple[str, str]]:
    """The codes that stand in `text`: their letters, in lower case, and their digits."""
    return {(letters.lower(), digits) for letters, digits in _CODE.findall(text)}
