"""What every search engine promises. A new engine is a line in `ENGINES`; what it finds out is a test here.

Tenants are of one test only, so that one server serves them all.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from knowledge.documents import DocumentId, PassageId
from knowledge.embedding.port import Vector
from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.lance import LanceEngine
from knowledge.index.port import NOTHING, Entry, Held, IndexEngine, TenantIndex
from tenancy.viewer import EVERYONE, Principal, TenantId
from tests.engines import weaviate
from tests.waiting import PATIENCE_S

DIMENSION = 8

MakeEngine = Callable[[], AbstractAsyncContextManager[IndexEngine]]
"""An engine as another process would have it, each time, on the same data."""


@pytest.fixture
def lancedb(tmp_path: Path) -> MakeEngine:
    return lambda: _closing(LanceEngine(tmp_path, model="test", dimension=DIMENSION))


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Cluster]:
    with weaviate.running(tmp_path_factory.mktemp("weaviate")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Cluster]:
    with weaviate.running(tmp_path_factory.mktemp("weaviates"), nodes=3) as cluster:
        yield cluster


@pytest.fixture
def one_node(node: weaviate.Cluster) -> MakeEngine:
    return lambda: _closing(node.engine("test", DIMENSION))


@pytest.fixture
def three_nodes(nodes: weaviate.Cluster) -> MakeEngine:
    """Every engine asks another node."""
    turns = cycle(range(3))
    return lambda: _closing(nodes.engine("test", DIMENSION, at=(next(turns),)))


ENGINES = (
    pytest.param("lancedb"),
    pytest.param("one_node", id="weaviate", marks=weaviate.MARKS),
    pytest.param("three_nodes", id="weaviate on three nodes", marks=weaviate.MARKS),
)


@asynccontextmanager
async def _closing(engine: IndexEngine) -> AsyncIterator[IndexEngine]:
    try:
        yield engine
    finally:
        await engine.close()


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> MakeEngine:
    """One of the engines."""
    made: MakeEngine = request.getfixturevalue(request.param)
    return made


@pytest_asyncio.fixture
async def engine(make: MakeEngine) -> AsyncIterator[IndexEngine]:
    async with make() as engine:
        yield engine


@pytest.fixture
def acme() -> TenantId:
    return _tenant("acme")


@pytest.fixture
def beta() -> TenantId:
    return _tenant("beta")


@pytest_asyncio.fixture
async def index(engine: IndexEngine, acme: TenantId) -> TenantIndex:
    return await made(engine, acme)


def _tenant(name: str) -> TenantId:
    return TenantId(f"{name}-{secrets.token_hex(4)}")


async def made(engine: IndexEngine, tenant: TenantId) -> TenantIndex:
    await engine.create(tenant)
    return await engine.open(tenant)


async def held(index: TenantIndex) -> set[tuple[str, int]]:
    return {(one.document, one.version) for one in await index.holdings()}


def pointing(direction: int) -> Vector:
    vector = np.zeros(DIMENSION, np.float32)
    vector[direction] = 1
    return vector


def entry(passage: str, words: str = "leave", *, readers: tuple[str, ...] = (EVERYONE,), direction: int = 0) -> Entry:
    document, version, _ = passage.split("-")
    return Entry(
        passage=PassageId(passage),
        document=DocumentId(document),
        version=int(version),
        terms=words.split(),
        vector=pointing(direction),
        readers=frozenset(map(Principal, readers)),
    )


async def by_words(index: TenantIndex, words: str, *principals: str) -> list[str]:
    found = await index.by_words(words.split(), frozenset(map(Principal, principals or (EVERYONE,))), 10)
    return [proposal.passage for proposal in found]


async def by_vector(index: TenantIndex, direction: int, *principals: str) -> list[str]:
    found = await index.by_vector(pointing(direction), frozenset(map(Principal, principals or (EVERYONE,))), 10)
    return [proposal.passage for proposal in found]


async def soon(found: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """What is found, in a moment if not at once: of several nodes, each brings new vectors into its own index in its own time."""
    async with asyncio.timeout(PATIENCE_S):
        while not (now := await found()):  # noqa: ASYNC110 - what it looks at is outside this process
            await asyncio.sleep(0.01)
    return now


async def _search_until_missing(engine: IndexEngine, tenant: TenantId) -> None:
    """Of several nodes, each learns that a tenant is gone in its own time, and may be at a loss until then."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await by_words(await engine.open(tenant), "leave")
            except IndexMissing:
                return
            except IndexUnavailable:
                await asyncio.sleep(0.1)


