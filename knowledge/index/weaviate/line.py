"""What connects us to the nodes of one Weaviate: asks one of them, and the next if that one is away."""

import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from knowledge.errors import IndexFull, IndexMissing, IndexUnavailable
from knowledge.index.weaviate.breaker import Open
from knowledge.index.weaviate.faults import Fault, advice, fault, is_outage, raised
from knowledge.index.weaviate.node import Address, Ask, Node, T

_log = logging.getLogger(__name__)

_PATIENCE_S = 1.5
"""While there is another node to ask. The client tries a killed one for a minute; and where the first of three has died, the first write
through one of the others may hang (v1.39.0)."""
_BUSY_S = 3.0
"""What a connection may take that an operator asks for: on a busy machine one that is not refused is made late, not never."""
_HOPE_S = 10.0
"""How long after the last answer of any node one is asked though its breaker says no: where one has died, others falter for a moment."""
_WARY_S = 120.0
"""How long a node that was away is asked last: until the others have brought it what was written meanwhile. They compare every half minute
(v1.39.0; 47 s were seen)."""


class Line:
    """Turns what the client raises into our errors.

    Whatever is asked here may be done twice: a node that did not answer in time may have done it before another is asked.
    """

    def __init__(self, nodes: Sequence[Node], patience_s: float = _PATIENCE_S) -> None:
        """`nodes`, one at least, hold the same, within the same limits. `patience_s`: how long one may take while there is another."""
        self.limits = nodes[0].limits
        self._nodes = nodes
        self._patience_s = patience_s
        self._at = 0  # whom to ask first: the one that answered last
        self._answered_at = -math.inf

    @property
    def address(self) -> Address:
        """Whom it asks first."""
        return self._nodes[self._at].address

    def each(self) -> "list[Line]":
        """A line to each of the nodes alone, over the connections of this one."""
        return [Line([node]) for node in self._nodes]

    def patient(self) -> "Line":
        """A line over the connections of this one that gives each node all its time: for what takes long wherever it is asked."""
        return Line(self._nodes, self.limits.write_s)

    def known_as(self, api_key: str) -> "Line":
        """A line to the same nodes by another key."""
        return Line([node.known_as(api_key) for node in self._nodes])

    async def read(self, ask: Ask[T]) -> T:
        """The answer to one question. Raises `IndexUnavailable` and its kinds for whatever goes wrong."""
        return await self._asked(ask, self.limits.read_s)

    async def write(self, ask: Ask[T]) -> T:
        """The same for one write, which may take longer."""
        return await self._asked(ask, self.limits.write_s)

    async def ensure_listening(self) -> None:
        """Raises `IndexUnavailable` if nobody takes calls over gRPC where it asks first: at once, not after all the time of a question."""
        if not await self._nodes[self._at].listens(_BUSY_S):
            raise IndexUnavailable(IndexUnavailable.__doc__) from ConnectionRefusedError(f"Nobody listens at {self.address.grpc}.")

    async def close(self) -> None:
        """Let go of the connections."""
        for node in self._nodes:
            await node.close()

    async def _asked(self, ask: Ask[T], limit_s: float) -> T:
        """One node with all patience. Of several, each in turn with little; if none answers, with all patience the first that listens."""
        if len(self._nodes) == 1:
            return await self._answer(0, ask, limit_s)
        for at in self._in_order():
            try:
                return await self._answer(at, ask, min(limit_s, self._patience_s))
            except IndexUnavailable as error:
                if not is_outage(error.__cause__ or error):
                    raise
        hoping = time.monotonic() - self._answered_at < _HOPE_S
        for at in self._in_order():
            if await self._nodes[at].listens():
                return await self._answer(at, ask, limit_s, even_if_open=hoping)
        raise IndexUnavailable(IndexUnavailable.__doc__)

    def _in_order(self) -> list[int]:
        """The one that answered last and its neighbours, but last those that were away a short while ago."""
        since = time.monotonic() - _WARY_S
        return sorted(
            range(len(self._nodes)), key=lambda at: (self._nodes[at].breaker.failed_at > since, (at - self._at) % len(self._nodes))
        )

    async def _answer(self, at: int, ask: Ask[T], limit_s: float, *, even_if_open: bool = False) -> T:
        node = self._nodes[at]
        try:
            answer = await node.asked(ask, limit_s, even_if_open=even_if_open)
        except Open as error:
            raise IndexUnavailable(IndexUnavailable.__doc__) from error
        except raised() as error:
            found = fault(error)
            if not found.missing:  # the operator is told; whoever asked is none
                _log.warning("Weaviate at %s: %s (%s: %s)", node.address.url, found.advice, type(error).__name__, error)
            raise _kind(found) from error
        self._at = at
        self._answered_at = time.monotonic()
        return answer


def _kind(found: Fault) -> IndexUnavailable:
    """The error for whoever asked."""
    if found.missing:
        return IndexMissing(IndexMissing.__doc__)
    return IndexFull(IndexFull.__doc__) if found.full else IndexUnavailable(IndexUnavailable.__doc__)


@contextmanager
def for_operators(line: Line, hint: str = "") -> Iterator[None]:
    """Say what is wrong and what to do about it; `hint` where something cannot be reached."""
    try:
        yield
    except IndexUnavailable as error:
        cause = error.__cause__ or error
        message = f"Weaviate at {line.address.url}: {advice(cause)}{hint if fault(cause).outage else ''}"
        raise IndexUnavailable(message) from error
