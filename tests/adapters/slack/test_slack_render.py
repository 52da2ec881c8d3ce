"""An answer as Slack's blocks: always of a size and shape that Slack takes, and nothing in it calls anybody or leads anywhere but to us."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters import footnotes
from adapters.heard import Asked, Place
from adapters.slack import render
from adapters.slack.events import FEEDBACK, PRIVATE, heard
from bot.messages import Answer, Citation, Outcome, TurnId, Verdict
from tests.adapters.slack import ANA, CHANNEL, DIRECT, TEAM, TS, TURN, pressed
from tests.adapters.web.web_house import citation
from tests.peers.slack import TEXT_LIMIT, wrong_with

URL = "https://footnote.acme.example"
EVIL = "http://evil.example"
WHEN = datetime(2023, 11, 14, tzinfo=UTC)
IN_CHANNEL = Asked(
    place=Place(workspace=TEAM, channel=CHANNEL, thread=TS, direct=False), person=ANA, message=TS, text="How long?", asked_at=WHEN
)
IN_PRIVATE = replace(IN_CHANNEL, place=Place(workspace=TEAM, channel=DIRECT, thread=TS, direct=True))
ELSEWHERE = replace(IN_PRIVATE, elsewhere=True)
ANSWER = Answer(outcome=Outcome.ANSWER, text="It lasts **26 weeks** [1].", citations=(citation(),))
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

Block = dict[str, Any]


def rendered(answer: Answer, asked: Asked = IN_CHANNEL, url: str = URL) -> render.Message:
    return render.message(answer, TurnId(TURN), url=url, asked=asked)


def only(message: render.Message, kind: str) -> list[Block]:
    return [block for block in message.blocks if block["type"] == kind]


def markdown(message: render.Message) -> str:
    """The answer's own block."""
    (block,) = only(message, "markdown")
    return str(block["text"])


def contexts(message: render.Message) -> list[str]:
    """What stands small: the question, the sources, the notice."""
    return [element["text"] for block in only(message, "context") for element in block["elements"]]


def texts(value: object) -> Iterator[str]:
    """Every text of a message, wherever it stands."""
    if isinstance(value, str):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from texts(child)


def followed(text: str) -> list[str]:
    """Where the links and images of a Markdown text lead."""
    tokens = [inner for token in MARKDOWN.parse(text) for inner in (token, *(token.children or []))]
    return [str(token.attrs[name]) for token in tokens for name in ("href", "src") if name in token.attrs]


def cited(text: str, count: int = 1, **changes: object) -> Answer:
    """An answer of that text, with so many sources."""
    return replace(ANSWER, text=text, citations=tuple(citation(n, **changes) for n in range(1, count + 1)))  # type: ignore[arg-type]


# One message: the text, a thin rule, the sources, the buttons.


def test_a_message_is_the_text_a_rule_the_sources_and_the_buttons() -> None:
    message = rendered(ANSWER)
    assert [block["type"] for block in message.blocks] == ["markdown", "divider", "context", "context_actions"]
    link = f"{URL}{footnotes.link(citation())}"
    assert markdown(message) == rf"It lasts **26 weeks** [\[1\]]({link})."
    assert contexts(message) == [f"[1] <{link}|Leave> · Handbook · updated 3 Mar 2026"]
    assert message.text == "It lasts 26 weeks [1]."


def test_a_message_carries_its_turn_as_metadata() -> None:
    assert rendered(ANSWER).metadata == {"event_type": "footnote_answer", "event_payload": {"turn": TURN}}


def test_without_a_public_address_footnotes_are_words() -> None:
    message = rendered(ANSWER, url="")
    assert markdown(message) == "It lasts **26 weeks** [1]."
    assert contexts(message) == ["[1] Leave · Handbook · updated 3 Mar 2026"]


def test_a_private_answer_to_what_was_asked_elsewhere_says_what_it_answers() -> None:
    assert contexts(rendered(ANSWER, ELSEWHERE))[0] == "The question: How long?"
    assert "The question" not in str(rendered(ANSWER, IN_PRIVATE).blocks)


