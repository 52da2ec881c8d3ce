"""What tells that nothing answers: the best stretches, how far the best leads, and what nothing says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from knowledge.documents import Findings, Passage
from knowledge.embedding.port import Signs
from knowledge.ranking.late import Late
from knowledge.ranking.signals import signals, unsaid
from knowledge.search import NOT_FOR_AUDIENCE
from knowledge.tables import passage_states, passages
from tenancy.viewer import EVERYONE, Audience
from tests.bot.fakes import document, passage
from tests.knowledge.parts import DIMENSION, Shelf, group, text
from tests.knowledge.test_scoring import WIDTH, signs, states

HR, STAFF = "group:files:hr", EVERYONE
LEAVE = "Parental leave is twenty weeks for every parent."
DEAL = "Parental leave at the company we acquire is ten weeks, as Zyzzyva has it."
ASKED = "parental leave at the company we acquire, says Zyzzyva"


def late(*stretch: float) -> Late:
    return Late(score=0.0, stretch=np.array(stretch, np.float32))


def by_hand(question: np.ndarray, of: Signs) -> float:
    """The best mean, over the question's tokens, in any stretch of blocks of ten tokens, four at most."""
    tokens = np.where(np.unpackbits(of, axis=1), 1, -1) / np.sqrt(WIDTH)
    stretches = [tokens[start : start + 40] for start in range(0, len(tokens), 10)]
    return max(float((question @ stretch.T).max(axis=1).mean()) for stretch in stretches)


@given(st.lists(st.integers(0, 95), min_size=1, max_size=5), st.integers(1, 6))
def test_a_stretch_is_the_best_forty_tokens_of_its_own_passage(lengths: list[int], tokens: int) -> None:
    question, each = states(tokens), [signs(length, seed) for seed, length in enumerate(lengths)]
    found = [None if one is None else float(one.stretch.mean()) for one in Late.of(question, each)]
    wanted = [by_hand(question, of) if len(of) else None for of in each]
    assert found == [pytest.approx(one, abs=1e-5) for one in wanted]


def test_nearness_is_that_of_the_two_best_and_the_lead_is_over_the_others_token_by_token() -> None:
    found = signals([late(0.8, 0.2), late(0.4, 0.2), None, late(0.2, 0.2)])
    assert found is not None
    assert found.nearness == pytest.approx((0.5 + 0.3) / 2)
    # by hand: the first token deviates by (.8 - .4667) / (.2494 + .02), the second by nothing; times 3/2, for the others are two of three
    assert found.lead == pytest.approx((0.3333 / 0.2694) / 2 * 3 / 2, abs=1e-3)


def test_one_candidate_leads_nothing_and_none_tells_nothing() -> None:
    alone = signals([late(0.5, 0.3)])
    assert alone is not None
    assert (alone.nearness, alone.lead) == (pytest.approx(0.4), None)
    assert signals([]) is signals([None, None]) is None


@given(st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=2, max_size=8))
def test_the_lead_is_never_negative_and_the_order_does_not_matter(each: list[list[float]]) -> None:
    found, turned = signals([late(*one) for one in each]), signals([late(*one) for one in reversed(each)])
    assert found is not None
    assert turned is not None
    assert found.lead is not None
    assert found.lead >= -1e-4
    assert (found.nearness, found.lead) == (pytest.approx(turned.nearness, abs=1e-5), pytest.approx(turned.lead, abs=1e-3))


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        pytest.param("What are the policies on sabbaticals?", {"sabbat"}, id="a word of another ending is there"),
        pytest.param("TRAVEL in Berlin", set(), id="titles and headings count, in any case"),
        pytest.param("What is the?", set(), id="stop words are nobody's"),
        pytest.param("vesting of 401k", {"vest", "401k"}, id="numbers are words"),
    ],
)
def test_unsaid_is_what_no_passage_has(asked: str, missing: set[str]) -> None:
    one = passage(document("travel", "Travel"), "The policy of this house.", "Berlin")
    assert unsaid(asked, [one]) == missing


def test_what_is_written_with_accents_or_joined_otherwise_is_said() -> None:
    one = passage(document("fan", "Störung"), "ERR-4032: der Lüfter bläst nicht. Write to Ana@acme.example, call 10,000.")
    assert unsaid("Lüfter Störung ERR4032 ERR-4032 ana@acme.example 10000", [one]) == frozenset()
    assert "err4033" in unsaid("ERR-4033", [one])


def test_nothing_found_leaves_everything_unsaid() -> None:
    nothing: list[Passage] = []
    assert unsaid("parental leave", nothing) == {"parent", "leav"}


async def told(shelf: Shelf, *groups: str) -> Findings:
    """Asked by somebody of HR, in front of staff."""
    return await shelf.library.search(shelf.viewer(STAFF, *groups), Audience.of([shelf.viewer(STAFF)]), ASKED)


async def test_what_may_not_be_shown_tells_nothing(shelf: Shelf) -> None:
    open_to_all = [text(f"leave{n}", f"{LEAVE} Office {n}.") for n in range(5)]
    await shelf.ingest(*open_to_all)
    without = await told(shelf, HR)
    await shelf.ingest(*open_to_all, text("deal", DEAL, group("hr")))
    found = await told(shelf, HR)
    assert [one.reason for one in found.withheld] == [NOT_FOR_AUDIENCE]
    assert found.signals == without.signals
    assert found.unsaid == without.unsaid == {"zyzzyva", "compani", "acquir", "say"}
    assert (await told(shelf)).signals == without.signals
    private = await shelf.library.search(shelf.viewer(STAFF, HR), Audience(), ASKED)
    assert private.signals is not None
    assert without.signals is not None
    assert private.signals.nearness > without.signals.nearness
    assert "zyzzyva" not in private.unsaid


async def test_states_of_what_may_not_be_shown_move_no_doubt(shelf: Shelf) -> None:
    await shelf.ingest(*(text(f"leave{n}", f"{LEAVE} Office {n}.") for n in range(5)), text("deal", DEAL, group("hr")))
    before = await told(shelf, HR)
    others = {"states": np.arange(64, dtype=np.uint8).tobytes(), "vector": np.ones(DIMENSION, np.float16).tobytes()}
    deal = select(passages.c.id).where(passages.c.text == DEAL)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(passage_states).where(passage_states.c.passage.in_(deal)).values(others))
    after = await told(shelf, HR)
    assert (after.signals, after.unsaid) == (before.signals, before.unsaid)
    assert before.signals is not None
