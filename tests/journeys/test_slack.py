"""Slack, from a signed event to the answer in its thread: the real server, real HTTP, a Slack that keeps state."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import yaml

from adapters.commands import manifest
from tests.journeys import product
from tests.peers.slack import Message, Slack, Workspace
from tests.waiting import until

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket, pytest.mark.asyncio(loop_scope="module")]

LEAVE, SEVERANCE = "How long is parental leave?", "How many monthly salaries is the severance of the Lisbon office?"
ANA, BOB, CLEO, GUEST = "UANA", "UBOB", "UCLEO", "UGUEST"
ALL, HR_ONLY, HR_OPEN, MIXED = "CALL", "CHR", "CHROPEN", "CMIXED"


@dataclass
class World:
    """One workspace and the product that serves it."""

    slack: Slack
    workspace: Workspace
    http: aiohttp.ClientSession
    url: str

    async def send(self, *events: dict[str, Any], event_id: str | None = None) -> list[int]:
        """Post events to the product, in order."""
        return [await self.slack.send_event(self.http, self.url, event, event_id=event_id) for event in events]

    async def is_taken(self) -> bool:
        """Whether an event is taken; as long as it is not, Slack sends it again."""
        return await self.send(self.workspace.mention(BOB, ALL, "hello")) == [200]

    async def verdicts(self, verdict: str) -> float:
        """How many verdicts the product has kept."""
        async with self.http.get(f"{self.url}/metrics") as response:
            lines = (await response.text()).splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f'footnote_feedback_total{{verdict="{verdict}"}}'))

    async def ready(self) -> tuple[int, dict[str, Any]] | None:
        """What the product says of itself and its Slack door, once it has looked."""
        async with self.http.get(f"{self.url}/readyz") as response:
            checks = (await response.json())["checks"]
        return (response.status, checks["slack"]) if "slack" in checks else None

    async def ask(self, user: str, channel: str, text: str, thread: str | None = None) -> Message:
        """Mention us in a channel; the answer that comes."""
        events = self.workspace.mentioned(user, channel, text, thread_ts=thread)
        assert await self.send(*events) == [200, 200]
        return await self.answer(channel, thread or events[0]["ts"])

    async def ask_directly(self, user: str, text: str) -> Message:
        """Write to us; the answer that comes."""
        event = self.workspace.message(user, f"D{user}", text)
        assert await self.send(event) == [200]
        return await self.answer(f"D{user}", event["ts"])

    async def answer(self, channel: str, thread: str | None, after: int = 0) -> Message:
        """The newest answer there, as soon as there are more than `after`."""
        await self.slack.wait_for(lambda: len(self.workspace.posts(channel, thread)) > after)
        return self.workspace.posts(channel, thread)[-1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    home = tmp_path_factory.mktemp("slack")
    await product.furnish(home)
    workspace = Workspace("T1", "UBOT", "B1", "xoxb-1", "s3cret", "A1")
    for user, email in ((ANA, "ana@acme.example"), (BOB, "bob@acme.example"), (CLEO, "cleo@acme.example")):
        workspace.add_person(user, email, email.partition("@")[0].title())
        workspace.add_channel(f"D{user}", [user], kind="im")
    workspace.scopes = set(yaml.safe_load(manifest.slack("https://footnote.acme.example"))["oauth_config"]["scopes"]["bot"])
    workspace.add_person(GUEST, "guest@elsewhere.example", "Guest", restricted=True)
    workspace.add_channel(f"D{GUEST}", [GUEST], kind="im")
    workspace.add_channel(ALL, [ANA, BOB, CLEO, "UBOT"])
    workspace.add_channel(HR_ONLY, [ANA, CLEO, "UBOT"], private=True)
    workspace.add_channel(HR_OPEN, [ANA, CLEO, "UBOT"])
    workspace.add_channel(MIXED, [ANA, GUEST, "UBOT"])
    async with Slack(workspace) as slack, aiohttp.ClientSession() as http:
        settings = {
            "SLACK_SIGNING_SECRET": "s3cret",
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_TENANT": product.SLUG,
            "SLACK_API_URL": slack.url,
            "FOOTNOTE_URL": "https://footnote.acme.example",
        }
        async with product.serving(home, settings) as running:
            world = World(slack, workspace, http, running.url)
            await until(world.is_taken)
            yield world
            assert await running.stop() == 0


def read(message: Message) -> str:
    """Everything that a person reads of a message."""
    return str(message.blocks)


async def test_a_mention_is_answered_in_its_thread_once_with_a_footnote(world: World) -> None:
    answer = await world.ask(BOB, ALL, LEAVE)
    assert "16 weeks" in answer.text
    assert "https://footnote.acme.example/d/" in read(answer)
    assert "[1] <https://footnote.acme.example/d/" in read(answer)
    assert "Parental leave> · handbook" in read(answer)
    assert answer.thread_ts is not None
    assert len(world.workspace.posts(ALL, answer.thread_ts)) == 1


async def test_a_follow_up_in_the_thread_needs_no_mention(world: World) -> None:
    first = await world.ask(BOB, ALL, LEAVE)
    event = world.workspace.message(BOB, ALL, "And when does it begin?", thread_ts=first.thread_ts)
    assert await world.send(event) == [200]
    second = await world.answer(ALL, first.thread_ts, after=1)
    assert "day of the birth" in second.text


async def test_a_direct_message_is_answered_from_what_its_writer_may_read(world: World) -> None:
    assert "nine monthly salaries" in (await world.ask_directly(ANA, SEVERANCE)).text
    refused = await world.ask_directly(BOB, SEVERANCE)
    assert "nine" not in read(refused)
    assert "Lisbon" not in read(refused)


async def test_a_channel_hears_only_what_all_its_members_may_read(world: World) -> None:
    assert "nine monthly salaries" in (await world.ask(ANA, HR_ONLY, SEVERANCE)).text
    kept_back = await world.ask(ANA, ALL, SEVERANCE)
    assert "nine" not in read(kept_back)
    assert "I can say more in private." in read(kept_back)


async def test_a_public_channel_hears_only_what_any_colleague_may_read_who_may_come_and_search_it(world: World) -> None:
    kept_back = await world.ask(ANA, HR_OPEN, SEVERANCE)
    assert "nine" not in read(kept_back)
    assert "I can say more in private." in read(kept_back)
    assert "16 weeks" in (await world.ask(CLEO, HR_OPEN, LEAVE)).text


async def test_the_private_answer_goes_to_who_pressed_and_says_what_they_may_read(world: World) -> None:
    offer = await world.ask(ANA, ALL, SEVERANCE)
    value = next(block for block in offer.blocks if block["type"] == "actions")["elements"][0]["value"]
    before = {user: len(world.workspace.posts(f"D{user}")) for user in (ANA, BOB)}
    for user in (ANA, ANA, BOB):
        pressed = world.workspace.pressed(user, ALL, offer, "footnote_private", value)
        assert (await world.slack.send_interaction(world.http, world.url, pressed)).status == 200
    hers = await world.answer(f"D{ANA}", None, after=before[ANA])
    his = await world.answer(f"D{BOB}", None, after=before[BOB])
    assert "nine monthly salaries" in hers.text
    assert "The question:" in read(hers)
    assert "nine" not in read(his)
    # What is asked next is answered after both of her presses were worked on: there was one answer.
    await world.ask_directly(ANA, LEAVE)
    assert len([post for post in world.workspace.posts(f"D{ANA}")[before[ANA] :] if "The question:" in read(post)]) == 1


async def test_with_a_guest_in_the_channel_nothing_that_is_everybodys_is_shown(world: World) -> None:
    answer = await world.ask(ANA, MIXED, LEAVE)
    assert "16 weeks" not in read(answer)
    assert "16 weeks" not in read(await world.ask_directly(GUEST, LEAVE))


async def test_a_verdict_is_kept(world: World) -> None:
    answer = await world.ask(BOB, ALL, LEAVE)
    button = next(block for block in answer.blocks if block["type"] == "context_actions")["elements"][0]
    payload = world.workspace.pressed(BOB, ALL, answer, button["action_id"], button["positive_button"]["value"], kind="feedback_buttons")
    before = await world.verdicts("helpful")
    assert (await world.slack.send_interaction(world.http, world.url, payload)).status == 200

    async def is_kept() -> bool:
        return await world.verdicts("helpful") == before + 1

    await until(is_kept)


async def test_a_command_is_answered_in_private(world: World) -> None:
    before = len(world.workspace.posts(f"D{CLEO}"))
    told = await world.slack.send_command(world.http, world.url, world.workspace.command("/footnote", CLEO, ALL, LEAVE))
    assert told.status == 200
    assert "direct messages" in told.text
    assert "16 weeks" in (await world.answer(f"D{CLEO}", None, after=before)).text


async def test_the_server_says_that_the_door_is_open(world: World) -> None:
    assert await until(world.ready) == (200, {"ok": True, "needed": False})  # the first look may take longer than anybody waits for it
