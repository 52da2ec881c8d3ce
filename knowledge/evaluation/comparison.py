"""Two lists of figures for the same queries: how much they differ, and how sure that is. Pure.

The paired bootstrap (Efron and Tibshirani 1993, percentile interval; Sakai 2006 for retrieval): queries are drawn anew, with both of
their figures, and the mean difference of each draw taken. The interval says what would have come out with other questions of the kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.evaluation.measures import ndcg
from knowledge.evaluation.rankings import Ranking

RESAMPLES = 10_000
CONFIDENCE = 0.95
_SEED = 20_260_101  # fixed, so that the same two runs always come to the same interval
_AT_ONCE = 100  # resamples; of 10,000 queries they take 8 MB
_SAME = 1e-9  # what two figures of one query may differ by and be the same


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference, with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One query, before and after."""

    id: str
    text: str
    before: float  # nDCG at 10
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How rankings differ from an earlier run of the same queries, by nDCG at 10."""

    before: float  # the earlier run's mean
    after: float
    difference: Difference  # after - before
    wins: int  # queries that are better now
    losses: int
    ties: int
    changes: tuple[Change, ...]  # what is not a tie, most changed first
    left_out: int  # queries that only one of the two has


def difference(before: Sequence[float], after: Sequence[float]) -> Difference:
    """How much more `after` is than `before`, on average; figures of the same query stand at the same place, at least one."""
    differences = np.asarray(after, np.float64) - np.asarray(before, np.float64)
    random = np.random.default_rng(_SEED)
    size = len(differences)
    means = np.concatenate([differences[random.integers(0, size, (_AT_ONCE, size))].mean(axis=1) for _ in range(RESAMPLES // _AT_ONCE)])
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Difference(float(differences.mean()), float(low), float(high))


def compare(earlier: Mapping[str, Sequence[str]], rankings: Sequence[Ranking]) -> Comparison | None:
    """`rankings` against an earlier run (query id -> documents, best first). None if they have no query in common."""
    both = [one for one in rankings if one.query.id in earlier]
    if not both:
        return None
    changes = [_change(one, earlier[one.query.id]) for one in both]
    before, after = [one.before for one in changes], [one.after for one in changes]
    moved = sorted((one for one in changes if abs(one.after - one.before) > _SAME), key=lambda one: -abs(one.after - one.before))
    wins = sum(one.after > one.before for one in moved)
    return Comparison(
        before=float(np.mean(before)),
        after=float(np.mean(after)),
        difference=difference(before, after),
        wins=wins,
        losses=len(moved) - wins,
        ties=len(both) - len(moved),
        changes=tuple(moved),
        left_out=len(rankings) + len(earlier) - 2 * len(both),
    )


def _change(one: Ranking, earlier: Sequence[str]) -> Change:
    return Change(id=one.query.id, text=one.query.text, before=ndcg(earlier, one.query.grades, 10), after=one.ndcg_10)
