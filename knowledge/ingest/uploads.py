"""Files that people drop in: kept at once, read by a durable job, findable when it is done."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.documents import DocumentId, Readers
from knowledge.errors import UnknownDocument, Unreadable
from knowledge.ingest.items import FileItem
from knowledge.ingest.pipeline import Ingestion
from knowledge.originals import Originals
from knowledge.parsers.port import refuse_by_size
from knowledge.tables import uploads
from tenancy.database import Database, become, unbecome
from tenancy.viewer import Principal, TenantId, Viewer

SOURCE = "Dropped files"
_LONGEST_NAME = 200  # characters

Defer = Callable[[AsyncConnection, TenantId, str], Awaitable[None]]
"""Puts the job that reads an upload into the queue, within the given control transaction."""


class UploadState(StrEnum):
    """How far a dropped file is."""

    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A dropped file, as its owner sees it."""

    id: str
    name: str
    state: UploadState
    reason: str  # what is wrong with it and what to do; empty unless it failed
    document: DocumentId | None  # once it is done


class Uploads:
    """Takes files in and tells how far they are."""

    def __init__(self, database: Database, originals: Originals, ingestion: Ingestion, defer: Defer) -> None:
        """`defer` queues the job that will call `read`."""
        self._database = database
        self._originals = originals
        self._ingestion = ingestion
        self._defer = defer

    async def add(self, viewer: Viewer, name: str, data: bytes, readers: Readers) -> str:
        """Keep a file for `readers` and queue its reading, together or not at all. Returns the upload's id.

        Raises `Unreadable` for one that is too big or has no name.
        """
        refuse_by_size(len(data))
        file = PurePosixPath(name.replace("\\", "/")).name[:_LONGEST_NAME]
        if not file.isprintable() or not file.strip("."):
            reason = "has no usable name"
            raise Unreadable(reason, "give it a name of ordinary characters and drop it in again")
        upload = secrets.token_hex(10)
        original = f"uploads/{upload}"
        await self._originals.put(viewer.tenant, original, data)
        row = {"id": upload, "person": viewer.person, "name": file, "readers": sorted(readers), "original": original}
        async with self._database.control() as connection:
            await become(connection, viewer.tenant)
            await connection.execute(insert(uploads).values(**row, state=UploadState.WAITING, reason=""))
            await unbecome(connection)
            await self._defer(connection, viewer.tenant, upload)
        return upload

    async def state(self, viewer: Viewer, upload_id: str) -> Upload:
        """How far an upload of this viewer is. Raises `UnknownDocument` for anybody else's."""
        async with self._database.tenant(viewer.tenant) as connection:
            mine = select(uploads).where(uploads.c.id == upload_id, uploads.c.person == viewer.person)
            row = (await connection.execute(mine)).one_or_none()
        if row is None:
            message = "There is no such file of yours. Drop it in again."
            raise UnknownDocument(message)
        document = DocumentId(row.document) if row.document else None
        return Upload(id=row.id, name=row.name, state=UploadState(row.state), reason=row.reason, document=document)

    async def read(self, tenant: TenantId, upload: str) -> None:
        """The job: read the file and publish it. Called again for one upload, it does no harm."""
        async with self._database.tenant(tenant) as connection:
            row = (await connection.execute(select(uploads).where(uploads.c.id == upload))).one_or_none()
        if row is None or row.state in (UploadState.DONE, UploadState.FAILED):
            return
        await self._set(tenant, upload, state=UploadState.READING)
        data = await self._originals.get(tenant, row.original)
        item = FileItem(
            name=f"{row.person}/{row.name}",  # two people's `notes.txt` are two documents
            size=len(data),
            readers=frozenset(map(Principal, row.readers)),
            modified_at=datetime.now(UTC),
            read=lambda: data,
        )
        try:
            document = await self._ingestion.add(tenant, SOURCE, item)
        except Unreadable as error:
            reason = f"{row.name} {error.reason}. You can {error.remedy}."
            await self._set(tenant, upload, state=UploadState.FAILED, reason=reason, finished_at=datetime.now(UTC))
        else:
            await self._set(tenant, upload, state=UploadState.DONE, document=document, finished_at=datetime.now(UTC))
        await self._originals.remove(tenant, row.original)

    async def fail(self, tenant: TenantId, upload: str) -> None:
        """Say that an upload could not be read for a reason of ours; the job has tried often enough."""
        reason = "Something of ours failed while this file was read. Drop it in again; if that does not help, tell whoever runs Footnote."
        await self._set(tenant, upload, state=UploadState.FAILED, reason=reason, finished_at=datetime.now(UTC))

    async def _set(self, tenant: TenantId, upload: str, **values: Any) -> None:  # noqa: ANN401 - columns are of several types
        async with self._database.tenant(tenant) as connection:
            await connection.execute(update(uploads).where(uploads.c.id == upload).values(**values))
