"""Rows of a question set held against what an asker may read."""

import pytest

from adapters.commands.question_set import _is_quoted, _meant, _Wrong
from knowledge.documents import Document, DocumentId, Passage, PassageId, Span
from knowledge.evaluation import Named
from tenancy.viewer import EVERYONE


def document(source: str, name: str) -> Document:
    return Document(
        id=DocumentId(source), source=source, name=name, title=name, url=None, media_type="text/plain", version=1,
        readers=frozenset({EVERYONE}), modified_at=None,
    )  # fmt: skip


def test_a_name_that_means_several_documents_is_told_with_what_to_write() -> None:
    readable = [document("Files", "leave.md"), document("Wiki", "leave.md"), document("Wiki", "pay.md")]
    named = Named(readable)
    assert _meant(["pay.md", "Wiki/leave.md"], named, "ana@acme.example") == [readable[2], readable[1]]
    with pytest.raises(_Wrong, match=r"'leave.md' is the name of 2 documents. .* such as Files/leave.md, Wiki/leave.md\."):
        _meant(["leave.md"], named, "ana@acme.example")


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        pytest.param("Twenty  weeks, at full pay", True, id="other white space, case and marks"),
        pytest.param("weeks at full", True, id="a part"),
        pytest.param("ten weeks at full pay", False, id="other words"),
        pytest.param("wenty weeks", False, id="half a word"),
    ],
)
def test_a_quote_is_found_by_its_words(quote: str, found: bool) -> None:  # noqa: FBT001 - what is expected
    text = "Leave is twenty weeks\nat | full pay."
    passage = Passage(
        id=PassageId("p"), document=document("Files", "leave.md"), ordinal=0, span=Span(0, len(text)), text=text, heading=(), page=None
    )
    assert _is_quoted(quote, [passage]) is found
