"""All of a table or list, where a question wants all of it: as it stands in its document, beyond the passages that were found."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.llm.extractive import chosen, extracts
from bot.llm.whole import MOST_CHARACTERS, MOST_PARTS, is_wanted, whole
from bot.quotes import Cited
from knowledge.chunking import cut
from knowledge.documents import Passage
from tests.bot.fakes import NOW, FakeSources, document, hit, passage
from tests.bot.test_conversation import House

CODES = (
    ("E1", "battery low", "charge it"),
    ("E2", "no probe", "push the probe in"),
    ("E3", "probe worn", "replace the probe"),
    ("E4", "memory full", "send readings"),
    ("E5", "clock not set", "open the app"),
    ("E6", "water inside", "switch it off"),
    ("E7", "probe changed", "wake it"),
)
HEAD = "| Code | Meaning | What to do |\n|---|---|---|\n"
TABLE = HEAD + "\n".join(f"| {' | '.join(row)} |" for row in CODES)
ERRORS = f"# Heron error codes\n\nRevised in May.\n\n{TABLE}\n\nCall us if none of this helps.\n"
PACKING = "# Packing\n\n## What to pack\n\nPack for a wet day:\n\n" + "\n".join(
    f"- {thing}" for thing in ("two towels\n  - one large\n  - one small", "boots", "a coat", "a lamp", "dry socks", "soup")
)
COURSES = """# Courses

Course For whom Repeat
Security everyone every year
Chemicals labs every two years
Currents assembly 30 minutes

Working near water everybody before field work, every
three years

Course For whom Repeat
Leading new managers once

Ask Tom.
"""


def windows(text: str, name: str = "guide", budget: int = 30) -> list[Passage]:
    """As ingestion cuts it, in windows of so many words."""
    pieces = cut(text, count=lambda part: len(part.split()), budget=budget)
    of = document(name, name.title())
    return [
        replace(passage(of, piece.text, *piece.heading, ordinal=place, start=piece.span.start), header=piece.header)
        for place, piece in enumerate(pieces)
    ]


def every(asked: str, passages: Sequence[Passage], *found: int) -> Cited | None:
    """The whole, where the passages with these numbers were found."""
    pieces = chosen(asked, [hit(passages[number], 1.0 - 0.1 * place) for place, number in enumerate(found)], NOW)
    got = whole(asked, pieces, passages) if is_wanted(asked, pieces) else None
    by_id = {one.id: one for one in passages}
    for citation in got.citations if got else ():
        source = by_id[citation.passage]
        assert source.text[citation.span.start - source.span.start : citation.span.end - source.span.start] == citation.quote
    return got


def rows(got: Cited | None) -> list[str]:
    """The first cell of each row."""
    assert got is not None
    head, rule, *lines = [line for line in got.text.splitlines() if line.startswith("|")]
    assert (head, rule) == ("| Code | Meaning | What to do |", "| --- | --- | --- |")
    return [line.split(" | ")[0].strip("| ") for line in lines]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param("List all error codes of the Heron.", [code for code, *_ in CODES], id="all of it, over its windows"),
        pytest.param("Which error codes are there?", [code for code, *_ in CODES], id="which are there"),
        pytest.param("Which error codes are of the probe?", ["E2", "E3", "E7"], id="those that have what is named"),
    ],
)
def test_a_table_is_quoted_whole(asked: str, said: list[str]) -> None:
    passages = windows(ERRORS)
    assert len(passages) > 2
    got = every(asked, passages, 1)
    assert got is not None
    assert rows(got) == said
    assert "more" not in got.text


def test_one_row_that_answers_stays_one() -> None:
    assert every("Which codes of the Heron are of water?", windows(ERRORS), 2, 1) is None
    assert every("What does E6 mean?", windows(ERRORS), 2, 1) is None
    assert every("What does E6 mean?", windows(ERRORS), 3) is None


def test_what_is_asked_for_is_not_what_the_table_is_of() -> None:
    """A list that merely has some of the question's words in its items is no list of what was asked for."""
    text = "# Rules\n\n- Meters travel by sea.\n- Doors stay shut.\n- Every meter can be opened.\n- Nobody whistles.\n"
    assert every("Which meters do we sell?", windows(text), 0) is None


