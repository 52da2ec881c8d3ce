"""What cannot be looked at is not taken for gone: folders that cannot be opened, roots that are not mounted."""

from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.ingest.items import items_of
from knowledge.ingest.readers import open_to_everyone
from knowledge.ingest.report import Refused, Report
from tenancy.viewer import EVERYONE
from tests.knowledge.parts import Shelf, group, text
from tests.knowledge.test_items import DENIED, failing_at, write

STAYS = "check that it is there and that you may read it; until then, what was read from it stays"


async def ingest(shelf: Shelf, *paths: Path) -> Report:
    return await shelf.ingestion.run(shelf.tenant.id, "docs", items_of(paths, open_to_everyone, "docs"))


async def test_documents_below_a_folder_that_cannot_be_opened_stay(shelf: Shelf, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs, "a.md", "hr/b.md", "hr/pay/c.md", "hrx/d.md")
    await ingest(shelf, docs)
    (docs / "hrx/d.md").unlink()
    with pytest.MonkeyPatch.context() as patch:
        failing_at(patch, "scandir", docs / "hr", DENIED)
        report = await ingest(shelf, docs)
    assert report.refused == [Refused("hr", "cannot be opened (Permission denied)", STAYS)]
    assert (report.unchanged, report.removed) == (1, 1)
    assert set(await shelf.names("text of md")) == {"a.md", "hr/b.md", "hr/pay/c.md"}
    assert (await ingest(shelf, docs)).unchanged == 3


async def test_a_file_that_cannot_be_looked_at_fails_no_run_and_stays(shelf: Shelf, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs, "a.md", "b.md")
    await ingest(shelf, docs)
    with pytest.MonkeyPatch.context() as patch:
        failing_at(patch, "lstat", docs / "b.md", FileNotFoundError(2, "No such file or directory"))
        report = await ingest(shelf, docs)
    assert report.refused == [Refused("b.md", "cannot be opened (No such file or directory)", STAYS)]
    assert set(await shelf.names("text of md")) == {"a.md", "b.md"}


async def test_a_file_that_goes_away_before_it_is_read_is_listed(shelf: Shelf, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs, "a.md", "b.md")
    items = items_of([docs], open_to_everyone, "docs")
    (docs / "b.md").unlink()
    report = await shelf.ingestion.run(shelf.tenant.id, "docs", items)
    assert [(one.name, one.reason) for one in report.refused] == [("b.md", "cannot be opened (No such file or directory)")]
    assert report.added == 1


async def test_who_may_no_longer_read_a_folder_is_out_even_if_it_cannot_be_opened(shelf: Shelf, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs, "a.md", "hr/b.md")
    await ingest(shelf, docs)
    with pytest.MonkeyPatch.context() as patch:
        failing_at(patch, "scandir", docs / "hr", DENIED)
        items = items_of([docs], lambda name: group("hr") if name.startswith("hr/") else open_to_everyone(name), "docs")
        await shelf.ingestion.run(shelf.tenant.id, "docs", items)
    assert await shelf.names("text of md", EVERYONE) == ["a.md"]


@pytest.mark.parametrize("closed", [False, True], ids=["empty", "closed"])
async def test_a_root_that_lost_everything_is_refused_and_changes_nothing(shelf: Shelf, tmp_path: Path, *, closed: bool) -> None:
    docs = tmp_path / "docs"
    write(docs, "a.md", "hr/b.md")
    await ingest(shelf, docs)
    with pytest.MonkeyPatch.context() as patch:
        if closed:
            failing_at(patch, "scandir", docs, DENIED)
        else:
            (docs / "a.md").rename(tmp_path / "a.md")
            (docs / "hr").rename(tmp_path / "hr")
        with pytest.raises(
            KnowledgeError, match=r"/docs (holds nothing|cannot be opened \(Permission denied\)), .* 2 documents .* mounted"
        ):
            await ingest(shelf, docs)
    assert set(await shelf.names("text of md")) == {"a.md", "hr/b.md"}


async def test_one_of_several_roots_that_lost_everything_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    roots = (tmp_path / "one", tmp_path / "two")
    write(tmp_path, "one/a.md", "two/b.md", "two/c.md")
    await ingest(shelf, *roots)
    (tmp_path / "one/a.md").unlink()
    with pytest.raises(KnowledgeError, match=r"/one holds nothing, but 1 document "):
        await ingest(shelf, *roots)
    assert set(await shelf.names("text of md")) == {"one/a.md", "two/b.md", "two/c.md"}


async def test_an_empty_root_of_a_new_source_is_only_listed(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    report = await ingest(shelf, tmp_path / "docs")
    assert (report.standing, [one.reason for one in report.refused]) == (0, ["holds nothing"])


async def test_a_source_can_still_be_emptied_on_purpose(shelf: Shelf) -> None:
    await shelf.ingest(text("a", "Otters sleep floating."))
    assert (await shelf.ingest()).removed == 1
