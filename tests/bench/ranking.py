"""What the second look at the candidates adds to a search: late interaction, smoothing and wholes, and reading what they need.

The same questions, asked of the same index with and without these stages in turn, each order as often as the other. Every question is
embedded before, so that who comes second gains nothing by that.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from adapters.compose import House, open_house
from adapters.demo.questions import judged
from adapters.settings import Settings
from knowledge.library import Library
from knowledge.ranking import Stage
from tenancy.viewer import Audience, Viewer
from tests.bench.answering import AROUND, fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured; times in milliseconds, p50 and p95."""

    with_both: tuple[float, float]
    without: tuple[float, float]
    added: float  # median over questions


async def measure(home: Path, size: int, questions: int) -> Figures:
    """Search for `questions` in an index of `size` passages."""
    async with open_house(Settings(home=home)) as house:
        tenant = await house.tenants.create("bench", "Bench")
        await house.people.upsert(tenant.id, "bench", {"ana@bench.example": []})
        viewer = await house.people.viewer_by_email(tenant.id, "ana@bench.example")
        await fill(house, viewer, size)
        await house.warm()
        whole = house.library
        bare = whole.without({Stage.LATE, Stage.SMOOTHING, Stage.WHOLES})
        await bare.warm()
        asked = [one.text for one in judged()]
        pairs = []
        for number in range(-10, questions):  # the first ten only warm up
            text = AROUND[number // len(asked) % len(AROUND)] + asked[number % len(asked)]
            pairs.append(await _pair(house, (whole, bare), viewer, text, swapped=number % 2 == 0))
    return _figures(pairs[10:])


async def _pair(house: House, searches: tuple[Library, Library], viewer: Viewer, text: str, *, swapped: bool) -> tuple[float, float]:
    await house.library.embed(text)
    took = [0.0, 0.0]
    for which in (1, 0) if swapped else (0, 1):
        started = time.perf_counter()
        await searches[which].search(viewer, Audience(), text)
        took[which] = (time.perf_counter() - started) * 1000
    return took[0], took[1]


def _figures(pairs: list[tuple[float, float]]) -> Figures:
    both, without = zip(*pairs, strict=True)
    return Figures(
        with_both=(median(both), quantiles(both, n=20)[18]),
        without=(median(without), quantiles(without, n=20)[18]),
        added=median(one - other for one, other in pairs),
    )
