"""What a document says of itself: that it is a draft, or no longer holds, and from when it holds. Pure."""

import re
from collections.abc import Mapping
from datetime import date

from knowledge.dates import PERIOD, period

_WORDS = "draft|obsolete|archived|deprecated|superseded|outdated|withdrawn|expired"
_ALL = frozenset(_WORDS.split("|"))
_SAME = {"old": "outdated", "wip": "draft", "archive": "archived", "archives": "archived", "drafts": "draft", "replaced": "superseded"}

# "Draft travel policy", "ARCHIVED: travel", "Travel (superseded by 2026)", "Travel - old"; but "Archived mail" is a subject.
_IN_TITLE = re.compile(
    r"\W*(draft|deprecated|superseded)\b(?!\W*$)(?! of\b)"
    rf"|\W*({_WORDS}|old|wip) *[:\]\u2013\u2014)-]"
    rf"|.*[(\[]\W*({_WORDS}|old|wip)\b[^)\]]*[)\]]"
    rf"|.*[-\u2013\u2014:,/] *({_WORDS}|old|wip)\W*$"
    rf"|.*\w(?<!\bhas)(?<!\bis)(?<!\bwas)(?<!\bare)(?<!\bbe)(?<!\bbeen) ({_WORDS})\W*$"
)
_IN_NAME = re.compile(rf"(?:{_WORDS}|wip)(?=[-_ .])|.*[-_ .]({_WORDS}|old|wip)$")
_HEAD = 800  # characters at a text's beginning in which it says so
_IN_TEXT = re.compile(
    rf"^[\W_]*(?:document )?stat(?:us|e)[\W_]*:[\W_]*({_WORDS}|wip)\b"
    rf"|^\W*({_WORDS})\W*$"
    rf"|\bthis (?:document|page|policy|guide|version|article|file) (?:is|was|has been) (?:an? |now )?({_WORDS})\b"
    r"|^\W*(?:this \w+ (?:is|was|has been) )?(superseded|replaced) by\b",
    re.MULTILINE,
)
_VALID_FROM = re.compile(
    r"\b(?:valid|effective|in force|in effect|appl(?:ies|icable)|comes? into (?:force|effect))(?: date)?"
    rf"(?: as)?(?: (?:from|of|since|on|starting))?(?: the)?[\s:*_]*({PERIOD})"
)
_VALID_FIELDS = ("effective", "effective_date", "effective_from", "valid_from", "in_force")


def standing_of(title: str, name: str, text: str = "") -> str:
    """`draft`, `archived`, `superseded` …, as the title, the path or the first lines of the text say; empty: nothing.

    A word counts where it is said of the document, not wherever it occurs.
    """
    said = (
        _first(_IN_TITLE.match(title.casefold()))
        or _in_path(name.casefold(), title.casefold())
        or _first(_IN_TEXT.search(text[:_HEAD].casefold()))
    )
    return _SAME.get(said, said)


def standing_in(fields: Mapping[object, object]) -> str:
    """The same, as the fields of a document's front matter say."""
    known = {str(name).casefold(): value for name, value in fields.items()}
    status = str(known.get("status") or known.get("state") or "").strip().casefold()
    said = [word for word in _WORDS.split("|") if known.get(word) is True]
    said += ["superseded"] if known.get("superseded_by") or known.get("superseded-by") else []
    said += [status] if status in _ALL or status in _SAME else []
    return _SAME.get(said[0], said[0]) if said else ""


def valid_from_of(text: str) -> date | None:
    """From when it holds, as the first lines of the text say: `Effective 1 July 2025`, `valid from 2023-01-01`; None: they do not."""
    found = _VALID_FROM.search(text[:_HEAD].casefold())
    return _first_day(found[1]) if found else None


def valid_from_in(fields: Mapping[object, object]) -> date | None:
    """The same, as the fields of a document's front matter say."""
    known = {re.sub(r"[\s-]", "_", str(name).casefold()): value for name, value in fields.items()}
    said = next((str(known[field]) for field in _VALID_FIELDS if known.get(field)), "")
    found = re.search(PERIOD, said.casefold())
    return _first_day(found[0]) if found else None


def _first_day(said: str) -> date | None:
    found = period(said)
    return found.first if found else None


def _in_path(name: str, title: str) -> str:
    """A folder says it, or the name of the file; but a word that the title has too is said of what the document is about."""
    *folders, file = name.split("/")
    stem = file.rpartition(".")[0] or file
    found = _IN_NAME.match(stem)
    said = [folder for folder in folders if folder in _ALL or folder in _SAME]
    own = (found[1] or found[0]) if found else ""
    return next(iter(said), "" if re.search(rf"\b{own}\b", title) else own)


def _first(found: re.Match[str] | None) -> str:
    return next(filter(None, found.groups()), "") if found else ""
