"""Who may do what in a real Weaviate: the application's key, the operations' key, and a key for each tenant."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import pytest_asyncio
import weaviate as client_library
from weaviate.auth import Auth
from weaviate.backup.backup import BackupStorage
from weaviate.classes.rbac import Permissions
from weaviate.exceptions import InsufficientPermissionsError

from knowledge.documents import DocumentId, PassageId
from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.kept_keys import KeptKeys
from knowledge.index.port import NOTHING, Entry
from knowledge.index.weaviate import WeaviateEngine
from knowledge.index.weaviate.access import Access, Role, tenant_role
from knowledge.index.weaviate.line import Line
from knowledge.index.weaviate.node import Node
from knowledge.index.weaviate.schema import collection_name, definition
from knowledge.index.weaviate.tenant import WeaviateIndex
from knowledge.index.weaviate.tenant_line import TenantLines
from tenancy.database import Database
from tenancy.tenants import Tenants
from tenancy.viewer import EVERYONE, TenantId
from tests.engines import weaviate
from tests.tenancy.servers import new_tenant

pytestmark = [*weaviate.MARKS, pytest.mark.timeout(120)]

Client = client_library.WeaviateAsyncClient

MODEL, DIMENSION = "test", 8
COLLECTION = collection_name(MODEL, DIMENSION)
FILESYSTEM = BackupStorage.FILESYSTEM
UNKNOWN = "does not know the API key"


class Issued(NamedTuple):
    """The keys of both users; None: they keep the one they have."""

    application: str | None
    operations: str | None


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Cluster]:
    """One node that keeps users and can make backups."""
    folder = tmp_path_factory.mktemp("weaviate")
    backups = {"ENABLE_MODULES": "backup-filesystem", "BACKUP_FILESYSTEM_PATH": str(folder / "backups")}
    with weaviate.running(folder, 1, AUTHENTICATION_DB_USERS_ENABLED="true", **backups) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def last() -> list[Issued]:
    """The keys that the test before had, if any."""
    return []


@pytest_asyncio.fixture
async def issued(cluster: weaviate.Cluster, last: list[Issued]) -> Issued:
    """Both keys, with tenants' keys allowed, and the collection, made by operations. A key takes long to make: those that do are kept."""
    again = await issue(cluster, rotate=not (last and await do(cluster, *last[0])), tenant_keys=True)
    last[:] = [again if again.application else last[0]]
    async with engine_of(cluster, last[0].application, operations=last[0].operations) as engine:
        await engine.prepare()
    return last[0]


async def do(cluster: weaviate.Cluster, *keys: str | None) -> bool:
    """Whether the server knows all these keys."""
    for key in keys:
        async with line_of(cluster, key) as line:
            try:
                await line.read(lambda client: client.get_meta())
            except IndexUnavailable:
                return False
    return True


@pytest_asyncio.fixture
async def acme(database: Database) -> TenantId:
    return (await new_tenant(database)).id


@pytest_asyncio.fixture
async def beta(database: Database) -> TenantId:
    return (await new_tenant(database)).id


@pytest.fixture
def kept(database: Database, tenants: Tenants) -> KeptKeys:
    return KeptKeys(database, tenants.vault, "weaviate")


@asynccontextmanager
async def line_of(cluster: weaviate.Cluster, key: str | None) -> AsyncIterator[Line]:
    line = Line([Node(cluster.nodes[0].address, key or "")])
    try:
        yield line
    finally:
        await line.close()


async def issue(cluster: weaviate.Cluster, key: str | None = weaviate.KEY, *, rotate: bool = True, tenant_keys: bool = False) -> Issued:
    """As `footnote index keys` does, in its order."""
    async with line_of(cluster, key) as line:
        access = Access(line)
        await access.set_roles(tenant_keys=tenant_keys)
        return Issued(*[await access.new_key(role, rotate=rotate) for role in Role])


