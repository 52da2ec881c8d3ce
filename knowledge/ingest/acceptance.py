"""What a run must not do by mistake: open what was restricted, or remove what it just cannot see. Asked before anything changes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from knowledge.errors import KnowledgeError
from knowledge.ingest.items import EVERYWHERE, Item, TextItem, Unseen
from knowledge.ingest.ledger import Known
from tenancy.viewer import EVERYONE


def place_of(name: str, unseen: Mapping[str, Unseen]) -> Unseen | None:
    """The place that could not be looked at and holds the document called `name`; None: there is no such place."""
    if not unseen:
        return None
    places = (name, *map(str, PurePosixPath(name).parents), EVERYWHERE)
    return next((unseen[place] for place in places if place in unseen), None)


def refuse_losing(source: str, known: Mapping[str, Known], unseen: Mapping[str, Unseen]) -> None:
    """Raise `KnowledgeError` if a whole root cannot be seen from which documents came."""
    for root in (place for place in unseen.values() if place.root):
        lost = sum(one.version > 0 and place_of(name, {root.place: root}) is root for name, one in known.items())
        if lost:
            raise KnowledgeError(
                f"{root.name} {root.why.reason}, but {_documents(lost)} of the source {source!r} came from there. Nothing was changed. "
                "Check that it is mounted and that you may read it, then try again. If all of them are meant to go, leave one file there."
            )


def refuse_opening(source: str, known: Mapping[str, Known], items: Sequence[Item], unseen: Mapping[str, Unseen]) -> None:
    """Raise `KnowledgeError` if documents that not everyone may read would be open because nobody says who may read them."""
    restricted = [name for name in _unsaid(known, items, unseen) if EVERYONE not in known[name].readers]
    if restricted:
        raise KnowledgeError(
            f"The source {source!r} holds {_documents(len(restricted))} that not everyone may read, such as {restricted[0]!r}; without "
            "--readers everyone could. Nothing was changed. Pass --readers again, or, if that is what you want, a file with "
            '`rules: [{path: "**", readers: [everyone]}]`.'
        )


def _unsaid(known: Mapping[str, Known], items: Sequence[Item], unseen: Mapping[str, Unseen]) -> Iterator[str]:
    """The known documents of which nobody says who may read them.

    Among files that is also what vanished: it may be back under another name. A corpus says of each row what is to be said.
    """
    files = any(place.unsaid for place in unseen.values()) or any(item.unsaid for item in items if not isinstance(item, TextItem))
    said = {item.name: not item.unsaid for item in items}
    return (name for name in known if not said.get(name, not files))


def _documents(count: int) -> str:
    return f"{count} document" if count == 1 else f"{count} documents"
