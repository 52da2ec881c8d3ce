"""Opening a document at its cited words: what the address asks for, and the page that answers it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from adapters import footnotes
from adapters.web import render
from adapters.web.errors import Refused
from adapters.web.house import Playground
from adapters.web.places import Member
from adapters.web.reader import MOST, view
from adapters.web.texts import WORDS
from knowledge.documents import DocumentId, Opened, Span
from knowledge.errors import UnknownDocument

MOST_FIGURES = 12
"""Figures of a character offset; no text is longer."""


class Unopened(Refused):
    """There is no such document, or this person may not read it: the same answer to both."""

    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the address of a cited passage asks for."""

    document: DocumentId
    span: Span  # empty without a passage
    reader: str  # e-mail of who opens it; empty when the address does not say
    seal: str = ""  # what `footnotes.seal` said of the words when they were cited
    whole: bool = False  # all of a long document
    fragment: bool = False  # for the page's right side, without a page around it

    @classmethod
    def read(cls, document: str, query: Mapping[str, str]) -> "Wanted":
        """Read the address; what is no number counts as absent."""
        return cls(
            document=DocumentId(document),
            span=Span(_number(query.get("start", "")), _number(query.get("end", ""))),
            reader=query.get("as", ""),
            seal=query.get("is", "")[:8],
            whole=query.get("all") == "1",
            fragment=query.get("fragment") == "1",
        )

    def address(self, **changes: str) -> str:
        """Return this address with parts of it changed."""
        spot = {"start": str(self.span.start), "end": str(self.span.end), "as": self.reader, "is": self.seal}
        parts = {name: value for name, value in {**spot, **changes}.items() if value}
        return f"/d/{quote(self.document, safe='')}?{urlencode(parts)}#passage"


async def opened(door: Playground, wanted: Wanted) -> str:
    """Return the document as HTML for whoever opens it. Raises `Unopened`."""
    member = door.company.member(wanted.reader)
    viewer = await door.people.viewer_by_email(door.tenant, member.email)
    try:
        found = await door.library.open(viewer, wanted.document)
    except UnknownDocument as error:
        raise Unopened(render.say("no_document", name=member.name)) from error
    return await asyncio.to_thread(shown, found, wanted, member)  # half a second for a megabyte


def shown(found: Opened, wanted: Wanted, member: Member) -> str:
    """Return the page, or its part, that shows `found`."""
    top = 3 if wanted.fragment else 2
    seen = view(found.text, wanted.span, found.pages, whole=wanted.whole, top=top)
    return render.page(
        "passage.html" if wanted.fragment else "document.html",
        document=found.document,
        view=seen,
        wanted=wanted,
        member=member,
        trail=[heading for heading in seen.heading if heading != found.document.title],
        notices=[WORDS["moved"]] if seen.marked and not _same(found.text, wanted) else [],
        too_long=render.say("cut_whole", most=MOST) if seen.cut and wanted.whole else "",
    )


def _same(text: str, wanted: Wanted) -> bool:
    """Whether the words are those that were cited, as far as the address can tell."""
    return not wanted.seal or footnotes.seal(text[wanted.span.start : wanted.span.end]) == wanted.seal


def _number(figures: str) -> int:
    """Return a character offset, 0 for what is none."""
    return int(figures) if figures.isdecimal() and figures.isascii() and len(figures) <= MOST_FIGURES else 0
