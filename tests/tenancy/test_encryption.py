"""Sealing under a tenant's own key, which is wrapped under the master key."""

import asyncio
import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tenancy.database import Database
from tenancy.encryption import MasterKey, Vault
from tenancy.errors import KeyRefused, UnknownTenant
from tenancy.tenants import Tenant, Tenants
from tenancy.viewer import TenantId
from tests.tenancy import servers

OTHER_KEY = MasterKey(b"\1" * 32)


@pytest.fixture
def vault(database: Database) -> Vault:
    return Vault(database, servers.KEY)


@pytest.mark.parametrize("content", [b"", b"x", b"y" * 200_000], ids=["empty", "short", "long enough for a thread"])
async def test_what_is_sealed_can_be_opened_again(vault: Vault, tenant: Tenant, content: bytes) -> None:
    sealed = await vault.seal(tenant.id, content, "original:1")
    assert len(sealed) == len(content) + 29
    assert sealed != await vault.seal(tenant.id, content, "original:1")
    assert await vault.unseal(tenant.id, sealed, "original:1") == content
    assert await Vault(vault.database, vault.master).unseal(tenant.id, sealed, "original:1") == content


async def test_another_tenant_context_or_byte_is_refused(vault: Vault, tenant: Tenant, database: Database) -> None:
    other = await servers.new_tenant(database)
    sealed = await vault.seal(tenant.id, b"content", "original:1")
    changed = bytes([*sealed[:-1], sealed[-1] ^ 1])
    cases = [(other.id, sealed, "original:1"), (tenant.id, sealed, "original:2"), (tenant.id, changed, "original:1")]
    cases += [(tenant.id, cut, "original:1") for cut in (b"", sealed[:1], sealed[:12], sealed[:28], b"\2" + sealed[1:])]
    for who, what, context in cases:
        with pytest.raises(KeyRefused):
            await vault.unseal(who, what, context)


async def test_another_master_key_is_noticed_at_once(database: Database, tenant: Tenant) -> None:
    await Vault(database, servers.KEY).check()
    wrong = Vault(database, OTHER_KEY)
    with pytest.raises(KeyRefused, match="Restore the FOOTNOTE_MASTER_KEY"):
        await wrong.check()
    with pytest.raises(KeyRefused):
        await wrong.seal(tenant.id, b"x", "test")


async def test_a_data_key_is_wrapped_for_its_tenant_only(vault: Vault, tenant: Tenant, database: Database) -> None:
    other = await servers.new_tenant(database)
    swap = text("UPDATE tenants SET data_key = (SELECT data_key FROM tenants WHERE id = :other) WHERE id = :own")
    async with database.control() as connection:
        await connection.execute(swap, {"own": tenant.id, "other": other.id})
    with pytest.raises(KeyRefused):
        await vault.seal(tenant.id, b"x", "test")
    async with database.control() as connection:  # so that the master key's check finds it in order
        renew = text("UPDATE tenants SET data_key = :key WHERE id = :own")
        await connection.execute(renew, {"own": tenant.id, "key": vault.new_data_key(tenant.id)})


async def test_the_data_key_is_asked_for_once_and_again_after_a_while(
    vault: Vault, tenant: Tenant, tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = await vault.seal(tenant.id, b"x", "test")
    await tenants.delete(tenant.slug)  # by another process: this vault does not hear of it
    assert await vault.unseal(tenant.id, sealed, "test") == b"x"
    monkeypatch.setattr("tenancy.encryption._CACHE_S", -1.0)
    vault.forget(tenant.id)
    with pytest.raises(UnknownTenant):
        await vault.unseal(tenant.id, sealed, "test")


async def test_neither_key_nor_vault_shows_a_key(database: Database) -> None:
    key = os.urandom(32)
    shown = repr(Vault(database, MasterKey(key)))
    assert repr(key) not in shown
    assert base64.b64encode(key).decode() not in shown


@given(st.binary(max_size=300), st.text(max_size=20))
def test_wrapping_is_undone_by_unwrapping(data: bytes, tenant: str) -> None:
    try:
        wrapped = servers.KEY.wrap(TenantId(tenant), data)
    except UnicodeEncodeError:
        return
    assert servers.KEY.unwrap(TenantId(tenant), wrapped) == data
    with pytest.raises(KeyRefused):
        OTHER_KEY.unwrap(TenantId(tenant), wrapped)


@pytest.mark.parametrize("written", ["", "x", "AAAA", base64.b64encode(b"x" * 31).decode(), "ü" * 44, "=" * 44])
def test_what_is_no_master_key_is_refused_with_how_to_make_one(written: str) -> None:
    with pytest.raises(KeyRefused, match="openssl rand -base64 32"):
        MasterKey.from_text(written)


def test_the_key_in_a_home_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(MasterKey.in_home, [home] * 16))
    wrapped = keys[0].wrap(TenantId("t"), b"data")
    assert {key.unwrap(TenantId("t"), wrapped) for key in keys} == {b"data"}
    path = home / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in home.iterdir()] == ["master.key"]
    path.chmod(0o644)
    MasterKey.in_home(home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("broken")
    with pytest.raises(KeyRefused):
        MasterKey.in_home(home)
    assert path.read_text() == "broken"


async def test_a_large_original_does_not_hold_up_the_loop(vault: Vault, tenant: Tenant) -> None:
    content = bytes(50_000_000)
    await vault.seal(tenant.id, b"", "warm")
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    sealed = await vault.seal(tenant.id, content, "large")
    assert await vault.unseal(tenant.id, sealed, "large") == content
    beating.cancel()
    assert beats > 10
