"""Query maps over real PostgreSQL and LanceDB: learned from what everybody may read, used for nobody else, gone when that is closed."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
import pytest_asyncio
from sqlalchemy import delete, update

from knowledge import query_maps
from knowledge.documents import Readers
from knowledge.embedding.port import Embedded
from knowledge.errors import EmbedderUnavailable
from knowledge.index.places import Place
from knowledge.ingest.items import TextItem
from knowledge.ingest.moving import Moving
from knowledge.query_maps import QueryMaps, Row
from knowledge.ranking import Stage
from knowledge.tables import passage_states
from tenancy.errors import StoreUnavailable
from tenancy.tables import settings
from tenancy.viewer import EVERYONE, Audience, Principal, TenantId
from tests.knowledge.parts import DIMENSION, BagOfWords, Shelf, group, text

HR = "group:files:hr"
TITLES = ["leave", "pay", "travel", "hotel", "laptop", "desk", "badge", "health", "pension", "office", "car", "phone", "train"]
BODIES = [
    "absence",
    "salary",
    "journey",
    "lodging",
    "computer",
    "table",
    "pass",
    "medicine",
    "annuity",
    "building",
    "vehicle",
    "handset",
    "railway",
]
PLACE = Place("lancedb", "bag-of-words", DIMENSION)
TO_ALL = frozenset({EVERYONE, Principal(HR)})


def handbook(readers: Readers = TO_ALL) -> Iterator[TextItem]:
    """286 documents whose titles say in some words what their texts say in others."""
    for number, chosen in enumerate(combinations(range(len(TITLES)), 3)):
        body = " ".join(BODIES[one] for one in chosen for _ in range(4))
        yield text(f"d{number}", body, readers, title=" ".join(TITLES[one] for one in chosen))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_maps, "_FRESH_S", -1.0)


@pytest_asyncio.fixture(autouse=True)
async def wanted(shelf: Shelf) -> None:
    await shelf.maps.switch(shelf.tenant.id, on=True)


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> Mock:
    log = Mock()
    monkeypatch.setattr(query_maps, "_log", log)
    return log.warning


async def used(shelf: Shelf, place: Place = PLACE) -> bool:
    return await shelf.maps.used(shelf.tenant.id, place) is not None


async def cosines(shelf: Shelf, *principals: str, audience: Audience | None = None, without: tuple[Stage, ...] = ()) -> list[float]:
    library = shelf.library.without(without)
    found = await library.search(shelf.viewer(*principals), audience or Audience(), "leave travel office")
    return [hit.cosine for hit in found.hits]


async def test_a_map_is_used_for_those_who_may_read_what_it_was_learned_from(shelf: Shelf) -> None:
    await shelf.ingest(*handbook())
    assert not await used(shelf)
    await shelf.map_learning.learn(shelf.tenant.id)
    known = await shelf.maps.version(shelf.tenant.id, PLACE.model)
    assert known is not None
    assert (known.number, known.names, known.helps, known.is_open, len(known.passages)) == (1, 286, True, True, 286)
    assert known.after > known.before
    colleagues = Audience(frozenset({frozenset({EVERYONE, Principal(HR)})}))
    guests = Audience(frozenset({frozenset({Principal(HR)})}))
    plain = await cosines(shelf, EVERYONE, HR, without=(Stage.MAP,))
    assert await cosines(shelf, EVERYONE, HR) != plain
    assert await cosines(shelf, EVERYONE, HR, audience=colleagues) != plain
    assert await cosines(shelf, EVERYONE, HR, audience=guests) == plain
    assert await cosines(shelf, HR) == plain, "a guest does not hold `everyone`"
    await shelf.maps.switch(shelf.tenant.id, on=False)
    assert await cosines(shelf, EVERYONE, HR) == plain
    assert not await shelf.maps.is_on(shelf.tenant.id)
    await shelf.maps.switch(shelf.tenant.id, on=True)
    assert await used(shelf)
    assert not await used(shelf, PLACE._replace(model="another-bag"))


async def test_a_document_that_is_closed_or_gone_ends_the_map_at_once_until_another_is_learned(shelf: Shelf) -> None:
    first, second, *others = handbook()
    await shelf.ingest(first, second, *others, text("hr", "Nobody else knows.", group("hr"), title="Hidden"))
    await shelf.map_learning.learn(shelf.tenant.id)
    assert await used(shelf)
    closed = TextItem(name=first.name, readers=group("hr"), title=first.title, text=first.text)
    await shelf.ingest(closed, second, *others)
    assert not await used(shelf)
    known = await shelf.maps.version(shelf.tenant.id, PLACE.model)
    assert known is not None
    assert not known.is_open
    await shelf.map_learning.learn(shelf.tenant.id)
    learned = await shelf.maps.version(shelf.tenant.id, PLACE.model)
    assert learned is not None
    assert (learned.number, learned.is_open, len(known.passages - learned.passages), await used(shelf)) == (2, True, 1, True)
    await shelf.ingest(closed, *others)
    assert not await used(shelf)


async def test_a_map_is_learned_anew_only_where_enough_has_changed(shelf: Shelf) -> None:
    nameless = [TextItem(name=f"n{number}", readers=TO_ALL, title="", text=f"Nothing {number}.") for number in range(90)]
    items = [*handbook(), *nameless]
    assert isinstance(shelf.embedder, BagOfWords)
    await shelf.ingest(*items[16:])
    await shelf.map_learning.learn(shelf.tenant.id)
    await shelf.ingest(*items)
    embedded = shelf.embedder.passages_embedded
    await shelf.map_learning.learn(shelf.tenant.id)
    known = await shelf.maps.version(shelf.tenant.id, PLACE.model)
    assert (known and known.number, shelf.embedder.passages_embedded) == (1, embedded)
    await shelf.map_learning.learn(shelf.tenant.id, anew=True)
    known = await shelf.maps.version(shelf.tenant.id, PLACE.model)
    assert (known and known.number, known and len(known.passages)) == (2, 286)
    changed = [text(one.name, f"{one.text} again", one.readers, title=one.title) for one in items[:60]]
    await shelf.ingest(*changed, *items[60:])
    await shelf.map_learning.learn(shelf.tenant.id)
    known = await shelf.maps.version(shelf.tenant.id, PLACE.model)
    assert known is not None
    assert known.number == 3


async def test_a_map_that_has_nothing_to_learn_from_any_more_is_forgotten(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    items = list(handbook())
    await shelf.ingest(*items)
    await shelf.map_learning.learn(shelf.tenant.id)

    async def away(_: object) -> None:
        raise EmbedderUnavailable

    await shelf.ingest(*items[:200], *(text(one.name, one.text, group("hr"), title=one.title) for one in items[200:]))
    with monkeypatch.context() as broken:
        broken.setattr(shelf.embedder, "passages", away)
        broken.setattr("knowledge.map_learning.lacking", lambda *_: "")
        assert await shelf.map_learning.learn(shelf.tenant.id) == ""
        with pytest.raises(EmbedderUnavailable):
            await shelf.map_learning.learn(shelf.tenant.id, anew=True)
    assert await shelf.maps.version(shelf.tenant.id, PLACE.model) is not None, "where the model is away nothing is known to be too little"
    monkeypatch.setattr(shelf.embedder, "passages", away)
    said = await shelf.map_learning.learn(shelf.tenant.id, anew=True)
    assert said == "only 200 passages have a title or heading, and it takes 256", "nothing is embedded to know that"
    assert await shelf.maps.version(shelf.tenant.id, PLACE.model) is None


async def test_by_night_none_is_learned_where_the_model_says_more_than_a_vector_unless_an_operator_wants_it(shelf: Shelf) -> None:
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(delete(settings))
    await shelf.ingest(*handbook())
    assert "late interaction says" in await shelf.map_learning.learn(shelf.tenant.id)
    assert await shelf.maps.version(shelf.tenant.id, PLACE.model) is None
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(passage_states).values(states=b""))
    assert await shelf.map_learning.learn(shelf.tenant.id) == ""
    assert await used(shelf)


async def test_nothing_is_learned_for_those_who_use_none(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.maps.switch(shelf.tenant.id, on=False)
    monkeypatch.setattr(shelf.maps, "rows", None)
    assert await shelf.map_learning.learn(shelf.tenant.id) == ""


async def kept(shelf: Shelf, *, helps: bool = True, number: float = -1.0) -> None:
    """A map of one document's passages that turns every number round, or makes it another `number` of its."""
    await shelf.ingest(text("leave", "Leave is long."))
    judged = SimpleNamespace(map=np.float32(number) * np.eye(DIMENSION, dtype=np.float32), names=1, before=0.5, after=0.6, helps=helps)
    await shelf.maps.keep(shelf.tenant.id, PLACE.model, judged, await shelf.maps.rows(shelf.tenant.id, PLACE))  # type: ignore[arg-type]


