"""What a footnote leads to while nobody can sign in: a page that says so, the same for every document, there or not."""

from aiohttp import web

from adapters.web import render
from adapters.web.guard import guarded
from adapters.web.static import Shelf


def routes(hosts: frozenset[str]) -> list[web.RouteDef]:
    """Return the routes of a server whose playground is closed."""
    return [
        web.get("/d/{document}", guarded(_say_so, None, hosts), name="document"),
        web.get("/static/{name}", guarded(Shelf.serve, Shelf(), hosts), name="static"),
    ]


async def _say_so(_door: None, _request: web.Request) -> web.StreamResponse:
    return web.Response(text=render.page("closed.html"), content_type="text/html", status=web.HTTPUnauthorized.status_code)
