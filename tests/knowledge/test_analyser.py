"""An index whose terms are of an older analyser is written anew by the next tidying, without embedding anything."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from knowledge.errors import EmbedderUnavailable
from knowledge.index.places import Place
from knowledge.ingest.moving import Moving
from knowledge.tables import indexes
from knowledge.terms import ANALYSER
from tenancy.viewer import EVERYONE
from tests.knowledge.parts import DIMENSION, Shelf, group, text

_CODE = "err4032"


async def _of_an_older_analyser(shelf: Shelf) -> None:
    """Give the index terms as they were made before, and let its row say so."""
    async with shelf.ingestion._whole(shelf.tenant.id) as run:
        documents = sorted({one.document for one in await run.ledger.current()})
        entries = await run.entries_again(run.model, documents)
        old = [replace(one, terms=["old"]) for one in entries]
        async with run.writing() as to:
            await to.index.put(old)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(indexes).values(analyser=ANALYSER - 1))


async def _by_words(shelf: Shelf, *terms: str) -> int:
    index = (await shelf.places.open(shelf.tenant.id)).index
    return len(await index.by_words(terms, frozenset({EVERYONE}), 10))


@pytest.mark.parametrize("job", ["tidy", "mend"])
async def test_the_next_tidying_writes_old_terms_anew_and_embeds_nothing(shelf: Shelf, job: str) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."), text("closed", "ERR-4032", group("hr")))
    await _of_an_older_analyser(shelf)
    assert (await _by_words(shelf, _CODE), await shelf.places.is_analysed(shelf.tenant.id)) == (0, False)
    embedded = shelf.embedder.passages_embedded
    await getattr(shelf.ingestion, job)(shelf.tenant.id)
    assert (await _by_words(shelf, _CODE), await _by_words(shelf, "old")) == (1, 0), "what is closed stays closed"
    assert await shelf.places.is_analysed(shelf.tenant.id)
    assert shelf.embedder.passages_embedded == embedded


async def test_what_is_of_todays_analyser_is_left_alone(shelf: Shelf) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    await _of_an_older_analyser(shelf)
    await shelf.places.analysed(shelf.tenant.id)
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert await _by_words(shelf, "old") == 1


async def test_a_run_that_is_cut_off_is_done_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    await _of_an_older_analyser(shelf)
    index = (await shelf.places.open(shelf.tenant.id)).index
    with monkeypatch.context() as patch:
        patch.setattr(index, "put", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            await shelf.ingestion.tidy(shelf.tenant.id)
    assert not await shelf.places.is_analysed(shelf.tenant.id)
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert await _by_words(shelf, _CODE) == 1


async def _cut_off(_: object) -> None:
    raise KeyboardInterrupt


async def test_where_the_model_is_away_it_waits(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    await _of_an_older_analyser(shelf)
    with monkeypatch.context() as patch:
        patch.setattr(type(shelf.ingestion.embedders), "of", _away)
        await shelf.ingestion.tidy(shelf.tenant.id)
    assert not await shelf.places.is_analysed(shelf.tenant.id)


def _away(*_: object) -> None:
    raise EmbedderUnavailable


async def test_an_index_that_was_moved_is_of_todays_analyser(shelf: Shelf) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    await shelf.places.analysed(shelf.tenant.id)
    moved = await Moving(shelf.ingestion).move(shelf.tenant.id, Place("elsewhere", shelf.embedder.name, DIMENSION))
    assert moved.passages == 1
    assert await shelf.places.is_analysed(shelf.tenant.id)


async def test_documents_of_a_time_before_there_were_rows_are_of_the_first_analyser(shelf: Shelf) -> None:
    await shelf.ingest(text("codes", "The panel shows ERR-4032."))
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(indexes.delete())
    await shelf.places.serving(shelf.tenant.id)
    assert not await shelf.places.is_analysed(shelf.tenant.id)
