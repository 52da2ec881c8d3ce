"""What the bot needs of a language model."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is given. `system` is the same for every question, so that providers can cache it."""

    system: str
    user: str
    name: str = ""  # name@version of the file it was made from


CHARACTERS_A_TOKEN: Final = 4
"""An estimate, for what no server has counted."""


@dataclass(slots=True)
class Usage:
    """Tokens spent on one question so far; a writer adds to it as it learns them."""

    tokens_in: int = 0
    tokens_out: int = 0

    def add(self, tokens_in: int, tokens_out: int) -> None:
        """Count one more call."""
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What one question may cost, and what tokens cost."""

    budget: int = 30_000  # tokens, in and out; no further call is begun that would probably go over it
    price_in: float | None = None  # of a million tokens, in whatever currency the bill is; None: not known
    price_out: float | None = None

    def cost(self, usage: Usage) -> float | None:
        """What was spent, in the currency of the prices; None if a price is not known."""
        if self.price_in is None or self.price_out is None:
            return None
        return (usage.tokens_in * self.price_in + usage.tokens_out * self.price_out) / 1_000_000


class Writer(Protocol):
    """One language model."""

    name: str  # the model, for the trace

    def stream(self, prompt: Prompt, usage: Usage) -> AsyncIterator[str]:
        """The answer, piece by piece as it is written.

        Retried at most once, and only before the first piece. Raises `ModelUnavailable`, with reason `CUT` or `SLOW` if
        pieces came before. `usage` is counted by the model, or estimated where it does not say.
        """

    async def complete(self, prompt: Prompt, usage: Usage) -> str:
        """A short answer as a whole. Raises `ModelUnavailable`; retried at most once."""
