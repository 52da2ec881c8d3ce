"""Makes, opens, rests and removes the tenants of one collection."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.weaviate.faults import fault
from knowledge.index.weaviate.line import Line, for_operators
from knowledge.index.weaviate.schema import PREFIX, collection_name, definition, differences
from knowledge.index.weaviate.tenant import WeaviateIndex
from knowledge.index.weaviate.tenant_line import TenantLines
from knowledge.waiting import both
from tenancy.viewer import TenantId

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.collections import CollectionAsync
    from weaviate.collections.tenants import _TenantsAsync

KNOWN_FOR_S = 5.0
"""How long a tenant is taken to be there without asking; a search finds out earlier if it is not."""
_POLL_S = 0.02
_GLANCE_S = 0.5
_SETTLED_S = 3.0  # what was removed is gone from every node within a moment
_ENOUGH = 3  # copies: one may be away and the others agree
_NOBODY = "-"  # no tenant of ours is called so


class WeaviateEngine:
    """One collection of one Weaviate: the passages embedded with one model, a tenant for each of ours."""

    def __init__(
        self,
        line: Line,
        *,
        model: str,
        dimension: int,
        replicas: int = 1,
        operations: Line | None = None,
        tenant_lines: TenantLines | None = None,
    ) -> None:
        """Over `line`, which several engines may share. Connects to nothing yet.

        `replicas`: on how many nodes a collection made here is kept. Writes wait for more than half of them, reads ask one.
        `operations`: what the collection is made over; absent: over `line`. `tenant_lines`: what each tenant's passages are read and
        written over; absent: over `line`. Tenants are made and removed over `line`.
        """
        self._line = line
        self._operations = operations or line
        self._tenant_lines = tenant_lines
        self._name = collection_name(model, dimension)
        self._dimension = dimension
        self._replicas = replicas
        self._known: dict[TenantId, float] = {}  # until when
        self._indexes: dict[TenantId, WeaviateIndex] = {}

    async def create(self, tenant: TenantId) -> None:
        """Make the tenant, and the collection if it is the first. Returns once the node that is asked has it.

        And has it empty: of several nodes, one may for a moment still have a tenant of that name that was removed just before.
        """
        if await self._is_there(tenant):
            return await self._know(tenant)

        async def make(client: "WeaviateAsyncClient") -> None:
            await _tenants(client, self._name).create(tenant)
            began = time.monotonic()
            while (held := await _passages(client, self._name, tenant)) != 0:
                if held and time.monotonic() - began > _SETTLED_S:
                    return  # somebody else has made it too, and has put passages there
                await asyncio.sleep(_POLL_S)

        await self._ensure_collection()
        await self._line.write(make)
        return await self._know(tenant)

    async def open(self, tenant: TenantId) -> WeaviateIndex:
        """The tenant's index. Asks the server once in `KNOWN_FOR_S`. Raises `IndexMissing`."""
        if self._known.get(tenant, 0) < time.monotonic():
            if not await self._is_there(tenant):
                self._forget(tenant)
                raise IndexMissing(IndexMissing.__doc__)
            await self._know(tenant)
        return self._indexes[tenant]

    async def rest(self, tenant: TenantId) -> None:
        """Let the server close the tenant's files. The next search or write opens them again."""
        if await self._is_there(tenant):
            await self._line.write(lambda client: _tenants(client, self._name).deactivate(tenant))
            if self._tenant_lines:
                await self._tenant_lines.rest(tenant)

    async def drop(self, tenant: TenantId) -> None:
        """Remove the tenant of this model, and its key if it has no other index here."""
        await self._remove(tenant, self._name)
        if self._tenant_lines and not [name for name in await self._collections() if await self._is_there(tenant, name)]:
            await self._tenant_lines.remove(tenant)

    async def purge(self, tenant: TenantId) -> None:
        """Remove the tenant of every model and version, and its key."""
        for name in await self._collections():
            await self._remove(tenant, name)
        if self._tenant_lines:
            await self._tenant_lines.remove(tenant)

    async def prepare(self) -> None:
        """Make the collection if it is not there, for an operator. Raises `IndexUnavailable` with what to do about it."""
        with for_operators(self._operations):
            await self._ensure_collection()

    async def check(self) -> str:
        """Whether it is there, knows us, answers on both ports, and has its collection as we make it; made now if it is not there yet.

        One node that serves us is enough; what is wrong with others is said.
        """
        nodes = self._line.each()
        looked = await asyncio.gather(*map(self._checked, nodes), return_exceptions=True)
        found = [one for one in looked if isinstance(one, str)]
        wrong = [str(one) for one in looked if isinstance(one, IndexUnavailable)]
        for one in looked:
            if isinstance(one, BaseException) and not (found and isinstance(one, IndexUnavailable)):
                raise one
        if self._replicas < min(len(nodes), _ENOUGH):
            wrong.append(f"WEAVIATE_REPLICAS is {self._replicas}, so what is on a node that dies is away with it.")
        if self._operations is not self._line:  # nothing else asks with their key as long as the collection is there
            with for_operators(self._operations):
                await self._operations.read(lambda client: client.collections.exists(self._name))
        return " ".join([", ".join(found), *(f"But: {one}" for one in wrong)])

    async def close(self) -> None:
        """Close the connections."""
        self._known.clear()
        self._indexes.clear()
        if self._tenant_lines:
            await self._tenant_lines.close()
        await self._operations.close()
        await self._line.close()

    async def _checked(self, node: Line) -> str:
        """Over both ports at once: what asks for this waits for few seconds only, and the server may be slow."""
        with for_operators(node):
            version, found = await asyncio.gather(node.read(_version), self._definition(node), return_exceptions=True)
            if isinstance(version, BaseException):
                raise version
        with for_operators(node, f" It answers over REST; for gRPC it is asked at {node.address.grpc}."):
            if isinstance(found, BaseException):
                raise found
            if self._tenant_lines:
                await self._tenant_lines.check()
        changed = differences(definition(self._name, self._replicas), found)
        if changed:
            message = (
                f"Weaviate at {node.address.url}: somebody changed the collection {self._name}: {'; '.join(changed)}. Change it back; "
                "where Weaviate does not let you, remove the collection: every index is then built again from what is kept."
            )
            raise IndexUnavailable(message)
        return f"Weaviate {version} at {node.address.url}"

    async def _ensure_collection(self) -> None:
        from weaviate.exceptions import UnexpectedStatusCodeError

        async def make(client: "WeaviateAsyncClient") -> None:
            if await client.collections.exists(self._name):
                return
            try:
                await client.collections.create_from_dict(definition(self._name, self._replicas))
            except UnexpectedStatusCodeError:
                if not await client.collections.exists(self._name):  # else another process was quicker
                    raise

        await self._operations.write(make)

    async def _collections(self) -> list[str]:
        """All that are ours, of every model and version."""
        return [name for name in await self._line.read(lambda client: client.collections.list_all()) if name.startswith(PREFIX)]

    async def _is_there(self, tenant: TenantId, name: str | None = None) -> bool:
        """Asks over both ports: gRPC alone shows a key without rights no tenants, and REST alone does not show that gRPC is shut."""

        async def ask(client: "WeaviateAsyncClient") -> bool:
            tenants = _tenants(client, name or self._name)
            found, _ = await both(tenants.get_by_name(tenant), tenants.get_by_names([_NOBODY]))
            return found is not None

        try:
            return await self._line.read(ask)
        except IndexMissing:  # not even the collection
            return False

    async def _remove(self, tenant: TenantId, name: str) -> None:
        """Wake it first: of a tenant removed while it rests, files may stay, and come back with its name (weaviate#8889)."""
        self._forget(tenant)

        async def remove(client: "WeaviateAsyncClient") -> None:
            tenants = _tenants(client, name)
            await _wake(tenants, tenant)
            await tenants.remove(tenant)
            while await tenants.get_by_name(tenant):  # noqa: ASYNC110 - what it looks at is outside this process
                await asyncio.sleep(_POLL_S)

        with suppress(IndexMissing):  # there is no such collection
            await self._line.write(remove)

    async def _definition(self, node: Line) -> Mapping[str, Any]:
        """The collection as it is, made if it is not there. Asks over gRPC too, as a search does."""

        async def ask(client: "WeaviateAsyncClient") -> Mapping[str, Any]:
            collection = client.collections.use(self._name)
            found, _ = await both(collection.config.get(), _nothing(collection))
            return found.to_dict()

        await node.ensure_listening()
        try:
            return await node.read(ask)
        except IndexMissing:
            await self._ensure_collection()
            return await node.read(ask)

    async def _know(self, tenant: TenantId) -> None:
        if tenant not in self._indexes:
            line = await self._tenant_lines.to(tenant) if self._tenant_lines else self._line
            self._indexes[tenant] = WeaviateIndex(line, self._name, tenant, self._dimension, self._forget)
        self._known[tenant] = time.monotonic() + KNOWN_FOR_S

    def _forget(self, tenant: TenantId) -> None:
        self._known.pop(tenant, None)
        self._indexes.pop(tenant, None)


