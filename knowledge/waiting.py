"""Waiting for several things at once."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")
Other = TypeVar("Other")


async def all_of(*awaited: Awaitable[Result]) -> list[Result]:
    """What each comes to, in their order. Raises the first failure among them once all have ended: none is left behind at work."""
    results = await asyncio.gather(*awaited, return_exceptions=True)
    done = [result for result in results if not isinstance(result, BaseException)]
    if len(done) < len(results):
        raise next(result for result in results if isinstance(result, BaseException))
    return done


async def both(one: Awaitable[Result], other: Awaitable[Other]) -> tuple[Result, Other]:
    """Both answers, or an error once both are done: who has asked may close what they were asked over."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    if isinstance(first, BaseException):
        raise first
    if isinstance(second, BaseException):
        raise second
    return first, second
