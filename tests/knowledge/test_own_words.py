"""Questions read with the tenant's own words, over real PostgreSQL and LanceDB: whose words, and for whom."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from unittest.mock import Mock

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy import text as sql

from knowledge.catalogue import Catalogue
from knowledge.documents import DocumentId, Span
from knowledge.errors import BadWords
from knowledge.ingest import ledger
from knowledge.ingest.ledger import Ledger
from knowledge.own_words.acronyms import FINDER, Definition, definitions
from knowledge.own_words.glossary import Glossary
from knowledge.own_words.meaning import Meaning
from knowledge.own_words.reading import Added, forms, read
from knowledge.ranking import Stage
from knowledge.tables import document_versions, documents, own_words, passages
from tenancy.errors import StoreUnavailable
from tenancy.viewer import EVERYONE, Audience, Principal
from tests.knowledge.parts import Shelf, group, text

HR, STAFF = "group:files:hr", EVERYONE
DEFINED = "Everybody earns paid time off (PTO) from the first day."
CARRIED = "Five days of paid time off move into the next year."
OTHERS = [text(f"other-{number}", f"Cups of kind {number} are in the kitchen; days of cleaning are told.") for number in range(9)]
QUESTION = "How many days of PTO move over?"


def found(query: str, *meanings: tuple[str, str]) -> tuple[Added, ...]:
    return read(query, forms(query), [Meaning(short=short, long=long, said=True) for short, long in meanings]).added


async def said(shelf: Shelf, query: str, *principals: str, audience: Audience | None = None) -> Sequence[tuple[str, str]]:
    return (await shelf.find(query, *(principals or (STAFF,)), audience=audience)).read_as


def test_the_other_form_is_put_in_the_place_of_the_one_that_is_asked_with() -> None:
    query = "Is PTO paid out, or paid time?"
    reading = read(query, forms(query), [Meaning(short="PTO", long="paid time off")])
    assert reading.ways == (query, "Is paid time off paid out, or paid time?")
    assert read("nothing", {}, []).ways == ("nothing",)


@pytest.mark.parametrize(
    ("query", "short", "long", "read_as"),
    [
        pytest.param("How much PTO?", "PTO", "paid time off", [("PTO", "paid time off")], id="capitals"),
        pytest.param("how much pto", "PTO", "paid time off", [("pto", "paid time off")], id="small letters that are no word"),
        pytest.param("Where are the SOWs?", "SOW", "statement of work", [("SOWs", "statement of work")], id="several"),
        pytest.param("days of Paid Time Off", "PTO", "paid time off", [("Paid Time Off", "PTO")], id="the long form"),
        pytest.param("is PTO paid time off?", "PTO", "paid time off", [], id="both forms"),
        pytest.param("is it here?", "IT", "information technology", [], id="an ordinary word of two letters"),
        pytest.param("who can aid us", "AID", "agency for international development", [], id="an ordinary word"),
        pytest.param("WHO CAN AID US NOW", "AID", "agency for international development", [], id="an ordinary word, shouted"),
        pytest.param("IT?", "IT", "information technology", [("IT", "information technology")], id="capitals alone"),
        pytest.param("ask IT about it", "IT", "information technology", [("IT", "information technology")], id="in capitals"),
        pytest.param("As a beginner", "A&A", "assessment and authorization", [], id="ordinary words that share its letters"),
        pytest.param("is a laptop lent?", "laptop", "portable computer", [("laptop", "portable computer")], id="an admin's synonym"),
        pytest.param("", "PTO", "paid time off", [], id="nothing asked"),
        pytest.param("5 s timeout", "s", "seconds", [("s", "seconds")], id="an admin's letter"),
        pytest.param("word " * 64 + "PTO", "PTO", "paid time off", [], id="only the beginning of a long question is looked at"),
    ],
)
def test_words_are_read_as_they_are_meant(query: str, short: str, long: str, read_as: list[tuple[str, str]]) -> None:
    assert list(found(query, (short, long))) == read_as


@pytest.mark.parametrize(
    ("query", "short", "long", "read_as"),
    [
        pytest.param("hr contact", "HR", "human resources", [("hr", "human resources")], id="two letters"),
        pytest.param("r&d budget", "R&D", "research and development", [("r&d", "research and development")], id="an ampersand"),
        pytest.param("who tells us", "US", "United States", [], id="an ordinary word"),
        pytest.param("As a beginner", "AsA", "assessment and authorization", [], id="ordinary words"),
    ],
)
def test_what_an_admin_says_holds_as_people_type_it(query: str, short: str, long: str, read_as: list[tuple[str, str]]) -> None:
    assert list(found(query, (short, long))) == read_as
    by_documents = read(query, forms(query), [Meaning(short=short, long=long, documents=1)])
    assert by_documents.added == ()


def test_of_forms_that_overlap_the_longest_is_replaced_whichever_is_known_first() -> None:
    query, known = "what is the travel policy", [("policy", "rule book"), ("travel policy", "TP-01"), ("travel", "journey")]
    for meanings in permutations(known):
        assert found(query, *meanings) == (("travel policy", "TP-01"),)
    for synonyms in permutations([("laptop", "portable computer"), ("laptop", "notebook")]):
        assert found("which laptop", *synonyms) == (("laptop", "notebook"),)


async def test_a_correction_replaces_what_was_said_before(shelf: Shelf) -> None:
    glossary = Glossary(shelf.database)
    assert (await glossary.add(shelf.tenant.id, "PTO", "paid time of"))[1] is None
    assert (await glossary.add(shelf.tenant.id, "PTO", "Paid time of"))[1] is None
    meaning, replaced = await glossary.add(shelf.tenant.id, "pto", "paid time off")
    assert (meaning.long, replaced) == ("paid time off", "Paid time of")
    assert [one.meaning.long for one in await glossary.entries(shelf.tenant.id)] == ["paid time off"]


@pytest.mark.parametrize("several", [1, 2])
async def test_of_what_many_documents_explain_no_more_is_read_than_tells_that_they_do(shelf: Shelf, several: int) -> None:
    """`several`: how many meanings. Where colleagues look on, what they may read counts and nothing else does."""
    longs = ["paid time off", "power take off"][:several]
    await shelf.ingest(*(text(f"d{n}", f"There is {longs[n % several]} (PTO).") for n in range(9)), text("hr", DEFINED, group("hr")))
    viewer, guests = shelf.viewer(STAFF, HR), Audience.of([shelf.viewer(HR)])
    read_by = [await shelf.library.search(viewer, audience, QUESTION) for audience in (Audience(), guests)]
    assert [one.read_as for one in read_by] == [(), (("PTO", "paid time off"),)]
    catalogue = Catalogue(shelf.database)
    assert sum(one.documents for one in await catalogue.meanings(viewer, Audience(), ["pto"])) == 3
    assert sum(one.documents for one in await catalogue.meanings(viewer, Audience.of([shelf.viewer(STAFF)]), ["pto"])) == 3
    assert sum(one.documents for one in await catalogue.meanings(shelf.viewer("group:x"), Audience(), ["pto"])) == 0


async def test_before_colleagues_who_share_no_principal_what_each_may_read_counts(shelf: Shelf) -> None:
    both = frozenset({Principal("group:a"), Principal("group:b")})
    await shelf.ingest(text("both", DEFINED, both), text("one", "The power take off (PTO) shaft.", frozenset({Principal("group:a")})))
    audience = Audience.of([shelf.viewer("group:a"), shelf.viewer("group:b")])
    assert await said(shelf, QUESTION, "group:a", audience=audience) == (("PTO", "paid time off"),)


def test_forms_that_overlap_are_not_both_replaced() -> None:
    query = "our paid time off policy"
    assert found(query, ("PTO", "paid time off"), ("OP", "off policy")) == (("paid time off", "PTO"),)
    assert forms("a b")["a b"] == Span(0, 3)


async def test_a_question_with_the_short_form_finds_what_has_only_the_long_one(shelf: Shelf) -> None:
    await shelf.ingest(text("rules", DEFINED), text("carried", CARRIED), *OTHERS)
    findings = await shelf.find(QUESTION, STAFF)
    assert findings.hits[0].passage.document.name == "carried"
    assert findings.read_as == (("PTO", "paid time off"),)
    assert "pto" not in findings.unsaid
    without = await shelf.library.without([Stage.OWN_WORDS]).search(shelf.viewer(STAFF), Audience(), QUESTION)
    assert (without.read_as, "own words" in without.timings_ms) == ((), False)


async def test_a_question_with_the_long_form_finds_what_has_only_the_short_one(shelf: Shelf) -> None:
    await shelf.ingest(text("rules", DEFINED), text("carried", "Unused PTO is lost."), *OTHERS)
    findings = await shelf.find("paid time off that is unused", STAFF)
    assert findings.hits[0].passage.document.name == "carried"
    assert findings.unsaid == frozenset()


async def test_a_private_documents_words_change_nothing_for_those_who_may_not_read_it(shelf: Shelf) -> None:
    await shelf.ingest(text("carried", CARRIED), *OTHERS)
    before = await shelf.find(QUESTION, STAFF)
    await shelf.ingest(text("secret", DEFINED, group("hr")), source="hr")
    after = await shelf.find(QUESTION, STAFF)
    assert after.read_as == ()
    assert [hit.passage.id for hit in after.hits] == [hit.passage.id for hit in before.hits]
    assert [hit.score for hit in after.hits] == pytest.approx([hit.score for hit in before.hits])
    assert await said(shelf, QUESTION, STAFF, HR) == (("PTO", "paid time off"),)


async def test_before_an_audience_only_what_all_may_read_explains(shelf: Shelf) -> None:
    await shelf.ingest(text("secret", DEFINED, group("hr")), text("carried", CARRIED))
    assert await said(shelf, QUESTION, STAFF, HR, audience=Audience.of([shelf.viewer(STAFF)])) == ()
    assert await said(shelf, QUESTION, STAFF, HR, audience=Audience.of([shelf.viewer(HR)])) == (("PTO", "paid time off"),)


async def test_a_private_documents_other_meaning_does_not_make_a_word_unclear(shelf: Shelf) -> None:
    await shelf.ingest(text("rules", DEFINED), text("secret", "The power take off (PTO) shaft turns.", group("hr")))
    assert await said(shelf, QUESTION) == (("PTO", "paid time off"),)
    assert await said(shelf, QUESTION, STAFF, HR) == ()


async def test_who_is_shut_out_of_a_document_is_shut_out_of_its_words_at_once(shelf: Shelf) -> None:
    await shelf.ingest(text("rules", DEFINED))
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(documents).values(readers=[HR]))
    assert await said(shelf, QUESTION) == ()


async def test_words_go_with_their_documents_edition_and_with_the_document(shelf: Shelf) -> None:
    await shelf.ingest(text("rules", DEFINED))
    await shelf.ingest(text("rules", "Everybody earns personal time off (PTO)."))
    assert await said(shelf, QUESTION) == (("PTO", "personal time off"),)
    await shelf.ingest(text("else", "Nothing."))
    assert await said(shelf, QUESTION) == ()


@pytest.mark.parametrize("way", ["ingest", "tidy", "mend"])
async def test_documents_of_an_earlier_time_are_looked_at(shelf: Shelf, way: str) -> None:
    items = [text("rules", DEFINED), *(text(f"d{number}", f"Day {number}.") for number in range(120))]
    await shelf.ingest(*items)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(delete(own_words))
        await connection.execute(update(documents).values(words_found=0))
    assert await said(shelf, QUESTION) == ()
    if way == "ingest":
        assert (await shelf.ingest(*items)).changed == 0
    else:
        await getattr(shelf.ingestion, way)(shelf.tenant.id)
    assert await said(shelf, QUESTION) == (("PTO", "paid time off"),)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        behind = select(func.count()).select_from(documents).where(documents.c.words_found != FINDER)
        assert await connection.scalar(behind) == 0


async def test_words_do_not_outlive_the_edition_that_explained_them_where_an_older_process_publishes_the_next(shelf: Shelf) -> None:
    await shelf.ingest(text("rules", DEFINED))
    async with shelf.database.tenant(shelf.tenant.id) as connection:  # as a process does that knows nothing of words
        await connection.execute(update(documents).values(version=2))
        await connection.execute(update(document_versions).values(version=2, text="The power take off (PTO) shaft."))
        await connection.execute(update(passages).values(version=2))
    assert await said(shelf, QUESTION) == ()
    assert await Glossary(shelf.database).entries(shelf.tenant.id) == []
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert await said(shelf, QUESTION) == (("PTO", "power take off"),)


async def test_a_draft_that_an_older_process_publishes_is_looked_at(shelf: Shelf) -> None:
    await shelf.ingest(text("rules", DEFINED))
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        (row,) = (await connection.execute(select(documents))).mappings().all()
    draft = next(iter(await Ledger(shelf.database, shelf.tenant.id, row["source"]).published([row["id"]])))
    staged = replace(draft, id=DocumentId("0" * 20), name="other", version=1)
    await Ledger(shelf.database, shelf.tenant.id, row["source"]).stage([staged])
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        kept = await connection.execute(select(documents.c.words_version).where(documents.c.id == staged.id))
    assert kept.scalar_one() == 0


async def test_what_a_newer_finder_found_is_left_to_it(shelf: Shelf) -> None:
    await shelf.ingest(text("rules", DEFINED))
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(documents).values(words_found=FINDER + 1))
        await connection.execute(delete(own_words))
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert await said(shelf, QUESTION) == ()


async def test_texts_are_looked_at_while_nothing_is_locked_and_what_has_changed_meanwhile_is_left(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shelf.ingest(text("rules", DEFINED), text("zebra", "A statement of work (SOW)."))
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(documents).values(words_found=0))
        await connection.execute(delete(own_words))
    loop = asyncio.get_running_loop()

    async def publish() -> None:
        async with shelf.database.tenant(shelf.tenant.id) as connection:
            await connection.execute(sql("SET LOCAL lock_timeout = '2s'"))
            await connection.execute(update(documents).where(documents.c.name == "rules").values(version=2))

    def meanwhile(body: str) -> list[Definition]:
        if "PTO" in body:
            asyncio.run_coroutine_threadsafe(publish(), loop).result()
        return definitions(body)

    monkeypatch.setattr(ledger, "definitions", meanwhile)
    await shelf.ingestion.tidy(shelf.tenant.id)
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        assert (await connection.scalars(select(own_words.c.short))).all() == ["SOW"]


async def test_a_look_takes_as_many_documents_as_have_few_enough_characters(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(*(text(f"d{number}", f"{DEFINED} {number}") for number in range(5)))
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(documents).values(words_found=0))
        await connection.execute(delete(own_words))
    monkeypatch.setattr(ledger, "_A_LOOK", 2 * len(DEFINED) + 10)
    written = Mock(wraps=ledger._define)
    monkeypatch.setattr(ledger, "_define", written)
    await shelf.ingestion.tidy(shelf.tenant.id)
    assert [len(call.args[1]) for call in written.call_args_list] == [2, 2, 1]


async def test_a_search_goes_on_where_its_words_cannot_be_looked_up(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.ingest(text("rules", DEFINED))

    async def meanings(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr("knowledge.catalogue.Catalogue.meanings", meanings)
    findings = await shelf.find(QUESTION, STAFF)
    assert (len(findings.hits), findings.read_as) == (1, ())


async def test_what_an_admin_says_holds_for_everyone_and_instead_of_documents(shelf: Shelf) -> None:
    glossary = Glossary(shelf.database)
    await shelf.ingest(text("rules", DEFINED), text("other", "The power take off (PTO) shaft."), text("carried", CARRIED))
    assert await said(shelf, QUESTION) == (), "documents differ"
    await glossary.add(shelf.tenant.id, "PTO", "paid  time off")
    assert await said(shelf, QUESTION) == (("PTO", "paid time off"),)
    entries = await glossary.entries(shelf.tenant.id)
    assert [(one.meaning.long, one.meaning.said, one.title, one.is_off, one.is_unclear) for one in entries] == [
        ("paid time off", True, "rules", False, False),
        ("power take off", False, "other", False, False),
    ]
    await glossary.remove(shelf.tenant.id, "PTO", "paid time off")
    assert [one.is_unclear for one in await glossary.entries(shelf.tenant.id)] == [True, True]


@pytest.mark.parametrize(("short", "long", "documents"), [("PTO", "paid time off", 3), ("TO", "time off", 1)])
async def test_what_everybody_explains_and_two_letters_are_left_alone_unless_the_admin_says_it(
    shelf: Shelf, short: str, long: str, documents: int
) -> None:
    glossary = Glossary(shelf.database)
    await shelf.ingest(*(text(f"d{number}", f"There is {long} ({short}).") for number in range(documents)))
    assert await said(shelf, f"More {short}?") == ()
    assert [one.is_common for one in await glossary.entries(shelf.tenant.id)] == [True]
    await glossary.add(shelf.tenant.id, short, long)
    assert await said(shelf, f"More {short}?") == ((short, long),)
    assert [one.is_common for one in await glossary.entries(shelf.tenant.id)] == [False]


async def test_what_is_switched_off_stays_off_when_its_document_is_read_again(shelf: Shelf) -> None:
    glossary = Glossary(shelf.database)
    await shelf.ingest(text("rules", DEFINED))
    await glossary.switch_off(shelf.tenant.id, "pto")
    await shelf.ingest(text("rules", f"{DEFINED} Twice."))
    assert await said(shelf, QUESTION) == ()
    assert [one.is_off for one in await glossary.entries(shelf.tenant.id)] == [True]
    assert await glossary.switch_on(shelf.tenant.id, "PTO")
    assert not await glossary.switch_on(shelf.tenant.id, "PTO")
    assert await said(shelf, QUESTION) == (("PTO", "paid time off"),)


async def test_one_of_two_meanings_can_be_switched_off_so_that_the_other_holds(shelf: Shelf) -> None:
    glossary = Glossary(shelf.database)
    await shelf.ingest(text("rules", DEFINED), text("other", "The power take off (PTO) shaft."))
    await glossary.switch_off(shelf.tenant.id, "PTO", "power take off")
    assert await said(shelf, QUESTION) == (("PTO", "paid time off"),)


async def test_one_meaning_that_was_switched_off_can_be_switched_on_alone(shelf: Shelf) -> None:
    glossary, tenant = Glossary(shelf.database), shelf.tenant.id
    await shelf.ingest(text("rules", DEFINED), text("other", "The power take off (PTO) shaft."))
    for long in ("paid time off", "power take off"):
        await glossary.switch_off(tenant, "PTO", long)
    assert await glossary.switch_on(tenant, "pto", "Paid time off")
    assert not await glossary.switch_on(tenant, "PTO", "paid time off")
    assert await are_off(glossary, shelf) == {"paid time off": False, "power take off": True}
    assert await said(shelf, QUESTION) == (("PTO", "paid time off"),)


async def test_switching_one_meaning_on_leaves_the_others_off_where_all_were(shelf: Shelf) -> None:
    glossary, tenant = Glossary(shelf.database), shelf.tenant.id
    await shelf.ingest(text("rules", DEFINED), text("other", "The power take off (PTO) shaft."))
    await glossary.add(tenant, "PTO", "push to open")
    await glossary.switch_off(tenant, "PTO", "power take off")
    await glossary.switch_off(tenant, "PTO")
    assert await glossary.switch_on(tenant, "PTO", "paid time off")
    assert await are_off(glossary, shelf) == {"paid time off": False, "power take off": True, "push to open": True}
    assert await said(shelf, QUESTION) == (("PTO", "paid time off"),)
    assert await glossary.switch_on(tenant, "PTO")
    assert not any((await are_off(glossary, shelf)).values())


async def test_what_is_off_is_switched_on_by_its_name_when_no_document_says_it_any_more(shelf: Shelf) -> None:
    glossary, tenant = Glossary(shelf.database), shelf.tenant.id
    await shelf.ingest(text("rules", DEFINED))
    await glossary.switch_off(tenant, "PTO", "paid time off")
    await shelf.ingest(text("rules", "Time off is paid."))
    assert await glossary.switch_on(tenant, "PTO", "paid time off")
    with pytest.raises(BadWords, match="'PTO' for 'paid time off' is not known here"):
        await glossary.switch_on(tenant, "PTO", "paid time off")


async def test_a_meaning_that_is_not_known_switches_nothing_on(shelf: Shelf) -> None:
    glossary, tenant = Glossary(shelf.database), shelf.tenant.id
    await shelf.ingest(text("rules", DEFINED))
    await glossary.switch_off(tenant, "PTO")
    with pytest.raises(BadWords, match="'PTO' for 'power take off' is not known here"):
        await glossary.switch_on(tenant, "PTO", "power take off")
    assert await are_off(glossary, shelf) == {"paid time off": True}


async def are_off(glossary: Glossary, shelf: Shelf) -> dict[str, bool]:
    return {entry.meaning.long: entry.is_off for entry in await glossary.entries(shelf.tenant.id)}


async def test_adding_what_is_switched_off_switches_it_on(shelf: Shelf) -> None:
    glossary = Glossary(shelf.database)
    await glossary.add(shelf.tenant.id, "PTO", "paid time off")
    await glossary.switch_off(shelf.tenant.id, "PTO")
    await glossary.add(shelf.tenant.id, "pto", "Paid time off")
    assert [(one.meaning.short, one.is_off) for one in await glossary.entries(shelf.tenant.id)] == [("pto", False)]


@pytest.mark.parametrize(
    ("short", "long", "complaint"),
    [
        pytest.param("", "paid time off", "The short form is empty", id="an empty short form"),
        pytest.param("PTO", " \n ", "What it stands for is empty", id="nothing but spaces"),
        pytest.param("PTO", "x" * 101, "What it stands for has 101 characters; 100 are the most", id="too long"),
        pytest.param("a b c d e f g h i", "x", "more than 8 words", id="a short form that is the long one"),
        pytest.param("X", "a b c d e f g h i", "What it stands for has more than 8 words", id="a long form that no question has"),
        pytest.param("--", "paid time off", "no letter and no digit", id="only punctuation"),
        pytest.param("PTO", "p.t.o.", "are the same to a search already", id="the same on both sides"),
        pytest.param("P\x07TO", "paid time off", "cannot be shown", id="a bell"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_what_to_do(shelf: Shelf, short: str, long: str, complaint: str) -> None:
    with pytest.raises(BadWords, match=complaint):
        await Glossary(shelf.database).add(shelf.tenant.id, short, long)
    assert await Glossary(shelf.database).entries(shelf.tenant.id) == []


async def test_words_that_are_not_known_are_neither_switched_nor_removed(shelf: Shelf) -> None:
    glossary, tenant = Glossary(shelf.database), shelf.tenant.id
    await shelf.ingest(text("rules", DEFINED))
    for act in (glossary.switch_off, glossary.switch_on, glossary.remove):
        with pytest.raises(BadWords, match=r"'ABC' is not known here. `footnote words list` shows what is"):
            await act(tenant, "ABC")
    with pytest.raises(BadWords, match="'PTO' for 'power take off' is not known here"):
        await glossary.switch_off(tenant, "PTO", "power take off")
    with pytest.raises(BadWords, match="'PTO' is not something that you added: documents say so"):
        await glossary.remove(tenant, "PTO")
