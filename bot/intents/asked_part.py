"""What a message asks, apart from what people say around it: greetings, thanks, stories, signatures. Pure; rules of form, in English.

Of "Hi there, I started last week and somebody in my team could not tell me, so: how many days of leave do I get?" only the end asks, but
all of it would count for how near an answer comes. So what is searched for first, and doubted, is the part that asks; the rest is
searched beside it, and extracts are chosen by both: a story may have the condition on which the answer depends. How doubt does with it:
`tests/quality/doubts.py`.
"""

from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import Final, NamedTuple

from bot.intents.rules import asks, leans
from bot.intents.subject import content
from bot.sentences import sentences
from bot.words import any_of, words
from knowledge.terms import things

_MOST: Final = 2_000
"""Characters of a message that is taken apart; a longer one is a text that was pasted, and what is asked of it stands around it."""
_AROUND: Final = 600  # characters at either end of a text that was pasted, where something may be asked of it
_REMEMBERED: Final = 128  # messages; one question is asked for its parts many times
_SHORT: Final = 200  # characters of what may be said beside a sentence, in it; that is looked for wherever thanks may begin
_ASKING: Final = r"(?:(?:in|at|on|for|to|by|from|until|since|under|with) )?(?:who|whom|whose|what|when|where|why|which|how)\b"
_ANYBODY: Final = r"(?:you|some(?:one|body)|any(?:one|body))"
_SMALL: Final = (
    rf"(?:(?:can|could|would|will|do|does|did|is|am|are|was|were|have|has|been|may|might|i|i'm|i'd|we|we're|we'd|{_ANYBODY}|me|us|please|"
    r"kindly|help|out|and|just|also|so|really|quickly|perhaps|maybe) +){0,8}"
)
_FRAME: Final = any_of(
    rf"\b{_SMALL}(?:(?:tell|remind|show|inform|explain to) (?:me|us)|let (?:me|us) know|help (?:me|us) understand|"
    rf"wonder(?:ing|ed)?|(?:like|love|want|need|trying|hoping) to (?:know|learn|understand|find out)|"
    rf"do you (?:happen to )?know|{_ANYBODY} (?:happens? to )?knows?|curious|"
    rf"(?:not |un)sure|any idea)\b(?:,? please)?[,:]? (?={_ASKING}|(?:if|whether)\b)",
    rf"\b(?:can|could|would|will) {_ANYBODY} {_SMALL}(?:tell|show|remind|give) (?:me|us)(?: about)?:? (?=\w)",
)
"""How one comes to what one asks: "can you please help us out and tell us …"."""
_NAME: Final = r"(?-i:[A-Z])[\w.-]{0,30}"
_THEM: Final = (
    r"(?:there|all|team|every(?:one|body)|folks|guys|colleagues?|friends?|footnote|both|again|zusammen|miteinander|à tous|@\w+)(?![-\w])"
)
_THANKS: Final = (
    r"(?:(?:(?:many|so many|a lot of|lots of|vielen|besten) )?(?:thanks|thank you|thx|tia|cheers|much appreciated|danke|dank|merci)"
    rf"(?![-\w])(?:[ ,]+(?:a lot|so much|very much|in advance|im voraus|d'avance|beaucoup|{_THEM}))*)"
)
_GREETING: Final = any_of(
    rf"\W*(?:hi+|hello|hey+|hiya|howdy|hallo|moin|servus|bonjour|greetings|guten (?:tag|morgen|abend))(?![-\w])(?:[ ,]+{_THEM})*(?:\W+|$)",
    rf"\W*(?:(?:good )?(?:morning|afternoon|evening)|good day)(?=\s*[,!.]|\s*$| {_THEM})(?:[ ,]+{_THEM})*(?:\W+|$)",
    rf"\W*dear (?:{_THEM}|sirs?|madam|{_NAME})(?:(?: or | and | |, ?)(?:{_THEM}|sirs?|madam|{_NAME}))*(?:[,:!]\W*|$)",
    rf"\W*{_THANKS}\s*(?:[,;.!]\W*|$)",
)
"""What opens a sentence and says nothing; thanks where a mark follows, for "thank you notes" are something."""
_SIGNS_OFF: Final = any_of(
    rf"\W*{_THANKS}(?:,\s*{_NAME}(?: {_NAME})?)?\W*$",
    r"\W*(?:(?:best|kind|warm|with|all|the|my|many|viele|liebe|beste|mit|freundlichen) )*(?:regards|wishes|best|gr(?:uß|üße|uss|uesse)n?|"
    rf"cordialement|sincerely|yours(?: (?:truly|sincerely|faithfully))?)(?:,\s*{_NAME}(?: {_NAME})?)?[^\w:?]*$",
)
_DELIMITER: Final = "--"
_CHAT: Final = words(
    "question questions help ask asking something somebody someone anybody anyone everybody everyone sure minute moment idea ideas "
    "here there around hi hello hey all folks guys out tell show remind inform know knows happen happens wonder wondering wondered curious"
)
"""What a question about nothing is made of: "can anybody help me out here?"."""
_POLITE: Final = _CHAT | words(
    "asked find found like love hope hoping finds well sorry apologies excuse pardon bother rush hurry urgent take bear back "
    "appreciate appreciated great nice good pointers hints hint advice tips tip quick short silly dumb stupid simple small looked "
    "looking searched searching everywhere tried trying kindly quickly perhaps maybe right channel place before already advance happy "
    "kind need learn understand"
)
"""What a sentence that asks nothing and says nothing is made of."""
_WISHES: Final = any_of(r"\W*(?:(?:i|we|just) )*(?:hope|hoping)\b")
_WISHED: Final = _POLITE | words("week weekend day summer going doing had everything fine start")
_ABOUT_ASKING: Final = any_of(
    r"\W*(?:sorry|apologies|excuse|pardon|asking|my name)\b",
    r"[^?]{0,80}\basking (?:this |it )?(?:for|on behalf of) (?:an?|my|her|him|them|somebody|someone)\b",
)
"""How sentences begin that say who asks, and how, whatever else they name."""
_SPEAKER: Final = any_of(r"\b(?:i|i'm|i've|i'd|me|we|we're|we've|us|some(?:one|body)|any(?:one|body)|every(?:one|body)|nobody)\b")
_CONDITION: Final = any_of(r"\W*(?:if|when|while|once|unless|as|for|during|after|before|in|at|with)\b")
_LOUD: Final = any_of(rf"\?|[.:!](?:\s|$)|\bp\.? ?s\b|\bplease\b|^\W*{_ASKING}|{_SPEAKER.pattern}")
"""What no line of a signature has, but the one that begins it."""
_ENDS: Final = any_of(
    rf"(?<=[a-z)][a-z)][.?!]) +(?=[a-z])|(?<=[?!.]) *(?=\()|(?P<lead>(?<=\w): +|(?<=\w|\?) [-\u2013\u2014]+ +)| (?={_THANKS})"
)
_STARTS: Final = any_of(rf"\W*{_ASKING}")
_ASKS_WITHIN: Final = any_of(r"\b(?:who|what|when|where|why|which|how|whether)\b")


