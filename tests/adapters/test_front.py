"""The running server: alive at once, ready when it is, mended when its parts die, stopped in order. Real processes, real HTTP."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters import server
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]


@dataclass
class Served:
    """A `footnote serve` that is ready."""

    process: asyncio.subprocess.Process
    http: aiohttp.ClientSession
    home: Path

    async def get(self, path: str) -> tuple[int, str]:
        async with self.http.get(path) as response:
            return response.status, await response.text()

    async def ready(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((await self.get("/readyz"))[1])
        return report

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


@asynccontextmanager
async def serving(home: Path, *arguments: str, **environment: str) -> AsyncIterator[Served]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters", "serve", "--port", "0", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**kept, "FOOTNOTE_HOME": str(home), **environment},
    )  # fmt: skip
    try:
        assert process.stdout
        async with asyncio.timeout(PATIENCE_S):
            line = (await process.stdout.readline()).decode()
        assert "http://127.0.0.1:" in line, (await process.stderr.read()).decode() if process.stderr else line
        port = line.rpartition("127.0.0.1:")[2].partition("/")[0].strip()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            served = Served(process, http, home)
            await until(served, "/readyz", 200)
            yield served
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(served: Served, path: str, status: int, good: Callable[[str], bool] = bool) -> str:
    """The body of `path` once it answers `status` with a body that is `good`."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                code, body = await served.get(path)
            except aiohttp.ClientError:
                code, body = 0, ""
            if code == status and good(body):
                return body
            await asyncio.sleep(0.05)


def postmaster(home: Path) -> int:
    (pid_file,) = home.rglob("postmaster.pid")
    return int(pid_file.read_text().splitlines()[0])


async def test_a_server_says_that_it_lives_what_it_stands_on_and_what_it_counts(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert await served.get("/healthz") == (200, '{"alive": true}')
        report = await served.ready()
        assert report["ready"] is True
        assert {name for name, check in report["checks"].items() if check["ok"]} >= {
            "database",
            "migrations",
            "redis",
            "index",
            "embeddings",
        }
        assert "footnote_questions" in (await served.get("/metrics"))[1]
        assert await served.stop() == 0


async def test_without_the_demo_the_playground_is_closed_and_footnotes_lead_to_a_page_that_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert (await served.get("/"))[0] == 404
        status, page = await served.get("/d/0123456789")
        assert status == 401
        assert "no way to sign in here yet" in page
        assert await served.stop() == 0


async def test_a_killed_database_is_started_again_while_the_server_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        os.kill(postmaster(tmp_path), signal.SIGKILL)
        await until(served, "/readyz", 200)
        assert (await served.get("/healthz"))[0] == 200
        assert await served.stop() == 0


async def test_a_killed_redis_holds_nobody_up_and_comes_back(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        (pid_file,) = tmp_path.rglob("redis*.pid")
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
        assert (await served.get("/readyz"))[0] == 200
        await until(served, "/readyz", 200, lambda body: json.loads(body)["checks"]["redis"]["ok"])
        assert await served.stop() == 0


async def test_a_stopped_server_leaves_no_process_behind(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        database = postmaster(tmp_path)
        assert await served.stop() == 0
    status = Path(f"/proc/{database}/status")
    assert not status.exists() or "zombie" in status.read_text()  # some containers' first process never buries the dead


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        pytest.param((), {"FOOTNOTE_PLAYGROUND": "on"}, "needs --demo, or exactly one tenant; there are 0", id="a playground for nobody"),
        pytest.param(("--host", "203.0.113.1"), {}, "Cannot listen at 203.0.113.1:0", id="an address of another machine"),
    ],
)
async def test_a_server_that_cannot_start_says_why_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters", "serve", "--port", "0", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "FOOTNOTE_HOME": str(tmp_path), **environment},
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        _, err = await process.communicate()
    assert process.returncode == 1
    assert message in err.decode().splitlines()[-1]
    assert "Traceback" not in err.decode()


async def test_background_work_that_loses_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_HAND_BACK_S", 0.05)
    unused = socket.socket()
    unused.close()
    serving = server._Serving(web.AppRunner(web.Application()), unused, asyncio.Event())
    begun, lost = asyncio.Event(), []

    async def deaf() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.append(1)
        await asyncio.Event().wait()

    serving._spawn(deaf())
    await begun.wait()
    async with asyncio.timeout(PATIENCE_S):
        await serving._end()
    assert lost == [1]
