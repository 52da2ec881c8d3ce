"""PowerPoint to text, slide by slide. Pure.

Why not kreuzberg: it leaves out speaker notes, splits table cells at `|`, and gives up a whole deck over one broken picture.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from knowledge.parsers.containers import SLIDES
from knowledge.parsers.dates import date_of
from knowledge.parsers.package import Package, opened, shown
from knowledge.parsers.pages import Block, assemble
from knowledge.parsers.port import Extracted
from knowledge.parsers.refusals import BLANK
from knowledge.parsers.text import table, title_of

_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_UNTITLED = re.compile(r"## Slide \d+")
_DEEPEST = 20  # groups in groups


def read_slides(name: str, data: bytes) -> Extracted:
    """A deck: each slide a page, its title a heading, its speaker notes after its text. Raises `Unreadable`."""
    with opened(data) as deck:
        slides = _slides(deck)
        blocks = [block for number, path in enumerate(slides, 1) for block in _slide(deck, path, number)]
        title, modified = deck.fact("title"), date_of(deck.fact("modified")) or date_of(deck.fact("created"))
    if all(_UNTITLED.fullmatch(block.text) for block in blocks):
        raise BLANK.error()
    text, pages = assemble(blocks, len(slides))
    heading = next((block.text[3:] for block in blocks if block.text[:3] == "## " and not _UNTITLED.fullmatch(block.text)), None)
    return Extracted(text=text, title=title_of(name, title, heading), media_type=SLIDES, pages=pages, modified_at=modified)


def _slides(deck: Package) -> list[str]:
    """The paths of the slides in the order of the deck."""
    root = deck.part("ppt/presentation.xml")
    relations = deck.relations("ppt/presentation.xml")
    ids = [each.get("r:id", "") for each in root.iter("sldId")] if root is not None else []
    return [relations[id_][1] for id_ in ids if id_ in relations]


def _slide(deck: Package, path: str, number: int) -> Iterator[Block]:
    root = deck.part(path)
    if root is None:
        return
    blocks = [block for tree in root.iter("spTree") for shape in shown(tree) for block in _shape(shape, number)]
    titles = [block for block in blocks if block.text.startswith("## ")]
    yield titles[0] if titles else Block(f"## Slide {number}", number)
    yield from (block for block in blocks if block not in titles[:1])
    yield from _notes(deck, path, number)


def _notes(deck: Package, path: str, number: int) -> Iterator[Block]:
    for kind, target in deck.relations(path).values():
        root = deck.part(target) if kind == "notesSlide" else None
        bodies = [shape for shape in root.iter("sp") if _place(shape) == "body"] if root is not None else []
        text = "\n".join(line for shape in bodies for _, line in _paragraphs(shape))
        if text:
            yield Block(f"Notes: {text}", number)


def _shape(shape: ET.Element, number: int, depth: int = 0) -> Iterator[Block]:
    if shape.tag == "grpSp" and depth < _DEEPEST:
        for inner in shown(shape):
            yield from _shape(inner, number, depth + 1)
    elif shape.tag == "graphicFrame":
        yield from (Block(_table(each), number) for each in shape.iter("tbl"))
    elif shape.tag == "sp" and _place(shape) not in _FURNITURE:
        yield from _words(shape, _place(shape), number)


def _words(shape: ET.Element, place: str | None, number: int) -> Iterator[Block]:
    lines = list(_paragraphs(shape))
    if not lines:
        return
    if place in _TITLES:
        yield Block("## " + " ".join(line for _, line in lines), number)
    elif place is None or place == "subTitle":
        yield Block("\n".join(line for _, line in lines), number)
    else:
        yield from (Block("  " * level + "- " + line, number, item=True) for level, line in lines)


def _place(shape: ET.Element) -> str | None:
    """What a shape stands for in the slide's layout; None: a text box of its own."""
    holder = shape.find("nvSpPr/nvPr/ph")
    return None if holder is None else holder.get("type", "body")


def _paragraphs(shape: ET.Element) -> Iterator[tuple[int, str]]:
    """(level, text) of each paragraph with text; levels are 0 to 8."""
    for paragraph in shape.iter("p"):
        properties = paragraph.find("pPr")
        level = properties.get("lvl", "0") if properties is not None else "0"
        text = _text(paragraph)
        if text:
            yield int(level) if level in {*"012345678"} else 0, text


def _text(paragraph: ET.Element) -> str:
    parts = ((each.text or "") if each.tag == "t" else " " if each.tag == "br" else "" for each in paragraph.iter())
    return " ".join("".join(parts).split())


def _table(frame: ET.Element) -> str:
    return table([[" ".join(map(_text, cell.iter("p"))) for cell in row.iter("tc")] for row in frame.iter("tr")])
