"""All of a table or list, where a question wants all of it: as it stands in its document, beyond the passages that were found."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from bot import texts
from bot.llm.extractive import chosen, extracts
from bot.llm.whole import MOST_CHARACTERS, MOST_PARTS, is_wanted, whole
from bot.messages import Outcome
from bot.quotes import Cited
from knowledge.chunking import cut
from knowledge.documents import DocumentId, Edition, Passage
from knowledge.errors import UnknownDocument
from tenancy.viewer import Audience, Viewer
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
    assert "more rows" not in got.text


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
        pytest.param(MOST_PARTS + 1, "1 more row is in the table. [", MOST_PARTS, id="one more"),
        pytest.param(1_500, "1,480 more rows are in the table. [", MOST_PARTS, id="many more"),
    ],
)
def test_what_there_is_no_room_for_is_counted(count: int, remark: str, shown: int) -> None:
    text = "# Parts\n\n| Part | Price |\n|---|---|\n" + "\n".join(f"| P-{n} | £{n} |" for n in range(count)) + "\n"
    got = every("List all parts", windows(text), 0)
    assert got is not None
    assert got.text.count(" |\n") + got.text.endswith("|") - 2 == shown
    last = got.text.rpartition("\n\n")[2]
    assert last.startswith(remark) if remark else last.startswith("|")
    assert not remark or last == f"{remark}{len(got.citations)}]"


def test_long_items_fill_an_answer_sooner() -> None:
    text = "# Habits\n\nGood habits:\n\n" + "\n".join(f"- Habit {n}: {'walk to the window and look out of it ' * 8}." for n in range(20))
    got = every("What are the good habits?", windows(text, budget=100), 0)
    assert got is not None
    assert sum(len(citation.quote) for citation in got.citations) <= MOST_CHARACTERS + 100
    assert got.text.endswith(f"more points are in the list. [{len(got.citations)}]")


def test_a_document_that_was_changed_since_is_quoted_as_it_was_found() -> None:
    pieces = chosen("List all error codes", [hit(windows(ERRORS)[1])], NOW)
    assert whole("List all error codes", pieces, windows("# Another\n\nText.\n", name="other")) is None


@dataclass
class Closing(FakeSources):
    """A document is closed between the search and the reading of it."""

    async def passages(self, viewer: Viewer, audience: Audience, document: DocumentId) -> tuple[Passage, ...]:
        if document == "list of error codes":
            raise UnknownDocument
        return await super().passages(viewer, audience, document)


async def test_a_document_that_was_closed_since_is_not_quoted() -> None:
    passages = windows(ERRORS, "list of error codes")
    alone = await House(sources=Closing(passages)).asked("List all error codes")
    assert (alone.outcome, alone.text, alone.citations) == (Outcome.REFUSAL, texts.GONE_ASKER, ())
    open_ = passage(document("old", "List of old error codes"), "The error codes of the old Heron are on its back.")
    other = await House(sources=Closing([*passages, open_])).asked("List all error codes")
    assert [citation.document for citation in other.citations] == ["old"]
    assert "battery" not in other.text


def test_a_source_that_disagrees_is_not_lost_behind_a_table() -> None:
    table = "| City | Limit |\n|---|---|\n| Rome | €{} |\n"
    a, b = (passage(document(name, title), table.format(limit)) for name, title, limit in (("a", "Policy", 100), ("b", "Rules", 107)))
    pieces = chosen("What are the limits in Rome?", [hit(a), hit(b, 0.95)], NOW)
    assert any(piece.against for piece in pieces)
    assert not is_wanted("What are the limits in Rome?", pieces)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param("Which error codes are not of the probe?", id="not"),
        pytest.param("List all error codes except those of the probe", id="except"),
        pytest.param("Which error codes are higher than E3?", id="a comparison"),
    ],
)
def test_what_words_do_not_tell_filters_nothing(asked: str) -> None:
    assert rows(every(asked, windows(ERRORS), 1)) == [code for code, *_ in CODES]


def test_a_name_may_be_short_for_what_stands_there() -> None:
    text = "# Hotels\n\n| Country | Limit |\n|---|---|\n| Italy | €90 |\n| Portugal | €120 |\n| France | €99 |\n| United Kingdom | £145 |\n"
    got = every("What are the hotel limits of the UK?", windows(text), 0)
    assert got is not None
    assert "United Kingdom" in got.text


def test_a_table_that_has_nothing_of_the_name_that_was_asked_for_is_not_the_answer() -> None:
    assert every("Which error codes are of the Dipper?", windows(ERRORS), 1) is None


def test_rows_that_are_not_what_was_named_are_counted() -> None:
    got = every("Which error codes are of the probe?", windows(ERRORS), 1)
    assert got is not None
    assert got.text.endswith(f"4 other rows are in the table. [{len(got.citations)}]")


def test_a_row_that_is_longer_than_a_window_is_one_row() -> None:
    long = "who goes there may be asked to wait for the porter at the door of the house " * 3
    text = "# Offices\n\n| Office | Note |\n|---|---|\n" + "\n".join(f"| Office {n} | {long}|" for n in range(4)) + "\n"
    passages = windows(text)
    assert len(passages) > 4
    got = every("List all offices", passages, 0)
    assert got is not None
    assert [line.split(" | ")[0] for line in got.text.splitlines() if line.startswith("| Office ")] == ["| Office"] + [
        f"| Office {n}" for n in range(4)
    ]


def test_a_row_that_is_longer_than_an_answer_is_left_to_the_extract() -> None:
    text = "# Offices\n\n| Office | Note |\n|---|---|\n" + "\n".join(f"| Office {n} | {'long ' * 600}|" for n in range(3))
    assert every("List all offices", windows(text, budget=2_000), 0) is None


def test_prose_between_lines_of_a_kind_is_no_row() -> None:
    text = COURSES.replace("Working near water everybody before field work, every\nthree years", "All fees are paid by the team. Ask Tom.")
    got = every("Which courses are there?", windows(text, budget=80), 0)
    assert got is None or "fees" not in got.text


def test_a_line_about_the_table_is_not_quoted_instead_of_it() -> None:
    text = f"# Spare parts\n\nEvery part that we keep, with where it lies.\n\n{TABLE}\n"
    assert rows(every("List all spare parts", windows(text, budget=80), 0)) == [code for code, *_ in CODES]


def test_what_is_known_of_its_editions_stays_with_a_table() -> None:
    passages = windows(ERRORS)
    marked = replace(passages[1], document=replace(passages[1].document, edition=Edition(replaced_by="Codes 2027")))
    got = whole("List all error codes", chosen("List all error codes", [hit(marked)], NOW), passages)
    assert got is not None
    assert {citation.note for citation in got.citations} == {"newer edition: Codes 2027"}


def test_a_person_is_told_all_rows_though_one_window_of_them_was_found() -> None:
    passages = windows(ERRORS, "list of error codes")
    house = House(sources=FakeSources(passages))
    answer = asyncio.run(house.asked("List all error codes"))
    assert rows(Cited(answer.text, answer.citations)) == [code for code, *_ in CODES]
    assert extracts("List all error codes", [hit(passages[1])], NOW).text != answer.text


STOCK = """# Price list

