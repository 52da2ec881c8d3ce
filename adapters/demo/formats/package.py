"""What the three Office formats share: a zip file and a record of who changed it when."""

import io
import re
from datetime import datetime
from typing import Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

AUTHOR = "Larkspur Instruments"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip entry can carry
_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


class Saves(Protocol):
    """A document that can write itself into a binary stream."""

    def save(self, stream: io.BytesIO, /) -> None:
        """Write the whole package into `stream`."""


def packed(document: Saves, changed: datetime) -> bytes:
    """Return the document as a zip that depends on nothing but its content and `changed`."""
    raw, fixed = io.BytesIO(), io.BytesIO()
    document.save(raw)
    with ZipFile(raw) as source, ZipFile(fixed, "w", ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=_opc_order):
            entry = ZipInfo(name, _EPOCH)
            entry.compress_type = ZIP_DEFLATED
            target.writestr(entry, _restamped(name, source.read(name), changed))
    return fixed.getvalue()


def _opc_order(name: str) -> tuple[bool, str]:
    """Put the content types first, where readers that stream expect them."""
    return name != "[Content_Types].xml", name


def _restamped(name: str, content: bytes, changed: datetime) -> bytes:
    """Replace the clock readings of the core properties; openpyxl writes its own at every save."""
    if name != "docProps/core.xml":
        return content
    stamp = changed.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return _STAMP.sub(rb"\g<1>" + stamp + rb"\g<3>", content)
