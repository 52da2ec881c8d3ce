"""Intents that the words alone give away. Pure; tried in order, before anything is compared with examples."""

import re
from dataclasses import dataclass
from typing import Final

from bot.intents.intent import Intent
from bot.intents.subject import content


@dataclass(frozen=True, slots=True)
class Thread:
    """What routing knows of the thread."""

    has_turns: bool = False  # something was asked here before
    has_answer: bool = False  # and the last of it got an answer that could be right or wrong


_SUM_UP = r"(?:summari[sz]e|sum(?:ming)? (?:it |this |that |things |everything )?up|summary|recap|tl;?dr|overview|gist|key (?:points|takeaways)|digest|condense|boil down)"
_THREAD = r"(?:thread|conversation|discussion|chat|so far|until now|we(?:'ve| have)? (?:said|discussed|learned|talked|found|covered|asked)|above messages|catch me up|where (?:are|do) we)"
_THANKS = (
    r"(?:ok(?:ay)?|great|perfect|awesome|nice|cool|super|brilliant|wonderful|alright|got it|will do|noted|very|so|many|much|a lot|lots|all|"
    r"that'?s|that is|all i needed|appreciate(?:d)?|it|this|you|your|help|team|footnote|for|the|my|friend|again|thanks?|thank you|thx|ty|cheers|tysm|"
    r"merci|danke|gracias|quick|answer|there|everyone|everybody|and|have|good|one|day|weekend|evening|night|morning|afternoon|bye|goodbye|see|"
    r"later|soon|tomorrow|hi|hey|hello|howdy|greetings|hallo|moin|how|are|is|going|doing|today|what'?s|up|to|folks|bot|nice|meet|"
    r"welcome|no|worries|problem|sounds|fine|works|me|then|now|ciao|yo|hiya|sup|please|just|saying|bonjour|servus|nothing|else|help(?:ful|ed)?)"
)
_RULES: Final[tuple[tuple[str, Intent, re.Pattern[str]], ...]] = tuple(
    (name, intent, re.compile(pattern, re.IGNORECASE))
    for name, intent, pattern in (
        ("sum up the thread", Intent.SUMMARIZE_THREAD, rf"\b{_SUM_UP}\b.*\b{_THREAD}\b|\b{_THREAD}\b.*\b{_SUM_UP}\b|^catch me up\b"),
        (
            "sum up a document",
            Intent.SUMMARIZE_DOCUMENT,
            rf"\b(?:summari[sz]e|tl;?dr|boil down|condense)\b|\bsum up\b|\b(?:summary|overview|gist|key (?:points|takeaways)|main points|recap|digest)\b.{{0,12}}\b(?:of|for|from|in)\b",
        ),
    )
)
_GREETING = re.compile(rf"^(?:{_THANKS}[\s,.!?:)(-]*)+$", re.IGNORECASE)
_GREETS = re.compile(
    r"\b(thank|thanks|thx|ty|tysm|cheers|merci|danke|gracias|appreciate|hi|hey|hello|howdy|hallo|moin|good (?:morning|afternoon|evening|night|day)|"
    r"bye|goodbye|ciao|yo|hiya|sup|see you|how are you|how'?s it going|what'?s up|greetings|bonjour|servus|have a)",
    re.IGNORECASE,
)
_OPENS_ELLIPTIC = re.compile(
    r"^(?:and|but|or|so|then|also|ok(?:ay)?,? (?:and|but|so))\b|^(?:what|how) about\b|^what if\b|^same (?:question )?for\b|^the same for\b|"
    r"^(?:why|why not|how so|since when|until when|how come|says who|which one|for whom|meaning|really|where|when|who|how|how much|how long|how many)\b\s*[?!.]*$",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(it|its|they|them|their|those|these|this|that|there|he|she|him|her|one|ones|same|the (?:first|second|third|last|latter|former|other|previous)|"
    r"instead|otherwise|such|then|else|above)\b",
    re.IGNORECASE,
)
_MENTION = re.compile(r"^\W*(?:<@\w+>|@\w+)")
_FEW_CONTENT_WORDS: Final = 3


def by_rule(text: str, thread: Thread) -> tuple[Intent, str] | None:
    """The intent that the words give away, and the rule's name; None if none does."""
    if _is_greeting(text):
        return Intent.SMALLTALK, "greeting"
    for name, intent, pattern in _RULES:
        if pattern.search(text):
            return intent, name
    return (Intent.FOLLOW_UP, "elliptic") if thread.has_turns and _is_elliptic(text) else None


def points_back(text: str) -> bool:
    """Whether the question leans on something said before: it points at it and says little itself."""
    return bool(_POINTS_BACK.search(text)) and len(content(text)) <= _FEW_CONTENT_WORDS


def _is_greeting(text: str) -> bool:
    return bool(_GREETS.search(text)) and bool(_GREETING.match(text))


def _is_elliptic(text: str) -> bool:
    return bool(_OPENS_ELLIPTIC.search(text))
