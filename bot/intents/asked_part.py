"""What a message asks, apart from what people say around it: greetings, thanks, stories, signatures. Pure; rules of form, in English.

Of "Hi there, I started last week and somebody in my team could not tell me, so: how many days of leave do I get?" only the end asks, but
all of it would count for how near an answer comes. So what is searched for first, and doubted, is the part that asks; the rest is
searched beside it. How that does: `tests/quality/doubts.py`.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from bot.intents.rules import asks, leans
from bot.intents.subject import content
from bot.sentences import sentences
from bot.words import any_of, words
from knowledge.terms import things

_MOST: Final = 2_000
"""Characters of a message that is looked at; a longer one is a text that was pasted."""
_ASKING: Final = r"(?:(?:in|at|on|for|to|by|from|until|since|under|with) )?(?:who|whom|whose|what|when|where|why|which|how)\b"
_ANYBODY: Final = r"(?:you|some(?:one|body)|any(?:one|body))"
_NO_QUESTION: Final = rf"(?!\W*{_ASKING})"  # "what do I need to know when …" is asked as it stands
_TELL_ME: Final = any_of(
    rf"{_NO_QUESTION}.*?\b(?:(?:tell|remind|show|inform|explain to) (?:me|us)|let (?:me|us) know|help (?:me|us) understand|"
    rf"wonder(?:ing|ed)?|(?:like|love|want|need|trying|hoping) to (?:know|learn|understand|find out)|"
    rf"do you (?:happen to )?know|{_ANYBODY} knows?|curious|"
    rf"(?:not |un)sure|any idea)\b(?:,? please)?[,:]? (?={_ASKING}|(?:if|whether)\b)"
)
"""How one comes to what one asks: "can you please help us out and tell us …"."""
_GIVE_ME: Final = any_of(
    rf"{_NO_QUESTION}.*?\b(?:can|could|would|will) {_ANYBODY} (?:.*?\b)?(?:tell|show|remind|give) (?:me|us)(?: about)?:? (?=\w)"
)
_THANKS: Final = r"(?:(?:many|so many|a lot of|lots of) )?(?:thanks(?! to\b)|thank you|thx|tia|cheers|much appreciated)\b"
_GREETING: Final = any_of(
    r"\W*(?:hi+|hello|hey+|hiya|howdy|hallo|moin|greetings|(?:good )?(?:morning|afternoon|evening)|good day)\b"
    r"(?:[ ,]+(?:there|all|team|every(?:one|body)|folks|guys|colleagues?|friends?|footnote|both|again|@\w+)\b)*(?:\W+|$)",
    r"dear [^,.:?!]{1,40}(?:[,:!]\W*|$)",
)
_SIGNS_OFF: Final = any_of(
    rf"\W*(?:{_THANKS}[^?]{{0,40}}|(?:(?:best|kind|warm|with|all|the|my) )*(?:regards|wishes|best)|yours\b[\w ]{{0,12}}|sincerely|--+)\W*$"
)
_HELP: Final = r"(?:any|some) (?:help|pointers?|hints?|ideas?|advice|tips?)"
_POLITE: Final = any_of(
    *(
        rf"\W*{said}"
        for said in (
            _THANKS,
            r"(?:(?:i|we|just) )*(?:hope|hoping) (?:you|your|this|that|every|all|it|the)\b",
            r"(?:(?:i'm|i am|so|very) )*(?:sorry|apologies|excuse me|pardon)\b(?: (?:to|for|if|about|that)\b|\W*$)",
            r"(?:no (?:rush|hurry)|(?:it'?s )?not urgent|take your time|(?:please )?(?:bear with|let me know|get back))\b",
            rf"(?:it|that|this|an answer|{_HELP}) would (?:really )?(?:help|be (?:much |very |really )?(?:great|nice|good|appreciated))\b",
            r"(?:i|we) (?:would |will |do |really |greatly |much )*appreciate\b",
            rf"{_HELP}\W*$",
            r"i (?:was|am) wondering about some",
        )
    )
)
"""How sentences begin that say nothing of what is asked, unless they go on to ask it."""
_ABOUT_ASKING: Final = any_of(
    *(
        rf"\W*{said}"
        for said in (
            r"(?:(?:just|a|an|one|my|another|quick|short|silly|dumb|stupid|simple|small)\W+)+(?:questions?|one)\W*$",
            r"(?:so )?(?:i|we)(?:'ve| have)?(?: got)? (?:an?|one|another|some)\b[\w ]{0,20}\bquestions?\W*$",
            r"[^?]{0,80}\basking (?:this |it )?(?:for|on behalf of) (?:an?|my|her|him|them|somebody|someone)\b",
            r"(?:i'?m |i am )?not sure (?:if|whether|where|who)\b.*\b(?:channel|place|person|ask|post)\b",
            r"(?:i'?m |i am )?(?:a )?(?:long|first)[- ]time\b",
            r"(?:(?:i|we|i've|we've|have|been|already) )*tried (?:searching|looking|to find)\b",
            r"(?:(?:i|we|i've|we've|have|been|already) )*(?:looked|looking|searched|searching) (?:through|around|everywhere)\b",
            r"(?:this is|my name is|it's) (?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)?(?: (?:from|in|at|of|here)\b.*)?\W*$",
        )
    )
)
"""How sentences begin that tell who asks, where, or how they sought."""
_NOTHING: Final = words(
    "question questions help ask asking something somebody someone anybody anyone everybody everyone sure minute moment idea here there "
    "around hi hello hey team all folks guys out find"
)
"""What a question about nothing is made of: "can anybody help me out here?"."""
_SPEAKER: Final = any_of(r"\b(?:i|i'm|i've|i'd|me|we|we're|we've|us|you|some(?:one|body)|any(?:one|body)|every(?:one|body)|nobody)\b")
_CONDITION: Final = any_of(r"\W*(?:if|when|while|once|unless|as|for|during|after|before|in|at|with)\b")
_WANTS_HELP: Final = any_of(r"\b(?:tell|help|questions?|ask|asking|know)\b")
_ENDS: Final = any_of(
    rf"(?<=[a-z)][a-z)][.?!]) +(?=[a-z])|(?<=[?!.]) *(?=\()|(?<=\w)(?P<lead>:) +|(?<=\w|\?)(?P<dash> [-\u2013\u2014]+) +| (?={_THANKS})"
)
_STARTS: Final = any_of(rf"\W*{_ASKING}")
_ASKS_WITHIN: Final = any_of(r"\b(?:who|what|when|where|why|which|how|whether)\b")


class _Part(NamedTuple):
    """A sentence, or what stands before or after a greeting, a colon or a dash in it."""

    text: str
    says: bool  # something of what is asked
    asks: bool

    @property
    def names(self) -> bool:
        """Whether it names something that could be looked up, or is put in brackets beside what is asked: it belongs to a question."""
        return bool(things(self.text)) or self.text.lstrip("- ").startswith("(")

    @property
    def asked(self) -> str:
        """Without what only leads to what is asked."""
        return next((self.text[frame.end() :] for frame in (_TELL_ME.match(self.text), _GIVE_ME.match(self.text)) if frame), self.text)


def asked_part(text: str) -> str:
    """`text` without what leads to its questions, what follows them, and what is said of who asks; with that where they lean on it.

    What has no question is without what is said of who asks. `text` itself where nothing would be left, or everything is.
    """
    parts = _parts(text)
    said = [part for part in parts if part.says]
    last = max((place for place, part in enumerate(said) if part.asks), default=len(said))
    asking = [part for place, part in enumerate(said) if part.asks or part.names or (place < last and not _SPEAKER.search(part.text))]
    asked = " ".join(part.asked for part in asking)
    if not asking or leans(asked):
        return without_chatter(text)
    return text if asked == " ".join(part.text for part in parts) else asked


def without_chatter(text: str) -> str:
    """`text` without greetings, thanks, a signature and the like; itself where that is nothing or everything."""
    parts = _parts(text)
    said = [part for part in parts if part.says]
    return " ".join(part.text for part in said) if said and said != parts else text


def beside(text: str) -> str:
    """What is searched beside the part of `text` that asks: all of it that says something, where that says more; otherwise empty."""
    whole = without_chatter(text)
    return whole if set(content(whole)) > set(content(asked_part(text))) else ""


def _parts(text: str) -> list[_Part]:
    if len(text) > _MOST:
        return [_Part(text, says=True, asks=True)]
    parts, signed = list[_Part](), False
    for line in text.splitlines():
        signed = signed or (bool(_SIGNS_OFF.match(line)) and any(part.says for part in parts))
        for piece in _pieces(line):
            says = not signed and not _is_chatter(piece)
            parts.append(_Part(piece, says, says and _is_asking(piece)))
    return parts


def _pieces(line: str) -> Iterator[str]:
    for start, end in sentences(line):
        sentence = line[start:end]
        greeting = _GREETING.match(sentence)
        if greeting:
            yield greeting[0].strip()
            sentence = sentence[greeting.end() :]
        yield from filter(None, _apart(sentence))


def _apart(sentence: str) -> Iterator[str]:
    """The sentence, cut where somebody comes to the point or leaves it; after a subject ("Parental leave: how long?") it stays whole."""
    start = 0
    for match in _ENDS.finditer(sentence):
        head, tail = (
            sentence[start : match.end("lead")].rstrip() if match["lead"] else sentence[start : match.start()],
            sentence[match.end() :],
        )
        comes_to_it = (match["lead"] or match["dash"]) and _SPEAKER.search(head) and not _CONDITION.match(head)
        if comes_to_it or _is_chatter(head) or _is_chatter(tail):
            yield head
            start = match.end()
    yield sentence[start:]


def _is_asking(piece: str) -> bool:
    return not piece.endswith(":") and (asks(piece) or any(form.match(piece) for form in (_STARTS, _TELL_ME, _GIVE_ME)))


def _is_chatter(piece: str) -> bool:
    """Whether it says nothing of what is asked."""
    if (greeting := _GREETING.match(piece)) and greeting.end() == len(piece):
        return True
    if piece.endswith(":") and _SPEAKER.search(piece) and _WANTS_HELP.search(piece):
        return True
    said = content(piece)
    if _ABOUT_ASKING.match(piece) or (said and all(word.lower() in _NOTHING for word in said)):
        return True
    return not (piece.endswith("?") or _ASKS_WITHIN.search(piece)) and (not said or bool(_POLITE.match(piece)))
