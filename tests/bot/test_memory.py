"""What threads remember: the same contract for turns on PostgreSQL and for the stand-in that other tests use."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.errors import UnknownTurn
from bot.intents.intent import Intent
from bot.memory.codec import from_answer, to_answer
from bot.memory.privacy import place_of, scope_of
from bot.memory.tables import feedback, turns
from bot.memory.turns import MOST_CHARACTERS, MOST_TURNS, Turns
from bot.messages import Answer, Outcome, Question, Trace, TurnId, Verdict
from bot.ports import Ending, Memory
from bot.quotes import whole
from tenancy.audit import Audit
from tenancy.database import Database
from tenancy.errors import AllowanceSpent
from tenancy.quotas import Allowance
from tenancy.tenants import Tenant
from tenancy.viewer import TenantId, Viewer
from tests.bot import company
from tests.bot.fakes import FakeMemory, question, viewer

Ask = Callable[..., Question]
ANSWER = Answer(
    outcome=Outcome.ANSWER, text="It is 18 weeks. [1]", citations=(whole(company.PARENTAL).citation(1),), doubt=0.25, notice="Old."
)


def ending(answer: Answer = ANSWER, intent: str = Intent.ASK, query: str = "parental leave") -> Ending:
    return Ending(answer=answer, trace=Trace(intent=intent, query=query, timings_ms={"search": 1.5}), took_ms=12.5, first_ms=8.0)


def turns_of(database: Database) -> Turns:
    return Turns(database, Audit(database), Allowance(database))


@pytest.fixture(params=["postgresql", "stand-in"])
def memory(request: pytest.FixtureRequest) -> Memory:
    """Both memories, one after the other."""
    if request.param == "stand-in":
        return FakeMemory()
    database: Database = request.getfixturevalue("database")
    return turns_of(database)


@pytest.fixture
def asked(tenant: Tenant) -> Ask:
    """Questions of a tenant that exists."""

    def ask(text: str = "How long is parental leave?", *, by: str = "ana", among: tuple[str, ...] = (), **changes: object) -> Question:
        made = question(text, by=_of(tenant.id, by), among=[_of(tenant.id, other) for other in among])
        return replace(made, **changes)  # type: ignore[arg-type]  # the fields of a question

    return ask


def _of(tenant: TenantId, name: str) -> Viewer:
    return replace(viewer(name), tenant=tenant)


async def test_a_new_turn_remembers_nothing_and_then_is_remembered(memory: Memory, asked: Ask) -> None:
    first = await memory.open(asked())
    assert (first.is_new, first.answer, first.past) == (True, None, ())
    assert await memory.close(asked(), ending()) == ANSWER
    second = await memory.open(asked("and in France?", id=TurnId("q2")))
    assert [(turn.id, turn.question, turn.answer, turn.query) for turn in second.past] == [
        ("q1", "How long is parental leave?", ANSWER, "parental leave")
    ]


async def test_a_finished_turn_gives_its_answer_back_equal_to_the_last_field(memory: Memory, asked: Ask) -> None:
    await memory.open(asked())
    await memory.close(asked(), ending())
    again = await memory.open(asked())
    assert (again.is_new, again.answer) == (False, ANSWER)


async def test_an_open_turn_is_not_new_and_can_be_finished(memory: Memory, asked: Ask) -> None:
    await memory.open(asked())
    again = await memory.open(asked())
    assert (again.is_new, again.answer) == (False, None)
    await memory.close(asked(), ending())
    assert (await memory.open(asked())).answer == ANSWER


async def test_the_first_ending_stands(memory: Memory, asked: Ask) -> None:
    await memory.open(asked())
    await memory.close(asked(), ending())
    other = replace(ANSWER, text="It is 20 weeks.")
    assert await memory.close(asked(), ending(other)) == ANSWER


async def test_a_turn_that_was_never_opened_can_be_closed(memory: Memory, asked: Ask) -> None:
    assert await memory.close(asked(), ending()) == ANSWER
    assert (await memory.open(asked())).answer == ANSWER


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"by": "eve"}, id="person"),
        pytest.param({"thread": "t2"}, id="thread"),
        pytest.param({"among": ("eve",)}, id="audience"),
    ],
)
async def test_an_id_is_worth_nothing_to_another(memory: Memory, asked: Ask, changes: dict[str, Any]) -> None:
    await memory.open(asked())
    await memory.close(asked(), ending())
    with pytest.raises(UnknownTurn):
        await memory.open(asked(**changes))


async def test_a_channel_hears_of_its_own_public_turns_only(memory: Memory, asked: Ask) -> None:
    for i, (by, among, place) in enumerate(
        [("ana", (), ""), ("ana", ("bob",), "#people"), ("bob", ("ana",), "#people"), ("ana", ("eve",), "#general")]
    ):
        one = asked(f"question {i}", by=by, among=among, place=place, id=TurnId(f"p{i}"))
        await memory.open(one)
        await memory.close(one, ending())
    public = await memory.open(asked(by="ana", among=("bob",), place="#people", id=TurnId("q9")))
    assert [turn.id for turn in public.past] == ["p1", "p2"]
    private = await memory.open(asked(by="ana", id=TurnId("q10")))
    assert [turn.id for turn in private.past] == ["p0", "p1", "p3"]
    other = await memory.open(asked(by="bob", id=TurnId("q11")))
    assert [turn.id for turn in other.past] == ["p2"]


async def test_two_audiences_without_a_name_are_two_places(memory: Memory, asked: Ask) -> None:
    one = asked(among=("bob",))
    await memory.open(one)
    await memory.close(one, ending())
    assert (await memory.open(asked(among=("bob",), id=TurnId("q2")))).past
    assert not (await memory.open(asked(among=("bob", "eve"), id=TurnId("q3")))).past


async def test_what_was_not_meant_for_us_is_not_remembered(memory: Memory, asked: Ask) -> None:
    await memory.open(asked())
    await memory.close(asked(), ending(intent=Intent.NOT_FOR_ME))
    assert (await memory.open(asked(id=TurnId("q2")))).past == ()


async def test_an_interrupted_turn_stays_open(memory: Memory, asked: Ask) -> None:
    await memory.open(asked())
    await memory.interrupt(asked(), Trace(intent="ask", query="x"), 5.0)
    again = await memory.open(asked())
    assert (again.is_new, again.answer) == (False, None)


async def test_feedback_is_kept_for_answers_one_may_see(memory: Memory, asked: Ask) -> None:
    await memory.open(asked())
    with pytest.raises(UnknownTurn):
        await memory.rate(asked().viewer, TurnId("q1"), Verdict.HELPFUL, "")
    await memory.close(asked(), ending())
    await memory.rate(asked().viewer, TurnId("q1"), Verdict.HELPFUL, "")
    for who, turn in ((asked(by="eve").viewer, "q1"), (asked().viewer, "nothing")):
        with pytest.raises(UnknownTurn):
            await memory.rate(who, TurnId(turn), Verdict.HELPFUL, "")


async def test_the_last_word_of_each_person_counts(database: Database, asked: Ask) -> None:
    memory = turns_of(database)
    one = asked(among=("bob",), place="#people")
    await memory.open(one)
    await memory.close(one, ending())
    await memory.rate(one.viewer, one.id, Verdict.HELPFUL, "yes")
    await memory.rate(one.viewer, one.id, Verdict.NOT_HELPFUL, "no, it is old")
    await memory.rate(asked(by="bob").viewer, one.id, Verdict.HELPFUL, "")
    async with database.tenant(one.viewer.tenant) as connection:
        rows = (await connection.execute(select(feedback.c.person, feedback.c.verdict, feedback.c.comment))).all()
    assert sorted(tuple(row) for row in rows) == [("ana", "not_helpful", "no, it is old"), ("bob", "helpful", "")]


async def test_a_question_is_paid_for_with_its_turn_once_and_given_back_if_it_was_free(database: Database, asked: Ask) -> None:
    memory, allowance = turns_of(database), Allowance(database)
    tenant = asked().viewer.tenant
    await memory.open(asked())
    await memory.open(asked())  # a second worker
    assert await allowance.used(tenant) == 1
    await memory.close(asked(), replace(ending(), refunded=True))
    await memory.close(asked(), replace(ending(), refunded=True))  # the second one again
    assert await allowance.used(tenant) == 0


async def test_a_turn_that_cannot_be_paid_for_is_not_kept(database: Database, asked: Ask) -> None:
    memory, allowance = turns_of(database), Allowance(database)
    await allowance.set_limit(asked().viewer.tenant, 0)
    with pytest.raises(AllowanceSpent):
        await memory.open(asked())
    async with database.tenant(asked().viewer.tenant) as connection:
        assert (await connection.execute(select(turns.c.id))).all() == []


async def test_a_turn_keeps_trace_timings_and_an_audit_line_without_words(database: Database, asked: Ask) -> None:
    memory, audit = turns_of(database), Audit(database)
    one = asked("How long is SECRET leave?")
    await memory.open(one)
    await memory.close(one, ending())
    async with database.tenant(one.viewer.tenant) as connection:
        row = (await connection.execute(select(turns))).one()
    assert (row.outcome, row.intent, row.took_ms, row.first_ms, row.place) == ("answer", "ask", 12.5, 8.0, "")
    assert row.trace["timings_ms"] == {"search": 1.5}
    assert row.finished_at is not None
    lines = [line for line in await audit.recent(one.viewer.tenant) if line.action == "question.answered"]
    assert [(line.actor, line.subject, line.detail["documents"]) for line in lines] == [("ana", "q1", ["leave.md"])]
    assert "SECRET" not in str(lines)
    assert "18 weeks" not in str(lines)


async def test_memory_is_bounded(database: Database, asked: Ask) -> None:
    memory = turns_of(database)
    for i in range(MOST_TURNS + 3):
        one = asked("x" * 4_000, id=TurnId(f"p{i}"))
        await memory.open(one)
        await memory.close(one, ending(replace(ANSWER, text="y" * 9_000)))
    past = (await memory.open(asked(id=TurnId("last")))).past
    assert [turn.id for turn in past] == [f"p{i}" for i in range(3, MOST_TURNS + 3)]
    assert all(len(turn.question) == len(turn.answer.text) == MOST_CHARACTERS for turn in past)


ANSWERS = st.builds(
    Answer,
    outcome=st.sampled_from(Outcome),
    text=st.text(),
    citations=st.sampled_from(
        [(), ANSWER.citations, (replace(ANSWER.citations[0], modified_at=None, page=3), replace(ANSWER.citations[0], n=2))]
    ),
    doubt=st.floats(0, 1),
    withheld=st.booleans(),
    notice=st.text(),
    written=st.booleans(),
    silent=st.booleans(),
)


@given(ANSWERS)
def test_an_answer_comes_back_as_it_went_in(answer: Answer) -> None:
    assert to_answer(from_answer(answer)) == answer


def test_a_private_place_is_empty_and_no_other_is() -> None:
    assert place_of(question("x", place="#people")) == ""
    assert place_of(question("x", among=[viewer("bob")], place="#people")) == "#people"
    assert place_of(question("x", among=[viewer("bob")])).startswith("audience:")
    assert scope_of(question("x")).person == "ana"
    assert scope_of(question("x", among=[viewer("bob")], place="#p")).person is None


def test_the_clock_of_the_platform_is_kept() -> None:
    assert question("x").asked_at == datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
