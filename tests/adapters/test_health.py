"""States that many ask for are looked at now and then, and nobody waits long for them."""

import asyncio

from adapters.health import Looked, State
from tests.waiting import PATIENCE_S

FINE = State(name="slack", ok=True, needed=False, detail="open")
BROKEN = State(name="slack", ok=False, needed=False, detail="refused")


class Sight:
    """A look that ends when it is told to, and counts itself."""

    def __init__(self) -> None:
        self.looks = 0
        self.go = asyncio.Event()
        self.found = [FINE]

    async def __call__(self) -> list[State]:
        self.looks += 1
        await self.go.wait()
        return self.found


async def test_many_who_ask_at_once_cost_one_look() -> None:
    sight = Sight()
    looked = Looked(sight, fresh_s=60, patience_s=PATIENCE_S)
    sight.go.set()
    assert await asyncio.gather(*(looked.states() for _ in range(5))) == [[FINE]] * 5
    assert await looked.states() == [FINE]
    assert sight.looks == 1


async def test_what_is_no_longer_fresh_is_looked_at_again() -> None:
    sight = Sight()
    looked = Looked(sight, fresh_s=0, patience_s=PATIENCE_S)
    sight.go.set()
    assert await looked.states() == [FINE]
    sight.found = [BROKEN]
    assert await looked.states() == [BROKEN]
    assert sight.looks == 2


async def test_who_asks_while_a_look_takes_its_time_hears_what_was_found_before() -> None:
    sight = Sight()
    looked = Looked(sight, fresh_s=0, patience_s=0.01)
    assert await looked.states() == []
    sight.go.set()
    assert await looked.states() == [FINE]
    sight.go.clear()
    sight.found = [BROKEN]
    assert await looked.states() == [FINE]
    assert await looked.states() == [FINE]
    assert sight.looks == 2
