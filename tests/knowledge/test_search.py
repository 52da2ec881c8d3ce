"""Searching end to end over real PostgreSQL and LanceDB: what is proposed, and what the live check lets through."""

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from llama_index.core import Settings
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode
from sqlalchemy import update

from knowledge.documents import DocumentId
from knowledge.errors import IndexMissing, UnknownDocument
from knowledge.search import GONE, MANY, NOT_FOR_AUDIENCE, NOT_FOR_VIEWER, OUTDATED
from knowledge.tables import documents
from tenancy.viewer import EVERYONE, Audience, Principal
from tests.knowledge.parts import Shelf, group, text, viewer_of

LEAVE = "Parental leave is twenty weeks for every parent."
DEAL = "Parental leave at the company we acquire is ten weeks."
HR, STAFF = "group:files:hr", EVERYONE


async def test_the_best_passage_comes_first(shelf: Shelf) -> None:
    await shelf.ingest(text("travel", "Trains are booked a week ahead."), text("leave", LEAVE))
    assert (await shelf.names("how long is parental leave"))[0] == "leave"


async def test_a_passage_is_its_span_of_the_document(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", f"# Leave\n\nIntro words here.\n\n## Parents\n\n{LEAVE}\n"))
    hit = (await shelf.find("parental leave weeks", STAFF)).hits[0]
    opened = await shelf.library.open(shelf.viewer(STAFF), hit.passage.document.id)
    assert opened.text[hit.passage.span.start : hit.passage.span.end] == hit.passage.text


async def test_nobody_finds_what_they_may_not_read(shelf: Shelf) -> None:
    await shelf.ingest(text("deal", DEAL, group("hr")), text("orphan", DEAL, frozenset()))
    assert await shelf.names("parental leave", STAFF) == []
    assert await shelf.names("parental leave", HR) == ["deal"]


async def test_a_viewer_without_principals_finds_nothing(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE))
    assert (await shelf.find("parental leave")).hits == ()


async def test_who_has_brought_nothing_in_finds_nothing_and_nothing_is_said_to_be_lost(shelf: Shelf) -> None:
    assert (await shelf.find("parental leave", STAFF)).hits == ()
    assert shelf.lost == []


async def test_another_tenant_finds_nothing(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE))
    stranger = viewer_of(type(shelf.tenant.id)("0" * 20), STAFF, HR)
    with pytest.raises(IndexMissing):
        await shelf.engine.open(stranger.tenant)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"readers": []}, NOT_FOR_VIEWER, id="closed to the viewer since it was indexed"),
        pytest.param({"version": 2}, OUTDATED, id="replaced by a newer version since it was indexed"),
        pytest.param(None, GONE, id="removed since it was indexed"),
    ],
)
async def test_what_the_index_still_proposes_is_checked_live(shelf: Shelf, change: dict[str, object] | None, reason: str) -> None:
    await shelf.ingest(text("leave", LEAVE))
    async with shelf.database.tenant(shelf.tenant.id) as connection:
        await connection.execute(update(documents).values(**change) if change else documents.delete())
    found = await shelf.find("parental leave", STAFF)
    assert found.hits == ()
    assert [withheld.reason for withheld in found.withheld] == [reason]


async def test_a_channel_is_shown_only_what_all_its_members_may_read(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL, group("hr")))
    audience = Audience.of([shelf.viewer(STAFF, HR), shelf.viewer(STAFF)])
    found = await shelf.find("parental leave company we acquire", STAFF, HR, audience=audience)
    assert [hit.passage.document.name for hit in found.hits] == ["leave"]
    assert [withheld.reason for withheld in found.withheld] == [NOT_FOR_AUDIENCE]


async def test_it_is_said_that_something_better_was_kept_back_only_when_it_was_better(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL, group("hr")))
    audience = Audience.of([shelf.viewer(STAFF)])
    better = await shelf.find("parental leave company we acquire", STAFF, HR, audience=audience)
    worse = await shelf.find("twenty weeks for every parent", STAFF, HR, audience=audience)
    assert (better.better_withheld, worse.better_withheld) == (True, False)


async def test_the_asker_is_told_of_nothing_that_they_may_not_read_themselves(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL, group("hr")))
    audience = Audience.of([shelf.viewer(STAFF)])
    found = await shelf.find("parental leave company we acquire", STAFF, audience=audience)
    assert (found.withheld, found.better_withheld) == ((), False)


async def test_restricted_documents_do_not_crowd_out_what_a_channel_may_read(shelf: Shelf) -> None:
    crowd = [text(f"case{number}", f"{DEAL} Case {number}.", group("hr")) for number in range(120)]
    await shelf.ingest(*crowd, text("note", "Parental leave: see the handbook."))
    found = await shelf.find("parental leave company we acquire", STAFF, HR, audience=Audience.of([shelf.viewer(STAFF)]))
    assert [hit.passage.document.name for hit in found.hits] == ["note"]
    assert found.better_withheld


