"""An answer as a Teams activity: of a size and shape that Teams takes, and nothing in it leads anywhere but to us."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters import footnotes
from adapters.heard import Asked, Place, Sought, turn_of
from adapters.teams import events, render
from bot.messages import Answer, Citation, Outcome, Verdict
from tests.adapters.teams.test_teams_events import ANA, ROOT, SERVICE, TENANT, mention
from tests.adapters.web.web_house import citation
from tests.peers.teams import SIZE_LIMIT

URL = "https://footnote.acme.example"
IN_CHANNEL = Asked(
    place=Place(workspace=TENANT, channel=ROOT.partition(";")[0], thread=ROOT, direct=False, via=SERVICE),
    person=ANA,
    message="1700000000001",
    text="How long?",
    asked_at=datetime(2026, 3, 3, tzinfo=UTC),
)
IN_PRIVATE = replace(IN_CHANNEL, place=replace(IN_CHANNEL.place, channel="a:1", thread="a:1", direct=True))
ELSEWHERE = replace(IN_PRIVATE, elsewhere=True, message="turn:person")
TURN = turn_of("teams", IN_CHANNEL)
ANSWER = Answer(outcome=Outcome.ANSWER, text="It lasts **26 weeks** [1].", citations=(citation(),))
WITHHELD = replace(ANSWER, withheld=True, notice="I can say more in private.")
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def rendered(answer: Answer = ANSWER, asked: Asked = IN_CHANNEL, url: str = URL) -> dict[str, Any]:
    return render.message(answer, url=url, asked=asked)


def followed(text: str) -> list[str]:
    """Where the links and images of a Markdown text lead."""
    tokens = [inner for token in MARKDOWN.parse(text) for inner in (token, *(token.children or []))]
    return [str(token.attrs[name]) for token in tokens for name in ("href", "src") if name in token.attrs]


def sources(count: int, **changes: object) -> tuple[Citation, ...]:
    return tuple(citation(n, **changes) for n in range(1, count + 1))  # type: ignore[arg-type] # any field


def test_an_answer_is_its_text_a_rule_and_its_sources_with_their_claims() -> None:
    message = rendered()
    assert message["text"] == "It lasts **26 weeks** [1].\n\n---\n\n[1] Leave · Handbook · updated 3 Mar 2026"
    assert message["replyToId"] == IN_CHANNEL.message
    (root,) = message["entities"]
    (claim,) = root["citation"]
    assert claim["appearance"]["url"] == f"{URL}{footnotes.link(citation())}"
    assert message["channelData"] == {"feedbackLoop": {"type": "default"}}


def test_without_a_public_address_a_citation_leads_nowhere() -> None:
    assert "url" not in rendered(url="")["entities"][0]["citation"][0]["appearance"]


def test_where_nothing_is_cited_there_is_nothing_to_judge_and_no_label() -> None:
    message = rendered(Answer(outcome=Outcome.REFUSAL, text="I found nothing."))
    assert message["text"] == "I found nothing."
    assert "channelData" not in message
    assert "additionalType" not in message["entities"][0]


def test_more_in_private_is_a_button_that_comes_back_as_the_wish_for_it() -> None:
    (attachment,) = render.private_offer(TURN)["attachments"]
    (button,) = attachment["content"]["actions"]
    heard = events.heard(mention(text="", value=button["data"]))
    assert isinstance(heard, Sought)
    assert heard.turn == TURN


def test_an_answer_to_what_was_asked_elsewhere_says_what_it_answers_and_hangs_on_no_message() -> None:
    message = rendered(asked=replace(ELSEWHERE, text="How\nlong? " + "why " * 200))
    assert message["text"].startswith("The question: How long? why why")
    assert len(message["text"].partition("\n\n")[0]) < 320
    assert "replyToId" not in message
    assert "The question" not in rendered(asked=IN_PRIVATE)["text"]


@pytest.mark.parametrize("verdict", [("like", Verdict.HELPFUL), ("dislike", Verdict.NOT_HELPFUL)])
def test_the_feedback_that_teams_gives_out_is_heard(verdict: tuple[str, Verdict]) -> None:
    value = {"actionName": "feedback", "actionValue": {"reaction": verdict[0], "feedback": "{}"}}
    heard = events.heard(mention(type="invoke", name=events.FEEDBACK, value=value, replyToId="1"))
    assert getattr(heard, "verdict", None) is verdict[1]


@given(
    st.text(),
    st.text(),
    st.integers(0, 30),
    st.sampled_from(["", "[x](http://evil.example)", "![x](http://evil.example)", "[x]: http://evil.example", "<http://evil.example>"]),
)
def test_any_answer_is_taken_and_leads_nowhere_else(text: str, title: str, count: int, trap: str) -> None:
    answer = replace(WITHHELD, text=f"{text} {trap} [1]" * 20, citations=sources(count, title=title + trap, quote=text))
    message = rendered(answer, replace(ELSEWHERE, text=trap + text))
    assert [each for each in followed(message["text"]) if "evil" in each] == []
    assert len(message["entities"][0].get("citation", [])) <= 20
    for claim in message["entities"][0].get("citation", []):
        assert 1 <= len(claim["appearance"]["name"]) <= 80
        assert 1 <= len(claim["appearance"]["abstract"]) <= 160


MOST_BYTES = 28_000  # about what Teams takes
SIGNS = ["w", "\u00fc", "\u4e16", "\U0001f600", '"', "\\", "&", "\n", "\x01", "\ud800", "[1]"]


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
@pytest.mark.parametrize("cited", [0, 1, 20])
def test_the_longest_answer_fits_and_keeps_what_stands_around_it(sign: str, cited: int) -> None:
    long = sign * 30_000
    answer = replace(WITHHELD, text=f"It lasts {long}", citations=sources(cited, title=f"t{long}", quote=f"q{long}"))
    message = rendered(answer, replace(ELSEWHERE, text=f"why {long}"))
    sent = json.dumps(message | {"id": "1" * 20}, ensure_ascii=False)
    assert len(sent.encode("utf-8", "replace")) < MOST_BYTES
    assert len(sent.encode("utf-16-le", "surrogatepass")) <= SIZE_LIMIT
    asked, text = message["text"].split("\n\n", 1)
    assert asked.startswith("The question: why")
    assert text.startswith("It lasts")
    assert "I can say more in private." in text
    assert len(re.findall(r"^\[[0-9]+\] t", text.rpartition("---")[2], re.MULTILINE)) == cited
    assert len(json.dumps(text.partition("\n\n---")[0])) > 2_000 or sign == "\n", "much of the answer is left"


@pytest.mark.parametrize("sign", ["w", "\u00fc", "\u4e16", "\U0001f600"], ids=ascii)
def test_a_long_answer_is_cut_no_shorter_than_need_be(sign: str) -> None:
    sent = json.dumps(rendered(replace(ANSWER, text=sign * 30_000)), ensure_ascii=False).encode()
    assert 25_900 < len(sent) <= 26_000
    assert json.loads(sent)["text"].partition("\n\n---")[0].strip(sign) == "\u2026"


def test_an_answer_that_fits_is_not_cut() -> None:
    text = "w" * 20_000
    assert rendered(replace(ANSWER, text=text))["text"].startswith(f"{text}\n\n---")
