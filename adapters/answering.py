"""From a kept event to its one visible outcome: what all doors share. The doors say what was heard, by whom, and where to show it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from adapters.failures import Overtaken, Undeliverable
from adapters.heard import Asked, Heard, Place, Rated, Sought, thread_of, turn_of
from adapters.inbox import Inbox, Kept, Key
from bot import outcomes, texts
from bot.errors import UnknownTurn
from bot.messages import Answer, Ignored, Outcome, Question, TurnId, Verdict
from bot.reply import Reply
from tenancy.audit import Audit
from tenancy.errors import UnknownPerson
from tenancy.viewer import Audience, TenantId, Viewer

_log = logging.getLogger(__name__)


class Ended(NamedTuple):
    """How an event ended."""

    outcome: str  # an `Outcome`, or `ignored`, `rated`, `silent`, `undeliverable`
    reason: str = ""


_MOST_TRIES = 30  # of an event whose workers die again and again, or whose jobs were lost
_UNKNOWN = Ended("ignored", "said by somebody whom the directory does not know")
_UNLINKED = Ended("ignored", "its workspace is linked to nobody")


class Post(Protocol):
    """What is known of the message that shows an outcome; a door keeps it up to date while it posts."""

    @property
    def may_be_there(self) -> bool:
        """Whether somebody before us may have posted it already: look before posting."""

    @property
    def name(self) -> str | None:
        """The platform's name for the message, once there is one."""

    async def begin(self) -> None:
        """About to post."""

    async def done(self, name: str) -> None:
        """Posted."""

    async def offering(self) -> bool:
        """Whether what is posted beside an outcome may be posted now: once, whoever asks, and whatever becomes of it."""


class Door(Protocol):
    """A platform, as far as answering needs it. Calls raise `Undeliverable`, or anything else for what may pass."""

    async def hear(self, kept: Kept) -> Heard | Ignored:
        """What an event says."""

    async def viewer(self, tenant: TenantId, place: Place, person: str) -> Viewer:
        """Who that is, with what they hold. Raises `UnknownPerson`."""

    async def audience(self, tenant: TenantId, place: Place) -> Audience:
        """Everybody who reads a place, looked up now. Of a place whose readers cannot be told, one that may read nothing."""

    async def direct(self, place: Place, person: str) -> Place:
        """The place where that person and we are alone."""

    def reply(self, asked: Asked, turn: TurnId, post: Post) -> Reply:
        """Where the answer is shown."""


class Handling(Protocol):
    """The conversation, as doors see it: `adapters.doorway.Doorway` is one."""

    async def handle(self, question: Question, reply: Reply) -> Answer:
        """Answer a question."""

    async def feedback(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str = "") -> None:
        """Keep a verdict."""


class Threads(Protocol):
    """What was said so far: `bot.memory.turns.Turns` is one."""

    async def in_thread(self, tenant: TenantId, thread: str) -> bool:
        """Whether we have said something in that thread."""

    async def asked_openly(self, tenant: TenantId, turn: TurnId, place: str) -> str | None:
        """The question of a turn that was asked there, in front of others."""


@dataclass(slots=True)
class _Post:
    """A post whose progress is kept with its event."""

    inbox: Inbox
    kept: Kept
    asked: Asked
    turn: TurnId
    name: str | None

    @property
    def may_be_there(self) -> bool:
        return self.kept.may_be_posted

    async def begin(self) -> None:
        await self.inbox.posting(self.kept, self.turn)

    async def done(self, name: str) -> None:
        await self.inbox.posted(self.kept, self.asked.place.thread, name)
        self.name = name

    async def offering(self) -> bool:
        return await self.inbox.offering(self.kept)


