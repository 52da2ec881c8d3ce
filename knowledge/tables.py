"""The tables of this room, as `tenancy/migrations/tenant` makes them in every tenant's schema."""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Double, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

sources = Table(
    "sources",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text),
    Column("media_type", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("readers", ARRAY(Text), nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", DateTime(timezone=True)),
    Column("indexed_at", DateTime(timezone=True), nullable=False),
    Column("standing", Text, nullable=False),
    Column("valid_from", Date),
    Column("words_found", Integer, nullable=False),
    Column("words_version", Integer, nullable=False),
)

document_versions = Table(
    "document_versions",
    metadata,
    Column("document", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("pages", ARRAY(Integer), nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("span_start", Integer, nullable=False),
    Column("span_end", Integer, nullable=False),
    Column("page", Integer),
    Column("heading", ARRAY(Text), nullable=False),
    Column("text", Text, nullable=False),
    Column("header", Text, nullable=False),
)

passage_states = Table(
    "passage_states",
    metadata,
    Column("passage", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("states", LargeBinary, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

query_maps = Table(
    "query_maps",
    metadata,
    Column("model", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("map", LargeBinary, nullable=False),
    Column("passages", ARRAY(Text), nullable=False),
    Column("documents", ARRAY(Text), nullable=False),
    Column("names", Integer, nullable=False),
    Column("mrr_before", Double, nullable=False),
    Column("mrr_after", Double, nullable=False),
    Column("helps", Boolean, nullable=False),
    Column("learned_at", DateTime(timezone=True), nullable=False),
)

own_words = Table(
    "own_words",
    metadata,
    Column("document", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("short_key", Text, primary_key=True),
    Column("long_key", Text, primary_key=True),
    Column("short", Text, nullable=False),
    Column("long", Text, nullable=False),
)

own_words_added = Table(
    "own_words_added",
    metadata,
    Column("short_key", Text, primary_key=True),
    Column("long_key", Text, nullable=False),
    Column("short", Text, nullable=False),
    Column("long", Text, nullable=False),
)

own_words_off = Table(
    "own_words_off",
    metadata,
    Column("short_key", Text, primary_key=True),
    Column("long_key", Text, primary_key=True),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("readers", ARRAY(Text), nullable=False),
    Column("original", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("document", Text),
    Column("finished_at", DateTime(timezone=True)),
)

indexes = Table(
    "indexes",
    metadata,
    Column("engine", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("dimension", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("analyser", Integer, nullable=False),
)

index_keys = Table(
    "index_keys",
    metadata,
    Column("engine", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
