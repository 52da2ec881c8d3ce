"""What an ingestion tells: how far it is, and what came of it."""

from dataclasses import dataclass, field
from typing import Protocol


class Progress(Protocol):
    """Hears how far an ingestion is. Calls are cheap and come from one task."""

    def found(self, documents: int) -> None:
        """So many documents will be looked at."""

    def advanced(self, documents: int, passages: int) -> None:
        """So many more are done, with so many new passages."""


class Silent:
    """A progress that nobody watches."""

    def found(self, documents: int) -> None:
        """Say nothing."""

    def advanced(self, documents: int, passages: int) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that did not go in."""

    name: str
    reason: str  # what is wrong with it
    remedy: str  # what to do about it


@dataclass(slots=True)
class Report:
    """What one ingestion came to, in documents."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0  # newly embedded
    refused: list[Refused] = field(default_factory=list)

    @property
    def standing(self) -> int:
        """Documents of the source that can be found now."""
        return self.added + self.changed + self.unchanged
