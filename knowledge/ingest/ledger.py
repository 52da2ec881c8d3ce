"""Writing what PostgreSQL knows of documents, in steps that can be cut off anywhere.

    stage     the new version's text and passages are written beside the old; nobody sees them
    (index)   the engine learns the new passages; the live check still refuses them as outdated
    publish   one transaction turns the document to the new version and forgets the old

A run that is killed before `publish` leaves rows that no reader can reach, and the next run replaces them.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import ARRAY, Row, Text, and_, any_, bindparam, delete, exists, func, insert, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.documents import DocumentId, PassageId, Piece, Readers, Span, passage_id, spoken_title
from knowledge.embedding.kept import Kept
from knowledge.errors import KnowledgeError
from knowledge.index.port import Held
from knowledge.own_words.acronyms import FINDER, Definition, definitions
from knowledge.own_words.keys import key_of
from knowledge.tables import document_versions, documents, own_words, passage_states, passages, sources
from tenancy.database import Database
from tenancy.viewer import Principal, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger says of a document that an earlier run brought in."""

    id: DocumentId
    version: int
    fingerprint: str
    readers: Readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document on its way in: its next version, read and cut, not yet published."""

    id: DocumentId
    name: str
    version: int  # the one that will be current: 1 for a new document
    fingerprint: str
    readers: Readers
    title: str
    url: str | None
    media_type: str
    size: int
    modified_at: datetime | None
    text: str
    pages: Sequence[tuple[int, int]]
    pieces: Sequence[Piece]
    standing: str = ""  # as in `Edition`
    valid_from: date | None = None  # the same
    defined: Sequence[Definition] = ()  # the short forms that its text explains

    @property
    def spoken_title(self) -> str:
        """The title, as far as it is words."""
        return spoken_title(self.title, self.name)

    def passage_id(self, ordinal: int) -> PassageId:
        """The same for the same document, version and place, so that writing twice is writing once."""
        return passage_id(self.id, self.version, ordinal)

    @property
    def passage_ids(self) -> list[PassageId]:
        """Of all its pieces, in their order."""
        return [self.passage_id(ordinal) for ordinal in range(len(self.pieces))]


def document_id(source: str, name: str) -> DocumentId:
    """The id of the document that source `source` (its id) calls `name`: 20 hex digits, the same in every run."""
    return DocumentId(hashlib.sha256(f"{source}\0{name}".encode()).hexdigest()[:20])


UNFINISHED = Principal("list being changed")
"""Held by nobody. In a list of readers that the index may not know yet: a run that is killed meanwhile leaves it for the next to see."""

NO_SOURCE = ""
"""For looking after a tenant's documents as a whole."""


