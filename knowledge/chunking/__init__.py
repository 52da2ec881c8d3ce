"""A document's one text in, pieces out: each small enough to embed, each an exact span, each with the headings it stands under."""

from knowledge.chunking.cut import BUDGET, OVERLAP, SMALLEST_BUDGET, cut
from knowledge.chunking.embedded import PREFIX, embedding_text

__all__ = ["BUDGET", "OVERLAP", "PREFIX", "SMALLEST_BUDGET", "cut", "embedding_text"]
