"""What a text claims, as far as a cheap check can see: its terms, its numbers, its names. Pure.

It does not understand. It finds wrong numbers, foreign names and sentences about something else; `bot.values` and `bot.polarity` find
what belongs elsewhere in the same passage and what was turned into its opposite. A swapped subject is found by none of them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from bot.clauses import Said, clauses, said
from bot.guardrails import without_orders
from bot.languages import language
from knowledge.documents import Passage
from knowledge.terms import is_stop_word, terms

_OPENERS = " \n*_\"'\u201c\u2018\u00ab(|-"  # what may stand before a sentence's first word
_CLOSERS = "[*_\"'\u201d\u2019\u00bb)]*"  # what may stand after a word
_NUMBER = re.compile(r"\d+(?:[.,'\u2019\u00a0\u202f]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d)[,.'\u2019\u00a0\u202f](?=\d{3}(?!\d))")
_WORDS = re.compile(r"[^\W\d_]+")
_CAPITALISED = r"(?<![\w.])[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][\w’'&-]*\w"  # noqa: RUF001  capitals of three scripts
_NAME = re.compile(_CAPITALISED)
_RUN_OF_NAMES = re.compile(rf"{_CAPITALISED}(?:\s(?:(?:of|for|and|the)\s)?{_CAPITALISED})+")
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof)\.$")
_UNMISTAKABLE = re.compile(r"(?:(?<=\bMr )|(?<=\bDr )|(?<=\bDr\. )|(?<=\bHerr )|(?<=\bFrau )|(?<=\bMme ))[A-ZÀ-Þ]\w+|\b[A-Z]{3,}\b")
_POSSESSIVE = re.compile(r"['\u2019]s$")
_SHORT_FORM = re.compile(r"\w+['\u2019](?:t|re|ve|ll|d|m)")
_PREDICATES = (
    "is isn't was wasn't has hasn't does doesn't must mustn't may can can't cannot will won't shall should shouldn't would could might "
    "approves authorises authorizes confirms decides ensures gets gives manages needs owns oversees pays provides receives requires takes"
)
"""What stands after a subject. None of these may be a plural: `Book offers early` is an order, and `Book` no name."""
# The rest of a name, or another one. Each is read one way only: `_` ends a name as well as closing it, and would double the tries.
_MORE = rf"(?P<more>(?>\s+(?:(?:and|or|&)\s+)?{_CAPITALISED}{_CLOSERS})*)"
_SUBJECT = re.compile(rf"['\u2019]s\b|{_CLOSERS}{_MORE}\s+(?:{'|'.join(_PREDICATES.split())})\b")
_VALUE = re.compile(rf"{_CLOSERS}{_MORE}\s*(?:[.,;|(]|$)")
_ENDINGS = re.compile(
    r"[\w-]{4,}(?:able|age|al|ance|ancy|back|ed|ence|ency|hood|ible|ing|ism|ist|ity|line|ly|ment|ness|room|ship|sion|time|tion|ure|work)"
    r"|[\w-]{2,}[^\Ws]s"
)
"""Of English words, plurals among them. Names that end like them (`James`, `Sterling`) pass for words."""
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred"
_MONTH_NAMES = "january february march april may june july august september october november december"
_ONES = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
NUMBER_WORDS = {word: str(n) for n, word in enumerate(_ONES.split(), start=2)} | {
    word: str(n * 10) for n, word in enumerate(_TENS.split(), start=3)
}
_MONTHS = {name: str(n) for n, name in enumerate(_MONTH_NAMES.split(), start=1)}
_ORDINARY = """
above after again all almost along already also although another any anybody anyone apart around because before behind below beneath
beside between beyond both despite down during each either else enough even ever every everybody everyone except few fewer first former
from half he hence her here him his however inside instead its itself just last late later least less like little long many maybe mid more
moreover most much near neither never nevertheless new next nobody none nonetheless nor now nowhere off often old once one only onto other
otherwise out outside over own past per please quite rather same second seldom she short since so some somebody someone soon still than
therefore third though through throughout till today together tomorrow tonight too toward twice under unless unlike until up upon very via
well whatever whenever wherever whether while whoever whole within without yes yesterday yet
abstract abuse access account address admin advice agenda aging alcohol alternative app apply ask audit bandwidth bank basic benefit board
breakfast buddy budget bus cab calendar call car care career cash cell chair change chat check chief child childcare children choice
citizen city class clerk client climate cloud code colleague committee company complete consent contact content contract contractor
control copy cost council counsel course cover credit current customer daily data database date day debt degree delivery demo deny deposit
design desk device diet dinner direct director discount discovery doctor donor draft drink driver drug due duty economy effort electric
email employee employer energy engineer enterprise equity error event exercise expense expert fare father fee fever field file finance
fire flood folder food form founder fraud free fuel full fund gift glossary good great grey group growth guest hand handbook hardware head
health hello help hierarchy high hiring holiday home host hotel house human identify income insurer interest intern internet intro item
job jury key kit kitchen knowledge lab lake landlord laptop laundry law lawyer lead leader leave legal let life light limit line list loan
log login low lunch machine mail main manager mark market maximum meal medium member men mentor menu merit method minimum mission mobile
model modern money month mother music network night notice novice number nurse object office oil online open operator order outreach
overhead owner page paid pain paper parent park part partner party passport password paste patient pay payee payroll peer people permanent
person personnel phone photograph pilot plan police policy pool post power practice premium present press price print printer prior
privacy private problem process product profit program programme progress project proof provider public purchase quarter rail rain range
rate reader receipt record recovery recruiter red refund registrar relief remote rent repair repo report request research respect
respondent rest result return review reward risk rock role roof room route row rule safety salary sale sample school science scope search
season seat secondary secretary section see select self seller sender sense service session sex shop show sick sign silence sir site size
skill sleep smoke snow software soil solar source space speech spend sponsor sport spouse spring staff stage stamp standard start state
station step stock store stress stroke student study submit success sugar suit summary summit sun supervisor supplier support survey
system table tablet talent task tax taxi tea teacher team tech technology tell tender test text thank theft time title tobacco tool top
topic total tour track trade traffic train trainee trainer transit transport trash travel treasurer trip trust type uniform union unit
unpaid update upgrade upstream use user vacancy valid value van vendor version view visa visitor volunteer vote voucher wage wait walk
wall war warm waste watch water way weather web weight welfare white wife wifi win window wine winner winter wire women word work worker
workforce workplace world write year youth
apr aug dec dr feb jan jul jun mar mr mrs ms mx nov oct prof sep sept
"""
"""Words that begin sentences and that no ending gives away.

