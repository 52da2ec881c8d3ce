"""How tests wait for what they cannot be told of, and how they tell work that grows too fast, on a machine of any speed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")
PATIENCE_S: Final = 60.0  # until a test that waits in vain fails; never a claim that something is quick
_PAUSE_S: Final = 0.1
_ROUNDS: Final = 3
_SHORTEST_S: Final = 1e-4  # what is measured as less is less than the clock can tell


async def until(ask: Callable[[], Awaitable[T]], seconds: float = PATIENCE_S) -> T:
    """What `ask` says, as soon as that counts as true; it is asked ten times a second. Raises `TimeoutError` after `seconds`."""
    async with asyncio.timeout(seconds):
        while not (said := await ask()):  # noqa: ASYNC110 - what it looks at is outside this process and has no event
            await asyncio.sleep(_PAUSE_S)
    return said


def assert_linear(work: Callable[[T], object], small: T, large: T, times: int) -> None:
    """Fail if `large`, which is `times` as much as `small`, costs more than four times its share of processor time.

    What is quadratic costs `times` times its share, so `times` is best 16 or more. Both are measured in turn, and the best of three
    counts, so neither a slow machine nor a busy one decides.
    """
    rounds = [(_processor_s(work, small), _processor_s(work, large)) for _ in range(_ROUNDS)]
    one, many = (min(seconds) for seconds in zip(*rounds, strict=True))
    least = max(one, _SHORTEST_S)
    assert many < 4 * times * least, f"{times} times as much takes {many / least:.0f} times as long"


def _processor_s(work: Callable[[T], object], argument: T) -> float:
    began = time.process_time()
    work(argument)
    return time.process_time() - began
