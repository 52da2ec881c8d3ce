"""The product as its own process, with a company in it, for journeys through the platforms' doors."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.compose import open_house
from adapters.settings import Settings
from knowledge.ingest.items import TextItem
from tenancy.viewer import EVERYONE, Principal, group_principal
from tests.waiting import PATIENCE_S

SLUG = "acme"
HR = group_principal("handbook", "hr")

OPEN_TEXT = "# Parental leave\n\nEvery employee gets 16 weeks of paid parental leave. It begins on the day of the birth or earlier.\n"
SECRET_TEXT = (
    "# Severance of the Lisbon office\n\nEmployees of the Lisbon office get a severance of nine monthly salaries when it closes.\n"  # noqa: S105
)
PEOPLE: Mapping[str, list[str]] = {"ana@acme.example": ["hr"], "bob@acme.example": [], "cleo@acme.example": ["hr"]}


@dataclass
class Product:
    """A `footnote serve` that answers."""

    process: asyncio.subprocess.Process
    url: str

    def kill(self) -> None:
        """As a machine that loses its power, as far as the process can tell."""
        self.process.kill()

    async def stop(self) -> int:
        """Tell it to stop, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


async def furnish(home: Path, slug: str = SLUG, people: Mapping[str, list[str]] = PEOPLE) -> None:
    """A tenant with `people` and their groups, one open and one restricted document."""
    async with open_house(Settings(home=home)) as house:
        tenant = await house.tenants.create(slug, slug.title())
        await house.people.upsert(tenant.id, "handbook", people)
        everyone: frozenset[Principal] = frozenset({EVERYONE})
        items = [
            TextItem(name="leave.md", title="Parental leave", readers=everyone, text=OPEN_TEXT),
            TextItem(name="lisbon.md", title="Lisbon", readers=frozenset({HR}), text=SECRET_TEXT),
        ]
        await house.ingestion.run(tenant.id, "handbook", items)


@asynccontextmanager
async def serving(home: Path, environment: Mapping[str, str], *arguments: str) -> AsyncIterator[Product]:
    """Run `footnote serve` until the block is left."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_URL") and not name.startswith(("MODEL_", "SLACK_", "TEAMS_"))
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters", "serve", "--port", "0", *arguments,
        stdout=asyncio.subprocess.PIPE, env={**kept, "FOOTNOTE_HOME": str(home), **environment},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = (await process.stdout.readline()).decode()
        assert "http://127.0.0.1:" in line, f"footnote serve said {line!r}"
        yield Product(process, f"http://127.0.0.1:{line.rpartition('127.0.0.1:')[2].partition('/')[0].strip()}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
