"""A line for each tenant, over a key that reaches its passages and no other's: a mistake of ours in a name is refused by the server."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from knowledge.errors import IndexUnavailable
from knowledge.index.weaviate.access import Access, tenant_role
from knowledge.index.weaviate.faults import is_stranger
from knowledge.index.weaviate.keys import TenantKeys
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Ask, Node, T
from tenancy.viewer import TenantId

_log = logging.getLogger(__name__)

_SETTLED_S = 5.0  # other nodes know of a new key within a moment
_POLL_S = 0.02


class TenantLine(Line):
    """A line over a key that is made anew, once for each call, when the server does not know it any more."""

    def __init__(self, nodes: Sequence[Node], other_key: Callable[[str | None], Awaitable[str]]) -> None:
        """To the same nodes. `other_key` gives a key that is not the one it is told of. To be used once it is `ready`."""
        super().__init__([node.known_as("") for node in nodes])
        self._left: list[Node] = []  # closed at the end: somebody may still wait for their refusal
        self._other_key = other_key
        self._key: str | None = None
        self._renewing = asyncio.Lock()

    async def ready(self) -> None:
        """Have a key."""
        if self._key is None:
            await self._renew(None)

    async def close(self) -> None:
        """Let go of the connections."""
        for node in self._left:
            await node.close()
        await super().close()

    async def _asked(self, ask: Ask[T], limit_s: float) -> T:
        key = self._key
        try:
            return await super()._asked(ask, limit_s)
        except IndexUnavailable as error:
            if not is_stranger(error.__cause__ or error):
                raise
        await self._renew(key)
        return await super()._asked(ask, limit_s)

    async def _renew(self, refused: str | None) -> None:
        async with self._renewing:
            if self._key != refused:
                return  # done while this one waited
            key = await self._other_key(refused)
            self._left.extend(self._nodes)
            self._key, self._nodes = key, [node.known_as(key) for node in self._nodes]


class TenantLines:
    """The lines of all tenants."""

    def __init__(self, nodes: Sequence[Node], keys: TenantKeys) -> None:
        """`nodes`: asked with the application's key, which makes and removes the tenants'; `keys` keeps those. Connects to nothing yet."""
        self._nodes = nodes
        self._keys = keys
        self._line = Line(nodes)
        self._access = Access(self._line)
        self._lines: dict[TenantId, TenantLine] = {}

    async def to(self, tenant: TenantId) -> Line:
        """The tenant's line, with a key that is made if it has none."""
        line = self._lines.setdefault(tenant, TenantLine(self._nodes, lambda refused: self._key(tenant, refused)))
        await line.ready()
        return line

    async def rest(self, tenant: TenantId) -> None:
        """Close the tenant's connections; asked again, it makes new ones."""
        if tenant in self._lines:
            await self._lines[tenant].close()

    async def remove(self, tenant: TenantId) -> None:
        """Remove the tenant's key, wherever it is."""
        await self.rest(tenant)
        self._lines.pop(tenant, None)
        await self._access.remove_tenant(tenant)
        await self._keys.forget(tenant)

    async def check(self) -> None:
        """See whether keys can be made. Raises `IndexUnavailable` if not."""
        await self._access.check_tenant_keys()

    async def close(self) -> None:
        """Close all connections."""
        for line in self._lines.values():
            await line.close()

    async def _key(self, tenant: TenantId, refused: str | None) -> str:
        return await self._keys.key(tenant, refused, lambda: self._made(tenant))

    async def _made(self, tenant: TenantId) -> str:
        """A new key, known to every node that is there."""
        _log.info("Weaviate is asked for a new key of tenant %s", tenant)
        key = await self._access.new_tenant_key(tenant)
        line = self._line.known_as(key)
        settled_at = time.monotonic() + _SETTLED_S
        try:
            for node in line.each():
                while not await _is_known(node, tenant_role(tenant)) and time.monotonic() < settled_at:  # noqa: ASYNC110 - another machine's
                    await asyncio.sleep(_POLL_S)
        finally:
            await line.close()
        return key


async def _is_known(node: Line, role: str) -> bool:
    """Whether the node knows the key and its role. One that is away learns of them when it is back."""
    try:
        return role in (await node.read(lambda client: client.users.get_my_user())).roles
    except IndexUnavailable as error:
        return not is_stranger(error.__cause__ or error)
