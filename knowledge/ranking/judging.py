"""All that is known of each candidate, brought together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

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
    """Ranks any of the candidates among themselves; their tokens are compared with the question's once."""

    recipe: Recipe
    states: States | None  # of the question; None: late interaction is left out
    kept: Mapping[PassageId, Kept | None]  # of every candidate that may be ranked
    documents: Mapping[PassageId, DocumentId]  # whose passage each of them is

    def ranked(self, candidates: Sequence[Candidate]) -> list[Ranked]:
        """Best first. What is not among them has no part in it."""
        if not candidates:
            return []
        words, cosines = (np.array([each(one) for one in candidates]) for each in (attrgetter("words"), attrgetter("cosine")))
        late = np.array([np.nan if (known := self._late[one.passage]) is None else known.score for one in candidates])
        documents = [self.documents[one.passage] for one in candidates]
        scores = score(self.recipe, words, cosines, late, self._vectors(candidates), documents)
        return [_ranked(candidates[i], scores[i], late[i]) for i in np.argsort(-scores, kind="stable")]

    def signals(self, candidates: Sequence[Candidate]) -> Signals | None:
        """What tells that none of them answers; None where nothing is known of their tokens. What is not among them has no part in it."""
        return signals([self._late[one.passage] for one in candidates])

    @cached_property
    def _late(self) -> dict[PassageId, Late | None]:
        if self.states is None or not self.recipe.late:
            return dict.fromkeys(self.kept)
        signs = [_NO_SIGNS if one is None else one.states for one in self.kept.values()]
        return dict(zip(self.kept, Late.of(self.states, signs), strict=True))

    def _vectors(self, candidates: Sequence[Candidate]) -> NDArray[np.float32]:
        found = [self.kept[one.passage] for one in candidates]
        width = max((len(one.vector) for one in found if one), default=0)
        return np.stack([one.vector if one else np.zeros(width, np.float32) for one in found])


_NO_SIGNS = np.empty((0, 0), np.uint8)


def _ranked(candidate: Candidate, score: float, late: float) -> Ranked:
    return Ranked(
        passage=candidate.passage,
        score=float(score),
        words=candidate.words,
        cosine=candidate.cosine,
        late=None if np.isnan(late) else float(late),
    )
