import json
import os
from pathlib import Path

import pytest

from knowledge.errors import BadCorpus, KnowledgeError
from knowledge.ingest.items import FileItem, TextItem, items_of
from knowledge.ingest.readers import open_to_everyone


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}")


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
    items = items_of([path], lambda name: frozenset() if name == "ruled" else open_to_everyone(name), "s")
    return [item for item in items if isinstance(item, TextItem)]


def test_a_corpus_line_is_a_document(tmp_path: Path) -> None:
    row = {"_id": "d1", "title": "T", "text": "body", "url": "https://x.example", "readers": ["group:hr", "everyone", "group:ad:x"]}
    (item,) = corpus_of(tmp_path, row)
    assert (item.name, item.title, item.text, item.url) == ("d1", "T", "body", "https://x.example")
    assert item.readers == {"group:s:hr", "everyone", "group:ad:x"}


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
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        corpus_of(tmp_path, row)


def test_what_postgresql_cannot_keep_is_left_out(tmp_path: Path) -> None:
    (item,) = corpus_of(tmp_path, '{"_id": "a\\u0000b", "title": "\\ud800", "text": "x\\u0000y"}')
    assert (item.name, item.title, item.text) == ("ab", "?", "xy")


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
