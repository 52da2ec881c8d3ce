"""`footnote search`."""

import json
import time

import click

from adapters.compose import open_house
from adapters.settings import Settings
from bot.guardrails import guarded
from knowledge.documents import Hit
from tenancy.viewer import Audience


async def search(settings: Settings, text: str, slug: str, email: str, *, limit: int, as_json: bool) -> int:
    """Passages that this person may read, best first. Raises `QuestionRefused` for what no question could be."""
    query = guarded(text)
    async with open_house(settings) as house:
        tenant = await house.tenants.by_slug(slug)
        viewer = await house.people.viewer_by_email(tenant.id, email)
        started = time.perf_counter()
        found = await house.library.search(viewer, Audience(), query, limit)
        took = (time.perf_counter() - started) * 1000
    if as_json:
        passages = [_as_json(hit) for hit in found.hits]
        click.echo(json.dumps({"passages": passages, "read_as": dict(found.read_as), "took_ms": round(took, 1)}, ensure_ascii=False))
    else:
        if found.read_as:
            others = ", ".join(f"{said} as {also}" for said, also in found.read_as)
            click.echo(f"Read with {others} too.", err=True)
        click.echo("\n\n".join(map(_as_text, found.hits)) or "I found nothing about that in the documents this person can read.")
    return 0


def _as_json(hit: Hit) -> dict[str, object]:
    passage, document = hit.passage, hit.passage.document
    return {
        "document": document.name,
        "title": document.title,
        "url": document.url,
        "text": passage.text,
        "score": round(hit.score, 4),
        "page": passage.page,
        "heading": " > ".join(passage.heading),
        "start": passage.span.start,
        "end": passage.span.end,
        "source": document.source,
    }


def _as_text(hit: Hit) -> str:
    passage, document = hit.passage, hit.passage.document
    page = f", page {passage.page}" if passage.page else ""
    place = " > ".join((document.title, *passage.heading))
    return f"{click.style(place, bold=True)} ({document.name}{page}, {hit.score:.2f})\n{passage.text}"
