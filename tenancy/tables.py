"""The tables of tenancy, as SQLAlchemy Core sees them. The migrations make them; columns here that differ are a bug.

Control tables live in the schema `footnote`, the others in every tenant's own. None names its schema: a transaction's
search path holds exactly one (`database.py`), so that a query cannot reach into another.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

_control = MetaData()
_tenant = MetaData()
_moment = DateTime(timezone=True)

tenants = Table(
    "tenants",
    _control,
    Column("id", Text, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created_at", _moment, nullable=False),
    Column("data_key", LargeBinary, nullable=False),  # wrapped under the master key
    Column("revision", Text, nullable=False),  # what `alembic_version` in the tenant's schema says
)

installs = Table(
    "installs",
    _control,
    Column("platform", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("created_at", _moment, nullable=False),
    Column("declared", Boolean, nullable=False, server_default="false"),  # by a setting, not by consent
)

removals = Table(  # tenants that are gone, whose index and originals may not be
    "removals",
    _control,
    Column("tenant", Text, primary_key=True),
    Column("removed_at", _moment, nullable=False),
)

persons = Table(
    "persons",
    _tenant,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # as `users.address` writes it
    Column("name", Text, nullable=False),
    Column("created_at", _moment, nullable=False),
)

groups = Table(
    "groups",
    _tenant,
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),
)

memberships = Table(
    "memberships",
    _tenant,
    Column("person", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),
)

audit = Table(
    "audit",
    _tenant,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
)

usage = Table(
    "usage",
    _tenant,
    Column("month", Date, primary_key=True),
    Column("questions", Integer, nullable=False),
)

settings = Table(
    "settings",
    _tenant,
    Column("name", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
)
