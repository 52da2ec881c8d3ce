"""How much each stage counts, in one place; what `footnote evaluate --without` leaves out."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """A stage that can be left out, to see what it is worth."""

    WORDS = "words"
    VECTORS = "vectors"
    LATE = "late"
    SMOOTHING = "smoothing"
    WHOLES = "wholes"
    MAP = "map"
    OWN_WORDS = "own-words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a score is made of. The three scores are in standard deviations among the candidates; 0 leaves a stage out."""

    words: float = 0.8
    vectors: float = 0.9
    late: float = 1.0
    smoothing: float = 0.3  # share of the score that the nearest candidates have
    wholes: float = 0.5  # how far behind a document's best passage others still count for it
    map: float = 1.0  # whether the tenant's query map turns the question's vector; 0: it does not
    own_words: float = 1.0  # more than 0: a question is asked by the other forms of the tenant's own words too

    @property
    def looks_closely(self) -> bool:
        """Whether it needs what is kept beside the passages."""
        return bool(self.late or self.smoothing)

    def without(self, *stages: Stage) -> "Recipe":
        """The recipe with these left out."""
        return replace(self, **{stage.replace("-", "_"): 0.0 for stage in stages})


RECIPE = Recipe()
"""One for all: `tests/quality/results.md` says what it comes to, and what each stage is worth. It hardly changes near by: before wholes
and own words, nDCG@10 on scifact, handbook_18f_faq, cranfield and mtrag was .742, .607, .448 and .831, and with .7 of vectors and .2 of
smoothing .744, .597, .445 and .834.
"""
