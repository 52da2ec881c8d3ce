"""The composed house: what one part begins, another finishes."""

from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.compose import open_house
from adapters.settings import Settings
from knowledge.errors import IndexUnavailable
from knowledge.index.lance import LanceEngine
from knowledge.ingest.items import TextItem
from tenancy.errors import UnknownTenant
from tenancy.viewer import EVERYONE, TenantId

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]


async def test_a_removal_that_was_interrupted_is_finished_by_the_next_tidying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unavailable(_: LanceEngine, tenant: TenantId) -> None:
        raise IndexUnavailable(tenant)

    async with open_house(Settings(home=tmp_path)) as house:
        tenant = await house.tenants.create("acme", "Acme")
        await house.ingestion.run(tenant.id, "s", [TextItem(name="a", title="A", readers=frozenset({EVERYONE}), text="Secret words.")])
        with monkeypatch.context() as broken:
            broken.setattr(LanceEngine, "purge", unavailable)
            with pytest.raises(IndexUnavailable):
                await house.remove("acme")
        with pytest.raises(UnknownTenant):
            await house.tenants.by_slug("acme")
        assert list((tmp_path / "index").glob(f"*/{tenant.id}"))
        await house.tidy_all()
        assert not list((tmp_path / "index").glob(f"*/{tenant.id}"))
        assert await house.tenants.removals() == []


async def test_a_company_is_made_with_its_index_and_without_it_where_the_engine_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: LanceEngine, __: TenantId) -> None:
        raise IndexUnavailable

    async with open_house(Settings(home=tmp_path)) as house:
        acme = await house.add("acme", "Acme")
        assert list((tmp_path / "index").glob(f"*/{acme.id}"))
        with monkeypatch.context() as broken:
            broken.setattr(LanceEngine, "open", away)
            beta = await house.add("beta", "Beta")
        assert not list((tmp_path / "index").glob(f"*/{beta.id}"))
        assert await (await house.places.open(beta.id)).index.count() == 0


async def test_at_night_indexes_in_use_are_mended_and_others_put_to_rest_and_left_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested: list[TenantId] = []

    async def away(_: LanceEngine, tenant: TenantId) -> None:
        rested.append(tenant)
        raise IndexUnavailable

    monkeypatch.setattr(LanceEngine, "rest", away)
    async with open_house(Settings(home=tmp_path)) as house:
        idle = [await house.tenants.create(f"idle-{n}", "Idle") for n in range(2)]
        used = await house.tenants.create("used", "Used")
        async with house.database.control() as connection:
            await connection.execute(text("UPDATE tenants SET created_at = now() - interval '31 days' WHERE slug LIKE 'idle-%'"))
        await house.tidy_all()
        await house.nightly()
        async with house.database.control() as connection:
            queued = (await connection.execute(text("SELECT task_name, args->>'tenant' FROM procrastinate_jobs"))).all()
    assert sorted(rested) == sorted(one.id for one in idle)
    tasks = ["learn_doubt", "learn_map", "mend_index", "tidy_index"]
    assert sorted(map(tuple, queued)) == [(task, used.id) for task in tasks]
