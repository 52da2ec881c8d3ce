"""Questions through a door while its workers, or everything, are killed: what was acknowledged is answered, once.

    python -m tests.bench.kills --questions 200 --worker-kills 50 --process-kills 20 --single-kills 10 --door both

The process is told nothing (SIGKILL) and started again at once: at random moments, and every second time just after a question was
acknowledged, while it is worked on. Questions come for as long as there are kills, each
again and again until it is acknowledged, as the platforms do. Written to `kills.md`: how many were acknowledged, and how many of them
have one answer, two, none. In Teams a first line may be left behind, which is counted by itself and is no answer. Then kills one at a time,
beside a second worker: how soon it finishes what the first was at.
"""

import argparse
import asyncio
import random
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import aiohttp

from bot import texts
from tests.bench.platforms import ACKNOWLEDGED, Platform, Question, SlackPlatform, TeamsPlatform, furnish, serving
from tests.bench.tables import rows_of, table
from tests.journeys import product

WRITTEN = Path(__file__).with_name("kills.md")
DOORS: dict[str, Callable[[], Platform]] = {"slack": SlackPlatform, "teams": TeamsPlatform}
KILLED = {"worker": "the worker", "all": "everything"}  # by the role of the process
HEAD = ("door", "killed", "kills", "acknowledged", "answered once", "twice", "none", "first line left", "answered amid kills", "slowest")

SINGLE_HEAD = ("door", "a worker killed at a question, another alive", "from the kill to the answer, median", "slowest")

_SEED = 20261128
_LIFE_S = (0.2, 8.0)  # from a process that is up to its end; the first answer takes about 4
_AT_WORK_S = (0.0, 0.15)  # from a question's acknowledgement to the end of who works on it
_NO_QUESTION_S = 3.0  # then it ends all the same
_SENT_AGAIN_AFTER_S = 0.3  # sooner than any platform does, as kills come sooner than anywhere
_GIVEN_UP_AFTER_S = 3.0  # as Slack does
_A_KILL_S = 6.0  # until one was made: from one to the next
_PATIENCE_S = 90.0
_WARM_S = 4.0
_TOLD_EVERY_S = 5.0
_DOING = frozenset(texts.STEPS.values())


@dataclass
class Killing:
    """One door, one kind of kill, and what became of the questions."""

    home: Path
    platform: Platform
    role: str
    questions: int
    most: int  # kills
    url: str = ""  # of the door; empty while it is closed
    asked: list[Question] = field(default_factory=list)
    acknowledged_at: dict[str, float] = field(default_factory=dict)  # thread -> seconds since 1970
    killed_at: list[float] = field(default_factory=list)
    started_at: float = field(default_factory=time.time)
    taken: asyncio.Event = field(default_factory=asyncio.Event)  # a question was acknowledged
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def pause_s(self) -> float:
        """Until the next question, so that the last one is asked at about the last kill."""
        made = len(self.killed_at)
        a_kill = (self.killed_at[-1] - self.started_at) / made if made else _A_KILL_S
        return (self.most - made) * a_kill / max(1, self.questions - len(self.asked))

    def progress(self) -> str:
        """For whoever waits."""
        what = f"{self.platform.name}, {KILLED[self.role]}: {len(self.killed_at)} of {self.most} kills"
        taken, answered = len(self.acknowledged_at), self.platform.answered(self.asked)
        return f"{what}, {len(self.asked)} of {self.questions} asked, {taken} acknowledged, {answered} answered"

    def row(self) -> list[str]:
        """For the table."""
        standing = [_standing(self.platform.messages(question)) for question in self.asked]
        answers = Counter(min(2, outcomes) for outcomes, _ in standing)
        counts = (len(self.killed_at), len(self.acknowledged_at), answers[1], answers[2], answers[0], sum(left for _, left in standing))
        amid = sum(at < self.killed_at[-1] for at in self.platform.answered_at.values())
        slowest = max(self.platform.answered_at.get(one, 0.0) - at for one, at in self.acknowledged_at.items())
        return [self.platform.name, KILLED[self.role], *map(str, counts), str(amid), f"{slowest:.1f} s"]

    def wrong(self) -> list[str]:
        """The threads that do not show one answer and nothing else, with what they show."""
        shown = {question.thread: self.platform.messages(question) for question in self.asked}
        return [f"{thread}: {messages}" for thread, messages in shown.items() if _standing(messages) != (1, 0)]


async def run(doors: list[str], questions: int, kills: dict[str, int]) -> list[list[str]]:
    """The table's rows; `kills` by the role of the process."""
    rows = []
    for door in doors:
        for role, most in kills.items():
            if most:
                with tempfile.TemporaryDirectory(prefix="footnote-kills-") as folder:
                    killing = Killing(Path(folder), DOORS[door](), role, questions, most)
                    await _killed(killing)
                rows.append(killing.row())
                _tell("\n".join([killing.progress(), *killing.wrong()]))
    return rows


async def run_single(doors: list[str], kills: int) -> list[list[str]]:
    """The rows of kills one at a time."""
    rows = []
    for door in doors if kills else ():
        with tempfile.TemporaryDirectory(prefix="footnote-kill-") as folder:
            took = await _taken_over(Killing(Path(folder), DOORS[door](), "worker", kills, kills))
        rows.append([DOORS[door]().name, str(len(took)), f"{median(took):.1f} s", f"{max(took):.1f} s"])
    return rows


