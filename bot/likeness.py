"""How alike sentences are, by the embedding model that searches too."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.notes import Notes
from bot.ports import Sources
from knowledge.errors import EmbedderUnavailable

PATIENCE_S: Final = 1.0
"""How long one comparison may hold up an answer; after the first that takes longer, terms alone decide for the rest of it."""


class Likeness:
    """Cosines of pairs of sentences, for the checks of one answer."""

    def __init__(self, sources: Sources, notes: Notes) -> None:
        """Ask `sources` for vectors, and note how long it takes."""
        self._sources = sources
        self._notes = notes
        self._is_away = False

    async def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """The cosine of each pair; None of all where the embedder is away. Every sentence is embedded once, all in one batch."""
        if self._is_away:
            return [None] * len(pairs)
        sentences = list(dict.fromkeys(sentence for pair in pairs for sentence in pair))
        try:
            with self._notes.step("compare"):
                async with asyncio.timeout(PATIENCE_S):
                    vectors = dict(zip(sentences, await self._sources.vectors(sentences), strict=True))
        except (EmbedderUnavailable, TimeoutError):
            self._is_away = True
            return [None] * len(pairs)
        return [float(vectors[one] @ vectors[other]) for one, other in pairs]
