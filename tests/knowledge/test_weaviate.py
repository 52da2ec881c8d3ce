"""What is special to Weaviate: a real server that is down, slow, full, changed by hand, or one of three that dies.

What it shares with every engine is in `tests/contracts/test_index.py`.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import weaviate as client_library
from weaviate.auth import Auth

from knowledge.documents import DocumentId, PassageId
from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.port import NOTHING, Entry
from knowledge.index.weaviate import WeaviateEngine
from knowledge.index.weaviate import tenant as tenant_module
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Address, Limits, Node
from knowledge.index.weaviate.rows import object_id, to_object
from knowledge.index.weaviate.schema import collection_name, definition
from knowledge.index.weaviate.tenant import WeaviateIndex
from tenancy.viewer import EVERYONE, TenantId
from tests.engines import weaviate
from tests.engines.proxy import Proxy
from tests.waiting import PATIENCE_S, until

pytestmark = [*weaviate.MARKS]

MODEL, DIMENSION = "test", 8
LIMITED = Limits(read_s=2.0, write_s=5.0, indexing_s=10.0)  # so long that what is said without asking is told from it on a busy machine too
FAR_LONGER_S = 20.0


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Cluster]:
    """One node, which no test stops."""
    with weaviate.running(tmp_path_factory.mktemp("weaviate")) as cluster:
        yield cluster


@pytest.fixture
def acme() -> TenantId:
    return TenantId(f"acme-{secrets.token_hex(4)}")


@pytest_asyncio.fixture
async def engine(node: weaviate.Cluster) -> AsyncIterator[WeaviateEngine]:
    async with closing(node.engine(MODEL, DIMENSION)) as engine:
        yield engine


@asynccontextmanager
async def closing(engine: WeaviateEngine) -> AsyncIterator[WeaviateEngine]:
    try:
        yield engine
    finally:
        await engine.close()


def engine_at(address: Address, limits: Limits | None = None) -> WeaviateEngine:
    return WeaviateEngine(Line([Node(address, weaviate.KEY, limits)]), model=MODEL, dimension=DIMENSION)


def entry(number: int, *, document: str = "a") -> Entry:
    vector = np.zeros(DIMENSION, np.float32)
    vector[number % DIMENSION] = 1
    return Entry(
        passage=PassageId(f"{document}-1-{number}"),
        document=DocumentId(document),
        version=1,
        terms=["leave", f"n{number}"],
        vector=vector,
        readers=frozenset({EVERYONE}),
    )


async def took(call: Callable[[], Awaitable[object]], error: type[Exception] = IndexUnavailable) -> float:
    """Seconds until it failed, which it must."""
    began = time.monotonic()
    with pytest.raises(error):
        await call()
    return time.monotonic() - began


async def until_it_answers(call: Callable[[], Awaitable[object]]) -> None:
    """Until it does not fail any more."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await call()
            except IndexUnavailable:
                await asyncio.sleep(0.1)
            else:
                return


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        pytest.param("wrong", "does not know the API key", id="a key it does not know"),
        pytest.param("", "wants an API key", id="no key"),
        pytest.param(weaviate.READER_KEY, "Give its user a role", id="a key without rights"),
    ],
)
async def test_a_key_that_will_not_do_is_said_to_the_operator_and_not_to_the_asker(
    node: weaviate.Cluster, acme: TenantId, engine: WeaviateEngine, key: str, advice: str
) -> None:
    await engine.create(acme)
    async with closing(node.engine(MODEL, DIMENSION, key=key)) as other:
        with pytest.raises(IndexUnavailable, match=advice):
            await other.check()
        with pytest.raises(IndexUnavailable) as asked:
            await other.open(acme)
    assert "key" not in str(asked.value)
    assert not isinstance(asked.value, IndexMissing)


async def test_nobody_there_is_said_at_once() -> None:
    async with closing(engine_at(Address("http://127.0.0.1:9", "127.0.0.1:10"), replace(LIMITED, read_s=PATIENCE_S))) as engine:
        assert await took(lambda: engine.open(TenantId("acme"))) < PATIENCE_S / 2
        with pytest.raises(IndexUnavailable, match=r"Weaviate at http://127\.0\.0\.1:9: It cannot be reached"):
            await engine.check()


