"""Small files of our own making, one function per kind."""

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage

from docx import Document
from fpdf import FPDF
from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches

HANDBOOK = "Parental leave is twenty weeks. It may be split in two parts."


def pdf(*pages: str, title: str | None = None, locked: bool = False) -> bytes:
    document = FPDF()
    document.set_font("helvetica", size=12)
    if title:
        document.set_title(title)
    if locked:
        document.set_encryption(owner_password="owner", user_password="user")  # noqa: S106 - of a file that is made here
    for page in pages:
        document.add_page()
        document.multi_cell(0, 8, page, new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())


def docx() -> bytes:
    document = Document()
    document.core_properties.modified = datetime(2024, 3, 3, 10, 0, tzinfo=UTC)
    document.add_heading("Leave policy", 1)
    document.add_paragraph("Everybody has thirty days * of leave & may_carry five over.")
    document.add_heading("Parental leave", 2)
    document.add_paragraph(HANDBOOK)
    table = document.add_table(2, 2)
    for (row, column), text in {(0, 0): "Grade", (0, 1): "Days", (1, 0): "Senior | Lead", (1, 1): "33"}.items():
        table.cell(row, column).text = text
    table.cell(0, 1).paragraphs[0].runs[0].bold = True
    document.sections[0].footer.paragraphs[0].text = "Confidential footer"
    return _saved(document)


def xlsx() -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "Rates"
    for row in (["City", "Rate"], ["Berlin", 120], ["Paris", 135.5]):
        sheet.append(row)
    book.create_sheet("Notes").append(["Valid from", datetime(2024, 1, 1)])  # noqa: DTZ001 - Excel has no zones
    return _saved(book)


def pptx() -> bytes:
    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Onboarding"
    body = first.placeholders[1].text_frame
    body.text = "Get a badge"
    nested = body.add_paragraph()
    nested.text, nested.level = "at the front desk", 1
    first.notes_slide.notes_text_frame.text = "Mention the fire drill."
    second = deck.slides.add_slide(deck.slide_layouts[6])
    table = second.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for (row, column), text in {(0, 0): "Day", (0, 1): "Who", (1, 0): "Monday", (1, 1): "Ana | Bo"}.items():
        table.cell(row, column).text = text
    second.shapes.add_group_shape().shapes.add_textbox(0, 0, 10, 10).text_frame.text = "In a group"
    return _saved(deck)


def eml(*, html: str | None = None, attachments: Mapping[str, bytes] | None = None) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Büro moves on Friday"
    message["From"] = "Ana <ana@acme.example>"
    message["To"] = "all@acme.example"
    message["Date"] = "Tue, 01 Oct 2024 12:34:56 -0500"
    message.set_content("We move to Köln on Friday.\n")
    if html is not None:
        message.clear_content()
        message.set_content(html, subtype="html")
    for name, data in (attachments or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def zipped(entries: Mapping[str, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def repacked(data: bytes, changes: Mapping[str, bytes]) -> bytes:
    """An office file with some of its parts replaced or added."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zipped({**{name: archive.read(name) for name in archive.namelist()}, **changes})


def ole(*streams: str) -> bytes:
    """No real OLE file: its magic bytes, and directory entries with these names."""
    entries = b"".join(
        (name.encode("utf-16-le").ljust(64, b"\0") + (len(name) * 2 + 2).to_bytes(2, "little")).ljust(128, b"\0") for name in streams
    )
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entries


def odt() -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    words = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    content = (
        f'<office:document-content xmlns:office="{office}" xmlns:text="{words}"><office:body><office:text>'
        f'<text:h text:outline-level="1">Travel</text:h><text:p>{HANDBOOK}</text:p>'
        "</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def ods() -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    tables = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    words = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    cells = "".join(
        f"<table:table-row>{''.join(_cell(text) for text in row)}</table:table-row>" for row in (("City", "Rate"), ("Berlin", "120 euros"))
    )
    content = (
        f'<office:document-content xmlns:office="{office}" xmlns:table="{tables}" xmlns:text="{words}" office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="Rates">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        "</manifest:manifest>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def _cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def rtf() -> bytes:
    return rb"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}\f0 Parental leave is \b twenty\b0  weeks.\par It may be split in two parts.}"


def epub() -> bytes:
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The long handbook</dc:title>'
        '<dc:identifier id="i">x</dc:identifier></metadata>'
        '<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Leave</h1><p>{HANDBOOK}</p></body></html>'
    return zipped({"mimetype": "application/epub+zip", "META-INF/container.xml": container, "book.opf": package, "a.xhtml": page})


def _saved(document: object) -> bytes:
    stream = io.BytesIO()
    document.save(stream)  # type: ignore[attr-defined]
    return stream.getvalue()