class Answering:
    """What a worker does with the events of the inbox."""

    def __init__(self, inbox: Inbox, doors: Mapping[str, Door], conversation: Handling, threads: Threads, audit: Audit) -> None:
        """`doors` by the platform's name."""
        self._inbox = inbox
        self._doors = doors
        self._conversation = conversation
        self._threads = threads
        self._audit = audit

    async def work(self, key: Key, last: bool) -> None:  # noqa: FBT001 - procrastinate's own word for it is a number
        """Bring one event to its outcome. Raises for what may pass, unless it is the `last` try; finished events cost a look."""
        kept = await self._inbox.open(key)
        if kept is None:
            return
        try:
            ended = await self._ended(kept)
        except Overtaken:
            return  # whoever has overtaken us brings it to its outcome
        except Undeliverable as error:
            ended = Ended("undeliverable", str(error))
        except Exception as error:
            if not last and kept.tries < _MOST_TRIES:
                raise
            _log.exception("an event is given up", extra={"platform": key.platform})
            ended = await self._given_up(await self._inbox.open(key) or kept, error)  # anew: what this try has posted is posted
        if ended.outcome == "undeliverable":
            await self._told(kept, "answer.undeliverable", ended.reason)
        await self._inbox.finish(key, ended.outcome, ended.reason)

    async def _ended(self, kept: Kept) -> Ended:
        door = self._doors.get(kept.key.platform)
        if door is None:
            raise Undeliverable(f"The {kept.key.platform} door is closed; set it up again to answer there.")
        heard = await door.hear(kept)
        if isinstance(heard, Ignored):
            return Ended("ignored", heard.reason)
        if isinstance(heard, Rated):
            return await self._rated(door, kept, heard)
        if isinstance(heard, Sought):
            return await self._sought(door, kept, heard)
        return await self._answered(door, kept, heard)

    async def _answered(self, door: Door, kept: Kept, asked: Asked) -> Ended:
        turn, thread = turn_of(kept.key.platform, asked), thread_of(kept.key.platform, asked.place)
        if await self._inbox.is_shown(turn, but_by=kept.key):
            return Ended("ignored", "another event of the same question was answered")
        reply = door.reply(asked, turn, _Post(self._inbox, kept, asked, turn, kept.post))
        if kept.tenant is None:
            return await self._refused(reply, texts.NOT_LINKED) if asked.addressed else _UNLINKED
        if not asked.addressed and not await self._threads.in_thread(kept.tenant, thread):
            return Ended("ignored", "said in a thread that we are not in")
        try:
            viewer = await door.viewer(kept.tenant, asked.place, asked.person)
        except UnknownPerson:
            return await self._refused(reply, texts.NOT_KNOWN) if asked.addressed else _UNKNOWN
        audience = Audience() if asked.place.direct else await self._audience(door, kept, kept.tenant, asked.place)
        question = Question(
            id=turn,
            viewer=viewer,
            audience=audience,
            thread=thread,
            text=asked.text,
            asked_at=asked.asked_at,
            place="" if asked.place.direct else asked.place.channel,
            addressed=asked.addressed,
        )
        answer = await self._conversation.handle(question, reply)
        # The others' texts are documents' words, and so is what a refusal names as the nearest.
        said_why = answer.outcome in (Outcome.REFUSAL, Outcome.APOLOGY) and not answer.citations
        return Ended("silent" if answer.silent else answer.outcome.value, answer.text[:200] if said_why else "")

    async def _audience(self, door: Door, kept: Kept, tenant: TenantId, place: Place) -> Audience:
        """All who will see the answer; nobody who may read anything, where the platform will not say who they are."""
        try:
            return await door.audience(tenant, place)
        except Undeliverable as error:
            await self._told(kept, "audience.unknown", str(error))
            return Audience(frozenset({frozenset()}))

    async def _given_up(self, kept: Kept, error: Exception) -> Ended:
        """Whoever asked is told that nothing will come, if even that can be shown."""
        reason = f"given up after several tries: {type(error).__name__}"
        door = self._doors.get(kept.key.platform)
        answer = outcomes.of(error)
        try:
            heard = await door.hear(kept) if door else None
            asked = await self._wished(door, kept, heard, "") if door and isinstance(heard, Sought) else heard
            if door is None or not isinstance(asked, Asked) or not asked.addressed:
                return Ended("undeliverable", reason)
            turn = turn_of(kept.key.platform, asked)
            await door.reply(asked, turn, _Post(self._inbox, kept, asked, turn, kept.post)).finish(answer)
        except Exception as last:  # noqa: BLE001 - the last try of the last try: there is nobody left to tell but an admin
            return Ended("undeliverable", f"{reason}; {last}" if isinstance(last, Undeliverable) else reason)
        return Ended(answer.outcome.value, reason)

    async def _sought(self, door: Door, kept: Kept, sought: Sought) -> Ended:
        """A private answer: to a question that was asked in front of others, or to one's own."""
        if kept.tenant is None:
            return _UNLINKED
        text = await self._threads.asked_openly(kept.tenant, sought.turn, sought.place.channel) if sought.turn else sought.text
        if text is None:
            return Ended("ignored", "wants the answer to a question that is not there")
        return await self._answered(door, kept, await self._wished(door, kept, sought, text))

    async def _wished(self, door: Door, kept: Kept, sought: Sought, text: str) -> Asked:
        """The question of a private answer, where nobody else reads it."""
        place = await door.direct(sought.place, sought.person)
        asked = Asked(place=place, person=sought.person, message=sought.name, text=text, asked_at=sought.asked_at, elsewhere=True)
        again = 1
        while await self._inbox.outcome_of(turn_of(kept.key.platform, asked)) == Outcome.APOLOGY:  # whoever presses again gets a new try
            again += 1
            asked = replace(asked, message=f"{sought.name}:{again}")
        return asked

    async def _refused(self, reply: Reply, sentence: str) -> Ended:
        await reply.finish(Answer(outcome=Outcome.REFUSAL, text=sentence))
        return Ended(Outcome.REFUSAL.value, sentence)

    async def _rated(self, door: Door, kept: Kept, rated: Rated) -> Ended:
        if kept.tenant is None:
            return _UNLINKED
        turn = rated.turn or await self._inbox.turn_of(kept.key.platform, rated.place, rated.post)
        if turn is None:
            return Ended("ignored", "rates an answer that is not there")
        try:
            viewer = await door.viewer(kept.tenant, rated.place, rated.person)
            await self._conversation.feedback(viewer, turn, rated.verdict, rated.comment)
        except UnknownPerson:
            return _UNKNOWN
        except UnknownTurn:
            return Ended("ignored", "rates an answer that is not there, or not theirs")
        return Ended("rated")

    async def _told(self, kept: Kept, what: str, reason: str) -> None:
        """Say to whoever watches over the tenant what the platform would not do, and why."""
        _log.warning("%s: %s", what, reason, extra={"platform": kept.key.platform, "workspace": kept.workspace})
        if kept.tenant is not None:
            await self._audit.append(kept.tenant, "worker", what, kept.key.event, {"reason": reason})
