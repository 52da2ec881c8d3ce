"""Who somebody is and who reads a place, as Slack tells it now; when Slack does not tell, nobody may read."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.slack.client import Refused, SlackClient
from adapters.slack.people import MOST_MEMBERS, SlackPeople
from tenancy.users import Identity
from tests.adapters.slack import ANA, BOT, CHANNEL, TEAM, Json


def account(user: str, **other: object) -> Json:
    """What Slack tells of a colleague."""
    email = f"{user[1:].casefold()}@larkspur.example"
    flags = {"is_restricted": False, "is_ultra_restricted": False, "is_bot": False, "deleted": False}
    return {"id": user, "team_id": TEAM, "real_name": user[1:].title(), "profile": {"email": email}, **flags} | other


class Told(SlackClient):
    """A Slack that tells what a test gave it, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(AsyncWebClient())
        self.accounts: dict[str, Any] = {user: account(user) for user in (ANA, "UBOB")}
        self.place: Json = {"id": CHANNEL, "is_private": True, "is_ext_shared": False, "pending_connected_team_ids": []}
        self.there: list[str] = [ANA, "UBOB"]
        self.asked: list[str] = []
        self.listed = 0
        self.unlisted: set[str] = set()
        self.at_once = self.most_at_once = 0

    async def channel(self, channel: str) -> Json:
        return self.place

    async def members(self, channel: str, most: int) -> list[str]:
        return self.there[: most + 1]

    async def people(self, pages: int) -> AsyncIterator[Json]:
        self.listed += 1
        await asyncio.sleep(0)
        for user, told in self.accounts.items():
            if isinstance(told, dict) and user not in self.unlisted:
                yield told

    async def person(self, user: str) -> Json:
        self.asked.append(user)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        told: Json | Exception = self.accounts.get(user, Refused("users.info", "user_not_found"))
        if isinstance(told, Exception):
            raise told
        return told


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class House:
    slack: Told = field(default_factory=Told)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.people = SlackPeople(self.slack, TEAM, self.clock)

    async def knows(self, user: str, told: object) -> Identity:
        """Who somebody is of whom Slack tells this."""
        self.slack.accounts[user] = told
        return await self.people.identity(user)

    async def readers(self, *people: Json) -> list[str] | None:
        """The external ids of who reads a place where these are."""
        self.slack.accounts |= {one["id"]: one for one in people}
        self.slack.there = [one["id"] for one in people]
        found = await self.people.readers(CHANNEL)
        return None if found is None else [one.external.rpartition(":")[2] for one in found.people]


@pytest.fixture
def house() -> House:
    return House()


async def test_a_colleague_has_their_email_and_name(house: House) -> None:
    assert await house.people.identity(ANA) == Identity(external="slack:TLARK:UANA", email="ana@larkspur.example", name="Ana", guest=False)


@pytest.mark.parametrize(
    "flag",
    [
        pytest.param({"is_restricted": True}, id="a guest"),
        pytest.param({"is_restricted": True, "is_ultra_restricted": True}, id="a guest of one channel"),
        pytest.param({"is_ultra_restricted": True}, id="a guest of one channel, said alone"),
        pytest.param({"is_stranger": True, "team_id": "TOTHER"}, id="a stranger"),
        pytest.param({"is_stranger": True}, id="a stranger who seems at home"),
        pytest.param({"team_id": "TOTHER"}, id="somebody of another company"),
        pytest.param({"team_id": None}, id="somebody of no company"),
        pytest.param({"deleted": True}, id="an account that is closed"),
        pytest.param({"is_bot": True}, id="a bot"),
    ],
)
async def test_nobody_but_a_colleague_holds_what_is_everybodys(house: House, flag: Json) -> None:
    assert (await house.knows("UEVE", account("UEVE", **flag))).guest


async def test_a_guest_of_our_own_is_known_by_their_email(house: House) -> None:
    assert (await house.knows("UEVE", account("UEVE", is_restricted=True))).email == "eve@larkspur.example"


async def test_a_strangers_email_proves_nothing(house: House) -> None:
    stranger = account("UEVE", is_stranger=True, team_id="TOTHER", profile={"email": "ana@larkspur.example"})
    assert (await house.knows("UEVE", stranger)).email is None


async def test_an_email_that_another_company_vouches_for_proves_nothing(house: House) -> None:
    other = account("UEVE", team_id="TOTHER", profile={"email": "ana@larkspur.example"})
    assert (await house.knows("UEVE", other)).email is None


