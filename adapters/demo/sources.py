"""The demo company's documents as they are written: Markdown with a few lines of front matter.

Front matter names the `format` the document is delivered in and the `date` it was last changed; mail adds `from`, `to`
and `message_id`. The first `#` heading is the title.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path, PurePosixPath

import yaml

COMPANY = Path(__file__).parent / "company"
FENCE = "---\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document before it is rendered."""

    path: PurePosixPath  # where it belongs below the target, with the extension of its format
    format: str  # one of `build.RENDERERS`
    title: str  # the text of its first heading
    changed: datetime  # UTC; stands in for every clock that a file format would read
    body: str  # Markdown, the title included
    fields: Mapping[str, str]  # the rest of the front matter, such as a mail's sender


def sources(root: Path = COMPANY) -> Iterator[Source]:
    """Yield every document below `root` in the order of its path."""
    for path in sorted(root.rglob("*.md")):
        yield read_source(path, root)


def read_source(path: Path, root: Path) -> Source:
    """Read one document. Raises `ValueError` naming the file when its front matter or title is missing."""
    head, body = _split(path)
    fields = {str(key): value for key, value in yaml.safe_load(head).items()}
    match fields.pop("format", None), fields.pop("date", None):
        case str(kind), date() as changed:
            pass
        case _:
            message = f"{path}: front matter needs `format` and `date: YYYY-MM-DD`"
            raise ValueError(message)
    return Source(
        path=PurePosixPath(path.relative_to(root).with_suffix(f".{kind}").as_posix()),
        format=kind,
        title=_title(path, body),
        changed=_clock(changed),
        body=body,
        fields={key: str(value) for key, value in fields.items()},
    )


def _split(path: Path) -> tuple[str, str]:
    """Part the front matter from the body."""
    before, _, rest = path.read_text(encoding="utf-8").partition(FENCE)
    head, closing, body = rest.partition(FENCE)
    if before or not closing:
        message = f"{path}: front matter must stand between two lines of `---`"
        raise ValueError(message)
    return head, body.lstrip("\n")


def _title(path: Path, body: str) -> str:
    """Return the text of the first line, which must be a heading of level one."""
    first = body.partition("\n")[0]
    if not first.startswith("# "):
        message = f"{path}: the body must begin with `# Title`"
        raise ValueError(message)
    return first.removeprefix("# ").strip()


def _clock(changed: date) -> datetime:
    """Return the moment itself, or noon of a bare date, in UTC."""
    if isinstance(changed, datetime):
        return changed.replace(tzinfo=UTC)
    return datetime.combine(changed, time(12), tzinfo=UTC)
