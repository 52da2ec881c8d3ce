"""What is wrong with the settings is said in one line that names them, by `doctor` and by every other command."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psycopg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import make_url

from adapters import health
from adapters.compose import House
from adapters.settings import Settings
from tenancy.embedded import EmbeddedServer, postgres
from tests.adapters.test_cli import Terminal
from tests.tenancy import servers


@dataclass(frozen=True)
class Strict:
    """A PostgreSQL that asks the login `clerk` for a password, `right`. It may create neither roles nor schemas."""

    server: EmbeddedServer

    def url(self, *, said: str = "right", database: str = "postgres") -> str:
        at = make_url(self.server.url).set(username="clerk", password=said, database=database)
        return at.render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strict]:
    with servers.running(postgres(tmp_path_factory.mktemp("strict"))) as server:
        strict = Strict(server)
        with psycopg.connect(server.url) as connection:
            (file,) = connection.execute("SHOW hba_file").fetchone() or ("",)
        Path(file).write_text(f"local all clerk scram-sha-256\n{Path(file).read_text()}")
        strict.run("CREATE ROLE clerk LOGIN PASSWORD 'right'")
        strict.run("SELECT pg_reload_conf()")
        yield strict


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return Terminal(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        pytest.param({"REDIS_URL": "localhost:6379"}, "REDIS_URL must be written as redis://", id="Redis without a scheme"),
        pytest.param({"BUCKET_URL": "foo"}, "BUCKET_URL must be written as s3://", id="a bucket without a scheme"),
        pytest.param({"BUCKET_URL": "ftp://x"}, "BUCKET_URL must be written as s3://", id="a scheme that keeps no originals"),
        pytest.param({"BUCKET_URL": "az://container"}, "BUCKET_URL cannot be used", id="a container of no account"),
        pytest.param({"REDIS_URL": "unix:///x?db=many"}, "(ValueError); run with --debug for details", id="what nobody foresaw"),
    ],
)
def test_a_setting_that_cannot_work_is_one_line_at_start(terminal: Terminal, environment: dict[str, str], message: str) -> None:
    ran = terminal("tenants", "list", **environment)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert message in ran.err


def test_with_debug_the_traceback_of_what_nobody_foresaw_is_shown(terminal: Terminal) -> None:
    assert "Traceback" in terminal("--debug", "tenants", "list", REDIS_URL="unix:///x?db=many").err


@pytest.mark.parametrize("command", [("tenants", "list"), ("doctor",)], ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param({"said": "wrong"}, ("password authentication failed", "Check the user and the password"), id="wrong password"),
        pytest.param({"database": "nodb"}, ('database "nodb" does not exist', "Check the name of the database"), id="unknown database"),
    ],
)
def test_a_database_that_lets_nobody_in_is_told_from_one_that_is_down(
    terminal: Terminal, strict: Strict, command: tuple[str, ...], wrong: dict[str, str], says: tuple[str, ...]
) -> None:
    ran = terminal(*command, DATABASE_URL=strict.url(**wrong))
    told = ran.out if command == ("doctor",) else ran.err
    assert ran.code == 1
    assert all(word in told for word in (*says, "DATABASE_URL"))
    assert "try again" not in told
    assert "Traceback" not in ran.err
    assert ran.err.count("\n") == (command != ("doctor",))


def test_a_database_that_is_down_comes_with_the_remedy_of_its_check(terminal: Terminal) -> None:
    told = terminal("doctor", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").out
    assert "WRONG start" in told
    assert "Connection refused" in told
    assert "Check DATABASE_URL" in told


def test_a_login_that_lacks_a_right_is_told_which_one(terminal: Terminal, strict: Strict) -> None:
    name = make_url(servers.fresh_database(strict.server)).database or ""
    url = strict.url(database=name)
    ran = terminal("tenants", "list", DATABASE_URL=url)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "may not create schemas" in ran.err
    assert "GRANT CREATE ON DATABASE" in ran.err
    assert "may not create schemas" in terminal("doctor", DATABASE_URL=url).out

    strict.run(f"GRANT CREATE ON DATABASE {name} TO clerk")
    ran = terminal("tenants", "create", "acme", "--name", "Acme", DATABASE_URL=url)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "may not create roles" in ran.err
    assert "CREATEROLE" in ran.err
    told = terminal("doctor", DATABASE_URL=url)
    assert told.code == 1
    assert "WRONG rights" in told.out
    assert "CREATEROLE" in told.out

    strict.run("ALTER ROLE clerk CREATEROLE")
    assert terminal("tenants", "create", "acme", "--name", "Acme", DATABASE_URL=url).code == 0
    assert terminal("doctor", DATABASE_URL=url).code == 0


@pytest.mark.sockets
@pytest.mark.enable_socket
@pytest.mark.parametrize("ending", ["/v1", "/v1/"])
async def test_the_models_server_is_found_however_its_address_ends(ending: str) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=HTTPStatus.OK if request.path == "/v1/models" else HTTPStatus.NOT_FOUND)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as peer:
        settings = Settings(model_provider="anthropic", model_url=str(peer.make_url(ending)), model_name="m")
        house = cast("House", SimpleNamespace(settings=settings, writer=SimpleNamespace(name="m")))
        assert (await health._model(house)).startswith("m at http://127.0.0.1")
    assert asked == ["/v1/models"]
