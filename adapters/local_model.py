"""A language model server on this machine, at Ollama's default port: noticed, never used unasked."""

import asyncio
import json
from contextlib import suppress

_HOST, _PORT = "127.0.0.1", 11434
_PATIENCE_S = 0.5
_LONGEST_ANSWER = 1_000_000  # bytes


async def noticed() -> str | None:
    """A sentence on how to use the server that listens there; None if there is none, or it has no model."""
    with suppress(OSError, TimeoutError, ValueError, KeyError, TypeError):
        async with asyncio.timeout(_PATIENCE_S):
            names = await _models()
        if names:
            settings = f"MODEL_PROVIDER=openai-like MODEL_URL=http://{_HOST}:{_PORT}/v1 MODEL_NAME={names[0]}"
            return f"A model server runs on this machine. To have answers written by it, start Footnote with: {settings}"
    return None


async def _models() -> list[str]:
    """The names of the models that it has, asked for in Ollama's own way."""
    reader, writer = await asyncio.open_connection(_HOST, _PORT)
    try:
        writer.write(f"GET /api/tags HTTP/1.0\r\nHost: {_HOST}\r\n\r\n".encode())
        await writer.drain()
        head, _, body = (await reader.read(_LONGEST_ANSWER)).partition(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
    return [str(model["name"]) for model in json.loads(body)["models"]] if b" 200 " in head.partition(b"\n")[0] else []