async def test_an_empty_index_finds_nothing(index: TenantIndex) -> None:
    assert await by_words(index, "leave") == []
    assert await by_vector(index, 0) == []
    assert await index.count() == 0
    assert await held(index) == set()


async def test_what_was_put_is_found_at_once_by_words_and_by_vector(index: TenantIndex) -> None:
    await index.put([entry("a-1-0", "parent leave", direction=1), entry("b-1-0", "travel cost", direction=2)])
    assert await by_words(index, "travel") == ["b-1-0"]
    assert (await by_vector(index, 1))[0] == "a-1-0"


async def test_scores_of_words_are_bm25(index: TenantIndex) -> None:
    """k1 1.2, b 0.75, idf log(1 + (N - n + .5) / (n + .5)), with the engine's rounding of lengths left to it."""
    await index.put([entry("a-1-0", "leave"), entry("b-1-0", "travel"), entry("c-1-0", "travel")])
    (proposal,) = await index.by_words(["leave"], {EVERYONE}, 10)
    assert proposal.score == pytest.approx(np.log(1 + 2.5 / 1.5) * 2.2 / 2.2, rel=0.05)


async def test_scores_of_vectors_are_cosines(index: TenantIndex) -> None:
    await index.put([entry("a-1-0", direction=1)])
    (same,) = await index.by_vector(pointing(1), {EVERYONE}, 10)
    (other,) = await index.by_vector(pointing(2), {EVERYONE}, 10)
    assert same.score == pytest.approx(1, abs=0.01)
    assert other.score == pytest.approx(0, abs=0.01)


async def test_a_term_that_is_asked_for_twice_counts_twice(index: TenantIndex) -> None:
    await index.put([entry("a-1-0", "pto days"), entry("b-1-0", "paid time off"), entry("c-1-0", "pto paid time off"), entry("d-1-0", "x")])
    await index.tidy()

    async def scores(words: str) -> dict[str, float]:
        return {one.passage: one.score for one in await index.by_words(words.split(), {EVERYONE}, 10)}

    own, added, both = await scores("pto"), await scores("paid time off"), await scores("pto pto paid time off")
    assert both == {one: pytest.approx(2 * own.get(one, 0) + added.get(one, 0), rel=1e-3) for one in ["a-1-0", "b-1-0", "c-1-0"]}


async def test_more_of_a_rare_word_ranks_higher(index: TenantIndex) -> None:
    await index.put([entry("a-1-0", "leave common common"), entry("b-1-0", "leave leave leave"), entry("c-1-0", "common")])
    assert await by_words(index, "leave") == ["b-1-0", "a-1-0"]


@pytest.mark.parametrize(
    ("readers", "principals", "found"),
    [
        pytest.param((EVERYONE,), (EVERYONE,), True, id="everyone reads what is everyone's"),
        pytest.param(("group:hr:x",), ("group:hr:x", EVERYONE), True, id="one of several principals is enough"),
        pytest.param(("group:hr:x",), (EVERYONE,), False, id="a group's document is not everyone's"),
        pytest.param(("group:a-b",), ("group:a",), False, id="a principal that is the beginning of another does not match it"),
        pytest.param(("group:a",), ("group:a-b",), False, id="nor the other way round"),
        pytest.param(("group:HR",), ("group:hr",), False, id="principals differ by case"),
        pytest.param(("group:o'brien; DROP",), ("group:o'brien; DROP",), True, id="quotes are only characters"),
        pytest.param((), (EVERYONE,), False, id="a document without readers is nobody's"),
        pytest.param(("group:日本",), ("group:日本",), True, id="principals may be in any script"),
    ],
)
async def test_only_readers_find(index: TenantIndex, readers: tuple[str, ...], principals: tuple[str, ...], *, found: bool) -> None:
    await index.put([entry("a-1-0", readers=readers)])
    assert await by_words(index, "leave", *principals) == (["a-1-0"] if found else [])
    assert await by_vector(index, 0, *principals) == (["a-1-0"] if found else [])


