"""An embedder that does not embed the same question twice."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from knowledge.embedding.port import Asked, Embedded, Embedder

_REMEMBERED = 512  # questions; 1.5 kB for each and for every token of it


class RememberingEmbedder:
    """Keeps what recent questions were made into: routing, searching and asking again embed a text once, also at the same moment."""

    def __init__(self, embedder: Embedder) -> None:
        """Ask `embedder` for what is not remembered."""
        self._embedder = embedder
        self._kept: OrderedDict[str, asyncio.Future[Asked]] = OrderedDict()
        self.name = embedder.name
        self.dimension = embedder.dimension

    async def query(self, text: str) -> Asked:
        """One question."""
        if text not in self._kept:
            self._kept[text] = asyncio.ensure_future(self._embedder.query(text))
            self._kept[text].add_done_callback(lambda done: self._forget_failed(text, done))
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        self._kept.move_to_end(text)
        return await asyncio.shield(self._kept[text])  # whoever asked first may be cancelled; the others still want it

    async def passages(self, texts: Sequence[str]) -> Embedded:
        """Passages; these are not kept."""
        return await self._embedder.passages(texts)

    def count(self, text: str) -> int:
        """Word pieces of `text`."""
        return self._embedder.count(text)

    def _forget_failed(self, text: str, done: "asyncio.Future[Asked]") -> None:
        if (done.cancelled() or done.exception()) and self._kept.get(text) is done:
            del self._kept[text]
