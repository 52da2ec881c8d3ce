"""What stands beside a hit in its document comes with it: of its section and version, and checked as the hit was."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import update

from knowledge.catalogue import Catalogue, Proposed
from knowledge.documents import Document, DocumentId, Edition, Hit, Passage, PassageId, Span, passage_id
from knowledge.embedding.known import Embedders
from knowledge.ranking import WITH_NEIGHBOURS, beside, unread
from knowledge.search import Search
from knowledge.tables import documents
from tenancy.viewer import EVERYONE, Audience, TenantId
from tests.knowledge.parts import Shelf, text

GUIDE = Document(
    id=DocumentId("guide"),
    source="files",
    name="guide",
    title="Guide",
    url=None,
    media_type="text/plain",
    version=3,
    readers=frozenset({EVERYONE}),
    modified_at=None,
)
MANUAL = (
    "# Press\n\n" + "\n\n".join(f"Part {part}: " + " ".join([f"word{part}"] * 150) + "." for part in range(4)) + "\n\n# Oven\n\nThe oven."
)


def passage(ordinal: int, *, start: int | None = None, heading: str = "Press", document: Document = GUIDE) -> Passage:
    """Ten characters; where they stand follows from the ordinal."""
    begins = ordinal * 11 if start is None else start
    return Passage(
        id=passage_id(document.id, document.version, ordinal),
        document=document,
        ordinal=ordinal,
        span=Span(begins, begins + 10),
        text="0123456789",
        heading=(heading,),
        page=None,
    )


def hits(*ordinals: int) -> list[Hit]:
    return [Hit(passage=passage(ordinal), score=1.0) for ordinal in ordinals]


def by_id(*passages: Passage) -> dict[PassageId, Passage]:
    return {one.id: one for one in passages}


def test_what_is_a_hit_itself_is_not_read_again() -> None:
    assert unread(hits(4, 5, 9)) == ["guide-3-3", "guide-3-6", "guide-3-8", "guide-3-10"]


def test_only_the_first_hits_have_neighbours() -> None:
    many = hits(*range(1, 8 * WITH_NEIGHBOURS, 4))
    every = by_id(*(passage(ordinal) for ordinal in range(8 * WITH_NEIGHBOURS)))
    found = beside(many, every)
    assert [bool(one.after) for one in found] == [place < WITH_NEIGHBOURS for place in range(len(many))]
    assert len(unread(many)) == 2 * WITH_NEIGHBOURS


def test_a_hit_stands_between_its_neighbours() -> None:
    first, second = beside(hits(4, 5), by_id(passage(3)))
    assert (first.before, first.after) == (passage(3), passage(5))
    assert (second.before, second.after) == (passage(4), None)


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(passage(5, heading="Oven"), id="another section"),
        pytest.param(passage(5, start=50), id="shared text"),
        pytest.param(passage(5, document=replace(GUIDE, version=4)), id="another version"),
    ],
)
def test_what_does_not_follow_is_no_neighbour(after: Passage) -> None:
    (found,) = beside(hits(4), {passage(5).id: after})
    assert found.after is None


def test_a_neighbour_is_told_of_what_its_document_is_beside_others() -> None:
    marked = replace(GUIDE, edition=Edition(replaced_by="Guide 2026"))
    (found,) = beside([Hit(passage=passage(4, document=marked), score=1.0)], by_id(passage(5)))
    assert found.after == passage(5, document=marked)
    assert found.within(GUIDE) == replace(found, passage=passage(4), after=passage(5))


async def test_a_hit_is_found_with_what_stands_beside_it_in_its_section(shelf: Shelf) -> None:
    await shelf.ingest(text("manual", MANUAL))
    every = {one.ordinal: one for one in await _whole(shelf)}
    best = (await shelf.find("word1", EVERYONE)).hits[0]
    assert (best.before, best.after) == (every[best.passage.ordinal - 1], every[best.passage.ordinal + 1])
    last = next(one for one in (await shelf.find("word3", EVERYONE)).hits if "word3" in one.passage.text)
    assert last.after is None  # the oven is another section


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"readers": ["group:files:hr"]}, id="closed"),
        pytest.param({"version": 2}, id="changed"),
    ],
)
async def test_a_neighbour_is_checked_live(shelf: Shelf, change: dict[str, object]) -> None:
    await shelf.ingest(text("manual", MANUAL))

    class Changing(Catalogue):
        """A document is changed after the hits were checked."""

        async def proposed(
            self, tenant: TenantId, ids: Sequence[PassageId], model: str | None, dimension: int
        ) -> dict[PassageId, Proposed]:
            found = await super().proposed(tenant, ids, model, dimension)
            async with shelf.database.tenant(tenant) as connection:
                await connection.execute(update(documents).values(change))
            return found

    search = Search(shelf.places, Embedders(shelf.embedder), Changing(shelf.database), shelf.maps)
    (best, *_) = (await search.best(shelf.viewer(EVERYONE), Audience(), "word1", 1)).hits
    assert (best.before, best.after) == (None, None)


async def test_a_neighbour_is_only_for_an_audience_that_may_all_read_it(shelf: Shelf) -> None:
    await shelf.ingest(text("manual", MANUAL))
    (best, *_) = (await shelf.find("word1", EVERYONE, audience=Audience.of([shelf.viewer(EVERYONE)]), limit=1)).hits
    assert best.before
    assert best.after


async def _whole(shelf: Shelf) -> tuple[Passage, ...]:
    viewer = shelf.viewer(EVERYONE)
    document = (await shelf.find("word1", EVERYONE)).hits[0].passage.document.id
    return await shelf.library.passages(viewer, Audience(), document)
