"""Fulfils `bot.reply.Reply`: one answer, in its thread, once.

Before we post, we keep that we are about to; after it, under which name. Whoever takes over from a worker that was lost in between reads
the thread back and looks for the turn in the messages' metadata: what is there is not posted again.
"""

import logging
from asyncio import sleep
from collections.abc import Mapping
from typing import Any, Final

from adapters.answering import Post
from adapters.failures import MayHaveHappened
from adapters.heard import Asked
from adapters.slack import render
from adapters.slack.client import Refused, SlackClient
from adapters.slack.status import Status
from bot import texts
from bot.messages import Answer, TurnId
from bot.reply import Step

_log = logging.getLogger(__name__)
_LOOKS: Final = 3  # at the thread after a post that was not answered, before the job tries later
_BETWEEN_LOOKS_S: Final = 1.0  # a message may be readable a moment after it was taken
_TOO_MUCH: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
"""What Slack says of a message that it would show if it were plainer."""


class SlackReply:
    """One answer on its way into one thread."""

    def __init__(self, client: SlackClient, asked: Asked, turn: TurnId, post: Post, url: str) -> None:
        """`url` is the public base URL, or empty."""
        self._client = client
        self._asked = asked
        self._place = asked.place
        self._turn = turn
        self._post = post
        self._url = url
        self._status = Status(client, asked.place)

    async def step(self, step: Step) -> None:
        """Say what is being done, where the thread shows it and somebody waits for us."""
        if self._asked.addressed and self._place.thread and not self._post.may_be_there:
            self._status.show(texts.STEPS[step])

    async def extracts(self, answer: Answer) -> None:
        """Wait for the whole answer: one message."""

    async def text(self, written: str) -> None:
        """Wait for the whole answer: one message."""

    async def finish(self, answer: Answer) -> None:
        """Post the outcome, unless it is there already."""
        await self._status.end()
        if not answer.silent:
            await self._shown(answer)
        await self._status.clear(answered=not answer.silent)

    async def _shown(self, answer: Answer) -> None:
        if self._post.name is not None or (self._post.may_be_there and await self._found()):
            return
        await self._post.begin()
        try:
            await self._post.done(await self._posted(answer))
        except MayHaveHappened:
            for _ in range(_LOOKS):
                await sleep(_BETWEEN_LOOKS_S)
                if await self._found():
                    return
            raise

    async def _posted(self, answer: Answer) -> str:
        message = render.message(answer, self._turn, url=self._url, asked=self._asked)
        thread = {"thread_ts": self._place.thread} if self._place.thread else {}
        plain = {"text": message.text, "metadata": message.metadata, **thread}
        try:
            return await self._client.post(self._place.channel, blocks=message.blocks, **plain)
        except Refused as error:
            if error.error not in _TOO_MUCH:
                raise
            about = {"platform": "slack", "workspace": self._place.workspace, "turn": self._turn}
            _log.warning("an answer was shown without its blocks, which Slack does not take: %s", error.error, extra=about)
            return await self._client.post(self._place.channel, **plain)

    async def _found(self) -> bool:
        """Whether the answer stands where it belongs; then its name is kept."""
        channel, thread = self._place.channel, self._place.thread
        since = f"{self._asked.asked_at.timestamp():.6f}"  # the answer cannot stand before its question
        said = self._client.thread(channel, thread) if thread else self._client.latest(channel, since)
        us = await self._client.identity()
        async for message in said:
            if _turn(message) == self._turn and _is_by(us, message):  # any app can write such metadata
                await self._post.done(str(message["ts"]))
                return True
        return False


def _turn(message: Mapping[str, Any]) -> str | None:
    """The turn that a message says it shows."""
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != render.METADATA:
        return None
    payload = metadata.get("event_payload")
    return str(payload.get("turn")) if isinstance(payload, Mapping) else None


def _is_by(us: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """Whether Slack says of a message that it is of the bot, or the user, that our token belongs to."""
    return any(us.get(ours) and message.get(its) == us[ours] for ours, its in (("bot_id", "bot_id"), ("user_id", "user")))
