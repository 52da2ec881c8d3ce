"""The query map, learned from pairs made up here: its gradient, what it learns, and when it is found to help."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.ranking import query_map
from knowledge.ranking.query_map import LEAST_NAMES, MOST_DIMENSION, Pairs, bodies, judged, learned, loss, turned

WIDTH = 24


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    lengthened: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return lengthened


def pairs_of(count: int, *, otherwise: float, seed: int = 7, documents: int | None = None) -> Pairs:
    """Names that say what their passages say with some noise; `otherwise`: how much of it in other words, the same for all."""
    random = np.random.default_rng(seed)
    answers = random.normal(size=(count, WIDTH))
    questions = (1 - otherwise) * answers + otherwise * np.roll(answers, 1, axis=1) + 0.9 * random.normal(size=(count, WIDTH))
    numbers = np.arange(count)
    return Pairs(unit(questions), unit(answers), numbers, numbers if documents is None else numbers % documents)


@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_is_what_small_steps_say(seed: int) -> None:
    random = np.random.default_rng(seed)
    by = np.eye(5) + 0.3 * random.normal(size=(5, 5))
    questions, answers = (unit(random.normal(size=(6, 5))).astype(np.float64) for _ in range(2))
    slope = loss(by, questions, answers)[1]  # type: ignore[arg-type]
    for row, column in np.ndindex(5, 5):
        step = np.zeros_like(by)
        step[row, column] = 1e-6
        above, below = (loss(by + sign * step, questions, answers)[0] for sign in (1, -1))  # type: ignore[arg-type]
        assert slope[row, column] == pytest.approx((above - below) / 2e-6, abs=1e-5)


def test_what_is_learned_is_less_wrong_than_the_identity_and_the_same_each_time() -> None:
    pairs = pairs_of(400, otherwise=0.6)
    by, identity = learned(pairs), np.eye(WIDTH, dtype=np.float32)
    assert loss(by, pairs.questions, pairs.answers)[0] < loss(identity, pairs.questions, pairs.answers)[0]
    assert np.array_equal(by, learned(pairs))


def test_a_map_helps_where_names_put_things_otherwise_than_passages_do() -> None:
    found = judged(pairs_of(600, otherwise=0.6))
    assert found is not None
    assert (found.helps, found.names, found.map.shape, found.map.dtype) == (True, 600, (WIDTH, WIDTH), np.float32)
    assert found.after > found.before


def test_what_cannot_be_told_from_chance_does_not_help() -> None:
    same = pairs_of(600, otherwise=0.0)
    exact = Pairs(same.answers, same.answers, same.names, same.documents)
    found = judged(exact)
    assert found is not None
    assert (found.helps, found.before, found.after) == (False, 1.0, 1.0)
    unrelated = judged(Pairs(same.questions, same.answers[::-1].copy(), same.names, same.documents))
    assert unrelated is not None
    assert not unrelated.helps


@pytest.mark.parametrize("spoiled", [pytest.param(0.0, id="zeros"), pytest.param(np.nan, id="no numbers")])
def test_a_map_that_is_not_of_numbers_does_not_help(spoiled: float) -> None:
    pairs = pairs_of(600, otherwise=0.6)
    pairs.questions[10] = spoiled
    found = judged(pairs)
    assert found is not None
    assert found.helps == np.isfinite(found.map).all() == (spoiled == 0.0)


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param(pairs_of(255, otherwise=0.6), id="few pairs"),
        pytest.param(pairs_of(400, otherwise=0.6, documents=40), id="few documents"),
        pytest.param(
            Pairs(*(np.tile(unit(np.eye(WIDTH)), (20, 1)) for _ in range(2)), np.arange(480) % (LEAST_NAMES - 1), np.arange(480)),
            id="few names",
        ),
        pytest.param(
            Pairs(np.ones((300, MOST_DIMENSION + 1), np.float32), np.ones((300, 1), np.float32), *[np.arange(300)] * 2), id="too wide"
        ),
        pytest.param(
            Pairs(*(np.tile(unit(np.eye(WIDTH)), (20, 1)) for _ in range(2)), np.arange(480), np.maximum(np.arange(480) - 420, 0)),
            id="one document that has nearly all names",
        ),
    ],
)
def test_too_little_or_too_wide_teaches_nothing(pairs: Pairs) -> None:
    assert judged(pairs) is None


@pytest.mark.parametrize(
    ("names", "documents", "lack"),
    [
        pytest.param(np.arange(0), np.arange(0), "only 0 passages have a title or heading, and it takes 256", id="nothing"),
        pytest.param(np.arange(255), np.arange(255), "only 255 passages have a title or heading, and it takes 256", id="few passages"),
        pytest.param(np.arange(480) % 127, np.arange(480), "127 of 128 different titles and headings", id="few names"),
        pytest.param(np.arange(400), np.arange(400) % 40, "40 of 50 documents that share no title or heading", id="few documents"),
        pytest.param(np.arange(480), np.maximum(np.arange(480) - 420, 0), "nearly all titles and headings are in one", id="one document"),
        pytest.param(np.arange(256), np.arange(256), "", id="enough"),
    ],
)
def test_it_is_said_what_is_lacking(names: NDArray[np.int64], documents: NDArray[np.int64], lack: str) -> None:
    said = query_map.lacking(names, documents)
    assert (said.startswith(lack), bool(said)) == (True, bool(lack))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=30))
def test_pairs_of_one_document_or_one_name_are_never_on_both_sides(edges: list[tuple[int, int]]) -> None:
    documents, names = (np.unique(numbers, return_inverse=True)[1] for numbers in zip(*edges, strict=True))
    groups = query_map._groups(names, documents)
    joined = (documents[:, None] == documents) | (names[:, None] == names)
    reachable = np.linalg.matrix_power(joined.astype(np.float64), len(edges)) > 0
    assert np.array_equal(groups[:, None] == groups, reachable)
    assert set(groups) == set(range(groups.max() + 1))


def test_an_epoch_has_every_name_once_and_over_time_all_its_passages() -> None:
    names = np.repeat(np.arange(200), 3)
    batches = list(query_map._batches(names, np.random.default_rng(1)))
    of_an_epoch = np.concatenate(batches[:2])
    assert sorted(names[of_an_epoch]) == list(range(200))
    assert len(batches) == 2 * 12
    assert len(set(np.concatenate(batches))) > 590


def test_a_body_is_nearer_to_what_it_says_than_the_passage_with_its_name() -> None:
    name, says = unit(np.array([1.0, 0.2, 0])), unit(np.array([0.1, 0, 1.0]))
    passage = unit((0.3 * name + 0.7 * says).astype(np.float64))
    rest, nothing = bodies(np.stack([passage] * 2), np.stack([name] * 2), np.array([0.3, 1.0], np.float32))
    assert rest @ says > passage @ says
    assert np.linalg.norm(rest) == pytest.approx(1)
    assert np.linalg.norm(nothing) == pytest.approx(1), "something is always left"


def test_a_turned_question_has_unit_length() -> None:
    by = np.array([[0, 2], [0.5, 0]], np.float32)
    assert turned(by, unit(np.array([0.6, 0.8]))) == pytest.approx([1.6 / np.hypot(1.6, 0.3), 0.3 / np.hypot(1.6, 0.3)])
