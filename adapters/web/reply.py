"""Fulfils `bot.reply.Reply`: one answer as a stream of server-sent events, or kept for a page that has no script.

    event: step       {"step", "html"}                    what is being done, in words
    event: extracts   {"html"}                            the cited extracts, at most once
    event: text       {"html"}                            the written answer so far, each longer than the last
    event: final      {"html", "turn", "outcome", "silent", "sources", "spoken"}   in place of all that was shown before
    event: failed     {"error"}                           instead of `final`, when something broke; a sentence

Each is one line of JSON. A comment line says that the stream is alive when nothing else has for a while.
"""

import asyncio
import json
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiohttp import web

from adapters.web import render
from adapters.web.guard import SAFE_HEADERS
from adapters.web.render import Setting
from bot.messages import Answer
from bot.reply import Step
from bot.texts import joined

PACE = 0.06
"""Seconds between two showings of a growing text: as often as people notice, and no more rendering than that."""

PATIENCE = 10.0
"""Seconds that a page may take to accept what it is sent; then it counts as gone."""

SPOKEN = 300
"""Characters of an answer that are read aloud when it arrives; the rest is there to be read."""


class Stream:
    """One answer on its way into one page. A page that has gone away is no error: the answer is kept without it."""

    def __init__(self, setting: Setting, heartbeat: float) -> None:
        """`setting` is who asked and where; `heartbeat` the seconds of silence that are allowed."""
        self.response = web.StreamResponse(headers={**SAFE_HEADERS, "Content-Type": "text/event-stream; charset=utf-8"})
        self.finished = False
        self._setting = setting
        self._heartbeat = heartbeat
        self._shown_at = 0.0
        self._gone = False
        self._beating: asyncio.Task[None] | None = None

    async def open(self, request: web.Request) -> Self:
        """Begin the response; from here on only events can say that something went wrong."""
        self.response.headers["X-Accel-Buffering"] = "no"
        await self.response.prepare(request)
        return self

    async def __aenter__(self) -> Self:
        """Keep the stream alive until the answer is there."""
        self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop the heartbeat and end the response."""
        if self._beating is not None:
            self._beating.cancel()
        if not self._gone:
            with suppress(ConnectionError):
                await self.response.write_eof()

    async def step(self, step: Step) -> None:
        """Say what is being done."""
        await self._send("step", {"step": step, "html": render.step(step)})

    async def extracts(self, answer: Answer) -> None:
        """Show the cited extracts."""
        await self._send("extracts", {"html": render.extracts(answer, self._setting)})

    async def text(self, written: str) -> None:
        """Show the written answer so far; calls that come too fast are left out, since the next one has their text."""
        if time.monotonic() - self._shown_at >= PACE:
            await self._send("text", {"html": render.written(written)})
            self._shown_at = time.monotonic()

    async def finish(self, answer: Answer) -> None:
        """Show the outcome."""
        self.finished = True
        await self._send("final", final(answer, self._setting))

    async def fail(self, sentence: str) -> None:
        """Say that there will be no outcome, unless there was one."""
        if not self.finished:
            await self._send("failed", {"error": sentence})

    async def _send(self, event: str, values: dict[str, object]) -> None:
        """Write one event."""
        await self._write(f"event: {event}\ndata: {json.dumps(values, ensure_ascii=False)}\n\n")

    async def _write(self, text: str) -> None:
        """Write to the page, if it is still there and takes what it is sent."""
        if self._gone:
            return
        try:
            await asyncio.wait_for(self.response.write(text.encode("utf-8", "replace")), PATIENCE)
        except (ConnectionError, TimeoutError):
            self._gone = True

    async def _beat(self) -> None:
        """Say now and then that the stream is alive."""
        while True:
            await asyncio.sleep(self._heartbeat)
            await self._write(": still here\n\n")


class Kept:
    """The outcome alone, for a page that cannot stream."""

    answer: Answer | None = None

    async def step(self, step: Step) -> None:
        """Leave out what is being done."""

    async def extracts(self, answer: Answer) -> None:
        """Leave out the extracts: the outcome comes with the same page."""

    async def text(self, written: str) -> None:
        """Leave out the text so far."""

    async def finish(self, answer: Answer) -> None:
        """Keep the outcome."""
        self.answer = answer


def final(answer: Answer, setting: Setting) -> dict[str, object]:
    """Return what the page is told last."""
    return {
        "html": render.outcome(answer, setting),
        "turn": setting.turn,
        "outcome": answer.outcome,
        "silent": answer.silent,
        "sources": 0 if answer.silent else len(answer.citations),
        "spoken": joined(render.spoken(answer, SPOKEN), render.early(answer, setting)),
    }