## Cables

| Article | Price | Made of |
|---|---|---|
| Cable 2 m | £6 | copper |
| Cable 5 m | £11 | copper |

## Opening hours

| Day | Hours |
|---|---|
| Monday | 9 to 17 |

## Sensors: wet rooms

| Article | Price | Made of |
|---|---|---|
| Heron 3 | £80 | steel |
| Heron 4 | £95 | copper |

## Lids

| Article | Price | Made of |
|---|---|---|
| Lid | £2 | steel |
"""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param(
            "List all articles and their prices",
            "*Cables*: + Cable 2 m + Cable 5 m + *Sensors: wet rooms*: + Heron 3 + Heron 4 + *Lids*: Article: Lid",
            id="all tables of its columns",
        ),
        pytest.param(
            "List all articles of copper",
            "*Cables*: + Cable 2 m + Cable 5 m + *Sensors: wet rooms*: Article: Heron 4 + 2 other rows are in these tables.",
            id="rows that have what is named, of all of them",
        ),
        pytest.param("List all sensors and their prices", None, id="the extract has all of the one whose heading has what is named"),
    ],
)
def test_tables_of_the_same_columns_are_quoted_together(asked: str, said: str | None) -> None:
    passages = windows(STOCK, budget=40)
    got = every(asked, passages, *range(len(passages)))
    lines = [re.split(r" \[| ·| \|", line)[0].removeprefix("| ") for line in (got.text if got else "").splitlines() if line]
    assert " + ".join(line for line in lines if line not in {"Article", "---"}) == (said or "")


PLANS = """# Team plans

| Plan | Price |
|---|---|
| Solo | £4 |
| Team | £9 |
| Company | £20 |
| Club | £7 |
| School | £5 |
"""


def test_a_row_that_is_called_as_the_whole_table_is_not_the_only_one_that_is_meant() -> None:
    got = every("List all team plans and their prices", windows(PLANS, budget=100), 0)
    assert got is not None
    assert [line.split(" | ")[0] for line in got.text.splitlines()[2:]] == ["| Solo", "| Team", "| Company", "| Club", "| School"]


def test_a_heading_that_comes_again_is_another_section() -> None:
    head = "| Product | Price |\n|---|---|\n"
    first, again = f"## Sensors\n\n{head}| Heron | £80 |\n| Egret | £70 |", f"## Sensors\n\n{head}| Swan | £9 |\n| Duck | £8 |"
    text = f"# Prices\n\n{first}\n\n## Service\n\nAsk Tom.\n\n{again}\n"
    got = every("List all products and their prices", windows(text, budget=40), 0)
    assert got is not None
    assert all(name in got.text for name in ("Heron", "Egret", "Swan", "Duck"))