class Ledger:
    """The documents of one source of one tenant."""

    def __init__(self, database: Database, tenant: TenantId, source: str) -> None:
        """`source` is the id that `open_source` gave."""
        self._database = database
        self._tenant = tenant
        self.source = source

    @classmethod
    async def of(cls, database: Database, tenant: TenantId, name: str, kind: str, root: str = "") -> "Ledger":
        """The ledger of the source called `name`, made if it is not there.

        `root` is where it is read from, if that must not change: two folders of one name must not replace each other's documents.
        Raises `KnowledgeError` if the source was read from elsewhere.
        """
        source = hashlib.sha256(name.encode()).hexdigest()[:12]
        row = {"id": source, "name": name, "kind": kind, "root": root}
        async with database.tenant(tenant) as connection:
            await connection.execute(upsert(sources).values(row).on_conflict_do_nothing())
            known = (await connection.execute(select(sources.c.root).where(sources.c.id == source))).scalar_one()
        if root and known and known != root:
            raise KnowledgeError(f"The source {name!r} is read from {known}. Give this one a name of its own with --source.")
        return cls(database, tenant, source)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep other runs of this source away, in every process; the hold ends with ours, however that ends.

        Raises `KnowledgeError` if another run is under way.
        """
        take = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:run, 0))")
        async with self._database.control() as connection:
            if not (await connection.execute(take, {"run": f"ingest {self._tenant} {self.source}"})).scalar_one():
                raise KnowledgeError("Another ingestion of this source is under way. Wait until it is done, then try again.")
            yield

    async def known(self) -> dict[str, Known]:
        """Every document of the source, by name; also those whose first version was never published (version 0)."""
        columns = select(documents.c.name, documents.c.id, documents.c.version, documents.c.content_hash, documents.c.readers)
        async with self._database.tenant(self._tenant) as connection:
            rows = await connection.execute(columns.where(documents.c.source == self.source))
        return {
            row.name: Known(
                id=DocumentId(row.id),
                version=row.version,
                fingerprint=row.content_hash,
                readers=frozenset(map(Principal, row.readers)),
            )
            for row in rows
        }

    async def stage(self, drafts: Sequence[Draft]) -> None:
        """Write the next versions beside the current ones."""
        versions = [(draft.id, draft.version) for draft in drafts]
        pieces = [row for draft in drafts for row in _passages(draft)]
        async with self._database.tenant(self._tenant) as connection:
            await connection.execute(upsert(documents).on_conflict_do_nothing(), [self._first(draft) for draft in drafts])
            for table in (passages, document_versions):  # what a killed run may have left
                await connection.execute(delete(table).where(tuple_(table.c.document, table.c.version).in_(versions)))
            await connection.execute(insert(document_versions), [_version(draft) for draft in drafts])
            if pieces:
                await connection.execute(insert(passages), pieces)

    async def keep(self, model: str, kept: Mapping[PassageId, Kept]) -> None:
        """Keep what `model` makes of passages, in place of what it made before; of those that were removed meanwhile, nothing."""
        if not kept:
            return
        async with self._database.tenant(self._tenant) as connection:
            there = [PassageId(found) for found in await connection.scalars(_STAYING, {"ids": list(kept)})]
            rows = [{"passage": passage, "model": model, **kept[passage].packed()} for passage in there]
            if rows:
                await connection.execute(_KEEP, rows)

    async def not_kept(self, model: str) -> list[DocumentId]:
        """Documents of the tenant of whose current passages some have nothing kept of `model`: they are of a time before it was."""
        has = exists().where(passage_states.c.passage == passages.c.id, passage_states.c.model == model)
        current = and_(documents.c.id == passages.c.document, documents.c.version == passages.c.version)
        lacking = select(documents.c.id).join(passages, current).where(~has).distinct().order_by(documents.c.id)
        async with self._database.tenant(self._tenant) as connection:
            return [DocumentId(found) for found in await connection.scalars(lacking)]

    async def publish(self, drafts: Sequence[Draft]) -> None:
        """Make the staged versions the current ones, all at once."""
        async with self._changing() as connection:
            await connection.execute(_PUBLISH, [{**_current(draft), "of": draft.id} for draft in drafts])
            await _define(connection, {(draft.id, draft.version): draft.defined for draft in drafts})
            for table in (passages, document_versions):
                current = select(documents.c.version).where(documents.c.id == table.c.document).scalar_subquery()
                named = table.c.document.in_([draft.id for draft in drafts if draft.version > 1])
                await connection.execute(delete(table).where(named, table.c.version != current))

    async def define(self) -> None:
        """Look for the short forms that documents explain in those of a time before that was done, or was done as it is now."""
        last: str | None = ""
        while last is not None:
            last = await self._define_some(last)

    async def _define_some(self, after: str) -> str | None:
        """Look at some whose ids come `after`. Returns the last of them; None: there are none.

        Nothing is held while texts are looked at. Those that others change meanwhile are passed over: what they write is looked at by
        them, or by the next tidying.
        """
        async with self._database.tenant(self._tenant) as connection:
            upcoming = (await connection.execute(_NOT_LOOKED_AT, {"after": after})).all()
            sizes = accumulate(row.size for row in upcoming)
            chosen = [row.id for row, size in zip(upcoming, sizes, strict=True) if size <= _A_LOOK] or [row.id for row in upcoming[:1]]
            texts = {(DocumentId(row.id), row.version): row.text for row in await connection.execute(_TEXTS, {"ids": chosen})}
        if not upcoming:
            return None
        defined = await asyncio.to_thread(lambda: {of: definitions(text) for of, text in texts.items()})
        async with self._database.tenant(self._tenant) as connection:
            same = await connection.execute(_STILL_NOT_LOOKED_AT.where(tuple_(documents.c.id, documents.c.version).in_(list(defined))))
            await _define(connection, {(of := (DocumentId(row.id), row.version)): defined[of] for row in same})
        return str(chosen[-1])

    async def remove(self, gone: Collection[DocumentId]) -> None:
        """Forget documents; from here on nothing of them passes the live check."""
        if not gone:
            return
        async with self._changing() as connection:
            await connection.execute(delete(documents).where(documents.c.id.in_(gone)))

    async def set_readers(self, readers: Mapping[DocumentId, Readers]) -> None:
        """Change who may read these documents; in force for the next answer."""
        if not readers:
            return
        async with self._changing() as connection:
            for document, names in readers.items():
                changed = update(documents).where(documents.c.id == document).values(readers=sorted(names))
                await connection.execute(changed)

    async def current(self) -> Counter[Held]:
        """What the index should hold: every document of the tenant that has passages, in its current version, whatever its source."""
        counted = select(documents.c.id, documents.c.version, documents.c.readers, func.count().label("passages"))
        joined = counted.join(passages, and_(documents.c.id == passages.c.document, documents.c.version == passages.c.version))
        async with self._database.tenant(self._tenant) as connection:
            rows = await connection.execute(joined.group_by(documents.c.id))
        return Counter({Held(DocumentId(row.id), row.version, frozenset(map(Principal, row.readers))): row.passages for row in rows})

    async def published(self, wanted: Sequence[DocumentId]) -> list[Draft]:
        """These documents as they were drafted, from what is kept of their current versions; to index them again."""
        row = select(documents).where(documents.c.id.in_(wanted))
        cut = select(passages).where(passages.c.document.in_(wanted)).order_by(passages.c.document, passages.c.ordinal)
        async with self._database.tenant(self._tenant) as connection:
            found = (await connection.execute(row)).all()
            pieces = (await connection.execute(cut)).all()
        return [_draft(one, [piece for piece in pieces if (piece.document, piece.version) == (one.id, one.version)]) for one in found]

    async def all_documents(self) -> set[DocumentId]:
        """The ids of every document of the tenant, whatever its source."""
        async with self._database.tenant(self._tenant) as connection:
            rows = await connection.execute(select(documents.c.id))
        return {DocumentId(row.id) for row in rows}

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes what is shown of this source. It counts itself first: in one order, none waits for the other."""
        async with self._database.tenant(self._tenant) as connection:
            await connection.execute(_CHANGED, {"of": self.source})
            yield connection

    def _first(self, draft: Draft) -> dict[str, object]:
        """The row of a document that nobody can see yet."""
        return {**_current(draft), "id": draft.id, "source": self.source, "name": draft.name, "version": 0, "content_hash": ""}