async def test_a_document_that_members_read_by_different_principals_is_shown(shelf: Shelf) -> None:
    await shelf.ingest(text("both", LEAVE, group("hr") | group("legal")))
    audience = Audience.of([shelf.viewer(HR), shelf.viewer("group:files:legal")])
    assert len((await shelf.find("parental leave", HR, audience=audience)).hits) == 1


@pytest.mark.parametrize("query", ["", " ", "the", "?!", "🦊", "'; DROP TABLE passages; --", '"', "a" * 5000, "ERR-4032", "東京都"])
async def test_no_query_is_an_error(shelf: Shelf, query: str) -> None:
    await shelf.ingest(text("leave", LEAVE))
    assert len((await shelf.find(query, STAFF)).hits) <= 1


@pytest.mark.parametrize("limit", [5, 8, 100])
async def test_as_many_passages_are_found_as_asked_for_if_there_are_as_many(shelf: Shelf, limit: int) -> None:
    await shelf.ingest(*(text(f"leave{number}", f"Parental leave case {number} of office {number}00.") for number in range(120)))
    assert len((await shelf.find("parental leave", STAFF, limit=limit)).hits) == limit


async def test_one_document_alone_fills_a_search(shelf: Shelf) -> None:
    sections = "\n\n".join(f"# Leave {word}\n\n" + f"leave {word} " * 80 for word in ("abbey", "baker", "camel", "delta", "eagle", "gamma"))
    await shelf.ingest(text("leave", sections))
    assert len((await shelf.find("leave", STAFF)).hits) == 6


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param("", "There is no question in that message.", id="nothing"),
        pytest.param(" ?! ", "There is no question in that message.", id="marks alone"),
        pytest.param("leave " * 10_000, "That question has 59,999 characters; 40,000 is the most I can take.", id="a whole text"),
    ],
)
def test_the_command_refuses_what_no_question_could_be(tmp_path: Path, asked: str, said: str) -> None:
    command = [sys.executable, "-m", "adapters", "search", asked, "--tenant", "acme", "--as", "ana@acme.example"]
    home = {**os.environ, "FOOTNOTE_HOME": str(tmp_path)}
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == [], "it is refused before anything is opened"


async def test_identifiers_are_found_exactly(shelf: Shelf) -> None:
    await shelf.ingest(text("a", "Code ERR-4031 means no paper."), text("b", "Code ERR-4032 means no ink."))
    assert (await shelf.names("ERR-4032"))[0] == "b"


async def test_every_step_of_a_search_is_timed(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE))
    steps = {"own words", "words", "embed", "vectors", "check", "rank", "beside"}
    assert (await shelf.find("leave", STAFF)).timings_ms.keys() == steps


async def test_of_very_many_principals_only_those_are_asked_for_that_some_document_names(shelf: Shelf) -> None:
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL, group("hr")), text("other", DEAL, group("law")))
    many = [HR, *(f"group:files:{number}" for number in range(MANY))]
    asked: list[frozenset[Principal]] = []
    index = await shelf.engine.open(shelf.tenant.id)

    async def by_words(*arguments: object) -> list[object]:
        asked.append(cast("frozenset[Principal]", arguments[2]))
        return []

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(index), "by_words", by_words)
        await shelf.find("parental leave", HR, STAFF)
        await shelf.find("parental leave", *many)
    assert asked == [{HR, STAFF}, {HR}]
    assert [hit.passage.document.name for hit in (await shelf.find("parental leave", *many)).hits] == ["deal"]


async def test_what_is_opened_to_one_of_very_many_principals_is_found_at_once(shelf: Shelf) -> None:
    await shelf.ingest(text("deal", DEAL, group("hr")))
    many = [f"group:files:{number}" for number in range(MANY)]
    assert (await shelf.find("parental leave", *many)).hits == ()
    await shelf.ingest(text("deal", DEAL, group("17")))
    assert len((await shelf.find("parental leave", *many)).hits) == 1


async def test_opening_needs_the_same_right_as_finding(shelf: Shelf) -> None:
    await shelf.ingest(text("deal", DEAL, group("hr")))
    document = (await shelf.find("parental leave", HR)).hits[0].passage.document.id
    assert (await shelf.library.open(shelf.viewer(HR), document)).text == DEAL
    refusals = []
    for wanted in (document, DocumentId("0" * 20)):
        with pytest.raises(UnknownDocument) as refused:
            await shelf.library.open(shelf.viewer(STAFF), wanted)
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]


