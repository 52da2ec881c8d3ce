"""How many questions a tenant may ask in a month, and how many it did."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tenancy.database import Database
from tenancy.errors import AllowanceSpent
from tenancy.viewer import TenantId

DEFAULT_QUESTIONS = 100_000
"""Questions a month for a tenant whose settings say nothing: a limit on accidents, not on people."""

_SETTING = "questions_per_month"
_ALLOWED = f"coalesce((SELECT CAST(value AS bigint) FROM settings WHERE name = '{_SETTING}'), :default)"  # noqa: S608  made of constants

# One statement, so that PostgreSQL's row lock is the only arbiter between two workers. An insert that would overspend
# by itself finds no row to select; an update that would overspend matches none.
_RESERVE = text(f"""
    WITH allowed AS (SELECT {_ALLOWED} AS questions)
    INSERT INTO usage (month, questions)
    SELECT :month, :wanted FROM allowed WHERE :wanted <= allowed.questions
    ON CONFLICT (month) DO UPDATE SET questions = usage.questions + excluded.questions
    WHERE usage.questions + excluded.questions <= {_ALLOWED}
    RETURNING {_ALLOWED} - questions""")  # noqa: S608  made of constants
_GIVE_BACK = text("UPDATE usage SET questions = greatest(0, questions - :given) WHERE month = :month")
_USED = text("SELECT coalesce((SELECT questions FROM usage WHERE month = :month), 0)")
_LIMIT = text(f"SELECT {_ALLOWED}")
_SET_LIMIT = text("""
    INSERT INTO settings (name, value) VALUES (:name, to_jsonb(CAST(:questions AS bigint)))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value""")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The months' books of all tenants, one tenant at a time."""

    database: Database
    clock: Callable[[], datetime] = _now  # UTC

    async def reserve(self, tenant: TenantId, questions: int = 1, *, within: AsyncConnection | None = None) -> int:
        """Set aside `questions` from this month's allowance, before any model call.

        Months are UTC calendar months. Two workers reserving at once never overspend. `within`: the tenant's transaction to join.
        Returns the questions left, 0 or more. Raises `AllowanceSpent` and takes nothing if fewer are left.
        """
        values = {"month": self._month(), "wanted": _positive(questions), "default": DEFAULT_QUESTIONS}
        async with self.database.tenant(tenant, within) as connection:
            left: int | None = await connection.scalar(_RESERVE, values)
        if left is None:
            raise AllowanceSpent
        return left

    async def give_back(self, tenant: TenantId, questions: int = 1, *, within: AsyncConnection | None = None) -> None:
        """Undo a reservation that came to nothing. In a month in which none was made, nothing happens."""
        values = {"month": self._month(), "given": _positive(questions)}
        async with self.database.tenant(tenant, within) as connection:
            await connection.execute(_GIVE_BACK, values)

    async def used(self, tenant: TenantId) -> int:
        """Questions set aside this month."""
        async with self.database.tenant(tenant) as connection:
            return int(await connection.scalar(_USED, {"month": self._month()}) or 0)

    async def limit(self, tenant: TenantId) -> int:
        """Questions a month that the tenant may ask."""
        async with self.database.tenant(tenant) as connection:
            return int(await connection.scalar(_LIMIT, {"default": DEFAULT_QUESTIONS}) or 0)

    async def set_limit(self, tenant: TenantId, questions: int) -> None:
        """Allow `questions` a month, 0 or more, from now on; what was asked this month counts."""
        if questions < 0:
            message = f"An allowance is 0 questions or more, not {questions}."
            raise ValueError(message)
        async with self.database.tenant(tenant) as connection:
            await connection.execute(_SET_LIMIT, {"name": _SETTING, "questions": questions})

    def _month(self) -> date:
        return self.clock().astimezone(UTC).date().replace(day=1)


def _positive(questions: int) -> int:
    if questions < 1:
        message = f"A reservation is of 1 question or more, not {questions}."
        raise ValueError(message)
    return questions
