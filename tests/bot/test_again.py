"""The last answer again: shorter, longer, or one of its sources."""

from dataclasses import replace

import pytest

from bot import texts
from bot.intents.intent import ASKED_BACK, Intent
from bot.intents.pointing import LAST, is_bare, pointed_at, wants_longer, wants_shorter
from bot.intents.reading import around, read_out
from bot.intents.rules import Thread, by_rule
from bot.intents.source import meant
from bot.messages import Answer, Outcome, Trace, TurnId
from bot.ports import Ending
from bot.quotes import Quote, whole
from tests.bot import company
from tests.bot.fakes import Script, document, passage, question, turn, viewer
from tests.bot.test_conversation import House

DESKS = "Where are desks booked?"
MAIN = passage(document("main.md", "Main office"), "Desks in the main office are booked in the portal, a week ahead.", "Desks")
BARN = passage(document("barn.md", "The barn"), "Desks in the barn are booked at the counter. Bring your badge.", "Desks")


@pytest.fixture
def house() -> House:
    return House()


async def then(house: House, intent: Intent, text: str, **changes: object) -> Answer:
    """`text`, said after what was said before."""
    house.router.intent = intent
    return await house.asked(text, id=TurnId(f"q{len(house.memory.turns) + 1}"), **changes)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("the second one", 2),
        ("open the 2nd", 2),
        ("number 3", 3),
        ("the first source", 1),
        ("[2]", 2),
        ("2", 2),
        ("and the third one?", 3),
        ("what about the last one", LAST),
        ("the former", 1),
        ("source two", 2),
        ("two", None),
        ("the first day of the month", None),
        ("Is the second one valid in Germany?", None),
        ("first aid", None),
    ],
)
def test_what_points_at_one_of_several_is_told_from_what_says_more(text: str, number: int | None) -> None:
    assert pointed_at(text) == number


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("3", True),
        ("ok, 2", True),
        ("no. 7", True),
        ("[2]", False),
        ("source 2", False),
        ("the 2nd", False),
        ("step 2", False),
        ("why?", False),
    ],
)
def test_a_number_alone_may_be_anybody_s(text: str, *, bare: bool) -> None:
    assert is_bare(text) is bare


@pytest.mark.parametrize(
    ("text", "shorter", "longer"),
    [
        ("shorter, please", True, False),
        ("in one sentence", True, False),
        ("Could you make that shorter?", True, False),
        ("that was too long", True, False),
        ("more detail", False, True),
        ("Can you give me more details?", False, True),
        ("go on", False, True),
        ("shorter notice period", False, False),
        ("more details on parental leave", False, False),
        ("in one sentence: how long is parental leave?", False, False),
        ("How much more?", False, False),
    ],
)
def test_another_length_is_asked_for_and_nothing_else(text: str, *, shorter: bool, longer: bool) -> None:
    assert (wants_shorter(text), wants_longer(text)) == (shorter, longer)


def test_what_is_pointed_at_must_have_been_an_answer() -> None:
    assert (by_rule("the second one", Thread(has_turns=True, has_answer=True)) or [None])[0] is Intent.SOURCE
    assert (by_rule("the second one", Thread(has_turns=True)) or [None])[0] is not Intent.SOURCE


@pytest.mark.parametrize("text", ["shorter, please", "more details"])
def test_another_length_is_asked_for_after_a_refusal_too_and_that_there_is_none_is_said(text: str) -> None:
    assert (by_rule(text, Thread(has_turns=True)) or [None])[0] is Intent.RESTATE
    assert (by_rule(text, Thread()) or [None])[0] is not Intent.RESTATE


async def test_shorter_is_one_piece_of_the_same_sources(house: House) -> None:
    house.sources.passages_ = [MAIN, BARN]
    before = await house.asked(DESKS)
    assert [citation.document for citation in before.citations] == ["main.md", "barn.md"]
    answer = await then(house, Intent.RESTATE, "shorter, please")
    assert answer.outcome is Outcome.ANSWER
    assert answer.text == "Desks in the main office are booked in the portal, a week ahead. [1]"
    assert [citation.document for citation in answer.citations] == ["main.md"]
    assert len(house.sources.searched) == 1


