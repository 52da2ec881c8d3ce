"""The tenant's tables of conversations, as SQLAlchemy Core sees them. The migrations of `tenancy` make them."""

from sqlalchemy import REAL, BigInteger, Boolean, Column, DateTime, Double, Identity, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

_tenant = MetaData()
_moment = DateTime(timezone=True)

turns = Table(
    "turns",
    _tenant,
    Column("id", Text, primary_key=True),
    Column("thread", Text, nullable=False),
    Column("ordinal", BigInteger, Identity(always=True), nullable=False),
    Column("person", Text, nullable=False),
    Column("place", Text, nullable=False),  # `privacy.place_of`: empty means private
    Column("question", Text, nullable=False),
    Column("asked_at", _moment, nullable=False),
    Column("intent", Text),
    Column("outcome", Text),
    Column("answer", JSONB(none_as_null=True)),
    Column("trace", JSONB(none_as_null=True)),
    Column("took_ms", REAL),
    Column("first_ms", REAL),
    Column("finished_at", _moment),
)

feedback = Table(
    "feedback",
    _tenant,
    Column("turn", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("given_at", _moment, nullable=False),
)

judged_questions = Table(
    "judged_questions",
    _tenant,
    Column("id", Text, primary_key=True),  # digest of asker and question: a question may be longer than a key
    Column("question", Text, nullable=False),
    Column("asker", Text, nullable=False),  # who asked, for they decide what may be found
    Column("answerable", Boolean, nullable=False),
    Column("doubt", Double, nullable=False),
    Column("made_by", Text, nullable=False),  # `bot.doubt.made_by`
    Column("judged_at", _moment, nullable=False),
)

doubt_thresholds = Table(
    "doubt_thresholds",
    _tenant,
    Column("made_by", Text, primary_key=True),
    Column("nearest", Double, nullable=False),
    Column("refuse", Double, nullable=False),
    Column("learned_at", _moment, nullable=False),
)
