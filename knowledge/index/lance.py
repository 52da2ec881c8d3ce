"""The embedded engine: LanceDB, one database folder per tenant.

Measured in `facts/engines.md` §5: IVF_RQ, refined, above 10,000 rows, exact search below; a word index over terms that our
own analyser made; rows written since the last `optimize` are scanned, so `tidy` is due every few hundred rows; two writers at once
duplicate rows without an error, so a lock file lets in one at a time.
"""

import asyncio
import shutil
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.documents import DocumentId, PassageId, Readers
from knowledge.embedding.port import Vector
from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.port import Entry, Held, Proposal
from tenancy.embedded.locks import FileLock
from tenancy.viewer import Principal, TenantId

if TYPE_CHECKING:
    from types import ModuleType

    import lancedb
    import pyarrow as pa
    from lancedb.query import AsyncQueryBase

VECTOR_INDEX_FROM = 10_000  # rows; below, an exact scan is as fast and needs no upkeep
REFINE_FACTOR = 5  # of lists of 50, at 50,000 rows: recall@20 .976 (6: .985 and 1 ms more; 3: .935; 2: .859)
_OLD_VERSIONS = timedelta(minutes=10)  # a reader that started before is done by then
_KEYS_A_PREDICATE = 200  # documents named in one delete
_TABLE = "passages"
_INDEXED = ("terms", "readers", "document")  # from the start; the vectors follow once it pays
_WRITER_PATIENCE_S = 120.0  # an `optimize` of another process may take that long


class LanceEngine:
    """One LanceDB database per tenant under one folder."""

    def __init__(self, folder: Path, *, model: str, dimension: int) -> None:
        """Keep the indexes built with the embedding model `model` in `folder/<model>/<tenant>`."""
        self._folder = folder / model
        self._dimension = dimension
        self._open: dict[TenantId, LanceIndex] = {}
        self._opening: defaultdict[TenantId, asyncio.Lock] = defaultdict(asyncio.Lock)  # one tenant's opening holds up no other

    async def create(self, tenant: TenantId) -> None:
        """Make the tenant's database, with its table and word index in place."""
        async with self._opening[tenant]:
            if tenant not in self._open:
                self._open[tenant] = await LanceIndex.made(self._folder / tenant, self._dimension)

    async def open(self, tenant: TenantId) -> "LanceIndex":
        """The tenant's index as of now. Raises `IndexMissing`."""
        index = self._open.get(tenant)
        if index and (self._folder / tenant).is_dir():  # else another process has removed it
            await index.refresh()
            return index
        async with self._opening[tenant]:
            if index and self._open.get(tenant) is index:
                self._open.pop(tenant).close()
            if tenant not in self._open:
                self._open[tenant] = await LanceIndex.found(self._folder / tenant, self._dimension)
        return self._open[tenant]

    async def rest(self, tenant: TenantId) -> None:
        """Close the tenant's table."""
        async with self._opening[tenant]:
            index = self._open.pop(tenant, None)
            if index:
                index.close()

    async def check(self) -> str:
        """Whether the folder can be written to."""
        try:
            await asyncio.to_thread(_write_a_probe, self._folder.parent)
        except OSError as error:
            message = (
                f"{self._folder.parent} cannot be written to: {error.strerror}. Check that FOOTNOTE_HOME may be written to and has space."
            )
            raise IndexUnavailable(message) from error
        return f"LanceDB in {self._folder.parent}"

    async def drop(self, tenant: TenantId) -> None:
        """Remove the tenant's folder."""
        await self._remove(tenant, lambda: [self._folder / tenant] if (self._folder / tenant).is_dir() else [])

    async def purge(self, tenant: TenantId) -> None:
        """Remove the tenant's folders, one for each embedding model."""
        await self._remove(tenant, lambda: list(self._folder.parent.glob(f"*/{tenant}")))

    async def _remove(self, tenant: TenantId, folders: Callable[[], list[Path]]) -> None:
        async with self._opening[tenant]:
            index = self._open.pop(tenant, None)
            if index:
                index.close()
            with _unavailable():
                await asyncio.to_thread(lambda: _remove(folders()))

    async def close(self) -> None:
        """Close every table."""
        for index in self._open.values():
            index.close()
        self._open.clear()


