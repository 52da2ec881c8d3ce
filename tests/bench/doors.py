"""How fast a door acknowledges events that come in their own time, and how soon the answer stands in the thread."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from tests.bench.platforms import ACKNOWLEDGED, Platform, furnish, p50_p95, serving
from tests.journeys import product

_LAPS = 3  # their median counts: one stall of the disk of .2 s is the p99 of a lap


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Milliseconds, and events that were not acknowledged."""

    acknowledged_p50_ms: float
    acknowledged_p99_ms: float
    refused: int
    answered_ms: dict[int, tuple[float, float]]  # questions a second -> p50, p95 from event to posted answer


async def measure(
    home: Path, platform: Platform, *, rate: int = 100, seconds: int = 20, question_rates: tuple[int, ...] = (1, 10)
) -> Figures:
    """One door: one process takes events, another works on them; then events alone, with nobody at work."""
    await furnish(home)
    async with platform, serving(home, platform, "web") as front:
        await platform.open_at(front.url)
        async with serving(home, platform, "worker"):
            await answers_ms(platform, front.url, 1, 1)  # what is loaded once is not the question's time
            answered = {each: p50_p95(await answers_ms(platform, front.url, each, 30)) for each in question_rates}
        laps = [await _open_loop(platform, front.url, rate, seconds) for _ in range(_LAPS)]
    times = [[took for took, status in lap if status == ACKNOWLEDGED] for lap in laps]
    return Figures(
        acknowledged_p50_ms=median(map(median, times)),
        acknowledged_p99_ms=median(quantiles(lap, n=100)[98] for lap in times),
        refused=sum(map(len, laps)) - sum(map(len, times)),
        answered_ms=answered,
    )


async def answers_ms(platform: Platform, url: str, rate: int, questions: int, slug: str = product.SLUG) -> list[float]:
    """Milliseconds from event to posted answer of `questions`, `rate` of them a second."""
    started, asked, sent = asyncio.get_running_loop().time(), [], []
    for number in range(questions):
        await asyncio.sleep(max(0.0, started + number / rate - asyncio.get_running_loop().time()))
        asked.append(platform.ask(f"({time.monotonic()}) How long is parental leave?", slug))
        sent.append(asyncio.create_task(platform.send(url, asked[-1])))
    assert set(await asyncio.gather(*sent)) == {ACKNOWLEDGED}
    return await platform.waits_ms(asked)


async def _open_loop(platform: Platform, url: str, rate: int, seconds: int) -> list[tuple[float, int]]:
    """`rate` events a second, each sent in its own time, however long the others take: milliseconds until acknowledged, and how."""
    started, sent = asyncio.get_running_loop().time(), []
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, started + number / rate - asyncio.get_running_loop().time()))
        sent.append(asyncio.create_task(_sent(platform, url, f"How long is parental leave, number {number}?")))
    return await asyncio.gather(*sent)


async def _sent(platform: Platform, url: str, text: str) -> tuple[float, int]:
    question = platform.ask(text)
    started = time.perf_counter()
    status = await platform.send(url, question)
    return (time.perf_counter() - started) * 1000, status
