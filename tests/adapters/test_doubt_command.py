"""`footnote doubt`: the picture of the trade-off, and judged questions that teach it."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.cli import cli
from adapters.trade_off import as_svg, as_text
from bot.calibration import Judged, trade_off
from bot.doubt import Thresholds

Footnote = Callable[..., Result]
POINTS = list(trade_off([Judged(0.2, answerable=True), Judged(0.7, answerable=True), Judged(0.9, answerable=False)], (0.0, 0.5, 1.0)))
THRESHOLDS = Thresholds(0.5, 0.8)
LEAVE = (
    "Parental leave is twenty weeks for every parent. Receipts for travel are due within thirty days. Hotels in Oslo cost up to 190 euros."
)


@pytest.fixture
def footnote(tmp_path: Path) -> Footnote:
    def run(*arguments: str) -> Result:
        return CliRunner(env={"FOOTNOTE_HOME": str(tmp_path / "home"), "WEAVIATE_URL": None}).invoke(cli, list(arguments))

    return run


def test_a_terminal_gets_two_bars_a_threshold_and_where_we_stand() -> None:
    assert as_text(POINTS, THRESHOLDS).splitlines()[1:] == [
        "0.00   ████████████████████  100%    ████████████████████  100%",
        "0.50   ██████████             50%    ████████████████████  100%  < the nearest",
        "1.00                           0%                            0%",
    ]


def test_the_picture_is_svg_with_names_at_its_lines_and_its_numbers_in_a_table() -> None:
    drawn = ET.fromstring(as_svg(POINTS, THRESHOLDS, "Acme & Co <3"))  # noqa: S314 - our own
    words = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"with an answer", "without one", "the nearest 0.50", "refused 0.80", "100%", "50%"} <= set(words)
    assert drawn.findtext("{http://www.w3.org/2000/svg}title") == "Acme & Co <3"
    lines = [one.get("points") for one in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    assert lines == ["56.0,32.0 328.0,176.0 600.0,320.0", "56.0,32.0 328.0,32.0 600.0,320.0"]


def test_questions_need_somebody_who_asks(footnote: Footnote) -> None:
    refused = footnote("doubt", "--tenant", "acme", "--questions", "set.csv")
    assert (refused.exit_code, "Give --as EMAIL" in refused.stderr) == (2, True)


def test_judged_questions_are_asked_kept_and_shown(footnote: Footnote, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for number, sentence in enumerate(LEAVE.split(". ")):
        (tmp_path / "docs" / f"{number}.md").write_text(sentence)
    people = tmp_path / "readers.yaml"
    people.write_text('people: {ana@acme.example: []}\nrules: [{path: "**", readers: [everyone]}]')
    assert footnote("tenants", "create", "acme", "--name", "Acme").exit_code == 0
    assert footnote("ingest", str(tmp_path / "docs"), "--tenant", "acme", "--readers", str(people)).exit_code == 0

    untaught = footnote("doubt", "--tenant", "acme")
    assert untaught.stdout.startswith("Acme: 0 judged questions, 0 with an answer and 0 without.\nFrom a doubt of 0.50 on")
    assert "nothing is learned yet" in untaught.stdout
    assert "--questions FILE" in untaught.stdout

    answered = ["How long is parental leave?", "When are receipts due?", "What may a hotel in Oslo cost?"]
    strange = ["How many moons does Jupiter have?", "Who wrote Moby Dick?", "What is the vesting period for stock options?"]
    rows = [f"{one},{number}.md," for number, one in enumerate(answered)] + [f"{one},,no" for one in strange]
    (tmp_path / "set.csv").write_text("\n".join(("question,document,answerable", *rows, "Who pays?,9.md,")))
    picture = tmp_path / "picture.svg"
    asked = ("doubt", "--tenant", "acme", "--questions", str(tmp_path / "set.csv"), "--as", "ana@acme.example", "--svg", str(picture))
    ran = footnote(*asked, "--json")
    assert ran.stderr.splitlines() == [
        "Row 8: '9.md' was not found for ana@acme.example. Check the name, and that this asker may read it.",
        f"The picture is in {picture}.",
    ]
    taught = json.loads(ran.stdout)
    assert (taught["answerable"], taught["unanswerable"], taught["usual"]) == (3, 3, False)
    half = next(point for point in taught["trade_off"] if point["threshold"] == 0.5)
    assert half["answerable"] < half["unanswerable"]
    assert "6 judged questions" in picture.read_text()

    again = footnote("doubt", "--tenant", "acme")
    assert "Usual are 0.50 and 0.80." in again.stdout
    assert "< the nearest" in again.stdout
    at = [line.split()[0] for line in again.stdout.splitlines()[4:]]
    assert len(at) == len(set(at))

    forgotten = footnote("doubt", "--tenant", "acme", "--forget")
    assert forgotten.stdout.startswith("Acme: 0 judged questions")
    assert "nothing is learned yet" in forgotten.stdout
