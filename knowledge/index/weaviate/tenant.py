"""The passages of one tenant."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from knowledge.documents import DocumentId, PassageId, Readers
from knowledge.embedding.port import Vector
from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.port import Entry, Held, Proposal
from knowledge.index.weaviate.faults import Refused
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Ask, T
from knowledge.index.weaviate.parallel import chunks, for_each
from knowledge.index.weaviate.rows import object_id, to_held, to_object, to_vector
from knowledge.index.weaviate.schema import K1, VECTOR_INDEX_FROM
from tenancy.viewer import Principal, TenantId

if TYPE_CHECKING:
    from uuid import UUID

    from weaviate import WeaviateAsyncClient
    from weaviate.collections import CollectionAsync
    from weaviate.collections.classes.filters import _Filters
    from weaviate.collections.classes.internal import Object

    Rows = CollectionAsync[Mapping[str, Any], None]
    Row = Object[Mapping[str, Any], Any]

_ENTRIES_A_CALL = 32  # making a message of so many vectors of 384 numbers holds up everything else for 5 ms
_CALLS_AT_ONCE = 2
_CHANGES_AT_ONCE = 4  # each is 2 ms of work for this process: more of them only hold up everything else
_ROWS_A_PAGE = 200
_VECTORS_A_PAGE = 50
_KEYS_A_FILTER = 500
_NEXT_TO_NOTHING = 1e-6  # a coordinate of a vector of length 1 changed by so much moves no cosine by more
_MOST_ROWS = 10_000  # what Weaviate returns at most (QUERY_MAXIMUM_RESULTS)
_FORGOTTEN_S = 10.0
_SHORTEST_POLL_S, _LONGEST_POLL_S = 0.01, 0.1


class WeaviateIndex:
    """One tenant of one collection."""

    def __init__(self, line: Line, name: str, tenant: TenantId, dimension: int, lost: Callable[[TenantId], None]) -> None:
        """`name`: of the collection. `lost` is told when a call finds that the tenant is not there."""
        self._line = line
        self._name = name
        self._tenant = tenant
        self._dimension = dimension
        self._lost = lost
        self._anywhere = [1.0] * dimension  # a vector to ask with where it does not matter which
        self._handles: WeakKeyDictionary[WeaviateAsyncClient, dict[str, Rows]] = WeakKeyDictionary()  # a client that is closed may go

    async def put(self, entries: Sequence[Entry]) -> None:
        """Add or replace entries, and wait until a search by vector sees them: the server indexes vectors later than it stores them.

        It also leaves the last few kilobytes of what it indexed in its memory until the next write, for a minute at most, and lost they are
        if it is killed meanwhile (v1.39.0, `flat.Flush`). Hence the next write.
        """
        self._check_lengths(entries)
        latest = list({entry.passage: entry for entry in entries}.values())
        await for_each(chunks(latest, _ENTRIES_A_CALL), self._put, at_once=_CALLS_AT_ONCE)
        pages = (self._ids(entry.passage for entry in page) for page in chunks(latest, _KEYS_A_FILTER))
        await for_each(pages, self._until_searchable, at_once=_CALLS_AT_ONCE)
        if latest:
            await self._put(latest[-1:])
            await self._until_searchable(self._ids([latest[-1].passage]))  # as it is put again, if its vector was changed meanwhile

    async def keep_only(self, versions: Mapping[DocumentId, int]) -> None:
        """Remove all passages of these documents but those of the given version."""
        documents = defaultdict(list)
        for document, version in versions.items():
            documents[version].append(document)
        for version, named in documents.items():
            for chunk in chunks(named, _KEYS_A_FILTER):
                await self._delete(_any("document", chunk) & _other_version(version))

    async def set_readers(self, document: DocumentId, readers: Readers) -> None:
        """Rewrite the reader lists of one document's rows, each where it is: no vector is sent."""
        value = {"readers": sorted(readers)}
        await for_each({row async for row in self._of(document)}, lambda row: self._change(row, value), at_once=_CHANGES_AT_ONCE)

    async def by_words(self, terms: Sequence[str], principals: Collection[Principal], limit: int) -> list[Proposal]:
        """BM25 over the field of terms, readers filtered first. Weaviate leaves out the factor that is the same for all: k1 + 1."""
        if not terms or not principals:
            return []
        from weaviate.classes.query import MetadataQuery

        found = await self._read(
            lambda rows: rows.query.bm25(
                " ".join(terms),
                query_properties=["terms"],
                filters=_any("readers", principals),
                limit=limit,
                return_properties=["passage"],
                return_metadata=MetadataQuery(score=True),
            )
        )
        return [Proposal(_passage(row), (row.metadata.score or 0.0) * (K1 + 1)) for row in found.objects]

    async def by_vector(self, vector: Vector, principals: Collection[Principal], limit: int) -> list[Proposal]:
        """Cosine, readers filtered first, approximate in large tenants."""
        if not principals:
            return []
        from weaviate.classes.query import MetadataQuery

        found = await self._read(
            lambda rows: rows.query.near_vector(
                vector.tolist(),
                filters=_any("readers", principals),
                limit=limit,
                return_properties=["passage"],
                return_metadata=MetadataQuery(distance=True),
            )
        )
        return [Proposal(_passage(row), 1 - (row.metadata.distance or 0.0)) for row in found.objects]

    async def vectors(self, passages: Collection[PassageId]) -> dict[PassageId, Vector]:
        """By the rows' names, a few at a time."""
        found: dict[PassageId, Vector] = {}
        for chunk in chunks(sorted(passages), _VECTORS_A_PAGE):
            rows = await self._fetched(self._ids(chunk), "passage")
            found |= {_passage(row): to_vector(row.vector) for row in rows}
        return found

    async def holdings(self) -> Counter[Held]:
        """Read page by page."""
        counted: Counter[Held] = Counter()
        async for page in self._pages("document", "version", "readers"):
            counted.update(to_held(row.properties) for row in page)
        return counted

    async def count(self) -> int:
        """Rows of the tenant."""
        return (await self._read(lambda rows: rows.aggregate.over_all(total_count=True))).total_count or 0

    async def tidy(self) -> None:
        """Weaviate tidies up by itself; what a node forgot to index when it was killed is given to it again.

        Of small tenants only: from `VECTOR_INDEX_FROM` on, another kind of index keeps a log of its own. Nodes that are away are left out.
        """
        if not 0 < await self.count() < VECTOR_INDEX_FROM:
            return
        for node in self._line.each():
            with suppress(IndexUnavailable):
                await WeaviateIndex(node, self._name, self._tenant, self._dimension, self._lost).index_the_forgotten()

    async def index_the_forgotten(self) -> None:
        """Look whether a search by vector finds all that is stored, and give it what it does not find."""
        if not await self._as_many_vectors_as(await self.count()):
            async for page in self._pages():
                await self._index_again({row.uuid for row in page})

    async def _as_many_vectors_as(self, number: int) -> bool:
        """Whether a search by vector has an answer of that rank."""
        found = await self._read(lambda rows: rows.query.near_vector(self._anywhere, limit=1, offset=number - 1, return_properties=[]))
        return bool(found.objects)

    async def _index_again(self, ids: "set[UUID]") -> None:
        """Change the vectors of those that no search by vector finds, by next to nothing: as they were before they would not be indexed.

        All else of a row stays as it is, whoever changes it meanwhile.
        """
        hidden = await self._read(lambda rows: _hidden(rows, self._anywhere, ids))
        if not hidden:
            return
        await self._nudge(hidden)
        await self._until_searchable(hidden)

    async def _nudge(self, ids: "set[UUID]") -> None:
        for chunk in chunks(sorted(ids), _VECTORS_A_PAGE):
            found = [(row.uuid, _nudged(to_vector(row.vector))) for row in await self._fetched(chunk, "passage")]
            await for_each(found, lambda one: self._change(one[0], vector=one[1]), at_once=_CHANGES_AT_ONCE)

    async def _fetched(self, ids: "Collection[UUID]", *properties: str) -> "Sequence[Row]":
        """Those of the rows that are here, with their vectors."""
        return await self._page(properties, len(ids), filters=_filter_ids(ids), include_vector=True)

    def _check_lengths(self, entries: Sequence[Entry]) -> None:
        """An empty tenant would take vectors of any length, and from then on no other."""
        lengths = {len(entry.vector) for entry in entries} - {self._dimension}
        if lengths:
            message = f"The embedding model gave vectors of {min(lengths)} numbers for an index of {self._dimension}. Nothing was written."
            raise IndexUnavailable(message)

    async def _change(self, row: "UUID", properties: Mapping[str, Any] | None = None, vector: list[float] | None = None) -> None:
        from weaviate.exceptions import UnexpectedStatusCodeError

        async def change(rows: "Rows") -> None:
            try:
                await rows.data.update(row, properties, vector=vector)
            except UnexpectedStatusCodeError as error:
                if error.status_code != HTTPStatus.NOT_FOUND:  # else somebody has removed it meanwhile
                    raise

        await self._write(change)

    async def _put(self, entries: Sequence[Entry]) -> None:
        """Store these. What is refused is tried once more; raises if any is refused again."""

        async def put(rows: "Rows") -> None:
            refused = await self._insert(rows, entries)
            if refused:
                refused = await self._insert(rows, [entry for entry, _ in refused])
            if refused:
                raise Refused(f"{len(refused)} of {len(entries)} passages: {refused[0][1]}")

        await self._write(put)

    async def _insert(self, rows: "Rows", entries: Sequence[Entry]) -> list[tuple[Entry, str]]:
        """Which of these were refused, and why: the client does not raise as long as one of many gets through."""
        from weaviate.exceptions import WeaviateInsertManyAllFailedError

        try:
            done = await rows.data.insert_many([to_object(self._tenant, entry) for entry in entries])
        except WeaviateInsertManyAllFailedError as error:
            return [(entry, str(error)) for entry in entries]
        return [(entries[position], refusal.message) for position, refusal in done.errors.items()]

    async def _until_searchable(self, hidden: "set[UUID]") -> None:
        """Wait until a search by vector finds them, and help once where that takes long.

        Of a write that was cut off by the server's end rows may be there that it has forgotten to index, and does not index when they are
        put again as they were.
        """
        began = time.monotonic()

        async def look(rows: "Rows") -> "set[UUID]":
            found = await _hidden(rows, self._anywhere, hidden)
            if found and waited > self._line.limits.indexing_s:
                raise Refused(f"{len(found)} vectors are not indexed after {waited:.0f} s: its queue is long")
            return found

        nudged = False
        while hidden:
            waited = time.monotonic() - began
            hidden = await self._read(look)
            if hidden and waited > _FORGOTTEN_S and not nudged:
                nudged = True
                await self._nudge(hidden)
            if hidden:
                await asyncio.sleep(min(_LONGEST_POLL_S, _SHORTEST_POLL_S + waited / 4))

    async def _delete(self, which: "_Filters") -> None:
        """Until nothing is left: one call removes no more than `QUERY_MAXIMUM_RESULTS` of the server."""

        async def delete(rows: "Rows") -> int:
            done = await rows.data.delete_many(which)
            if done.failed:
                done = await rows.data.delete_many(which)
            if done.failed:  # Weaviate does not say why; asked for every object, it breaks off (v1.39.0)
                raise Refused(f"{done.failed} of {done.matches} passages were not removed")
            return done.matches

        while await self._write(delete):
            pass

    async def _of(self, document: DocumentId) -> "AsyncIterator[UUID]":
        """The rows of one document."""
        for offset in range(0, _MOST_ROWS, _ROWS_A_PAGE):
            page = await self._page([], _ROWS_A_PAGE, filters=_any("document", [document]), offset=offset)
            for row in page:
                yield row.uuid
            if len(page) < _ROWS_A_PAGE:
                return
        async for more in self._pages("document"):  # there is no other way beyond `_MOST_ROWS`
            for row in more:
                if row.properties["document"] == document:
                    yield row.uuid

    async def _pages(self, *properties: str) -> "AsyncIterator[Sequence[Row]]":
        """Everything that is here, in the order of its names."""
        after = None
        while True:
            page = await self._page(properties, _ROWS_A_PAGE, after=after)
            if page:
                yield page
            if len(page) < _ROWS_A_PAGE:
                return
            after = page[-1].uuid

    async def _page(self, properties: Sequence[str], limit: int, **which: Any) -> "Sequence[Row]":  # noqa: ANN401 - the client's own
        found = await self._read(lambda rows: rows.query.fetch_objects(limit=limit, return_properties=list(properties), **which))
        objects: Sequence[Row] = found.objects
        return objects

    def _ids(self, passages: Iterable[PassageId]) -> "set[UUID]":
        return {object_id(self._tenant, passage) for passage in passages}

    async def _read(self, ask: "Callable[[Rows], Awaitable[T]]") -> T:
        """One replica answers: whichever holds the tenant and is nearest."""
        return await self._called(self._line.read, ask, "ONE")

    async def _write(self, ask: "Callable[[Rows], Awaitable[T]]") -> T:
        """More than half of the replicas have it when a write returns."""
        return await self._called(self._line.write, ask, "QUORUM")

    async def _called(self, call: "Callable[[Ask[T]], Awaitable[T]]", ask: "Callable[[Rows], Awaitable[T]]", level: str) -> T:
        try:
            return await call(lambda client: ask(self._rows(client, level)))
        except IndexMissing:
            self._lost(self._tenant)
            raise

    def _rows(self, client: "WeaviateAsyncClient", level: str) -> "Rows":
        from weaviate.classes.config import ConsistencyLevel

        handles = self._handles.setdefault(client, {})
        if level not in handles:
            rows = client.collections.use(self._name, skip_argument_validation=True).with_tenant(self._tenant)
            handles[level] = rows.with_consistency_level(ConsistencyLevel[level])
        return handles[level]


