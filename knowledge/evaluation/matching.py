"""The documents that an admin named, among those that an asker may read. Pure: it never learns of any other."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from knowledge.documents import Document


class Named:
    """Documents by source and name, by name, by title, by the end of the name; upper and lower case and white space do not matter."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """All of these are looked for; nothing else is."""
        known = list(documents)
        self._called = [_by(call, known) for call in _CALLS]

    def meant(self, written: str) -> Sequence[Document]:
        """What `written` is the first kind of name of. More than one: it says too little. None: it is no name of these documents."""
        wanted = _folded(written)
        return next((called[wanted] for called in self._called if wanted in called), ())


def full_name(document: Document) -> str:
    """What tells a document from all others of its tenant: its source and its name."""
    return f"{document.source}/{document.name}"


def _by(call: Callable[[Document], str], documents: Sequence[Document]) -> Mapping[str, Sequence[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        found[_folded(call(document))].append(document)
    return found


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _name(document: Document) -> str:
    return document.name


def _title(document: Document) -> str:
    return document.title


def _file(document: Document) -> str:
    return document.name.rpartition("/")[2]


_CALLS = (full_name, _name, _title, _file)
