"""What is kept of a tenant's own words, for its admin: what documents explain, what the admin says, and what is switched off."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select, text, union
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.errors import BadWords
from knowledge.own_words.keys import key_of
from knowledge.own_words.meaning import Meaning, agreed, by_short, is_common
from knowledge.own_words.reading import LONGEST_FORM
from knowledge.tables import own_words, own_words_added, own_words_off
from tenancy.database import Database
from tenancy.viewer import TenantId

_LONGEST = 100  # characters of a form
_SAYING = (own_words, own_words_added)  # tables: what documents say, and what the admin does
_ANY = ""  # in `own_words_off`: whatever the short form means
_LISTED = text("""
    WITH known AS (
        SELECT short_key, long_key, short, long, title, FALSE AS said
        FROM own_words JOIN documents ON id = document AND documents.version = own_words.version
        UNION ALL SELECT short_key, long_key, short, long, NULL, TRUE
        FROM own_words_added)
    SELECT min(short) AS short, min(long) AS long, bool_or(said) AS said, count(title) AS documents, min(title) AS title,
        EXISTS (
            SELECT FROM own_words_off AS off
            WHERE off.short_key = known.short_key AND off.long_key IN ('', known.long_key)) AS is_off
    FROM known
    GROUP BY short_key, long_key
    ORDER BY short_key, long_key""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One meaning of one short form, as an admin sees it."""

    meaning: Meaning
    title: str | None  # of a document that says so; None: only the admin does
    is_off: bool
    is_common: bool  # as far as all documents go, it needs no other form: then it is left alone
    is_unclear: bool  # as far as all documents go, it means several things: then it is left alone


@dataclass(frozen=True, slots=True)
class Glossary:
    """The own words of all tenants, one tenant at a time."""

    database: Database

    async def entries(self, tenant: TenantId) -> Sequence[Entry]:
        """Everything that is known, by short form."""
        async with self.database.tenant(tenant) as connection:
            rows = (await connection.execute(_LISTED)).all()
        meanings = [Meaning(short=row.short, long=row.long, documents=row.documents, said=row.said) for row in rows]
        on = by_short(meaning for meaning, row in zip(meanings, rows, strict=True) if not row.is_off)
        common = {short for short, several in on.items() if is_common(several)}
        unclear = {short for short, several in on.items() if not agreed(several)}
        return [
            Entry(
                meaning=meaning,
                title=row.title,
                is_off=row.is_off,
                is_common=not row.is_off and meaning.key[0] in common,
                is_unclear=not row.is_off and meaning.key[0] in unclear,
            )
            for meaning, row in zip(meanings, rows, strict=True)
        ]

    async def add(self, tenant: TenantId, short: str, long: str) -> tuple[Meaning, str | None]:
        """Say what a short form means; it holds for everyone in the tenant, and on, instead of what documents say, and was said before.

        Returns it, with what the admin said before if that is another thing. Raises `BadWords`.
        """
        meaning = said(short, long)
        keys = dict(zip(("short_key", "long_key"), meaning.key, strict=True))
        row = {**keys, "short": meaning.short, "long": meaning.long}
        before = select(own_words_added.c.long).where(own_words_added.c.short_key == meaning.key[0]).with_for_update()
        put = upsert(own_words_added).values(row).on_conflict_do_update(index_elements=["short_key"], set_=row)
        async with self.database.tenant(tenant) as connection:
            replaced: str | None = await connection.scalar(before.where(own_words_added.c.long_key != meaning.key[1]))
            await connection.execute(put)
            await connection.execute(delete(own_words_off).where(_of(own_words_off, meaning.key[0], (_ANY, meaning.key[1]))))
        return meaning, replaced

    async def switch_off(self, tenant: TenantId, short: str, long: str | None = None) -> None:
        """Leave a short form alone from now on, whatever documents say or will say; `long`: only where it means that. Raises `BadWords`."""
        keys = _keys(short, long)
        async with self.database.tenant(tenant) as connection:
            if not await _is_there(connection, _SAYING, *keys):
                raise _unknown(short, long)
            row = {"short_key": keys[0], "long_key": keys[1] or _ANY}
            await connection.execute(upsert(own_words_off).values(row).on_conflict_do_nothing())

    async def switch_on(self, tenant: TenantId, short: str, long: str | None = None) -> bool:
        """Use a short form again, whatever it means; `long`: only where it means that. Returns whether that was off. Raises `BadWords`.

        With `long`, where the short form was off as a whole, its other meanings that are known by now stay off, each by itself; one
        that documents bring later is on.
        """
        keys = _keys(short, long)
        async with self.database.tenant(tenant) as connection:
            gone = await connection.execute(
                delete(own_words_off).where(_of(own_words_off, keys[0], None if keys[1] is None else (keys[1],)))
            )
            is_there = await _is_there(connection, _SAYING, *keys)
            if not gone.rowcount and not is_there:
                raise _unknown(short, long)
            whole = keys[1] is not None and is_there and await _switch_on_one_of_all(connection, keys[0], keys[1])
        return bool(gone.rowcount) or whole

    async def remove(self, tenant: TenantId, short: str, long: str | None = None) -> None:
        """Forget what the admin said of a short form; `long`: only that it means that. Raises `BadWords` for what the admin did not say."""
        keys = _keys(short, long)
        async with self.database.tenant(tenant) as connection:
            gone = await connection.execute(
                delete(own_words_added).where(_of(own_words_added, keys[0], None if keys[1] is None else (keys[1],)))
            )
            if gone.rowcount:
                return
            if await _is_there(connection, (own_words,), *keys):
                raise BadWords(
                    f"{_named(short, long)} is not something that you added: documents say so, and `footnote words list` says which. "
                    "To leave it alone, `footnote words off`."
                )
        raise _unknown(short, long)


def said(short: str, long: str) -> Meaning:
    """What an admin says, tidied. Raises `BadWords`, which says what to write instead."""
    forms = [_tidied(form, name) for form, name in ((short, "The short form"), (long, "What it stands for"))]
    meaning = Meaning(short=forms[0], long=forms[1], said=True)
    if len(meaning.key[0].split()) > LONGEST_FORM:
        raise BadWords(f"The short form has more than {LONGEST_FORM} words. Write the short one first, then what it stands for.")
    if len(meaning.key[1].split()) > LONGEST_FORM:
        raise BadWords(f"What it stands for has more than {LONGEST_FORM} words, too many to be found in a question. Write those that tell.")
    if meaning.key[0] == meaning.key[1]:
        raise BadWords(f"{meaning.short!r} and {meaning.long!r} are the same to a search already. Write two that differ.")
    return meaning


def _tidied(form: str, name: str) -> str:
    tidied = " ".join(form.split())
    if not tidied:
        raise BadWords(f'{name} is empty. Write it in quotes: footnote words add --tenant SLUG PTO "paid time off"')
    if len(tidied) > _LONGEST:
        raise BadWords(f"{name} has {len(tidied)} characters; {_LONGEST} are the most. Write the name alone, without what explains it.")
    if not tidied.isprintable():
        raise BadWords(f"{name} has a character that cannot be shown. Type it anew.")
    if not key_of(tidied):
        raise BadWords(f"{name}, {tidied!r}, has no letter and no digit, so nothing could be found by it. Write a word.")
    return tidied


def _keys(short: str, long: str | None) -> tuple[str, str | None]:
    """The keys of forms that were typed to name what is there. Raises `BadWords` for what cannot name anything."""
    return key_of(_tidied(short, "The short form")), None if long is None else key_of(_tidied(long, "What it stands for"))


async def _switch_on_one_of_all(connection: AsyncConnection, short: str, long: str) -> bool:
    """Have a short form that is off as a whole be off for each of its other known meanings instead. Returns whether it was."""
    gone = await connection.execute(delete(own_words_off).where(_of(own_words_off, short, (_ANY,))))
    if gone.rowcount:
        others = [
            select(table.c.short_key, table.c.long_key).where(table.c.short_key == short, table.c.long_key != long) for table in _SAYING
        ]
        off = upsert(own_words_off).from_select(["short_key", "long_key"], union(*others))
        await connection.execute(off.on_conflict_do_nothing())
    return bool(gone.rowcount)


async def _is_there(connection: AsyncConnection, tables: Sequence[Table], short: str, long: str | None) -> bool:
    wanted = [exists().where(_of(table, short, None if long is None else (long,))) for table in tables]
    return bool(await connection.scalar(select(or_(*wanted))))


def _of(table: Table, short: str, longs: Sequence[str] | None) -> ColumnElement[bool]:
    """The rows of a short form; of these meanings, unless None."""
    return and_(table.c.short_key == short, *([] if longs is None else [table.c.long_key.in_(longs)]))


def _unknown(short: str, long: str | None) -> BadWords:
    return BadWords(f"{_named(short, long)} is not known here. `footnote words list` shows what is; `footnote words add` adds to it.")


def _named(short: str, long: str | None) -> str:
    return repr(short) if long is None else f"{short!r} for {long!r}"