async def test_what_is_left_out_is_not_what_was_asked_for_and_in_the_end_nothing_is(house: House) -> None:
    before = await house.asked("How long is parental leave in France?")
    assert "Apply eight weeks before the birth" in before.text
    once = await then(house, Intent.RESTATE, "shorter")
    assert once.text == "Parental leave is 18 weeks at full pay in Germany. In France it is 16 weeks. [1]"
    twice = await then(house, Intent.RESTATE, "even shorter")
    assert (once.notice, twice.text, twice.notice) == ("", once.text, texts.AS_SHORT)


async def test_more_detail_is_what_stands_around_the_quotes(house: House) -> None:
    await house.asked("When are receipts due?")
    answer = await then(house, Intent.RESTATE, "more detail, please")
    assert "1. Open the portal. [1]" in answer.text
    assert "Receipts are due within 30 days of the trip. [1]" in answer.text
    assert answer.text.startswith("*Travel policy 2026 › Expenses*:")
    assert company.EXPENSES.text[: answer.citations[0].span.end - 400].endswith(answer.citations[0].quote)


async def test_a_follow_up_after_it_keeps_the_subject(house: House) -> None:
    await house.asked("How long is parental leave in Germany?")
    await then(house, Intent.RESTATE, "shorter")
    await then(house, Intent.FOLLOW_UP, "and in France?")
    assert "parental leave in France" in house.sources.searched


async def test_with_a_model_the_answer_is_written_again_from_the_same_sources_only(house: House) -> None:
    await house.asked("How long is parental leave in Germany?")
    house.writer = Script(["It is 18 weeks in Germany [1]."])
    answer = await then(house, Intent.RESTATE, "in one sentence")
    assert answer.text == "It is 18 weeks in Germany [1]."
    assert house.memory.trace("q2").prompt == "restate@2"
    sent = house.writer.prompts[0].user
    assert "How long is parental leave in Germany?" in sent
    assert "in one sentence" in sent
    assert sent.count("<<source ") == 1


async def test_a_model_that_has_nothing_to_say_leaves_the_piece(house: House) -> None:
    await house.asked("How long is parental leave in Germany?")
    house.writer = Script(["UNANSWERED"])
    answer = await then(house, Intent.RESTATE, "in one sentence")
    assert "18 weeks" in answer.text


UNSURE = "How long is parental sabbatical credit in Germany?"


@pytest.mark.parametrize("text", ["shorter", "more detail"])
@pytest.mark.parametrize("written", [None, "UNANSWERED", "It is 18 weeks in Germany [1]."])
async def test_the_nearest_stays_what_may_not_answer_in_any_length(house: House, text: str, written: str | None) -> None:
    house.sources.words_only = True
    before = await house.asked(UNSURE)
    assert (before.outcome, before.doubt > 0) == (Outcome.NEAREST, True)
    house.sources.words_only = False
    house.writer = Script([written]) if written else None
    answer = await then(house, Intent.RESTATE, text)
    assert (answer.outcome, answer.doubt) == (Outcome.NEAREST, before.doubt)
    assert answer.text.startswith(
        "The nearest that I found in the 3 documents you can read is *Leave handbook* [1]. It may not answer you."
    )
    assert "18 weeks" in answer.text
    assert answer.citations[0].document == "leave.md"


async def test_the_nearest_that_is_as_short_as_it_can_be_is_said_to_be(house: House) -> None:
    house.sources.words_only = True
    await house.asked(UNSURE)
    await then(house, Intent.RESTATE, "shorter")
    assert (await then(house, Intent.RESTATE, "even shorter")).notice == texts.AS_SHORT


