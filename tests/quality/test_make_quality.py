"""`make quality` as a whole, with figures that nobody has to wait for."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.quality import __main__ as quality

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
        monkeypatch.setattr(quality, "_measured", lambda name, _environment, _run: measured[name])
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
    assert "does not hold scifact, handbook_18f_faq, mtrag;" in capsys.readouterr().out


def test_measuring_twice_does_not_make_a_fall_the_new_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the last commit, not what an earlier run left in the folder."""
    shown = json.dumps({"lancedb": {"cranfield": CRANFIELD}})
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, stdout=shown))
    assert quality._committed()["lancedb"]["cranfield"] == CRANFIELD
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 128, stdout=""))
    assert quality._committed() == {}
