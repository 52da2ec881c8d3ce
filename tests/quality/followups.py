"""How well follow-ups find what they are about: `make quality SETS=followups`; what it comes to stands in `results.md`.

Every conversation of mtrag (not ours, never copied) is asked turn by turn of the whole product, on its corpus. Its last turn is searched
three times: in its own words, as if there were no thread; as the product does without a model; and as it does with a scripted model that
rewrites the question as a file says (`--rewrites FILE`: `number|question` a line, the number of the task from 0; the raw question where a
line is missing). nDCG@10 and recall@10 over the judged turns, and over each half of them: parameters were chosen with both in view, so what
differs between the halves is noise. Then: how the router takes last turns; which changes of subject are noticed, where the first question
of another conversation is put in the last one's place; and how often one is asked back, by mtrag's labels.
"""

import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from adapters.commands.ask import Heard
from adapters.compose import House, open_house
from adapters.settings import Settings
from bot.conversation import Conversation
from bot.intents.intent import ASKED_BACK, Intent
from bot.intents.router import Routing
from bot.llm.port import Prompt, Usage
from bot.messages import Outcome, Question, TurnId
from bot.prompts import load
from knowledge.documents import Document, DocumentId, Findings, Passage
from knowledge.embedding.port import Matrix, Vector
from knowledge.evaluation import ndcg, recall
from knowledge.ingest.items import corpus
from knowledge.ingest.readers import open_to_everyone
from tenancy.errors import UnknownTenant
from tenancy.viewer import EVERYONE, Audience, PersonId, TenantId, Viewer
from tests.bot.fakes import FakeMemory, FixedRouter
from tests.quality.parts import BY_REWRITES

_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Task:
    """One conversation up to a turn, and what is known of that turn."""

    number: int
    id: str
    said: tuple[str, ...]  # by the person, oldest first
    answerability: str
    collection: str
    grades: Mapping[str, int]  # document name -> relevance; empty: not judged

    @property
    def last(self) -> str:
        """The turn that is judged."""
        return self.said[-1]


def tasks(folder: Path) -> list[Task]:
    """All of mtrag's."""
    grades: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels/test.tsv").read_text().splitlines()[1:]:
        query, name, grade = line.split("\t")
        grades.setdefault(query, {})[name] = int(grade)
    rows = map(json.loads, (folder / "tasks.jsonl").read_text().splitlines())
    return [
        Task(
            number,
            row["_id"],
            tuple(one["text"] for one in row["conversation"] if one["speaker"] == "user"),
            row["answerability"][0],
            row["collection"],
            grades.get(row["_id"], {}),
        )
        for number, row in enumerate(rows)
    ]


@dataclass
class Watched:
    """The library, and what it was last asked and found, ten deep."""

    house: House
    asked: list[str] = field(default_factory=list)
    last: Findings = field(default_factory=lambda: Findings(hits=()))

    async def search(self, viewer: Viewer, audience: Audience, query: str, limit: int = 8, own: str = "") -> Findings:
        """As `Library.search`, remembered."""
        self.asked.append(query)
        self.last = await self.house.library.search(viewer, audience, query, max(limit, _DEPTH), own=own)
        return self.last

    async def count(self, viewer: Viewer, audience: Audience) -> int:
        """As `Library.count`."""
        return await self.house.library.count(viewer, audience)

    async def named(self, viewer: Viewer, audience: Audience, title: str) -> Document | None:
        """As `Library.named`."""
        return await self.house.library.named(viewer, audience, title)

    async def passages(self, viewer: Viewer, audience: Audience, document: DocumentId) -> tuple[Passage, ...]:
        """As `Library.passages`."""
        return await self.house.library.passages(viewer, audience, document)

    async def embed(self, text: str) -> Vector:
        """As `Library.embed`."""
        return await self.house.library.embed(text)

    async def vectors(self, texts: Sequence[str]) -> Matrix:
        """As `Library.vectors`."""
        return await self.house.library.vectors(texts)


