"""`make quality`: how good answers are, on every judged set, compared with the committed figures; exits 1 if one fell.

The sets are licensed and not part of the project: FOOTNOTE_SHARED is the folder whose `data/` holds them, by default `../shared`. Without
it the demo company's questions alone are asked. Every set is asked as people ask it, by `footnote evaluate`; all of mtrag's questions are
a conversation's last turn alone.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.settings import Settings
from tests.engines import weaviate
from tests.quality import demo
from tests.quality.figures import DEMO, FIGURES, RANKED, RESULTS, falls, page, told

ROOT = Path(__file__).resolve().parents[2]
SETS = ("scifact", "handbook_18f_faq", "cranfield", "mtrag")
ENGINES = ("lancedb", "weaviate")


def main() -> None:
    """Measure, write, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", choices=[*SETS, DEMO], help="only this set; may be repeated")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="on this engine instead of LanceDB; may be repeated")
    parser.add_argument("--runs", type=Path, metavar="DIR", help="also write TREC runs there, SET-ENGINE.run")
    arguments = parser.parse_args()
    figures = _read(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    committed = _committed() or deepcopy(figures)
    names = _present(arguments.set)
    found = []
    for engine in arguments.engine or ["lancedb"]:
        with tempfile.TemporaryDirectory(prefix="footnote-quality-") as folder, _environment(engine, Path(folder)) as environment:
            for name in names:
                print(f"{name} on {engine} …", flush=True)
                measured = _measured(name, environment, arguments.runs and arguments.runs / f"{name}-{engine}.run")
                figures.setdefault(engine, {})[name] = measured
                _write(figures)
                print(f"  {_short(measured)}", flush=True)
                found += falls(engine, name, committed.get(engine, {}).get(name, {}), measured)
    if found:
        sys.exit(told(found))


def _present(wanted: list[str] | None) -> list[str]:
    """The sets that are here, of all; those that are wanted by name must be."""
    names = wanted or [*SETS, DEMO]
    missing = [name for name in names if name != DEMO and not (_shared() / name).is_dir()]
    if missing:
        said = f"{_shared()} does not hold {', '.join(missing)}; FOOTNOTE_SHARED says where the judged sets are."
        if wanted:
            sys.exit(said)
        print(f"Not measured: {said}", flush=True)
    return [name for name in names if name not in missing]


def _shared() -> Path:
    return Path(os.environ.get("FOOTNOTE_SHARED") or ROOT.parent / "shared") / "data"


@contextmanager
def _environment(engine: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which everything is embedded, in `folder`, but for the engine."""
    own = {name: value for name, value in os.environ.items() if not name.endswith("_URL") and not name.startswith("WEAVIATE_")}
    own["FOOTNOTE_HOME"] = str(folder / "home")
    if engine == "lancedb":
        yield own
        return
    if not weaviate.BINARY.exists():
        sys.exit(f"There is no {weaviate.BINARY}: `make weaviate` builds it.")
    with weaviate.running(folder) as cluster:
        node = cluster.nodes[0]
        yield {**own, "WEAVIATE_URL": node.url, "WEAVIATE_GRPC": node.grpc, "WEAVIATE_API_KEY": weaviate.KEY}


def _measured(name: str, environment: Mapping[str, str], run: Path | None) -> dict[str, Any]:
    machine = f"{datetime.now(UTC):%d %b %Y}, {platform.machine()}, {os.cpu_count()} cores"
    if name == DEMO:
        figures = demo.summary(asyncio.run(demo.measured(Settings.read(environment))))
        return {**{figure: round(share, 4) for figure, share in figures.items()}, "measured": machine}
    command = [sys.executable, "-m", "adapters", "evaluate", str(_shared() / name), "--ablations", "--json"]
    if run:
        run.parent.mkdir(parents=True, exist_ok=True)
        command += ["--run", str(run.resolve())]
    ran = subprocess.run(command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        sys.exit(f"`footnote evaluate` of {name} failed; see above.")
    return {**json.loads(ran.stdout), "measured": machine}


def _committed() -> dict[str, Any]:
    """The figures of the last commit, so that measuring twice does not make a fall the new mark; nothing where there is no git."""
    where = FIGURES.relative_to(ROOT).as_posix()
    try:
        shown = subprocess.run(["git", "show", f"HEAD:{where}"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607 - whichever git
    except FileNotFoundError:
        return {}
    return _read(shown.stdout) if shown.returncode == 0 else {}


def _read(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def _write(figures: Mapping[str, Any]) -> None:
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    RESULTS.write_text(page(figures), encoding="utf-8")


def _short(measured: Mapping[str, Any]) -> str:
    shown = [figure for figure in (*RANKED, "p50_ms") if figure in measured] or [name for name in measured if name != "measured"]
    return ", ".join(f"{figure} {measured[figure]}" for figure in shown)


if __name__ == "__main__":
    main()
