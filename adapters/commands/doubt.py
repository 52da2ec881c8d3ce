"""`footnote doubt`: how much doubt is too much for a tenant, as a picture; and its admin's judged questions, asked and learned of."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import click

from adapters.compose import House, open_house
from adapters.settings import Settings
from adapters.trade_off import as_svg, as_text
from bot import doubt as doubts
from bot.calibration import LEAST_OF_A_KIND, Judged, trade_off
from bot.doubt import USUAL, Thresholds
from bot.guardrails import guarded
from bot.memory.calibrations import JudgedQuestion
from knowledge.errors import BadCorpus
from tenancy.tenants import Tenant
from tenancy.viewer import Audience

_STEPS = tuple(step / 20 for step in range(21))
_NOW = "From a doubt of {nearest:.2f} on, what was found is shown as the nearest; from {refuse:.2f} on, it is refused. "
_AS_USUAL = "This is usual; nothing is learned yet."
_LEARNED = f"Usual are {USUAL.nearest:.2f} and {USUAL.refuse:.2f}."
_TEACH = (
    f"Teach it with --questions FILE: {LEAST_OF_A_KIND} questions that have an answer and {LEAST_OF_A_KIND} without at least; 20 are good."
)


class _Row(NamedTuple):
    """A line of the file."""

    text: str
    answerable: bool
    email: str


async def doubt(settings: Settings, slug: str, *, questions: Path | None, email: str | None, svg: Path | None, as_json: bool) -> int:
    """Ask and keep the judged questions, if there are any; then show what all that is judged says of each threshold.

    Raises `BadCorpus` for a line that is no judged question, and keeps nothing then.
    """
    rows = [] if questions is None else await asyncio.to_thread(_rows, questions, email)
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        if rows:
            await house.calibrations.judge(tenant.id, await _asked(house, tenant, rows))
        made_by = doubts.version((await house.places.open(tenant.id)).place.model)
        judged = (await house.calibrations.judged(tenant.id)).get(made_by, ())
        thresholds = await house.calibrations.thresholds(tenant.id, made_by)
    if svg:
        points = list(trade_off(judged, _STEPS))
        await asyncio.to_thread(svg.write_text, as_svg(points, thresholds, _heading(tenant, judged)), encoding="utf-8")
    click.echo(json.dumps(_as_json(judged, thresholds)) if as_json else _as_text(tenant, judged, thresholds))
    return 0


async def _asked(house: House, tenant: Tenant, rows: Sequence[_Row]) -> list[JudgedQuestion]:
    """Each question searched for as its asker in private; what is doubted by words alone is left out, for it teaches nothing."""
    asked = []
    for row in rows:
        viewer = await house.people.viewer_by_email(tenant.id, row.email)
        query = guarded(row.text)
        found = await house.library.search(viewer, Audience(), query)
        made_by = doubts.made_by(found)
        if made_by:
            value = doubts.doubt(query, found)
            asked.append(JudgedQuestion(question=query, asker=viewer.person, answerable=row.answerable, doubt=value, made_by=made_by))
    if len(asked) < len(rows):
        click.echo(
            f"{len(rows) - len(asked)} questions could not be searched for by meaning and were left out. Ask them again later.", err=True
        )
    return asked


def _rows(file: Path, email: str | None) -> list[_Row]:
    return list(_parsed(file.name, file.read_text(encoding="utf-8").splitlines(), email))


def _parsed(name: str, lines: Sequence[str], email: str | None) -> Iterator[_Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _object(line)
        asker = row.get("as", email)
        if not (isinstance(row.get("text"), str) and isinstance(row.get("answerable"), bool) and isinstance(asker, str)):
            message = (
                f'{name}, line {number}: expected {{"text": "How long is parental leave?", "answerable": true, "as": "ana@acme.example"}}; '
                "`as` may be left out with --as EMAIL."
            )
            raise BadCorpus(message)
        yield _Row(row["text"], row["answerable"], asker)


def _object(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _as_json(judged: Sequence[Judged], thresholds: Thresholds) -> dict[str, Any]:
    return {
        "answerable": sum(one.answerable for one in judged),
        "unanswerable": sum(not one.answerable for one in judged),
        "thresholds": asdict(thresholds),
        "usual": thresholds == USUAL,
        "trade_off": [asdict(point) for point in trade_off(judged, _STEPS)],
    }


def _as_text(tenant: Tenant, judged: Sequence[Judged], thresholds: Thresholds) -> str:
    lines = [_heading(tenant, judged), _NOW.format(**asdict(thresholds)) + (_AS_USUAL if thresholds == USUAL else _LEARNED)]
    if not judged:
        return "\n".join((*lines, _TEACH))
    at = sorted({*_STEPS, thresholds.nearest, thresholds.refuse})
    return "\n".join((*lines, "", as_text(trade_off(judged, at), thresholds)))


def _heading(tenant: Tenant, judged: Sequence[Judged]) -> str:
    able = sum(one.answerable for one in judged)
    return f"{tenant.name}: {len(judged)} judged questions, {able} with an answer and {len(judged) - able} without."
