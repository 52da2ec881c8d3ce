import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters import local_model

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]


@asynccontextmanager
async def peer(answer: bytes | None) -> AsyncIterator[int]:
    """A server on loopback that says `answer` to whatever it is asked; None: nothing, ever."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def said(status: str, body: str) -> bytes:
    return f"HTTP/1.0 {status}\r\nContent-Type: application/json\r\n\r\n{body}".encode()


async def test_a_model_server_is_noticed_with_how_to_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with peer(said("200 OK", '{"models": [{"name": "qwen3:8b"}, {"name": "other"}]}')) as port:
        monkeypatch.setattr(local_model, "_PORT", port)
        hint = await local_model.noticed()
    assert hint
    assert f"MODEL_PROVIDER=openai-like MODEL_URL=http://127.0.0.1:{port}/v1 MODEL_NAME=qwen3:8b" in hint


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(said("200 OK", '{"models": []}'), id="no models"),
        pytest.param(said("404 Not Found", '{"models": [{"name": "x"}]}'), id="another server"),
        pytest.param(said("200 OK", "<html>"), id="no JSON"),
        pytest.param(said("200 OK", "[]"), id="other JSON"),
        pytest.param(b"", id="nothing"),
        pytest.param(None, id="silence"),
    ],
)
async def test_what_is_no_model_server_is_passed_over(monkeypatch: pytest.MonkeyPatch, answer: bytes | None) -> None:
    async with peer(answer) as port:
        monkeypatch.setattr(local_model, "_PORT", port)
        assert await local_model.noticed() is None


async def test_where_nobody_listens_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with peer(b"") as port:
        pass
    monkeypatch.setattr(local_model, "_PORT", port)
    assert await local_model.noticed() is None
