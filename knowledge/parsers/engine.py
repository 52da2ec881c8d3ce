"""kreuzberg's view of a file as our text. Imported in the child process only: kreuzberg is native code over hostile input.

Footnote takes kreuzberg's tree of nodes rather than its Markdown: the Markdown escapes ordinary characters and marks emphasis,
which would end up in quotations. Of a PDF it takes the pages; see `pdf.py`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import kreuzberg

from knowledge.parsers.dates import date_of
from knowledge.parsers.kinds import PDF
from knowledge.parsers.pages import Block, assemble
from knowledge.parsers.pdf import Hint, page_blocks
from knowledge.parsers.pdf_tables import ruled_tables
from knowledge.parsers.port import Extracted
from knowledge.parsers.refusals import BLANK, BROKEN, ENCRYPTED, SCANNED
from knowledge.parsers.text import first_heading, table, title_of

_Node = Mapping[str, Any]
"""A node of kreuzberg's tree, as its stubs (`DocumentNode`) describe it; every field may be missing."""

_CONFIG = kreuzberg.ExtractionConfig(
    use_cache=False,
    enable_quality_processing=False,
    disable_ocr=True,  # type: ignore[call-arg]  # missing in its stubs of 4.10.4
    output_format="markdown",  # with "plain" the nodes of some formats lose their headings
    include_document_structure=True,
    pages=kreuzberg.PageConfig(extract_pages=True),
    concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
)
_FURNITURE = frozenset({"header", "footer"})
_MASTER = frozenset(  # what the master slide of an old .ppt says
    {"Click to edit Master title style", "Click to edit Master text styles", "Click to edit Master subtitle style"}
    | {f"{nth} level" for nth in ("Second", "Third", "Fourth", "Fifth")}
)
_EMPHASIS = re.compile(r"(\*{1,3}|~~)(?=\S)(.+?)(?<=\S)\1|</?u>")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_MIDNIGHT = re.compile(r"(?<!\S)(\d{4}-\d\d-\d\d) 00:00:00(?!\S)")  # how a date without a time comes out of a sheet
_SHEETS = ("spreadsheet", "ms-excel")


def read_with_kreuzberg(name: str, data: bytes, media_type: str) -> Extracted:
    """The text of a PDF, Excel, OpenDocument, RTF, EPUB, Outlook or old PowerPoint file.

    Raises `Unreadable`.
    """
    try:
        found = kreuzberg.extract_bytes_sync(data, media_type, _CONFIG)
    except kreuzberg.KreuzbergError as error:
        raise (ENCRYPTED if "password" in str(error).lower() else BROKEN).error() from error
    facts: Mapping[str, Any] = dict(found.metadata)
    paged = media_type == PDF
    blocks = _pdf_blocks(found, data) if paged else _blocks(found)
    text, pages = assemble([*blocks, *_attachments(found)], len(found.pages or ()) if paged else 0)
    if not text:
        raise (SCANNED if paged else BLANK).error()
    heading = None if any(kind in media_type for kind in _SHEETS) else first_heading(text)
    return Extracted(
        text=text,
        title=title_of(name, facts.get("subject" if media_type.endswith("outlook") else "title"), heading),
        media_type=media_type,
        pages=pages,
        modified_at=date_of(facts.get("modified_at")) or date_of(facts.get("created_at")),
    )


def _pdf_blocks(found: kreuzberg.ExtractionResult, data: bytes) -> list[Block]:
    pages = [page["content"] for page in found.pages or ()]
    hints: list[list[Hint]] = [[] for _ in pages]
    nodes: list[_Node] = list((found.document or {"nodes": []})["nodes"])
    for node in nodes:
        page, hint = node.get("page"), _hint(node["content"])
        if page and page <= len(hints) and hint.text:
            hints[page - 1].append(hint)
    return page_blocks(pages, hints, ruled_tables(data))


