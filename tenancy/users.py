"""The people of a tenant, and what they hold: how an e-mail address becomes a `Viewer`."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, TextClause, exists, select, text

from tenancy.database import Database
from tenancy.errors import BadEmail, BadGroup, UnknownPerson
from tenancy.tables import persons, tenants
from tenancy.viewer import EVERYONE, Audience, PersonId, TenantId, Viewer, group_principal, person_principal

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_EMAIL_LIMIT = 254  # RFC 5321, erratum 1690
_GROUP_LIMIT = 200
_BETWEEN_NAMES = re.compile(r"[._\-\s]+")

_NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Group:
    """A group of one source. The same name in two sources is two groups."""

    source: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in a tenant, whatever the platform."""

    id: PersonId
    email: str  # as `address` writes it
    name: str
    groups: tuple[Group, ...]  # by source, then name


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody as a platform knows them."""

    external: str  # platform, workspace and the platform's own id: always the same for the same account
    email: str | None  # None: the platform does not say
    name: str
    guest: bool = False  # a guest there, or of another company: what is everybody's here is not theirs


@dataclass(frozen=True, slots=True)
class People:
    """The people of all tenants, one tenant at a time.

    A tenant in which nobody was ever declared has no directory: there an e-mail address is taken as a colleague's, who
    holds `everyone` and nothing else. From the first declared person on, addresses that were not declared are refused.
    """

    database: Database

    async def viewer_by_email(self, tenant: TenantId, email: str) -> Viewer:
        """Who asks, by e-mail address, upper or lower case. Raises `UnknownPerson`, or `BadEmail` for what is none."""
        return (await self._viewers(tenant, [email]))[0]

    async def viewer_by_id(self, tenant: TenantId, person: PersonId) -> Viewer:
        """Who asks, by id. Raises `UnknownPerson`, also in a tenant without directory, which keeps nothing of people."""
        async with self.database.tenant(tenant) as connection:
            row = (await connection.execute(_BY_ID, {"id": person})).first()
        if row is None:
            raise UnknownPerson(person, await self._slug(tenant))
        return _viewer(tenant, row)

    async def audience(self, tenant: TenantId, emails: Iterable[str]) -> Audience:
        """All who will see an answer, as `viewer_by_email` knows each; who is unknown raises `UnknownPerson`."""
        return Audience.of(await self._viewers(tenant, list(emails)))

    async def viewer_of(self, tenant: TenantId, identity: Identity) -> Viewer:
        """Who asks, as a platform knows them.

        Guests hold what was declared of them and no more; without an e-mail nobody holds anything. Raises `UnknownPerson` for a
        colleague whom the directory does not know.
        """
        viewer = (await self._known(tenant, [identity]))[0]
        if viewer is None:
            raise UnknownPerson(identity.email or identity.name, await self._slug(tenant))
        return viewer

    async def audience_of(self, tenant: TenantId, identities: Sequence[Identity]) -> Audience:
        """All who will see an answer, as a platform knows them. Who is unknown holds nothing, so with them there nothing can be shown."""
        viewers = await self._known(tenant, identities)
        held = [viewer or _stranger(tenant, identity) for viewer, identity in zip(viewers, identities, strict=True)]
        return Audience.of(held)

    async def upsert(
        self,
        tenant: TenantId,
        source: str,
        people: Mapping[str, Collection[str]],
        names: Mapping[str, str] = _NO_NAMES,
    ) -> None:
        """Declare who is in which groups, according to `source`; all of it or, if anything is refused, nothing.

        `people` maps e-mail addresses to the names of groups of that source; persons and groups that are new are made.
        The memberships in groups of `source` are afterwards exactly these, also for people who are not listed; those in
        groups of other sources stay. `names` maps addresses to what people are called; without it a new person is
        called by the address, and one who is there keeps their name. Raises `BadEmail` and `BadGroup`.
        """
        declared = {address(email): {_group_name(group) for group in listed} for email, listed in people.items()}
        called = {address(email): name.strip() for email, name in names.items() if name.strip()}
        pairs = [(email, group) for email, listed in declared.items() for group in sorted(listed)]
        values = {
            "source": _group_name(source),
            "emails": list(declared),
            "ids": [person_id(tenant, email) for email in declared],
            "names": [called.get(email, _name_from(email)) for email in declared],
            "named": [email in called for email in declared],
            "members": [email for email, _ in pairs],
            "groups": [group for _, group in pairs],
        }
        async with self.database.tenant(tenant) as connection:
            for statement in _UPSERT:
                wanted = {name: values[name] for name in statement.compile().params}
                await connection.execute(statement, wanted)

    async def list(self, tenant: TenantId) -> Sequence[Person]:
        """Everybody who was declared, by name."""
        async with self.database.tenant(tenant) as connection:
            rows = (await connection.execute(_ALL)).all()
        return [_person(row) for row in rows]

    async def any(self, tenant: TenantId) -> bool:
        """Whether the tenant has a directory: somebody was declared."""
        async with self.database.tenant(tenant) as connection:
            return bool(await connection.scalar(select(exists(select(persons.c.id)))))

    async def _viewers(self, tenant: TenantId, emails: Sequence[str]) -> Sequence[Viewer]:
        """One viewer for each address, in their order, in one query."""
        asked = [address(email) for email in emails]
        async with self.database.tenant(tenant) as connection:
            rows = (await connection.execute(_BY_EMAIL, {"emails": asked})).all()
        if unknown := next((row.asked for row in rows if row.id is None and row.directory), None):
            raise UnknownPerson(unknown, await self._slug(tenant))
        return [_viewer(tenant, row) if row.id else _colleague(tenant, row.asked) for row in rows]

    async def _known(self, tenant: TenantId, identities: Sequence[Identity]) -> Sequence[Viewer | None]:
        """A viewer for each, in their order; None for a colleague whom the directory does not know."""
        emails = [_address_or_none(identity.email) for identity in identities]
        async with self.database.tenant(tenant) as connection:
            rows = (await connection.execute(_BY_EMAIL, {"emails": [email for email in emails if email]})).all()
        found = iter(rows)
        return [_as_known(tenant, identity, next(found) if email else None) for identity, email in zip(identities, emails, strict=True)]

    async def _slug(self, tenant: TenantId) -> str:
        async with self.database.control() as connection:
            return str(await connection.scalar(select(tenants.c.slug).where(tenants.c.id == tenant)) or tenant)


def address(email: str) -> str:
    """`email` as it is stored and compared: trimmed, Unicode NFC, lower case. Raises `BadEmail` for what is none."""
    written = unicodedata.normalize("NFC", email.strip().lower())  # not casefold(): straße@ and strasse@ are two people
    if len(written) > _EMAIL_LIMIT or not written.isprintable() or not _EMAIL.fullmatch(written):
        raise BadEmail(email)
    return written


def person_id(tenant: TenantId, email: str) -> PersonId:
    """The id of the person of that address (as `address` writes it): 20 of a-z and 2-7, always the same.

    Derived, so that what somebody asked before their tenant had a directory is theirs afterwards too.
    """
    digest = hashlib.sha256(f"{tenant}\0{email}".encode()).digest()
    return PersonId(base64.b32encode(digest)[:20].decode().lower())


def _select(origin: str, more: str = "") -> TextClause:
    return text(f"""
        SELECT person.id, person.email, person.name {more},
               ARRAY(SELECT ARRAY[held.source, held.name] FROM memberships AS held WHERE held.person = person.id
                     ORDER BY held.source, held.name) AS groups
        FROM {origin}""")  # noqa: S608  made of constants


_BY_ID = _select("persons AS person WHERE person.id = :id")
_ALL = _select("persons AS person ORDER BY person.name, person.email")
_BY_EMAIL = _select(
    "unnest(CAST(:emails AS text[])) WITH ORDINALITY AS each(email, place) "
    "LEFT JOIN persons AS person ON person.email = each.email ORDER BY each.place",
    ", each.email AS asked, EXISTS (SELECT FROM persons) AS directory",
)

_UPSERT = (
    # Readers go on; a second upsert of this tenant waits, for two that swap memberships would deadlock.
    text("LOCK TABLE memberships IN SHARE ROW EXCLUSIVE MODE"),
    text("""
        INSERT INTO persons (id, email, name)
        SELECT given.id, given.email, given.name
        FROM unnest(CAST(:ids AS text[]), CAST(:emails AS text[]), CAST(:names AS text[])) AS given(id, email, name)
        ON CONFLICT (email) DO NOTHING"""),
    text("""
        UPDATE persons SET name = given.name
        FROM unnest(CAST(:emails AS text[]), CAST(:names AS text[]), CAST(:named AS boolean[]))
             AS given(email, name, named)
        WHERE persons.email = given.email AND given.named AND persons.name <> given.name"""),
    text("""
        INSERT INTO groups (source, name)
        SELECT DISTINCT CAST(:source AS text), given.name FROM unnest(CAST(:groups AS text[])) AS given(name)
        ON CONFLICT DO NOTHING"""),
    text("""
        DELETE FROM memberships AS held
        WHERE held.source = :source AND NOT EXISTS (
            SELECT FROM unnest(CAST(:members AS text[]), CAST(:groups AS text[])) AS given(email, name)
            JOIN persons ON persons.email = given.email
            WHERE persons.id = held.person AND given.name = held.name)"""),
    text("""
        INSERT INTO memberships (person, source, name)
        SELECT persons.id, :source, given.name
        FROM unnest(CAST(:members AS text[]), CAST(:groups AS text[])) AS given(email, name)
        JOIN persons ON persons.email = given.email
        ON CONFLICT DO NOTHING"""),
)


def _viewer(tenant: TenantId, row: Row[Any]) -> Viewer:
    groups = (group_principal(source, name) for source, name in row.groups)
    principals = frozenset({EVERYONE, person_principal(row.id), *groups})
    return Viewer(tenant=tenant, person=row.id, name=row.name, principals=principals)


def _colleague(tenant: TenantId, email: str) -> Viewer:
    """Somebody of a tenant without directory."""
    person = person_id(tenant, email)
    return Viewer(tenant=tenant, person=person, name=_name_from(email), principals=frozenset({EVERYONE}))


def _as_known(tenant: TenantId, identity: Identity, row: Row[Any] | None) -> Viewer | None:
    if row is not None and row.id is not None:
        viewer = _viewer(tenant, row)
        return replace(viewer, principals=viewer.principals - {EVERYONE}) if identity.guest else viewer
    if row is None or identity.guest:
        return _stranger(tenant, identity)
    return None if row.directory else _colleague(tenant, row.asked)


def _stranger(tenant: TenantId, identity: Identity) -> Viewer:
    """Somebody who holds nothing."""
    return Viewer(tenant=tenant, person=person_id(tenant, identity.external), name=identity.name, principals=frozenset())


def _address_or_none(email: str | None) -> str | None:
    try:
        return address(email) if email else None
    except BadEmail:  # a platform's, not typed by anybody who could mend it
        return None


def _person(row: Row[Any]) -> Person:
    groups = tuple(Group(source, name) for source, name in row.groups)
    return Person(id=PersonId(row.id), email=row.email, name=row.name, groups=groups)


def _name_from(email: str) -> str:
    """`ana.lopez+news@acme.example` is called Ana Lopez."""
    local = email.partition("@")[0]
    parts = [part[:1].upper() + part[1:] for part in _BETWEEN_NAMES.split(local.split("+")[0]) if part]
    return " ".join(parts) or local


def _group_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > _GROUP_LIMIT:
        raise BadGroup(name)
    return name.strip()
