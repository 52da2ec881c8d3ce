"""One tenant's index in a file, and back: the vectors, which are what takes long to make again; all else is in PostgreSQL.

What is restored is what PostgreSQL says now, so a backup that is older than the documents brings nothing back that is gone.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from knowledge.documents import DocumentId, PassageId
from knowledge.embedding.port import Vector
from knowledge.errors import KnowledgeError
from knowledge.index.places import Place
from knowledge.index.port import Entry
from knowledge.ingest.batches import MOST_DOCUMENTS
from knowledge.ingest.entries import made_of
from knowledge.ingest.ledger import NO_SOURCE, Ledger
from knowledge.ingest.mending import compare, mend
from knowledge.ingest.pipeline import Ingestion
from knowledge.ingest.report import Progress
from tenancy.viewer import TenantId

if TYPE_CHECKING:
    import pyarrow as pa

_MODEL, _TENANT = b"footnote_model", b"footnote_tenant"


@dataclass(frozen=True, slots=True)
class Backup:
    """Writes and reads backups."""

    ingestion: Ingestion

    async def write(self, tenant: TenantId, path: Path, progress: Progress) -> int:
        """Write the vectors of the index that serves, as Parquet that only we may read. Returns how many."""
        opened = await self.ingestion.places.open(tenant)
        ledger = Ledger(self.ingestion.database, tenant, NO_SOURCE)
        documents = sorted({one.document for one in await ledger.current()})
        progress.found(len(documents))
        written = 0
        with _Writer(path, _schema(tenant, opened.place)) as file:
            for start in range(0, len(documents), MOST_DOCUMENTS):
                drafts = await ledger.published(documents[start : start + MOST_DOCUMENTS])
                vectors = await opened.index.vectors([passage for draft in drafts for passage in draft.passage_ids])
                await asyncio.to_thread(file.add, vectors)
                progress.advanced(len(drafts), len(vectors))
                written += len(vectors)
        return written

    async def restore(self, tenant: TenantId, path: Path, progress: Progress) -> int:
        """Put what the index that serves lacks back, with the file's vectors; what the file lacks is embedded. Returns how many documents.

        Raises `KnowledgeError` for a file that is none of ours, of another tenant, or of another embedding model.
        """
        ledger = Ledger(self.ingestion.database, tenant, NO_SOURCE)
        whose, known = await asyncio.to_thread(_read, path)
        if whose[_TENANT].decode() != tenant:  # the same names may be there of other texts
            raise KnowledgeError(f"{path.name} is another company's. Give a file that `footnote index backup` wrote of this one.")
        async with ledger.alone():
            async with self.ingestion.places.writing(tenant) as to:
                if to.place.model != (model := whose[_MODEL].decode()):
                    message = f"{path.name} has vectors of {model}, and the index is one of {to.place.model}. Move the index first."
                    raise KnowledgeError(message)
                found = await compare(ledger, to.index, exact=False)
            progress.found(len(found.lost))

            async def entries(model: str, documents: Sequence[DocumentId]) -> list[Entry]:
                drafts = await ledger.published(documents)
                made = await made_of(drafts, self.ingestion.embedders.of(model), known)
                await ledger.keep(model, made.kept)
                progress.advanced(len(drafts), len(made.entries))
                return made.entries

            await mend(lambda: self.ingestion.places.writing(tenant), found, entries)
        return len(found.lost)


class _Writer:
    """A Parquet file that is there when it is whole."""

    def __init__(self, path: Path, schema: "pa.Schema") -> None:
        self._path = path
        self._half = path.with_name(f"{path.name}.part")
        self._schema = schema

    def __enter__(self) -> Self:
        import pyarrow.parquet as pq

        try:
            self._bytes = os.fdopen(os.open(self._half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        except OSError as error:
            message = f"{self._path} cannot be written ({error.strerror}). Choose another file."
            raise KnowledgeError(message) from error
        self._file = pq.ParquetWriter(self._bytes, self._schema)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        self._bytes.close()
        if kind is None:
            self._half.replace(self._path)
        else:
            self._half.unlink()

    def add(self, vectors: Mapping[PassageId, Vector]) -> None:
        import pyarrow as pa

        columns = {"passage": list(vectors), "vector": [vector.tolist() for vector in vectors.values()]}
        self._file.write_table(pa.table(columns, schema=self._schema))


def _schema(tenant: TenantId, place: Place) -> "pa.Schema":
    import pyarrow as pa

    columns = {"passage": pa.string(), "vector": pa.list_(pa.float32(), place.dimension)}
    return pa.schema(columns, metadata={_TENANT: tenant.encode(), _MODEL: place.model.encode()})


def _read(path: Path) -> tuple[Mapping[bytes, bytes], dict[PassageId, Vector]]:
    """Whose it is and of which model, and the vectors."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        whose = {name: (table.schema.metadata or {})[name] for name in (_TENANT, _MODEL)}
        vectors = table["vector"].combine_chunks().flatten().to_numpy().reshape(table.num_rows, table["vector"].type.list_size)
    except (pa.ArrowException, OSError, KeyError) as error:
        message = f"{path.name} is no backup of an index. Give a file that `footnote index backup` wrote."
        raise KnowledgeError(message) from error
    return whose, dict(zip(map(PassageId, table["passage"].to_pylist()), vectors, strict=True))
