"""Rules about the house that are worth a test: what is documented exists, what exists is documented, and nothing heavy comes first."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from adapters.cli import cli
from adapters.settings import settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def commands() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in cli.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {below}": one for below, one in command.commands.items()}
        else:
            found[name] = command
    return found


def test_every_command_of_the_readme_exists_with_its_options() -> None:
    lines = re.findall(r"^footnote (.+?)(?:\s+#.*)?$", README, re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        name = next(name for name in commands() if line.startswith(name))
        known = {option for parameter in commands()[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z]+", line)) <= known, line


def test_every_command_is_in_the_readme() -> None:
    table = README.partition("| command | does |")[2].partition("## Settings")[0]
    for name in commands():
        last = name.split()[-1]
        assert f"`footnote {name}`" in table or f"`{last}`" in table, name


@pytest.mark.parametrize("target", ["run", "install", "test", "bench", "prove", "lint", "weaviate", "clean"])
def test_every_target_that_others_lean_on_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_every_make_target_that_a_text_names_exists() -> None:
    named = {word for file in ("README.md", "CONTRIBUTING.md") for word in re.findall(r"\bmake ([a-z]+)", (ROOT / file).read_text())}
    assert named
    assert all(re.search(rf"^{target}:", MAKEFILE, re.MULTILINE) for target in named)


def test_cleaning_up_leaves_what_people_put_in(tmp_path: Path) -> None:
    kept, made = tmp_path / ".footnote/master.key", tmp_path / ".venv/installed"
    for file in (kept, made):
        file.parent.mkdir()
        file.write_text("x")
    subprocess.run([shutil.which("make") or "make", "-f", str(ROOT / "Makefile"), "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert (kept.exists(), made.exists()) == (True, False)


def test_the_commands_of_the_readme_work_as_they_are_pasted_after_an_install(tmp_path: Path) -> None:
    block = next(block for block in re.findall(r"^```sh\n(.+?)^```", README, re.MULTILINE | re.DOTALL) if "footnote ingest" in block)
    pasted = re.sub(r"^make install\b.*$", "", block, flags=re.MULTILINE)  # done: this interpreter is what it made
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    environment = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_HOME"))}
    shell = ["sh", "-euc", pasted]
    ran = subprocess.run(shell, cwd=tmp_path, env={**environment, "PATH": os.defpath}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "twenty weeks" in ran.stdout
    assert "WRONG" not in ran.stdout


def test_the_settings_of_the_readme_are_those_that_are_read() -> None:
    table = README.partition("| setting | meaning |")[2].partition("## How it is built")[0]
    written = {name for row in table.splitlines() for name in re.findall(r"`([A-Z][A-Z_]+)`", row.split("|")[1] if "|" in row else "")}
    assert written == {setting.metadata["name"] for setting in settings()}


def test_every_link_of_the_readme_leads_somewhere() -> None:
    assert all((ROOT / link).exists() for link in re.findall(r"\]\((?!http)([^)]+)\)", README))


def test_the_lock_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pinned = re.findall(r"^[a-z0-9][\w.\-\[\]]*==", lock, re.MULTILINE)
    assert len(pinned) > 100
    assert lock.count("--hash=sha256:") >= len(pinned)


@pytest.mark.parametrize("heavy", ["aiohttp", "alembic", "lancedb", "llama_index", "numpy", "onnxruntime", "sqlalchemy"])
def test_help_imports_nothing_heavy(heavy: str) -> None:
    code = f"import sys, adapters.cli; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_environment_is_read_in_one_place() -> None:
    rooms = [path for room in ("adapters", "bot", "knowledge", "tenancy") for path in (ROOT / room).rglob("*.py")]
    reading = {path.relative_to(ROOT).as_posix() for path in rooms if re.search(r"os\.(environ|getenv)", path.read_text())}
    assert reading == {"adapters/settings.py"}
