"""What is being done, as the thread shows it."""

import asyncio

from adapters.heard import Place
from adapters.slack.client import SlackClient


class Status:
    """Shown beside the work, which never waits for it; but an answer is posted only after what is under way, for it would outlive it."""

    def __init__(self, client: SlackClient, place: Place) -> None:
        """Nothing is shown yet."""
        self._client = client
        self._place = place
        self._next: str | None = None
        self._showing: asyncio.Task[None] | None = None
        self._may_come_late = False

    def show(self, words: str) -> None:
        """Show these words as soon as what is under way has ended, unless newer ones come first."""
        self._next = words
        if self._showing is None or self._showing.done():
            self._showing = asyncio.create_task(self._show())

    async def end(self) -> None:
        """Show no more. Call it before the answer is posted; it takes a call's time at most, 1.5 s."""
        self._next = None
        if self._showing:
            await self._showing

    async def clear(self, *, answered: bool) -> None:
        """Take away what was shown: an answer has done that, unless a call of ours was not answered and may have come after it."""
        if self._may_come_late or (self._showing and not answered):
            await self._client.status(self._place.channel, self._place.thread, "")

    async def _show(self) -> None:
        while self._next is not None:
            words, self._next = self._next, None
            self._may_come_late |= not await self._client.status(self._place.channel, self._place.thread, words)
