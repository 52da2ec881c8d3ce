"""Late interaction: what a passage's tokens, each in its place, say to those of the question (`facts/retrieval.md` step 4). Pure.

MaxSim as in ColBERT (Khattab and Zaharia 2020), with the states of the model that makes the vectors anyway, and of a passage's states
only the signs: measured, that costs nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding.port import Signs, States


def late_scores(question: States, passages: Sequence[Signs]) -> NDArray[np.float64]:
    """For each passage, how near its nearest token is to a token of the question, on average over those; -1 to 1.

    Not a number for passages without states, and for all if the question has none.
    """
    scores = np.full(len(passages), np.nan)
    known = [number for number, signs in enumerate(passages) if len(signs)]
    if not known or not len(question):
        return scores
    bits = np.unpackbits(np.concatenate([passages[number] for number in known]), axis=1, count=question.shape[1]).astype(np.float32)
    starts = np.cumsum([0, *(len(passages[number]) for number in known[:-1])])
    nearest = np.maximum.reduceat(question @ bits.T, starts, axis=1)
    # With signs of 1 and -1 a token is 2·bits - 1, of length √width: only what is nearest is turned into a cosine.
    cosines = (2 * nearest - question.sum(axis=1, keepdims=True)) / np.sqrt(question.shape[1])
    scores[known] = cosines.mean(axis=0)
    return scores
