"""Turns on PostgreSQL: opened when a question comes, closed when it has its one outcome."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, Row, Text, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import UnknownTurn
from bot.memory.codec import from_answer, from_trace, to_answer
from bot.memory.privacy import PRIVATE, place_of, scope_of
from bot.memory.tables import feedback, turns
from bot.messages import Answer, Question, Trace, Turn, TurnId, Verdict
from bot.ports import Ending, Opening
from tenancy.audit import Audit
from tenancy.database import Database
from tenancy.quotas import Allowance
from tenancy.viewer import TenantId, Viewer

MOST_TURNS = 8
"""Turns that a thread is remembered by."""
MOST_CHARACTERS = 1_500
"""Characters of each question and each answer that are recalled."""
_UNSPOKEN = "not_for_me"  # turns that were not meant for us are no part of the conversation


def _kept(values: Mapping[str, ColumnElement[Any]]) -> Executable:
    """Keep `values` with the turn, made if it is not there; nothing, and no row, if it is finished or another question's."""
    made = insert(turns).values({name: bindparam(name) for name in _ASKED} | dict(values))
    given = made.excluded
    same = (turns.c.person == given.person) & (turns.c.thread == given.thread) & (turns.c.place == given.place)
    kept = {name: given[name] for name in values}
    return made.on_conflict_do_update(index_elements=[turns.c.id], set_=kept, where=same & turns.c.finished_at.is_(None)).returning(
        turns.c.id
    )


# Made once: to build a statement takes as long as PostgreSQL takes to answer it.
_ASKED = ("id", "thread", "person", "place", "question", "asked_at")
_OPEN = insert(turns).on_conflict_do_nothing().returning(turns.c.id)
_KNOWN: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in ("intent", "trace", "took_ms")}
_CLOSE = _kept(_KNOWN | {name: bindparam(name) for name in ("outcome", "answer", "first_ms")} | {"finished_at": func.now()})
_INTERRUPT = _kept(_KNOWN)
_STORED = select(turns.c.person, turns.c.thread, turns.c.place, turns.c.answer, turns.c.finished_at).where(turns.c.id == bindparam("id"))
_IN_THREAD = select(
    exists().where(turns.c.thread == bindparam("thread"), turns.c.finished_at.is_not(None), turns.c.intent.is_distinct_from(_UNSPOKEN))
)
_ASKED_OPENLY = select(turns.c.question).where(turns.c.id == bindparam("id"), turns.c.place == bindparam("at"), turns.c.place != PRIVATE)
_only_person, _only_place = bindparam("only_person", type_=Text), bindparam("only_place", type_=Text)
_RECALL = (
    select(
        turns.c.id,
        turns.c.question,
        turns.c.answer,
        turns.c.intent,
        turns.c.asked_at,
        turns.c.person,
        turns.c.trace["query"].astext.label("query"),
    )
    .where(
        turns.c.thread == bindparam("thread"),
        turns.c.id != bindparam("id"),
        turns.c.finished_at.is_not(None),
        turns.c.intent.is_distinct_from(_UNSPOKEN),
        or_(_only_person.is_(None), turns.c.person == _only_person),
        or_(_only_place.is_(None), turns.c.place == _only_place),
    )
    .order_by(turns.c.ordinal.desc())
    .limit(MOST_TURNS)
)


