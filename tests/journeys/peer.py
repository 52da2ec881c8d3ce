"""The playground on scripted parts, for the states that the real product does not show on demand.

    python tests/journeys/peer.py PORT [SECONDS OF ONE STEP [early]]

With `early`, 36 of 75 documents are read, and the others when somebody asks "all read now".
The company and its documents are the demo's; answers are verbatim sentences found by their words. A question may name a
state: `fail midway`, `fail at once`, `take your time`, `break off`, `too slow`, `nearest`.
"""

import asyncio
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

import yaml
from aiohttp import web

from adapters.demo import company as demo
from adapters.demo.sources import COMPANY, sources
from adapters.web.demo import demo_company
from adapters.web.house import Playground
from adapters.web.routes import routes
from bot.messages import Answer, Citation, Outcome, Question, TurnId, Verdict
from bot.reply import Reply, Step
from knowledge.documents import Document, DocumentId, Opened, PassageId, Readers, Span
from knowledge.errors import UnknownDocument
from tenancy.viewer import EVERYONE, Audience, PersonId, Principal, TenantId, Viewer, person_principal

TENANT = TenantId("larkspur")
SAID: dict[str, list[dict[str, str]]] = yaml.safe_load(Path(__file__).with_name("said.yaml").read_text(encoding="utf-8"))
STOP = frozenset(
    re.findall(r"\w+", "a an and are as at be can do does for from have how i in is it long many may much my of on our the to was what who")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an upload is."""

    state: Literal["waiting", "reading", "done", "failed"]
    reason: str = ""
    document: DocumentId | None = None


@dataclass(slots=True)
class Reading:
    """How far reading the company's documents is."""

    under_way: bool = True
    ready: int = 36
    documents: int = 75

    def end(self) -> None:
        self.under_way, self.ready = False, self.documents


@dataclass
class House:
    """All that the door needs, in memory."""

    pace: float = 0.25  # seconds between two steps
    company: demo.Company = field(default_factory=demo.load)
    pages: dict[str, Opened] = field(default_factory=dict)
    verdicts: list[tuple[str, Verdict]] = field(default_factory=list)
    uploads: dict[str, list[Progress]] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)
    loading: Reading | None = None

    def __post_init__(self) -> None:
        rules = yaml.safe_load(demo.READERS.read_text(encoding="utf-8"))["rules"]
        for source in sources(COMPANY):
            self.keep(source.path.as_posix(), source.title, source.body, readers_of(source.path.as_posix(), rules), source.changed)

    def keep(self, name: str, title: str, text: str, readers: Readers, changed: datetime) -> DocumentId:
        id_ = DocumentId(f"d{len(self.pages) + 1}")
        space = name.partition("/")[0].replace("-", " ").capitalize() if "/" in name else "Your files"
        self.pages[id_] = Opened(
            document=Document(
                id=id_,
                source=space,
                name=name,
                title=title,
                url=None,
                media_type="text/markdown",
                version=1,
                readers=readers,
                modified_at=changed,
            ),
            text=text,
            pages=paged(text) if name.endswith((".pdf", ".pptx")) else (),
        )
        return id_

    async def viewer_by_email(self, tenant: TenantId, email: str) -> Viewer:
        person = next(person for person in self.company.people if person.email == email)
        held = {EVERYONE, person_principal(PersonId(email)), *(Principal(f"group:{name}") for name in person.groups)}
        return Viewer(tenant=tenant, person=PersonId(email), name=person.name, principals=frozenset(held))

    async def audience(self, tenant: TenantId, emails: Iterable[str]) -> Audience:
        return Audience.of([await self.viewer_by_email(tenant, email) for email in emails])

    async def open(self, viewer: Viewer, document_id: DocumentId) -> Opened:
        page = self.pages.get(document_id)
        if page is None or not page.document.readers & viewer.principals:
            raise UnknownDocument
        return page

    async def add(self, viewer: Viewer, name: str, data: bytes, readers: Readers) -> str:
        id_ = f"u{len(self.uploads) + 1}"
        try:
            kept = self.keep(name, Path(name).stem, data.decode("utf-8"), readers, datetime.now(UTC))
            end = Progress(state="done", document=kept)
        except UnicodeDecodeError:
            end = Progress(state="failed", reason="It is not text that can be read. Save it as PDF, Word or text and add it again.")
        self.uploads[id_] = [Progress(state="waiting"), *[Progress(state="reading")] * 3, end]
        return id_

    async def state(self, viewer: Viewer, upload_id: str) -> Progress:
        states = self.uploads.get(upload_id)
        if not states:
            raise UnknownDocument
        return states.pop(0) if len(states) > 1 else states[0]

    async def feedback(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str = "") -> None:
        self.verdicts.append((turn, verdict))

    async def handle(self, question: Question, reply: Reply) -> Answer:
        self.asked.append(question)
        if self.loading and "all read now" in question.text:
            self.loading.end()
        if "fail at once" in question.text:
            message = "scripted"
            raise RuntimeError(message)
        await reply.step(Step.READING)
        await self.rest()
        await reply.step(Step.SEARCHING)
        await self.rest(8 if "take your time" in question.text else 1)
        answer = self.find(question)
        if answer.citations and "word for word" not in question.text:
            answer = await self.write(question, answer, reply)
        await reply.finish(answer)
        return answer

    async def write(self, question: Question, answer: Answer, reply: Reply) -> Answer:
        await reply.extracts(answer)
        await self.rest(2)
        await reply.step(Step.WRITING)
        words = answer.text.split(" ")
        for count in range(1, len(words) + 1):
            await reply.text(" ".join(words[:count]))
            await self.rest(0.2)
            if count == 8 and "fail midway" in question.text:
                message = "scripted"
                raise RuntimeError(message)
        await reply.step(Step.CHECKING)
        await self.rest()
        if "too slow" in question.text:
            return replace(
                answer, notice="The model took too long, so here are the passages themselves. Ask again in a minute for a written answer."
            )
        return replace(answer, written=True)

    async def rest(self, times: float = 1) -> None:
        await asyncio.sleep(self.pace * times)

    def find(self, question: Question) -> Answer:
        said = next((said for asked, said in SAID.items() if asked in question.text.casefold()), None)
        return self.recite(question, said) if said else self.look_up(question)

    def recite(self, question: Question, said: list[dict[str, str]]) -> Answer:
        """Say a scripted answer, without the lines that asker or audience may not read."""
        citations: list[Citation] = []
        lines, withheld = [], False
        for line in said:
            page = next((page for page in self.pages.values() if page.document.name.startswith(line.get("in", "-"))), None)
            if page and not page.document.readers & question.viewer.principals:
                continue
            if page and not all(page.document.readers & held for held in question.audience.members):
                withheld = True
                continue
            if page:
                start = page.text.index(line["words"])
                citations.append(cited(len(citations) + 1, page, Span(start, start + len(line["words"]))))
            lines.append(f"{line['say']} [{len(citations)}]" if page else line["say"])
        notice = "I can say more in private." if withheld else ""
        return Answer(outcome=Outcome.ANSWER, text="\n".join(lines), citations=tuple(citations), withheld=withheld, notice=notice)

    def look_up(self, question: Question) -> Answer:
        mine = sorted(self.scored(question.text, question.viewer.principals), key=lambda row: -row[0])
        ours = [row for row in mine if all(row[1].document.readers & held for held in question.audience.members)]
        withheld = bool(mine) and (not ours or mine[0][0] > ours[0][0])
        best = [row for row in ours if row[0] >= max(12.0, 0.9 * ours[0][0])][:3]
        notice = "I can say more in private." if withheld else ""
        if not best:
            readable = sum(bool(page.document.readers & question.viewer.principals) for page in self.pages.values())
            text = f"I found nothing that answers this in the {readable} documents you can read."
            return Answer(outcome=Outcome.REFUSAL, text=text, doubt=1.0, withheld=withheld, notice=notice)
        citations = tuple(cited(n, page, span) for n, (_, page, span) in enumerate(best, 1))
        text = " ".join(f"{plain(citation.quote)} [{citation.n}]" for citation in citations)
        outcome = Outcome.NEAREST if "nearest" in question.text else Outcome.ANSWER
        return Answer(outcome=outcome, text=text, citations=citations, withheld=withheld, notice=notice)

    def scored(self, text: str, held: frozenset[Principal]) -> Iterator[tuple[float, Opened, Span]]:
        rare = self.rarity()
        wanted = {word for word in terms(text) if word not in STOP}
        for page in self.pages.values():
            if not page.document.readers & held:
                continue
            about = sum(rare[word] for word in wanted & set(terms(page.text)))
            titled = sum(rare[word] for word in wanted & set(terms(page.document.title)))
            outdated = 4 * bool(re.search("20(22|23)", page.document.name))
            for span in sentences(page.text):
                own = set(terms(page.text[span.start : span.end]))
                figures = 3 * ("how" in text.casefold() and any(word.isdigit() for word in own))
                score = sum(rare[word] for word in wanted & own) + figures
                yield score + about + titled - outdated - 0.02 * len(own), page, span

    def rarity(self) -> dict[str, float]:
        found = Counter(word for page in self.pages.values() for word in set(terms(page.text)))
        return {word: math.log(1 + len(self.pages) / count) for word, count in found.items()}


