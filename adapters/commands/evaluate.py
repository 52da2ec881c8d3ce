"""`footnote evaluate`: a judged set in a tenant of its own, or an admin's questions in the tenant they are about."""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from adapters.commands import evaluation_report as report
from adapters.commands.index import query_map
from adapters.commands.ingest import Bar
from adapters.commands.question_set import Asking, read
from adapters.compose import open_house
from adapters.settings import Settings
from knowledge.errors import BadCorpus
from knowledge.evaluation import (
    Called,
    Evaluation,
    JudgedQuery,
    by_name,
    compare,
    full_name,
    load_corpus,
    load_queries,
    losses,
    quality,
    read_run,
    run_lines,
)
from knowledge.ingest.items import TextItem
from knowledge.ranking import Stage
from tenancy.viewer import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be told, besides the figures."""

    run_file: Path | None = None  # where to write a TREC run
    limit: int | None = None  # ask only the first so many questions
    without: frozenset[Stage] = frozenset()
    ablations: bool = False
    worst: int = 0  # queries that lose most
    against: Path | None = None  # an earlier run
    as_json: bool = False


async def evaluate_folder(settings: Settings, folder: Path, wanted: Wanted) -> int:
    """Score a judged set in a tenant that lives only for it. Raises `BadCorpus` for files that are wrong, before anything is made."""
    items, queries = await asyncio.to_thread(_loaded, folder, wanted.limit)
    earlier = _earlier(wanted)
    async with open_house(settings) as house:
        slug = f"evaluation-{secrets.token_hex(6)}"
        tenant = await house.tenants.create(slug, f"Evaluation of {folder.name}")
        try:
            evaluation = house.evaluation.without(wanted.without)
            with Bar(folder.name) as bar:
                ingested = await evaluation.ingest(tenant.id, items, progress=bar)
            if Stage.MAP not in wanted.without and not await house.map_learning.learn(tenant.id):  # as after its first night
                click.echo(f"{folder.name}: {await query_map(house, tenant.id)}", err=True)
            titles = {item.name: item.title for item in items}
            told = await _told(evaluation, tenant.id, queries, wanted, earlier, titles)
        finally:
            await house.remove(slug)
    _print(report.with_ingestion(told, ingested), wanted)
    return 0


async def evaluate_set(settings: Settings, file: Path, slug: str, email: str, wanted: Wanted) -> int:
    """Score an admin's questions in the tenant they are about; nothing in it is changed. 1 if no row can be asked.

    Rows that cannot be asked are told, with what to do, and left out. Raises `BadCorpus` for a file that cannot be used at all.
    """
    questions = await read(file)
    earlier = _earlier(wanted)
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        asking = await Asking.of(house, tenant.id, email, questions, wanted.limit)
        queries = [one.query for one in asking.questions if one.row.answerable]
        evaluation = house.evaluation.without(wanted.without)
        told = await _told(evaluation, tenant.id, queries, wanted, earlier, asking.titles, called=full_name)
        told |= await asking.answered(house, evaluation)
    _print(told, wanted)
    return 0 if asking.questions else 1


async def _told(
    evaluation: Evaluation,
    tenant: TenantId,
    queries: Sequence[JudgedQuery],
    wanted: Wanted,
    earlier: Mapping[str, Sequence[str]],
    titles: Mapping[str, str],
    called: Called = by_name,
) -> dict[str, Any]:
    """Everything that was wanted of these queries, as it is printed with --json. Writes the run."""
    rankings = await evaluation.ask(tenant, queries, called)
    told: dict[str, Any] = quality(rankings).rounded() if rankings else {"queries": 0}
    if wanted.run_file:
        await asyncio.to_thread(wanted.run_file.write_text, "".join(f"{line}\n" for line in run_lines(rankings)), encoding="utf-8")
    if wanted.ablations and queries:
        told["ablations"] = [report.ablation(one) for one in await evaluation.ablations(tenant, queries, called)]
    if wanted.against:
        compared = compare(earlier, rankings)
        if compared is None:
            raise BadCorpus(
                f"{wanted.against} has none of these queries, so there is nothing to compare. Check that it is a run of this set."
            )
        told["against"] = report.comparison(wanted.against, compared)
    if wanted.worst:
        told["worst"] = [report.loss(one, titles) for one in losses(rankings, wanted.worst)]
    return told


def _loaded(folder: Path, limit: int | None) -> tuple[list[TextItem], list[JudgedQuery]]:
    if folder.is_file():
        raise BadCorpus(
            f"{folder} is no judged set: give a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv, or an .xlsx or .csv."
        )
    items = load_corpus(folder)
    return items, load_queries(folder)[:limit]


def _earlier(wanted: Wanted) -> Mapping[str, Sequence[str]]:
    return read_run(wanted.against) if wanted.against else {}


def _print(told: Mapping[str, Any], wanted: Wanted) -> None:
    click.echo(json.dumps(told, ensure_ascii=False) if wanted.as_json else report.as_text(told))
