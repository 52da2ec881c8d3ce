"""A document's extracted text -> HTML with the cited words marked, every character where its span says. Pure.

The text is what the parsers made of a file: mostly Markdown. It is set line by line, never parsed as a whole, so that a
mark falls on exactly `text[start:end]`. All of it is escaped; nothing of a document becomes markup but the elements that
this module writes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from adapters.web.texts import WORDS
from knowledge.documents import Span

WHOLE = 40_000
"""Characters up to which a document is shown whole."""

AROUND = 12_000
"""Characters shown on each side of the passage in a longer one."""

WRAPPED = 60
"""Characters from which a line is taken for one of running prose, wrapped by whoever wrote the file."""

HEADING = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t#]*$")
ITEM = re.compile(r"([ \t]*)([-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
RULE = re.compile(r"[ \t]*([-*_][ \t]*){3,}$")
DASHES = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(\|[ \t]*:?-*:?[ \t]*)*$")
QUOTED = re.compile(r"[ \t]*>[ \t]?")
INLINE = re.compile(
    r"\*\*(?P<strong>[^*\n]{1,400})\*\*|(?<![\w*])\*(?P<em>[^*\s][^*\n]{0,300})\*(?![\w*])|`(?P<code>[^`\n]{1,300})`"
    r"|!?\[(?P<text>[^\[\]\n]{0,300})\]\([^()\s]{0,800}\)|\\(?P<plain>[\\`*_{}\[\]()#+.!|<>~-])"
)
CELL = re.compile(r"(?:\\\||[^|])*")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a reader sees of a document."""

    html: Markup
    page: int | None  # 1-based, where the passage starts; None without pages or without a passage
    heading: tuple[str, ...]  # the headings the passage stands under, outermost first
    marked: bool  # whether there are words to mark
    cut: bool  # whether only the part around the passage is shown


@dataclass(slots=True)
class _Setter:
    """Sets one text; remembers how deep the headings are and whether the mark has its name yet."""

    text: str
    span: Span
    top: int  # the rank of the text's own first heading
    named: bool = False
    levels: list[int] = field(default_factory=list)

    def words(self, start: int, end: int) -> str:
        """Set `text[start:end]` with its emphasis; what makes the emphasis is left out."""
        parts, at = [], start
        for found in INLINE.finditer(self.text, start, end):
            kind = found.lastgroup or "plain"
            inner = self.words if kind in {"strong", "em"} else self.plain
            parts += [self.plain(at, found.start()), _dressed(kind, inner(*found.span(kind)))]
            at = found.end()
        return "".join([*parts, self.plain(at, end)])

    def plain(self, start: int, end: int) -> str:
        """Set `text[start:end]` as it stands, the cited part of it marked."""
        a, b = max(start, self.span.start), min(end, self.span.end)
        if a >= b or not self.text[a:b].strip():
            return str(escape(self.text[start:end]))
        name = "" if self.named else ' id="passage" tabindex="-1"'
        self.named = True
        return f"{escape(self.text[start:a])}<mark{name}>{escape(self.text[a:b])}</mark>{escape(self.text[b:end])}"

    def heading(self, level: int, start: int, end: int) -> str:
        """Set a heading; it stands one below the nearest heading above it that is larger."""
        self.levels = [above for above in self.levels if above < level] + [level]
        rank = min(self.top - 1 + len(self.levels), 6)
        return f"<h{rank}>{self.words(start, end)}</h{rank}>"


def view(text: str, span: Span, pages: Sequence[Span] = (), *, whole: bool = False, top: int = 3) -> View:
    """Set `text` with `span` marked: all of it, or the part around the span if it is long and not wanted whole.

    `top` is the rank of the text's largest headings, one below the title that stands above it.
    """
    span = Span(max(0, span.start), min(len(text), span.end))
    marked = bool(text[span.start : span.end].strip())
    shown = Span(0, len(text)) if whole or len(text) <= WHOLE else _window(text, span)
    return View(
        html=Markup("\n".join(_blocks(_Setter(text, span, top), shown, pages))),  # noqa: S704 - every piece is escaped above
        page=_page_at(pages, span.start) if marked else None,
        heading=_headings(text, span.start) if marked else (),
        marked=marked,
        cut=shown != Span(0, len(text)),
    )


