"""What a follow-up is about, from the thread's own words, without a model. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from bot.messages import Turn
from bot.words import words
from knowledge.terms import is_stop_word, terms

MOST_SUBJECT_WORDS: Final = 12
_ENOUGH: Final = 2  # subject words of a question that can do without the titles of its sources

_WORD = re.compile(r"[\w][\w'’&./-]*\w|\w")  # noqa: RUF001  apostrophes as phones type them
_OPENING = re.compile(
    r"^(?:(?:and|but|so|ok(?:ay)?|or|also|then|well|hmm+|what about|how about|what if|same (?:question )?for|the same for|"
    r"und|wie steht es mit)\b[ ,:]*)+",
    re.IGNORECASE,
)
# Words that hold a sentence together, beyond the analyser's stop words, and words that point back.
_EMPTY: Final = words(
    "he she him her his its them those those's one ones same else more any some please tell know need want get got give let "
    "there's it's that's what's i'm you're we're don't doesn't just also too very really much many long often exactly "
    "about out up from than were been being does did done doing me us would like say says said mean means explain elaborate "
    "question answer per again still yet ever thing things"
)
_SLOT = re.compile(r"\b(in|for|at|from|with|to|as)\s+((?:(?:the|a|an|our|my)\s+)?(?:[A-Z][\w-]+(?:\s+[A-Z][\w-]+)*|\w+))")


def standalone(text: str, past: Sequence[Turn]) -> str:
    """The follow-up `text` with the thread's subject in front: what to search for.

    The subject is the content words of the last thing that was searched for; if those are few, the titles and headings
    that its answer cited are added. What the follow-up puts in another's place ("and in Germany?" after "… in France")
    takes it. `text` itself when nothing was searched before.
    """
    last = next((turn for turn in reversed(past) if turn.query), None)
    if last is None:
        return text
    own = _OPENING.sub("", text).strip(" ?!.,") or text
    subject = _without(content(_vacated(last.query, own)), own)
    if len(subject) < _ENOUGH:
        subject += _without(_sources(last), " ".join((own, *subject)))
    return " ".join([*subject[:MOST_SUBJECT_WORDS], own])


def content(text: str) -> list[str]:
    """The words of `text` that carry its subject, as they are written."""
    return [word for word in _WORD.findall(text) if not is_stop_word(word) and word.lower() not in _EMPTY]


def _without(found: Sequence[str], said: str) -> list[str]:
    """`found`, each once, without those that `said` has in some form."""
    known = set(terms(said))
    kept: list[str] = []
    for word in found:
        own = set(terms(word))
        if not own <= known:
            kept.append(word)
            known |= own
    return kept


def _sources(turn: Turn) -> list[str]:
    return [word for citation in turn.answer.citations[:2] for text in (citation.title, *citation.heading[-1:]) for word in content(text)]


def _vacated(query: str, own: str) -> str:
    """The last query without what the follow-up replaces: `in France` when it says `in Germany`."""
    slots = {match[1].lower() for match in _SLOT.finditer(own)}
    return _SLOT.sub(lambda match: " " if match[1].lower() in slots and _is_name(match[2]) else match[0], query)


def _is_name(text: str) -> bool:
    return text[:1].isupper()
