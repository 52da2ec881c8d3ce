"""File locks that die with their process: a `kill -9` leaves nothing behind to clean up."""

import asyncio
import errno
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_POLL_S = 0.02


class FileLock:
    """One `flock` on one file; two objects on one file exclude each other, also within one process."""

    def __init__(self, path: Path) -> None:
        """`path` is made, mode 0600, when it is first locked. Its folder must exist."""
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock, shared or exclusive."""
        return self._descriptor is not None

    def share(self) -> None:
        """Take it together with others. Raises `BlockingIOError` if somebody holds it alone."""
        if not self._take(fcntl.LOCK_SH):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(self._path))

    def claim(self) -> bool:
        """Take it alone, or turn the share that is held into that. False, with nothing changed, if others hold it."""
        return self._take(fcntl.LOCK_EX)

    def release(self) -> None:
        """Let go. Nothing happens if it is not held."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)  # closing would not do where a forked child still has it open
            os.close(self._descriptor)
            self._descriptor = None

    @asynccontextmanager
    async def alone(self, limit_s: float) -> AsyncIterator[None]:
        """Hold it alone for a while. Waits at most `limit_s` for others, then raises `TimeoutError`."""
        async with asyncio.timeout(limit_s):
            # A blocking flock would need a thread, which no cancellation can end.
            while not self.claim():  # noqa: ASYNC110  the holder is another process
                await asyncio.sleep(_POLL_S)
        try:
            yield
        finally:
            self.release()

    def _take(self, mode: int) -> bool:
        fresh = self._descriptor is None
        descriptor = _open(self._path) if self._descriptor is None else self._descriptor
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if fresh:
                os.close(descriptor)
            else:  # a failed conversion may have dropped what was held (flock(2)); the share is there to be had again
                fcntl.flock(descriptor, fcntl.LOCK_SH)
            return False
        self._descriptor = descriptor
        return True


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:  # root in somebody's home: the home's owner must be able to lock it afterwards
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor
