"""How much each stage counts, in one place; what `footnote evaluate --without` leaves out."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """A stage that can be left out, to see what it is worth."""

    WORDS = "words"
    VECTORS = "vectors"
    LATE = "late"
    SMOOTHING = "smoothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a score is made of. The three scores are in standard deviations among the candidates; 0 leaves a stage out."""

    words: float = 0.8
    vectors: float = 0.7
    late: float = 1.0
    smoothing: float = 0.2  # share of the score that the nearest candidates have

    def without(self, *stages: Stage) -> "Recipe":
        """The recipe with these left out."""
        return replace(self, **dict.fromkeys(map(str, stages), 0.0))


RECIPE = Recipe()
"""One for all: measured on four sets (`facts/retrieval.md`)."""
