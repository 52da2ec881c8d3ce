"""Who may read, from one run to the next: nobody is let in before the content is known, and whoever is out is out at once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from knowledge.documents import Readers
from knowledge.errors import KnowledgeError, Unreadable
from knowledge.ingest.items import FileItem, Found, TextItem, Unseen
from knowledge.ingest.ledger import Ledger
from knowledge.ingest.readers import open_to_everyone
from knowledge.tables import sources
from knowledge.terms import terms
from tenancy.viewer import EVERYONE, Principal
from tests.knowledge.parts import Shelf, file, group, text
from tests.knowledge.test_ingest import Refusing, cutting, killed_at, stopping

ALL = frozenset({EVERYONE})
ANA = frozenset({Principal("person:ana")})
SALARY = "The salary of Rosa Lind is 90,000 euros."
REDACTED = "The salary of somebody is a matter between them and the firm."
CLOSED = Unseen(name="hr", place="hr", root=False, why=Unreadable("is closed", "open it"), readers_of=open_to_everyone, unsaid=True)


async def proposed(shelf: Shelf, readers: Readers) -> int:
    """How many passages the index proposes to who holds `readers`, whatever PostgreSQL says."""
    index = await shelf.engine.open(shelf.tenant.id)
    return len(await index.by_words(terms("salary"), readers, 10))


async def revision(shelf: Shelf) -> int:
    """Raised by everything that changes what is shown of the source."""
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        return int((await connection.execute(select(sources.c.revision))).scalar_one())


async def test_a_private_text_is_not_opened_by_a_broken_file_in_its_place(shelf: Shelf) -> None:
    await shelf.ingest(file("notes.docx", SALARY, ANA))
    broken = replace(shelf.ingestion, parser=Refusing("notes.docx"))
    for _ in range(2):  # the run after must not take it for done
        await broken.run(shelf.tenant.id, "files", [file("notes.docx", "broken", ALL)])
        assert await shelf.names("salary", EVERYONE) == []
        assert await proposed(shelf, ALL) == 0


async def test_an_upload_that_cannot_be_read_opens_nothing(shelf: Shelf) -> None:
    await shelf.ingestion.add(shelf.tenant.id, "files", file("notes.docx", SALARY, ANA))
    broken = replace(shelf.ingestion, parser=Refusing("notes.docx"))
    with pytest.raises(Unreadable):
        await broken.add(shelf.tenant.id, "files", file("notes.docx", "broken", ALL))
    assert await shelf.names("salary", EVERYONE) == []


async def test_an_upload_that_did_not_change_has_its_new_readers(shelf: Shelf) -> None:
    for readers in (ANA, ANA | ALL):
        await shelf.ingestion.add(shelf.tenant.id, "files", file("notes.docx", SALARY, readers))
    assert await shelf.names("salary", EVERYONE) == ["notes.docx"]


@pytest.mark.parametrize("step", ["stage", "publish"])
async def test_what_was_redacted_is_opened_as_redacted_only(shelf: Shelf, step: str) -> None:
    await shelf.ingest(file("pay.txt", SALARY, ANA))
    with killed_at(Ledger, step, stopping):
        await shelf.ingest(file("pay.txt", REDACTED, ANA | ALL))
    assert await shelf.names("salary", EVERYONE) == []
    await shelf.ingest(file("pay.txt", REDACTED, ANA | ALL))
    assert [hit.passage.text for hit in (await shelf.find("salary", EVERYONE)).hits] == [REDACTED]


async def test_who_is_left_on_both_lists_keeps_what_cannot_be_read_anew(shelf: Shelf) -> None:
    await shelf.ingest(file("pay.txt", SALARY, group("hr") | group("legal")))
    broken = replace(shelf.ingestion, parser=Refusing("pay.txt"))
    await broken.run(shelf.tenant.id, "files", [file("pay.txt", "broken", group("legal") | ALL)])
    found = {name: await shelf.names("salary", name) for name in (*group("hr"), *group("legal"), EVERYONE)}
    assert found == {"group:files:hr": [], "group:files:legal": ["pay.txt"], EVERYONE: []}


async def test_an_unchanged_document_has_its_wider_list_after_the_run(shelf: Shelf) -> None:
    await shelf.ingest(file("pay.txt", SALARY, ANA))
    embedded = shelf.embedder.passages_embedded
    await shelf.ingest(file("pay.txt", SALARY, ANA | ALL))
    assert await shelf.names("salary", EVERYONE) == ["pay.txt"]
    assert shelf.embedder.passages_embedded == embedded


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(group("hr") | group("legal"), group("hr"), id="narrower"),
        pytest.param(group("hr"), group("hr") | group("legal"), id="wider"),
        pytest.param(group("hr"), group("legal"), id="others"),
        pytest.param(group("legal"), frozenset(), id="nobody"),
    ],
)
async def test_a_killed_change_leaves_no_list_behind_in_the_index(shelf: Shelf, before: Readers, after: Readers) -> None:
    await shelf.ingest(text("a", SALARY, before))
    with killed_at(type(shelf.engine), "open", cutting(shelf, "set_readers", stopping)):
        await shelf.ingest(text("a", SALARY, after))
    await shelf.ingest(text("a", SALARY, after))
    for one in (*group("hr"), *group("legal")):
        assert await proposed(shelf, frozenset({one})) == (one in after)
        assert await shelf.names("salary", one) == ["a"] * (one in after)


async def test_a_killed_opening_that_was_taken_back_is_not_left_in_the_index(shelf: Shelf) -> None:
    await shelf.ingest(text("a", SALARY, ANA))
    with killed_at(Ledger, "set_readers", stopped_at(2, Ledger.set_readers)):  # the index has learnt it, PostgreSQL has not
        await shelf.ingest(text("a", SALARY, ANA | ALL))
    await shelf.ingest(text("a", SALARY, ANA))
    assert await proposed(shelf, ALL) == 0
    assert await shelf.names("salary", *ANA) == ["a"]


async def test_a_folder_in_which_nothing_changed_costs_no_write(shelf: Shelf) -> None:
    items = (file("pay.txt", SALARY, ANA), text("a", SALARY, group("hr")), file("open.txt", SALARY))
    await shelf.ingest(*items)
    before = await revision(shelf)
    with pytest.MonkeyPatch.context() as patch:
        for method in ("put", "set_readers"):
            patch.setattr(type(shelf.engine), "open", cutting(shelf, method, stopping))
        await shelf.ingest(*items)
    assert await revision(shelf) == before


async def test_a_file_that_stays_broken_costs_no_write_in_later_runs(shelf: Shelf) -> None:
    await shelf.ingest(file("pay.txt", SALARY, group("hr") | group("legal")))
    broken = replace(shelf.ingestion, parser=Refusing("pay.txt"))
    await broken.run(shelf.tenant.id, "files", [file("pay.txt", "broken", group("legal") | ALL)])
    before = await revision(shelf)
    await broken.run(shelf.tenant.id, "files", [file("pay.txt", "broken", group("legal") | ALL)])
    assert await revision(shelf) == before


async def test_the_run_is_accepted_before_any_reader_is_taken_away(shelf: Shelf) -> None:
    await shelf.ingest(text("a", SALARY))
    seen: list[list[str]] = []

    async def accepted() -> None:
        seen.append(await shelf.names("salary", EVERYONE))

    await shelf.ingestion.run(shelf.tenant.id, "files", [text("a", SALARY, group("hr"))], accepted=accepted)
    assert seen == [["a"]]
    assert await shelf.names("salary", EVERYONE) == []


async def test_a_run_that_is_refused_is_never_told_to_be_accepted(shelf: Shelf) -> None:
    await shelf.ingestion.run(shelf.tenant.id, "files", [text("a", SALARY)], root="/one/files")

    async def accepted() -> None:
        pytest.fail("it was accepted")

    with pytest.raises(KnowledgeError, match="is read from /one/files"):
        await shelf.ingestion.run(shelf.tenant.id, "files", [], root="/other/files", accepted=accepted)
    ledger = await Ledger.of(shelf.database, shelf.tenant.id, "files", "files")
    async with ledger.alone():
        with pytest.raises(KnowledgeError, match="under way"):
            await shelf.ingestion.run(shelf.tenant.id, "files", [], accepted=accepted)


def unsaid(*items: FileItem | TextItem) -> list[FileItem | TextItem]:
    """The same where nobody said who may read: no file of readers, no list in the row."""
    return [replace(item, readers=ALL, unsaid=True) for item in items]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(unsaid(file("hr/pay.txt", SALARY), file("b.txt", "Trains.")), id="the same files"),
        pytest.param(unsaid(file("hr/pay-2.txt", SALARY)), id="a file that got another name"),
        pytest.param(unsaid(text("hr/pay.txt", SALARY)), id="a row that lost its list"),
        pytest.param([CLOSED], id="a folder that cannot be opened"),
    ],
)
async def test_what_is_restricted_is_not_opened_because_nobody_said_anything(shelf: Shelf, later: list[Found]) -> None:
    await shelf.ingest(file("hr/pay.txt", SALARY, group("hr")), file("b.txt", "Trains."))
    before = await revision(shelf)
    with pytest.raises(KnowledgeError, match=r"1 document .*'hr/pay\.txt'.* --readers .*path: \"\*\*\", readers: \[everyone\]"):
        await shelf.ingestion.run(shelf.tenant.id, "files", later)
    assert await revision(shelf) == before
    assert await shelf.names("salary", EVERYONE) == ["b.txt"]
    assert await shelf.names("salary", *group("hr"), EVERYONE) == ["hr/pay.txt", "b.txt"]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param([text("pay", SALARY, group("hr")), *unsaid(text("open", "Trains are late."))], id="the same rows"),
        pytest.param(unsaid(text("open", "Trains are late.")), id="a restricted row that is gone"),
    ],
)
async def test_rows_that_bring_their_own_readers_need_no_file(shelf: Shelf, later: list[Found]) -> None:
    await shelf.ingest(text("pay", SALARY, group("hr")), *unsaid(text("open", "Trains are late.")))
    assert (await shelf.ingestion.run(shelf.tenant.id, "files", later)).unchanged == len(later)


async def test_what_is_open_already_needs_no_file(shelf: Shelf) -> None:
    for _ in range(2):
        assert (await shelf.ingest(*unsaid(file("a.txt", SALARY)))).standing == 1


def stopped_at(call: int, whole: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """`whole`, which stops at its `call`th call that has something to do."""
    calls = 0

    async def counted(ledger: Ledger, changes: object) -> None:
        nonlocal calls
        calls += bool(changes)
        await (stopping() if calls == call else whole(ledger, changes))

    return counted
