"""Late interaction, the score, and what of a passage is kept for both."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from knowledge.documents import DocumentId, PassageId
from knowledge.embedding.kept import Kept
from knowledge.embedding.port import Embedded, Signs, States
from knowledge.ranking import RECIPE, Candidate, Judging, Recipe, Stage
from knowledge.ranking.late import Late
from knowledge.ranking.score import as_wholes, by_best_way, filled, score, smoothed, standardised, stretched

WIDTH = 16
numbers = st.lists(st.floats(-50, 50), min_size=1, max_size=12).map(np.array)
some_signs = st.lists(st.integers(0, 5), max_size=8).map(lambda lengths: [signs(length, seed) for seed, length in enumerate(lengths)])


def signs(tokens: int, seed: int = 0) -> Signs:
    return np.random.default_rng(seed).integers(0, 256, (tokens, WIDTH // 8), np.uint8)


def states(tokens: int, seed: int = 99) -> States:
    drawn = np.random.default_rng(seed).standard_normal((tokens, WIDTH)).astype(np.float32)
    unit: States = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


def by_hand(question: States, passage: Signs) -> float:
    """As it is written down: the mean over the question's tokens of the best cosine with any of the passage's."""
    tokens = np.where(np.unpackbits(passage, axis=1), 1, -1) / np.sqrt(WIDTH)
    return float(np.mean([max(token @ other for other in tokens) for token in question]))


def late_scores(question: States, passages: list[Signs]) -> list[float]:
    return [np.nan if one is None else one.score for one in Late.of(question, passages)]


@given(some_signs, st.integers(1, 6))
def test_a_late_score_is_the_mean_of_the_best_matches_of_the_questions_tokens(passages: list[Signs], tokens: int) -> None:
    question = states(tokens)
    wanted = [by_hand(question, passage) if len(passage) else np.nan for passage in passages]
    assert late_scores(question, passages) == pytest.approx(wanted, abs=1e-5, nan_ok=True)


@given(some_signs)
def test_a_question_without_tokens_has_no_late_scores(passages: list[Signs]) -> None:
    assert np.isnan(late_scores(states(0), passages)).all()


def test_a_passage_that_says_what_was_asked_has_the_highest_late_score() -> None:
    said = signs(4)
    question = np.where(np.unpackbits(said, axis=1), 1, -1).astype(np.float32) / np.float32(4)
    scores = late_scores(question, [signs(9, 1), said, signs(0), signs(9, 2)])
    assert scores[1] == pytest.approx(1)
    assert np.nanargmax(scores) == 1


@given(numbers)
def test_standardised_numbers_have_no_mean_and_deviate_by_one_or_not_at_all(values: NDArray[np.float64]) -> None:
    found = standardised(values)
    assert found.mean() == pytest.approx(0, abs=1e-6)
    assert found.std() == pytest.approx(1) or not found.any()


@given(numbers)
def test_stretched_numbers_go_from_0_to_1_in_the_same_order(values: NDArray[np.float64]) -> None:
    found = stretched(values)
    assert found.max() == 1
    assert found.min() == (0 if np.ptp(values) else 1)
    assert (np.diff(found[np.argsort(values)]) >= 0).all()


def test_what_is_not_known_counts_as_the_mean_of_what_is() -> None:
    assert filled(np.array([1, np.nan, 3])).tolist() == [1, 2, 3]
    assert filled(np.array([np.nan, np.nan])).tolist() == [0, 0]


def test_a_score_leans_on_those_of_the_nearest_by_the_square_of_their_cosine() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]], np.float32)
    # by hand, of the first: near are the second (cosine .8) and the third (.6); (.64·10 + .36·20) / (.64 + .36) = 13.6
    assert smoothed(np.array([5.0, 10.0, 20.0, 40.0]), vectors, 0.2)[0] == pytest.approx(0.8 * 5 + 0.2 * 13.6)


@pytest.mark.parametrize("width", [0, 2])
def test_a_score_that_has_nothing_near_stays(width: int) -> None:
    assert smoothed(np.array([1.0, 3.0]), np.zeros((2, width), np.float32), 0.2).tolist() == [1, 3]


@given(arrays(np.float32, (6, 4), elements=st.floats(-1, 1, width=32)), arrays(np.float64, 6, elements=st.floats(-9, 9)))
def test_smoothing_leaves_scores_between_the_lowest_and_the_highest(vectors: NDArray[np.float32], scores: NDArray[np.float64]) -> None:
    found = smoothed(scores, vectors, 0.2)
    assert found.min() >= scores.min() - 1e-9
    assert found.max() <= scores.max() + 1e-9


def test_of_several_ways_to_ask_the_best_counts_as_far_as_it_stands_out() -> None:
    said, meant = np.array([0.2, 0.2, 0.0, 0.0]), np.array([0.0, 0.0, 9.0, 0.0])
    together = by_best_way(np.array([said, meant]))
    assert together.argmax() == 2
    assert together.tolist() == np.maximum(standardised(said), standardised(meant)).tolist()
    assert by_best_way(np.array([said, 100 * meant])).tolist() == pytest.approx(together.tolist())  # sums over more terms tell nothing


def test_a_score_is_words_cosine_and_late_interaction_in_their_shares() -> None:
    one, other, third = np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.0, 1.0])
    vectors, own = np.zeros((2, 0), np.float32), documents("ab")
    recipes = (RECIPE, Recipe(words=2), Recipe(vectors=0, late=0))
    assert [int(np.argmax(score(recipe, np.array([one]), other, third, vectors, own))) for recipe in recipes] == [1, 0, 0]


def test_of_two_documents_that_are_as_good_that_with_more_to_say_leads() -> None:
    scores = as_wholes(np.array([2.0, 2.0, 1.5]), documents("aba"), 0.5)
    assert scores[0] > 2
    assert scores.tolist() == pytest.approx([2 + 0.5 * np.log(1 + np.exp(-1)), 2, 1.5 + 0.5 * np.log(1 + np.exp(-1))])


def test_passages_far_behind_add_nothing_to_their_document() -> None:
    assert as_wholes(np.array([9.0, 8.0, -9.0]), documents("aba"), 0.5).tolist() == pytest.approx([9, 8, -9])


@given(numbers, st.lists(st.sampled_from("abc"), min_size=12, max_size=12), st.floats(0, 3))
@example(np.array([0.0, 4.0]), ["a"] * 12, np.finfo(float).tiny)  # a quotient that is too large to be written
def test_judging_wholes_lowers_nothing_and_keeps_the_order_within_a_document(
    scores: NDArray[np.float64], names: list[str], share: float
) -> None:
    own = documents(names[: len(scores)])
    added = as_wholes(scores, own, share) - scores
    assert (added >= -1e-9).all()
    for one in set(own):
        assert np.ptp(added[[name == one for name in own]]) == pytest.approx(0, abs=1e-9)


@given(numbers)
def test_documents_of_one_passage_each_are_judged_by_it(scores: NDArray[np.float64]) -> None:
    assert as_wholes(scores, documents(map(str, range(len(scores)))), 0.5).tolist() == pytest.approx(scores.tolist())


def documents(names: Iterable[str]) -> list[DocumentId]:
    return [DocumentId(name) for name in names]


def candidate(name: str, words: float, cosine: float) -> Candidate:
    return Candidate(passage=PassageId(name), words=(words,), cosine=cosine, score=0.5)


CANDIDATES = [candidate("a", 3, 0.2), candidate("b", 2, 0.3), candidate("c", 1, 0.1), candidate("d", 0, 0.4)]


def judging(question: States | None, recipe: Recipe = RECIPE, **kept: Kept | None) -> Judging:
    each = {one.passage: kept.get(one.passage, Kept(signs(5, number), states(1, number)[0])) for number, one in enumerate(CANDIDATES)}
    return Judging(recipe, [question], each, {one.passage: DocumentId(one.passage) for one in CANDIDATES})


@given(st.integers(0, 50), st.integers(0, 50))
def test_what_is_not_ranked_has_no_part_in_the_order_of_what_is(seed: int, other: int) -> None:
    question, shown = states(3), CANDIDATES[:3]
    ranked = [judging(question, d=Kept(signs(5, one), states(1, one)[0])).ranked(shown) for one in (seed, other)]
    assert ranked[0] == ranked[1] == judging(question, d=None).ranked(shown)


def test_without_a_questions_states_or_the_stage_late_scores_are_not_known() -> None:
    for one in (judging(None), judging(states(3), RECIPE.without(Stage.LATE))):
        assert [ranked.late for ranked in one.ranked(CANDIDATES)] == [None] * 4


def test_a_passage_of_which_nothing_is_kept_is_ranked_by_words_and_cosine_with_a_usual_late_score() -> None:
    ranked = {one.passage: one for one in judging(states(3), b=None).ranked(CANDIDATES)}
    assert ranked[PassageId("b")].late is None
    assert all(ranked[PassageId(name)].late is not None for name in "acd")
    assert 0 <= ranked[PassageId("b")].score <= 1


def test_where_nothing_is_kept_at_all_the_order_is_that_of_words_and_cosine() -> None:
    nothing = judging(states(3), a=None, b=None, c=None, d=None).ranked(CANDIDATES)
    assert nothing == judging(None, RECIPE.without(Stage.LATE, Stage.SMOOTHING)).ranked(CANDIDATES)


def test_no_candidates_have_no_order() -> None:
    assert judging(states(3)).ranked([]) == []


@pytest.mark.parametrize(
    ("stage", "left"),
    [
        pytest.param(Stage.WORDS, Recipe(words=0), id="words"),
        pytest.param(Stage.VECTORS, Recipe(vectors=0), id="vectors"),
        pytest.param(Stage.LATE, Recipe(late=0), id="late interaction"),
        pytest.param(Stage.SMOOTHING, Recipe(smoothing=0), id="smoothing"),
        pytest.param(Stage.WHOLES, Recipe(wholes=0), id="wholes"),
        pytest.param(Stage.OWN_WORDS, Recipe(own_words=0), id="the tenant's own words"),
    ],
)
def test_each_stage_can_be_left_out(stage: Stage, left: Recipe) -> None:
    assert RECIPE.without(stage) == left


@given(st.integers(0, 40), st.sampled_from([3, 16, 384]))
def test_what_is_kept_comes_back_as_it_was_to_three_decimals(tokens: int, width: int) -> None:
    made = Kept(np.zeros((tokens, -(-width // 8)), np.uint8), states(1)[0].repeat(24)[:width])
    again = Kept.unpacked(**made.packed())
    assert (again.states == made.states).all()
    assert again.states.shape == made.states.shape
    assert again.vector == pytest.approx(made.vector, abs=1e-3)


def test_of_a_model_that_shows_no_states_the_vectors_are_kept() -> None:
    (kept,) = Kept.of(Embedded(states(1)))
    again = Kept.unpacked(**kept.packed())
    assert (len(again.states), len(again.vector)) == (0, WIDTH)
