"""The parts of the Weaviate engine that need no server."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import pytest

from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.weaviate.breaker import FAILURES, PAUSE_S, Breaker, Open
from knowledge.index.weaviate.faults import FAULTS, Refused, fault, is_stranger
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Address, Ask, Node, T
from knowledge.index.weaviate.parallel import for_each
from knowledge.index.weaviate.schema import collection_name, definition, differences
from knowledge.index.weaviate.tenant_line import MOST_OPEN, OpenLines, TenantLine, TenantLines
from tenancy.viewer import TenantId

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Calls:
    """Calls through a breaker, and what came of each."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.breaker = Breaker(clock=self.clock)

    def make(self, error: BaseException | None = None) -> str:
        said = "open"
        with suppress(Open, *({type(error)} if error else ())), self.breaker.passed(lambda one: isinstance(one, OSError)):
            said = "failed" if error else "answered"
            if error:
                raise error
        return said

    def fail(self, times: int) -> None:
        for _ in range(times):
            assert self.make(OSError()) == "failed"


def test_a_breaker_opens_after_some_failures_in_a_row() -> None:
    calls = Calls()
    calls.fail(FAILURES)
    assert calls.make() == "open"


def test_an_answer_between_failures_keeps_it_closed() -> None:
    calls = Calls()
    for _ in range(3):
        calls.fail(FAILURES - 1)
        assert calls.make() == "answered"


def test_a_refusal_is_an_answer() -> None:
    calls = Calls()
    calls.fail(FAILURES - 1)
    assert calls.make(ValueError()) == "failed"
    calls.fail(FAILURES - 1)
    assert calls.make() == "answered"


def test_after_a_pause_one_call_is_let_through_and_closes_it() -> None:
    calls = Calls()
    calls.fail(FAILURES)
    calls.clock.now += PAUSE_S
    assert calls.make() == "answered"
    assert calls.make() == "answered"


def test_a_probe_that_fails_opens_it_again() -> None:
    calls = Calls()
    calls.fail(FAILURES)
    calls.clock.now += PAUSE_S
    calls.fail(1)
    assert calls.make() == "open"


def test_while_one_call_probes_the_others_are_told_at_once() -> None:
    calls = Calls()
    calls.fail(FAILURES)
    calls.clock.now += PAUSE_S
    with calls.breaker.passed(lambda _: True):
        assert calls.make() == "open"
    assert calls.make() == "answered"


def test_a_cancelled_call_says_nothing_of_the_server() -> None:
    calls = Calls()
    calls.fail(FAILURES)
    calls.clock.now += PAUSE_S
    assert calls.make(asyncio.CancelledError()) == "failed"
    assert calls.make() == "open"


@pytest.mark.parametrize("model", ["all-MiniLM-L6-v2", "test/model é", "", "x" * 400, "日本", "a;DROP", "text-embedding-3-small"])
def test_the_name_of_a_collection_is_one_that_weaviate_takes(model: str) -> None:
    assert re.fullmatch(r"[A-Z][_0-9A-Za-z]{0,254}", collection_name(model, 384))


def test_a_failure_of_a_call_that_began_before_another_was_answered_is_old_news() -> None:
    calls = Calls()
    with suppress(OSError), calls.breaker.passed(lambda _: True):
        calls.fail(FAILURES - 1)
        assert calls.make() == "answered"
        raise OSError("late")
    assert not calls.breaker.is_failing


def test_an_open_one_lets_through_who_has_nobody_else_to_ask() -> None:
    calls = Calls()
    calls.fail(FAILURES)
    with calls.breaker.passed(lambda _: True, even_if_open=True):
        pass
    assert calls.make() == "answered"


class Played(Node):
    """A node without a server: fails as often as it is told to, and notes how long it was given."""

    def __init__(self, *, fails: int = 0, deaf: bool = False) -> None:
        super().__init__(Address("http://127.0.0.1:1", "127.0.0.1:2"))
        self.fails, self.deaf = fails, deaf
        self.given: list[float] = []

    async def asked(self, ask: Ask[T], limit_s: float, *, even_if_open: bool = False) -> T:
        with self.breaker.passed(lambda _: True, even_if_open=even_if_open):
            self.given.append(limit_s)
            if len(self.given) <= self.fails:
                raise TimeoutError
            return await ask(cast("WeaviateAsyncClient", self))

    async def listens(self) -> bool:
        return not self.deaf