@pytest.mark.parametrize(
    ("told", "name", "email"),
    [
        pytest.param(account("UX", real_name="", name="x.y"), "x.y", "x@larkspur.example", id="no real name"),
        pytest.param(account("UX", real_name=None, name=None), "UX", "x@larkspur.example", id="no name at all"),
        pytest.param(account("UX", profile={}), "X", None, id="no e-mail, for want of a scope"),
        pytest.param(account("UX", profile=None), "X", None, id="no profile"),
        pytest.param(account("UX", profile={"email": ""}), "X", None, id="an empty e-mail"),
        pytest.param({}, "UX", None, id="nothing"),
    ],
)
async def test_what_slack_does_not_tell_is_not_made_up(house: House, told: Json, name: str, email: str | None) -> None:
    known = await house.knows("UX", told)
    assert (known.name, known.email) == (name, email)


@pytest.mark.parametrize("error", ["user_not_found", "user_not_visible"])
async def test_whom_slack_does_not_tell_us_of_is_a_stranger(house: House, error: str) -> None:
    told = await house.knows("UNOBODY", Refused("users.info", error))
    assert told == Identity(external="slack:TLARK:UNOBODY", email=None, name="UNOBODY", guest=True)


@pytest.mark.parametrize("error", ["missing_scope", "token_revoked", "invalid_auth", "an_error_to_come"])
async def test_a_slack_that_refuses_us_is_not_a_slack_that_knows_nobody(house: House, error: str) -> None:
    with pytest.raises(Undeliverable, match=error):
        await house.knows(ANA, Refused("users.info", error))
    assert (await house.knows(ANA, account(ANA))).email == "ana@larkspur.example"


@pytest.mark.parametrize("failure", [MayHaveHappened("users.info"), NotNow("users.info")], ids=repr)
async def test_while_slack_cannot_be_asked_nobody_is_taken_for_anybody(house: House, failure: Exception) -> None:
    with pytest.raises(type(failure)):
        await house.knows(ANA, failure)
    assert (await house.knows(ANA, account(ANA))).email == "ana@larkspur.example"


# Who reads a place.


async def test_readers_are_people(house: House) -> None:
    bots = [account(BOT, is_bot=True), account("UOTHERBOT", is_bot=True), account("USLACKBOT")]
    gone = account("UGONE", deleted=True)
    guest, stranger = account("UGUEST", is_restricted=True), account("UEVE", is_stranger=True, team_id="TOTHER")
    assert await house.readers(account(ANA), *bots, gone, guest, stranger) == [ANA, "UGUEST", "UEVE"]


async def test_a_member_of_whom_slack_does_not_tell_reads_too_and_holds_nothing(house: House) -> None:
    house.slack.there = [ANA, "UNOBODY"]
    found = await house.people.readers(CHANNEL)
    assert found is not None
    assert [(one.email, one.guest) for one in found.people] == [("ana@larkspur.example", False), (None, True)]


async def test_a_member_who_cannot_be_asked_about_is_not_left_out(house: House) -> None:
    house.slack.accounts["UBOB"] = MayHaveHappened("users.info")
    with pytest.raises(MayHaveHappened):
        await house.people.readers(CHANNEL)


async def test_of_nobody_there_is_nobody(house: House) -> None:
    assert await house.readers() == []
    assert await house.readers(account(BOT, is_bot=True)) == []


@pytest.mark.parametrize(
    "shared",
    [
        pytest.param({"is_ext_shared": True}, id="with another company"),
        pytest.param({"is_pending_ext_shared": True}, id="with another company, soon"),
        pytest.param({"pending_connected_team_ids": ["TOTHER"]}, id="with a company that was asked"),
        pytest.param({"is_org_shared": True}, id="with other workspaces of the organisation"),
    ],
)
async def test_who_reads_a_shared_channel_cannot_be_told(house: House, shared: Json) -> None:
    house.slack.place |= shared
    assert await house.people.readers(CHANNEL) is None
    assert house.slack.asked == []


def crowd(house: House, number: int) -> list[str]:
    """So many colleagues, all in the place."""
    users = [f"U{n}" for n in range(number)]
    house.slack.accounts |= {user: account(user) for user in users}
    house.slack.there = users
    return users


@pytest.mark.parametrize(("members", "told"), [(MOST_MEMBERS, True), (MOST_MEMBERS + 1, False)])
async def test_of_more_members_than_can_be_looked_up_nobody_is(house: House, members: int, told: bool) -> None:  # noqa: FBT001 - a table's column
    users = crowd(house, members)
    found = await house.people.readers(CHANNEL)
    assert (found is not None and len(found.people) == len(users)) is told
    assert (house.slack.listed, house.slack.asked) == (told, [])


async def test_a_few_members_are_looked_up_each(house: House) -> None:
    users = crowd(house, 20)
    await house.people.readers(CHANNEL)
    assert (house.slack.listed, sorted(house.slack.asked)) == (0, sorted(users))
    assert 1 < house.slack.most_at_once <= 8