def sentences(text: str) -> Iterator[Span]:
    for line in re.finditer(r"^[^#\n][^\n]{20,}", text, re.MULTILINE):
        pattern = r".+" if line.group().startswith("|") else r"[^\s|-].*?[.!?](?=\s|$)"
        for found in re.finditer(pattern, line.group()):
            if not found.group().startswith("|--"):
                yield Span(line.start() + found.start(), line.start() + found.end())


def terms(text: str) -> list[str]:
    return [word.rstrip("s") for word in re.findall(r"\w+", text.casefold())]


def plain(quote: str) -> str:
    return " ".join(quote.replace("|", " ").strip("#-*> ").split())


def cited(n: int, page: Opened, span: Span) -> Citation:
    document = page.document
    return Citation(
        n=n,
        document=document.id,
        document_name=document.name,
        passage=PassageId(f"{document.id}-{span.start}"),
        title=document.title,
        url=None,
        source=document.source,
        page=next((at for at, place in enumerate(page.pages, 1) if place.start <= span.start < place.end), None),
        heading=tuple(re.findall(r"^#+ (.+)$", page.text[: span.start], re.MULTILINE)[-1:]),
        span=span,
        quote=page.text[span.start : span.end],
        modified_at=document.modified_at,
    )


def paged(text: str) -> tuple[Span, ...]:
    cuts = [0, *(found.start() for found in re.finditer(r"^## ", text, re.MULTILINE)), len(text)]
    return tuple(Span(a, b) for a, b in pairwise(cuts))


def readers_of(path: str, rules: list[dict[str, object]]) -> Readers:
    for rule in rules:
        pattern = re.escape(str(rule["path"])).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        if re.fullmatch(pattern, path):
            return frozenset(Principal(str(reader)) for reader in rule["readers"])  # type: ignore[attr-defined] # YAML
    return frozenset()


def application(house: House) -> web.Application:
    app = web.Application()
    app.add_routes(
        routes(
            Playground(
                tenant=TENANT,
                company=demo_company(house.company),
                conversation=house,
                people=house,
                library=house,
                uploads=house,
                clock=lambda: datetime.now(UTC),
                loading=house.loading,
            )
        )
    )
    return app


if __name__ == "__main__":
    port, pace = sys.argv[1:3] if len(sys.argv) > 2 else (sys.argv[1], "0.25")
    reading = Reading() if "early" in sys.argv else None
    web.run_app(application(House(pace=float(pace), loading=reading)), host="127.0.0.1", port=int(port), print=None)