async def test_what_a_closed_document_gave_to_a_question_is_not_asked_with_again(house: House) -> None:
    board = viewer("bea", "board")
    heron = passage(document("heron.md", "Herons"), "A falcon hunts since 1900.")
    house.sources.passages_ = [*company.PASSAGES, heron]
    await house.asked("Falcon?", by=board)
    await then(house, Intent.FOLLOW_UP, "since when?", by=board)
    assert "acquisition" in house.memory.trace("q2").query
    asked, ending = house.memory.turns[TurnId("q2")]
    assert ending is not None
    house.memory.turns[TurnId("q2")] = (asked, replace(ending, answer=replace(ending.answer, citations=(whole(heron).citation(1),))))
    house.sources.closed.add(company.DEAL.id)
    house.writer = Script(["A falcon hunts since 1900 [1]."])
    await then(house, Intent.RESTATE, "shorter", by=board)
    assert house.writer.prompts
    assert "acquisition" not in house.writer.prompts[0].user
    assert "acquisition" not in house.memory.trace("q3").query
    await then(house, Intent.RESTATE, "more detail", by=board)
    assert "Question: since when?" in house.writer.prompts[-1].user


OLD_LIMIT = "As of 2024, what was the hotel limit in Berlin?"
NEWER = "newer edition: Travel policy 2026"


@pytest.mark.parametrize("written", [pytest.param(False, id="without a model"), pytest.param(True, id="with one")])
async def test_another_length_still_says_that_there_is_a_newer_edition(house: House, *, written: bool) -> None:
    first = await house.asked(OLD_LIMIT)
    assert [one.note for one in first.citations if one.title == "Travel policy 2024"] == [NEWER]
    house.writer = Script(["The hotel limit in Berlin is €150 per night [1]."]) if written else None
    again = await then(house, Intent.RESTATE, "shorter, please")
    assert (again.citations[0].title, again.citations[0].note, again.written) == ("Travel policy 2024", NEWER, written)


async def test_an_edition_that_was_closed_since_is_not_named_beside_another_length(house: House) -> None:
    await house.asked(OLD_LIMIT)
    house.sources.closed = {company.TRAVEL.id}
    again = await then(house, Intent.RESTATE, "shorter, please")
    assert [(one.title, one.note) for one in again.citations] == [("Travel policy 2024", "")]


async def test_a_question_of_ours_is_not_what_is_said_again(house: House) -> None:
    await house.asked("How long is parental leave in Germany?")
    asked = house.memory.turns[TurnId("q1")]
    assert asked[1] is not None
    house.memory.turns[TurnId("q1")] = (asked[0], replace(asked[1], trace=replace(asked[1].trace, intent=ASKED_BACK)))
    assert (await then(house, Intent.RESTATE, "shorter")).text == texts.NOTHING_SAID


async def refused(house: House) -> None:
    """An answer about desks, and a refusal whose nearest is on leave."""
    house.sources.passages_ = [MAIN, company.PARENTAL]
    await house.asked(DESKS)
    near = Answer(outcome=Outcome.REFUSAL, text="The nearest is [1].", citations=(whole(company.PARENTAL).citation(1),), doubt=0.99)
    asked = question("How long is a sabbatical?", id=TurnId("q2"))
    await house.memory.open(asked)
    await house.memory.close(asked, Ending(answer=near, trace=Trace(intent=Intent.ASK, query=asked.text), took_ms=1.0, first_ms=1.0))


@pytest.mark.parametrize("script", [None, Script(["A sabbatical is 18 weeks [1]."])])
async def test_more_of_what_a_refusal_named_opens_it_with_its_warning(house: House, script: Script | None) -> None:
    await refused(house)
    house.writer = script
    answer = await then(house, Intent.RESTATE, "tell me more")
    assert (answer.outcome, answer.doubt, answer.written) == (Outcome.NEAREST, 0.99, False)
    assert answer.text.startswith(texts.NEAREST.format(where="the 2 documents you can read", title="*Leave handbook*"))
    assert "Parental leave is 18 weeks at full pay in Germany. In France" in answer.text
    assert [citation.document for citation in answer.citations] == ["leave.md"]
    assert house.sources.searched == [DESKS]


