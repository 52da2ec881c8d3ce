"""Which tenant an Entra tenant belongs to, as long as a setting says so."""

import re
from collections.abc import Mapping

from adapters.settings import BadSetting

_TENANT = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def links(written: str) -> Mapping[str, str]:
    """What TEAMS_LINK says: the slug for each Entra tenant. Raises `BadSetting`."""
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, written.split(","))):
        tenant, _, slug = (one.strip() for one in part.partition("="))
        if not _TENANT.fullmatch(tenant.lower()) or not slug:
            raise BadSetting(f"TEAMS_LINK has {part!r}; write ENTRA-TENANT-ID=SLUG, with commas between several.")
        found[tenant.lower()] = slug
    return found
