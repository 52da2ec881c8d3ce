"""What platforms post: read to a limit, and as JSON that cannot hurt."""

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import ClientPayloadError, web

LARGEST: Final = 1_048_576
"""Bytes of a platform's request."""
_DEEPEST: Final = 100
"""Levels of its JSON; platforms' own have a dozen. Python's reader and writer end within a thousand, less what of the stack is in use."""


async def read(request: web.Request) -> bytes:
    """The body, however it is sent; 413 beyond `LARGEST`, as soon as that is known."""
    if (request.content_length or 0) > LARGEST:
        raise web.HTTPRequestEntityTooLarge(LARGEST, request.content_length or 0)
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > LARGEST:
                raise web.HTTPRequestEntityTooLarge(LARGEST, len(body))
    except (ConnectionError, ClientPayloadError) as error:  # whoever sent it has gone, so nobody reads this
        raise web.HTTPBadRequest(text="The body broke off.") from error
    return bytes(body)


def json_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object that `body` is, in UTF-8; 400 for anything else, however deep or odd."""
    try:
        payload = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, no JSON
        raise web.HTTPBadRequest(text="This is no JSON.") from error
    if not isinstance(payload, dict):
        raise web.HTTPBadRequest(text="This is no JSON object.")
    if _is_too_deep(payload):
        raise web.HTTPBadRequest(text=f"This JSON is more than {_DEEPEST} levels deep.")
    return payload


def _is_too_deep(payload: object) -> bool:
    level = [payload]
    for _ in range(_DEEPEST):
        level = [part for one in level for part in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())]
    return bool(level)


def again() -> web.Response:
    """It could not be kept: 503, and the platform sends it again."""
    return web.Response(status=503, headers={"Retry-After": "2"})
