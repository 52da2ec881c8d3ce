"""What the parts of `make quality` count: on answers, doubts and turns of our own."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest.mock import ANY

import pytest

from adapters.compose import House
from bot.calibration import Judged as Doubted
from bot.doubt import Thresholds
from bot.intents.intent import ASKED_BACK, Intent
from bot.intents.router import Route
from bot.intents.rules import Thread
from bot.messages import Citation
from bot.ports import Sources
from bot.quotes import Cited
from knowledge.documents import DocumentId, PassageId, Span
from tenancy.viewer import TenantId
from tests.bot.fakes import FixedRouter
from tests.quality import __main__ as quality
from tests.quality import doubts, followups, sentences
from tests.quality.followups import Seen, Talks, Task, Watched
from tests.quality.parts import TABLES

HANDBOOK, NOTE = DocumentId("handbook"), DocumentId("note")


def cited(*quotes: tuple[DocumentId, int, int]) -> Cited:
    """An answer that quotes these characters, of a word each."""
    return Cited("", tuple(citation(*one) for one in quotes))


def citation(document: DocumentId, start: int, end: int) -> Citation:
    return Citation(
        n=1, document=document, document_name="", passage=PassageId(""), title="", url=None, source="", page=None, heading=(),
        span=Span(start, end), quote="x" * (end - start), modified_at=None,
    )  # fmt: skip


def columns(table: str) -> set[str]:
    """The figures that a row needs to be told and compared."""
    found = next(one for one in TABLES if one.name == table)
    return {name for figure in found.figures for name in (figure.name, figure.questions) if name}


def test_doubt_is_as_good_as_it_is_often_higher_where_nothing_answers() -> None:
    able, unable = ([Doubted(one, answerable=kind) for one in of] for kind, of in ((True, (0.1, 0.5)), (False, (0.5, 0.9))))
    assert doubts.auroc([*able, *unable]) == (1 + 1 + 0.5 + 1) / 4
    assert doubts.auroc([Doubted(0.3, answerable=True), Doubted(0.3, answerable=False)]) == 0.5


def test_shares_are_of_the_questions_with_and_without_an_answer() -> None:
    questions = [*(Doubted(one, answerable=True) for one in (0.1, 0.2, 0.6, 0.9)), *(Doubted(one, answerable=False) for one in (0.4, 0.7))]
    asked = [doubts.Asked("?", one.answerable) for one in questions]
    found = doubts.row(questions, Thresholds(nearest=0.5, refuse=0.8)).figures(asked)
    assert found == {
        "doubted, answerable": 0.5, "refused, answerable": 0.25, "doubted, unanswerable": 0.5, "refused, unanswerable": 0.0,
        "answerable": 4, "unanswerable": 2,
    }  # fmt: skip
    assert set(found) == columns("shares")


def test_what_is_learned_is_judged_on_the_questions_that_were_not_drawn() -> None:
    """All 20 of a kind, and every other question is told apart."""
    questions = [*(Doubted(0.1, answerable=True) for _ in range(30)), *(Doubted(0.95, answerable=False) for _ in range(12))]
    assert doubts.with_judged(questions)[:3] == (0.0, 0.0, 1.0)


def test_a_sentence_is_quoted_when_half_of_it_is() -> None:
    places = {HANDBOOK: [range(10), range(11, 21), range(22, 32)]}
    judged = sentences.Judged("?", {HANDBOOK: [range(10), range(11, 21)]})
    found = sentences.of_sentences([(judged, cited((HANDBOOK, 5, 32)))], places)
    assert found == sentences.Scores(precision=2 / 3, recall=1.0, both=pytest.approx(0.8), words=1.0, pieces=1.0)
    assert sentences.of_sentences([(judged, cited((HANDBOOK, 6, 14)))], places).precision == 0.0
    assert set(found._fields) == columns("quotes")


def test_characters_count_in_their_own_document() -> None:
    judged = sentences.Judged("?", {HANDBOOK: [range(10)]})
    found = sentences.of_characters([(judged, cited((HANDBOOK, 5, 15), (NOTE, 0, 10)))])
    assert found[:3] == (5 / 20, 5 / 10, 5 / 25)
    assert (found.words, found.pieces) == (2.0, 2.0)


def test_what_came_of_conversations_is_counted_by_what_would_be_right() -> None:
    every = [
        Task(0, "a", ("How long is leave?", "And in Portugal?"), "ANSWERABLE", "people", {"leave": 1}),
        Task(1, "b", ("Who signs?", "And more?"), "UNDERSPECIFIED", "people", {"signing": 1}),
        Task(2, "c", ("Alone?",), "ANSWERABLE", "it", {}),
    ]
    seen = Seen(rows={"its own words": [["leave"], ["other"]]})
    seen.intents.update({Intent.FOLLOW_UP: 1, Intent.SMALLTALK: 1})
    seen.noticed.update({"goes on": 1, "turns to its own collection": 2, "turns to the other one": 0})
    seen.back.update({"UNDERSPECIFIED": 1})
    tables = seen.tables(every)
    assert tables["found"]["its own words"] == {
        "turns": 2, "ndcg_10": 0.5, "recall_10": 0.5,
        "ndcg_10, even": 1.0, "recall_10, even": 1.0, "ndcg_10, odd": 0.0, "recall_10, odd": 0.0,
    }  # fmt: skip
    assert set(tables["found"]["its own words"]) == columns("found")
    turns = tables["turns"]["mtrag"]
    assert turns == {
        "later": 2, "ANSWERABLE": 2, "UNDERSPECIFIED": 1, "questions": 0.5, "intents": "follow_up 1, smalltalk 1",
        "alone, goes on": 0.5, "alone, turns to its own collection": 1.0, "alone, turns to the other one": 0.0,
        "back, ANSWERABLE": 0.0, "back, UNDERSPECIFIED": 1.0,
    }  # fmt: skip
    seen.intents[ASKED_BACK] += 2
    assert seen.tables(every)["turns"]["mtrag"]["questions"] == 0.75


def test_what_is_watched_is_all_that_the_bot_needs() -> None:
    needed = {name for name in vars(Sources) if not name.startswith("_")}
    assert needed >= {"search", "vectors"}
    assert needed <= set(vars(Watched))


async def test_a_turn_that_fails_ends_the_measuring() -> None:
    """Its documents would be those of whatever was searched before it failed."""

    class Broken(FixedRouter):
        async def route(self, text: str, thread: Thread) -> Route:
            raise RuntimeError

    talks = Talks(cast("House", SimpleNamespace(library=None)), TenantId("larkspur"))
    with pytest.raises(AssertionError, match="would mean nothing"):
        await talks.ended("alone", "How long is leave?", Broken(Intent.ASK))


def test_rewrites_are_read_by_number(tmp_path: Path) -> None:
    (tmp_path / "rewrites").write_text("0|How long is leave in Portugal?\n3|a | b\n")
    assert followups.read(tmp_path / "rewrites") == {0: "How long is leave in Portugal?", 3: "a | b"}


def test_rows_have_four_decimals_and_their_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def measured(_folder: Path, _home: Path, rewrites: dict[int, str]) -> dict[str, dict[str, dict[str, object]]]:
        return {"turns": {"mtrag": {"questions": 2 / 3, "later": 198, "intents": str(rewrites)}}}

    monkeypatch.setattr(followups, "measured", measured)
    tables = quality._part_measured("followups", tmp_path, None)
    assert tables == {"turns": {"mtrag": {"questions": 0.6667, "later": 198, "intents": "{}", "measured": ANY}}}
