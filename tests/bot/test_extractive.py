"""An answer without a model: what the sources say, verbatim, best first, nothing that dangles."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.candidates import Candidate
from bot.llm.editions import superseded
from bot.llm.extractive import extracts
from bot.llm.layout import laid_out
from bot.llm.wanted import names_row, spaced
from bot.marks import cited
from bot.quotes import Cited, whole
from bot.sentences import Kind
from knowledge.documents import Edition, Hit
from tests.bot import company
from tests.bot.fakes import NOW, document, hit, passage
from tests.waiting import assert_linear

HITS = [hit(company.HOTELS, 2.0), hit(company.HOTELS_OLD, 1.0, 0.6), hit(company.EXPENSES, 0.5, 0.5), hit(company.PARENTAL, 0.4, 0.4)]
WORDS = st.sampled_from(
    ["hotel", "limit", "berlin", "the", "receipts", "are", "due", "30", "days", "[1]", "|", "-", "1.", "\n\n", ".", ":", "#", "```"]
)


def answer(asked: str, hits: list[Hit] | None = None) -> Cited:
    return extracts(asked, HITS if hits is None else hits, NOW)


def of_text(text: str, *heading: str, title: str = "Guide") -> list[Hit]:
    return [hit(passage(document("guide", title), text, *heading))]


def assert_exact(got: Cited, hits: list[Hit]) -> None:
    passages = {one.passage.id: one.passage for one in hits}
    for citation in got.citations:
        source = passages[citation.passage]
        assert source.text[citation.span.start - source.span.start : citation.span.end - source.span.start] == citation.quote


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        pytest.param(
            "What is the hotel limit in Berlin?", "City: Berlin · Hotel limit: €180 · Meals: €45 [1]", id="a table row with its header"
        ),
        pytest.param("When are receipts due?", "Receipts are due within 30 days of the trip. [1]", id="a sentence, of the newer edition"),
        pytest.param(
            "How do I claim expenses?",
            "To claim expenses: [1]\n\n1. Open the portal. [1]\n2. Upload each receipt as a PDF. [1]\n"
            "3. Choose your cost centre and submit. [1]",
            id="steps as they stand",
        ),
        pytest.param(
            "Who approves higher rates?",
            "Higher rates need approval by your manager, e.g. during a trade fair. [1]",
            id="an abbreviation is no end",
        ),
    ],
)
def test_the_first_sentence_answers(asked: str, text: str) -> None:
    got = answer(asked)
    assert got.text.startswith(text)
    assert_exact(got, HITS)


def test_where_no_words_tell_what_was_found_first_is_quoted() -> None:
    first = passage(document("field", "Field guide"), "Turn back if the water is above your knees.")
    other = passage(document("site", "Sites"), "Hall three has new lamps. Electricity comes from wind. The river trusts visit in May.")
    got = answer("Is it safe to wade in if the river is fast?", [hit(first, 1.0), hit(other, 0.95)])
    assert got.text.startswith("Turn back if the water is above your knees.")
    told = answer("When do the river trusts visit?", [hit(first, 1.0), hit(other, 0.95)])
    assert "visit in May" in told.text


def test_an_old_edition_is_dated_and_comes_after_the_new_one_unless_it_is_asked_for() -> None:
    assert answer("What is the hotel limit in Berlin in 2024?").text.startswith("As of March 2024: The hotel limit in Berlin is €150")
    assert superseded([company.TRAVEL, company.TRAVEL_OLD]) == {company.TRAVEL_OLD.id}
    assert superseded([company.TRAVEL, company.TRAVEL_OLD], "the limit in 2024") == frozenset()
    old = document("y", "Leave policy (2022)", modified_at=datetime(2022, 3, 1, tzinfo=UTC))
    assert superseded([old, document("x", "Leave policy")]) == {"y"}
    assert superseded([document("x", "Leave policy"), document("y", "Travel policy")]) == frozenset()
    assert superseded([company.TRAVEL, document("x", "Meals (superseded)")]) == {"x"}


def test_rows_of_one_table_become_a_small_table() -> None:
    hits = of_text("| City | Limit |\n|---|---|\n| Berlin | €180 |\n| London | £210 |\n| Rome | €90 |")
    got = answer("limit in Berlin and London", hits)
    assert got.text == "| City | Limit |\n| --- | --- |\n| Berlin | €180 [1] |\n| London | £210 [1] |"
    assert [citation.quote for citation in got.citations] == ["| Berlin | €180 |\n| London | £210 |"]
    assert_exact(got, hits)


def test_the_row_whose_range_holds_the_amount_is_chosen() -> None:
    hits = of_text(
        "| Discount | Who decides |\n|---|---|\n| up to 8 % | the manager |\n| 8 to 15 % | a director |\n| above 15 % | the board |"
    )
    got = answer("Who can approve a 12 % discount?", hits)
    assert got.text == "Discount: 8 to 15 % · Who decides: a director [1]"


def test_a_table_that_goes_on_in_another_passage_keeps_its_header() -> None:
    guide = document("guide", "Pay bands")
    begins = passage(guide, "| Level | Salary |\n|---|---|\n| L1 | £20,000 |", "Bands")
    goes_on = passage(guide, "| L4 | £46,000 |\n| L5 | £59,000 |", "Bands", ordinal=1, start=100)
    hits = [hit(begins, 1.0), hit(goes_on, 0.9)]
    got = answer("salary at L4", hits)
    assert got.text.startswith("Level: L4 · Salary: £46,000 [1]")
    assert_exact(got, hits)


def test_a_line_of_a_table_that_lost_its_rules_is_put_under_its_header() -> None:
    got = answer("How long do we keep personnel files?", of_text("What How long\nInvoices 10 years\nPersonnel files 6 years\nChat 2 years"))
    assert got.text == "*What How long*: Personnel files 6 years [1]"


def test_lines_of_a_table_that_lost_its_rules_stay_lines() -> None:
    hits = of_text("What How long\nTax files 10 years\nPersonnel files 6 years\nChat 2 years")
    got = answer("How long are personnel files and tax files kept?", hits)
    assert got.text == "*What How long*:\n\n- Tax files 10 years [1]\n- Personnel files 6 years [1]"
    assert_exact(got, hits)


def test_sentences_that_follow_each_other_share_a_footnote() -> None:
    hits = of_text(
        "Parental leave is 26 weeks for the first parent. Parental leave for the other parent is 10 weeks. We wish you well in spring."
    )
    got = answer("How long is parental leave?", hits)
    assert got.text == "Parental leave is 26 weeks for the first parent. Parental leave for the other parent is 10 weeks. [1]"
    assert_exact(got, hits)


def test_a_short_paragraph_is_quoted_to_its_end() -> None:
    got = answer("opened the attachment", of_text("If you opened the attachment: ring 4400 now. Do not wait.\n\nThanks for your help."))
    assert [citation.quote for citation in got.citations] == ["If you opened the attachment: ring 4400 now. Do not wait."]


def test_an_answer_looks_like_what_was_asked_for() -> None:
    hits = of_text("The gym opens its doors to staff with a badge.\n\nStaff find the gym open from 7:30 on Mondays.")
    assert answer("When does the gym open for staff?", hits).text.startswith("Staff find the gym open from 7:30")


def test_words_of_the_same_meaning_are_found() -> None:
    hits = [
        hit(passage(document("desk", "Desks"), "A train of thought needs a tidy desk.", "Tidy"), 1.0),
        hit(passage(document("lost", "Lost or stolen device"), "1. Ring the hotline.\n2. Say what is missing."), 0.95),
    ]
    assert answer("I left my laptop on the train", hits).text.startswith("1. Ring the hotline. [1]")


def test_last_year_asks_for_last_year_s_edition() -> None:
    prices = [document(f"p{year}", f"Price list {year}", modified_at=datetime(year, 1, 5, tzinfo=UTC)) for year in (2026, 2025)]
    hits = [hit(passage(one, f"A Wren costs £{one.title[-2:]} in Canada."), score) for one, score in zip(prices, (1.0, 0.8), strict=True)]
    assert answer("What did a Wren cost in Canada last year?", hits).text.startswith("As of January 2025: A Wren costs £25")
    assert answer("What does a Wren cost in Canada?", hits).text.startswith("A Wren costs £26")


def test_people_read_words_and_not_markup_while_the_quote_stays_verbatim() -> None:
    text = 'Ask for **leave** in [the portal]({% page "leave/portal" %}) {{ site.note }}, <b>at least</b> two weeks ahead.'
    hits = of_text(f"{text}\n\n{{% include leave.html %}}\n\n![leave](leave.png).")
    got = answer("How do I ask for leave?", hits)
    assert got.text == "Ask for leave in the portal, at least two weeks ahead. [1]"
    assert [citation.quote for citation in got.citations] == [text]


def test_a_quotation_is_shown_without_its_marks() -> None:
    hits = of_text("> Have tea with a colleague, just to say\n> hello on a Monday.")
    got = answer("tea with a colleague", hits)
    assert got.text == "Have tea with a colleague, just to say hello on a Monday. [1]"
    assert_exact(got, hits)


def test_the_notes_of_a_slide_are_marked_and_come_second() -> None:
    deck = replace(document("deck", "Plan"), media_type="application/vnd.openxmlformats-officedocument.presentationml.presentation")
    notes = "Notes: If asked about nitrate, say that we have nothing to announce."
    assert answer("nitrate", [hit(passage(deck, notes))]).text.startswith("*Speaker notes*: If asked about nitrate, say")
    both = f"- Nitrate: our customers' first wish, which we decide on this year\n\n{notes}"
    assert answer("nitrate", [hit(passage(deck, both))]).text.startswith("Nitrate: our customers' first wish")


def test_the_head_of_a_mail_and_what_a_document_says_of_itself_are_no_answers() -> None:
    mail = "From: Leave Team\nSubject: Parental leave\n\nEffective 1 May: parental leave policy.\n\nTake all of your parental leave."
    assert answer("parental leave", of_text(mail)).citations[0].quote == "Take all of your parental leave."


def test_a_sentence_that_points_back_brings_what_it_points_at() -> None:
    hits = of_text("The gym is free for staff. It closes at ten in the evening.")
    got = answer("When does it close in the evening?", hits)
    assert got.citations[0].quote == "The gym is free for staff. It closes at ten in the evening."


def test_a_sentence_that_points_back_at_nothing_near_is_put_under_its_heading() -> None:
    got = answer("evening closing", of_text("It closes at ten in the evening.", "The gym"))
    assert got.text == "*The gym*: It closes at ten in the evening. [1]"


def test_what_is_not_so_is_answered_by_what_says_that_and_not_by_the_steps_above_it() -> None:
    steps = "1. Fold the tent.\n2. Dry it for a day.\n3. Count the pegs.\n4. Bring it back by the 5th of May.\n\n"
    hits = of_text(
        f"{steps}That has to be done within 60 days. Otherwise nothing is refunded.\n", "Returning tents", title="Returning tents"
    )
    rest = "*Returning tents*: That has to be done within 60 days. Otherwise nothing is refunded. [1]"
    assert answer("When is a tent not refunded?", hits).text == rest
    assert answer("How do I return a tent?", hits).text.startswith("1. Fold the tent.")


def test_of_two_statements_the_one_that_denies_is_quoted_where_that_is_asked() -> None:
    clients = passage(document("clients", "Clients"), "Meals with clients are refunded at cost.")
    home = passage(document("home", "Home"), "Meals at home cannot be refunded at any cost.")
    hits = [hit(clients), hit(home)]
    assert answer("Which meals are not refunded?", hits).citations[0].document == "home"
    assert answer("Which meals are refunded?", hits).citations[0].document == "clients"


@pytest.mark.parametrize("asked", ["KLM4711", "KLM 4711", "KLM-4711", "Is KLM4711 in use?"])
@pytest.mark.parametrize("written", ["KLM4711", "KLM 4711", "KLM-4711"])
def test_codes_are_found_joined_and_apart(asked: str, written: str) -> None:
    text = f"Pumps are checked in June. Ask the workshop for a list.\n\nThe valve {written} is in use.\n\nPump 4 and KLM are older."
    assert answer(asked, of_text(text, "Pumps and valves")).text == f"The valve {written} is in use. [1]"


def test_a_sentence_that_lost_its_beginning_is_not_quoted() -> None:
    got = answer("badge", of_text("of the badge is refunded. The badge is free."))
    assert [citation.quote for citation in got.citations] == ["The badge is free."]


def test_headings_are_no_sentences() -> None:
    got = answer("parking permit", of_text("# Parking permit\n\nParking permit\n\nA parking permit costs €20 a month."))
    assert [citation.quote for citation in got.citations] == ["A parking permit costs €20 a month."]


def test_a_short_item_brings_its_list() -> None:
    got = answer("who may use the gym", of_text("The gym may be used by:\n\n- Staff\n- Interns"))
    assert got.citations[0].quote == "The gym may be used by:\n\n- Staff\n- Interns"


def test_a_source_s_own_marks_are_not_taken_for_ours() -> None:
    got = answer("leave law", of_text("Leave follows the law of 1999 [3]. Other things too."))
    assert cited(got.text) == [1]
    assert r"\[3\]" in got.text


def test_the_same_is_not_said_twice() -> None:
    text = "Receipts are due within 30 days."
    hits = [hit(passage(document(name), text)) for name in ("a", "b", "c")]
    assert len(answer("when are receipts due", hits).citations) == 1


def test_text_that_has_no_sentence_is_still_shown() -> None:
    got = answer("colours", of_text("red, green, blue and all the other colours of the rainbow that we could think of here today"))
    assert got.citations


def test_without_passages_there_is_nothing() -> None:
    assert answer("anything", []) == Cited("", ())


@given(st.lists(st.lists(WORDS, min_size=1, max_size=40).map(" ".join), min_size=1, max_size=4), st.lists(WORDS, max_size=6).map(" ".join))
def test_quotes_are_exact_and_every_mark_has_one(texts: list[str], asked: str) -> None:
    hits = [hit(passage(document(f"d{i}"), text, start=i * 7)) for i, text in enumerate(texts)]
    got = answer(asked, hits)
    assert_exact(got, hits)
    assert sorted({n for line in got.text.splitlines() for n in cited(line)}) == [citation.n for citation in got.citations]
    assert len(got.citations) <= 3


def test_a_source_of_unknown_age_is_not_dated() -> None:
    undated = [hit(passage(document("x", modified_at=None), "The gym is free for staff."))]
    assert answer("gym", undated).text == "The gym is free for staff. [1]"
    old = [hit(passage(document("x", modified_at=datetime(2020, 5, 1, tzinfo=UTC)), "The gym is free for staff."))]
    assert answer("gym", old).text == "As of May 2020: The gym is free for staff. [1]"


def test_one_edition_of_several_is_dated_from_when_it_held() -> None:
    old, new = (
        replace(document(f"gym-{n}", f"Gym v{n}"), edition=Edition(valid_from=date(year, 3, 1))) for n, year in ((1, 2023), (2, 2025))
    )
    hits = [hit(passage(old, "The gym costs 10 euros.")), hit(passage(new, "The gym costs 20 euros."), 0.9)]
    assert answer("What did the gym cost as of 1 June 2024?", hits).text.startswith("As of March 2023: The gym costs 10 euros. [1]")
    assert answer("What does the gym cost?", hits[1:]).text == "The gym costs 20 euros. [1]"


def test_pieces_of_one_document_stand_in_its_order_and_documents_in_that_of_their_best() -> None:
    guide, news = document("guide"), document("news")
    places = [passage(guide, "Third.", ordinal=1, start=100), passage(news, "First."), passage(guide, "Second.")]
    chosen = [
        Candidate(
            quote=whole(one),
            kind=Kind.SENTENCE,
            order=(rank, 0),
            prior=1.0,
            ordered=(),
            terms=frozenset(),
            heading_terms=frozenset(),
            title_terms=frozenset(),
        )
        for rank, one in enumerate(places)
    ]
    got = laid_out(chosen)
    assert got.text == "Second. [1]\n\nThird. [2]\n\nFirst. [3]"
    assert [citation.span.start for citation in got.citations] == [0, 100, 0]


def test_what_overlapping_passages_share_is_quoted_once() -> None:
    text = "The gym for staff costs €20 a month, and €35 for two. Families of staff swim in the pool for free."
    guide = document("guide", "Guide")
    cut_at = text.index("Families")
    hits = [hit(passage(guide, text), 1.0), hit(passage(guide, text[cut_at:], ordinal=1, start=cut_at), 0.9)]
    got = answer("Who may swim in the pool for free, staff or families?", hits)
    assert got.text.count("Families of staff swim") == 1
    assert_exact(got, hits)


@pytest.mark.parametrize("answer_first", [True, False])
def test_less_than_the_answer_stands_after_it_or_not_at_all(*, answer_first: bool) -> None:
    less, more = "A stove of copper needs a new lamp in the autumn before the rains come.", "The smith repairs each copper kettle and lamp."
    text = "\n\n- Ana\n- Ben\n\n".join(("All are welcome.", more, less) if answer_first else ("All are welcome.", less, more))
    got = answer("Who repairs the copper kettle, lamp and stove?", of_text(text))
    assert [citation.quote for citation in got.citations] == ([more, less] if answer_first else [more])


@pytest.mark.parametrize(
    "poor",
    [
        pytest.param("Which parking permit do I need?", id="a question"),
        pytest.param("- [The parking permit]({{ site.url }} parking)", id="a link"),
        pytest.param("For your parking permit, choose the following:", id="a line that leads in to nothing"),
        pytest.param("Read our [guide](https://acme.example) for more on the parking permit.", id="a sentence that says where to read"),
    ],
)
def test_what_leads_to_an_answer_is_none(poor: str) -> None:
    got = answer("Which parking permit do I need?", of_text(f"{poor}\n\nThe blue parking permit is for a month, the green one for a year."))
    assert [citation.quote[:15] for citation in got.citations] == ["The blue parkin"]


def test_that_a_document_replaces_another_is_no_second_piece() -> None:
    hits = of_text("Valid from 1 May for parental leave of all staff.\n\nParental leave of all staff is twenty weeks long.")
    assert [citation.quote[:14] for citation in answer("parental leave of all staff", hits).citations] == ["Parental leave"]


def test_the_heading_in_a_passage_s_own_text_says_what_its_sentences_are_about() -> None:
    text = "## The gym\n\nOpen from seven to ten for everybody.\n\n## The library\n\nOpen from nine to six for everybody."
    assert answer("When is the library open?", of_text(text)).citations[0].quote == "Open from nine to six for everybody."


def test_items_of_a_long_list_stand_under_the_line_that_leads_in() -> None:
    text = "Free for all staff:\n\n" + "\n".join(f"- the {name} in the old building by the river Test" for name in "abcdefghijk" * 3)
    assert answer("the k in the old building", of_text(text)).text.startswith("*Free for all staff*:")


def test_where_a_long_table_goes_on_its_rows_are_told_by_the_header_beside_them() -> None:
    goes_on = replace(passage(company.TRAVEL, "| Rome | €140 | €40 |\n| Turin | €120 | €40 |"), header="| City | Hotel limit | Meals |")
    got = extracts("What is the hotel limit in Rome?", [hit(goes_on)], NOW)
    assert got.text == "City: Rome · Hotel limit: €140 · Meals: €40 [1]"


THAI = hit(passage(document("thai", "วันลา"), "พนักงานมีสิทธิลาพักร้อนปีละสิบห้าวันโดยต้องแจ้งหัวหน้างานล่วงหน้าอย่างน้อยเจ็ดวัน"), 1.0)
TRIPS = hit(passage(document("trips", "Trips"), "The secretary books the tickets. Reports are due within a week."), 0.6)
NO_END = hit(passage(document("no-end", "Tickets"), "tickets of the secretary"), 1.0)


@pytest.mark.parametrize(
    ("asked", "found", "cited"),
    [
        pytest.param("ลาพักร้อน", [THAI, TRIPS], "thai", id="what ends as no sentence we know, if only it has the words"),
        pytest.param("Who books the tickets?", [NO_END, TRIPS], "trips", id="not where a sentence has one"),
        pytest.param("出張", [NO_END, TRIPS], "trips", id="nor where nothing has"),
    ],
)
def test_what_ends_as_no_sentence_is_quoted_only_where_the_question_s_words_stand_nowhere_else(
    asked: str, found: list[Hit], cited: str
) -> None:
    assert answer(asked, found).citations[0].document == cited


LIMITS = """| Place | Hotel | Meals |
|---|---|---|
| Leeds | £120 | every other day |
| Leeds city centre | £150 | every day |
| Lisbon | €130 | every day |"""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param("What is the hotel limit in Leeds city centre?", ["Leeds city centre"], id="a label that has another within it"),
        pytest.param("What is the limit for meals in Lisbon?", ["Lisbon"], id="a row's label"),
        pytest.param("What is the hotel limit in Leeds and Lisbon?", ["Leeds", "Lisbon"], id="two rows"),
        pytest.param("Where may one claim meals every other day?", ["Leeds"], id="words of another cell"),
    ],
)
def test_a_row_that_the_question_names_stands_without_those_that_it_does_not(asked: str, said: list[str]) -> None:
    got = answer(asked, [hit(passage(document("limits", "Hotel limits"), LIMITS))])
    labels = re.findall(r"^\| (?!Place|-)([^|]+?) \||^Place: (.+?) ·", got.text, re.MULTILINE)
    assert [one or other for one, other in labels] == said


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        pytest.param(["Other parent", "4 weeks"], True, id="its first cell"),
        pytest.param(["Adopting", "for ten days"], True, id="another cell of several words"),
        pytest.param(["Adopting", "parent"], False, id="another cell of one word"),
        pytest.param(["Parent who adopts", "4"], False, id="some words of its first cell"),
        pytest.param(["10", "4 weeks"], False, id="a number"),
        pytest.param(["leave", "4 weeks"], False, id="what all of the table is about"),
        pytest.param(["", "4 weeks"], False, id="nothing"),
        pytest.param(["3 and 4", "8 weeks"], True, id="a number of the first column"),
        pytest.param(["1 and 2", "4 weeks"], False, id="a number of another column"),
        pytest.param([], False, id="no cells"),
    ],
)
def test_a_row_is_named_by_the_words_of_a_cell(cells: list[str], named: bool) -> None:  # noqa: FBT001 - of a parametrized test
    assert (
        names_row(spaced("May the OTHER  parent, for ten days, or 10, leave at level 4?"), cells, ("Level", "Notice"), frozenset({"leav"}))
        is named
    )


APPROVALS = """| Trip cost | Who approves |
|---|---|
| up to £400 | nobody; tell your manager |
| £400 to £1,500 | your line manager |
| more than £1,500 | a member of the leadership team |"""


@pytest.mark.parametrize(("cost", "who"), [("£350", "nobody"), ("900 pounds", "your line manager"), ("£30,000", "the leadership team")])
def test_of_rows_for_amounts_the_one_that_holds_it_is_quoted(cost: str, who: str) -> None:
    text = f"Approval is for the whole trip, also when a fare goes up by less than 10 %.\n\n{APPROVALS}"
    got = answer(f"Who approves a trip of {cost}?", [hit(passage(document("travel", "Travel policy"), text))])
    assert got.text.startswith("Trip cost: ")
    assert who in got.text
    assert got.text.count("Trip cost: ") == 1


def test_a_step_that_has_the_very_amount_is_quoted_before_all_steps() -> None:
    text = "# Set up a laptop\n\n1. Start the laptop.\n2. Set it up.\n3. Leave it.\n\nIf step 3 stops at 34 %, it has lost the network."
    got = answer("My laptop set up is stuck at 34%", [hit(passage(document("setup", "Set up your laptop"), text))])
    assert got.text.startswith("If step 3 stops at 34 %, it has lost the network. [1]")


def test_longer_passages_take_no_more_than_their_share() -> None:
    sentence = "The company covers the hotel cost of trips up to the limit. Receipts must be sent within 30 days. "
    small, large = ([hit(passage(document("d", "Policy"), sentence * count))] for count in (10, 160))
    assert_linear(lambda hits: extracts("hotel limit receipts", hits, NOW), small, large, 16)