class _Role(Enum):
    """What a piece is to those around it."""

    NONE = auto()
    FRAME = auto()  # says that something is asked
    FRAMED = auto()  # what is asked so, or a condition before it


class _Part(NamedTuple):
    """A sentence, or what stands before or after a greeting, a frame, a colon or a dash in it."""

    text: str
    says: bool  # anything at all
    asks: bool

    @property
    def names(self) -> bool:
        """Whether it names something that could be looked up, or is put in brackets beside what is asked: it belongs to a question."""
        return bool(things(self.text)) or self.text.lstrip("- ").startswith("(")

    @property
    def is_about_asking(self) -> bool:
        """Whether it tells that somebody asks, rather than asks."""
        return not self.asks and not self.text.endswith(":") and bool(_ABOUT_ASKING.match(_form(self.text)))

    @property
    def is_aside(self) -> bool:
        """Whether it tells of who asks; only of a part that does not ask."""
        return self.is_about_asking or bool(_SPEAKER.search(_form(self.text)))


class _Message(NamedTuple):
    """A message, taken apart."""

    asked: str
    whole: str
    beside: str


def asked_part(text: str) -> str:
    """`text` without what leads to its questions, what follows them, and what is said of who asks; with that where they lean on it.

    What has no question is without what is said of who asks. `text` itself where nothing would be left, or everything is.
    """
    return _taken_apart(text).asked


def without_chatter(text: str) -> str:
    """`text` without greetings, thanks, a signature and what has no word that says anything; itself where that is nothing or everything."""
    return _taken_apart(text).whole


def beside(text: str) -> str:
    """What is to be searched beside the part of `text` that asks: all of it but chatter, where that says more; otherwise empty."""
    return _taken_apart(text).beside


def judged_by(text: str, query: str) -> str:
    """What shows which words of a passage answer `text`, of which `query` was searched: that, and what is said beside what it asks.

    Of a text that was pasted nothing does: it has words of everything.
    """
    taken = _taken_apart(text)
    if not taken.beside or query == taken.whole or len(text) > _MOST:
        return query
    return taken.whole if query == taken.asked else f"{taken.whole} {query}"


