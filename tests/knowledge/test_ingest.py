"""Documents in: again, changed, removed, refused, and cut off at every step."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from knowledge.errors import IndexMissing, KnowledgeError, Unreadable
from knowledge.ingest import pipeline
from knowledge.ingest.ledger import Ledger
from knowledge.ingest.report import Report
from knowledge.parsers.port import LARGEST_FILE, Extracted
from knowledge.tables import document_versions, documents, passages
from tenancy.viewer import EVERYONE, Audience
from tests.knowledge.parts import PlainParser, Shelf, file, group, text

LEAVE = "Parental leave is twenty weeks for every parent."


async def test_what_went_in_is_counted_and_found(shelf: Shelf) -> None:
    report = await shelf.ingest(text("a", LEAVE), file("b.txt", "Trains are booked a week ahead."))
    assert (report.added, report.passages, report.standing) == (2, 2, 2)
    assert await shelf.names("trains booked") == ["b.txt", "a"]


async def test_an_unchanged_document_costs_no_embedding(shelf: Shelf) -> None:
    items = (text("a", LEAVE), file("b.txt", "Trains are booked a week ahead."))
    await shelf.ingest(*items)
    embedded = shelf.embedder.passages_embedded
    report = await shelf.ingest(*items)
    assert (report.unchanged, report.added, report.changed) == (2, 0, 0)
    assert shelf.embedder.passages_embedded == embedded


async def test_an_edited_document_is_found_by_its_new_words_only(shelf: Shelf) -> None:
    await shelf.ingest(text("a", "Zebras sleep standing."))
    report = await shelf.ingest(text("a", "Otters sleep floating."))
    assert report.changed == 1
    (hit,) = (await shelf.find("otters sleep", EVERYONE)).hits
    assert (hit.passage.text, hit.passage.document.version) == ("Otters sleep floating.", 2)


async def test_only_the_current_version_is_kept(shelf: Shelf) -> None:
    for body in ("One.", "Two.", "Three."):
        await shelf.ingest(file("a.txt", body))
    assert await rows(shelf) == (1, 1, 1)
    assert await (await shelf.engine.open(shelf.tenant.id)).count() == 1
    document = (await shelf.find("three", EVERYONE)).hits[0].passage.document.id
    assert await shelf.originals.get(shelf.tenant.id, f"{document}/3") == b"Three."
    with pytest.raises(KnowledgeError):
        await shelf.originals.get(shelf.tenant.id, f"{document}/2")


async def test_a_vanished_document_is_gone_with_everything_of_it(shelf: Shelf) -> None:
    await shelf.ingest(text("a", LEAVE), text("b", "Trains are booked a week ahead."))
    report = await shelf.ingest(text("b", "Trains are booked a week ahead."))
    assert report.removed == 1
    assert await shelf.names("parental leave") == ["b"]
    assert await rows(shelf) == (1, 1, 1)


async def test_sources_do_not_remove_each_others_documents(shelf: Shelf) -> None:
    await shelf.ingest(text("a", LEAVE), source="one")
    await shelf.ingest(text("a", LEAVE), source="two")
    sources = await shelf.library.sources(shelf.tenant.id)
    assert {source.name: source.documents for source in sources} == {"one": 1, "two": 1}


async def test_readers_that_changed_alone_are_followed_without_embedding(shelf: Shelf) -> None:
    await shelf.ingest(text("a", LEAVE))
    embedded = shelf.embedder.passages_embedded
    await shelf.ingest(text("a", LEAVE, group("hr")))
    assert shelf.embedder.passages_embedded == embedded
    assert await shelf.names("parental leave", EVERYONE) == []
    assert await shelf.names("parental leave", "group:files:hr") == ["a"]


async def test_a_refused_file_is_listed_and_the_rest_goes_in(shelf: Shelf) -> None:
    broken = replace(shelf.ingestion, parser=Refusing("bad.pdf"))
    report = await broken.run(shelf.tenant.id, "files", [file("bad.pdf", "x"), file("good.txt", LEAVE)])
    (refused,) = report.refused
    assert (refused.name, refused.reason, refused.remedy) == ("bad.pdf", "is broken", "save it again")
    assert report.standing == 1


async def test_a_file_that_became_unreadable_keeps_its_last_good_version(shelf: Shelf) -> None:
    await shelf.ingest(file("a.txt", LEAVE))
    broken = replace(shelf.ingestion, parser=Refusing("a.txt"))
    report = await broken.run(shelf.tenant.id, "files", [file("a.txt", "changed")])
    assert len(report.refused) == 1
    assert await shelf.names("parental leave") == ["a.txt"]


async def test_a_file_that_is_too_big_is_refused_before_it_is_read(shelf: Shelf) -> None:
    def never() -> bytes:
        pytest.fail("it was read")

    report = await shelf.ingest(replace(file("big.txt", "x"), size=LARGEST_FILE + 1, read=never))
    assert "100 MB" in report.refused[0].reason


async def test_a_file_that_cannot_be_opened_is_refused(shelf: Shelf) -> None:
    def denied() -> bytes:
        raise PermissionError(13, "Permission denied")

    report = await shelf.ingest(replace(file("secret.txt", "x"), read=denied))
    assert report.refused[0].reason == "cannot be opened (Permission denied)"


async def test_a_document_of_many_batches_is_whole(shelf: Shelf) -> None:
    words = [f"word{number}" for number in range(30_000)]
    await shelf.ingest(text("long", "\n\n".join(" ".join(words[start : start + 60]) for start in range(0, 30_000, 60))))
    assert (await shelf.find("word29999", EVERYONE)).hits[0].passage.text.endswith("word29999")


async def test_progress_hears_of_every_document_once(shelf: Shelf) -> None:
    heard = Heard()
    items = [text(f"d{number}", f"Document number {number}.") for number in range(150)]
    await shelf.ingestion.run(shelf.tenant.id, "files", items, progress=heard)
    assert (heard.of, heard.documents, heard.passages) == (150, 150, 150)
    await shelf.ingestion.run(shelf.tenant.id, "files", items, progress=heard)
    assert heard.documents == 300


async def test_a_file_that_became_unreadable_is_closed_to_who_may_no_longer_read_it(shelf: Shelf) -> None:
    await shelf.ingest(file("a.txt", LEAVE))
    broken = replace(shelf.ingestion, parser=Refusing("a.txt"))
    await broken.run(shelf.tenant.id, "files", [file("a.txt", "changed", group("hr"))])
    assert await shelf.names("parental leave", EVERYONE, "group:files:hr") == [], "a guest in hr was never among everyone"
    await shelf.ingest(file("a.txt", LEAVE, group("hr")))
    assert await shelf.names("parental leave", "group:files:hr") == ["a.txt"]


async def test_readers_are_followed_before_anything_else_of_a_run(shelf: Shelf) -> None:
    await shelf.ingest(text("a", LEAVE))
    with killed_at(pipeline._Run, "publish_all", stopping):
        await shelf.ingest(text("a", f"{LEAVE} Edited.", group("hr")))
    assert await shelf.names("parental leave", EVERYONE) == []


async def test_a_killed_change_of_readers_is_finished_by_the_next_run(shelf: Shelf) -> None:
    await shelf.ingest(text("a", LEAVE, group("hr")))
    with killed_at(type(shelf.engine), "open", cutting(shelf, "set_readers", stopping)):
        await shelf.ingest(text("a", LEAVE, group("legal")))
    assert await shelf.names("parental leave", "group:files:hr", "group:files:legal") == []
    await shelf.ingest(text("a", LEAVE, group("legal")))
    assert await shelf.names("parental leave", "group:files:legal") == ["a"]


async def test_a_lost_index_is_built_again_from_what_postgresql_keeps(shelf: Shelf) -> None:
    items = (text("a", LEAVE), text("b", "Trains are booked a week ahead.", group("hr")))
    await shelf.ingest(*items)
    await shelf.ingest(text("u", "Otters sleep floating."), source="uploads")
    await shelf.engine.drop(shelf.tenant.id)
    with pytest.raises(IndexMissing):
        await shelf.names("parental leave")
    assert shelf.lost == [shelf.tenant.id]
    await shelf.ingestion.mend(shelf.tenant.id)
    assert (await shelf.names("parental leave"))[0] == "a"
    assert (await shelf.names("otters sleep"))[0] == "u"
    assert (await shelf.names("trains booked", "group:files:hr")) == ["b"]
    assert await shelf.ingest(*items) == Report(unchanged=2)


async def test_a_source_is_read_from_one_place(shelf: Shelf) -> None:
    await shelf.ingestion.run(shelf.tenant.id, "docs", [text("a", LEAVE)], root="/one/docs")
    with pytest.raises(KnowledgeError, match=r"is read from /one/docs\. Give this one a name of its own with --source"):
        await shelf.ingestion.run(shelf.tenant.id, "docs", [text("b", LEAVE)], root="/other/docs")
    await shelf.ingestion.run(shelf.tenant.id, "docs", [text("a", LEAVE)], root="/one/docs")
    assert await shelf.names("parental leave") == ["a"]


async def test_a_run_that_fails_leaves_no_task_behind(shelf: Shelf) -> None:
    before = asyncio.all_tasks()
    with killed_at(Ledger, "stage", stopping):
        await shelf.ingest(*(text(f"d{number}", f"Document {number}.") for number in range(400)))
    assert asyncio.all_tasks() == before


async def test_one_source_is_ingested_by_one_run_at_a_time(shelf: Shelf) -> None:
    ledger = await Ledger.of(shelf.database, shelf.tenant.id, "files", "files")
    async with ledger.alone():
        with pytest.raises(KnowledgeError, match="under way"):
            await shelf.ingest(text("a", LEAVE))
        await shelf.ingest(text("a", LEAVE), source="another")
    assert (await shelf.ingest(text("a", LEAVE))).added == 1


class Stop(BaseException):
    """As a kill: nothing in the code catches it."""


@contextmanager
def killed_at(target: object, name: str, stop: object) -> Iterator[None]:
    """A block that is killed when it comes to `target.name`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, name, stop)
        with pytest.raises(Stop):
            yield


