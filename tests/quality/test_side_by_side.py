"""The page of twenty questions, without asking them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.quality.side_by_side import Asked, page, questions, scripted

LEAVE = "Parental leave lasts 16 weeks. It is paid in full.\n* Tell People Operations early. Then rest. Come back when it is over."
PROMPT = (
    "{kind}\n<<source 1 k>>\nPets\nA dog may come.\n<<end of source 1 k>>\n"
    "<<source 2 k>>\nLeave\n{text}\n<<end of source 2 k>>\nQuestion: {asked}"
)
ASKED = Asked("q1", "How long is <parental> leave?", {"s1": LEAVE})


def prompt(kind: str = "Answer.", text: str = LEAVE, asked: str = ASKED.text) -> str:
    return PROMPT.format(kind=kind, text=text, asked=asked)


def answer(*documents: str, outcome: str = "answer") -> dict[str, Any]:
    citations = [{"n": n, "document": document, "title": f"Title {n}", "heading": ""} for n, document in enumerate(documents, start=1)]
    return {"outcome": outcome, "text": "It lasts <16> weeks.[1]", "citations": citations, "notice": None}


def test_questions_are_spread_evenly_over_those_that_are_judged(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps({"_id": f"s{n}", "text": f"Text {n}"}) + "\n" for n in range(12)))
    (tmp_path / "queries.jsonl").write_text("".join(json.dumps({"_id": f"q{n}", "text": f"Why {n}?"}) + "\n" for n in range(12)))
    judged = [f"q{n}\ts{n}\t{int(n < 8)}\n" for n in range(10)]
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(judged))
    assert questions(tmp_path, 4) == [Asked(f"q{n}", f"Why {n}?", {f"s{n}": f"Text {n}"}) for n in (0, 2, 4, 6)]


def test_the_scripted_model_writes_the_judged_section_from_the_source_that_holds_it() -> None:
    assert scripted(prompt(), [ASKED]) == "Parental leave lasts 16 weeks. [2] It is paid in full. [2] Tell People Operations early. [2]"
    assert scripted(prompt("Write one word: YES or NO."), [ASKED]) == "YES"


@pytest.mark.parametrize("other", [{"text": "A cat may not."}, {"asked": "Something else?"}])
def test_the_scripted_model_knows_nothing_else(other: dict[str, str]) -> None:
    assert scripted(prompt(**other), [ASKED]) == "UNANSWERED"
    assert scripted(prompt("Write one word: YES or NO.", **other), [ASKED]) == "NO"


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (answer("s1", "s2"), "the judged section first"),
        (answer("s2", "s1"), "the judged section, later"),
        (answer("s2"), "other sections"),
        (answer(), "other sections"),
        (answer("s1", outcome="refusal"), "not answered"),
    ],
)
def test_an_answer_is_judged_by_what_it_cites(given: dict[str, Any], verdict: str) -> None:
    assert ASKED.verdict(given) == verdict


def test_the_page_shows_what_was_said_and_takes_none_of_it_for_markup() -> None:
    made = page([ASKED], {"Then": {"q1": answer("s2")}, "Now": {"q1": answer("s1")}})
    assert "How long is &lt;parental&gt; leave?" in made
    assert "It lasts &lt;16&gt; weeks.<sup>1</sup>" in made
    assert "<th scope=row>Now</th><td>1</td><td>0</td><td>0</td><td>0</td>" in made
    assert made.index("Then</h3>") < made.index("Now</h3>")
