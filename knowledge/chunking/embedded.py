"""What of a piece is embedded: a short prefix that says where it stands, then its text. Pure."""

from collections.abc import Sequence

from knowledge.chunking.blocks import heading_title
from knowledge.chunking.split import Count

PREFIX = 48
"""Word pieces that title and headings may take."""

_CHARACTERS_PER_PIECE = 3  # few enough that a prefix that is not counted seldom takes more than `PREFIX`
_LONGEST_PIECE = 20  # characters
_TITLE_AND_HEADING = 2


def embedding_text(title: str, heading: Sequence[str], piece: str, *, header: str = "", count: Count | None = None) -> str:
    """The title, the headings from the outermost in, the `header` of a table that goes on, and the text of a piece, each on its own line.

    What is said twice is said once: a heading like the title, and title or headings at the start of `piece`. A prefix of more
    than `PREFIX` word pieces loses first its outer headings, then the ends of the title and of the innermost heading.
    Without `count` its length is reckoned from its characters.
    """
    names = _distinct([title, *heading])
    body = _body(piece, {_key(name) for name in names})
    return "\n".join([*_shortened(names, count or _reckoned), *filter(None, [header]), body])


def _reckoned(text: str) -> int:
    return -(-len(text) // _CHARACTERS_PER_PIECE)


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _distinct(names: Sequence[str]) -> list[str]:
    """Without empty names and repetitions; the first of each stays."""
    kept: dict[str, str] = {}
    for name in names:
        if name.strip():
            kept.setdefault(_key(name), " ".join(name.split()))
    return list(kept.values())


def _shortened(names: list[str], count: Count) -> list[str]:
    """At most `PREFIX` word pieces: outer headings go first, then the ends of the title and of the innermost heading."""
    while len(names) > _TITLE_AND_HEADING and sum(map(count, names)) > PREFIX:
        names = [names[0], *names[2:]]
    if sum(map(count, names)) <= PREFIX:
        return names
    return [_beginning(name, PREFIX // len(names), count) for name in names]


def _beginning(name: str, room: int, count: Count) -> str:
    """As many of the first words as fit into `room` word pieces; of a single endless word its first letters."""
    words = name[: room * _LONGEST_PIECE].split()
    while len(words) > 1 and count(" ".join(words)) > room:
        words.pop()
    while words and len(words[0]) > 1 and count(words[0]) > room:
        words = [words[0][: len(words[0]) // 2]]
    return " ".join(words)


def _body(piece: str, said: set[str]) -> str:
    """The piece without the title and the headings at its start."""
    rest = piece
    while rest:
        line, _, after = rest.partition("\n")
        if line.strip() and _key(heading_title(line)) not in said and not set(line.strip()) <= {*"=-"}:
            break
        rest = after
    return rest or piece
