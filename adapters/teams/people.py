"""Who somebody in Teams is, and who reads a conversation: asked of the Connector each time. When in doubt, nobody may read."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.heard import Place
from adapters.teams.client import TeamsClient
from tenancy.users import Identity

MOST_MEMBERS: Final = 1_000
"""Readers of a conversation; of more, nothing is shown there but what can be said to anybody."""

_GUESTS: Final = frozenset({"guest", "anonymous"})


class TeamsPeople:
    """The members of conversations."""

    def __init__(self, client: TeamsClient) -> None:
        """Nothing is kept: a roster is one call."""
        self._client = client

    async def identity(self, place: Place, person: str) -> Identity:
        """Who that is."""
        return _identity(place.workspace, await self._client.member(place.via, place.channel, person))

    async def readers(self, place: Place) -> list[Identity] | None:
        """Every person in a conversation, looked up now; None if there are too many."""
        members = await self._client.members(place.via, place.channel, MOST_MEMBERS)
        if len(members) > MOST_MEMBERS:
            return None
        return [_identity(place.workspace, member) for member in members]


def _identity(workspace: str, member: Mapping[str, Any]) -> Identity:
    """Somebody by (Entra tenant, object id): their id in a conversation is another for each bot."""
    object_id = str(member.get("aadObjectId") or member.get("objectId") or "")
    upn = str(member.get("userPrincipalName") or "")
    home = str(member.get("tenantId") or workspace).lower()
    foreign = home != workspace
    guest = foreign or not object_id or str(member.get("userRole", "")).lower() in _GUESTS or "#EXT#" in upn.upper()
    email = "" if foreign else str(member.get("email") or ("" if guest else upn))  # as in Slack: another company's word proves nothing here
    return Identity(
        external=f"teams:{home}:{object_id or member.get('id', '')}",
        email=email or None,
        name=str(member.get("name") or upn or "somebody"),
        guest=guest,
    )
