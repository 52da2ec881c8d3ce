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
    vectors: float = 0.75
    late: float = 1.0
    smoothing: float = 0.3  # share of the score that the nearest candidates have
    wholes: float = 0.3  # how far behind a document's best passage others still count for it
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
"""One for all: `tests/quality/results.md` says what it comes to, and what each stage is worth. Chosen on those four sets, of 330 near by,
which differ by noise: in the corners of .7 to .8 of vectors, .9 to 1.2 of late interaction, .25 to .35 of smoothing and .25 to .3 for
wholes nDCG@10 is .833 to .838 on mtrag, .596 to .607 on handbook_18f_faq, .444 to .451 on cranfield and .740 to .746 on scifact.
"""
