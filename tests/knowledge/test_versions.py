"""Newer and official before older and draft, unless the question says otherwise; nothing is hidden, and everything is marked."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from knowledge.documents import Document, DocumentId, Edition, Hit, Passage, PassageId, Span
from knowledge.ranking import current_first
from tests.knowledge.parts import Shelf, file, text

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@dataclass(frozen=True)
class One:
    """A document among those found: its title, the year of its last change, its score."""

    title: str
    changed: int = 0
    score: float = 0.5
    name: str = ""
    source: str = "files"
    since: date | None = None  # from when it says that it holds


def hits(*found: One) -> list[Hit]:
    return [_hit(str(number), one) for number, one in enumerate(found)]


def _hit(id_: str, one: One) -> Hit:
    document = Document(
        id=DocumentId(id_),
        source=one.source,
        name=one.name or id_,
        title=one.title,
        url=None,
        media_type="text/plain",
        version=1,
        readers=frozenset(),
        modified_at=datetime(one.changed, 1, 1, tzinfo=UTC) if one.changed else None,
        edition=Edition(valid_from=one.since),
    )
    passage = Passage(id=PassageId(id_), document=document, ordinal=0, span=Span(0, 1), text="x", heading=(), page=None)
    return Hit(passage=passage, score=one.score)


OLD, NEW = One("Leave policy 2022", score=0.9), One("Leave policy 2025", score=0.7)
FIRST = One("Expenses v1", 2026, 0.9, since=date(2023, 1, 1))
SECOND = One("Expenses v2", 2026, 0.7, since=date(2025, 4, 1))


@pytest.mark.parametrize(
    ("found", "query", "first"),
    [
        pytest.param((OLD, NEW), "leave", 1, id="the year in the title decides"),
        pytest.param((One("Travel (v1)", 2020, 0.9), One("Travel", 2026)), "travel", 1, id="else the date of the last change"),
        pytest.param((One("Leave (2022)", 2022, 0.9), One("Leave", 2025)), "leave", 1, id="of what names no year, that of its change"),
        pytest.param((One("Travel", 2026, 0.9), One("Travel 2026", 2020)), "travel", 1, id="a year that is named comes before a date"),
        pytest.param((One("API v2.9", 0, 0.9), One("API v2.10", 0)), "keys", 1, id="versions are numbers, not decimals"),
        pytest.param((One("Rules", 0, 0.9, "r-2022.pdf"), One("Rules", 0, 0.5, "r_2025.pdf")), "x", 1, id="the year in a file's name"),
        pytest.param((One("Leave 2026 (draft)", 0, 0.9), One("Leave 2025")), "leave", 1, id="official before a newer draft"),
        pytest.param((One("Leave - draft", 2026, 0.9), One("Leave", 2025)), "leave", 1, id="also where no year is named"),
        pytest.param((One("Meals (archived)", 0, 0.55), One("Canteen")), "lunch", 1, id="what holds before what does not, if as near"),
        pytest.param((One("Meals (archived)", 0, 0.9), One("Canteen")), "lunch", 0, id="but not whatever it says"),
        pytest.param(
            (One("Minutes (draft)", 0, 0.9), One("Minutes", 0, 0.05, source="wiki"), One("Canteen", 0, 0.5)),
            "what was decided",
            0,
            id="nor behind what only has its title, in another source",
        ),
        pytest.param((OLD, NEW), "leave in 2022", 0, id="a question may name a year"),
        pytest.param((NEW, OLD), "what was leave as of 2023?", 1, id="or a time: what held then"),
        pytest.param((NEW, OLD), "leave in June 2024", 1, id="in a month of a year"),
        pytest.param((NEW, OLD, One("Leave policy 2019")), "leave before 2022", 2, id="before a year"),
        pytest.param((NEW, OLD), "leave as of 2025", 0, id="a time at which the newest held"),
        pytest.param((NEW, OLD), "leave in 2019", 0, id="a time before there was any"),
        pytest.param((One("Leave 2026", 0, 0.9), One("Leave 2025")), "leave last year", 1, id="last year"),
        pytest.param((NEW, OLD), "leave before the change", 1, id="before the change: the one before"),
        pytest.param((NEW, One("Leave policy 2019", 0, 0.9), OLD), "what was the previous leave?", 2, id="the previous one"),
        pytest.param((NEW, OLD), "what is the old sick leave rate?", 1, id="the old one, with words between"),
        pytest.param((One("API v3", 0, 0.9), One("API v2")), "keys in v2", 1, id="a version"),
        pytest.param((One("API v3.1.0", 0, 0.9), One("API v2.1.0")), "2.1.0", 1, id="a version's number"),
        pytest.param((One("API v3.1.0", 0, 0.9), One("API v2.1.0")), "the host 10.2.1.0.7 or 2.1.0b", 0, id="parts of other numbers"),
        pytest.param((One("Leave 2025", 0, 0.9), One("Leave 2026 (draft)")), "the draft on leave", 1, id="the draft"),
        pytest.param((FIRST, SECOND), "hotels", 1, id="what holds since later"),
        pytest.param((SECOND, FIRST), "hotels as of 1 June 2024", 1, id="what held on a day, as editions say themselves"),
        pytest.param((SECOND, FIRST), "hotels on 2025-03-31", 1, id="the day before"),
        pytest.param((FIRST, SECOND), "hotels as of April 1, 2025", 1, id="the day itself"),
        pytest.param((SECOND, FIRST), "the mileage before April 2025", 1, id="before a month"),
        pytest.param((FIRST, One("Expenses v2", 2026)), "hotels", 1, id="where only one says it, versions decide"),
        pytest.param((One("Expenses v1", 2026, 0.9), SECOND), "hotels", 1, id="whichever it is"),
        pytest.param((OLD, One("Travel policy 2025")), "leave", 0, id="other titles are other documents"),
        pytest.param((One("Heron 3 sheet", 2020, 0.9), One("Heron 4 sheet", 2026)), "heron", 0, id="a product's number is no edition"),
        pytest.param((One("Agenda", 2020, 0.9), One("Agenda", 2026)), "agenda", 0, id="titles that name no edition are of two documents"),
        pytest.param((One("2024", 0, 0.9), One("2025")), "x", 0, id="nor is a year alone a title"),
        pytest.param(
            (One("Leave", 2020, 0.9, source="wiki"), One("Leave 2026")), "leave", 0, id="each source's holds, unless both name theirs"
        ),
        pytest.param((One("Leave 2020", 0, 0.9, source="wiki"), One("Leave 2026")), "leave", 1, id="as here"),
    ],
)
def test_what_is_meant_comes_first_and_nothing_is_hidden(found: tuple[One, ...], query: str, first: int) -> None:
    placed = current_first(hits(*found), query, NOW)
    assert placed[0].passage.id == str(first)
    assert len(placed) == len(found)
    assert [hit.score for hit in placed] == sorted((hit.score for hit in placed), reverse=True)


@pytest.mark.parametrize(
    ("found", "query", "marks"),
    [
        pytest.param((OLD, NEW), "leave", [Edition(replaced_by="Leave policy 2025"), Edition()], id="what was replaced, and by what"),
        pytest.param(
            (OLD, NEW), "in 2022", [Edition(replaced_by="Leave policy 2025", meant=True), Edition()], id="also where it is asked for"
        ),
        pytest.param((One("Leave (draft)"),), "leave", [Edition(standing="draft")], id="a draft"),
        pytest.param((One("Leave 2026 (draft)"), NEW), "leave", [Edition(standing="draft"), Edition()], id="a draft replaces nothing"),
        pytest.param((One("Leave"), One("Travel")), "leave", [Edition(), Edition()], id="nothing"),
        pytest.param((One("Leave", source="wiki"), One("Leave")), "leave", [Edition(), Edition()], id="two that both hold"),
    ],
)
def test_documents_are_marked(found: tuple[One, ...], query: str, marks: list[Edition]) -> None:
    placed = {hit.passage.id: hit.passage.document.edition for hit in current_first(hits(*found), query, NOW)}
    assert [placed[PassageId(str(number))] for number in range(len(found))] == marks


def test_what_a_search_has_marked_stays_marked_where_the_newer_edition_is_not_at_hand() -> None:
    old = [hit for hit in current_first(hits(OLD, NEW), "leave", NOW) if hit.passage.id == "0"]
    assert current_first(old, "leave", NOW) == old


async def test_a_search_marks_what_its_documents_say_of_themselves(shelf: Shelf) -> None:
    await shelf.ingest(
        file("leave-2024.md", "Leave is ten weeks."),
        file("leave-2026.md", "Leave is twenty weeks."),
        file("drafts/leave-plan.md", "Leave may become thirty weeks."),
        text("notes", "Status: obsolete\n\nLeave was five weeks."),
    )
    found = await shelf.find("how long is leave", "everyone")
    marks = {hit.passage.document.name: hit.passage.document.edition for hit in found.hits}
    assert marks == {
        "leave-2024.md": Edition(replaced_by="leave-2026.md"),
        "leave-2026.md": Edition(),
        "drafts/leave-plan.md": Edition(standing="draft"),
        "notes": Edition(standing="obsolete"),
    }
    past = await shelf.find("how long was leave as of 2025", "everyone")
    assert past.hits[0].passage.document.name == "leave-2024.md"


async def test_a_question_for_a_day_is_answered_from_what_held_then(shelf: Shelf) -> None:
    await shelf.ingest(
        file("expenses-v1.md", "---\neffective: 2023-01-01\n---\n# Expenses v1\n\nHotels are paid up to 110 euros."),
        file("expenses-v2.md", "# Expenses v2\n\nValid from 1 April 2025.\n\nHotels are paid up to 150 euros."),
    )
    asked = {"What is paid for hotels?": "v2", "What was paid for hotels as of 1 June 2024?": "v1", "hotels in May 2025": "v2"}
    for question, version in asked.items():
        found = await shelf.find(question, "everyone")
        assert found.hits[0].passage.document.name == f"expenses-{version}.md", question
    assert {hit.passage.document.edition.valid_from for hit in found.hits} == {date(2023, 1, 1), date(2025, 4, 1)}
