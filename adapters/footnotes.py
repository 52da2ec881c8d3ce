"""What stands below an answer, and what its marks lead to: the same words on every platform. Pure."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from bot.messages import Answer, Citation

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UPDATED: Final = "updated {date}"
PAGE: Final = "page {page}"

_MARK = re.compile(r"(?<!\\)\[([1-9]\d{0,2})\]")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*[^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\s*\)")
_LINKING = re.compile(r"\](?=[(\[:])")
_SIGNS = re.compile(r"\\([^\sA-Za-z0-9])|^\s{0,3}(?:#{1,6}|>)\s+|[*`~]+|(?<!\w)_+|_+(?!\w)", re.MULTILINE)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)


def day(moment: datetime) -> str:
    """Return a date as people write it: 3 Mar 2026."""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def source_line(citation: Citation, answer: Answer) -> str:
    """Return `Title · Space · updated 3 Mar 2026`; two passages of one document are told apart by page or heading.

    What should be known of the document comes last: `draft`, `newer edition: Travel policy 2026`.
    """
    changed = citation.modified_at
    parts = (
        titled(citation, answer),
        citation.source,
        UPDATED.format(date=day(changed)) if changed else "",
        " ".join(citation.note.split()),
    )
    return " · ".join(part for part in parts if part)


def titled(citation: Citation, answer: Answer) -> str:
    """Return the document's title, and where in it, if another footnote leads to the same document."""
    alike = Counter(other.document for other in answer.citations)[citation.document] > 1
    title = " ".join(citation.title.split()) or citation.document_name
    return f"{title}, {place_in(citation)}" if alike and place_in(citation) else title


def place_in(citation: Citation) -> str:
    """Return the page, or else the innermost heading below the title, or nothing."""
    if citation.page is not None:
        return PAGE.format(page=citation.page)
    headings = [heading for heading in citation.heading if heading != citation.title]
    return headings[-1] if headings else ""


def link(citation: Citation, reader: str = "") -> str:
    """Return the path of the cited words in their document; `reader` opens it in the playground, which knows nobody otherwise."""
    spot: dict[str, object] = {"start": citation.span.start, "end": citation.span.end}
    asked = {**spot, "as": reader} if reader else spot
    return f"/d/{quote(citation.document, safe='')}?{urlencode({**asked, 'is': seal(citation.quote)})}#passage"


def seal(words: str) -> str:
    """Return eight figures that tell whether words are still the same ones."""
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:8]


def markdown(answer: Answer, mark: Callable[[Citation], str]) -> str:
    """Return the answer's text as Markdown that another company's client may be shown: no tags, no links but its footnotes.

    `mark` makes what stands in the place of `[n]`. An address that a text made up, or that came out of a document, cannot be followed,
    and nobody is called by name: `<!channel>` is text.
    """
    parts = _CODE.split(answer.text)
    # What looks like code need not be any to the client, so links are none there either; but a mark in it is none.
    return "".join(unlinked(part) if place % 2 else _marked(part, answer, mark) for place, part in enumerate(parts))


def words(text: str) -> str:
    """Return Markdown as it is read: without its signs, marks as they are; for notifications and screen readers."""
    return " ".join(_SIGNS.sub(lambda sign: sign[1] or "", _LINK.sub(r"\1", text)).split())


def escaped(text: str) -> str:
    """Return text in which nobody is called by name and nothing is a tag."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unlinked(text: str) -> str:
    """Return text that is no tag, calls nobody by name, and is no Markdown link."""
    return escaped(_LINKING.sub(r"]\\", text))


def _marked(text: str, answer: Answer, mark: Callable[[Citation], str]) -> str:
    """Prose with its marks made, none of which is part of a link of the text's own."""
    known = {citation.n: citation for citation in answer.citations}
    shown, done = "", 0
    for found in _MARK.finditer(text):
        if int(found[1]) in known:
            shown += _after_mark(shown, _safe(text[done : found.start()]))
            shown = f"{shown[:-1]}\\!" if shown.endswith("!") else shown  # or it would be an image
            shown, done = shown + mark(known[int(found[1])]), found.end()
    return shown + _after_mark(shown, _safe(text[done:]))


def _after_mark(before: str, text: str) -> str:
    return f"\\{text}" if before.endswith("]") and text.startswith(("(", ":")) else text


def _safe(text: str) -> str:
    return unlinked(_LINK.sub(r"\1", text))
