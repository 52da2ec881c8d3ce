"""What the page posts -> Question or Ignored. Pure."""

import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.messages import Ignored, Question, TurnId
from tenancy.viewer import Audience, Viewer

LONGEST_NAME = 200
"""Characters of an e-mail, a channel's name, a thread or a question's id; ours are shorter."""

ASKED = uuid.UUID("6f2f7a8e-6a0c-4f0e-9d5b-0f9b8a4c3e21")
"""The name space in which the page's own ids become turn ids, so that nobody's page can name another's turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the page says is asked, before anybody has looked up who that is."""

    id: str  # made by the page, one per question; sent again when the answer broke off
    person: str  # e-mail
    place: str  # a channel's name; empty in private
    thread: str  # made by the page, one per conversation
    text: str  # cleaned, never empty


def read(payload: object) -> Asked | Ignored:
    """Read what the page posted. What is malformed or empty is ignored, with a sentence for the person."""
    if not isinstance(payload, Mapping):
        return Ignored("A question is a JSON object with person, place, thread and text.")
    fields = {name: payload.get(name, "") for name in ("id", "person", "place", "thread", "text")}
    wrong = next((name for name, value in fields.items() if not isinstance(value, str)), None)
    if wrong is not None:
        return Ignored(f"The question's {wrong} is not text. Reload the page and ask again.")
    text = clean(fields.pop("text"))
    if not text:
        return Ignored("The question is empty. Write what you would like to know.")
    if any(len(value) > LONGEST_NAME for value in fields.values()):
        return Ignored("The page sent a name that is too long. Reload it and ask again.")
    return Asked(text=text, **{name: clean(value) for name, value in fields.items()})


def to_question(asked: Asked, viewer: Viewer, audience: Audience, asked_at: datetime) -> Question:
    """Make the question. The same post twice is the same id; no two people share a private thread."""
    where = asked.place or viewer.person
    name = "\n".join((viewer.tenant, viewer.person, where, asked.thread, asked.id or f"{asked_at.timestamp()}"))
    return Question(
        id=TurnId(str(uuid.uuid5(ASKED, name))),
        viewer=viewer,
        audience=audience,
        thread=str(uuid.uuid5(ASKED, f"{viewer.tenant}\n{where}\n{asked.thread}")),
        text=asked.text,
        asked_at=asked_at,
        place=asked.place,
    )


def clean(text: str) -> str:
    """Return `text` without control characters, half characters and outer space; tabs and line ends stay."""
    whole = text.replace("\r\n", "\n").encode("utf-8", "ignore").decode()
    return "".join(char for char in whole if char in "\n\t" or unicodedata.category(char) != "Cc").strip()
