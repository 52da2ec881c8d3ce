"""The subset of Markdown that the demo documents use, as a flat list of blocks any format can render.

Headings, paragraphs, bulleted and numbered lists (nested), tables, fenced code and block quotes; bold, italic, code and
links within a line. Anything else is refused, so that no format silently drops text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the document's title."""

    level: int
    line: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    line: Line


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list."""

    line: Line
    depth: int  # 0 is the outermost list
    number: int | None  # None is a bullet


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has as many cells as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be typed exactly as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """An aside: a notice in a document, the speaker's notes of a slide."""

    line: Line


Prose = Heading | Paragraph | Item | Code | Quote
Block = Prose | Table


def markdown() -> MarkdownIt:
    """Return the one Markdown dialect in which the documents are written."""
    return MarkdownIt("commonmark").enable("table")


def parse(body: str) -> tuple[Block, ...]:
    """Return the blocks of a document in reading order. Raises `KeyError` for Markdown outside the subset."""
    root = SyntaxTreeNode(markdown().parse(body))
    return tuple(_blocks(root.children))


def plain(line: Line) -> str:
    """Return a line's text without its styles."""
    return "".join(run.text for run in line)


def text(block: Prose) -> str:
    """Return the words of a block that is not a table."""
    return block.text if isinstance(block, Code) else plain(block.line)


def _blocks(nodes: list[SyntaxTreeNode]) -> Iterator[Block]:
    for node in nodes:
        yield from _BLOCKS[node.type](node)


def _heading(node: SyntaxTreeNode) -> Iterator[Block]:
    yield Heading(int(node.tag[1:]), _line(node))


def _paragraph(node: SyntaxTreeNode) -> Iterator[Block]:
    yield Paragraph(_line(node))


def _code(node: SyntaxTreeNode) -> Iterator[Block]:
    yield Code(node.content.rstrip("\n"))


def _quote(node: SyntaxTreeNode) -> Iterator[Block]:
    for child in node.children:
        yield Quote(_line(child))


def _list(node: SyntaxTreeNode, depth: int = 0) -> Iterator[Block]:
    start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    for index, item in enumerate(node.children):
        number = None if start is None else start + index
        for child in item.children:
            if child.type == "paragraph":
                yield Item(_line(child), depth, number)
            else:
                yield from _list(child, depth + 1)


def _table(node: SyntaxTreeNode) -> Iterator[Block]:
    header, *rows = (_cells(row) for section in node.children for row in section.children)
    yield Table(header, tuple(rows))


def _cells(row: SyntaxTreeNode) -> tuple[str, ...]:
    return tuple(plain(_line(cell)) for cell in row.children)


_BLOCKS: dict[str, Callable[[SyntaxTreeNode], Iterator[Block]]] = {
    "heading": _heading,
    "paragraph": _paragraph,
    "bullet_list": _list,
    "ordered_list": _list,
    "table": _table,
    "fence": _code,
    "blockquote": _quote,
}


def _line(node: SyntaxTreeNode) -> Line:
    """Return the runs of a node whose only child is inline text; an empty cell has none."""
    return tuple(run for inline in node.children for child in inline.children for run in _runs(child, Run("")))


def _runs(node: SyntaxTreeNode, style: Run) -> Iterator[Run]:
    if node.type in _TEXT:
        yield Run(_TEXT[node.type](node), style.bold, style.italic, style.code or node.type == "code_inline")
        return
    inner = _STYLES[node.type](style)
    for child in node.children:
        yield from _runs(child, inner)


_TEXT: dict[str, Callable[[SyntaxTreeNode], str]] = {
    "text": lambda node: node.content,
    "code_inline": lambda node: node.content,
    "softbreak": lambda _: " ",
}

_STYLES: dict[str, Callable[[Run], Run]] = {
    "strong": lambda style: Run("", bold=True, italic=style.italic),
    "em": lambda style: Run("", bold=style.bold, italic=True),
    "link": lambda style: style,
}