@asynccontextmanager
async def engine_of(
    cluster: weaviate.Cluster, key: str | None, *, operations: str | None = None, kept: KeptKeys | None = None, model: str = MODEL
) -> AsyncIterator[WeaviateEngine]:
    """As a process has it; with `kept`, each tenant's passages go over a key of its own."""
    nodes = [Node(cluster.nodes[0].address, key or "")]
    line = Line(nodes)
    engine = WeaviateEngine(
        line,
        model=model,
        dimension=DIMENSION,
        operations=line.known_as(operations) if operations else None,
        tenant_lines=TenantLines(nodes, kept) if kept else None,
    )
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def raw(cluster: weaviate.Cluster, key: str | None) -> AsyncIterator[Client]:
    """The client as it is."""
    ports = cluster.nodes[0].ports
    async with client_library.use_async_with_local(
        host="127.0.0.1", port=ports.rest, grpc_port=ports.grpc, auth_credentials=Auth.api_key(key or ""), skip_init_checks=True
    ) as client:
        yield client


def entry(number: int) -> Entry:
    vector = np.zeros(DIMENSION, np.float32)
    vector[number % DIMENSION] = 1
    return Entry(
        passage=PassageId(f"a-1-{number}"),
        document=DocumentId("a"),
        version=1,
        terms=["leave", f"n{number}"],
        vector=vector,
        readers=frozenset({EVERYONE}),
    )


async def serve(engine: WeaviateEngine, tenant: TenantId) -> None:
    """All that a process which serves does with an index."""
    await engine.create(tenant)
    index = await engine.open(tenant)
    await index.put([entry(number) for number in range(5)])
    assert len(await index.by_words(["leave"], {EVERYONE}, 10)) == 5
    assert len(await index.by_vector(entry(1).vector, {EVERYONE}, 10)) == 5
    assert len(await index.vectors([entry(1).passage])) == 1
    await index.set_readers(DocumentId("a"), frozenset())
    assert await index.by_words(["leave"], {EVERYONE}, 10) == []
    await index.tidy()
    await engine.rest(tenant)
    assert sum((await index.holdings()).values()) == 5
    await index.keep_only({DocumentId("a"): NOTHING})
    assert await index.count() == 0
    assert "Weaviate" in await engine.check()


async def test_the_application_does_all_that_serving_needs(cluster: weaviate.Cluster, issued: Issued, acme: TenantId) -> None:
    async with engine_of(cluster, issued.application) as engine:
        await serve(engine, acme)
        await engine.drop(acme)
        await engine.purge(acme)


READ_ALL = Permissions.data(collection="*", read=True)


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(lambda client: client.collections.create_from_dict(definition("Footnote_more", 1)), id="make a collection"),
        pytest.param(lambda client: client.collections.delete(COLLECTION), id="delete a collection"),
        pytest.param(lambda client: client.backup.create("b", FILESYSTEM, include_collections=[COLLECTION]), id="make a backup"),
        pytest.param(lambda client: client.cluster.nodes(), id="look at the nodes"),
        pytest.param(lambda client: client.roles.create(role_name="other", permissions=READ_ALL), id="make a role"),
        pytest.param(lambda client: client.roles.add_permissions(role_name=Role.APPLICATION, permissions=READ_ALL), id="widen its role"),
        pytest.param(lambda client: client.roles.create(role_name="footnote_tenant_x", permissions=READ_ALL), id="give what it has not"),
        pytest.param(lambda client: client.users.db.create(user_id="footnote-other"), id="make a user"),
        pytest.param(lambda client: client.users.db.rotate_key(user_id=Role.OPERATIONS.user), id="take the key of operations"),
    ],
)
async def test_the_application_may_do_nothing_else(
    cluster: weaviate.Cluster, issued: Issued, attempt: Callable[[Client], Awaitable[object]]
) -> None:
    async with raw(cluster, issued.application) as client:
        with pytest.raises(InsufficientPermissionsError):
            await attempt(client)


