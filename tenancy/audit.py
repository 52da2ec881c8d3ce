"""Who did what to which, kept for the tenant's own eyes. No words of documents or questions go in here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tenancy.database import Database
from tenancy.tables import audit
from tenancy.viewer import TenantId

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the audit log."""

    id: int  # ascending
    at: datetime  # UTC, the database's clock
    actor: str  # a PersonId, or the name of a part of ours: `cli`, `worker`
    action: str  # a verb and its object: `document.removed`
    subject: str  # the id of what it was done to
    detail: Mapping[str, Any]  # JSON; what an admin needs to understand it


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit logs of all tenants, one tenant at a time. Lines are added and never changed."""

    database: Database

    async def append(
        self,
        tenant: TenantId,
        actor: str,
        action: str,
        subject: str,
        detail: Mapping[str, Any] = _NOTHING,
        *,
        within: AsyncConnection | None = None,
    ) -> None:
        """Add a line, in a transaction of its own or `within` one of the tenant's: then it is kept if the deed is."""
        line = {"actor": actor, "action": action, "subject": subject, "detail": dict(detail)}
        async with self.database.tenant(tenant, within) as connection:
            await connection.execute(insert(audit), line)

    async def recent(self, tenant: TenantId, limit: int = 100) -> Sequence[Entry]:
        """The newest lines, newest first."""
        async with self.database.tenant(tenant) as connection:
            rows = await connection.execute(select(audit).order_by(audit.c.id.desc()).limit(limit))
        return [Entry(**row) for row in rows.mappings()]
