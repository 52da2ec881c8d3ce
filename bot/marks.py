"""Citation marks, in the many forms that models write them. Pure."""

import re

_LIST = re.compile(r"\[\^?(\d{1,3}(?:\s*[,;\u2013-]\s*\^?\d{1,3})*)\]")
_LENTICULAR = re.compile(r"【\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)[^】\n]{0,40}】")
_WORDED = re.compile(r"\[\s*(?:source|sources|passage|quelle)\s*:?\s*(\d{1,3}(?:\s*(?:,|and|und)\s*\d{1,3})*)\s*\]", re.IGNORECASE)
_PARENTHESIS = re.compile(r"\((\d{1,2}(?:\s*,\s*\d{1,2})*)\)(?=\s*[.!?;]?\s*$)")
_PART = re.compile(r"(\d{1,3})(?:\s*[\u2013-]\s*\^?(\d{1,3}))?")
_WIDEST = 8  # [1-400] is no citation
_PLAIN = re.compile(r"\s*\[(\d{1,3})\]")
_RUN = re.compile(r"(?:\s*\[\d{1,3}\])+")


def normal(sentence: str, sources: int) -> str:
    """`sentence` with every mark in the form `[n]`: `[1, 2]`, `[1-2]`, `[^1]`, `【1†x】` and `[source 1]` are taken for marks.

    `(1)` is one only at the sentence's end, if there is such a source and no other mark in the sentence.
    """
    for form in (_LIST, _LENTICULAR, _WORDED):
        sentence = form.sub(_separate, sentence)
    if _PLAIN.search(sentence):
        return sentence
    match = _PARENTHESIS.search(sentence)
    known = match and all(1 <= int(n) <= sources for n in re.findall(r"\d+", match[1]))
    return _PARENTHESIS.sub(_separate, sentence) if known else sentence


def cited(sentence: str) -> list[int]:
    """The numbers that a normal sentence cites, in order, each once."""
    return list(dict.fromkeys(int(n) for n in _PLAIN.findall(sentence)))


def without(sentence: str) -> str:
    """A normal sentence's own words."""
    return _PLAIN.sub("", sentence).strip()


def renumbered(sentence: str, numbers: dict[int, int]) -> str:
    """A normal sentence with each mark exchanged; marks that `numbers` does not have are left out, none comes twice in a row."""
    return _RUN.sub(lambda run: _run(run[0], numbers), sentence).strip()


def _run(run: str, numbers: dict[int, int]) -> str:
    kept = list(dict.fromkeys(numbers[n] for n in cited(run) if n in numbers))
    space = " " if kept else ""
    return space + "".join(f"[{n}]" for n in kept)


def _separate(mark: re.Match[str]) -> str:
    parts = [(int(first), int(last or first)) for first, last in _PART.findall(mark[1])]
    return "".join(f"[{n}]" for first, last in parts for n in range(first, min(last, first + _WIDEST) + 1))
