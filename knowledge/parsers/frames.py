"""What parent and child say to each other over two pipes: a JSON head and a body of bytes, each after its length. Pure.

The child's answer is untrusted: it is JSON, never pickle, and the parent checks it before it believes it.
"""

import json
import struct
from collections.abc import Mapping
from datetime import date, datetime

from knowledge.parsers.port import Extracted

PREFIX = struct.Struct(">IQ")
"""Lengths of head and body, in bytes."""


class BadFrameError(ValueError):
    """The other side does not speak as agreed."""


def pack(head: Mapping[str, object], body: bytes = b"") -> bytes:
    """One frame."""
    raw = json.dumps(head, ensure_ascii=True).encode("ascii")
    return PREFIX.pack(len(raw), len(body)) + raw + body


def head_of(extracted: Extracted) -> dict[str, object]:
    """All of `extracted` but its text, which travels as the body."""
    return {
        "title": extracted.title,
        "media_type": extracted.media_type,
        "pages": [list(page) for page in extracted.pages],
        "modified_at": extracted.modified_at.isoformat() if extracted.modified_at else None,
        "standing": extracted.standing,
        "valid_from": extracted.valid_from.isoformat() if extracted.valid_from else None,
    }


def extracted_of(head: Mapping[str, object], body: bytes) -> Extracted:
    """The text that the child claims to have found. Raises `BadFrameError` unless it has the promised form."""
    try:
        text, title, media_type = body.decode("utf-8"), str(head["title"]), str(head["media_type"])
        standing = str(head["standing"])
        valid_from = date.fromisoformat(str(head["valid_from"])) if head["valid_from"] else None
        pages = tuple((int(start), int(end)) for start, end in head["pages"])  # type: ignore[attr-defined] # what is wrong with it is caught below
        modified = datetime.fromisoformat(str(head["modified_at"])) if head["modified_at"] else None
    except (KeyError, ValueError, TypeError) as error:
        raise BadFrameError(str(error)) from error
    found = Extracted(
        text=text, title=title, media_type=media_type, pages=pages, modified_at=modified, standing=standing, valid_from=valid_from
    )
    edges = [edge for page in pages for edge in page]
    if not text or not found.title or "\0" in text or edges != sorted(edges) or (edges and not 0 <= edges[0] <= edges[-1] <= len(text)):
        raise BadFrameError
    return found
