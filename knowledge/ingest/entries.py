"""Documents' passages as an index wants them: their terms, and the vectors of one embedding model."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from knowledge.chunking import embedding_text
from knowledge.documents import PassageId
from knowledge.embedding.port import Embedder, Vector
from knowledge.index.port import Entry
from knowledge.ingest.ledger import Draft
from knowledge.ranking import searchable_terms

_NONE: Mapping[PassageId, Vector] = {}


async def entries_of(drafts: Sequence[Draft], embedder: Embedder, known: Mapping[PassageId, Vector] = _NONE) -> list[Entry]:
    """Every passage of the drafts. Those whose vector is `known` are not embedded again."""
    ids = [(draft, passage) for draft in drafts for passage in draft.passage_ids]
    searched = await asyncio.to_thread(_searched, drafts, embedder.count)
    missing = [(passage, text) for (_, passage), (text, _) in zip(ids, searched, strict=True) if passage not in known]
    made = await embedder.passages([text for _, text in missing]) if missing else ()
    vectors = {**known, **dict(zip((passage for passage, _ in missing), made, strict=True))}
    return [
        Entry(passage=passage, document=draft.id, version=draft.version, terms=words, vector=vectors[passage], readers=draft.readers)
        for (draft, passage), (_, words) in zip(ids, searched, strict=True)
    ]


def _searched(drafts: Sequence[Draft], count: Callable[[str], int]) -> list[tuple[str, list[str]]]:
    """For each passage the text that is embedded and the terms that words are searched over."""
    return [
        (embedding_text(draft.title, piece.heading, piece.text, count=count), searchable_terms(draft.title, piece.heading, piece.text))
        for draft in drafts
        for piece in draft.pieces
    ]