async def test_of_many_members_only_whom_the_list_does_not_name_is_looked_up(house: House) -> None:
    house.slack.unlisted = {"U7", "U8"}
    crowd(house, 400)
    found = await house.people.readers(CHANNEL)
    assert found is not None
    assert len(found.people) == 400
    assert (house.slack.listed, sorted(house.slack.asked)) == (1, ["U7", "U8"])


async def test_of_too_many_whom_the_list_does_not_name_nobody_is_told(house: House) -> None:
    house.slack.unlisted = set(crowd(house, 400)[:61])
    assert await house.people.readers(CHANNEL) is None
    assert await house.people.readers(CHANNEL) is None
    assert (house.slack.listed, house.slack.asked) == (1, [])  # and it is not read again at every question
    house.slack.there = house.slack.there[1:]
    assert await house.people.readers(CHANNEL) is not None


async def test_the_list_is_read_once_however_many_ask_at_a_time_and_again_after_five_minutes(house: House) -> None:
    crowd(house, 400)
    await asyncio.gather(*(house.people.readers(CHANNEL) for _ in range(5)))
    house.clock.now += 299
    await house.people.readers(CHANNEL)
    assert (house.slack.listed, house.slack.asked) == (1, [])
    house.slack.accounts["U1"] = account("U1", is_restricted=True)
    house.clock.now += 1
    found = await house.people.readers(CHANNEL)
    assert found is not None
    assert [one.name for one in found.people if one.guest] == ["1"]
    assert (house.slack.listed, house.slack.asked) == (2, [])


async def test_a_list_that_breaks_off_is_read_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(house, 400)

    async def broken(*_: object) -> AsyncIterator[Json]:
        yield account("U1")
        raise NotNow("users.list")

    with monkeypatch.context() as patched:
        patched.setattr(Told, "people", broken)
        with pytest.raises(NotNow):
            await house.people.readers(CHANNEL)
    found = await house.people.readers(CHANNEL)
    assert found is not None
    assert len(found.people) == 400


@pytest.mark.parametrize(
    ("place", "is_open"),
    [
        pytest.param({"is_channel": True, "is_private": False}, True, id="a public channel"),
        pytest.param({"is_channel": True, "is_private": True}, False, id="a private one"),
        pytest.param({"is_group": True, "is_private": True}, False, id="a private one of old"),
        pytest.param({"is_mpim": True, "is_private": False}, False, id="a group message"),
        pytest.param({"is_im": True, "is_private": None}, False, id="a direct message"),
        pytest.param({"is_private": None}, True, id="a place of which Slack does not say it"),
    ],
)
async def test_anybody_may_read_a_channel_that_is_not_private(house: House, place: Json, is_open: bool) -> None:  # noqa: FBT001 - a table's column
    house.slack.place |= place
    found = await house.people.readers(CHANNEL)
    assert found is not None
    assert (found.is_open, len(found.people)) == (is_open, 2)


async def test_who_is_in_a_place_is_looked_up_each_time(house: House) -> None:
    assert await house.readers(account(ANA)) == [ANA]
    assert await house.readers(account(ANA), account("UBOB")) == [ANA, "UBOB"]
    house.slack.place |= {"is_ext_shared": True}
    assert await house.readers(account(ANA)) is None


# What is known of an account is kept for a few minutes.


async def test_an_account_is_looked_up_again_after_five_minutes(house: House) -> None:
    await house.people.identity(ANA)
    house.slack.accounts[ANA] = account(ANA, is_restricted=True)
    house.clock.now += 299
    assert not (await house.people.identity(ANA)).guest
    house.clock.now += 1
    assert (await house.people.identity(ANA)).guest
    assert house.slack.asked == [ANA, ANA]


async def test_five_minutes_begin_when_it_was_looked_up_and_not_when_it_was_last_used(house: House) -> None:
    for _ in range(4):
        await house.people.identity(ANA)
        house.clock.now += 100
    assert house.slack.asked == [ANA, ANA]


async def test_of_very_many_accounts_the_oldest_are_forgotten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.slack.people._MOST_KEPT", 2)
    for user in (ANA, "UBOB", "UNOBODY", ANA, "UNOBODY"):
        await house.people.identity(user)
    assert house.slack.asked == [ANA, "UBOB", "UNOBODY", ANA]


async def test_two_companies_do_not_share_what_is_known(house: House) -> None:
    theirs = SlackPeople(house.slack, "TOTHER", house.clock)
    assert not (await house.people.identity(ANA)).guest
    assert (await theirs.identity(ANA)).guest