async def whoever(client: object) -> object:
    return client


async def test_who_is_asked_alone_is_given_all_the_time() -> None:
    node = Played()
    assert await Line([node]).read(whoever) is node
    assert node.given == [node.limits.read_s]


async def test_the_next_node_is_asked_and_stays_the_first_to_be_asked() -> None:
    away, there = Played(fails=9), Played()
    line = Line([away, there])
    assert [await line.read(whoever) for _ in range(3)] == [there] * 3
    assert (len(away.given), len(there.given)) == (1, 3)


async def test_where_all_are_slow_the_first_that_listens_is_given_all_the_time() -> None:
    deaf, slow = Played(fails=9, deaf=True), Played(fails=1)
    assert await Line([deaf, slow]).write(whoever) is slow
    assert slow.given == [1.5, slow.limits.write_s]


async def test_somebody_is_asked_though_no_call_gets_through_to_any() -> None:
    nodes = [Played(fails=FAILURES), Played(fails=FAILURES)]
    line = Line([Played(), *nodes])
    assert await line.read(whoever) not in nodes
    line._nodes = nodes
    await fail(nodes)
    assert await line.read(whoever) in nodes


async def test_where_none_has_answered_for_long_nobody_waits() -> None:
    nodes = [Played(fails=FAILURES), Played(fails=FAILURES)]
    await fail(nodes)
    with pytest.raises(IndexUnavailable):
        await Line(nodes).read(whoever)
    assert [len(node.given) for node in nodes] == [FAILURES, FAILURES]


async def fail(nodes: Sequence[Played]) -> None:
    """Until their breakers are open."""
    for node in nodes:
        for _ in range(FAILURES):
            with suppress(TimeoutError):
                await node.asked(whoever, 1.0)


async def test_nobody_that_listens_is_said_at_once() -> None:
    with pytest.raises(IndexUnavailable):
        await Line([Played(fails=9, deaf=True), Played(fails=9, deaf=True)]).read(whoever)


async def test_who_was_away_a_short_while_ago_is_asked_last() -> None:
    back, first, other = Played(fails=1), Played(), Played()
    line = Line([back, first, other])
    assert await line.read(whoever) is first
    first.fails = 9
    assert await line.read(whoever) is other
    other.fails = 9
    assert await line.read(whoever) is back


def test_two_models_never_share_a_collection() -> None:
    models = ["a-b", "a_b", "a b", "A-B", "ab", "日本", "本日", "x" * 101, "x" * 102]
    names = {collection_name(model, dimension).lower() for model in models for dimension in (8, 384)}
    assert len(names) == 2 * len(models)


def test_what_was_changed_by_hand_is_named() -> None:
    found = definition("One", 1)
    found["properties"] = [one for one in found["properties"] if one["name"] != "version"]
    found["properties"][-1] = {**found["properties"][-1], "tokenization": "word"}
    found["vectorIndexConfig"] = {**found["vectorIndexConfig"], "threshold": 5}
    assert differences(definition("One", 1), found) == [
        "properties.version.name is missing, not 'version'",
        "properties.version.dataType is missing, not ['int']",
        "properties.version.indexFilterable is missing, not True",
        "properties.version.indexSearchable is missing, not False",
        "properties.readers.tokenization is 'word', not 'field'",
        "vectorIndexConfig.threshold is 5, not 10000",
    ]


def test_what_a_collection_has_besides_is_its_own_matter() -> None:
    assert differences(definition("One", 1), definition("One", 1) | {"description": "", "shardingConfig": {}}) == [
        "description is '', not \"Passages of Footnote's companies, a tenant each. Can be built again from PostgreSQL.\""
    ]


@pytest.mark.parametrize(
    ("error", "advice", "outage", "missing"),
    [
        pytest.param(TimeoutError(), "in time", True, False, id="a call of ours that took too long"),
        pytest.param(ConnectionRefusedError(111, "refused"), "cannot be reached", True, False, id="nobody listens"),
        pytest.param(
            RuntimeError("rpc error: code = Canceled desc = grpc: the client connection is closing"),
            "cannot be reached",
            True,
            False,
            id="a node that has just come back",
        ),
        pytest.param(RuntimeError('batch delete: tenant not found: "x"'), "this company's index", False, True, id="no tenant"),
        pytest.param(RuntimeError("could not find class X in schema"), "this company's index", False, True, id="no collection"),
        pytest.param(RuntimeError("index: class X: shard not found"), "does not know why", False, False, id="a shard is not its tenant"),
        pytest.param(RuntimeError("shard is in read-only mode: disk usage too high"), "no writes", False, False, id="disk full"),
    ],
)
def test_errors_are_told_apart(error: Exception, advice: str, *, outage: bool, missing: bool) -> None:
    found = fault(error)
    assert advice in found.advice
    assert (found.outage, found.missing) == (outage, missing)


