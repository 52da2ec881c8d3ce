"""The one analyser: text to terms, the same for documents and questions, for every engine.

Lower case, runs of letters and digits, the Snowball stemmer of their script (English for Latin letters), stop words left out
(`facts/engines.md` §9, `facts/retrieval.md` step 2). Accents and invisible marks make no difference.

What is one thing though it has several parts (`ERR-4032`, `ana@acme.example`, `travel_policy-2024.pdf`, `10,000`) is its parts and,
besides, itself: `err`, `4032` and `err4032`, so that it is found before its look-alikes. Scripts that put no spaces between words
(Chinese, Japanese, Thai …), and Korean, are cut into overlapping pairs of characters, and Chinese characters also into single ones.
"""

import hashlib
import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

ANALYSER = 2
"""Of what `terms` makes of a text. To be raised whenever that changes: every index is then written anew (`Ingestion.tidy`)."""

# Lucene's 33 English stop words, and the words that questions are made of.
_LUCENE = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with"
)
_QUESTIONS = "what how where when who which why do does did can could should would may i me my we us our you your am have has had about"
STOP_WORDS = frozenset(f"{_LUCENE} {_QUESTIONS}".split())
_LONGEST = 60  # characters of one term; what is longer stands as its digest

# What stays on a letter though it is no letter: vowels of Thai and of India's scripts. Those of Arabic and accents are gone by then.
_MARKS = "".join(chr(code) for code in (*range(0x0900, 0x1C00), *range(0xA800, 0xAC00)) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
_THAI = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u3099\u309a"
_LETTER = rf"[\w{_MARKS}{_THAI}]"
_UNDERSCORE = "\0"  # in place of `_`, which `\w` takes for a letter
_JOINT = rf"(?:://|[-.{_UNDERSCORE}/@:\\?=&+%~#]|(?<=\d),(?=\d{{3}}(?!\d)))"
_THING = re.compile(rf"{_LETTER}+(?:{_JOINT}{_LETTER}+)*(?:\+\+|\#)?|[\u2600-\u27bf\U0001f300-\U0001faff]")
_PART = re.compile(rf"{_LETTER}+")
_IS_ONE = re.compile(rf"[\d@{_UNDERSCORE}]|://|[^\W\d]\.[^\W\d]|[+#]$")
_CODE = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z\d]+")  # of one part: ERR4032
_WITHIN = re.compile(r"[/:=?&]+")
_LOOSE = re.compile(r"(?<=\d)[^\w.,](?=\d)")
_UNJOINED = re.compile(r"(?<!\d)[-.]|[-.](?!\d)|[^\w.#+-]|(?<!\+)\+(?!\+)|\#(?!$)")
_EDITION = re.compile(r"v(?=\d+\.\d)")

_UNSPACED = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]+)")
_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LANGUAGES = (
    (re.compile("[\u0400-\u04ff]"), "russian"),
    (re.compile("[\u0370-\u03ff]"), "greek"),
    (re.compile("[\u0600-\u06ff]"), "arabic"),
    (re.compile("[\u0900-\u097f]"), "hindi"),
)
# Accents, but for the breve that makes another letter of a Cyrillic one; what Hebrew and Arabic may do without; what cannot be seen.
_ACCENTS = re.compile("(?<!\u0438)[\u0300-\u036f]|[\u0591-\u05c7\u0640\u064b-\u065f\u0670\u00ad\u200c\u200d\u2060\ufeff\ufe0e\ufe0f]")
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u0131": "i",
    }
)
_BARE = {code: None for code in range(128) if not chr(code).isalnum()}
_own = threading.local()  # a stemmer keeps the word it works on, so each thread has its own


def terms(text: str) -> list[str]:
    """The terms of `text`, in order, repeats kept."""
    return [term for thing in _found(text) for term in _terms_of(thing)]


def things(text: str) -> list[str]:
    """The codes, versions, addresses, names of files … that `text` names, a term each, in order: what is to be found exactly."""
    return [term for thing in _found(text) for term in _things_of(thing)]


def folded(text: str) -> str:
    """`text` with everything one that should make no difference: case, accents, forms of one character."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).translate(_ALIKE).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart)).translate(_ALIKE)


def bare(text: str) -> str:
    """`text`, which is folded, without what may stand between the parts of one thing: for a quick look whether it is there at all."""
    return text.translate(_BARE)


def is_stop_word(word: str) -> bool:
    """Whether the analyser leaves `word` out."""
    return word.lower() in STOP_WORDS


def _found(text: str) -> list[str]:
    return _THING.findall(folded(text).replace("_", _UNDERSCORE))


@lru_cache(maxsize=65_536)
def _terms_of(thing: str) -> tuple[str, ...]:
    words = _PART.findall(thing)
    parts = [term for word in words or [thing] for term in _terms_of_word(word)]
    return (*parts, _joined(thing)) if words != [thing] and _is_one(thing) else tuple(parts)


@lru_cache(maxsize=65_536)
def _things_of(thing: str) -> tuple[str, ...]:
    """`thing` itself, if it is one, and those that it is made of: a path's file, a link's host."""
    inner = [part for part in _WITHIN.split(thing) if part != thing]
    return tuple(dict.fromkeys(_joined(part) for part in (thing, *inner) if _is_one(part)))


def _is_one(thing: str) -> bool:
    return bool(_CODE.fullmatch(thing) if _PART.fullmatch(thing) else _IS_ONE.search(thing))


def _joined(thing: str) -> str:
    """Without what joins its parts, but between digits: 2.10 is not 210. A `v` before a version's number makes no difference."""
    return _short(_UNJOINED.sub("", _LOOSE.sub("-", _EDITION.sub("", thing))))


def _terms_of_word(word: str) -> tuple[str, ...]:
    if word in STOP_WORDS:
        return ()
    if _UNSPACED.search(word):
        return tuple(term for run in _UNSPACED.split(word) if run for term in _cut(run))
    return (_stemmer(word).stemWord(word) if len(word) <= _LONGEST else _short(word),)


def _cut(run: str) -> tuple[str, ...]:
    if not _UNSPACED.match(run):
        return _terms_of_word(run)
    pairs = tuple(run[i : i + 2] for i in range(len(run) - 1)) or (run,)
    return (*pairs, *_CHINESE.findall(run)) if len(run) > 1 else pairs


def _short(term: str) -> str:
    return term if len(term) <= _LONGEST else hashlib.blake2b(term.encode(), digest_size=12).hexdigest()


def _stemmer(word: str) -> "snowballstemmer.basestemmer.BaseStemmer":
    language = "english" if word.isascii() else next((name for script, name in _LANGUAGES if script.search(word)), "english")
    if not hasattr(_own, "stemmers"):
        _own.stemmers = {}
    if language not in _own.stemmers:
        _own.stemmers[language] = snowballstemmer.stemmer(language)
    return _own.stemmers[language]
