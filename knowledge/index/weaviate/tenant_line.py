"""A line for each tenant, over a key that reaches its passages and no other's: a mistake of ours in a name is refused by the server."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.weaviate.access import Access, tenant_role
from knowledge.index.weaviate.faults import is_stranger
from knowledge.index.weaviate.keys import TenantKeys
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Ask, Node, T
from tenancy.viewer import TenantId

_log = logging.getLogger(__name__)

MOST_OPEN = 64  # tenants, in one process: each has a client for every node
_SETTLED_S = 5.0  # other nodes know of a new key within a moment
_POLL_S = 0.02


class _KeyedLine(Line):
    """A line over one key. Once it was left, its connections are closed whenever nobody waits for an answer over them."""

    def __init__(self, nodes: Sequence[Node], patience_s: float | None = None, whole: "_KeyedLine | None" = None) -> None:
        """`whole`: the line whose connections these are, if it is not this one."""
        super().__init__(nodes)
        self._patience_s = patience_s or self._patience_s
        self._whole = whole or self
        self.is_left = False
        self.waiting = 0

    def each(self) -> list[Line]:
        """As `Line` has it; who waits there waits here."""
        return [_KeyedLine([node], whole=self._whole) for node in self._nodes]

    def patient(self) -> Line:
        """As `Line` has it; who waits there waits here."""
        return _KeyedLine(self._nodes, self.limits.write_s, self._whole)

    async def asked(self, ask: Ask[T], limit_s: float) -> T:
        """The answer, within `limit_s` from one node."""
        return await self._asked(ask, limit_s)

    async def leave(self) -> None:
        """Let go of the connections as soon as nobody waits."""
        self.is_left = True
        if not self.waiting:
            await self.close()

    async def _asked(self, ask: Ask[T], limit_s: float) -> T:
        whole = self._whole
        whole.waiting += 1
        try:
            return await super()._asked(ask, limit_s)
        finally:
            whole.waiting -= 1
            if whole.is_left and not whole.waiting:
                await whole.close()


class OpenLines:
    """The tenants' lines that may have connections: no more than `MOST_OPEN`, and those that are in the middle of a call."""

    def __init__(self) -> None:
        """None yet."""
        self._lines: dict[TenantLine, None] = {}  # the one that was asked last comes last

    async def add(self, line: "TenantLine") -> None:
        """It is asked now. Closes others for it, those that were asked longest ago."""
        self._lines.pop(line, None)
        self._lines[line] = None
        await self.trim()

    async def trim(self) -> None:
        """Close those that are too many; a line that is asked again connects again."""
        surplus = max(0, len(self._lines) - MOST_OPEN)
        idle = [line for line in self._lines if not line.calls][:surplus] if surplus else []
        for line in idle:
            del self._lines[line]
        for line in idle:
            await line.rest()


class TenantLine(Line):
    """A line over a key that is made anew, once for each call, when the server does not know it any more."""

    def __init__(self, nodes: Sequence[Node], other_key: Callable[[str | None], Awaitable[str]], open_lines: OpenLines) -> None:
        """To the same nodes. `other_key` gives a key that is not the one it is told of. To be used once it is `ready`."""
        super().__init__([node.known_as("") for node in nodes])
        self.calls = 0  # under way
        self._line = _KeyedLine(self._nodes)
        self._other_key = other_key
        self._open_lines = open_lines
        self._key: str | None = None
        self._renewing = asyncio.Lock()
        self._is_removed = False

    def each(self) -> list[Line]:
        """With the key that it has now."""
        return self._line.each()

    def patient(self) -> Line:
        """With the key that it has now."""
        return self._line.patient()

    async def ready(self) -> None:
        """Have a key. Raises `IndexMissing` once the tenant was removed."""
        if self._key is None or self._is_removed:
            await self._renew(self._key)

    async def rest(self) -> None:
        """Let go of the connections as soon as nobody waits for an answer; asked again, it makes new ones."""
        await self._go_on_with(self._key)

    async def remove(self) -> None:
        """Never ask again, nor make a key. Returns when none is being made."""
        self._is_removed = True
        async with self._renewing:
            await self.rest()

    async def close(self) -> None:
        """Let go of the connections at once."""
        await self._line.close()

    async def _asked(self, ask: Ask[T], limit_s: float) -> T:
        self.calls += 1
        try:
            await self._open_lines.add(self)
            return await self._answered(ask, limit_s)
        finally:
            self.calls -= 1
            await self._open_lines.trim()

    async def _answered(self, ask: Ask[T], limit_s: float) -> T:
        self._insist()
        key = self._key
        try:
            return await self._line.asked(ask, limit_s)
        except IndexUnavailable as error:
            if not is_stranger(error.__cause__ or error):
                raise
        await self._renew(key)
        self._insist()
        return await self._line.asked(ask, limit_s)

    async def _renew(self, refused: str | None) -> None:
        async with self._renewing:
            self._insist()
            if self._key == refused:  # else it was done while this one waited
                await self._go_on_with(await self._other_key(refused))

    async def _go_on_with(self, key: str | None) -> None:
        left, self._key = self._line, key
        self._line = _KeyedLine([node.known_as(key or "") for node in self._nodes])
        await left.leave()

    def _insist(self) -> None:
        """That the tenant was not removed: a key that is made for a late call would be nobody's to remove."""
        if self._is_removed:
            raise IndexMissing(IndexMissing.__doc__)


class TenantLines:
    """The lines of all tenants."""

    def __init__(self, nodes: Sequence[Node], keys: TenantKeys) -> None:
        """`nodes`: asked with the application's key, which makes and removes the tenants'; `keys` keeps those. Connects to nothing yet."""
        self._nodes = nodes
        self._keys = keys
        self._line = Line(nodes)
        self._access = Access(self._line)
        self._lines: dict[TenantId, TenantLine] = {}
        self._open = OpenLines()

    async def to(self, tenant: TenantId) -> Line:
        """The tenant's line, with a key that is made if it has none."""
        if tenant not in self._lines:
            self._lines[tenant] = TenantLine(self._nodes, lambda refused: self._key(tenant, refused), self._open)
        line = self._lines[tenant]
        await line.ready()
        return line

    async def rest(self, tenant: TenantId) -> None:
        """Close the tenant's connections as soon as nobody waits for an answer; asked again, it makes new ones."""
        if tenant in self._lines:
            await self._lines[tenant].rest()

    async def remove(self, tenant: TenantId) -> None:
        """Remove the tenant's key, wherever it is. Whoever still has a line to the tenant is told that its index is gone."""
        line = self._lines.pop(tenant, None)
        if line:
            await line.remove()
        await self._access.remove_tenant(tenant)
        await self._keys.forget(tenant)

    async def check(self) -> None:
        """See whether keys can be made. Raises `IndexUnavailable` if not."""
        await self._access.check_tenant_keys()

    async def close(self) -> None:
        """Close all connections."""
        for line in list(self._lines.values()):
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
