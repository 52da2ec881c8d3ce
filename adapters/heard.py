"""What a door hears in an event, in no platform's words. Pure."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from bot.messages import TurnId, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was said, in the platform's own names."""

    workspace: str
    channel: str  # the conversation
    thread: str  # the message that the thread hangs on
    direct: bool  # nobody but the person and us is there
    via: str = ""  # where the platform is reached for this place, if that differs from place to place


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message that may want an answer."""

    place: Place
    person: str  # the platform's name for who wrote it
    message: str  # the platform's name for the message: one message, one turn
    text: str  # our mention removed, links unwrapped
    asked_at: datetime  # UTC, the platform's clock
    addressed: bool = True  # to us, by mention or in a direct message; False: said in a thread that we may be in
    elsewhere: bool = False  # it was asked in another place: the answer has to say what it answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """What somebody thought of an answer."""

    place: Place
    person: str
    verdict: Verdict
    turn: TurnId | None = None
    post: str = ""  # the platform's name for the answer, where it does not say which turn
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A private answer that somebody wants: to a question of a turn, by our button, or to their own, by a command."""

    place: Place  # where it was wanted
    person: str
    name: str  # tells this wish from all others
    text: str = ""
    turn: TurnId | None = None  # whose question is meant; `text` is empty then
    asked_at: datetime  # UTC, the platform's clock


Heard = Asked | Sought | Rated


def lane(platform: str, heard: Heard, event: str) -> str:
    """What is worked on one after the other: the questions of a thread, and one wish said twice. A verdict stands alone."""
    if isinstance(heard, Asked):
        return thread_of(platform, heard.place)
    return f"{platform}:{heard.name if isinstance(heard, Sought) else event}"


def turn_of(platform: str, asked: Asked) -> TurnId:
    """The turn of a message; always the same, whichever of the platform's events told of it."""
    named = f"{platform}\n{asked.place.workspace}\n{asked.place.channel}\n{asked.message}"
    return TurnId(base64.b32encode(hashlib.sha256(named.encode("utf-8", "replace")).digest())[:26].decode().lower())


def thread_of(platform: str, place: Place) -> str:
    """The name of a thread in our memory, where threads of all platforms stand side by side."""
    return f"{platform}:{place.workspace}:{place.channel}:{place.thread}"
