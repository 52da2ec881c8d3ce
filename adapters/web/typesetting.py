"""A document's extracted text -> HTML with the cited words marked, every character where its span says. Pure.

The text is what the parsers made of a file: mostly Markdown. It is set line by line, never parsed as a whole, so that a
mark falls on exactly `text[start:end]`. All of it is escaped; nothing of a document becomes markup but the elements that
this module writes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import escape

from adapters.web.texts import WORDS
from knowledge.documents import Span

WRAPPED = 60
"""Characters from which a line is taken for one of running prose, wrapped by whoever wrote the file."""

HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)$")
CLOSING = " \t#"
ITEM = re.compile(r"([ \t]*)([-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
RULE = re.compile(r"[ \t]*([-*_][ \t]*){3,}$")
DASHES = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(\|[ \t]*:?-*:?[ \t]*)*$")
QUOTED = re.compile(r"[ \t]*>[ \t]?")
INLINE = re.compile(
    r"\*\*(?P<strong>[^*\n]{1,400})\*\*|(?<![\w*])\*(?P<em>[^*\s][^*\n]{0,300})\*(?![\w*])|`(?P<code>[^`\n]{1,300})`"
    r"|!?\[(?P<text>[^\[\]\n]{0,300})\]\([^()\s]{0,800}\)|\\(?P<plain>[\\`*_{}\[\]()#+.!|<>~-])"
)
CELL = re.compile(r"(?:\\\||[^|])*")


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


def typeset(text: str, span: Span, shown: Span, pages: Sequence[Span], top: int) -> str:
    """Return `text[shown]` as HTML with `span` marked and a line where each page begins; its largest headings are `h{top}`."""
    return "\n".join(_blocks(_Setter(text, span, top), shown, pages))


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
    words = setter.text[run[0].start : run[0].end].rstrip(CLOSING)
    level = len(words) - len(words.lstrip("#"))
    skip = level + len(words[level:]) - len(words[level:].lstrip())
    return setter.heading(level, run[0].start + skip, run[0].start + len(words))


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
    return (" " if wrapped else "<br>").join(setter.words(line.start + _indent(setter.text, line), line.end) for line in run)


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
        number = ' class="number"' if re.fullmatch(r"[-+\u2212]?[€$£]?\s?\d[\d\s.,]*\s?[%€$£]?", words) else ""
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
