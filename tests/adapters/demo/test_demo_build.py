"""The demo company's documents, in the formats that a real company keeps them in."""

import dataclasses
import email
import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path, PurePosixPath

import docx
import kreuzberg
import openpyxl
import pptx
import pytest
from fpdf.errors import FPDFUnicodeEncodingException

from adapters.demo.build import RENDERERS, build
from adapters.demo.sources import Source, sources

FEWEST = {"docx": 4, "pptx": 4, "xlsx": 4, "pdf": 4, "html": 4, "eml": 4, "md": 20}


SAMPLE = """# Title

Opening *words* with `code`, 60 € and “quotes”.

> An aside

## Section

1. First step
2. Second step

- a bullet

Between paragraphs

```
rillctl certs
```

| Head | Number |
|---|---|
| Left cell | 1,234 |

## Next

- alone

1. Again first
"""
WORDS = (
    *("Title", "words", "code", "60 €", "An aside", "Section", "First step", "Second step", "a bullet", "rillctl certs"),
    *("Between paragraphs", "Head", "Left cell", "Next", "alone", "Again first"),
)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_are_identical_byte_for_byte(built: Path, tmp_path: Path) -> None:
    build(tmp_path)
    assert contents(tmp_path) == contents(built)


def test_a_second_build_touches_nothing_and_mends_what_was_changed(built: Path) -> None:
    kept, changed = built / "people/sick-leave.md", built / "it/vpn.html"
    os.utime(kept, (1, 1))
    before = changed.read_bytes()
    changed.write_bytes(b"something else")
    build(built)
    assert kept.stat().st_mtime == 1
    assert changed.read_bytes() == before


def test_a_file_is_as_old_as_its_document_says(built: Path) -> None:
    modified = (built / "people/parental-leave-2022.pdf").stat().st_mtime
    assert datetime.fromtimestamp(modified, UTC).date().isoformat() == "2022-03-01"


def test_every_format_is_there_and_no_other() -> None:
    counted = Counter(source.format for source in sources())
    assert counted.keys() == RENDERERS.keys() == FEWEST.keys()
    assert {kind: counted[kind] for kind in FEWEST if counted[kind] < FEWEST[kind]} == {}


def test_the_company_has_about_sixty_documents_or_more(texts: Mapping[str, str]) -> None:
    assert len(texts) >= 58


def test_every_document_begins_with_its_title_or_says_it_in_its_properties(texts: Mapping[str, str]) -> None:
    missing = [source.path.as_posix() for source in sources() if source.title not in texts[source.path.as_posix()]]
    assert {path.rpartition(".")[2] for path in missing} <= {"xlsx"}


def test_the_handbook_is_long_and_has_numbered_pages(texts: Mapping[str, str]) -> None:
    handbook = texts["handbook/employee-handbook.pdf"]
    assert len(handbook.split()) >= 8_000
    assert "page 10 of" in handbook


def test_word_documents_have_real_headings_lists_and_tables(built: Path) -> None:
    word = docx.Document(str(built / "people/parental-leave-2025.docx"))
    styles = Counter(paragraph.style.name for paragraph in word.paragraphs if paragraph.style)
    assert (styles["Heading 1"], styles["List Number"]) == (1, 3)
    assert styles["Heading 2"] >= 5
    assert word.tables[0].cell(0, 0).text == "Parent"
    assert word.core_properties.title == "Parental leave policy"


def test_each_numbered_list_of_a_word_document_starts_again(built: Path) -> None:
    word = docx.Document(str(built / "product/dipper-2-user-guide.docx"))
    steps = [paragraph for paragraph in word.paragraphs if paragraph.style and paragraph.style.name == "List Number"]
    lists = [step._p.pPr.numPr.numId.val for step in steps if step._p.pPr is not None and step._p.pPr.numPr is not None]
    assert len(lists) == len(steps)
    assert sorted(Counter(lists).values()) == [3, 4]


def test_workbooks_have_sheets_headers_and_numbers(built: Path) -> None:
    book = openpyxl.load_workbook(built / "sales/price-list-2026.xlsx")
    assert book.sheetnames == ["Meters", "Probes and consumables", "Services"]
    assert [cell.value for cell in book["Meters"][2]] == ["Heron 3", "LK-H3", 1290, 1490, 2190]
    assert book["Services"]["C4"].value == pytest.approx(10.5)


def test_decks_have_titles_bullets_and_speaker_notes(built: Path) -> None:
    deck = pptx.Presentation(str(built / "product/roadmap-2027.pptx"))
    slide = deck.slides[1]
    assert slide.shapes.title.text == "What we heard in 2026"
    assert len(slide.placeholders[1].text_frame.paragraphs) == 4
    assert slide.notes_slide.notes_text_frame.text.startswith("The visits were done")


def test_mail_has_its_headers_and_both_alternatives(built: Path) -> None:
    path = built / "sales/tender-thread-saint-ludger.eml"
    mail = email.message_from_bytes(path.read_bytes(), policy=default)
    assert mail["From"] == "Hannah Ruddock <hannah@larkspur.example>"
    assert mail["Subject"] == "Re: Tender Saint-Ludger: 64 meters, questions by Monday"
    assert mail["Date"] == "Thu, 17 Sep 2026 15:26:00 +0000"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_pages_have_a_title_headings_and_tables(built: Path) -> None:
    page = (built / "it/vpn.html").read_text(encoding="utf-8")
    for markup in ("<title>VPN: when you need it", "<h1>VPN", "<h2>Connect</h2>", "<table>", "<ol>"):
        assert markup in page


@pytest.mark.parametrize("kind", RENDERERS)
def test_no_format_drops_words(kind: str, tmp_path: Path) -> None:
    source = Source(
        path=PurePosixPath(f"sample.{kind}"),
        format=kind,
        title="Title",
        changed=datetime(2026, 3, 2, 12, tzinfo=UTC),
        body=SAMPLE,
        fields={"from": "ana@larkspur.example", "to": "rui@larkspur.example", "message_id": "1@larkspur.example"},
    )
    path = tmp_path / source.path
    path.write_bytes(RENDERERS[kind](source))
    extracted = " ".join(kreuzberg.extract_file_sync(str(path)).content.split())
    assert [words for words in WORDS if words not in extracted] == []


def test_a_character_that_pdf_fonts_lack_is_refused() -> None:
    source = next(source for source in sources() if source.format == "pdf")
    with pytest.raises(FPDFUnicodeEncodingException):
        RENDERERS["pdf"](dataclasses.replace(source, body="# Title\n\nΩ"))
