"""LlamaIndex's face of our search: a retriever bound to one viewer and one audience.

Every question goes through it, so whatever composes with LlamaIndex (query engines, post-processors) sees the same passages under the
same live check. Importing this module imports llama_index (3 s): do it lazily.
"""

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from knowledge.documents import Findings, Hit
from knowledge.search import Search
from tenancy.viewer import Audience, Viewer


class PassageRetriever(BaseRetriever):
    """Retrieves what `viewer` may read and may be shown to `audience`. Made for one question; `findings` tells what it came to."""

    def __init__(self, search: Search, viewer: Viewer, audience: Audience, limit: int, own: str = "") -> None:
        """Retrieve `limit` passages at most; `own` as in `Search.best`."""
        super().__init__()
        self._search = search
        self._viewer = viewer
        self._audience = audience
        self._limit = limit
        self._own = own
        self.findings = Findings(hits=())

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        self.findings = await self._search.best(self._viewer, self._audience, query_bundle.query_str, self._limit, self._own)
        return [_node(hit) for hit in self.findings.hits]

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """LlamaIndex's blocking calls end here; the house is asynchronous."""
        message = "Use `aretrieve`: searching is asynchronous."
        raise TypeError(message)


def _node(hit: Hit) -> NodeWithScore:
    passage, document = hit.passage, hit.passage.document
    metadata = {
        "document": document.id,
        "title": document.title,
        "url": document.url,
        "source": document.source,
        "page": passage.page,
        "heading": " > ".join(passage.heading),
    }
    node = TextNode(
        id_=passage.id,
        text=passage.text,
        metadata=metadata,
        start_char_idx=passage.span.start,
        end_char_idx=passage.span.end,
    )
    return NodeWithScore(node=node, score=hit.score)
