"""The people one may ask as and the places one may ask in. Pure; the demo company and any other fill it alike."""

from collections.abc import Iterable
from dataclasses import dataclass

from adapters.web.errors import NoSuchMember, NoSuchPlace, NotInPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody one may ask as."""

    email: str  # how the page names them; unique in the company
    name: str
    title: str = ""
    groups: tuple[str, ...] = ()  # as people call them


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A place where everybody who is in it sees the answer."""

    name: str  # as people call it, such as `#people`; unique in the company
    members: tuple[str, ...]  # e-mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A question worth trying, and where it shows something."""

    text: str
    person: str = ""  # e-mail of who asks it; empty: whoever is chosen
    place: str = ""  # the channel it is asked in; empty: in private
    why: str = ""  # what it shows, a few words


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Everybody and every place the page offers. A place of no name is private."""

    name: str
    members: tuple[Member, ...]
    channels: tuple[Channel, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    def member(self, email: str) -> Member:
        """Return who has this e-mail, in any case. Raises `NoSuchMember`."""
        for member in self.members:
            if member.email.casefold() == email.strip().casefold():
                return member
        raise NoSuchMember(email, self.name)

    def channel(self, name: str, asker: Member) -> Channel | None:
        """Return the channel `asker` asks in, or None for in private.

        Raises `NoSuchPlace`, and `NotInPlace` when the asker is not a member: nobody posts where they are not.
        """
        if not name:
            return None
        found = next((channel for channel in self.channels if channel.name == name), None)
        if found is None:
            raise NoSuchPlace(name)
        if asker.email not in found.members:
            raise NotInPlace(asker.name, name)
        return found

    def names(self, emails: Iterable[str]) -> list[str]:
        """Return what people call those with `emails`, in the company's own order."""
        wanted = set(emails)
        return [member.name for member in self.members if member.email in wanted]
