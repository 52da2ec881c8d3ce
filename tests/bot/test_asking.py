"""One question back where a question could mean several things, and never two in a row."""

import re
from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import AsyncMock

import pytest

from bot import texts
from bot.intents.choices import apart, choices, chosen
from bot.intents.intent import ASKED_BACK, Intent
from bot.intents.rules import Thread, by_rule
from bot.messages import Answer, Citation, Outcome, TurnId
from knowledge.documents import Findings, Passage
from tests.bot import company
from tests.bot.fakes import NOW, FakeReply, Script, document, hit, passage, question, turn, viewer
from tests.bot.test_conversation import House

GERMANY = passage(document("de.md", "Handbook Germany"), "The notice period is four weeks to the end of a month.", "Notice period")
FRANCE = passage(document("fr.md", "Handbook France"), "The notice period is one month, after a year two.", "Notice period")
SPAIN = passage(document("es.md", "Handbook Spain", readers=("group:board",)), "The notice period is 15 days.", "Notice period")
ALIKE = passage(document("it.md", "Handbook Italy"), "The notice period is four weeks.", "Notice period")
OLD = passage(document("de-2019.md", "Handbook Germany 2019"), "The notice period is six weeks.", "Notice period")
CASE = document("case.md", "A hearing")
HEARING = [
    passage(CASE, "The hearing is 20 minutes long.", "The hearing of May", "The complaint"),
    passage(CASE, "The hearing was 30 minutes long.", "The hearing of May", "What we found", ordinal=1),
]
ASKED = "How long is the notice period?"
BACK = f"{texts.WHICH_ONE}\n\n1. Handbook Germany [1]\n2. Handbook France [2]"


@pytest.fixture
def house() -> House:
    house = House()
    house.sources.passages_ = [GERMANY, FRANCE, SPAIN, company.SICK]
    return house


async def then(house: House, text: str, **changes: object) -> Answer:
    """`text`, said next in the thread, and told by the rules where they tell."""
    said = question(text, id=TurnId(f"q{len(house.memory.turns) + 1}"), **changes)
    past = (await replace(house.memory, turns=dict(house.memory.turns)).open(said)).past
    ruled = by_rule(text, Thread.of(past))
    house.router.intent = ruled[0] if ruled else Intent.ASK
    return await house.handle(said)


async def test_a_question_that_several_documents_answer_differently_is_asked_back_once(house: House) -> None:
    reply = FakeReply()
    answer = await house.asked(ASKED, reply)
    assert (answer.outcome, answer.text) == (Outcome.NEAREST, BACK)
    assert [citation.document for citation in answer.citations] == ["de.md", "fr.md"]
    assert reply.shown == []
    assert house.memory.trace().intent == ASKED_BACK


@pytest.mark.parametrize(
    "said",
    [
        "France",
        "the second one",
        "2",
        "in France, please",
        "I mean the French one: France",
        "number two",
        "I’m in France",
        "And in France?",
    ],
)
async def test_what_is_said_next_is_taken_for_the_choice_it_names(house: House, said: str) -> None:
    await house.asked(ASKED)
    answer = await then(house, said)
    assert answer.outcome is Outcome.ANSWER
    assert answer.citations[0].document == "fr.md"
    assert answer.text.startswith("The notice period is one month")


async def test_a_choice_is_the_subject_of_what_follows(house: House) -> None:
    await house.asked(ASKED)
    await then(house, "Germany")
    await then(house, "and when I am ill?")
    assert any({"notice", "period", "Germany"} <= set(query.split()) for query in house.sources.searched[-2:])


async def test_what_fits_no_choice_is_searched_as_it_is_and_nobody_is_asked_twice(house: House) -> None:
    await house.asked(ASKED)
    answer = await then(house, "When is a doctor's note needed?")
    assert house.sources.searched[-1] == "When is a doctor's note needed?"
    assert "fourth day" in answer.text
    assert (await house.asked(ASKED, thread="t2", id=TurnId("once"))).text == BACK
    again = await house.asked(ASKED, thread="t2", id=TurnId("again"))
    assert again.outcome is Outcome.ANSWER
    assert house.memory.trace("again").intent != ASKED_BACK


