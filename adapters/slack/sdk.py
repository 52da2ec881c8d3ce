"""Bolt, behind our own door: it says which of our listeners an event is for. The only file that knows it.

Events reach it from the inbox, not from the network: verified, kept, and as often as it takes. So it checks no signature, answers nobody,
and asks Slack for nothing: what it would look up for each event, the event itself says or the door looks up when it is needed.
"""

import logging
from collections.abc import Mapping
from typing import Any, cast

from slack_bolt.async_app import AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from adapters.heard import Heard
from adapters.slack import events
from bot.messages import Ignored

_HEARD = "footnote_heard"


class Listeners:
    """Our listeners, as Bolt dispatches to them."""

    def __init__(self, web: AsyncWebClient) -> None:
        """`web` is Slack's address; nothing is asked of it here."""
        quiet = logging.getLogger("adapters.slack.bolt")
        quiet.setLevel(logging.ERROR)  # it warns of our own settings in the environment, which it reads
        self._app = AsyncApp(
            logger=quiet,
            signing_secret="kept events were verified",  # noqa: S106 - never used: see request_verification_enabled
            client=web,
            authorize=_authorize,
            process_before_response=True,  # or what a listener raises is lost
            request_verification_enabled=False,
        )
        for kind in ("app_mention", "message"):
            self._app.event(kind)(_message)
        for action in (events.FEEDBACK, events.PRIVATE):
            self._app.action(action)(_acted)
        self._app.command(events.COMMAND)(_acted)

    async def hear(self, payload: Mapping[str, Any]) -> Heard | Ignored:
        """What a payload says; why nothing, if no listener of ours is for it."""
        try:
            request = AsyncBoltRequest(body=dict(payload), mode="socket_mode")  # a body that is no text, and no signature
            await self._app.async_dispatch(request)
        except (AttributeError, TypeError, KeyError, IndexError):  # Bolt trusts every part of a payload to be there
            return events.heard(payload)
        return cast("Heard | Ignored", request.context.get(_HEARD)) or Ignored("nothing of ours, or said by ourselves")


async def _authorize(**told: Any) -> AuthorizeResult:  # noqa: ANN401 - Bolt's own arguments
    """What the event says of itself. By itself Bolt would ask Slack for each event, and drop it when Slack does not answer."""
    return AuthorizeResult(enterprise_id=told.get("enterprise_id"), team_id=told.get("team_id"), bot_user_id=None)


async def _message(body: dict[str, Any], context: AsyncBoltContext) -> None:
    context[_HEARD] = events.heard(body)


async def _acted(body: dict[str, Any], context: AsyncBoltContext, ack: Any) -> None:  # noqa: ANN401
    context[_HEARD] = events.heard(body)
    await ack()
