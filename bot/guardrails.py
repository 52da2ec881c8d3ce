"""What comes in is cleaned and measured; what was retrieved is fenced before a model reads it. Pure."""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from bot.errors import EmptyQuestion, LongQuestion

LONGEST_QUESTION: Final = 4_000
"""Characters, after cleaning."""
_HOPELESS: Final = 200_000  # characters; beyond this a message is refused unread
_COMMENT: Final = 1_000  # characters of a feedback comment that are kept

# Cc (controls but tab and newline), bidi embeddings, overrides and isolates (U+202A-E, U+2066-9), invisible joiners and
# marks (U+200B, U+200E-F, U+2060-4, U+206A-F, U+FEFF, U+00AD, U+180E), tags (U+E0000-7F), interlinear marks, noncharacters,
# lone surrogates. U+200C and U+200D stay inside words: Persian and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_LOOSE_JOINER = re.compile("(?<!\\S)[\u200c\u200d]+|[\u200c\u200d]+(?!\\S)")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[^\\S\n]+")
_BLANK_LINES = re.compile("\n\\s*\n")


def clean(text: str) -> str:
    """`text` as a person sees it: NFC, no control, bidi or zero-width characters, white space collapsed.

    Idempotent; linear in the length of `text`.
    """
    seen = _LOOSE_JOINER.sub("", _UNSEEN.sub("", _BREAKS.sub("\n", text)))
    return _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", unicodedata.normalize("NFC", seen))).strip()


def guarded(text: str) -> str:
    """The cleaned question.

    Raises `LongQuestion` beyond `LONGEST_QUESTION` characters and `EmptyQuestion` if no letter, digit or symbol is left.
    """
    if len(text) > _HOPELESS:
        raise LongQuestion(len(text), LONGEST_QUESTION)
    cleaned = clean(text)
    if len(cleaned) > LONGEST_QUESTION:
        raise LongQuestion(len(cleaned), LONGEST_QUESTION)
    if not any(unicodedata.category(c)[0] in "LNS" for c in cleaned):
        raise EmptyQuestion(EmptyQuestion.__doc__)
    return cleaned


def kept(text: str) -> str:
    """As much of a question of any length as is worth keeping with its turn."""
    return clean(text[: LONGEST_QUESTION * 2])[:LONGEST_QUESTION]


def comment(text: str) -> str:
    """A feedback comment, cleaned and cut to what is kept."""
    return clean(text[: _COMMENT * 4])[:_COMMENT]


def _nonce() -> str:
    return secrets.token_hex(6)


def fence(sources: Iterable[tuple[str, str]], nonce: Callable[[], str] = _nonce) -> str:
    """The numbered sources of a prompt, as `(label, text)` pairs, each between delimiters that no source can close.

    The delimiters carry one random key per prompt that occurs in none of the sources, so text that imitates a delimiter
    stays inside: each closing delimiter occurs exactly once. Labels are put on one line.
    """
    labelled = ((" ".join(clean(label).split()), clean(text)) for label, text in sources)
    return _fenced("source", [f"[{n}] {label}\n{text}" for n, (label, text) in enumerate(labelled, start=1)], nonce)


def fence_said(said: Iterable[str], nonce: Callable[[], str] = _nonce) -> str:
    """What people or earlier answers said, each between delimiters like those of `fence`; nothing of it can be cited."""
    return _fenced("message", [clean(text) for text in said], nonce)


def _fenced(kind: str, texts: Sequence[str], nonce: Callable[[], str]) -> str:
    key = nonce()
    while any(key in text for text in texts):
        key = nonce()
    return "\n\n".join(f"<<{kind} {n} {key}>>\n{text}\n<<end of {kind} {n} {key}>>" for n, text in enumerate(texts, start=1))
