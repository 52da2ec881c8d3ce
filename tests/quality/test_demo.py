"""The demo company's judged questions, asked of the whole product: how good the answers are, and that nobody is told too much."""

import asyncio
import json
from pathlib import Path

import pytest

from adapters import demo_tenant
from adapters.compose import open_house
from adapters.demo import company
from adapters.settings import Settings
from knowledge.ingest.readers import load
from tenancy.viewer import EVERYONE
from tests.quality.demo import Result, answers, summary
from tests.quality.figures import DEMO, FIGURES, falls, told

NOBODY_SPECIAL = "hannah@larkspur.example"  # in no group


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Result], list[Result]]:
    """Every question as its own asker, and every question as somebody in no group."""
    return asyncio.run(_asked(tmp_path_factory.mktemp("quality")))


async def _asked(home: Path) -> tuple[list[Result], list[Result]]:
    async with open_house(Settings(home=home)) as house:
        tenant = await demo_tenant.tenant(house)
        await demo_tenant.read_documents(house, tenant, demo_tenant.Reading(lambda _: None))
        return await answers(house, tenant.id), await answers(house, tenant.id, NOBODY_SPECIAL)


def test_answers_are_as_good_as_the_committed_figures(asked: tuple[list[Result], list[Result]]) -> None:
    committed = json.loads(FIGURES.read_text(encoding="utf-8"))["lancedb"][DEMO]
    fell = falls("lancedb", DEMO, committed, summary(asked[0]))
    assert not fell, told(fell)


def test_who_is_in_no_group_is_told_nothing_from_a_restricted_folder(asked: tuple[list[Result], list[Result]]) -> None:
    readers_of = load(company.READERS, demo_tenant.SOURCE).readers_of
    cited = {citation.document_name for result in asked[1] for citation in result.answer.citations}
    assert cited
    assert [name for name in cited if EVERYONE not in readers_of(name)] == []
