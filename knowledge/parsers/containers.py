"""What is inside ZIP and OLE containers, found out without unpacking them. Pure."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

from knowledge.parsers.refusals import ARCHIVE, BOMB, BROKEN, ENCRYPTED, NOT_READ, OLD_WORD

MOST_ENTRIES = 10_000
MOST_UNPACKED = 500_000_000  # bytes, by the directory
MOST_RATIO = 250  # unpacked to packed, for what unpacks to more than `HARMLESS` bytes; office files seldom pass 50
HARMLESS = 30_000_000
_ENCRYPTED_FLAG = 0x1

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_OFFICE = {"word/document.xml": WORD, "xl/workbook.xml": SHEET, "ppt/presentation.xml": SLIDES}
_BY_MIMETYPE = frozenset(
    {
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/epub+zip",
    }
)
_OLE_STREAMS = (  # in this order: the later ones are also found embedded in the earlier ones
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
)
_OLD_SUFFIXES = {"msg": "application/vnd.ms-outlook", "ppt": "application/vnd.ms-powerpoint", "xls": "application/vnd.ms-excel"}
_DIRECTORY_ENTRY = struct.Struct("<64sH")


@dataclass(frozen=True, slots=True)
class _Entries:
    names: frozenset[str]
    mimetype: str


def zip_kind(data: bytes) -> str:
    """The media type of an office file in a ZIP. Raises `Unreadable` for bombs, passwords, broken files, plain archives."""
    entries = _checked(data)
    for name, media_type in _OFFICE.items():
        if name in entries.names:
            return media_type
    if entries.mimetype in _BY_MIMETYPE:
        return entries.mimetype
    raise (NOT_READ if "[Content_Types].xml" in entries.names or entries.mimetype else ARCHIVE).error()


def _checked(data: bytes) -> _Entries:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bombs(archive.infolist(), len(data))
            return _Entries(frozenset(archive.namelist()), _mimetype(archive))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as broken:
        raise BROKEN.error() from broken


def _refuse_bombs(entries: list[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or unpacked > max(HARMLESS, packed * MOST_RATIO):
        raise BOMB.error()
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise ENCRYPTED.error()


def _mimetype(archive: zipfile.ZipFile) -> str:
    """The first 100 bytes of the entry `mimetype` of OpenDocument and EPUB; empty if there is none."""
    if "mimetype" not in archive.namelist():
        return ""
    with archive.open("mimetype") as entry:
        return entry.read(100).decode("ascii", errors="replace").strip()


def ole_kind(data: bytes, suffix: str) -> str:
    """The media type of an Office file of before 2007 or an Outlook message. Raises `Unreadable` for passwords and old Word."""
    streams = _ole_names(data)
    if "EncryptedPackage" in streams:
        raise ENCRYPTED.error()
    kinds = [media_type for stream, media_type in _OLE_STREAMS if stream in streams]
    if not kinds:
        raise NOT_READ.error()
    by_name = _OLD_SUFFIXES.get(suffix)
    kind = by_name if by_name in kinds else kinds[0]
    if kind == "application/msword":
        raise OLD_WORD.error()
    return kind


def _ole_names(data: bytes) -> frozenset[str]:
    """The names in the directory: entries are 128 bytes, aligned, and begin with a name in UTF-16 and its length."""
    wanted = {stream: stream.encode("utf-16-le") for stream in ("EncryptedPackage", *(stream for stream, _ in _OLE_STREAMS))}
    return frozenset(stream for stream, raw in wanted.items() if _has_entry(data, raw))


def _has_entry(data: bytes, raw: bytes) -> bool:
    at = data.find(raw)
    while at >= 0:
        if at % 128 == 0 and at + _DIRECTORY_ENTRY.size <= len(data):
            _, length = _DIRECTORY_ENTRY.unpack_from(data, at)
            if length == len(raw) + 2:
                return True
        at = data.find(raw, at + 1)
    return False
