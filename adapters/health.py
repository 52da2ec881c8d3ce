"""Is it alive, is it ready: one table of checks behind `/readyz` and `doctor`."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
import psycopg
from sqlalchemy import text

from knowledge.errors import KnowledgeError
from tenancy import migrations
from tenancy.errors import StoreUnavailable, TenancyError

if TYPE_CHECKING:
    from adapters.compose import House

_PATIENCE_S = 2.0

_DATABASE_REMEDY = "Check DATABASE_URL, or that FOOTNOTE_HOME has space."
_NOT_LET_IN = (
    (re.compile(r'database ".*" does not exist'), "Check the name of the database in DATABASE_URL, or create it."),
    (re.compile(r"password|authentication|pg_hba|role .* does not exist"), "Check the user and the password in DATABASE_URL."),
)
"""What to check, by PostgreSQL's words. It may speak another language: then it is all of DATABASE_URL."""
_MAY_NOT = {
    "CREATE ROLE": "The login in DATABASE_URL may not create roles, and each tenant gets one. "
    "Let a superuser run: ALTER ROLE login CREATEROLE",
    "CREATE SCHEMA": "The login in DATABASE_URL may not create schemas, and each tenant gets one. "
    "Let the database's owner run: GRANT CREATE ON DATABASE name TO login",
}
"""Which right is missing, by the statement that needs it."""
_RIGHTS = text("""
    SELECT rolsuper OR rolcreaterole AS "CREATE ROLE", has_database_privilege(current_database(), 'CREATE') AS "CREATE SCHEMA"
    FROM pg_roles WHERE rolname = current_user""")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How one dependency is."""

    name: str
    ok: bool
    needed: bool  # without it no question is answered
    detail: str  # what it is, or what is wrong and what to do


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    look: "Callable[[House], Awaitable[str]]"  # says what it is, or raises
    needed: bool
    remedy: str
    patience_s: float = _PATIENCE_S


def database_refusal(error: Exception) -> str | None:
    """Why PostgreSQL does not serve us and what to do about it, in one line; None if `error` is something else.

    For whoever runs this and nobody else: it may quote PostgreSQL, which names logins and databases, though never a password.
    """
    problem = getattr(error, "orig", error)  # SQLAlchemy wraps what psycopg raises
    if isinstance(problem, psycopg.errors.InsufficientPrivilege):
        statement = " ".join(str(getattr(error, "statement", "")).split()[:2])
        other = f"The login in DATABASE_URL lacks a right: {problem.diag.message_primary}. It has to own all that Footnote made there."
        return _MAY_NOT.get(statement, other)
    if isinstance(error, StoreUnavailable):
        return _why_unreachable(error)
    return None


def _why_unreachable(error: StoreUnavailable) -> str:
    problem = getattr(error.__cause__, "orig", error.__cause__)
    if not isinstance(problem, psycopg.OperationalError) or problem.sqlstate:  # with one, we were connected
        return f"{error} {_DATABASE_REMEDY}"
    said = str(problem).strip().partition("\n")[0].rpartition(" failed: ")[2].removeprefix("FATAL:").strip()
    remedy = next((remedy for words, remedy in _NOT_LET_IN if words.search(said)), _DATABASE_REMEDY)
    return f"The database cannot be used: {said}. {remedy}"


class Looked:
    """States that many ask for: looked at now and then, however often somebody asks."""

    def __init__(self, look: Callable[[], Awaitable[list[State]]], *, fresh_s: float, patience_s: float) -> None:
        """`look` is called at most once in `fresh_s` seconds, and never twice at a time; nobody waits for it longer than `patience_s`."""
        self._look = look
        self._fresh_s = fresh_s
        self._patience_s = patience_s
        self._looking: asyncio.Future[list[State]] | None = None
        self._since = 0.0
        self._found: list[State] = []

    async def states(self) -> list[State]:
        """What was found last; while a look takes its time, what was found before it, which is nothing before the first."""
        now = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now - self._since > self._fresh_s):
            self._since = now
            self._looking = asyncio.ensure_future(self._look())
        await asyncio.wait({self._looking}, timeout=self._patience_s)
        if self._looking.done():
            self._found = self._looking.result()
        return self._found


async def states(house: "House") -> list[State]:
    """Every dependency of `house`, looked at side by side, each within its time."""
    return list(await asyncio.gather(*(_state(check, house) for check in _CHECKS)))


async def _state(check: _Check, house: "House") -> State:
    try:
        async with asyncio.timeout(check.patience_s):
            detail = await check.look(house)
    except TimeoutError:
        wrong = f"No answer within {check.patience_s:.0f} s: this machine, or what it asks, is very busy."
    except (TenancyError, KnowledgeError, aiohttp.ClientError, OSError) as error:
        wrong = " ".join(str(error).split()) or type(error).__name__
    else:
        return State(name=check.name, ok=True, needed=check.needed, detail=detail)
    return State(name=check.name, ok=False, needed=check.needed, detail=f"{wrong} {check.remedy}".strip())


async def _database(house: "House") -> str:
    async with house.database.control() as connection:
        version = (await connection.execute(text("SHOW server_version"))).scalar_one()
    return f"PostgreSQL {version}, {'yours' if house.settings.database_url else 'embedded'}"


async def _migrations(house: "House") -> str:
    if await migrations.pending(house.database):
        message = "Tables are behind this version."
        raise TenancyError(message)
    return "up to date"


async def _rights(house: "House") -> str:
    async with house.database.control() as connection:
        may = (await connection.execute(_RIGHTS)).mappings().one()
    missing = [sentence for statement, sentence in _MAY_NOT.items() if not may[statement]]
    if missing:
        raise TenancyError(". ".join(missing) + ".")
    return "the login may create roles and schemas"


async def _redis(house: "House") -> str:
    if not await house.pace.reachable():
        message = "Redis does not answer; nobody is held up, but nothing is paced."
        raise TenancyError(message)
    return "yours" if house.settings.redis_url else "embedded"


async def _index(house: "House") -> str:
    found = await asyncio.gather(*(engine.check() for engine in house.engines.everywhere()))
    return "; ".join(found)


async def _embedder(house: "House") -> str:
    await house.embedder.passages(["ready"])  # not a question: those are remembered, and a memory proves nothing
    return f"{house.embedder.name}, {house.embedder.dimension} dimensions"


async def _model(house: "House") -> str:
    if house.writer is None:
        return "none: answers are cited extracts"
    key = house.settings.model_api_key
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"{(house.settings.model_url or '').rstrip('/')}/models"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        if response.status >= HTTPStatus.BAD_REQUEST:
            message = f"The model's server answers {response.status}."
            raise KnowledgeError(message)
    return f"{house.writer.name} at {house.settings.model_url}"


_CHECKS = (
    _Check("database", _database, needed=True, remedy=_DATABASE_REMEDY),
    _Check("migrations", _migrations, needed=True, remedy="Start `footnote serve` once; it migrates."),
    _Check("rights", _rights, needed=False, remedy="Until then no tenant can be created or deleted."),
    _Check("redis", _redis, needed=False, remedy="Check REDIS_URL."),
    _Check("index", _index, needed=True, patience_s=8.0, remedy=""),
    _Check("embeddings", _embedder, needed=True, remedy="Check EMBEDDING_URL, or run `make install` again."),
    _Check("model", _model, needed=False, remedy="Answers are cited extracts until it is back. Check MODEL_URL and MODEL_NAME."),
)
