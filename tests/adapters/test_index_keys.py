"""`footnote index keys` as an operator types it, with a real Weaviate: the keys that it prints are pasted, and do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapters.cli import cli
from tests.engines import weaviate

pytestmark = [*weaviate.MARKS, pytest.mark.timeout(300)]

Environment = dict[str, str]
QUESTION = ("ask", "How long is parental leave?", "--tenant", "acme", "--as", "ana@acme.example")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Node]:
    with weaviate.running(tmp_path_factory.mktemp("weaviate"), AUTHENTICATION_DB_USERS_ENABLED="true") as cluster:
        yield cluster.nodes[0]


@pytest.fixture
def base(tmp_path: Path, node: weaviate.Node) -> Environment:
    """What every process has, with a company in it; no key yet."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "leave.md").write_text("# Parental leave\n\nEvery employee gets 16 weeks of paid parental leave.\n")
    base = {"FOOTNOTE_HOME": str(tmp_path), "WEAVIATE_URL": node.url, "WEAVIATE_GRPC": node.grpc}
    assert run(base, "tenants", "create", "acme", "--name", "Acme").exit_code == 0
    return base


def run(environment: Environment, *arguments: str) -> Result:
    return CliRunner(env={"WEAVIATE_API_KEY": None, "WEAVIATE_OPERATIONS_KEY": None, **environment}).invoke(cli, arguments)


def pasted(printed: str) -> Environment:
    """What an environment has of the printed lines."""
    return dict(line.split("=", 1) for line in printed.splitlines())


def index_state(environment: Environment) -> dict[str, Any]:
    """What the doctor says of the index."""
    found: list[dict[str, Any]] = json.loads(run(environment, "doctor", "--json").stdout)["checks"]
    return next(check for check in found if check["name"] == "index")


def test_keys_are_printed_once_and_do_until_they_are_rotated(base: Environment) -> None:
    refused = run(base, "index", "keys")
    assert (refused.exit_code, "WEAVIATE_OPERATIONS_KEY" in refused.stderr) == (1, True)

    made = run({**base, "WEAVIATE_OPERATIONS_KEY": weaviate.KEY}, "index", "keys")
    keys = pasted(made.stdout)
    assert (made.exit_code, list(keys)) == (0, ["WEAVIATE_API_KEY", "WEAVIATE_OPERATIONS_KEY"]), made.output

    serving = {**base, "WEAVIATE_API_KEY": keys["WEAVIATE_API_KEY"]}
    assert run(serving, "ingest", str(Path(base["FOOTNOTE_HOME"]) / "docs"), "--tenant", "acme").exit_code == 0
    assert "16 weeks" in run(serving, *QUESTION).output
    assert index_state(serving)["ok"]

    operating = {**base, **keys}
    again = run(operating, "index", "keys")
    assert (again.exit_code, again.stdout, "footnote-application is there already" in again.stderr) == (0, "", True)

    rotated = pasted(run(operating, "index", "keys", "--rotate").stdout)
    for stale in (serving, operating):
        state = index_state(stale)
        assert (state["ok"], "does not know the API key" in state["detail"]) == (False, True)
    assert "16 weeks" in run({**base, **rotated}, *QUESTION).output

    each = {**base, **rotated, "WEAVIATE_TENANT_KEYS": "on"}
    assert "footnote index keys" in index_state(each)["detail"]
    assert run(each, "index", "keys").exit_code == 0
    assert index_state(each)["ok"]
    assert "16 weeks" in run(each, *QUESTION).output
    assert run(each, "tenants", "delete", "acme").exit_code == 0
