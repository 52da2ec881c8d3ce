from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Document, DocumentId, Hit, Passage, PassageId, Span
from knowledge.index.port import Proposal
from knowledge.ranking import CANDIDATES, PASSAGES_A_DOCUMENT, best_of, diversify, exact_first, fuse, searchable_terms
from knowledge.search import Depth

proposals = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 30)).map(
    lambda scores: [Proposal(PassageId(name), score) for name, score in sorted(scores.items(), key=lambda one: -one[1])]
)


def hit(name: str, text: str, document: str = "", *, title: str = "", score: float = 1.0, changed: int = 0) -> Hit:
    made = Document(
        id=DocumentId(document or name),
        source="files",
        name=name,
        title=title or name,
        url=None,
        media_type="text/plain",
        version=1,
        readers=frozenset(),
        modified_at=datetime(changed, 1, 1, tzinfo=UTC) if changed else None,
    )
    passage = Passage(id=PassageId(name), document=made, ordinal=0, span=Span(0, len(text)), text=text, heading=(), page=None)
    return Hit(passage=passage, score=score)


def test_a_passage_that_one_list_did_not_find_gets_nothing_for_words_and_the_lowest_cosine() -> None:
    words = [Proposal(PassageId("a"), 10.0), Proposal(PassageId("b"), 5.0)]
    vectors = [Proposal(PassageId("b"), 0.8), Proposal(PassageId("c"), 0.4)]
    fused = {one.passage: (one.words, one.cosine) for one in fuse([words], vectors)}
    assert fused == {"a": ((10.0,), 0.4), "b": ((5.0,), 0.8), "c": ((0.0,), 0.4)}


def test_candidates_are_ordered_by_both_scores_in_standard_deviations() -> None:
    words = [Proposal(PassageId("a"), 9.0), Proposal(PassageId("b"), 3.0), Proposal(PassageId("c"), 3.0)]
    vectors = [Proposal(PassageId("b"), 0.6), Proposal(PassageId("a"), 0.5), Proposal(PassageId("c"), 0.4)]
    # by hand: words 5 ± 2.828, cosines .5 ± .0816: a .8·1.414, b .8·-.707 + .7·1.225, c .8·-.707 - .7·1.225
    sums = {"a": 1.1314, "b": 0.2917, "c": -1.4230}
    fused = {one.passage: one.score for one in fuse([words], vectors)}
    assert fused == {name: pytest.approx((total + 1.4230) / (1.1314 + 1.4230), abs=1e-3) for name, total in sums.items()}


@given(proposals, proposals)
def test_fusion_keeps_every_proposal_once_best_first(words: list[Proposal], vectors: list[Proposal]) -> None:
    fused = fuse([words], vectors)
    assert {one.passage for one in fused} == {one.passage for one in (*words, *vectors)}
    assert len(fused) == len({one.passage for one in fused}) <= CANDIDATES
    assert [one.score for one in fused] == sorted((one.score for one in fused), reverse=True)


@given(st.lists(proposals, min_size=1, max_size=3))
def test_of_several_ways_to_ask_none_is_lost_and_each_is_there_once_best_first(ways: list[list[Proposal]]) -> None:
    best = best_of(ways)
    assert sorted(one.passage for one in best) == sorted({one.passage for way in ways for one in way})
    assert [one.score for one in best] == sorted((one.score for one in best), reverse=True)
    assert best_of(ways[:1]) == ways[0]


def test_every_way_to_ask_brings_its_words() -> None:
    said, meant = [Proposal(PassageId("a"), 1.0)], [Proposal(PassageId("b"), 7.0), Proposal(PassageId("a"), 2.0)]
    assert {one.passage: one.words for one in fuse([said, meant], [])} == {"a": (1.0, 2.0), "b": (0.0, 7.0)}
    assert [one.words for one in fuse([()], said)] == [(0.0,)]


@given(proposals)
def test_one_list_alone_keeps_its_order(words: list[Proposal]) -> None:
    found = [one for one in words if one.score > 0]
    assert [one.passage for one in fuse([found], [])] == [one.passage for one in found]


def test_no_more_candidates_are_kept_than_asked_for() -> None:
    words = [Proposal(PassageId(str(number)), 100.0 - number) for number in range(100)]
    assert [one.passage for one in fuse([words], [], keep=3)] == ["0", "1", "2"]


def test_what_says_the_same_is_said_once() -> None:
    chosen = diversify([hit("a", "leave is twenty weeks"), hit("copy", "leave is twenty weeks"), hit("b", "trains are late")], 8)
    assert [one.passage.id for one in chosen] == ["a", "b"]


def test_two_that_agree_in_all_but_a_number_disagree_and_both_are_shown() -> None:
    long = "Parental leave at all our offices is paid in full for {} weeks after birth, whoever takes it, and can be split in two parts."
    hits = [hit("a", long.format(18)), hit("b", long.format(20)), hit("copy", long.format(18))]
    assert [one.passage.id for one in diversify(hits, 8)] == ["a", "b"]


def test_no_document_speaks_too_often_as_long_as_others_have_something_to_say() -> None:
    chosen = diversify([*(hit(f"a{n}", f"part {n}", "a") for n in range(9)), hit("b", "other")], PASSAGES_A_DOCUMENT + 1)
    assert [one.passage.id for one in chosen] == ["a0", "a1", "a2", "b"]


