"""Calls to a platform, made again where that is safe: four tries in all, with growing pauses between them."""

import random
from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from adapters.failures import MayHaveHappened, NotNow

_TRIES: Final = 4
_FIRST_PAUSE_S: Final = 0.75
_LONGEST_PAUSE_S: Final = 3.0  # of what a platform asks for; longer, and the job waits in the queue, where it keeps nobody else waiting

Result = TypeVar("Result")


class NothingDone(NotNow):
    """The platform puts a call off, or could not be reached: whoever made it may make it again."""

    def __init__(self, message: str, retry_after: str = "0") -> None:
        """`retry_after`: the platform's header of that name; what is no number of seconds asks for none."""
        super().__init__(message)
        try:
            self.wanted_s = float(retry_after)
        except ValueError:
            self.wanted_s = 0.0


async def once(call: Callable[[], Awaitable[Result]]) -> Result:
    """Make a call that must not have its effect twice: again only after `NothingDone`. Raises what the last try raised."""
    return await _made(call, NothingDone)


async def surely(call: Callable[[], Awaitable[Result]]) -> Result:
    """Make a call that may be made any number of times: again after `MayHaveHappened` too. Raises what the last try raised."""
    return await _made(call, NothingDone, MayHaveHappened)


async def _made(call: Callable[[], Awaitable[Result]], *passing: type[Exception]) -> Result:
    for tried in range(1, _TRIES):
        try:
            return await call()
        except passing as error:
            wanted_s = error.wanted_s if isinstance(error, NothingDone) else 0.0
            if not wanted_s <= _LONGEST_PAUSE_S:  # nan too
                raise
        await sleep(_pause_s(tried, wanted_s))
    return await call()


def _pause_s(tried: int, wanted_s: float) -> float:
    """What the platform wants, and no less than one that doubles; with jitter, so that workers do not come back together."""
    return max(wanted_s + random.uniform(0, 0.2), _FIRST_PAUSE_S * 2.0 ** (tried - 1) * random.uniform(0.5, 1.0))  # noqa: S311
