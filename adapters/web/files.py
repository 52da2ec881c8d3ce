"""Files that people drop in: taken piece by piece, refused early, followed until they can be asked about."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import BodyPartReader, MultipartReader, web

from adapters.web.errors import Malformed, TooBusy, TooLarge
from adapters.web.events import clean
from adapters.web.house import Playground, Upload
from adapters.web.texts import WORDS
from knowledge.documents import Readers
from knowledge.parsers.port import LARGEST_FILE
from tenancy.viewer import EVERYONE, Viewer, person_principal

LARGEST_FIELD = 1024
"""Bytes of a form field beside the file."""

AROUND_FILE = 16 * 1024
"""Bytes that the form may be longer than its file."""

MOST_PARTS = 3
"""Parts of the form: who sends the file, whether everyone may read it, and the file."""

LONGEST_NAME = 200

PATIENCE = 30.0
"""Seconds that a file waits for others to be taken; none of it is read until then."""


async def take(door: Playground, request: web.Request) -> dict[str, object]:
    """Take one file for the person who dropped it, and return its upload's id and name.

    Only that person may read it, unless `everyone` came with it: then the whole company may.
    Raises `TooLarge` before the rest of it is read, `Malformed` for a form that is not the page's, and `TooBusy` when others
    are being taken for long.
    """
    if (request.content_length or 0) > LARGEST_FILE + AROUND_FILE:
        raise TooLarge(WORDS["file_large"].format(name="The file"))
    if request.content_type != "multipart/form-data":
        message = "Send one file, as multipart/form-data."
        raise Malformed(message)
    async with _turn(door.taking):
        fields, name, data = await _parts(await request.multipart())
        member = door.company.member(fields.get("person", ""))
        viewer = await door.people.viewer_by_email(door.tenant, member.email)
        upload = await door.uploads.add(viewer, name, data, readers(viewer, everyone=fields.get("everyone") == "yes"))
    return {"id": upload, "name": name, "state": "waiting"}


def readers(viewer: Viewer, *, everyone: bool) -> Readers:
    """Return who may read a file that `viewer` dropped in."""
    return frozenset({EVERYONE if everyone else person_principal(viewer.person)})


def report(upload: Upload) -> dict[str, object]:
    """Return how far an upload has come, for the page."""
    return {"state": upload.state, "reason": upload.reason, "document": upload.document}


@asynccontextmanager
async def _turn(taking: asyncio.Semaphore) -> AsyncIterator[None]:
    """Wait until fewer files are being taken. Raises `TooBusy` after `PATIENCE`."""
    try:
        await asyncio.wait_for(taking.acquire(), PATIENCE)
    except TimeoutError:
        raise TooBusy(WORDS["file_busy"]) from None
    try:
        yield
    finally:
        taking.release()


async def _parts(form: MultipartReader) -> tuple[dict[str, str], str, bytes]:
    """Read the form: its fields, and the one file's name and bytes. Raises `Malformed` without a file, or for too many parts."""
    fields: dict[str, str] = {}
    file: tuple[str, bytes] | None = None
    count = 0
    while (part := await form.next()) is not None:
        count += 1
        if count > MOST_PARTS:
            raise Malformed(WORDS["file_parts"])
        if not isinstance(part, BodyPartReader):
            break
        if part.filename:
            file = (file_name(part.filename), await _bytes(part, LARGEST_FILE, file_name(part.filename)))
        else:
            field = await _bytes(part, LARGEST_FIELD, "A field")
            fields[part.name or ""] = field.decode("utf-8", "replace").strip()
    if file is None:
        message = "There was no file. Choose one and add it again."
        raise Malformed(message)
    return fields, *file


async def _bytes(part: BodyPartReader, most: int, name: str) -> bytes:
    """Read one part, and no further than `most` bytes. Raises `TooLarge`."""
    data = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        data += chunk
        if len(data) > most:
            raise TooLarge(WORDS["file_large"].format(name=name))
    return bytes(data)


def file_name(sent: str) -> str:
    """Return a file's own name, without folders and control characters; the end of a long one stays, for its kind."""
    own = clean(sent).replace("\\", "/").rpartition("/")[2].replace("\n", " ").strip(". ")
    return own[-LONGEST_NAME:] or "file"
