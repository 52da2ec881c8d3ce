"""The router is measured, with the real embedder, on utterances that are not its examples."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import yaml

from bot.intents.intent import Intent
from bot.intents.router import Router, load
from bot.intents.rules import Thread, by_rule
from bot.words import words
from knowledge.embedding.minilm import MiniLM
from knowledge.embedding.port import Vector
from knowledge.errors import EmbedderUnavailable
from tests.bot.fakes import FakeSources, embed_many

HERE = Path(__file__).parent
Labelled = tuple[Intent, str, Thread]
TALKED = Thread(has_turns=True, has_answer=True)


def labelled(name: str) -> dict[str, list[Labelled]]:
    """The utterances of a file, dealt alternately into `tuned` and `held out`, intent by intent. What is not for us is overheard."""
    halves: dict[str, list[Labelled]] = {"tuned": [], "held out": []}
    for intent, places in yaml.safe_load((HERE / name).read_text()).items():
        lines = ((text, TALKED if place == "thread" else Thread()) for place, texts in places.items() for text in texts)
        for i, (text, said) in enumerate(lines):
            thread = replace(said, overheard=intent == Intent.NOT_FOR_ME)
            halves["held out" if i % 2 else "tuned"].append((Intent(intent), text, thread))
    return halves


def everything(name: str) -> list[Labelled]:
    return list(chain.from_iterable(labelled(name).values()))


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Router:
    embedder = MiniLM(tmp_path_factory.mktemp("models"))

    async def embed(text: str) -> Vector:
        return (await embedder.query(text)).vector

    return Router(embed, embedder.passages)


async def share(router: Router, utterances: list[Labelled]) -> float:
    right = [intent == (await router.route(text, thread)).intent for intent, text, thread in utterances]
    return sum(right) / len(right)


async def test_a_story_around_a_question_makes_nothing_else_of_it(router: Router) -> None:
    message = "Hey folks, hope you had a nice weekend! Me and a colleague could not agree on it. {} Thanks so much, you are great!"
    questions = [text for intent, text, thread in everything("utterances.yaml") if intent is Intent.ASK and not thread.has_turns]
    assert {(await router.route(message.format(text), Thread())).intent for text in questions if text.endswith("?")} == {Intent.ASK}


def test_there_are_enough_utterances_of_every_intent_and_none_is_an_example() -> None:
    utterances = everything("utterances.yaml") + everything("utterances_later.yaml")
    assert len(everything("utterances.yaml")) >= 150
    assert {intent for intent, _, _ in utterances} == set(Intent)
    examples = {_bare(phrase) for phrases in load().values() for phrase in phrases}
    assert not examples & {_bare(text) for _, text, _ in utterances}


@pytest.mark.parametrize(
    "text",
    [
        "What can you do?",
        "How can you tell a Heron from a Wren?",
        "When will you close the office?",
        "Where did you publish the policy?",
        "How would you reset the meter?",
    ],
)
def test_a_question_word_is_nobodys_name(text: str) -> None:
    assert (by_rule(text, Thread()) or (None,))[0] is not Intent.NOT_FOR_ME
    assert by_rule("Anna, can you tell a Heron from a Wren?", Thread()) is not None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("So, do you have a number for Vanguard?", Intent.FOLLOW_UP),
        ("Do you know the regions where storage is available?", None),
        ("How do you get the symbol on the keyboard?", None),
        ("Oops, I meant personal data, pls.", Intent.FOLLOW_UP),
        ("Do you know everything?", Intent.HELP),
        ("Jordan, do you have a number for the plumber?", Intent.NOT_FOR_ME),
    ],
)
def test_words_that_open_a_message_and_a_polite_you_mislead_nobody(text: str, intent: Intent | None) -> None:
    assert (by_rule(text, TALKED) or (None,))[0] is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("How should you work with your account manager?", Intent.ASK),
        ("What can you do about a lost laptop?", Intent.ASK),
        ("When and how should you tell the security team?", Intent.ASK),
        ("What can you do?", Intent.HELP),
    ],
)
def test_guidance_for_anybody_is_not_about_me(text: str, intent: Intent) -> None:
    assert (by_rule(text, Thread()) or (None,))[0] is intent


async def test_in_a_thread_what_is_a_little_like_something_else_is_a_question(router: Router) -> None:
    assert (await router.route("How does passing context occur in the dialog?", TALKED)).intent in {Intent.ASK, Intent.FOLLOW_UP}


async def test_where_likeness_cannot_be_told_a_message_is_a_question() -> None:
    async def away(_: object) -> Vector:
        raise EmbedderUnavailable("down")

    router = Router(away, embed_many)
    assert (await router.route("What is the hotel limit?", Thread())).intent is Intent.ASK
    assert (await router.route("And for that one?", TALKED)).intent is Intent.FOLLOW_UP
    assert (await router.route("thanks", TALKED)).intent is Intent.SMALLTALK


@pytest.mark.parametrize("half", ["tuned", "held out"])
async def test_at_least_93_of_100_utterances_are_routed_as_labelled(
    router: Router, half: str, record_property: pytest.FixtureRequest
) -> None:
    accuracy = await share(router, labelled("utterances.yaml")[half])
    record_property(f"router accuracy, {half}", accuracy)  # type: ignore[operator]  # a function, whatever its annotation
    assert accuracy >= 0.93


@pytest.mark.parametrize("name", ["utterances.yaml", "utterances_later.yaml"])
async def test_among_others_they_are_routed_as_well_where_all_are_overheard(router: Router, name: str) -> None:
    overheard = [(intent, text, replace(thread, overheard=True)) for intent, text, thread in everything(name)]
    assert await share(router, overheard) >= 0.95


NOUNS = words(
    "leave PTO vacation sick chair coffee salary bonus badge canteen contract notice password wifi IBAN fuser payroll lunch meeting "
    "birthday weekend night rock welcome support team rest day r Peña Urlaub Vertrag congés Ελλάδα ΑΔΕΙΑ отпуск зарплата إجازة راتب "
    "חופשה 切符 银行账户 有給休暇 휴가 급여 छुट्टी वेतन รถไฟ เงินเดือน 🦊 ☎ v2.1.0 2.1.1 -ERR-4033 ana.bell@heron.example "
    "9f2feb0f1ef425b29"
)
PHRASES = {"doctor's note", "Office 365", "weekend support", '"may take the day after off"', "welcome package", "what do we do"}
QUESTIONS = [
    "Who looks after this building?",
    "What do colleagues wear on Fridays?",
    "What sort of account do I have?",
    "What is my pay grade?",
    "Which roles have I been given?",
    "Where could I read up on that programme?",
    "Whom do I ask about a lost badge?",
    "How do I ask for more time?",
    "How does one get help with moving?",
    "Can everyone read what stands in a shared folder?",
    "What goes into an interagency agreement?",
    "What is our annual security report?",
    "Who signs the purchase agreement?",
    "What is an outage?",
    "Who writes the monthly overview?",
    "What does the digest of the image look like?",
    "How do you use the coffee machine?",
    "Which documents do you need for a visa?",
    "Has anyone measured the drift of the sensors?",
    "What problems have been solved so far?",
    "My screen is broken",
]


@pytest.mark.parametrize("text", sorted(NOUNS | PHRASES) + QUESTIONS)
async def test_what_may_be_in_a_document_is_looked_up_whatever_it_is_like(router: Router, text: str) -> None:
    assert (await router.route(text, Thread())).intent is Intent.ASK


@pytest.mark.parametrize("text", sorted(NOUNS | PHRASES))
async def test_so_it_is_after_an_answer(router: Router, text: str) -> None:
    assert (await router.route(text, TALKED)).intent in {Intent.ASK, Intent.FOLLOW_UP}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Awesome", Intent.SMALLTALK),
        ("Morning!", Intent.SMALLTALK),
        ("Have a great weekend", Intent.SMALLTALK),
        ("nice job", Intent.SMALLTALK),
        ("What can I ask?", Intent.HELP),
        ("Where do you get your answers from?", Intent.HELP),
        ("What is the privacy brochure about?", Intent.SUMMARIZE_DOCUMENT),
        ("hr/plan_2024-b.pdf", Intent.SUMMARIZE_DOCUMENT),
        ("How would you summarise the lease contract?", Intent.SUMMARIZE_DOCUMENT),
        ("Walk me through the essentials of the lease contract", Intent.SUMMARIZE_DOCUMENT),
    ],
)
async def test_what_has_the_form_of_something_else_is_that(router: Router, text: str, intent: Intent) -> None:
    assert (await router.route(text, Thread())).intent is intent


@pytest.mark.parametrize("text", ["lunch", "birthday", "chair", "no way"])
async def test_words_that_people_drop_among_each_other_are_not_answered(router: Router, text: str) -> None:
    assert (await router.route(text, Thread(overheard=True))).intent is Intent.NOT_FOR_ME


def test_a_file_that_people_name_among_each_other_is_theirs() -> None:
    assert by_rule("plan.pdf", Thread()) == (Intent.SUMMARIZE_DOCUMENT, "names a file")
    assert by_rule("plan.pdf", Thread(overheard=True)) is None


@pytest.mark.parametrize("text", ["v2.1.0", "ana@heron.example", "https://heron.example/plan.pdf", "plan.pdf pages", "10.000"])
def test_other_things_are_no_files(text: str) -> None:
    assert by_rule(text, Thread()) is None


async def test_who_asks_around_among_others_asks_them_and_who_asks_us_asks_the_documents(router: Router) -> None:
    text = "Has anyone seen the red folder?"
    assert (await router.route(text, Thread(overheard=True))).intent is Intent.NOT_FOR_ME
    assert (await router.route(text, Thread())).intent is Intent.ASK


async def test_later_utterances_are_routed_almost_as_well(router: Router) -> None:
    assert await share(router, everything("utterances_later.yaml")) >= 0.9


async def test_a_follow_up_needs_a_thread_and_feedback_an_answer() -> None:
    router = Router(FakeSources().embed, embed_many)
    vectors = FakeSources()
    assert by_rule("and in France?", Thread()) is None
    assert by_rule("and in France?", Thread(has_turns=True)) == (Intent.FOLLOW_UP, "elliptic")
    assert by_rule("that's wrong", Thread(has_turns=True)) is None
    assert by_rule("that's wrong", TALKED) == (Intent.FEEDBACK, "judges")
    assert (await router.route("thanks", Thread())).by == "rule: greeting"
    assert vectors.embedded == []


def _bare(text: str) -> str:
    return "".join(_letters(text.lower()))


def _letters(text: str) -> Iterator[str]:
    return (c for c in text if c.isalnum())


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        ("How many days of leave do I get? Thanks, Kim", False),
        ("How many days of leave do I get?\n\nBest regards, Kim", False),
        ("Wie viele Urlaubstage habe ich? Viele Grüße, Jana", False),
        ("Can you check that, Kim?", True),
        ("Is it done? Ask her, Kim", True),
        ("Thanks for the hint, Kim", True),
    ],
)
def test_a_name_at_the_end_is_called_or_signs_a_question(text: str, *, is_call: bool) -> None:
    for thread in (Thread(), TALKED):
        assert (by_rule(text, thread) == (Intent.NOT_FOR_ME, "to somebody else")) is is_call


def test_an_apostrophe_is_one_whatever_it_was_typed_on() -> None:
    assert by_rule("I\u2019ll do it", Thread()) == by_rule("I'll do it", Thread()) == (Intent.NOT_FOR_ME, "tells")
