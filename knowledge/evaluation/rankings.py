"""What queries found, what that comes to, and which of them lose most. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, quantiles

from knowledge.evaluation.judged import JudgedQuery
from knowledge.evaluation.measures import ndcg, recall, reciprocal_rank

RUN_DEPTH = 100
"""Documents of a ranking that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What one query found."""

    query: JudgedQuery
    documents: tuple[str, ...]  # best first, at most `RUN_DEPTH`
    took_ms: float  # of the search as a question makes it, not of the deeper one that fills the ranking

    @property
    def ndcg_10(self) -> float:
        """Normalised discounted cumulative gain at 10."""
        return ndcg(self.documents, self.query.grades, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What rankings come to: means over the queries, and times of whole searches."""

    queries: int
    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr_10: float
    p50_ms: float
    p95_ms: float

    def rounded(self) -> dict[str, float]:
        """For printing."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A query whose documents did not all come first."""

    query: JudgedQuery
    ndcg_10: float
    places: Mapping[str, int | None]  # relevant document -> where it was found, from 1; None: not among the first `RUN_DEPTH`
    first: str | None  # what stood first though it is not relevant; None: what stood first is relevant, or nothing was found


def quality(rankings: Sequence[Ranking]) -> Quality:
    """The figures of one or more rankings."""

    def mean(measure: Callable[[Sequence[str], Mapping[str, int], int], float], depth: int) -> float:
        return fmean(measure(one.documents, one.query.grades, depth) for one in rankings)

    times = [one.took_ms for one in rankings]
    cuts = quantiles([*times, times[-1]], n=20, method="inclusive")
    return Quality(
        queries=len(rankings),
        ndcg_10=mean(ndcg, 10),
        recall_10=mean(recall, 10),
        recall_100=mean(recall, 100),
        mrr_10=mean(reciprocal_rank, 10),
        p50_ms=cuts[9],
        p95_ms=cuts[18],
    )


def losses(rankings: Sequence[Ranking], most: int) -> list[Loss]:
    """The up to `most` queries that lose most, worst first; of equal ones those whose documents come last. None that loses nothing."""
    lost = [one for one in rankings if one.ndcg_10 < 1]
    return [_loss(one) for one in sorted(lost, key=_worth)[:most]]


def _worth(one: Ranking) -> tuple[float, float, float]:
    grades = one.query.grades
    return one.ndcg_10, reciprocal_rank(one.documents, grades, RUN_DEPTH), recall(one.documents, grades, RUN_DEPTH)


def _loss(one: Ranking) -> Loss:
    places = {name: place for place, name in enumerate(one.documents, 1)}
    first = one.documents[0] if one.documents and one.documents[0] not in one.query.grades else None
    wanted = {name: places.get(name) for name in one.query.grades}
    return Loss(query=one.query, ndcg_10=one.ndcg_10, places=wanted, first=first)
