"""From a kept event to its one visible outcome, on the real inbox: how each event ends, and what is shown and told when it cannot."""

import secrets
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters import answering as module
from adapters.answering import Answering, Ended, Post
from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.heard import Asked, Heard, Place, Rated, Sought, thread_of, turn_of
from adapters.inbox import Event, Inbox, Kept, Key
from bot import texts
from bot.errors import ModelUnavailable, Unavailable, UnknownTurn
from bot.messages import Answer, Ignored, Outcome, Question, TurnId, Verdict
from bot.reply import Reply, Step
from tenancy.audit import Audit
from tenancy.database import Database
from tenancy.errors import StoreUnavailable, UnknownPerson
from tenancy.installs import Installs
from tenancy.tenants import Tenant
from tenancy.viewer import EVERYONE, Audience, PersonId, TenantId, Viewer

WHEN = datetime(2026, 3, 3, 9, tzinfo=UTC)
TURN = TurnId("a-turn-of-before")
ANSWER = Answer(outcome=Outcome.ANSWER, text="Parental leave lasts 16 weeks.")
READERS = Audience(frozenset({frozenset({EVERYONE})}))


@dataclass
class Shown:
    """Where an outcome is shown: it is posted once it is finished, as a door does it."""

    asked: Asked
    turn: TurnId
    post: Post
    door: "Door"

    async def step(self, step: Step) -> None: ...

    async def extracts(self, answer: Answer) -> None: ...

    async def text(self, written: str) -> None: ...

    async def finish(self, answer: Answer) -> None:
        if answer.silent or self.post.name is not None or (self.post.may_be_there and self.turn in self.door.posted):
            return
        await self.post.begin()
        if self.door.refuses:
            raise self.door.refuses.pop(0)
        self.door.posted.setdefault(self.turn, []).append(answer)
        if self.door.loses:
            raise self.door.loses.pop(0)
        await self.post.done(f"post-{self.turn}")


@dataclass
class Door:
    """A platform of memory. What it hears is what a test says."""

    heard: Heard | Ignored = field(default_factory=lambda: Ignored("not said to us"))
    people: dict[str, Viewer] = field(default_factory=dict)
    fails: dict[str, list[Exception]] = field(default_factory=dict)  # the name of a call -> what it raises, once each
    refuses: list[Exception] = field(default_factory=list)  # instead of a post
    loses: list[Exception] = field(default_factory=list)  # after a post
    posted: dict[TurnId, list[Answer]] = field(default_factory=dict)
    replies: list[Shown] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def called(self, name: str) -> None:
        self.calls.append(name)
        if self.fails.get(name):
            raise self.fails[name].pop(0)

    async def hear(self, kept: Kept) -> Heard | Ignored:
        self.called("hear")
        return self.heard

    async def viewer(self, tenant: TenantId, place: Place, person: str) -> Viewer:
        self.called("viewer")
        if person not in self.people:
            raise UnknownPerson(person, tenant)
        return replace(self.people[person], tenant=tenant)

    async def audience(self, tenant: TenantId, place: Place) -> Audience:
        self.called("audience")
        return READERS

    async def direct(self, place: Place, person: str) -> Place:
        self.called("direct")
        return Place(workspace=place.workspace, channel=f"D-{person}", thread="", direct=True)

    def reply(self, asked: Asked, turn: TurnId, post: Post) -> Shown:
        self.replies.append(Shown(asked, turn, post, self))
        return self.replies[-1]

    @property
    def shown(self) -> list[Answer]:
        """Every outcome that somebody sees."""
        return [answer for answers in self.posted.values() for answer in answers]


@dataclass
class Conversation:
    """A conversation with one answer to everything."""

    answer: Answer = ANSWER
    fails: list[Exception] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    rated: list[tuple[PersonId, TurnId, Verdict, str]] = field(default_factory=list)
    meanwhile: list[Awaitable[object]] = field(default_factory=list)  # happens once while an answer is made

    async def handle(self, question: Question, reply: Reply) -> Answer:
        self.asked.append(question)
        while self.meanwhile:
            await self.meanwhile.pop()
        if self.fails:
            raise self.fails.pop(0)
        await reply.finish(self.answer)
        return self.answer

    async def feedback(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str = "") -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.rated.append((viewer.person, turn, verdict, comment))


