"""Which turns of a thread a question may be told of. Pure.

A turn remembers its place. Private turns have none. Others have the place's name or, where the door gave none, a name made of
the audience, so that two audiences in one thread never hear of each other's turns.
"""

import hashlib
from dataclasses import dataclass

from bot.messages import Question
from tenancy.viewer import Audience

PRIVATE = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Turns of `thread` that may be recalled: those of `person` if given, and those said at `place` if given."""

    thread: str
    person: str | None
    place: str | None

    def covers(self, *, thread: str, person: str, place: str) -> bool:
        """Whether a turn is within the scope; the SQL in `turns.py` says the same."""
        own = self.person is None or self.person == person
        return thread == self.thread and own and (self.place is None or self.place == place)


def scope_of(question: Question) -> Scope:
    """In private: the asker's own turns. Elsewhere: turns that were said at the same place, and no private one."""
    if question.private:
        return Scope(question.thread, question.viewer.person, None)
    return Scope(question.thread, None, place_of(question))


def place_of(question: Question) -> str:
    """What a turn keeps as its place; empty if and only if nobody but the asker sees the answer."""
    if question.private:
        return PRIVATE
    return question.place or f"audience:{_digest(question.audience)}"


def _digest(audience: Audience) -> str:
    members = sorted("\n".join(sorted(member)) for member in audience.members)
    return hashlib.sha256("\n\n".join(members).encode()).hexdigest()[:16]