def test_three_rows_that_were_cut_are_followed_by_the_others() -> None:
    """No word of the question asks for all; but what was left out answers as well as what was quoted."""
    worn = [
        f"| E{n} | {part} of the probe worn | replace the {part} |" for n, part in enumerate(("cap", "ring", "tip", "cable", "seal"), 1)
    ]
    passages = windows("# Heron\n\n" + HEAD + "\n".join((*worn, "| E6 | water inside | switch it off |")), budget=100)
    asked = "What if the probe is worn?"
    found = [hit(one) for one in passages]
    assert len(chosen(asked, found, NOW)) == 3
    assert rows(every(asked, passages, *range(len(passages)))) == ["E1", "E2", "E3", "E4", "E5"]


def test_a_list_is_quoted_whole_with_what_stands_within_its_items() -> None:
    got = every("What things must I pack?", windows(PACKING, budget=20), 1)
    assert got is not None
    lead, *said = [line.split(" [")[0] for line in got.text.splitlines() if line]
    assert lead == "Pack for a wet day:"
    assert said == ["- two towels", "  - one large", "  - one small", "- boots", "- a coat", "- a lamp", "- dry socks", "- soup"]
    assert len(got.citations) == 2


def test_a_table_that_a_page_tore_is_put_together() -> None:
    got = every("Which courses are there?", windows(COURSES, budget=60), 0)
    assert got is not None
    assert [line.split(" [")[0] for line in got.text.splitlines() if line.startswith("- ")] == [
        "- Security everyone every year",
        "- Chemicals labs every two years",
        "- Currents assembly 30 minutes",
        "- Working near water everybody before field work, every three years",
        "- Leading new managers once",
    ]


@pytest.mark.parametrize(
    ("count", "remark", "shown"),
    [
        pytest.param(MOST_PARTS, "", MOST_PARTS, id="as many as there is room for"),
        pytest.param(MOST_PARTS + 1, "1 more row is in [", MOST_PARTS, id="one more"),
        pytest.param(1_500, "1,480 more rows are in [", MOST_PARTS, id="many more"),
    ],
)
def test_what_there_is_no_room_for_is_counted(count: int, remark: str, shown: int) -> None:
    text = "# Parts\n\n| Part | Price |\n|---|---|\n" + "\n".join(f"| P-{n} | £{n} |" for n in range(count)) + "\n"
    got = every("List all parts", windows(text), 0)
    assert got is not None
    assert got.text.count(" |\n") + got.text.endswith("|") - 2 == shown
    last = got.text.rpartition("\n\n")[2]
    assert last.startswith(remark) if remark else last.startswith("|")
    assert not remark or last == f"{remark}{len(got.citations)}]."


def test_long_items_fill_an_answer_sooner() -> None:
    text = "# Habits\n\nGood habits:\n\n" + "\n".join(f"- Habit {n}: {'walk to the window and look out of it ' * 8}." for n in range(20))
    got = every("What are the good habits?", windows(text, budget=100), 0)
    assert got is not None
    assert sum(len(citation.quote) for citation in got.citations) <= MOST_CHARACTERS + 100
    assert got.text.endswith(f"more points are in [{len(got.citations)}].")


def test_a_document_that_was_changed_or_closed_since_is_quoted_as_it_was_found() -> None:
    passages = windows(ERRORS)
    pieces = chosen("List all error codes", [hit(passages[1])], NOW)
    assert whole("List all error codes", pieces, windows("# Another\n\nText.\n", name="other")) is None


def test_a_person_is_told_all_rows_though_one_window_of_them_was_found() -> None:
    passages = windows(ERRORS, "list of error codes")
    house = House(sources=FakeSources(passages))
    answer = asyncio.run(house.asked("List all error codes"))
    assert rows(Cited(answer.text, answer.citations)) == [code for code, *_ in CODES]
    assert extracts("List all error codes", [hit(passages[1])], NOW).text != answer.text