@dataclass
class Rewriter:
    """A model that rewrites a question as it is told, and answers nothing."""

    rewritten: str
    name: str = "scripted"

    async def stream(self, prompt: Prompt, usage: Usage) -> AsyncIterator[str]:
        """What it is told, or that nothing answers."""
        usage.add(1, 1)
        yield self.rewritten if prompt.name.startswith("rewrite") else "UNANSWERED"

    async def complete(self, prompt: Prompt, usage: Usage) -> str:
        """The same, at once."""
        return "".join([piece async for piece in self.stream(prompt, usage)])


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a last turn."""

    intent: str
    documents: list[str]  # best first
    searched: list[str]


@dataclass
class Talks:
    """Conversations with the whole product."""

    house: House
    tenant: TenantId
    memory: FakeMemory = field(default_factory=lambda: FakeMemory(left=10**9))

    @cached_property
    def watched(self) -> Watched:
        """What is searched, over all talks."""
        return Watched(self.house)

    async def said(self, turns: Sequence[str], router: Routing) -> str:
        """The thread in which these were said."""
        thread = f"thread {len(self.memory.turns)}"
        for text in turns:
            await self._handle(text, thread, router)
        return thread

    async def ended(self, thread: str, text: str, router: Routing, rewritten: str | None = None) -> Ended:
        """What comes of `text`, said in a thread that then forgets it; with a model if it is `rewritten`."""
        kept = dict(self.memory.turns)
        self.watched.asked.clear()
        intent = await self._handle(text, thread, router, Rewriter(rewritten) if rewritten else None)
        self.memory.turns = kept
        names = list(dict.fromkeys(hit.passage.document.name for hit in self.watched.last.hits)) if self.watched.asked else []
        return Ended(intent, names, list(self.watched.asked))

    async def _handle(self, text: str, thread: str, router: Routing, writer: Rewriter | None = None) -> str:
        conversation = Conversation(sources=self.watched, memory=self.memory, router=router, prompts=load(), writer=writer)
        viewer = Viewer(tenant=self.tenant, person=PersonId("ana"), name="Ana", principals=frozenset({EVERYONE}))
        turn = TurnId(f"turn {len(self.memory.turns)}")
        question = Question(id=turn, viewer=viewer, thread=thread, text=text, asked_at=datetime.now(UTC))
        answer = await conversation.handle(question, Heard())
        assert answer.outcome is not Outcome.APOLOGY, f"{turn} failed: what is measured of it would mean nothing"
        return self.memory.trace(turn).intent

    def forget(self) -> None:
        """Nothing of what was said is needed any more."""
        self.memory.turns.clear()


def found(documents: Sequence[Sequence[str]], judged: Sequence[Task]) -> dict[str, float]:
    """nDCG@10 and recall@10 of what each of the judged turns found: of all, of the even and of the odd ones."""
    scores = [(ndcg(one, task.grades, _DEPTH), recall(one, task.grades, _DEPTH)) for one, task in zip(documents, judged, strict=True)]
    figures: dict[str, float] = {"turns": len(judged)}
    for half, part in (("", scores), (", even", scores[::2]), (", odd", scores[1::2])):
        figures |= {f"ndcg_10{half}": fmean(one for one, _ in part), f"recall_10{half}": fmean(one for _, one in part)}
    return figures


@dataclass
class Seen:
    """What came of all conversations."""

    rows: dict[str, list[list[str]]] = field(default_factory=dict)  # documents of the judged turns, by row of the table
    noticed: Counter[str] = field(default_factory=Counter)  # searches of the own words alone, by what was put last
    intents: Counter[str] = field(default_factory=Counter)  # of later turns
    back: Counter[str] = field(default_factory=Counter)  # turns that were answered by a question, by label

    async def see(self, talks: Talks, task: Task, others: Mapping[str, str], rewritten: str | None) -> None:
        """Ask one conversation's last turn in all ways; `others` are put in its place."""
        ask, router = FixedRouter(Intent.ASK), talks.house.router
        thread = await talks.said(task.said[:-1], ask)
        plain = await talks.ended(thread, task.last, ask)
        routed = await talks.ended(await talks.said(task.said[:-1], router), task.last, router)
        self.back[task.answerability] += routed.intent == ASKED_BACK
        if len(task.said) > 1:
            self.intents[routed.intent] += 1
            self.noticed["goes on"] += plain.searched == [task.last]
            for kind, text in others.items():
                self.noticed[kind] += (await talks.ended(thread, text, ask)).searched == [text]
        if task.grades:
            rows = {
                "its own words": await talks.ended("alone", task.last, ask),
                "in its thread, without a model": plain,
                "the same, as the router takes it": routed,
            }
            if rewritten:
                alone, in_thread = BY_REWRITES
                rows[alone] = await talks.ended("alone", rewritten, ask)
                rows[in_thread] = await talks.ended(thread, task.last, ask, rewritten)
            for name, ended in rows.items():
                self.rows.setdefault(name, []).append(ended.documents)
        talks.memory.turns.clear()

    def tables(self, every: Sequence[Task]) -> dict[str, dict[str, dict[str, Any]]]:
        """The tables `found` and `turns`."""
        judged = [task for task in every if task.grades]
        later, of = self.intents.total(), Counter(task.answerability for task in every)
        turns = {
            "later": later,
            "questions": sum(self.intents[one] for one in (Intent.ASK, Intent.FOLLOW_UP, ASKED_BACK)) / later,
            "intents": ", ".join(f"{intent} {count}" for intent, count in self.intents.most_common()),
            **{f"alone, {kind}": count / later for kind, count in self.noticed.items()},
            **of,
            **{f"back, {label}": self.back[label] / count for label, count in of.items()},
        }
        return {"found": {name: found(documents, judged) for name, documents in self.rows.items()}, "turns": {"mtrag": turns}}


def elsewhere(task: Task, every: Sequence[Task], choose: random.Random) -> dict[str, str]:
    """First questions of other conversations: of the same collection, and of another."""
    others = [other for other in every if other.said[0] != task.said[0]]
    return {
        f"turns to {words}": choose.choice([other for other in others if (other.collection == task.collection) == same]).said[0]
        for words, same in (("its own collection", True), ("the other one", False))
    }


def read(rewrites: Path) -> dict[int, str]:
    """Rewrites by the number of the task."""
    lines = (line.partition("|") for line in rewrites.read_text(encoding="utf-8").splitlines())
    return {int(number): text for number, _, text in lines}


async def mtrag_tenant(house: House, folder: Path) -> TenantId:
    """A tenant with mtrag's corpus, made if it is not there."""
    try:
        tenant = await house.tenants.by_slug("mtrag")
    except UnknownTenant:
        tenant = await house.add("mtrag", "mtrag")
    await house.ingestion.run(tenant.id, "mtrag", list(corpus(folder / "corpus.jsonl", open_to_everyone, "mtrag")), kind="corpus")
    return tenant.id


async def measured(folder: Path, home: Path, rewrites: Mapping[int, str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The tables, of mtrag in `folder`; its corpus is read into a house in `home`, which may hold it already."""
    every = tasks(folder)
    async with open_house(Settings(home=home)) as house:
        talks, seen, choose = Talks(house, await mtrag_tenant(house, folder)), Seen(), random.Random(1)  # noqa: S311  a sample, no secret
        for task in every:
            rewritten = rewrites.get(task.number, task.last) if rewrites else None
            await seen.see(talks, task, elsewhere(task, every, choose), rewritten)
    return seen.tables(every)
