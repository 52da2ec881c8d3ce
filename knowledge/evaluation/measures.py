"""One ranking against its judgements. Pure.

nDCG with gain 2^grade - 1 and a log2 discount (Järvelin and Kekäläinen 2002), as trec_eval's `ndcg_cut`; for binary judgements both
common gains are the same.
"""

import math
from collections.abc import Iterable, Mapping, Sequence


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """Normalised discounted cumulative gain at `depth`, 0 to 1."""

    def gain(found: Iterable[int]) -> float:
        return math.fsum((2.0**grade - 1) / math.log2(place + 1) for place, grade in enumerate(found, 1))

    ideal = gain(sorted(grades.values(), reverse=True)[:depth])
    return gain(grades.get(name, 0) for name in ranked[:depth]) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """Share of the relevant documents among the first `depth`, 0 to 1."""
    return len(grades.keys() & set(ranked[:depth])) / len(grades)


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """One over the place of the first relevant document; 0 if none is among the first `depth`."""
    return next((1 / place for place, name in enumerate(ranked[:depth], 1) if name in grades), 0.0)
