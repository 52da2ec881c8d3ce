"""Moving a tenant's index: built beside, compared, switched in one row; over real PostgreSQL and LanceDB."""

import asyncio
from collections.abc import Collection

import numpy as np
import pytest

from knowledge.documents import PassageId
from knowledge.embedding.port import Vector
from knowledge.errors import IndexMissing, IndexUnavailable, KnowledgeError
from knowledge.index.lance import LanceIndex
from knowledge.index.places import Place, State
from knowledge.index.port import IndexEngine, Proposal
from knowledge.ingest import moving
from knowledge.ingest.moving import Moving, NotAsGood
from tests.knowledge.parts import DIMENSION, Shelf, group, text
from tests.knowledge.test_analyser import of_an_older_analyser
from tests.knowledge.test_ingest import killed_at, stopping

OLD = Place("lancedb", "bag-of-words", DIMENSION)
BESIDE = Place("weaviate", "bag-of-words", DIMENSION)  # the same model elsewhere; LanceDB plays it here
ANOTHER = Place("lancedb", "another-bag", DIMENSION)
LEAVE, TRAINS, OTTERS = "Parental leave is twenty weeks.", "Trains are booked a week ahead.", "Otters sleep floating."


async def filled(shelf: Shelf) -> Moving:
    """Two sources, one of them restricted."""
    await shelf.ingest(text("leave", LEAVE), text("trains", TRAINS, group("hr")))
    await shelf.ingest(text("otters", OTTERS), source="uploads")
    return Moving(shelf.ingestion)


async def finds(shelf: Shelf) -> list[str]:
    queries = {"leave": "parental leave", "trains": "trains booked", "otters": "otters sleep"}
    return [name for name, query in queries.items() if (await shelf.names(query, "everyone", "group:files:hr"))[:1] == [name]]


@pytest.mark.parametrize("to", [BESIDE, ANOTHER], ids=["another engine", "another embedding model"])
async def test_everything_is_found_in_the_new_index_and_nothing_was_lost(shelf: Shelf, to: Place) -> None:
    moved = await (await filled(shelf)).move(shelf.tenant.id, to)
    assert (moved.left, moved.to, moved.passages, moved.alike) == (OLD, to, 3, 1)
    assert await shelf.places.serving(shelf.tenant.id) == to
    assert await finds(shelf) == ["leave", "trains", "otters"]
    assert await shelf.names("trains booked") != ["trains"]


async def test_vectors_of_the_same_model_are_not_made_again(shelf: Shelf) -> None:
    move = await filled(shelf)
    embedded = shelf.embedder.passages_embedded
    await move.move(shelf.tenant.id, BESIDE)
    assert shelf.embedder.passages_embedded == embedded


async def test_vectors_of_another_length_are_made_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    move = await filled(shelf)
    vectors = LanceIndex.vectors

    async def shortened(self: LanceIndex, passages: Collection[PassageId]) -> dict[PassageId, Vector]:
        found = await vectors(self, passages)
        return found if self._folder.parts[-3] == BESIDE.engine else {name: vector[:5] for name, vector in found.items()}

    monkeypatch.setattr(LanceIndex, "vectors", shortened)
    await move.move(shelf.tenant.id, BESIDE)
    assert await finds(shelf) == ["leave", "trains", "otters"]


