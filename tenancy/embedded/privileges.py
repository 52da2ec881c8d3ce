"""PostgreSQL refuses to run as root. As root, the servers run as another user, and nobody's permissions are loosened.

That user may be unable to reach its own programs and data, for instance below /root (mode 0700). It gets the one
capability that lets it read and traverse (CAP_DAC_READ_SEARCH) and none that lets it write. The secure bit
`no_setuid_fixup` matters: without it access(2), which PostgreSQL asks about its own program, ignores capabilities of
users other than root.
"""

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from tenancy.errors import EmbeddedServerFailed

_SERVICE_USERS = ("postgres", "nobody")
_NOBODY = 65534
_CAP_DAC_READ_SEARCH = 2  # its bit, linux/capability.h
_CAP_SETPCAP = 8
_STATUS = Path("/proc/self/status")
_REACH = (
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "--securebits=+no_setuid_fixup",
)


@dataclass(frozen=True, slots=True)
class RunAs:
    """Who a server runs as, and the words to put before its command line."""

    user: int
    group: int
    prefix: tuple[str, ...] = ()  # empty: ourselves
    reach: tuple[str, ...] = ()  # the part of `prefix` that lets it traverse folders closed to it

    def give(self, path: Path) -> None:
        """Make `path` belong to that user; only root may give, and only root needs to."""
        if self.prefix:
            os.chown(path, self.user, self.group, follow_symlinks=False)

    def open_the_way(self, home: Path) -> None:
        """Let the server's group traverse a home of root's, where it has no capability to do so (most containers)."""
        if self.prefix and not self.reach and home.stat().st_uid == 0:
            os.chown(home, -1, self.group)
            home.chmod(stat.S_IMODE(home.stat().st_mode) | stat.S_IXGRP)


def run_as(home: Path, folder: Path) -> RunAs:
    """Who runs the server whose files are in `folder` below `home`: ourselves, or as root somebody else.

    As root: the owner of what is there already, be it the folder or the home, so that a home made by a person stays
    usable for that person; else `postgres`, else `nobody`. Raises `EmbeddedServerFailed` if root cannot change users.
    """
    if os.geteuid() != 0:
        return RunAs(os.geteuid(), os.getegid())
    user = _owner(folder) or _owner(home) or _service_user()
    group = _group_of(user)
    reach = _REACH if _holds(_CAP_DAC_READ_SEARCH) and _holds(_CAP_SETPCAP) else ()
    change = (_setpriv(), f"--reuid={user}", f"--regid={group}", "--clear-groups")
    return RunAs(user, group, (*change, *reach, "--"), reach)


def _owner(path: Path) -> int:
    return path.stat().st_uid if path.exists() else 0


def _service_user() -> int:
    for name in _SERVICE_USERS:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return _NOBODY


def _group_of(user: int) -> int:
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return user


def _setpriv() -> str:
    found = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
    if found is None:
        message = (
            "Embedded servers do not run as root, and `setpriv` (package util-linux) is not there to run them as "
            "somebody else. Run Footnote as another user, or set DATABASE_URL and REDIS_URL."
        )
        raise EmbeddedServerFailed(message)
    return found


def _holds(capability: int) -> bool:
    """Whether this process may pass `capability` on; in most containers root may not."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return False
    permitted = next((line.split()[1] for line in lines if line.startswith("CapPrm:")), "0")
    return bool(int(permitted, 16) >> capability & 1)
