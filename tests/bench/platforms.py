"""Slack and Teams as the benches need them: people who ask in turn, each question in a thread of its own, and what stands there.

Twenty people of each company take turns, since one person may ask 30 questions a minute; each has a channel with us alone.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from tests.journeys import product
from tests.peers.slack import Json, Slack, Workspace
from tests.peers.teams import App, Call, Done, EntraTenant, Teams

ACKNOWLEDGED = web.HTTPOk.status_code
PEOPLE = 20
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asked."""

    thread: str  # the platform's name for where the answer belongs
    event: Json  # what the platform sends of it, each time the same
    asked_at: float  # seconds since 1970


class Platform(ABC):
    """A platform whose people know us. Inside `async with`, `settings` are what the product is to be given."""

    name: str
    settings: dict[str, str]

    def __init__(self) -> None:
        self.answered_at: dict[str, float] = {}  # thread -> when its first outcome was put there, seconds since 1970

    @abstractmethod
    def ask(self, text: str, slug: str = product.SLUG) -> Question:
        """Somebody of that company asks; nothing is sent yet."""

    @abstractmethod
    async def send(self, url: str, question: Question) -> int:
        """Tell the product, as the platform does; the status it answers with."""

    @abstractmethod
    def messages(self, question: Question) -> list[str]:
        """Our messages that stand in the question's thread, oldest first."""

    @abstractmethod
    async def _open(self, stack: AsyncExitStack) -> None:
        """Start the platform, and make `settings`."""

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        await self._open(self._stack)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    async def open_at(self, url: str) -> None:
        """Wait until the product takes questions there."""
        hello = self.ask("hello")
        while await self.send(url, hello) != ACKNOWLEDGED:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(_LOOK_EVERY_S)

    def answered(self, questions: Iterable[Question]) -> int:
        """How many of them have an outcome."""
        return sum(question.thread in self.answered_at for question in questions)

    async def until_answered(self, questions: Sequence[Question], patience_s: float) -> bool:
        """Wait until all of them have an outcome. False: none has come for so long."""
        there, since = 0, time.monotonic()
        while there < len(questions) and time.monotonic() - since < patience_s:
            await asyncio.sleep(_LOOK_EVERY_S)
            if (now := self.answered(questions)) > there:
                there, since = now, time.monotonic()
        return there == len(questions)

    async def waits_ms(self, questions: Sequence[Question]) -> list[float]:
        """Milliseconds from each question to its answer, once all are there. Fails where something else is shown."""
        assert await self.until_answered(questions, 60), f"{len(questions) - self.answered(questions)} questions were not answered"
        shown = [self.messages(question) for question in questions]
        assert all(len(texts) == 1 and "16 weeks" in texts[0] for texts in shown), shown
        return [(self.answered_at[question.thread] - question.asked_at) * 1000 for question in questions]


class SlackPlatform(Platform):
    """One workspace."""

    name = "Slack"

    def __init__(self) -> None:
        super().__init__()
        self._workspace = Workspace("T1", "UBOT", "B1", "xoxb-1", "s3cret", "A1")
        for number, email in enumerate(_emails(product.SLUG)):
            self._workspace.add_person(f"U{number}", email, f"Person {number}")
            self._workspace.add_channel(f"C{number}", [f"U{number}", "UBOT"])
        self._turns = cycle(range(PEOPLE))
        self._slack = _TimedSlack(self._workspace, self.answered_at)

    async def _open(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self._slack)
        self._http = await stack.enter_async_context(aiohttp.ClientSession())
        self.settings = {
            "SLACK_SIGNING_SECRET": self._workspace.signing_secret,
            "SLACK_BOT_TOKEN": self._workspace.token,
            "SLACK_TENANT": product.SLUG,
            "SLACK_API_URL": self._slack.url,
        }

    def ask(self, text: str, slug: str = product.SLUG) -> Question:
        number = next(self._turns)
        event = self._workspace.mention(f"U{number}", f"C{number}", text)
        return Question(event["ts"], event, time.time())

    async def send(self, url: str, question: Question) -> int:
        return await self._slack.send_event(self._http, url, question.event, event_id=f"Ev{question.thread}")

    def messages(self, question: Question) -> list[str]:
        return [post.text for post in self._workspace.posts(question.event["channel"], question.thread)]


