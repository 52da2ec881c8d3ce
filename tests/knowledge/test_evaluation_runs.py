"""What rankings come to, and what of two runs is told: pure functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import BadCorpus
from knowledge.evaluation import JudgedQuery, Ranking, compare, difference, losses, quality, read_run, run_lines
from tenancy.viewer import EVERYONE

FIGURES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30)
NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


def ranking(name: str, documents: Sequence[str], grades: Mapping[str, int] | None = None, took_ms: float = 1.0) -> Ranking:
    query = JudgedQuery(name, f"what is {name}?", frozenset({EVERYONE}), grades or {"a": 1})
    return Ranking(query=query, documents=tuple(documents), took_ms=took_ms)


@given(FIGURES)
def test_what_is_the_same_differs_by_nothing(pairs: list[tuple[float, float]]) -> None:
    figures = [one for one, _ in pairs]
    found = difference(figures, figures)
    assert (found.mean, found.low, found.high) == (0, 0, 0)


@given(FIGURES)
def test_an_interval_holds_its_mean_and_turns_over_when_the_runs_are_swapped(pairs: list[tuple[float, float]]) -> None:
    before, after = [one for one, _ in pairs], [one for _, one in pairs]
    there, back = difference(before, after), difference(after, before)
    assert there.low - 1e-9 <= there.mean <= there.high + 1e-9
    assert (back.mean, back.low, back.high) == pytest.approx((-there.mean, -there.high, -there.low))


def test_an_interval_is_as_wide_as_theory_says() -> None:
    """For a mean of 200 differences of standard deviation .1: 1.96 * .1 / sqrt(200) = .0139 to either side."""
    after = [0.5 + 0.1 * sign + 0.02 for sign in (1, -1)] * 100
    found = difference([0.5] * 200, after)
    assert found.mean == pytest.approx(0.02)
    assert (found.low, found.high) == pytest.approx((0.02 - 0.0139, 0.02 + 0.0139), abs=0.0006)


def test_the_same_two_runs_always_come_to_the_same_interval() -> None:
    assert difference([0.1, 0.5, 0.9], [0.2, 0.4, 1.0]) == difference([0.1, 0.5, 0.9], [0.2, 0.4, 1.0])


def test_a_comparison_counts_and_lists_what_changed_most() -> None:
    now = [ranking("better", ["a"]), ranking("worse", ["x", "y", "a"]), ranking("same", ["a"]), ranking("new", ["a"])]
    earlier = {"better": ["x"], "worse": ["a"], "same": ["a", "x"], "gone": ["a"]}
    found = compare(earlier, now)
    assert found
    assert (found.wins, found.losses, found.ties, found.left_out) == (1, 1, 1, 2)
    assert [(one.id, one.before, one.after) for one in found.changes] == [("better", 0, 1), ("worse", 1, 0.5)]
    assert (found.before, found.after) == pytest.approx((2 / 3, 2.5 / 3))
    assert found.difference.mean == pytest.approx(0.5 / 3)


def test_runs_without_a_query_in_common_cannot_be_compared() -> None:
    assert compare({"other": ["a"]}, [ranking("q", ["a"])]) is None


@given(st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), NAMES.filter(bool), min_size=1))
def test_a_run_compared_with_itself_has_only_ties(found: dict[str, list[str]]) -> None:
    rankings = [ranking(name, documents) for name, documents in found.items()]
    same = compare(found, rankings)
    assert same
    assert (same.wins, same.losses, same.ties, same.changes) == (0, 0, len(found), ())
    assert (same.difference.mean, same.difference.low, same.difference.high) == (0, 0, 0)


@given(found=st.dictionaries(st.sampled_from(["q1", "q<::>2"]), NAMES.filter(bool), min_size=1))
def test_a_run_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, found: dict[str, list[str]]) -> None:
    file = tmp_path_factory.mktemp("runs") / "run"
    named = {query: [f"Company files/{name} x.md" for name in documents] for query, documents in found.items()}
    file.write_text("\n".join(run_lines(ranking(query, documents) for query, documents in named.items())))
    assert read_run(file) == named


def test_scores_decide_the_order_of_a_run_as_in_trec_eval(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("q Q0 low 1 0.5 other\nq Q0 high 2 1e1 other\n\nq Q0 second 3 1e1 other\n")
    assert read_run(tmp_path / "run") == {"q": ["high", "second", "low"]}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param(b"", "is empty. Write one with", id="nothing in it"),
        pytest.param(b"q Q0 a 1 2 tag\nq Q0 a\n", "run, line 2: expected `query Q0 document rank score tag`", id="fields missing"),
        pytest.param(b"q Q0 a first 2 tag\n", "run, line 1: expected", id="a rank that is no number"),
        pytest.param(b"\xff\xfe\x00", "cannot be read", id="no text"),
    ],
)
def test_a_run_that_cannot_be_used_is_explained(tmp_path: Path, written: bytes, message: str) -> None:
    (tmp_path / "run").write_bytes(written)
    with pytest.raises(BadCorpus, match=message):
        read_run(tmp_path / "run")


def test_a_run_that_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(BadCorpus, match=r"The run .*run cannot be read: .*No such file"):
        read_run(tmp_path / "run")


def test_what_loses_most_comes_first_and_tells_where_its_documents_were() -> None:
    found = losses(
        [
            ranking("perfect", ["a"]),
            ranking("second", ["x", "a"]),
            ranking("far", [*"stuvwxyzklmn", "a"], {"a": 1, "b": 1}),
            ranking("never", ["x"]),
            ranking("half", ["a", "x"], {"a": 1, "b": 2}),
            ranking("empty", []),
        ],
        most=5,
    )
    assert [one.query.id for one in found] == ["never", "empty", "far", "half", "second"]
    assert [(dict(one.places), one.first) for one in found] == [
        ({"a": None}, "x"),
        ({"a": None}, None),
        ({"a": 13, "b": None}, "s"),
        ({"a": 1, "b": None}, None),
        ({"a": 2}, "x"),
    ]
    assert [one.query.id for one in losses([ranking("x", ["y"]), ranking("z", ["y", "a"])], most=1)] == ["x"]


def test_times_are_told_by_their_middle_and_their_worst_twentieth() -> None:
    figures = quality([ranking(str(n), ["a"], took_ms=float(n)) for n in range(1, 100)])
    assert (figures.p50_ms, figures.queries) == (50.5, 99)
    assert 94 <= figures.p95_ms <= 96
    assert quality([ranking("one", ["a"], took_ms=7)]).p95_ms == 7