@pytest.mark.parametrize(
    ("error", "stranger"),
    [
        pytest.param(RuntimeError("Meta endpoint! Unexpected status code: 401, with response body: None."), True, id="said over REST"),
        pytest.param(RuntimeError("extract auth: unauthorized: invalid api key: user deactivated"), True, id="a user who was deactivated"),
        pytest.param(RuntimeError("extract auth: unauthorized: invalid api key: key is revoked"), True, id="a key that was revoked"),
        pytest.param(RuntimeError("forbidden! Unexpected status code: 403"), False, id="a key without rights"),
        pytest.param(Refused("401 of 1000 passages were not removed"), False, id="a number that means something else"),
    ],
)
def test_a_key_that_is_not_known_is_told_from_other_refusals(error: Exception, *, stranger: bool) -> None:
    assert is_stranger(error) == stranger


class House:
    """Whoever has the `right` key is let in. It notes who knocks, and which doors are open."""

    def __init__(self, *right: str) -> None:
        self.right = set(right)
        self.knocked: list[str] = []
        self.doors: set[Door] = set()

    @property
    def open(self) -> list[str]:
        return sorted(door.key for door in self.doors)


class Door(Node):
    """A node that is such a house's."""

    def __init__(self, key: str, house: House) -> None:
        super().__init__(Address("http://127.0.0.1:9", "127.0.0.1:9"), key)
        self.key, self._house = key, house

    def known_as(self, api_key: str) -> "Door":
        return Door(api_key, self._house)

    async def asked(self, ask: Ask[T], limit_s: float, *, even_if_open: bool = False) -> T:
        self._house.knocked.append(self.key)
        self._house.doors.add(self)
        await asyncio.sleep(0)
        if self.key not in self._house.right:
            raise Refused("invalid api key")
        return await ask(None)  # type: ignore[arg-type] # nothing is asked of it

    async def close(self) -> None:
        await asyncio.sleep(0)
        self._house.doors.discard(self)


class Locked:
    """A tenant's line to such a node, over keys that are made one after the other."""

    def __init__(self, *right: str) -> None:
        self.house = House(*right)
        self.made = 0
        self.making = asyncio.Event()
        self.line = TenantLine([Door("application's", self.house)], self._make, OpenLines())

    async def _make(self, refused: str | None) -> str:
        self.made += 1
        self.making.set()
        await asyncio.sleep(0)
        return f"key-{self.made}"

    async def ask(self) -> str:
        return await self.line.read(answer)


class Ring:
    """Keeps a key for each tenant, called as the tenant is."""

    async def key(self, tenant: TenantId, refused: str | None, make: Callable[[], Awaitable[str]]) -> str:
        return tenant

    async def forget(self, tenant: TenantId) -> None:
        """There is nothing to forget."""


class Slow:
    """A question that is not answered until it is let go on."""

    def __init__(self) -> None:
        self.asked, self.going_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, _: object) -> str:
        self.asked.set()
        await self.going_on.wait()
        return "answered late"


async def answer(_: object) -> str:
    return "answered"


async def test_a_tenants_line_has_a_key_of_its_own_from_the_first_question_on() -> None:
    locked = Locked("application's", "key-1")
    await locked.line.ready()
    await locked.line.ready()
    assert await locked.ask() == "answered"
    assert (locked.made, locked.house.knocked) == (1, ["key-1"])


async def test_many_who_are_refused_at_once_share_one_new_key() -> None:
    locked = Locked("key-2")
    await locked.line.ready()
    assert await asyncio.gather(*(locked.ask() for _ in range(5))) == ["answered"] * 5
    assert locked.made == 2


async def test_a_call_whose_new_key_is_refused_too_is_not_asked_a_third_time() -> None:
    locked = Locked()
    await locked.line.ready()
    with pytest.raises(IndexUnavailable):
        await locked.ask()
    assert locked.house.knocked == ["key-1", "key-2"]


