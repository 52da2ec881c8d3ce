"""How an e-mail address becomes a viewer, and who is in which groups."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text

from tenancy.database import Database
from tenancy.errors import BadEmail, BadGroup, UnknownPerson, UnknownTenant
from tenancy.tenants import Tenant
from tenancy.users import Group, People, address, person_id
from tenancy.viewer import EVERYONE, PersonId, Principal, TenantId, group_principal, person_principal
from tests.tenancy import servers


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


async def groups_of(people: People, tenant: Tenant, email: str) -> set[Principal]:
    viewer = await people.viewer_by_email(tenant.id, email)
    assert {EVERYONE, person_principal(viewer.person)} <= viewer.principals
    return set(viewer.principals) - {EVERYONE, person_principal(viewer.person)}


async def test_a_declared_person_holds_everyone_themselves_and_their_groups(people: People, tenant: Tenant) -> None:
    await people.upsert(tenant.id, "files", {"ana@acme.example": ["hr", "managers"], "bob@acme.example": []})
    viewer = await people.viewer_by_email(tenant.id, "  Ana@ACME.example ")
    assert viewer.principals == {
        EVERYONE,
        person_principal(viewer.person),
        group_principal("files", "hr"),
        group_principal("files", "managers"),
    }
    assert (viewer.tenant, viewer.name) == (tenant.id, "Ana")
    assert await people.viewer_by_id(tenant.id, viewer.person) == viewer
    assert await groups_of(people, tenant, "bob@acme.example") == set()


async def test_without_directory_an_address_is_a_colleague_and_nothing_is_kept(people: People, tenant: Tenant) -> None:
    assert not await people.any(tenant.id)
    viewer = await people.viewer_by_email(tenant.id, "Jo.Doe@acme.example")
    assert viewer.principals == {EVERYONE}
    assert viewer == await people.viewer_by_email(tenant.id, "jo.doe@acme.example")
    assert viewer.name == "Jo Doe"
    assert not await people.any(tenant.id)
    with pytest.raises(UnknownPerson):
        await people.viewer_by_id(tenant.id, viewer.person)


async def test_from_the_first_declared_person_on_others_are_refused(people: People, tenant: Tenant) -> None:
    before = await people.viewer_by_email(tenant.id, "ana@acme.example")
    await people.upsert(tenant.id, "files", {"ana@acme.example": []})
    assert (await people.viewer_by_email(tenant.id, "ana@acme.example")).person == before.person
    with pytest.raises(UnknownPerson, match=f"{tenant.slug} does not know 'eve@acme.example'"):
        await people.viewer_by_email(tenant.id, "eve@acme.example")


async def test_the_same_address_in_two_tenants_is_two_people(people: People, tenant: Tenant, database: Database) -> None:
    other = await servers.new_tenant(database)
    await people.upsert(tenant.id, "files", {"ana@acme.example": ["hr"]})
    here, there = [await people.viewer_by_email(one.id, "ana@acme.example") for one in (tenant, other)]
    assert here.person != there.person
    assert there.principals == {EVERYONE}


async def test_a_viewer_takes_one_query(people: People, tenant: Tenant, database: Database) -> None:
    await people.upsert(tenant.id, "files", {f"p{n}@acme.example": ["a", "b"] for n in range(3)})
    statements: list[str] = []
    engine = database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    await people.viewer_by_email(tenant.id, "p1@acme.example")
    assert len([statement for statement in statements if "set_config" not in statement]) == 1
    statements.clear()
    await people.audience(tenant.id, [f"p{n}@acme.example" for n in range(3)])
    assert len([statement for statement in statements if "set_config" not in statement]) == 1


async def test_a_source_replaces_its_own_memberships_and_no_others(people: People, tenant: Tenant) -> None:
    ana, bob = "ana@acme.example", "bob@acme.example"
    await people.upsert(tenant.id, "files", {ana: ["hr", "all"], bob: ["all"]})
    await people.upsert(tenant.id, "slack", {ana: ["hr"]})
    await people.upsert(tenant.id, "files", {ana: ["all", "new"]})
    held = {group_principal("files", "all"), group_principal("files", "new"), group_principal("slack", "hr")}
    assert await groups_of(people, tenant, ana) == held
    assert await groups_of(people, tenant, bob) == set()
    await people.upsert(tenant.id, "files", {})
    assert await groups_of(people, tenant, ana) == {group_principal("slack", "hr")}


async def test_people_are_called_by_what_is_given_and_keep_it(people: People, tenant: Tenant) -> None:
    email = "ana.lópez+news@acme.example"
    await people.upsert(tenant.id, "files", {email: ["hr"], "x@acme.example": []})
    assert [one.name for one in await people.list(tenant.id)] == ["Ana López", "X"]
    await people.upsert(tenant.id, "files", {email: ["hr"]}, {email.upper(): "Dr. Ana López", "x@acme.example": " "})
    await people.upsert(tenant.id, "files", {email: ["hr"]})
    ana, x = await people.list(tenant.id)
    assert (ana.name, ana.email, ana.groups) == ("Dr. Ana López", email, (Group("files", "hr"),))
    assert x.groups == ()


async def test_an_audience_is_what_its_members_hold(people: People, tenant: Tenant) -> None:
    emails = {"a@x.example": ["hr"], "b@x.example": ["hr", "it"], "c@x.example": []}
    await people.upsert(tenant.id, "files", emails)
    audience = await people.audience(tenant.id, list(emails)[:2])
    assert audience.shared() == {EVERYONE, group_principal("files", "hr")}
    assert (await people.audience(tenant.id, [])).members == {frozenset()}, "nobody found may read nothing"
    with pytest.raises(UnknownPerson, match="eve@x"):
        await people.audience(tenant.id, [*emails, "eve@x.example"])


@pytest.mark.parametrize(
    ("given_", "asked"),
    [
        pytest.param("ÜNÏ@exämple.de", "üni\u0308@EXÄMPLE.de", id="composed and decomposed"),
        pytest.param("用户@例子.广告", "用户@例子.广告", id="Chinese"),
        pytest.param("O'Brien'); DROP@x.example".replace(" ", ""), "o'brien');drop@x.example", id="quotes"),
        pytest.param("a:b%c@x.example", "A:B%C@X.EXAMPLE", id="colon and percent"),
    ],
)
async def test_addresses_of_all_alphabets(people: People, tenant: Tenant, given_: str, asked: str) -> None:
    await people.upsert(tenant.id, "files", {given_: ["g:ü%"]})
    assert await groups_of(people, tenant, asked) == {group_principal("files", "g:ü%")}


@pytest.mark.parametrize(
    "email",
    ["", "ana", "@", "a@", "@b", "a@b@c", "a b@c", "a\0@b.example", "a@b\n.c", "x" * 250 + "@y.example", "a\ud800@b.c"],
)
async def test_what_is_no_address_is_refused(people: People, tenant: Tenant, email: str) -> None:
    with pytest.raises(BadEmail):
        await people.viewer_by_email(tenant.id, email)
    with pytest.raises(BadEmail):
        await people.upsert(tenant.id, "files", {"ana@acme.example": [], email: []})
    assert not await people.any(tenant.id)


@pytest.mark.parametrize("group", ["", " ", "a\0b", "a\nb", "x" * 201, 5, None])
async def test_what_is_no_group_is_refused(people: People, tenant: Tenant, group: str) -> None:
    with pytest.raises(BadGroup):
        await people.upsert(tenant.id, "files", {"ana@acme.example": [group]})
    with pytest.raises(BadGroup):
        await people.upsert(tenant.id, group, {"ana@acme.example": []})


async def test_people_of_no_tenant(people: People) -> None:
    with pytest.raises(UnknownTenant):
        await people.viewer_by_email(TenantId("nobody"), "a@b.example")


async def test_upserts_at_once_end_as_one_of_them(people: People, tenant: Tenant) -> None:
    rosters = [{f"p{n}@x.example": [f"g{(n + shift) % 5}"] for n in range(30)} for shift in range(5)]
    await asyncio.gather(*(people.upsert(tenant.id, "files", roster) for roster in rosters))
    found = {one.email: [group.name for group in one.groups] for one in await people.list(tenant.id)}
    assert found in rosters


async def test_a_large_directory_goes_in_at_once(people: People, tenant: Tenant, database: Database) -> None:
    roster = {f"p{n}@x.example": ["all", f"g{n % 50}"] for n in range(5000)}
    await people.upsert(tenant.id, "entra", roster)
    await people.upsert(tenant.id, "entra", roster)
    async with database.tenant(tenant.id) as connection:
        assert await connection.scalar(text("SELECT count(*) FROM memberships")) == 10_000


@given(st.emails())
def test_an_address_written_twice_stays_as_it_was(email: str) -> None:
    assert address(address(email)) == address(email) == address(email.upper().lower())


@given(st.text(), st.text(), st.text(), st.text())
def test_groups_of_two_sources_never_mix(source: str, group: str, other: str, another: str) -> None:
    same = group_principal(source, group) == group_principal(other, another)
    assert same == ((source, group) == (other, another))


def test_ids_of_people_fit_a_principal() -> None:
    person = person_id(TenantId("a"), "ana@acme.example")
    assert len(person) == 20
    assert person.isalnum()
    assert person_id(TenantId("a"), "ana@acme.example") == person != person_id(TenantId("b"), "ana@acme.example")
    assert person_principal(PersonId(person)) == f"person:{person}"
