"""What is made of kreuzberg's tree, for the formats that no library writes for a test: Outlook, old PowerPoint."""

from types import SimpleNamespace
from typing import Any

import kreuzberg
import pytest

from knowledge.errors import Unreadable
from knowledge.parsers.engine import plain, read_with_kreuzberg
from knowledge.parsers.port import Extracted

OUTLOOK = "application/vnd.ms-outlook"
OLD_SLIDES = "application/vnd.ms-powerpoint"
TEXT = "application/vnd.oasis.opendocument.text"


def node(kind: str, *, parent: int | None = None, layer: str | None = None, **content: object) -> dict[str, Any]:
    return {"content": {"node_type": kind, **content}, "parent": parent, "content_layer": layer}


def cell(column: int, content: str) -> dict[str, Any]:
    return {"row": 0, "col": column, "content": content}


@pytest.fixture
def read_nodes(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a function with defaults
    def read(*nodes: dict[str, Any], media_type: str = TEXT, children: tuple[object, ...] = (), **metadata: object) -> Extracted:
        found = SimpleNamespace(
            document={"nodes": nodes}, content="", pages=None, mime_type=media_type, metadata=metadata, children=children
        )
        monkeypatch.setattr(kreuzberg, "extract_bytes_sync", lambda *_: found)
        return read_with_kreuzberg("a_file.x", b"data", media_type)

    return read


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        pytest.param([node("heading", level=2, text="A\nB"), node("paragraph", text="x")], "## A B\n\nx", id="heading"),
        pytest.param(
            [
                node("list", ordered=True),
                node("list_item", parent=0, text="a"),
                node("list", ordered=False, parent=0),
                node("list_item", parent=2, text="b"),
                node("list_item", parent=0, text="c"),
            ],
            "1. a\n  - b\n2. c",
            id="lists in lists",
        ),
        pytest.param([node("code", text="x = 1")], "```\nx = 1\n```", id="code"),
        pytest.param([node("paragraph", text="page 1", layer="footer"), node("paragraph", text="x")], "x", id="footer"),
        pytest.param(
            [node("group", label="x"), node("page_break"), node("image"), node("paragraph", text="x")], "x", id="what has no text"
        ),
        pytest.param(
            [node("table", grid={"rows": 1, "cols": 2, "cells": [cell(1, "**b**"), cell(0, "a")]})],
            "| a | b |\n| --- | --- |",
            id="table",
        ),
    ],
)
def test_a_tree_becomes_text(read_nodes: Any, nodes: list[dict[str, Any]], text: str) -> None:  # noqa: ANN401
    assert read_nodes(*nodes).text == text


def test_an_outlook_message_is_called_by_its_subject_and_brings_its_attachments(read_nodes: Any) -> None:  # noqa: ANN401
    attachments = (
        {"path": "leave.pdf", "mime_type": "application/pdf", "result": SimpleNamespace(content="Twenty weeks.")},
        {"path": "junk.bin", "mime_type": "application/octet-stream", "result": SimpleNamespace(content="junk")},
    )
    extracted = read_nodes(
        node("metadata_block", entries=[["Subject", "Leave"], ["From", "Ana"]]),
        node("paragraph", text="See attached."),
        media_type=OUTLOOK,
        children=attachments,
        subject="Leave",
        created_at="2025-02-17T10:19:05+00:00",
    )

    assert extracted.text == "Subject: Leave\nFrom: Ana\n\nSee attached.\n\n## Attachment: leave.pdf\n\nTwenty weeks."
    assert extracted.title == "Leave"
    assert extracted.modified_at is not None


def test_an_old_deck_is_read_without_its_master_and_once(read_nodes: Any) -> None:  # noqa: ANN401
    extracted = read_nodes(
        node("slide", number=1, title="Click to edit Master text styles"),
        node("paragraph", text="Second level"),
        node("slide", number=2, title="Plan"),
        node("paragraph", text="First."),
        node("paragraph", text="Then."),
        node("paragraph", text="Click to edit Master text styles\nFirst.\nThen."),
        media_type=OLD_SLIDES,
    )

    assert extracted.text == "## Plan\n\nFirst.\n\nThen."


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param("**bold** and *slanted*", "bold and slanted", id="emphasis"),
        pytest.param("[link](http://x) and ![picture](y.png)", "link and picture", id="links"),
        pytest.param("5 * 3 * 2", "5 * 3 * 2", id="a product"),
        pytest.param("a \\| b <u>c</u> ~~d~~", "a | b c d", id="bars and lines"),
    ],
)
def test_a_cell_loses_the_markdown_that_kreuzberg_wrote_into_it(raw: str, text: str) -> None:
    assert plain(raw) == text


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param("PDF is password-protected", "is password-protected", id="password"),
        pytest.param("invalid Zip archive", "is broken", id="broken"),
    ],
)
def test_what_kreuzberg_cannot_read_is_refused(monkeypatch: pytest.MonkeyPatch, message: str, reason: str) -> None:
    def fail(*_: object) -> None:
        raise kreuzberg.ParsingError(message)

    monkeypatch.setattr(kreuzberg, "extract_bytes_sync", fail)

    with pytest.raises(Unreadable, match=reason):
        read_with_kreuzberg("a.odt", b"", TEXT)


def test_a_file_without_text_is_refused(read_nodes: Any) -> None:  # noqa: ANN401
    with pytest.raises(Unreadable, match="holds no text"):
        read_nodes()
