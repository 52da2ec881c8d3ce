"""`footnote ingest`: who is in which group changes with the documents, or not at all."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.commands import FAILURES
from adapters.commands.ingest import run, source_and_root
from knowledge.ingest.ledger import Ledger
from knowledge.ingest.pipeline import Ingestion
from knowledge.ingest.report import Report
from tenancy.audit import Audit
from tenancy.database import Database
from tenancy.tenants import Tenant, Tenants
from tenancy.users import People
from tenancy.viewer import Audience
from tests.knowledge.parts import Shelf, shelf_of

ONLY_HR = """
people: {ana@acme.example: [hr], bob@acme.example: []}
rules:
  - {path: "hr/**", readers: ["group:hr"]}
  - {path: "notes.md", readers: ["person:Bob@acme.example"]}
  - {path: "**", readers: [everyone]}
"""
BOB_TOO = ONLY_HR.replace("bob@acme.example: []", "bob@acme.example: [hr]")
OPEN = 'rules: [{path: "**", readers: [everyone]}]'
EVERYTHING = {"leave.md", "notes.md", "hr/cases.md"}


@dataclass(frozen=True)
class Rooms:
    """As much of a house as the command needs."""

    tenants: Tenants
    people: People
    ingestion: Ingestion
    audit: Audit


@dataclass(frozen=True)
class Desk:
    """Somebody at the command line, with a folder of documents."""

    house: Any  # Rooms
    shelf: Shelf
    docs: Path

    async def ingest(self, readers: str | None = None, *, paths: tuple[Path, ...] = (), root: str = "/docs") -> Report:
        file = self.docs.parent / "readers.yaml"
        file.write_text(readers or "")
        return await run(self.house, paths or (self.docs,), self.shelf.tenant.slug, "docs", file if readers else None, root=root)

    async def found(self, person: str) -> set[str]:
        """What somebody finds."""
        viewer = await self.house.people.viewer_by_email(self.shelf.tenant.id, f"{person}@acme.example")
        found = await self.shelf.library.search(viewer, Audience(), "words of every document", 8)
        return {hit.passage.document.name for hit in found.hits}


@pytest_asyncio.fixture
async def desk(database: Database, tenants: Tenants, tenant: Tenant, tmp_path: Path) -> AsyncIterator[Desk]:
    """Its documents are read in: `hr/` is for hr, `notes.md` for bob, the rest for everyone."""
    docs = tmp_path / "docs"
    (docs / "hr").mkdir(parents=True)
    for name in EVERYTHING:
        (docs / name).write_text(f"The words of {name}.")
    async with shelf_of(database, tenant, tmp_path / "home") as shelf:
        desk = Desk(Rooms(tenants, People(database), shelf.ingestion, Audit(database)), shelf, docs)
        await desk.ingest(ONLY_HR)
        yield desk


async def test_people_find_what_the_file_gives_them(desk: Desk) -> None:
    assert await desk.found("ana") == {"leave.md", "hr/cases.md"}
    assert await desk.found("bob") == {"leave.md", "notes.md"}


async def test_new_groups_come_with_the_run(desk: Desk) -> None:
    await desk.ingest(BOB_TOO)
    assert await desk.found("bob") == EVERYTHING


async def test_a_run_that_is_refused_changes_nobodys_groups(desk: Desk) -> None:
    with pytest.raises(FAILURES, match="is read from /docs"):
        await desk.ingest(BOB_TOO, root="/elsewhere")
    ledger = await Ledger.of(desk.shelf.database, desk.shelf.tenant.id, "docs", "files")
    async with ledger.alone():
        with pytest.raises(FAILURES, match="under way"):
            await desk.ingest(BOB_TOO)
    (empty := desk.docs.parent / "empty").mkdir()
    with pytest.raises(FAILURES, match="holds nothing"):
        await desk.ingest(BOB_TOO, paths=(empty,))
    assert await desk.found("bob") == {"leave.md", "notes.md"}


async def test_an_address_that_is_none_changes_no_readers(desk: Desk) -> None:
    with pytest.raises(FAILURES, match="is no e-mail address"):
        await desk.ingest('people: {"a b@c": []}')
    assert await desk.found("ana") == {"leave.md", "hr/cases.md"}


async def test_leaving_the_file_out_opens_nothing(desk: Desk) -> None:
    (desk.docs / "hr/cases.md").rename(desk.docs / "hr/cases-2.md")
    with pytest.raises(FAILURES, match=r"Pass --readers again, or, .* a file with .* readers: \[everyone\]"):
        await desk.ingest()
    assert await desk.found("bob") == {"leave.md", "notes.md"}
    assert await desk.found("ana") == {"leave.md", "hr/cases.md"}


async def test_a_file_that_opens_everything_opens_everything(desk: Desk) -> None:
    await desk.ingest(OPEN)
    await desk.ingest()
    assert await desk.found("bob") == EVERYTHING


async def test_a_corpus_that_brings_its_own_readers_needs_no_file(desk: Desk) -> None:
    corpus = desk.docs.parent / "corpus.jsonl"
    corpus.write_text('{"_id": "a", "text": "words", "readers": ["person:ana@acme.example"]}\n{"_id": "b", "text": "more words"}')
    for _ in range(2):
        await run(desk.house, [corpus], desk.shelf.tenant.slug, "corpus", None, root="")
    assert await desk.found("ana") >= {"a", "b"}
    assert "a" not in await desk.found("bob")


async def test_a_folder_whose_name_is_in_another_encoding_is_no_obstacle(desk: Desk) -> None:
    folder = desk.docs.parent / os.fsdecode(b"caf\xe9")
    desk.docs.rename(folder)
    source, root = source_and_root([folder], None)
    assert (await run(desk.house, [folder], desk.shelf.tenant.slug, source, None, root=root)).standing == 3


async def test_a_group_that_nobody_is_in_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    await desk.ingest(
        '{people: {ana@acme.example: [hr]}, rules: [{path: "hr/**", readers: ["group:hrr"]}, {path: "**", readers: ["group:hr"]}]}'
    )
    assert "Nobody is in group:docs:hrr, which 1 of these documents name as a reader. List its people" in capsys.readouterr().err
