"""Who works at the demo company, where they talk, and what a newcomer might ask first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from adapters.demo.sources import COMPANY

READERS = COMPANY / "readers.yaml"  # who may read what, in the format of `footnote ingest --readers`
EVERYONE = "everyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People who may read the same restricted folders."""

    name: str  # as in the principal `group:<name>`
    title: str  # as people say it
    description: str  # one or two sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody a visitor of the playground can ask as."""

    name: str
    title: str
    office: str
    email: str  # on the reserved `.example` domain
    groups: tuple[str, ...]  # names of groups; empty is an ordinary employee


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A place to ask in, where all members see the answer."""

    name: str  # without the `#`
    purpose: str
    members: tuple[str, ...]  # e-mail addresses, in the order of `Company.people`


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A first question that shows something off."""

    text: str
    asker: str  # e-mail address
    channel: str | None  # name of a channel; None is a private conversation
    shows: str  # what to look for in the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The demo company, apart from its documents."""

    name: str
    slug: str
    about: str
    groups: tuple[Group, ...]
    people: tuple[Person, ...]
    channels: tuple[Channel, ...]
    suggestions: tuple[Suggestion, ...]


def load() -> Company:
    """Read the company from `people.yaml`. Every group, member and asker in the result exists."""
    raw = yaml.safe_load((COMPANY / "people.yaml").read_text(encoding="utf-8"))
    people = tuple(Person(**row | {"groups": tuple(row["groups"])}) for row in raw["people"])
    addresses = {_handle(person.email): person.email for person in people}
    return Company(
        name=raw["name"],
        slug=raw["slug"],
        about=raw["about"],
        groups=tuple(Group(**row) for row in raw["groups"]),
        people=people,
        channels=tuple(_channel(row, addresses) for row in raw["channels"]),
        suggestions=tuple(_suggestion(row, addresses) for row in raw["suggestions"]),
    )


def _handle(email: str) -> str:
    """Return the part before the `@`, by which `people.yaml` names people."""
    return email.partition("@")[0]


def _channel(row: Mapping[str, Any], addresses: Mapping[str, str]) -> Channel:
    handles: Iterable[str] = addresses if row["members"] == EVERYONE else row["members"]
    return Channel(name=row["name"], purpose=row["purpose"], members=tuple(addresses[handle] for handle in handles))


def _suggestion(row: Mapping[str, Any], addresses: Mapping[str, str]) -> Suggestion:
    return Suggestion(text=row["text"], asker=addresses[row["as"]], channel=row.get("channel"), shows=row["shows"])
