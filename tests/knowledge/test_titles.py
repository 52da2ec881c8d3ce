"""Whatever a document calls itself, PostgreSQL can keep it: no zero, no half of a character, one line."""

from dataclasses import replace

import pytest

from knowledge.parsers.frames import extracted_of
from knowledge.parsers.isolated import IsolatedParser
from knowledge.parsers.port import Extracted
from knowledge.parsers.read import read
from knowledge.parsers.text import title_of
from tenancy.viewer import EVERYONE
from tests.knowledge.parsers import files
from tests.knowledge.parts import Shelf, file, text

UNKEEPABLE = b'---\ntitle: "A\\0B \\ud800"\n---\nOtters sleep floating.\n'
KEPT = "AB \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.md", UNKEEPABLE, id="Markdown"),
        pytest.param("a.html", UNKEEPABLE, id="HTML with front matter"),
    ],
)
async def test_a_title_that_cannot_be_kept_fails_no_run(shelf: Shelf, name: str, data: bytes) -> None:
    async with IsolatedParser() as parser:
        ingestion = replace(shelf.ingestion, parser=parser)
        report = await ingestion.run(shelf.tenant.id, "files", [file(name, data)])
    assert (report.added, report.refused) == (1, [])
    (hit,) = (await shelf.find("otters", EVERYONE)).hits
    assert hit.passage.document.title == KEPT


async def test_a_corpus_title_that_cannot_be_kept_fails_no_run(shelf: Shelf) -> None:
    await shelf.ingest(text("a", "Otters sleep floating.", title="A\0B \ud800"))
    (hit,) = (await shelf.find("otters", EVERYONE)).hits
    assert hit.passage.document.title == KEPT


def test_the_title_of_a_pdf_is_tidied() -> None:
    assert read("a.pdf", files.pdf("text", title="Paid\x01\x02 leave")).title == "Paid leave"


def test_what_any_parser_finds_is_tidy_on_one_line() -> None:
    found = Extracted(text="x", title="Cafe\u0301\r\nat \0noon\u2028\udc80", media_type="text/\0plain")
    assert (found.title, found.media_type) == ("Café at noon \N{REPLACEMENT CHARACTER}", "text/plain")


def test_what_a_child_says_of_a_file_is_tidied_by_its_parent() -> None:
    found = extracted_of(
        {"title": "A\0B", "media_type": "te\0xt", "pages": [], "modified_at": None, "standing": "dr\0aft", "valid_from": None}, b"x"
    )
    assert (found.title, found.media_type, found.standing) == ("AB", "text", "draft")


@pytest.mark.parametrize(
    ("name", "candidates", "title"),
    [
        pytest.param("hr/paid_leave.md", ["\0\x01", None], "paid leave", id="nothing is left of it"),
        pytest.param("a.md", ["\0", "Paid\0 leave"], "Paid leave", id="the next one says something"),
        pytest.param("paid\0_leave\udce9.md", [], "paid leave\N{REPLACEMENT CHARACTER}", id="a file name of another encoding"),
        pytest.param("\0", [], "Untitled", id="nothing at all"),
    ],
)
def test_a_title_of_which_nothing_is_left_is_none(name: str, candidates: list[str | None], title: str) -> None:
    assert title_of(name, *candidates) == title
