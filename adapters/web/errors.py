"""What the web door says no to. The message of each is the sentence that the person reads.

Refused             with the HTTP status it is answered with
├── Malformed       400
├── Foreign         403
├── NotInPlace      403
├── NoSuchMember    404
├── NoSuchPlace     404
├── NobodyYet       404
├── TooLarge        413
└── TooBusy         503
"""

from typing import ClassVar


class Refused(Exception):
    """The web door does not take this request; the message says why and what to do."""

    status: ClassVar[int] = 400


class Malformed(Refused):
    """The request is not one that this page sends."""


class Foreign(Refused):
    """The request comes from another site, or for another host, and is not taken."""

    status = 403


class NotInPlace(Refused):
    """Somebody asks in a channel that they are not in."""

    status = 403

    def __init__(self, name: str, place: str) -> None:
        """`name` and `place` as people call them."""
        super().__init__(f"{name} is not in {place}. Ask in private, or in a channel that {name} is in.")


class NoSuchMember(Refused):
    """The company has nobody of that e-mail."""

    status = 404

    def __init__(self, email: str, company: str) -> None:
        """`email` is what was asked for."""
        super().__init__(f"{company} has nobody called “{email[:80]}”. Choose who is asking from the list.")


class NoSuchPlace(Refused):
    """The company has no channel of that name."""

    status = 404

    def __init__(self, name: str) -> None:
        """`name` is what was asked for."""
        super().__init__(f"There is no channel “{name[:80]}”. Choose where to ask from the list.")


class NobodyYet(Refused):
    """The company has nobody one could ask as."""

    status = 404

    def __init__(self, company: str) -> None:
        """`company` as people call it."""
        super().__init__(f"{company} has no people yet. List them under `people:` in a --readers file and ingest with it.")


class TooLarge(Refused):
    """More was sent than is taken."""

    status = 413


class TooBusy(Refused):
    """As much is being taken as the door can take at once."""

    status = 503
