import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge.errors import BadCorpus, KnowledgeError
from knowledge.ingest.items import FileItem, TextItem, Unseen, items_of
from knowledge.ingest.readers import open_to_everyone
from tenancy.users import person_id
from tenancy.viewer import TenantId, person_principal

ACME = TenantId("acme")
DENIED = PermissionError(13, "Permission denied")


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}")


def failing_at(patch: pytest.MonkeyPatch, call: str, path: Path, error: OSError) -> None:
    """Let `os.call` fail for `path`: tests run as root, whom no permission bit stops."""
    whole: Callable[..., Any] = getattr(os, call)

    def failing(at: Path | str) -> Any:  # noqa: ANN401 - whatever `os.call` returns
        if Path(at) == path:
            raise error
        return whole(at)

    patch.setattr(os, call, failing)


def named(*paths: Path) -> list[str]:
    return [item.name for item in items_of(paths, open_to_everyone, "s")]


def test_a_folder_is_everything_below_it_but_what_is_hidden(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "hr/b.md", ".git/config", "hr/.DS_Store")
    assert named(tmp_path) == ["a.md", "hr/b.md"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "in/a.md", "out/secret.md")
    (tmp_path / "in/link.md").symlink_to(tmp_path / "out/secret.md")
    (tmp_path / "in/folder").symlink_to(tmp_path / "out")
    assert named(tmp_path / "in") == ["a.md"]


def test_several_folders_keep_their_names_apart(tmp_path: Path) -> None:
    write(tmp_path, "one/a.md", "two/a.md")
    assert named(tmp_path / "one", tmp_path / "two") == ["one/a.md", "two/a.md"]


def test_a_single_file_is_called_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (item,) = items_of([tmp_path / "a.md"], open_to_everyone, "s")
    assert isinstance(item, FileItem)
    assert (item.name, item.read(), item.size) == ("a.md", b"text of a.md", 12)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"There is nothing at .*missing"):
        named(tmp_path / "missing")


def corpus_of(tmp_path: Path, *rows: object) -> list[TextItem]:
    path = tmp_path / "corpus.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    items = items_of([path], lambda name: frozenset() if name == "ruled" else open_to_everyone(name), "s", ACME)
    return [item for item in items if isinstance(item, TextItem)]


def test_a_corpus_line_is_a_document(tmp_path: Path) -> None:
    row = {"_id": "d1", "title": "T", "text": "body", "url": "https://x.example", "readers": ["group:hr", "everyone", "group:ad:x"]}
    (item,) = corpus_of(tmp_path, row)
    assert (item.name, item.title, item.text, item.url) == ("d1", "T", "body", "https://x.example")
    assert item.readers == {"group:s:hr", "everyone", "group:ad:x"}


def test_a_person_in_a_line_is_who_signs_in_with_that_address(tmp_path: Path) -> None:
    (item,) = corpus_of(tmp_path, {"_id": "d1", "text": "x", "readers": ["person:Ana@acme.example"]})
    assert item.readers == {person_principal(person_id(ACME, "ana@acme.example"))}


def test_what_nobody_said_anything_of_is_open_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (tmp_path / "c.jsonl").write_text('{"_id": "own", "text": "x", "readers": []}\n{"_id": "free", "text": "x"}')
    items = items_of([tmp_path / "a.md", tmp_path / "c.jsonl"], None, "s")
    assert {item.name: (set(item.readers), item.unsaid) for item in items if not isinstance(item, Unseen)} == {
        "a.md": ({"everyone"}, True),
        "own": (set(), False),
        "free": ({"everyone"}, True),
    }


def test_a_line_without_readers_is_ruled_as_a_file_would_be(tmp_path: Path) -> None:
    ruled, free = corpus_of(tmp_path, {"_id": "ruled", "text": "x"}, {"_id": "free", "text": "x"})
    assert (ruled.readers, free.readers) == (frozenset(), {"everyone"})


