"""Intents that the words alone give away. Pure; tried in order, before anything is compared with examples.

Rules look at form (who is spoken to, what is pointed at, which closed class of words a message is made of), never at subjects:
those are what examples are for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from bot.intents.form import SUM_UP, THREAD, VERDICT, is_small_talk, names_file, sums_up
from bot.intents.intent import ASKED_BACK, Intent
from bot.intents.pointing import pointed_at, wants_longer, wants_shorter
from bot.intents.subject import content
from bot.messages import Turn
from bot.words import any_of


@dataclass(frozen=True, slots=True)
class Thread:
    """What routing knows of the thread."""

    has_turns: bool = False  # something was asked here before
    has_answer: bool = False  # and got an answer that could be right or wrong
    asked_back: bool = False  # the last thing said here is a question of ours
    overheard: bool = False  # what is said now was not said to us, but among others where we are too

    @classmethod
    def of(cls, past: Sequence[Turn], *, overheard: bool = False) -> Self:
        """The thread that these turns make."""
        return cls(
            has_turns=bool(past),
            has_answer=any(turn.answer.supported for turn in past),
            asked_back=bool(past) and past[-1].intent == ASKED_BACK,
            overheard=overheard,
        )


_SUMS_UP_THREAD = any_of(
    rf"\b{SUM_UP}\b.*\b{THREAD}\b",
    rf"\b{THREAD}\b.*\b{SUM_UP}\b",
)
_ASKS_SO_FAR = any_of(rf"^what(?:'s| has| have| did| was)? .*\b(?:so far|up to now|in this {THREAD})")

# The assistant itself is what is asked about.
_ABOUT_ME = any_of(
    r"^(?:please )?(?:help|usage|instructions|commands|manual)(?: me| please)?\W*$",
    r"\bfootnote (?:is|does|work|do)\b|^what(?:'s| is) footnote\b",
    r"\b(?:who|what) are you\b|\bare you (?:a|an|able|human|real)\b",
    r"\b(?:use|using|work with|talk to) (?:you|this bot|this assistant|footnote)\b",
    r"^how (?:does|do) (?:this|it|that thing) work\b",
    r"\b(?:can|could|should|may|do) i ask (?:you|footnote|the (?:bot|assistant)|here)\b",
    r"^what (?:all )?(?:can|could|should|may|do) i ask\W*$",
    r"^(?:what|which|where|how|whose|do|does|are|did|can) (?:\w+ ){0,2}?(?:do |can |are |will )?(?:you|your answers?) "
    r"(?:do|know|able|work|search|look|read|remember|learn|store|keep|see|access|understand|use|get|find|come|speak|support)\b",
    r"\b(?:example|sample) questions?\b|\byour (?:features|abilities|sources|commands|limits)\b",
)

_ABOUT_ELSE = any_of(
    r"^(?:do you know|how do you get) (?:the|an?|if|whether|which|where|when|who|what|how)\b",
    r"^(?:how|where|when) (?:do|can|would|did) you (?:\w+ ){1,2}?(?:the|an?|to|in|on|at|for|with|up|out|into)\b",
)  # "you" is anybody, or polite
_ANYBODY = any_of(
    r"^\W*(?:what|which|where|when|how|who|why)\b[\w' ]{0,40}?\bshould you\b",
    r"^\W*what (?:can|do|would) you do (?:about|after|before|for|if|when|with)\b",
)
"""Guidance asks so: "how should you work with your account manager?"."""

# The last answer is what is judged.
_JUDGES = any_of(
    r"^(?:no,? |sorry,? |hm+,? |but )?(?:i (?:do not|don't) think )?(?:that|this|it|the|your|these|those|you)\b[\w' ]{0,40}?"
    rf"(?:'s|'re| is| isn't| was| wasn't| are| were| aren't)(?: \w+){{0,2}}? {VERDICT}\b",
    r"^(?:that|this|it|the answer|your answer|you|you've|exactly)\b.*"
    r"\b(?:did not|didn't|does not|doesn't|don't|do not|not|really|right|that)\b.*"
    r"\b(?:help|helped|answer|helpful|understand|asked|meant)\b",
    r"^you (?:got|misunderstood|made|cited|quoted|gave|missed)\b",
    r"^not (?:helpful|useful|right|correct|true|what i)",
    r"^(?:wrong|bad|good|great|useless|incorrect|terrible|poor|excellent|perfect) (?:answer|document|source|link|number|page)",
    rf"^{VERDICT}\W*$",
)

# Somebody else is spoken to, or something is told.
_NOBODY: Final = (  # words that open a message, and no names
    r"(?!(?:What|How|When|Where|Why|Who|Whom|Whose|Which|And|But|So|Also|Then|Please|Hello|Hi|Hey|Footnote|Well|Ok|Okay|Yes|Yeah|No|Now|"
    r"Sorry|Thanks|Oops|Hmm|Sure|Great|Right|Or|First|Second|Finally|Actually|Anyway|Again|Alternatively|Otherwise|Instead)\b)"
)
_TO_SOMEBODY = re.compile(
    rf"^\W*(?:<@\w+>|@\w+)|^{_NOBODY}[A-Z][a-z]+,? (?:can|could|would|will|did) you\b|"
    rf"^{_NOBODY}[A-Z][a-z]+, (?:can|could|would|did|do|have|are|will|please|what)\b"
)
_CALLS = re.compile(r", (?!Footnote)[A-Z][a-z]+[!?.]*$")
_SIGNED = re.compile(  # "How long is it? Thanks, Kim"
    r"\?\W+(?:(?:many|best|kind|warm|viele|liebe) )*(?:thanks|thank you|thx|cheers|regards|best|wishes|danke|merci|gruß|grüße|"
    r"cordialement)\b[^?,]{0,30}, \w+\W*$",
    re.IGNORECASE,
)
_POLITE_END = re.compile(r",? (?:please|pls|thanks)\W*$", re.IGNORECASE)
_TELLS = any_of(
    r"^(?:(?:ok(?:ay)?|yes|yeah|yep|no|nope|sure|sorry|done|right|well|great)[,.!]? (?=\w))?"
    r"(?:i'll|i'm|i am|i've|i have|"
    r"i (?:just|already|also|will|think|guess|agree|can take|saw|talked|sent|asked|told|did|forgot|merged|pushed)|"
    r"let's|let me(?! know)|we(?:'ll|'re| should| could| can| will| need| might)|sounds|works for|will do|agreed|back in|me too|same here|"
    r"just (?:\w+ed|sent)|lol|haha|hehe|omg|wow|congrat\w*|happy|moving|see you|done|merged|fyi|btw|on my way|be there|meeting is|"
    r"thumbs up)\b(?!.*\?\s*$)",
    r"^(?:who'?s (?:joining|in|coming|up)|lol|haha|omg)\b",
    r"^\W*\+1\W*$",
)
_ASKS_AROUND = any_of(r"^(?:has |is |did )?any(?:one|body)\b")
"""Said to us, it asks what is written: "has anyone measured the drift?"."""
_WANTS = any_of(  # … and yet something is asked
    r"\bi(?:'d| would)? (?:need|want|like|wish|wonder|have a question|lost|cannot|can't)\b",
    r"\bi(?:'m| am) (?:looking|wondering|trying)\b",
    r"\b(?:how (?:much|many|long|do|does|to|can)|what|when (?:do|does|can)|where (?:do|does|can)|which|whether|why)\b",
)

# A question that leans on what was said before.
_ELLIPTIC = any_of(
    r"^(?:and|but|or|so|then|also)\b|^ok(?:ay)?,? (?:and|but|so)\b|^(?:what|how) about\b|^what if\b|^(?:the )?same (?:question )?for\b",
    r"^(?:why|why not|how so|since when|until when|how come|which ones?|for whom|meaning|really|where|when|who|how|how much|"
    r"how long|how many)\b[^\w]*$",
    r"^(?:in|for|at|from|with|as|to|on) \w+(?: \w+){0,3}\W*$",
    r"^\W*(?:(?:oops|sorry|no|well|ok)\W+)*i (?:meant|mean)\b(?! (?:it|that)\b)",
    r"\b(?:more details?|tell me more|elaborate|explain (?:that|it|this))\b",
)
_POINTS_BACK = any_of(
    r"\b(?:it|its|they|them|their|those|these|this|that|there|he|she|him|her|one|ones|same|instead|otherwise|such|else|above|alternatives?|"
    r"exceptions?|the (?:first|second|third|last|latter|former|other|previous))\b"
)
_A_PRONOUN = any_of(r"\b(?:it|its|they|them|their)\b")
_EXPLETIVE = any_of(r"\b(?:is|was|be|would|will) it (?:\w+ )?(?:to|that)\b")  # "is it safe to …": it stands for what follows
_EXISTS = any_of(r"\b(?:is|are|was|were) there\b")  # "which courses are there": nowhere that was spoken of
_THIS_ONE = any_of(
    r"\bthis (?!(?:year|quarter|month|week|morning|afternoon|evening|time|way|kind|sort|type|"
    r"company|organi[sz]ation|team|channel|thread|is|was|does|did|can|in|for|to)\b)[a-z]"
)
_ASKS = any_of(
    r"^(?:please )?(?:who|what|when|where|why|which|whose|how|is|are|was|were|do|does|did|can|could|may|must|should|would|will|has|have|"
    r"tell|show|find|explain|give|list|look|describe|define|compare|say)\b",
)
_FEW_CONTENT_WORDS: Final = 3
_ENOUGH_WORDS: Final = 2  # words of content that a question may stand alone with
_DIGIT = re.compile(r"\d")
_AN_ANSWER: Final = 6  # words that answer a question of ours, at most
_READ: Final = 600  # characters; what a message is shows at its start


def by_rule(text: str, thread: Thread) -> tuple[Intent, str] | None:
    """The intent that the words give away, and the rule's name; None if none does."""
    text = text[:_READ].replace("\u2019", "'")
    tests = (
        (Intent.SMALLTALK, "greeting", is_small_talk(text)),
        (Intent.RESTATE, "another length", thread.has_turns and (wants_shorter(text) or wants_longer(text))),
        (Intent.SOURCE, "points at one", thread.has_answer and not thread.asked_back and pointed_at(text) is not None),
        (Intent.SUMMARIZE_THREAD, "sums up the thread", _sums_up_thread(text, thread)),
        (Intent.SUMMARIZE_DOCUMENT, "sums up", sums_up(text)),
        (Intent.SUMMARIZE_DOCUMENT, "names a file", not thread.overheard and names_file(text)),
        (Intent.FEEDBACK, "judges", thread.has_answer and not text.rstrip().endswith("?") and _JUDGES.search(text)),
        (Intent.NOT_FOR_ME, "to somebody else", _speaks_to_somebody(text, asked_back=thread.asked_back)),
        (Intent.FOLLOW_UP, "answers our question", thread.asked_back and _is_answer(text)),
        (Intent.NOT_FOR_ME, "tells", _TELLS.search(text) and not _WANTS.search(text)),
        (Intent.NOT_FOR_ME, "asks around", thread.overheard and _ASKS_AROUND.search(text) and not _WANTS.search(text)),
        (Intent.ASK, "about anybody", not thread.has_turns and _ANYBODY.search(text)),
        (Intent.HELP, "about me", _is_about_me(text)),
        (Intent.FOLLOW_UP, "elliptic", thread.has_turns and _ELLIPTIC.search(text)),
        (Intent.FOLLOW_UP, "points back", thread.has_turns and asks(text) and points_back(text)),
    )
    return next(((intent, name) for intent, name, holds in tests if holds), None)


