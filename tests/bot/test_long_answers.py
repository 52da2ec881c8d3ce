"""Answers that are longer than a window, the whole way: ingested, cut, found, extracted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.llm.extractive import extracts
from bot.quotes import Cited
from tenancy.database import Database
from tenancy.tenants import Tenant
from tenancy.viewer import EVERYONE
from tests.bot.fakes import NOW
from tests.knowledge.parts import Shelf, file, shelf_of

TASKS = (
    "Close the valve of the oil line by hand and hang the red sign on its wheel",
    "Wait until the gauge beside it shows nothing, about four minutes with warm oil",
    "Loosen the six screws of the flange crosswise, half a turn each, and put them on the cloth",
    "Lift the flange with the small crane, never by hand, since it weighs more than sixty kilograms",
    "Pull the old seal out with the wooden hook, because metal leaves scratches in the groove",
    "Clean the groove with the blue liquid and look for scratches with the lamp from both sides",
    "Grease the new seal thinly on both sides and press it into the groove with both thumbs",
    "Lower the flange and tighten the screws crosswise in three rounds, the last with the torque wrench",
)
CHECK = ", and if anything about this looks unusual then tell the shift leader before you go on with the next step of the list"
STEPS = [f"{n}. {task}{CHECK}." for n, task in enumerate(TASKS, 1)]
PROCEDURE = "# Seal of the press\n\nThe press stands still.\n\nTo change the seal of the press:\n\n" + "\n".join(STEPS) + "\n"
CITIES = ("Aarhus", "Bergamo", "Cadiz", "Dresden", "Espoo", "Ghent", "Porto", "Lyon", "Graz", "Brno", "Gdansk", "Malmo")
HEAD = "| City | Limit | Remarks |\n|---|---|---|\n"
ROWS = [f"| {city} | €{100 + 7 * n} | {'book early in summer and ask the office ' * 3}|" for n, city in enumerate(CITIES)]
LIMITS = "# Hotels\n\n" + HEAD + "\n".join(ROWS) + "\n"


@pytest_asyncio.fixture
async def shelf(database: Database, tenant: Tenant, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf_of(database, tenant, tmp_path) as shelf:
        await shelf.ingest(file("press.md", PROCEDURE), file("hotels.md", LIMITS), file("menu.md", "Soup is served on Mondays."))
        yield shelf


async def answer(shelf: Shelf, asked: str) -> Cited:
    """Whose quotes are what stands in the documents."""
    got = extracts(asked, (await shelf.find(asked, EVERYONE)).hits, NOW)
    for citation in got.citations:
        opened = await shelf.library.open(shelf.viewer(EVERYONE), citation.document)
        assert opened.text[citation.span.start : citation.span.end] == citation.quote
    return got


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param("How do I change the seal of the press?", id="of the whole"),
        pytest.param("How do I lower the flange and tighten the screws?", id="of its last step"),
    ],
)
async def test_a_procedure_that_is_cut_across_two_windows_reads_whole(shelf: Shelf, asked: str) -> None:
    got = await answer(shelf, asked)
    first, second = got.citations[:2]
    assert first.passage != second.passage
    lines = [f"{step} [{1 if step in first.quote else 2}]" for step in STEPS]
    assert got.text.startswith("\n".join(["To change the seal of the press: [1]", "", *lines]))
    assert STEPS[-1] in second.quote


async def test_a_table_that_is_cut_across_two_windows_is_one_table(shelf: Shelf) -> None:
    got = await answer(shelf, "What are the limits in Aarhus and Malmo?")
    head, rule, *rows = got.text.splitlines()
    assert (head, rule) == ("| City | Limit | Remarks |", "| --- | --- | --- |")
    assert [(row[2:8].strip(), row[-5:]) for row in rows] == [("Aarhus", "[1] |"), ("Malmo", "[2] |")]
    assert len({citation.passage for citation in got.citations}) == 2