async def test_without_principals_nothing_is_found(index: TenantIndex) -> None:
    await index.put([entry("a-1-0")])
    assert await index.by_words(["leave"], frozenset(), 10) == []
    assert await index.by_vector(pointing(0), frozenset(), 10) == []


async def test_without_terms_words_find_nothing(index: TenantIndex) -> None:
    await index.put([entry("a-1-0")])
    assert await index.by_words([], {EVERYONE}, 10) == []


@pytest.mark.parametrize("words", ['"', "(", "leave) OR (", "*", "leave*", "-leave", "NOT", "a:b", "'", "\\", "🦊"])
async def test_no_term_is_a_command(index: TenantIndex, words: str) -> None:
    await index.put([entry("a-1-0", "leave")])
    assert set(await by_words(index, words)) <= {"a-1-0"}


async def test_the_filter_is_applied_before_the_limit(index: TenantIndex) -> None:
    await index.put([entry(f"d{number}-1-0", "leave leave", readers=("group:x",)) for number in range(30)])
    await index.put([entry("mine-1-0", "leave", readers=("group:y",))])
    (proposal,) = await index.by_words(["leave"], {Principal("group:y")}, 1)
    assert proposal.passage == "mine-1-0"


async def test_putting_a_passage_again_replaces_it(index: TenantIndex) -> None:
    await index.put([entry("a-1-0", "old")])
    await index.put([entry("a-1-0", "new")])
    assert await by_words(index, "old") == []
    assert await by_words(index, "new") == ["a-1-0"]
    assert await index.count() == 1


async def test_keeping_one_version_removes_the_others(index: TenantIndex) -> None:
    await index.put([entry("a-1-0"), entry("a-2-0"), entry("b-1-0")])
    await index.keep_only({DocumentId("a"): 2})
    assert sorted(await by_words(index, "leave")) == ["a-2-0", "b-1-0"]


async def test_keeping_nothing_removes_the_document(index: TenantIndex) -> None:
    await index.put([entry("a-1-0"), entry("b-1-0")])
    await index.keep_only({DocumentId("a"): NOTHING})
    assert await held(index) == {(DocumentId("b"), 1)}
    assert await by_vector(index, 0) == ["b-1-0"]


async def test_many_documents_can_be_removed_at_once(index: TenantIndex) -> None:
    await index.put([entry(f"d{number}-1-0") for number in range(450)])
    await index.keep_only({DocumentId(f"d{number}"): NOTHING for number in range(449)})
    assert await held(index) == {(DocumentId("d449"), 1)}


async def test_readers_can_be_changed_and_taken_away(index: TenantIndex) -> None:
    await index.put([entry("a-1-0"), entry("a-1-1"), entry("b-1-0")])
    await index.set_readers(DocumentId("a"), frozenset({Principal("group:hr")}))
    assert await by_words(index, "leave") == ["b-1-0"]
    assert sorted(await by_words(index, "leave", "group:hr")) == ["a-1-0", "a-1-1"]
    await index.set_readers(DocumentId("a"), frozenset())
    assert await by_words(index, "leave", "group:hr") == []


async def test_tidying_changes_no_answer(index: TenantIndex) -> None:
    await index.put([entry("a-1-0", "parent leave", direction=1), entry("b-1-0", "travel", direction=2)])
    before = (await by_words(index, "leave travel"), (await by_vector(index, 1))[:1])
    await index.tidy()
    assert (await by_words(index, "leave travel"), (await by_vector(index, 1))[:1]) == before


async def test_writers_at_the_same_time_lose_and_double_nothing(index: TenantIndex) -> None:
    await asyncio.gather(*(index.put([entry("same-1-0"), entry(f"d{number}-1-0")]) for number in range(12)))
    assert await index.count() == 13


async def test_tenants_are_apart(engine: IndexEngine, acme: TenantId, beta: TenantId) -> None:
    ours, theirs = await made(engine, acme), await made(engine, beta)
    await ours.put([entry("a-1-0")])
    assert await by_words(theirs, "leave") == []
    assert await by_vector(theirs, 0) == []
    assert await theirs.count() == 0


