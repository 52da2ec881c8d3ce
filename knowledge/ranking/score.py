"""From what is known of each candidate to one score (`facts/retrieval.md` step 5). Pure; arrays have one number a candidate."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.documents import DocumentId
from knowledge.ranking.recipe import Recipe

Numbers = NDArray[np.float64]
_NEIGHBOURS = 3


def score(
    recipe: Recipe, words: Numbers, cosines: Numbers, late: Numbers, vectors: NDArray[np.float32], documents: Sequence[DocumentId]
) -> Numbers:
    """The candidates' scores, 0 to 1, higher is better, comparable only with one another.

    `words`: shape (ways to ask, candidates). `late`: not a number where it is not known. `vectors` as in `smoothed`. `documents`: whose
    passage each is.
    """
    total = recipe.words * by_best_way(words) + recipe.vectors * standardised(cosines) + recipe.late * standardised(filled(late))
    return stretched(as_wholes(smoothed(total, vectors, recipe.smoothing), documents, recipe.wholes))


def filled(values: Numbers) -> Numbers:
    """The values, with the mean of those that are known for those that are not; all 0 if none is."""
    known = ~np.isnan(values)
    return np.where(known, values, values[known].mean()) if known.any() else np.zeros_like(values)


def standardised(values: Numbers) -> Numbers:
    """Each value in standard deviations from the mean; all 0 where they are all the same."""
    deviation = values.std() if np.ptp(values) else 0.0
    return (values - values.mean()) / deviation if deviation else np.zeros_like(values)


def by_best_way(words: Numbers) -> Numbers:
    """The scores of each way to ask in standard deviations, and of those each candidate's best. Shape (ways, candidates) to (candidates,).

    BM25 adds up over terms: as it is, a form of three words outdoes its short one everywhere, and 24 questions by both forms of twelve
    words (`Reading.ways`) gain .04 of nDCG@10 instead of .10. Cosines and late interaction compare as they are.
    """
    best: Numbers = np.array([standardised(way) for way in words]).max(axis=0)
    return best


def smoothed(scores: Numbers, vectors: NDArray[np.float32], share: float) -> Numbers:
    """Each score with `share` of it given to the nearest others: what is near what is good is good.

    Their mean is weighted by the square of the cosine. `vectors`: one of unit length a candidate, all 0 where it is not known; such a
    candidate, and one that is near none, keeps its score.
    """
    cosines = np.maximum(vectors @ vectors.T, 0)
    np.fill_diagonal(cosines, 0)
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :_NEIGHBOURS]
    weights = np.take_along_axis(cosines, nearest, axis=1).astype(np.float64) ** 2
    total = weights.sum(axis=1)
    around = (weights * scores[nearest]).sum(axis=1) / np.where(total > 0, total, 1)
    return np.where(total > 0, (1 - share) * scores + share * around, scores)


def as_wholes(scores: Numbers, documents: Sequence[DocumentId], share: float) -> Numbers:
    """Each score, and what the rest of its document adds to the document's best: of two that are as good, that with more to say leads.

    A document counts as much as the soft maximum of its passages, `share · log Σ exp(score / share)`: its best, and next to nothing of
    passages that are further behind than `share`. The order within a document stays. With 0 its best is all that counts.
    """
    if not share:
        return scores
    numbers = {document: number for number, document in enumerate(dict.fromkeys(documents))}
    of = np.array([numbers[document] for document in documents])
    best = np.full(len(numbers), -np.inf)
    np.maximum.at(best, of, scores)
    with np.errstate(over="ignore"):  # divided by next to nothing: too far behind to add anything
        behind = np.exp((scores - best[of]) / share)
    whole: Numbers = scores + share * np.log(np.bincount(of, behind))[of]
    return whole


def stretched(values: Numbers) -> Numbers:
    """The values as shares of the way from the lowest to the highest; all 1 where they are all the same."""
    width = np.ptp(values) if values.size else 0.0
    return (values - values.min()) / width if width else np.ones_like(values)
