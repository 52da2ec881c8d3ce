"""A real Weaviate on loopback: one node, or several that hold everything together.

    with weaviate.running(folder, nodes=3) as cluster:
        cluster.nodes[1].kill()     # as `kill -9` does
        cluster.nodes[1].start()    # again, on what it had
        cluster.nodes[1].wait()     # until it answers

Environment and traps: `facts/engines.md` §1. What a node says goes to `node-N.log` in the folder; what it said last is in the error when it
does not start.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from knowledge.index.weaviate import WeaviateEngine
from knowledge.index.weaviate import node as client
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Limits
from tests.journeys.conftest import require

BINARY = Path(os.environ.get("FOOTNOTE_WEAVIATE", Path(__file__).parents[2] / ".tools/bin/weaviate-server"))
KEY = "key-of-the-application"
"""The API key of the user that may do everything."""
READER_KEY = "key-of-somebody-who-may-do-nothing"
"""The API key of a user without any role."""
MARKS = (pytest.mark.sockets, pytest.mark.enable_socket)
_PATIENCE_S = 60.0
_POLL_S = 0.05
_LAST_WORDS = 3000  # characters of a log


class Ports(NamedTuple):
    """The ports of one node, one after the other."""

    rest: int
    grpc: int
    gossip: int
    data: int
    raft: int
    raft_internal: int  # must follow `raft`, or the node stays at 503
    profiling: int
    metrics: int


class Node:
    """One process of Weaviate, on its own folder and ports."""

    def __init__(self, folder: Path, number: int, ports: Sequence[Ports], extra: dict[str, str]) -> None:
        """Node `number` of as many as there are ports. Not started yet."""
        self._folder = folder
        self._number = number
        self._all = ports
        self.extra = extra
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ports(self) -> Ports:
        return self._all[self._number]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.rest}"

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self.ports.grpc}"

    @property
    def address(self) -> client.Address:
        return client.Address(self.url, self.grpc)

    @property
    def log(self) -> Path:
        return self._folder / f"node-{self._number}.log"

    @property
    def data(self) -> Path:
        return self._folder / f"node-{self._number}"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Start it; does not wait until it answers."""
        command = [str(BINARY), "--scheme", "http", "--host", "127.0.0.1", "--port", str(self.ports.rest)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, env=self._environment(), stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until it answers. Fails with its last words if it ends, or takes longer than a minute."""
        deadline = time.monotonic() + _PATIENCE_S
        while not _answers(f"{self.url}/v1/.well-known/ready"):
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Weaviate did not start: {self.log.read_text()[-_LAST_WORDS:]}")
            time.sleep(_POLL_S)

    def kill(self) -> None:
        """End it at once and leave it no time for anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an operator does; kill it if that takes longer than ten seconds."""
        try:
            self._end(signal.SIGTERM)
        except subprocess.TimeoutExpired:
            self.kill()

    def pause(self) -> None:
        """Let it hang: it keeps its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(10)
        self._process = None

    def _environment(self) -> dict[str, str]:
        ports, first = self.ports, self._all[0]
        alone = len(self._all) == 1
        return {
            "PATH": os.defpath,
            "PERSISTENCE_DATA_PATH": str(self.data),
            "CLUSTER_HOSTNAME": _name(self._number),
            "CLUSTER_IN_LOCALHOST": "true",
            "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
            "CLUSTER_GOSSIP_BIND_PORT": str(ports.gossip),
            "CLUSTER_DATA_BIND_PORT": str(ports.data),
            "RAFT_PORT": str(ports.raft),
            "RAFT_INTERNAL_RPC_PORT": str(ports.raft_internal),
            "RAFT_JOIN": ",".join(f"{_name(number)}:{one.raft}" for number, one in enumerate(self._all)),
            "RAFT_BOOTSTRAP_EXPECT": str(len(self._all)),
            "RAFT_DRAIN_SLEEP": "1ms",
            "RAFT_TIMEOUTS_MULTIPLIER": "1",
            "MEMBERLIST_FAST_FAILURE_DETECTION": "true",
            **({} if alone or self._number == 0 else {"CLUSTER_JOIN": f"127.0.0.1:{first.gossip}"}),
            "GRPC_PORT": str(ports.grpc),
            "GO_PROFILING_PORT": str(ports.profiling),
            "PROMETHEUS_MONITORING_PORT": str(ports.metrics),
            "AUTHENTICATION_APIKEY_ENABLED": "true",
            "AUTHENTICATION_APIKEY_ALLOWED_KEYS": f"{KEY},{READER_KEY}",
            "AUTHENTICATION_APIKEY_USERS": "application,stranger",
            "AUTHORIZATION_RBAC_ENABLED": "true",
            "AUTHORIZATION_RBAC_ROOT_USERS": "application",
            "DEFAULT_VECTORIZER_MODULE": "none",
            "API_BASED_MODULES_DISABLED": "true",
            "AUTOSCHEMA_ENABLED": "false",
            "QUERY_BATCHED_CONTAINS_ENABLED": "true",
            "ASYNC_INDEXING": "true",
            "QUEUE_SCHEDULER_INTERVAL": "20ms",  # how often vectors are taken from their queue: once a second otherwise
            "ASYNC_INDEXING_STALE_TIMEOUT": "10ms",
            "DISABLE_TELEMETRY": "true",
            "LOG_LEVEL": "warning",
            "GOMEMLIMIT": "2GiB",
            **self.extra,
        }


class Cluster(NamedTuple):
    """Nodes that know each other."""

    nodes: Sequence[Node]

    def engine(
        self, model: str, dimension: int, *, at: Sequence[int] = (0,), key: str = KEY, limits: Limits | None = None
    ) -> WeaviateEngine:
        """An engine that asks the nodes `at`, the first of them first; what it makes is kept on every node."""
        line = Line([client.Node(self.nodes[number].address, key, limits) for number in at])
        return WeaviateEngine(line, model=model, dimension=dimension, replicas=len(self.nodes))


@contextmanager
def running(folder: Path, nodes: int = 1, **extra: str) -> Iterator[Cluster]:
    """As many nodes, started and answering; stopped afterwards, whatever happened. `extra` is added to their environment."""
    require("weaviate", BINARY, "run `make weaviate`")
    ports = _free_ports(nodes)
    cluster = Cluster([Node(folder, number, ports, extra) for number in range(nodes)])
    with ExitStack() as started:
        for node in cluster.nodes:
            started.callback(node.stop)
            node.start()
        for node in cluster.nodes:
            node.wait()
        yield cluster


def _name(number: int) -> str:
    return f"weaviate-{number}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_ports(nodes: int) -> list[Ports]:
    """Neighbours that nobody listens on, below those that the system hands out itself."""
    size = len(Ports._fields)
    blocks = (range(start, start + size) for start in range(20_000 + os.getpid() % 1_000 * size, 32_000, size))
    free = (Ports(*block) for block in blocks if all(map(_is_free, block)))
    return [next(free) for _ in range(nodes)]


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