async def _taken_over(killing: Killing) -> list[float]:
    """Seconds from each kill to the answer of the question that was worked on, which another worker has to finish."""
    took: list[float] = []
    await furnish(killing.home)
    async with killing.platform, _front(killing) as _, serving(killing.home, killing.platform, "worker"):
        await killing.platform.open_at(killing.url)
        while len(took) < killing.most:
            async with product.serving(killing.home, killing.platform.settings, "--role", "worker") as running:
                await _is_up(running)
                question = killing.platform.ask(f"({time.monotonic()}) How long is parental leave?")
                assert await _is_taken(killing, question)
                await asyncio.sleep(random.uniform(0, 0.05))  # noqa: S311 - a moment, no secret
                running.kill()
                killed_at = time.time()
            await killing.platform.until_answered([question], _PATIENCE_S)
            if (at := killing.platform.answered_at[question.thread]) > killed_at:  # else it was answered before, by either
                took.append(at - killed_at)
                _tell(f"{killing.platform.name}: {len(took)} of {killing.most} taken over, the last within {took[-1]:.1f} s")
    return took


async def _is_up(running: product.Product) -> None:
    """Wait until it takes jobs: it does so when it is warm, a moment after it is ready."""
    async with aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{running.url}/readyz") as response:
                if response.status == ACKNOWLEDGED:
                    break
            await asyncio.sleep(0.1)
    await asyncio.sleep(_WARM_S)


async def _killed(killing: Killing) -> None:
    await furnish(killing.home)
    async with killing.platform, _front(killing), asyncio.TaskGroup() as group:
        killing.started_at = time.time()
        killer, telling = group.create_task(_kill_again_and_again(killing)), group.create_task(_keep_telling(killing))
        await _ask(killing)
        while len(killing.killed_at) < killing.most:  # noqa: ASYNC110 - seconds, if any
            await asyncio.sleep(0.1)
        await killing.platform.until_answered(killing.asked, _PATIENCE_S)
        killing.over.set()
        await killer
        telling.cancel()


@asynccontextmanager
async def _front(killing: Killing) -> AsyncIterator[None]:
    """The door, where it is not what is killed."""
    if killing.role == "all":
        yield
        return
    async with serving(killing.home, killing.platform, "web") as front:
        killing.url = front.url
        yield


async def _kill_again_and_again(killing: Killing) -> None:
    """Start, let it work for a moment, kill; and after the last kill let it work until all is over."""
    moments = random.Random(_SEED)  # noqa: S311 - moments, no secrets
    while len(killing.killed_at) < killing.most:
        async with _living(killing) as running:
            await asyncio.sleep(moments.uniform(*_LIFE_S))
            if len(killing.killed_at) % 2:
                await _at_work(killing)
                await asyncio.sleep(moments.uniform(*_AT_WORK_S))
            running.kill()
            killing.killed_at.append(time.time())
    async with _living(killing) as running:
        await killing.over.wait()
        await running.stop()


@asynccontextmanager
async def _living(killing: Killing) -> AsyncIterator[product.Product]:
    """What is killed, and the door with it if it is everything."""
    async with product.serving(killing.home, killing.platform.settings, "--role", killing.role) as running:
        if killing.role == "all":
            killing.url = running.url
        yield running
        if killing.role == "all":
            killing.url = ""


async def _at_work(killing: Killing) -> None:
    """Wait for the next question, for a while."""
    killing.taken.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout(_NO_QUESTION_S):
            await killing.taken.wait()


async def _ask(killing: Killing) -> None:
    """Ask until every question is acknowledged; nobody waits for another's acknowledgement."""
    async with asyncio.TaskGroup() as group:
        for number in range(killing.questions):
            question = killing.platform.ask(f"({number}) How long is parental leave?")
            killing.asked.append(question)
            group.create_task(_send_until_taken(killing, question))
            await asyncio.sleep(killing.pause_s())


async def _send_until_taken(killing: Killing, question: Question) -> None:
    while not await _is_taken(killing, question):  # noqa: ASYNC110 - another process has no event
        await asyncio.sleep(_SENT_AGAIN_AFTER_S)
    killing.acknowledged_at[question.thread] = time.time()
    killing.taken.set()


async def _is_taken(killing: Killing, question: Question) -> bool:
    if not killing.url:
        return False
    try:
        async with asyncio.timeout(_GIVEN_UP_AFTER_S):
            return await killing.platform.send(killing.url, question) == ACKNOWLEDGED
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _keep_telling(killing: Killing) -> None:
    while True:
        await asyncio.sleep(_TOLD_EVERY_S)
        _tell(killing.progress())


def _standing(messages: list[str]) -> tuple[int, int]:
    """Outcomes in a thread, and first lines left behind: one is none as long as nothing else is there, for it may become the outcome."""
    lines = sum(message in _DOING for message in messages)
    outcomes = len(messages) - lines
    return outcomes, lines if outcomes else max(0, lines - 1)


def _tell(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def main() -> None:
    """Run, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=200, help="for each door and kind of kill")
    parser.add_argument("--worker-kills", type=int, default=50)
    parser.add_argument("--process-kills", type=int, default=20)
    parser.add_argument("--single-kills", type=int, default=10)
    parser.add_argument("--door", choices=[*DOORS, "both"], default="both")
    given = parser.parse_args()
    doors = list(DOORS) if given.door == "both" else [given.door]
    rows = asyncio.run(run(doors, given.questions, {"worker": given.worker_kills, "all": given.process_kills}))
    command = shlex.join(["python", "-m", "tests.bench.kills", *sys.argv[1:]])
    written = table("What was killed, and what became of the questions", command, HEAD, rows)
    written += "\n" + rows_of(SINGLE_HEAD, asyncio.run(run_single(doors, given.single_kills)))
    print(written)
    WRITTEN.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
