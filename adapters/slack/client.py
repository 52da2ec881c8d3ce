"""The calls to Slack's Web API, retried where that is safe, and what their failures mean.

A call that only reads is tried again by itself. One that posts is not, unless Slack has said that it did nothing: an answer that was lost
on its way to us may stand in the thread already (`reply.py` looks).
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.answering import MayHaveHappened, NotNow, Undeliverable

_TRIES: Final = 4
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0  # of what Slack asks for; longer, and the job waits in the queue instead
_PAGE: Final = 200
_PASSING: Final = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
_NOTHING_DONE: Final = frozenset({"ratelimited", "rate_limited"})


class SlackClient:
    """One workspace's Slack."""

    def __init__(self, web: AsyncWebClient) -> None:
        """`web` has the workspace's token, and no retry handlers of its own."""
        self._web = web

    async def identity(self) -> Mapping[str, Any]:
        """Whose token this is: `team_id`, `user_id`, `bot_id`."""
        return await self._read("auth.test")

    async def post(self, channel: str, **message: Any) -> str:  # noqa: ANN401 - Slack's own arguments
        """Post a message; returns its `ts`. Raises `MayHaveHappened` where nobody can know."""
        posted = await self._do("chat.postMessage", channel=channel, unfurl_links=False, unfurl_media=False, **message)
        return str(posted["ts"])

    async def thread(self, channel: str, thread: str) -> AsyncIterator[Mapping[str, Any]]:
        """The messages of a thread, with their metadata."""
        async for page in self._pages("conversations.replies", channel=channel, ts=thread, include_all_metadata=True):
            for message in page["messages"]:
                yield message

    async def latest(self, channel: str, since: str) -> AsyncIterator[Mapping[str, Any]]:
        """The messages of a conversation that are not older than `since`, with their metadata."""
        async for page in self._pages("conversations.history", channel=channel, oldest=since, inclusive=True, include_all_metadata=True):
            for message in page["messages"]:
                yield message

    async def members(self, channel: str) -> list[str]:
        """Everybody in a conversation."""
        return [member async for page in self._pages("conversations.members", channel=channel) for member in page["members"]]

    async def channel(self, channel: str) -> Mapping[str, Any]:
        """What is known of a conversation."""
        found: Mapping[str, Any] = (await self._read("conversations.info", channel=channel))["channel"]
        return found

    async def person(self, user: str) -> Mapping[str, Any]:
        """What is known of somebody."""
        found: Mapping[str, Any] = (await self._read("users.info", user=user))["user"]
        return found

    async def direct(self, user: str) -> str:
        """The conversation with that person alone."""
        return str((await self._read("conversations.open", users=user))["channel"]["id"])  # opening it twice is opening it once

    async def status(self, channel: str, thread: str, words: str) -> None:
        """Show what we are doing, for as long as nothing is posted; if that cannot be shown, nobody misses it."""
        try:
            await self._web.api_call("assistant.threads.setStatus", json={"channel_id": channel, "thread_ts": thread, "status": words})
        except (SlackApiError, *_UNANSWERED):
            return

    async def _pages(self, method: str, **arguments: Any) -> AsyncIterator[Mapping[str, Any]]:  # noqa: ANN401
        cursor = ""
        while True:
            page = await self._read(method, limit=_PAGE, **arguments, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = ((page.get("response_metadata") or {}).get("next_cursor")) or ""
            if not cursor:
                return

    async def _read(self, method: str, **arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401
        """A call that may be made any number of times."""
        for left in reversed(range(_TRIES)):
            try:
                return await self._do(method, **arguments)
            except MayHaveHappened:
                if not left:
                    raise
            await asyncio.sleep(_pause(_TRIES - left))
        raise AssertionError  # the last try returns or raises

    async def _do(self, method: str, **arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401
        """One call. It is made again only where Slack has said that nothing was done."""
        for left in reversed(range(_TRIES)):
            try:
                answered = await self._web.api_call(method, **_encoded(method, arguments))
            except SlackApiError as error:
                pause = _told_to_wait(error.response) if left else None
                if pause is None:
                    raise _meaning(method, error.response) from error
            except ClientConnectorError as error:  # not even a connection: nothing was done
                if not left:
                    raise NotNow(f"{method}: {type(error).__name__}") from error
                pause = _pause(_TRIES - left)
            except _UNANSWERED as error:
                raise MayHaveHappened(f"{method}: {type(error).__name__}") from error
            else:
                return _data(answered)
            await asyncio.sleep(pause)
        raise AssertionError  # the last try returns or raises


# AttributeError: what the SDK makes of an answer that is no JSON object.
_UNANSWERED: Final = (ClientError, TimeoutError, SlackRequestError, AttributeError)
_BY_FORM: Final = frozenset({"conversations.members", "conversations.info", "conversations.replies", "conversations.history", "users.info"})
"""Methods that read arguments from a form only."""


def _encoded(method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if method not in _BY_FORM:
        return {"json": arguments}
    return {"data": {name: str(value).lower() if isinstance(value, bool) else value for name, value in arguments.items()}}


def _data(answered: AsyncSlackResponse) -> Mapping[str, Any]:
    data = answered.data
    if not isinstance(data, dict):
        raise MayHaveHappened("an answer that is no JSON")
    return data


def _status_and_body(response: object) -> tuple[int, Mapping[str, Any]]:
    """What Slack said, or whoever stands between: not everybody answers with a JSON object."""
    body = getattr(response, "data", response)
    return int(getattr(response, "status_code", 0) or 0), body if isinstance(body, Mapping) else {}


def _told_to_wait(response: Any) -> float | None:  # noqa: ANN401 - the SDK types it as it comes
    """Seconds to wait before the same call, if Slack has said that it did nothing and will be asked again soon."""
    status, body = _status_and_body(response)
    if status != HTTPStatus.TOO_MANY_REQUESTS and body.get("error") not in _NOTHING_DONE:
        return None
    try:
        wanted = float(getattr(response, "headers", {}).get("Retry-After", 1))
    except ValueError:
        wanted = 1.0
    return wanted + random.uniform(0, 0.2) if wanted <= _LONGEST_PAUSE_S else None  # noqa: S311 - jitter


def _meaning(method: str, response: object) -> Exception:
    """What a refusal means for whoever asked."""
    status, body = _status_and_body(response)
    error = str(body.get("error") or "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or error in _NOTHING_DONE:
        return NotNow(f"{method}: Slack asks to wait")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or error in _PASSING or not error:
        return MayHaveHappened(f"{method}: {error or status}")
    return Undeliverable(f"Slack refuses {method}: {error}.{_REMEDIES.get(error, '')}")


_REMEDIES: Final = {
    "not_in_channel": " Invite the app to the channel.",
    "channel_not_found": " The channel is gone, or private and without the app: invite it.",
    "is_archived": " The channel is archived.",
    "token_revoked": " Install the app again.",
    "account_inactive": " Install the app again.",
    "invalid_auth": " Check SLACK_BOT_TOKEN.",
    "missing_scope": " Update the app from its manifest and install it again.",
    "restricted_action": " A workspace rule keeps the app from posting there.",
}


def _pause(tried: int) -> float:
    """Seconds before the next try: doubling, with jitter, so that workers do not come back together."""
    return _FIRST_PAUSE_S * 2.0**tried * random.uniform(0.5, 1.0)  # noqa: S311
