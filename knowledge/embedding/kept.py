"""What is kept of a passage beside its text, to rank it by: packed for PostgreSQL."""

from typing import NamedTuple, Self

import numpy as np

from knowledge.embedding.port import Embedded, Signs, Vector


class Kept(NamedTuple):
    """A passage as one model sees it. The states of its tokens are as wide as its vector."""

    states: Signs  # of no token where the model shows none
    vector: Vector  # to three decimals: good enough to tell what is near

    @classmethod
    def of(cls, made: Embedded) -> list[Self]:
        """One of each passage."""
        states = made.states or [np.empty((0, 0), np.uint8)] * len(made.vectors)
        return [cls(*both) for both in zip(states, made.vectors, strict=True)]

    def packed(self) -> dict[str, bytes]:
        """The columns of a row: 48 bytes a token and 768 for a vector of 384."""
        return {"states": self.states.tobytes(), "vector": self.vector.astype(np.float16).tobytes()}

    @staticmethod
    def bytes_of(dimension: int) -> int:
        """How long a packed vector is."""
        return np.dtype(np.float16).itemsize * dimension

    @classmethod
    def unpacked(cls, states: bytes, vector: bytes) -> Self:
        """As it was packed."""
        numbers = np.frombuffer(vector, np.float16).astype(np.float32)
        return cls(np.frombuffer(states, np.uint8).reshape(-1, -(-len(numbers) // 8)), numbers)
