"""What the demo documents may be written in."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.demo.blocks import Block, Code, Heading, Item, Paragraph, Quote, Run, Table, parse
from adapters.demo.sources import read_source

PAGE = "---\nformat: docx\ndate: 2026-03-02\nfrom: ana@larkspur.example\n---\n\n# Title\n\nText --- more.\n"


def test_front_matter_gives_path_date_and_fields(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "a.md").write_text(PAGE, encoding="utf-8")
    source = read_source(tmp_path / "it" / "a.md", tmp_path)
    assert source.path.as_posix() == "it/a.docx"
    assert source.title == "Title"
    assert source.changed == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert source.fields == {"from": "ana@larkspur.example"}
    assert source.body == "# Title\n\nText --- more.\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("# Title\n", "front matter must stand", id="no front matter"),
        pytest.param(PAGE.replace("format: docx\n", ""), "needs `format` and `date", id="no format"),
        pytest.param(PAGE.replace("2026-03-02", "soon"), "needs `format` and `date", id="a date that is none"),
        pytest.param(PAGE.replace("# Title", "Title"), "must begin with `# Title`", id="no title"),
    ],
)
def test_a_document_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"a\.md: .*{complaint}"):
        read_source(tmp_path / "a.md", tmp_path)


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        pytest.param("## Two", (Heading(2, (Run("Two"),)),), id="heading"),
        pytest.param(
            "a **b** *c* `d`",
            (Paragraph((Run("a "), Run("b", bold=True), Run(" "), Run("c", italic=True), Run(" "), Run("d", code=True))),),
            id="styles",
        ),
        pytest.param("a\nb", (Paragraph((Run("a"), Run(" "), Run("b"))),), id="a wrapped line is one line"),
        pytest.param("[here](x.md)", (Paragraph((Run("here"),)),), id="a link keeps its words"),
        pytest.param("- a\n  - b", (Item((Run("a"),), 0, None), Item((Run("b"),), 1, None)), id="bullets keep their depth"),
        pytest.param("3. a\n4. b", (Item((Run("a"),), 0, 3), Item((Run("b"),), 0, 4)), id="a list starts where it says"),
        pytest.param("|a|b|\n|-|-|\n|1||", (Table(("a", "b"), (("1", ""),)),), id="table with an empty cell"),
        pytest.param("```\nx  y\n```", (Code("x  y"),), id="code keeps its spaces"),
        pytest.param("> aside", (Quote((Run("aside"),)),), id="aside"),
    ],
)
def test_markdown_becomes_blocks(markdown: str, blocks: tuple[Block, ...]) -> None:
    assert parse(markdown) == blocks


def test_markdown_outside_the_subset_is_refused_rather_than_dropped() -> None:
    with pytest.raises(KeyError, match="html_block"):
        parse("<div>kept?</div>")
