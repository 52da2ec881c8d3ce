"""No source, no sentence: what a model writes is held against the passages it cites, sentence by sentence, as it is written.

A sentence stays if it carries a valid `[n]`, every passage it keeps citing shares its content (`bot.evidence`), and its
numbers and names occur in them. The rest is taken out, with the reason, before anybody sees it. Footnotes are numbered in
order of first use; each opens the one unit of its passage that shares most with the claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot import marks
from bot.evidence import ALL_SHARE, EACH_SHARES, Evidence, missing_name, missing_number, shared
from bot.messages import Citation
from bot.quotes import Cited, Quote, best_quote
from bot.statements import Form, Statement, Statements
from knowledge.documents import Hit

UNANSWERED: Final = "UNANSWERED"
"""What a model writes, and nothing else, when its sources do not answer; the prompts say so."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that was taken out, and why. For the trace."""

    sentence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """A sentence that holds: its text in normal marks, and the numbers of the sources that support it."""

    sentence: str
    sources: tuple[int, ...]


class Checker:
    """Holds one written answer against its numbered sources while it is being written. One per answer."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        """`hits[0]` is what the model knows as `[1]`."""
        self._hits = hits
        self._evidence = [Evidence.of(hit.passage) for hit in hits]
        self._statements = Statements()
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._citations: list[Citation] = []
        self._waiting: list[Statement] = []
        self._text = ""
        self._unspent = ""
        self._written = ""
        self.dropped: list[Dropped] = []

    @property
    def unanswered(self) -> bool:
        """Whether the model said that its sources do not answer, and nothing that holds."""
        return not self._text and UNANSWERED in self._written

    def add(self, piece: str) -> str:
        """Take the next piece; the whole checked text so far, which only ever grows at its end."""
        self._written += piece
        for statement in self._statements.add(piece):
            self._take(statement)
        return self._text

    def close(self) -> Cited:
        """Take what is left; the checked answer, empty if nothing held."""
        for statement in self._statements.close():
            self._take(statement)
        for statement in self._waiting:
            self._drop(statement, "introduces nothing that holds")
        self._waiting = []
        return Cited(self._text, tuple(self._citations))

    def _take(self, statement: Statement) -> None:
        if statement.form is Form.FRAME:
            self._wait(statement)
            return
        sentence = marks.normal(statement.text, len(self._hits))
        verdict = judged(sentence, self._evidence)
        self._unspent = statement.before if statement.starts_line else self._unspent
        if isinstance(verdict, Dropped):
            self.dropped.append(verdict)
            return
        self._show_waiting(statement, verdict)
        before = self._unspent or (statement.before if self._text else "")
        self._unspent = ""
        self._append(before, marks.renumbered(verdict.sentence, self._cite(verdict)))

    def _wait(self, frame: Statement) -> None:
        """Headings, lead-ins and table heads wait for something that holds below them."""
        for waiting in [w for w in self._waiting if not w.frames(frame)]:
            self._waiting.remove(waiting)
            self._drop(waiting, "introduces nothing that holds")
        self._waiting.append(frame)

    def _show_waiting(self, statement: Statement, held: Held) -> None:
        sources = [self._evidence[n - 1] for n in held.sources]
        for frame in self._waiting:
            number = missing_number(Evidence(frame.text), sources)
            if number is not None:
                self._drop(frame, f"number {number} is in none of its passages")
            elif frame.frames(statement):
                self._append(frame.before, frame.text)
            else:
                self._drop(frame, "introduces nothing that holds")
        self._waiting = []

    def _append(self, before: str, words: str) -> None:
        self._text += f"{before}{words}" if self._text else f"{before.lstrip(chr(10))}{words}".lstrip()

    def _drop(self, statement: Statement, reason: str) -> None:
        self.dropped.append(Dropped(statement.text, reason))

    def _cite(self, held: Held) -> dict[int, int]:
        claim = Evidence(marks.without(held.sentence)).terms
        return {n: self._number(best_quote(self._hits[n - 1].passage, claim)) for n in held.sources}

    def _number(self, quote: Quote) -> int:
        """The footnote of this quote; the same words of the same passage keep their number."""
        key = (quote.passage.id, quote.start, quote.end)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            self._citations.append(quote.citation(self._numbers[key]))
        return self._numbers[key]


def judged(sentence: str, sources: Sequence[Evidence]) -> Held | Dropped:
    """Whether a sentence in normal marks holds against `sources`, where `[1]` is `sources[0]`."""
    named = marks.cited(sentence)
    valid = [n for n in named if 1 <= n <= len(sources)]
    if not valid:
        return Dropped(sentence, "cites a source that does not exist" if named else "cites nothing")
    claim = Evidence(marks.without(sentence))
    if not claim.text.strip(" .*_-|#>"):
        return Dropped(sentence, "says nothing")
    sharing = tuple(n for n in valid if shared(claim, sources[n - 1]) >= EACH_SHARES)
    fault = _fault(claim, [sources[n - 1] for n in sharing])
    return Dropped(sentence, fault) if fault else Held(sentence, sharing)


def _fault(claim: Evidence, cited: list[Evidence]) -> str | None:
    together = Evidence("\n".join(source.text for source in cited))
    if not cited or shared(claim, together) < ALL_SHARE:
        return "its passages say something else"
    number = missing_number(claim, cited)
    if number is not None:
        return f"number {number} is in none of its passages"
    name = missing_name(claim, cited)
    return f"name {name} is in none of its passages" if name is not None else None
