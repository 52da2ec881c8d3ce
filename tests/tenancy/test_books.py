"""The audit log and the links from platforms' workspaces."""

import pytest

from tenancy.audit import Audit
from tenancy.database import Database
from tenancy.errors import InstallTaken, StoreUnavailable, UnknownTenant
from tenancy.installs import Installs
from tenancy.tenants import Tenant, Tenants
from tenancy.viewer import TenantId
from tests.tenancy import servers


async def test_lines_are_read_newest_first(database: Database, tenant: Tenant) -> None:
    audit = Audit(database)
    for n in range(5):
        await audit.append(tenant.id, "cli", "document.removed", f"d{n}", {"n": n, "ü": ["x", None]})
    await audit.append(tenant.id, "cli", "tenant.shown", tenant.id)
    newest, before = await audit.recent(tenant.id, 2)
    assert (newest.action, newest.detail) == ("tenant.shown", {})
    assert (before.subject, before.detail, before.actor) == ("d4", {"n": 4, "ü": ["x", None]}, "cli")
    assert newest.id > before.id
    assert newest.at.tzinfo is not None


async def test_a_line_is_kept_if_the_deed_is(database: Database, tenant: Tenant) -> None:
    audit = Audit(database)
    with pytest.raises(StoreUnavailable):  # noqa: PT012  the deed and its end
        async with database.tenant(tenant.id) as connection:
            await audit.append(tenant.id, "cli", "undone", "x", within=connection)
            raise StoreUnavailable
    async with database.tenant(tenant.id) as connection:
        await audit.append(tenant.id, "cli", "done", "x", within=connection)
    assert [entry.action for entry in await audit.recent(tenant.id)] == ["done"]


async def test_a_workspace_leads_to_its_tenant_until_it_is_unlinked(database: Database, tenant: Tenant) -> None:
    installs = Installs(database)
    assert await installs.find("slack", tenant.id) is None
    for _ in range(2):
        await installs.link("slack", tenant.id, tenant.id)
    assert await installs.find("slack", tenant.id) == tenant
    assert await installs.find("teams", tenant.id) is None
    for _ in range(2):
        await installs.unlink("slack", tenant.id)
    assert await installs.find("slack", tenant.id) is None


async def test_a_workspace_cannot_be_taken_from_its_tenant(database: Database, tenant: Tenant, tenants: Tenants) -> None:
    installs, other = Installs(database), await servers.new_tenant(database)
    await installs.link("teams", tenant.id, tenant.id)
    with pytest.raises(InstallTaken, match="Unlink it there first"):
        await installs.link("teams", tenant.id, other.id)
    assert await installs.find("teams", tenant.id) == tenant
    await tenants.delete(tenant.slug)
    assert await installs.find("teams", tenant.id) is None


async def test_a_workspace_is_linked_to_tenants_that_exist(database: Database) -> None:
    with pytest.raises(UnknownTenant):
        await Installs(database).link("slack", "T1-nobody", TenantId("nobody"))
