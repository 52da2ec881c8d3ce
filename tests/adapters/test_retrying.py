"""What is tried again, how often, and after how long."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from adapters import retrying
from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.retrying import NothingDone, once, surely

Making = Callable[[Callable[[], Awaitable[str]]], Awaitable[str]]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was paused, in seconds; nobody really waits."""
    taken: list[float] = []

    async def pause(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(retrying, "sleep", pause)
    return taken


def failing(faults: Iterable[Exception]) -> Callable[[], Awaitable[str]]:
    """A call that fails so, one try after the other, and then is answered."""
    left = iter(faults)

    async def call() -> str:
        if fault := next(left, None):
            raise fault
        return "answered"

    return call


both = pytest.mark.parametrize("making", [once, surely])
LOST, PUT_OFF = MayHaveHappened("lost"), NothingDone("put off")


@pytest.mark.parametrize(
    ("making", "faults"),
    [
        pytest.param(once, [PUT_OFF] * 3, id="once, after nothing was done"),
        pytest.param(surely, [PUT_OFF] * 3, id="surely, after nothing was done"),
        pytest.param(surely, [LOST] * 3, id="surely, after anything may have been done"),
        pytest.param(surely, [LOST, PUT_OFF, LOST], id="surely, after both"),
    ],
)
async def test_what_passes_is_waited_for_three_times(making: Making, faults: list[Exception], pauses: list[float]) -> None:
    assert await making(failing(faults)) == "answered"
    assert len(pauses) == 3


@pytest.mark.parametrize(
    ("making", "faults", "tries"),
    [
        pytest.param(once, [PUT_OFF] * 4, 4, id="once, put off too often"),
        pytest.param(once, [LOST], 1, id="once, and it may have happened"),
        pytest.param(once, [PUT_OFF, LOST], 2, id="once, and then it may have happened"),
        pytest.param(surely, [LOST, PUT_OFF, PUT_OFF, LOST], 4, id="surely, both together too often"),
        pytest.param(surely, [LOST, Undeliverable("refused")], 2, id="surely, and it is refused"),
        pytest.param(once, [NotNow("somebody else cannot be asked")], 1, id="once, and it was not the call that failed"),
        pytest.param(surely, [NotNow("somebody else cannot be asked")], 1, id="surely, and it was not the call that failed"),
        pytest.param(once, [NothingDone("busy", "3.1")], 1, id="once, and the wait is too long"),
        pytest.param(surely, [NothingDone("busy", "nan")], 1, id="surely, and the wait is no number"),
    ],
)
async def test_a_call_fails_with_what_its_last_try_raised(making: Making, faults: list[Any], tries: int, pauses: list[float]) -> None:
    with pytest.raises(type(faults[-1])) as raised:
        await making(failing(faults))
    assert (raised.value, len(pauses)) == (faults[-1], tries - 1)


@both
async def test_pauses_double_and_no_two_workers_come_back_together(making: Making, pauses: list[float]) -> None:
    for _ in range(50):
        await making(failing([PUT_OFF] * 3))
    for tried in range(1, 4):
        taken = pauses[tried - 1 :: 3]
        assert len(set(taken)) > 10
        assert all(0.1875 * 2**tried <= pause <= 0.375 * 2**tried for pause in taken)


@both
async def test_a_job_is_not_held_for_more_than_ten_seconds_by_one_call(making: Making, pauses: list[float]) -> None:
    for wanted in ("0", "3"):
        await making(failing([NothingDone("busy", wanted)] * 3))
        assert sum(pauses) < 10
        pauses.clear()


@both
@pytest.mark.parametrize(
    ("wanted", "least", "most"),
    [
        ("3", 3, 3.2),
        ("1", 1, 1.2),
        ("0", 0.375, 0.75),
        ("-5", 0.375, 0.75),
        ("soon", 0.375, 0.75),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0.375, 0.75),
    ],
)
async def test_as_long_as_the_platform_wants_is_waited(making: Making, wanted: str, least: float, most: float, pauses: list[float]) -> None:
    for _ in range(50):
        await making(failing([NothingDone("busy", wanted)]))
    assert len(set(pauses)) > 10
    assert all(least <= pause <= most for pause in pauses)
