"""All of a table or list, where a question wants all of it: "which offices are there", "list the error codes". Pure.

Pieces are chosen among the passages that were found, three at most; a table goes on in passages that were not. So its document is read, and
the table or list that the best piece is a part of is quoted as it stands there: all of it, or, where the question names something that
some of its rows have and that is not what the table is about ("in Germany"), those; with other tables of its columns that stand under other
headings. What there is no room for is counted.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, groupby
from typing import Final, NamedTuple

from bot import texts
from bot.evidence import Evidence
from bot.llm.alone import ITEMS, items
from bot.llm.candidates import Candidate, Row
from bot.llm.cues import WANTS_ALL
from bot.llm.extractive import ENOUGH, MOST_PIECES
from bot.llm.layout import laid_out
from bot.llm.stretch import Joined
from bot.llm.wanted import accepted_for, content, importance, names_row, spaced
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

    @property
    def place(self) -> int:
        """Where it begins in its document."""
        return self.joined.passages[0].span.start + self.start

    @property
    def heading(self) -> str:
        """What it stands under."""
        passage = self.joined.passages[0]
        return (passage.heading or (passage.document.title,))[-1]

    def about(self) -> frozenset[str]:
        """The terms of all that is said of it as a whole."""
        passage = self.joined.passages[0]
        return frozenset(terms("\n".join((*self.names, *passage.heading, passage.document.title, self.label))))


class _Part(NamedTuple):
    """A row or item."""

    of: _Parts
    span: _Span

    @property
    def text(self) -> str:
        return self.of.joined.text[slice(*self.span)]

    @property
    def place(self) -> _Span:
        """Where it stands in its document."""
        start = self.of.joined.passages[0].span.start
        return start + self.span[0], start + self.span[1]


class _Asked(NamedTuple):
    """What a question is about."""

    query: str
    for_all: bool  # of a table or list
    terms: Sequence[str]
    accepted: Mapping[str, Sequence[tuple[str, float]]]

    @classmethod
    def of(cls, query: str) -> "_Asked":
        asked = [term for term in content(query) if importance(term) == 1 and term not in _SAYS_ALL]
        return cls(query, bool(WANTS_ALL.search(query)), asked, accepted_for(asked))

    def among(self, words: frozenset[str]) -> frozenset[str]:
        """The question's terms that `words` have, in whatever form."""
        return frozenset(own for term in self.accepted.keys() & words for own, _ in self.accepted[term])


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
    best, asked = pieces[0], _Asked.of(query)
    own = _parts(best, passages)
    if own is None:
        return None
    among = (own, *(_others_like(own, asked, passages) if asked.for_all else ()))
    wanted = _wanted(asked, best, among)
    shown = _fitting(wanted)
    quoted = [piece.place[1:] for piece in pieces if piece.place[0] == best.place[0]]
    alone = len(quoted) == len(pieces) and all(any(_meet(place, part.place) for part in shown) for place in quoted)
    said = all(any(first <= part.place[0] and part.place[1] <= last for first, last in quoted) for part in shown)
    fits = len(shown) == len(wanted) and (asked.for_all or len(wanted) <= _MOST_UNASKED)
    if len(wanted) <= 1 or not shown or (said and fits) or not (asked.for_all or (alone and fits)):
        return None
    cited = laid_out(_pieces(best, shown))
    left = sum(len(parts.spans) for parts in among) - len(shown)
    things = texts.ITEMS if own.kind in ITEMS else texts.ROWS if len(among) == 1 else texts.ROWS_OF_SEVERAL
    rest = texts.more(left, things, len(cited.citations), others=len(shown) == len(wanted)) if left else ""
    return replace(cited, text="\n\n".join(filter(None, (cited.text, rest))))


def _meet(one: _Span, other: _Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


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


def _others_like(own: _Parts, asked: _Asked, passages: Sequence[Passage]) -> Iterator[_Parts]:
    """The other tables of the document with the columns of this one, which are about as much of what is asked; in reading order."""
    if not own.names or own.kind is not Kind.ROW:
        return
    about = asked.among(own.about())
    for _, within in groupby(passages, lambda one: one.heading):
        section = [replace(one, document=own.joined.passages[0].document) for one in within]
        if not any(own.names[0] in one.text for one in section):
            continue
        joined = own.joined if section[0].id == own.joined.passages[0].id else Joined.of(section)
        for index, unit in enumerate(joined.found):
            if unit.kind is Kind.HEADER and tuple(cells(unit.body(joined.text))) == own.names:
                other = _table(joined, index)
                if other.place != own.place and asked.among(other.about()) >= about:
                    yield other


def _wanted(asked: _Asked, best: Candidate, among: Sequence[_Parts]) -> Sequence[_Part]:
    """The parts of `among` that have most of what the question names and header, headings and title have not; all, if that is nothing.

    And all of a list within which others stand, or of which `best` is more than one item; and all where the question compares, or names
    what it does not want: no words tell which those are. None where it asks for all of something that header, headings and title say
    nothing of, or not all where `best` only stands above it, or of what has a name that stands nowhere there: then it is no list of that.
    """
    own, parts = among[0], [_Part(one, span) for one in among for span in one.spans]
    if _BEYOND_WORDS.search(asked.query):
        return parts
    above = best.header_terms | best.heading_terms | best.title_terms | frozenset(terms(own.label))
    about = asked.among(above)
    if asked.for_all and not (about if best.is_part else about.issuperset(asked.terms)):
        return []
    several = sum(_meet(best.place[1:], part.place) for part in parts) > 1
    if own.is_nested or (own.kind in ITEMS and several):
        return parts
    text = "\n".join(one.joined.text for one in among)
    named = [
        name
        for name in _NAME.findall(asked.query)
        if name.casefold() not in text.casefold() and asked.among(frozenset(terms(name))).isdisjoint(about)
    ]
    if named and not Evidence(text).initials.issuperset(named):
        return []
    said = spaced(asked.query)
    told = [
        len(asked.among(frozenset(terms(part.text))) - about) + names_row(said, cells(part.text), part.of.names, above) for part in parts
    ]
    most = max(told)
    return [part for part, count in zip(parts, told, strict=True) if count == most]


def _fitting(parts: Sequence[_Part]) -> Sequence[_Part]:
    """The first of them that one answer has room for."""
    lengths = list(accumulate(end - start for _, (start, end) in parts[:MOST_PARTS]))
    return parts[: bisect_right(lengths, MOST_CHARACTERS)]


def _pieces(best: Candidate, shown: Sequence[_Part]) -> list[Candidate]:
    """What is shown, as pieces that can be laid out: a list as one, unless it is shown in part; else row by row and item by item.

    Of several tables each stands under its heading.
    """
    bare = replace(best, row=None, label="", dangling=False, astray=False)
    tables = [list(group) for _, group in groupby(shown, lambda part: part.of.place)]
    made = []
    for (parts, first), *more in tables:
        spans, kind = [first, *(span for _, span in more)], parts.kind
        is_list = kind in ITEMS and spans == list(parts.spans[: len(spans)])
        if is_list:
            spans, kind = [(parts.start, spans[-1][1])], Kind.STEP
        label = "" if is_list else parts.heading if len(tables) > 1 else parts.label
        for span in spans:
            quote, *rest = parts.joined.quotes(*span)
            row = Row(parts.names, tuple(cells(parts.joined.text[slice(*span)])), (parts.place,)) if kind is Kind.ROW else None
            made.append(replace(bare, kind=kind, quote=quote, more=tuple(rest), row=row, together=(parts.place,), label=label))
            label = ""
    return made