async def test_a_map_that_does_not_help_is_kept_and_not_used(shelf: Shelf) -> None:
    await kept(shelf, helps=False)
    known = await shelf.maps.version(shelf.tenant.id, PLACE.model)
    assert (known and known.helps, await used(shelf)) == (False, False)


async def test_a_map_goes_with_the_last_index_of_its_model(shelf: Shelf) -> None:
    await kept(shelf)
    other = PLACE._replace(model="another-bag")
    await Moving(shelf.ingestion).move(shelf.tenant.id, other)
    assert (await used(shelf, other), await used(shelf)) == (False, True)
    await shelf.places.forget(shelf.tenant.id, lambda _: True)
    assert await shelf.maps.version(shelf.tenant.id, PLACE.model) is None


async def test_a_map_of_another_width_is_left_out_and_told_once(shelf: Shelf, warned: Mock) -> None:
    await kept(shelf)
    for _ in range(2):
        assert not await used(shelf, PLACE._replace(dimension=32))
    warned.assert_called_once_with("a query map is not of %d x %d numbers and is left out; the next learning makes another", 32, 32)


async def test_a_map_of_no_numbers_is_left_out(shelf: Shelf, warned: Mock) -> None:
    await kept(shelf)
    assert await used(shelf)
    await kept(shelf, number=np.nan)
    assert not await used(shelf)
    warned.assert_called_once()