async def test_a_choice_that_was_closed_meanwhile_is_not_shown(house: House) -> None:
    await house.asked(ASKED)
    house.sources.closed.add(FRANCE.document.id)
    answer = await then(house, "France")
    assert "one month" not in answer.text
    assert "fr.md" not in [citation.document for citation in answer.citations]


@pytest.mark.parametrize("said", ["How many vacation days do we get in Germany?", "vacation days in Germany"])
async def test_another_question_that_names_a_choice_is_another_question(house: House, said: str) -> None:
    await house.asked(ASKED)
    await then(house, said)
    assert house.sources.searched[-1] == said


@pytest.mark.parametrize("said", ["France", "2", "the last one"])
async def test_the_name_of_a_choice_that_was_closed_meanwhile_is_not_searched(house: House, said: str) -> None:
    house.sources.passages_ = [GERMANY, replace(FRANCE, document=replace(FRANCE.document, title="Handbook France of Heron"))]
    await house.asked(ASKED)
    assert "Heron" in house.memory.turns[TurnId("q1")][1].answer.text  # type: ignore[union-attr]  # it ended
    house.sources.closed.add(FRANCE.document.id)
    house.writer = Script(["It is four weeks in Germany [1]."])
    await then(house, said)
    assert house.sources.searched[-1].startswith("How long is the notice period")
    assert not any("Heron" in query for query in house.sources.searched)
    assert not any("Heron" in prompt.user for prompt in house.writer.prompts)


async def test_a_choice_that_was_closed_since_is_not_the_subject_of_what_follows(house: House) -> None:
    house.sources.passages_ = [GERMANY, replace(FRANCE, document=replace(FRANCE.document, title="Handbook France of Heron"))]
    await house.asked(ASKED)
    await then(house, "2")
    assert "Heron" in house.sources.searched[-1]
    house.sources.closed.add(FRANCE.document.id)
    searched = len(house.sources.searched)
    await then(house, "and when I am ill?")
    assert not any("Heron" in query for query in house.sources.searched[searched:])


async def test_a_question_back_says_what_is_said_beside_answers_too(house: House) -> None:
    house.sources.passages_ = [SPAIN, GERMANY, FRANCE]
    board = viewer("bea", "board")
    among = await house.asked(ASKED, by=board, among=[board, viewer("cy")], place="#general")
    assert (among.text, among.withheld, among.notice) == (BACK, True, texts.PRIVATE_OFFER)
    house.sources.words_only = True
    private = await house.asked(ASKED, id=TurnId("q2"), thread="t2")
    assert (private.text, private.notice) == (BACK, texts.WORDS_ONLY)


async def test_a_title_of_several_lines_is_a_choice_on_one(house: House) -> None:
    house.sources.passages_ = [replace(GERMANY, document=replace(GERMANY.document, title="Handbook\n\n# Germany")), FRANCE]
    assert "1. Handbook # Germany [1]\n2. Handbook France [2]" in (await house.asked(ASKED)).text


async def test_nobody_is_offered_what_not_all_may_read(house: House) -> None:
    board = viewer("bea", "board")
    private = await house.asked(ASKED, by=board)
    assert "Handbook Spain" in private.text
    among = await house.asked(ASKED, by=board, among=[board, viewer("cy")], place="#general", id=TurnId("q2"), thread="t2")
    assert "Spain" not in among.text
    assert "Handbook France" in among.text


async def test_in_a_thread_about_something_else_it_is_asked_back_too(house: House) -> None:
    await house.asked("When is a doctor's note needed?")
    answer = await then(house, "And how long is the notice period?")
    assert answer.text == BACK
    assert (await then(house, "1")).citations[0].document == "de.md"


async def test_no_model_is_asked_before_it_is_clear(house: House) -> None:
    house.writer = Script(["It is four weeks in Germany [1]."])
    assert (await house.asked(ASKED)).text == BACK
    assert house.writer.prompts == []
    answer = await then(house, "Germany")
    assert answer.written
    assert "Handbook Germany" in house.writer.prompts[0].user


