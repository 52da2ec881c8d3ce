"""The process in which files are read. It trusts no file: it has no network, no settings, no secrets, and hard limits.

Started by `isolated.py`. Reads frames from standard input, answers on what was standard output, ends when its parent does.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from typing import BinaryIO

from knowledge.errors import Unreadable
from knowledge.parsers.frames import PREFIX, head_of, pack
from knowledge.parsers.read import read
from knowledge.parsers.refusals import CRASHED

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_GRACE = 5.0  # seconds that the parent has to stop a slow reading before the kernel does


def confine(memory: int) -> None:
    """Give up what reading needs not: the parent's afterlife, the network, memory beyond `memory` bytes, core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # systems without such a limit; the parent's own watch remains
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if libc.unshare(_CLONE_NEWNET) != 0:  # without the right to, a user namespace may give it; if not, so be it
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def answer(name: str, data: bytes) -> bytes:
    """The frame that says what the file holds, or why it cannot be read."""
    try:
        extracted = read(name, data)
    except Unreadable as refusal:
        return pack({"reason": refusal.reason, "remedy": refusal.remedy})
    except Exception:  # noqa: BLE001 - the child's edge: whatever a file makes a parser do is this file's refusal
        return pack({"reason": CRASHED.reason, "remedy": CRASHED.remedy})
    return pack(head_of(extracted), extracted.text.encode("utf-8"))


def serve(requests: BinaryIO, answers: BinaryIO, seconds: float) -> None:
    """Answer one request after another until there are no more. The kernel ends a reading that takes too long."""
    while prefix := requests.read(PREFIX.size):
        name_length, data_length = PREFIX.unpack(prefix)
        name = requests.read(name_length).decode("utf-8", errors="replace")
        data = requests.read(data_length)
        _allow(seconds + _GRACE)
        frame = answer(name, data)
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(frame)
        answers.flush()


def _allow(seconds: float) -> None:
    """From now on, this much time on the clock and about as much on the processor; then the kernel ends the process."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, hard))


def main(memory: int, seconds: float) -> None:
    """Serve on the pipes that the parent gave. What a library prints goes nowhere."""
    with os.fdopen(os.dup(1), "wb") as answers, os.fdopen(os.dup(0), "rb") as requests:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        confine(memory)
        serve(requests, answers, seconds)
