"""What a source holds: files of a folder, or lines of a `.jsonl` corpus."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from knowledge.documents import Readers
from knowledge.errors import BadCorpus, KnowledgeError
from knowledge.ingest.readers import principal_of

_READ_AS = "2"  # part of every fingerprint: raise it when parsing or cutting changes what comes out, and everything is read anew


@dataclass(frozen=True, slots=True, kw_only=True)
class FileItem:
    """A file whose text a parser has to find."""

    name: str  # unique in its source: the path below the folder that was named
    size: int
    readers: Readers
    modified_at: datetime | None
    read: Callable[[], bytes]  # blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class TextItem:
    """A document that came as text, such as a line of a corpus."""

    name: str
    readers: Readers
    title: str
    text: str
    url: str | None = None

    @property
    def fingerprint(self) -> str:
        """Changes when anything that is searched or shown changes."""
        return digest(json.dumps([self.title, self.text, self.url]).encode())


Item = FileItem | TextItem


def digest(data: bytes) -> str:
    """What content is compared by: bytes, and how we read them."""
    return f"{_READ_AS}:{hashlib.sha256(data).hexdigest()}"


def items_of(paths: Sequence[Path], readers_of: Callable[[str], Readers], source: str) -> list[Item]:
    """Everything below `paths`: files, folders, corpora. Hidden files are left out.

    Raises `KnowledgeError` for a path that is not there, and for two documents of one name.
    """
    found: dict[str, Item] = {}
    for path in paths:
        if not path.exists():
            message = f"There is nothing at {path}. Check the path and try again."
            raise KnowledgeError(message)
        for item in _items_at(path, f"{path.name}/" if len(paths) > 1 and path.is_dir() else "", readers_of, source):
            if item.name in found:
                raise KnowledgeError(f"{item.name!r} is there twice. Ingest the folders one by one, each with a --source of its own.")
            found[item.name] = item
    return list(found.values())


def _items_at(path: Path, prefix: str, readers_of: Callable[[str], Readers], source: str) -> Iterator[Item]:
    if path.suffix == ".jsonl" and path.is_file():
        yield from corpus(path, readers_of, source)
    elif path.is_file():
        yield _file(path, prefix + path.name, readers_of)
    else:
        for below in sorted(path.rglob("*")):
            name = below.relative_to(path)
            if below.is_file() and not below.is_symlink() and not any(part.startswith(".") for part in name.parts):
                yield _file(below, prefix + name.as_posix(), readers_of)


def _file(path: Path, name: str, readers_of: Callable[[str], Readers]) -> FileItem:
    status = path.stat()
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    name = _storable(name)
    return FileItem(name=name, size=status.st_size, readers=readers_of(name), modified_at=modified, read=path.read_bytes)


def corpus(path: Path, readers_of: Callable[[str], Readers], source: str) -> Iterator[TextItem]:
    """The lines of a `.jsonl` corpus: `_id`, `title`, `text`, optional `url` and `readers`. Raises `BadCorpus`.

    A line without `readers` is ruled as a file of that name would be.
    """
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _line(line, f"{path.name}, line {number}", readers_of, source)


def _line(line: str, where: str, readers_of: Callable[[str], Readers], source: str) -> TextItem:
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        message = f"{where} is not JSON: {error}. Write one object a line."
        raise BadCorpus(message) from error
    if not isinstance(row, dict) or not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
        message = f"{where} needs a string `_id` and a string `text`."
        raise BadCorpus(message)
    return TextItem(
        name=_storable(row["_id"]),
        title=_storable(str(row.get("title") or row["_id"])),
        text=_storable(row["text"]),
        url=_storable(str(row["url"])) if row.get("url") else None,
        readers=_readers(row["readers"], where, source) if "readers" in row else readers_of(row["_id"]),
    )


def _storable(text: str) -> str:
    """`text` without what PostgreSQL cannot keep: NUL, and halves of characters, as file names of other encodings have them."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _readers(listed: Any, where: str, source: str) -> Readers:  # noqa: ANN401 - whatever the JSON held
    if not isinstance(listed, list) or not all(isinstance(reader, str) for reader in listed):
        message = f'{where}: `readers` is a list of principals, such as ["everyone"].'
        raise BadCorpus(message)
    return frozenset(principal_of(reader, source) for reader in listed)