async def test_two_tenants_may_have_passages_of_the_same_name(engine: IndexEngine, acme: TenantId, beta: TenantId) -> None:
    ours, theirs = await made(engine, acme), await made(engine, beta)
    await ours.put([entry("a-1-0", "ours")])
    await theirs.put([entry("a-1-0", "theirs")])
    await ours.keep_only({DocumentId("a"): NOTHING})
    assert await by_words(theirs, "theirs") == ["a-1-0"]


async def test_dropping_a_tenant_leaves_nothing_behind_and_nobody_else_touched(engine: IndexEngine, acme: TenantId, beta: TenantId) -> None:
    await (await made(engine, acme)).put([entry("a-1-0")])
    await (await made(engine, beta)).put([entry("b-1-0")])
    await engine.drop(acme)
    with pytest.raises(IndexMissing):
        await engine.open(acme)
    assert await (await made(engine, acme)).count() == 0
    assert await (await engine.open(beta)).count() == 1


async def test_a_tenant_dropped_while_it_rests_has_nothing_when_it_is_made_again(engine: IndexEngine, acme: TenantId) -> None:
    await (await made(engine, acme)).put([entry("a-1-0")])
    await engine.rest(acme)
    await engine.drop(acme)
    index = await made(engine, acme)
    assert await index.count() == 0
    assert await by_words(index, "leave") == []


async def test_dropping_a_tenant_that_was_never_there_is_no_error(engine: IndexEngine, acme: TenantId) -> None:
    await engine.drop(acme)
    await engine.rest(acme)
    with pytest.raises(IndexMissing):
        await engine.open(acme)


async def test_purging_removes_the_tenant_and_nobody_else(engine: IndexEngine, acme: TenantId, beta: TenantId) -> None:
    await made(engine, acme)
    await made(engine, beta)
    await engine.purge(acme)
    with pytest.raises(IndexMissing):
        await engine.open(acme)
    assert await (await engine.open(beta)).count() == 0


async def test_making_a_tenant_again_changes_nothing(engine: IndexEngine, index: TenantIndex, acme: TenantId) -> None:
    await index.put([entry("a-1-0")])
    await engine.create(acme)
    assert await (await engine.open(acme)).count() == 1


async def test_a_tenant_may_be_made_by_several_at_once(make: MakeEngine, acme: TenantId) -> None:
    async with make() as one, make() as other:
        await asyncio.gather(*(engine.create(acme) for engine in (one, other, one)))
        await (await one.open(acme)).put([entry("a-1-0")])
        assert await (await other.open(acme)).count() == 1


async def test_a_tenant_that_rests_wakes_when_it_is_asked(engine: IndexEngine, index: TenantIndex, acme: TenantId) -> None:
    await index.put([entry("a-1-0", direction=1)])
    await engine.rest(acme)
    await engine.rest(acme)
    index = await engine.open(acme)
    assert await by_words(index, "leave") == ["a-1-0"]
    assert await soon(lambda: by_vector(index, 1)) == ["a-1-0"]


async def test_a_tenant_that_rests_wakes_when_it_is_written_to(engine: IndexEngine, index: TenantIndex, acme: TenantId) -> None:
    await index.put([entry("a-1-0")])
    await engine.rest(acme)
    await (await engine.open(acme)).put([entry("b-1-0")])
    assert await (await engine.open(acme)).count() == 2


async def test_vectors_come_back_as_they_were(index: TenantIndex) -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(3, DIMENSION)).astype(np.float32)
    entries = [replace(entry(f"a-1-{number}"), vector=vector / np.linalg.norm(vector)) for number, vector in enumerate(vectors)]
    await index.put(entries)
    found = await index.vectors([PassageId("a-1-0"), PassageId("a-1-2"), PassageId("b-1-0")])
    assert sorted(found) == ["a-1-0", "a-1-2"]
    for number in (0, 2):
        back = found[PassageId(f"a-1-{number}")]
        assert back / np.linalg.norm(back) == pytest.approx(entries[number].vector, abs=1e-6)
        assert back.dtype == np.float32


async def test_vectors_of_what_is_not_there_are_none(index: TenantIndex) -> None:
    assert await index.vectors([PassageId("nowhere-1-0")]) == {}
    assert await index.vectors([]) == {}


