"""What a message asks, apart from what is said around it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.demo.questions import judged
from bot.intents.asked_part import asked_part, beside, judged_by, without_chatter
from bot.intents.subject import content
from bot.words import words
from tests.waiting import PATIENCE_S, assert_linear

LEAVE = "How many days of leave do I get?"
STORY = "I moved here in May and my manager is away."
PASTED = "A word of a text that was pasted. " * 80


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        pytest.param(f"Hi there! {LEAVE}", LEAVE, id="a greeting"),
        pytest.param(f"Good morning @footnote, {LEAVE}", LEAVE, id="a greeting before a comma"),
        pytest.param(f"{LEAVE} Thanks a lot in advance!", LEAVE, id="thanks"),
        pytest.param(f"{LEAVE} Thanks, Robin Marsh", LEAVE, id="thanks and a name"),
        pytest.param(f"{LEAVE}\nMany thanks.\nRobin Marsh", LEAVE, id="thanks that end like a sentence"),
        pytest.param("hotel limit London thanks", "hotel limit London", id="thanks after words"),
        pytest.param(f"{STORY} {LEAVE}", LEAVE, id="a story before"),
        pytest.param(f"{LEAVE} {STORY}", LEAVE, id="a story after"),
        pytest.param(f"I have been here for a month and nobody could tell me, so: {LEAVE}", LEAVE, id="a story before a colon"),
        pytest.param(f"Quick one - no rush at all - {LEAVE} (I looked around)", LEAVE, id="dashes and brackets"),
        pytest.param("could somebody tell me, as I am new here: hotel limit London", "hotel limit London", id="words after a colon"),
        pytest.param(
            "We cannot agree, can you please tell us how many days of leave I get?",
            "how many days of leave I get?",
            id="a question in a question",
        ),
        pytest.param("I was wondering whether I may bring a dog", "whether I may bring a dog", id="a question in a statement"),
        pytest.param(
            "For the Berlin office, can you tell me what the hotel limit is?",
            "For the Berlin office, what the hotel limit is?",
            id="a condition before a frame",
        ),
        pytest.param(
            "If I quit during probation, can you tell me what the notice period is?",
            "If I quit during probation, what the notice period is?",
            id="a condition of who asks before a frame",
        ),
        pytest.param("I\u2019ve got a quick question. Hotel limit London?", "Hotel limit London?", id="an apostrophe of a phone"),
        pytest.param("Hallo zusammen, wie viele Urlaubstage habe ich? Danke!", "wie viele Urlaubstage habe ich?", id="German"),
        pytest.param("Bonjour à tous, combien de jours ai-je cette année ? Merci", "combien de jours ai-je cette année ?", id="French"),
        pytest.param(f"{LEAVE}\n--\nRobin Marsh\nOperations", LEAVE, id="a signature's delimiter"),
        pytest.param(f"{LEAVE}\nViele Grüße\nRobin Marsh", LEAVE, id="a German signature"),
        pytest.param("Could anybody tell me the hotel limit in London?", "the hotel limit in London?", id="told, not asked"),
        pytest.param(f"Asking for a friend who is shy. {LEAVE}", LEAVE, id="for a friend"),
        pytest.param(
            "Hi all, hope your week is going well. How long is parental leave there? Thank you so much!",
            "How long is parental leave there?",
            id="a wish before a question that leans",
        ),
        pytest.param(
            "A colleague is too busy to write, so I am asking for her. How long is parental leave there?",
            "How long is parental leave there?",
            id="for a friend, and it leans",
        ),
        pytest.param(f"Not sure if this is the right channel. {LEAVE} Any hints would be great.", LEAVE, id="about asking"),
        pytest.param("Can anybody help me out here? hotel limit London", "hotel limit London", id="a question about nothing"),
        pytest.param(
            f"Dear all,\n\nI hope this finds you well.\n\n{LEAVE}\n\nKind regards,\nRobin Marsh\nOperations\n+44 1632 960 001",
            LEAVE,
            id="an e-mail",
        ),
    ],
)
def test_what_leads_to_a_question_and_follows_it_is_not_asked(message: str, asked: str) -> None:
    assert asked_part(message) == asked


@pytest.mark.parametrize(
    "message",
    [
        "Parental leave: how many days do I get?",
        "If I am ill abroad: whom do I call?",
        "hotel limit London",
        "Hotels - limit in London",
        "My laptop was stolen. What do I do?",
        "You say that storage is unlimited. Can you clarify?",
        "I get ERR-4032 when I start the connection. How do I fix the network problem?",
        "How many days do I get? And in Germany?",
        "How many days do I get? Full time, London office.",
        "What do I need to know when travelling to Chile?",
        "What is the rule (e.g. for trains)?",
        "Thanks to the new rule, how many days do I get?",
        "I have a question about parental leave",
        "who gets thank you bonuses",
        "Evening meal limit in Paris?",
        "Morning shift allowance",
        "Hi-vis jackets: who orders them?",
        "Good day care near the office",
        "Thank you gifts for customers: what is the limit?",
        "Not urgent tickets: what is the response time?",
        "First time buyers: which discount do we give?",
        "Dear customer letters, who signs them: sales or legal?",
        "how do I deploy to staging? it says: permission denied (publickey)",
        "We read the policy on hotels (London: £210) of May. Is it true?",
        "I have a question about parental leave: how long is it?",
        "This is Germany. Who signs?",
        "Hi there",
        "Thanks!",
        "Can I ask something?",
        "",
        "?",
        PASTED,
        f"What does this mean? {PASTED}",
        "word " * 500 + "how many words?" + " word" * 500,
    ],
)
def test_what_says_something_of_the_question_stays(message: str) -> None:
    assert asked_part(message) == message


@pytest.mark.parametrize("message", [f"Hi there, {LEAVE} {PASTED}", f"{PASTED}\n\n{LEAVE} Thanks, Kim", f"{PASTED} {LEAVE}"])
def test_what_is_asked_around_a_text_that_was_pasted_is_asked_without_it(message: str) -> None:
    assert asked_part(message) == LEAVE
    assert (beside(message), judged_by(message, LEAVE)) == ("", LEAVE)


def test_the_codes_of_a_text_that_was_pasted_are_searched_beside_what_is_asked_of_it() -> None:
    message = f"{LEAVE} {PASTED} ERR-4032 {PASTED}"
    assert (asked_part(message), beside(message), judged_by(message, LEAVE)) == (LEAVE, message, LEAVE)


def test_questions_without_anything_around_them_stay_as_they_are() -> None:
    assert [one.text for one in judged() if asked_part(one.text) != one.text] == []


def test_a_question_of_few_words_is_doubted_with_what_it_leans_on() -> None:
    message = "I am asking for my intern in Berlin. Does she get any?"
    assert asked_part(message) == message
    assert judged_by(message, message) == message


def test_who_asks_is_searched_beside_the_question_and_greetings_are_not() -> None:
    assert beside(f"Hi all! {STORY} {LEAVE} Thanks!") == f"{STORY} {LEAVE}"
    assert [beside(one) for one in (LEAVE, f"Hi all! {LEAVE}", f"Could you tell me: {LEAVE}")] == [""] * 3


SAID = (
    LEAVE,
    STORY,
    "I'm on probation. What is the notice period?",
    "I am a contractor in Germany. How many days of leave do I get?",
    "I have a question about parental leave: how long is it?",
    "I need help with the Oslo VPN: how do I reset the password?",
    "For the Berlin office, can you tell me what the hotel limit is?",
    "If I quit during probation, can you tell me what the notice period is?",
    "In Berlin I never know what the meal limit is, does anybody know how much a breakfast may cost?",
    "I'm on the Basic plan and would like to know if the dentist is covered",
    "would somebody who knows the new CRM show me how to export leads?",
    "I'm asking on behalf of a contractor in Spain. Do contractors get sick pay?",
    "I am asking for my intern in Berlin. How many days of leave does she get?",
    "Asking for my team in Poland: which holidays apply?",
    "My name is Lee from Payroll Ireland. Which form is the P45?",
    "This is Germany. Who signs?",
    "It's Saturday in Dubai. Is support open?",
    "We looked around and found that hotels in Bern cost 250. May I book one?",
    "I tried to find hotels in Bern under 200 and could not. May I exceed the limit?",
    "Thank you gifts for customers: what is the limit?",
    "Not urgent tickets: what is the response time?",
    "First time buyers: which discount do we give?",
    "No rush shipping: what does it cost?",
    "I appreciate that hotels are 180. Does breakfast count on top?",
    "I hope that the notice period is 3 months. Is it?",
    "how do I deploy to staging? it says: permission denied (publickey)",
    "how do I deploy to staging? I get: permission denied (publickey)",
    "I read the policy on hotels (London: £210). Is breakfast included?",
    "I work from Portugal two months a year - do I need a tax form?",
    "how many hours may I work - I'm under 18",
    "who gets thank you bonuses",
    "Evening meal limit in Paris?",
    "Hi-vis jackets: who orders them?",
    "Good day care near the office",
    "How do I exclude a folder in rg (not node_modules)? I tried `--glob !node_modules`",
    "SELECT * FROM users WHERE id = 1; -- why is it slow?",
    "I am a contractor.\n---\nHow many days of leave do I get?",
    "The error log says:\n-----\nERR timeout\n-----\nHow do I fix the timeout?",
    "Subject: notice period\n--\nI am on probation in France. What is my notice period?",
    "Where is the travel policy?\nThanks!\n\nAnd what is the hotel limit in London?",
    "Where is the travel policy?\nThanks\nP.S. the recipient is a public official",
    "What's the hotel limit?\nThanks\nThe Berlin office needs it, too.",
    "What's the hotel limit?\nThanks, and the same for Paris please",
    "Let me know the hotel limit for London.",
    "Please let me know about our parental leave policy",
    "Can you give me access to the Jira project Atlas?",
    "Can you remind me to submit expenses?",
    "Sorry for the late request, can I still enter the March expenses?",
    "- hotel limit London\n- meal limit Paris\n- who approves?",
    "We are in Austria, so: how many public holidays are there?",
    "Ich bin Werkstudent in Berlin. Habe ich Anspruch auf Urlaub?",
    "Dear customer letters, who signs them: sales or legal?",
)
"""What may be asked, without a greeting and a signature."""
EMPTY = words("thanks show remind question help anybody somebody sorry")
"""What people say of asking."""
GREETINGS = ("", "Hi all, ", "Good morning! ", "Hallo zusammen, ", "Dear colleagues,\n\n", "Hey @robin ", "Thanks! ")
ENDINGS = ("", " Thanks!", "\nThanks a lot in advance", "\n\nKind regards,\nRobin Marsh\nOperations", "\n--\nRobin Marsh", " Danke!")


def carried(text: str) -> set[str]:
    return {word.lower() for word in content(text)}


@given(
    said=st.lists(st.sampled_from(SAID), min_size=1, max_size=3),
    greeting=st.sampled_from(GREETINGS),
    ending=st.sampled_from(ENDINGS),
    apostrophe=st.sampled_from("'\u2019"),
)
def test_nothing_that_says_something_is_lost_to_search_and_extracts(said: list[str], greeting: str, ending: str, apostrophe: str) -> None:
    core = "\n".join(said).replace("'", apostrophe)
    message = f"{greeting}{core}{ending}"
    asked, more = asked_part(message), beside(message)
    assert carried(core) - EMPTY <= carried(asked) | carried(more)
    assert carried(core) - EMPTY <= carried(judged_by(message, asked))


@pytest.mark.parametrize("query", ["notice period Germany", "What is the notice period?"])
def test_extracts_are_chosen_by_the_condition_too(query: str) -> None:
    message = "Hi! I'm on probation. What is the notice period?"
    assert carried(judged_by(message, query)) == carried(query) | {"probation", "notice", "period"} - {"hi"}
    assert judged_by("What is the notice period?", query) == query


@pytest.mark.parametrize(
    "seed",
    ["a thanks b: i", "a\n", "i ", "a - ", ": ", "can you ", "just a ", "dear A, ", "thanks, ", "a? (", ".", "not sure "],
)
@pytest.mark.timeout(PATIENCE_S)  # the longest that is taken apart takes milliseconds
def test_long_messages_of_whatever_take_no_time(seed: str) -> None:
    """What was read before is remembered, so each is read but once."""
    numbers = itertools.count()
    taken_apart, small, large = ((seed * size)[:size] for size in (1_999, 2_100, 42_000))
    asked_part(taken_apart)
    assert_linear(lambda message: asked_part(f"{next(numbers)}{message}"), small, large, 20)


WORDS = ("Hi all,", "thanks", "tell me", "how", "what", LEAVE, STORY, ":", "-", "(", ")", "?", "!", ".", "\n", "cheers", "leave", "E22")


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join) | st.text(max_size=80))
def test_whatever_is_said_something_is_asked_and_nothing_is_added(message: str) -> None:
    for part in (asked_part(message), without_chatter(message)):
        assert bool(part.strip()) == bool(message.strip())
        assert all(word in message for word in part.split())