@pytest.mark.parametrize("text", ["How long?", "what about it?", "why?", "And for me?"])
async def test_a_question_about_nothing_is_asked_back_without_a_search(house: House, text: str) -> None:
    answer = await then(house, text)
    assert (answer.outcome, answer.text) == (Outcome.REFUSAL, texts.WHICH_SUBJECT)
    assert house.sources.searched == []


@pytest.mark.parametrize(
    ("text", "asked_back"), [("what do we do", False), ("Where do we do what we do?", False), ("why should you do what I do?", True)]
)
async def test_a_title_of_small_words_is_about_something(
    house: House, monkeypatch: pytest.MonkeyPatch, text: str, *, asked_back: bool
) -> None:
    titled = passage(document("who.md", "What we do"), "Heron makes lamps for bicycles.")
    monkeypatch.setattr(house.sources, "search", AsyncMock(return_value=Findings(hits=(hit(titled),))))
    assert ((await then(house, text)).text == texts.WHICH_SUBJECT) is asked_back


async def test_an_emoji_is_about_something(house: House) -> None:
    house.sources.passages_ = [
        passage(document("chat.md", "Chat"), "Put a \N{FOX FACE} on a message and the engineer on call looks at it.")
    ]
    assert "engineer on call" in (await then(house, "\N{FOX FACE}")).text


async def test_the_word_that_was_missing_completes_the_question(house: House) -> None:
    await then(house, "How long?")
    answer = await then(house, "parental leave in France")
    assert house.sources.searched == ["How long parental leave in France"]
    assert answer.text != texts.WHICH_SUBJECT


async def test_the_model_is_told_what_was_asked_before_the_word_that_was_missing(house: House) -> None:
    await then(house, "How long is it?")
    house.writer = Script(["UNANSWERED"])
    await then(house, "Parental leave in Germany")
    sent = house.writer.prompts[-1].user
    assert "Question: Parental leave in Germany" in sent
    assert re.search(r"<<message 1 (\w+)>>\nHow long is it Parental leave in Germany\n<<end of message 1 \1>>", sent)


async def test_the_model_is_told_the_question_of_which_one_was_chosen(house: House) -> None:
    await house.asked(ASKED)
    house.writer = Script(["It is one month in France [1]."])
    await then(house, "The handbook for France")
    sent = house.writer.prompts[-1].user
    assert re.search(r"<<message 1 (\w+)>>\nHow long is the notice period Handbook France.*\n<<end of message 1 \1>>", sent)


async def test_another_question_is_told_in_its_own_words_alone(house: House) -> None:
    await house.asked(ASKED)
    house.writer = Script(["A doctor's note is needed from the fourth day of sick leave on [1]."])
    await then(house, "When is a doctor's note needed?")
    assert "Question: When is a doctor's note needed?" in house.writer.prompts[-1].user
    assert "<<message" not in house.writer.prompts[-1].user


async def test_another_question_instead_of_the_missing_word_stands_alone(house: House) -> None:
    await then(house, "How long?")
    await then(house, "When is a doctor's note needed?")
    assert house.sources.searched == ["When is a doctor's note needed?"]


async def test_small_words_after_small_talk_are_about_nothing(house: House) -> None:
    house.router.intent = Intent.SMALLTALK
    await house.asked("hello")
    assert (await then(house, "and how long?")).text == texts.WHICH_SUBJECT