async def test_after_a_refusal_shorter_is_not_of_an_answer_to_something_else(house: House) -> None:
    await refused(house)
    answer = await then(house, Intent.RESTATE, "shorter")
    assert (answer.outcome, answer.text, answer.citations) == (Outcome.REFUSAL, texts.NO_ANSWER_LAST, ())


async def test_the_nearest_is_not_opened_once_it_is_closed(house: House) -> None:
    await refused(house)
    house.sources.closed.add(company.LEAVE.id)
    answer = await then(house, Intent.RESTATE, "more details")
    assert (answer.text, answer.citations) == (texts.GONE_ASKER, ())


async def test_of_a_refusal_that_named_nothing_there_is_no_more(house: House) -> None:
    await house.asked("How long is a zebra?")
    assert house.memory.turns[TurnId("q1")][1] is not None
    assert (await then(house, Intent.RESTATE, "tell me more")).text == texts.NOTHING_SAID


@pytest.mark.parametrize(("intent", "text"), [(Intent.RESTATE, "shorter"), (Intent.RESTATE, "more detail"), (Intent.SOURCE, "the first")])
async def test_what_was_closed_since_is_not_repeated(house: House, intent: Intent, text: str) -> None:
    await house.asked("How long is parental leave in Germany?")
    house.sources.closed.add(company.LEAVE.id)
    house.writer = Script(["It is 18 weeks in Germany [1]."])
    private = await then(house, intent, text)
    assert (private.outcome, private.text, private.citations) == (Outcome.REFUSAL, texts.GONE_ASKER, ())
    assert house.writer.prompts == []


async def test_of_two_sources_only_the_open_one_is_said_again(house: House) -> None:
    house.sources.passages_ = [MAIN, BARN]
    await house.asked(DESKS)
    house.sources.closed.add(MAIN.document.id)
    answer = await then(house, Intent.RESTATE, "more detail")
    assert [citation.document for citation in answer.citations] == ["barn.md"]
    assert "portal" not in answer.text


async def test_among_others_it_is_what_everybody_may_read(house: House) -> None:
    among = [viewer("ana"), viewer("cy")]
    await house.asked("How long is parental leave in Germany?", among=among, place="#general")
    house.sources.passages_ = [replace(company.PARENTAL, document=replace(company.LEAVE, readers=frozenset({"person:ana"})))]
    for intent, text in ((Intent.RESTATE, "shorter"), (Intent.SOURCE, "number 1")):
        answer = await then(house, intent, text, among=among, place="#general")
        assert (answer.outcome, answer.text) == (Outcome.REFUSAL, texts.GONE_EVERYBODY)


@pytest.mark.parametrize("intent", [Intent.RESTATE, Intent.SOURCE])
async def test_before_any_answer_there_is_nothing_to_say_again(house: House, intent: Intent) -> None:
    assert (await then(house, intent, "the second one")).text == texts.NOTHING_SAID


async def test_the_second_one_is_the_second_footnote_read_out(house: House) -> None:
    house.sources.passages_ = [MAIN, BARN]
    await house.asked(DESKS)
    answer = await then(house, Intent.SOURCE, "the second one")
    assert answer.text == "*The barn › Desks*:\n\nDesks in the barn are booked at the counter. Bring your badge. [1]"
    third = await then(house, Intent.SOURCE, "and the third?")
    assert third.text == texts.SO_MANY_SOURCES.format(count=2)
    first = await then(house, Intent.SOURCE, "the first one then")
    assert first.citations[0].document == "main.md"


async def test_an_answer_of_one_source_has_no_second(house: House) -> None:
    await house.asked("How long is parental leave in Germany?")
    assert (await then(house, Intent.SOURCE, "number 2")).text == texts.ONE_SOURCE
    assert "source 1" in texts.ONE_SOURCE
    assert (await then(house, Intent.SOURCE, "source 1")).text.startswith("*Leave handbook")


async def test_a_list_that_has_no_such_point_is_said_to_have_none(house: House) -> None:
    await house.asked("How do I claim expenses with a receipt in the portal?")
    asked, ending = house.memory.turns[TurnId("q1")]
    assert ending is not None
    house.memory.turns[TurnId("q1")] = (asked, replace(ending, answer=replace(ending.answer, text=LISTED)))
    assert (await then(house, Intent.SOURCE, "step 4")).text == texts.NO_SUCH_POINT
    assert (await then(house, Intent.SOURCE, "the seventh one")).text != texts.NO_SUCH_POINT


