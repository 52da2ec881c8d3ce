"""Drafts in groups worth a run of the embedder, the next of which is made while one is used."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from knowledge.ingest.ledger import Draft

_PASSAGES = 256  # embedded, indexed and published together: about 10 s on two cores, which is what a kill can cost
MOST_DOCUMENTS = 256


async def batches(drafts: AsyncGenerator[Draft]) -> AsyncGenerator[list[Draft]]:
    """Drafts in groups worth a run of the embedder."""
    batch: list[Draft] = []
    async with aclosing(drafts):
        async for draft in drafts:
            batch.append(draft)
            if sum(len(one.pieces) for one in batch) >= _PASSAGES or len(batch) == MOST_DOCUMENTS:
                yield batch
                batch = []
    if batch:
        yield batch


async def made_ahead(batches: AsyncGenerator[list[Draft]]) -> AsyncGenerator[list[Draft]]:
    """`batches`, the next of which is being made while one is used."""
    upcoming = asyncio.create_task(_next(batches))
    try:
        while (batch := await upcoming) is not None:
            upcoming = asyncio.create_task(_next(batches))
            yield batch
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        await batches.aclose()


async def _next(batches: AsyncGenerator[list[Draft]]) -> list[Draft] | None:
    return await anext(batches, None)
