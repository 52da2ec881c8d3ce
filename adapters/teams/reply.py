"""Fulfils `bot.reply.Reply`: one answer, in its conversation, once.

A bot cannot read a conversation of Teams back, but it can update what it posted, any number of times. So the first thing that is posted
says what is being done; its name is kept; and the outcome is put in its place. Whoever takes over from a worker that was lost puts it
there again. One that was lost between posting and keeping the name leaves that first line behind, and never a second answer. So does a
post that was not answered: nobody can tell whether its line stands there, and without its name it cannot be taken away. The button
for more in private is a message of its own, posted at most once: whoever is lost before it leaves the sentence that offers the same.
"""

from contextlib import suppress

from adapters.answering import Post
from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.heard import Asked
from adapters.teams import render
from adapters.teams.client import TeamsClient
from bot import texts
from bot.messages import Answer, TurnId
from bot.reply import Step


class TeamsReply:
    """One answer on its way into one conversation."""

    def __init__(self, client: TeamsClient, asked: Asked, turn: TurnId, post: Post, url: str) -> None:
        """`url` is the public base URL, or empty."""
        self._client = client
        self._asked = asked
        self._turn = turn
        self._post = post
        self._url = url
        self._has_said = False

    async def step(self, step: Step) -> None:
        """Say what is being done, once: each change is one call of a few a second.

        If it cannot be said, the answer is worked on all the same, and no other line is tried: after `MayHaveHappened` it would be the
        second, after the others one more to wait for. `finish` then begins anew, and fails if this is still so.
        """
        if not self._asked.addressed or self._has_said or self._post.name is not None:
            return
        self._has_said = True
        with suppress(NotNow, MayHaveHappened, Undeliverable):
            await self._begin(texts.STEPS[step])

    async def extracts(self, answer: Answer) -> None:
        """Wait for the whole answer: one message."""

    async def text(self, written: str) -> None:
        """Wait for the whole answer: one message."""

    async def finish(self, answer: Answer) -> None:
        """Put the outcome in the place of what was posted first."""
        if answer.silent:
            await self._withdraw()
            return
        if self._post.name is None:
            # A line first here too: were the outcome posted and that not answered, the next try would make it a second answer.
            await self._begin(texts.STEPS[Step.CHECKING])
        await self._client.update(*self._where, self._post.name or "", render.message(answer, url=self._url, asked=self._asked))
        if answer.withheld and not self._asked.place.direct and await self._post.offering():
            with suppress(Undeliverable, NotNow, MayHaveHappened):  # the answer stands, and says that there is more
                await self._client.post(*self._where, render.private_offer(self._turn))

    async def _begin(self, words: str) -> None:
        await self._post.begin()
        await self._post.done(await self._client.post(*self._where, render.doing(words)))

    async def _withdraw(self) -> None:
        if self._post.name is not None:
            await self._client.remove(*self._where, self._post.name)

    @property
    def _where(self) -> tuple[str, str]:
        return self._asked.place.via, self._asked.place.thread