def test_it_does_not_wait_for_what_is_far_behind() -> None:
    hits = [*(hit(f"a{n}", f"part {n}", "a", score=1 - n / 100) for n in range(5)), hit("b", "near", score=0.7), hit("c", "far", score=0.4)]
    assert [one.passage.id for one in diversify(hits, 8)] == ["a0", "a1", "a2", "b", "a3", "a4", "c"]


@pytest.mark.parametrize("limit", [8, 100])
def test_what_room_is_left_goes_to_who_has_spoken_already_best_first(limit: int) -> None:
    chosen = diversify([*(hit(f"a{n}", f"part {n}", "a") for n in range(24)), hit("b", "other")], limit)
    assert [one.passage.id for one in chosen] == ["a0", "a1", "a2", "b", *(f"a{n}" for n in range(3, 24))][:limit]


def test_room_that_is_left_does_not_let_the_same_be_said_twice() -> None:
    hits = [hit(f"a{n}", f"part {n}", "a") for n in range(5)]
    same = [hit("a5", "part 4", "a"), hit("a6", "part 0", "a"), hit("b", "part 3")]
    assert [one.passage.id for one in diversify([*hits, *same], 8)] == ["a0", "a1", "a2", "b", "a4"]


@pytest.mark.parametrize(
    ("limit", "depth"),
    [
        pytest.param(1, Depth(lists=50, keep=50), id="never less deep than for an answer"),
        pytest.param(8, Depth(lists=50, keep=50), id="an answer"),
        pytest.param(10, Depth(lists=62, keep=62), id="a little more"),
        pytest.param(100, Depth(lists=625, keep=625), id="the most that the command line takes"),
    ],
)
def test_a_search_looks_as_deep_for_each_passage_however_many_are_wanted(limit: int, depth: Depth) -> None:
    assert Depth.of(limit) == depth


def test_no_more_hits_are_chosen_than_asked_for() -> None:
    assert len(diversify([hit(str(n), f"text {n}") for n in range(9)], 2)) == 2


def test_titles_and_headings_count_three_times() -> None:
    assert searchable_terms("Leave", ("Parents",), "twenty weeks").count("leav") == 3
    assert searchable_terms("Leave", ("Parents",), "twenty weeks")[-2:] == ["twenti", "week"]


@pytest.mark.parametrize(
    ("query", "exact"),
    [
        pytest.param("what does ERR-4032 mean", "The panel shows err-4032.", id="a code"),
        pytest.param("what does ERR4032 mean", "The panel shows ERR-4032.", id="a code, joined otherwise"),
        pytest.param("when was version v2.1.0 published", "2.1.0 came in May.", id="a version"),
        pytest.param("is ana.bell@acme.example still here", "Write to Ana.Bell@acme.example.", id="an address"),
        pytest.param("open https://wiki.acme.example/a/42", "See https://wiki.acme.example/a/42.", id="a link"),
        pytest.param("IL-6", "Levels of IL-6 rise.", id="anything, where the query is nothing else"),
        pytest.param('who said "a day after"', "Take a day after, they said.", id="words in quotes"),
        pytest.param("who said \u201ca day after\u201d", "Take a day\nafter, they said.", id="in any quotes, on any lines"),
    ],
)
def test_what_names_exactly_what_is_asked_for_comes_first(query: str, exact: str) -> None:
    alike = "Of ERR-4033, v2.1.1, ana.bellamy@acme.example, wiki.acme.example/a/43, IL-62 or the day that came after something is said."
    placed = exact_first([hit("alike", alike, score=1.0), hit("exact", exact, score=0.1)], query)
    assert [one.passage.id for one in placed] == ["exact", "alike"]
    assert 1 >= placed[0].score > placed[1].score >= 0


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("how long is leave", id="no name at all"),
        pytest.param("how long do the effects of 400mg IL-6 last on average", id="measures in a question"),
        pytest.param("what does ERR-4099 mean", id="a name that nobody has"),
        pytest.param('so "it is" not', id="quoted words that say nothing"),
    ],
)
def test_a_question_without_anything_exact_changes_nothing(query: str) -> None:
    hits = [hit("a", "Leave is long.", score=0.9), hit("b", "400mg of IL-6, or so it is.", score=0.5)]
    assert exact_first(hits, query) == hits


def test_of_two_names_both_come_before_one_and_a_document_that_is_called_so_counts() -> None:
    hits = [hit("none", "nothing"), hit("one", "ERR-4032"), hit("ERR-4033.txt", "see ERR-4032"), hit("hr/rules_2024.pdf", "x")]
    both = exact_first(hits, "ERR-4032 and ERR-4033.txt")
    assert [one.passage.id for one in both] == ["ERR-4033.txt", "one", "none", "hr/rules_2024.pdf"]
    assert exact_first(hits, "what does rules_2024.pdf say about this")[0].passage.id == "hr/rules_2024.pdf"


def test_of_a_documents_name_only_what_is_exact_in_it_is_searched() -> None:
    assert searchable_terms("", (), "", "hr/leave-rules_2024.pdf") == ["hrleaverules2024pdf", "leaverules2024pdf"]
    assert searchable_terms("", (), "", "leave") == []
