"""What a company's own judged questions make of the thresholds of doubt. Pure.

Platt scaling (Platt 1999) of the log-odds of doubt towards what is usual: with few questions the usual thresholds, with many their own.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.doubt import NEVER_DOUBTED, USUAL, Thresholds, share_of

LEAST_OF_A_KIND: Final = 3
"""Judged questions that have an answer, and that have none, from which on anything is learned."""
MOST_REFUSED: Final = 0.05
"""Share of the judged questions with an answer that may be refused."""
_UNANSWERABLE: Final = 0.3  # share of questions without an answer that thresholds are made for, whatever the share among the judged
_SLOPE_DEVIATES, _SHIFT_DEVIATES = 0.5, 0.7  # of other companies: slope from 1, shift from 0, in log-odds
_FLATTEST: Final = 0.3
_LOWEST, _HIGHEST = Thresholds(NEVER_DOUBTED, 0.6), Thresholds(0.8, 0.97)  # however strange the judgements are
_STEPS: Final = 50  # 16 were the most in 20,000 random sets
_SHORTEST: Final = 2.0**-40  # of a step
_FAIR: Final = 1e-4  # share of the descent that a gradient promises, which a step must have
_LEVEL: Final = 1e-6  # a gradient that counts as 0, for each judgement
_SURE: Final = 1e-6  # a doubt nearer to 0 or 1 counts as this near


class Judged(NamedTuple):
    """A question whose doubt is known, and whether the documents answer it."""

    doubt: float
    answerable: bool
    weight: float = 1.0  # less for what is only a hint


class Scale(NamedTuple):
    """What the log-odds of doubt are multiplied with, and what is added, to be those of a company."""

    slope: float
    shift: float


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold would come to among the judged questions."""

    threshold: float
    answerable: float  # share of the questions with an answer whose doubt is as high
    unanswerable: float  # of those without


def learned(judged: Sequence[Judged]) -> Thresholds | None:
    """The thresholds for a company; None if it has judged fewer than `LEAST_OF_A_KIND` of either kind, or it comes to no end.

    Measured with 20 questions drawn 200 times from the shared sets, 14 of them with an answer: of the other questions with one, 14 %
    are doubted on mtrag without and 12 % with them, 5 and 7 % on scifact, 12 and 10 % in the demo company; of those without one 69
    and 66 %, 36 and 41 %, 73 and 67 %.
    """
    numbers = [sum(one.answerable is kind for one in judged) for kind in (True, False)]
    if min(numbers) < LEAST_OF_A_KIND:
        return None
    scale = scaled(judged)
    if scale is None:
        return None
    slope = max(scale.slope, _FLATTEST)
    nearest, refuse = (share_of((_log_odds(usual) - scale.shift) / slope) for usual in (USUAL.nearest, USUAL.refuse))
    nearest = _between(_LOWEST.nearest, nearest, _HIGHEST.nearest)
    refuse = max(refuse, _refusing_few([one.doubt for one in judged if one.answerable]))
    return Thresholds(nearest, max(nearest, _between(_LOWEST.refuse, refuse, _HIGHEST.refuse)))


def trade_off(judged: Sequence[Judged], thresholds: Iterable[float]) -> Iterator[Point]:
    """What each threshold would come to; a share is 0 where none of the kind is judged."""
    kinds = [[one for one in judged if one.answerable is kind] for kind in (True, False)]
    for threshold in thresholds:
        yield Point(threshold, *(_reached(kind, threshold) for kind in kinds))


def scaled(judged: Sequence[Judged]) -> Scale | None:
    """What explains the judgements best, given what is usual: a maximum a posteriori by Newton; None if it comes to no end.

    There is one best, for what is to be made small is convex. A whole step may still go too far, and the next one further back, where
    doubt tells little of the judgements: each is halved until it leads down.
    """
    doubts = np.array([_log_odds(one.doubt) for one in judged])
    unanswerable = np.array([not one.answerable for one in judged], np.float64)
    weights = _weighted(np.array([one.weight for one in judged]), unanswerable)
    data = np.stack([doubts, np.ones_like(doubts)])
    usual, precision = np.array([1.0, 0.0]), np.array([_SLOPE_DEVIATES, _SHIFT_DEVIATES]) ** -2.0

    def unexplained(at: NDArray[np.float64]) -> float:
        log_odds = at @ data
        return float(weights @ (np.logaddexp(0, log_odds) - unanswerable * log_odds) + precision @ (at - usual) ** 2 / 2)

    found, level = usual, _LEVEL * (1 + weights.sum())
    for _ in range(_STEPS):
        share = (1 + np.tanh(found @ data / 2)) / 2
        gradient = data @ (weights * (share - unanswerable)) + precision * (found - usual)
        if np.abs(gradient).max() <= level:
            return Scale(float(found[0]), float(found[1]))
        curvature = (data * weights * share * (1 - share)) @ data.T + np.diag(precision)
        found = found + _leading_down(unexplained, found, -np.linalg.solve(curvature, gradient), gradient)
    return None


def _leading_down(
    height: Callable[[NDArray[np.float64]], float], at: NDArray[np.float64], step: NDArray[np.float64], gradient: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The step, or as much of it as leads down by a fair share of what the gradient promises (Armijo)."""
    size, start, promised = 1.0, height(at), float(gradient @ step)
    while size > _SHORTEST and height(at + size * step) > start + _FAIR * size * promised:
        size /= 2
    return size * step


def _weighted(weights: NDArray[np.float64], unanswerable: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights, brought to the share of both kinds that thresholds are made for; their sum stays."""
    shares = np.where(unanswerable > 0, _UNANSWERABLE, 1 - _UNANSWERABLE)
    of_kind = np.where(unanswerable > 0, weights[unanswerable > 0].sum(), weights[unanswerable == 0].sum())
    balanced: NDArray[np.float64] = weights * shares * weights.sum() / of_kind
    return balanced


def _refusing_few(answerable: Sequence[float]) -> float:
    """A doubt that no more than `MOST_REFUSED` of these reach."""
    ordered = sorted(answerable, reverse=True)
    return math.nextafter(ordered[int(MOST_REFUSED * len(ordered))], 1)


def _reached(judged: Sequence[Judged], threshold: float) -> float:
    return sum(one.weight for one in judged if one.doubt >= threshold) / (sum(one.weight for one in judged) or 1.0)


def _between(low: float, value: float, high: float) -> float:
    return min(max(value, low), high)


def _log_odds(share: float) -> float:
    bounded = _between(_SURE, share, 1 - _SURE)
    return math.log(bounded / (1 - bounded))
