"""What a question names exactly comes first: a code, a version, an address, a file, words in quotes. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from knowledge.documents import Hit
from knowledge.terms import bare, folded, terms, things

_LONGEST = 400  # characters of a name; what is longer is none
_SHORT = 4  # terms of a query that is nothing but the name of a thing
_TELLING = re.compile(r"@|://|[^\W_]_[^\W_]|[^\W\d_]\.[^\W\d_]{2,5}\b|\d\.\d+\.\d|\bv\d+\.\d|[^\W\d_].*\d{3}")
"""In a word of a longer query: hardly anything but a name, such as `ERR-4032`, `v2.1.0`, an address. `IL-6`, `400mg` and `2.5` are measures
as often: with them nDCG@10 on scifact falls by .005.
"""
_QUOTED = re.compile('["\u201c\u201d\u201e\u00ab\u00bb]([^"\u201c\u201d\u201e\u00ab\u00bb]{3,400})["\u201c\u201d\u201e\u00ab\u00bb]')


def exact_first(hits: Sequence[Hit], query: str) -> list[Hit]:
    """`hits`, those before the others that name what `query` names exactly, the more of it the earlier; else in their order.

    Scores follow, and stay between 0 and 1. A query that names nothing of that kind, or nothing that any hit names, changes nothing.
    """
    words = (
        [query]
        if len(set(terms(query))) <= _SHORT
        else [word for word in folded(query).split() if len(word) <= _LONGEST and _TELLING.search(word)]
    )
    wanted = {*things(" ".join(words)), *map(_words, _QUOTED.findall(query))} - {""}
    found = [_named(hit, wanted) for hit in hits] if wanted else []
    if not any(found):
        return list(hits)
    scored = [replace(hit, score=(hit.score + len(own)) / (1 + len(wanted))) for hit, own in zip(hits, found, strict=True)]
    return sorted(scored, key=lambda hit: -hit.score)


def _named(hit: Hit, wanted: set[str]) -> set[str]:
    """Those of the things and phrases `wanted` that a passage, or its document, names."""
    document = hit.passage.document
    text = folded("\n".join((document.title, *hit.passage.heading, hit.passage.text)))
    places = f"{document.name}\n{document.url or ''}"
    close = bare(folded(f"{text}\n{places}"))
    likely = {thing for thing in wanted if bare(thing) in close}
    own = {*things(text), *things(places)} if likely else set()
    spoken = f" {_words(text)} " if likely else ""
    return {thing for thing in likely if thing in own or (" " in thing and f" {thing} " in spoken)}


def _words(text: str) -> str:
    """The words of `text` with one space between them; empty for words that say nothing."""
    return " ".join(re.findall(r"\w+", folded(text))) if terms(text) else ""