async def _nothing(collection: "CollectionAsync[Any, Any]") -> None:
    """Search where nobody is: the server says so, or else what keeps it from searching anywhere."""
    from weaviate.exceptions import WeaviateQueryError

    try:
        await collection.with_tenant(_NOBODY).query.fetch_objects(limit=1)
    except WeaviateQueryError as error:
        if not fault(error).missing:
            raise


async def _version(client: "WeaviateAsyncClient") -> str:
    version: str = (await client.get_meta())["version"]
    return version


def _tenants(client: "WeaviateAsyncClient", name: str) -> "_TenantsAsync":
    return client.collections.use(name).tenants


async def _passages(client: "WeaviateAsyncClient", name: str, tenant: TenantId) -> int | None:
    """How many passages the node that is asked knows of; None if it does not know the tenant yet.

    In that moment it may also ask another node, and wait for one that is down; asked again, it knows better.
    """
    from weaviate.exceptions import WeaviateQueryError

    try:
        async with asyncio.timeout(_GLANCE_S):
            found = await client.collections.use(name).with_tenant(tenant).aggregate.over_all(total_count=True)
    except TimeoutError:
        return None
    except WeaviateQueryError as error:
        if fault(error).missing:
            return None
        raise
    return found.total_count


async def _wake(tenants: "_TenantsAsync", tenant: TenantId) -> None:
    """Wait until it is awake, if it is there at all."""
    from weaviate.classes.tenants import TenantActivityStatus

    while (found := await tenants.get_by_name(tenant)) and found.activity_status is not TenantActivityStatus.ACTIVE:
        await tenants.activate(tenant)
