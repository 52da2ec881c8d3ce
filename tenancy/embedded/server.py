"""One embedded server, shared by every process that uses one home.

Whoever uses the server holds `<home>/<name>.lock` shared. It is started and stopped only under
`<home>/<name>.start.lock`, which one process holds at a time. Who leaves and can have the first lock alone was the
last, and stops the server. Both locks die with their process, so a `kill -9` leaves at most a running server, and the
next process simply attaches to it.
"""

import asyncio
import contextlib
import shutil
import signal
from pathlib import Path

from tenancy.embedded.locks import FileLock
from tenancy.embedded.place import Place
from tenancy.embedded.process import Child, alive, recorded, serves, signal_quietly, until
from tenancy.embedded.spec import Spec
from tenancy.errors import EmbeddedServerFailed

_TURN_LIMIT_S = 90.0  # waiting for another process that starts or stops it
_READY_LIMIT_S = 60.0  # after a crash PostgreSQL first replays what it had written
_STOP_LIMIT_S = 5.0  # of the 10 s in which Footnote stops
_ORPHANS = "pre-existing shared memory block"  # PostgreSQL: processes of a killed server are still ending

_NEEDED_BYTES = 1_000_000  # free below FOOTNOTE_HOME, or nothing starts

_ENDED = "It ended as soon as it was started."

_NO_SPACE = "No space left on device"
_REMEDIES = {  # what the log or the system says -> what to do
    _NO_SPACE: "The disk is full: free some space.",
    "Disk quota exceeded": "The disk quota is used up: free some space.",
    "Read-only file system": "The disk is read-only: use another FOOTNOTE_HOME.",
    "Permission denied": "A file may not be opened: check who owns FOOTNOTE_HOME, and that others may read Python's packages (umask 022).",
    "Operation not permitted": "This system does not let root change users: run Footnote as another user.",
    "cannot execute": "The program is not made for this machine.",
}


