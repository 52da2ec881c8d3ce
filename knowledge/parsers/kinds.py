"""What a file is: by its content first, by its name second. One table of what is read. Pure.

Macro files (.docm, .xlsm, .pptm) are what they are without their macros: their text is read, and nothing here can run anything.
"""

import re
from pathlib import PurePosixPath
from types import MappingProxyType

from knowledge.parsers.containers import ole_kind, zip_kind
from knowledge.parsers.refusals import (
    ARCHIVE,
    EMPTY,
    NOT_READ,
    NOT_WHAT_IT_SAYS,
    PICTURE,
    PROGRAM,
    SOUND,
    Refusal,
)

PLAIN = "text/plain"
MARKDOWN = "text/markdown"
HTML = "text/html"
CSV = "text/csv"
MAIL = "message/rfc822"
PDF = "application/pdf"
RTF = "application/rtf"

TEXTS = MappingProxyType(
    {
        **dict.fromkeys(("", "txt", "text", "log", "rst", "adoc", "asciidoc", "org", "tex", "srt"), PLAIN),
        **dict.fromkeys(("md", "markdown", "mdown", "mkd", "mdx", "qmd"), MARKDOWN),
        **dict.fromkeys(("html", "htm", "xhtml", "shtml"), HTML),
        **dict.fromkeys(("csv", "tsv"), CSV),
        **dict.fromkeys(("eml", "mht", "mhtml"), MAIL),
        **dict.fromkeys(("json", "jsonl", "ndjson"), "application/json"),
        **dict.fromkeys(("yaml", "yml"), "application/yaml"),
        **dict.fromkeys(("toml", "ini", "cfg", "conf", "properties"), PLAIN),
        "xml": "application/xml",
        "vtt": "text/vtt",
    }
)
"""File name suffix to media type, of the formats that are text inside."""

_BINARIES_NAMES = "pdf docx docm dotx dotm doc xlsx xlsm xltx xltm xls pptx pptm ppsx ppsm potx ppt odt ods epub rtf msg"
_BINARIES = frozenset(_BINARIES_NAMES.split())
_MAGIC: tuple[tuple[bytes, Refusal], ...] = (
    (b"\x89PNG", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"GIF8", PICTURE),
    (b"II*\0", PICTURE),
    (b"MM\0*", PICTURE),
    (b"BM", PICTURE),
    (b"\0\0\1\0", PICTURE),
    (b"ID3", SOUND),
    (b"\xff\xfb", SOUND),
    (b"OggS", SOUND),
    (b"fLaC", SOUND),
    (b"\x1aE\xdf\xa3", SOUND),
    (b"\x1f\x8b", ARCHIVE),
    (b"7z\xbc\xaf", ARCHIVE),
    (b"Rar!", ARCHIVE),
    (b"BZh", ARCHIVE),
    (b"\xfd7zXZ", ARCHIVE),
    (b"(\xb5/\xfd", ARCHIVE),
    (b"\x7fELF", PROGRAM),
    (b"MZ", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"SQLite format 3", NOT_READ),
)
_RIFF = {b"WEBP": PICTURE, b"WAVE": SOUND, b"AVI ": SOUND}
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_MAIL_START = re.compile(rb"(?:From [^\n]*\n)?(?:[!-9;-~]{1,60}:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){2,}")
_MAIL_FIELD = re.compile(rb"^(?:mime-version|message-id|received|return-path|from):", re.IGNORECASE | re.MULTILINE)


def suffix_of(name: str) -> str:
    """The end of a file's name in lower case, without its dot; empty if it has none."""
    return PurePosixPath(name.replace("\\", "/")).suffix.lower().removeprefix(".")


def kind_of(name: str, data: bytes) -> str:
    """The media type that the file is read as. Raises `Unreadable` for all that Footnote does not read."""
    if not data:
        raise EMPTY.error()
    suffix = suffix_of(name)
    return _binary_kind(data, suffix) or _text_kind(suffix, data)


def _binary_kind(data: bytes, suffix: str) -> str | None:
    if data[:64].lstrip().startswith(b"%PDF-") or (suffix == "pdf" and b"%PDF-" in data[:1024]):
        return PDF
    if data.startswith((b"PK\3\4", b"PK\5\6", b"PK\7\x08")):
        return zip_kind(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return ole_kind(data, suffix)
    if data.startswith(b"{\\rtf"):
        return RTF
    _refuse_known(data, suffix)
    return None


def _refuse_known(data: bytes, suffix: str) -> None:
    riff = _RIFF.get(data[8:12]) if data.startswith(b"RIFF") else None
    refusal = riff or (SOUND if data[4:8] == b"ftyp" else _by_magic(data))
    if refusal:
        raise refusal.error()
    if b"\0" in data[:1024] and suffix not in TEXTS:
        raise NOT_READ.error()


def _by_magic(data: bytes) -> Refusal | None:
    """Signatures of printable letters alone (BM, MZ, ID3) count only where binary bytes follow."""
    for magic, refusal in _MAGIC:
        if data.startswith(magic) and (not magic.isalnum() or b"\0" in data[:64]):
            return refusal
    return None


def _text_kind(suffix: str, data: bytes) -> str:
    if _HTML_START.match(data[:4096]):
        return HTML
    if suffix in _BINARIES:
        raise NOT_WHAT_IT_SAYS.error()
    kind = TEXTS.get(suffix)
    if kind is None:
        raise NOT_READ.error()
    if kind == MAIL and not _MAIL_START.match(data.lstrip()):
        raise NOT_WHAT_IT_SAYS.error()
    return MAIL if kind == PLAIN and suffix in {"", "txt"} and _is_message(data, suffix) else kind


def _is_message(data: bytes, suffix: str) -> bool:
    head = _MAIL_START.match(data.lstrip()[:20_000])
    return bool(head and (suffix in {"eml", "mht", "mhtml"} or len(_MAIL_FIELD.findall(head[0])) > 1))
