"""The parser that Footnote uses: a small pool of child processes, each with limits, each read from and none trusted."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from knowledge.errors import Unreadable
from knowledge.parsers.frames import PREFIX, BadFrameError, extracted_of
from knowledge.parsers.port import Extracted, refuse_by_size
from knowledge.parsers.read import LONGEST_TEXT
from knowledge.parsers.refusals import CRASHED, EMPTY, TOO_LONG, TOO_SLOW

_ROOT = Path(__file__).resolve().parents[2]
_START = "import sys; sys.path.insert(0, {root!r}); from knowledge.parsers.child import main; main({memory}, {seconds})"
_LONGEST_HEAD = 4_000_000  # bytes; page spans of a long PDF are most of it
_LARGE = 200_000  # bytes; answers bigger than that are taken apart in a thread
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost."""

    seconds: float = 60.0  # on the clock; the same again of processor time
    memory: int = 1_500_000_000  # bytes of address space; an idle child has 0.4 GB, most of it never touched
    files: int = 200  # that one child reads before a fresh one takes over


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    files: int = field(default=0)


class _CrashedError(Exception):
    """The child ended in the middle of a file, or spoke nonsense."""


class IsolatedParser:
    """Reads files in child processes: `workers` at a time, each child reused for many files.

    A file that is too slow, too big or breaks its child is refused; the next one meets a fresh child. Children hold no
    settings and no network, and end with this process. Belongs to one event loop; close it, or use it with `async with`.
    """

    def __init__(self, *, workers: int = 1, limits: Limits | None = None, scratch: Path | None = None) -> None:
        """Start nothing yet: the first file starts the first child.

        `scratch` is a folder of this user's alone, where kreuzberg unpacks its PDF library (8 MB, native code: in the shared
        temporary folder, where it would go by itself, somebody else could have put another one). None: a new one, removed by `close`.
        """
        self._scratch = scratch
        self._own_scratch: Path | None = None
        self._limits = limits or Limits()
        self._places = asyncio.Semaphore(workers)
        self._idle: list[_Child] = []
        self._all: set[asyncio.subprocess.Process] = set()

    async def __aenter__(self) -> Self:
        """Use the parser for as long as the block runs."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """End all children, at once."""
        self._idle.clear()
        for process in list(self._all):
            await self._end(process)
        if self._own_scratch:
            await asyncio.to_thread(shutil.rmtree, self._own_scratch, ignore_errors=True)
            self._own_scratch = None

    async def parse(self, name: str, data: bytes) -> Extracted:
        """See `Parser.parse`."""
        refuse_by_size(len(data))
        if not data:
            raise EMPTY.error()
        async with self._places:
            try:
                return await self._try(name, data, fresh=False)
            except _CrashedError:  # perhaps over what an earlier file left behind: once more, in a fresh child
                return await self._last_try(name, data)

    async def _last_try(self, name: str, data: bytes) -> Extracted:
        try:
            return await self._try(name, data, fresh=True)
        except _CrashedError as error:
            raise CRASHED.error() from error

    async def _try(self, name: str, data: bytes, *, fresh: bool) -> Extracted:
        async with self._child(fresh=fresh) as child:
            try:
                async with asyncio.timeout(self._limits.seconds):
                    head, body = await _ask(child.process, name, data)
            except TimeoutError:
                raise TOO_SLOW.error() from None
            except (OSError, EOFError, ValueError) as error:  # broken pipe, ended early, no JSON
                raise _CrashedError from error
            child.files += 1
        return await _believed(head, body)

    @asynccontextmanager
    async def _child(self, *, fresh: bool) -> AsyncIterator[_Child]:
        """A child for one file. It goes back to the others only if it answered, and has files left to read."""
        child = self._idle.pop() if self._idle and not fresh else await self._start()
        before = child.files
        try:
            yield child
        finally:
            if before < child.files < self._limits.files:
                self._idle.append(child)
            else:
                await self._end(child.process)

    async def _start(self) -> _Child:
        code = _START.format(root=str(_ROOT), memory=self._limits.memory, seconds=self._limits.seconds)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            code,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(await asyncio.to_thread(self._folder)),
            limit=_CHUNK,
        )
        self._all.add(process)
        return _Child(process)

    def _folder(self) -> Path:
        """Where children may write."""
        if self._scratch:
            self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._scratch
        self._own_scratch = self._own_scratch or Path(tempfile.mkdtemp(prefix="footnote-parsers-"))
        return self._own_scratch

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        self._all.discard(process)
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin:
            process.stdin.close()
        await process.wait()


def _environment(scratch: Path) -> dict[str, str]:
    """All that a child knows of its surroundings: no setting and no secret of ours."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "TMPDIR": str(scratch), "HOME": str(scratch)}


async def _ask(process: asyncio.subprocess.Process, name: str, data: bytes) -> tuple[Mapping[str, object], bytes]:
    """Send one file, get its answer. Raises `EOFError` if the child ends, `ValueError` if it speaks nonsense."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    raw_name = name.encode("utf-8", errors="replace")
    process.stdin.write(PREFIX.pack(len(raw_name), len(data)) + raw_name)
    for start in range(0, len(data), _CHUNK):
        process.stdin.write(data[start : start + _CHUNK])
        await process.stdin.drain()
    head_length, body_length = PREFIX.unpack(await process.stdout.readexactly(PREFIX.size))
    if head_length > _LONGEST_HEAD or body_length > 4 * LONGEST_TEXT:
        raise TOO_LONG.error()
    head = json.loads(await process.stdout.readexactly(head_length))
    return (head if isinstance(head, dict) else {}), await process.stdout.readexactly(body_length)


async def _believed(head: Mapping[str, object], body: bytes) -> Extracted:
    if "reason" in head:
        raise Unreadable(str(head["reason"]), str(head.get("remedy", "")))
    try:
        return extracted_of(head, body) if len(body) < _LARGE else await asyncio.to_thread(extracted_of, head, body)
    except BadFrameError as error:
        raise CRASHED.error() from error
