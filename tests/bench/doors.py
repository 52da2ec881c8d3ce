"""How fast a door acknowledges events that come in their own time, and how soon the answer stands in the thread."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import aiohttp

from tests.journeys import product
from tests.peers.slack import Slack, Workspace

_USER, _CHANNEL = "UANA", "CALL"
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Milliseconds, and events that were not acknowledged."""

    acknowledged_p50_ms: float
    acknowledged_p99_ms: float
    refused: int
    answered_ms: dict[int, tuple[float, float]]  # questions a second -> p50, p95 from event to posted answer


async def measure(home: Path, *, rate: int = 100, seconds: int = 20, question_rates: tuple[int, ...] = (1, 10)) -> Figures:
    """The Slack door: one process takes events, another works on them."""
    await product.furnish(home)
    workspace = Workspace("T1", "UBOT", "B1", "xoxb-1", "s3cret", "A1")
    workspace.add_person(_USER, "ana@acme.example", "Ana")
    workspace.add_channel(_CHANNEL, [_USER, "UBOT"])
    async with Slack(workspace) as slack, aiohttp.ClientSession() as http:
        settings = {
            "SLACK_SIGNING_SECRET": workspace.signing_secret,
            "SLACK_BOT_TOKEN": workspace.token,
            "SLACK_TENANT": product.SLUG,
            "SLACK_API_URL": slack.url,
        }
        async with product.serving(home, settings, "--role", "web") as front:
            world = _World(slack, workspace, http, front.url)
            await world.ready()
            async with product.serving(home, settings, "--role", "worker"):
                await world.answered([await world.ask()])  # what is loaded once is not the question's time
                answered = {each: await world.answers(each, 30) for each in question_rates}
            acknowledged = await world.open_loop(rate, seconds)
    times = [took for took, status in acknowledged if status == _OK]
    return Figures(
        acknowledged_p50_ms=median(times),
        acknowledged_p99_ms=quantiles(times, n=100)[98],
        refused=len(acknowledged) - len(times),
        answered_ms=answered,
    )


@dataclass(slots=True)
class _World:
    slack: Slack
    workspace: Workspace
    http: aiohttp.ClientSession
    url: str

    async def ready(self) -> None:
        while (await self.send("hello"))[1] != _OK:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.1)

    async def send(self, text: str) -> tuple[float, int]:
        """Milliseconds until it was acknowledged, and how."""
        event = self.workspace.mention(_USER, _CHANNEL, text)
        started = time.perf_counter()
        status = await self.slack.send_event(self.http, self.url, event)
        return (time.perf_counter() - started) * 1000, status

    async def open_loop(self, rate: int, seconds: int) -> list[tuple[float, int]]:
        """`rate` events a second, each sent in its own time, however long the others take."""
        started, sent = asyncio.get_running_loop().time(), []
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, started + number / rate - asyncio.get_running_loop().time()))
            sent.append(asyncio.create_task(self.send(f"How long is parental leave, number {number}?")))
        return await asyncio.gather(*sent)

    async def ask(self) -> str:
        """Ask; returns the thread."""
        event = self.workspace.mention(_USER, _CHANNEL, f"How long is parental leave, asked at {time.monotonic()}?")
        await self.slack.send_event(self.http, self.url, event)
        return str(event["ts"])

    async def answers(self, rate: int, questions: int) -> tuple[float, float]:
        """p50 and p95, milliseconds from an event to its posted answer."""
        asked = []
        for _ in range(questions):
            asked.append(await self.ask())
            await asyncio.sleep(1 / rate)
        times = await self.answered(asked)
        return median(times), quantiles(times, n=20)[18]

    async def answered(self, threads: list[str]) -> list[float]:
        """Milliseconds between each question and its answer, by Slack's own clock."""
        await self.slack.wait_for(lambda: all(self.workspace.posts(_CHANNEL, thread) for thread in threads), timeout=120)
        return [(float(self.workspace.posts(_CHANNEL, thread)[0].ts) - float(thread)) * 1000 for thread in threads]
