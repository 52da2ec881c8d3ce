"""`footnote ask`: one answer, or one for each line of a batch."""

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from adapters.compose import House, open_house
from adapters.settings import Settings
from bot import outcomes
from bot.messages import Answer, Citation, Outcome, Question, TurnId
from bot.reply import Step
from knowledge.ingest.rows import lines_of, row_of
from tenancy.errors import BadEmail, TenancyError
from tenancy.viewer import Audience, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it came from the terminal or a batch."""

    text: str
    email: str  # who asks
    audience: tuple[str, ...] | None = None  # who else will see the answer; None: nobody
    thread: str | None = None  # None: a new one


@dataclass(slots=True)
class Heard:
    """Fulfils `Reply` by remembering when the first cited words and the outcome came."""

    started: float = field(default_factory=time.perf_counter)
    first_ms: float | None = None

    async def step(self, step: Step) -> None:
        """Nobody watches."""

    async def extracts(self, answer: Answer) -> None:
        """The first words that a person would have seen."""
        self._note()

    async def text(self, written: str) -> None:
        """More words."""
        self._note()

    async def finish(self, answer: Answer) -> None:
        """The outcome."""
        self._note()

    def _note(self) -> None:
        if self.first_ms is None:
            self.first_ms = (time.perf_counter() - self.started) * 1000


_A_LINE = 'Write one object a line: {"_id": "1", "text": "How long is parental leave?"}.'


def emails(written: str) -> tuple[str, ...]:
    """The e-mails of a comma-separated list."""
    return tuple(one.strip() for one in written.split(",") if one.strip())


async def ask(settings: Settings, slug: str, asked: Asked, *, as_json: bool) -> int:
    """Answer one question. 1 only if it ended in an apology: a refusal is an answer too."""
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        answered = await _answer(house, tenant.id, asked)
    click.echo(json.dumps(answered, ensure_ascii=False) if as_json else _as_text(answered))
    return 1 if answered["outcome"] == "apology" else 0


async def ask_batch(settings: Settings, file: Path, slug: str, given: Asked) -> int:
    """Answer every line of `file` in turn, a JSON line each, as they come. A line that cannot be asked gets a line that says why.

    Where a line does not say who asks, before whom or in which thread, `given` does. 1 if any line ended in an apology.
    """
    rows = _rows(file)
    failed = False
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        for row in rows:
            try:
                answered = await _answer(house, tenant.id, _asked(row, given))
            except TenancyError as error:
                answered = _as_json(_unasked(error), None, 0.0, 0.0)
            failed = failed or answered["outcome"] == "apology"
            click.echo(json.dumps({"_id": row["_id"], **answered}, ensure_ascii=False))
    return 1 if failed else 0


async def _answer(house: House, tenant: TenantId, asked: Asked) -> dict[str, Any]:
    viewer = await house.people.viewer_by_email(tenant, asked.email)
    audience = Audience() if asked.audience is None else await house.people.audience(tenant, asked.audience)
    question = Question(
        id=TurnId(secrets.token_hex(12)),
        viewer=viewer,
        audience=audience,
        thread=asked.thread or f"cli-{secrets.token_hex(8)}",
        text=asked.text,
        asked_at=datetime.now(UTC),
    )
    heard = Heard()
    answer = await house.conversation.handle(question, heard)
    took = (time.perf_counter() - heard.started) * 1000
    return _as_json(answer, question.thread, took, heard.first_ms or took)


def _as_json(answer: Answer, thread: str | None, took: float, first: float) -> dict[str, Any]:
    return {
        "outcome": answer.outcome.value,
        "doubt": round(answer.doubt, 3),
        "text": answer.text,
        "citations": [_citation(citation) for citation in answer.citations],
        "withheld": answer.withheld,
        "notice": answer.notice,
        "thread": thread,
        "took_ms": round(took, 1),
        "first_ms": round(first, 1),
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "n": citation.n,
        "document": citation.document_name,
        "title": citation.title,
        "url": citation.url,
        "page": citation.page,
        "heading": " > ".join(citation.heading),
        "start": citation.span.start,
        "end": citation.span.end,
        "quote": citation.quote,
    }


def _unasked(error: TenancyError) -> Answer:
    """What is said of a line that was never asked. An e-mail that is none was typed into the line: no failure of ours."""
    said = outcomes.of(error)
    return replace(said, doubt=1.0, outcome=Outcome.REFUSAL if isinstance(error, BadEmail) else said.outcome)


def _as_text(answered: Mapping[str, Any]) -> str:
    lines = [answered["text"], answered["notice"]]
    lines += [_source(citation) for citation in answered["citations"]]
    return "\n".join(line for line in lines if line)


def _source(citation: Mapping[str, Any]) -> str:
    page = f", page {citation['page']}" if citation["page"] else ""
    heading = f" > {citation['heading']}" if citation["heading"] else ""
    return f"[{citation['n']}] {citation['title']}{heading} ({citation['document']}{page})"


def _rows(file: Path) -> list[dict[str, Any]]:
    lines = enumerate(lines_of(file, "The batch"), 1)
    return [row_of(line, f"{file.name}, line {number}", _A_LINE) for number, line in lines if line.strip()]


def _asked(row: Mapping[str, Any], given: Asked) -> Asked:
    listed: str | Iterable[str] | None = row.get("audience")
    audience = emails(listed) if isinstance(listed, str) else given.audience if listed is None else tuple(map(str, listed))
    thread = given.thread if row.get("thread") is None else str(row["thread"])
    return Asked(text=row["text"], email=str(row.get("as") or given.email), audience=audience, thread=thread)
