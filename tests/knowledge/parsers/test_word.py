"""Word files, part by part."""

import io
from collections.abc import Callable

import pytest
from docx import Document

from knowledge.parsers.read import read
from tests.knowledge.parsers import files

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
STRICT = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'


def word(body: str, *, namespaces: str = NAMESPACES, **parts: str) -> str:
    """The text of a Word file with this body and these further parts of `word/`."""
    entries = {"word/document.xml": f"<w:document {namespaces}><w:body>{body}</w:body></w:document>"}
    return read("a.docx", files.zipped({**entries, **{f"word/{name}.xml": xml for name, xml in parts.items()}})).text


def p(text: str, properties: str = "") -> str:
    return f'<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def item(text: str, list_id: int, level: int = 0) -> str:
    return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>')


def level(number: int, number_format: str, pattern: str) -> str:
    return f'<w:lvl w:ilvl="{number}"><w:numFmt w:val="{number_format}"/><w:lvlText w:val="{pattern}"/></w:lvl>'


NUMBERING = (
    f"<w:numbering {NAMESPACES}>"
    f'<w:abstractNum w:abstractNumId="7">{level(0, "decimal", "%1.")}{level(1, "decimal", "%1.%2")}'
    f"{level(2, 'lowerLetter', '%3)')}</w:abstractNum>"
    f'<w:abstractNum w:abstractNumId="8">{level(0, "bullet", "o")}{level(1, "none", "")}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>'
    "</w:numbering>"
)
STYLES = (
    f"<w:styles {NAMESPACES}>"
    '<w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:styleId="Mine"><w:name w:val="House"/><w:basedOn w:val="H2"/></w:style>'
    '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="Steps"><w:name w:val="Steps"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    '<w:style w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>'
    "</w:styles>"
)
FOOTNOTES = (
    f'<w:footnotes {NAMESPACES}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
    '<w:footnote w:id="2"><w:p><w:r><w:t>Since 2024.</w:t></w:r></w:p></w:footnote></w:footnotes>'
)


def row(*cells: str, spans: int = 1) -> str:
    properties = f'<w:tcPr><w:gridSpan w:val="{spans}"/></w:tcPr>'
    return "<w:tr>" + "".join(f"<w:tc>{properties}{cell}</w:tc>" for cell in cells) + "</w:tr>"


def box(text: str) -> str:
    return f"<w:pict><w:txbxContent>{p(text)}</w:txbxContent></w:pict>"


