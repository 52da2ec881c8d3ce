"""The query map: it turns a question's vector towards the tenant's passages (`facts/retrieval.md` step 6).

Titles and headings stand for questions, what stands below them for their answers. What is learned helps only if names that it has not
seen find what stands below them better with it, by more than chance. Pure; the same pairs always come to the same map.

    pairs    names, and the vectors of what stands below each
    learned  a map, by InfoNCE (van den Oord and others 2018) with the other answers of a batch as wrong ones
    judged   five maps, each learned from four fifths of the pairs and held against the rest, and their mean

What it is worth, in nDCG@10, of at most 300 questions and three seeds: on mtrag -.001, on cranfield +.001; on handbook_18f_faq it would
cost .004 and on scifact add .001, but on both it is found not to help. Without late interaction mtrag gains .002 and cranfield loses
.001, by cosine alone they gain .003 and .010: what it has to say, late interaction says too. The states of a question's tokens stay as
they are: mapped too (all the way), mtrag gains .003 and cranfield loses .004.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding.port import Matrix, Vector

Map = NDArray[np.float32]
"""Shape (dimension, dimension); a question's vector is multiplied by it from the left."""
Numbers = NDArray[np.int64]

LEAST_PAIRS = 256
LEAST_NAMES = 128  # different ones: a batch
MOST_DIMENSION = 1_024  # of vectors: a map of more takes long to learn, and much to keep
_FOLDS = 5
_LEAST_GROUPS = 50  # of fewer nothing is known about chance
_ERRORS = 2.0
"""Standard errors of the mean that the gain must be above 0: one chance in forty. A group's gain is between -1 and 1, so the mean of that
many is near enough to normal to do without a bootstrap."""
_WAY = 0.5
"""How far a question is turned of the way that was learned. All the way cranfield loses .005 where there is no late interaction."""
_SCALE = 20.0  # what cosines are multiplied by before the softmax
_BATCH = 128
_STEP = 5e-4  # of Adam
_PULL = 0.02  # to the identity
_WORK = 12_000  # names looked at in all, within 3 to 12 epochs
_MOMENTUM, _SQUARES, _TINY = 0.9, 0.999, 1e-8  # of Adam, as its authors set them
_SEED = 20_260_101
_MOST_OF_A_NAME = np.float32(0.9)  # share of a passage: something is always left


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What is learned from. All have the same length, that of the passages."""

    questions: Matrix  # the vector of each passage's name
    answers: Matrix  # of what stands below it
    names: Numbers  # equal where passages have the same name; 0 and up, none left out
    documents: Numbers  # the same of documents

    def only(self, those: NDArray[np.bool_]) -> "Pairs":
        """Those of the pairs."""
        names, documents = (np.unique(numbers[those], return_inverse=True)[1] for numbers in (self.names, self.documents))
        return Pairs(self.questions[those], self.answers[those], names, documents)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A map, and what came of it on names that were held out: the mean reciprocal rank of the best passage below each."""

    map: Map
    names: int
    before: float  # 0 to 1, of the vectors as they are
    after: float  # of those mapped all the way
    helps: bool


def bodies(passages: Matrix, names: Matrix, shares: NDArray[np.float32]) -> Matrix:
    """Passages' vectors without the names that were embedded in front of them, which take `shares` of them: what is left, at unit length.

    Where vectors are means of what is made of tokens, that is what they would be without, but for what the name did to the other tokens.
    """
    said: Matrix = np.minimum(shares, _MOST_OF_A_NAME)[:, np.newaxis] * names
    return _unit(passages - said)


def turned(by: Map, question: Vector) -> Vector:
    """A question's vector as the map turns it, at unit length."""
    unit: Vector = _unit((by @ question)[np.newaxis])[0]
    return unit


def judged(pairs: Pairs) -> Judged | None:
    """The map that the pairs teach, and whether it helps. None: there are too few to learn from, or to judge by.

    Each name is asked once, with the map that was learned from the four fifths without it: no document and no name is on both sides.
    """
    if pairs.questions.shape[1] > MOST_DIMENSION or lacking(pairs.names, pairs.documents):
        return None
    groups = _groups(pairs.names, pairs.documents)
    folds = _folds(groups)
    identity = _identity(pairs)
    maps = [learned(pairs.only(folds != fold)) for fold in range(_FOLDS)]
    asked = np.unique(pairs.names, return_index=True)[1]  # one of each name: all of a name are in one group
    before = _reciprocal_ranks(identity, pairs, asked)
    after = np.empty_like(before)
    for fold, by in enumerate(maps):
        here = folds[asked] == fold
        after[here] = _reciprocal_ranks(by, pairs, asked[here])
    gains = np.bincount(groups[asked], after - before) / np.bincount(groups[asked])
    used = (1 - _WAY) * identity + _WAY * np.mean(maps, axis=0)
    # a map of no numbers would seem perfect: nothing is above what is none
    helps = np.isfinite(used).all() and gains.mean() > _ERRORS * gains.std(ddof=1) / np.sqrt(len(gains))
    return Judged(used.astype(np.float32), len(asked), float(before.mean()), float(after.mean()), bool(helps))


