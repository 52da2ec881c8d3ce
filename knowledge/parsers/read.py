"""One file to its text: the table of readers. Runs in the child process; pure but for kreuzberg."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from knowledge.parsers import kinds
from knowledge.parsers.containers import SLIDES, WORD
from knowledge.parsers.decoding import decode, tidy
from knowledge.parsers.mail import read_mail
from knowledge.parsers.markup import declared_charset, html_text
from knowledge.parsers.port import Extracted
from knowledge.parsers.refusals import BLANK, TOO_LONG
from knowledge.parsers.slides import read_slides
from knowledge.parsers.text import csv_table, first_heading, front_matter, title_in, title_of
from knowledge.parsers.word import read_word
from knowledge.standing import standing_in, valid_from_in

LONGEST_TEXT = 20_000_000
"""Characters; about ten thousand pages."""


def read(name: str, data: bytes, depth: int = 0) -> Extracted:
    """The text of the file called `name`. `depth` counts the messages it lies within. Raises `Unreadable`."""
    kind = kinds.kind_of(name, data)
    extracted = read_mail(name, data, read, depth) if kind == kinds.MAIL else READERS.get(kind, _read_native)(name, data, kind)
    if not extracted.text.strip():
        raise BLANK.error()
    if len(extracted.text) > LONGEST_TEXT:
        raise TOO_LONG.error()
    return extracted


def _read_plain(name: str, data: bytes, kind: str) -> Extracted:
    """Text as it is."""
    text = tidy(decode(data, declared_charset(data) if kind.endswith("xml") else None))
    return Extracted(text=text, title=title_of(name), media_type=kind)


def _read_markdown(name: str, data: bytes, kind: str) -> Extracted:
    """Markdown as it is, but for its front matter, of which only the title is kept, and whether and from when the document holds."""
    given, text = front_matter(tidy(decode(data)))
    return _with_fields(Extracted(text=text, title=title_of(name, title_in(given), first_heading(text)), media_type=kind), given)


def _read_html(name: str, data: bytes, kind: str) -> Extracted:
    given, markup = front_matter(tidy(decode(data, declared_charset(data))))
    title, text = html_text(markup)
    titles = (title_in(given), title, first_heading(text))
    return _with_fields(Extracted(text=tidy(text), title=title_of(name, *titles), media_type=kind), given)


def _with_fields(extracted: Extracted, given: Mapping[object, object]) -> Extracted:
    """With what front matter says of the document."""
    return replace(extracted, standing=standing_in(given), valid_from=valid_from_in(given))


def _read_csv(name: str, data: bytes, kind: str) -> Extracted:
    return Extracted(text=csv_table(tidy(decode(data))), title=title_of(name), media_type=kind)


def _read_deck(name: str, data: bytes, _kind: str) -> Extracted:
    return read_slides(name, data)


def _read_word(name: str, data: bytes, _kind: str) -> Extracted:
    return read_word(name, data)


def _read_native(name: str, data: bytes, kind: str) -> Extracted:
    from knowledge.parsers.engine import read_with_kreuzberg

    return read_with_kreuzberg(name, data, kind)


READERS: Mapping[str, Callable[[str, bytes, str], Extracted]] = MappingProxyType(
    {
        **dict.fromkeys(kinds.TEXTS.values(), _read_plain),
        kinds.MARKDOWN: _read_markdown,
        kinds.HTML: _read_html,
        kinds.CSV: _read_csv,
        SLIDES: _read_deck,
        WORD: _read_word,
    }
)
"""Media type to reader; what is not here is kreuzberg's."""
