"""What is kept of passages to rank them by, over real PostgreSQL and LanceDB: written with them, gone with them, made good by night."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from knowledge.documents import PassageId
from knowledge.embedding.kept import Kept
from knowledge.embedding.port import Embedded
from knowledge.errors import EmbedderUnavailable
from knowledge.index.places import Place
from knowledge.ingest.backup import Backup
from knowledge.ingest.ledger import NO_SOURCE, Ledger
from knowledge.ingest.moving import Moving
from knowledge.ingest.report import Silent
from knowledge.search import NOT_FOR_AUDIENCE
from knowledge.tables import passage_states, passages
from tenancy.viewer import EVERYONE, Audience
from tests.knowledge.parts import DIMENSION, BagOfWords, Shelf, group, text
from tests.waiting import PATIENCE_S

LEAVE, DEAL = "Parental leave is twenty weeks for every parent.", "Parental leave at the company we acquire is ten weeks."
BAG, ANOTHER = "bag-of-words", "another-bag"
HR, STAFF = "group:files:hr", EVERYONE


async def kept(shelf: Shelf) -> list[tuple[str, str, int]]:
    """Of each passage its text, the model, and how many tokens have a state."""
    columns = select(passages.c.text, passage_states).join(passage_states, passage_states.c.passage == passages.c.id)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        rows = (await connection.execute(columns.order_by(passages.c.text, passage_states.c.model))).all()
    assert all(len(row.vector) == 2 * DIMENSION for row in rows)
    return [(row.text, row.model, len(row.states) // (DIMENSION // 8)) for row in rows]


async def lose(shelf: Shelf) -> None:
    """As documents are that were brought in before anything was kept."""
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(delete(passage_states))


async def test_states_are_kept_with_each_passage_of_the_version_that_is_shown(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", "Leave is long."))
    assert await kept(shelf) == [("Leave is long.", BAG, 3)]  # `leave` twice, which is the title too
    await shelf.ingest(text("leave", "Leave is shorter now."))
    assert await kept(shelf) == [("Leave is shorter now.", BAG, 4)]
    await shelf.ingest()
    assert await kept(shelf) == []


async def test_found_passages_have_a_late_score(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL))
    found = {hit.passage.document.name: hit.late for hit in (await shelf.find("twenty weeks", STAFF)).hits}
    assert found["leave"] == pytest.approx(1), "it has every word"
    assert found["deal"] is not None
    assert found["deal"] < 1


async def test_another_models_states_are_made_by_a_move_and_the_ones_before_go_with_their_index(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", "Leave is long."))
    await Moving(shelf.ingestion).move(shelf.tenant.id, Place("lancedb", ANOTHER, DIMENSION))
    assert [model for _, model, _ in await kept(shelf)] == [ANOTHER, BAG]
    await shelf.places.forget(shelf.tenant.id, lambda _: True)
    assert [model for _, model, _ in await kept(shelf)] == [ANOTHER]
    assert (await shelf.find("leave", STAFF)).hits[0].late is not None


async def test_states_stay_where_only_the_engine_changes(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", "Leave is long."))
    await Moving(shelf.ingestion).move(shelf.tenant.id, Place("weaviate", BAG, DIMENSION))
    await shelf.places.forget(shelf.tenant.id, lambda _: True)
    assert await kept(shelf) == [("Leave is long.", BAG, 3)]


async def test_documents_of_a_time_before_are_found_and_what_they_lack_is_made_by_night(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL))
    await lose(shelf)
    assert [hit.late for hit in (await shelf.find("twenty weeks", STAFF)).hits] == [None, None]
    await shelf.ingest(text("leave", "Leave is long."), text("deal", DEAL))
    embedded = shelf.embedder.passages_embedded
    await shelf.ingestion.mend(shelf.tenant.id)
    assert shelf.embedder.passages_embedded == embedded + 1, "what is there is not made again"
    assert [made for made, _, _ in await kept(shelf)] == ["Leave is long.", DEAL]
    await shelf.ingestion.mend(shelf.tenant.id)
    assert shelf.embedder.passages_embedded == embedded + 1


async def test_what_was_kept_when_the_models_vectors_had_another_length_is_left_out(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL))
    shorter = {"states": b"12345678", "vector": np.ones(DIMENSION // 2, np.float16).tobytes()}
    leave = select(passages.c.id).where(passages.c.text == LEAVE)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(passage_states).where(passage_states.c.passage.in_(leave)).values(shorter))
    found = {hit.passage.document.name: hit.late is None for hit in (await shelf.find("twenty weeks", STAFF)).hits}
    assert found == {"leave": True, "deal": False}


async def test_where_the_model_is_away_the_night_passes_without(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise EmbedderUnavailable("down")

    await shelf.ingest(text("leave", LEAVE))
    await lose(shelf)
    monkeypatch.setattr(BagOfWords, "passages", away)
    assert not await shelf.ingestion.mend(shelf.tenant.id)
    assert await kept(shelf) == []


async def complete(shelf: Shelf, _: Path) -> None:
    await lose(shelf)
    await shelf.ingestion.mend(shelf.tenant.id)


async def build_again(shelf: Shelf, _: Path) -> None:
    await shelf.engine.drop(shelf.tenant.id)
    await shelf.ingestion.mend(shelf.tenant.id)


async def move(shelf: Shelf, _: Path) -> None:
    await Moving(shelf.ingestion).move(shelf.tenant.id, Place("lancedb", ANOTHER, DIMENSION))


async def restore(shelf: Shelf, folder: Path) -> None:
    await shelf.engine.drop(shelf.tenant.id)
    await shelf.engine.create(shelf.tenant.id)
    await Backup(shelf.ingestion).write(shelf.tenant.id, folder / "empty", Silent())
    await Backup(shelf.ingestion).restore(shelf.tenant.id, folder / "empty", Silent())


@pytest.mark.parametrize("job", [complete, build_again, move, restore])
async def test_of_what_was_replaced_or_removed_while_it_was_embedded_nothing_is_kept(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: Callable[[Shelf, Path], Awaitable[None]]
) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL), text("gone", "Nothing stays."))
    passages_of = BagOfWords.passages

    async def and_meanwhile(self: BagOfWords, texts: Sequence[str]) -> Embedded:
        monkeypatch.setattr(BagOfWords, "passages", passages_of)
        await shelf.ingest(text("leave", "Leave is long."), text("deal", DEAL))
        return await passages_of(self, texts)

    monkeypatch.setattr(BagOfWords, "passages", and_meanwhile)
    await job(shelf, tmp_path)
    assert {made for made, _, _ in await kept(shelf)} == {"Leave is long.", DEAL}


async def test_what_is_being_removed_is_not_waited_for(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL))
    ledger = Ledger(shelf.database, shelf.tenant.id, NO_SOURCE)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        ids = {row.text: PassageId(row.id) for row in await connection.execute(select(passages.c.id, passages.c.text))}
    one = Kept.of(await shelf.embedder.passages([DEAL]))[0]
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(delete(passages).where(passages.c.id == ids[LEAVE]))
        await asyncio.wait_for(ledger.keep(ANOTHER, dict.fromkeys(ids.values(), one)), PATIENCE_S)
    assert [(made, model) for made, model, _ in await kept(shelf)] == [(DEAL, ANOTHER), (DEAL, BAG)]


async def test_states_of_what_may_not_be_shown_move_nothing_that_is(shelf: Shelf) -> None:
    await shelf.ingest(*(text(f"leave{n}", f"{LEAVE} Office {n}.") for n in range(5)), text("deal", DEAL, group("hr")))
    audience = Audience.of([shelf.viewer(STAFF)])

    async def found() -> tuple[list[tuple[str, float]], list[str]]:
        opened = await shelf.library.search(shelf.viewer(STAFF, HR), audience, "parental leave at the company we acquire")
        return [(hit.passage.id, hit.score) for hit in opened.hits], [one.reason for one in opened.withheld]

    before = await found()
    assert before[1] == [NOT_FOR_AUDIENCE]
    others = {"states": np.arange(64, dtype=np.uint8).tobytes(), "vector": np.ones(DIMENSION, np.float16).tobytes()}
    deal = select(passages.c.id).where(passages.c.text == DEAL)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(passage_states).where(passage_states.c.passage.in_(deal)).values(others))
    assert await found() == before
