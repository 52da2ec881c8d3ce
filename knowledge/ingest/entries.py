"""Documents' passages as an index wants them, their terms and the vectors of one embedding model; and what is kept to rank them by."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.chunking import embedding_text
from knowledge.documents import PassageId
from knowledge.embedding.kept import Kept
from knowledge.embedding.port import Embedder, Vector
from knowledge.index.port import Entry
from knowledge.ingest.ledger import Draft
from knowledge.ranking import searchable_terms

_NONE: Mapping[PassageId, Vector] = {}


@dataclass(frozen=True, slots=True)
class Made:
    """Passages, made by one model."""

    model: str
    entries: list[Entry]  # for its index
    kept: Mapping[PassageId, Kept]  # for PostgreSQL: of those that were embedded just now


async def made_of(drafts: Sequence[Draft], embedder: Embedder, known: Mapping[PassageId, Vector] = _NONE) -> Made:
    """Every passage of the drafts. Those whose vector is `known` are not embedded again."""
    ids = [(draft, passage) for draft in drafts for passage in draft.passage_ids]
    searched = await asyncio.to_thread(_searched, drafts, embedder.count)
    missing = [(passage, text) for (_, passage), (text, _) in zip(ids, searched, strict=True) if passage not in known]
    made = Kept.of(await embedder.passages([text for _, text in missing])) if missing else []
    kept = dict(zip((passage for passage, _ in missing), made, strict=True))
    vectors = {**known, **{passage: one.vector for passage, one in kept.items()}}
    entries = [
        Entry(passage=passage, document=draft.id, version=draft.version, terms=words, vector=vectors[passage], readers=draft.readers)
        for (draft, passage), (_, words) in zip(ids, searched, strict=True)
    ]
    return Made(embedder.name, entries, kept)


def _searched(drafts: Sequence[Draft], count: Callable[[str], int]) -> list[tuple[str, list[str]]]:
    """For each passage the text that is embedded and the terms that words are searched over."""
    return [
        (
            embedding_text(draft.spoken_title, piece.heading, piece.text, header=piece.header, count=count),
            searchable_terms(draft.spoken_title, piece.heading, f"{piece.header}\n{piece.text}", draft.name),
        )
        for draft in drafts
        for piece in draft.pieces
    ]
