"""What the web door needs from the house, and nothing more: narrow ports that `adapters.compose` fulfils."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from adapters.web.places import Company
from bot.messages import Answer, Question, TurnId, Verdict
from bot.reply import Reply
from knowledge.documents import DocumentId, Opened, Readers
from tenancy.viewer import Audience, TenantId, Viewer


class Conversation(Protocol):
    """Where questions are answered: `bot.conversation.Conversation`."""

    async def handle(self, question: Question, reply: Reply) -> Answer:
        """Answer `question` through `reply`, and return what was answered."""

    async def feedback(self, viewer: Viewer, turn: TurnId, verdict: Verdict, comment: str = "") -> object:
        """Keep what `viewer` thought of the answer of `turn`; the last verdict counts."""


class People(Protocol):
    """Who is who in the tenant: `tenancy.users.People`."""

    async def viewer_by_email(self, tenant: TenantId, email: str) -> Viewer:
        """Return that person with the principals they hold now. Raises `UnknownPerson`."""

    async def audience(self, tenant: TenantId, emails: Iterable[str]) -> Audience:
        """Return all of `emails` as one audience. Raises `UnknownPerson` rather than leave somebody out."""


class Library(Protocol):
    """Where documents are opened: `knowledge.library.Library`."""

    async def open(self, viewer: Viewer, document_id: DocumentId) -> Opened:
        """Open one document, checked live. Raises `UnknownDocument` for what is not there or may not be read."""


class Upload(Protocol):
    """How far a dropped-in file has come."""

    @property
    def state(self) -> str:
        """`waiting`, `reading`, `done` or `failed`; the last two are final."""

    @property
    def reason(self) -> str:
        """Why it failed and what to do, a sentence; empty otherwise."""

    @property
    def document(self) -> DocumentId | None:
        """What it became, once it is done."""


class Uploads(Protocol):
    """Where dropped-in files go: read in a durable job."""

    async def add(self, viewer: Viewer, name: str, data: bytes, readers: Readers) -> str:
        """Keep the file and its job together, and return the upload's id. Raises `Unreadable` for one not worth keeping."""

    async def state(self, viewer: Viewer, upload_id: str) -> Upload:
        """Return how far it has come. Raises `UnknownDocument` for an upload that is not this viewer's."""


class Loading(Protocol):
    """How far reading the company's own documents is, where that goes on while the page is open already."""

    @property
    def under_way(self) -> bool:
        """Whether there will be more to ask about soon."""

    @property
    def ready(self) -> int:
        """Documents that can be asked about by now."""

    @property
    def documents(self) -> int:
        """Documents that there are; 0 until they are counted."""


FILES_AT_ONCE = 2
"""Files that are taken at the same time; each is held in memory until it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playground:
    """The door, with all it stands on."""

    tenant: TenantId
    company: Company  # who one may ask as, and where
    conversation: Conversation
    people: People
    library: Library
    uploads: Uploads
    clock: Callable[[], datetime]  # UTC, aware
    hosts: frozenset[str] = field(default_factory=lambda: frozenset({"127.0.0.1", "localhost", "::1"}))  # no ports
    taking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FILES_AT_ONCE))  # held while a file is taken
    loading: Loading | None = None  # None: nothing is read but what people drop in
    heartbeat: float = 10.0  # seconds of silence after which a stream says that it is alive