@pytest.mark.parametrize(
    ("query", "found", "count"),
    [
        pytest.param(ASKED, [GERMANY, FRANCE], 2, id="another country, another number"),
        pytest.param(f"{ASKED[:-1]} in Germany?", [GERMANY, FRANCE], 0, id="says which"),
        pytest.param("And the notice period?", [GERMANY, FRANCE], 2, id="in other words"),
        pytest.param(ASKED, [GERMANY, ALIKE], 0, id="they agree"),
        pytest.param(ASKED, [GERMANY, OLD], 0, id="an older edition is no choice"),
        pytest.param("When are receipts due?", [company.EXPENSES, company.HOTELS_OLD], 0, id="nor is another section of it"),
        pytest.param(ASKED, [GERMANY], 0, id="there is one only"),
        pytest.param("How long is the hearing?", HEARING, 0, id="sections that tell one story"),
        pytest.param(ASKED, [GERMANY, company.HOTELS], 0, id="something else"),
        pytest.param("How long is a sabbatical of a senior engineer?", [GERMANY, FRANCE], 0, id="they do not answer it"),
        pytest.param("How long?", [GERMANY, FRANCE], 0, id="asks for nothing"),
        pytest.param(ASKED, [], 0, id="nothing was found"),
    ],
)
def test_a_choice_is_offered_only_where_the_documents_differ_in_what_was_asked(query: str, found: Sequence[Passage], count: int) -> None:
    assert len(choices(query, [hit(one) for one in found], NOW)) == count


def test_what_the_thread_said_is_no_choice_any_more() -> None:
    assert choices(ASKED, [hit(GERMANY), hit(FRANCE)], NOW, "leave in Germany") == ()


def test_at_most_four_are_offered() -> None:
    lands = ("Peru", "Chile", "Cuba", "Mali", "Chad", "Oman")
    found = [
        passage(document(f"{n}.md", f"Handbook {land}"), f"The notice period is {n} weeks.", "Notice period")
        for n, land in enumerate(lands, start=2)
    ]
    offered = choices(ASKED, [hit(one) for one in found], NOW)
    assert apart(offered) == ["Handbook Peru", "Handbook Chile", "Handbook Cuba", "Handbook Mali"]


def offered(*found: Passage) -> tuple[Citation, ...]:
    return choices(ASKED, [hit(one) for one in found], NOW)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Germany", 0),
        ("the handbook for France", 1),
        ("the last one", 1),
        ("3", None),
        ("Italy", None),
        ("Germany or France?", None),
        ("the handbook", None),
    ],
)
def test_a_choice_is_named_by_number_or_by_words_that_only_it_has(said: str, number: int | None) -> None:
    both = offered(GERMANY, FRANCE)
    assert chosen(said, both) == (None if number is None else both[number])


def test_sections_of_one_document_are_called_by_what_differs() -> None:
    one = document("notice.md", "Notice periods")
    found = [
        passage(one, f"The notice period is {n} weeks.", "Leaving", role, ordinal=n)
        for n, role in ((2, "Interns on probation"), (6, "Managers on probation"))
    ]
    assert apart(offered(*found)) == ["Interns on probation", "Managers on probation"]


async def test_a_condition_beside_the_question_decides_what_is_quoted(house: House) -> None:
    text = "The notice period is three months to the end of a quarter. It is given in writing. While on probation it is two weeks."
    house.sources.passages_ = [passage(document("n.md", "Notice periods"), text, "Notice")]
    answer = await house.asked("I'm on probation. What is the notice period?")
    assert "two weeks" in answer.text


def test_only_right_after_it_a_short_message_answers_our_question() -> None:
    back = turn(ASKED, answer=Answer(outcome=Outcome.NEAREST, text=BACK))
    thread = Thread(has_turns=True, asked_back=True)
    assert Thread.of([back]) == Thread(has_turns=True)
    assert by_rule("Germany", thread) == (Intent.FOLLOW_UP, "answers our question")
    assert by_rule("thanks", thread) == (Intent.SMALLTALK, "greeting")
    assert by_rule("Germany", Thread(has_turns=True)) is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Germany, please", Intent.FOLLOW_UP),
        ("Yes, Germany", Intent.FOLLOW_UP),
        ("I'm in Germany", Intent.FOLLOW_UP),
        ("the second one", Intent.FOLLOW_UP),
        ("2", Intent.FOLLOW_UP),
        ("Anna, do you know?", Intent.NOT_FOR_ME),
        ("Do you know, Anna?", Intent.NOT_FOR_ME),
        ("Summarise the travel policy", Intent.SUMMARIZE_DOCUMENT),
        ("sum up this thread", Intent.SUMMARIZE_THREAD),
        ("what can you do?", Intent.HELP),
        ("shorter, please", Intent.RESTATE),
        ("more detail", Intent.RESTATE),
    ],
)
def test_what_is_plainly_something_else_does_not_answer_our_question(text: str, intent: Intent) -> None:
    assert (by_rule(text, Thread(has_turns=True, has_answer=True, asked_back=True)) or (None,))[0] is intent


