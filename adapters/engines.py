"""The search engines that the settings give us, one for each embedding model whose vectors some tenant's index holds."""

import logging
from collections.abc import Sequence

from adapters.settings import BadSetting, Settings
from knowledge.errors import IndexUnavailable
from knowledge.index.lance import LanceEngine
from knowledge.index.places import Place
from knowledge.index.port import IndexEngine
from knowledge.index.weaviate.access import Access
from knowledge.index.weaviate.engine import WeaviateEngine
from knowledge.index.weaviate.keys import TenantKeys
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Address, Node
from knowledge.index.weaviate.tenant_line import TenantLines

_log = logging.getLogger(__name__)

LANCEDB = "lancedb"
WEAVIATE = "weaviate"


class Engines:
    """Makes each engine when it is first asked for, and keeps it."""

    def __init__(self, settings: Settings, model: str, dimension: int, keys: TenantKeys) -> None:
        """`model` and `dimension` of the embedder that is set up; `keys`: where tenants' keys are kept. Connect to nothing yet."""
        self._settings = settings
        self._made: dict[Place, IndexEngine] = {}
        self._weaviate = _Weaviate(settings, keys) if settings.weaviate_url else None
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

    async def access(self) -> Access:
        """Roles and keys in Weaviate, managed with the operations' key, once the collection of the model that is set up is there.

        Raises `BadSetting`, and `IndexUnavailable` with what to do about it.
        """
        if not (self._weaviate and self._weaviate.operations):
            raise BadSetting(
                "Set WEAVIATE_URL, and WEAVIATE_OPERATIONS_KEY to the key of somebody who may manage roles and users there: "
                "the first time, of one of its AUTHORIZATION_RBAC_ROOT_USERS."
            )
        engine = self._weaviate.engine(self.preferred)
        self._made[self.preferred] = engine
        await engine.prepare()
        return Access(self._weaviate.operations)

    def _make(self, place: Place) -> IndexEngine:
        if place.engine == LANCEDB:
            return LanceEngine(self._settings.home / "index", model=place.model, dimension=place.dimension)
        if place.engine == WEAVIATE and self._weaviate:
            return self._weaviate.engine(place)
        _log.error("an index is in %s, which is not set up here: set WEAVIATE_URL again, or move it while it is", place.engine)
        raise IndexUnavailable(IndexUnavailable.__doc__)  # whoever asks is no operator

    async def close(self) -> None:
        """Close all of them."""
        for engine in self._made.values():
            await engine.close()


class _Weaviate:
    """What leads to every node that the settings name, shared by the engines of all models."""

    def __init__(self, settings: Settings, keys: TenantKeys) -> None:
        nodes = [Node(Address(url, grpc), settings.weaviate_api_key or "") for url, grpc in settings.weaviate_nodes]
        self._line = Line(nodes)
        self._replicas = settings.weaviate_replicas
        self._tenant_lines = TenantLines(nodes, keys) if settings.weaviate_tenant_keys == "on" else None
        self.operations = self._line.known_as(settings.weaviate_operations_key) if settings.weaviate_operations_key else None

    def engine(self, place: Place) -> WeaviateEngine:
        return WeaviateEngine(
            self._line,
            model=place.model,
            dimension=place.dimension,
            replicas=self._replicas,
            operations=self.operations,
            tenant_lines=self._tenant_lines,
        )
