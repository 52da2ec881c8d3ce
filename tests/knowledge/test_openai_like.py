import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiohttp import web

from knowledge.embedding.openai_like import OpenAILikeEmbedder
from knowledge.errors import EmbedderUnavailable

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]


@asynccontextmanager
async def peer(status: int = 200, made: Sequence[float] = ()) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """An OpenAI-compatible embedding server: a text's vector says how long it is, or is `made`."""
    requests: list[web.Request] = []

    async def embed(request: web.Request) -> web.Response:
        requests.append(request)
        asked = await request.json()
        if status != 200:
            return web.json_response({"error": {"message": "no"}}, status=status)
        rows = []
        for index, text in enumerate(asked["input"]):
            vector = np.array(made or [len(text), 3.0, 4.0], np.float32)
            encoded = base64.b64encode(vector.tobytes()).decode() if asked.get("encoding_format") == "base64" else vector.tolist()
            rows.append({"object": "embedding", "index": index, "embedding": encoded})
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return web.json_response({"object": "list", "model": asked["model"], "data": rows, "usage": usage})

    app = web.Application()
    app.router.add_post("/v1/embeddings", embed)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/v1", requests
    await runner.cleanup()


async def test_vectors_come_at_unit_length_in_order() -> None:
    async with peer() as (url, requests):
        embedder = await OpenAILikeEmbedder.measure(url, "org/model", "sk-1")
        assert (embedder.dimension, embedder.name) == (3, "org-model")
        made = await embedder.passages(["", "a" * 12])
        await embedder.close()
    assert made.states is None
    assert made.vectors[0] == pytest.approx([0, 0.6, 0.8])
    assert made.vectors[1] == pytest.approx([12 / 13, 3 / 13, 4 / 13])
    assert requests[0].headers["Authorization"] == "Bearer sk-1"


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_server_that_refuses_or_fails_says_what_to_check(status: int) -> None:
    async with peer(status) as (url, _):
        with pytest.raises(EmbedderUnavailable, match="EMBEDDING_URL and EMBEDDING_NAME"):
            await OpenAILikeEmbedder.measure(url, "model", None)


@pytest.mark.parametrize("made", [pytest.param((0.0,) * 3, id="zeros"), pytest.param((1.0, float("nan"), 0.0), id="no number")])
async def test_a_vector_that_says_nothing_is_no_vector(made: tuple[float, ...]) -> None:
    async with peer(made=made) as (url, _):
        with pytest.raises(EmbedderUnavailable, match="a vector of zeros, or of no numbers"):
            await OpenAILikeEmbedder.measure(url, "model", None)


def test_word_pieces_are_estimated_and_never_none_for_text() -> None:
    embedder = OpenAILikeEmbedder("http://x/v1", "m", None, 3)
    assert (embedder.count(""), embedder.count("a"), embedder.count("a" * 40)) == (0, 1, 10)