KESTREL = passage(document("kestrel.md", "Kestrel"), "Kestrel measures the wind. It weighs two kilograms.", "What it is")
HARRIER = passage(document("harrier.md", "Harrier"), "Harrier counts the rain. It is made in Porto.", "What it is")
BEFORE = f"{texts.WHICH_BEFORE}\n\n1. Harrier [1]\n2. Kestrel [2]"


async def birds(house: House, *, doubt: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread about two things; what comes then is in this doubt."""
    house.sources.passages_ = [KESTREL, HARRIER]
    for text in ("What does Kestrel measure?", "What does Harrier count?"):
        await then(house, text)
    monkeypatch.setattr("bot.intents.grounded._doubted", lambda *_: doubt)


async def test_what_a_pronoun_stands_for_is_asked_where_nothing_found_is_sure(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await birds(house, doubt=0.7, monkeypatch=monkeypatch)
    answer = await then(house, "Does it get any awards?")
    assert (answer.outcome, answer.text) == (Outcome.NEAREST, BEFORE)
    assert house.memory.trace("q3").intent == ASKED_BACK
    assert house.memory.trace("q3").query == "Does it get any awards?"
    meant = await then(house, "the second one")
    assert meant.text != BEFORE
    assert meant.citations[0].document == "kestrel.md"


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        pytest.param("Does it get any awards?", 0.2, id="what was found answers"),
        pytest.param("Does it get more awards than Harrier?", 0.7, id="it names one"),
        pytest.param("How many awards are there?", 0.7, id="nothing stands for anything"),
        pytest.param("Is it safe to touch awards?", 0.7, id="it is what follows"),
        pytest.param("Does this company get awards?", 0.7, id="it is where we are"),
        pytest.param("Are there awards this year?", 0.7, id="no thing of the thread"),
    ],
)
async def test_nothing_is_asked_back_where_it_is_clear(house: House, monkeypatch: pytest.MonkeyPatch, text: str, doubt: float) -> None:
    await birds(house, doubt=doubt, monkeypatch=monkeypatch)
    assert texts.WHICH_BEFORE not in (await then(house, text)).text


async def test_what_was_to_be_said_beside_the_doubtful_answer_is_said_beside_the_question(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await birds(house, doubt=0.7, monkeypatch=monkeypatch)
    search = house.sources.search

    async def words_alone(*asked: object, **how: object) -> Findings:
        return replace(await search(*asked, **how), words_only=True)  # type: ignore[arg-type]  # whatever it is asked

    monkeypatch.setattr(house.sources, "search", words_alone)
    answer = await then(house, "Does it get any awards?")
    assert (answer.text, answer.notice) == (BEFORE, texts.WORDS_ONLY)


async def test_of_what_was_closed_meanwhile_nothing_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await birds(house, doubt=0.7, monkeypatch=monkeypatch)
    house.sources.passages_ = [KESTREL]
    answer = await then(house, "Does it get any awards?")
    assert texts.WHICH_BEFORE not in answer.text
    assert "Harrier" not in answer.text


@pytest.mark.parametrize(("rewritten", "back"), [("Does Harrier get any awards?", False), ("nothing of this thread at all", True)])
async def test_a_model_that_tells_what_it_stands_for_spares_the_question(
    house: House, monkeypatch: pytest.MonkeyPatch, rewritten: str, *, back: bool
) -> None:
    await birds(house, doubt=0.7, monkeypatch=monkeypatch)
    house.writer = Script([rewritten, "UNANSWERED", "UNANSWERED"])
    assert ((await then(house, "Does it get any awards?")).text == BEFORE) is back
