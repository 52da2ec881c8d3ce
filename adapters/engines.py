"""The search engines that the settings give us, one for each embedding model whose vectors some tenant's index holds."""

import logging
from collections.abc import Sequence

from adapters.settings import Settings
from knowledge.errors import IndexUnavailable
from knowledge.index.lance import LanceEngine
from knowledge.index.places import Place
from knowledge.index.port import IndexEngine
from knowledge.index.weaviate.engine import WeaviateEngine
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Address, Node

_log = logging.getLogger(__name__)

LANCEDB = "lancedb"
WEAVIATE = "weaviate"


class Engines:
    """Makes each engine when it is first asked for, and keeps it."""

    def __init__(self, settings: Settings, model: str, dimension: int) -> None:
        """`model` and `dimension` of the embedder that is set up. Connect to nothing yet."""
        self._settings = settings
        self._made: dict[Place, IndexEngine] = {}
        self._line: Line | None = None
        self.preferred = Place(WEAVIATE if settings.weaviate_url else LANCEDB, model, dimension)

    def at(self, place: Place) -> IndexEngine:
        """The engine of a place. Raises `IndexUnavailable` if it is not set up."""
        if place not in self._made:
            self._made[place] = self._make(place)
        return self._made[place]

    def has(self, place: Place) -> bool:
        """Whether the engine of a place is set up."""
        return place.engine in self._kinds

    def everywhere(self) -> list[IndexEngine]:
        """One engine of each kind that is set up, for what concerns all models."""
        return [self.at(self.preferred._replace(engine=kind)) for kind in self._kinds]

    @property
    def _kinds(self) -> Sequence[str]:
        return (LANCEDB, WEAVIATE) if self._settings.weaviate_url else (LANCEDB,)

    def _make(self, place: Place) -> IndexEngine:
        if place.engine == LANCEDB:
            return LanceEngine(self._settings.home / "index", model=place.model, dimension=place.dimension)
        if place.engine == WEAVIATE and self.has(place):
            self._line = self._line or _line(self._settings)
            return WeaviateEngine(self._line, model=place.model, dimension=place.dimension, replicas=self._settings.weaviate_replicas)
        _log.error("an index is in %s, which is not set up here: set WEAVIATE_URL again, or move it while it is", place.engine)
        raise IndexUnavailable(IndexUnavailable.__doc__)  # whoever asks is no operator

    async def close(self) -> None:
        """Close all of them."""
        for engine in self._made.values():
            await engine.close()


def _line(settings: Settings) -> Line:
    """To every node that the settings name."""
    return Line([Node(Address(url, grpc), settings.weaviate_api_key or "") for url, grpc in settings.weaviate_nodes])
