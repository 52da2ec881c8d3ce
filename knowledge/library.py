"""The front door of what is known. Everything that reads documents comes through here."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from knowledge.catalogue import Catalogue
from knowledge.documents import Document, DocumentId, Findings, Opened, Passage, SourceCount
from knowledge.embedding.port import Embedder, Matrix, Vector
from knowledge.ranking import Stage
from knowledge.search import Depth, Search
from knowledge.terms import terms
from tenancy.viewer import Audience, TenantId, Viewer

if TYPE_CHECKING:
    from knowledge.retrieval import PassageRetriever


class Library:
    """Finds and opens documents for a viewer. Shared by all questions."""

    def __init__(self, search: Search, catalogue: Catalogue, embedder: Embedder) -> None:
        """`search` and the router share `embedder`; a remembering one embeds a question once."""
        self._search = search
        self._catalogue = catalogue
        self._embedder = embedder
        self._is_warm = False

    async def search(self, viewer: Viewer, audience: Audience, query: str, limit: int = 8, own: str = "") -> Findings:
        """The best passages for `query` that viewer and audience may all read, each checked live.

        `own`: a second text that is searched beside `query`: a follow-up in its own words, where `query` has their subject too, or what
        was said around a question, where `query` is that alone.
        """
        await self.warm()
        retriever = self.as_retriever(viewer, audience, limit, own)
        await retriever.aretrieve(query)
        return retriever.findings

    def as_retriever(self, viewer: Viewer, audience: Audience, limit: int = 8, own: str = "") -> "PassageRetriever":
        """A LlamaIndex retriever for one question of this viewer."""
        from knowledge.retrieval import PassageRetriever  # llama_index takes 3 s: at the first question, not at start

        return PassageRetriever(self._search, viewer, audience, limit, own)

    def without(self, stages: Collection[Stage]) -> "Library":
        """The same library, ranked without these stages."""
        search = replace(self._search, recipe=self._search.recipe.without(*stages))
        return Library(search, self._catalogue, self._embedder)

    async def warm(self) -> None:
        """Load LlamaIndex, if it is not loaded, off the event loop."""
        if not self._is_warm:
            await asyncio.to_thread(import_module, "knowledge.retrieval")
            self._is_warm = True

    async def ranked(self, viewer: Viewer, query: str, depth: Depth) -> Findings:
        """Every candidate, undiversified: what evaluation looks at."""
        return await self._search.placed(viewer, Audience(), query, depth)

    async def open(self, viewer: Viewer, document_id: DocumentId) -> Opened:
        """A document and the extracted text that spans refer to. Raises `UnknownDocument`, also when it is not for `viewer`."""
        return await self._catalogue.open(viewer, document_id)

    async def sources(self, tenant: TenantId) -> list[SourceCount]:
        """The tenant's sources and how much each holds, for its operator."""
        return await self._catalogue.sources(tenant)

    async def passages(self, viewer: Viewer, audience: Audience, document: DocumentId) -> tuple[Passage, ...]:
        """A whole document in reading order, for viewer and audience. Raises `UnknownDocument`."""
        return await self._catalogue.passages(viewer, audience, document)

    async def named(self, viewer: Viewer, audience: Audience, title: str) -> Document | None:
        """The document whose title or name shares most terms with `title`; the newest of equals; None if none shares half of them."""
        wanted = frozenset(terms(title))
        if not wanted:
            return None
        found = await self._catalogue.titles(viewer, audience)
        best = max(found, key=lambda one: _likeness(wanted, one), default=None)
        return best if best and _covered(wanted, best) >= 1 / 2 else None

    async def titles(self, viewer: Viewer, audience: Audience) -> list[Document]:
        """Every document that viewer and audience may all read, newest first."""
        return await self._catalogue.titles(viewer, audience)

    async def count(self, viewer: Viewer, audience: Audience) -> int:
        """How many documents viewer and audience may all read."""
        return await self._catalogue.count(viewer, audience)

    async def embed(self, text: str) -> Vector:
        """The vector of a question; remembered, so that routing and searching it embed once."""
        return (await self._embedder.query(text)).vector

    async def vectors(self, texts: Sequence[str]) -> Matrix:
        """The vectors of sentences, in their order; not remembered."""
        return (await self._embedder.passages(texts)).vectors


def _likeness(wanted: frozenset[str], document: Document) -> float:
    """Jaccard similarity of the wanted terms and the title's."""
    has = frozenset(terms(document.title))
    return len(wanted & has) / (len(wanted | has) or 1) + _covered(wanted, document)


def _covered(wanted: frozenset[str], document: Document) -> float:
    has = frozenset(terms(f"{document.title} {document.name}"))
    return len(wanted & has) / len(wanted)
