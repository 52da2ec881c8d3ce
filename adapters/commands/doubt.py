"""`footnote doubt`: how much doubt is too much for a tenant, as a picture; and its admin's judged questions, asked and learned of."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from adapters.commands.question_set import Asked, Asking, read
from adapters.compose import House, open_house
from adapters.settings import Settings
from adapters.trade_off import as_svg, as_text
from bot import doubt as doubts
from bot.calibration import LEAST_OF_A_KIND, Judged, trade_off
from bot.doubt import USUAL, Thresholds
from bot.intents.asked_part import asked_part, beside
from bot.memory.calibrations import JudgedQuestion
from tenancy.tenants import Tenant
from tenancy.viewer import Audience

_STEPS = tuple(step / 20 for step in range(21))
_NOW = "From a doubt of {nearest:.2f} on, what was found is shown as the nearest; from {refuse:.2f} on, it is refused. "
_AS_USUAL = "This is usual; nothing is learned yet."
_LEARNED = f"Usual are {USUAL.nearest:.2f} and {USUAL.refuse:.2f}."
_TEACH = (
    f"Teach it with --questions FILE: {LEAST_OF_A_KIND} questions that have an answer and {LEAST_OF_A_KIND} without at least; 20 are good."
)


async def doubt(settings: Settings, slug: str, *, questions: Path | None, email: str, forget: bool, svg: Path | None, as_json: bool) -> int:
    """Ask and keep the judged questions, if there are any; then show what all that is judged says of each threshold.

    `forget`: those that were kept before are forgotten first. `email` asks where a row does not say who. Rows that cannot be asked are
    told, with what to do, and left out. Raises `BadCorpus` for a file that cannot be used at all.
    """
    judged_by_admin = None if questions is None else await read(questions)
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        if forget:
            await house.calibrations.forget(tenant.id)
        if judged_by_admin:
            asking = await Asking.of(house, tenant.id, email, judged_by_admin, None)
            for complaint in asking.complaints:
                click.echo(complaint, err=True)
            await house.calibrations.judge(tenant.id, await _judged(house, asking.questions))
        made_by = doubts.version((await house.places.open(tenant.id)).place.model)
        judged = (await house.calibrations.judged(tenant.id)).get(made_by, ())
        thresholds = await house.calibrations.thresholds(tenant.id, made_by)
    if svg:
        points = list(trade_off(judged, _STEPS))
        await asyncio.to_thread(svg.write_text, as_svg(points, thresholds, _heading(tenant, judged)), encoding="utf-8")
        click.echo(f"The picture is in {svg}.", err=True)
    click.echo(json.dumps(_as_json(judged, thresholds)) if as_json else _as_text(tenant, judged, thresholds))
    return 0


async def _judged(house: House, questions: Sequence[Asked]) -> list[JudgedQuestion]:
    """Each question searched for as its asker in private; what is doubted by words alone is left out, for it teaches nothing."""
    judged = []
    for one in questions:
        text = asked_part(one.query.text)  # as a question is searched for and doubted
        found = await house.library.search(one.viewer, Audience(), text, own=beside(one.query.text))
        made_by = doubts.made_by(found)
        if made_by:
            value = doubts.doubt(text, found)
            judged.append(
                JudgedQuestion(
                    question=one.query.text, asker=one.viewer.person, answerable=one.row.answerable, doubt=value, made_by=made_by
                )
            )
    if len(judged) < len(questions):
        click.echo(
            f"{len(questions) - len(judged)} questions could not be searched for by meaning and were left out. Ask them again later.",
            err=True,
        )
    return judged


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
    at = sorted({*_STEPS, round(thresholds.nearest, 2), round(thresholds.refuse, 2)})
    return "\n".join((*lines, "", as_text(trade_off(judged, at), thresholds)))


def _heading(tenant: Tenant, judged: Sequence[Judged]) -> str:
    able = sum(one.answerable for one in judged)
    return f"{tenant.name}: {len(judged)} judged questions, {able} with an answer and {len(judged) - able} without."
