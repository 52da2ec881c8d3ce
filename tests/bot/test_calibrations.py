"""What is learned of feedback and of the admin's judged questions, on PostgreSQL."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.calibration import Judged, learned
from bot.doubt import USUAL
from bot.memory.calibrations import Calibrations, JudgedQuestion, hint
from bot.memory.tables import judged_questions
from bot.memory.turns import Turns
from bot.messages import Answer, Outcome, Trace, TurnId, Verdict
from bot.ports import Ending
from tenancy.audit import Audit
from tenancy.database import Database
from tenancy.quotas import Allowance
from tenancy.tenants import Tenant
from tests.bot.fakes import question, viewer
from tests.tenancy.servers import new_tenant

NOW, BEFORE = "minilm/now", "minilm/before"


def questions(tenant_asks: Sequence[float], nobody_answers: Sequence[float], made_by: str = NOW) -> list[JudgedQuestion]:
    return [
        JudgedQuestion(question=f"{made_by}{answerable}{number}", asker="ana", answerable=answerable, doubt=doubt, made_by=made_by)
        for answerable, doubts in ((True, tenant_asks), (False, nobody_answers))
        for number, doubt in enumerate(doubts)
    ]


async def rated(database: Database, tenant: Tenant, name: str, outcome: Outcome, doubt: float, *verdicts: Verdict, by: str = NOW) -> None:
    """A turn that was finished, and what people said of it."""
    turns = Turns(database, Audit(database), Allowance(database))
    asker = replace(viewer("ana"), tenant=tenant.id)
    one = question(name, by=asker, id=TurnId(name), among=[replace(viewer("bo"), tenant=tenant.id)])
    trace = Trace(intent="ask", query=name, doubt={"value": doubt, "by": by} if by else None)
    await turns.open(one)
    await turns.close(one, Ending(answer=Answer(outcome=outcome, text="", doubt=doubt), trace=trace, took_ms=1, first_ms=1))
    for person, verdict in enumerate(verdicts):
        await turns.rate(replace(viewer(f"person{person}"), tenant=tenant.id), one.id, verdict, "")


async def test_of_nobody_anything_is_known_the_usual_thresholds(database: Database, tenant: Tenant) -> None:
    calibrations = Calibrations(database)
    assert await calibrations.thresholds(tenant.id, NOW) == USUAL
    await calibrations.learn(tenant.id)
    assert await calibrations.thresholds(tenant.id, NOW) == USUAL
    assert await calibrations.judged(tenant.id) == {}


async def test_what_the_admin_judged_is_learned_of_at_once_and_for_that_tenant_alone(database: Database, tenant: Tenant) -> None:
    calibrations, other = Calibrations(database), await new_tenant(database)
    plain, strange = [0.01, 0.02, 0.03, 0.05] * 4, [0.1, 0.2, 0.3] * 2
    await calibrations.judge(tenant.id, questions(plain, strange))
    wanted = learned([*(Judged(one, answerable=True) for one in plain), *(Judged(one, answerable=False) for one in strange)])
    found = await calibrations.thresholds(tenant.id, NOW)
    assert wanted is not None
    assert (found.nearest, found.refuse) == (pytest.approx(wanted.nearest), pytest.approx(wanted.refuse))
    assert found.nearest < USUAL.nearest
    assert await calibrations.thresholds(other.id, NOW) == USUAL


async def test_another_ranking_or_model_forgets_what_was_learned(database: Database, tenant: Tenant) -> None:
    calibrations = Calibrations(database)
    await calibrations.judge(tenant.id, questions([0.01] * 10, [0.1] * 10, BEFORE))
    assert await calibrations.thresholds(tenant.id, BEFORE) != USUAL
    assert await calibrations.thresholds(tenant.id, NOW) == USUAL
    asked_again = [replace(one, made_by=NOW, doubt=0.5) for one in questions([0.01] * 10, [0.1] * 10, BEFORE)]
    await calibrations.judge(tenant.id, asked_again)
    assert {made_by: len(judged) for made_by, judged in (await calibrations.judged(tenant.id)).items()} == {NOW: 20}
    assert await calibrations.thresholds(tenant.id, BEFORE) == USUAL


async def test_questions_may_be_as_long_as_they_like_in_any_script(database: Database, tenant: Tenant) -> None:
    calibrations = Calibrations(database)
    letters = random.Random(7)  # noqa: S311 - of a pattern, PostgreSQL would make a short key
    written = "".join(chr(letters.randrange(0x430, 0x450)) for _ in range(3_500))
    asked = [
        JudgedQuestion(question=text, asker=asker, answerable=True, doubt=0.25, made_by=NOW)
        for text in (written, written[:-1])
        for asker in ("ana", "bo")
    ]
    await calibrations.judge(tenant.id, asked)
    await calibrations.judge(tenant.id, [replace(asked[0], answerable=False)])
    assert sorted((await calibrations.judged(tenant.id))[NOW]) == sorted(
        [Judged(0.25, answerable=False), *[Judged(0.25, answerable=True)] * 3]
    )
    async with database.tenant(tenant.id) as connection:
        kept = set(await connection.scalars(select(judged_questions.c.question)))
    assert kept == {written, written[:-1]}


async def test_the_same_question_in_other_letters_is_judged_once(database: Database, tenant: Tenant) -> None:
    calibrations = Calibrations(database)
    asked = JudgedQuestion(question="Where is the VPN?", asker="ana", answerable=True, doubt=0.5, made_by=NOW)
    await calibrations.judge(tenant.id, [asked, replace(asked, question="where is the vpn?", answerable=False)])
    assert await calibrations.judged(tenant.id) == {NOW: [Judged(0.5, answerable=False)]}


@pytest.mark.parametrize(
    ("admins", "nights"),
    [pytest.param(1, 3, id="the nightly job and an admin"), pytest.param(4, 0, id="admins with one file, sorted anew")],
)
async def test_many_may_judge_and_learn_at_the_same_time(database: Database, tenant: Tenant, admins: int, nights: int) -> None:
    calibrations = Calibrations(database)
    asked = questions([0.01] * 5, [0.1] * 5)
    await calibrations.judge(tenant.id, asked[::2])
    for _ in range(3):
        judging = (calibrations.judge(tenant.id, asked if admin % 2 else asked[::-1]) for admin in range(admins))
        await asyncio.gather(*judging, *(calibrations.learn(tenant.id) for _ in range(nights)))
    assert {made_by: len(judged) for made_by, judged in (await calibrations.judged(tenant.id)).items()} == {NOW: 10}
    assert await calibrations.thresholds(tenant.id, NOW) != USUAL


async def test_feedback_is_learned_of_by_night(database: Database, tenant: Tenant) -> None:
    calibrations = Calibrations(database)
    for number in range(6):
        await rated(database, tenant, f"good{number}", Outcome.ANSWER, 0.02, Verdict.HELPFUL)
        await rated(database, tenant, f"bad{number}", Outcome.ANSWER, 0.3, Verdict.NOT_HELPFUL)
    assert await calibrations.thresholds(tenant.id, NOW) == USUAL
    await calibrations.learn(tenant.id)
    assert (await calibrations.thresholds(tenant.id, NOW)).nearest < USUAL.nearest


async def test_of_feedback_counts_what_most_said_of_answers_whose_doubt_is_known(database: Database, tenant: Tenant) -> None:
    good, bad = Verdict.HELPFUL, Verdict.NOT_HELPFUL
    await rated(database, tenant, "most liked it", Outcome.NEAREST, 0.625, good, good, bad)
    await rated(database, tenant, "as many did not", Outcome.ANSWER, 0.25, good, bad)
    await rated(database, tenant, "it did not help", Outcome.ANSWER, 0.125, bad)
    await rated(database, tenant, "refused", Outcome.REFUSAL, 0.875, bad)
    await rated(database, tenant, "a guess by words", Outcome.ANSWER, 0.5, bad, by="")
    await rated(database, tenant, "nobody said anything", Outcome.ANSWER, 0.5)
    assert await Calibrations(database).judged(tenant.id) == {
        NOW: [Judged(0.125, answerable=False, weight=0.5), Judged(0.625, answerable=True, weight=1.0)]
    }


@pytest.mark.parametrize(
    ("outcome", "helpful", "says"),
    [
        pytest.param(Outcome.ANSWER, 1.0, True, id="a helpful answer was one"),
        pytest.param(Outcome.NEAREST, 1.0, True, id="what helped was an answer, whatever we said of it"),
        pytest.param(Outcome.ANSWER, 0.0, False, id="an answer that did not help may have been none"),
        pytest.param(Outcome.NEAREST, 0.0, False, id="the nearest did not help"),
        pytest.param(Outcome.ANSWER, 0.5, None, id="people disagree"),
        pytest.param(Outcome.REFUSAL, 1.0, None, id="a refusal"),
        pytest.param(Outcome.APOLOGY, 0.0, None, id="an apology"),
    ],
)
def test_a_verdict_hints_at_whether_there_was_an_answer(outcome: Outcome, helpful: float, *, says: bool | None) -> None:
    found = hint(0.4, outcome, helpful)
    assert (found and found.answerable) == says
