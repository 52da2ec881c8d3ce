"""Where one embedded server keeps its files, and where its socket is when the home is too deep for one."""

import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tenancy.embedded.privileges import RunAs, run_as
from tenancy.errors import EmbeddedServerFailed

_SOCKET_PATH_LIMIT = 100  # bytes; sockaddr_un holds 108 on Linux and 104 on macOS, with a closing zero
_SEPARATORS = frozenset(b',"')  # libpq takes a host with a comma for two, PostgreSQL a quote for the end of a folder


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one server. `prepare` makes the folders; nothing else here writes."""

    home: Path  # resolved
    name: str  # `postgres` or `redis`
    socket_name: str
    runs_as: RunAs

    @classmethod
    def of(cls, home: Path, name: str, socket_name: str) -> "Place":
        """The place for server `name` under `home`, which is made (mode 0700) if it is missing."""
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home = home.resolve()
        return cls(home, name, socket_name, run_as(home, home / name))

    @property
    def folder(self) -> Path:
        """Everything the server itself writes; mode 0700, its own."""
        return self.home / self.name

    @property
    def data(self) -> Path:
        """The server's data."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server said since it was last started. Beside the folder, so that only we can move it."""
        return self.home / f"{self.name}.log"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: under the home, or under the system's temporary folder if the home is too deep."""
        near = self.folder / "run"
        return near if self._fits(near) else Path(os.path.realpath(near))

    @property
    def socket(self) -> Path:
        """The socket that the server listens on."""
        return self.sockets / self.socket_name

    def prepare(self) -> None:
        """Make the folders, mode 0700 and the server's own. Raises `EmbeddedServerFailed` if one is somebody else's."""
        self.runs_as.open_the_way(self.home)
        self._own(self.folder)
        near = self.folder / "run"
        if self._fits(near):
            self._own(near)
        else:
            self._own(far := self._far())
            _point(near, far)

    def tidy(self) -> None:
        """Take the folder under the system's temporary folder away, once nothing is in it."""
        if self.sockets.parent != self.folder:
            with suppress(OSError):
                self.sockets.rmdir()

    @contextmanager
    def fresh_log(self) -> Iterator[int]:
        """Begin the log anew: a descriptor to write to it. Mode 0600, and the home's owner's."""
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        try:
            if os.geteuid() == 0:
                owner = self.home.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            yield descriptor
        finally:
            os.close(descriptor)

    def listening(self) -> bool:
        """Whether somebody accepts connections on the socket; a server too busy to accept one still counts."""
        if not self._fits(self.sockets):
            return False  # too deep, and no short way was prepared: nobody was ever started here
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(0)
            try:
                probe.connect(str(self.socket))
            except BlockingIOError:
                return True
            except (FileNotFoundError, ConnectionRefusedError):
                return False
            return True

    def tail(self, lines: int = 6) -> list[str]:
        """The last lines of the log, without empty ones; nothing if there is no log."""
        try:
            written = self.log.read_text("utf-8", errors="replace")
        except OSError:
            return []
        return [line for line in written.splitlines() if line.strip()][-lines:]

    def _fits(self, folder: Path) -> bool:
        written = os.fsencode(folder / self.socket_name)
        return len(written) <= _SOCKET_PATH_LIMIT and _SEPARATORS.isdisjoint(written)

    def _far(self) -> Path:
        # Named after the folder, so that a copied home finds its own. The link `run` tells other processes, whose
        # temporary folder may be another, where it is.
        name = f"footnote-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"
        linked = Path(os.path.realpath(self.folder / "run"))
        return linked if linked.name == name else Path(os.path.realpath(tempfile.gettempdir())) / name

    def _own(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
        else:
            self.runs_as.give(folder)
            return
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.runs_as.user or stat.S_IMODE(found.st_mode) & 0o077:
            message = (
                f"{folder} must be a folder of user {self.runs_as.user} that nobody else can open (mode 0700). Use a "
                "FOOTNOTE_HOME of your own, or remove it."
            )
            raise EmbeddedServerFailed(message)


def _point(link: Path, target: Path) -> None:
    if link.is_symlink() and Path(os.path.realpath(link)) == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)