_PUBLISH = update(documents).where(documents.c.id == bindparam("of"))
# Held until what is kept of them is written. One that is just being removed is passed over and not waited for: whoever removes it may
# be waiting for us. In one order, so that of two who keep the same, one waits for the other.
_STAYING = select(passages.c.id).where(passages.c.id == any_(bindparam("ids", type_=ARRAY(Text)))).order_by(passages.c.id)
_STAYING = _STAYING.with_for_update(read=True, key_share=True, skip_locked=True)
_KEEP = upsert(passage_states)
_KEEP = _KEEP.on_conflict_do_update(
    index_elements=["passage", "model"], set_={"states": _KEEP.excluded.states, "vector": _KEEP.excluded.vector}
)
_A_LOOK = 1_000_000  # bytes of texts that are read at once, unless one alone has more
_MOST_LOOKED_AT = 100  # documents
_current_text = and_(document_versions.c.document == documents.c.id, document_versions.c.version == documents.c.version)
# An older finder leaves what a newer one found. A process of a time before there were any publishes versions that none has looked at.
_not_looked_at = or_(documents.c.words_found < FINDER, documents.c.words_version != documents.c.version)
_NOT_LOOKED_AT = (
    select(documents.c.id, func.octet_length(document_versions.c.text).label("size"))
    .join(document_versions, _current_text)
    .where(documents.c.version > 0, _not_looked_at, documents.c.id > bindparam("after"))
    .order_by(documents.c.id)
    .limit(_MOST_LOOKED_AT)
)
_TEXTS = (
    select(documents.c.id, documents.c.version, document_versions.c.text)
    .join(document_versions, _current_text)
    .where(documents.c.id == any_(bindparam("ids", type_=ARRAY(Text))))
)
_STILL_NOT_LOOKED_AT = select(documents.c.id, documents.c.version).where(_not_looked_at).order_by(documents.c.id)
_STILL_NOT_LOOKED_AT = _STILL_NOT_LOOKED_AT.with_for_update(key_share=True, skip_locked=True)
_CHANGED = update(sources).where(sources.c.id == bindparam("of")).values(revision=sources.c.revision + 1)


