"""No source, no sentence: what a model writes is held against the passages it cites, sentence by sentence, as it is written.

A sentence stays if it holds (`bot.judging`). The rest is taken out, with the reason, before anybody sees it. Footnotes are numbered in
order of first use; each opens the one unit of its passage that shares most with the claim.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bot import marks
from bot.evidence import Evidence, missing_number
from bot.judging import Claim, Dropped, Held
from bot.messages import Citation
from bot.quotes import Cited, Quote, best_quote
from bot.statements import Form, Statement, Statements
from knowledge.documents import Hit

UNANSWERED: Final = "UNANSWERED"
"""What a model writes, and nothing else, when its sources do not answer; the prompts say so."""
INTRODUCES_NOTHING: Final = "introduces nothing that holds"
"""Why headings, lead-ins and table heads are taken out."""


Alike = Callable[[Sequence[tuple[str, str]]], Awaitable[Sequence[float | None]]]
"""The cosines of pairs of sentences, in their order; None where they cannot be told."""


async def untold(pairs: Sequence[tuple[str, str]]) -> Sequence[float | None]:
    """For where nothing tells: terms alone decide."""
    return [None] * len(pairs)


class Checker:
    """Holds one written answer against its numbered sources while it is being written. One per answer."""

    def __init__(self, hits: Sequence[Hit], alike: Alike = untold) -> None:
        """`hits[0]` is what the model knows as `[1]`. `alike` is asked once for all that a piece leaves in doubt."""
        self._hits = hits
        self._alike = alike
        self._evidence = [Evidence.of(hit.passage) for hit in hits]
        self._statements = Statements()
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._citations: list[Citation] = []
        self._waiting: list[Statement] = []
        self._text = ""
        self._unspent = ""
        self._written = ""
        self._read = ""  # the claims of what was written, as far as they are complete
        self.dropped: list[Dropped] = []
        self.held: list[Held] = []

    @property
    def unanswered(self) -> bool:
        """Whether the model said that its sources do not answer, and nothing that holds."""
        return not self._text and UNANSWERED in self._written

    async def add(self, piece: str) -> str:
        """Take the next piece; the whole checked text so far, which only ever grows at its end."""
        self._written += piece
        await self._take_all(self._statements.add(piece))
        return self._text

    async def close(self) -> Cited:
        """Take what is left; the checked answer, empty if nothing held."""
        await self._take_all(self._statements.close())
        for statement in self._waiting:
            self._drop(statement, INTRODUCES_NOTHING)
        self._waiting = []
        return Cited(self._text, tuple(self._citations))

    async def _take_all(self, statements: Sequence[Statement]) -> None:
        claims = [self._claim(statement) for statement in statements if statement.form is Form.CLAIM]
        verdicts = iter(await self._judged(claims))
        for statement in statements:
            if statement.form is Form.FRAME:
                self._wait(statement)
            else:
                self._take(statement, next(verdicts))

    def _claim(self, statement: Statement) -> Claim:
        claim = Claim(marks.normal(statement.text, len(self._hits)), self._evidence, self._read)
        self._read += f" {statement.text}"
        return claim

    async def _judged(self, claims: Sequence[Claim]) -> list[Held | Dropped]:
        doubts = [claim.doubtful for claim in claims]
        pairs = [pair for pair in doubts if pair is not None]
        cosines = iter(await self._alike(pairs) if pairs else ())
        return [claim.judged(None if doubt is None else next(cosines)) for claim, doubt in zip(claims, doubts, strict=True)]

    def _take(self, statement: Statement, verdict: Held | Dropped) -> None:
        self._unspent = statement.before if statement.starts_line else self._unspent
        if isinstance(verdict, Dropped):
            self.dropped.append(verdict)
            return
        self.held.append(verdict)
        self._show_waiting(statement, verdict)
        before = self._unspent or (statement.before if self._text else "")
        self._unspent = ""
        self._append(before, marks.renumbered(verdict.sentence, self._cite(verdict)))

    def _wait(self, frame: Statement) -> None:
        """Headings, lead-ins and table heads wait for something that holds below them."""
        for waiting in [w for w in self._waiting if not w.frames(frame)]:
            self._waiting.remove(waiting)
            self._drop(waiting, INTRODUCES_NOTHING)
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
                self._drop(frame, INTRODUCES_NOTHING)
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
