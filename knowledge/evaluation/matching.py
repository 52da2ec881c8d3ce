"""The documents that an admin named, among those that an asker may read. Pure: it never learns of any other."""

import unicodedata
from collections.abc import Callable, Iterable

from knowledge.documents import Document


def matching(written: str, documents: Iterable[Document]) -> list[Document]:
    """The documents that `written` means: by source and name, by name, by title, by the end of its name; of the first that fits.

    Upper and lower case and white space do not matter. More than one: `written` says too little. None: no document of these.
    """
    wanted, known = _folded(written), list(documents)
    for calls in _CALLED:
        found = [one for one in known if _folded(calls(one)) == wanted]
        if found:
            return found
    return []


def full_name(document: Document) -> str:
    """What tells a document from all others of its tenant: its source and its name."""
    return f"{document.source}/{document.name}"


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _name(document: Document) -> str:
    return document.name


def _title(document: Document) -> str:
    return document.title


def _file(document: Document) -> str:
    return document.name.rpartition("/")[2]


_CALLED: tuple[Callable[[Document], str], ...] = (full_name, _name, _title, _file)
