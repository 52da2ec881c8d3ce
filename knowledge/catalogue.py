"""Reading what PostgreSQL knows of documents: the truth that every proposal of the index is held against."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Row, Text, and_, any_, bindparam, exists, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from knowledge.access import all_may_read, may_read
from knowledge.documents import Document, DocumentId, Edition, Opened, Passage, PassageId, Readers, SourceCount, Span
from knowledge.embedding.kept import Kept
from knowledge.errors import UnknownDocument
from knowledge.own_words.meaning import Meaning
from knowledge.own_words.stored import KNOWN
from knowledge.tables import document_versions, documents, passage_states, passages, sources
from tenancy.database import Database
from tenancy.viewer import Audience, Principal, TenantId, Viewer

_DOCUMENT = (
    documents.c.id,
    sources.c.name.label("source_name"),
    documents.c.name,
    documents.c.title,
    documents.c.url,
    documents.c.media_type,
    documents.c.version,
    documents.c.readers,
    documents.c.modified_at,
    documents.c.standing,
    documents.c.valid_from,
)
_PASSAGE = (
    passages.c.id.label("passage_id"),
    passages.c.version.label("passage_version"),
    passages.c.ordinal,
    passages.c.span_start,
    passages.c.span_end,
    passages.c.page,
    passages.c.heading,
    passages.c.text,
    passages.c.header,
)
_Lists = Sequence[tuple[Readers, int]]  # a list of readers and how many documents have it
_SHOWN = documents.c.version > 0  # 0: never finished, so there is nothing to show yet
_documents = select(*_DOCUMENT).join(sources, sources.c.id == documents.c.source).where(_SHOWN)
_joined = passages.join(documents, documents.c.id == passages.c.document).join(sources, sources.c.id == documents.c.source)
_passages = select(*_DOCUMENT, *_PASSAGE).select_from(_joined)
_kept = and_(
    passage_states.c.passage == passages.c.id,
    passage_states.c.model == bindparam("model"),
    func.octet_length(passage_states.c.vector) == bindparam("bytes"),  # what was kept before a model's vectors changed their length
)
_proposed = (
    select(*_DOCUMENT, *_PASSAGE, passage_states.c.states, passage_states.c.vector)
    .select_from(_joined.outerjoin(passage_states, _kept))
    .where(passages.c.id == any_(bindparam("ids", type_=ARRAY(Text))))
)
_in_order = _passages.where(documents.c.id == bindparam("document"), passages.c.version == documents.c.version, _SHOWN).order_by(
    passages.c.ordinal
)
REVISIONS = select(func.string_agg(sources.c.id.concat(":").concat(sources.c.revision), aggregate_order_by(literal(" "), sources.c.id)))
"""In one string how often each source has changed: whatever opens, closes or removes a document changes its source's."""
# Together with the revisions, which are thus as old as the counts are. Removed sources count too: hence not a sum.
_by_readers = (
    select(REVISIONS.scalar_subquery().label("revisions"), documents.c.readers, func.count().label("documents"))
    .where(_SHOWN)
    .group_by(documents.c.readers)
)
_opened = _documents.add_columns(document_versions.c.text, document_versions.c.pages).join(
    document_versions, and_(document_versions.c.document == documents.c.id, document_versions.c.version == documents.c.version)
)


class Proposed(NamedTuple):
    """A passage that exists, and what it takes to judge it."""

    passage: Passage
    version: int  # that the passage belongs to; not always the document's current one
    kept: Kept | None  # None: nothing has been kept of it for the model asked for