CUTS: dict[str, Callable[[Shelf, pytest.MonkeyPatch, Callable[..., Any]], None]] = {
    "before anything is staged": lambda _, patch, stop: patch.setattr(Ledger, "stage", stop),
    "staged, not indexed": lambda shelf, patch, stop: patch.setattr(type(shelf.engine), "open", cutting(shelf, "put", stop)),
    "indexed, not published": lambda _, patch, stop: patch.setattr(Ledger, "publish", stop),
    "published, the old still indexed": lambda shelf, patch, stop: patch.setattr(
        type(shelf.engine), "open", cutting(shelf, "keep_only", stop)
    ),
    "before the vanished are removed": lambda _, patch, stop: patch.setattr(pipeline._Run, "remove_all_but", stop),
    "vanished from PostgreSQL, still indexed": lambda shelf, patch, stop: patch.setattr(
        type(shelf.engine), "open", cutting(shelf, "keep_only", stop, skip=1)
    ),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS.keys())
async def test_a_run_killed_anywhere_shows_old_or_new_and_the_next_run_ends_in_the_same_state(
    shelf: Shelf, cut: Callable[[Shelf, pytest.MonkeyPatch, Callable[..., Any]], None]
) -> None:
    await shelf.ingest(text("kept", LEAVE), text("edited", "Zebras sleep standing."), text("vanished", "Parrots talk at noon."))
    after = (text("kept", LEAVE), text("edited", "Zebras sleep lying down."), text("added", "Otters sleep floating."))
    with pytest.MonkeyPatch.context() as patch:
        cut(shelf, patch, stopping)
        with pytest.raises(Stop):
            await shelf.ingest(*after)
    shown = [hit.passage.text for hit in (await shelf.find("zebras sleep", EVERYONE)).hits if "Zebras" in hit.passage.text]
    assert len(shown) == 1, "never missing, never doubled"
    await shelf.ingest(*after)
    assert set(await shelf.names("zebras otters parrots parental leave")) == {"kept", "edited", "added"}
    assert await rows(shelf) == (3, 3, 3)
    assert await (await shelf.engine.open(shelf.tenant.id)).count() == 3


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["Zebra one.", "Zebra two.", "Zebra\n\nthree."])), max_size=4)
)
async def test_after_any_history_exactly_the_last_folder_is_found(shelf: Shelf, runs: list[dict[str, str]]) -> None:
    for folder in ({}, *runs):  # the shelf still holds what the example before left
        await shelf.ingest(*(text(name, body) for name, body in folder.items()), source="history")
    last = runs[-1] if runs else {}
    everything = await shelf.library._catalogue.titles(shelf.viewer(EVERYONE), Audience())
    assert sorted(one.name for one in everything) == sorted(last)
    for one in everything:
        assert (await shelf.library.open(shelf.viewer(EVERYONE), one.id)).text == last[one.name]
    held = await (await shelf.engine.open(shelf.tenant.id)).holdings()
    assert {(one.document, one.version) for one in held} == {(one.id, one.version) for one in everything}


