"""What can go wrong with tenants and people.

    TenancyError
    ├── UnknownTenant
    ├── TenantExists
    ├── BadSlug
    ├── UnknownPerson
    ├── BadEmail
    ├── BadGroup
    ├── AllowanceSpent
    ├── AskedTooFast
    ├── InstallTaken
    ├── KeyRefused
    ├── BadDatabaseUrl
    ├── SchemaTooNew
    ├── EmbeddedServerFailed
    └── StoreUnavailable

The message of each is a sentence for the person who reads it: what was wrong, and what to do.
An error raised without a message of its own reads as its docstring.
"""

import inspect
from collections.abc import Sequence


class TenancyError(Exception):
    """Something about tenants, people or their allowance is not as asked."""

    def __str__(self) -> str:
        """The sentence that people read."""
        return super().__str__() or inspect.getdoc(self) or type(self).__name__


class UnknownTenant(TenancyError):
    """There is no tenant of that name."""

    def __init__(self, slug: str) -> None:
        """`slug` is what was asked for."""
        super().__init__(f"There is no tenant {slug!r}. `footnote tenants list` shows those that exist.")


class TenantExists(TenancyError):
    """A tenant of that name exists already."""

    def __init__(self, slug: str) -> None:
        """`slug` is what was asked for."""
        super().__init__(f"A tenant {slug!r} exists already. Choose another slug.")


class BadSlug(TenancyError):
    """A tenant's slug is 1 to 40 of a-z, 0-9 and -, and starts with a letter."""

    def __init__(self, slug: str) -> None:
        """`slug` is what was asked for."""
        super().__init__(f"{slug!r} cannot be a slug: use 1 to 40 of a-z, 0-9 and -, starting with a letter.")


class UnknownPerson(TenancyError):
    """The tenant does not know that person."""

    def __init__(self, who: str, tenant: str) -> None:
        """`who` is the e-mail or id asked for; `tenant` the slug or name it was asked in."""
        super().__init__(f"{tenant} does not know {who!r}. List them under `people:` in a --readers file and ingest again.")


class BadEmail(TenancyError):
    """An e-mail address has one @ with something on both sides, no spaces, and at most 254 characters."""

    def __init__(self, email: str) -> None:
        """`email` is what was given, as it was given."""
        super().__init__(f"{email[:80]!r} is no e-mail address. Write it as name@company.example.")


class BadGroup(TenancyError):
    """A group has a name, and so has the source it comes from."""

    def __init__(self, name: object) -> None:
        """`name` is what was given."""
        super().__init__(f"{name!r} cannot name a group or its source: use 1 to 200 printable characters.")


class AllowanceSpent(TenancyError):
    """This workspace has used its questions for the month. They start again on the first, UTC."""


class InstallTaken(TenancyError):
    """A platform workspace belongs to one tenant at a time."""

    def __init__(self, platform: str, external_id: str) -> None:
        """`external_id` is the platform's own name for the workspace."""
        super().__init__(f"{platform} workspace {external_id!r} is linked to another tenant. Unlink it there first.")


class KeyRefused(TenancyError):
    """The master key does not open what was sealed under it. Restore the FOOTNOTE_MASTER_KEY that was used before."""


class BadDatabaseUrl(TenancyError):
    """DATABASE_URL is not a PostgreSQL address. Write it as postgresql://user:password@host:5432/name."""


class SchemaTooNew(TenancyError):
    """The database was upgraded by a later Footnote. Run that version, or restore a backup from before."""


class EmbeddedServerFailed(TenancyError):
    """A server that Footnote brings along could not be started or stopped."""

    def __init__(self, problem: str, log: Sequence[str] = ()) -> None:
        """`problem` is a sentence that ends in what to do; `log` the last lines that the server wrote."""
        self.log = tuple(log)
        super().__init__("\n".join((problem, *(f"    {line}" for line in self.log))))


class AskedTooFast(TenancyError):
    """One person asked more questions in a minute than anybody reads answers to."""

    def __init__(self, limit: int, seconds: int) -> None:
        """`limit` is questions a minute; `seconds` is how long until the next one is taken."""
        super().__init__(f"You have asked {limit} questions within a minute. Ask again in {seconds} seconds.")


class StoreUnavailable(TenancyError):
    """The database cannot be reached just now. Nothing was lost; try again in a minute."""
