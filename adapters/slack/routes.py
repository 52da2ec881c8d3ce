"""Slack's addresses: verify the raw bytes, read them, keep the event, and only then say that we have it. No logic."""

import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from aiohttp import web

from adapters import bodies
from adapters.heard import lane
from adapters.inbox import Event, Inbox, Key
from adapters.slack import events
from bot.messages import Ignored
from tenancy.errors import StoreUnavailable

_log = logging.getLogger(__name__)

_OLDEST_S: Final = 300
_NAME = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)
_WILL_TELL: Final = "I will answer in our direct messages."


class SlackRoutes:
    """The door's front: it needs the app's secret, the inbox, and nothing of Slack's."""

    def __init__(self, secret: str, inbox: Inbox, ready: Callable[[], bool], clock: Callable[[], float] = time.time) -> None:
        """`ready`: whether we know yet whose workspaces there are; until then Slack is asked to send again."""
        self._secret = secret.encode()
        self._inbox = inbox
        self._ready = ready
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Every route of the door."""
        return [
            web.post("/slack/events", self.take_event),
            web.post("/slack/interactions", self.take_interaction),
            web.post("/slack/commands", self.take_command),
        ]

    async def take_event(self, request: web.Request) -> web.Response:
        """Keep an event."""
        body = await self._verified(request)
        payload = bodies.json_object(body)
        if payload.get("type") == "url_verification":
            return web.Response(text=str(payload.get("challenge", "")), content_type="text/plain")
        if payload.get("type") == "app_rate_limited":
            _log.warning("Slack leaves out events of this workspace: too many a minute")
            return web.Response()
        name = payload.get("event_id")
        named = isinstance(name, str) and _NAME.fullmatch(name)
        return await self._kept(payload, str(name) if named else _digest(body)) or web.Response()

    async def take_interaction(self, request: web.Request) -> web.Response:
        """Keep the press of a button."""
        body = await self._verified(request)
        payload = bodies.json_object(_form(body).get("payload", "").encode())
        return await self._kept(payload, f"action:{_digest(body)}") or web.Response()

    async def take_command(self, request: web.Request) -> web.Response:
        """Keep a command, and say where the answer will be."""
        body = await self._verified(request)
        payload = {**_form(body), "received": f"{request.headers['X-Slack-Request-Timestamp']}.000000"}
        kept = await self._kept(payload, f"command:{_digest(body)}")
        return web.json_response({"response_type": "ephemeral", "text": _WILL_TELL}) if kept is None else kept

    async def _kept(self, payload: Mapping[str, Any], name: str) -> web.Response | None:
        """Keep what may want an outcome: None. Otherwise what Slack is told: that it came, or to send it again."""
        heard = events.heard(payload)
        app, workspace = payload.get("api_app_id", ""), events.workspace(payload)
        if isinstance(heard, Ignored) or not isinstance(app, str) or not _NAME.fullmatch(f"{app}:{workspace}"):
            return web.Response()
        if not self._ready():
            return bodies.again()
        key = Key("slack", app, name)
        try:
            ours = await self._inbox.take(
                Event(key=key, workspace=workspace, thread=lane("slack", heard, name), body=json.dumps(payload).encode())
            )
        except StoreUnavailable:
            return bodies.again()
        if ours:
            return None
        _log.warning("an event of a Slack workspace that is linked to nobody was left out", extra={"workspace": workspace})
        return web.Response()

    async def _verified(self, request: web.Request) -> bytes:
        """The body, if Slack signed it in the last five minutes. Any other request ends here; nothing else of it is looked at before."""
        body = await bodies.read(request)
        if _is_ssl_check(request, body):
            raise web.HTTPOk(text="")
        if not self._is_signed(request.headers, body):
            raise web.HTTPUnauthorized(text="This is not signed by Slack, or it is older than five minutes.")
        return body

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        timestamp, signature = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
        if not _TIMESTAMP.fullmatch(timestamp) or abs(self._clock() - int(timestamp)) > _OLDEST_S:
            return False
        wanted = hmac.new(self._secret, f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"v0={wanted}".encode(), signature.encode("utf-8", "replace"))


def _form(body: bytes) -> dict[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode("utf-8"), max_num_fields=100).items()}
    except ValueError as error:
        raise web.HTTPBadRequest(text="This is no form.") from error


def _is_ssl_check(request: web.Request, body: bytes) -> bool:
    """Slack looks now and then whether our certificate is good, with a request that says nothing and is not signed."""
    return request.content_type == "application/x-www-form-urlencoded" and len(body) < 200 and b"ssl_check=1" in body.split(b"&")  # noqa: PLR2004


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:40]