Chosen by hand on 29,758 sentences of handbooks (handbook_18f, the demo company): 108 of them begin with what `_is_name` then takes for a
name, 6 of these with a word (`Bachelor`, `Audio`). Of as many sentences of mtrag it is 191, a fifth words (`Ozone`, `Throughput`). All of
those are held against a claim only if its passages do not have them.
"""


@dataclass(frozen=True)
class Evidence:
    """One text, seen as the check sees it."""

    text: str
    body: str = ""  # of a passage: its own text, without title, headings and date; empty where that is all of `text`
    heading: str = ""  # the innermost one above it
    date: str = ""  # when its document was last changed, as day/month/year

    @cached_property
    def said(self) -> list[Said]:
        """Its units that say something."""
        return said(self.body or self.text, self.heading)

    @cached_property
    def clauses(self) -> list[Said]:
        """The clauses of its units."""
        return clauses(self.said)

    @cached_property
    def language(self) -> str | None:
        """The language of its body, if that is clear."""
        return language(self.body or self.text)

    @cached_property
    def above(self) -> "Evidence":
        """What stands above its body, and so holds for all of it."""
        return Evidence(self.text.removesuffix(self.body) if self.body else "")

    def dates(self, claim: "Evidence") -> frozenset[str]:
        """The numbers of its document's date, for a claim that names the date's month or year: else 3 March would support every `3`."""
        day, month, year = self.date.split("/") if self.date else ("", "", "")
        named = {normal(month)} & claim.claimed_numbers - claim.written_numbers or {year} & claim.written_numbers
        return frozenset(map(normal, (day, month, year))) if named else frozenset()

    @cached_property
    def terms(self) -> frozenset[str]:
        """Its content terms."""
        return frozenset(terms(self.text))

    @cached_property
    def common(self) -> frozenset[str]:
        """Its terms that stand in lower case somewhere: ordinary words, not names."""
        return frozenset(terms(" ".join(word for word in _WORDS.findall(self.text) if word.islower())))

    @cached_property
    def initials(self) -> frozenset[str]:
        """What its names are short as: `UK` where it has `United Kingdom`."""
        return frozenset("".join(word[0] for word in _NAME.findall(run)) for run in _RUN_OF_NAMES.findall(self.text))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Its numbers, in digits: `1,000` and `1000`, `twelve` and `12`, `March` and `03` are the same."""
        words = {word.lower() for word in _WORDS.findall(self.text)}
        named = {NUMBER_WORDS.get(word) or _MONTHS.get(word) for word in words}
        return self.written_numbers | {number for number in named if number}

    @cached_property
    def written_numbers(self) -> frozenset[str]:
        """Its numbers that stand in digits."""
        return frozenset(normal(match) for match in _NUMBER.findall(self.text))

    @cached_property
    def claimed_numbers(self) -> frozenset[str]:
        """Its numbers that a source must have: a `may` is no month."""
        words = frozenset(_WORDS.findall(self.text.lower())) - {"may"}
        return self.written_numbers | {number for named in (NUMBER_WORDS, _MONTHS) for word, number in named.items() if word in words}

    @classmethod
    def of(cls, passage: Passage) -> "Evidence":
        """What a passage can support: its text, its headings, its document's title and date; orders to assistants left out."""
        changed = passage.document.modified_at
        date = changed.strftime("%d/%m/%Y") if changed else ""
        body = without_orders(passage.text)
        text = "\n".join((passage.document.title, *passage.heading, body))
        return cls(text, body, passage.heading[-1] if passage.heading else "", date)


