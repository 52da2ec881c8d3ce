"""Teams, from a signed activity to the answer in its conversation: the real server, real HTTP, a Connector that keeps state."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.journeys import product
from tests.peers.slack import Passed
from tests.peers.teams import App, EntraTenant, InPieces, Message, Teams
from tests.waiting import until

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket, pytest.mark.asyncio(loop_scope="module")]

LEAVE, SEVERANCE = "How long is parental leave?", "How many monthly salaries is the severance of the Lisbon office?"
ANA, BOB, CLEO, GUEST = (f"aaaaaaaa-0000-0000-0000-00000000000{n}" for n in range(1, 5))
HOME, OTHERS = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"


@dataclass
class World:
    """Two companies in Teams, one of them linked, and the product that serves them."""

    teams: Teams
    acme: EntraTenant
    others: EntraTenant
    http: aiohttp.ClientSession
    url: str
    channel: str
    hr: str
    mixed: str

    async def send(self, activity: dict[str, Any]) -> int:
        return (await self.teams.send(self.http, self.url, activity)).status

    async def ask(self, person: str, conversation: str, text: str) -> Message:
        """Mention us in a channel or a group; the answer that comes."""
        return await self._answer(self.acme.mentioned(person, conversation, text))

    async def ask_directly(self, person: str, text: str) -> Message:
        """Write to us; the answer that comes."""
        return await self._answer(self.acme.message(person, self.acme.personal(person), text))

    async def press(self, person: str, kept_back: Message) -> None:
        """Ask for the private answer, by the button beside one in the channel."""
        thread = f"{self.channel};messageid={kept_back.root}"
        offer = await self.teams.wait_for(lambda: next((one for one in self.teams.posts(thread) if one.attachments), None))
        assert await self.send(self.acme.pressed(person, self.channel, offer.id, "Answer me in private")) == 200

    async def _answer(self, activity: dict[str, Any]) -> Message:
        where = activity["conversation"]["id"]
        before = len(self.teams.posts(where))
        assert await self.send(activity) == 200
        # An outcome has entities; the line that it takes the place of has none, nor has a button beside it.
        return await self.teams.wait_for(lambda: next((one for one in self.teams.posts(where)[before:] if one.entities), None))

    async def verdicts(self) -> float:
        """How many answers people have found helpful."""
        async with self.http.get(f"{self.url}/metrics") as response:
            found = re.search(r'^footnote_feedback_total\{verdict="helpful"\} (\S+)$', await response.text(), re.MULTILINE)
        return float(found[1]) if found else 0

    async def verdicts_after(self, before: float) -> float:
        """The same, once there are more than before."""

        async def more() -> float:
            now = await self.verdicts()
            return now if now > before else 0

        return await until(more)

    async def ready(self) -> tuple[int, dict[str, Any]] | None:
        """What the product says of itself and its Teams door, once it has looked."""
        async with self.http.get(f"{self.url}/readyz") as response:
            checks = (await response.json())["checks"]
        return (response.status, checks["teams"]) if "teams" in checks else None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    home = tmp_path_factory.mktemp("teams")
    await product.furnish(home)
    app = App("77777777-0000-0000-0000-000000000007", "s3cret", HOME)
    acme, others = EntraTenant(HOME, app), EntraTenant(OTHERS, app)
    for person, email in ((ANA, "ana@acme.example"), (BOB, "bob@acme.example"), (CLEO, "cleo@acme.example")):
        acme.add_person(person, email, email.partition("@")[0].title())
    acme.add_person(GUEST, "guest@elsewhere.example", "Guest", guest=True)
    others.add_person(BOB, "bob@acme.example", "Another Bob")
    async with Teams(acme, others) as teams, aiohttp.ClientSession() as http:
        settings = {
            "TEAMS_APP_ID": app.id,
            "TEAMS_APP_SECRET": app.secret,
            "TEAMS_APP_TENANT": app.tenant,
            "TEAMS_LINK": f"{HOME}={product.SLUG}",
            "TEAMS_OPENID_URL": teams.openid_url,
            "TEAMS_ALLOWED_SERVICE_URLS": f"{acme.service_url},{others.service_url}",
            "MICROSOFT_LOGIN_URL": teams.login_url,
            "FOOTNOTE_URL": "https://footnote.acme.example",
        }
        async with product.serving(home, settings) as running:
            places = acme.channel([ANA, BOB, CLEO]), acme.group([ANA, CLEO]), acme.channel([ANA, GUEST])
            yield World(teams, acme, others, http, running.url, *places)
            assert await running.stop() == 0


async def test_a_mention_is_answered_in_its_thread_once_with_citations(world: World) -> None:
    answer = await world.ask(BOB, world.channel, LEAVE)
    assert "16 weeks" in answer.text
    assert "[1] Parental leave · handbook" in answer.text
    (root,) = answer.entities
    assert root["additionalType"] == ["AIGeneratedContent"]
    assert root["citation"][0]["appearance"]["url"].startswith("https://footnote.acme.example/d/")
    assert len(world.teams.posts(f"{world.channel};messageid={answer.root}")) == 1


async def test_a_follow_up_is_understood(world: World) -> None:
    first = await world.ask_directly(BOB, LEAVE)
    assert "16 weeks" in first.text
    assert "day of the birth" in (await world.ask_directly(BOB, "And when does it begin?")).text


async def test_each_person_hears_what_they_may_read(world: World) -> None:
    assert "nine monthly salaries" in (await world.ask_directly(ANA, SEVERANCE)).text
    refused = await world.ask_directly(BOB, SEVERANCE)
    assert "nine" not in refused.text
    assert "Lisbon" not in refused.text


async def test_a_place_hears_only_what_all_its_members_may_read(world: World) -> None:
    assert "nine monthly salaries" in (await world.ask(ANA, world.hr, SEVERANCE)).text
    kept_back = await world.ask(ANA, world.channel, SEVERANCE)
    assert "nine" not in kept_back.text
    assert "I can say more in private." in kept_back.text


async def test_the_private_answer_goes_to_who_pressed_once_and_says_what_they_may_read(world: World) -> None:
    kept_back = await world.ask(ANA, world.channel, SEVERANCE)
    chats = {person: world.acme.personal(person) for person in (ANA, BOB)}
    before = {person: len(world.teams.posts(chat)) for person, chat in chats.items()}
    for person in (ANA, ANA, BOB):
        await world.press(person, kept_back)

    def private(person: str) -> list[Message]:
        return [one for one in world.teams.posts(chats[person])[before[person] :] if one.entities]

    await world.teams.wait_for(lambda: private(ANA) and private(BOB))
    (hers,), (his,) = private(ANA), private(BOB)
    assert hers.text.startswith(f"The question: {SEVERANCE}")
    assert "nine monthly salaries" in hers.text
    assert hers.attachments == []
    assert "nine" not in his.text
    # What is asked there next is answered after both of her presses were worked on: there was one answer.
    await world.ask_directly(ANA, LEAVE)
    assert len(private(ANA)) == 2


async def test_with_a_guest_there_nothing_that_is_everybodys_is_shown(world: World) -> None:
    assert "16 weeks" not in (await world.ask(ANA, world.mixed, LEAVE)).text
    assert "16 weeks" not in (await world.ask_directly(GUEST, LEAVE)).text


async def test_another_company_is_told_that_it_is_not_linked(world: World) -> None:
    where = world.others.personal(BOB)
    assert await world.send(world.others.message(BOB, where, LEAVE)) == 200
    await world.teams.wait_for(lambda: bool(world.teams.posts(where)) and "not linked" in world.teams.posts(where)[-1].text)
    assert "16 weeks" not in world.teams.posts(where)[-1].text


async def test_the_same_activity_twice_is_one_answer(world: World) -> None:
    activity = world.acme.message(CLEO, world.acme.personal(CLEO), LEAVE)
    assert [await world.send(activity), await world.send(activity)] == [200, 200]
    assert await world.send(world.acme.message(CLEO, world.acme.personal(CLEO), "And when does it begin?")) == 200
    posts = world.acme.personal(CLEO)
    # One conversation, in order: when the second is answered, both of the first have been worked on.
    await world.teams.wait_for(lambda: "begin" in "".join(post.text for post in world.teams.posts(posts)[1:]))
    assert len(world.teams.posts(posts)) == 2


async def test_what_is_not_signed_or_not_said_to_us_is_answered_by_nothing(world: World) -> None:
    activity = world.acme.message(BOB, world.acme.personal(BOB), LEAVE)
    for header in (
        "",
        "Bearer x.y.z",
        world.teams.token(activity["serviceUrl"], aud="another"),
        world.teams.token(activity["serviceUrl"], exp=1),
    ):
        assert (await world.teams.send(world.http, world.url, activity, header=header)).status == 401
    before = len(world.teams.called("POST", "activities"))
    for quiet in (
        world.acme.edited(BOB, world.acme.personal(BOB), activity["id"], "x"),
        world.acme.installed(BOB, world.acme.personal(BOB)),
    ):
        assert await world.send(quiet) == 200
    await world.ask_directly(CLEO, LEAVE)
    assert len(world.teams.called("POST", "activities")) == before + 1


async def test_a_verdict_is_taken(world: World) -> None:
    answer = await world.ask_directly(BOB, LEAVE)
    before = await world.verdicts()
    answered = await world.teams.send(world.http, world.url, world.acme.feedback(BOB, world.acme.personal(BOB), answer.id, "like", "good"))
    assert (answered.status, answered.text) == (200, "{}")
    assert await world.verdicts_after(before) == before + 1


async def test_a_verdict_on_a_private_answer_is_taken(world: World) -> None:
    kept_back = await world.ask(ANA, world.channel, SEVERANCE)
    chat = world.acme.personal(ANA)
    before, verdicts = len(world.teams.posts(chat)), await world.verdicts()
    await world.press(ANA, kept_back)
    answer = await world.teams.wait_for(lambda: next((one for one in world.teams.posts(chat)[before:] if one.entities), None))
    assert await world.send(world.acme.feedback(ANA, chat, answer.id, "like", "")) == 200
    assert await world.verdicts_after(verdicts) == verdicts + 1


async def test_who_reads_a_place_is_read_to_the_end_of_every_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody, hr = world.acme.channel([ANA, CLEO, BOB]), world.acme.channel([ANA, CLEO])
    monkeypatch.setattr(world.acme, "largest_page", 2)
    world.teams.fail("GET", "pagedmembers", Passed(), InPieces(), InPieces())
    assert "nine" not in (await world.ask(ANA, everybody, SEVERANCE)).text
    assert "nine monthly salaries" in (await world.ask(ANA, hr, SEVERANCE)).text


async def test_the_server_says_that_the_door_is_open(world: World) -> None:
    # The first look may take longer than anybody waits for it.
    assert await until(world.ready) == (200, {"ok": True, "needed": False})
