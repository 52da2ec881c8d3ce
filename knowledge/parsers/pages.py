"""Blocks of text with the page each stands on, put together into one text with exact page spans. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from knowledge.parsers.decoding import tidy


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item, table or code block, as Markdown."""

    text: str
    page: int | None = None  # 1-based
    item: bool = False  # of a list: follows the item before it on the next line
    rest: bool = False  # rows of the table that the block before it is: follow it on the next line, also on another page


def assemble(blocks: Iterable[Block], page_count: int = 0) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text of `blocks`, and the span of each of `page_count` pages in it: from its first block to its last.

    Blocks must come in the order of their pages; one without a page is on the page before it. A page without text has an
    empty span where it would stand.
    """
    parts: list[str] = []
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    length, page, after_item = 0, 1, False
    for block in blocks:
        text = tidy(block.text).strip("\n")
        if not text.strip():
            continue
        page = max(page, block.page or page)
        separator = "" if not parts else "\n" if block.rest or (block.item and after_item and page in starts) else "\n\n"
        parts += [separator, text]
        starts.setdefault(page, length + len(separator))
        length += len(separator) + len(text)
        ends[page], after_item = length, block.item
    return "".join(parts), _spans(starts, ends, page_count)


def _spans(starts: dict[int, int], ends: dict[int, int], count: int) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for number in range(1, count + 1):
        before = spans[-1][1] if spans else 0
        spans.append((starts.get(number, before), ends.get(number, before)))
    return tuple(spans)
