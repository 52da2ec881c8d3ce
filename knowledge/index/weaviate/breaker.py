"""A circuit breaker: after several calls in a row that came to nothing, the next ones fail at once, until one gets through."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FAILURES = 3  # in a row; one or two are a node that has just gone away, and the next call finds another
PAUSE_S = 5.0


class Open(Exception):
    """Nothing is asked just now: the last calls came to nothing."""


class Breaker:
    """Counts what came to nothing. One for each server; all calls to it go through."""

    def __init__(self, *, failures: int = FAILURES, pause_s: float = PAUSE_S, clock: Callable[[], float] = time.monotonic) -> None:
        """Open after `failures` in a row; let one call through every `pause_s` from then on."""
        self._limit = failures
        self._pause_s = pause_s
        self._clock = clock
        self.failed_at = -math.inf  # when the last failure was
        self._failures = 0
        self._answers = 0
        self._next_try = 0.0  # while open: when one may be let through

    @property
    def is_failing(self) -> bool:
        """Whether the last call came to nothing."""
        return self._failures > 0

    @contextmanager
    def passed(self, failure: Callable[[Exception], bool], *, even_if_open: bool = False) -> Iterator[None]:
        """Let a call through, or raise `Open`. What it raises counts as a failure if `failure` says so, else as an answer.

        A call that is cancelled says nothing of the server; nor does one that failed after a later one was answered.
        """
        self._enter(even_if_open=even_if_open)
        answers = self._answers
        try:
            yield
        except Exception as error:
            failed = failure(error)
            if not failed or answers == self._answers:
                self._count(failed=failed)
            raise
        self._count(failed=False)

    def _enter(self, *, even_if_open: bool) -> None:
        if self._failures < self._limit or even_if_open:
            return
        if self._clock() < self._next_try:
            raise Open
        self._next_try = self._clock() + self._pause_s  # this one is the probe: whoever comes meanwhile is told at once

    def _count(self, *, failed: bool) -> None:
        self._failures = self._failures + 1 if failed else 0
        self._answers += not failed
        if failed:
            self.failed_at = self._clock()
            self._next_try = self.failed_at + self._pause_s