class TeamsPlatform(Platform):
    """One Entra tenant for each company, all with the same bot."""

    name = "Teams"

    def __init__(self, *slugs: str) -> None:
        """Without `slugs`, one company."""
        super().__init__()
        self._app = App("77777777-0000-0000-0000-000000000007", "s3cret", _entra(0))
        self._tenants = {slug: EntraTenant(_entra(number), self._app) for number, slug in enumerate(slugs or (product.SLUG,))}
        self._channels = {slug: cycle(_channels(slug, tenant)) for slug, tenant in self._tenants.items()}
        self._teams = _TimedTeams(self._tenants.values(), self.answered_at)

    async def _open(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self._teams)
        urls = [tenant.service_url for tenant in self._tenants.values()]
        self._tokens = {url: self._teams.token(url) for url in urls}  # an hour is enough
        # Each company has connections of its own: nobody waits in line before the product is even called.
        self._http = {url: await stack.enter_async_context(aiohttp.ClientSession()) for url in urls}
        self.settings = {
            "TEAMS_APP_ID": self._app.id,
            "TEAMS_APP_SECRET": self._app.secret,
            "TEAMS_APP_TENANT": self._app.tenant,
            "TEAMS_LINK": ",".join(f"{tenant.id}={slug}" for slug, tenant in self._tenants.items()),
            "TEAMS_OPENID_URL": self._teams.openid_url,
            "TEAMS_ALLOWED_SERVICE_URLS": ",".join(self._tokens),
            "MICROSOFT_LOGIN_URL": self._teams.login_url,
        }

    def ask(self, text: str, slug: str = product.SLUG) -> Question:
        person, channel = next(self._channels[slug])
        activity = self._tenants[slug].mentioned(person, channel, text)
        return Question(activity["conversation"]["id"], activity, time.time())

    async def send(self, url: str, question: Question) -> int:
        home = question.event["serviceUrl"]
        return (await self._teams.send(self._http[home], url, question.event, header=self._tokens[home])).status

    def messages(self, question: Question) -> list[str]:
        return [post.text for post in self._teams.posts(question.thread)]


class _TimedSlack(Slack):
    """Notes when something was first posted in a thread."""

    def __init__(self, workspace: Workspace, noted: dict[str, float]) -> None:
        super().__init__(workspace)
        self._noted = noted

    def _done(self, request: web.Request, workspace: Workspace | None, method: str, arguments: Json) -> Json:
        answer = super()._done(request, workspace, method, arguments)
        if method == "chat.postMessage" and answer.get("ok"):
            self._noted.setdefault(arguments["thread_ts"], time.time())
        return answer


class _TimedTeams(Teams):
    """Notes when a message was first put in the place of another: the outcome in that of the first line."""

    def __init__(self, tenants: Iterable[EntraTenant], noted: dict[str, float]) -> None:
        super().__init__(*tenants)
        self._noted = noted

    def _done(self, call: Call) -> Done:
        done = super()._done(call)
        if (call.verb, call.kind, done.status) == ("PUT", "activity", web.HTTPOk.status_code):
            self._noted.setdefault(call.path["conversation"], time.time())
        return done


async def furnish(home: Path, *slugs: str) -> None:
    """A company for each of `slugs` with the people who ask; without any, one company."""
    for slug in slugs or (product.SLUG,):
        await product.furnish(home, slug, {email: [] for email in _emails(slug)})


@asynccontextmanager
async def serving(home: Path, platform: Platform, role: str) -> AsyncIterator[product.Product]:
    """The product with that platform's door open; told to stop at the end of the block, so that its embedded servers end too."""
    async with product.serving(home, platform.settings, "--role", role) as running:
        yield running
        await running.stop()


def p50_p95(times: Sequence[float]) -> tuple[float, float]:
    """The median, and what 19 of 20 stay under."""
    return median(times), quantiles(times, n=20)[18]


def _emails(slug: str) -> list[str]:
    return [f"person{number}@{slug}.example" for number in range(PEOPLE)]


def _entra(number: int) -> str:
    return f"{number + 1:08}-2222-3333-4444-555555555555"


def _channels(slug: str, tenant: EntraTenant) -> list[tuple[str, str]]:
    """Everybody who asks, and their channel."""
    people = [tenant.add_person(f"aaaaaaaa-0000-0000-0000-{n:012}", email, f"Person {n}") for n, email in enumerate(_emails(slug))]
    return [(person.aad, tenant.channel([person.aad])) for person in people]
