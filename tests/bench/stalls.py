"""How long the event loop was kept from everything else."""

import asyncio
import time
from collections.abc import Sequence
from statistics import quantiles
from typing import Self

_TICK_S = 0.001


class Stalls:
    """Looks every millisecond, for as long as the block takes, how much processor time this thread has spent since.

    Processor time, not time: what other processes on the same cores took is not the loop's doing.
    """

    def __init__(self) -> None:
        self._stretches: list[float] = []

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()

    def figures_ms(self) -> tuple[float, float]:
        """Milliseconds: the 99th of a hundred, and the longest."""
        return _p99(self._stretches) * 1000, max(self._stretches) * 1000

    async def _watch(self) -> None:
        while True:
            spent = time.thread_time()
            await asyncio.sleep(_TICK_S)
            self._stretches.append(time.thread_time() - spent)


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]