@pytest.mark.parametrize("text", ["3", "1", "ok, 2", "no. 7", "the fourth one"])
async def test_a_number_among_colleagues_who_do_not_speak_to_us_gets_no_reply(house: House, text: str) -> None:
    among = [viewer("ana"), viewer("cy")]
    await house.asked("How long is parental leave in Germany?", among=among)
    answer = await then(house, Intent.SOURCE, text, among=among, addressed=False)
    assert (answer.outcome, answer.silent, answer.citations) == (Outcome.REFUSAL, True, ())
    told = await then(house, Intent.SOURCE, "number 7", among=among)
    assert not told.silent


async def test_a_bare_number_that_was_not_for_us_is_no_part_of_the_thread(house: House) -> None:
    among = [viewer("ana"), viewer("cy")]
    await house.asked("How long is parental leave in Germany?", among=among)
    await then(house, Intent.SOURCE, "1", among=among, addressed=False)
    assert house.memory.trace("q2").intent == Intent.NOT_FOR_ME
    answer = await then(house, Intent.SOURCE, "the first source", among=among, addressed=False)
    assert "18 weeks" in answer.text


LISTED = "To claim:\n\n1. Open the portal. [1]\n2. Upload each receipt. [2]\n3. Submit \\[3\\] it. [1]"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("the second one", "travel-2024.md", id="of a list"),
        pytest.param("step 3", "travel.md", id="a step"),
        pytest.param("source 1", "travel.md", id="a source"),
        pytest.param("the last source", "travel-2024.md", id="the last source"),
        pytest.param("step 4", None, id="no such step"),
        pytest.param("source 3", None, id="no such source"),
        pytest.param("why is that?", None, id="points at nothing"),
    ],
)
def test_an_item_of_a_list_stands_for_its_footnote(text: str, name: str | None) -> None:
    cited = (whole(company.HOTELS).citation(1), whole(company.HOTELS_OLD).citation(2))
    past = turn("claim", answer=Answer(outcome=Outcome.ANSWER, text=LISTED, citations=cited))
    found = meant(text, past)
    assert (found.document if found else None) == name


def test_what_stands_around_a_quote_is_whole_units_within_the_room_there_is() -> None:
    text = company.HOTELS.text
    start = text.index("| London")
    quote = Quote(company.HOTELS, start, text.index("\n", start))
    assert around(quote, most=len(quote.text)) == quote
    near = around(quote, most=80)
    assert near.text == "| Berlin | €180 | €45 |\n| London | £210 | £50 |"
    assert around(quote).text == text


def test_tables_and_lists_are_read_out_as_lists() -> None:
    assert read_out(whole(company.HOTELS), 1).split("\n\n") == [
        "We book hotels through the portal. The limit per night depends on the city. [1]",
        "- Berlin · €180 · €45 [1]\n- London · £210 · £50 [1]",
        "Higher rates need approval by your manager, e.g. during a trade fair. [1]",
    ]
    assert "3. Choose your cost centre and submit. [2]" in read_out(whole(company.EXPENSES), 2)


def test_words_that_are_no_unit_are_read_out_as_they_are() -> None:
    assert read_out(Quote(company.SICK, 2, 15), 1) == "doctor's note [1]"


async def test_shorter_keeps_both_of_two_sources_that_disagree(house: House) -> None:
    said = {"policy": "A sabbatical takes 8 weeks at most.", "people": "A sabbatical lasts 12 weeks at most."}
    house.sources.passages_ = [passage(document(name, f"Sabbaticals, {name}"), text) for name, text in said.items()]
    before = await house.asked("How long may a sabbatical take?")
    answer = await then(house, Intent.RESTATE, "shorter")
    assert answer.text == before.text
    assert {citation.document for citation in answer.citations} == said.keys()
