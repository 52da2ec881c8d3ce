"""The one client of Weaviate, behind time limits and a breaker.

The client alone waits up to 63 s for a server that is gone (`facts/engines.md` §3), and reports nearly all with one error.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.weaviate.breaker import Breaker, Open
from knowledge.index.weaviate.faults import fault, is_outage, raised

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.connect import ConnectionParams

_log = logging.getLogger(__name__)

_GRPC_PORT = 50051
_RECONNECT_MS = 1_000  # gRPC's own is up to two minutes: a server that is back would be gone for us


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things may take, the making of the connection included, in seconds."""

    read_s: float = 5.0
    write_s: float = 30.0
    indexing_s: float = 120.0  # until vectors are found: at 10,000 passages the server first builds another kind of index (7 s on 2 cores)


class Line:
    """Gives out the client for one call at a time, and turns what that raises into our errors."""

    def __init__(self, url: str, grpc: str, api_key: str, limits: Limits) -> None:
        """`grpc`: `host:port`; empty: the host of `url`, port 50051. Connects to nothing yet."""
        self.url = url
        self.grpc = grpc or f"{urlsplit(url).hostname}:{_GRPC_PORT}"
        self._api_key = api_key
        self.limits = limits
        self._breaker = Breaker()
        self._connecting = asyncio.Lock()
        self._client: WeaviateAsyncClient | None = None

    @asynccontextmanager
    async def reading(self) -> "AsyncIterator[WeaviateAsyncClient]":
        """The client, for one question to it. Raises `IndexUnavailable` and `IndexMissing` for whatever goes wrong within."""
        async with self._held(self.limits.read_s) as client:
            yield client

    @asynccontextmanager
    async def writing(self) -> "AsyncIterator[WeaviateAsyncClient]":
        """The same for one write to it, which may take longer."""
        async with self._held(self.limits.write_s) as client:
            yield client

    async def close(self) -> None:
        """Let go of the connections."""
        async with self._connecting:
            client, self._client = self._client, None
            if client:
                await client.close()

    @asynccontextmanager
    async def _held(self, limit_s: float) -> "AsyncIterator[WeaviateAsyncClient]":
        try:
            with self._breaker.passed(is_outage):
                async with asyncio.timeout(limit_s):
                    yield await self._connected()
        except Open as error:
            raise IndexUnavailable(IndexUnavailable.__doc__) from error
        except raised() as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> IndexUnavailable:
        """The error for whoever asked, who is no operator; the operator finds more in the log."""
        found = fault(error)
        if found.missing:
            return IndexMissing(IndexMissing.__doc__)
        _log.warning("Weaviate at %s: %s (%s: %s)", self.url, found.advice, type(error).__name__, error)
        return IndexUnavailable(IndexUnavailable.__doc__)

    async def _connected(self) -> "WeaviateAsyncClient":
        """The client, connected by whoever comes first: two at once would leave one connection open (weaviate-python-client#1499)."""
        if self._client is None:
            async with self._connecting:
                if self._client is None:
                    self._client = await self._connect()
        return self._client

    async def _connect(self) -> "WeaviateAsyncClient":
        await asyncio.to_thread(import_module, "weaviate")  # 2 s, so only where it is set up, and off the loop
        import weaviate
        from weaviate.auth import Auth
        from weaviate.config import AdditionalConfig, GrpcConfig, Timeout

        # It logs every object that Weaviate refuses, words and readers with it. We raise, which it does not.
        logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)
        reconnect = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", _RECONNECT_MS)]
        client = weaviate.WeaviateAsyncClient(
            _parameters(self.url, self.grpc),
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


def _parameters(url: str, grpc: str) -> "ConnectionParams":
    from weaviate.connect import ConnectionParams

    rest = urlsplit(url)
    secure = rest.scheme == "https"
    grpc_host, _, grpc_port = grpc.rpartition(":")
    return ConnectionParams.from_params(
        http_host=rest.hostname or "",
        http_port=rest.port or (443 if secure else 80),
        http_secure=secure,
        grpc_host=grpc_host,
        grpc_port=int(grpc_port),
        grpc_secure=secure,
    )
