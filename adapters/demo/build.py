"""Render the demo company's documents into the formats that a real company keeps them in."""

import os
from collections.abc import Callable
from pathlib import Path

from adapters.demo.formats import document, mail, page, pdf, sheets, slides
from adapters.demo.sources import Source, sources

RENDERERS: dict[str, Callable[[Source], bytes]] = {
    "docx": document.render,
    "eml": mail.render,
    "html": page.render,
    "md": lambda source: source.body.encode(),
    "pdf": pdf.render,
    "pptx": slides.render,
    "xlsx": sheets.render,
}


def build(target: Path) -> list[Path]:
    """Write every document of the demo company below `target` and return their paths, sorted by source.

    Two builds are identical byte for byte, and each file's modification time is the day its document says it was last
    changed. A file that already holds the right bytes is not touched. Other files below `target` are left alone.
    """
    return [_place(source, target / source.path) for source in sources()]


def _place(source: Source, path: Path) -> Path:
    """Write one document unless it is there already."""
    content = RENDERERS[source.format](source)
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (source.changed.timestamp(),) * 2)
    return path
