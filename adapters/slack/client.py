"""The calls to Slack's Web API, retried where that is safe, and what their failures mean.

A call that only reads is tried again by itself. One that posts is not, unless Slack has said that it did nothing: an answer that was lost
on its way to us may stand in the thread already (`reply.py` looks).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.retrying import NothingDone, once, surely

_PAGE: Final = 200  # of what many conversations have: Slack recommends no more
_LARGEST_PAGE: Final = 1_000  # Slack's limit, for the one list that is long and that may be read only 20 times a minute
_STATUS_S: Final = 1.5  # for showing a status
_PASSING: Final = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
_NOTHING_DONE: Final = frozenset({"ratelimited", "rate_limited"})


class Refused(Undeliverable):
    """Slack's own refusal of a call."""

    def __init__(self, method: str, error: str) -> None:
        """`error` is Slack's word for why."""
        super().__init__(f"Slack refuses {method}: {error}.{_REMEDIES.get(error, '')}")
        self.error = error


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
        posted = await once(partial(self._call, "chat.postMessage", channel=channel, unfurl_links=False, unfurl_media=False, **message))
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

    async def members(self, channel: str, most: int) -> list[str]:
        """Everybody in a conversation; of more than `most`, no more than shows that they are more."""
        found: list[str] = []
        async for page in self._pages("conversations.members", channel=channel):
            found += page["members"]
            if len(found) > most:
                break
        return found

    async def people(self, pages: int) -> AsyncIterator[Mapping[str, Any]]:
        """What is known of everybody in the workspace; of very many, those of the first `pages` pages, a thousand on each."""
        left = pages
        async for page in self._pages("users.list", limit=_LARGEST_PAGE):
            for account in page["members"]:
                yield account
            left -= 1
            if not left:
                return

    async def channel(self, channel: str) -> Mapping[str, Any]:
        """What is known of a conversation."""
        found: Mapping[str, Any] = (await self._read("conversations.info", channel=channel))["channel"]
        return found

    async def person(self, user: str) -> Mapping[str, Any]:
        """What is known of somebody. Raises `Refused` where Slack knows nobody, or will not say."""
        found: Mapping[str, Any] = (await self._read("users.info", user=user))["user"]
        return found

    async def direct(self, user: str) -> str:
        """The conversation with that person alone."""
        return str((await self._read("conversations.open", users=user))["channel"]["id"])  # opening it twice is opening it once

    async def status(self, channel: str, thread: str, words: str) -> bool:
        """Show what we are doing, for as long as nothing is posted; if that cannot be shown, nobody misses it.

        Whether Slack has answered within 1.5 s. If not, the words may still come, whatever was posted meanwhile.
        """
        try:
            async with asyncio.timeout(_STATUS_S):
                await self._web.api_call("assistant.threads.setStatus", json={"channel_id": channel, "thread_ts": thread, "status": words})
        except SlackApiError:
            return True
        except _UNANSWERED:
            return False
        return True

    async def _pages(self, method: str, *, limit: int = _PAGE, **arguments: Any) -> AsyncIterator[Mapping[str, Any]]:  # noqa: ANN401
        cursor, seen = "", set[str]()
        while True:
            page = await self._read(method, limit=limit, **arguments, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = ((page.get("response_metadata") or {}).get("next_cursor")) or ""
            if not cursor:
                return
            if cursor in seen:  # what was read so far is not all there is: who takes it for that may show what not all may read
                raise NotNow(f"{method}: Slack gives the same page again")
            seen.add(cursor)

    async def _read(self, method: str, **arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401
        """A call that may be made any number of times."""
        return await surely(partial(self._call, method, **arguments))

    async def _call(self, method: str, **arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401
        """One try of a call."""
        try:
            answered = await self._web.api_call(method, **_encoded(method, arguments))
        except SlackApiError as error:
            raise _meaning(method, error.response) from error
        except ClientConnectorError as error:  # not even a connection
            raise NothingDone(f"{method}: {type(error).__name__}") from error
        except _UNANSWERED as error:
            raise MayHaveHappened(f"{method}: {type(error).__name__}") from error
        if not isinstance(answered.data, dict):
            raise MayHaveHappened(f"{method}: an answer that is no JSON")
        return answered.data


# AttributeError: what the SDK makes of an answer that is no JSON object.
_UNANSWERED: Final = (ClientError, TimeoutError, SlackRequestError, AttributeError)
_BY_FORM: Final = frozenset({
    "conversations.members", "conversations.info", "conversations.replies", "conversations.history", "users.info", "users.list",
})  # fmt: skip
"""Methods that read arguments from a form only."""


def _encoded(method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if method not in _BY_FORM:
        return {"json": arguments}
    return {"data": {name: str(value).lower() if isinstance(value, bool) else value for name, value in arguments.items()}}


def _status_and_body(response: object) -> tuple[int, Mapping[str, Any]]:
    """What Slack said, or whoever stands between: not everybody answers with a JSON object."""
    body = getattr(response, "data", response)
    return int(getattr(response, "status_code", 0) or 0), body if isinstance(body, Mapping) else {}


def _meaning(method: str, response: object) -> Exception:
    """What a refusal means for whoever asked."""
    status, body = _status_and_body(response)
    error = str(body.get("error") or "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or error in _NOTHING_DONE:
        return NothingDone(f"{method}: Slack asks to wait", getattr(response, "headers", {}).get("Retry-After", "0"))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or error in _PASSING or not error:
        return MayHaveHappened(f"{method}: {error or status}")
    return Refused(method, error)


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
