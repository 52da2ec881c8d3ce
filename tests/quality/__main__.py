"""`make quality`: how good answers are, on every judged set, compared with the committed figures; exits 1 if one fell.

The sets are licensed and not part of the project: FOOTNOTE_SHARED is the folder whose `data/` holds them, by default `../shared`. Without
it the demo company's questions alone are asked. Every set is asked as people ask it, by `footnote evaluate`; all of mtrag's questions are
a conversation's last turn alone. Doubt, follow-ups and extracts (`doubts`, `followups`, `sentences`) do not depend on the engine: they are
measured once.
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
from knowledge.embedding.minilm import MiniLM
from tests.engines import weaviate
from tests.quality import demo, doubts, followups, sentences
from tests.quality.figures import DEMO, FIGURES, PARTS, RANKED, RESULTS, Fall, by_hand, falls, page, part_falls, part_page, told
from tests.quality.parts import DATA, Tables, kept

ROOT = Path(__file__).resolve().parents[2]
SETS = ("scifact", "handbook_18f_faq", "cranfield", "mtrag")
ENGINES = ("lancedb", "weaviate")


def main() -> None:
    """Measure, write, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", choices=[*SETS, DEMO, *DATA], help="only this set or part; may be repeated")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="on this engine instead of LanceDB; may be repeated")
    parser.add_argument("--runs", type=Path, metavar="DIR", help="also write TREC runs there, SET-ENGINE.run")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep what the parts encode there; remove it when passages are cut anew")
    parser.add_argument("--rewrites", type=Path, metavar="FILE", help="for `followups`: `number|question` a line, the task's number from 0")
    arguments = parser.parse_args()
    figures = _read(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    committed = _committed() or deepcopy(figures)
    names = _present(arguments.set)
    sets, parts = [name for name in names if name not in DATA], [name for name in names if name in DATA]
    found = []
    for engine in (arguments.engine or ["lancedb"]) if sets else []:
        with tempfile.TemporaryDirectory(prefix="footnote-quality-") as folder, _environment(engine, Path(folder)) as environment:
            for name in sets:
                print(f"{name} on {engine} …", flush=True)
                measured = _measured(name, engine, environment, arguments.runs and arguments.runs / f"{name}-{engine}.run")
                figures.setdefault(engine, {})[name] = measured
                _write(figures)
                print(f"  {_short(measured)}", flush=True)
                found += falls(engine, name, committed.get(engine, {}).get(name, {}), measured)
    with tempfile.TemporaryDirectory(prefix="footnote-quality-") as folder:
        for part in parts:
            found += _part(part, figures, committed, arguments.cache or Path(folder), arguments.rewrites)
    if found:
        sys.exit(told(found))


def _part(part: str, figures: dict[str, Any], committed: Mapping[str, Any], cache: Path, rewrites: Path | None) -> list[Fall]:
    """Measure a part, write, compare."""
    print(f"{part} …", flush=True)
    parts = figures.setdefault(PARTS, {})
    parts[part] = kept(parts.get(part, {}), _part_measured(part, cache, rewrites))
    _write(figures)
    print("\n".join(part_page(part, parts[part])), flush=True)
    return part_falls(part, committed.get(PARTS, {}).get(part, {}), parts[part])


def _part_measured(part: str, cache: Path, rewrites: Path | None) -> Tables:
    if part == "followups":
        tables = asyncio.run(followups.measured(_shared() / "mtrag", cache / "home", followups.read(rewrites) if rewrites else {}))
    else:
        embedder = MiniLM(cache / "models")
        measured = doubts.measured if part == "doubts" else sentences.measured
        tables = asyncio.run(measured(_shared(), embedder, cache))
        embedder.close()
    return {
        table: {row: {**{name: _rounded(value) for name, value in one.items()}, "measured": _machine()} for row, one in rows.items()}
        for table, rows in tables.items()
    }


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value


def _present(wanted: list[str] | None) -> list[str]:
    """The sets and parts whose data are here, of all; those that are wanted by name must be."""
    names = wanted or [*SETS, DEMO, *DATA]
    needed = {name: DATA.get(name, () if name == DEMO else (name,)) for name in names}
    missing = list(dict.fromkeys(data for of in needed.values() for data in of if not (_shared() / data).is_dir()))
    if missing:
        said = f"{_shared()} does not hold {', '.join(missing)}; FOOTNOTE_SHARED says where the judged sets are."
        if wanted:
            sys.exit(said)
        print(f"Not measured: {said}", flush=True)
    return [name for name in names if not set(needed[name]) & set(missing)]


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


def _measured(name: str, engine: str, environment: Mapping[str, str], run: Path | None) -> dict[str, Any]:
    if name == DEMO:
        figures = demo.summary(asyncio.run(demo.measured(Settings.read(environment))))
        return {**{figure: round(share, 4) for figure, share in figures.items()}, "measured": _machine()}
    ablations = ["--ablations"] if engine == ENGINES[0] else []  # what a stage is worth is the ranking's, whichever engine proposes
    command = [sys.executable, "-m", "adapters", "evaluate", str(_shared() / name), *ablations, "--json"]
    if run:
        run.parent.mkdir(parents=True, exist_ok=True)
        command += ["--run", str(run.resolve())]
    ran = subprocess.run(command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        sys.exit(f"`footnote evaluate` of {name} failed; see above.")
    return {**json.loads(ran.stdout), "measured": _machine()}


def _machine() -> str:
    return f"{datetime.now(UTC):%d %b %Y}, {platform.machine()}, {os.cpu_count()} cores"


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
    engines = json.loads(json.dumps({name: one for name, one in figures.items() if name != PARTS}, sort_keys=True))
    parts = {PARTS: figures[PARTS]} if PARTS in figures else {}  # rows as they are told
    FIGURES.write_text(json.dumps({**engines, **parts}, indent=1) + "\n", encoding="utf-8")
    written = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    RESULTS.write_text(page(figures, by_hand(written)), encoding="utf-8")


def _short(measured: Mapping[str, Any]) -> str:
    shown = [figure for figure in (*RANKED, "p50_ms") if figure in measured] or [name for name in measured if name != "measured"]
    return ", ".join(f"{figure} {measured[figure]}" for figure in shown)


if __name__ == "__main__":
    main()
