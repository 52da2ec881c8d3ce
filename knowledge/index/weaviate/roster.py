"""Which principals occur in a tenant's lists of readers, for viewers who hold very many.

A filter of 3,000 principals costs a search 3 ms, or 32 ms where the server has no QUERY_BATCHED_CONTAINS_ENABLED; one of 20,000 costs 22 or
230 ms (20,000 passages, 2 cores). Few of so many occur in any document: only those are asked for.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

from tenancy.viewer import Principal

MANY = 3_000
KEPT_S = 10.0
"""How long what another process writes for a principal that was in no list before is hidden from a viewer who holds so many."""
_PATIENCE_S = 1.0  # 20,000 passages take 0.3 s
_GIVEN_UP_S = 60.0


class Roster:
    """The principals of one tenant as they were a few seconds ago, and all that this process has written."""

    def __init__(self, read: Callable[[], Awaitable[Collection[Principal] | None]]) -> None:
        """`read` asks the server; None if there are more than it will tell."""
        self._read = read
        self._occur: Collection[Principal] | None = None
        self._written: set[Principal] = set()
        self._until = 0.0
        self._reading = asyncio.Lock()

    def add(self, principals: Collection[Principal]) -> None:
        """To be told before they are written."""
        self._written.update(principals)

    async def narrowed(self, principals: Collection[Principal]) -> Collection[Principal]:
        """Those that occur, if it pays to know; all of them if it cannot be known. Never one that was not given."""
        if len(principals) < MANY:
            return principals
        async with self._reading:
            if self._until < time.monotonic():
                await self._refresh()
        if self._occur is None:
            return principals
        return {one for one in principals if one in self._occur or one in self._written}

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                self._occur = await self._read()
        except TimeoutError:
            self._occur = None
        self._until = time.monotonic() + (_GIVEN_UP_S if self._occur is None else KEPT_S)
