"""The demo company's judged questions, asked of the whole product: how good the answers are, and that nobody is told too much."""

import asyncio
from pathlib import Path

import pytest

from adapters import demo_tenant
from adapters.compose import open_house
from adapters.demo import company
from adapters.settings import Settings
from knowledge.ingest.readers import load
from tenancy.viewer import EVERYONE
from tests.quality.demo import Result, answers, summary

NOBODY_SPECIAL = "hannah@larkspur.example"  # in no group


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Result], list[Result]]:
    """Every question as its own asker, and every question as somebody in no group."""
    return asyncio.run(_asked(tmp_path_factory.mktemp("quality")))


async def _asked(home: Path) -> tuple[list[Result], list[Result]]:
    async with open_house(Settings(home=home)) as house:
        tenant = await demo_tenant.tenant(house)
        await demo_tenant.read_documents(house, tenant, lambda _: None)
        return await answers(house, tenant.id), await answers(house, tenant.id, NOBODY_SPECIAL)


@pytest.mark.parametrize(
    ("figure", "at_least"),
    [
        pytest.param("document cited", 0.88, id="the right document is cited"),
        pytest.param("passage cited", 0.74, id="the right passage is cited"),
        pytest.param("passage cited first", 0.70, id="the right passage is cited first"),
        pytest.param("unanswerable, not answered", 0.73, id="what nothing answers is not answered"),
    ],
)
def test_answers_are_as_good_as_they_were(asked: tuple[list[Result], list[Result]], figure: str, at_least: float) -> None:
    assert summary(asked[0])[figure] >= at_least


@pytest.mark.parametrize(
    ("figure", "at_most"),
    [
        pytest.param("outdated cited first", 0.04, id="what was replaced does not come first"),
        pytest.param("answerable, not answered", 0.17, id="what can be answered is answered"),
    ],
)
def test_answers_are_no_worse_than_they_were(asked: tuple[list[Result], list[Result]], figure: str, at_most: float) -> None:
    assert summary(asked[0])[figure] <= at_most


def test_who_is_in_no_group_is_told_nothing_from_a_restricted_folder(asked: tuple[list[Result], list[Result]]) -> None:
    readers_of = load(company.READERS, demo_tenant.SOURCE).readers_of
    cited = {citation.document_name for result in asked[1] for citation in result.answer.citations}
    assert cited
    assert [name for name in cited if EVERYONE not in readers_of(name)] == []
