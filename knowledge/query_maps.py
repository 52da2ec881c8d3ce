"""The query maps of tenants, on PostgreSQL: one for each embedding model, a new version each time one is learned.

Nobody's order may depend on what they may not read. So a map is learned from nothing but passages of documents that everybody in the
tenant may read, is used only for those who hold `everyone` (`search.py`), and only while each of those documents is still there and open
to everybody: from the moment on that one is closed or removed, no process uses the map for longer than `_FRESH_S`, until the job has
learned another.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Row as SqlRow
from sqlalchemy import Select, and_, any_, delete, exists, false, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from knowledge.catalogue import REVISIONS
from knowledge.documents import DocumentId, PassageId, spoken_title
from knowledge.embedding.kept import Kept
from knowledge.embedding.port import Vector
from knowledge.index.places import Place
from knowledge.ranking.query_map import Judged, Map
from knowledge.tables import documents, passage_states, passages, query_maps
from tenancy.database import Database
from tenancy.errors import StoreUnavailable
from tenancy.tables import settings
from tenancy.viewer import EVERYONE, TenantId

_FRESH_S = 2.0
"""How long a process believes what it has read."""
_MOST_BYTES = 64 * 2**20  # of maps that a process remembers: of 113 tenants with 384 numbers a vector, of 16 with 1,024
_LEAST_BYTES = 1_024  # that a tenant without one counts for
_MOST_PASSAGES = 4_000
"""That are learned from, drawn by a digest of their ids: of 100,000 as of a few thousand the same ones the next time."""
_SWITCH = "query_map"  # of the tenant's settings: whether one may be used; not said: as `map_learning` has it
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A passage whose document everybody in the tenant may read, and where it stands."""

    passage: PassageId
    document: DocumentId
    title: str
    heading: Sequence[str]
    characters: int  # of its text
    vector: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What is known of a map besides its numbers."""

    number: int  # 1 and up
    passages: frozenset[PassageId]  # that it was learned from
    names: int
    before: float  # mean reciprocal rank of what stands below the names that were held out
    after: float  # the same with their vectors mapped
    helps: bool
    is_open: bool  # everybody may read what it was learned from
    learned_at: datetime


class _Seen(NamedTuple):
    """What a process has read of a tenant's map."""

    place: Place
    state: tuple[int, str] | None  # version and revisions of the sources; None: there is none to use
    map: Map | None
    at: float

    @property
    def bytes(self) -> int:
        return _LEAST_BYTES if self.map is None else self.map.nbytes


_of_model = query_maps.c.model
_current = and_(documents.c.id == passages.c.document, documents.c.version == passages.c.version)
_everybody = documents.c.readers.contains([EVERYONE])
_open = select(func.count()).where(documents.c.id == any_(query_maps.c.documents), documents.c.version > 0, _everybody)
_all_open = _open.correlate(query_maps).scalar_subquery() == func.cardinality(query_maps.c.documents)
_switched_off = exists().where(settings.c.name == _SWITCH, settings.c.value == func.to_jsonb(false()))
# Whatever closes or removes a document changes the revision of its source, so what was open is looked through only when one has changed.
_STATE = select(query_maps.c.version, REVISIONS.scalar_subquery().label("revisions")).where(query_maps.c.helps, ~_switched_off)
_OPEN = select(query_maps.c.map).where(_all_open)
_VERSION = select(*(column for column in query_maps.c if column.name != "map"), _all_open.label("is_open"))


def _rows(place: Place) -> "Select[*tuple[Any, ...]]":
    kept = and_(
        passage_states.c.passage == passages.c.id,
        passage_states.c.model == place.model,
        func.octet_length(passage_states.c.vector) == Kept.bytes_of(place.dimension),
    )
    characters = (func.length(passages.c.header) + func.length(passages.c.text)).label("characters")
    columns = select(
        passages.c.id, passages.c.document, documents.c.title, documents.c.name, passages.c.heading, characters, passage_states.c.vector
    )
    joined = columns.select_from(passages.join(documents, _current).join(passage_states, kept))
    return joined.where(_everybody).order_by(func.md5(passages.c.id), passages.c.id).limit(_MOST_PASSAGES)


