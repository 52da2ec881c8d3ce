"""What a source holds: files of a folder, or lines of a `.jsonl` corpus; and the places that could not be looked at."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Any

from knowledge.documents import Readers
from knowledge.errors import BadCorpus, KnowledgeError, Unreadable
from knowledge.ingest.readers import open_to_everyone, principal_of
from knowledge.ingest.rows import row_of
from knowledge.parsers.decoding import tidy_line
from tenancy.errors import BadEmail
from tenancy.viewer import Principal, TenantId

_READ_AS = "4"  # part of every fingerprint: raise it when parsing or cutting changes what comes out, and everything is read anew


ReadersOf = Callable[[str], Readers]
"""Who may read the document of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileItem:
    """A file whose text a parser has to find."""

    name: str  # unique in its source: the path below the folder that was named
    size: int
    readers: Readers
    unsaid: bool = False  # nobody said who may read it, so everyone may
    modified_at: datetime | None
    read: Callable[[], bytes]  # blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class TextItem:
    """A document that came as text, such as a line of a corpus."""

    name: str
    readers: Readers
    unsaid: bool = False  # nobody said who may read it, so everyone may
    title: str
    text: str
    url: str | None = None

    @property
    def fingerprint(self) -> str:
        """Changes when anything that is searched or shown changes."""
        return digest(json.dumps([self.title, self.text, self.url]).encode())