def points_back(text: str) -> bool:
    """Whether the message leans on something said before: it points at it and says little itself."""
    text = text[:_READ]
    return bool(_POINTS_BACK.search(text)) and len(content(text)) <= _FEW_CONTENT_WORDS


def names_by_pronoun(text: str) -> bool:
    """Whether what a question is about is said by a word that only the thread gives a meaning: "does it …?", "how much of this card …?"."""
    text = text[:_READ]
    pronoun = points_back(text) and _A_PRONOUN.search(_EXPLETIVE.sub(" ", text))
    return asks(text) and bool(_THIS_ONE.search(text) or pronoun)


def leans(text: str) -> bool:
    """Whether the message cannot be understood without the thread, as far as its form tells. `ERR-4032` says enough."""
    text = text[:_READ]
    said = content(text)
    few = len(said) < _ENOUGH_WORDS and not any(map(_DIGIT.search, said))
    return bool(_ELLIPTIC.search(text)) or points_back(_EXISTS.sub(" ", text)) or few


def asks(text: str) -> bool:
    """Whether the message has the form of a question or of a request to be told something."""
    return text.rstrip().endswith("?") or bool(_ASKS.search(text[:_READ]))


def _sums_up_thread(text: str, thread: Thread) -> bool:
    """Whether what was said here is to be summed up; "what has been solved so far?" is of this thread only where there is one."""
    return bool(_SUMS_UP_THREAD.search(text)) or (thread.has_turns and bool(_ASKS_SO_FAR.search(text)))


def _speaks_to_somebody(text: str, *, asked_back: bool) -> bool:
    """Whether somebody else is spoken to. "Germany, please" and "Yes, Germany" answer a question of ours."""
    if not asked_back:
        return bool(_TO_SOMEBODY.search(text) or _calls(text))
    return bool(_TO_SOMEBODY.search(_POLITE_END.sub("", text)) or (asks(text) and _calls(text)))


def _calls(text: str) -> bool:
    """Whether it ends with a name that is spoken to; who asked may sign with a name."""
    return bool(_CALLS.search(text)) and not _SIGNED.search(text)


def _is_answer(text: str) -> bool:
    """Whether a message may answer our question: it is short, and nothing that has a rule of its own."""
    another = _JUDGES.search(text) or wants_shorter(text) or wants_longer(text) or _is_about_me(text)
    return len(text.split()) <= _AN_ANSWER and not another


def _is_about_me(text: str) -> bool:
    return bool(_ABOUT_ME.search(text)) and not (_ABOUT_ELSE.search(text) or _ANYBODY.search(text))
