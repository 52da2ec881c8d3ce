"""A document as somebody reads it: set whole or around its cited words, with the page and headings they stand under. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from markupsafe import Markup

from adapters.web.typesetting import typeset
from knowledge.chunking.blocks import Kind, blocks
from knowledge.documents import Span

WHOLE = 40_000
"""Characters up to which a document is shown whole."""

AROUND = 12_000
"""Characters shown on each side of the passage in a longer one."""

MOST = 1_000_000
"""Characters that are ever shown at once, whatever is asked for; setting them takes about half a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a reader sees of a document."""

    html: Markup
    page: int | None  # 1-based, where the passage starts; None without pages or without a passage
    heading: tuple[str, ...]  # the headings the passage stands under, outermost first
    marked: bool  # whether there are words to mark
    cut: bool  # whether only the part around the passage is shown


def view(text: str, span: Span, pages: Sequence[Span] = (), *, whole: bool = False, top: int = 3) -> View:
    """Set `text` with `span` marked: all of it, or the part around the span if it is long and not wanted whole.

    Never more than `MOST` characters of it. Takes its time with a long text: not for the event loop.

    `top` is the rank of the text's largest headings, one below the title that stands above it.
    """
    span = Span(max(0, span.start), min(len(text), span.end))
    marked = bool(text[span.start : span.end].strip())
    fits = len(text) <= (MOST if whole else WHOLE)
    shown = Span(0, len(text)) if fits else _window(text, span, MOST // 2 if whole else AROUND)
    return View(
        html=Markup(typeset(text, span, shown, pages, top)),  # noqa: S704 - every piece is escaped above
        page=_page_at(pages, span.start) if marked else None,
        heading=_headings(text, span.start) if marked else (),
        marked=marked,
        cut=shown != Span(0, len(text)),
    )


def _window(text: str, span: Span, around: int) -> Span:
    """Return the part `around` the span, from one empty line to another where there is one near; no more than `MOST`."""
    start = max(0, span.start - around)
    end = min(len(text), max(span.end, span.start + 1) + around, start + MOST)
    before = text.find("\n\n", start, span.start) if start else 0
    after = text.rfind("\n\n", span.end, end) if end < len(text) else end
    return Span(before if before >= 0 else start, after if after >= 0 else end)


def _page_at(pages: Sequence[Span], at: int) -> int | None:
    """Return the 1-based page that the character `at` stands on."""
    started = [number for number, page in enumerate(pages, 1) if page.start <= at]
    return started[-1] if started else None


def _headings(text: str, at: int) -> tuple[str, ...]:
    """Return the headings above the character `at`, outermost first, by the rule that citations go by; one that `at` stands in counts.

    A text longer than `MOST` is read in half of that around `at` on each side: what stands further up is not named.
    """
    part = Span(0, len(text)) if len(text) <= MOST else _window(text, Span(at, at), MOST // 2)
    above: list[tuple[int, str]] = []
    for block in takewhile(lambda block: block.start <= at - part.start, blocks(text[part.start : part.end])):
        if block.kind is Kind.HEADING:
            above = [(level, title) for level, title in above if level < block.level] + [(block.level, block.title)]
    return tuple(title for _, title in above if title)