def test_a_long_question_is_repeated_only_at_its_beginning() -> None:
    (line, *_) = contexts(rendered(ANSWER, replace(ELSEWHERE, text="why " * 1_000)))
    assert line.endswith("why …")
    assert len(line) < 320


def test_a_notice_stands_below_the_sources() -> None:
    assert contexts(rendered(replace(ANSWER, notice="I can say more in private.")))[-1] == "I can say more in private."


def test_a_refusal_is_its_sentence_and_nothing_else() -> None:
    message = rendered(Answer(outcome=Outcome.REFUSAL, text="I found nothing."))
    assert message.blocks == [{"type": "markdown", "text": "I found nothing."}]
    assert message.text == "I found nothing."


# Buttons, only where they make sense.

OFFER, JUDGE = "actions", "context_actions"


@pytest.mark.parametrize(
    ("answer", "asked", "buttons"),
    [
        pytest.param(ANSWER, IN_CHANNEL, [JUDGE], id="an answer can be judged"),
        pytest.param(ANSWER, IN_PRIVATE, [JUDGE], id="a private one too"),
        pytest.param(replace(ANSWER, withheld=True), IN_CHANNEL, [OFFER, JUDGE], id="where more could be said, it is offered"),
        pytest.param(replace(ANSWER, withheld=True), IN_PRIVATE, [JUDGE], id="in private there is nothing to offer"),
        pytest.param(replace(ANSWER, withheld=True), ELSEWHERE, [JUDGE], id="nor in a private answer"),
        pytest.param(replace(ANSWER, citations=(), withheld=True), IN_CHANNEL, [OFFER], id="without sources there is nothing to judge"),
        pytest.param(Answer(outcome=Outcome.REFUSAL, text="Nothing."), IN_CHANNEL, [], id="a refusal is not judged"),
        pytest.param(Answer(outcome=Outcome.APOLOGY, text="Sorry."), IN_PRIVATE, [], id="nor an apology"),
    ],
)
def test_buttons_stand_where_they_make_sense(answer: Answer, asked: Asked, buttons: list[str]) -> None:
    assert [block["type"] for block in rendered(answer, asked).blocks if block["type"] in {OFFER, JUDGE}] == buttons


def test_what_our_buttons_say_is_heard_when_they_are_pressed() -> None:
    message = rendered(replace(ANSWER, withheld=True))
    (judge,) = only(message, JUDGE)[0]["elements"]
    (offer,) = only(message, OFFER)[0]["elements"]
    wanted = heard(pressed(offer["action_id"], offer["value"]))
    good, bad = (heard(pressed(judge["action_id"], judge[f"{side}_button"]["value"])) for side in ("positive", "negative"))
    assert (offer["action_id"], judge["action_id"]) == (PRIVATE, FEEDBACK)
    assert [one.turn for one in (wanted, good, bad)] == [TURN] * 3  # type: ignore[union-attr]
    assert [one.verdict for one in (good, bad)] == [Verdict.HELPFUL, Verdict.NOT_HELPFUL]  # type: ignore[union-attr]


# Nothing but what the answer says is shown.


def test_nothing_of_a_source_is_shown_but_its_title_place_and_date() -> None:
    secret = citation(document_name="secret-name", quote="secret quote", heading=("secret heading",), url="https://secret.example")
    shown = json.dumps(rendered(replace(ANSWER, citations=(secret,), withheld=True)).blocks)
    assert "secret" not in shown
    assert str(secret.passage) not in shown.replace(URL, "")


def test_what_is_withheld_leaves_no_trace_but_the_offer() -> None:
    refusal = Answer(outcome=Outcome.REFUSAL, text="I found nothing.", notice="I can say more in private.", doubt=0.9)
    plain, more = rendered(refusal), rendered(replace(refusal, withheld=True))
    assert [block for block in more.blocks if block["type"] != OFFER] == plain.blocks
    assert (more.text, more.metadata) == (plain.text, plain.metadata)


def test_two_passages_of_one_document_are_told_apart() -> None:
    two = replace(ANSWER, citations=(citation(page=4), citation(2, page=9)))
    assert re.findall(r"\|([^>]*)>", contexts(rendered(two))[0]) == ["Leave, page 4", "Leave, page 9"]


