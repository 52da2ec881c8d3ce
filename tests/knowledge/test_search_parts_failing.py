"""Parts of a search that fail or take long: what is optional fails no search, and none is left behind at work."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import pytest

from knowledge import search
from knowledge.embedding.port import Asked
from knowledge.errors import EmbedderUnavailable, IndexUnavailable
from knowledge.index.places import Place
from knowledge.own_words.meaning import Meaning
from knowledge.ranking.query_map import Map
from knowledge.waiting import all_of
from tenancy.errors import StoreUnavailable
from tenancy.viewer import EVERYONE, TenantId
from tests.knowledge.parts import Shelf, text

QUESTION = "How many days of PTO?"
LONG_S = 20.0  # until a test that waits in vain fails


async def turns(count: int) -> None:
    """Let others work for so many turns."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_first_failure_is_raised_once_all_have_ended() -> None:
    ended = list[int]()

    async def fails(number: int, count: int) -> int:
        await turns(count)
        ended.append(number)
        raise ValueError(number)

    async def works() -> int:
        return 7

    assert await all_of(works(), works()) == [7, 7]
    assert await all_of() == []
    with pytest.raises(ValueError, match="1"):
        await all_of(works(), fails(1, 9), fails(2, 0))
    assert ended == [2, 1]


async def test_the_reading_of_a_question_whose_search_fails_is_not_left_behind(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("rules", "Days of paid time off (PTO) are twenty."))
    begun, ended = asyncio.Event(), asyncio.Event()

    async def meanings(*_: object) -> list[Meaning]:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await turns(1_000)
            ended.set()
        return []

    async def occurring(*_: object) -> frozenset[str]:
        await begun.wait()
        raise StoreUnavailable

    monkeypatch.setattr(search, "MANY", 1)
    monkeypatch.setattr("knowledge.catalogue.Catalogue.meanings", meanings)
    monkeypatch.setattr("knowledge.catalogue.Catalogue.occurring", occurring)
    with pytest.raises(StoreUnavailable):
        await shelf.find(QUESTION, EVERYONE)
    assert ended.is_set()


async def test_one_way_to_ask_is_enough_where_the_other_cannot_be_embedded(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("rules", "Days of paid time off (PTO) are twenty."))
    embed = shelf.embedder.query

    async def query(way: str) -> Asked:
        if way != QUESTION:
            raise EmbedderUnavailable
        return await embed(way)

    monkeypatch.setattr(shelf.embedder, "query", query)
    found = await shelf.find(QUESTION, EVERYONE)
    assert found.read_as == (("PTO", "paid time off"),)
    assert (found.words_only, found.hits[0].cosine is not None) == (False, True)


async def test_hits_come_without_their_neighbours_where_those_cannot_be_read(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("rules", "Days of leave are twenty."))
    proposed = shelf.library._search.catalogue.proposed

    async def away(tenant: TenantId, ids: Sequence[str], model: str | None, dimension: int) -> object:
        if ids == ["beside"]:
            raise StoreUnavailable
        return await proposed(tenant, ids, model, dimension)  # type: ignore[arg-type]  # ids are what they are

    monkeypatch.setattr("knowledge.catalogue.Catalogue.proposed", lambda _, *rest: away(*rest))
    monkeypatch.setattr(search, "unread", lambda _: ["beside"])
    assert [hit.passage.document.name for hit in (await shelf.find("days of leave", EVERYONE)).hits] == ["rules"]


async def test_the_map_is_read_while_the_question_is_embedded_and_embedding_waits_for_no_words(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shelf.ingest(text("rules", "Days of leave are twenty."))
    embed, step = shelf.embedder.query, search._Clock.step
    looked, embedded = asyncio.Event(), asyncio.Event()

    async def used(_: TenantId, __: Place) -> Map | None:
        looked.set()
        return None

    async def query(way: str) -> Asked:
        await asyncio.wait_for(looked.wait(), LONG_S)
        return await embed(way)

    @contextmanager
    def told(clock: search._Clock, name: str) -> Iterator[None]:
        inner: AbstractContextManager[None] = step(clock, name)
        with inner:
            yield
        if name == "embed":
            embedded.set()

    async def meanings(*_: object) -> list[Meaning]:
        await asyncio.wait_for(embedded.wait(), LONG_S)
        return []

    monkeypatch.setattr(shelf.maps, "used", used)
    monkeypatch.setattr(shelf.embedder, "query", query)
    monkeypatch.setattr(search._Clock, "step", told)
    monkeypatch.setattr("knowledge.catalogue.Catalogue.meanings", meanings)
    found = await shelf.find("days of leave", EVERYONE)
    assert (len(found.hits), found.words_only) == (1, False)


async def test_a_search_by_one_way_that_fails_leaves_none_by_the_other_at_work(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("rules", "Days of paid time off (PTO) are twenty."))
    ended = list[str]()

    async def by_words(_: object, terms: Sequence[str], *__: object) -> None:
        await turns(20_000 if "pto" not in terms else 0)
        ended.append("pto" if "pto" in terms else "other")
        raise IndexUnavailable

    index = type((await shelf.places.open(shelf.tenant.id)).index)
    monkeypatch.setattr(index, "by_words", by_words)
    with pytest.raises(IndexUnavailable):
        await shelf.find(QUESTION, EVERYONE)
    assert ended == ["pto", "other"]