def shared(claim: Evidence, *sources: Evidence) -> float:
    """The share of the claim's content terms that `sources` have together; 1 for a claim without any."""
    numbers = claim.written_numbers
    wanted = {term for term in claim.terms if term not in numbers}
    return len(wanted.intersection(frozenset().union(*(source.terms for source in sources)))) / len(wanted) if wanted else 1.0


def missing_number(claim: Evidence, sources: Sequence[Evidence]) -> str | None:
    """A number of the claim that none of `sources` has."""
    known = frozenset[str]().union(*(source.numbers | source.dates(claim) for source in sources))
    return min(claim.claimed_numbers - known, default=None)


def missing_name(claim: Evidence, sources: Sequence[Evidence]) -> str | None:
    """A name of the claim that none of `sources` has.

    Names are words of two capitals or more, and capitalised words inside a sentence or after `Dr.` and the like. Months are numbers.

    The first word of a sentence, or after a colon, is capitalised whatever it is. It is held to be a name only if something says so: `'s`,
    one of `_PREDICATES` after it (and after the names that follow it), or that it is all there is after the colon; and if nothing speaks
    against it: the sources have the word in lower case, it is one of `_ORDINARY`, or it ends like an English word. What is left is a name
    almost always; `Zorblatt signs`, `James must` and a foreign `Grant` are not found.
    """
    known = frozenset[str]().union(*(source.terms for source in sources))
    common = _ordinary().union(*(source.common for source in sources))
    short = frozenset[str]().union(*(source.initials for source in sources))
    return next((name for name in _names(claim.text, common) if name not in short and not known.issuperset(terms(name))), None)


def unmistakable_name(claim: Evidence, sources: Sequence[Evidence]) -> str | None:
    """A name of the claim that none of `sources` has and that is one in any language: after `Dr.`, or of three capitals or more."""
    known = frozenset[str]().union(*(source.terms for source in sources))
    return next((name for name in _UNMISTAKABLE.findall(claim.text) if not known.issuperset(terms(name))), None)


def _names(text: str, common: frozenset[str]) -> Iterator[str]:
    """The names of `text`, where `common` are the terms of words that are none."""
    for match in _NAME.finditer(text):
        name = _POSSESSIVE.sub("", match[0])
        if is_stop_word(name) or name.lower() in _MONTHS:
            continue
        before = text[: match.start()].rstrip(_OPENERS)
        inside = before and (before[-1] not in ".!?:…" or _TITLED.search(before[-6:]))
        acronym = sum(c.isupper() for c in name) > 1
        if inside or acronym or _is_name(name, text[match.start() + len(name) :], common, is_value=before.endswith(":")):
            yield name


def _is_name(first: str, after: str, common: frozenset[str], *, is_value: bool) -> bool:
    """Whether the first word of a sentence, or after a colon, is a name, as far as what stands after it tells."""
    told = _SUBJECT.match(after) or (_VALUE.match(after) if is_value else None)
    if told is None:
        return False
    return not any(_is_common(word, common) for word in (first, *_NAME.findall(told["more"] or "")))


def _is_common(word: str, common: frozenset[str]) -> bool:
    return bool(_ENDINGS.fullmatch(word) or _SHORT_FORM.fullmatch(word)) or is_stop_word(word) or not common.isdisjoint(terms(word))


@cache
def _ordinary() -> frozenset[str]:
    return frozenset(terms(" ".join((_ORDINARY, *NUMBER_WORDS))))


def normal(number: str) -> str:
    """A number in digits without signs of thousands, leading zeros or trailing ones."""
    whole = _THOUSANDS.sub("", number).replace(",", ".")
    head, dot, tail = whole.partition(".")
    head = head.lstrip("0") or "0"
    tail = tail.rstrip("0") if "." not in tail else tail
    return f"{head}{dot}{tail}" if tail else head