@dataclass
class Threads:
    """What was said so far."""

    ours: set[str] = field(default_factory=set)
    open: dict[TurnId, str] = field(default_factory=dict)

    async def in_thread(self, tenant: TenantId, thread: str) -> bool:
        return thread in self.ours

    async def asked_openly(self, tenant: TenantId, turn: TurnId, place: str) -> str | None:
        return self.open.get(turn) if place == "C1" else None


class House:
    """Answering with all its parts, and one event at a time."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self.database = database
        self.tenant = tenant
        self.workspace = f"T{secrets.token_hex(6)}"
        self.door = Door(people={"UANA": viewer("ana")})
        self.conversation = Conversation()
        self.threads = Threads()
        self.inbox = Inbox(database, queue)
        self.audit = Audit(database)
        self.doors: dict[str, Door] = {"slack": self.door}

    def answering(self) -> Answering:
        return Answering(self.inbox, self.doors, self.conversation, self.threads, self.audit)

    async def take(self, heard: Heard | Ignored, *, linked: bool = True) -> Key:
        """Keep an event that says `heard`."""
        self.door.heard = heard
        if linked:
            await Installs(self.database).link("slack", self.workspace, self.tenant.id)
        key = Key("slack", "A1", f"1.1/{secrets.token_hex(8)}")  # as in Teams: a conversation, and what was said in it
        await self.inbox.take(Event(key=key, workspace=self.workspace, thread="t", body=b"{}"), strangers=True)
        return key

    async def ends(self, heard: Heard | Ignored, *, linked: bool = True, last: bool = False) -> Ended:
        """How an event ends that says `heard`."""
        key = await self.take(heard, linked=linked)
        await self.answering().work(key, last)
        return await self.end(key)

    async def end(self, key: Key) -> Ended:
        """How that event ended."""
        async with self.database.control() as connection:
            row = (await connection.execute(text("SELECT outcome, reason FROM inbox WHERE event = :event"), {"event": key.event})).one()
        return Ended(row.outcome, row.reason)

    async def told(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """What an admin of the tenant reads."""
        return [(entry.action, entry.actor, entry.detail) for entry in await self.audit.recent(self.tenant.id)]

    def place(self, **other: Any) -> Place:  # noqa: ANN401 - the place's own fields
        return replace(Place(workspace=self.workspace, channel="C1", thread="1.1", direct=False), **other)

    def asked(self, place: Place | None = None, **other: Any) -> Asked:  # noqa: ANN401 - the question's own fields
        asked = Asked(place=place or self.place(), person="UANA", message="1.1", text="How long is parental leave?", asked_at=WHEN)
        return replace(asked, **other)

    def sought(self, **other: Any) -> Sought:  # noqa: ANN401 - the wish's own fields
        return replace(Sought(place=self.place(thread=""), person="UANA", name="1.3.trigger", asked_at=WHEN), **other)

    def rated(self, **other: Any) -> Rated:  # noqa: ANN401 - the verdict's own fields
        return replace(Rated(place=self.place(thread=""), person="UANA", verdict=Verdict.HELPFUL, turn=TURN), **other)


def viewer(person: str) -> Viewer:
    return Viewer(tenant=TenantId("none"), person=PersonId(person), name=person, principals=frozenset({EVERYONE}))


async def queue(_: AsyncConnection, key: Key, thread: str, place: int) -> None: ...


@pytest.fixture
def house(database: Database, tenant: Tenant) -> House:
    return House(database, tenant)


def undeliverable(reason: str) -> tuple[str, str, Mapping[str, Any]]:
    return "answer.undeliverable", "worker", {"reason": reason}


# What is asked.


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        pytest.param(ANSWER, Ended("answer", ""), id="an answer"),
        pytest.param(
            Answer(outcome=Outcome.NEAREST, text="The nearest."), Ended("nearest", ""), id="the nearest, whose words are a document's"
        ),
        pytest.param(
            Answer(outcome=Outcome.REFUSAL, text="No. " * 100), Ended("refusal", "No. " * 50), id="a refusal, told at its beginning"
        ),
        pytest.param(Answer(outcome=Outcome.APOLOGY, text="Sorry."), Ended("apology", "Sorry."), id="an apology"),
        pytest.param(Answer(outcome=Outcome.REFUSAL, text="Not me.", silent=True), Ended("silent", "Not me."), id="silence"),
    ],
)
async def test_a_question_ends_as_the_conversation_says(house: House, answer: Answer, ended: Ended) -> None:
    house.conversation.answer = answer
    assert await house.ends(house.asked()) == ended
    assert house.door.shown == ([] if answer.silent else [answer])
    assert await house.told() == []


async def test_a_question_in_a_channel_is_asked_before_its_readers(house: House) -> None:
    await house.ends(asked := house.asked())
    (question,) = house.conversation.asked
    assert (question.id, question.thread) == (turn_of("slack", asked), thread_of("slack", asked.place))
    assert (question.text, question.asked_at, question.place) == (asked.text, WHEN, "C1")
    assert (question.viewer.person, question.viewer.tenant, question.audience) == ("ana", house.tenant.id, READERS)


async def test_a_question_in_private_has_no_readers_to_look_up(house: House) -> None:
    await house.ends(house.asked(house.place(channel="D1", direct=True)))
    (question,) = house.conversation.asked
    assert (question.private, question.place) == (True, "")
    assert "audience" not in house.door.calls


async def test_what_is_ignored_shows_nothing(house: House) -> None:
    assert await house.ends(Ignored("said by a bot")) == Ended("ignored", "said by a bot")
    assert (house.door.replies, house.conversation.asked) == ([], [])


async def test_what_is_said_in_a_thread_that_we_are_in_is_a_question(house: House) -> None:
    asked = house.asked(addressed=False)
    house.threads.ours.add(thread_of("slack", asked.place))
    assert (await house.ends(asked)).outcome == "answer"
    assert house.door.shown == [ANSWER]


async def test_what_is_said_in_a_thread_that_we_are_not_in_is_none_and_nobody_is_looked_up(house: House) -> None:
    assert await house.ends(house.asked(addressed=False)) == Ended("ignored", "said in a thread that we are not in")
    assert (house.door.calls, house.door.shown) == (["hear"], [])


async def test_a_thread_of_another_workspace_is_not_ours(house: House) -> None:
    asked = house.asked(addressed=False)
    house.threads.ours.add(thread_of("slack", replace(asked.place, workspace="TOTHER")))
    assert (await house.ends(asked)).outcome == "ignored"


async def test_in_an_unlinked_workspace_whoever_speaks_to_us_is_told(house: House) -> None:
    assert await house.ends(house.asked(), linked=False) == Ended("refusal", texts.NOT_LINKED)
    assert [answer.text for answer in house.door.shown] == [texts.NOT_LINKED]
    assert (house.door.calls, house.conversation.asked) == (["hear"], [])


@pytest.mark.parametrize("kind", ["asked", "sought", "rated"])
async def test_in_an_unlinked_workspace_nothing_else_is_done(house: House, kind: str) -> None:
    said: dict[str, Heard] = {"asked": house.asked(addressed=False), "sought": house.sought(text="x"), "rated": house.rated()}
    assert await house.ends(said[kind], linked=False) == Ended("ignored", "its workspace is linked to nobody")
    assert (house.door.calls, house.door.shown) == (["hear"], [])


async def test_somebody_whom_the_directory_does_not_know_is_told(house: House) -> None:
    assert await house.ends(house.asked(person="UNEW")) == Ended("refusal", texts.NOT_KNOWN)
    assert [answer.text for answer in house.door.shown] == [texts.NOT_KNOWN]
    assert house.conversation.asked == []


async def test_somebody_unknown_who_speaks_to_others_is_not_interrupted(house: House) -> None:
    asked = house.asked(person="UNEW", addressed=False)
    house.threads.ours.add(thread_of("slack", asked.place))
    assert await house.ends(asked) == Ended("ignored", "said by somebody whom the directory does not know")
    assert house.door.shown == []


# Once, whatever happens.


async def test_an_event_that_has_its_outcome_costs_a_look(house: House) -> None:
    key = await house.take(house.asked())
    for _ in range(3):
        await house.answering().work(key, last=False)
    assert (house.door.calls.count("hear"), house.door.shown) == (1, [ANSWER])


async def test_an_event_that_is_not_there_is_no_failure(house: House) -> None:
    await house.answering().work(Key("slack", "A1", "never kept"), last=True)
    assert house.door.calls == []


async def test_what_may_pass_is_raised_and_the_event_stays_open(house: House) -> None:
    key = await house.take(house.asked())
    house.door.fails["audience"] = [NotNow("later")]
    with pytest.raises(NotNow):
        await house.answering().work(key, last=False)
    assert (await house.inbox.open(key), house.door.shown) != (None, [])
    assert await house.told() == []
    await house.answering().work(key, last=False)
    assert (await house.end(key), house.door.shown) == (Ended("answer"), [ANSWER])


async def test_the_next_try_knows_what_the_one_before_was_about_to_post(house: House) -> None:
    key = await house.take(house.asked())
    house.door.loses = [MayHaveHappened("chat.postMessage")]
    with pytest.raises(MayHaveHappened):
        await house.answering().work(key, last=False)
    await house.answering().work(key, last=False)
    first, second = house.door.replies
    assert (first.post.may_be_there, second.post.may_be_there) == (False, True)
    assert (await house.end(key), house.door.shown) == (Ended("answer"), [ANSWER])


async def test_a_try_that_is_overtaken_shows_nothing_and_ends_nothing(house: House) -> None:
    key = await house.take(house.asked())
    house.conversation.meanwhile = [house.inbox.open(key)]
    await house.answering().work(key, last=True)
    assert house.door.shown == []
    await house.answering().work(key, last=False)
    assert (await house.end(key), house.door.shown) == (Ended("answer"), [ANSWER])


async def test_an_event_whose_tries_never_end_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_TRIES", 3)
    key = await house.take(house.asked())
    house.conversation.fails = [RuntimeError() for _ in range(3)]
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await house.answering().work(key, last=False)
    await house.answering().work(key, last=False)
    assert (await house.end(key)).outcome == "apology"


async def test_where_the_platform_will_not_say_who_reads_nothing_of_anybodys_is_said_and_an_admin_is_told(house: House) -> None:
    house.door.fails["audience"] = [Undeliverable("missing_scope")]
    assert (await house.ends(house.asked())).outcome == "answer"
    (question,) = house.conversation.asked
    assert question.audience == Audience(frozenset({frozenset()}))
    assert await house.told() == [("audience.unknown", "worker", {"reason": "missing_scope"})]


async def test_the_next_try_knows_what_the_one_before_posted(house: House) -> None:
    key = await house.take(house.asked())
    turn = turn_of("slack", house.asked())
    kept = await house.inbox.open(key)
    assert kept is not None
    await house.inbox.posting(kept, turn)
    await house.inbox.posted(kept, "1.1", "1.2")
    await house.answering().work(key, last=False)
    assert [reply.post.name for reply in house.door.replies] == ["1.2"]
    assert house.door.shown == []


async def test_a_post_is_found_by_its_name_afterwards(house: House) -> None:
    asked = house.asked()
    await house.ends(asked)
    turn = turn_of("slack", asked)
    assert await house.inbox.turn_of("slack", house.place(), f"post-{turn}") == turn


# The last try.


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(RuntimeError("secret words"), texts.UNEXPECTED, id="whatever it was"),
        pytest.param(MayHaveHappened("users.info"), texts.UNEXPECTED, id="a platform that does not answer"),
        pytest.param(StoreUnavailable(), str(StoreUnavailable()), id="a database that is away"),
        pytest.param(ModelUnavailable(Unavailable.SLOW), str(ModelUnavailable(Unavailable.SLOW)), id="a model"),
    ],
)
async def test_on_the_last_try_whoever_asked_is_told(house: House, error: Exception, said: str) -> None:
    house.conversation.fails = [error]
    ended = await house.ends(house.asked(), last=True)
    assert ended == Ended("apology", f"given up after several tries: {type(error).__name__}")
    assert [(answer.text, answer.outcome) for answer in house.door.shown] == [(said, Outcome.APOLOGY)]
    assert await house.told() == []


async def test_on_the_last_try_a_failure_before_the_question_is_told_too(house: House) -> None:
    house.door.fails["viewer"] = [NotNow("users.info")]
    assert (await house.ends(house.asked(), last=True)).outcome == "apology"
    assert [answer.outcome for answer in house.door.shown] == [Outcome.APOLOGY]


@pytest.mark.parametrize("error", [Undeliverable("gone"), MayHaveHappened("lost"), RuntimeError("odd")], ids=repr)
async def test_an_apology_that_cannot_be_shown_is_told_an_admin(house: House, error: Exception) -> None:
    house.conversation.fails, house.door.refuses = [RuntimeError()], [error]
    reason = "given up after several tries: RuntimeError" + ("; gone" if isinstance(error, Undeliverable) else "")
    assert await house.ends(house.asked(), last=True) == Ended("undeliverable", reason)
    assert await house.told() == [undeliverable(reason)]


async def test_what_cannot_be_heard_is_given_up_on_the_last_try(house: House) -> None:
    house.door.fails["hear"] = [ValueError("odd"), ValueError("odd")]
    assert await house.ends(house.asked(), last=True) == Ended("undeliverable", "given up after several tries: ValueError")
    assert house.door.shown == []


async def test_nobody_who_did_not_speak_to_us_hears_an_apology(house: House) -> None:
    asked = house.asked(addressed=False)
    house.threads.ours.add(thread_of("slack", asked.place))
    house.conversation.fails = [RuntimeError()]
    assert (await house.ends(asked, last=True)).outcome == "undeliverable"
    assert house.door.shown == []


async def test_a_verdict_that_cannot_be_kept_is_told_an_admin_and_nobody_else(house: House) -> None:
    house.conversation.fails = [StoreUnavailable()]
    assert (await house.ends(house.rated(), last=True)).outcome == "undeliverable"
    assert house.door.shown == []
    assert len(await house.told()) == 1


async def test_an_event_that_is_given_up_is_in_the_log_with_what_happened(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.conversation.fails = [RuntimeError("odd")]
    await house.ends(house.asked(), last=True)
    (record,) = [record for record in caplog.records if record.getMessage() == "an event is given up"]
    assert record.exc_info is not None
    assert record.exc_info[0] is RuntimeError


@pytest.mark.parametrize("lost", [MayHaveHappened("chat.postMessage"), StoreUnavailable()], ids=["the platform's answer", "our own note"])
async def test_on_the_last_try_an_answer_that_may_be_there_gets_no_apology_beside_it(house: House, lost: Exception) -> None:
    house.door.loses = [lost]
    await house.ends(house.asked(), last=True)
    assert house.door.shown == [ANSWER]


@pytest.mark.parametrize("wish", [{"text": "How long?"}, {"turn": TURN}], ids=["a command", "a button"])
async def test_on_the_last_try_whoever_wanted_a_private_answer_is_told(house: House, wish: dict[str, Any]) -> None:
    house.threads.open[TURN] = "How long?"
    house.conversation.fails = [RuntimeError()]
    ended = await house.ends(house.sought(**wish), last=True)
    assert (ended.outcome, [answer.outcome for answer in house.door.shown]) == ("apology", [Outcome.APOLOGY])


async def test_why_an_apology_could_not_be_shown_is_told(house: House) -> None:
    house.conversation.fails, house.door.refuses = [RuntimeError()], [Undeliverable("Install the app again.")]
    assert "Install the app again." in (await house.ends(house.asked(), last=True)).reason


# What cannot be shown.


@pytest.mark.parametrize("last", [False, True], ids=["at first", "at last"])
async def test_what_the_platform_will_not_show_is_told_an_admin_at_once(house: House, last: bool) -> None:  # noqa: FBT001 - a table's column
    house.door.refuses = [Undeliverable("Slack refuses chat.postMessage: is_archived. The channel is archived.")]
    reason = "Slack refuses chat.postMessage: is_archived. The channel is archived."
    assert await house.ends(house.asked(), last=last) == Ended("undeliverable", reason)
    assert await house.told() == [undeliverable(reason)]
    assert house.door.shown == []


async def test_the_audit_names_the_event_and_none_of_its_words(house: House) -> None:
    house.door.refuses = [Undeliverable("gone")]
    key = await house.take(house.asked(text="secret words"))
    await house.answering().work(key, last=False)
    (entry,) = await house.audit.recent(house.tenant.id)
    assert entry.subject == key.event
    assert "secret" not in str(entry)


async def test_of_an_unlinked_workspace_the_log_tells(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.door.refuses = [Undeliverable("gone")]
    assert await house.ends(house.asked(), linked=False) == Ended("undeliverable", "gone")
    (record,) = [record for record in caplog.records if "answer.undeliverable: gone" in record.getMessage()]
    assert (record.__dict__["workspace"], record.__dict__["platform"]) == (house.workspace, "slack")
    assert await house.told() == []


async def test_events_of_a_door_that_was_closed_are_told_an_admin(house: House) -> None:
    house.doors.clear()
    reason = "The slack door is closed; set it up again to answer there."
    assert await house.ends(house.asked()) == Ended("undeliverable", reason)
    assert await house.told() == [undeliverable(reason)]


# A private answer.


async def test_a_private_answer_to_an_open_question_goes_to_who_wants_it(house: House) -> None:
    house.threads.open[TURN] = "How long?"
    assert (await house.ends(house.sought(turn=TURN, name=f"{TURN}:UANA"))).outcome == "answer"
    (question,), (reply,) = house.conversation.asked, house.door.replies
    assert (question.text, question.private, question.asked_at) == ("How long?", True, WHEN)
    assert (reply.asked.place.channel, reply.asked.elsewhere, reply.asked.message) == ("D-UANA", True, f"{TURN}:UANA")
    assert question.id not in {TURN, ""}


async def test_two_who_want_the_same_answer_get_one_each(house: House) -> None:
    house.threads.open[TURN] = "How long?"
    house.door.people["UBOB"] = viewer("bob")
    for user in ("UANA", "UBOB"):
        await house.ends(house.sought(turn=TURN, person=user, name=f"{TURN}:{user}"))
    assert [question.viewer.person for question in house.conversation.asked] == ["ana", "bob"]
    assert len(house.door.posted) == 2


async def test_who_presses_twice_is_answered_once(house: House) -> None:
    house.threads.open[TURN] = "How long?"
    for _ in range(2):
        await house.ends(house.sought(turn=TURN, name=f"{TURN}:UANA"))
    assert house.door.shown == [ANSWER]


async def test_a_private_answer_to_ones_own_question_needs_no_turn(house: House) -> None:
    assert (await house.ends(house.sought(text="How long?"))).outcome == "answer"
    assert [question.text for question in house.conversation.asked] == ["How long?"]


async def test_a_question_that_was_not_asked_openly_is_answered_to_nobody_else(house: House) -> None:
    ended = await house.ends(house.sought(turn=TURN))
    assert ended == Ended("ignored", "wants the answer to a question that is not there")
    assert (house.door.calls, house.conversation.asked) == (["hear"], [])


async def test_a_question_that_was_asked_elsewhere_is_not_answered_here(house: House) -> None:
    house.threads.open[TURN] = "How long?"
    assert (await house.ends(house.sought(turn=TURN, place=house.place(channel="C2")))).outcome == "ignored"


async def test_whoever_presses_again_after_an_apology_is_answered_then_and_after_an_answer_not(house: House) -> None:
    house.threads.open[TURN] = "How long?"
    house.conversation.answer = apology = Answer(outcome=Outcome.APOLOGY, text="Sorry.")
    ends = [await house.ends(house.sought(turn=TURN))]
    ends.append(await house.ends(house.sought(turn=TURN)))
    house.conversation.answer = ANSWER
    ends += [await house.ends(house.sought(turn=TURN)) for _ in range(2)]
    assert [end.outcome for end in ends] == ["apology", "apology", "answer", "ignored"]
    assert house.door.shown == [apology, apology, ANSWER]


async def test_somebody_unknown_who_wants_a_private_answer_is_told_in_private(house: House) -> None:
    assert await house.ends(house.sought(text="How long?", person="UNEW")) == Ended("refusal", texts.NOT_KNOWN)
    (reply,) = house.door.replies
    assert reply.asked.place.channel == "D-UNEW"


async def test_a_private_place_that_cannot_be_had_is_told_an_admin(house: House) -> None:
    house.door.fails["direct"] = [Undeliverable("cannot_dm_bot")]
    assert await house.ends(house.sought(text="How long?")) == Ended("undeliverable", "cannot_dm_bot")


# A verdict.


async def test_a_verdict_is_kept_for_its_turn(house: House) -> None:
    assert await house.ends(house.rated(verdict=Verdict.NOT_HELPFUL, comment="old")) == Ended("rated")
    assert house.conversation.rated == [("ana", TURN, Verdict.NOT_HELPFUL, "old")]
    assert house.door.shown == []


async def test_a_verdict_on_a_post_is_kept_for_the_turn_that_it_shows(house: House) -> None:
    asked = house.asked()
    await house.ends(asked)
    turn = turn_of("slack", asked)
    rated = house.rated(turn=None, post=f"post-{turn}", place=house.place())
    assert await house.ends(rated) == Ended("rated")
    assert house.conversation.rated == [("ana", turn, Verdict.HELPFUL, "")]


async def test_a_verdict_on_a_post_of_another_workspace_is_none(house: House) -> None:
    asked = house.asked()
    await house.ends(asked)
    elsewhere = house.rated(turn=None, post=f"post-{turn_of('slack', asked)}", place=house.place(workspace="TOTHER"))
    assert await house.ends(elsewhere) == Ended("ignored", "rates an answer that is not there")
    assert house.conversation.rated == []


@pytest.mark.parametrize(
    ("rated", "failure", "reason"),
    [
        pytest.param({"turn": None, "post": "nothing"}, None, "rates an answer that is not there", id="a post that is none of ours"),
        pytest.param({}, UnknownTurn("no"), "rates an answer that is not there, or not theirs", id="an answer that is not theirs"),
        pytest.param({"person": "UNEW"}, None, "said by somebody whom the directory does not know", id="somebody unknown"),
    ],
)
async def test_a_verdict_that_counts_for_nothing_is_ignored(
    house: House, rated: dict[str, Any], failure: Exception | None, reason: str
) -> None:
    house.conversation.fails = [failure] if failure else []
    assert await house.ends(house.rated(**rated)) == Ended("ignored", reason)
    assert (house.conversation.rated, house.door.shown) == ([], [])


# The names of turns, threads and lanes.


def test_a_turn_is_the_same_whichever_event_told_of_its_message(house: House) -> None:
    asked = house.asked()
    assert turn_of("slack", asked) == turn_of("slack", replace(asked, text="", person="U2", addressed=False))
    others = [replace(asked, message="1.2"), house.asked(house.place(channel="C2")), house.asked(house.place(workspace="T2"))]
    assert len({turn_of("slack", asked), turn_of("teams", asked), *(turn_of("slack", one) for one in others)}) == 5
    assert turn_of("slack", replace(asked, message="\ud800"))
