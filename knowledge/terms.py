"""The one analyser: text to terms, the same for documents and questions, for every engine.

Lower case, runs of letters and digits, Snowball English, stop words left out (`facts/engines.md` §9, `facts/retrieval.md` step 2).
Scripts that put no spaces between words (Chinese, Japanese, Thai …) are cut into overlapping pairs of characters.
"""

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

# Lucene's 33 English stop words, and the words that questions are made of.
_LUCENE = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with"
)
_QUESTIONS = "what how where when who which why do does did can could should would may i me my we us our you your am have has had about"
STOP_WORDS = frozenset(f"{_LUCENE} {_QUESTIONS}".split())
_WORD = re.compile(r"\w+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LONGEST = 60  # characters of one term; longer runs are base64 and the like
_own = threading.local()  # a stemmer keeps the word it works on, so each thread has one of its own


def terms(text: str) -> list[str]:
    """The terms of `text`, in order, repeats kept."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return [term for word in words for term in _terms_of(word)]


def is_stop_word(word: str) -> bool:
    """Whether the analyser leaves `word` out."""
    return word.lower() in STOP_WORDS


@lru_cache(maxsize=65_536)
def _terms_of(word: str) -> tuple[str, ...]:
    if word in STOP_WORDS or len(word) > _LONGEST:
        return ()
    if _UNSPACED.search(word):
        return tuple(word[i : i + 2] for i in range(len(word) - 1)) or (word,)
    return (_stemmer().stemWord(word),)


def _stemmer() -> "snowballstemmer.english_stemmer.EnglishStemmer":
    if not hasattr(_own, "stemmer"):
        _own.stemmer = snowballstemmer.stemmer("english")
    return _own.stemmer
