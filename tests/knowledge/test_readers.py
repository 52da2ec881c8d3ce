from pathlib import Path

import pytest

from knowledge.errors import BadReaders
from knowledge.ingest.readers import load, principal_of
from tenancy.errors import BadEmail
from tenancy.users import person_id
from tenancy.viewer import TenantId, person_principal

ACME = TenantId("acme")
BOB = person_principal(person_id(ACME, "bob@acme.example"))

EXAMPLE = """
people: {ana@acme.example: [hr, managers], bob@acme.example: [], cy@acme.example: }
rules:
  - {path: "hr/**", readers: ["group:hr"]}
  - {path: "drafts/*.md", readers: []}
  - {path: "pay-?.csv", readers: ["group:hr", "person:Bob@acme.example"]}
  - {path: "**", readers: [everyone]}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "readers.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "readers"),
    [
        pytest.param("hr/a.md", {"group:files:hr"}, id="in the folder"),
        pytest.param("hr/deep/er/a.md", {"group:files:hr"}, id="at any depth"),
        pytest.param("hrx/a.md", {"everyone"}, id="a folder whose name only begins alike"),
        pytest.param("drafts/a.md", set(), id="a rule may name nobody"),
        pytest.param("drafts/more/a.md", {"everyone"}, id="one star stays in its folder"),
        pytest.param("pay-1.csv", {"group:files:hr", BOB}, id="a question mark is one character"),
        pytest.param("pay-12.csv", {"everyone"}, id="and only one"),
        pytest.param("a+b(c).md", {"everyone"}, id="other characters stand for themselves"),
    ],
)
def test_the_first_rule_that_matches_decides(tmp_path: Path, name: str, readers: set[str]) -> None:
    assert load(written(tmp_path, EXAMPLE), "files", ACME).readers_of(name) == readers


def test_no_rule_that_matches_means_nobody(tmp_path: Path) -> None:
    rules = load(written(tmp_path, 'rules: [{path: "hr/**", readers: [everyone]}]'), "files")
    assert rules.readers_of("it/a.md") == frozenset()


def test_a_leading_double_star_matches_no_folder_too(tmp_path: Path) -> None:
    rules = load(written(tmp_path, 'rules: [{path: "**/secret.md", readers: ["group:x"]}]'), "files")
    assert rules.readers_of("secret.md") == rules.readers_of("a/b/secret.md") == {"group:files:x"}


def test_people_have_their_groups(tmp_path: Path) -> None:
    people = load(written(tmp_path, EXAMPLE), "files", ACME).people
    assert people == {"ana@acme.example": ["hr", "managers"], "bob@acme.example": [], "cy@acme.example": []}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("people: [", "cannot be read as YAML", id="no YAML"),
        pytest.param("- a", "holds `people` and `rules`", id="a list"),
        pytest.param("peple: {}", "holds `people` and `rules`", id="a misspelt key is not passed over"),
        pytest.param("people: [a@b.c]", "gives each e-mail a list", id="people that are no mapping"),
        pytest.param("people: {ana: [hr]}", "gives each e-mail a list", id="a name in place of an e-mail"),
        pytest.param("people: {ana@b.c: hr}", "gives each e-mail a list", id="groups that are no list"),
        pytest.param("rules: {a: b}", "`rules` is a list", id="rules that are no list"),
        pytest.param("rules: [{path: a}]", "rule 1 needs a `path`", id="a rule without readers"),
        pytest.param("rules: [{path: a, readers: everyone}]", "rule 1 needs", id="readers that are no list"),
        pytest.param("rules: [{path: 1, readers: []}]", "rule 1 needs", id="a path that is no text"),
        pytest.param("rules: [{path: a, readers: [Everyone]}]", "rule 1 names 'Everyone'", id="a principal in capitals"),
        pytest.param("rules: [{path: a, readers: [a@b.c]}]", "A reader is `everyone`", id="an e-mail in place of a principal"),
        pytest.param("rules: [{path: a, readers: ['person:ana']}]", "`person:E-MAIL`, such as `person:ana@", id="a person without address"),
        pytest.param("rules: [{path: a, readers: ['person:a b@c']}]", "rule 1 names 'person:a b@c'", id="an address that is none"),
        pytest.param("rules: [{path: a, readers: ['person:a@@b']}]", "rule 1 names 'person:a@@b'", id="two signs in an address"),
        pytest.param('rules: [{path: a, readers: ["group:h\\0r"]}]', "rule 1 names 'group:h", id="a group that cannot be kept"),
        pytest.param("!!python/object/apply:os.system [ls]", "cannot be read as YAML", id="code"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_write(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadReaders, match=message):
        load(written(tmp_path, text), "files", ACME)


def test_a_person_is_nobody_without_a_tenant(tmp_path: Path) -> None:
    with pytest.raises(BadReaders, match=r"rule 1 names 'person:ana@b\.c', but .* Name a group"):
        load(written(tmp_path, "rules: [{path: a, readers: ['person:ana@b.c']}]"), "files")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadReaders, match="There is no readers file at"):
        load(tmp_path / "missing.yaml", "files")


@pytest.mark.parametrize(
    ("text", "principal"),
    [("group:hr", "group:s:hr"), ("group:ad:hr", "group:ad:hr"), ("everyone", "everyone"), ("person:1", "person:1")],
)
def test_a_group_without_a_source_is_of_the_source_at_hand(text: str, principal: str) -> None:
    assert principal_of(text, "s") == principal


def test_a_person_is_written_by_address_and_is_who_signs_in_with_it() -> None:
    assert principal_of("person: Bob@ACME.example", "s", ACME) == BOB
    assert principal_of(BOB, "s", ACME) == BOB
    assert principal_of("person:bob@acme.example", "s") == "person:bob@acme.example"
    with pytest.raises(BadEmail):
        principal_of("person:bob@", "s", ACME)
