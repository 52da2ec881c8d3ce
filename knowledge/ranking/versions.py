"""Which of a document's editions holds, which a question means, and what comes first. Pure.

The one place that decides it: search orders hits by it and marks their documents; answers read the marks.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from knowledge.dates import PERIOD, YEAR, period
from knowledge.documents import Document, DocumentId, Edition, Hit
from knowledge.standing import standing_of

_BEHIND = 0.8  # of the best score of the edition that is meant, at most, for passages of the others
_UNOFFICIAL = 0.9  # of its score for a draft, or what no longer holds, of which there is no other edition
_YEAR = re.compile(rf"\b{YEAR}\b")
_NUMBER = re.compile(r"\bv(?:ersion)?[ .]*(\d+(?:\.\d+)*)\b|\b(?:edition|rev(?:ision)?)[ .]*(\d+)\b")
_BARE_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)+(?!\w|\.\d)")  # 2.1.1; where a question has one, and an edition is called so
_STANDING = re.compile(r"\b(?:draft|obsolete|archived?|deprecated|superseded|outdated|withdrawn|expired|old|wip)(?: by)?\b")
_BETWEEN = str.maketrans(dict.fromkeys("()[]-_\N{EN DASH}\N{EM DASH},.:/", " "))  # what may stand around a number in a title

_AT = r"\b(?:as of|as at|in|on|during|back in|of|for|from|at the end of|by|until|before|prior to)"
_AT_A_TIME = re.compile(rf"{_AT} (?:early |late |the year |the )?({PERIOD})")
_BEFORE = re.compile(rf"\b(?:before|until|prior to) (?:the year |the )?({PERIOD})")
_LAST_YEAR = re.compile(r"\blast year\b")
_EARLIER = re.compile(
    r"\b(?:previous(?:ly)?|former(?:ly)?|earlier (?:version|edition|rule|policy)|used to be|back then|in the past"
    r"|(?:before|prior to) the (?:last |latest |recent )?(?:change|update|revision|new|current)"
    r"|old(?:er)? (?:\w+ ){0,2}?(?:version|edition|rule|policy|one|limit|rate|process))\b"
)
_MEANS_UNOFFICIAL = re.compile(r"\b(?:drafts?|obsolete|archived?|deprecated|superseded|outdated|withdrawn|expired)\b")


def current_first(hits: Sequence[Hit], query: str, asked_at: datetime | None = None) -> list[Hit]:
    """`hits` with their documents marked, what holds before what it replaced, and official before draft; nothing is left out.

    Where the question means another edition, that one comes before the others.
    """
    marks = editions((hit.passage.document for hit in hits), query, asked_at)
    families: dict[str, list[Document]] = {}
    for document in {hit.passage.document.id: hit.passage.document for hit in hits}.values():
        families.setdefault(_family(document), []).append(document)
    leading = {one.id: _leading(one, family, marks) for family in families.values() for one in family}
    best: dict[DocumentId, float] = {}
    for hit in hits:
        best[hit.passage.document.id] = max(hit.score, best.get(hit.passage.document.id, hit.score))

    def placed(hit: Hit) -> Hit:
        document = hit.passage.document
        mark = marks[document.id]
        ahead = leading[document.id] - {document.id}
        score = hit.score
        if document.id not in leading[document.id] and ahead:
            score = min(score, max(best[other] for other in ahead) * _BEHIND)
        elif mark.standing and not mark.meant:
            score *= _UNOFFICIAL
        if mark != document.edition:
            hit = replace(hit, passage=replace(hit.passage, document=replace(document, edition=mark)))
        return hit if score == hit.score else replace(hit, score=score)

    # The last of the candidates scores 0, and so does what it puts behind itself: where scores are the same, what leads comes first.
    return sorted(map(placed, hits), key=lambda hit: (-hit.score, hit.passage.document.id not in leading[hit.passage.document.id]))


def editions(documents: Iterable[Document], query: str = "", asked_at: datetime | None = None) -> dict[DocumentId, Edition]:
    """What each document is among the others. What a search has marked already stays marked.

    Documents whose titles differ in nothing but a year, a version or a word like "draft" are editions of one another, if one of them
    names its year or version (both, where they are of two sources). Of the official ones that of the highest year or version holds,
    then the one changed last; where all say from when they hold, or name their year, that decides. `meant`: the question names it by year
    or version, asks for its time ("as of 1 March 2023", "last year", of `asked_at`) or for what held before.
    """
    query = query.casefold()
    families: dict[str, list[Document]] = {}
    for document in {document.id: document for document in documents}.values():
        families.setdefault(_family(document), []).append(document)
    return dict(chain.from_iterable(_marked(family, query, asked_at) for family in families.values()))


def _marked(family: Sequence[Document], query: str, asked_at: datetime | None) -> Iterable[tuple[DocumentId, Edition]]:
    standings = {one.id: one.edition.standing or _called(one.title, one.name).standing for one in family}
    ages = _ages(family)
    ordered = sorted((one for one in family if not standings[one.id]), key=lambda one: ages[one.id])
    meant = _meant(family, ordered, standings, query, asked_at)
    for one in family:
        newer = next((other for other in reversed(ordered) if _comparable(one, other)), one)
        replaced_by = newer.title if ages[newer.id] > ages[one.id] else one.edition.replaced_by
        yield one.id, replace(one.edition, standing=standings[one.id], replaced_by=replaced_by, meant=one.id in meant or one.edition.meant)


def _leading(document: Document, family: Sequence[Document], marks: dict[DocumentId, Edition]) -> set[DocumentId]:
    """Those of a document's editions that come first: what the question means, else what holds, else all.

    A draft and what holds of the same title are editions of one thing, if they are of one source.
    """
    members = {
        one.id
        for one in family
        if one is document
        or _comparable(one, document)
        or (one.source == document.source and (marks[one.id].standing or marks[document.id].standing))
    }
    meant = {one for one in members if marks[one].meant}
    holding = {one for one in members if not marks[one].replaced_by and not marks[one].standing}
    return meant or holding or members


def _meant(
    family: Sequence[Document], ordered: Sequence[Document], standings: dict[DocumentId, str], query: str, asked_at: datetime | None
) -> set[DocumentId]:
    named = {*_YEAR.findall(_BEFORE.sub(" ", query)), *_numbers(query), *(f"v{number}" for number in _BARE_NUMBER.findall(query))}
    by_name = {one.id for one in family if named & _called(one.title, one.name).editions}
    if by_name:
        return by_name
    if _MEANS_UNOFFICIAL.search(query) and (unofficial := {one.id for one in family if standings[one.id]}):
        return unofficial
    if len(ordered) > 1 and (day := _asked_day(query, asked_at)):
        return {one.id for one in [one for one in ordered if _since(one) <= day][-1:]}
    return {ordered[-2].id} if len(ordered) > 1 and _EARLIER.search(query) else set()


def _asked_day(query: str, asked_at: datetime | None) -> date | None:
    """The day whose rules are asked for; of a month or a year the last one."""
    if (found := _BEFORE.search(query)) and (asked := period(found[1])):
        return asked.first - timedelta(days=1)
    if (found := _AT_A_TIME.search(query)) and (asked := period(found[1])):
        return asked.last
    return date(asked_at.year - 1, 12, 31) if asked_at and _LAST_YEAR.search(query) else None


def _numbers(text: str) -> set[str]:
    return {f"v{one or other}" for one, other in _NUMBER.findall(text)}


class _Called(NamedTuple):
    """What a document's title and the name of its file, where the year often is, say of its edition."""

    family: str  # what the titles of all editions have in common; empty: nothing
    editions: frozenset[str]  # `2024`, `v2.1`
    year: int  # the highest; 0: none
    number: list[int]  # of the highest version; empty: none
    standing: str