# Sizes that Slack takes.

LONG = "Parental leave lasts 26 weeks [1]. " * 1_200
HUGE = cited(LONG[:40_000], 60, title="A <title> & more | " * 15)
UNBROKEN = cited("x" * 40_000, 60)


@pytest.mark.parametrize("url", [URL, ""], ids=["with an address", "without"])
@pytest.mark.parametrize("asked", [IN_CHANNEL, ELSEWHERE], ids=["in a channel", "in private"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HUGE, id="a very long answer with 60 sources of long titles"),
        pytest.param(UNBROKEN, id="40,000 characters without a space"),
        pytest.param(cited("&<>" * 13_000, 3), id="signs that grow when they are escaped"),
        pytest.param(cited("\n" * 20_000 + "x", 3), id="lines of nothing"),
        pytest.param(cited("[1]" * 13_000, 1), id="nothing but footnotes"),
        pytest.param(cited("Short [1].", 60, title="&" * 300), id="titles of signs"),
        pytest.param(cited("Short [1].", 1, title="x" * 5_000), id="a title that has no room at all"),
        pytest.param(cited("Short [1].", 2, title=""), id="no title"),
        pytest.param(cited("*", 0), id="a text of signs only"),
        pytest.param(replace(HUGE, withheld=True, notice="I can say more in private."), id="all there can be"),
    ],
)
def test_whatever_an_answer_holds_slack_takes_it(answer: Answer, asked: Asked, url: str) -> None:
    message = rendered(answer, replace(asked, text="? & " * 10_000), url)
    assert list(wrong_with(message.blocks)) == []
    assert len(message.text) <= TEXT_LIMIT


def test_all_blocks_together_are_no_longer_than_slack_takes() -> None:
    answer = replace(HUGE, notice="I can say more in private.")
    message = rendered(answer, replace(ELSEWHERE, text="<<>>&& " * 60))
    assert sum(map(len, [markdown(message), *contexts(message)])) <= 13_000


def test_of_many_sources_as_many_are_shown_as_have_room_and_the_rest_is_counted() -> None:
    lines = contexts(rendered(HUGE))[0].split("\n")
    assert lines[-1] == f"and {60 - len(lines) + 1} more"
    assert [line.split(" ")[0] for line in lines[:-1]] == [f"[{n}]" for n in range(1, len(lines))]
    assert len(lines) > 2


def test_a_long_answer_ends_with_a_whole_word() -> None:
    text = markdown(rendered(HUGE))
    assert text.endswith(" …")
    assert text.removesuffix(" …").endswith(("lasts", "leave", "26", "weeks", "Parental", "."))


def test_an_answer_that_just_fits_is_whole() -> None:
    fits = "w" * 8_000
    assert markdown(rendered(cited(fits, 0))) == fits
    assert markdown(rendered(cited(fits + "w", 0))).endswith("w …")


# Nobody is called, and nothing leads anywhere but to us.

CALLS = [
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<@U1>",
    "<#C1>",
    "<!subteam^S1>",
    "<http://evil.example|click>",
    "<mailto:a@evil.example>",
]
LINKS = [
    f"[x]({EVIL})",
    f"![x]({EVIL})",
    f"![]({EVIL})",
    f'[x]({EVIL} "title")',
    f"[x](<{EVIL}>)",
    f"[[x]({EVIL})]({EVIL})",
    f"[x][y]\n\n[y]: {EVIL}",
    f"[x]\n\n[x]: {EVIL}",
    f"[x][]\n\n[x]: <{EVIL}> 'title'",
    f"<{EVIL}>",
    "<a@evil.example>",
    f"[x](\n{EVIL}\n)",
    f"\\[x]({EVIL})",
    f"[x\\]({EVIL})",
    f"[x [1] y]({EVIL})",
    f"[*x*]({EVIL})",
    "[x](javascript:alert(1))",
    f"<a href='{EVIL}'>x</a>",
    f"<img src={EVIL}>",
    f"| a |\n|---|\n| [x]({EVIL}) |",
]


