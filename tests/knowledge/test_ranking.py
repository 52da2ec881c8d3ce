import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Document, DocumentId, Hit, Passage, PassageId, Span
from knowledge.index.port import Proposal
from knowledge.ranking import CANDIDATES, PASSAGES_A_DOCUMENT, diversify, fuse, searchable_terms

proposals = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 30)).map(
    lambda scores: [Proposal(PassageId(name), score) for name, score in sorted(scores.items(), key=lambda one: -one[1])]
)


def hit(name: str, text: str, document: str = "") -> Hit:
    made = Document(
        id=DocumentId(document or name),
        source="files",
        name=name,
        title=name,
        url=None,
        media_type="text/plain",
        version=1,
        readers=frozenset(),
        modified_at=None,
    )
    passage = Passage(id=PassageId(name), document=made, ordinal=0, span=Span(0, len(text)), text=text, heading=(), page=None)
    return Hit(passage=passage, score=1.0)


def test_fusion_is_the_weighted_sum_over_each_lists_best() -> None:
    words = [Proposal(PassageId("a"), 10.0), Proposal(PassageId("b"), 5.0)]
    vectors = [Proposal(PassageId("b"), 0.8), Proposal(PassageId("c"), 0.4)]
    fused = {one.passage: one.score for one in fuse(words, vectors)}
    assert fused == {
        "a": pytest.approx(0.45 * 1 + 0.55 * 0.5),  # the vector did not find it: the list's lowest cosine
        "b": pytest.approx(0.45 * 0.5 + 0.55 * 1),
        "c": pytest.approx(0.55 * 0.5),
    }


@given(proposals, proposals)
def test_fusion_keeps_every_proposal_once_best_first(words: list[Proposal], vectors: list[Proposal]) -> None:
    fused = fuse(words, vectors)
    assert {one.passage for one in fused} == {one.passage for one in (*words, *vectors)}
    assert len(fused) == len({one.passage for one in fused}) <= CANDIDATES
    assert [one.score for one in fused] == sorted((one.score for one in fused), reverse=True)


@given(proposals)
def test_one_list_alone_keeps_its_order(words: list[Proposal]) -> None:
    found = [one for one in words if one.score > 0]
    assert [one.passage for one in fuse(found, [])] == [one.passage for one in found]


def test_no_more_candidates_are_kept_than_asked_for() -> None:
    words = [Proposal(PassageId(str(number)), 100.0 - number) for number in range(100)]
    assert [one.passage for one in fuse(words, [], keep=3)] == ["0", "1", "2"]


def test_what_says_the_same_is_said_once() -> None:
    chosen = diversify([hit("a", "leave is twenty weeks"), hit("copy", "leave is twenty weeks"), hit("b", "trains are late")], 8)
    assert [one.passage.id for one in chosen] == ["a", "b"]


def test_no_document_speaks_too_often() -> None:
    chosen = diversify([*(hit(f"a{n}", f"part {n}", "a") for n in range(9)), hit("b", "other")], 8)
    assert [one.passage.document.id for one in chosen] == ["a"] * PASSAGES_A_DOCUMENT + ["b"]


def test_no_more_hits_are_chosen_than_asked_for() -> None:
    assert len(diversify([hit(str(n), f"text {n}") for n in range(9)], 2)) == 2


def test_titles_and_headings_count_three_times() -> None:
    assert searchable_terms("Leave", ("Parents",), "twenty weeks").count("leav") == 3
    assert searchable_terms("Leave", ("Parents",), "twenty weeks")[-2:] == ["twenti", "week"]
