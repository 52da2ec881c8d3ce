"""What the rest of the house needs of an embedding model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""Shape (dimension,), unit length."""
Matrix = NDArray[np.float32]
"""Shape (texts, dimension), every row of unit length."""
States = NDArray[np.float32]
"""Shape (tokens, width): what the model made of each token of a question, at unit length."""
Signs = NDArray[np.uint8]
"""Shape (tokens, width / 8): of each token of a passage which numbers are positive, eight in a byte, the first in its highest bit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a model sees it."""

    vector: Vector
    states: States | None = None  # None: the model shows no states of tokens


@dataclass(frozen=True, slots=True)
class Embedded:
    """Passages as a model sees them, in their order."""

    vectors: Matrix
    states: Sequence[Signs] | None = None  # one of each passage; None: the model shows none


class Embedder(Protocol):
    """One embedding model. Its name is part of every index built with it."""

    name: str  # model and version, such as `all-MiniLM-L6-v2`; two models of one name give the same vectors and states
    dimension: int

    async def query(self, text: str) -> Asked:
        """One question. Raises `EmbedderUnavailable`."""

    async def passages(self, texts: Sequence[str]) -> Embedded:
        """Many passages. Never blocks the event loop. Raises `EmbedderUnavailable`."""

    def count(self, text: str) -> int:
        """Word pieces of `text`, special tokens left out."""
