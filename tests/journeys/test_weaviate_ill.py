"""What people read while Weaviate is ill: whoever asks in Slack, and whoever runs the product. Nobody does anything for it to get well."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
import weaviate as client_library
from weaviate.auth import Auth
from weaviate.classes.data import DataObject

from bot import texts
from knowledge.errors import IndexMissing, IndexUnavailable
from tests.engines import weaviate
from tests.engines.proxy import Proxy
from tests.journeys import product
from tests.journeys.test_weaviate import World
from tests.peers.slack import Slack, Workspace
from tests.waiting import PATIENCE_S, until

pytestmark = [*weaviate.MARKS, pytest.mark.asyncio(loop_scope="module")]

LEAVE = "({n}) How long is parental leave?"
APOLOGY, REBUILDING = str(IndexUnavailable.__doc__), str(IndexMissing.__doc__)
ANSWERED_WITHIN_S = 30.0  # a question opens the index and searches it, 5 s at most each; the rest is for a busy machine
READYZ_WITHIN_S = 15.0  # it waits 3 s for its parts and .5 s for its doors; likewise
DOGS, ON_DOGS = "# Dogs\n\nA dog may come to the office on {days} days a week.\n", "How many days a week may a dog come to the office?"
BICYCLES = "# Bicycles\n\nA bicycle is paid for with 600 euros every third year.\n"
PEOPLE = 30  # who take turns, as one may ask 30 questions a minute


class Gate(Proxy):
    """A way to a server that can be shut: who knocks is refused, as where nobody listens."""

    async def shut(self) -> None:
        self._server.close()
        self.drop()

    async def open(self) -> None:
        if not self._server.is_serving():
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)


class Said(NamedTuple):
    """What stands in a thread in the end."""

    text: str  # what a notification shows
    whole: str  # with everything around it
    took_s: float


@dataclass
class Ill(World):
    """A company in Slack whose index is in a Weaviate that can be reached through two gates, and the product that serves it."""

    rest: Gate
    grpc: Gate
    url: str = ""  # of the product
    asked: int = 0
    killed: bool = False

    @property
    def settings(self) -> dict[str, str]:
        gates = {"WEAVIATE_URL": f"http://127.0.0.1:{self.rest.port}", "WEAVIATE_GRPC": f"127.0.0.1:{self.grpc.port}"}
        return {**super().settings, **gates}

    async def asks(self, question: str = LEAVE) -> Said:
        """The next of our people asks in a thread of its own, once, and waits."""
        self.asked += 1
        channel = f"C{self.asked % PEOPLE}"
        event = self.workspace.mention(f"U{self.asked % PEOPLE}", channel, question.format(n=self.asked))

        async def taken() -> bool:
            return await self.slack.send_event(self.http, self.url, event) == 200

        await until(taken)
        began = time.monotonic()
        await self.slack.wait_for(lambda: bool(self.workspace.posts(channel, event["ts"])), timeout=PATIENCE_S)
        took_s = time.monotonic() - began
        (post,) = self.workspace.posts(channel, event["ts"])
        assert "Traceback" not in str(post.blocks)
        return Said(post.text, str(post.blocks), took_s)

    async def apologised(self, sentence: str = APOLOGY) -> None:
        """Somebody asks, and hears that it does not work now, in time."""
        said = await self.asks()
        assert said.text == sentence
        assert said.took_s < ANSWERED_WITHIN_S

    async def until_answered(self, question: str = LEAVE, expected: str = "16 weeks") -> None:
        """Whoever asks again is answered before long, and hears nothing but apologies before."""

        async def answered() -> bool:
            said = await self.asks(question)
            assert expected in said.whole or said.text in {APOLOGY, REBUILDING}
            return expected in said.whole

        await until(answered)

    async def is_answered(self) -> bool:
        return "16 weeks" in (await self.asks()).whole

    async def ready(self) -> dict[str, Any]:
        """What `/readyz` says, and how soon."""
        began = time.monotonic()
        async with self.http.get(f"{self.url}/readyz") as response:
            report: dict[str, Any] = await response.json()
        assert time.monotonic() - began < READYZ_WITHIN_S
        assert report["ready"] == (response.status == 200)
        return report

    async def is_ready(self) -> bool:
        return bool((await self.ready())["ready"])

    async def index_is_wrong(self) -> bool:
        """Whether `/readyz` says that it is the index, and nothing else."""
        checks = (await self.ready())["checks"]
        return [name for name, check in checks.items() if not check["ok"]] == ["index"]

    async def doctor(self) -> str:
        """What the doctor says of the index."""
        _, said = await self.footnote("doctor")
        assert "Traceback" not in said
        (line,) = [line for line in said.splitlines() if line.startswith(("WRONG index ", "ok    index "))]
        return line

    async def ingest(self, folder: Path) -> tuple[int, str]:
        code, said = await self.footnote("ingest", str(folder), "--tenant", product.SLUG)
        assert "Traceback" not in said
        return code, said

    async def kill(self) -> None:
        self.node.kill()
        self.killed = True
        await self.rest.shut()
        await self.grpc.shut()

    async def cure(self) -> None:
        """Whatever it has."""
        self.rest.delay_s = self.grpc.delay_s = 0
        if self.killed:
            self.node.start()
        self.killed = False
        self.node.resume()
        await asyncio.to_thread(self.node.wait)
        await self.rest.open()
        await self.grpc.open()

    async def removes(self) -> None:
        """Somebody removes the tenant who should not."""

        async def remove(client: client_library.WeaviateAsyncClient, name: str, tenant: str) -> None:
            await client.collections.use(name).tenants.remove(tenant)

        if await self.tenants():
            await self.raw(remove)

    async def make(self, status: str) -> None:
        """What Weaviate does by itself when 90 % of its disk are used, and as soon as there is room again."""
        (name,), (tenant,) = await self.collections(), await self.tenants()
        headers = {"Authorization": f"Bearer {weaviate.KEY}"}
        async with self.http.put(f"{self.node.url}/v1/schema/{name}/shards/{tenant}", json={"status": status}, headers=headers) as response:
            assert response.ok

    async def raw(self, work: Callable[[client_library.WeaviateAsyncClient, str, str], Awaitable[None]]) -> None:
        """As an operator does who knows better: with the client, the collection and the tenant."""
        (name,), (tenant,), ports = await self.collections(), await self.tenants(), self.node.ports
        async with client_library.use_async_with_local(
            host="127.0.0.1", port=ports.rest, grpc_port=ports.grpc, auth_credentials=Auth.api_key(weaviate.KEY), skip_init_checks=True
        ) as client:
            await work(client, name, tenant)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ill]:
    """All of it, well to begin with."""
    workspace, home = Workspace("T1", "UBOT", "B1", "xoxb-1", "s3cret", "A1"), tmp_path_factory.mktemp("home")
    for n in range(PEOPLE):
        workspace.add_person(f"U{n}", f"p{n}@acme.example", f"Person {n}")
        workspace.add_channel(f"C{n}", [f"U{n}", "UBOT"])
    await product.furnish(home, people={f"p{n}@acme.example": [] for n in range(PEOPLE)})
    with weaviate.running(tmp_path_factory.mktemp("weaviate")) as cluster:
        ports = cluster.nodes[0].ports
        async with Slack(workspace) as slack, aiohttp.ClientSession() as http, Gate(ports.rest) as rest, Gate(ports.grpc) as grpc:
            house = Ill(home, cluster.nodes[0], slack, workspace, http, rest, grpc)
            code, said = await house.footnote("index", "move", "--all", "--to", "weaviate")
            assert code == 0, said
            async with product.serving(home, house.settings) as running:
                house.url = running.url
                yield house
                assert await running.stop() == 0


@pytest_asyncio.fixture(loop_scope="module")
async def ill(house: Ill) -> AsyncIterator[Ill]:
    """Well when the test begins, whatever became of the one before; how it gets well by itself is what the tests are about."""
    if "16 weeks" not in (await house.asks()).whole:
        await house.removes()
        await until(house.is_answered)
    yield house
    await house.cure()


async def test_a_killed_server_is_apologised_for_and_its_return_needs_nobody(ill: Ill) -> None:
    await ill.kill()
    for _ in range(4):
        await ill.apologised()
    await until(ill.index_is_wrong)
    assert "It cannot be reached. Check that it runs, WEAVIATE_URL" in await ill.doctor()
    await ill.cure()
    await ill.until_answered()
    await until(ill.is_ready)


async def test_a_slow_server_costs_an_answer_or_an_apology_in_time(ill: Ill) -> None:
    ill.rest.delay_s = ill.grpc.delay_s = 1.0  # each way
    for _ in range(2):
        said = await ill.asks()
        assert "16 weeks" in said.whole or said.text == APOLOGY
        assert said.took_s < ANSWERED_WITHIN_S
    await ill.ready()
    await ill.cure()
    await ill.until_answered()
    await until(ill.is_ready)


async def test_grpc_alone_that_is_closed_is_apologised_for_and_named_to_the_operator(ill: Ill) -> None:
    await ill.grpc.shut()
    await ill.apologised()
    await until(ill.index_is_wrong)
    assert f"It answers over REST; for gRPC it is asked at 127.0.0.1:{ill.grpc.port}" in await ill.doctor()
    await ill.cure()
    await ill.until_answered()
    await until(ill.is_ready)


async def test_a_server_without_room_answers_on_and_an_ingestion_that_fails_loses_nothing(ill: Ill, tmp_path: Path) -> None:
    folder = _written(tmp_path / "rules", {"pets": DOGS.format(days="two")})
    assert (await ill.ingest(folder))[0] == 0
    _written(folder, {"pets": DOGS.format(days="four"), "bikes": BICYCLES})
    await ill.make("READONLY")
    code, said = await ill.ingest(folder)
    assert (code, "nothing was lost" in said) == (1, True), said
    await ill.until_answered(ON_DOGS, "two days")
    await ill.until_answered()
    await ill.make("READY")
    code, said = await ill.ingest(folder)
    assert (code, "1 new, 1 changed" in said) == (0, True), said
    await ill.until_answered(ON_DOGS, "four days")
    await ill.until_answered("How many euros are paid for a bicycle?", "600 euros")


async def test_an_ingestion_says_that_the_server_takes_no_writes(ill: Ill, tmp_path: Path) -> None:
    await ill.make("READONLY")
    _, said = await ill.ingest(_written(tmp_path / "more", {"bikes": BICYCLES}))
    await ill.make("READY")
    assert "takes no writes" in said


async def test_an_index_that_somebody_removed_comes_back_though_nobody_asks_again(ill: Ill) -> None:
    assert await ill.is_answered()  # so that the product takes it to be there for some seconds
    await ill.removes()
    await ill.apologised(REBUILDING)

    async def is_back() -> bool:
        return bool(await ill.tenants())

    await until(is_back)


async def test_an_index_that_was_emptied_is_not_taken_for_documents_that_say_nothing(ill: Ill) -> None:
    await ill.raw(_emptied)
    await ill.until_answered()


async def test_vectors_of_another_length_leave_the_words_to_search_by_and_that_is_said(ill: Ill) -> None:
    async def is_said() -> bool:
        await ill.raw(_shortened)
        return texts.WORDS_ONLY in (await ill.asks()).whole

    await until(is_said)
    said = await ill.asks()
    assert "Parental leave" in said.whole
    assert said.took_s < ANSWERED_WITHIN_S


async def test_vectors_of_another_length_are_mended_by_verifying(ill: Ill) -> None:
    async def is_noticed() -> bool:
        await ill.raw(_shortened)
        code, _ = await ill.footnote("index", "verify", "--all")
        return code == 1

    await until(is_noticed)
    await ill.until_answered()


async def _emptied(client: client_library.WeaviateAsyncClient, name: str, tenant: str) -> None:
    await client.collections.use(name).tenants.remove(tenant)
    await client.collections.use(name).tenants.create(tenant)


async def _shortened(client: client_library.WeaviateAsyncClient, name: str, tenant: str) -> None:
    """As after an embedding model that was changed and kept its name.

    The product may see it empty on the way and make it anew: whoever waits for what comes of it does this again.
    """
    rows = client.collections.use(name).with_tenant(tenant)
    found = (await rows.query.fetch_objects(limit=100)).objects
    await _emptied(client, name, tenant)
    await rows.data.insert_many([DataObject(row.properties, row.uuid, np.ones(5, np.float32).tolist()) for row in found])


def _written(folder: Path, rules: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in rules.items():
        (folder / f"{name}.md").write_text(text)
    return folder