class Catalogue:
    """Documents and passages of one tenant at a time, as they are at the moment of asking."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database
        self._counted: dict[TenantId, tuple[str, _Lists]] = {}

    async def proposed(self, tenant: TenantId, ids: Sequence[PassageId], model: str | None, dimension: int) -> dict[PassageId, Proposed]:
        """Those of the passages that exist, as `model` of that dimension sees them. One statement, one moment in time.

        `model` None: nothing that is kept of them is read.
        """
        wanted = {"ids": list(ids), "model": model, "bytes": Kept.bytes_of(dimension)}
        async with self._database.tenant(tenant) as connection:
            rows = (await connection.execute(_proposed, wanted)).all()
        kept = [None if row.vector is None else Kept.unpacked(row.states, row.vector) for row in rows]
        return {passage.id: Proposed(passage, version, own) for (passage, version), own in zip(_read(rows), kept, strict=True)}

    async def open(self, viewer: Viewer, document: DocumentId) -> Opened:
        """A document with the extracted text of its current version, readers and text as of one moment.

        Raises `UnknownDocument` alike when it is not there and when it is not for `viewer`.
        """
        async with self._database.tenant(viewer.tenant) as connection:
            row = (await connection.execute(_opened.where(documents.c.id == document))).one_or_none()
        if row is None or not may_read(viewer, _readers(row)):
            raise UnknownDocument("There is no such document here, or it is not open to you. Ask its owner if you think it should be.")
        return Opened(document=_document(row), text=row.text, pages=tuple(Span(start, end) for start, end in pairwise(row.pages)))

    async def passages(self, viewer: Viewer, audience: Audience, document: DocumentId) -> tuple[Passage, ...]:
        """All passages of a document that viewer and audience may read, in reading order. Raises `UnknownDocument`."""
        async with self._database.tenant(viewer.tenant) as connection:
            rows = await connection.execute(_in_order, {"document": document})
        found = tuple(passage for passage, _ in _read(rows))
        if not found or not all_may_read(viewer, audience, found[0].document.readers):
            raise UnknownDocument("There is no such document here, or not everybody here may read it.")
        return found

    async def meanings(self, viewer: Viewer, audience: Audience, keys: Collection[str]) -> list[Meaning]:
        """What may be said to viewer and audience of the short forms among `keys`, and of those whose long form is.

        What a document says counts only where they may all read a document that says so. Of what is common not every document is counted.
        """
        shared = viewer.principals & audience.shared() if audience.members else viewer.principals
        others = viewer.principals - shared
        async with self._database.tenant(viewer.tenant) as connection:
            rows = (await connection.execute(KNOWN, {"keys": list(keys), "shared": sorted(shared), "others": sorted(others)})).all()
        readable = [row for row in rows if row.readers is None or all_may_read(viewer, audience, frozenset(map(Principal, row.readers)))]
        counted: Counter[tuple[str, str, bool]] = Counter()
        for row in readable:
            counted[row.short, row.long, row.readers is None] += row.documents
        return [Meaning(short=short, long=long, said=said, documents=count) for (short, long, said), count in counted.items()]

    async def count(self, viewer: Viewer, audience: Audience) -> int:
        """How many documents viewer and audience may all read."""
        lists = await self._lists(viewer.tenant)
        return sum(count for readers, count in lists if all_may_read(viewer, audience, readers))

    async def has_passages(self, viewer: Viewer) -> bool:
        """Whether there is anything that `viewer` may find."""
        readable = documents.c.readers.overlap(sorted(viewer.principals))
        joined = passages.join(documents, and_(documents.c.id == passages.c.document, documents.c.version == passages.c.version))
        async with self._database.tenant(viewer.tenant) as connection:
            return bool(await connection.scalar(select(exists().select_from(joined).where(_SHOWN, readable))))

    async def occurring(self, tenant: TenantId, principals: frozenset[Principal]) -> frozenset[Principal]:
        """Those of the principals that some document of the tenant names as its readers."""
        lists = await self._lists(tenant)
        return principals.intersection(*[frozenset().union(*(readers for readers, _ in lists))])

    async def sources(self, tenant: TenantId) -> list[SourceCount]:
        """The tenant's sources by name, for its operator."""
        joined = sources.outerjoin(documents, and_(documents.c.source == sources.c.id, _SHOWN))
        counted = select(sources.c.name, func.count(documents.c.id)).select_from(joined).group_by(sources.c.name)
        async with self._database.tenant(tenant) as connection:
            rows = (await connection.execute(counted.order_by(sources.c.name))).all()
        return [SourceCount(name=name, documents=count) for name, count in rows]

    async def _lists(self, tenant: TenantId) -> _Lists:
        """How many documents each list of readers has: counted anew when a source has changed, not for every question."""
        async with self._database.tenant(tenant) as connection:
            revisions = await connection.scalar(REVISIONS)
            counted = self._counted.get(tenant)
            if counted is None or counted[0] != revisions:
                rows = (await connection.execute(_by_readers)).all()
                lists = [(_readers(row), row.documents) for row in rows]
                counted = self._counted[tenant] = (rows[0].revisions if rows else "", lists)
        return counted[1]

    async def titles(self, viewer: Viewer, audience: Audience) -> list[Document]:
        """Every document that viewer and audience may all read, newest first."""
        ordered = _documents.where(documents.c.readers.overlap(sorted(viewer.principals))).order_by(
            documents.c.modified_at.desc().nulls_last(), documents.c.name
        )
        async with self._database.tenant(viewer.tenant) as connection:
            rows = await connection.execute(ordered)
        found = map(_document, rows)
        return [one for one in found if all_may_read(viewer, audience, one.readers)]


def _readers(row: "Row[*tuple[Any, ...]]") -> Readers:
    return frozenset(map(Principal, row.readers))


def _document(row: "Row[*tuple[Any, ...]]") -> Document:
    return Document(
        id=DocumentId(row.id),
        source=row.source_name,
        name=row.name,
        title=row.title,
        url=row.url,
        media_type=row.media_type,
        version=row.version,
        readers=_readers(row),
        modified_at=row.modified_at,
        edition=Edition(standing=row.standing, valid_from=row.valid_from),
    )


def _read(rows: "Iterable[Row[*tuple[Any, ...]]]") -> Iterator[tuple[Passage, int]]:
    """Each row's passage with the version it belongs to; passages of one document share it."""
    known: dict[str, Document] = {}
    for row in rows:
        if row.id not in known:
            known[row.id] = _document(row)
        yield _passage(row, known[row.id]), row.passage_version


def _passage(row: "Row[*tuple[Any, ...]]", document: Document) -> Passage:
    return Passage(
        id=PassageId(row.passage_id),
        document=document,
        ordinal=row.ordinal,
        span=Span(row.span_start, row.span_end),
        text=row.text,
        heading=tuple(row.heading),
        page=row.page,
        header=row.header,
    )
