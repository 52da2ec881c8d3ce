"""The page's own style, script and icon."""

import hashlib
from functools import lru_cache
from pathlib import Path

from aiohttp import web

from adapters.web.errors import Refused
from adapters.web.texts import WORDS

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"


class NoSuchFile(Refused):
    """There is no such file among the page's own."""

    status = 404


class Shelf:
    """The files of `static/`, read once; nothing else can be asked for by any name."""

    def __init__(self) -> None:
        """Read them."""
        self._files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in TYPES}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one, for a year to whoever names its version, else checked each time. Raises `NoSuchFile`."""
        name = request.match_info["name"]
        if name not in self._files:
            raise NoSuchFile(WORDS["no_page"])
        tag = version(name)
        kept = {"Cache-Control": FOREVER if request.query.get("v") == tag else "no-cache", "ETag": f'"{tag}"'}
        if any(etag.value == tag for etag in request.if_none_match or ()):
            return web.Response(status=304, headers=kept)
        kind = TYPES[Path(name).suffix]
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8", headers=kept)


@lru_cache(maxsize=32)
def version(name: str) -> str:
    """Return what tells this file's content from any other's."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]
