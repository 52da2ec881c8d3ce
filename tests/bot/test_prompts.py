"""Prompts are checked when they are loaded, and filled in one pass."""

from pathlib import Path

import pytest

from bot import prompts, texts
from bot.errors import BadPrompt, Unavailable
from bot.intents.intent import BY_RULE, Intent
from bot.intents.router import load
from bot.intents.table import FREE, HANDLERS
from bot.reply import Step

GOOD = "---\nname: x\nversion: 2\nvariables: [a]\n---\n## system\nBe kind.\n\n## user\nSay {{a}}.\n"


def test_the_house_s_prompts_load_and_say_that_sources_are_data() -> None:
    found = prompts.load()
    assert found.keys() == {"answer", "again", "judge", "summarize", "rewrite", "restate", "expand"}
    assert "UNANSWERED" in found["answer"].system
    assert "data" in found["answer"].system
    assert all("<<message n key>>" in found[name].system for name in ("answer", "restate", "summarize"))  # `again` follows these


def test_a_prompt_is_filled_in_one_pass_and_names_its_version() -> None:
    filled = prompts.parse("x.md", GOOD).filled(a="{{a}} {{b}} \\1")
    assert filled.user == "Say {{a}} {{b}} \\1."
    assert filled.name == "x@2"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("no front matter", "needs front matter", id="no front matter"),
        pytest.param(GOOD.replace("[a]", "[a, b]"), "declares", id="unused variable"),
        pytest.param(GOOD.replace("[a]", "[]"), "declares", id="undeclared variable"),
        pytest.param(GOOD.replace("kind", "{{a}}"), "cached", id="variable in the fixed part"),
        pytest.param(GOOD.replace("name: x", "name: y"), "not the file's", id="another name"),
        pytest.param(GOOD.replace("version: 2", "version: two"), "version is a number", id="version is no number"),
        pytest.param(GOOD.replace("version: 2\n", ""), "front matter needs", id="no version"),
        pytest.param(GOOD.replace("## system\nBe kind.\n", ""), "needs a `## system`", id="no fixed part"),
        pytest.param(GOOD.replace("Be kind.", ""), "needs a `## system`", id="an empty fixed part"),
        pytest.param(GOOD.replace("name: x", "name: ["), "front matter needs", id="broken YAML"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(BadPrompt, match=rf"x\.md.*{why}"):
        prompts.parse("x.md", text)


def test_a_prompt_that_follows_another_one_has_no_fixed_part_of_its_own() -> None:
    text = GOOD.replace("name: x", "name: again")
    assert prompts.parse("again.md", text.replace("## system\nBe kind.\n\n", "")).system == ""
    with pytest.raises(BadPrompt, match=r"again\.md.*follows another prompt"):
        prompts.parse("again.md", text)


@pytest.mark.parametrize("values", [{}, {"b": "x"}, {"a": "x", "b": "y"}])
def test_a_prompt_takes_exactly_its_variables(values: dict[str, str]) -> None:
    with pytest.raises(BadPrompt):
        prompts.parse("x.md", GOOD).filled(**values)


def test_a_missing_prompt_is_found_at_start(tmp_path: Path) -> None:
    with pytest.raises(BadPrompt, match="missing"):
        prompts.load(tmp_path)


def test_the_tables_are_complete() -> None:
    assert HANDLERS.keys() == set(Intent)
    assert set(Intent) > FREE
    assert load().keys() == set(Intent) - BY_RULE
    assert texts.NOTICES.keys() == set(Unavailable)
    assert texts.STEPS.keys() == set(Step)


def test_an_intent_without_phrases_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "examples.yaml"
    path.write_text("ask: [why]\n")
    with pytest.raises(ValueError, match="no phrases for follow_up"):
        load(path)


@pytest.mark.parametrize(
    ("count", "private", "words"),
    [
        (212, True, "the 212 documents you can read"),
        (1, True, "the one document you can read"),
        (1_200, False, "the 1,200 documents that everybody here can read"),
        (0, True, "your documents, because there are none that you can read yet"),
        (0, False, "the documents, because there are none that everybody here can read"),
    ],
)
def test_where_was_looked_is_said_with_the_count(count: int, private: bool, words: str) -> None:  # noqa: FBT001  a table's column
    assert texts.where(count, private=private) == words


def test_a_title_is_shown_as_it_is_whatever_is_in_it() -> None:
    assert texts.title(" A *b* [1]\n<c> ") == r"*A \*b\* \[1\] \<c\>*"
    assert texts.title("") == "*Untitled*"


def test_the_voice_has_no_exclamation_marks() -> None:
    said = [value for name, value in vars(texts).items() if name.isupper() and isinstance(value, str)]
    said += [*texts.NOTICES.values(), *texts.STEPS.values()]
    assert len(said) > 40
    assert not [words for words in said if "!" in words]
