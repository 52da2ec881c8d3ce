"""A house of one document and two people, for the web door's tests."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from adapters.web.house import Playground
from adapters.web.places import Channel, Company, Member, Suggestion
from bot.messages import Answer, Citation, Outcome, Question, TurnId, Verdict
from bot.reply import Reply, Step
from knowledge.documents import Document, DocumentId, Opened, PassageId, Readers, Span
from knowledge.errors import UnknownDocument
from tenancy.viewer import EVERYONE, Audience, PersonId, TenantId, Viewer, person_principal

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
TEXT = "# Leave\n\n## Parental leave\n\nParental leave lasts 26 weeks. Tell us early.\n"
QUOTE = "Parental leave lasts 26 weeks."
SPAN = Span(TEXT.index(QUOTE), TEXT.index(QUOTE) + len(QUOTE))
ANA, BOB = "ana@acme.example", "bob@acme.example"
COMPANY = Company(
    name="Acme",
    members=(Member(email=ANA, name="Ana Lima", title="Head", groups=("People",)), Member(email=BOB, name="Bob Kim")),
    channels=(Channel(name="#all", members=(ANA, BOB)), Channel(name="#people", members=(ANA,))),
    suggestions=(Suggestion(text="How long is leave?", person=ANA, place="#all", why="one line"),),
)
DOCUMENT = Document(
    id=DocumentId("d/1"),
    source="Handbook",
    name="leave.md",
    title="Leave",
    url=None,
    media_type="text/markdown",
    version=1,
    readers=frozenset({person_principal(PersonId(ANA))}),
    modified_at=NOW,
)


def citation(n: int = 1, title: str = "Leave", **changes: object) -> Citation:
    made = Citation(
        n=n,
        document=DOCUMENT.id,
        document_name="leave.md",
        passage=PassageId("p1"),
        title=title,
        url=None,
        source="Handbook",
        page=None,
        heading=("Leave", "Parental leave"),
        span=SPAN,
        quote=QUOTE,
        modified_at=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # each test names the field it changes


ANSWER = Answer(outcome=Outcome.ANSWER, text="It lasts 26 weeks [1].", citations=(citation(),))


async def answer_at_once(_: Question, reply: Reply) -> Answer:
    await reply.step(Step.SEARCHING)
    await reply.extracts(ANSWER)
    await reply.text("It lasts 26 weeks [1].")
    await reply.finish(ANSWER)
    return ANSWER


OPENED = Opened(document=DOCUMENT, text=TEXT, pages=(Span(0, 10), Span(10, len(TEXT))))


@dataclass(frozen=True)
class Progress:
    state: Literal["waiting", "reading", "done", "failed"] = "done"
    reason: str = ""
    document: DocumentId | None = DOCUMENT.id


@dataclass
class Reading:
    under_way: bool = True
    ready: int = 0
    documents: int = 0


@dataclass
class House:
    page: Opened = OPENED
    answer: Callable[[Question, Reply], Awaitable[Answer]] = answer_at_once
    asked: list[Question] = field(default_factory=list)
    verdicts: list[tuple[Viewer, TurnId, Verdict, str]] = field(default_factory=list)
    files: list[tuple[Viewer, str, bytes, Readers]] = field(default_factory=list)
    loading: Reading | None = None

    async def handle(self, question: Question, reply: Reply) -> Answer:
        self.asked.append(question)
        return await self.answer(question, reply)

    async def feedback(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str = "") -> None:
        self.verdicts.append((viewer, turn, verdict, comment))

    async def viewer_by_email(self, tenant: TenantId, email: str) -> Viewer:
        return viewer(email, tenant)

    async def audience(self, tenant: TenantId, emails: Iterable[str]) -> Audience:
        return Audience.of(viewer(email, tenant) for email in emails)

    async def open(self, viewer: Viewer, document_id: DocumentId) -> Opened:
        if document_id != self.page.document.id or not viewer.principals & self.page.document.readers:
            raise UnknownDocument
        return self.page

    async def add(self, viewer: Viewer, name: str, data: bytes, readers: Readers) -> str:
        self.files.append((viewer, name, data, readers))
        return "u1"

    async def state(self, viewer: Viewer, upload_id: str) -> Progress:
        if upload_id != "u1" or viewer.person != self.files[0][0].person:
            raise UnknownDocument
        return Progress()

    def door(self) -> Playground:
        return Playground(
            tenant=TenantId("acme"),
            company=COMPANY,
            conversation=self,
            people=self,
            library=self,
            uploads=self,
            clock=lambda: NOW,
            heartbeat=0.05,
            loading=self.loading,
        )


def viewer(email: str, tenant: TenantId = TenantId("acme")) -> Viewer:  # noqa: B008 - a NewType is a function that does nothing
    held = frozenset({EVERYONE, person_principal(PersonId(email))})
    return Viewer(tenant=tenant, person=PersonId(email), name=email, principals=held)
