from datetime import date

import pytest

from knowledge.standing import standing_in, standing_of, valid_from_in, valid_from_of


@pytest.mark.parametrize(
    ("title", "standing"),
    [
        pytest.param("Travel policy", "", id="nothing"),
        pytest.param("Draft travel policy", "draft", id="a draft"),
        pytest.param("DRAFT: Travel policy", "draft", id="with a colon"),
        pytest.param("[Obsolete] Travel policy", "obsolete", id="in brackets, first"),
        pytest.param("Travel policy (superseded by 2026)", "superseded", id="in brackets, last, and by what"),
        pytest.param("Travel policy - archived", "archived", id="after a dash"),
        pytest.param("Travel policy draft", "draft", id="the last word"),
        pytest.param("Travel policy (old)", "outdated", id="old, in brackets"),
        pytest.param("Archived mail", "", id="a subject"),
        pytest.param("Expired passports: what to do", "", id="another subject"),
        pytest.param("Old Town office", "", id="a place"),
        pytest.param("Obsolete equipment disposal", "", id="a subject that begins so"),
        pytest.param("What to do when a card has expired", "", id="a sentence that ends so"),
        pytest.param("Draft of fresh air", "", id="what is drafted is no document"),
        pytest.param("Draft", "", id="a title of one word is a subject"),
    ],
)
def test_a_title_may_say_that_its_document_does_not_hold(title: str, standing: str) -> None:
    assert standing_of(title, "x") == standing


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        pytest.param("hr/travel.md", "", id="nothing"),
        pytest.param("hr/Archive/travel.md", "archived", id="a folder"),
        pytest.param("old/travel.md", "outdated", id="another folder"),
        pytest.param("hr/travel-draft.docx", "draft", id="the end of a file's name"),
        pytest.param("hr/DEPRECATED_travel.md", "deprecated", id="its beginning"),
        pytest.param("hr/old-town.md", "", id="a place"),
        pytest.param("hr/archive.md", "", id="a document about the archive"),
        pytest.param("4983", "", id="a number"),
    ],
)
def test_so_may_a_path(name: str, standing: str) -> None:
    assert standing_of("Travel", name) == standing


@pytest.mark.parametrize(
    ("title", "name", "standing"),
    [
        pytest.param("Archived mail", "it/archived-mail.md", "", id="the title in its file's name"),
        pytest.param("Expired cards", "expired_cards.md", "", id="with underscores"),
        pytest.param("When a card has expired", "when-a-card-has-expired.md", "", id="at its end"),
        pytest.param("Draft travel policy", "draft-travel-policy.md", "draft", id="where the title says it, too"),
        pytest.param("Archived mail", "archive/archived-mail.md", "archived", id="but the folder counts"),
    ],
)
def test_a_file_s_name_says_nothing_by_a_word_of_its_title(title: str, name: str, standing: str) -> None:
    assert standing_of(title, name) == standing


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        pytest.param("# Travel\n\n**Status:** Draft\n\nTrains first.", "draft", id="a line for its status"),
        pytest.param("# Travel\n\nDEPRECATED\n\nTrains first.", "deprecated", id="a line of its own"),
        pytest.param("# Travel\n\nThis document has been superseded.", "superseded", id="a sentence"),
        pytest.param("# Travel\n\n> Replaced by the policy of 2026.", "superseded", id="by what it is replaced"),
        pytest.param("# Travel\n\nThis page is now obsolete.", "obsolete", id="by now"),
        pytest.param("# Travel\n\nStatus: approved", "", id="another status"),
        pytest.param("# Travel\n\nA ticket that has expired is not refunded.", "", id="a word of its subject"),
        pytest.param(f"# Travel\n\n{'Trains first. ' * 100}\n\nStatus: draft", "", id="far below"),
    ],
)
def test_so_may_its_first_lines(text: str, standing: str) -> None:
    assert standing_of("Travel", "x", text) == standing


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        pytest.param({}, "", id="none"),
        pytest.param({"draft": True}, "draft", id="a flag"),
        pytest.param({"draft": False}, "", id="a flag that is down"),
        pytest.param({"Status": "Archived "}, "archived", id="a status"),
        pytest.param({"state": "WIP"}, "draft", id="a state"),
        pytest.param({"status": "final", 3: None}, "", id="another status, and what is no name"),
        pytest.param({"superseded_by": "travel-2026.md"}, "superseded", id="by what it is replaced"),
    ],
)
def test_so_may_front_matter(fields: dict[object, object], standing: str) -> None:
    assert standing_in(fields) == standing


@pytest.mark.parametrize(
    ("text", "day"),
    [
        pytest.param("# Expenses\n\nVersion 2.0, valid from 1 April 2025. Replaces version 1.0.", date(2025, 4, 1), id="valid from"),
        pytest.param("# Travel (version 1, effective 1 January 2023)", date(2023, 1, 1), id="effective, in a heading"),
        pytest.param("**Effective date:** July 1, 2025", date(2025, 7, 1), id="a line of its own"),
        pytest.param("This policy applies from March 2024.", date(2024, 3, 1), id="from a month on"),
        pytest.param("It comes into force on 2024-06-15.", date(2024, 6, 15), id="into force"),
        pytest.param("Valid until 31 December 2025.", None, id="until when is not from when"),
        pytest.param("Replaces the version of 1 January 2023.", None, id="of another version"),
        pytest.param("Effective 31 February 2024.", None, id="no day"),
        pytest.param("Leave is ten weeks. " * 50 + "Effective 1 May 2024.", None, id="not at the head"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_first_lines_may_say_from_when_it_holds(text: str, day: date | None) -> None:
    assert valid_from_of(text) == day


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ({"effective": date(2023, 1, 1)}, date(2023, 1, 1)),
        ({"Effective-Date": "1 July 2025"}, date(2025, 7, 1)),
        ({"valid from": 2024}, date(2024, 1, 1)),
        ({"effective": True}, None),
        ({"effective": None}, None),
        ({"date": "2024-01-01"}, None),
        ({}, None),
    ],
)
def test_so_may_fields(fields: dict[object, object], day: date | None) -> None:
    assert valid_from_in(fields) == day
