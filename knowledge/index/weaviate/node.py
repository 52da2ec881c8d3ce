"""One node of Weaviate: its client, behind time limits and a breaker.

The client alone waits up to 63 s for a server that is gone (`facts/engines.md` §3).
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

from knowledge.index.weaviate.breaker import Breaker
from knowledge.index.weaviate.faults import is_outage

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.connect import ConnectionParams

T = TypeVar("T")
Ask = Callable[["WeaviateAsyncClient"], Awaitable[T]]

_LISTENING_S = 0.5
_RECONNECT_MS = 1_000  # gRPC's own is up to two minutes: a server that is back would be gone for us


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long one node may take, the making of the connection included, in seconds."""

    read_s: float = 5.0
    write_s: float = 30.0
    indexing_s: float = 120.0  # until vectors are found: at 10,000 passages the server first builds another kind of index (7 s on 2 cores)


class Address(NamedTuple):
    """Where one node answers."""

    url: str  # `http://host:8080`
    grpc: str  # `host:50051`


class Node:
    """The one client of one node."""

    def __init__(self, address: Address, api_key: str = "", limits: Limits | None = None, breaker: Breaker | None = None) -> None:
        """An empty key is not sent. Connects to nothing yet."""
        self.address = address
        self.limits = limits or Limits()
        self.breaker = breaker or Breaker()
        self._api_key = api_key
        self._connecting = asyncio.Lock()
        self._client: WeaviateAsyncClient | None = None

    def known_as(self, api_key: str) -> "Node":
        """The same node by another key, over a client of its own. Whether it is there is the same for both: they share the breaker."""
        return Node(self.address, api_key, self.limits, self.breaker)

    async def asked(self, ask: Ask[T], limit_s: float, *, even_if_open: bool = False) -> T:
        """Its answer. Raises `breaker.Open`, unless `even_if_open`, and what the client raises: `faults.raised`."""
        await _load()
        with self.breaker.passed(is_outage, even_if_open=even_if_open):
            async with asyncio.timeout(limit_s):
                if self.breaker.is_failing and not await self.listens():
                    raise ConnectionRefusedError(f"Nobody listens at {self.address.grpc}.")
                return await ask(await self._connected())

    async def listens(self, within_s: float = _LISTENING_S) -> bool:
        """Whether somebody takes calls at its gRPC port, within so many seconds; that nobody does, the client would try for a minute."""
        host, _, port = self.address.grpc.rpartition(":")
        try:
            async with asyncio.timeout(within_s):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            return False
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True

    async def close(self) -> None:
        """Let go of the connection; asked again, it makes a new one."""
        async with self._connecting:
            client, self._client = self._client, None
            if client:
                await client.close()

    async def _connected(self) -> "WeaviateAsyncClient":
        """The client, connected by whoever comes first: two at once would leave one connection open (weaviate-python-client#1499)."""
        if self._client is None:
            async with self._connecting:
                if self._client is None:
                    self._client = await self._connect()
        return self._client

    async def _connect(self) -> "WeaviateAsyncClient":
        import weaviate
        from weaviate.auth import Auth
        from weaviate.config import AdditionalConfig, GrpcConfig, Timeout

        # It logs every object that Weaviate refuses, words and readers with it. We raise, which it does not.
        logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)
        reconnect = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", _RECONNECT_MS)]
        client = weaviate.WeaviateAsyncClient(
            _parameters(self.address),
            auth_client_secret=Auth.api_key(self._api_key) if self._api_key else None,
            additional_config=AdditionalConfig(
                timeout=Timeout(query=self.limits.read_s, insert=self.limits.write_s, init=self.limits.read_s),
                grpc_config=GrpcConfig(channel_options=reconnect),
            ),
            skip_init_checks=True,  # they ask PyPI for a newer version
        )
        try:
            await client.connect()
        except BaseException:
            await client.close()
            raise
        return client


async def _load() -> None:
    """Import the client: 2 s, so only where it is set up, off the loop, and not on the node's time."""
    if "weaviate" not in sys.modules:
        await asyncio.to_thread(import_module, "weaviate")


def _parameters(address: Address) -> "ConnectionParams":
    from weaviate.connect import ConnectionParams

    rest = urlsplit(address.url)
    secure = rest.scheme == "https"
    grpc_host, _, grpc_port = address.grpc.rpartition(":")
    return ConnectionParams.from_params(
        http_host=rest.hostname or "",
        http_port=rest.port or (443 if secure else 80),
        http_secure=secure,
        grpc_host=grpc_host,
        grpc_port=int(grpc_port),
        grpc_secure=secure,
    )
