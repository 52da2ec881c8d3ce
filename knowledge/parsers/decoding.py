"""Bytes to characters, and characters to the one form that spans refer to. Pure."""

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

from knowledge.parsers.refusals import NOT_TEXT, UNKNOWN_TEXT

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARABLE = re.compile(r"(?:iso-?8859|windows-?\d|cp\d|koi8|mac|shift|euc|gb|big5|utf-?(?:8|16|32)|us-ascii|latin)", re.IGNORECASE)
_SAMPLE = 65_536
_MOSTLY_LATIN = 0.3  # share of bytes over 127 up to which a text is in Latin letters with accents
_NOISE = 0.002  # share of control characters that a real text may hold

_LINE_ENDS = dict.fromkeys(map(ord, "\v\f\x1c\x1d\x1e\x85\u2028\u2029"), "\n")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0xFEFF, *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF])
_TIDY = {**_CONTROLS, **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"), **_LINE_ENDS, 9: "\t", 10: "\n"}
_NOISY = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")


def decode(data: bytes, declared: str | None = None) -> str:
    """The characters of `data`: by byte order mark, as UTF-8, as `declared`, else by detection.

    Raises `Unreadable` for what is no text.
    """
    text = _by_mark(data) or _strictly(data, "utf-8") or _by_zeros(data) or _declared(data, declared) or _detected(data)
    if text is None:
        raise UNKNOWN_TEXT.error()
    if "\0" in text or len(_NOISY.findall(text[:_SAMPLE])) > _NOISE * min(len(text), _SAMPLE):
        raise NOT_TEXT.error()
    return text


def tidy(text: str) -> str:
    r"""`text` in the form that spans refer to: NFC, `\n` at line ends, no control characters, no lone surrogates."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(_TIDY))


def tidy_line(text: str) -> str:
    """`text` tidied and on one line, as titles are; empty if nothing is left of it."""
    return " ".join(tidy(text).split())


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _by_mark(data: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    return None


def _by_zeros(data: bytes) -> str | None:
    """UTF-16 without a mark: in Latin text every second byte is zero."""
    sample = data[:_SAMPLE]
    half = max(1, len(sample) // 2)
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[offset::2].count(0) > half * 0.4 and sample[1 - offset :: 2].count(0) < half * 0.05:
            return _strictly(data, encoding)
    return None


def _declared(data: bytes, encoding: str | None) -> str | None:
    if encoding is None or not _DECLARABLE.match(encoding):
        return None
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeDecodeError):  # a document may declare nonsense
        return None


def _detected(data: bytes) -> str | None:
    sample = data[:_SAMPLE]
    if 0 in sample:
        raise NOT_TEXT.error()
    if sum(byte > 127 for byte in sample) <= _MOSTLY_LATIN * len(sample):  # noqa: PLR2004 - the end of ASCII
        return _strictly(data, "cp1252") or data.decode("latin-1")
    best = from_bytes(sample).best()
    return data.decode(best.encoding, errors="replace") if best else None
