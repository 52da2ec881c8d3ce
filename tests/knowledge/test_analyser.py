"""An index whose terms are of an older analyser is written anew by the next tidying, without embedding anything."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import update

from knowledge.errors import EmbedderUnavailable
from knowledge.index.places import Place
from knowledge.index.port import Entry
from knowledge.ingest import pipeline
from knowledge.ingest.ledger import NO_SOURCE, Ledger
from knowledge.ingest.mending import compare
from knowledge.ingest.moving import Moving
from knowledge.tables import indexes
from knowledge.terms import ANALYSER
from tenancy.viewer import EVERYONE
from tests.knowledge.parts import DIMENSION, Shelf, group, text

_CODE = "err4032"
_ELSEWHERE = Place("elsewhere", "bag-of-words", DIMENSION)


async def of_an_older_analyser(shelf: Shelf) -> None:
    """Give the index terms as they were made before, and let its row say so."""
    async with shelf.ingestion._whole(shelf.tenant.id) as run:
        documents = sorted({one.document for one in await run.ledger.current()})
        entries = await run.entries_again(run.model, documents)
        old = [replace(one, terms=["old"]) for one in entries]
        async with run.writing() as to:
            await to.index.put(old)
    await _say_older(shelf)


async def _say_older(shelf: Shelf) -> None:
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(indexes).values(analyser=ANALYSER - 1))


async def _by_words(shelf: Shelf, *terms: str) -> int:
    index = (await shelf.places.open(shelf.tenant.id)).index
    return len(await index.by_words(terms, frozenset({EVERYONE}), 10))


async def _is_analysed(shelf: Shelf) -> bool:
    return await shelf.places.is_analysed(shelf.tenant.id, await shelf.places.serving(shelf.tenant.id))


@pytest.mark.parametrize("job", ["tidy", "mend"])
async def test_the_next_tidying_writes_old_terms_anew_and_embeds_nothing(shelf: Shelf, job: str) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."), text("closed", "ERR-4032", group("hr")))
    await of_an_older_analyser(shelf)
    assert (await _by_words(shelf, _CODE), await _is_analysed(shelf)) == (0, False)
    embedded = shelf.embedder.passages_embedded
    await getattr(shelf.ingestion, job)(shelf.tenant.id)
    assert (await _by_words(shelf, _CODE), await _by_words(shelf, "old")) == (1, 0), "what is closed stays closed"
    assert await _is_analysed(shelf)
    assert shelf.embedder.passages_embedded == embedded


async def test_what_is_of_todays_analyser_is_left_alone(shelf: Shelf) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    await of_an_older_analyser(shelf)
    await shelf.places.analysed(shelf.tenant.id, await shelf.places.serving(shelf.tenant.id))
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert await _by_words(shelf, "old") == 1


async def test_a_run_that_is_cut_off_is_done_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    await of_an_older_analyser(shelf)
    index = (await shelf.places.open(shelf.tenant.id)).index
    with monkeypatch.context() as patch:
        patch.setattr(index, "put", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            await shelf.ingestion.tidy(shelf.tenant.id)
    assert not await _is_analysed(shelf)
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert await _by_words(shelf, _CODE) == 1


async def test_what_others_change_meanwhile_is_not_undone(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(*(text(name, "The panel shows ERR-4032.") for name in ("changed", "closed", "gone")))
    await of_an_older_analyser(shelf)
    index = (await shelf.places.open(shelf.tenant.id)).index
    put = index.put

    async def late(entries: Sequence[Entry]) -> None:
        monkeypatch.setattr(index, "put", put)
        await shelf.ingest(text("changed", "The panel shows ERR-1111."), text("closed", "The panel shows ERR-4032.", group("hr")))
        await put(entries)

    monkeypatch.setattr(index, "put", late)
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert not await compare(Ledger(shelf.database, shelf.tenant.id, NO_SOURCE), index, exact=True)
    assert (await _by_words(shelf, _CODE), await _by_words(shelf, "err1111"), await _by_words(shelf, "old")) == (0, 1, 0)
    assert await _is_analysed(shelf)


@pytest.mark.parametrize("batch", [1, 256], ids=["between two batches", "after the last"])
async def test_an_index_that_takes_over_meanwhile_is_not_taken_for_done(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."), text("more", "The panel shows ERR-4032."))
    await of_an_older_analyser(shelf)
    index = (await shelf.places.open(shelf.tenant.id)).index
    put = index.put

    async def and_switch(entries: Sequence[Entry]) -> None:
        await put(entries)
        await shelf.places.begin(shelf.tenant.id, _ELSEWHERE)
        await _say_older(shelf)
        await shelf.places.switch(shelf.tenant.id)

    monkeypatch.setattr(index, "put", and_switch)
    monkeypatch.setattr(pipeline, "MOST_DOCUMENTS", batch)
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert await shelf.places.serving(shelf.tenant.id) == _ELSEWHERE
    assert not await _is_analysed(shelf)
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert (await _is_analysed(shelf), await _by_words(shelf, _CODE)) == (True, 2)


async def _cut_off(_: object) -> None:
    raise KeyboardInterrupt


async def test_where_the_model_is_away_it_waits(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    await of_an_older_analyser(shelf)
    with monkeypatch.context() as patch:
        patch.setattr(type(shelf.ingestion.embedders), "of", _away)
        await shelf.ingestion.tidy(shelf.tenant.id)
    assert not await _is_analysed(shelf)


def _away(*_: object) -> None:
    raise EmbedderUnavailable


async def test_an_index_that_was_moved_is_of_todays_analyser(shelf: Shelf) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    await shelf.places.analysed(shelf.tenant.id, await shelf.places.serving(shelf.tenant.id))
    moved = await Moving(shelf.ingestion).move(shelf.tenant.id, _ELSEWHERE)
    assert moved.passages == 1
    assert await _is_analysed(shelf)


async def test_documents_of_a_time_before_there_were_rows_are_of_the_first_analyser(shelf: Shelf) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(indexes.delete())
    await shelf.places.serving(shelf.tenant.id)
    assert not await _is_analysed(shelf)
