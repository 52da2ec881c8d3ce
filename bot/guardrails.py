"""What comes in is cleaned and measured; what was retrieved is fenced before a model reads it. Pure."""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import count
from typing import Final

from bot.errors import EmptyQuestion, LongQuestion

LONGEST_QUESTION: Final = 40_000
"""Characters, after cleaning: as many as a message of Slack's may have, so that a text can be pasted with what is asked of it."""
_MOST_TOLD: Final = 4_000  # characters of a question that a model is told
_HOPELESS: Final = 400_000  # characters; beyond this a message is refused unread
_COMMENT: Final = 1_000  # characters of a feedback comment that are kept

# Cc (controls but tab and newline), bidi embeddings, overrides and isolates (U+202A-E, U+2066-9), invisible joiners and
# marks (U+200B, U+200E-F, U+2060-4, U+206A-F, U+FEFF, U+00AD, U+180E), tags (U+E0000-7F), interlinear marks, noncharacters,
# lone surrogates. U+200C and U+200D stay inside words: Persian and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_ORDER = re.compile(
    r"\b(?:(?:ignore|disregard|forget|override)\b[^.!?\n]{0,40}\b(?:rules?|instructions?|prompts?|guidelines?)"
    r"|(?:system|developer) prompt|you are (?:now )?(?:an? )?(?:ai|assistant|chatbot|language model))\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?\n])")
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


def told(text: str) -> str:
    """A question as a model is told it: of a long one its beginning and its end, where what is asked of a pasted text stands."""
    if len(text) <= _MOST_TOLD:
        return text
    end = _MOST_TOLD // 2
    return f"{text[:end].rstrip()}\n[\u2026]\n{text[-end:].lstrip()}"


def kept(text: str) -> str:
    """As much of a question of any length as is worth keeping with its turn."""
    return clean(text[: LONGEST_QUESTION * 2])[:LONGEST_QUESTION]


def comment(text: str) -> str:
    """A feedback comment, cleaned and cut to what is kept."""
    return clean(text[: _COMMENT * 4])[:_COMMENT]


def without_orders(text: str) -> str:
    """`text` without the sentences that give orders to whoever reads it for somebody: nothing can be supported by them."""
    if not _ORDER.search(text):
        return text
    return "".join(sentence for sentence in _SENTENCE_END.split(text) if not _ORDER.search(sentence))


@cache
def _secret() -> bytes:
    """Of this process; nobody else knows it."""
    return secrets.token_bytes(16)


def keys(text: str) -> Iterator[str]:
    """Keys for a text, one after another: nobody who wrote it can tell them, and they are the same whenever it is fenced again."""
    return (blake2b(f"{attempt} {text}".encode(), key=_secret(), digest_size=6).hexdigest() for attempt in count())


def fence(sources: Iterable[tuple[str, str]], keys: Callable[[str], Iterator[str]] = keys) -> str:
    """The numbered sources of a prompt, as `(label, text)` pairs, each between delimiters that no source can close.

    The delimiters carry a key that occurs in none of the sources, so text that imitates a delimiter stays inside: each closing
    delimiter occurs exactly once. A source has the same key in every prompt of this process, so that prompts with the same sources
    begin with the same words, which providers keep for less than reading them again. Labels are put on one line.
    """
    labelled = ((" ".join(clean(label).split()), clean(text)) for label, text in sources)
    return _fenced("source", [f"[{n}] {label}\n{text}" for n, (label, text) in enumerate(labelled, start=1)], keys)


def fence_said(said: Iterable[str], keys: Callable[[str], Iterator[str]] = keys) -> str:
    """What people or earlier answers said, each between delimiters like those of `fence`; nothing of it can be cited."""
    return _fenced("message", [clean(text) for text in said], keys)


def _fenced(kind: str, texts: Sequence[str], keys: Callable[[str], Iterator[str]]) -> str:
    unused = [next(key for key in keys(text) if not any(key in other for other in texts)) for text in texts]
    return "\n\n".join(
        f"<<{kind} {n} {key}>>\n{text}\n<<end of {kind} {n} {key}>>"
        for n, (text, key) in enumerate(zip(texts, unused, strict=True), start=1)
    )
