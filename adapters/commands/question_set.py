"""An admin's questions, asked in the tenant they are about: each as its own asker, with what that person may read. Nothing is kept."""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.commands.ask import Heard
from adapters.commands.evaluation_report import wrong
from adapters.compose import House
from bot import prompts
from bot.conversation import Conversation
from bot.errors import BotError, QuestionRefused, UnknownTurn
from bot.guardrails import guarded
from bot.messages import Answer, Outcome, Question, Trace, TurnId, Verdict
from bot.ports import Ending, Opening
from knowledge.documents import Document, Passage
from knowledge.errors import BadCorpus
from knowledge.evaluation import Complaint, Evaluation, JudgedQuery, JudgedRow, Named, QuestionSet, full_name, read_question_set
from tenancy.errors import BadEmail, UnknownPerson
from tenancy.users import person_id
from tenancy.viewer import EVERYONE, Audience, Principal, TenantId, Viewer

_GROUP = re.compile(r"group:[^:]+:.+")
_MOST_NAMED = 3  # documents, in what is said of a row
_LONGEST = 200  # characters of a name, there


async def read(file: Path) -> QuestionSet:
    """The questions in an .xlsx or .csv. Raises `BadCorpus` for a file that cannot be used at all."""
    return read_question_set(file.name, await asyncio.to_thread(_bytes, file))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadCorpus(f"{file} cannot be read: {error.strerror or error}. Check the path.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One row that can be asked."""

    row: JudgedRow
    viewer: Viewer
    query: JudgedQuery  # judged by `full_name`


class Forgetful:
    """Fulfils `Memory` and remembers nothing: every question is the first of its thread, free, and leaves no trace."""

    async def open(self, question: Question) -> Opening:
        """Nothing is known."""
        return Opening(is_new=True)

    async def close(self, question: Question, ending: Ending) -> Answer:
        """The answer stands."""
        return ending.answer

    async def interrupt(self, question: Question, trace: Trace, took_ms: float) -> None:
        """There is nothing to keep."""

    async def rate(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str) -> None:
        """There is nothing to rate."""
        raise UnknownTurn(UnknownTurn.__doc__)


class _Wrong(BotError):
    """A row cannot be asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What looking at rows needs, and what it has seen so far."""

    house: House
    tenant: TenantId
    email: str  # who asks where a row does not say
    readable: dict[frozenset[Principal], Named] = field(default_factory=dict)  # what each asker holds -> the documents they may read
    titles: dict[str, str] = field(default_factory=dict)  # of all of these

    async def asked(self, row: JudgedRow) -> Asked:
        """The row, ready to be asked. Raises `_Wrong`, `QuestionRefused`, `BadEmail` and `UnknownPerson`."""
        text = guarded(row.question)
        viewer = await self._viewer(row.asker or self.email)
        documents = _meant(row.documents, await self._readable(viewer), row.asker or self.email)
        query = JudgedQuery(row.id, text, viewer.principals, dict.fromkeys(map(full_name, documents), 1))
        return Asked(row=row, viewer=viewer, query=query)

    async def _readable(self, viewer: Viewer) -> Named:
        """What this asker may read, looked up once for all who hold the same."""
        if viewer.principals not in self.readable:
            documents = await self.house.library.titles(viewer, Audience())
            self.readable[viewer.principals] = Named(documents)
            self.titles.update({full_name(document): document.title for document in documents})
        return self.readable[viewer.principals]

    async def _viewer(self, asker: str) -> Viewer:
        if "@" in asker and not asker.startswith("group:"):
            return await self.house.people.viewer_by_email(self.tenant, asker.removeprefix("person:"))
        if asker != EVERYONE and not _GROUP.fullmatch(asker):
            raise _Wrong(f"the asker is {asker[:_LONGEST]!r}; write an e-mail address, `everyone` or `group:SOURCE:NAME`.")
        held = frozenset({EVERYONE, Principal(asker)})
        return Viewer(tenant=self.tenant, person=person_id(self.tenant, asker), name=asker, principals=held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The rows that can be asked, those that cannot, and the titles of what the askers may read."""

    questions: Sequence[Asked]
    complaints: Sequence[Complaint]
    titles: Mapping[str, str]

    @classmethod
    async def of(cls, house: House, tenant: TenantId, email: str, questions: QuestionSet, limit: int | None) -> "Asking":
        """The first `limit` rows held against the tenant; `email` asks where a row does not say who. Raises `UnknownPerson`."""
        await house.people.viewer_by_email(tenant, email)
        desk = _Desk(house, tenant, email)
        asked, complaints = [], list(questions.complaints)
        for row in questions.rows[:limit]:
            try:
                asked.append(await desk.asked(row))
            except (_Wrong, QuestionRefused, BadEmail, UnknownPerson) as error:
                complaints.append(Complaint(row.row, str(error)))
        return cls(questions=asked, complaints=sorted(complaints, key=lambda one: one.row), titles=desk.titles)

    async def answered(self, house: House, evaluation: Evaluation) -> dict[str, Any]:
        """How the questions end without a language model, which not as judged, whether what is quoted is found, and the rows left out."""
        conversation = Conversation(sources=evaluation.library, memory=Forgetful(), router=house.router, prompts=prompts.load())
        answers = [await conversation.handle(_question(one), Heard()) for one in self.questions]
        quoted = [one for one in self.questions if one.row.answerable and one.row.quote]
        found = [_is_quoted(one.row.quote, await evaluation.passages(one.viewer.tenant, one.query)) for one in quoted]
        unquoted = {one.row.row for one, is_found in zip(quoted, found, strict=True) if not is_found}
        ended = list(zip(self.questions, answers, strict=True))
        rows = [_row(one, answer) for one, answer in ended]
        return {
            **({"quotes_found": round(sum(found) / len(found), 4)} if found else {}),
            "answers": {
                "answerable": {**_outcomes(rows, answerable=True), "cited": sum(row["cited"] for row in rows)},
                "unanswerable": _outcomes(rows, answerable=False),
            },
            "wrong": [
                wrong(one.row.row, one.query, problem, _cited(answer), self.titles)
                for one, answer in ended
                if (problem := _problem(one, answer) or ("not_quoted" if one.row.row in unquoted else None))
            ],
            "rows": rows,
            "left_out": [{"row": one.row, "problem": one.text} for one in self.complaints],
        }


def _meant(names: Sequence[str], readable: Named, asker: str) -> list[Document]:
    """The documents that a row names. It is told alike whether there is none of that name or the asker may not read it."""
    found = {name: readable.meant(name) for name in names}
    if missing := [name for name, documents in found.items() if not documents]:
        said = f"{_listed(missing)} {'was' if len(missing) == 1 else 'were'} not found for {asker}"
        raise _Wrong(f"{said}. Check the name, and that this asker may read it.")
    for name, documents in found.items():
        if len(documents) > 1:
            full = ", ".join(full_name(one) for one in documents[:_MOST_NAMED])
            raise _Wrong(f"{name[:_LONGEST]!r} is the name of {len(documents)} documents. Write source and name, such as {full}.")
    return [documents[0] for documents in found.values()]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:_LONGEST]) for name in names[:_MOST_NAMED])


def _question(one: Asked) -> Question:
    now = datetime.now(UTC)
    turn = secrets.token_hex(12)
    return Question(id=TurnId(turn), viewer=one.viewer, thread=f"evaluation-{turn}", text=one.query.text, asked_at=now)


def _problem(one: Asked, answer: Answer) -> str | None:
    """What did not go as judged, of `evaluation_report.PROBLEMS`; None: nothing. Showing the nearest with doubt is no answer."""
    if answer.outcome is Outcome.APOLOGY:
        return "failed"
    if not one.row.answerable:
        return "answered" if answer.outcome is Outcome.ANSWER else None
    if answer.outcome is Outcome.REFUSAL:
        return "refused"
    return "not_cited" if one.query.grades.keys().isdisjoint(_cited(answer)) else None


def _cited(answer: Answer) -> dict[str, str]:
    """The documents that are cited, as `full_name` calls them, each once, with their titles."""
    return {f"{citation.source}/{citation.document_name}": citation.title for citation in answer.citations}


def _row(one: Asked, answer: Answer) -> dict[str, Any]:
    return {
        "row": one.row.row,
        "query": one.query.id,
        "text": one.query.text,
        "answerable": one.row.answerable,
        "outcome": answer.outcome.value,
        "doubt": round(answer.doubt, 3),
        "cited": not one.query.grades.keys().isdisjoint(_cited(answer)),
    }


def _outcomes(rows: Sequence[Mapping[str, Any]], *, answerable: bool) -> dict[str, int]:
    counted = Counter(row["outcome"] for row in rows if row["answerable"] is answerable)
    return {"questions": counted.total(), **{outcome.value: counted[outcome.value] for outcome in Outcome}}


def _is_quoted(quote: str, passages: Sequence[Passage]) -> bool:
    """Whether the words stand in one of the passages, whatever is between them."""
    wanted = _words(quote)
    return any(f" {wanted} " in f" {_words(passage.text)} " for passage in passages)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
