"""Which tenant an Entra tenant belongs to, as long as a setting says so."""

from collections.abc import Mapping

from adapters.settings import BadSetting
from adapters.teams.events import ENTRA


def links(written: str) -> Mapping[str, str]:
    """What TEAMS_LINK says: the slug for each Entra tenant. Raises `BadSetting`."""
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, written.split(","))):
        tenant, _, slug = (one.strip() for one in part.partition("="))
        if not ENTRA.fullmatch(tenant.lower()) or not slug:
            raise BadSetting(f"TEAMS_LINK has {part!r}; write ENTRA-TENANT-ID=SLUG, with commas between several.")
        found[tenant.lower()] = slug
    return found