def test_a_line_without_title_is_called_by_its_id_and_blank_lines_are_nothing(tmp_path: Path) -> None:
    (item,) = corpus_of(tmp_path, "", {"_id": "d1", "title": "", "text": "a\0b"}, "  ")
    assert (item.title, item.text) == ("d1", "ab")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param("not json", r"corpus.jsonl, line 1 is not JSON", id="no JSON"),
        pytest.param([1], r"line 1 needs a string `_id`", id="no object"),
        pytest.param({"text": "x"}, r"line 1 needs a string `_id`", id="no id"),
        pytest.param({"_id": 7, "text": "x"}, r"needs a string `_id`", id="an id that is a number"),
        pytest.param({"_id": "a"}, r"and a string `text`", id="no text"),
        pytest.param({"_id": "a", "text": "x", "readers": "everyone"}, r"`readers` is a list", id="readers that are no list"),
        pytest.param({"_id": "a", "text": "x", "readers": [1]}, r"`readers` is a list", id="readers that are no strings"),
        pytest.param(
            {"_id": "a", "text": "x", "readers": ["every\0one"]}, r"line 1 names the reader 'every", id="a reader that cannot be kept"
        ),
        pytest.param(
            {"_id": "a", "text": "x", "readers": ["person:a@"]}, r"line 1 names the reader 'person:a@'", id="an address that is none"
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        corpus_of(tmp_path, row)


def test_what_postgresql_cannot_keep_is_left_out(tmp_path: Path) -> None:
    (item,) = corpus_of(tmp_path, '{"_id": "a\\u0000b", "title": "\\ud800", "text": "x\\u0000y"}')
    assert (item.name, item.title, item.text) == ("ab", "\N{REPLACEMENT CHARACTER}", "xy")


def test_a_title_of_which_nothing_can_be_kept_is_none(tmp_path: Path) -> None:
    ided, untitled = corpus_of(tmp_path, {"_id": "d1", "title": "\0", "text": "x"}, {"_id": "\0", "text": "x"})
    assert (ided.title, untitled.title) == ("d1", "Untitled")


def test_a_file_name_of_another_encoding_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    (item,) = items_of([tmp_path], open_to_everyone, "s")
    assert isinstance(item, FileItem)
    assert (item.name.encode(), item.read()) == (b"caf?.txt", b"x")


def test_two_documents_of_one_name_are_not_silently_one(tmp_path: Path) -> None:
    write(tmp_path, "one/docs/a.md", "two/docs/a.md")
    with pytest.raises(KnowledgeError, match="is there twice"):
        named(tmp_path / "one/docs", tmp_path / "two/docs")


def test_a_fingerprint_changes_with_anything_that_is_shown(tmp_path: Path) -> None:
    base = {"_id": "a", "title": "T", "text": "x", "url": None}
    variants = [base, {**base, "title": "U"}, {**base, "text": "y"}, {**base, "url": "https://x.example"}]
    prints = [corpus_of(tmp_path, row)[0].fingerprint for row in variants]
    assert len(set(prints)) == 4
    assert corpus_of(tmp_path, base)[0].fingerprint == prints[0]


def unseen(*paths: Path) -> list[tuple[str, str]]:
    found = [item for item in items_of(paths, open_to_everyone, "s") if isinstance(item, Unseen)]
    return [(one.name, one.why.reason) for one in found]


@pytest.mark.parametrize("call", ["scandir", "lstat"])
def test_what_cannot_be_looked_at_is_named_beside_what_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    write(tmp_path, "a.md", "hr/b.md", "hr/pay/c.md", "it/d.md")
    failing_at(monkeypatch, call, tmp_path / "hr/pay", DENIED)
    failing_at(monkeypatch, call, tmp_path / "it/d.md", DENIED)
    refused = {"scandir": "hr/pay", "lstat": "it/d.md"}[call]
    assert unseen(tmp_path) == [(refused, "cannot be opened (Permission denied)")]
    assert set(named(tmp_path)) - {refused} == {"a.md", "hr/b.md", "hr/pay/c.md", "it/d.md"} - {refused, f"{refused}/c.md"}


def test_a_file_that_goes_away_while_the_folder_is_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.md", "b.md")
    failing_at(monkeypatch, "lstat", tmp_path / "b.md", FileNotFoundError(2, "No such file or directory"))
    assert unseen(tmp_path) == [("b.md", "cannot be opened (No such file or directory)")]


def test_a_root_in_which_there_is_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "none.jsonl").write_text("\n")
    write(tmp_path, "two/.hidden")
    for root in ("one", "two", "none.jsonl"):
        assert unseen(tmp_path / root) == [(str(tmp_path / root), "holds nothing")]
    assert [name for name, _ in unseen(tmp_path / "one", tmp_path / "two")] == [str(tmp_path / "one"), str(tmp_path / "two")]


def test_what_is_neither_file_nor_folder_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    os.mkfifo(tmp_path / "pipe")
    assert named(tmp_path) == ["a.md"]


def test_who_may_read_what_is_no_document_wherever_it_lies(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "hr").mkdir(parents=True)
    for name in ("a.md", "readers.yaml", "hr/readers.yaml"):
        (docs / name).write_text("x", encoding="utf-8")
    found = items_of([docs], open_to_everyone, "s", but=tmp_path / "docs" / "hr" / ".." / "readers.yaml")
    assert [item.name for item in found] == ["a.md", "hr/readers.yaml"]
