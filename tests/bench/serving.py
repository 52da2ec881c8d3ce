"""A real `footnote serve --demo`: start, memory, idleness, stop."""

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

_STARTS = 5
_IDLE_S = 20.0
_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds, megabytes, and a share of one core."""

    healthz_s: float
    ready_s: float
    memory_mb: float
    idle_share: float
    stop_s: float


async def measure(home: Path) -> Figures:
    """Start five times; look closely at the last."""
    await _once(home)  # makes the database and reads the company in
    runs = [await _once(home, closely=number == _STARTS - 1) for number in range(_STARTS)]
    last = runs[-1]
    return Figures(
        healthz_s=median(run.healthz_s for run in runs),
        ready_s=median(run.ready_s for run in runs),
        memory_mb=last.memory_mb,
        idle_share=last.idle_share,
        stop_s=median(run.stop_s for run in runs),
    )


async def _once(home: Path, *, closely: bool = False) -> Figures:
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters", "serve", "--demo", "--port", "0",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={**os.environ, "FOOTNOTE_HOME": str(home)},
    )  # fmt: skip
    port = await _port(process.pid)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        await _until(session, "/healthz")
        healthz = time.perf_counter() - started
        await _until(session, "/readyz")
        ready = time.perf_counter() - started
        await _read_in(process)
        if closely:
            await _ask(session)
        before = _cpu_s(process.pid)
        await asyncio.sleep(_IDLE_S if closely else 0)
        idle = (_cpu_s(process.pid) - before) / _IDLE_S
        memory = _memory_mb(process.pid)
    started = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    await process.wait()
    return Figures(healthz_s=healthz, ready_s=ready, memory_mb=memory, idle_share=idle, stop_s=time.perf_counter() - started)


async def _port(pid: int) -> int:
    """The port that the process listens at, as the kernel knows it."""
    deadline = time.perf_counter() + _DEADLINE_S
    while time.perf_counter() < deadline:
        sockets = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
        for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                return int(fields[1].rpartition(":")[2], 16)
        await asyncio.sleep(0.01)
    raise TimeoutError


async def _until(session: aiohttp.ClientSession, path: str) -> None:
    deadline = time.perf_counter() + _DEADLINE_S
    while time.perf_counter() < deadline:
        try:
            async with session.get(path) as response:
                if response.ok:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.01)
    raise TimeoutError(path)


async def _read_in(process: asyncio.subprocess.Process) -> None:
    """Wait until the company's documents can be asked about."""
    assert process.stdout
    async for line in process.stdout:
        if b"are ready" in line:
            return


async def _ask(session: aiohttp.ClientSession) -> None:
    for text in ("How long is parental leave?", "What may I spend on a hotel?", "Who is on call?"):
        asked = {"person": "hannah@larkspur.example", "place": "", "thread": "bench", "text": text}
        async with session.post("/ask", json=asked) as response:
            response.raise_for_status()
            await response.read()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> float:
    """Resident memory of the process and its parser children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    python = [child for child in children if b"python" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return sum(_resident(one) for one in (str(pid), *python))


def _resident(pid: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
