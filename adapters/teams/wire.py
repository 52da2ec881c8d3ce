"""What goes over the wire to Microsoft and comes back, as bytes."""

import json
from typing import Any, Final

from aiohttp import ClientResponse

_CHUNK: Final = 64 * 1024


def written(content: Any) -> bytes:  # noqa: ANN401 - whatever JSON can say
    """JSON as it is sent, and as it is measured: an umlaut is two bytes of UTF-8, and no escape of six."""
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")  # half a surrogate pair is no text anywhere


async def whole(response: ClientResponse, most: int) -> bytes | None:
    """The body, read to its end however many pieces it comes in; None if it has more than `most` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)
