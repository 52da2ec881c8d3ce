"""What the rest of the house needs of a search engine.

The engine proposes and PostgreSQL disposes: an index holds only what is searched by, never text that is shown. It can be dropped and
rebuilt at any time.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from knowledge.documents import DocumentId, PassageId, Readers
from knowledge.embedding.port import Vector
from tenancy.viewer import Principal, TenantId

NOTHING = 0
"""In `TenantIndex.keep_only`: no version is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One passage as the engine knows it."""

    passage: PassageId
    document: DocumentId
    version: int
    terms: Sequence[str]  # of our analyser, title and heading weighted in; what words are searched over
    vector: Vector
    readers: Readers


@dataclass(frozen=True, slots=True)
class Proposal:
    """A passage the engine found. Not to be shown before the live check."""

    passage: PassageId
    score: float  # BM25 for words; cosine, -1 to 1, for vectors


class Held(NamedTuple):
    """What an index has of one version of a document; passages that differ in their readers are told apart."""

    document: DocumentId
    version: int
    readers: Readers


class TenantIndex(Protocol):
    """The passages of one tenant, with every write that had returned in any process when it was opened, and all of this one's since.

    On several nodes one that was away may answer that lacks what was written meanwhile, for a minute or two.

    All calls raise `IndexUnavailable` when the engine cannot be reached, or does not answer in time.
    """

    async def put(self, entries: Sequence[Entry]) -> None:
        """Add entries; one whose passage is there already is replaced. All of them are in when this returns, or it raises."""

    async def keep_only(self, versions: Mapping[DocumentId, int]) -> None:
        """Remove all passages of these documents but those of the given version (`NOTHING`: remove them all)."""

    async def set_readers(self, document: DocumentId, readers: Readers) -> None:
        """Change who may read a document, without touching its vectors."""

    async def by_words(self, terms: Sequence[str], principals: Collection[Principal], limit: int) -> list[Proposal]:
        """The best passages by BM25 (k1 1.2, b 0.75) that one of `principals` may read; best first. Empty in, empty out."""

    async def by_vector(self, vector: Vector, principals: Collection[Principal], limit: int) -> list[Proposal]:
        """The nearest passages by cosine that one of `principals` may read; best first. No principals, no passages."""

    async def vectors(self, passages: Collection[PassageId]) -> dict[PassageId, Vector]:
        """The vectors of those of the passages that are here, exact but for their length."""

    async def holdings(self) -> Counter[Held]:
        """Everything that is here, counted by passages: what is held against PostgreSQL. Read in pages, at any size."""

    async def count(self) -> int:
        """Passages held, of all versions."""

    async def tidy(self) -> None:
        """Fold recent writes into the search structures and drop what no search can see. Cheap when there is nothing to do."""


class IndexEngine(Protocol):
    """One index per tenant, of one embedding model. Nothing here can search across tenants.

    All calls raise `IndexUnavailable` when the engine cannot be reached, or does not answer in time.
    """

    async def create(self, tenant: TenantId) -> None:
        """Make the tenant's index. Nothing happens if it is there."""

    async def open(self, tenant: TenantId) -> TenantIndex:
        """The tenant's index as of now. Cheap: asked again for each question. Raises `IndexMissing` if there is none."""

    async def rest(self, tenant: TenantId) -> None:
        """Let go of what an index costs while nobody uses it; opening it again wakes it. Nothing happens if it rests, or is not there."""

    async def drop(self, tenant: TenantId) -> None:
        """Remove the tenant's index, also one that rests; made again, it has nothing."""

    async def purge(self, tenant: TenantId) -> None:
        """Remove every index that the tenant has here, of any embedding model."""

    async def check(self) -> str:
        """What it is and where, for an operator. Raises `IndexUnavailable` with what to do about it."""

    async def close(self) -> None:
        """Let go of every handle."""