Item = FileItem | TextItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A place that could not be looked at. What is known from there is not gone for that: it stays."""

    name: str  # as people know it
    place: str  # what the names of its documents begin with, and a slash after that; EVERYWHERE: all names of the source
    root: bool  # it was named by whoever ingests, and is not just part of what was named
    why: Unreadable
    readers_of: ReadersOf  # for the documents that are known from there
    unsaid: bool


EVERYWHERE = ""
Found = Item | Unseen


def digest(data: bytes) -> str:
    """What content is compared by: bytes, and how we read them."""
    return f"{_READ_AS}:{hashlib.sha256(data).hexdigest()}"


def unopened(error: OSError, more: str = "") -> Unreadable:
    """Why a file or folder was not read, and what to do; `more` is said after that."""
    return Unreadable(f"cannot be opened ({error.strerror or error})", f"check that it is there and that you may read it{more}")


def items_of(
    paths: Sequence[Path], readers_of: ReadersOf | None, source: str, tenant: TenantId | None = None, but: Path | None = None
) -> list[Found]:
    """Everything below `paths`: files, folders, corpora. Hidden files are left out, and the file `but`, wherever it lies.

    `readers_of` None: nobody says who may read, so everyone may. `tenant` knows the persons that a corpus names by address.
    Raises `KnowledgeError` for a path that is not there, and for two documents of one name.
    """
    found: dict[str, Found] = {}
    for path in paths:
        if not path.exists():
            message = f"There is nothing at {path}. Check the path and try again."
            raise KnowledgeError(message)
        for item in _Root(path, readers_of, alone=len(paths) == 1, but=but and but.resolve()).found(source, tenant):
            if item.name in found:
                raise KnowledgeError(f"{item.name!r} is there twice. Ingest the folders one by one, each with a --source of its own.")
            found[item.name] = item
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Root:
    """One of the paths that were named."""

    path: Path
    readers_of: ReadersOf | None
    alone: bool  # else the names of what is in a folder begin with the folder's
    but: Path | None  # is no document

    def found(self, source: str, tenant: TenantId | None) -> Iterator[Found]:
        """What is there. If that is nothing, the root is a place that was not seen: it may not be mounted."""
        items = corpus(self.path, self.readers_of, source, tenant) if self._is_corpus() else self._files()
        empty = True
        for item in items:
            empty = False
            yield item
        if empty and (self.alone or self.path.is_dir()):
            yield self._unseen(self.path, Unreadable("holds nothing", "check that it is the right place, and mounted"))

    def _is_corpus(self) -> bool:
        return self.path.suffix == ".jsonl" and self.path.is_file()

    def _files(self) -> Iterator[Found]:
        if self.path.is_file():
            yield self._file(self.path, self.path.name, self.path.stat())
            return
        for path, status in _walk(self.path):
            if isinstance(status, OSError):
                yield self._unseen(path, unopened(status, "; until then, what was read from it stays"))
            elif not self._is_but(path):
                yield self._file(path, self._place(path), status)

    def _is_but(self, path: Path) -> bool:
        """Whether it is the file that is no document; where a path leads is looked up only for files of its name."""
        return self.but is not None and path.name == self.but.name and path.resolve() == self.but

    def _file(self, path: Path, name: str, status: os.stat_result) -> FileItem:
        name = storable(name)
        return FileItem(
            name=name,
            size=status.st_size,
            readers=(self.readers_of or open_to_everyone)(name),
            unsaid=self.readers_of is None,
            modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
            read=path.read_bytes,
        )

    def _unseen(self, path: Path, why: Unreadable) -> Unseen:
        root, place = path == self.path, storable(self._place(path))
        return Unseen(
            name=storable(str(path)) if root else place,
            place=place,
            root=root,
            why=why,
            readers_of=self.readers_of or open_to_everyone,
            unsaid=self.readers_of is None,
        )

    def _place(self, path: Path) -> str:
        below = path.relative_to(self.path).parts
        return "/".join(below if self.alone else (self.path.name, *below))


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result | OSError]]:
    """Every file below `folder` with its status, in order; and every place that could not be looked at, with what stood in the way.

    Hidden files are left out, and so are links, which may lead anywhere.
    """
    try:
        with os.scandir(folder) as entries:
            inside = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        yield folder, error
        return
    for name, is_folder in inside:
        path = folder / name
        if is_folder:
            yield from _walk(path)
        elif isinstance(status := _status(path), OSError) or S_ISREG(status.st_mode):
            yield path, status


def _status(path: Path) -> os.stat_result | OSError:
    try:
        return os.lstat(path)
    except OSError as error:
        return error


def corpus(path: Path, readers_of: ReadersOf | None, source: str, tenant: TenantId | None = None) -> Iterator[TextItem]:
    """The lines of a `.jsonl` corpus: `_id`, `title`, `text`, optional `url` and `readers`. Raises `BadCorpus`.

    A line without `readers` is ruled as a file of that name would be. Without a `tenant`, persons stand for themselves.
    """
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _line(line, f"{path.name}, line {number}", readers_of, source, tenant)


def _line(line: str, where: str, readers_of: ReadersOf | None, source: str, tenant: TenantId | None) -> TextItem:
    row = row_of(line, where, "Write one object a line.")
    own = "readers" in row
    return TextItem(
        name=storable(row["_id"]),
        title=tidy_line(str(row.get("title") or "")) or tidy_line(row["_id"]) or "Untitled",
        text=storable(row["text"]),
        url=storable(str(row["url"])) if row.get("url") else None,
        readers=_readers(row["readers"], where, source, tenant) if own else (readers_of or open_to_everyone)(row["_id"]),
        unsaid=not own and readers_of is None,
    )


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot keep: NUL, and halves of characters, as file names of other encodings have them."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _readers(listed: Any, where: str, source: str, tenant: TenantId | None) -> Readers:  # noqa: ANN401 - whatever the JSON held
    if not isinstance(listed, list) or not all(isinstance(reader, str) for reader in listed):
        message = f'{where}: `readers` is a list of principals, such as ["everyone"].'
        raise BadCorpus(message)
    return frozenset(_reader(reader, where, source, tenant) for reader in listed)


def _reader(written: str, where: str, source: str, tenant: TenantId | None) -> Principal:
    try:
        if written == storable(written):  # else, not mended: what is left might be somebody else
            return principal_of(written, source, tenant)
    except BadEmail:
        pass
    message = f"{where} names the reader {written!r}. Write `everyone`, `group:NAME` or `person:E-MAIL`."
    raise BadCorpus(message)
