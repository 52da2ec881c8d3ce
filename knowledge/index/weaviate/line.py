"""What connects us to the nodes of one Weaviate: asks one of them, and the next if that one is away."""

import logging
from collections.abc import Sequence

from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.weaviate.breaker import Open
from knowledge.index.weaviate.faults import fault, is_outage, raised
from knowledge.index.weaviate.node import Address, Ask, Node, T

_log = logging.getLogger(__name__)

_PATIENCE_S = 1.5
"""While there is another node to ask. The client tries a killed one for a minute; and where the first of three has died, the first write
through one of the others may hang (v1.39.0)."""


class Line:
    """Turns what the client raises into our errors.

    Whatever is asked here may be done twice: a node that did not answer in time may have done it before another is asked.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        """`nodes`, one at least, hold the same, within the same limits."""
        self.limits = nodes[0].limits
        self._nodes = nodes
        self._at = 0  # whom to ask first: the one that answered last

    @property
    def address(self) -> Address:
        """Whom it asks first."""
        return self._nodes[self._at].address

    def each(self) -> "list[Line]":
        """A line to each of the nodes alone, over the connections of this one."""
        return [Line([node]) for node in self._nodes]

    async def read(self, ask: Ask[T]) -> T:
        """The answer to one question. Raises `IndexUnavailable` and `IndexMissing` for whatever goes wrong."""
        return await self._asked(ask, self.limits.read_s)

    async def write(self, ask: Ask[T]) -> T:
        """The same for one write, which may take longer."""
        return await self._asked(ask, self.limits.write_s)

    async def close(self) -> None:
        """Let go of the connections."""
        for node in self._nodes:
            await node.close()

    async def _asked(self, ask: Ask[T], limit_s: float) -> T:
        first = self._at
        for number in range(len(self._nodes)):
            at = (first + number) % len(self._nodes)
            last = number == len(self._nodes) - 1
            try:
                answer = await self._nodes[at].asked(ask, limit_s if last else min(limit_s, _PATIENCE_S))
            except Open as error:
                problem: Exception = error
            except raised() as error:
                problem = error
                self._log(at, error)
                if not is_outage(error):
                    break
            else:
                self._at = at
                return answer
        missing = fault(problem).missing
        raise (IndexMissing(IndexMissing.__doc__) if missing else IndexUnavailable(IndexUnavailable.__doc__)) from problem

    def _log(self, at: int, error: Exception) -> None:
        """Tell the operator; whoever asked is none."""
        found = fault(error)
        if not found.missing:
            _log.warning("Weaviate at %s: %s (%s: %s)", self._nodes[at].address.url, found.advice, type(error).__name__, error)
