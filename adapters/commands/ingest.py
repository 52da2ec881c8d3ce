"""`footnote ingest`."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from adapters.compose import House, open_house
from adapters.settings import Settings
from knowledge.ingest.items import Item, Unseen, items_of, storable
from knowledge.ingest.readers import load
from knowledge.ingest.report import Report
from tenancy.tenants import Tenant
from tenancy.viewer import group_principal


class Bar:
    """A progress bar on stderr, where that is a terminal; otherwise silent. Used with `with`."""

    def __init__(self, label: str) -> None:
        """`label` stands before the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        passages = TextColumn("{task.fields[passages]} passages")
        columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), passages, TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
        self._task = self._progress.add_task(label, total=None, passages=0)
        self._passages = 0

    def found(self, documents: int) -> None:
        """The bar's full length."""
        self._progress.update(self._task, total=documents)

    def advanced(self, documents: int, passages: int) -> None:
        """Move on."""
        self._passages += passages
        self._progress.update(self._task, advance=documents, passages=self._passages)

    def __enter__(self) -> Self:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Take the bar away; what follows is text."""
        self._progress.stop()


async def ingest(settings: Settings, paths: Sequence[Path], slug: str, *, source: str | None, readers: Path | None, as_json: bool) -> int:
    """Bring `paths` in as one source. 0 if anything of it can be found afterwards."""
    name, root = source_and_root(paths, source)
    async with open_house(settings) as house:
        report = await run(house, paths, slug, name, readers, root=root)
    click.echo(json.dumps(_as_json(report)) if as_json else _as_text(report))
    return 0 if report.standing else 1


def source_and_root(paths: Sequence[Path], source: str | None) -> tuple[str, str]:
    """What the source is called, and where it is read from if that must not change; empty if it may."""
    first = paths[0].resolve()
    return storable(source or first.name), "" if source else storable(str(first))


async def run(house: House, paths: Sequence[Path], slug: str, source: str, readers: Path | None, *, root: str) -> Report:
    """Ingest with a bar on the terminal. Raises what `items_of`, `load`, `Ingestion.run` and `People.upsert` raise."""
    tenant = await house.tenants.by_slug(slug)
    rules = load(readers, source, tenant.id) if readers else None
    # Who is in which group is nobody's to read: the file that says so is no document.
    items = items_of(paths, rules.readers_of if rules else None, source, tenant.id, but=readers)

    async def declare() -> None:
        if rules:
            await house.people.upsert(tenant.id, source, rules.people)

    with Bar(source) as bar:
        report = await house.ingestion.run(tenant.id, source, items, root=root, progress=bar, accepted=declare)
    await _warn_of_groups_without_people(house, tenant, [item for item in items if not isinstance(item, Unseen)])
    detail = {"source": source, "added": report.added, "changed": report.changed, "removed": report.removed}
    await house.audit.append(tenant.id, "operator", "documents.ingested", source, detail)
    return report


async def _warn_of_groups_without_people(house: House, tenant: Tenant, items: Sequence[Item]) -> None:
    """A mistyped group hides documents from everybody: say so."""
    held = {group_principal(group.source, group.name) for person in await house.people.list(tenant.id) for group in person.groups}
    named = Counter(reader for item in items for reader in item.readers if reader.startswith("group:") and reader not in held)
    for reader, documents in sorted(named.items()):
        click.echo(f"Nobody is in {reader}, which {documents} of these documents name as a reader. List its people in --readers.", err=True)


def _as_text(report: Report) -> str:
    lines = [f"{refused.name}: {refused.reason}. You can {refused.remedy}." for refused in report.refused]
    if lines:
        lines.insert(0, f"{len(report.refused)} could not be read:")
    lines.append(
        f"{report.standing} documents can be found: {report.added} new, {report.changed} changed, {report.unchanged} unchanged; "
        f"{report.removed} removed. {report.passages} passages were embedded."
    )
    return "\n".join(lines)


def _as_json(report: Report) -> dict[str, object]:
    return {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "passages": report.passages,
        "refused": [{"name": one.name, "reason": one.reason, "remedy": one.remedy} for one in report.refused],
    }