@pytest.mark.parametrize("spoiled", [pytest.param(0.0, id="zeros"), pytest.param(np.nan, id="no numbers")])
async def test_what_the_model_says_nothing_of_is_not_learned_from(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, spoiled: float) -> None:
    await shelf.ingest(*handbook())
    rows, embed = shelf.maps.rows, shelf.embedder.passages

    async def spoiled_rows(tenant: TenantId, place: Place) -> list[Row]:
        first, *others = await rows(tenant, place)
        return [replace(first, vector=np.full(DIMENSION, spoiled, np.float32)), *others]

    async def spoiled_names(texts: Sequence[str]) -> Embedded:
        made = await embed(texts)
        made.vectors[0] = spoiled
        return made

    monkeypatch.setattr(shelf.maps, "rows", spoiled_rows)
    monkeypatch.setattr(shelf.embedder, "passages", spoiled_names)
    await shelf.map_learning.learn(shelf.tenant.id)
    known = await shelf.maps.version(shelf.tenant.id, PLACE.model)
    assert (known and known.names, known and known.helps, await used(shelf)) == (284, True, True)


async def test_a_map_is_read_once_and_remembered(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await kept(shelf)
    first = await shelf.maps.used(shelf.tenant.id, PLACE)
    assert first is not None
    assert await shelf.maps.used(shelf.tenant.id, PLACE) is first, "nothing has changed"
    monkeypatch.setattr(query_maps, "_FRESH_S", 100.0)
    monkeypatch.setattr(shelf.maps, "_read", None)
    assert await shelf.maps.used(shelf.tenant.id, PLACE) is first, "not even looked at"


async def test_no_more_maps_are_remembered_than_there_is_room_for(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await kept(shelf)
    assert await used(shelf)
    assert await used(shelf)
    assert shelf.maps._bytes == DIMENSION * DIMENSION * 4
    monkeypatch.setattr(query_maps, "_MOST_BYTES", DIMENSION * DIMENSION * 4 - 1)
    assert await used(shelf)
    assert (shelf.maps._seen, shelf.maps._bytes) == ({}, 0)


class Away:
    """A database that cannot be reached."""

    @asynccontextmanager
    async def tenant(self, _: object) -> AsyncIterator[None]:
        raise StoreUnavailable
        yield


async def test_what_cannot_be_read_fails_no_search(warned: Mock) -> None:
    assert await QueryMaps(Away()).used("t", PLACE) is None  # type: ignore[arg-type]
    warned.assert_called_once()


async def test_vectors_that_are_too_wide_are_left_alone(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.map_learning.MOST_DIMENSION", 10)
    monkeypatch.setattr(shelf.maps, "rows", None)
    assert await shelf.map_learning.learn(shelf.tenant.id) == "the model's vectors have 64 numbers, and 10 are the most"
    assert not await used(shelf)
