"""The form that a message has where it is no question to look up: closed classes of words, never subjects. Pure.

Likeness to examples alone is no evidence that nothing is to be looked up: a bare noun, a code or a word of another script is as like
"Awesome" as it is like anything. So what is merely like an intent is only taken for it where its own words show it (`shows`).
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bot.intents.intent import Intent
from bot.intents.subject import content
from bot.words import any_of, words

# Small talk: every word is a small word, and one of them is a greeting or thanks.
_GREETS: Final = words(
    "hi hello hey howdy hallo moin servus bonjour greetings hiya yo thanks thank thx ty tysm cheers merci danke gracias appreciated "
    "appreciate bye goodbye ciao"
)
_DAYTIMES: Final = words("morning afternoon evening")
_WISHED: Final = _DAYTIMES | words("night weekend welcome meet rock")
"""What greets beside another word that makes it a wish; by themselves they are nouns: "weekend support", "night"."""
_WISHES: Final = words("good nice great lovely happy have you you're your everyone everybody all folks guys there footnote team see")
_KIND: Final = words(
    "ok okay great perfect awesome nice cool super brilliant wonderful alright good lovely best excellent amazing fantastic yes yeah yep "
    "yup sure got"
)
_SMALL: Final = (
    _GREETS
    | _WISHED
    | _KIND
    | words(
        "so very much many a an lot lots all i needed it this that that's is was you your you're help team footnote for the my friend "
        "again quick fast answer there everyone everybody and have one day see later soon tomorrow how are how's going doing today what's "
        "up to folks guys bot no worries problem fine me then now please nothing else really helpful rest of info information support time "
        "in advance"
    )
)
_MOST_SMALL_WORDS: Final = 12
_HOW_ARE_YOU = re.compile(
    r"^(?:(?:hey|hi|hello)\W*)?(?:how are you|how'?s it going|what'?s up|have a (?:nice|good|great))\b[\w ]{0,24}\W*$", re.IGNORECASE
)
_PRAISES = any_of(r"^\W*(?:good|great|nice|well) (?:one|job|work|done|stuff)\b(?: \w+){0,2}\W*$")

SUM_UP: Final = (
    r"(?:summari[sz]e|sum(?:ming|s)? (?:\w+ ){0,4}?up|summary|recap|tl;?dr|overview|gist|(?:key|main) (?:points|takeaways)|takeaways|"
    r"digest|condense|boil (?:\w+ ){1,4}?down|short version|catch me up|up to (?:speed|date))"
)
"""Words of summing up, as a pattern."""
THREAD: Final = (
    r"(?:thread|conversation|discussion|chat|channel|so far|until now|up to now|messages|"
    r"we(?:'ve| have)? (?:said|discussed|learned|talked|found|covered|asked)|(?:was|been) (?:said|discussed|asked|answered))"
)
"""What has been said here, as a pattern."""
VERDICT: Final = (
    r"(?:wrong|incorrect|false|untrue|true|right|correct|helpful|unhelpful|useful|useless|outdated|out of date|old|an old|misleading|"
    r"nonsense|inaccurate|what i (?:asked|meant|was|needed|wanted)|a mistake|rubbish|good|bad|great|spot on|perfect)"
)
"""What an answer is called that is judged, as a pattern."""

_TO_ME = any_of(r"\b(?:you|you're|your|yours|footnote|bots?|assistant|chatbot|use this)\b")
_OF_ME: Final = words(
    "able access answer answers article articles ask asked asking assistant bot bots capabilities chatbot come commands data do document "
    "documents example examples feature features file files find footnote functions handle help helps information kind kinds know learn "
    "look mail mails messages page pages private purpose read remember sample search searching see show some sort source sources store "
    "supposed topics use used using work works understand everything anything something"
)
"""What is asked of an assistant: all words of content that a question about it has, when it is merely like one."""
_SUMS_UP: Final = any_of(rf"\b{SUM_UP}\b")
_SUMMING_UP: Final = any_of(r"\b(?:summari[sz]e|sum (?:\w+ ){0,4}?up|tl;?dr|condense|boil (?:\w+ ){1,4}?down|short version)\b")
_ASKS_OF_ONE: Final = any_of(
    r"^\W*(?:who|whom|whose|when|where|which|why|how|is|are|was|were|do|does|did|has|have|must|may|should|what (?:do|does|did))\b"
)
"""How a question begins that asks something of a summary, and asks for none: "who writes the overview?"."""
_IN_SHORT: Final = any_of(
    r"\b(?:points|walk me through|essentials|essence|highlights|outline|in (?:short|brief|a nutshell))\b",
    r"\bin (?:\w+ ){1,2}(?:lines|sentences|bullets?|bullet points|words)\b",
    r"^\W*what(?:'s| is) .+ about\W*$|^\W*what does .+ (?:say|cover|contain)\W*$",
)
_FILE: Final = any_of(r"\W*[^\s@:]*\w\.[a-z][a-z0-9]{1,4}\W*")
_OF_THREAD = any_of(rf"\b{THREAD}\b|\b(?:here|above|missed|did i miss|up to (?:speed|date)|where (?:are|do) we)\b")
_OF_ANSWERS = any_of(rf"\b(?:{VERDICT}|help(?:s|ed)?|answer(?:s|ed)?|cited|quoted|misunderst\w+|mistaken?|not (?:the|my) question)\b")


def is_small_talk(text: str) -> bool:
    """Whether a message is nothing but a greeting, a wish or thanks."""
    said = _said(text)
    small = 0 < len(said) <= _MOST_SMALL_WORDS and _SMALL.issuperset(said) and _greets(said)
    return small or bool(_HOW_ARE_YOU.search(text))


def asks_to_sum_up(text: str) -> bool:
    """Whether a message says with a verb that something is to be summed up, rather than names a summary."""
    return bool(_SUMMING_UP.search(text))


def names_file(text: str) -> bool:
    """Whether a message is what a file is called and nothing else: `travel_policy-2024.pdf`."""
    return bool(_FILE.fullmatch(text))


def sums_up(text: str) -> bool:
    """Whether a message asks for a summary."""
    return asks_to_sum_up(text) or (bool(_SUMS_UP.search(text)) and not _ASKS_OF_ONE.search(text))


def shows(intent: Intent, text: str) -> bool:
    """Whether `text`, which is like `intent`, has the form of it too; to be a question, no message needs any."""
    return intent not in _SHOWN_BY or _SHOWN_BY[intent](text.replace("\u2019", "'"))


def _is_of_me(text: str) -> bool:
    return bool(_TO_ME.search(text)) and _OF_ME.issuperset(word.lower() for word in content(text))


def _is_kind(text: str) -> bool:
    """Whether it greets, thanks or praises, whatever else it says."""
    said = _said(text)
    kind = _SMALL.issuperset(said) and not _KIND.isdisjoint(said)
    return kind or _greets(said) or bool(_PRAISES.search(text))


def _greets(said: list[str]) -> bool:
    wishes = not _WISHED.isdisjoint(said) and not _WISHES.isdisjoint(said)
    return not _GREETS.isdisjoint(said) or wishes or (len(said) == 1 and said[0] in _DAYTIMES)


def _said(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower().replace("\u2019", "'"))


_SHOWN_BY: Final[Mapping[Intent, Callable[[str], bool]]] = MappingProxyType(
    {
        Intent.SMALLTALK: _is_kind,
        Intent.HELP: _is_of_me,
        Intent.SUMMARIZE_DOCUMENT: lambda text: sums_up(text) or bool(_IN_SHORT.search(text)),
        Intent.SUMMARIZE_THREAD: lambda text: bool(_OF_THREAD.search(text)),
        Intent.FEEDBACK: lambda text: bool(_OF_ANSWERS.search(text)),
        Intent.NOT_FOR_ME: lambda _: False,  # that somebody else is spoken to, rules tell; we hear no likeness in what is said to us
    }
)