@lru_cache(maxsize=16_384)
def _called(title: str, name: str) -> _Called:
    said = f"{title} {name.rpartition('/')[2]}".casefold().replace("_", " ")
    family = title.casefold().replace("_", " ")
    for what in (_YEAR, _NUMBER, _STANDING):
        family = what.sub(" ", family)
    years, numbers = _YEAR.findall(said), _numbers(said)
    return _Called(
        family=" ".join(family.translate(_BETWEEN).split()),
        editions=frozenset({*years, *numbers}),
        year=max(map(int, years), default=0),
        number=max(([int(part) for part in number[1:].split(".")] for number in numbers), default=[]),
        standing=standing_of(title, name),
    )


def _family(document: Document) -> str:
    return _called(document.title, document.name).family or document.id


def _comparable(one: Document, other: Document) -> bool:
    """Two of one title need not be editions of one thing: one of them has to say which it is; both, if they are of two sources."""
    say = [bool(_called(each.title, each.name).editions) for each in (one, other)]
    return any(say) if one.source == other.source else all(say)


def _since(document: Document) -> date:
    """From when it holds, as far as that is known: as it says, or the year it is called by; else its last change."""
    year = _called(document.title, document.name).year
    changed = document.modified_at.date() if document.modified_at else date.min
    return document.edition.valid_from or (date(year, 1, 1) if year else changed)


def _ages(family: Sequence[Document]) -> dict[DocumentId, tuple[int, bool, list[int], date, datetime]]:
    """What sorts editions from old to new: the year they are called by, else that of the last change; version; that change.

    From when they hold counts where all are known to hold from some time: no change of one can be told from the time of another.
    """
    known = all(one.edition.valid_from or _called(one.title, one.name).year for one in family)
    return {one.id: _age(one, _since(one) if known else None) for one in family}


def _age(document: Document, since: date | None) -> tuple[int, bool, list[int], date, datetime]:
    changed = document.modified_at or datetime.min.replace(tzinfo=UTC)
    called = _called(document.title, document.name)
    year = called.year or (since or changed).year
    return year, bool(called.year or since), called.number, since or date.min, changed
