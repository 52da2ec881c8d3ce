"""What every search engine promises. A new engine is a line in `ENGINES`; what it finds out is a test here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from knowledge.documents import DocumentId, PassageId
from knowledge.embedding.port import Vector
from knowledge.index.lance import LanceEngine
from knowledge.index.port import NOTHING, Entry, IndexEngine, TenantIndex
from tenancy.viewer import EVERYONE, Principal, TenantId

ACME, BETA = TenantId("acme"), TenantId("beta")
DIMENSION = 8

MakeEngine = Callable[[Path], AbstractAsyncContextManager[IndexEngine]]


@asynccontextmanager
async def lance(folder: Path) -> AsyncIterator[IndexEngine]:
    engine = LanceEngine(folder, model="test", dimension=DIMENSION)
    yield engine
    await engine.close()


ENGINES = {"lancedb": lance}


@pytest_asyncio.fixture(params=ENGINES.values(), ids=ENGINES.keys())
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[IndexEngine]:
    make: MakeEngine = request.param
    async with make(tmp_path) as engine:
        yield engine


@pytest_asyncio.fixture
async def index(engine: IndexEngine) -> TenantIndex:
    return await engine.open(ACME)


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


async def test_an_empty_index_finds_nothing(index: TenantIndex) -> None:
    assert await by_words(index, "leave") == []
    assert await by_vector(index, 0) == []
    assert await index.count() == 0
    assert await index.versions() == set()


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
    assert await index.versions() == {(DocumentId("b"), 1)}
    assert await by_vector(index, 0) == ["b-1-0"]


async def test_many_documents_can_be_removed_at_once(index: TenantIndex) -> None:
    await index.put([entry(f"d{number}-1-0") for number in range(450)])
    await index.keep_only({DocumentId(f"d{number}"): NOTHING for number in range(449)})
    assert await index.versions() == {(DocumentId("d449"), 1)}


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


async def test_tenants_are_apart(engine: IndexEngine) -> None:
    acme, beta = await engine.open(ACME), await engine.open(BETA)
    await acme.put([entry("a-1-0")])
    assert await by_words(beta, "leave") == []
    assert await by_vector(beta, 0) == []
    assert await beta.count() == 0


async def test_dropping_a_tenant_leaves_nothing_behind_and_nobody_else_touched(engine: IndexEngine) -> None:
    await (await engine.open(ACME)).put([entry("a-1-0")])
    await (await engine.open(BETA)).put([entry("b-1-0")])
    await engine.drop(ACME)
    assert await (await engine.open(ACME)).count() == 0
    assert await (await engine.open(BETA)).count() == 1


async def test_dropping_a_tenant_that_was_never_there_is_no_error(engine: IndexEngine) -> None:
    await engine.drop(TenantId("nobody"))
    assert await (await engine.open(TenantId("nobody"))).count() == 0


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES.keys())
async def test_what_one_process_wrote_another_finds_and_replaces(make: MakeEngine, tmp_path: Path) -> None:
    async with make(tmp_path) as one, make(tmp_path) as other:
        ours, theirs = await one.open(ACME), await other.open(ACME)
        await ours.put([entry("a-1-0", "leave")])
        assert await by_words(await other.open(ACME), "leave") == ["a-1-0"]
        await theirs.put([entry("b-1-0", "travel")])
        await ours.put([entry("b-1-0", "holidays")])  # from a handle that has not seen it
        assert await ours.count() == 2
        assert await by_words(await other.open(ACME), "holidays") == ["b-1-0"]
        assert await by_words(await other.open(ACME), "travel") == []