async def test_a_whole_document_is_read_in_order_by_who_may_and_before_whom_it_may_be(shelf: Shelf) -> None:
    await shelf.ingest(text("deal", "\n\n".join(f"# Part {n}\n\n" + "word " * 150 for n in range(4)), group("hr")))
    document = (await shelf.find("part", HR)).hits[0].passage.document.id
    passages = await shelf.library.passages(shelf.viewer(HR), Audience(), document)
    assert [passage.ordinal for passage in passages] == list(range(len(passages)))
    with pytest.raises(UnknownDocument):
        await shelf.library.passages(shelf.viewer(HR), Audience.of([shelf.viewer(STAFF)]), document)


async def test_documents_are_counted_as_viewer_and_audience_may_read_them(shelf: Shelf) -> None:
    await shelf.ingest(text("a", LEAVE), text("b", LEAVE), text("c", DEAL, group("hr")))
    viewer = shelf.viewer(STAFF, HR)
    assert await shelf.library.count(viewer, Audience()) == 3
    assert await shelf.library.count(viewer, Audience.of([shelf.viewer(STAFF)])) == 2
    assert await shelf.library.count(shelf.viewer(), Audience()) == 0


async def test_the_count_follows_every_change_of_the_documents(shelf: Shelf) -> None:
    viewer = shelf.viewer(STAFF)
    assert await shelf.library.count(viewer, Audience()) == 0
    await shelf.ingest(text("a", LEAVE), text("b", LEAVE))
    assert await shelf.library.count(viewer, Audience()) == 2
    await shelf.ingest(text("c", LEAVE), source="other")
    assert await shelf.library.count(viewer, Audience()) == 3
    await shelf.ingest(text("a", LEAVE), text("b", LEAVE, group("hr")))
    assert await shelf.library.count(viewer, Audience()) == 2
    await shelf.ingest(text("b", LEAVE, group("hr")))
    assert await shelf.library.count(viewer, Audience()) == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("the travel policy", "Travel policy 2026", id="most words of the title"),
        pytest.param("leave policy", "Leave policy", id="a title alike but for one word is not taken for it"),
        pytest.param("cafeteria menu", None, id="nothing shares enough"),
        pytest.param("the", None, id="nothing is asked for"),
        pytest.param("acquisition plan", None, id="a title that the viewer may not read"),
    ],
)
async def test_a_document_is_known_by_the_words_of_its_title(shelf: Shelf, asked: str, found: str | None) -> None:
    await shelf.ingest(
        text("t", LEAVE, title="Travel policy 2026"),
        text("l", LEAVE, title="Leave policy"),
        text("p", DEAL, group("hr"), title="Acquisition plan"),
    )
    document = await shelf.library.named(shelf.viewer(STAFF), Audience(), asked)
    assert (document.title if document else None) == found


async def test_llamaindex_query_engines_compose_with_our_retriever(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "_llm", MockLLM())
    await shelf.ingest(text("leave", LEAVE), text("deal", DEAL, group("hr")))
    retriever = shelf.library.as_retriever(shelf.viewer(STAFF), Audience())
    engine = RetrieverQueryEngine.from_args(retriever, llm=MockLLM(), response_mode=ResponseMode.NO_TEXT)
    response = await engine.aquery("parental leave")
    assert [node.node.get_content() for node in response.source_nodes] == [LEAVE]
    assert response.source_nodes[0].node.metadata["title"] == "leave"


async def test_the_retriever_says_that_it_does_not_block(shelf: Shelf) -> None:
    with pytest.raises(TypeError, match="aretrieve"):
        shelf.library.as_retriever(shelf.viewer(STAFF), Audience()).retrieve("leave")


async def test_a_row_of_a_long_table_is_found_by_the_name_of_its_column_and_has_its_header(shelf: Shelf) -> None:
    rows = "\n".join(f"| room {number} | {number} |" for number in range(150))
    await shelf.ingest(text("rooms", f"| Room | Chairs |\n| --- | --- |\n{rows}"), text("other", "Chairs are for sitting."))
    found = (await shelf.find("chairs room 149", STAFF)).hits[0].passage
    assert "| room 149 | 149 |" in found.text
    assert found.header == "| Room | Chairs |"
    assert "Chairs" not in found.text
    whole = await shelf.library.passages(shelf.viewer(STAFF), Audience(), found.document.id)
    assert [one.header for one in whole] == ["", *["| Room | Chairs |"] * (len(whole) - 1)]


async def test_sentences_become_vectors_in_their_order(shelf: Shelf) -> None:
    one, other = await shelf.library.vectors(["Receipts are due.", "Parking is free."])
    again = await shelf.library.vectors(["Parking is free."])
    assert one @ other < other @ again[0]
    assert other @ again[0] == pytest.approx(1, abs=1e-4)
