"""Turns on PostgreSQL: opened when a question comes, closed when it has its one outcome."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, update
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
            made = await connection.execute(insert(turns).values(**_asked(question)).on_conflict_do_nothing().returning(turns.c.id))
            is_new = made.first() is not None
            answer = None if is_new else await _stored(connection, question)
            past = () if answer else await _recalled(connection, question)
            if is_new:  # last: the tenant's other questions wait for this row
                await self._allowance.reserve(question.viewer.tenant, within=connection)
        return Opening(is_new=is_new, answer=answer, past=past)

    async def close(self, question: Question, ending: Ending) -> Answer:
        """Keep how the turn ended, with its line of the audit; the answer that stands, another one if the turn was finished meanwhile."""
        ended = {
            "intent": ending.trace.intent or None,
            "outcome": ending.answer.outcome.value,
            "answer": from_answer(ending.answer),
            "trace": from_trace(ending.trace),
            "took_ms": ending.took_ms,
            "first_ms": ending.first_ms,
            "finished_at": func.now(),
        }
        upsert = insert(turns).values(**_asked(question), **ended)
        upsert = upsert.on_conflict_do_update(index_elements=[turns.c.id], set_=ended, where=_same_and_open(question))
        async with self._database.tenant(question.viewer.tenant) as connection:
            if (await connection.execute(upsert.returning(turns.c.id))).first() is None:
                return await _stored(connection, question) or ending.answer
            await self._audit.append(*_line(question, ending), within=connection)
            if ending.refunded:
                await self._allowance.give_back(question.viewer.tenant, within=connection)
        return ending.answer

    async def interrupt(self, question: Question, trace: Trace, took_ms: float) -> None:
        """Keep what is known of a turn that nobody waits for any more; it stays open, so the same id can be asked again."""
        known = {"intent": trace.intent or None, "trace": from_trace(trace), "took_ms": took_ms}
        async with self._database.tenant(question.viewer.tenant) as connection:
            await connection.execute(insert(turns).values(**_asked(question)).on_conflict_do_nothing())
            await connection.execute(update(turns).where(turns.c.id == question.id, _same_and_open(question)).values(**known))

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


def _same_and_open(question: Question) -> ColumnElement[bool]:
    same = (turns.c.person == question.viewer.person) & (turns.c.thread == question.thread)
    return same & (turns.c.place == place_of(question)) & turns.c.finished_at.is_(None)


async def _stored(connection: AsyncConnection, question: Question) -> Answer | None:
    """The answer of this question's finished turn; None while it is open."""
    row = (await connection.execute(select(turns).where(turns.c.id == question.id))).one()
    if (row.person, row.thread, row.place) != (question.viewer.person, question.thread, place_of(question)):
        raise UnknownTurn(UnknownTurn.__doc__)
    return to_answer(row.answer) if row.finished_at else None


async def _recalled(connection: AsyncConnection, question: Question) -> tuple[Turn, ...]:
    rows = (await connection.execute(_recall(question))).all()
    return tuple(_turn(row) for row in reversed(rows))


def _recall(question: Question) -> Select[Any]:
    scope = scope_of(question)
    query = select(turns, turns.c.trace["query"].astext.label("query")).where(
        turns.c.thread == scope.thread,
        turns.c.id != question.id,
        turns.c.finished_at.is_not(None),
        turns.c.intent.is_distinct_from(_UNSPOKEN),
    )
    if scope.person is not None:
        query = query.where(turns.c.person == scope.person)
    if scope.place is not None:
        query = query.where(turns.c.place == scope.place)
    return query.order_by(turns.c.ordinal.desc()).limit(MOST_TURNS)


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
