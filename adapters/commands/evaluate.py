"""`footnote evaluate`."""

import asyncio
import json
import secrets
from collections.abc import Collection
from pathlib import Path

import click

from adapters.commands.ingest import Bar
from adapters.compose import open_house
from adapters.settings import Settings
from knowledge.ranking import Stage


async def evaluate(
    settings: Settings, folder: Path, *, run_file: Path | None, limit: int | None, without: Collection[Stage], as_json: bool
) -> int:
    """Score a judged set in a tenant that lives only for it, ranked `without` these stages."""
    async with open_house(settings) as house:
        slug = f"evaluation-{secrets.token_hex(6)}"
        tenant = await house.tenants.create(slug, f"Evaluation of {folder.name}")
        try:
            with Bar(folder.name) as bar:
                scores, lines = await house.evaluation.without(without).run(tenant.id, folder, limit=limit, progress=bar)
        finally:
            await house.remove(slug)
    if run_file:
        await asyncio.to_thread(run_file.write_text, "".join(f"{line}\n" for line in lines), encoding="utf-8")
    rounded = scores.rounded()
    click.echo(json.dumps(rounded) if as_json else "\n".join(f"{name:30}{value:>12}" for name, value in rounded.items()))
    return 0
