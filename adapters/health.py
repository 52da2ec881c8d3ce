"""Is it alive, is it ready: one table of checks behind `/readyz` and `doctor`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from sqlalchemy import text

from knowledge.errors import KnowledgeError
from tenancy import migrations
from tenancy.errors import TenancyError

if TYPE_CHECKING:
    from adapters.compose import House

_PATIENCE_S = 2.0


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


async def states(house: "House") -> list[State]:
    """Every dependency of `house`, looked at side by side, each within 2 s."""
    return list(await asyncio.gather(*(_state(check, house) for check in _CHECKS)))


async def _state(check: _Check, house: "House") -> State:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            detail = await check.look(house)
    except (TenancyError, KnowledgeError, aiohttp.ClientError, OSError, TimeoutError) as error:
        detail = f"{' '.join(str(error).split()) or type(error).__name__} {check.remedy}"
        return State(name=check.name, ok=False, needed=check.needed, detail=detail)
    return State(name=check.name, ok=True, needed=check.needed, detail=detail)


async def _database(house: "House") -> str:
    async with house.database.control() as connection:
        version = (await connection.execute(text("SHOW server_version"))).scalar_one()
    return f"PostgreSQL {version}, {'yours' if house.settings.database_url else 'embedded'}"


async def _migrations(house: "House") -> str:
    if await migrations.pending(house.database):
        message = "Tables are behind this version."
        raise TenancyError(message)
    return "up to date"


async def _redis(house: "House") -> str:
    if not await house.pace.reachable():
        message = "Redis does not answer; nobody is held up, but nothing is paced."
        raise TenancyError(message)
    return "yours" if house.settings.redis_url else "embedded"


async def _index(house: "House") -> str:
    folder = house.settings.home / "index"
    await asyncio.to_thread(_writable, folder)
    return f"LanceDB in {folder}"


def _writable(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".probe"
    probe.write_bytes(b"")
    probe.unlink()


async def _embedder(house: "House") -> str:
    await house.embedder.passages(["ready"])  # not a question: those are remembered, and a memory proves nothing
    return f"{house.embedder.name}, {house.embedder.dimension} dimensions"


async def _model(house: "House") -> str:
    if house.writer is None:
        return "none: answers are cited extracts"
    key = house.settings.model_api_key
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{house.settings.model_url}/models") as response:
        if response.status >= HTTPStatus.BAD_REQUEST:
            message = f"The model's server answers {response.status}."
            raise KnowledgeError(message)
    return f"{house.writer.name} at {house.settings.model_url}"


_CHECKS = (
    _Check("database", _database, needed=True, remedy="Check DATABASE_URL, or that FOOTNOTE_HOME has space."),
    _Check("migrations", _migrations, needed=True, remedy="Start `footnote serve` once; it migrates."),
    _Check("redis", _redis, needed=False, remedy="Check REDIS_URL."),
    _Check("index", _index, needed=True, remedy="Check that FOOTNOTE_HOME may be written to and has space."),
    _Check("embeddings", _embedder, needed=True, remedy="Check EMBEDDING_URL, or run `make install` again."),
    _Check("model", _model, needed=False, remedy="Answers are cited extracts until it is back. Check MODEL_URL and MODEL_NAME."),
)
