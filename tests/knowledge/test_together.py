"""Two searches for one question: the question with its subject, and its own words beside it."""

from dataclasses import replace

import pytest

from knowledge.documents import Findings, Hit, PassageId, Withheld
from knowledge.ranking import together
from knowledge.ranking.together import OWN_SHARE
from tenancy.errors import UnknownTenant
from tenancy.viewer import EVERYONE, Audience
from tests.bot.fakes import document, passage
from tests.knowledge.parts import Shelf, group, text, viewer_of


def hit(name: str, score: float, **known: float | None) -> Hit:
    return Hit(passage=passage(document(name), name), score=score, **known)  # type: ignore[arg-type]  # the fields of a hit


def names(findings: Findings) -> list[str]:
    return [one.passage.document.name for one in findings.hits]


def test_what_both_find_counts_in_both_and_what_one_finds_in_one() -> None:
    whole, own = Findings(hits=(hit("a", 1.0), hit("b", 0.9))), Findings(hits=(hit("c", 1.0), hit("b", 0.9)))
    found = together(whole, own)
    assert names(found) == ["b", "a", "c"]
    assert [round(one.score, 6) for one in found.hits] == [0.9, round(1 - OWN_SHARE, 6), OWN_SHARE]


def test_the_best_of_what_is_known_of_a_passage_is_kept() -> None:
    whole = Findings(hits=(hit("a", 1.0, cosine=0.5, words=2.0, late=0.4), hit("b", 0.5)))
    own = Findings(hits=(hit("a", 1.0, cosine=0.6, words=1.0), hit("b", 0.5)))
    found = together(whole, own).hits
    assert (found[0].cosine, found[0].words, found[0].late, found[1].late) == (0.6, 2.0, 0.4, None)


def test_the_order_of_a_list_that_was_made_of_two_searches_stands() -> None:
    whole = Findings(hits=(hit("for all", 0.5), hit("mixed in after it", 1.0)))
    assert names(together(whole, Findings(hits=()))) == ["for all", "mixed in after it"]


def test_only_the_question_with_its_subject_tells_of_something_better_and_both_of_what_was_kept_back() -> None:
    kept = Withheld(passage=PassageId("x"), reason="gone", score=1.0)
    other = replace(kept, passage=PassageId("y"))
    whole, own = (
        Findings(hits=(), withheld=(kept,), timings_ms={"embed": 1.0}),
        Findings(hits=(), withheld=(kept, other), better_withheld=True),
    )
    found = together(whole, own)
    assert not found.better_withheld
    assert {one.passage for one in found.withheld} == {"x", "y"}
    assert found.timings_ms == {"embed": 1.0}
    assert together(own, whole).better_withheld
    assert together(whole, replace(own, words_only=True)).words_only


async def test_own_words_find_what_the_subject_alone_would_bury(shelf: Shelf) -> None:
    strong = [text(f"leave {n}", f"Parental leave in Germany is {n} weeks or months, see papers {n * 7}.") for n in range(2, 6)]
    weak = [text(f"note {n}", f"Some months have {n} weeks, others {n + 11}.") for n in range(6)]
    await shelf.ingest(*strong, *weak, text("parking", "Parking permits are given out at the gate."))
    viewer, query, own = shelf.viewer(EVERYONE), "parental leave Germany weeks months papers", "parking permits at the gate"
    alone = await shelf.library.search(viewer, Audience(), query)
    beside = await shelf.library.search(viewer, Audience(), query, own=own)
    assert "parking" not in names(alone)
    assert "parking" in names(beside)
    assert len(beside.hits) == len(alone.hits) == 8


async def test_own_words_find_nothing_that_may_not_be_read(shelf: Shelf) -> None:
    await shelf.ingest(text("deal", "The deal is closed in May.", group("hr")), text("leave", "Leave is twenty weeks."))
    audience = Audience.of([shelf.viewer(EVERYONE)])
    asker = viewer_of(shelf.tenant.id, EVERYONE, "group:files:hr")
    found = await shelf.library.search(asker, audience, "leave weeks", own="the deal in May")
    assert names(found) == ["leave"]
    assert [one.reason for one in found.withheld] == ["audience may not read"]
    assert not found.better_withheld


async def test_when_one_of_both_searches_fails_so_does_the_whole(shelf: Shelf) -> None:
    stranger = viewer_of(type(shelf.tenant.id)("0" * 20), EVERYONE)
    with pytest.raises(UnknownTenant):
        await shelf.library.search(stranger, Audience(), "leave", own="weeks")
