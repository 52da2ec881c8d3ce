"""botbuilder, behind our own door: it says which of our handlers an activity is for. The only file that knows it.

Activities reach it from the inbox: checked (`tokens.py`), kept, and as often as it takes. It answers nobody: what it would send loses
fields on the way (`facts/teams.md` §3), so answers leave through `client.py`.
"""

from collections.abc import Mapping
from typing import Any, cast

from botbuilder.core import BotAdapter, InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.schema import Activity, ConversationReference, ResourceResponse

from adapters.heard import Heard
from adapters.teams import events
from bot.messages import Ignored

_PAYLOAD, _HEARD = "footnote_payload", "footnote_heard"


class Listeners:
    """Our handlers, as botbuilder dispatches to them."""

    def __init__(self) -> None:
        """Nothing is connected to."""
        self._handler = _Handler()
        self._adapter = _Silent()

    async def hear(self, activity: Mapping[str, Any]) -> Heard | Ignored:
        """What an activity says; why nothing, if no handler of ours is for it."""
        context = TurnContext(self._adapter, Activity(type=str(activity.get("type", "")), name=activity.get("name")))
        context.turn_state[_PAYLOAD] = activity  # as it came: the SDK's models drop what they do not know
        await self._handler.on_turn(context)
        return cast("Heard | Ignored | None", context.turn_state.get(_HEARD)) or Ignored("nothing is done about such activities")


class _Handler(TeamsActivityHandler):  # type: ignore[misc] # botbuilder has no types
    async def on_message_activity(self, turn_context: TurnContext) -> None:
        _hear(turn_context)

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        _hear(turn_context)
        return InvokeResponse(status=200)


def _hear(context: TurnContext) -> None:
    context.turn_state[_HEARD] = events.heard(context.turn_state[_PAYLOAD])


class _Silent(BotAdapter):  # type: ignore[misc] # botbuilder has no types
    """Sends nothing: an adapter is what a handler answers through, and ours do not."""

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        return []

    async def update_activity(self, context: TurnContext, activity: Activity) -> None:
        raise NotImplementedError

    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        raise NotImplementedError
