"""Nobody runs, and everybody is counted; over a real Redis."""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from adapters.commands.ask import Heard
from adapters.doorway import Doorway
from bot.messages import Answer, Outcome, Question, TurnId, Verdict
from bot.reply import Reply
from tenancy.embedded import EmbeddedServer, redis
from tenancy.pacing import QUESTIONS_A_MINUTE, Pace
from tenancy.viewer import PersonId, TenantId, Viewer
from tests.tenancy.servers import running


@dataclass
class Talk:
    """A conversation that answers everything alike."""

    asked: list[str] = field(default_factory=list)
    rated: list[Verdict] = field(default_factory=list)

    async def handle(self, question: Question, reply: Reply) -> Answer:
        self.asked.append(question.text)
        answer = Answer(outcome=Outcome.ANSWER, text="Yes.")
        await reply.finish(answer)
        return answer

    async def feedback(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str = "") -> None:
        self.rated.append(verdict)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with running(redis(tmp_path_factory.mktemp("redis"))) as server:
        yield server


@pytest_asyncio.fixture
async def pace(server: EmbeddedServer) -> AsyncIterator[Pace]:
    pace = Pace(server.url)
    yield pace
    await pace.close()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def asks(person: str = "ana") -> Question:
    viewer = Viewer(tenant=TenantId("acme"), person=PersonId(person), name=person, principals=frozenset())
    return Question(id=TurnId(secrets.token_hex(8)), viewer=viewer, thread="t", text="May I?", asked_at=datetime.now(UTC))


def doorway(talk: Talk, pace: Pace, registry: CollectorRegistry) -> Doorway:
    return Doorway(cast("Any", talk), pace, registry)


async def test_questions_are_answered_and_counted_by_outcome(pace: Pace, registry: CollectorRegistry) -> None:
    talk = Talk()
    answer = await doorway(talk, pace, registry).handle(asks("counted"), Heard())
    assert (answer.text, talk.asked) == ("Yes.", ["May I?"])
    assert registry.get_sample_value("footnote_questions_total", {"outcome": "answer"}) == 1
    assert registry.get_sample_value("footnote_answer_seconds_count") == 1


async def test_verdicts_are_counted(pace: Pace, registry: CollectorRegistry) -> None:
    talk = Talk()
    await doorway(talk, pace, registry).feedback(asks().viewer, TurnId("t1"), Verdict.HELPFUL)
    assert talk.rated == [Verdict.HELPFUL]
    assert registry.get_sample_value("footnote_feedback_total", {"verdict": "helpful"}) == 1


async def test_who_asks_too_fast_is_told_when_to_ask_again_and_nobody_else_is_held_up(pace: Pace, registry: CollectorRegistry) -> None:
    talk = Talk()
    door = doorway(talk, pace, registry)
    # twice the limit: a minute of the clock may turn over once while they run
    answers = [await door.handle(asks("eager"), Heard()) for _ in range(2 * QUESTIONS_A_MINUTE + 1)]
    refused = [answer for answer in answers if answer.outcome is Outcome.REFUSAL]
    assert refused
    assert "Ask again in" in refused[0].text
    assert len(talk.asked) == len(answers) - len(refused)
    assert (await door.handle(asks("patient"), Heard())).outcome is Outcome.ANSWER


async def test_people_who_talk_to_each_other_are_not_told_to_slow_down(pace: Pace, registry: CollectorRegistry) -> None:
    door = doorway(Talk(), pace, registry)
    answers = [await door.handle(replace(asks("chatty"), addressed=False), Heard()) for _ in range(2 * QUESTIONS_A_MINUTE + 1)]
    refused = [answer for answer in answers if answer.outcome is Outcome.REFUSAL]
    assert refused
    assert all(answer.silent for answer in refused)


async def test_without_redis_nobody_is_held_up(registry: CollectorRegistry) -> None:
    pace = Pace("unix:///nowhere/redis.sock")
    assert not await pace.reachable()
    door = doorway(Talk(), pace, registry)
    answers = [await door.handle(asks(), Heard()) for _ in range(QUESTIONS_A_MINUTE + 5)]
    assert {answer.outcome for answer in answers} == {Outcome.ANSWER}
    await pace.close()
