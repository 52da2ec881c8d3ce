"""The parser that reads in child processes: it stays alive whatever a file does to its children."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.errors import Unreadable
from knowledge.parsers import child
from knowledge.parsers.frames import PREFIX, BadFrameError, extracted_of, head_of, pack
from knowledge.parsers.isolated import IsolatedParser, Limits
from knowledge.parsers.port import LARGEST_FILE, Extracted
from knowledge.parsers.read import LONGEST_TEXT
from tests.knowledge.parsers import files
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[3]
SLOW = b"<p>word" * 700_000
"""A page that takes some seconds to read."""


@pytest.fixture
async def parser() -> AsyncIterator[IsolatedParser]:
    async with IsolatedParser() as parser:
        yield parser


def pids(parser: IsolatedParser) -> list[int]:
    return [process.pid for process in parser._all]


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    return False


async def test_what_a_child_reads_is_what_the_file_says(parser: IsolatedParser) -> None:
    extracted = await parser.parse("a.pdf", files.pdf("First & page", "", "Dritte Seite: Köln", title="Leave"))

    assert [extracted.text[start:end] for start, end in extracted.pages] == ["First & page", "", "Dritte Seite: Köln"]
    assert (extracted.title, extracted.media_type) == ("Leave", "application/pdf")
    assert extracted.modified_at is not None


async def test_a_refusal_crosses_the_pipe_with_its_words(parser: IsolatedParser) -> None:
    with pytest.raises(Unreadable, match="is password-protected; save a copy without the password") as refusal:
        await parser.parse("a.pdf", files.pdf("secret", locked=True))

    assert refusal.value.remedy == "save a copy without the password and ingest it again"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"x" * (LARGEST_FILE + 1), "is over 100 MB", id="too big"),
    ],
)
async def test_some_files_need_no_child_to_be_refused(parser: IsolatedParser, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        await parser.parse("a.txt", data)

    assert not pids(parser)


async def test_one_child_reads_many_files_and_then_a_fresh_one_takes_over() -> None:
    async with IsolatedParser(limits=Limits(files=3)) as parser:
        seen = []
        for _ in range(4):
            await parser.parse("a.txt", b"hello")
            seen.append(tuple(pids(parser)))

    assert seen[0] == seen[1] != ()
    assert seen[2] == ()  # the third file was its last
    assert seen[3] not in {(), seen[0]}


async def test_a_slow_file_is_refused_in_time_and_the_next_one_is_read() -> None:
    async with IsolatedParser(limits=Limits(seconds=0.5)) as parser:
        with pytest.raises(Unreadable, match="took too long to read"):
            await parser.parse("a.html", SLOW)
        assert not pids(parser)

        assert (await _patiently(parser)).text == "hello"


async def _patiently(parser: IsolatedParser) -> Extracted:
    """On a busy machine a child may need longer than the short limit above just to start."""
    for _ in range(20):
        with contextlib.suppress(Unreadable):
            return await parser.parse("a.txt", b"hello")
    return await parser.parse("a.txt", b"hello")


async def test_a_child_that_hangs_is_killed() -> None:
    async with IsolatedParser(limits=Limits(seconds=2)) as parser:
        await parser.parse("a.txt", b"hello")
        os.kill(pids(parser)[0], signal.SIGSTOP)
        with pytest.raises(Unreadable, match="took too long to read"):
            await parser.parse("a.txt", b"hello")

        assert (await parser.parse("a.txt", b"hello")).text == "hello"


async def test_a_file_whose_child_is_killed_is_read_by_the_next_one(parser: IsolatedParser) -> None:
    await parser.parse("a.txt", b"hello")
    first = pids(parser)[0]
    os.kill(first, signal.SIGKILL)

    assert (await parser.parse("a.txt", b"hello")).text == "hello"
    assert first not in pids(parser)


async def test_a_file_that_kills_two_children_is_refused(parser: IsolatedParser) -> None:
    reading = asyncio.create_task(parser.parse("a.html", SLOW))
    killed: set[int] = set()
    while not reading.done():
        for pid in set(pids(parser)) - killed:
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.01)

    with pytest.raises(Unreadable, match="the reader broke down over it"):
        await reading
    assert len(killed) == 2
    assert (await parser.parse("a.txt", b"hello")).text == "hello"


async def test_a_file_that_needs_too_much_memory_is_refused() -> None:
    async with IsolatedParser(limits=Limits(memory=150_000_000)) as parser:
        with pytest.raises(Unreadable):
            await parser.parse("a.txt", ("ж" * 15_000_000).encode())

        assert (await parser.parse("a.txt", b"hello")).text == "hello"


async def test_a_text_that_is_too_long_is_refused(parser: IsolatedParser) -> None:
    with pytest.raises(Unreadable, match="holds too much text"):
        await parser.parse("a.txt", b"x" * (LONGEST_TEXT + 1))


async def test_a_long_text_comes_whole_and_the_loop_goes_on_meanwhile(parser: IsolatedParser) -> None:
    ticks = 0
    reading = asyncio.create_task(parser.parse("a.txt", b"wort " * 1_000_000))
    while not reading.done():
        ticks += 1
        await asyncio.sleep(0.005)

    assert len((await reading).text) == 5_000_000
    assert ticks > 5


async def test_two_workers_read_at_the_same_time_and_no_more() -> None:
    async with IsolatedParser(workers=2) as parser:
        texts = await asyncio.gather(*(parser.parse("a.txt", f"file {n}".encode()) for n in range(12)))

        assert [each.text for each in texts] == [f"file {n}" for n in range(12)]
        assert len(pids(parser)) == 2


async def test_a_reading_that_nobody_waits_for_any_more_leaves_no_child(parser: IsolatedParser) -> None:
    reading = asyncio.create_task(parser.parse("a.html", SLOW))
    while not pids(parser):  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)
    pid = pids(parser)[0]
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    assert not alive(pid)
    assert (await parser.parse("a.txt", b"hello")).text == "hello"


async def test_closing_ends_all_children_and_removes_what_they_unpacked() -> None:
    parser = IsolatedParser()
    await parser.parse("a.pdf", files.pdf("hello"))
    (pid,), scratch = pids(parser), parser._own_scratch
    assert scratch
    assert list(scratch.iterdir())
    await parser.close()

    assert not alive(pid)
    assert not scratch.exists()


async def test_a_given_scratch_folder_is_used_and_kept(tmp_path: Path) -> None:
    async with IsolatedParser(scratch=tmp_path / "parsers") as parser:
        await parser.parse("a.pdf", files.pdf("hello"))

    assert list((tmp_path / "parsers").iterdir())
    assert (tmp_path / "parsers").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_child_knows_no_secret_and_no_network(parser: IsolatedParser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_MASTER_KEY", "0123")
    await parser.parse("a.txt", b"hello")

    assert "FOOTNOTE" not in known("environ", pids(parser)[0])
    assert reachable(pids(parser)[0]) in ({"lo"}, reachable(os.getpid()))  # a system may not allow the child to give it up


def known(what: str, pid: int) -> str:
    """What the system says of a process."""
    return Path(f"/proc/{pid}/{what}").read_text(encoding="utf-8")


def reachable(pid: int) -> set[str]:
    """The network interfaces that a process sees."""
    lines = known("net/dev", pid).splitlines()[2:]
    return {line.split(":")[0].strip() for line in lines}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, pathlib, signal, sys\n"
        "from knowledge.parsers.isolated import IsolatedParser\n"
        "async def main():\n"
        "    parser = IsolatedParser(scratch=pathlib.Path(sys.argv[1]))\n"
        "    await parser.parse('a.txt', b'hello')\n"
        "    print(*(process.pid for process in parser._all), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    (pid,) = map(int, done.stdout.split())
    until = time.monotonic() + PATIENCE_S
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)

    assert not alive(pid)


FOUND = Extracted(text="Köln", title="T", media_type="text/plain", pages=((0, 2), (2, 4)))


def test_a_frame_carries_what_was_found() -> None:
    raw = pack(head_of(FOUND), b"body")
    head_length, body_length = PREFIX.unpack(raw[: PREFIX.size])

    assert len(raw) == PREFIX.size + head_length + body_length
    assert extracted_of(head_of(FOUND), FOUND.text.encode()) == FOUND


@pytest.mark.parametrize(
    ("change", "body"),
    [
        pytest.param({"pages": [[0, 5]]}, b"text", id="a page beyond the text"),
        pytest.param({"pages": [[2, 1]]}, b"text", id="a page that ends before it begins"),
        pytest.param({"pages": [[2, 3], [0, 1]]}, b"text", id="pages out of order"),
        pytest.param({"pages": [[-1, 3]]}, b"text", id="a page before the text"),
        pytest.param({"pages": 7}, b"text", id="no pages"),
        pytest.param({"title": ""}, b"text", id="no title"),
        pytest.param({"modified_at": "yesterday"}, b"text", id="no date"),
        pytest.param({}, b"", id="no text"),
        pytest.param({}, b"a\0b", id="a zero in the text"),
        pytest.param({}, b"\xed\xa0\x80", id="half a character"),
    ],
)
def test_a_child_that_lies_is_not_believed(change: dict[str, object], body: bytes) -> None:
    with pytest.raises(BadFrameError):
        extracted_of({**head_of(FOUND), **change}, body)


def test_whatever_breaks_in_a_reader_is_this_files_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_name: str, _data: bytes) -> Extracted:
        raise MemoryError

    monkeypatch.setattr(child, "read", broken)

    assert b"the reader broke down over it" in child.answer("a.txt", b"hello")
    assert b"hello" not in child.answer("a.txt", b"hello")
