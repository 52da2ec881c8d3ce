"""All of a table or list, where a question wants all of it: "which offices are there", "list the error codes". Pure.

Pieces are chosen among the passages that were found, three at most; a table goes on in passages that were not. So its document is read, and
the table or list that the best piece is a part of is quoted as it stands there: all of it, or, where the question names something that
some of its rows have and that is not what the table is about ("in Germany"), those. What there is no room for is counted.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Final, NamedTuple

from bot import texts
from bot.evidence import Evidence
from bot.llm.alone import ITEMS, items
from bot.llm.candidates import Candidate, Row
from bot.llm.cues import WANTS_ALL
from bot.llm.extractive import ENOUGH, MOST_PIECES
from bot.llm.layout import laid_out
from bot.llm.stretch import Joined
from bot.llm.wanted import accepted_for, content, importance
from bot.quotes import Cited
from bot.sentences import Kind, cells, is_ended
from knowledge.documents import Passage
from knowledge.terms import terms

MOST_PARTS: Final = 20
"""Rows or items of one answer. Rows that stand apart have a footnote each, and Teams takes 20."""
MOST_CHARACTERS: Final = 2_400
"""Of what is quoted in one answer: a screen and a half, and within what a message of Slack or Teams takes."""
_FURTHEST: Final = 3  # units below a line about a table: another one, its header, and the rule below that
_MOST_UNASKED: Final = 12  # rows or items, where the question does not ask for all
_ROWS: Final = frozenset({Kind.ROW, Kind.FIELD})
_LINE: Final = re.compile(r"\S(?:.*\S)?")
_BEYOND_WORDS: Final = re.compile(
    r"\b(?:not|no|never|without|except|excluding|besides|outside|apart from|other than|instead of|else|"
    r"(?:more|less|fewer|higher|lower|bigger|larger|longer|shorter|older|newer|cheaper|earlier|later|better|worse) than|"
    r"above|below|over|under|at least|at most|"
    r"(?:high|low|larg|small|long|short|old|new|late|cheap|earli|bigg|few)est|most|least)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
"""What rows a question wants that says so, its words do not tell."""
_NAME: Final = re.compile(r"(?<=\w )[A-Z]\w+")
_SAYS_ALL: Final = frozenset(terms("list lists enumerate name full complete whole all every each"))

_Span = tuple[int, int]


class _Parts(NamedTuple):
    """A table or list in the text of its section."""

    joined: Joined
    kind: Kind
    spans: Sequence[_Span]  # of its rows, or of its items with what stands within them
    start: int  # where it begins, with the line that leads in to a list
    names: tuple[str, ...] = ()  # of a table's cells
    label: str = ""  # the line above
    is_nested: bool = False


def is_wanted(query: str, pieces: Sequence[Candidate]) -> bool:
    """Whether all of a table or list may be wanted: by the question's words, or since all `pieces`, best first, are alike and were cut.

    Then those that come after may answer as well as they do.
    """
    if not pieces or any(piece.against for piece in pieces):
        return False
    alike = pieces[0].is_part and len({(piece.kind, piece.quote.passage.document.id) for piece in pieces}) == 1
    cut = len(pieces) == MOST_PIECES or sum(piece.words for piece in pieces) >= ENOUGH
    return bool(WANTS_ALL.search(query)) or (alike and cut)


def whole(query: str, pieces: Sequence[Candidate], passages: Sequence[Passage]) -> Cited | None:
    """What the first of `pieces` is a part of, or leads in to, from `passages`, its document in reading order.

    None if `pieces` have all of it that is wanted, if it is not there any more, or if its first part is too long. Where `query` does not
    ask for all, also if one of them is of something else, or if it is long.
    """
    parts, asks = _parts(pieces[0], passages), bool(WANTS_ALL.search(query))
    if parts is None:
        return None
    wanted = _wanted(query, pieces[0], parts, asks=asks)
    shown = _fitting(wanted)
    quoted = [_span(piece, parts) for piece in pieces]
    alone = all(any(start < last and first < end for start, end in shown) for first, last in quoted)
    said = all(any(first <= start and end <= last for first, last in quoted) for start, end in shown)
    fits = len(shown) == len(wanted) and (asks or len(wanted) <= _MOST_UNASKED)
    if len(wanted) <= 1 or not shown or (said and fits) or not (asks or (alone and fits)):
        return None
    cited = laid_out(_pieces(pieces[0], parts, shown))
    left = len(parts.spans) - len(shown)
    things = texts.ROWS if parts.kind in _ROWS else texts.ITEMS
    rest = texts.more(left, things, len(cited.citations), others=len(shown) == len(wanted)) if left else ""
    return replace(cited, text="\n\n".join(filter(None, (cited.text, rest))))


def _parts(best: Candidate, passages: Sequence[Passage]) -> _Parts | None:
    """The table or list that `best` is a part of, or that stands right below it; None where none does, or not any more."""
    own = best.quote.passage
    at = next((place for place, passage in enumerate(passages) if passage.id == own.id), None)
    if at is None:
        return None
    first, last = at, at + 1
    while first and passages[first - 1].heading == own.heading:
        first -= 1
    while last < len(passages) and passages[last].heading == own.heading:
        last += 1
    joined = Joined.of([replace(passage, document=own.document) for passage in passages[first:last]])  # with what is known of its editions
    begins = best.place[1] - joined.passages[0].span.start
    after = [(index, unit) for index, unit in enumerate(joined.found) if unit.end > begins]
    index = next((index for index, unit in after if unit.kind in _ROWS | ITEMS), None)
    if index is None or (not best.is_part and index > after[0][0] + _FURTHEST):
        return None
    return _table(joined, index) if joined.found[index].kind in _ROWS else _list(joined, index)


def _table(joined: Joined, index: int) -> _Parts:
    within = [unit for unit in joined.found if unit.block == joined.found[index].block]
    kind = Kind.ROW if any(unit.kind is Kind.ROW for unit in within) else Kind.FIELD  # not a remark below its rows
    first, *_ = within
    torn = _torn_off(joined.text, first.body(joined.text), within[-1].end) if kind is Kind.FIELD else []
    names = tuple(cells(first.body(joined.text))) if first.kind is Kind.HEADER or torn else ()
    spans = [(unit.start + unit.lead, unit.end) for unit in within if unit.kind is kind and not (torn and unit is first)] + torn
    return _Parts(joined, kind, spans, spans[0][0], names, "" if kind is Kind.ROW else " ".join(names))


def _torn_off(text: str, header: str, start: int) -> list[_Span]:
    """The lines that a page's end tore off a table without rules: down to where its header is said again for the last time, and below that.

    A line that begins small goes on with the one before. None if what stands there is no table: it has a colon, or sentences that end.
    """
    again = text.rfind(f"\n{header}\n", start) if ":" not in header else -1
    below = text.find("\n\n", again + 1)
    end = start if again < 0 else below if below >= 0 else len(text)
    spans: list[_Span] = []
    for line in _LINE.finditer(text, start, end):
        if line[0][0].islower() and spans:
            spans[-1] = (spans[-1][0], line.end())
        elif line[0] != header:
            spans.append(line.span())
    return [] if any(is_ended(text[begin:end]) for begin, end in spans) else spans


def _list(joined: Joined, index: int) -> _Parts:
    found = items(joined.text, joined.found, index)
    return _Parts(joined, joined.found[index].kind, found.outer, found.first, label=found.lead, is_nested=found.is_nested)


def _wanted(query: str, best: Candidate, parts: _Parts, *, asks: bool) -> Sequence[_Span]:
    """Those of its parts that have most of what the question names and its header, headings and title have not; all, if that is nothing.

    And all of a list within which others stand, or of which `best` is more than one item; and all where the question compares, or names
    what it does not want: no words tell which those are. None where it asks for all of something that header, headings and title say
    nothing of, or not all where `best` only stands above it, or of what has a name that stands nowhere there: then it is no list of that.
    """
    if _BEYOND_WORDS.search(query):
        return parts.spans
    asked = [term for term in content(query) if importance(term) == 1 and term not in _SAYS_ALL]
    accepted = accepted_for(asked)

    def has(words: frozenset[str]) -> frozenset[str]:
        return frozenset(own for term in accepted.keys() & words for own, _ in accepted[term])

    about = has(best.header_terms | best.heading_terms | best.title_terms | frozenset(terms(parts.label)))
    if asks and not (about if best.is_part else about.issuperset(asked)):
        return []
    begins, ends = _span(best, parts)
    several = sum(begins < end and start < ends for start, end in parts.spans) > 1
    if parts.is_nested or (parts.kind in ITEMS and several):
        return parts.spans
    text = parts.joined.text
    named = [
        name for name in _NAME.findall(query) if name.casefold() not in text.casefold() and has(frozenset(terms(name))).isdisjoint(about)
    ]
    if named and not Evidence(text).initials.issuperset(named):
        return []
    told = [len(has(frozenset(terms(text[slice(*span)]))) - about) for span in parts.spans]
    most = max(told)
    return [span for span, count in zip(parts.spans, told, strict=True) if count == most]


def _fitting(spans: Sequence[_Span]) -> Sequence[_Span]:
    """The first of them that one answer has room for."""
    lengths = list(accumulate(end - start for start, end in spans[:MOST_PARTS]))
    return spans[: bisect_right(lengths, MOST_CHARACTERS)]


def _span(piece: Candidate, parts: _Parts) -> _Span:
    """Where a piece stands in the text of the section; beyond it, if it is of another document."""
    document, start, end = piece.place
    first = parts.joined.passages[0]
    if document != first.document.id:
        return (len(parts.joined.text),) * 2
    return start - first.span.start, end - first.span.start


def _pieces(best: Candidate, parts: _Parts, shown: Sequence[_Span]) -> list[Candidate]:
    """What is shown, as pieces that can be laid out: a list as one, unless it is shown in part; else row by row and item by item."""
    is_list = parts.kind in ITEMS and list(shown) == list(parts.spans[: len(shown)])
    spans, kind = ([(parts.start, shown[-1][1])], Kind.STEP) if is_list else (shown, parts.kind)
    bare = replace(best, kind=kind, row=None, label="", dangling=False, astray=False)
    made = []
    for span in spans:
        quote, *more = parts.joined.quotes(*span)
        row = Row(parts.names, tuple(cells(parts.joined.text[slice(*span)])), (parts.start,)) if kind is Kind.ROW else None
        made.append(replace(bare, quote=quote, more=tuple(more), row=row, together=(parts.start,)))
    return [replace(made[0], label="" if is_list else parts.label), *made[1:]]
