"""Late interaction: what a passage's tokens, each in its place, say to those of the question (`facts/retrieval.md` step 4). Pure.

MaxSim as in ColBERT (Khattab and Zaharia 2020), with the states of the model that makes the vectors anyway, and of a passage's states
only the signs: measured, that costs nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding.port import Signs, States

_BLOCK = 10  # tokens
_STRETCH = 4  # blocks: about two sentences
SHAPE = (_BLOCK, _STRETCH)
"""What stretches depend on besides the tokens: with others they do not compare."""


class Late(NamedTuple):
    """What a passage says to a question."""

    score: float  # MaxSim, -1 to 1: how near its nearest token is to a token of the question, on average over those
    stretch: NDArray[np.float32]  # shape (tokens of the question,): how near the nearest is in the stretch of it that is nearest on average

    @classmethod
    def of(cls, question: States, passages: Sequence[Signs]) -> list[Self | None]:
        """Of each passage; None where nothing is known of its tokens or the question's."""
        known = [number for number, signs in enumerate(passages) if len(signs)]
        found: list[Self | None] = [None] * len(passages)
        if not known or not len(question):
            return found
        blocks, first = _blocks(question, [passages[number] for number in known])
        scores = np.maximum.reduceat(blocks, first, axis=1).mean(axis=0)
        stretches = _stretches(blocks, first)
        for number, score, start, end in zip(known, scores, first, [*first[1:], blocks.shape[1]], strict=True):
            best = start + int(stretches[:, start:end].mean(axis=0).argmax())
            found[number] = cls(float(score), stretches[:, best])
        return found


def _blocks(question: States, passages: Sequence[Signs]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The best cosine of each token of the question in each block of each passage, one after another, and where each passage starts."""
    bits = np.unpackbits(np.concatenate(passages), axis=1, count=question.shape[1]).astype(np.float32)
    lengths = np.array([len(signs) for signs in passages])
    blocks = -(-lengths // _BLOCK)
    first = np.cumsum(blocks) - blocks
    within = np.arange(blocks.sum()) - np.repeat(first, blocks)
    tokens = np.repeat(np.cumsum(lengths) - lengths, blocks) + _BLOCK * within  # the first of each block
    nearest = np.maximum.reduceat(question @ bits.T, tokens, axis=1)
    # With signs of 1 and -1 a token is 2·bits - 1, of length √width: only what is nearest is turned into a cosine.
    return (2 * nearest - question.sum(axis=1, keepdims=True)) / np.float32(np.sqrt(question.shape[1])), first


def _stretches(blocks: NDArray[np.float32], first: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each block with those that follow it in its passage, `_STRETCH` in all."""
    passage = np.zeros(blocks.shape[1], np.int64)
    passage[first] = 1
    passage = passage.cumsum()
    found = blocks.copy()
    for step in range(1, _STRETCH):
        same = passage[step:] == passage[:-step]
        np.maximum(found[:, :-step], blocks[:, step:], out=found[:, :-step], where=same)
    return found
