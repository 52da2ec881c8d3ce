"""Who may do what in Weaviate: roles and users of ours, and the keys of those users.

    footnote_application    what a process needs that serves: the passages and tenants of our collections, but no collection itself
    footnote_operations     that, the collections and their backups, how the nodes are, and these roles and users
    footnote_tenant_<id>    the passages of one tenant

Each has a user of the same name with `-` for `_`. Nobody here can give a right that they do not have: roles are managed with scope MATCH.
What each right is needed for was found by leaving it out (v1.39.0).
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from knowledge.index.weaviate.faults import Refused
from knowledge.index.weaviate.line import Line, for_operators
from knowledge.index.weaviate.schema import PREFIX
from tenancy.viewer import TenantId

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.rbac.models import _Permission

    Right = _Permission[Any]

_OURS = f"{PREFIX}*"
_NOBODY = TenantId("-")  # no tenant of ours is called so


class Role(StrEnum):
    """The roles that people hold the keys of."""

    APPLICATION = "footnote_application"
    OPERATIONS = "footnote_operations"

    @property
    def user(self) -> str:
        """Who has it."""
        return _user(self)


class Access:
    """Makes roles, users and keys, and takes them away."""

    def __init__(self, line: Line) -> None:
        """`line`: of somebody who may."""
        self._line = line.patient()  # to make a role takes the longer the more there are: a second at 150 (v1.39.0, 2 cores)

    async def set_roles(self, *, tenant_keys: bool) -> None:
        """Make both roles, or change them to what they should be. With `tenant_keys` the application may make and remove those.

        For an operator: raises `IndexUnavailable` with what to do about it.
        """
        wanted = {Role.APPLICATION: _application(tenant_keys=tenant_keys), Role.OPERATIONS: _operations()}
        with for_operators(self._line):
            for role, rights in wanted.items():
                await self._line.write(partial(_set_role, role=role, rights=rights))

    async def new_key(self, role: Role, *, rotate: bool) -> str | None:
        """A key of the user who has this role, made if it is not there; None: it is there and keeps the key that it has.

        With `rotate` it gets a new one, and the old one stops at once. For an operator, as `set_roles`.
        """

        async def make(client: "WeaviateAsyncClient") -> str | None:
            users = client.users.db
            there = await users.get(user_id=role.user) is not None
            key = None if there else await users.create(user_id=role.user)
            await users.assign_roles(user_id=role.user, role_names=[role])
            if there and rotate:
                await users.activate(user_id=role.user)  # else the new key of one that was deactivated would not do
                key = await users.rotate_key(user_id=role.user)  # last: it may be the key that is asked with
            return key

        with for_operators(self._line):
            return await self._line.write(make)

    async def new_tenant_key(self, tenant: TenantId) -> str:
        """A key that reaches this tenant's passages and nothing else. One that it had before is known no more."""
        role = tenant_role(tenant)

        async def make(client: "WeaviateAsyncClient") -> str:
            await _set_role(client, role, _tenant(tenant))
            await client.users.db.delete(user_id=_user(role))  # it may be deactivated, or another one's that had its name
            key = await client.users.db.create(user_id=_user(role))
            await client.users.db.assign_roles(user_id=_user(role), role_names=[role])
            return key

        return await self._line.write(make)

    async def remove_tenant(self, tenant: TenantId) -> None:
        """Remove the tenant's user and role. Nothing happens if they are not there."""
        role = tenant_role(tenant)

        async def remove(client: "WeaviateAsyncClient") -> None:
            await client.users.db.delete(user_id=_user(role))
            await client.roles.delete(role_name=role)

        await self._line.write(remove)

    async def check_tenant_keys(self) -> None:
        """See whether tenants' roles and users can be managed. Raises `IndexUnavailable` if not."""
        role = tenant_role(_NOBODY)
        await self._line.read(lambda client: client.roles.get(role_name=role))
        await self._line.read(lambda client: client.users.db.get(user_id=_user(role)))


def tenant_role(tenant: TenantId) -> str:
    """The name of its role."""
    return f"footnote_tenant_{tenant}"


def _user(role: str) -> str:
    return role.replace("_", "-")


async def _set_role(client: "WeaviateAsyncClient", role: str, rights: "Sequence[Right]") -> None:
    """Give the role these rights and no others; made if it is not there."""
    found = await client.roles.get(role_name=role)
    if found is None:
        await client.roles.create(role_name=role, permissions=rights)
        if not await client.roles.exists(role_name=role):  # where RBAC is off, all of this is taken and nothing done
            raise Refused("it took a role and has none: no roles are kept")
        return
    await client.roles.add_permissions(role_name=role, permissions=rights)
    wanted = _one_by_one(rights)
    surplus = [right for said, right in _one_by_one(found.permissions).items() if said not in wanted]
    if surplus:
        await client.roles.remove_permissions(role_name=role, permissions=surplus)


def _one_by_one(rights: "Iterable[Right]") -> "dict[str, Right]":
    """Each action of each right alone, by what it says."""
    return {
        f"{action.value} {right.model_dump(exclude={'actions'})}": right.model_copy(update={"actions": {action}})
        for right in rights
        for action in right.actions
    }


def _application(*, tenant_keys: bool) -> "list[Right]":
    from weaviate.classes.rbac import Permissions

    return [
        *Permissions.collections(collection=_OURS, read_config=True),
        *Permissions.data(collection=_OURS, create=True, read=True, update=True, delete=True),
        *Permissions.tenants(collection=_OURS, create=True, read=True, update=True, delete=True),
        *(_managing(tenant_role(TenantId("*"))) if tenant_keys else ()),
    ]


def _operations() -> "list[Right]":
    from weaviate.classes.rbac import Permissions

    return [
        *_application(tenant_keys=False),
        *Permissions.collections(collection=_OURS, create_collection=True, update_config=True, delete_collection=True),
        *Permissions.backup(collection=_OURS, manage=True),
        *Permissions.Nodes.verbose(collection=_OURS, read=True),
        *Permissions.Nodes.minimal(read=True),
        *Permissions.cluster(read=True),
        *_managing("footnote_*"),
    ]


def _tenant(tenant: TenantId) -> "list[Right]":
    from weaviate.classes.rbac import Permissions

    return [
        *Permissions.collections(collection=_OURS, read_config=True),  # to change an object, the server reads it for whoever asks
        *Permissions.data(collection=_OURS, tenant=tenant, create=True, read=True, update=True, delete=True),
    ]


def _managing(roles: str) -> "list[Right]":
    """To manage these roles and those who have them, giving no right that one does not have."""
    from weaviate.classes.rbac import Permissions, RoleScope

    return [
        *Permissions.roles(role=roles, create=True, read=True, update=True, delete=True, scope=RoleScope.MATCH),
        *Permissions.users(user=_user(roles), create=True, read=True, update=True, delete=True, assign_and_revoke=True),
    ]
