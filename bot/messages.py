"""The words of a conversation, in no platform's terms: questions, answers, citations, turns. Pure; no database."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from knowledge.documents import DocumentId, PassageId, Span
from tenancy.viewer import Audience, Viewer

TurnId = NewType("TurnId", str)


class Outcome(StrEnum):
    """How a question ended. Every question ends in exactly one of these."""

    ANSWER = "answer"  # supported by the sources it cites, or by what the assistant knows of itself
    NEAREST = "nearest"  # the nearest that was found; says that it may not answer
    REFUSAL = "refusal"  # nothing supports an answer, or the question cannot be taken; says why
    APOLOGY = "apology"  # something of ours failed; says what was kept and what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person asked, in no platform's words."""

    id: TurnId  # made by the door from the platform's event; the same event twice is the same id
    viewer: Viewer  # who asks, in which tenant, with which principals
    audience: Audience = field(default_factory=Audience)  # who else will see the answer; empty in private
    thread: str  # where the answer belongs; what was said there before is its memory
    text: str  # mentions removed, links unwrapped
    asked_at: datetime  # UTC, the platform's clock, never ours
    place: str = ""  # the place's own name for people, such as `#people`; empty in private
    addressed: bool = True  # to us; False: said in a thread that we are in, perhaps to others

    @property
    def private(self) -> bool:
        """Whether nobody but the asker will see the answer."""
        return not self.audience.members


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that is no question, and why; a value, so that ignoring can be tested."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What `[n]` in an answer's text stands for: the exact words of one document that support it."""

    n: int  # from 1, in order of first use
    document: DocumentId
    document_name: str  # what its source calls it
    passage: PassageId
    title: str
    url: str | None
    source: str  # the source's name: `Handbook`, `SharePoint`
    page: int | None
    heading: tuple[str, ...]
    span: Span  # of `quote`, in the document's extracted text
    quote: str  # verbatim
    modified_at: datetime | None  # when the source last changed it
    note: str = ""  # what people should know of it: that it is a draft, or that there is a newer edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One visible outcome. All doors render this and nothing else."""

    outcome: Outcome
    text: str  # Markdown; `[1]` is citations[0]
    citations: tuple[Citation, ...] = ()
    doubt: float = 0.0  # 0 to 1, higher when it is less likely that the documents answer
    withheld: bool = False  # a better source exists that this audience may not read; the asker may
    notice: str = ""  # one sentence beside the answer: a model that was too slow, an offer to answer in private
    written: bool = False  # a language model wrote it; False: verbatim extracts or our own words
    silent: bool = False  # people were talking to each other: doors show nothing; `text` is for doors that must show something

    @property
    def supported(self) -> bool:
        """Whether it says something that its footnotes support; that of a refusal only tells what was nearest."""
        return bool(self.citations) and self.outcome is not Outcome.REFUSAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Why an answer is what it is; kept with its turn, never shown in chat."""

    intent: str
    query: str  # what was searched for, after rewriting; empty when nothing was searched
    routed_by: str = ""  # the rule that chose the intent, or the similarity that did
    hits: tuple[dict[str, Any], ...] = ()  # passage, document, score, words, cosine; best first
    withheld: tuple[dict[str, Any], ...] = ()  # passage and why it was not shown
    doubt: dict[str, Any] | None = None  # how much of it there was before anything was written, and what it was worked out with
    dropped: tuple[dict[str, Any], ...] = ()  # sentences taken out of a written answer, and why
    prompt: str = ""  # name@version of each prompt used, in order, joined by ", "
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None  # of these tokens, in the currency of MODEL_PRICE_IN and MODEL_PRICE_OUT; None where they are not set
    budget: int = 0  # tokens that the question might cost
    again: str = ""  # of a second draft: `second stands`, `first stands` or `over budget`; empty if none was wanted
    expanded: str = ""  # other words that the model gave for the question, searched beside it; empty where none were wanted
    timings_ms: dict[str, float] = field(default_factory=dict)  # step -> milliseconds
    failure: str = ""  # the class of what went wrong, if anything did; never its text


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question and its outcome, as the thread remembers it."""

    id: TurnId
    question: str
    answer: Answer
    intent: str
    asked_at: datetime
    person: str  # PersonId of who asked
    query: str = ""  # what was searched for: the question as it stands on its own; empty when nothing was searched


class Verdict(StrEnum):
    """What a person thought of an answer."""

    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"