@pytest.mark.parametrize("url", [URL, ""], ids=["with an address", "without"])
@pytest.mark.parametrize("evil", [*CALLS, *LINKS])
def test_no_text_of_an_answer_calls_anybody_or_leads_away(evil: str, url: str) -> None:
    message = rendered(cited(f"See {evil} [1]."), url=url)
    assert all(place.startswith(f"{URL}/d/") for place in followed(markdown(message)))
    assert "<" not in markdown(message) + message.text


@pytest.mark.parametrize("evil", [*CALLS, *LINKS])
def test_no_title_source_notice_or_question_calls_anybody_or_leads_away(evil: str) -> None:
    answer = replace(cited("Yes [1].", title=evil, source=evil, heading=(evil,), quote=evil), notice=evil)
    message = rendered(answer, replace(ELSEWHERE, text=evil))
    marks = re.findall(r"<([^>]*)>", "\n".join(contexts(message)))
    assert [mark.partition("|")[0] for mark in marks] == [f"{URL}{footnotes.link(answer.citations[0])}"]
    assert [mark.count("|") for mark in marks] == [1]


def test_what_stands_small_is_read_by_slack_as_it_stands() -> None:
    message = rendered(replace(ANSWER, notice="Ask in #people."), ELSEWHERE)
    assert all(element["verbatim"] is True for block in only(message, "context") for element in block["elements"])


def test_a_documents_name_cannot_leave_its_address() -> None:
    (line,) = contexts(rendered(replace(ANSWER, citations=(citation(document="d|x>\n<!channel>"),))))
    assert line.startswith(f"[1] <{URL}/d/d%7Cx%3E%0A%3C%21channel%3E?")


@pytest.mark.parametrize("evil", [f"[1]({EVIL})", f"![1]({EVIL})", f"[1]: {EVIL}\n\n[1]", f'[1]({EVIL} "x")'])
def test_a_mark_is_no_words_of_a_link(evil: str) -> None:
    assert followed(markdown(rendered(cited(evil), url=""))) == []


def test_a_footnote_after_an_exclamation_mark_is_a_link() -> None:
    tokens = [inner.type for token in MARKDOWN.parse(markdown(rendered(cited("Stop![1]")))) for inner in token.children or []]
    assert "link_open" in tokens
    assert "image" not in tokens


@pytest.mark.parametrize("code", ["`argv[1]`", "```\nargv[1]\n```"])
def test_code_stays_code(code: str) -> None:
    assert code in markdown(rendered(cited(f"Use {code}\n\nand see [1].")))


def test_a_source_is_one_line_whatever_its_title() -> None:
    (line,) = contexts(rendered(cited("Yes [1].", title="Parental\nleave")))
    assert "\n" not in line


PIECES = st.sampled_from(
    [
        *'[]()!<>:\\ \n*|`@#"&~-_x',
        EVIL,
        "[1]",
        "[2]",
        "[x]",
        "![",
        "](",
        "]:",
        "&lt;",
        "&#91;",
        "<!channel>",
        "```\n",
        "\n\n",
        "    ",
        *LINKS,
    ]
)


@given(st.lists(PIECES, min_size=1, max_size=10).map("".join))
def test_whatever_stands_together_leads_nowhere_but_to_us(text: str) -> None:
    message = rendered(cited(text, 2))
    assert all(place.startswith(f"{URL}/d/") for place in followed(markdown(message)))
    assert not set("<") & set(markdown(message) + message.text)


@given(
    st.text(min_size=1, max_size=300).filter(str.strip),
    st.lists(st.text(max_size=300), max_size=5),
    st.text(max_size=200).filter(lambda notice: not notice or bool(notice.strip())),
)
def test_any_words_make_a_message_that_slack_takes(text: str, titles: list[str], notice: str) -> None:
    sources: tuple[Citation, ...] = tuple(citation(n, title=title) for n, title in enumerate(titles, 1))
    message = rendered(replace(ANSWER, text=text, citations=sources, notice=notice), replace(ELSEWHERE, text=text))
    assert list(wrong_with(message.blocks)) == []
    assert json.loads(json.dumps(message.blocks)) == message.blocks