class Turns:
    """The turns of all threads, tenant by tenant."""

    def __init__(self, database: Database, audit: Audit, allowance: Allowance) -> None:
        """Every call is one transaction of `database`, under the tenant's role, with its line of the `audit` and what it costs."""
        self._database = database
        self._audit = audit
        self._allowance = allowance

    async def open(self, question: Question) -> Opening:
        """Keep the question as a turn and pay for it, unless it is kept already, and recall its thread.

        Raises `UnknownTurn` if that id belongs to a question of another person, thread or audience; `AllowanceSpent`, and keeps
        nothing, if the month's questions are used up.
        """
        async with self._database.tenant(question.viewer.tenant) as connection:
            made = await connection.execute(_OPEN, _asked(question))
            is_new = made.first() is not None
            answer = None if is_new else await _stored(connection, question)
            past = () if answer else await _recalled(connection, question)
            if is_new:  # last: the tenant's other questions wait for this row
                await self._allowance.reserve(question.viewer.tenant, within=connection)
        return Opening(is_new=is_new, answer=answer, past=past)

    async def close(self, question: Question, ending: Ending) -> Answer:
        """Keep how the turn ended, with its line of the audit; the answer that stands, another one if the turn was finished meanwhile."""
        ended = {
            **_known(ending.trace, ending.took_ms),
            "outcome": ending.answer.outcome.value,
            "answer": from_answer(ending.answer),
            "first_ms": ending.first_ms,
        }
        async with self._database.tenant(question.viewer.tenant) as connection:
            if (await connection.execute(_CLOSE, _asked(question) | ended)).first() is None:
                return await _stored(connection, question) or ending.answer
            await self._audit.append(*_line(question, ending), within=connection)
            if ending.refunded:
                await self._allowance.give_back(question.viewer.tenant, within=connection)
        return ending.answer

    async def in_thread(self, tenant: TenantId, thread: str) -> bool:
        """Whether we have said something in that thread."""
        async with self._database.tenant(tenant) as connection:
            return bool(await connection.scalar(_IN_THREAD, {"thread": thread}))

    async def asked_openly(self, tenant: TenantId, turn: TurnId, place: str) -> str | None:
        """The question of a turn that was asked at `place`, in front of others; None if there is no such turn."""
        async with self._database.tenant(tenant) as connection:
            found: str | None = await connection.scalar(_ASKED_OPENLY, {"id": turn, "at": place})
        return found

    async def asked_since(self, tenant: TenantId, moment: datetime) -> bool:
        """Whether anybody has asked anything since then."""
        async with self._database.tenant(tenant) as connection:
            return bool(await connection.scalar(select(exists().where(turns.c.asked_at >= moment))))

    async def interrupt(self, question: Question, trace: Trace, took_ms: float) -> None:
        """Keep what is known of a turn that nobody waits for any more; it stays open, so the same id can be asked again."""
        async with self._database.tenant(question.viewer.tenant) as connection:
            await connection.execute(_INTERRUPT, _asked(question) | _known(trace, took_ms))

    async def rate(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str) -> None:
        """Keep what a person thinks of an answer; their last word counts.

        Raises `UnknownTurn` if there is no such turn, or it was a private one of somebody else.
        """
        given = {"verdict": verdict.value, "comment": comment, "given_at": func.now()}
        upsert = insert(feedback).values(turn=turn, person=viewer.person, **given)
        upsert = upsert.on_conflict_do_update(index_elements=[feedback.c.turn, feedback.c.person], set_=given)
        visible = (turns.c.place != PRIVATE) | (turns.c.person == viewer.person)
        async with self._database.tenant(viewer.tenant) as connection:
            known = await connection.execute(select(turns.c.id).where(turns.c.id == turn, turns.c.finished_at.is_not(None), visible))
            if known.first() is None:
                raise UnknownTurn(UnknownTurn.__doc__)
            await connection.execute(upsert)
            await self._audit.append(viewer.tenant, viewer.person, "answer.rated", turn, {"verdict": verdict.value}, within=connection)


def _line(question: Question, ending: Ending) -> tuple[TenantId, str, str, str, dict[str, Any]]:
    """The audit line: who asked, how it ended, which documents were shown. No words of questions or documents."""
    answer = ending.answer
    detail = {
        "intent": ending.trace.intent,
        "outcome": answer.outcome.value,
        "private": question.private,
        "documents": list(dict.fromkeys(citation.document for citation in answer.citations)),
        "withheld": answer.withheld,
    }
    return question.viewer.tenant, question.viewer.person, "question.answered", question.id, detail


def _asked(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "thread": question.thread,
        "person": question.viewer.person,
        "place": place_of(question),
        "question": question.text,
        "asked_at": question.asked_at,
    }


def _known(trace: Trace, took_ms: float) -> dict[str, Any]:
    return {"intent": trace.intent or None, "trace": from_trace(trace), "took_ms": took_ms}


async def _stored(connection: AsyncConnection, question: Question) -> Answer | None:
    """The answer of this question's finished turn; None while it is open."""
    row = (await connection.execute(_STORED, {"id": question.id})).one()
    if (row.person, row.thread, row.place) != (question.viewer.person, question.thread, place_of(question)):
        raise UnknownTurn(UnknownTurn.__doc__)
    return to_answer(row.answer) if row.finished_at else None


async def _recalled(connection: AsyncConnection, question: Question) -> tuple[Turn, ...]:
    scope = scope_of(question)
    within = {"id": question.id, "thread": scope.thread, "only_person": scope.person, "only_place": scope.place}
    rows = (await connection.execute(_RECALL, within)).all()
    return tuple(_turn(row) for row in reversed(rows))


def _turn(row: Row[Any]) -> Turn:
    answer = to_answer(row.answer)
    return Turn(
        id=TurnId(row.id),
        question=row.question[:MOST_CHARACTERS],
        answer=replace(answer, text=answer.text[:MOST_CHARACTERS]),
        intent=row.intent or "",
        asked_at=row.asked_at,
        person=row.person,
        query=(row.query or "")[:MOST_CHARACTERS],
    )