class LanceIndex:
    """One tenant's passages in one table."""

    def __init__(self, folder: Path, table: "lancedb.AsyncTable", schema: "pa.Schema") -> None:
        """Made by `made` or `found`."""
        self._folder = folder
        self._table = table
        self._schema = schema
        self._writing = asyncio.Lock()

    @classmethod
    async def made(cls, folder: Path, dimension: int) -> "LanceIndex":
        """Open the database in `folder`, made where it is not whole."""
        lancedb = await _lancedb()
        with _unavailable():
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            database = await lancedb.connect_async(str(folder))
            table = await _whole(database)
            if table is None:
                async with _alone(folder):
                    table = await _made(database, _schema(dimension))
        return cls(folder, table, _schema(dimension))

    @classmethod
    async def found(cls, folder: Path, dimension: int) -> "LanceIndex":
        """Open the database in `folder`. Raises `IndexMissing` if it is not there, or not whole."""
        lancedb = await _lancedb()
        with _unavailable():
            table = await _whole(await lancedb.connect_async(str(folder))) if await asyncio.to_thread(folder.is_dir) else None
        if table is None:
            raise IndexMissing(IndexMissing.__doc__)
        return cls(folder, table, _schema(dimension))

    async def refresh(self) -> None:
        """See what other processes have written. Once for both searches of a question; LanceDB's own way is once for each query."""
        with _unavailable():
            await self._table.checkout_latest()  # type: ignore[no-untyped-call] # lancedb leaves it unannotated

    def close(self) -> None:
        """Let go of the table."""
        self._table.close()  # type: ignore[no-untyped-call] # lancedb leaves it unannotated

    async def put(self, entries: Sequence[Entry]) -> None:
        """Add or replace entries, in one version of the table."""
        if not entries:
            return
        rows = _rows(entries, self._schema)
        async with self._write():
            merge = self._table.merge_insert("passage").when_matched_update_all().when_not_matched_insert_all()
            await merge.execute(rows)

    async def keep_only(self, versions: Mapping[DocumentId, int]) -> None:
        """Remove all passages of these documents but those of the given version."""
        named = list(versions.items())
        for start in range(0, len(named), _KEYS_A_PREDICATE):
            chunk = named[start : start + _KEYS_A_PREDICATE]
            predicate = " OR ".join(f"(document = {_quoted(document)} AND version <> {version:d})" for document, version in chunk)
            async with self._write():
                await self._table.delete(predicate)

    async def set_readers(self, document: DocumentId, readers: Readers) -> None:
        """Rewrite the reader lists of one document's rows."""
        names = ", ".join(_quoted(reader) for reader in sorted(readers))
        value = f"make_array({names})" if names else "arrow_cast(make_array(), 'List(Utf8)')"
        async with self._write():
            await self._table.update(where=f"document = {_quoted(document)}", updates_sql={"readers": value})

    async def by_words(self, terms: Sequence[str], principals: Collection[Principal], limit: int) -> list[Proposal]:
        """BM25 over the field of terms, readers filtered first."""
        if not terms or not principals:
            return []
        with _unavailable():
            query = self._table.query().where(_readable_by(principals)).nearest_to_text(" ".join(terms), columns=["terms"])
            found = await _columns(query, "_score", limit)
        return [Proposal(PassageId(passage), score) for passage, score in found]

    async def by_vector(self, vector: Vector, principals: Collection[Principal], limit: int) -> list[Proposal]:
        """Cosine, readers filtered first, approximate above `VECTOR_INDEX_FROM` rows."""
        if not principals:
            return []
        with _unavailable():
            query = self._table.query().where(_readable_by(principals)).nearest_to(vector.tolist())
            found = await _columns(query.distance_type("cosine").refine_factor(REFINE_FACTOR), "_distance", limit)
        return [Proposal(PassageId(passage), 1 - distance) for passage, distance in found]

    async def vectors(self, passages: Collection[PassageId]) -> dict[PassageId, Vector]:
        """By the rows' names, a few hundred at a time."""
        named, found = sorted(passages), dict[PassageId, Vector]()
        for start in range(0, len(named), _KEYS_A_PREDICATE):
            predicate = f"passage IN ({', '.join(map(_quoted, named[start : start + _KEYS_A_PREDICATE]))})"
            with _unavailable():
                rows = await self._table.query().where(predicate).select(["passage", "vector"]).to_arrow()
            values = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, rows["vector"].type.list_size)
            found |= dict(zip(map(PassageId, rows["passage"].to_pylist()), values, strict=True))
        return found

    async def holdings(self) -> Counter[Held]:
        """Read batch by batch."""
        counted: Counter[Held] = Counter()
        with _unavailable():
            async for batch in await self._table.query().select(["document", "version", "readers"]).to_batches():
                columns = zip(*(batch[name].to_pylist() for name in ("document", "version", "readers")), strict=True)
                counted.update(Held(DocumentId(one), version, frozenset(map(Principal, readers))) for one, version, readers in columns)
        return counted

    async def count(self) -> int:
        """Rows of the table."""
        with _unavailable():
            return await self._table.count_rows()

    async def tidy(self) -> None:
        """Bring every row into the indexes, build the vector index once it pays, drop old versions of the table."""
        async with self._write():
            await _ensure_vector_index(self._table)
            await self._table.optimize(cleanup_older_than=_OLD_VERSIONS)

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[None]:
        with _unavailable():
            async with self._writing, _alone(self._folder):
                await self.refresh()  # to merge into an older version would double rows
                yield


