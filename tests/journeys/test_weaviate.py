"""A deployment that moves to Weaviate while people ask, as its operator sees it: the real command line, server and engine."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.engines import weaviate
from tests.journeys import product
from tests.peers.slack import Slack, Workspace
from tests.waiting import until

pytestmark = [*weaviate.MARKS, pytest.mark.asyncio(loop_scope="module")]

CHANNEL = "CALL"
ASKERS = {f"UANA{n}": f"ana{n}@acme.example" for n in range(20)}  # nobody may ask more than 30 questions within a minute
QUESTION = "({n}) How long is parental leave?"


@dataclass
class World:
    """A company in Slack, its product on LanceDB, and a Weaviate beside it."""

    home: Path
    node: weaviate.Node
    slack: Slack
    workspace: Workspace
    http: aiohttp.ClientSession

    @property
    def settings(self) -> dict[str, str]:
        return {
            "SLACK_SIGNING_SECRET": self.workspace.signing_secret,
            "SLACK_BOT_TOKEN": self.workspace.token,
            "SLACK_TENANT": product.SLUG,
            "SLACK_API_URL": self.slack.url,
            "WEAVIATE_URL": self.node.url,
            "WEAVIATE_GRPC": self.node.grpc,
            "WEAVIATE_API_KEY": weaviate.KEY,
        }

    async def footnote(self, *arguments: str, **other: str) -> tuple[int, str]:
        """Run the command line; its exit code, and all that it said."""
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adapters", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**kept, "FOOTNOTE_HOME": str(self.home), **self.settings, **other},
        )  # fmt: skip
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def ask(self, url: str, n: int) -> str:
        """Ask in a thread of its own; what stands there in the end."""
        event = self.workspace.mention(f"UANA{n % len(ASKERS)}", CHANNEL, QUESTION.format(n=n))

        async def taken() -> bool:
            return await self.slack.send_event(self.http, url, event) == 200

        await until(taken)  # the door opens once Slack has said whose token it is
        await self.slack.wait_for(lambda: bool(self.workspace.posts(CHANNEL, event["ts"])))
        (post,) = self.workspace.posts(CHANNEL, event["ts"])
        return post.text

    async def collections(self) -> list[str]:
        """What Weaviate has of ours."""
        found = await self._weaviate("GET", "schema")
        return [one["class"] for one in found["classes"]]

    async def tenants(self) -> list[str]:
        """Whose indexes Weaviate has."""
        return [one["name"] for name in await self.collections() for one in await self._weaviate("GET", f"schema/{name}/tenants")]

    async def remove_everything(self) -> None:
        """As somebody does who should not."""
        for name in await self.collections():
            await self._weaviate("DELETE", f"schema/{name}")

    async def _weaviate(self, verb: str, path: str) -> Any:  # noqa: ANN401 - JSON
        headers = {"Authorization": f"Bearer {weaviate.KEY}"}
        async with self.http.request(verb, f"{self.node.url}/v1/{path}", headers=headers) as response:
            assert response.ok
            return await response.json() if verb == "GET" else None


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Node]:
    with weaviate.running(tmp_path_factory.mktemp("weaviate")) as cluster:
        yield cluster.nodes[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, node: weaviate.Node) -> AsyncIterator[World]:
    home = tmp_path_factory.mktemp("home")
    await product.furnish(home, people=product.PEOPLE | {address: [] for address in ASKERS.values()})
    workspace = Workspace("T1", "UBOT", "B1", "xoxb-1", "s3cret", "A1")
    for person, address in ASKERS.items():
        workspace.add_person(person, address, address.partition("@")[0])
    workspace.add_channel(CHANNEL, [*ASKERS, "UBOT"])
    async with Slack(workspace) as slack, aiohttp.ClientSession() as http:
        yield World(home, node, slack, workspace, http)


async def test_questions_are_answered_all_along_while_the_index_moves_there_and_back(world: World) -> None:
    assert (await world.footnote("index", "list", "--all"))[1] == f"{product.SLUG}\tlancedb, all-MiniLM-L6-v2\tserving\n"
    async with product.serving(world.home, world.settings) as running:
        moving = asyncio.create_task(world.footnote("index", "move", "--all", "--to", "weaviate"))
        answers = [await world.ask(running.url, 0)]
        while not moving.done():
            answers.append(await world.ask(running.url, len(answers)))
        code, said = await moving
        assert (code, "2 passages, 100% alike by words" in said) == (0, True), said
        answers.append(await world.ask(running.url, len(answers)))
        assert [answer for answer in answers if "16 weeks" not in answer] == []
        assert len(answers) > 2
        code, said = await world.footnote("index", "move", "--tenant", product.SLUG, "--to", "lancedb")
        assert code == 0, said
        assert "16 weeks" in await world.ask(running.url, len(answers))
        assert (await world.footnote("index", "move", "--tenant", product.SLUG, "--to", "weaviate"))[0] == 0
        assert await running.stop() == 0


async def test_what_does_not_serve_any_more_goes_when_it_is_told_to(world: World) -> None:
    assert "lancedb, all-MiniLM-L6-v2\tkept" in (await world.footnote("index", "list", "--tenant", product.SLUG))[1]
    assert await world.footnote("index", "forget", "--all") == (0, f"{product.SLUG}\tlancedb, all-MiniLM-L6-v2\tdropped\n")
    code, said = await world.footnote("search", "parental leave", "--tenant", product.SLUG, "--as", "ana@acme.example", "--json")
    assert code == 0, said
    assert "16 weeks" in json.loads(said)["passages"][0]["text"]


async def test_an_index_is_held_against_postgresql_and_a_lost_one_is_built_again(world: World) -> None:
    said = f"{product.SLUG}\tweaviate, all-MiniLM-L6-v2\t"
    assert await world.footnote("index", "verify", "--all") == (0, f"{said}as it should be\n")
    await world.remove_everything()
    assert await world.footnote("index", "verify", "--all") == (1, f"{said}2 missing, 0 outdated, 0 with other readers; mended\n")
    assert (await world.footnote("index", "verify", "--all"))[0] == 0


async def test_a_lost_index_is_built_again_unattended(world: World) -> None:
    async with product.serving(world.home, world.settings) as running:
        assert "16 weeks" in await world.ask(running.url, 98)
        await world.remove_everything()

        async def answered() -> bool:
            said = await world.ask(running.url, 99)
            assert "16 weeks" in said or "built again" in said
            return "16 weeks" in said

        await until(answered)
        assert await running.stop() == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param({"WEAVIATE_API_KEY": "wrong"}, "WEAVIATE_API_KEY", id="a wrong key"),
        pytest.param({"WEAVIATE_URL": "http://127.0.0.1:9"}, "WEAVIATE_URL", id="nobody there"),
        pytest.param({"WEAVIATE_GRPC": "127.0.0.1:9"}, "gRPC", id="the gRPC port closed"),
    ],
)
async def test_the_doctor_says_what_is_wrong_with_weaviate(world: World, settings: dict[str, str], says: str) -> None:
    code, said = await world.footnote("doctor", **settings)
    (line,) = [line for line in said.splitlines() if line.startswith(("WRONG index ", "ok    index "))]
    assert (code, line.startswith("WRONG"), says in line) == (1, True, True), said
    assert "wrong" not in line.removeprefix("WRONG")


async def test_a_weaviate_that_is_gone_for_good_can_be_left(world: World) -> None:
    without = {"WEAVIATE_URL": "", "WEAVIATE_GRPC": "", "WEAVIATE_API_KEY": ""}
    said = (await world.footnote("doctor", **without))[1]
    assert f"WRONG indexes      1 in weaviate. Not set up here: that of {product.SLUG}." in said
    code, said = await world.footnote("index", "move", "--all", "--to", "lancedb", **without)
    assert (code, "2 passages, nothing to compare with" in said) == (0, True), said
    code, said = await world.footnote("search", "parental leave", "--tenant", product.SLUG, "--as", "ana@acme.example", **without)
    assert (code, "16 weeks" in said) == (0, True), said
    assert "ok    indexes      1 in lancedb." in (await world.footnote("doctor", **without))[1]
    code, said = await world.footnote("tenants", "delete", product.SLUG, **without)
    assert (code, "has an index in weaviate, which is not set up here" in said) == (1, True), said


async def test_the_index_of_a_deleted_company_is_gone(world: World) -> None:
    assert (await world.footnote("tenants", "delete", product.SLUG))[0] == 0
    assert await world.tenants() == []