async def test_holdings_count_every_passage_by_document_version_and_readers(index: TenantIndex) -> None:
    await index.put([entry(f"a-1-{number}") for number in range(450)])
    await index.put([entry("b-3-0", readers=("group:x", "group:y")), entry("c-1-0", readers=())])
    assert await index.holdings() == Counter(
        {
            Held(DocumentId("a"), 1, frozenset({EVERYONE})): 450,
            Held(DocumentId("b"), 3, frozenset({Principal("group:x"), Principal("group:y")})): 1,
            Held(DocumentId("c"), 1, frozenset()): 1,
        }
    )


async def test_putting_nothing_is_nothing(index: TenantIndex) -> None:
    await index.put([])
    await index.keep_only({})
    assert await index.holdings() == Counter()


async def test_what_it_is_is_told_to_an_operator(engine: IndexEngine, acme: TenantId) -> None:
    assert await engine.check()  # also before anything was made
    await engine.create(acme)
    assert await engine.check()


async def test_changing_readers_leaves_words_and_vectors_as_they_were(index: TenantIndex) -> None:
    await index.put([entry("a-1-0", "parent leave", direction=1)])
    before = await index.vectors([PassageId("a-1-0")])
    await index.set_readers(DocumentId("a"), frozenset({Principal("group:hr")}))
    assert await by_words(index, "parent", "group:hr") == ["a-1-0"]
    assert await by_vector(index, 1, "group:hr") == ["a-1-0"]
    assert (await index.vectors([PassageId("a-1-0")]))[PassageId("a-1-0")] == pytest.approx(before[PassageId("a-1-0")])


async def test_readers_of_a_long_document_change_as_one(index: TenantIndex) -> None:
    await index.put([entry(f"a-1-{number}") for number in range(450)])
    await index.set_readers(DocumentId("a"), frozenset({Principal("group:hr")}))
    assert await index.holdings() == {Held(DocumentId("a"), 1, frozenset({Principal("group:hr")})): 450}


async def test_what_has_several_versions_keeps_the_one_that_is_named(index: TenantIndex) -> None:
    await index.put([entry(f"{document}-{version}-0") for document in "abc" for version in (1, 2, 3)])
    await index.keep_only({DocumentId("a"): 3, DocumentId("b"): 2, DocumentId("c"): NOTHING})
    assert await held(index) == {("a", 3), ("b", 2)}


async def test_a_viewer_with_very_many_principals_finds_what_one_of_them_opens(index: TenantIndex) -> None:
    await index.put([entry("a-1-0", readers=("group:x:17",)), entry("b-1-0", readers=("group:y",)), entry("c-1-0")])
    principals = [f"group:x:{number}" for number in range(20_000)]
    assert await by_words(index, "leave", *principals) == ["a-1-0"]
    assert await by_vector(index, 0, *principals) == ["a-1-0"]
    await index.put([entry("d-1-0", readers=("group:x:18",))])
    await index.set_readers(DocumentId("b"), frozenset({Principal("group:x:19")}))
    assert sorted(await by_words(index, "leave", *principals)) == ["a-1-0", "b-1-0", "d-1-0"]


async def test_what_one_process_wrote_another_finds_and_replaces(make: MakeEngine, acme: TenantId) -> None:
    async with make() as one, make() as other:
        ours, theirs = await made(one, acme), await made(other, acme)
        await ours.put([entry("a-1-0", "leave")])
        assert await by_words(await other.open(acme), "leave") == ["a-1-0"]
        await theirs.put([entry("b-1-0", "travel")])
        await ours.put([entry("b-1-0", "holidays")])  # from a handle that has not seen it
        assert await ours.count() == 2
        assert await by_words(await other.open(acme), "holidays") == ["b-1-0"]
        assert await by_words(await other.open(acme), "travel") == []
        seen = await other.open(acme)
        assert await soon(lambda: by_vector(seen, 0))


async def test_what_one_process_dropped_is_missing_for_another(make: MakeEngine, acme: TenantId) -> None:
    async with make() as one, make() as other:
        ours, _ = await made(one, acme), await other.open(acme)
        await other.drop(acme)
        await _search_until_missing(one, acme)
        with pytest.raises(IndexUnavailable):
            await ours.put([entry("a-1-0")])