@asynccontextmanager
async def _alone(folder: Path) -> AsyncIterator[None]:
    """Keep every other process from writing here. The lock goes with the process, however that ends."""
    async with FileLock(folder / "writer.lock").alone(_WRITER_PATIENCE_S):
        yield


class _unavailable:  # noqa: N801 - used as a verb: `with _unavailable():`
    """Turns what the engine raises into `IndexUnavailable`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        # lancedb raises RuntimeError, ValueError and OSError alike for what its engine reports.
        if isinstance(error, RuntimeError | ValueError | OSError):
            message = "The index cannot be read just now. Nothing was lost; try again in a minute."
            raise IndexUnavailable(message) from error


def _schema(dimension: int) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema(
        {
            "passage": pa.string(),
            "document": pa.string(),
            "version": pa.int32(),
            "terms": pa.string(),
            "readers": pa.list_(pa.string()),
            "vector": pa.list_(pa.float32(), dimension),
        }
    )


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder)


def _write_a_probe(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".probe"
    probe.write_bytes(b"")
    probe.unlink()


async def _lancedb() -> "ModuleType":
    """Loaded off the loop, and only where something is searched or ingested: 2.4 s."""
    return await asyncio.to_thread(import_module, "lancedb")


async def _whole(database: "lancedb.AsyncConnection") -> "lancedb.AsyncTable | None":
    """The table, if it is there with its indexes."""
    if _TABLE not in (await database.list_tables()).tables:
        return None
    table = await database.open_table(_TABLE)
    return table if len(list(await table.list_indices())) >= len(_INDEXED) else None


async def _made(database: "lancedb.AsyncConnection", schema: "pa.Schema") -> "lancedb.AsyncTable":
    from lancedb.index import FTS, BTree, LabelList

    # Our analyser has done the work: the engine only splits at spaces.
    words = FTS(
        base_tokenizer="whitespace", max_token_length=None, lower_case=False, stem=False, remove_stop_words=False, ascii_folding=False
    )
    table = await database.create_table(_TABLE, schema=schema, exist_ok=True)
    built = {index.columns[0] for index in await table.list_indices()}
    # No BTREE on `passage`: merge_insert would then add duplicates (facts/engines.md §5).
    configs: tuple[FTS | LabelList | BTree, ...] = (words, LabelList(), BTree())
    for column, config in zip(_INDEXED, configs, strict=True):
        if column not in built:
            await table.create_index(column, config=config)
    return table


async def _ensure_vector_index(table: "lancedb.AsyncTable") -> None:
    from lancedb.index import IvfRq

    built = {index.columns[0] for index in await table.list_indices()}
    if "vector" not in built and await table.count_rows() >= VECTOR_INDEX_FROM:
        await table.create_index("vector", config=IvfRq(distance_type="cosine"))


def _rows(entries: Sequence[Entry], schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa

    vectors = np.stack([entry.vector for entry in entries]).astype(np.float32)
    return pa.table(
        {
            "passage": [entry.passage for entry in entries],
            "document": [entry.document for entry in entries],
            "version": [entry.version for entry in entries],
            "terms": [" ".join(entry.terms) for entry in entries],
            "readers": [sorted(entry.readers) for entry in entries],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
        },
        schema=schema,
    )


async def _columns(query: "AsyncQueryBase", measure: str, limit: int) -> list[tuple[str, float]]:
    # Only what is asked for: without the score's name in the selection LanceDB logs a warning for each query.
    found: Any = await query.select(["passage", measure]).limit(limit).to_arrow()  # type: ignore[attr-defined] # every query has limit
    return list(zip(found["passage"].to_pylist(), found[measure].to_pylist(), strict=True))


def _readable_by(principals: Collection[Principal]) -> str:
    return f"array_has_any(readers, [{', '.join(_quoted(principal) for principal in sorted(principals))}])"


def _quoted(value: str) -> str:
    """`value` as an SQL string; the only way that text enters a predicate."""
    return "'" + value.replace("'", "''") + "'"
