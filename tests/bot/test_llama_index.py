"""A model behind OpenAI's protocol, played by a server of our own: streams, refusals, silences and cut lines."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.errors import ModelUnavailable, Unavailable
from bot.llm.llama_index import Limits, OpenAICompatible
from bot.llm.port import Prompt, Usage

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

PROMPT = Prompt("You answer.", "Question: why?", "answer@1")
QUICK = Limits(connect=1.0, first_piece=1.0, next_piece=0.5, whole=5.0, pause=0.01)

Act = Callable[["Peer", web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Peer:
    """A model server that plays one act a call; the last one repeats."""

    acts: list[Act]
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(await request.json())
        return await self.acts[min(len(self.seen), len(self.acts)) - 1](self, request)


@asynccontextmanager
async def served(*acts: Act, limits: Limits = QUICK) -> AsyncIterator[tuple[OpenAICompatible, Peer]]:
    peer = Peer(list(acts))
    app = web.Application()
    app.router.add_post("/v1/chat/completions", peer.chat)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    model = OpenAICompatible(url=f"http://127.0.0.1:{port}/v1", name="tiny", api_key="k", limits=limits)
    try:
        yield model, peer
    finally:
        await model.close()
        await runner.cleanup()


def event(content: str = "", finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    choices = [] if usage else [{"index": 0, "delta": {"role": "assistant", "content": content}, "finish_reason": finish}]
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": choices, "usage": usage}
    return f"data: {json.dumps(body)}\n\n".encode()


def says(*pieces: str, finish: str | None = "stop", usage: bool = True, cut: bool = False, wait: float = 0.0) -> Act:
    async def act(_peer: Peer, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(event(piece))
        await asyncio.sleep(wait)
        if cut:
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(event(finish=finish))
        if usage:
            await response.write(event(usage={"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}))
        await response.write(b"data: [DONE]\n\n")
        return response

    return act


def fails(status: int) -> Act:
    async def act(_peer: Peer, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": "no", "type": "x", "code": None}}, status=status)

    return act


def silent(seconds: float) -> Act:
    async def act(_peer: Peer, _request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.Response(text="late")

    return act


async def read(model: OpenAICompatible, usage: Usage | None = None) -> tuple[str, Unavailable | None]:
    pieces: list[str] = []
    try:
        async for piece in model.stream(PROMPT, usage or Usage()):
            pieces += [piece]
    except ModelUnavailable as problem:
        return "".join(pieces), problem.reason
    return "".join(pieces), None


async def test_an_answer_comes_piece_by_piece_and_is_counted() -> None:
    async with served(says("It is ", "18 weeks [1].")) as (model, peer):
        usage = Usage()
        assert await read(model, usage) == ("It is 18 weeks [1].", None)
        assert (usage.tokens_in, usage.tokens_out) == (11, 3)
        sent = peer.seen[0]
        assert [message["role"] for message in sent["messages"]] == ["system", "user"]
        assert sent["stream"] is True
        assert sent["model"] == "tiny"


async def test_tokens_are_estimated_where_the_server_does_not_count() -> None:
    async with served(says("It is ", "18 weeks [1].", usage=False)) as (model, _):
        usage = Usage()
        await read(model, usage)
        assert (usage.tokens_in, usage.tokens_out) == (7, 5)


async def test_a_short_answer_comes_as_a_whole() -> None:
    async with served(says("How long ", "is leave?")) as (model, _):
        assert await model.complete(PROMPT, Usage()) == "How long is leave?"


@pytest.mark.parametrize(
    ("acts", "text", "reason", "calls"),
    [
        pytest.param([fails(429), says("ok")], "ok", None, 2, id="busy once, then well"),
        pytest.param([fails(500), says("ok")], "ok", None, 2, id="failed once, then well"),
        pytest.param([fails(429)], "", Unavailable.BUSY, 2, id="busy twice"),
        pytest.param([fails(503)], "", Unavailable.FAILED, 2, id="failed twice"),
        pytest.param([fails(401)], "", Unavailable.REJECTED, 1, id="a wrong key is not tried again"),
        pytest.param([fails(404)], "", Unavailable.REJECTED, 1, id="an unknown model is not tried again"),
        pytest.param([silent(3)], "", Unavailable.SLOW, 1, id="no word in time"),
        pytest.param([says("It is ", wait=3)], "It is ", Unavailable.SLOW, 1, id="no further word in time"),
        pytest.param([says("It is ", wait=0.1, cut=True)], "It is ", Unavailable.CUT, 1, id="the line is cut"),
        pytest.param([says("It is ", finish=None)], "It is ", Unavailable.CUT, 1, id="the stream ends without an end"),
        pytest.param([says("It is ", finish="length")], "It is ", Unavailable.CUT, 1, id="the limit of tokens is reached"),
        pytest.param([says("It is ", finish="content_filter")], "It is ", Unavailable.CUT, 1, id="the provider's filter ends it"),
        pytest.param([says(cut=True), says("ok")], "ok", None, 2, id="cut before the first word, then well"),
    ],
)
async def test_every_failure_has_a_reason_and_only_what_may_pass_is_tried_again(
    acts: list[Act], text: str, reason: Unavailable | None, calls: int
) -> None:
    async with served(*acts) as (model, peer):
        assert await read(model) == (text, reason)
        assert len(peer.seen) == calls


async def test_nobody_at_the_address_is_unreachable() -> None:
    async with served(says("ok")) as (model, _):
        pass
    gone = OpenAICompatible(url=model.url, name="tiny", limits=QUICK)
    assert await read(gone) == ("", Unavailable.UNREACHABLE)
    await gone.close()


async def test_what_is_no_event_stream_is_a_failure_and_not_a_crash() -> None:
    async def act(_peer: Peer, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="data: {broken\n\n", content_type="text/event-stream")

    async with served(act) as (model, _):
        assert await read(model) == ("", Unavailable.FAILED)


async def test_a_reader_who_leaves_ends_the_call() -> None:
    async with served(says("It is ", wait=3)) as (model, _):
        async for _piece in model.stream(PROMPT, Usage()):
            break
        assert await asyncio.wait_for(read(model), 5) == ("It is ", Unavailable.SLOW)
