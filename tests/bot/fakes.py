"""Stand-ins for what the bot stands on, and short ways to make its words."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from bot.errors import ModelUnavailable, Unavailable, UnknownTurn
from bot.intents.intent import Intent
from bot.intents.router import Route
from bot.intents.rules import Thread
from bot.llm.port import Prompt, Usage
from bot.memory.privacy import PRIVATE, place_of, scope_of
from bot.messages import Answer, Outcome, Question, Trace, Turn, TurnId, Verdict
from bot.ports import Ending, Opening
from bot.reply import Step
from knowledge.documents import Document, DocumentId, Findings, Hit, Passage, PassageId, Span, Withheld
from knowledge.embedding.port import Embedded, Matrix, Vector
from knowledge.errors import EmbedderUnavailable, UnknownDocument
from knowledge.ranking import current_first, together
from knowledge.terms import terms
from tenancy.errors import AllowanceSpent
from tenancy.viewer import EVERYONE, Audience, PersonId, Principal, TenantId, Viewer

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
TENANT = TenantId("acme")


def viewer(name: str = "ana", *groups: str) -> Viewer:
    """A person who holds `everyone`, themselves and `groups`."""
    held = {EVERYONE, Principal(f"person:{name}"), *(Principal(f"group:{group}") for group in groups)}
    return Viewer(tenant=TENANT, person=PersonId(name), name=name.title(), principals=frozenset(held))


def question(text: str, *, by: Viewer | None = None, among: Sequence[Viewer] = (), **changes: object) -> Question:
    """A question; private unless it is asked `among` others."""
    asker, audience = by or viewer(), Audience.of(among) if among else Audience()
    made = Question(id=TurnId("q1"), viewer=asker, audience=audience, thread="t1", text=text, asked_at=NOW)
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of a question


def document(name: str, title: str = "", *, readers: Iterable[str] = (EVERYONE,), modified_at: datetime | None = NOW) -> Document:
    return Document(
        id=DocumentId(name),
        source="Handbook",
        name=name,
        title=title or name.title(),
        url=None,
        media_type="text/markdown",
        version=1,
        readers=frozenset(Principal(reader) for reader in readers),
        modified_at=modified_at,
    )


def passage(of: Document, text: str, *heading: str, ordinal: int = 0, start: int = 0) -> Passage:
    place = PassageId(f"{of.id}/{ordinal}")
    return Passage(id=place, document=of, ordinal=ordinal, span=Span(start, start + len(text)), text=text, heading=heading, page=None)


def hit(of: Passage, score: float = 1.0, cosine: float = 0.7, words: float = 9.0) -> Hit:
    return Hit(passage=of, score=score, cosine=cosine, words=words)


@dataclass
class FakeSources:
    """A library in memory. It ranks by shared terms and checks readers as the real one does."""

    passages_: Sequence[Passage] = ()
    closed: set[DocumentId] = field(default_factory=set)  # documents nobody may read any more
    embedded: list[str] = field(default_factory=list)
    compared: list[list[str]] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)
    failure: Exception | None = None
    slow_s: float = 0.0
    words_only: bool = False  # as where the embedding model is away
    searching: asyncio.Event = field(default_factory=asyncio.Event)

    async def search(self, viewer: Viewer, audience: Audience, query: str, limit: int = 8, own: str = "") -> Findings:
        found = await self._search(viewer, audience, query, limit)
        return together(found, await self._search(viewer, audience, own, limit)) if own else found

    async def _search(self, viewer: Viewer, audience: Audience, query: str, limit: int) -> Findings:
        self.searched.append(query)
        self.searching.set()
        await asyncio.sleep(self.slow_s)
        if self.failure:
            raise self.failure
        ranked = sorted(
            (self._hit(query, one) for one in self.passages_ if self._may(viewer, Audience(), one.document)), key=lambda h: -h.score
        )
        found = current_first([one for one in ranked if one.score > 0], query, NOW)
        shown = [one for one in found if self._may(viewer, audience, one.passage.document)]
        withheld = tuple(Withheld(passage=h.passage.id, reason="audience may not read", score=h.score) for h in found if h not in shown)
        better = bool(found) and found[0] not in shown
        return Findings(
            hits=tuple(shown[:limit]), withheld=withheld, better_withheld=better, words_only=self.words_only, timings_ms={"engine": 1.0}
        )

    async def count(self, viewer: Viewer, audience: Audience) -> int:
        return len({one.document.id for one in self.passages_ if self._may(viewer, audience, one.document)})

    async def named(self, viewer: Viewer, audience: Audience, title: str) -> Document | None:
        wanted = set(terms(title))
        known = {one.document.id: one.document for one in self.passages_ if self._may(viewer, audience, one.document)}
        return next((one for one in known.values() if wanted & set(terms(one.title))), None)

    async def passages(self, viewer: Viewer, audience: Audience, document: DocumentId) -> tuple[Passage, ...]:
        found = tuple(one for one in self.passages_ if one.document.id == document and self._may(viewer, audience, one.document))
        if not found:
            raise UnknownDocument
        return found

    async def embed(self, text: str) -> Vector:
        if self.words_only:
            raise EmbedderUnavailable
        self.embedded.append(text)
        return np.full(4, 0.5, np.float32)

    async def vectors(self, texts: Sequence[str]) -> Matrix:
        """Sentences are alike as far as they share terms, and a little in any case, as with a model."""
        if self.words_only:
            raise EmbedderUnavailable
        self.compared.append(list(texts))
        rows = np.zeros((len(texts), 513), np.float32)
        rows[:, -1] = 1.5
        for row, text in zip(rows, texts, strict=True):
            for term in terms(text):
                row[int.from_bytes(hashlib.sha256(term.encode()).digest()[:4]) % 512] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def _may(self, viewer: Viewer, audience: Audience, one: Document) -> bool:
        holders = (viewer.principals, *audience.members)
        return one.id not in self.closed and all(one.readers & held for held in holders)

    def _hit(self, query: str, one: Passage) -> Hit:
        wanted, own = set(terms(query)), set(terms(f"{one.document.title} {' '.join(one.heading)} {one.text}"))
        share = len(wanted & own) / max(1, len(wanted))
        return Hit(passage=one, score=share, cosine=0.0 if self.words_only else share * 0.8, words=share * 12)


@dataclass
class FakeMemory:
    """Turns in memory; passes the same contract as the one on PostgreSQL."""

    turns: dict[TurnId, tuple[Question, Ending | None]] = field(default_factory=dict)
    interrupted: list[tuple[TurnId, Trace]] = field(default_factory=list)
    rated: list[tuple[TurnId, PersonId, Verdict, str]] = field(default_factory=list)
    failure: Exception | None = None
    left: int = 10  # questions of the month

    async def open(self, question: Question) -> Opening:
        if self.failure:
            raise self.failure
        kept = self.turns.get(question.id)
        if kept is None:
            if not self.left:
                raise AllowanceSpent
            self.left -= 1
            self.turns[question.id] = (question, None)
            return Opening(is_new=True, past=self._past(question))
        asked, ending = kept
        _same(asked, question)
        if ending:
            return Opening(is_new=False, answer=ending.answer)
        return Opening(is_new=False, past=self._past(question))

    async def close(self, question: Question, ending: Ending) -> Answer:
        if self.failure:
            raise self.failure
        asked, ended = self.turns.get(question.id, (question, None))
        _same(asked, question)
        if ended:
            return ended.answer
        self.turns[question.id] = (asked, ending)
        self.left += ending.refunded
        return ending.answer

    async def interrupt(self, question: Question, trace: Trace, took_ms: float) -> None:
        self.interrupted.append((question.id, trace))

    async def rate(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str) -> None:
        asked, ending = self.turns.get(turn, (None, None))
        if asked is None or ending is None or (place_of(asked) == PRIVATE and asked.viewer.person != viewer.person):
            raise UnknownTurn(UnknownTurn.__doc__)
        self.rated.append((turn, viewer.person, verdict, comment))

    def trace(self, turn: str = "q1") -> Trace:
        ending = self.turns[TurnId(turn)][1]
        assert ending is not None
        return ending.trace

    def _past(self, question: Question) -> tuple[Turn, ...]:
        scope = scope_of(question)
        return tuple(
            Turn(
                id=asked.id,
                question=asked.text,
                answer=ending.answer,
                intent=ending.trace.intent,
                asked_at=asked.asked_at,
                person=asked.viewer.person,
                query=ending.trace.query,
            )
            for asked, ending in self.turns.values()
            if ending
            and asked.id != question.id
            and ending.trace.intent != Intent.NOT_FOR_ME
            and scope.covers(thread=asked.thread, person=asked.viewer.person, place=place_of(asked))
        )[-8:]


def _same(kept: Question, asked: Question) -> None:
    if (kept.viewer.person, kept.thread, place_of(kept)) != (asked.viewer.person, asked.thread, place_of(asked)):
        raise UnknownTurn(UnknownTurn.__doc__)


@dataclass
class FakeReply:
    """A door that remembers what it was told to show."""

    steps: list[Step] = field(default_factory=list)
    shown: list[Answer] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    finished: list[Answer] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def step(self, step: Step) -> None:
        self.steps.append(step)
        self.calls.append("step")

    async def extracts(self, answer: Answer) -> None:
        self.shown.append(answer)
        self.calls.append("extracts")

    async def text(self, written: str) -> None:
        self.written.append(written)
        self.calls.append("text")

    async def finish(self, answer: Answer) -> None:
        self.finished.append(answer)
        self.calls.append("finish")


@dataclass
class Script:
    """A writer that says what it is told, in pieces; then fails if told so. One entry a call; the last one repeats."""

    lines: Sequence[str | Exception]
    name: str = "scripted"
    cut: Unavailable | None = None  # how a stream fails after its text
    prompts: list[Prompt] = field(default_factory=list)

    async def stream(self, prompt: Prompt, usage: Usage) -> AsyncIterator[str]:
        line = self.lines[min(len(self.prompts), len(self.lines) - 1)]
        self.prompts.append(prompt)
        if isinstance(line, Exception):
            raise line
        for start in range(0, len(line), 7):
            yield line[start : start + 7]
        usage.add(100, len(line) // 4)
        if self.cut:
            raise ModelUnavailable(self.cut)

    async def complete(self, prompt: Prompt, usage: Usage) -> str:
        return "".join([piece async for piece in self.stream(prompt, usage)])


@dataclass
class FixedRouter:
    """A router that was told the intent."""

    intent: Intent = Intent.ASK

    async def route(self, text: str, thread: Thread) -> Route:
        return Route(self.intent, "rule: told")


async def embed_many(texts: Sequence[str]) -> Embedded:
    """Vectors that differ by text and mean nothing."""
    rows = [np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], np.uint8).astype(np.float32) for text in texts]
    return Embedded(np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32))


def turn(asked: str, query: str | None = None, answer: Answer | None = None) -> Turn:
    """An earlier turn, by default one that searched for what was asked."""
    return Turn(
        id=TurnId("q0"),
        question=asked,
        answer=answer or Answer(outcome=Outcome.ANSWER, text=""),
        intent=Intent.ASK,
        asked_at=NOW,
        person="ana",
        query=asked if query is None else query,
    )
