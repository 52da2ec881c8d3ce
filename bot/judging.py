"""Whether one sentence holds against the passages it cites. Pure: the one thing that needs a model, a cosine, is handed in.

Held back are sentences that cite nothing, whose passages say something else, whose numbers or names are not theirs or belong to another
row or sentence of them, and that turn what their passages say into its opposite. Measured, with terms, numbers and names of a whole
passage, which was all until then, in brackets:

- Of the 67 faithful and 117 wrong sentences of `tests/bot/claims.yaml` 63 are kept [64] and 99 found [45] with MiniLM, 64 and 94 without an
  embedder; in the documents that no rule was made for (30 and 48) 27 [28] and 39 [17]. Not found are swapped subjects,
  values of two clauses of one sentence, and what is said in words that the passage has of something else. None of 22 loose paraphrases is
  kept [2], which share little with their source: a cosine does not tell them from what nobody said.
- Of 7,141 sentences of the 18F handbook, word for word, none is lost; of the same with a `not` put in (2,396), taken out (335) or a number
  of elsewhere in the passage put in (487) 98, 92 and 91 % are found without an embedder; the older checks cannot see these.
- Of 693 sentences of mtrag's reference answers, each held against all passages that it was written from, 596 are kept [620], 601 without
  an embedder.

All of this is English: negations, opposites and number words of other languages are not known but for small numbers, and MiniLM makes
nothing of other languages (German, French and Portuguese sentences: cosines of .02 to .25 with what they translate, .03 to .20 with
anything else).

Processor time of an answer of four sentences over five to eight passages: 18 ms with MiniLM (40 in one of ten), 5 without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot import marks
from bot.clauses import nearest
from bot.evidence import Evidence, missing_name, missing_number, shared, unmistakable_name
from bot.languages import language, small_numbers
from bot.polarity import contradicted
from bot.values import unbound

EACH_SHARES: Final = 0.2
"""Least share of a claim's content terms in each passage it cites; a passage below it loses its footnote."""
ALL_SHARE: Final = 0.5
"""Least share of a claim's content terms in the passages it cites taken together, where the embedder is away.

Set by hand on paraphrases of policy text: faithful rewordings share .5 to .9, sentences about another matter under .35.
"""
SHARED_AND_ALIKE: Final = 1.05
"""Least sum of that share and the cosine of the claim and the one unit that shares most with it, where the embedder is there.

Of the 67 faithful sentences of `claims.yaml` it loses 3 (the share alone: 2), of 24 that their passages do not say it keeps 2 (8). The
cosines of loose paraphrases are those of what nobody said: .14 to .67, and .27 to .75.
"""
SURELY_NOT: Final = 0.4
SURELY: Final = 0.65
"""Shares from and to which the embedder is asked at all: beyond them no verdict of `claims.yaml` is another, at twice the cost."""


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
    foreign: bool = False  # in another language than its sources, so that only its numbers and names were held against them


class Claim:
    """One sentence in normal marks, with the sources it cites of all `sources`, where `[1]` is `sources[0]`."""

    def __init__(self, sentence: str, sources: Sequence[Evidence], answer: str = "") -> None:
        """`answer` is what the sentence is part of: its language is the sentence's, if that is too short to tell."""
        self.sentence = sentence
        self._named = marks.cited(sentence)
        self._valid = [n for n in self._named if 1 <= n <= len(sources)]
        self._said = Evidence(marks.without(sentence))
        self._language = self._said.language or language(answer)
        self._is_foreign = _is_foreign(self._language, [sources[n - 1] for n in self._valid])
        self._sharing = tuple(n for n in self._valid if self._is_foreign or shared(self._said, sources[n - 1]) >= EACH_SHARES)
        self._cited = [sources[n - 1] for n in self._sharing]

    @property
    def doubtful(self) -> tuple[str, str] | None:
        """The claim and the unit of its sources to compare it with, if their cosine can change the verdict."""
        if self._is_foreign or not self._cited or not SURELY_NOT <= shared(self._said, *self._cited) < SURELY:
            return None
        near = nearest(self._said.terms, [one for source in self._cited for one in source.said], 1.0)
        return (self._said.text, near[0][1].whole) if near else None

    def judged(self, cosine: float | None = None) -> Held | Dropped:
        """The verdict; `cosine` of what is `doubtful`, if it is known."""
        fault = self._fault(cosine)
        return Dropped(self.sentence, fault) if fault else Held(self.sentence, self._sharing, self._is_foreign)

    def _fault(self, cosine: float | None) -> str | None:
        if not self._valid:
            return "cites a source that does not exist" if self._named else "cites nothing"
        if not self._said.text.strip(" .*_-|#>"):
            return "says nothing"
        if self._is_foreign:
            return self._foreign_fault()
        if not self._cited or not self._is_about(cosine):
            return "its passages say something else"
        return self._wrong_number() or self._wrong_name() or self._wrong_sense()

    def _is_about(self, cosine: float | None) -> bool:
        share = shared(self._said, *self._cited)
        return share >= ALL_SHARE if cosine is None else share + cosine >= SHARED_AND_ALIKE

    def _wrong_number(self) -> str | None:
        number = missing_number(self._said, self._cited)
        return f"number {number} is in none of its passages" if number is not None else None

    def _wrong_name(self) -> str | None:
        find = unmistakable_name if self._language == "de" else missing_name  # German has capitals for every noun
        name = find(self._said, self._cited)
        return f"name {name} is in none of its passages" if name is not None else None

    def _wrong_sense(self) -> str | None:
        value = unbound(self._said, self._cited)
        if value is not None:
            return f"{value} belongs to something else in its passages"
        turned = contradicted(self._said.text, [clause for source in self._cited for clause in source.clauses])
        return "its passages say the opposite" if turned else None

    def _foreign_fault(self) -> str | None:
        """Of a claim in another language: its numbers and unmistakable names must be there, and there must be one to go by."""
        known = frozenset[str]().union(*(source.numbers | source.dates(self._said) for source in self._cited))
        numbers = self._said.written_numbers | small_numbers(self._said.text, self._language or "")
        missing = min(numbers - known, default=None)
        if missing is not None:
            return f"number {missing} is in none of its passages"
        name = unmistakable_name(self._said, self._cited)
        if name is not None:
            return f"name {name} is in none of its passages"
        is_anchored = numbers or any(self._said.terms & source.terms for source in self._cited)
        return None if is_anchored else "has no number or name to hold it against passages in another language by"


def _is_foreign(own: str | None, cited: Sequence[Evidence]) -> bool:
    """Whether what is written in `own` cites only what is in other languages, as far as that is clear."""
    others = {source.language for source in cited}
    return own is not None and bool(others) and own not in others and (None not in others or own != "en")
