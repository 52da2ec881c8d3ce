"""How long one company waits while another floods: two companies in Teams, one worker, one question a second beside hundreds at once."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.bench.doors import answers_ms
from tests.bench.platforms import TeamsPlatform, furnish, p50_p95, serving
from tests.journeys import product

_FLOODING, _QUIET = product.SLUG, "globex"
FLOOD = 300  # 15 questions of each person; from the 31st within a minute on they would be refused
_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Milliseconds from event to posted answer, p50 and p95."""

    alone_ms: tuple[float, float]
    beside_ms: tuple[float, float]  # of the questions asked before the flood was answered
    beside: int  # how many those are
    flood_s: float  # from the flood to its last answer


async def measure(home: Path) -> Figures:
    """The quiet company alone; then again while the other asks everything at once."""
    await furnish(home, _FLOODING, _QUIET)
    platform = TeamsPlatform(_FLOODING, _QUIET)
    async with platform, serving(home, platform, "web") as front:
        await platform.open_at(front.url)
        async with serving(home, platform, "worker"):
            await answers_ms(platform, front.url, 1, 1, _QUIET)  # what is loaded once is not the question's time
            alone = await answers_ms(platform, front.url, 1, _SECONDS, _QUIET)
            flood = asyncio.create_task(answers_ms(platform, front.url, 1_000_000, FLOOD, _FLOODING))
            quiet = await answers_ms(platform, front.url, 1, _SECONDS, _QUIET)
            flood_s = max(await flood) / 1000
    beside = quiet[: max(2, min(_SECONDS, int(flood_s)))]
    return Figures(alone_ms=p50_p95(alone), beside_ms=p50_p95(beside), beside=len(beside), flood_s=flood_s)