def _window(text: str, span: Span) -> Span:
    """Return the part around `span`, from one empty line to another where there is one near."""
    start = max(0, span.start - AROUND)
    end = min(len(text), max(span.end, span.start + 1) + AROUND)
    before = text.find("\n\n", start, span.start) if start else 0
    after = text.rfind("\n\n", span.end, end) if end < len(text) else end
    return Span(before if before >= 0 else start, after if after >= 0 else end)


def _page_at(pages: Sequence[Span], at: int) -> int | None:
    """Return the 1-based page that the character `at` stands on."""
    started = [number for number, page in enumerate(pages, 1) if page.start <= at]
    return started[-1] if started else None


def _headings(text: str, at: int) -> tuple[str, ...]:
    """Return the Markdown headings above the character `at`, outermost first; one that `at` stands in counts."""
    above: list[tuple[int, str]] = []
    line_end = text.find("\n", at)
    for found in re.finditer(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", text[: line_end if line_end >= 0 else None], re.MULTILINE):
        level = len(found[1])
        above = [(other, words) for other, words in above if other < level] + [(level, _bare(found[2]))]
    return tuple(words for _, words in above)


def _bare(words: str) -> str:
    """Return a heading without the signs of its emphasis."""
    return INLINE.sub(lambda found: found[found.lastgroup or 0], words)


def _dressed(kind: str, inner: str) -> str:
    """Put the element of that kind around what is already set."""
    return f"<{kind}>{inner}</{kind}>" if kind in {"strong", "em", "code"} else inner


def _blocks(setter: _Setter, shown: Span, pages: Sequence[Span]) -> Iterator[str]:
    """Set block after block, with a line where a page begins."""
    starts = [(page.start, number) for number, page in enumerate(pages, 1) if shown.start <= page.start < shown.end]
    for block in _paragraphs(setter.text, shown):
        while starts and starts[0][0] <= block[0].start:
            yield f'<p class="page-break">{escape(WORDS["page"].format(page=starts.pop(0)[1]).capitalize())}</p>'
        yield from _set_block(setter, block)


def _paragraphs(text: str, shown: Span) -> Iterator[list[Span]]:
    """Part the text at empty lines into runs of lines; a fenced block is one run, empty lines and all."""
    run: list[Span] = []
    fenced = False
    for line in _lines(text, shown):
        words = text[line.start : line.end].strip()
        fence = words.startswith("```")
        if (fence and not fenced) or (not words and not fenced):
            yield from [run] if run else []
            run = []
        run += [line] if words or fenced else []
        if fence and fenced:
            yield run
            run = []
        fenced ^= fence
    yield from [run] if run else []


def _lines(text: str, shown: Span) -> Iterator[Span]:
    """Return each line's span, its end of line left out."""
    for found in re.compile(r"[^\n\f]*").finditer(text, shown.start, shown.end):
        if found.group() or found.start() == shown.start or text[found.start() - 1] in "\n\f":
            yield Span(*found.span())


def _set_block(setter: _Setter, run: list[Span]) -> Iterator[str]:
    """Set one run of lines, line kinds apart."""
    text = setter.text
    if text.startswith("```", run[0].start + _indent(text, run[0])):
        inner = run[1:-1] or run
        yield f"<pre>{setter.plain(inner[0].start, inner[-1].end)}</pre>"
        return
    while run:
        kind = _kind(text, run[0])
        length = next((n for n in range(1, len(run)) if _starts_block(kind, _kind(text, run[n]))), len(run))
        yield _SETTERS[kind](setter, run[:length])
        run = run[length:]


def _indent(text: str, line: Span) -> int:
    """Return how many blanks a line begins with."""
    words = text[line.start : line.end]
    return len(words) - len(words.lstrip())


def _kind(text: str, line: Span) -> str:
    """Tell what a line is."""
    words = text[line.start : line.end]
    tests = {"heading": HEADING, "rule": RULE, "item": ITEM, "quote": QUOTED}
    found = next((kind for kind, pattern in tests.items() if pattern.match(words)), "prose")
    return "row" if found in {"prose", "rule"} and words.lstrip().startswith("|") else found


def _starts_block(kind: str, following: str) -> bool:
    """Whether a line of kind `following` does not belong to the block of kind `kind` above it."""
    if following in {"heading", "rule", "item"}:
        return True
    if following == "prose":
        return kind in {"heading", "rule", "row"}
    return kind != following


def _set_heading(setter: _Setter, run: list[Span]) -> str:
    """Set `## Words`."""
    found = HEADING.match(setter.text[run[0].start : run[0].end])
    level, a, b = (len(found[1]), *found.span(2)) if found else (1, 0, run[0].end - run[0].start)
    return setter.heading(level, run[0].start + a, run[0].start + b)


def _set_rule(_: _Setter, __: list[Span]) -> str:
    """Set `---`."""
    return "<hr>"


def _set_item(setter: _Setter, run: list[Span]) -> str:
    """Set one item of a list, at its depth, with the sign it was given."""
    text, first = setter.text, run[0]
    found = ITEM.match(text[first.start : first.end])
    depth, sign, skip = (len(found[1]) // 2, found[2], found.end()) if found else (0, "•", 0)
    sign = "•" if sign in "-*+" else sign
    lines = [Span(first.start + skip, first.end), *run[1:]]
    return f'<p class="item depth-{min(depth, 3)}"><span class="sign">{escape(sign)}</span>{_joined(setter, lines)}</p>'


def _set_quote(setter: _Setter, run: list[Span]) -> str:
    """Set `> words`."""
    lines = [Span(line.start + _length(QUOTED, setter.text, line), line.end) for line in run]
    return f"<blockquote><p>{_joined(setter, lines)}</p></blockquote>"


def _length(pattern: re.Pattern[str], text: str, line: Span) -> int:
    """Return how many characters `pattern` takes at the start of a line."""
    found = pattern.match(text[line.start : line.end])
    return found.end() if found else 0


def _set_prose(setter: _Setter, run: list[Span]) -> str:
    """Set a paragraph."""
    return f"<p>{_joined(setter, run)}</p>"


def _joined(setter: _Setter, run: list[Span]) -> str:
    """Set lines as one paragraph: prose that was wrapped flows again, short lines stay lines."""
    wrapped = all(line.end - line.start >= WRAPPED for line in run[:-1])
    return (" " if wrapped else "<br>").join(
        setter.words(line.start + _indent(setter.text, line), line.end) for line in run
    )


def _set_rows(setter: _Setter, run: list[Span]) -> str:
    """Set a table; the row above the dashes is its head."""
    text = setter.text
    headed = len(run) > 1 and bool(DASHES.match(text[run[1].start : run[1].end]))
    rows = [line for line in run if not DASHES.match(text[line.start : line.end])]
    head = f"<thead>{_row(setter, rows[0], 'th')}</thead>" if headed and rows else ""
    body = "".join(_row(setter, line, "td") for line in rows[1 if head else 0 :])
    return f'<div class="table" tabindex="0"><table>{head}<tbody>{body}</tbody></table></div>'


def _row(setter: _Setter, line: Span, tag: str) -> str:
    """Set one row of a table."""
    cells = []
    for cell in _cells(setter.text, line):
        words = setter.text[cell.start : cell.end]
        number = ' class="number"' if re.fullmatch(r"[-+−]?[€$£]?\s?\d[\d\s.,]*\s?[%€$£]?", words) else ""
        cells.append(f"<{tag}{number}>{setter.words(cell.start, cell.end)}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>"


def _cells(text: str, line: Span) -> Iterator[Span]:
    """Return the span of each cell's words between the bars of a row."""
    at = line.start + _indent(text, line) + 1
    while at <= line.end:
        found = CELL.match(text, at, line.end)
        end = found.end() if found else line.end
        words = text[at:end]
        if end < line.end or words.strip():
            start = at + len(words) - len(words.lstrip())
            yield Span(start, max(start, at + len(words.rstrip())))
        at = end + 1


_SETTERS = {
    "heading": _set_heading,
    "rule": _set_rule,
    "item": _set_item,
    "quote": _set_quote,
    "row": _set_rows,
    "prose": _set_prose,
}
