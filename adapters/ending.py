"""Ending what goes on in the background, even where a cancellation is lost on its way."""

import asyncio
from collections.abc import Collection
from typing import Any


async def end(tasks: Collection["asyncio.Task[Any]"], again_s: float) -> None:
    """Cancel `tasks` and wait until all have ended; what has not after `again_s` seconds is cancelled once more, and so on.

    asyncio, psycopg's pool and procrastinate each lose a cancellation that comes just as something else happens; whoever waited for
    such a task would wait for ever. `again_s` is longer than a task may rightly take to hand back what it does.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again_s)
