from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.originals import Originals
from tenancy.database import Database
from tests.tenancy.servers import new_tenant, tenants_of


@pytest.fixture
def originals(database: Database, tmp_path: Path) -> Originals:
    return Originals.in_folder(tmp_path / "originals", tenants_of(database).vault)


async def test_what_was_kept_comes_back_and_is_sealed_on_disk(database: Database, originals: Originals, tmp_path: Path) -> None:
    tenant = (await new_tenant(database)).id
    await originals.put(tenant, "d1/1", b"the salary list")
    assert await originals.get(tenant, "d1/1") == b"the salary list"
    (kept,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert b"salary" not in kept.read_bytes()


async def test_one_tenants_originals_are_not_anothers(database: Database, originals: Originals) -> None:
    one, other = (await new_tenant(database)).id, (await new_tenant(database)).id
    await originals.put(one, "d1/1", b"secret")
    with pytest.raises(KnowledgeError, match="could not be read back"):
        await originals.get(other, "d1/1")


async def test_one_object_or_all_below_a_name_are_removed_and_nothing_else(database: Database, originals: Originals) -> None:
    tenant = (await new_tenant(database)).id
    await originals.put(tenant, "d1/1", b"one")
    await originals.put(tenant, "d2/1", b"two")
    await originals.remove(tenant, "d1")
    await originals.remove(tenant, "never-there")
    assert await originals.get(tenant, "d2/1") == b"two"
    await originals.remove(tenant, "d2/1")
    with pytest.raises(KnowledgeError):
        await originals.get(tenant, "d2/1")
    with pytest.raises(KnowledgeError):
        await originals.get(tenant, "d1/1")


async def test_a_store_that_cannot_be_written_says_what_to_check(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "originals"
    originals = Originals.in_folder(folder, tenants_of(database).vault)
    tenant = (await new_tenant(database)).id
    folder.rmdir()
    folder.write_text("a file where the folder was")
    with pytest.raises(KnowledgeError, match="BUCKET_URL"):
        await originals.put(tenant, "d1/1", b"x")
