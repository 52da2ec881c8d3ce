"""Waiting for what another process does: it has no event that a test could wait for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")
_PAUSE_S: Final = 0.1


async def until(ask: Callable[[], Awaitable[T]], seconds: float = 30) -> T:
    """What `ask` says, as soon as that counts as true; it is asked ten times a second. Raises `TimeoutError` after `seconds`."""
    async with asyncio.timeout(seconds):
        while not (said := await ask()):  # noqa: ASYNC110 - see above
            await asyncio.sleep(_PAUSE_S)
    return said
