"""What the engine needs of whoever keeps the tenants' keys."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from tenancy.viewer import TenantId


class TenantKeys(Protocol):
    """The key of each tenant, sealed where it is kept, the same for all processes."""

    async def key(self, tenant: TenantId, refused: str | None, make: Callable[[], Awaitable[str]]) -> str:
        """The key that is kept, unless it is `refused` or there is none: then what `make` gives, which is kept from now on.

        One process at a time for each tenant, so that none makes a key while another does. Raises `UnknownTenant`, and
        `IndexUnavailable` where others take too long to make theirs.
        """

    async def forget(self, tenant: TenantId) -> None:
        """Keep none any more. Nothing happens if none is kept, or the tenant is gone and its key with it."""
