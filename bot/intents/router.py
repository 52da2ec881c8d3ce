"""Which intent a message has, offline: rules first, then likeness to the phrases in `examples.yaml`, where its form does not deny it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import yaml

from bot.intents.asked_part import asked_part
from bot.intents.form import shows
from bot.intents.intent import BY_RULE, Intent
from bot.intents.rules import Thread, asks, by_rule, points_back
from knowledge.embedding.port import Embedded, Matrix, Vector
from knowledge.errors import EmbedderUnavailable

EXAMPLES: Final = Path(__file__).with_name("examples.yaml")
_NEIGHBOURS: Final = 3
"""An intent is as like as its three most similar phrases, weighted 3, 2, 1."""
_WEIGHTS: Final = np.array([3, 2, 1], np.float32) / 6
_LIKE: Final = 0.3
"""Likeness below which a message is like nothing that we know, and is taken for a question."""
_SURE: Final = 0.45
"""The same in a thread that has an answer, for what is neither a question nor a verdict: there, most messages are questions in few words.
Of mtrag's 198 later turns, overheard among others, 1 is taken for something else, where without it 5 are.
"""
_FORM: Final = 0.12
"""What the form of a message adds to the likeness of the intents that have that form, and takes from the others."""
_USUAL: Final = 0.12
"""What a question that stands on its own has ahead of all others: it is what people mostly want, and the safest mistake."""
_QUESTIONS: Final = frozenset({Intent.ASK, Intent.FOLLOW_UP, Intent.HELP, Intent.SUMMARIZE_DOCUMENT, Intent.SUMMARIZE_THREAD})
_ABOUT_ANSWERS: Final = frozenset({Intent.ASK, Intent.FOLLOW_UP, Intent.FEEDBACK})
_STATEMENTS: Final = frozenset({Intent.SMALLTALK, Intent.FEEDBACK, Intent.NOT_FOR_ME})


@dataclass(frozen=True, slots=True)
class Route:
    """The intent of a message, and what it was told by: a rule's name, or the likeness."""

    intent: Intent
    by: str


class Routing(Protocol):
    """What the conversation needs of a router."""

    async def route(self, text: str, thread: Thread) -> Route:
        """The intent of `text`, said in `thread`."""


class Router:
    """Routes messages. The phrases' vectors are made once, on first use or by `warm`."""

    def __init__(
        self,
        embed: Callable[[str], Awaitable[Vector]],
        embed_many: Callable[[Sequence[str]], Awaitable[Embedded]],
        examples: Mapping[Intent, Sequence[str]] | None = None,
    ) -> None:
        """`embed` is `Library.embed`, which remembers; `embed_many` is the same model's `passages`."""
        self._embed = embed
        self._embed_many = embed_many
        examples = examples or load()
        self._phrases = [phrase for phrases in examples.values() for phrase in phrases]
        self._intents = [intent for intent, phrases in examples.items() for _ in phrases]
        self._vectors: Matrix | None = None
        self._warming = asyncio.Lock()

    async def warm(self) -> None:
        """Make the phrases' vectors now rather than at the first question. Raises `EmbedderUnavailable`."""
        async with self._warming:
            if self._vectors is None:
                self._vectors = (await self._embed_many(self._phrases)).vectors

    async def route(self, text: str, thread: Thread) -> Route:
        """The intent of `text`, said in `thread`; a question, which is the safest mistake, where likeness cannot be told."""
        ruled = by_rule(text, thread)
        if ruled is not None:
            return Route(ruled[0], f"rule: {ruled[1]}")
        try:
            await self.warm()
            asked = asked_part(text)  # a greeting or a story around it is like other intents
            likeness = self._likeness(await self._embed(asked))
        except EmbedderUnavailable:
            return Route(Intent.FOLLOW_UP if thread.has_answer and points_back(text) else Intent.ASK, "no likeness")
        return _nearest(_adjusted(likeness, asked, thread), _SURE if thread.has_answer else _LIKE)

    def _likeness(self, vector: Vector) -> dict[Intent, float]:
        """How like each intent's nearest phrases are, -1 to 1."""
        vectors = self._vectors if self._vectors is not None else np.empty((0, len(vector)), np.float32)
        cosines: dict[Intent, list[float]] = {}
        for intent, cosine in zip(self._intents, vectors @ vector, strict=True):
            cosines.setdefault(intent, []).append(float(cosine))
        return {intent: _top(values) for intent, values in cosines.items()}


def load(path: Path = EXAMPLES) -> dict[Intent, list[str]]:
    """The phrases by intent. Raises `ValueError` if an intent has none, or one is unknown."""
    phrases = {Intent(name): [str(phrase) for phrase in found] for name, found in yaml.safe_load(path.read_text(encoding="utf-8")).items()}
    missing = [intent for intent in Intent if not phrases.get(intent) and intent not in BY_RULE]
    if missing:
        message = f"{path.name} has no phrases for {', '.join(missing)}."
        raise ValueError(message)
    return phrases


def _top(cosines: list[float]) -> float:
    best = sorted(cosines, reverse=True)[:_NEIGHBOURS]
    return float(np.dot(best, _WEIGHTS[: len(best)]) / _WEIGHTS[: len(best)].sum())


def _adjusted(likeness: dict[Intent, float], text: str, thread: Thread) -> dict[Intent, float]:
    """Likeness with the form of the message counted in, and without what that or the thread rules out.

    What is said among others may be talk among them by its likeness alone, and is where it is like small talk without being any.
    """
    formed = _QUESTIONS if asks(text) else _STATEMENTS
    possible = {intent: like + (_FORM if intent in formed else 0.0) for intent, like in likeness.items()}
    possible[Intent.ASK] = possible.get(Intent.ASK, 0.0) + _USUAL
    if not thread.has_turns:
        for intent in (Intent.FOLLOW_UP, Intent.SUMMARIZE_THREAD):
            possible.pop(intent, None)
    elif Intent.FOLLOW_UP in possible:
        possible[Intent.FOLLOW_UP] += _FORM if points_back(text) else -_FORM
    if not thread.has_answer:
        possible.pop(Intent.FEEDBACK, None)
    shown = {intent: like for intent, like in possible.items() if shows(intent, text)}
    if thread.overheard:
        shown[Intent.NOT_FOR_ME] = max(possible.get(one, 0.0) for one in (Intent.NOT_FOR_ME, Intent.SMALLTALK) if one not in shown)
    return shown


def _nearest(likeness: dict[Intent, float], least: float) -> Route:
    intent = max(likeness, key=lambda one: likeness[one])
    if likeness[intent] < (_LIKE if intent in _ABOUT_ANSWERS else least):
        return Route(Intent.ASK, f"like nothing: {likeness[intent]:.2f}")
    return Route(intent, f"like {intent}: {likeness[intent]:.2f}")
