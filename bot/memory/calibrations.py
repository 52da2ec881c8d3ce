"""How much doubt is too much for each tenant, on PostgreSQL: learned of its admin's judged questions and of what people say of answers."""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Double, case, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.calibration import Judged, learned
from bot.doubt import USUAL, Thresholds
from bot.memory.tables import doubt_thresholds, feedback, judged_questions, turns
from bot.messages import Outcome, Verdict
from tenancy.database import Database
from tenancy.viewer import TenantId

_MOST: Final = 2_000  # turns with feedback, the latest
_BY = turns.c.trace["doubt"]["by"].astext
_DOUBT = turns.c.trace["doubt"]["value"].astext.cast(Double)
_helpful = func.avg(case((feedback.c.verdict == Verdict.HELPFUL.value, 1.0), else_=0.0)).cast(Double).label("helpful")
_RATED = (
    select(_BY, _DOUBT, turns.c.outcome, _helpful)
    .join(feedback, feedback.c.turn == turns.c.id)
    .where(turns.c.outcome.in_([Outcome.ANSWER.value, Outcome.NEAREST.value]), func.coalesce(_BY, "") != "")
    .group_by(turns.c.id)
    .order_by(turns.c.ordinal.desc())
    .limit(_MOST)
)
_JUDGED = select(judged_questions.c.made_by, judged_questions.c.doubt, judged_questions.c.answerable)
_LEARNED = select(doubt_thresholds.c.nearest, doubt_thresholds.c.refuse)
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:gate, 0))")
_HELPED: Final = 1.0
_DID_NOT_HELP: Final = 0.5  # a hint: what answers may have been found and the wrong words of it shown


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedQuestion:
    """A question that somebody judged, and the doubt of what was found for it."""

    question: str
    asker: str  # PersonId of who asked
    answerable: bool
    doubt: float
    made_by: str

    @property
    def id(self) -> str:
        """The same for the same question of the same asker, however long: PostgreSQL's keys may have 2,704 bytes."""
        return hashlib.sha256(f"{self.asker}\0{self.question.casefold()}".encode()).hexdigest()


class Calibrations:
    """Judged questions and what is learned of them, tenant by tenant."""

    def __init__(self, database: Database) -> None:
        """Kept in `database`, in the tenants' schemas."""
        self._database = database

    async def thresholds(self, tenant: TenantId, made_by: str) -> Thresholds:
        """Of the tenant, for doubts made so; the usual ones if nothing is learned of it, or only of doubts that were made otherwise."""
        async with self._database.tenant(tenant) as connection:
            row = (await connection.execute(_LEARNED.where(doubt_thresholds.c.made_by == made_by))).one_or_none()
        return Thresholds(row.nearest, row.refuse) if row else USUAL

    async def judge(self, tenant: TenantId, questions: Sequence[JudgedQuestion]) -> None:
        """Keep the judgements, the latest of each question of each asker, and learn of them at once."""
        async with self._alone(tenant) as connection:
            for one in questions:
                values = {
                    "question": one.question,
                    "answerable": one.answerable,
                    "doubt": one.doubt,
                    "made_by": one.made_by,
                    "judged_at": func.now(),
                }
                kept = upsert(judged_questions).values(id=one.id, asker=one.asker, **values)
                await connection.execute(kept.on_conflict_do_update(index_elements=["id"], set_=values))
            await _learn(connection)

    async def forget(self, tenant: TenantId) -> None:
        """Forget the judged questions, and learn anew of what people say of answers."""
        async with self._alone(tenant) as connection:
            await connection.execute(delete(judged_questions))
            await _learn(connection)

    async def judged(self, tenant: TenantId) -> Mapping[str, Sequence[Judged]]:
        """All that the tenant's admin and people have judged, by what its doubt was worked out with."""
        async with self._database.tenant(tenant) as connection:
            return await _judged(connection)

    async def learn(self, tenant: TenantId) -> None:
        """Learn anew of all that is judged; what was learned of doubts that are no more is forgotten."""
        async with self._alone(tenant) as connection:
            await _learn(connection)

    @asynccontextmanager
    async def _alone(self, tenant: TenantId) -> AsyncIterator[AsyncConnection]:
        """One transaction while nobody else judges or learns for the tenant: the nightly job and an admin may meet."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute(_ALONE, {"gate": f"doubt {tenant}"})
            yield connection


async def _learn(connection: AsyncConnection) -> None:
    """To be called while alone."""
    await connection.execute(delete(doubt_thresholds))
    for made_by, judged in (await _judged(connection)).items():
        thresholds = learned(judged)
        if thresholds:
            values = {"made_by": made_by, "nearest": thresholds.nearest, "refuse": thresholds.refuse, "learned_at": func.now()}
            await connection.execute(insert(doubt_thresholds).values(values))


async def _judged(connection: AsyncConnection) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = defaultdict(list)
    for row in await connection.execute(_JUDGED):
        found[row.made_by].append(Judged(row.doubt, row.answerable))
    for made_by, doubt, outcome, helpful in await connection.execute(_RATED):
        judged = hint(doubt, Outcome(outcome), helpful)
        if judged:
            found[made_by].append(judged)
    return dict(found)


def hint(doubt: float, outcome: Outcome, helpful: float) -> Judged | None:
    """What people's verdicts on an answer say of whether there was one, where a share of them found it `helpful`; None: nothing.

    What helped was there to be found, also where it was shown in doubt. What did not help hints that nothing answers: less surely,
    for the right document may have been found and the wrong sentence shown. Refusals are not judged.
    """
    if outcome not in {Outcome.ANSWER, Outcome.NEAREST} or helpful == 1 / 2:
        return None
    return Judged(doubt, answerable=True, weight=_HELPED) if helpful > 1 / 2 else Judged(doubt, answerable=False, weight=_DID_NOT_HELP)