async def test_operations_manage_our_collections_and_no_others(cluster: weaviate.Cluster, issued: Issued) -> None:
    async with raw(cluster, weaviate.KEY) as root:
        await root.collections.create_from_dict({"class": "Others", "vectorizer": "none"})
    async with raw(cluster, issued.operations) as client:
        await client.collections.create_from_dict(definition("Footnote_more", 1))
        await client.backup.create("b", FILESYSTEM, include_collections=["Footnote_more"], wait_for_completion=True)
        await client.collections.delete("Footnote_more")
        assert len(await client.cluster.nodes(output="verbose")) == 1
        for refused in (
            client.collections.delete("Others"),
            client.backup.create("c", FILESYSTEM, include_collections=["Others"]),
        ):
            with pytest.raises(InsufficientPermissionsError):
                await refused


async def test_operations_make_keys_but_give_nobody_more_than_they_have(cluster: weaviate.Cluster, issued: Issued) -> None:
    again = await issue(cluster, issued.operations, tenant_keys=True)
    async with raw(cluster, again.operations) as client:
        for role in Role:
            with pytest.raises(InsufficientPermissionsError):
                await client.roles.add_permissions(role_name=role, permissions=READ_ALL)


async def test_the_collection_is_made_with_the_key_of_operations_alone(cluster: weaviate.Cluster, issued: Issued) -> None:
    async with engine_of(cluster, issued.application, model="alone") as engine:
        with pytest.raises(IndexUnavailable, match="footnote index keys"):
            await engine.check()
    async with engine_of(cluster, issued.application, model="alone", operations=issued.operations) as engine:
        assert await engine.check()


async def test_whoever_is_there_keeps_their_key(cluster: weaviate.Cluster, issued: Issued) -> None:
    assert await issue(cluster, rotate=False) == (None, None)
    async with engine_of(cluster, issued.application) as engine:
        assert await engine.check()


async def test_a_new_key_ends_the_old_one(cluster: weaviate.Cluster, issued: Issued) -> None:
    new = await issue(cluster, issued.operations)
    for key in issued:
        async with engine_of(cluster, key) as engine:
            with pytest.raises(IndexUnavailable, match=UNKNOWN):
                await engine.check()
    for key in new:
        async with engine_of(cluster, key) as engine:
            assert await engine.check()


async def test_a_key_of_operations_that_is_no_good_is_said_too(cluster: weaviate.Cluster, issued: Issued) -> None:
    async with engine_of(cluster, issued.application, operations="wrong") as engine:
        with pytest.raises(IndexUnavailable, match=f"{UNKNOWN}.*WEAVIATE_OPERATIONS_KEY"):
            await engine.check()


@pytest.mark.parametrize("revoke_key", [pytest.param(False, id="deactivated"), pytest.param(True, id="deactivated, and its key revoked")])
async def test_a_user_who_was_deactivated_is_not_known_until_they_get_a_new_key(
    cluster: weaviate.Cluster, issued: Issued, acme: TenantId, caplog: pytest.LogCaptureFixture, *, revoke_key: bool
) -> None:
    async with engine_of(cluster, issued.application) as engine:
        await engine.create(acme)
        index = await engine.open(acme)
        async with raw(cluster, weaviate.KEY) as root:
            await root.users.db.deactivate(user_id=Role.APPLICATION.user, revoke_key=revoke_key)
        with caplog.at_level(logging.WARNING, "knowledge"), pytest.raises(IndexUnavailable):
            await index.by_words(["leave"], {EVERYONE}, 10)
        assert UNKNOWN in caplog.text
        with pytest.raises(IndexUnavailable, match=UNKNOWN):
            await engine.check()
    async with engine_of(cluster, (await issue(cluster)).application) as engine:
        assert await engine.check()


async def test_a_right_that_is_not_needed_any_more_is_taken_back(cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys) -> None:
    async with engine_of(cluster, issued.application, kept=kept) as engine:
        assert await engine.check()
        await issue(cluster, rotate=False, tenant_keys=False)
        with pytest.raises(IndexUnavailable, match="may not do that"):
            await engine.check()


@pytest.mark.parametrize(
    ("environment", "advice"),
    [
        pytest.param({}, "AUTHENTICATION_DB_USERS_ENABLED=true", id="without users"),
        pytest.param({"AUTHORIZATION_RBAC_ENABLED": "false"}, "AUTHORIZATION_RBAC_ENABLED=true", id="without roles"),
    ],
)
async def test_a_server_that_keeps_no_roles_or_no_users_is_found_out(tmp_path: Path, environment: Mapping[str, str], advice: str) -> None:
    with weaviate.running(tmp_path, 1, **environment) as cluster, pytest.raises(IndexUnavailable, match=advice):
        await issue(cluster)