async def test_grpc_that_cannot_be_reached_is_noticed_though_rest_can(
    node: weaviate.Cluster, acme: TenantId, engine: WeaviateEngine
) -> None:
    await engine.create(acme)
    async with closing(engine_at(Address(node.nodes[0].url, "127.0.0.1:9"), LIMITED)) as other:
        assert await took(lambda: other.open(acme)) < FAR_LONGER_S
        assert await took(lambda: other.open(acme)) < LIMITED.read_s / 2  # nobody waits for what is known to be shut
        with pytest.raises(IndexUnavailable, match="gRPC"):
            await other.check()


async def test_the_operator_is_told_at_once_that_nobody_listens_for_grpc(node: weaviate.Cluster) -> None:
    """The client would try for all the time that a question has, and the doctor waits no longer than a busy machine takes for that."""
    async with (
        closing(engine_at(Address(node.nodes[0].url, "127.0.0.1:9"), replace(LIMITED, read_s=PATIENCE_S))) as other,
        asyncio.timeout(PATIENCE_S / 2),
    ):
        with pytest.raises(IndexUnavailable, match="for gRPC it is asked at"):
            await other.check()


async def test_a_slow_server_is_given_up_and_then_not_asked(node: weaviate.Cluster, acme: TenantId) -> None:
    ports = node.nodes[0].ports
    async with Proxy(ports.rest) as rest, Proxy(ports.grpc) as grpc:
        engine = engine_at(Address(f"http://127.0.0.1:{rest.port}", f"127.0.0.1:{grpc.port}"), LIMITED)
        async with closing(engine):
            await engine.create(acme)
            index = await engine.open(acme)
            await index.put([entry(1)])
            rest.delay_s = grpc.delay_s = FAR_LONGER_S
            waits = [await took(lambda: index.by_words(["leave"], {EVERYONE}, 10)) for _ in range(5)]
            assert max(waits[:3]) < FAR_LONGER_S
            assert max(waits[3:]) < LIMITED.read_s / 2
            rest.delay_s = grpc.delay_s = 0
            rest.drop()
            grpc.drop()  # what was sent before would arrive in its own time
            await until_it_answers(lambda: index.by_words(["leave"], {EVERYONE}, 10))


async def test_what_is_refused_is_not_lost_among_what_is_taken(
    engine: WeaviateEngine, acme: TenantId, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.create(acme)
    index = await engine.open(acme)
    bad = replace(entry(3), version=1.5)  # type: ignore[arg-type] # what Weaviate refuses
    with pytest.raises(IndexUnavailable):
        await index.put([entry(1), entry(2), bad, entry(4)])
    assert "1 of 4 passages" in caplog.text
    assert "requires an integer" in caplog.text
    assert await index.count() == 3
    await index.put([entry(number) for number in (1, 2, 3, 4)])
    assert await index.count() == 4


async def test_a_vector_of_another_length_is_refused_before_anything_is_written(engine: WeaviateEngine, acme: TenantId) -> None:
    await engine.create(acme)
    index = await engine.open(acme)
    with pytest.raises(IndexUnavailable, match="vectors of 5 numbers for an index of 8"):
        await index.put([entry(1), replace(entry(2), vector=np.ones(5, np.float32))])
    assert await index.count() == 0


async def test_vectors_of_another_length_that_are_there_are_said_to_be(
    node: weaviate.Cluster, engine: WeaviateEngine, acme: TenantId, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.create(acme)
    index = await engine.open(acme)
    async with raw(node) as client:
        rows = client.collections.use(collection_name(MODEL, DIMENSION)).with_tenant(acme)
        await rows.data.insert_many([to_object(acme, replace(entry(1), vector=np.ones(5, np.float32)))])

        async def is_indexed() -> bool:
            return bool((await rows.query.near_vector([1.0] * 5, limit=1)).objects)

        await until(is_indexed)  # and with it the length
    with pytest.raises(IndexUnavailable):
        await index.put([entry(2)])
    with pytest.raises(IndexUnavailable):
        await index.by_vector(entry(2).vector, {EVERYONE}, 10)
    assert caplog.text.count("A vector's length is not that of the vectors it holds") == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"tokenization": "word"}, "properties.readers.tokenization is 'word', not 'field'", id="split where it must not be"),
        pytest.param(None, "properties.readers.name is missing", id="a property that is not there"),
    ],
)
async def test_a_collection_changed_by_hand_is_found_out(node: weaviate.Cluster, change: dict[str, str] | None, said: str) -> None:
    model = f"changed-{secrets.token_hex(4)}"
    made = definition(collection_name(model, DIMENSION), 1)
    readers = made["properties"].pop()
    if change:
        made["properties"].append(readers | change)
    async with raw(node) as client:
        await client.collections.create_from_dict(made)
    async with closing(node.engine(model, DIMENSION)) as engine:
        with pytest.raises(IndexUnavailable, match=said):
            await engine.check()