async def _define(connection: AsyncConnection, defined: Mapping[tuple[DocumentId, int], Sequence[Definition]]) -> None:
    """Replace what these documents explain by what these versions of theirs do, and note that they were looked at."""
    of = [document for document, _ in defined]
    await connection.execute(delete(own_words).where(own_words.c.document.in_(of)))
    looked_at = update(documents).where(documents.c.id.in_(of))
    await connection.execute(looked_at.values(words_found=FINDER, words_version=documents.c.version))
    rows = [
        {"document": document, "version": version, "short_key": key_of(one.short), "long_key": key_of(one.long), **one._asdict()}
        for (document, version), found in defined.items()
        for one in found
    ]
    if rows:
        await connection.execute(insert(own_words), rows)


def _draft(row: "Row[*tuple[Any, ...]]", pieces: "Sequence[Row[*tuple[Any, ...]]]") -> Draft:
    return Draft(
        id=DocumentId(row.id),
        name=row.name,
        version=row.version,
        fingerprint=row.content_hash,
        readers=frozenset(map(Principal, row.readers)),
        title=row.title,
        url=row.url,
        media_type=row.media_type,
        size=row.size,
        modified_at=row.modified_at,
        standing=row.standing,
        valid_from=row.valid_from,
        text="",
        pages=(),
        pieces=[
            Piece(span=Span(one.span_start, one.span_end), text=one.text, heading=tuple(one.heading), page=one.page, header=one.header)
            for one in pieces
        ],
    )


def _current(draft: Draft) -> dict[str, object]:
    return {
        "title": draft.title,
        "url": draft.url,
        "media_type": draft.media_type,
        "version": draft.version,
        "readers": sorted(draft.readers),
        "content_hash": draft.fingerprint,
        "size": draft.size,
        "modified_at": draft.modified_at,
        "standing": draft.standing,
        "valid_from": draft.valid_from,
        "indexed_at": datetime.now(UTC),
    }


def _version(draft: Draft) -> dict[str, object]:
    starts = [start for start, _ in draft.pages]
    return {
        "document": draft.id,
        "version": draft.version,
        "text": draft.text,
        "pages": [*starts, draft.pages[-1][1]] if starts else [],
    }


def _passages(draft: Draft) -> list[dict[str, object]]:
    return [
        {
            "id": draft.passage_id(ordinal),
            "document": draft.id,
            "version": draft.version,
            "ordinal": ordinal,
            "span_start": piece.span.start,
            "span_end": piece.span.end,
            "page": piece.page,
            "heading": list(piece.heading),
            "text": piece.text,
            "header": piece.header,
        }
        for ordinal, piece in enumerate(draft.pieces)
    ]