async def test_a_tenants_key_reaches_its_own_passages_alone(
    cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys, acme: TenantId, beta: TenantId
) -> None:
    async with engine_of(cluster, issued.application, kept=kept) as engine:
        for tenant in (acme, beta):
            await engine.create(tenant)
            await (await engine.open(tenant)).put([entry(1)])
    async with raw(cluster, await kept.key(acme, None, nobody)) as client:
        rows = client.collections.use(COLLECTION)
        assert len((await rows.with_tenant(acme).query.fetch_objects()).objects) == 1
        for refused in (
            rows.with_tenant(beta).query.fetch_objects(),
            rows.with_tenant(beta).data.insert({"passage": "x"}),
            rows.tenants.create("gamma"),
            rows.tenants.remove(acme),
            client.collections.delete(COLLECTION),
        ):
            with pytest.raises(InsufficientPermissionsError):
                await refused


async def nobody() -> str:
    raise AssertionError("no key was to be made")


async def test_with_a_key_for_each_tenant_all_is_done_that_serving_needs(
    cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys, acme: TenantId, beta: TenantId
) -> None:
    async with engine_of(cluster, issued.application, kept=kept) as engine:
        for tenant in (acme, beta):
            await serve(engine, tenant)


async def test_a_tenants_line_with_another_tenants_name_is_refused(
    cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys, acme: TenantId, beta: TenantId, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine_of(cluster, issued.application, kept=kept) as engine:
        for tenant in (acme, beta):
            await engine.create(tenant)
        right = await engine.open(acme)
        mistaken = WeaviateIndex(right._line, COLLECTION, beta, DIMENSION, lambda _: None)
        for attempt in (
            lambda: mistaken.put([entry(1)]),
            lambda: mistaken.by_words(["leave"], {EVERYONE}, 10),
            lambda: mistaken.by_vector(entry(1).vector, {EVERYONE}, 10),
            mistaken.holdings,
            mistaken.count,
            lambda: mistaken.keep_only({DocumentId("a"): NOTHING}),
        ):
            caplog.clear()
            with caplog.at_level(logging.WARNING, "knowledge"), pytest.raises(IndexUnavailable):
                await attempt()
            assert "may not do that" in caplog.text
        assert await (await engine.open(beta)).count() == 0
        assert await right.count() == 0


async def revoke(client: Client, user: str) -> None:
    await client.users.db.deactivate(user_id=user, revoke_key=True)


async def rotate(client: Client, user: str) -> None:
    await client.users.db.rotate_key(user_id=user)


async def forget_all(client: Client, user: str) -> None:
    """As a server that was set up anew."""
    await client.users.db.delete(user_id=user)
    await client.roles.delete(role_name=user.replace("-", "_"))


@pytest.mark.parametrize("end", [revoke, rotate, forget_all])
async def test_a_tenants_key_that_is_not_known_any_more_is_made_anew(
    cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys, acme: TenantId, end: Callable[[Client, str], Awaitable[None]]
) -> None:
    """By the first who is refused; another process takes the key that was made."""
    async with (
        engine_of(cluster, issued.application, kept=kept) as engine,
        engine_of(cluster, issued.application, kept=kept) as other,
        raw(cluster, weaviate.KEY) as root,
    ):
        await engine.create(acme)
        indexes = [await one.open(acme) for one in (engine, other)]
        before = await kept.key(acme, None, nobody)
        await end(root, user_of(acme))
        await indexes[0].put([entry(1)])
        made = await kept.key(acme, None, nobody)
        assert made != before
        assert len(await indexes[1].by_words(["leave"], {EVERYONE}, 10)) == 1
        assert await kept.key(acme, None, nobody) == made


async def test_a_tenant_that_was_there_before_gets_its_key_when_it_is_opened(
    cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys, acme: TenantId
) -> None:
    async with engine_of(cluster, issued.application) as engine:
        await engine.create(acme)
        await (await engine.open(acme)).put([entry(1)])
    async with raw(cluster, weaviate.KEY) as root:
        assert not await has_key(root, acme)
        async with engine_of(cluster, issued.application, kept=kept) as engine:
            assert len(await (await engine.open(acme)).by_words(["leave"], {EVERYONE}, 10)) == 1
        assert await has_key(root, acme)


async def test_the_key_goes_with_the_last_index(cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys, acme: TenantId) -> None:
    async with (
        engine_of(cluster, issued.application, operations=issued.operations, kept=kept) as one,
        engine_of(cluster, issued.application, operations=issued.operations, kept=kept, model="another") as another,
        raw(cluster, weaviate.KEY) as root,
    ):
        for engine in (one, another):
            await engine.create(acme)
        await one.drop(acme)
        assert await has_key(root, acme)
        assert await (await another.open(acme)).count() == 0
        await another.drop(acme)
        assert not await has_key(root, acme)
        await one.create(acme)
        await (await one.open(acme)).put([entry(1)])
        assert await has_key(root, acme)


async def test_the_key_of_a_deleted_company_is_gone(
    cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys, database: Database, tenants: Tenants
) -> None:
    tenant = await new_tenant(database)
    async with engine_of(cluster, issued.application, kept=kept) as engine, raw(cluster, weaviate.KEY) as root:
        await engine.create(tenant.id)
        await tenants.delete(tenant.slug)
        for _ in range(2):  # a removal that was interrupted is done again
            await engine.purge(tenant.id)
        assert not await has_key(root, tenant.id)


@pytest.mark.parametrize("end", [WeaviateEngine.drop, WeaviateEngine.purge])
async def test_a_late_call_does_not_bring_a_removed_key_back(
    cluster: weaviate.Cluster, issued: Issued, kept: KeptKeys, acme: TenantId, end: Callable[[WeaviateEngine, TenantId], Awaitable[None]]
) -> None:
    async with engine_of(cluster, issued.application, kept=kept) as engine, raw(cluster, weaviate.KEY) as root:
        await engine.create(acme)
        late = await engine.open(acme)
        await late.put([entry(1)])
        await end(engine, acme)
        with pytest.raises(IndexMissing, match="being built again"):
            await late.by_words(["leave"], {EVERYONE}, 10)
        assert not await has_key(root, acme)
        await engine.create(acme)
        await (await engine.open(acme)).put([entry(1)])
        assert await has_key(root, acme)


@pytest.mark.timeout(240)
async def test_every_node_knows_a_new_key_when_it_is_handed_out(
    tmp_path: Path, kept: KeptKeys, acme: TenantId, beta: TenantId, caplog: pytest.LogCaptureFixture
) -> None:
    with weaviate.running(tmp_path, nodes=3, AUTHENTICATION_DB_USERS_ENABLED="true") as cluster:
        issued = await issue(cluster, tenant_keys=True)
        for tenant in (acme, beta):
            for number in range(3):
                nodes = [Node(cluster.nodes[(number + at) % 3].address, issued.application or "") for at in range(3)]
                line = Line(nodes)
                engine = WeaviateEngine(
                    line,
                    model=MODEL,
                    dimension=DIMENSION,
                    replicas=3,
                    operations=line.known_as(issued.operations or ""),
                    tenant_lines=TenantLines(nodes, kept),
                )
                with caplog.at_level(logging.WARNING, "knowledge"):
                    await engine.create(tenant)
                    assert await (await engine.open(tenant)).count() == 0
                assert UNKNOWN not in caplog.text
                await engine.close()


def user_of(tenant: TenantId) -> str:
    return tenant_role(tenant).replace("_", "-")


async def has_key(root: Client, tenant: TenantId) -> bool:
    """Whether there are a role and a user of the tenant; never one without the other."""
    role, user = await root.roles.exists(role_name=tenant_role(tenant)), await root.users.db.get(user_id=user_of(tenant))
    assert role == (user is not None)
    return role