async def test_purging_removes_the_tenant_of_every_model(node: weaviate.Cluster, acme: TenantId) -> None:
    engines = [node.engine(f"{MODEL}-{number}", DIMENSION) for number in range(2)]
    for engine in engines:
        await engine.create(acme)
        await (await engine.open(acme)).put([entry(1)])
    await engines[0].purge(acme)
    for engine in engines:
        async with closing(engine):
            engine._known.clear()
            with pytest.raises(IndexMissing):
                await engine.open(acme)


async def test_a_collection_removed_by_hand_is_made_again(node: weaviate.Cluster, acme: TenantId) -> None:
    model = f"removed-{secrets.token_hex(4)}"
    async with closing(node.engine(model, DIMENSION)) as engine, raw(node) as client:
        await engine.create(acme)
        index = await engine.open(acme)
        await client.collections.delete(collection_name(model, DIMENSION))
        await took(index.count, IndexMissing)
        await took(lambda: engine.open(acme), IndexMissing)
        await engine.create(acme)
        assert await (await engine.open(acme)).count() == 0


async def test_more_than_one_call_removes_is_removed(engine: WeaviateEngine, acme: TenantId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.index.weaviate.tenant._KEYS_A_FILTER", 3)
    await engine.create(acme)
    index = await engine.open(acme)
    await index.put([entry(number, document=f"d{number % 10}") for number in range(100)])
    await index.keep_only({DocumentId(f"d{number}"): NOTHING for number in range(9)})
    assert await index.count() == 10


async def test_a_document_of_more_passages_than_one_page_shows_changes_as_one(
    engine: WeaviateEngine, acme: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.index.weaviate.tenant._MOST_ROWS", 20)
    monkeypatch.setattr("knowledge.index.weaviate.tenant._ROWS_A_PAGE", 10)
    await engine.create(acme)
    index = await engine.open(acme)
    await index.put([entry(number) for number in range(45)] + [entry(number, document="b") for number in range(5)])
    await index.set_readers(DocumentId("a"), frozenset())
    counted = Counter({(held.document, bool(held.readers)): number for held, number in (await index.holdings()).items()})
    assert counted == {("a", False): 45, ("b", True): 5}


async def test_a_server_without_room_takes_no_writes_and_answers_on(
    node: weaviate.Cluster, engine: WeaviateEngine, acme: TenantId, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.create(acme)
    index = await engine.open(acme)
    await index.put([entry(1)])
    async with raw(node) as client:  # what it does by itself when 90 % of its disk are used
        await client.collections.use(collection_name(MODEL, DIMENSION)).config.update_shards("READONLY", shard_names=acme)
    for write in (
        lambda: index.put([entry(2)]),
        lambda: index.set_readers(DocumentId("a"), frozenset()),
        lambda: index.keep_only({DocumentId("a"): NOTHING}),
    ):
        caplog.clear()
        await took(write)
        assert "takes no writes" in caplog.text
    assert await index.by_words(["leave"], {EVERYONE}, 10)


async def test_a_server_that_does_not_index_in_the_background_is_found_out(tmp_path: Path) -> None:
    with weaviate.running(tmp_path, ASYNC_INDEXING="false") as cluster:
        async with closing(cluster.engine(MODEL, DIMENSION)) as engine:
            with pytest.raises(IndexUnavailable, match="runs without ASYNC_INDEXING=true"):
                await engine.check()


async def test_a_server_that_stopped_indexing_in_the_background_is_found_out(tmp_path: Path, acme: TenantId) -> None:
    with weaviate.running(tmp_path) as cluster:
        async with closing(cluster.engine(MODEL, DIMENSION)) as engine:
            await engine.create(acme)
            await (await engine.open(acme)).put([entry(1)])
        cluster.nodes[0].stop()
        cluster.nodes[0].extra["ASYNC_INDEXING"] = "false"
        cluster.nodes[0].start()
        cluster.nodes[0].wait()
        async with closing(cluster.engine(MODEL, DIMENSION)) as engine:
            with pytest.raises(IndexUnavailable, match="started without ASYNC_INDEXING=true"):
                await engine.check()


async def test_a_server_that_is_killed_is_noticed_and_its_return_too(tmp_path: Path, acme: TenantId) -> None:
    with weaviate.running(tmp_path) as cluster:
        async with closing(cluster.engine(MODEL, DIMENSION, limits=LIMITED)) as engine:
            await engine.create(acme)
            index = await engine.open(acme)
            await index.put([entry(number) for number in range(100)])
            cluster.nodes[0].kill()  # at once: what `put` returned from is there however the server ends
            waits = [await took(lambda: index.by_words(["leave"], {EVERYONE}, 10)) for _ in range(6)]
            assert max(waits[:3]) < FAR_LONGER_S
            assert max(waits[3:]) < LIMITED.read_s / 2
            await took(lambda: index.put([entry(200)]))
            with pytest.raises(IndexUnavailable):
                await engine.check()
            cluster.nodes[0].start()
            cluster.nodes[0].wait()
            await until_it_answers(index.count)
            assert await index.count() == 100
            assert len(await index.by_vector(entry(1).vector, {EVERYONE}, 200)) == 100
            assert await engine.check()


@asynccontextmanager
async def forgetful(folder: Path, tenant: TenantId) -> AsyncIterator[WeaviateIndex]:
    """An index of a hundred passages whose server was killed before it had kept what it indexed last."""
    with weaviate.running(folder) as cluster:
        async with closing(cluster.engine(MODEL, DIMENSION)) as engine:
            await engine.create(tenant)
            index = await engine.open(tenant)
            async with raw(cluster) as client:  # without the second write that `put` makes
                rows = client.collections.use(collection_name(MODEL, DIMENSION)).with_tenant(tenant)
                await rows.data.insert_many([to_object(tenant, entry(number)) for number in range(100)])
            await index._until_searchable({object_id(tenant, entry(number).passage) for number in range(100)})
            cluster.nodes[0].kill()
            cluster.nodes[0].start()
            cluster.nodes[0].wait()
            await until_it_answers(index.count)
            assert len(await index.by_vector(entry(1).vector, {EVERYONE}, 200)) < 100
            yield index


async def test_vectors_that_a_killed_server_forgot_are_indexed_again(tmp_path: Path, acme: TenantId) -> None:
    async with forgetful(tmp_path, acme) as index:
        before = await index.holdings()
        await index.tidy()
        assert len(await index.by_vector(entry(1).vector, {EVERYONE}, 200)) == 100
        assert await index.holdings() == before


async def test_what_a_killed_server_forgot_to_index_can_be_put_again(
    tmp_path: Path, acme: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant_module, "_FORGOTTEN_S", 0.5)
    async with forgetful(tmp_path, acme) as index:
        await index.put([entry(number) for number in range(100)])
        assert len(await index.by_vector(entry(1).vector, {EVERYONE}, 200)) == 100


@pytest.mark.timeout(300)
async def test_of_three_nodes_one_may_die_and_nothing_is_lost(tmp_path: Path, acme: TenantId) -> None:
    """Writes and searches go on through the others while one is killed and started again; afterwards every node has everything."""
    with weaviate.running(tmp_path, nodes=3) as cluster:
        async with closing(cluster.engine(MODEL, DIMENSION, at=(0, 1))) as engine:
            await engine.create(acme)
            index = await engine.open(acme)
            await index.put([entry(number) for number in range(10)])
            written, asked = 10, 0
            during = TenantId(f"during-{acme}")

            async def write() -> None:
                nonlocal written
                while not done.is_set():
                    await index.put([entry(written + number) for number in range(10)])
                    written += 10

            async def ask() -> None:
                nonlocal asked
                while not done.is_set():
                    assert await index.by_words(["leave"], {EVERYONE}, 10)
                    asked += 1

            async def both_go_on() -> None:
                before = written, asked

                async def have_gone_on() -> bool:
                    return written > before[0] + 20 and asked > before[1] + 20

                await until(have_gone_on)

            done = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(write())
                group.create_task(ask())
                await both_go_on()
                cluster.nodes[2].kill()
                await both_go_on()
                await engine.create(during)
                await (await engine.open(during)).put([entry(1)])
                cluster.nodes[2].start()
                await asyncio.to_thread(cluster.nodes[2].wait)
                await both_go_on()
                done.set()
        for at in range(3):
            async with closing(cluster.engine(MODEL, DIMENSION, at=(at,))) as engine:
                await everything(engine, acme, written)
                await everything(engine, during, 1)


@pytest.mark.timeout(400)
async def test_whichever_of_three_nodes_dies_questions_and_writes_find_another(tmp_path: Path, acme: TenantId) -> None:
    """Also the one that is asked. What it forgot to index is found by looking after each node, and its return is noticed."""
    with weaviate.running(tmp_path, nodes=3) as cluster:
        async with closing(cluster.engine(MODEL, DIMENSION, at=(0, 1, 2))) as engine:
            await engine.create(acme)
            index = await engine.open(acme)
            written = 0
            for dying in cluster.nodes:
                await index.put([entry(written + number) for number in range(10)])
                dying.kill()
                assert await index.by_words(["leave"], {EVERYONE}, 100)
                await index.put([entry(written + 10 + number) for number in range(10)])
                written += 20
                assert f"But: Weaviate at {dying.url}: It cannot be reached" in await engine.check()
                dying.start()
                await asyncio.to_thread(dying.wait)
                await until_nothing_is_said(engine)
                async with closing(cluster.engine(MODEL, DIMENSION, at=(cluster.nodes.index(dying),))) as returned:
                    await everything(returned, acme, written)
            await index.tidy()
        for at in range(3):
            async with closing(cluster.engine(MODEL, DIMENSION, at=(at,))) as engine:
                await everything(engine, acme, written)
                assert len(await (await engine.open(acme)).by_vector(entry(1).vector, {EVERYONE}, 100)) == written


async def until_nothing_is_said(engine: WeaviateEngine) -> None:
    """Wait until the check finds every node well; a breaker may stay open for a few seconds."""
    async with asyncio.timeout(PATIENCE_S):
        while "But" in await engine.check():  # noqa: ASYNC110 - what it looks at is outside this process
            await asyncio.sleep(0.2)


async def everything(engine: WeaviateEngine, tenant: TenantId, passages: int) -> None:
    """Wait until the node has as many passages: one that was away is brought up to date by the others. A count would be of them all."""
    async with asyncio.timeout(30 + 2 * PATIENCE_S):  # they compare every half a minute
        while (await (await engine.open(tenant)).holdings()).total() != passages:  # noqa: ASYNC110 - what it looks at is outside this process
            await asyncio.sleep(0.2)


@asynccontextmanager
async def raw(cluster: weaviate.Cluster) -> AsyncIterator[client_library.WeaviateAsyncClient]:
    """The client as it is, for what an operator may do to a collection."""
    ports = cluster.nodes[0].ports
    async with client_library.use_async_with_local(
        host="127.0.0.1", port=ports.rest, grpc_port=ports.grpc, auth_credentials=Auth.api_key(weaviate.KEY), skip_init_checks=True
    ) as client:
        yield client