async def _hidden(rows: "Rows", vector: list[float], ids: "set[UUID]") -> "set[UUID]":
    """Those of the rows that are here and that no search by vector finds yet."""
    which = _filter_ids(ids)
    seen = await rows.query.near_vector(vector, filters=which, limit=len(ids), return_properties=[])
    unseen = ids - {row.uuid for row in seen.objects}
    if not unseen:
        return unseen
    here = await rows.query.fetch_objects(filters=_filter_ids(unseen), limit=len(unseen), return_properties=[])
    return {row.uuid for row in here.objects}  # but for those that somebody has removed meanwhile


def _nudged(vector: Vector) -> list[float]:
    """The same to every search."""
    changed = vector.copy()
    changed[0] += _NEXT_TO_NOTHING
    return list(map(float, changed))


def _any(name: str, values: Collection[str]) -> "_Filters":
    from weaviate.classes.query import Filter

    return Filter.by_property(name).contains_any(list(values))


def _filter_ids(ids: "Collection[UUID]") -> "_Filters":
    from weaviate.classes.query import Filter

    return Filter.by_id().contains_any(list(ids))


def _other_version(version: int) -> "_Filters":
    from weaviate.classes.query import Filter

    return Filter.by_property("version").not_equal(version)


def _passage(row: "Row") -> PassageId:
    return PassageId(str(row.properties["passage"]))