@lru_cache(maxsize=_REMEMBERED)
def _taken_apart(text: str) -> _Message:
    if len(text) > _MOST:
        asked = _asked_around(text)
        return _Message(asked or text, text, text if asked and things(text) else "")
    parts = _parts(text)
    said = [part for part in parts if part.says]
    whole = " ".join(part.text for part in said) if said and said != parts else text
    last = max((place for place, part in enumerate(said) if part.asks), default=len(said))
    asking = [part for place, part in enumerate(said) if part.asks or part.names or (place < last and not part.is_aside)]
    asked = " ".join(part.text for part in asking)
    if not asking or leans(asked):
        asking = [part for part in said if not part.is_about_asking]
        asked = " ".join(part.text for part in asking)
        if len(asking) == len(said) or not content(asked):
            asked = whole
    elif len(asking) == len(parts):
        asked = text
    return _Message(asked, whole, "" if _said(whole) <= _said(asked) else whole)


def _asked_around(text: str) -> str:
    """What is asked before or after a text that was pasted, without that; empty if nothing is, or it cannot be understood alone."""
    asked = " ".join(part.text for end in _ends(text) for part in _parts(end) if part.asks)
    return "" if leans(asked) else asked


def _ends(text: str) -> tuple[str, str]:
    """The first and the last sentences of a long text; a sentence that goes on towards its middle belongs to neither."""
    head, tail = text[:_AROUND], text[-_AROUND:]
    begun, ended = list(sentences(head))[-1:], list(sentences(tail))[:1]
    return head[: begun[0][0]] if begun else "", tail[ended[0][1] :] if ended else ""


def _parts(text: str) -> list[_Part]:
    parts, form, start = list[_Part](), _form(text), 0
    lines = form.splitlines(keepends=True)
    quiet = max((n for n, line in enumerate(lines) if _LOUD.search(line) and not _is_sign_off(line)), default=-1) + 1
    signed = False
    for n, line in enumerate(lines):
        signed = signed or (n >= quiet and _is_sign_off(line) and any(part.says for part in parts))
        for begin, end, role in _pieces(line):
            piece = line[begin:end].strip()
            if piece:
                says = not (signed or role is _Role.FRAME or _is_chatter(piece))
                asks_ = says and (role is _Role.FRAMED or _is_asking(piece))
                parts.append(_Part(text[start + begin : start + end].strip(), says, asks_))
        start += len(line)
    return parts


def _form(text: str) -> str:
    """`text` with one kind of apostrophe, character for character."""
    return text.replace("\u2019", "'")


def _pieces(line: str) -> Iterator[tuple[int, int, _Role]]:
    """Where the pieces of a line are, greetings apart, and what they are."""
    for start, end in sentences(line):
        begin = start
        if len(line) - start <= _SHORT and _SIGNS_OFF.match(line[start:]):  # "Thanks, Kim" to the end of the line
            yield start, len(line), _Role.NONE
            return
        while greeting := _GREETING.match(line, begin, end):
            yield begin, greeting.end(), _Role.NONE
            begin = greeting.end()
            if begin == end:
                break
        yield from ((begin + first, begin + last, role) for first, last, role in _apart(line[begin:end]))


def _apart(sentence: str) -> Iterator[tuple[int, int, _Role]]:
    """The sentence, cut where somebody comes to the point or leaves it; after a subject ("Parental leave: how long?") it stays whole."""
    start, role = 0, _Role.NONE
    for match in sorted((*_ENDS.finditer(sentence), *_FRAME.finditer(sentence)), key=lambda match: match.start()):
        head, tail = sentence[start : match.start()], sentence[match.end() :]
        if match.start() < start or (match.re is _FRAME and _STARTS.match(head)):
            continue
        comes_to_it = bool(_SPEAKER.search(head)) and not _CONDITION.match(head) and "?" not in head and head.count("(") <= head.count(")")
        if match.re is _FRAME:
            yield start, match.start(), role if comes_to_it else _Role.FRAMED
            yield match.start(), match.end(), _Role.FRAME
            start, role = match.end(), _Role.FRAMED
        elif (match["lead"] and comes_to_it) or any(len(side) <= _SHORT and _is_chatter(side) for side in (head, tail)):
            yield start, match.start() + (match["lead"] or "").startswith(":"), role
            start, role = match.end(), _Role.NONE
    yield start, len(sentence), role


def _is_sign_off(line: str) -> bool:
    return line.rstrip() == _DELIMITER or bool(_SIGNS_OFF.match(line))


def _is_asking(piece: str) -> bool:
    return not piece.endswith(":") and (asks(piece) or bool(_STARTS.match(piece)))


def _is_chatter(piece: str) -> bool:
    """Whether it says nothing of what is asked: it greets, thanks, or has no word that says anything."""
    greeting = _GREETING.match(piece)
    if _SIGNS_OFF.match(piece) or (greeting and greeting.end() == len(piece)):
        return True
    said = {word.lower() for word in content(piece)}
    if "?" in piece or _ASKS_WITHIN.search(piece):
        return bool(said) and said <= _CHAT
    return said <= (_WISHED if _WISHES.match(piece) else _POLITE)


def _said(text: str) -> set[str]:
    """The words that say something, whatever else stands around them."""
    return {word.lower() for word in content(text)} - _POLITE
