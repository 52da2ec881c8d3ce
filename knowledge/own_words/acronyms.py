"""Short forms that a text explains: `paid time off (PTO)`, `PTO (paid time off)`, `PTO stands for paid time off`, a glossary's line. Pure.

After Schwartz and Hearst (2003), and stricter: every word of the long form gives its first letter to the short one, in their order; only
`of`, `and` and the like may give none, and a word that gave its first letter may give more (`HyperText`). A long form has two words at
least.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from knowledge.own_words.keys import OF_ONE, WORD, key_of

FINDER = 2
"""Of what `definitions` finds, and of keys. To be raised when that changes: every text is then looked at again (`Ingestion.tidy`)."""

MOST = 200  # of one document; a list of literature explains hundreds
_MOST_LOOKED_AT = 2_000  # places of one text where a short form may be explained; of more, those that come first
LONGEST_SHORT, LONGEST_LONG = 12, 100  # characters
_LEAST_LETTERS, _LEAST_WORDS = 2, 2
_A_LETTER_WITHIN_FOR = 3  # letters of a short form: one of three may come from within a word, two of six
_FUNCTION_WORDS = "a an and as at by de for from in of on or per the to with"
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_UNITS = "GB MB KB TB PB kB kW MW GW kWh MWh GWh Hz kHz MHz GHz kV mV mA dB Mbps Gbps USD EUR GBP CHF CAD AUD JPY mmHg BC AD AM PM OK"
_NEVER = frozenset(_UNITS.split())
_ROMAN = re.compile(r"[IVX]+")

_SHORT = r"[^\W\d_](?:[\w]|[-&/.](?=\w)){1,11}"
_MARK = "[*_\"'\u201c\u201d\u2018\u2019`]*"
_BEFORE_SHORT = r"(?:(?:or|the|aka|abbreviated(?:\ as)?|abbr\.|hereafter|hereinafter|also|known\ as|called)\s+)*"
# Long form first. The sentence before the parenthesis is looked at from its end.
_IN_PARENTHESES = re.compile(rf"\(\s*{_BEFORE_SHORT}{_MARK}(?P<short>{_SHORT}){_MARK}\s*(?=[);,])")
_AFTER_OR = re.compile(rf",\s+(?:or|or simply|abbreviated(?:\ as)?)\s+{_MARK}(?P<short>{_SHORT}){_MARK}(?=[\s,.;:)]|$)")
# Short form first.
_EXPLAINED = re.compile(rf"(?<![\w(])(?P<short>{_SHORT}){_MARK}\s*\(\s*{_MARK}(?:the\s+)?(?P<long>[^()\n]{{5,120}})\)")
_STANDS_FOR = re.compile(
    rf"(?<!\w)(?P<short>{_SHORT}){_MARK},?\s+"
    r"(?:means|(?:(?:which\s+)?stands|(?:is\s+)?short|is\s+an?\s+(?:acronym|abbreviation|initialism))\s+for)\s+"
    rf"{_MARK}(?:the\s+)?(?P<long>[^()\n]{{5,120}})"
)
_LINE = re.compile(
    rf"^[ \t|>*_\u2022+-]*(?P<short>{_SHORT}){_MARK}[ \t]*(?:[:|\u2013\u2014=]|(?<=[ \t])-(?=[ \t])|\t)[ \t|]*{_MARK}"
    r"(?P<long>[^|()\n]{5,120})",
    re.MULTILINE,
)
_ENDS = re.compile(rf"{_MARK}\s*(?:$|[|.;:,(\u2013\u2014\n])")
_BETWEEN = re.compile(r"[ \t*_\"'\u201c\u201d\u2018\u2019`]*(?:[-\u2010\u2011\u2013/,&]|\r?\n)?[ \t*_\"'\u201c\u201d\u2018\u2019`]*")
_WINDOW = 160  # characters before a short form


class Definition(NamedTuple):
    """What a text says that a short form stands for."""

    short: str  # as it is written, but for an `s` of more than one
    long: str  # the same, with one space between its words


class _Word(NamedTuple):
    text: str  # in lower case
    start: int
    end: int


def definitions(text: str) -> list[Definition]:
    """The definitions that a text gives, none twice, `MOST` at most: long forms first, then the rest, each in the order of the text."""
    found = {(key_of(one.short), key_of(one.long)): one for one in reversed(list(_all(text)))}
    return list(reversed(found.values()))[:MOST]


def _all(text: str) -> Iterator[Definition]:
    for pattern, match, short in islice(_places(text), _MOST_LOOKED_AT):
        if pattern in {_IN_PARENTHESES, _AFTER_OR}:
            yield from _before(text, match.start(), short, strict=pattern is _AFTER_OR)
        else:
            yield from _after(match["long"], short, whole=pattern is not _STANDS_FOR, strict=pattern is _LINE)


def _places(text: str) -> "Iterator[tuple[re.Pattern[str], re.Match[str], str]]":
    """Where something stands that might be a short form, and what it is."""
    for pattern in (_IN_PARENTHESES, _AFTER_OR, _EXPLAINED, _STANDS_FOR, _LINE):
        for match in pattern.finditer(text):
            if short := short_form(match["short"]):
                yield pattern, match, short


def _before(text: str, end: int, short: str, *, strict: bool) -> Iterator[Definition]:
    """The run of words that ends at `end` and gives the letters of `short`."""
    letters = _letters(short)
    words = _run_before(text, end, min(len(letters) + 5, 2 * len(letters)))
    if words and words[-1].text not in FUNCTION_WORDS:
        counts = [count for count in range(_LEAST_WORDS, len(words) + 1) if words[-count].text not in FUNCTION_WORDS]
        if count := _best(words, letters, counts, backwards=True, strict=strict):
            yield from _definition(short, text[words[-count].start : words[-1].end])


def _after(long: str, short: str, *, whole: bool, strict: bool) -> Iterator[Definition]:
    """The words that begin `long` and give the letters of `short`; `whole`: up to its end or a mark."""
    letters = _letters(short)
    words = _run(long, 2 * len(letters))
    counts = [
        count
        for count in range(_LEAST_WORDS, len(words) + 1)
        if words[count - 1].text not in FUNCTION_WORDS and (not whole or _ENDS.match(long, words[count - 1].end))
    ]
    if count := _best(words, letters, counts, backwards=False, strict=strict):
        yield from _definition(short, long[words[0].start : words[count - 1].end])


def _best(words: Sequence[_Word], letters: str, counts: Sequence[int], *, backwards: bool, strict: bool) -> int | None:
    """How many of the first words give the letters, of those `counts`; `backwards`: of the last words.

    As few letters from within words as can be, then as few words. None: no count does. `strict`: no letter may come from within.
    """
    most = 0 if strict else len(letters) // _A_LETTER_WITHIN_FOR
    within = _from_within([word.text for word in words], letters, most, backwards=backwards)
    fewest = min(((within[count - 1], count) for count in counts if count <= len(within)), default=(most + 1, 0))
    return fewest[1] if fewest[0] <= most else None


def _from_within(words: Sequence[str], letters: str, most: int, *, backwards: bool) -> list[int]:
    """For the first word alone, the first two …: how many letters must come from within words for them to give all the letters.

    More than `most`: they do not. `backwards`: for the last word alone, the last two … The list ends where no more words would help.
    """
    no, last = most + 1, len(letters)
    begun, done = (last, 0) if backwards else (0, last)
    least = [no] * (last + 1)  # by how far the letters are given
    least[begun] = 0
    found: list[int] = []
    for word in reversed(words) if backwards else words:
        so_far, least = least, list(least) if word in FUNCTION_WORDS else [no] * (last + 1)
        for start, end in _given(word, letters, most):
            was, then = (end, start) if backwards else (start, end)
            least[then] = min(least[then], so_far[was] + end - start - 1)
        found.append(least[done])
        if min(least) == no:
            break
    return found


def _given(word: str, letters: str, most: int) -> Iterator[tuple[int, int]]:
    """Which stretches of the letters the word can give: the first of each is its own first, `most` more come from within it."""
    start = letters.find(word[0])
    while start >= 0:
        at = 1
        for end in range(start + 1, min(len(letters), start + 1 + most) + 1):
            yield start, end
            at = word.find(letters[end], at) + 1 if end < len(letters) else 0
            if not at:
                break
        start = letters.find(word[0], start + 1)


def _definition(short: str, found: str) -> Iterator[Definition]:
    long = " ".join(OF_ONE.sub("", re.sub("[*_`]+", "", found)).split())
    if len(long) <= LONGEST_LONG and f" {key_of(short)} " not in f" {key_of(long)} ":
        yield Definition(short, long)


def short_form(written: str) -> str | None:
    """`written` as a short form, without the `s` of more than one; None if it is none: no two capitals, a unit, a roman number."""
    if len(written) < _LEAST_LETTERS:
        return None
    short = written[:-1] if written.endswith("s") and (written[-2].isupper() or written[-2].isdigit()) else written
    capitals = sum(letter.isupper() for letter in short)
    telling = capitals >= _LEAST_LETTERS and capitals >= sum(letter.islower() for letter in short)
    return short if telling and short not in _NEVER and not _ROMAN.fullmatch(short) else None


def _letters(short: str) -> str:
    return "".join(filter(str.isalnum, short.lower()))


def _run_before(text: str, end: int, most: int) -> list[_Word]:
    """The words right before `end`, in one sentence, `most` at most."""
    start = max(0, end - _WINDOW)
    words = _words(text[start:end], start)
    run: list[_Word] = []
    for word in reversed(words):
        if len(run) == most or not _BETWEEN.fullmatch(text, word.end, run[0].start if run else end):
            break
        run.insert(0, word)
    if run and run[0].start == start > 0 and text[start - 1].isalnum():  # the window cuts it
        del run[0]
    return run


def _run(text: str, most: int) -> list[_Word]:
    """The words at the beginning of `text`, in one sentence, `most` at most."""
    run: list[_Word] = []
    for word in _words(text, 0)[:most]:
        if not _BETWEEN.fullmatch(text, run[-1].end if run else 0, word.start):
            break
        run.append(word)
    return run


def _words(text: str, offset: int) -> list[_Word]:
    return [_Word(one.group().lower(), offset + one.start(), offset + one.end()) for one in WORD.finditer(text)]
