"""`footnote words …`: what an admin lists, adds, switches off and removes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.cli import cli

Footnote = Callable[..., Result]
DOCUMENTS = {
    "leave.md": "# Leave rules\n\nEverybody earns paid time off (PTO). A statement of work (SOW) is another thing.",
    "more.md": "# More rules\n\nPaid time off (PTO) is yours. Scope of work (SOW) too.",
}


@pytest.fixture
def footnote(tmp_path: Path) -> Footnote:
    def run(*arguments: str) -> Result:
        return CliRunner(env={"FOOTNOTE_HOME": str(tmp_path / "home"), "WEAVIATE_URL": None}).invoke(cli, list(arguments))

    return run


def test_a_tenants_own_words_are_listed_added_switched_and_removed(footnote: Footnote, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name, body in DOCUMENTS.items():
        (tmp_path / "docs" / name).write_text(body)
    people = tmp_path / "readers.yaml"
    people.write_text('people: {ana@acme.example: []}\nrules: [{path: "**", readers: [everyone]}]')
    acme = ("--tenant", "acme")
    assert footnote("tenants", "create", "acme", "--name", "Acme").exit_code == 0

    empty = footnote("words", "list", *acme)
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert empty.stderr.startswith("No short forms are known yet.")

    assert footnote("ingest", str(tmp_path / "docs"), *acme, "--readers", str(people)).exit_code == 0
    listed = footnote("words", "list", *acme)
    assert listed.stdout.splitlines() == [
        "PTO\tPaid time off\ton\tLeave rules and 1 more",
        "SOW\tScope of work\tunclear\tMore rules",
        "SOW\tstatement of work\tunclear\tLeave rules",
    ]
    assert listed.stderr == "1 is left alone, for documents differ. Add the one that is meant, or switch the other off.\n"

    added = footnote("words", "add", *acme, "WFH", "working from home")
    assert added.stdout == "Questions with WFH are searched for by working from home too from now on, and the other way round.\n"
    typo = footnote("words", "add", *acme, "WFH", "working from hom")
    assert typo.stdout.splitlines()[1] == "That replaces working from home, which was added for it before."
    assert footnote("words", "add", *acme, "WFH", "working from home").exit_code == 0
    assert footnote("words", "off", *acme, "SOW", "statement of work").exit_code == 0
    assert footnote("words", "off", *acme, "SOW", "scope of work").stdout == (
        "SOW for scope of work is off, whatever documents say. To switch it on again: footnote words on --tenant acme SOW 'scope of work'\n"
    )
    assert footnote("words", "on", *acme, "SOW", "statement of work").stdout == (
        "SOW for statement of work is on again. What else SOW may stand for is as it was.\n"
    )
    assert footnote("words", "on", *acme, "SOW", "statement of work").stdout == "SOW for statement of work was on already.\n"
    unknown = footnote("words", "on", *acme, "SOW", "sort of work")
    assert (unknown.exit_code, unknown.stderr.startswith("'SOW' for 'sort of work' is not known here.")) == (1, True)
    assert footnote("words", "off", *acme, "PTO").exit_code == 0
    told = json.loads(footnote("words", "list", *acme, "--json").stdout)["words"]
    assert [(one["short"], one["state"], one["added"], one["document"]) for one in told] == [
        ("PTO", "off", False, "Leave rules"),
        ("SOW", "off", False, "More rules"),
        ("SOW", "on", False, "Leave rules"),
        ("WFH", "on", True, None),
    ]
    assert footnote("words", "list", *acme).stdout.endswith("WFH\tworking from home\ton\tadded here\n")
    assert footnote("words", "on", *acme, "PTO").stdout == "PTO is on again.\n"
    assert footnote("words", "on", *acme, "PTO").stdout == "PTO was on already.\n"

    asked = ("search", "Is PTO yours?", *acme, "--as", "ana@acme.example", "--json")
    assert json.loads(footnote(*asked).stdout)["read_as"] == {"PTO": "Paid time off"}

    read_as = footnote(*asked[:-1])
    assert read_as.stderr == "Read with PTO as Paid time off too.\n"
    assert "Read with" not in read_as.stdout

    assert footnote("words", "remove", *acme, "WFH").stdout == "Removed what was said of WFH. What documents say of it holds.\n"
    unknown = footnote("words", "remove", *acme, "WFH")
    assert (unknown.exit_code, unknown.stderr.splitlines()) == (
        1,
        ["'WFH' is not known here. `footnote words list` shows what is; `footnote words add` adds to it."],
    )
    refused = footnote("words", "add", *acme, "--", "--", "x")
    assert (refused.exit_code, "has no letter and no digit" in refused.stderr) == (1, True)

    audited = footnote("tenants", "show", "acme").stdout
    assert [line.split("\t")[3:] for line in audited.splitlines() if "\twords." in line] == [
        ["words.removed", "WFH"],
        ["words.on", "PTO"],
        ["words.off", "PTO"],
        ["words.on", "SOW for statement of work"],
        ["words.off", "SOW for scope of work"],
        ["words.off", "SOW for statement of work"],
        ["words.added", "WFH for working from home"],
        ["words.added", "WFH for working from hom"],
        ["words.added", "WFH for working from home"],
    ]
