"""The playground's page: who is chosen, where, and what was said if a plain form asked. Pure."""

import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from markupsafe import Markup

from adapters.web import render
from adapters.web.errors import NobodyYet
from adapters.web.places import Company, Member, Suggestion
from adapters.web.render import Setting, say
from adapters.web.texts import WORDS
from bot.messages import Question

Said = tuple[Question, Setting, str]
"""A question, who asked it where, and the finished answer's HTML."""


def playground(company: Company, chosen: Mapping[str, str], said: Sequence[Said] = (), loading: str = "") -> str:
    """Return the page with person `as`, place `in`, question `q` and thread `thread` chosen, if they exist.

    `loading` says that documents are still being read.
    """
    person = _chosen_member(company, chosen.get("as", ""))
    places = {channel.name for channel in company.channels if person.email in channel.members}
    return render.page(
        "playground.html",
        company=company,
        person=person,
        place=chosen.get("in", "") if chosen.get("in", "") in places else "",
        question=chosen.get("q", ""),
        thread=chosen.get("thread", "") or str(uuid.uuid4()),
        said=[(question, setting, Markup(answer)) for question, setting, answer in said],  # noqa: S704 - from render
        loading=loading,
        suggestions=[_offered(company, suggestion) for suggestion in company.suggestions],
        data=render.data({"words": WORDS, "company": company.name}),
    )


def _chosen_member(company: Company, email: str) -> Member:
    """Return the member of that e-mail, or the first. Raises `NobodyYet`."""
    if not company.members:
        raise NobodyYet(company.name)
    known = {member.email: member for member in company.members}
    return known.get(email, company.members[0])


def _offered(company: Company, suggestion: Suggestion) -> dict[str, object]:
    """Return a suggestion with its address, which asks it without script, and who asks it where."""
    known = {member.email: member.name for member in company.members}
    query = {"as": suggestion.person, "in": suggestion.place, "q": suggestion.text}
    return {
        "suggestion": suggestion,
        "address": f"/?{urlencode({name: value for name, value in query.items() if value})}",
        "whereabouts": _whereabouts(known.get(suggestion.person, ""), suggestion.place),
    }


def _whereabouts(name: str, place: str) -> str:
    """Say who asks, and where."""
    if not name:
        return place or WORDS["as_anyone"]
    return say("as_in_place", name=name, place=place) if place else say("as_in_private", name=name)