def lacking(names: Numbers, documents: Numbers) -> str:
    """What passages with these names, of these documents, lack for a map to be learned from them; empty: nothing. As in `Pairs`."""
    different = len(np.unique(names))
    if len(names) < LEAST_PAIRS:
        return f"only {len(names)} passages have a title or heading, and it takes {LEAST_PAIRS}"
    if different < LEAST_NAMES:
        return f"{different} of {LEAST_NAMES} different titles and headings"
    groups = _groups(names, documents)
    if (count := int(groups.max()) + 1) < _LEAST_GROUPS:
        return f"{count} of {_LEAST_GROUPS} documents that share no title or heading with others"
    folds = _folds(groups)
    if min(len(np.unique(names[folds != fold])) for fold in range(_FOLDS)) < LEAST_NAMES / 2:
        return "nearly all titles and headings are in one document, or shared"
    return ""


def learned(pairs: Pairs) -> Map:
    """The map that all of the pairs teach: Adam (Kingma and Ba 2015) from the identity."""
    random = np.random.default_rng(_SEED)
    by = _identity(pairs)
    mean, squares = np.zeros_like(by), np.zeros_like(by)
    for step, batch in enumerate(_batches(pairs.names, random), start=1):
        slope = loss(by, pairs.questions[batch], pairs.answers[batch])[1]
        mean += (1 - _MOMENTUM) * (slope - mean)
        squares += (1 - _SQUARES) * (slope * slope - squares)
        root = np.sqrt(squares / (1 - _SQUARES**step)) + _TINY
        by -= _STEP * (mean / (1 - _MOMENTUM**step)) / root
    return by


def loss(by: Map, questions: Matrix, answers: Matrix) -> tuple[float, Map]:
    """How little each question, mapped, prefers its own answer to those of the others, with the pull to the identity; and its gradient."""
    mapped = questions @ by.T
    lengths = _lengths(mapped)
    unit = mapped / lengths
    logits = _SCALE * unit @ answers.T
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits)
    totals = shares.sum(axis=1, keepdims=True)
    drift = by - np.eye(len(by), dtype=by.dtype)
    value = float((np.log(totals[:, 0]) - logits.diagonal()).mean() + _PULL * (drift * drift).sum())
    wrong = shares / totals - np.eye(len(shares), dtype=by.dtype)
    slopes = (_SCALE / len(questions)) * wrong @ answers  # of the unit vectors; then, across their direction, of the mapped ones
    slopes = (slopes - (slopes * unit).sum(axis=1, keepdims=True) * unit) / lengths
    return value, slopes.T @ questions + 2 * _PULL * drift


def _identity(pairs: Pairs) -> Map:
    return np.eye(pairs.questions.shape[1], dtype=np.float32)


def _batches(names: Numbers, random: np.random.Generator) -> Iterator[Numbers]:
    """Places of pairs: in each epoch every name once, with another passage of its, so that no answer is right and counted as wrong."""
    count = int(names.max()) + 1
    for _ in range(int(np.clip(_WORK // count, 3, 12))):
        order = random.permutation(len(names))
        order = order[np.sort(np.unique(names[order], return_index=True)[1])]
        yield from np.array_split(order, -(-len(order) // _BATCH))


def _folds(groups: Numbers) -> Numbers:
    """For each pair, in which fifth it is held out."""
    folds: Numbers = np.random.default_rng(_SEED).permutation(int(groups.max()) + 1)[groups] % _FOLDS
    return folds


def _groups(names: Numbers, documents: Numbers) -> Numbers:
    """For each pair the number of its group: pairs that share a document or a name, or are joined by others that do, share it too."""
    label = np.arange(len(names))
    while True:
        before = label
        for numbers in (documents, names):
            least = np.full(int(numbers.max()) + 1, len(label))
            np.minimum.at(least, numbers, label)
            label = least[numbers]
        if (label == before).all():
            groups: Numbers = np.unique(label, return_inverse=True)[1]
            return groups


def _reciprocal_ranks(by: Map, pairs: Pairs, asked: Numbers) -> NDArray[np.float64]:
    """Of the name of each pair in `asked`, among all passages: one over the place of the best passage below it."""
    cosines = _unit(pairs.questions[asked] @ by.T) @ pairs.answers.T
    own = pairs.names[asked][:, np.newaxis] == pairs.names
    best = np.where(own, cosines, -np.inf).max(axis=1, keepdims=True)
    ranks: NDArray[np.float64] = 1 / (1 + ((cosines > best) & ~own).sum(axis=1))
    return ranks


def _unit(vectors: Matrix) -> Matrix:
    unit: Matrix = vectors / _lengths(vectors)
    return unit


def _lengths(vectors: Matrix) -> Matrix:
    """Shape (vectors, 1); never 0."""
    lengths: Matrix = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(_TINY))
    return lengths
