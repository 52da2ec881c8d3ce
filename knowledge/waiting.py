"""Waiting for several things at once."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def all_of(*awaited: Awaitable[Result]) -> list[Result]:
    """What each comes to, in their order. Raises the first failure among them once all have ended: none is left behind at work."""
    results = await asyncio.gather(*awaited, return_exceptions=True)
    done = [result for result in results if not isinstance(result, BaseException)]
    if len(done) < len(results):
        raise next(result for result in results if isinstance(result, BaseException))
    return done
