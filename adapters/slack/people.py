"""Who somebody in Slack is, and who reads a place: asked of Slack, kept for a few minutes at most. When in doubt, nobody may read."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.answering import Undeliverable
from adapters.slack.client import SlackClient
from tenancy.users import Identity

MOST_MEMBERS: Final = 1_000
"""Readers of a place; of more, nobody looks up each, so nothing is shown there but what can be said to anybody."""

_FRESH_S: Final = 300.0
_MOST_KEPT: Final = 20_000
_AT_ONCE: Final = 8


class SlackPeople:
    """The accounts of one workspace."""

    def __init__(self, client: SlackClient, workspace: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`workspace` is the one that installed us: whoever is of another is a guest."""
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Mapping[str, Any]]] = OrderedDict()
        self._asking = asyncio.Semaphore(_AT_ONCE)

    async def identity(self, user: str) -> Identity:
        """Who that is."""
        return self._identity(user, await self._account(user))

    async def readers(self, channel: str) -> list[Identity] | None:
        """Every person in a place, looked up now; None if they cannot all be told: too many, or another company's channel."""
        if _is_shared(await self._client.channel(channel)):
            return None
        members = await self._client.members(channel)
        if len(members) > MOST_MEMBERS:
            return None
        accounts = await asyncio.gather(*map(self._account, members))
        people = [(user, account) for user, account in zip(members, accounts, strict=True) if not _is_no_person(account)]
        return [self._identity(user, account) for user, account in people]

    async def _account(self, user: str) -> Mapping[str, Any]:
        kept = self._known.get(user)
        if kept and self._clock() - kept[0] < _FRESH_S:
            return kept[1]
        async with self._asking:
            account = await self._asked(user)
        self._known[user] = (self._clock(), account)
        self._known.move_to_end(user)
        while len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return account

    async def _asked(self, user: str) -> Mapping[str, Any]:
        try:
            return await self._client.person(user)
        except Undeliverable:  # Slack does not tell us: a stranger
            return {}

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


def _is_no_person(account: Mapping[str, Any]) -> bool:
    """A bot, ourselves among them, or an account that is closed: nobody who reads."""
    return bool(account.get("is_bot") or account.get("deleted") or account.get("id") == "USLACKBOT")
