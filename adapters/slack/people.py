"""Who somebody in Slack is, and who reads a place: asked of Slack, kept for a few minutes at most. When in doubt, nobody may read."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from adapters.slack.client import Refused, SlackClient
from tenancy.users import Identity

MOST_MEMBERS: Final = 1_000
"""Readers of a place; of more, nothing is shown there but what can be said to anybody."""

_FRESH_S: Final = 300.0
_MOST_KEPT: Final = 20_000
_AT_ONCE: Final = 8
_FEW: Final = 20  # unknown readers who are asked for one by one before the whole list is read
_MOST_ASKED: Final = 60  # unknown readers after that: Slack allows about 100 a minute, for all that a workspace asks
_MOST_PAGES: Final = 15  # of the list: Slack allows 20 a minute
_NOBODY: Final = frozenset({"user_not_found", "user_not_visible"})


class Readers(NamedTuple):
    """Who reads a place."""

    people: Sequence[Identity]  # who is there
    is_open: bool  # whether every colleague may read it without being there


class _Account(NamedTuple):
    identity: Identity
    reads: bool  # False of a bot, ourselves among them, and of an account that is closed
    at: float  # when Slack was asked


class SlackPeople:
    """The accounts of one workspace."""

    def __init__(self, client: SlackClient, workspace: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`workspace` is the one that installed us: whoever is of another is a guest."""
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._known: OrderedDict[str, _Account] = OrderedDict()
        self._asking = asyncio.Semaphore(_AT_ONCE)
        self._listing = asyncio.Lock()
        self._listed = -_FRESH_S  # when the whole list was read

    async def identity(self, user: str) -> Identity:
        """Who that is."""
        return (await self._account(user)).identity

    async def readers(self, channel: str) -> Readers | None:
        """Who reads a place, looked up now; None if they cannot all be told: too many, or another company's channel."""
        place = await self._client.channel(channel)
        if _is_shared(place):
            return None
        members = await self._client.members(channel, MOST_MEMBERS)
        if len(members) > MOST_MEMBERS or not await self._can_all_be_told(members):
            return None
        accounts = await asyncio.gather(*map(self._account, members))
        return Readers([account.identity for account in accounts if account.reads], _is_open(place))

    async def _can_all_be_told(self, users: Sequence[str]) -> bool:
        """Whether few enough are unknown to be asked for one by one; if they are many, after the whole list was read."""
        if self._unknown(users) > _FEW:
            await self._list()
        return self._unknown(users) <= _MOST_ASKED

    def _unknown(self, users: Sequence[str]) -> int:
        return sum(self._kept(user) is None for user in users)

    def _kept(self, user: str) -> _Account | None:
        account = self._known.get(user)
        return account if account and self._is_fresh(account.at) else None

    def _is_fresh(self, at: float) -> bool:
        return self._clock() - at < _FRESH_S

    async def _list(self) -> None:
        """Read what Slack says of everybody, unless that was done a moment ago."""
        async with self._listing:
            if self._is_fresh(self._listed):
                return
            began = self._clock()
            async for told in self._client.people(_MOST_PAGES):
                self._keep(str(told.get("id") or ""), told, began)
            self._listed = began

    async def _account(self, user: str) -> _Account:
        if kept := self._kept(user):
            return kept
        async with self._asking:
            told = await self._asked(user)
        return self._keep(user, told, self._clock())

    async def _asked(self, user: str) -> Mapping[str, Any]:
        try:
            return await self._client.person(user)
        except Refused as error:
            if error.error in _NOBODY:  # a stranger
                return {}
            raise

    def _keep(self, user: str, told: Mapping[str, Any], at: float) -> _Account:
        self._known[user] = account = _Account(self._identity(user, told), not _is_no_person(told), at)
        self._known.move_to_end(user)
        while len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return account

    def _identity(self, user: str, account: Mapping[str, Any]) -> Identity:
        profile = account.get("profile")
        email = profile.get("email") if isinstance(profile, Mapping) else None
        foreign = bool(account.get("is_stranger")) or account.get("team_id") != self._workspace
        guest = foreign or any(account.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "deleted", "is_bot"))
        return Identity(
            external=f"slack:{self._workspace}:{user}",
            email=str(email) if email and not foreign else None,  # what another company says of its people proves nothing here
            name=str(account.get("real_name") or account.get("name") or user),
            guest=guest,
        )


def _is_shared(channel: Mapping[str, Any]) -> bool:
    return any(channel.get(flag) for flag in ("is_ext_shared", "is_pending_ext_shared", "is_org_shared", "pending_connected_team_ids"))


def _is_open(channel: Mapping[str, Any]) -> bool:
    """Whether every full member of the workspace finds, opens and searches it without joining: unless Slack says that it is private."""
    return not any(channel.get(flag) for flag in ("is_private", "is_im", "is_mpim"))


def _is_no_person(account: Mapping[str, Any]) -> bool:
    """A bot, ourselves among them, or an account that is closed: nobody who reads."""
    return bool(account.get("is_bot") or account.get("deleted") or account.get("id") == "USLACKBOT")
