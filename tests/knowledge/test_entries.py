"""What is embedded of a document, and the words that it is searched by."""

from collections.abc import Sequence

import pytest

from knowledge.documents import DocumentId, Piece, Span
from knowledge.embedding.port import Embedded
from knowledge.ingest.entries import made_of
from knowledge.ingest.ledger import Draft
from knowledge.terms import terms, things
from tenancy.viewer import EVERYONE
from tests.knowledge.parts import BagOfWords

TEXT = "Otters sleep floating."


class Noting(BagOfWords):
    """Remembers what it was given."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.texts: list[str] = []

    async def passages(self, texts: Sequence[str]) -> Embedded:
        self.texts += texts
        return await super().passages(texts)


@pytest.mark.parametrize(
    ("name", "title", "said"),
    [
        pytest.param("162428-0-349", "162428-0-349", "", id="an identifier says nothing"),
        pytest.param("18ef26058d321", "18ef26058d321", "", id="nor does a digest"),
        pytest.param("wiki_00691-7371-8668", "wiki_00691-7371-8668", "", id="nor a number of many digits behind a word"),
        pytest.param("sea-otters", "sea-otters", "sea-otters", id="words do"),
        pytest.param("otters-2024.md", "otters-2024.md", "otters-2024.md", id="words beside a number do"),
        pytest.param("162428-0-349", "Sea animals", "Sea animals", id="and so does a title"),
    ],
)
async def test_a_document_without_a_title_is_found_by_its_name_if_that_is_words(name: str, title: str, said: str) -> None:
    embedder = Noting()
    made = await made_of([draft(name, title)], embedder)
    assert embedder.texts == [f"{said}\n{TEXT}".strip()]
    (entry,) = made.entries
    assert entry.terms == [*terms(said) * 3, *terms(TEXT), *things(name)]


def draft(name: str, title: str) -> Draft:
    return Draft(
        id=DocumentId("d1"),
        name=name,
        version=1,
        fingerprint="f",
        readers=frozenset({EVERYONE}),
        title=title,
        url=None,
        media_type="text/plain",
        size=len(TEXT),
        modified_at=None,
        text=TEXT,
        pages=(),
        pieces=[Piece(span=Span(0, len(TEXT)), text=TEXT)],
    )
