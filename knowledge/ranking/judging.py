"""All that is known of each candidate, brought together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowledge.documents import DocumentId, PassageId, Signals
from knowledge.embedding.kept import Kept
from knowledge.embedding.port import States
from knowledge.ranking.candidates import Candidate
from knowledge.ranking.late import Late
from knowledge.ranking.recipe import Recipe
from knowledge.ranking.score import score
from knowledge.ranking.signals import signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate in its place."""

    passage: PassageId
    score: float  # 0 to 1, comparable only with those it was ranked among
    words: float
    cosine: float
    late: float | None  # -1 to 1; None: not known


@dataclass(frozen=True)
class Judging:
    """Ranks any of the candidates among themselves; their tokens are compared with the question's once.

    Where there are several ways to read the question, a passage counts by the one that suits it best.
    """

    recipe: Recipe
    ways: Sequence[States | None]  # the states of the question, of each way to read it; None: late interaction is left out
    kept: Mapping[PassageId, Kept | None]  # of every candidate that may be ranked
    documents: Mapping[PassageId, DocumentId]  # whose passage each of them is

    def ranked(self, candidates: Sequence[Candidate]) -> list[Ranked]:
        """Best first. What is not among them has no part in it."""
        if not candidates:
            return []
        words, cosines = np.array([one.words for one in candidates]).T, np.array([one.cosine for one in candidates])
        late = np.array([np.nan if (known := self._late[one.passage]) is None else known.score for one in candidates])
        documents = [self.documents[one.passage] for one in candidates]
        scores = score(self.recipe, words, cosines, late, self._vectors(candidates), documents)
        return [_ranked(candidates[i], scores[i], late[i]) for i in np.argsort(-scores, kind="stable")]

    def signals(self, candidates: Sequence[Candidate]) -> Signals | None:
        """What tells that none of them answers; None where nothing is known of their tokens. What is not among them has no part in it."""
        found = [signals([late[one.passage] for one in candidates]) for late in self._lates]
        return max(filter(None, found), key=lambda one: one.nearness, default=None)

    @cached_property
    def _late(self) -> dict[PassageId, Late | None]:
        found = {one: [known for late in self._lates if (known := late[one])] for one in self.kept}
        return {one: max(known, key=lambda late: late.score, default=None) for one, known in found.items()}

    @cached_property
    def _lates(self) -> list[dict[PassageId, Late | None]]:
        """One of each way."""
        signs = [_NO_SIGNS if one is None else one.states for one in self.kept.values()]
        known = [states for states in self.ways if states is not None and self.recipe.late]
        return [dict(zip(self.kept, Late.of(states, signs), strict=True)) for states in known]

    def _vectors(self, candidates: Sequence[Candidate]) -> NDArray[np.float32]:
        found = [self.kept[one.passage] for one in candidates]
        width = max((len(one.vector) for one in found if one), default=0)
        return np.stack([one.vector if one else np.zeros(width, np.float32) for one in found])


_NO_SIGNS = np.empty((0, 0), np.uint8)


def _ranked(candidate: Candidate, score: float, late: float) -> Ranked:
    return Ranked(
        passage=candidate.passage,
        score=float(score),
        words=max(candidate.words),
        cosine=candidate.cosine,
        late=None if np.isnan(late) else float(late),
    )
