"""What every request to the web door passes: host, origin, size, and headers that keep a page to itself.

The playground lets anybody who can reach it ask as anybody, so nobody but the person at the browser may reach it: no name
that another site points at this machine (DNS rebinding), and no post from another site's page.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from adapters.web import render
from adapters.web.errors import Foreign, Malformed, Refused, TooLarge
from adapters.web.texts import WORDS
from bot.errors import BotError, UnknownTurn
from knowledge.errors import KnowledgeError, UnknownDocument, Unreadable
from tenancy.errors import TenancyError, UnknownPerson

Door = TypeVar("Door")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST_QUESTION = 64 * 1024
"""Bytes of a posted question or verdict."""

FORM = "application/x-www-form-urlencoded"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

SAFE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

STATUSES: dict[type[Exception], int] = {UnknownPerson: 404, UnknownDocument: 404, UnknownTurn: 404, Unreadable: 422}
"""What the house's own errors are answered with; all others of its are 503: try again."""

log = logging.getLogger(__name__)


def guarded(handle: Callable[[Door, web.Request], Awaitable[web.StreamResponse]], door: Door, hosts: frozenset[str]) -> Handler:
    """Return `handle` with all that a request must pass before it, and every error as a sentence after it."""

    async def guard(request: web.Request) -> web.StreamResponse:
        try:
            check_host(request, hosts)
            check_origin(request)
            response = await handle(door, request)
        except Refused as refused:
            response = sentence(request, refused.status, str(refused))
        except (TenancyError, KnowledgeError, BotError) as error:
            response = sentence(request, STATUSES.get(type(error), 503), said(error))
        except web.HTTPException:
            raise
        except Exception:  # the HTTP edge: whatever breaks behind it, the person reads a sentence and we read the log
            log.exception("the web door failed", extra={"path": request.match_info.route.name})
            response = sentence(request, 500, WORDS["sorry_page"])
        if not response.prepared:
            for name, value in SAFE_HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    return guard


def check_host(request: web.Request, hosts: frozenset[str]) -> None:
    """Take only requests for a host that is ours. Raises `Foreign`."""
    if (urlsplit(f"//{request.host}").hostname or "") not in hosts:
        message = "This page answers only under its own address. Open the address that `footnote serve` printed."
        raise Foreign(message)


def check_origin(request: web.Request) -> None:
    """Take posts only from our own page, or from what is no browser. Raises `Foreign`."""
    if request.method in hdrs.METH_GET:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    ours = site in {"same-origin", "none"} if site else origin is None or urlsplit(origin).netloc == request.host
    if not ours:
        message = "This was sent from another site's page, so it was not taken. Ask on this page."
        raise Foreign(message)


async def posted_json(request: web.Request) -> object:
    """Return the posted JSON. Raises `Malformed` for anything else, and `TooLarge`."""
    if request.content_type != "application/json":
        message = "Send JSON, with the content type application/json."
        raise Malformed(message)
    try:
        return json.loads(await small_body(request))
    except (ValueError, RecursionError) as error:
        message = "What was sent is not JSON. Reload the page and try again."
        raise Malformed(message) from error


async def small_body(request: web.Request) -> bytes:
    """Return the body, read no further than a question may be long. Raises `TooLarge`."""
    body = bytearray()
    while len(body) <= LARGEST_QUESTION and (chunk := await request.content.readany()):
        body += chunk
    if len(body) > LARGEST_QUESTION:
        message = "That is longer than 64 KB. Ask a shorter question, or add the text as a file and ask about it."
        raise TooLarge(message)
    return bytes(body)


def sentence(request: web.Request, status: int, words: str) -> web.Response:
    """Answer with one sentence: as a page where a page was wanted, as JSON where a script asked."""
    if request.method == hdrs.METH_GET and "text/html" in request.headers.get("Accept", "text/html"):
        html = render.page("notice.html", words_said=words, status=status)
        return web.Response(text=html, content_type="text/html", status=status)
    return web.json_response({"error": words}, status=status)


def said(error: Exception) -> str:
    """Return what an error of the house tells the person: its message, or else its docstring."""
    return str(error) or " ".join((type(error).__doc__ or WORDS["sorry_page"]).split())
