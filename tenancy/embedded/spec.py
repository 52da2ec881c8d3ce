"""What tells one embedded server from another."""

import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tenancy.embedded.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One kind of server: how it is made, called, known to be ready, and ended."""

    name: str  # of its folder, its log and its locks
    title: str  # as people call it
    instead: str  # the setting that names a server of one's own
    socket: str  # the file name of its socket
    url: Callable[[Place], str]
    pid_file: str  # below its folder; its first line is the process id
    create: Callable[[Place], Awaitable[None]]  # make its data where there is none yet
    command: Callable[[Place], tuple[str, ...]]
    ready: Callable[[Place], bool]
    stop: signal.Signals  # ends it in order, whoever is connected
