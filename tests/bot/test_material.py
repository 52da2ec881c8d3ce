"""What a model is given besides whole documents: the hits, and in the room that is left what stands beside them."""

from dataclasses import replace

import pytest

from bot import prompts
from bot.intents.intent import Request, Tools
from bot.intents.material import between_neighbours, material
from bot.notes import Notes
from knowledge.documents import Edition, Hit, Passage
from tests.bot.fakes import FakeMemory, FakeReply, FakeSources, document, hit, passage, question

BOOK = document("book", "Book")
OTHER = document("other", "Other")
PAGES = [passage(BOOK, str(n) * 100, ordinal=n, start=101 * n) for n in range(9)]


def found(place: int) -> Hit:
    return replace(hit(PAGES[place]), before=PAGES[place - 1], after=PAGES[place + 1])


def said(hits: list[Hit]) -> str:
    return "".join(one.passage.text[0] for one in hits)


@pytest.mark.parametrize(
    ("room", "given"),
    [
        pytest.param(99, "52", id="no room: the hits alone"),
        pytest.param(100, "562", id="first what comes after the best"),
        pytest.param(250, "4562", id="then what comes before it"),
        pytest.param(1_000, "456123", id="then those of the next"),
    ],
)
def test_neighbours_stand_beside_their_hits_as_far_as_there_is_room(room: int, given: str) -> None:
    assert said(between_neighbours([found(5), found(2)], room)) == given


def test_a_passage_is_given_once() -> None:
    assert said(between_neighbours([found(4), found(5), found(3)], 1_000)) == "45623"


async def given_of(hits: list[Hit], sources: FakeSources, most: int) -> list[Hit]:
    tools = Tools(sources=sources, memory=FakeMemory(), prompts=prompts.load(), writer=None, calibration=None)
    request = Request(question=question("What does the book say?"), past=(), reply=FakeReply(), notes=Notes())
    return (await material(tools, request, hits, most)).sources


async def test_every_hit_goes_before_any_neighbour() -> None:
    others = [passage(OTHER, str(n) * 100, ordinal=n) for n in range(7, 9)]
    sources = FakeSources([*PAGES, *others])
    hits = [found(5), found(2), hit(others[0])]
    assert said(await given_of(hits, sources, 300)) == "527"
    assert said(await given_of(hits, sources, 400)) == "5627"


async def test_of_a_closed_document_no_neighbour_is_given_and_none_names_it() -> None:
    newer = document("newer", "Book 2026")
    marked = replace(BOOK, edition=Edition(replaced_by=newer.title))
    hits = [hit(passage(newer, "9" * 100)), found(5).within(marked)]
    hits[0] = replace(hits[0], after=passage(newer, "8" * 100, ordinal=1))
    given = await given_of(hits, FakeSources(PAGES, closed={newer.id}), 850)
    assert said(given) == "456"
    assert {one.passage.document.edition for one in given} == {Edition()}


async def test_a_document_that_is_given_whole_is_not_given_twice() -> None:
    pages: list[Passage] = PAGES[:3]
    hits = [replace(hit(pages[1]), before=pages[0], after=pages[2])]
    assert said(await given_of(hits, FakeSources(pages), 1_000)) == "012"