async def test_what_a_new_key_leaves_behind_is_closed_as_soon_as_nobody_waits_for_it() -> None:
    locked, slow = Locked("key-1"), Slow()
    await locked.line.ready()
    async with asyncio.TaskGroup() as group:
        late = group.create_task(locked.line.read(slow))
        await slow.asked.wait()
        locked.house.right = {"key-2"}
        assert await locked.ask() == "answered"
        assert locked.house.open == ["key-1", "key-2"]
        slow.going_on.set()
    assert late.result() == "answered late"
    assert locked.house.open == ["key-2"]


async def test_one_node_alone_that_was_left_behind_is_closed_after_each_call() -> None:
    locked = Locked("key-1")
    await locked.line.ready()
    for line in (*locked.line.each(), locked.line.patient()):
        await locked.line.rest()
        assert await line.read(answer) == "answered"
        assert locked.house.open == []


async def test_a_line_that_rests_connects_again_when_it_is_asked() -> None:
    locked = Locked("key-1")
    await locked.line.ready()
    for _ in range(2):
        assert await locked.ask() == "answered"
        assert locked.house.open == ["key-1"]
        await locked.line.rest()
        assert locked.house.open == []
    assert locked.made == 1


async def test_who_rests_in_the_middle_of_a_call_is_answered_before() -> None:
    locked, slow = Locked("key-1"), Slow()
    await locked.line.ready()
    async with asyncio.TaskGroup() as group:
        late = group.create_task(locked.line.read(slow))
        await slow.asked.wait()
        await locked.line.rest()
        assert locked.house.open == ["key-1"]
        slow.going_on.set()
    assert (late.result(), locked.house.open) == ("answered late", [])


async def test_the_line_of_a_removed_tenant_makes_no_key_and_no_connection() -> None:
    locked = Locked("key-1")
    await locked.line.ready()
    assert await locked.ask() == "answered"
    await locked.line.remove()
    for late in (locked.ask, locked.line.ready):
        with pytest.raises(IndexMissing, match="being built again"):
            await late()
    assert (locked.made, locked.house.open) == (1, [])


async def test_who_is_removed_while_a_key_is_made_is_told_and_the_key_is_there_to_be_removed() -> None:
    locked = Locked("key-2")
    await locked.line.ready()
    locked.making.clear()
    call = asyncio.create_task(locked.ask())
    await locked.making.wait()
    await locked.line.remove()
    with pytest.raises(IndexMissing):
        await call
    assert (locked.made, locked.house.open) == (2, [])


def companies(number: int) -> list[TenantId]:
    return [TenantId(f"c{at:02}") for at in range(number)]


async def test_the_connections_of_those_who_were_asked_longest_ago_are_closed() -> None:
    tenants = companies(MOST_OPEN + 2)
    house = House(*tenants)
    lines = TenantLines([Door("application's", house)], Ring())
    for tenant in (*tenants[:MOST_OPEN], tenants[0], *tenants[MOST_OPEN:]):
        await (await lines.to(tenant)).read(answer)
        assert len(house.open) <= MOST_OPEN
    assert set(tenants) - set(house.open) == set(tenants[1:3])
    assert await (await lines.to(tenants[1])).read(answer) == "answered"
    await lines.close()
    assert house.open == []


async def test_no_connection_is_closed_in_the_middle_of_a_call_and_none_is_left_after_it() -> None:
    tenants, slow = companies(MOST_OPEN + 5), Slow()
    house = House(*tenants)
    lines = TenantLines([Door("application's", house)], Ring())
    async with asyncio.TaskGroup() as group:
        late = [group.create_task((await lines.to(tenant)).read(slow)) for tenant in tenants]
        await slow.asked.wait()
        await asyncio.sleep(0.01)
        assert house.open == tenants
        slow.going_on.set()
    assert {one.result() for one in late} == {"answered late"}
    assert len(house.open) == MOST_OPEN


def test_only_one_fault_means_that_a_tenant_is_missing() -> None:
    assert [one.missing for one in FAULTS].count(True) == 1


async def test_the_first_error_ends_what_is_done_with_each() -> None:
    done = []

    async def work(item: int) -> None:
        await asyncio.sleep(0)
        if item == 2:
            raise ValueError(item)
        done.append(item)

    with pytest.raises(ValueError, match="2"):
        await for_each(range(1000), work, at_once=2)
    assert len(done) < 10