class EmbeddedServer:
    """A server below one home. `start` and `stop` come in pairs; between them the server is there, for others too."""

    def __init__(self, spec: Spec, home: Path) -> None:
        """`home` is FOOTNOTE_HOME; it is made when the server is first started."""
        self._spec = spec
        self._home = home
        self._place: Place | None = None
        self._used: FileLock | None = None
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Where clients find it. The same before and after a restart. Raises `RuntimeError` before `start`."""
        return self._spec.url(self._started())

    @property
    def log(self) -> Path:
        """The file that the server writes its own messages to."""
        return self._started().log

    @property
    def pid(self) -> int | None:
        """Process id of the server now; None if it does not run."""
        place = self._started()
        pid = recorded(place.folder / self._spec.pid_file)
        return pid if pid and serves(pid, place.folder, place.runs_as.user) else None

    async def start(self) -> None:
        """Attach to the running server, or start it. Returns when it takes queries.

        Raises `EmbeddedServerFailed` with what to do and the last lines of the server's log; nothing is held then.
        """
        try:
            self._place = Place.of(self._home, self._spec.name, self._spec.socket)
            self._used = self._used or FileLock(self._place.home / f"{self._spec.name}.lock")
            async with self._turn(self._place).alone(_TURN_LIMIT_S):
                self._used.share()
                await self._begin(self._place)
        except (OSError, TimeoutError) as problem:
            self._leave()
            raise self._failure(_said(problem)) from problem
        except BaseException:
            self._leave()
            raise

    async def stop(self) -> None:
        """Leave, and stop the server if nobody else uses it. Nothing happens if it was not started.

        Open transactions are rolled back. After 5 s the server is killed; it mends itself at the next start.
        """
        if self._used is None or not self._used.held:
            return
        place = self._started()
        try:
            async with self._turn(place).alone(_TURN_LIMIT_S):
                if self._used.claim():
                    await self._end()
                    place.tidy()
                self._leave()
        except (OSError, TimeoutError) as problem:
            raise self._failure(_said(problem)) from problem
        finally:
            self._leave()

    async def ensure(self) -> bool:
        """Start the server again if it died; whether that was needed. Cheap enough to call every second.

        Raises `EmbeddedServerFailed` as `start` does; the server stays wanted, and the next call tries again.
        """
        place = self._started()
        if self._ready(place):
            return False
        try:
            async with self._turn(place).alone(_TURN_LIMIT_S):
                return await self._begin(place)
        except (OSError, TimeoutError) as problem:
            raise self._failure(_said(problem)) from problem

    def _started(self) -> Place:
        if self._place is None:
            message = f"The embedded {self._spec.title} was not started."
            raise RuntimeError(message)
        return self._place

    def _turn(self, place: Place) -> FileLock:
        return FileLock(place.home / f"{self._spec.name}.start.lock")

    def _leave(self) -> None:
        if self._used is not None:
            self._used.release()

    async def _begin(self, place: Place) -> bool:
        """Start it unless it runs; whether that was needed. Only under the start lock."""
        if place.listening():  # where its starter was killed it may be starting still
            await until(lambda: self._ready(place) or not place.listening(), _READY_LIMIT_S)
            if place.listening():
                return False
        place.prepare()
        await self._clear(place)
        await self._spec.create(place)
        await self._launch(place)
        return True

    async def _clear(self, place: Place) -> None:
        """Take away what a dead server left and PostgreSQL would believe: the process id that somebody else has by now.

        A recorded id that nobody has is left alone: PostgreSQL then looks whether old processes still use its memory.
        """
        if self.pid is not None:  # it runs and does not listen: its socket was removed from under it
            await self._end()
        pid = recorded(pid_file := place.folder / self._spec.pid_file)
        if pid is not None and alive(pid):
            pid_file.unlink(missing_ok=True)
            place.socket.with_name(f"{place.socket.name}.lock").unlink(missing_ok=True)

    async def _launch(self, place: Place) -> None:
        async with asyncio.timeout(_READY_LIMIT_S):
            while not await self._came_up(place):
                if _ORPHANS not in "\n".join(place.tail()):
                    raise self._failure(_ENDED)

    async def _came_up(self, place: Place) -> bool:
        with place.fresh_log() as output:
            self._child = child = Child((*place.runs_as.prefix, *self._spec.command(place)), output)
        try:
            await until(lambda: self._ready(place) or child.status() is not None, _READY_LIMIT_S)
        except BaseException:  # also when we are cancelled: a server that nobody waits for must not stay
            signal_quietly(child.pid, self._spec.stop)
            with contextlib.suppress(TimeoutError):
                await child.finish(_STOP_LIMIT_S)
            raise
        return child.status() is None

    def _ready(self, place: Place) -> bool:
        # A child that PostgreSQL was starting when it was killed may keep its socket open a moment longer.
        return place.listening() and self.pid is not None and self._spec.ready(place)

    async def _end(self) -> None:
        """Stop it in order, and if it does not obey, at once."""
        for which in (self._spec.stop, signal.SIGKILL):
            if (pid := self.pid) is None:
                return
            signal_quietly(pid, which)
            with contextlib.suppress(TimeoutError):
                await until(self._gone, _STOP_LIMIT_S)

    def _gone(self) -> bool:
        if self._child is not None:
            self._child.status()  # reaped, if it was ours
        return self.pid is None and not self._started().listening()

    def _failure(self, problem: str) -> EmbeddedServerFailed:
        log = self._place.tail() if self._place else []
        # A disk can be so full that the server cannot even write so into its log.
        said = "\n".join((problem, *log, *([_NO_SPACE] if _full(self._home) else [])))
        remedy = next((remedy for sign, remedy in _REMEDIES.items() if sign in said), problem)
        message = (
            f"The embedded {self._spec.title} in {self._home} does not run. {remedy} Or set {self._spec.instead} to a server of your own."
        )
        return EmbeddedServerFailed(message, log)


def _full(home: Path) -> bool:
    try:
        return shutil.disk_usage(home).free < _NEEDED_BYTES
    except OSError:  # it was never made
        return False


def _said(problem: Exception) -> str:
    return "It did not answer in time." if isinstance(problem, TimeoutError) else f"{problem}."