def either(first: str, second: str) -> str:
    return f"<mc:AlternateContent><mc:Choice>{first}</mc:Choice><mc:Fallback>{second}</mc:Fallback></mc:AlternateContent>"


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param(p("Leave", '<w:pStyle w:val="H2"/>') + p("x"), "## Leave\n\nx", id="heading by style"),
        pytest.param(p("Leave", '<w:pStyle w:val="Mine"/>') + p("x"), "## Leave\n\nx", id="heading by a style of the house"),
        pytest.param(p("Leave", '<w:pStyle w:val="T"/>') + p("x"), "# Leave\n\nx", id="title"),
        pytest.param(p("Leave", '<w:outlineLvl w:val="2"/>') + p("x"), "### Leave\n\nx", id="heading by outline level"),
        pytest.param(p("x", '<w:pStyle w:val="Loop"/>'), "x", id="a style that is based on itself"),
        pytest.param(p("x", '<w:pStyle w:val="Gone"/>'), "x", id="a style that is not there"),
        pytest.param(
            item("a", 1) + item("b", 1) + item("c", 1, 1) + item("d", 1, 2) + item("e", 1),
            "1. a\n2. b\n  2.1 c\n    a) d\n3. e",
            id="numbers",
        ),
        pytest.param(item("a", 2) + item("b", 2), "- a\n- b", id="bullets"),
        pytest.param(item("a", 9), "- a", id="a list that is not there"),
        pytest.param(item("a", 2, 1), "a", id="a list without marks"),
        pytest.param(p("a", '<w:pStyle w:val="Steps"/>') + p("b", '<w:pStyle w:val="Steps"/>'), "1. a\n2. b", id="numbers by style"),
        pytest.param(p("a", '<w:pStyle w:val="Steps"/><w:numPr><w:numId w:val="0"/></w:numPr>'), "a", id="numbers taken away"),
        pytest.param("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", "a b\nc", id="tab and line break"),
        pytest.param('<w:p><w:r><w:t>a</w:t><w:br w:type="page"/><w:t>b</w:t></w:r></w:p>', "ab", id="page break"),
        pytest.param("<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:t>old</w:t></w:r></w:del></w:p>", "new", id="changes"),
        pytest.param("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r><w:r><w:t>yes</w:t></w:r></w:p>", "yes", id="hidden text"),
        pytest.param(
            "<w:p><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink><w:r><w:instrText>X</w:instrText></w:r></w:p>",
            "link",
            id="link and field",
        ),
        pytest.param(f"<w:sdt><w:sdtContent>{p('control')}</w:sdtContent></w:sdt>", "control", id="content control"),
        pytest.param(
            f"<w:p><w:r><w:t>a</w:t>{either(box('b'), box('b'))}</w:r></w:p>",
            "a\n\nb",
            id="text box, once",
        ),
        pytest.param('<w:p><w:r><w:t>a</w:t><w:footnoteReference w:id="2"/></w:r></w:p>', "a\n\nFootnote: Since 2024.", id="footnote"),
        pytest.param(table(row(p("a"), p("b")), row(p("1") + p("2"), p("3"))), "| a | b |\n| --- | --- |\n| 1 2 | 3 |", id="table"),
        pytest.param(
            f"<w:tbl>{row(p('wide'), spans=2)}{row(p('a'), p('b'))}</w:tbl>",
            "| wide |  |\n| --- | --- |\n| a | b |",
            id="cell over two columns",
        ),
        pytest.param(f"<w:tbl>{row(p('a') + item('b', 2))}</w:tbl>", "a\n\n- b", id="table that is a frame"),
        pytest.param(table(row(p("a"), table(row(p("1"), p("2"))))), "| a | 1 2 |\n| --- | --- |", id="table in a table"),
        pytest.param(
            table(f"<w:sdt><w:sdtContent>{row(p('a'), p('b'))}</w:sdtContent></w:sdt>"), "| a | b |\n| --- | --- |", id="row in a control"
        ),
    ],
)
def test_what_a_word_file_shows_is_read(body: str, text: str) -> None:
    read_text = word(body, styles=STYLES, numbering=NUMBERING, footnotes=FOOTNOTES)

    assert [line.rstrip() for line in read_text.split("\n")] == [line.rstrip() for line in text.split("\n")]


def test_the_strict_form_of_the_format_is_read_too() -> None:
    assert word("<w:p><w:r><w:t>strict &amp; fine</w:t></w:r></w:p>", namespaces=STRICT) == "strict & fine"


def deep(opening: str, closing: str) -> Callable[[], str]:
    return lambda: word(p("top") + opening * 60 + p("bottom") + closing * 60)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(deep("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"), id="tables"),
        pytest.param(deep("<w:p><w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r></w:p>"), id="text boxes"),
        pytest.param(deep("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"), id="content controls"),
    ],
)
def test_what_lies_too_deep_is_left_out(make: Callable[[], str]) -> None:
    assert make() == "top"


def test_the_lists_of_a_real_template_keep_their_marks() -> None:
    document = Document()
    for text, style in (("one", "List Number"), ("two", "List Number"), ("dot", "List Bullet"), ("deeper", "List Bullet 2")):
        document.add_paragraph(text, style=style)
    stream = io.BytesIO()
    document.save(stream)

    assert read("a.docx", stream.getvalue()).text == "1. one\n2. two\n- dot\n- deeper"
