"""`footnote index …` as an operator types it."""

from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest
from click.testing import CliRunner, Result

from adapters.cli import cli
from adapters.commands.index import query_map
from knowledge.query_maps import Version
from tenancy.viewer import TenantId

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

SERVES = "acme\tlancedb, all-MiniLM-L6-v2\t"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company with one document."""
    home = tmp_path_factory.mktemp("home")
    (home / "docs").mkdir()
    (home / "docs" / "leave.md").write_text("# Parental leave\n\nEvery employee gets 16 weeks of paid parental leave.\n")
    assert run(home, "tenants", "create", "acme", "--name", "Acme").exit_code == 0
    assert run(home, "ingest", str(home / "docs"), "--tenant", "acme").exit_code == 0
    return home


def run(home: Path, *arguments: str) -> Result:
    return CliRunner(env={"FOOTNOTE_HOME": str(home), "WEAVIATE_URL": None}).invoke(cli, arguments)


def test_indexes_are_listed_and_verified(home: Path) -> None:
    assert run(home, "index", "list", "--all").output == f"{SERVES}serving\n"
    verified = run(home, "index", "verify", "--tenant", "acme")
    assert (verified.exit_code, verified.output) == (0, f"{SERVES}as it should be\n")
    assert run(home, "index", "forget", "--all").output == ""


def test_an_index_is_written_to_a_file_and_put_back(home: Path) -> None:
    file = home / "acme.parquet"
    assert run(home, "index", "backup", "--tenant", "acme", str(file)).output.startswith("1 passages are in ")
    assert run(home, "index", "restore", "--tenant", "acme", str(file)).output == "Nothing was missing.\n"
    refused = run(home, "index", "restore", "--tenant", "acme", str(home / "docs" / "leave.md"))
    assert (refused.exit_code, "is no backup of an index" in refused.output) == (1, True)


def test_a_query_map_is_told_learned_and_switched(home: Path) -> None:
    none = "acme\tno map: one is learned by night where the model gives passages only a vector, elsewhere once it is switched on with --on"
    assert run(home, "index", "map", "--tenant", "acme").output == f"{none}\n"
    assert run(home, "index", "map", "--all", "--off").output == "acme\tno map: switched off\n"
    assert run(home, "index", "map", "--all").output == "acme\tno map: switched off\n"
    on = "acme\tno map: switched on, so one is learned by night, or now with --learn\n"
    assert run(home, "index", "map", "--all", "--on").output == on
    few = "acme\tno map: only 1 passages have a title or heading, and it takes 256\n"
    assert run(home, "index", "map", "--all", "--learn").output == few


@pytest.mark.parametrize(
    ("helps", "is_open", "on", "end"),
    [
        pytest.param(True, True, True, "; helps", id="used"),
        pytest.param(True, True, False, "; helps; switched off", id="switched off"),
        pytest.param(False, True, True, "; not used: no help", id="no help"),
        pytest.param(True, False, True, "; not used: a document that it was learned from is not open to everybody any more", id="closed"),
    ],
)
async def test_what_is_said_of_a_query_map(*, helps: bool, is_open: bool, on: bool, end: str) -> None:
    known = Version(
        number=3,
        passages=frozenset(),
        names=1200,
        before=0.5,
        after=0.625,
        helps=helps,
        is_open=is_open,
        learned_at=datetime(2026, 3, 4, tzinfo=UTC),
    )
    house = Mock(maps=Mock(version=AsyncMock(return_value=known), is_on=AsyncMock(return_value=on)), places=Mock(serving=AsyncMock()))
    figures = "names held out find their passages at a mean reciprocal rank of 0.500 without and 0.625 with it"
    assert await query_map(house, TenantId("t")) == f"map 3 of 2026-03-04, 1,200 names: {figures}{end}"


def test_to_move_where_one_is_is_no_failure(home: Path) -> None:
    moved = run(home, "index", "move", "--all", "--to", "lancedb")
    assert (moved.exit_code, moved.output) == (0, f"{SERVES}is there already\n")


def test_to_move_to_an_engine_that_is_not_set_up_says_what_to_set(home: Path) -> None:
    refused = run(home, "index", "move", "--all", "--to", "weaviate")
    assert (refused.exit_code, "Set WEAVIATE_URL" in refused.output) == (1, True)


@pytest.mark.parametrize("arguments", [("list",), ("verify", "--tenant", "acme", "--all"), ("move", "--all"), ("move", "--to", "lancedb")])
def test_whose_index_is_meant_must_be_said(home: Path, arguments: tuple[str, ...]) -> None:
    assert run(home, "index", *arguments).exit_code == 2
