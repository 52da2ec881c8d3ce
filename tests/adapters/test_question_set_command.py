"""Rows of a question set held against what an asker may read."""

import pytest

from adapters.commands.question_set import Asked, _is_quoted, _meant, _problem, _Wrong
from bot.messages import Answer, Citation, Outcome
from knowledge.documents import Document, DocumentId, Passage, PassageId, Span
from knowledge.evaluation import JudgedQuery, JudgedRow, Named
from tenancy.viewer import EVERYONE, PersonId, TenantId, Viewer


def document(source: str, name: str) -> Document:
    return Document(
        id=DocumentId(source), source=source, name=name, title=name, url=None, media_type="text/plain", version=1,
        readers=frozenset({EVERYONE}), modified_at=None,
    )  # fmt: skip


def test_a_name_that_means_several_documents_is_told_with_what_to_write() -> None:
    readable = [document("Files", "leave.md"), document("Wiki", "leave.md"), document("Wiki", "pay.md")]
    named = Named(readable)
    assert _meant(["pay.md", "Wiki/leave.md"], named, "ana@acme.example") == [readable[2], readable[1]]
    with pytest.raises(_Wrong, match=r"'leave.md' is the name of 2 documents. .* such as Files/leave.md, Wiki/leave.md\."):
        _meant(["leave.md"], named, "ana@acme.example")


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        pytest.param("Twenty  weeks, at full pay", True, id="other white space, case and marks"),
        pytest.param("weeks at full", True, id="a part"),
        pytest.param("ten weeks at full pay", False, id="other words"),
        pytest.param("wenty weeks", False, id="half a word"),
    ],
)
def test_a_quote_is_found_by_its_words(quote: str, found: bool) -> None:  # noqa: FBT001 - what is expected
    text = "Leave is twenty weeks\nat | full pay."
    passage = Passage(
        id=PassageId("p"), document=document("Files", "leave.md"), ordinal=0, span=Span(0, len(text)), text=text, heading=(), page=None
    )
    assert _is_quoted(quote, [passage]) is found


def asked(*documents: str) -> Asked:
    held = frozenset({EVERYONE})
    return Asked(
        row=JudgedRow(row=2, question="How long?", documents=documents),
        viewer=Viewer(tenant=TenantId("acme"), person=PersonId("ana"), name="Ana", principals=held),
        query=JudgedQuery("q", "How long?", held, dict.fromkeys((f"Files/{name}" for name in documents), 1)),
    )


def answer(outcome: Outcome, *documents: str) -> Answer:
    citations = tuple(
        Citation(
            n=n, document=DocumentId(name), document_name=name, passage=PassageId(name), title=name, url=None, source="Files", page=None,
            heading=(), span=Span(0, 1), quote="x", modified_at=None,
        )
        for n, name in enumerate(documents, 1)
    )  # fmt: skip
    return Answer(outcome=outcome, text="Twenty.", citations=citations)


@pytest.mark.parametrize(
    ("one", "ended", "problem"),
    [
        pytest.param(asked("leave.md", "pay.md"), answer(Outcome.ANSWER, "x.md", "pay.md"), None, id="one of the right ones is cited"),
        pytest.param(asked("leave.md"), answer(Outcome.ANSWER, "pay.md"), "not_cited", id="another is cited"),
        pytest.param(asked("leave.md"), answer(Outcome.ANSWER), "not_cited", id="nothing is cited"),
        pytest.param(asked("leave.md"), answer(Outcome.NEAREST, "leave.md"), None, id="shown as the nearest"),
        pytest.param(asked("leave.md"), answer(Outcome.NEAREST, "pay.md"), "not_cited", id="another is the nearest"),
        pytest.param(asked("leave.md"), answer(Outcome.REFUSAL, "leave.md"), "refused", id="refused, the right one named as the nearest"),
        pytest.param(asked("leave.md"), answer(Outcome.APOLOGY), "failed", id="something of ours failed"),
        pytest.param(asked(), answer(Outcome.ANSWER, "pay.md"), "answered", id="answered though nothing answers"),
        pytest.param(asked(), answer(Outcome.NEAREST, "pay.md"), None, id="nothing answers, and doubt is said"),
        pytest.param(asked(), answer(Outcome.REFUSAL), None, id="refused as nothing answers"),
        pytest.param(asked(), answer(Outcome.APOLOGY), "failed", id="failed where nothing answers"),
    ],
)
def test_what_did_not_go_as_judged_is_one_of_four_things(one: Asked, ended: Answer, problem: str | None) -> None:
    assert _problem(one, ended) == problem
