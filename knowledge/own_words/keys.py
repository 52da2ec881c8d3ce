"""What the spellings of one form have in common. Pure, and apart from the analyser: keys are kept, and outlive it."""

import re
from functools import lru_cache
from importlib.resources import files

from knowledge.terms import folded

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W\d_]+)*")
OF_ONE = re.compile("['\u2019]s?$")  # the agency's
_PLURAL = re.compile(r"(?<=[^\W\d_]{3})(?<![sui])(?<!aa)s$")  # of four letters or more; not of `press`, `campus`, `analysis`, `saas`
_MORE_THAN_ONE = re.compile(r"(?<=[A-Z\d]{2})s$")  # KPIs
_DOTS = re.compile(r"(?<=\b[^\W\d_])\.(?=[^\W\d_]\b)|(?<=\.[^\W\d_])\.")  # U.S.A.
_ORDINARY = frozenset(files(__package__).joinpath("ordinary.txt").read_text(encoding="utf-8").split())
_LEAST_IN_LOWER_CASE = 3  # letters of what is not the admin's


def key_of(form: str) -> str:
    """The same for `Paid Time Off`, `paid-time off` and `paid times off`, for `KPI` and `KPIs`. Empty if it has no words."""
    return " ".join(map(_key_of_word, WORD.findall(_DOTS.sub("", form))))


@lru_cache(1_024)  # a form begins at each word of a question, and each word is in up to eight
def _key_of_word(word: str) -> str:
    one = OF_ONE.sub("", word)
    if one.isupper():
        return folded(one)
    return folded(_MORE_THAN_ONE.sub("", one)) if _MORE_THAN_ONE.search(one) else _PLURAL.sub("", folded(one))


def is_ordinary(key: str, *, said: bool) -> bool:
    """Whether what is not in capitals is taken for words as they are, though it may be a short form in them: `it`, `aid`, `as a` (A&A).

    `said`: the admin says that it is one. Then only ordinary words are: who added `HR` is asked for `hr`.
    """
    if said:
        return all(word in _ORDINARY for word in key.split())
    return " " in key or len(key) < _LEAST_IN_LOWER_CASE or key in _ORDINARY
