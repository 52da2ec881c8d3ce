"""Questions through a door while its workers, or everything, are killed: what was acknowledged is answered, once.

    python -m tests.bench.kills --questions 200 --worker-kills 50 --process-kills 20

The process is told nothing (SIGKILL) at random moments and started again at once. Printed and returned: how many questions were
acknowledged, and how many of them have one answer, two, none.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.journeys import product
from tests.peers.slack import Slack, Workspace

_SEED = 20261128
_USER, _CHANNEL = "UANA", "CALL"
_BETWEEN_S = (0.2, 2.5)  # from a worker that answers to its end
_PATIENCE_S = 90.0


@dataclass
class Told:
    """What became of the questions."""

    acknowledged: dict[str, float] = field(default_factory=dict)  # thread -> when
    answers: Counter[int] = field(default_factory=Counter)  # answers in a thread -> threads
    kills: int = 0
    slowest_s: float = 0.0  # from a question's acknowledgement to its answer

    def line(self, what: str) -> str:
        """For a table."""
        none, once, twice = self.answers[0], self.answers[1], sum(n for answers, n in self.answers.items() if answers > 1)
        return f"| {what}, {self.kills} kills | {len(self.acknowledged)} | {once} | {twice} | {none} | {self.slowest_s:.1f} s |"


async def run(questions: int, worker_kills: int, process_kills: int) -> list[str]:
    """The table's lines."""
    lines = ["| killed | acknowledged | answered once | twice | none | slowest |", "|---|---|---|---|---|---|"]
    for what, kills, alone in (("the worker", worker_kills, False), ("everything", process_kills, True)):
        if kills:
            with tempfile.TemporaryDirectory(prefix="footnote-kills-") as folder:
                told = await _killed(Path(folder), questions, kills, alone=alone)
            lines.append(told.line(what))
    return lines


async def _killed(home: Path, questions: int, kills: int, *, alone: bool) -> Told:
    await product.furnish(home)
    workspace = _workspace()
    told = Told()
    async with Slack(workspace) as slack, aiohttp.ClientSession() as http:
        settings = {
            "SLACK_SIGNING_SECRET": workspace.signing_secret,
            "SLACK_BOT_TOKEN": workspace.token,
            "SLACK_TENANT": product.SLUG,
            "SLACK_API_URL": slack.url,
        }
        if alone:
            url: list[str] = []
            killing = asyncio.create_task(_again_and_again(home, settings, ("--role", "all"), kills, told, url))
            await _asked(slack, http, lambda: url[0] if url else "", questions, told)
            await _answered(slack, workspace, told)
            killing.cancel()
            with suppress(asyncio.CancelledError):
                await killing
        else:
            async with product.serving(home, settings, "--role", "web") as front:
                killing = asyncio.create_task(_again_and_again(home, settings, ("--role", "worker"), kills, told, []))
                await _asked(slack, http, lambda: front.url, questions, told)
                await _answered(slack, workspace, told)
                killing.cancel()
                with suppress(asyncio.CancelledError):
                    await killing
        told.answers = Counter(len(workspace.posts(_CHANNEL, thread)) for thread in told.acknowledged)
    return told


def _workspace() -> Workspace:
    workspace = Workspace("T1", "UBOT", "B1", "xoxb-1", "s3cret", "A1")
    workspace.add_person(_USER, "ana@acme.example", "Ana")
    workspace.add_channel(_CHANNEL, [_USER, "UBOT"])
    return workspace


async def _again_and_again(
    home: Path, settings: Mapping[str, str], arguments: tuple[str, ...], kills: int, told: Told, url: list[str]
) -> None:
    """Start, let it work for a moment, kill; and after the last kill let it work."""
    moments = random.Random(_SEED)  # noqa: S311 - moments, no secrets
    while True:
        async with product.serving(home, settings, *arguments) as running:
            url[:] = [running.url]
            if told.kills == kills:
                await asyncio.Event().wait()
            await asyncio.sleep(moments.uniform(*_BETWEEN_S))
            url[:] = []
        told.kills += 1  # leaving the block kills


async def _asked(slack: Slack, http: aiohttp.ClientSession, url: Callable[[], str], questions: int, told: Told) -> None:
    """Ask until every question is acknowledged, each again and again as Slack would."""
    (workspace,) = slack.workspaces.values()
    for number in range(questions):
        event = workspace.mention(_USER, _CHANNEL, f"How long is parental leave, asked as number {number}?")
        while not await _sent(slack, http, url(), event, f"Ev{number}"):  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)
        told.acknowledged[event["ts"]] = time.monotonic()
        await asyncio.sleep(0.3)


async def _sent(slack: Slack, http: aiohttp.ClientSession, url: str, event: dict[str, object], name: str) -> bool:
    if not url:
        return False
    try:
        return await slack.send_event(http, url, event, event_id=name) == web.HTTPOk.status_code
    except aiohttp.ClientError:
        return False


async def _answered(slack: Slack, workspace: Workspace, told: Told) -> None:
    """Wait until every kill was made and every question has an answer, or nothing has happened for long."""
    waiting = set(told.acknowledged)

    def all_there() -> bool:
        for thread in [one for one in waiting if workspace.posts(_CHANNEL, one)]:
            waiting.discard(thread)
            told.slowest_s = max(told.slowest_s, time.monotonic() - told.acknowledged[thread])
        return not waiting

    with suppress(AssertionError):
        await slack.wait_for(all_there, timeout=_PATIENCE_S)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--worker-kills", type=int, default=50)
    parser.add_argument("--process-kills", type=int, default=20)
    given = parser.parse_args()
    sys.stdout.write("\n".join(asyncio.run(run(given.questions, given.worker_kills, given.process_kills))) + "\n")
