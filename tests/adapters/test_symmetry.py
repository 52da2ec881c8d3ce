"""One answer reads alike wherever it is heard, and the doors are built alike."""

import html
import inspect
import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from adapters import footnotes
from adapters.heard import Asked, Place
from adapters.slack import render as slack
from adapters.teams import render as teams
from adapters.web import render as web
from adapters.web.markdown import to_html
from bot.messages import Answer, Citation, Outcome, TurnId
from knowledge.documents import DocumentId, PassageId, Span

ADAPTERS = Path(footnotes.__file__).parent
URL = "https://footnote.acme.example"
TURN = TurnId("t1")
ASKED = Asked(
    place=Place(workspace="W", channel="C", thread="1.1", direct=False),
    person="U",
    message="1.1",
    text="How long is leave?",
    asked_at=datetime(2026, 3, 3, tzinfo=UTC),
)
SHARED = ("client", "door", "events", "install", "people", "render", "reply", "routes", "sdk")


def citation(n: int, document: str, title: str) -> Citation:
    return Citation(
        n=n,
        document=DocumentId(document),
        document_name=f"{document}.md",
        passage=PassageId(f"{document}-1-0"),
        title=title,
        url=None,
        source="handbook",
        page=None,
        heading=(title, "How long"),
        span=Span(10, 40),
        quote="Leave is 16 weeks & <paid>.",
        modified_at=datetime(2026, 3, 3, tzinfo=UTC),
    )


ANSWER = Answer(
    outcome=Outcome.ANSWER,
    text="Leave is **16 weeks** & <paid>. [1] It begins on the day of the birth. [2]\n\n- Ask [HR](https://evil.example)\n- Then wait",
    citations=(citation(1, "d1", "Parental leave"), citation(2, "d2", "Begin | of <leave>")),
    withheld=True,
    notice="I can say more in private.",
)


def read(text: str) -> list[str]:
    """The words that a person reads, in order: no signs of any markup, no addresses."""
    text = re.sub(r"<(https?://[^|>]*)\|([^>]*)>", r"\2", text)  # Slack's links
    text = re.sub(r"\\(?=[\[\]])", "", text)
    text = re.sub(r"\[(\[\d\])\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<sup[^>]*>.*?(\d)</a></sup>", r"[\1]", text)
    text = html.unescape(re.sub(r"</?(?:p|strong|ul|li|span|a|em|sup)\b[^>]*>", " ", text))
    return re.findall(r"\w+", text)


def in_slack() -> list[str]:
    message = slack.message(ANSWER, TURN, url=URL, asked=ASKED)
    return [
        text
        for block in message.blocks
        for text in (block.get("text"), *(one.get("text") for one in block.get("elements", [])))
        if isinstance(text, str)
    ]


def in_teams() -> list[str]:
    return str(teams.message(ANSWER, url=URL, asked=ASKED)["text"]).split("\n\n---\n\n")


def in_web() -> str:
    return web.outcome(ANSWER, web.Setting(email="ana@acme.example", name="Ana", place="#people", turn=TURN))


@pytest.mark.parametrize(
    "said", [pytest.param(lambda: in_slack()[0], id="Slack"), pytest.param(lambda: in_teams()[0].removesuffix(ANSWER.notice), id="Teams")]
)
def test_the_text_reads_alike_everywhere(said: object) -> None:
    assert callable(said)
    wanted = read(to_html(ANSWER.text, {n: f"[{n}]" for n in (1, 2)}))
    assert read(said()) == wanted
    assert "evil" not in said()


@pytest.mark.parametrize("number", [0, 1])
def test_the_sources_read_alike_everywhere(number: int) -> None:
    line = footnotes.source_line(ANSWER.citations[number], ANSWER)
    assert read(in_slack()[1].splitlines()[number])[1:] == read(html.escape(line))
    assert read(in_teams()[1].splitlines()[number])[1:] == read(html.escape(line))
    assert html.escape(line) in in_web()


def test_the_notice_is_shown_everywhere() -> None:
    assert ANSWER.notice in in_slack()
    assert ANSWER.notice in in_teams()[0]
    assert ANSWER.notice in in_web()


def test_every_footnote_opens_the_same_words_everywhere() -> None:
    slack_text, activity = str(slack.message(ANSWER, TURN, url=URL, asked=ASKED).blocks), teams.message(ANSWER, url=URL, asked=ASKED)
    claims = activity["entities"][0]["citation"]
    for one, claim in zip(ANSWER.citations, claims, strict=True):
        address = f"{URL}{footnotes.link(one)}"
        assert address in slack_text
        assert claim["appearance"]["url"] == address
        assert claim["position"] == one.n
        assert html.escape(footnotes.link(one, "ana@acme.example")) in in_web()


@pytest.mark.parametrize("name", SHARED)
def test_both_doors_have_the_same_files(name: str) -> None:
    assert (ADAPTERS / "slack" / f"{name}.py").is_file()
    assert (ADAPTERS / "teams" / f"{name}.py").is_file()


@pytest.mark.parametrize("name", ["door", "reply", "sdk"])
def test_what_answering_and_the_conversation_call_is_called_alike(name: str) -> None:
    def public(platform: str) -> dict[str, set[str]]:
        module = import_module(f"adapters.{platform}.{name}")
        made = {kind: one for kind, one in vars(module).items() if inspect.isclass(one) and one.__module__ == module.__name__}
        return {
            kind.removeprefix("Slack").removeprefix("Teams"): {method for method in vars(one) if not method.startswith("_")}
            for kind, one in made.items()
            if not kind.startswith("_")
        }

    assert public("slack") == public("teams")
