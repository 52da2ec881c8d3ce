"""What the rest of the house needs of an embedding model."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""Shape (dimension,), unit length."""
Matrix = NDArray[np.float32]
"""Shape (texts, dimension), every row of unit length."""


class Embedder(Protocol):
    """One embedding model. Its name is part of every index built with it."""

    name: str  # model and version, such as `all-MiniLM-L6-v2`; two models of one name give the same vectors
    dimension: int

    async def query(self, text: str) -> Vector:
        """The vector of one question. Raises `EmbedderUnavailable`."""

    async def passages(self, texts: Sequence[str]) -> Matrix:
        """The vectors of many passages, in their order. Never blocks the event loop. Raises `EmbedderUnavailable`."""

    def count(self, text: str) -> int:
        """Word pieces of `text`, special tokens left out."""