async def test_an_index_with_vectors_of_another_length_is_mended(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(shelf)
    monkeypatch.setattr(LanceIndex, "vectors", lambda _, passages: asyncio.sleep(0, {name: np.ones(5, np.float32) for name in passages}))
    assert len((await shelf.ingestion.mend(shelf.tenant.id)).lost) == 3
    assert await finds(shelf) == ["leave", "trains", "otters"]


async def test_the_old_index_is_kept_until_it_is_told_to_go(shelf: Shelf) -> None:
    await (await filled(shelf)).move(shelf.tenant.id, BESIDE)
    assert await shelf.places.all(shelf.tenant.id) == {OLD: State.KEPT, BESIDE: State.SERVING}
    assert await (await shelf.engine.open(shelf.tenant.id)).count() == 3
    assert await shelf.places.forget(shelf.tenant.id, lambda _: True) == [OLD]
    with pytest.raises(IndexMissing):
        await shelf.engine.open(shelf.tenant.id)
    assert await finds(shelf) == ["leave", "trains", "otters"]


async def test_nothing_is_forgotten_while_a_move_is_under_way(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    move = await filled(shelf)
    refused: list[str] = []
    compared = moving._Move.compared

    async def forgetting(self: moving._Move) -> float | None:
        try:
            await move.forget(shelf.tenant.id, lambda _: True)
        except KnowledgeError as error:
            refused.append(str(error))
        return await compared(self)

    monkeypatch.setattr(moving._Move, "compared", forgetting)
    await move.move(shelf.tenant.id, BESIDE)
    assert len(refused) == 1
    assert await shelf.places.all(shelf.tenant.id) == {OLD: State.KEPT, BESIDE: State.SERVING}
    assert await move.forget(shelf.tenant.id, lambda _: True) == [OLD]


async def test_of_an_index_whose_engine_is_not_set_up_only_what_is_known_here_is_forgotten(shelf: Shelf) -> None:
    move = await filled(shelf)
    await move.move(shelf.tenant.id, BESIDE)
    assert await move.forget(shelf.tenant.id, lambda _: False) == [OLD]
    assert await shelf.places.all(shelf.tenant.id) == {BESIDE: State.SERVING}
    assert await (await shelf.engine.open(shelf.tenant.id)).count() == 3


async def test_without_anything_built_nothing_is_switched(shelf: Shelf) -> None:
    await filled(shelf)
    with pytest.raises(IndexUnavailable):
        await shelf.places.switch(shelf.tenant.id)
    assert await shelf.places.serving(shelf.tenant.id) == OLD


async def test_a_model_whose_vectors_became_longer_is_moved_to_like_another(shelf: Shelf) -> None:
    move = await filled(shelf)
    longer = BESIDE._replace(dimension=2 * DIMENSION)
    await move.move(shelf.tenant.id, BESIDE)
    await shelf.places.begin(shelf.tenant.id, longer)
    assert await shelf.places.all(shelf.tenant.id) == {OLD: State.KEPT, BESIDE: State.SERVING, longer: State.BUILDING}
    assert await finds(shelf) == ["leave", "trains", "otters"]


async def test_one_may_move_back(shelf: Shelf) -> None:
    move = await filled(shelf)
    await move.move(shelf.tenant.id, BESIDE)
    await shelf.ingest(text("leave", "Parental leave is thirty weeks."))
    assert (await move.move(shelf.tenant.id, OLD)).passages == 2
    assert await shelf.names("trains booked", "everyone", "group:files:hr") != ["trains"]
    assert (await shelf.find("parental leave", "everyone")).hits[0].passage.text == "Parental leave is thirty weeks."


async def test_to_move_where_one_is_changes_nothing(shelf: Shelf) -> None:
    moved = await (await filled(shelf)).move(shelf.tenant.id, OLD)
    assert (moved.left, moved.to) == (OLD, OLD)
    assert await shelf.places.all(shelf.tenant.id) == {OLD: State.SERVING}


async def test_a_move_that_was_cut_off_is_taken_up_where_it_was(shelf: Shelf) -> None:
    move = await filled(shelf)
    with killed_at(moving._Move, "compared", stopping):
        await move.move(shelf.tenant.id, ANOTHER)
    assert await shelf.places.serving(shelf.tenant.id) == OLD
    assert await finds(shelf) == ["leave", "trains", "otters"]
    with killed_at(moving._Move, "entries", stopping):  # but for what is not there yet
        await shelf.ingest(text("more", "Lynxes hunt alone."), source="later")
        await move.move(shelf.tenant.id, ANOTHER)
    assert (await move.move(shelf.tenant.id, ANOTHER)).passages == 4


async def test_what_others_write_meanwhile_is_caught_up_with(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    move = await filled(shelf)
    build = moving._Move.build

    async def and_meanwhile(self: moving._Move) -> None:
        await build(self)
        await shelf.ingest(text("leave", "Parental leave is thirty weeks.", group("hr")), text("added", "Lynxes hunt alone."))

    monkeypatch.setattr(moving._Move, "build", and_meanwhile)
    await move.move(shelf.tenant.id, BESIDE)
    assert (await shelf.find("parental leave", "group:files:hr")).hits[0].passage.text == "Parental leave is thirty weeks."
    assert await shelf.names("parental leave") != ["leave"]
    assert (await shelf.names("lynxes hunt"))[0] == "added"
    assert await (await shelf.places.open(shelf.tenant.id)).index.count() == 3


async def test_an_index_that_finds_something_else_is_not_switched_to(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    move = await filled(shelf)
    by_words = LanceIndex.by_words

    async def worse(self: LanceIndex, *arguments: object) -> list[Proposal]:
        return [] if self._folder.parts[-3] == BESIDE.engine else await by_words(self, *arguments)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(LanceIndex, "by_words", worse)
    with pytest.raises(NotAsGood, match="finds 0% of what the old one finds by words, and 100% of a sample by meaning"):
        await move.move(shelf.tenant.id, BESIDE)
    assert await shelf.places.serving(shelf.tenant.id) == OLD


async def test_words_are_not_compared_where_an_index_is_of_an_older_analyser(shelf: Shelf) -> None:
    move = await filled(shelf)
    await of_an_older_analyser(shelf)
    assert (await move.move(shelf.tenant.id, BESIDE)).alike is None
    assert (await move.move(shelf.tenant.id, OLD)).alike is None, "what was kept is taken up as it is"
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert await finds(shelf) == ["leave", "trains", "otters"]
    assert (await move.move(shelf.tenant.id, BESIDE)).alike == 1


async def test_an_engine_that_is_gone_can_be_left(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    move = await filled(shelf)

    set_up = shelf.places._engine

    def at(place: Place) -> IndexEngine:
        if place == OLD:
            raise IndexUnavailable
        return set_up(place)

    monkeypatch.setattr(shelf.places, "_engine", at)
    moved = await move.move(shelf.tenant.id, BESIDE)
    assert (moved.passages, moved.alike) == (3, None)
    assert await finds(shelf) == ["leave", "trains", "otters"]


async def test_two_moves_of_one_tenant_do_not_meet(shelf: Shelf) -> None:
    move = await filled(shelf)
    done = await asyncio.gather(*(move.move(shelf.tenant.id, BESIDE) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in done if isinstance(one, Exception)] == [KnowledgeError]


async def test_questions_are_answered_all_along(shelf: Shelf) -> None:
    move = await filled(shelf)
    task = asyncio.create_task(move.move(shelf.tenant.id, ANOTHER))
    answers = []
    while not task.done():
        answers.append(await finds(shelf))
    await task
    answers.append(await finds(shelf))
    assert set(map(tuple, answers)) == {("leave", "trains", "otters")}


async def test_whoever_writes_waits_for_the_switch_and_no_longer(shelf: Shelf) -> None:
    await filled(shelf)
    async with shelf.places.alone(shelf.tenant.id):
        writing = asyncio.create_task(shelf.ingest(text("more", "Lynxes hunt alone."), source="later"))
        done, _ = await asyncio.wait({writing}, timeout=0.3)
        assert not done
    assert (await writing).added == 1


async def test_without_the_model_of_its_vectors_an_index_is_searched_by_words(shelf: Shelf) -> None:
    await (await filled(shelf)).move(shelf.tenant.id, ANOTHER)
    shelf.ingestion.embedders._known.pop("another-bag")
    found = await shelf.find("parental leave", "everyone")
    assert found.words_only
    assert [hit.passage.document.name for hit in found.hits] == ["leave"]


async def test_an_index_that_cannot_be_reached_fails_the_question_and_no_words_are_made_up(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(shelf)

    async def down(*_: object) -> list[Proposal]:
        raise IndexUnavailable("down")

    monkeypatch.setattr(LanceIndex, "by_vector", down)
    assert (await shelf.find("parental leave", "everyone")).words_only
    monkeypatch.setattr(LanceIndex, "by_words", down)
    with pytest.raises(IndexUnavailable):
        await shelf.find("parental leave", "everyone")