class Heard:
    def __init__(self) -> None:
        self.of = self.documents = self.passages = 0

    def found(self, documents: int) -> None:
        self.of = documents

    def advanced(self, documents: int, passages: int) -> None:
        self.documents += documents
        self.passages += passages


class Refusing(PlainParser):
    def __init__(self, name: str) -> None:
        self.name = name

    async def parse(self, name: str, data: bytes) -> Extracted:
        if name == self.name:
            raise Unreadable("is broken", "save it again")
        return await super().parse(name, data)


async def stopping(*_: object, **__: object) -> None:
    raise Stop


def cutting(shelf: Shelf, method: str, stop: Callable[..., Any], skip: int = 0) -> Callable[..., Any]:
    """`open` of an engine whose index stops at a call of `method` that has something to do, after letting `skip` of them pass."""
    whole = type(shelf.engine).open
    calls = iter(range(1_000))  # however often it is opened

    async def open_(engine: Any, tenant: Any) -> Any:  # noqa: ANN401 - stands in for an engine's method
        return Cut(await whole(engine, tenant), method, lambda: next(calls) >= skip, stop)

    return open_


class Cut:
    def __init__(self, index: Any, method: str, now: Callable[[], bool], stop: Callable[..., Any]) -> None:  # noqa: ANN401 - any engine's
        self._index, self._method, self._now, self._stop = index, method, now, stop

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passes every method on
        return self._stop if name == self._method and self._now() else getattr(self._index, name)


async def rows(shelf: Shelf) -> tuple[int, ...]:
    """How many documents, versions and passages PostgreSQL holds."""
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        counts = [await connection.execute(select(func.count()).select_from(table)) for table in (documents, document_versions, passages)]
    return tuple(count.scalar_one() for count in counts)
