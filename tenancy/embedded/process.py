"""Starting a process that outlives the one who started it, and telling whose a process id is."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_POLL_S = 0.01
_PROC = Path("/proc")


class Child:
    """A process of ours in a session of its own: Ctrl-C on our terminal does not reach it, and it may outlive us."""

    def __init__(self, command: tuple[str, ...], output: int) -> None:
        """Start `command`. It sees nothing of our environment, reads nothing, and writes to the descriptor `output`."""
        # Not subprocess.Popen, which complains when it is dropped while the process runs: that is the point here.
        self.pid = os.posix_spawn(
            command[0],
            command,
            _ENVIRONMENT,
            file_actions=(
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
            ),
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGINT, signal.SIGPIPE, signal.SIGTERM),
        )
        self._status: int | None = None

    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs. Asking leaves no zombie."""
        if self._status is None:
            with contextlib.suppress(ChildProcessError):
                reaped, status = os.waitpid(self.pid, os.WNOHANG)
                self._status = os.waitstatus_to_exitcode(status) if reaped else None
        return self._status

    async def finish(self, limit_s: float) -> int:
        """Wait for its end; its exit status. Kills it and all it started if that takes longer (`TimeoutError`)."""
        try:
            await until(lambda: self.status() is not None, limit_s)
        except BaseException:
            signal_quietly(-self.pid, signal.SIGKILL)
            raise
        return self.status() or 0


async def until(condition: Callable[[], bool], limit_s: float) -> None:
    """Wait until `condition()` holds. Raises `TimeoutError` after `limit_s`."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110  what it looks at is outside this process
            await asyncio.sleep(_POLL_S)


def signal_quietly(pid: int, which: signal.Signals) -> None:
    """Send a signal to a process, or to a group if `pid` is negative; nothing happens if it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)


def recorded(pid_file: Path) -> int | None:
    """The process id on the first line of `pid_file`; None if there is none."""
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def alive(pid: int) -> bool:
    """Whether somebody has that process id, a zombie included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def serves(pid: int, folder: Path, user: int) -> bool:
    """Whether process `pid` runs as `user` and was called with a path in `folder`.

    Process ids are used again, above all after a restart of the machine: a recorded one may be somebody else's.
    """
    who, called = _proc(pid) if _PROC.joinpath("self").exists() else _ps(pid)
    return who == user and os.fsencode(folder) + b"/" in called  # a zombie was called nothing


def _proc(pid: int) -> tuple[int, bytes]:
    process = _PROC / str(pid)
    try:
        return process.stat().st_uid, process.joinpath("cmdline").read_bytes()
    except OSError:
        return -1, b""


def _ps(pid: int) -> tuple[int, bytes]:
    """The same where there is no /proc, as on macOS."""
    command = ("/bin/ps", "-ww", "-o", "uid=,command=", "-p", str(pid))
    user, _, called = subprocess.run(command, capture_output=True, check=False).stdout.strip().partition(b" ")  # noqa: S603 - our own words and a number
    return int(user or -1), called