class QueryMaps:
    """Kept, found and switched for one tenant at a time."""

    def __init__(self, database: Database) -> None:
        """Kept in `database`, in the tenants' schemas."""
        self._database = database
        self._seen: dict[TenantId, _Seen] = {}
        self._bytes = 0  # of what is seen

    async def used(self, tenant: TenantId, place: Place) -> Map | None:
        """What turns the vector of a question that is searched for at `place`; None: it stays as it is.

        Never fails: a search does without what cannot be read, or does not fit.
        """
        seen, now = self._seen.get(tenant), asyncio.get_running_loop().time()
        if seen is None or seen.place != place or now - seen.at >= _FRESH_S:
            seen = await self._read(tenant, place, seen, now)
        self._forget(tenant)
        self._seen[tenant] = seen  # last of all: the first is whom nobody has asked for longest
        self._bytes += seen.bytes
        while self._bytes > _MOST_BYTES:
            self._forget(next(iter(self._seen)))
        return seen.map

    async def version(self, tenant: TenantId, model: str) -> Version | None:
        """The newest of the tenant's, for that model."""
        async with self._database.tenant(tenant) as connection:
            row = (await connection.execute(_VERSION.where(_of_model == model))).one_or_none()
        if row is None:
            return None
        return Version(
            number=row.version,
            passages=frozenset(map(PassageId, row.passages)),
            names=row.names,
            before=row.mrr_before,
            after=row.mrr_after,
            helps=row.helps,
            is_open=row.is_open,
            learned_at=row.learned_at,
        )

    async def rows(self, tenant: TenantId, place: Place) -> list[Row]:
        """What a map may be learned from: passages of current versions that everybody in the tenant may read, `_MOST_PASSAGES` at most."""
        async with self._database.tenant(tenant) as connection:
            found = (await connection.execute(_rows(place))).all()
        return await asyncio.to_thread(lambda: [_row(one) for one in found])

    async def keep(self, tenant: TenantId, model: str, judged: Judged, rows: Sequence[Row]) -> None:
        """Keep a map, learned from these, as the next version."""
        values = {
            "map": judged.map.astype(np.float32).tobytes(),
            "passages": sorted(row.passage for row in rows),
            "documents": sorted({row.document for row in rows}),
            "names": judged.names,
            "mrr_before": judged.before,
            "mrr_after": judged.after,
            "helps": judged.helps,
            "learned_at": func.now(),
        }
        kept = upsert(query_maps).values(model=model, version=1, **values)
        kept = kept.on_conflict_do_update(index_elements=["model"], set_={"version": query_maps.c.version + 1, **values})
        async with self._database.tenant(tenant) as connection:
            await connection.execute(kept)

    async def forget(self, tenant: TenantId, model: str) -> None:
        """For a tenant that has too little to learn from, by now."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute(delete(query_maps).where(_of_model == model))

    async def switch(self, tenant: TenantId, *, on: bool) -> None:
        """Whether a map may be used for this tenant, now and later."""
        kept = upsert(settings).values(name=_SWITCH, value=on)
        async with self._database.tenant(tenant) as connection:
            await connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"value": on}))

    async def is_on(self, tenant: TenantId) -> bool | None:
        """Whether one may; None: nobody said."""
        async with self._database.tenant(tenant) as connection:
            said: bool | None = await connection.scalar(select(settings.c.value).where(settings.c.name == _SWITCH))
        return said

    async def has_states(self, tenant: TenantId, place: Place) -> bool:
        """Whether the model says more of passages than a vector: then late interaction says what a map would."""
        more = exists().where(passage_states.c.model == place.model, func.octet_length(passage_states.c.states) > 0)
        async with self._database.tenant(tenant) as connection:
            return bool(await connection.scalar(select(more)))

    def _forget(self, tenant: TenantId) -> None:
        if seen := self._seen.pop(tenant, None):
            self._bytes -= seen.bytes

    async def _read(self, tenant: TenantId, place: Place, seen: _Seen | None, now: float) -> _Seen:
        """As it is now. What nothing has happened to since it was `seen` is not read again."""
        try:
            async with self._database.tenant(tenant) as connection:
                found = (await connection.execute(_STATE.where(_of_model == place.model))).one_or_none()
                state = (found.version, found.revisions) if found else None
                if seen and (seen.place, seen.state) == (place, state):
                    return seen._replace(at=now)
                kept = await connection.scalar(_OPEN.where(_of_model == place.model)) if state else None
        except StoreUnavailable:
            _log.warning("the query map of a tenant cannot be read; questions are searched for without it")
            return _Seen(place, None, None, now)
        return _Seen(place, state, None if kept is None else _unpacked(kept, place.dimension), now)


def _row(found: "SqlRow[*tuple[Any, ...]]") -> Row:
    return Row(
        passage=PassageId(found.id),
        document=DocumentId(found.document),
        title=spoken_title(found.title, found.name),
        heading=tuple(found.heading),
        characters=found.characters,
        vector=Kept.unpacked(b"", found.vector).vector,
    )


def _unpacked(kept: bytes, dimension: int) -> Map | None:
    if len(kept) != dimension * dimension * np.dtype(np.float32).itemsize:
        _log.warning("a query map is not of %d x %d numbers and is left out; the next learning makes another", dimension, dimension)
        return None
    numbers = np.frombuffer(kept, np.float32)
    if not np.isfinite(numbers).all():
        _log.warning("a query map holds what is no number and is left out; the next learning makes another")
        return None
    return numbers.reshape(dimension, dimension)