def _hint(content: _Node) -> Hint:
    kind = content["node_type"]
    return Hint(str(content.get("text") or ""), int(content.get("level") or 1) if kind == "heading" else 0, kind == "list_item")


def _blocks(found: kreuzberg.ExtractionResult) -> list[Block]:
    nodes: list[_Node] = list((found.document or {"nodes": []})["nodes"])
    marks = _marks(nodes)
    blocks = [block for index, node in enumerate(nodes) for block in _block(node, marks.get(index, "- "))]
    if "ms-powerpoint" in found.mime_type:
        blocks = _told_once(blocks)
    return blocks or [Block(found.content)]


def _marks(nodes: list[_Node]) -> dict[int, str]:
    """The bullet or number of each list item, by index, indented by the lists that it stands in."""
    marks: dict[int, str] = {}
    counts: dict[int | None, int] = {}
    for index, node in enumerate(nodes):
        if node["content"]["node_type"] == "list_item":
            parent = node.get("parent")
            counts[parent] = counts.get(parent, 0) + 1
            ordered = parent is not None and nodes[parent]["content"].get("ordered")
            marks[index] = "  " * max(0, _depth(node, nodes) - 1) + (f"{counts[parent]}. " if ordered else "- ")
    return marks


def _depth(node: _Node, nodes: list[_Node]) -> int:
    """How many lists a node stands in; lists deeper than 8 count as 8."""
    depth, parent = 0, node.get("parent")
    while parent is not None and depth < 8:  # noqa: PLR2004 - explained above
        depth += nodes[parent]["content"]["node_type"] == "list"
        parent = nodes[parent].get("parent")
    return depth


def _told_once(blocks: list[Block]) -> list[Block]:
    """Without the blocks whose lines were all said before: old .ppt files repeat whole slides as notes."""
    said = set(_MASTER)
    kept: list[Block] = []
    for block in blocks:
        lines = block.text.split("\n")
        if len(lines) == 1 or not said.issuperset(lines):
            kept.append(block)
        said.update(lines)
    return kept


def _block(node: _Node, mark: str) -> Iterator[Block]:
    content, page = node["content"], node.get("page")
    kind, text = content["node_type"], str(content.get("text") or "").strip()
    if node.get("content_layer") in _FURNITURE or text in _MASTER:
        return
    if kind in {"heading", "title"} and text:
        yield Block(f"{'#' * min(6, int(content.get('level') or 1))} {' '.join(text.split())}", page)
    elif kind == "list_item":
        yield Block(mark + text, page, item=True)
    elif kind == "code":
        yield Block(f"```\n{text}\n```", page)
    elif kind == "table":
        yield Block(_grid(content["grid"]), page)
    elif kind == "metadata_block":
        yield Block("\n".join(f"{key}: {' '.join(str(value).split())}" for key, value in content["entries"]), page)
    elif kind == "slide" and content.get("title") and content["title"] not in _MASTER:
        yield Block(f"## {content['title']}", content.get("number"))
    elif kind in {"paragraph", "formula", "footnote", "citation", "admonition", "quote"} and text:
        yield Block(text, page)


def _grid(grid: _Node) -> str:
    rows = [[""] * int(grid["cols"]) for _ in range(int(grid["rows"]))]
    for cell in grid["cells"]:
        rows[cell["row"]][cell["col"]] = _MIDNIGHT.sub(r"\1", plain(cell["content"]))
    return table(rows)


def plain(text: str) -> str:
    """A table cell of kreuzberg's without the Markdown that it writes into cells."""
    return _LINK.sub(r"\1", _EMPHASIS.sub(lambda found: found[2] or "", text)).replace("\\|", "|")


def _attachments(found: kreuzberg.ExtractionResult) -> Iterator[Block]:
    for child in found.children or ():
        content = child["result"].content.strip()
        if content and str(child["mime_type"]) != "application/octet-stream":
            yield Block(f"## Attachment: {child['path']}")
            yield Block(content)
