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
from bot.llm.alone import ITEMS, items
from bot.llm.candidates import Candidate, Row
from bot.llm.cues import WANTS_ALL
from bot.llm.extractive import ENOUGH, MOST_PIECES
from bot.llm.layout import laid_out
from bot.llm.stretch import Joined
from bot.llm.wanted import accepted_for, content, importance
from bot.quotes import Cited
from bot.sentences import Kind, cells
from knowledge.documents import Passage
from knowledge.terms import terms

MOST_PARTS: Final = 20
"""Rows or items of one answer. Rows that stand apart have a footnote each, and Teams takes 20."""
MOST_CHARACTERS: Final = 2_400
"""Of what is quoted in one answer: a screen and a half, and within what a message of Slack or Teams takes."""
_ROWS: Final = frozenset({Kind.ROW, Kind.FIELD})
_LINE: Final = re.compile(r"\S(?:.*\S)?")
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
    if not pieces or not pieces[0].is_part:
        return False
    alike = len({(piece.kind, piece.quote.passage.document.id) for piece in pieces}) == 1
    cut = len(pieces) == MOST_PIECES or sum(piece.words for piece in pieces) >= ENOUGH
    return bool(WANTS_ALL.search(query)) or (alike and cut)


def whole(query: str, pieces: Sequence[Candidate], passages: Sequence[Passage]) -> Cited | None:
    """What the first of `pieces` is a part of, from `passages`, its document in reading order.

    None if `pieces` have all of it that is wanted, if it is not there any more, or, where `query` does not ask for all, if one of them is
    of something else.
    """
    parts = _parts(pieces[0], passages)
    if parts is None:
        return None
    wanted = _wanted(query, pieces[0], parts)
    shown = _fitting(wanted)
    quoted = [_span(piece, parts) for piece in pieces]
    alone = all(any(start < last and first < end for start, end in shown) for first, last in quoted)
    said = all(any(first <= start and end <= last for first, last in quoted) for start, end in shown)
    if len(wanted) <= 1 or (said and len(shown) == len(wanted)) or not (alone or WANTS_ALL.search(query)):
        return None
    cited = laid_out(_pieces(pieces[0], parts, shown))
    left = len(wanted) - len(shown)
    more = f"\n\n{texts.more(left, texts.ROWS if parts.kind in _ROWS else texts.ITEMS, len(cited.citations))}" if left else ""
    return replace(cited, text=cited.text + more)


def _parts(best: Candidate, passages: Sequence[Passage]) -> _Parts | None:
    """The table or list that `best` is a part of; None where it does not stand there any more."""
    own = best.quote.passage
    at = next((place for place, passage in enumerate(passages) if passage.id == own.id), None)
    if at is None:
        return None
    first, last = at, at + 1
    while first and passages[first - 1].heading == own.heading:
        first -= 1
    while last < len(passages) and passages[last].heading == own.heading:
        last += 1
    joined = Joined.of(passages[first:last])
    begins = best.place[1] - joined.passages[0].span.start
    index = next((index for index, unit in enumerate(joined.found) if unit.end > begins and unit.kind in _ROWS | ITEMS), None)
    if index is None:
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

    A line that begins small goes on with the one before.
    """
    again = text.rfind(f"\n{header}\n", start)
    below = text.find("\n\n", again + 1)
    end = start if again < 0 else below if below >= 0 else len(text)
    spans: list[_Span] = []
    for line in _LINE.finditer(text, start, end):
        if line[0][0].islower() and spans:
            spans[-1] = (spans[-1][0], line.end())
        elif line[0] != header:
            spans.append(line.span())
    return spans


def _list(joined: Joined, index: int) -> _Parts:
    found = items(joined.text, joined.found, index)
    return _Parts(joined, joined.found[index].kind, found.outer, found.first, label=found.lead, is_nested=found.is_nested)


def _wanted(query: str, best: Candidate, parts: _Parts) -> Sequence[_Span]:
    """Those of its parts that have most of what the question names and its header, headings and title have not; all, if that is nothing.

    And all of a list within which others stand, or of which `best` is more than one item. None where the question asks for all of
    something that its header, headings and title say nothing of: then it is no list of that.
    """
    asked = [term for term in content(query) if importance(term) == 1 and term not in _SAYS_ALL]
    accepted = accepted_for(asked)

    def has(words: frozenset[str]) -> frozenset[str]:
        return frozenset(own for term in accepted.keys() & words for own, _ in accepted[term])

    about = has(best.header_terms | best.heading_terms | best.title_terms | frozenset(terms(parts.label)))
    if not about and WANTS_ALL.search(query):
        return []
    begins, ends = _span(best, parts)
    several = sum(begins < end and start < ends for start, end in parts.spans) > 1
    if parts.is_nested or (parts.kind in ITEMS and several):
        return parts.spans
    told = [len(has(frozenset(terms(parts.joined.text[slice(*span)]))) - about) for span in parts.spans]
    most = max(told)
    return [span for span, count in zip(parts.spans, told, strict=True) if count == most]


def _fitting(spans: Sequence[_Span]) -> Sequence[_Span]:
    """The first of them that one answer has room for, one at least."""
    lengths = list(accumulate(end - start for start, end in spans[:MOST_PARTS]))
    return spans[: max(1, bisect_right(lengths, MOST_CHARACTERS))]


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
