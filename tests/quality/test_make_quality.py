"""`make quality` as a whole, with figures that nobody has to wait for."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.quality import __main__ as quality
from tests.quality.figures import BY_HAND, PARTS

CRANFIELD = {
    "queries": 225, "ndcg_10": 0.448, "recall_10": 0.46, "recall_100": 0.79, "mrr_10": 0.57, "p50_ms": 20.0, "p95_ms": 30.0,
    "measured": "now",
}  # fmt: skip
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs it on a folder that holds cranfield alone, with these figures committed and those measured; returns what was written."""
    (tmp_path / "data/cranfield").mkdir(parents=True)
    monkeypatch.setenv("FOOTNOTE_SHARED", str(tmp_path))
    monkeypatch.setattr(quality, "FIGURES", tmp_path / "figures.json")
    monkeypatch.setattr(quality, "RESULTS", tmp_path / "results.md")

    def ran(*arguments: str, committed: Mapping[str, Any], **measured: Mapping[str, Any]) -> dict[str, Any]:
        monkeypatch.setattr(quality, "_committed", lambda: committed)
        monkeypatch.setattr(quality, "_measured", lambda name, _engine, _environment, _run: measured[name])
        monkeypatch.setattr(quality, "_part_measured", lambda part, _cache, _rewrites: measured[part])
        monkeypatch.setattr("sys.argv", ["quality", *arguments])
        quality.main()
        written: dict[str, Any] = json.loads((tmp_path / "figures.json").read_text())
        return written

    return ran


def test_what_was_measured_is_written_and_the_rest_stands(run: Run, tmp_path: Path) -> None:
    (tmp_path / "figures.json").write_text(json.dumps({"lancedb": {"scifact": CRANFIELD}}))
    written = run("--set", "cranfield", committed={}, cranfield=CRANFIELD)
    assert written == {"lancedb": {"scifact": CRANFIELD, "cranfield": CRANFIELD}}
    assert "| cranfield | lancedb | 225 | 0.4480 |" in (tmp_path / "results.md").read_text()


def test_a_fall_is_told_and_the_figures_are_written_all_the_same(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)Worse than committed.*cranfield  lancedb  ndcg_10  0.4480  0.4300.*commit the figures"):
        run("--set", "cranfield", committed={"lancedb": {"cranfield": CRANFIELD}}, cranfield={**CRANFIELD, "ndcg_10": 0.43})
    assert json.loads((tmp_path / "figures.json").read_text())["lancedb"]["cranfield"]["ndcg_10"] == 0.43


def test_sets_that_are_not_here_are_left_out_unless_they_are_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="does not hold scifact; FOOTNOTE_SHARED says where"):
        run("--set", "scifact", committed={})
    answered = {
        "document cited": 0.9, "passage cited": 0.8, "passage cited first": 0.7, "outdated cited first": 0.03,
        "answerable, not answered": 0.15, "unanswerable, not answered": 0.8, "measured": "now",
    }  # fmt: skip
    written = run(committed={}, cranfield=CRANFIELD, demo=answered)
    assert set(written["lancedb"]) == {"cranfield", "demo"}
    assert PARTS not in written
    assert "does not hold scifact, handbook_18f_faq, mtrag, chroma_chunking_eval;" in capsys.readouterr().out


QUOTES = {"quotes": {"scifact, given": {
    "precision": 0.44, "recall": 0.31, "both": 0.36, "words": 38.0, "pieces": 1.2, "measured": "now",
}}}  # fmt: skip


@pytest.fixture
def with_data(tmp_path: Path) -> None:
    for data in ("scifact", "chroma_chunking_eval", "mtrag"):
        (tmp_path / "data" / data).mkdir(parents=True, exist_ok=True)


@pytest.mark.usefixtures("with_data")
def test_a_part_is_measured_once_whatever_the_engines(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "figures.json").write_text(json.dumps({"weaviate": {"cranfield": CRANFIELD}, "lancedb": {}}))
    (tmp_path / "results.md").write_text(f"stale\n\n{BY_HAND}\n\nRead.\n")
    monkeypatch.setattr(quality, "_environment", None)  # no engine is started
    written = run("--set", "sentences", "--engine", "lancedb", "--engine", "weaviate", committed={}, sentences=QUOTES)
    assert list(written) == ["lancedb", "weaviate", PARTS]
    assert written[PARTS] == {"sentences": QUOTES}
    told = (tmp_path / "results.md").read_text()
    assert told.count("| scifact, given | 0.440 | 0.310 | 0.360 | 38.0 | 1.20 | now |") == 1
    assert told.endswith(f"{BY_HAND}\n\nRead.\n")
    assert "stale" not in told


@pytest.mark.usefixtures("with_data")
def test_a_fall_of_a_part_is_told(run: Run) -> None:
    fallen = {"quotes": {"scifact, given": {**QUOTES["quotes"]["scifact, given"], "recall": 0.2}}}
    with pytest.raises(SystemExit, match=r"(?s)sentences  any     scifact, given: recall  0.3100  0.2000"):
        run("--set", "sentences", committed={PARTS: {"sentences": QUOTES}}, sentences=fallen)


def test_a_part_that_is_named_needs_all_its_data(run: Run) -> None:
    with pytest.raises(SystemExit, match="does not hold mtrag, scifact; FOOTNOTE_SHARED says where"):
        run("--set", "doubts", committed={})


def test_measuring_twice_does_not_make_a_fall_the_new_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the last commit, not what an earlier run left in the folder."""
    shown = json.dumps({"lancedb": {"cranfield": CRANFIELD}})
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, stdout=shown))
    assert quality._committed()["lancedb"]["cranfield"] == CRANFIELD
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 128, stdout=""))
    assert quality._committed() == {}
