"""Slack's payloads -> what was heard, or why nothing was. Pure."""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from adapters.heard import Asked, Heard, Place, Rated, Sought
from bot.messages import Ignored, TurnId, Verdict

FEEDBACK: Final = "footnote_feedback"
PRIVATE: Final = "footnote_private"
"""Action ids of our buttons; `render.py` gives them out."""
COMMAND: Final = "/footnote"

_OF_PEOPLE = (None, "file_share", "thread_broadcast")  # subtypes of messages that people wrote just now
_TS = re.compile(r"\d{1,12}\.\d{1,6}", re.ASCII)
_MARK = re.compile(r"<(?:@(?P<user>\w+)|#(?P<channel>\w+)|!(?P<special>[^|>]+)|(?P<link>[^|>@#!][^|>]*))(?:\|(?P<label>[^>]*))?>")

Payload = Mapping[str, Any]


class Malformed(Exception):
    """A payload has another shape than Slack gives it; the message says where."""


def workspace(payload: Payload) -> str:
    """Whose event it is: the workspace that installed us, never the one that somebody of another company wrote from.

    Of an organisation-wide install, the organisation. Empty: the payload does not say.
    """
    if payload.get("type") == "event_callback":
        return _installed(payload)
    if str(payload.get("is_enterprise_install", "")).lower() == "true":
        organisation = payload.get("enterprise")
        return str((organisation.get("id") if isinstance(organisation, Mapping) else payload.get("enterprise_id")) or "")
    if isinstance(view := payload.get("view"), Mapping) and view.get("app_installed_team_id"):
        return str(view["app_installed_team_id"])
    team = payload.get("team")
    return str((team.get("id") if isinstance(team, Mapping) else payload.get("team_id")) or "")


def heard(payload: Payload) -> Heard | Ignored:
    """What a payload says. Nothing in it is trusted to be there."""
    try:
        if payload.get("type") == "event_callback":
            return _event(payload)
        if payload.get("type") == "block_actions":
            return _pressed(payload)
        if payload.get("command"):
            return _commanded(payload)
    except Malformed as error:
        return Ignored(f"it has another shape than Slack gives it: {error}")
    return Ignored("nothing of ours")


def asked(payload: Payload) -> Heard | Ignored:
    """What a message or a mention asks."""
    event = _mapping(payload, "event")
    if reason := _not_said_by_people(event, _us(payload)):
        return Ignored(reason)
    direct = event.get("channel_type") == "im"
    mention = event.get("type") == "app_mention"
    us = _us(payload)
    mentioned = bool(us) and re.search(rf"<@{re.escape(us)}[|>]", _string(event, "text", default="")) is not None
    if not mention and not direct:
        if mentioned:
            return Ignored("the mention's own event is answered")
        if "thread_ts" not in event:
            return Ignored("not said to us")
    ts = _ts(event, "ts")
    thread = _ts(event, "thread_ts") if event.get("thread_ts") else ts
    return Asked(
        place=Place(workspace=workspace(payload), channel=_string(event, "channel"), thread=thread, direct=direct),
        person=_string(event, "user"),
        message=ts,
        text=plain(_string(event, "text", default=""), us=_us(payload)),
        asked_at=_moment(ts),
        addressed=mention or direct,
    )


def plain(text: str, *, us: str = "") -> str:
    """A message as people read it: our mention removed, links and names unwrapped."""

    def shown(mark: re.Match[str]) -> str:
        label = mark["label"] or ""
        if mark["user"]:
            return "" if mark["user"] == us else f"@{label or mark['user']}"
        if mark["channel"]:
            return f"#{label or mark['channel']}"
        if mark["special"]:
            return label or f"@{mark['special']}"
        return label or mark["link"]

    return html.unescape(_MARK.sub(shown, text)).strip()


def _event(payload: Payload) -> Heard | Ignored:
    kind = _mapping(payload, "event").get("type")
    return asked(payload) if kind in ("app_mention", "message") else Ignored("nothing is done about such events")


def _not_said_by_people(event: Payload, us: str) -> str:
    """Why nobody waits for an answer to this; empty if somebody may."""
    if event.get("subtype") not in _OF_PEOPLE or event.get("hidden"):
        return "an edit, a removal, or what Slack itself says of a place"
    if "edited" in event:
        return "an edit: what it said first is answered"
    if event.get("bot_id") or event.get("bot_profile") or event.get("app_id"):
        return "said by a bot"
    if us and event.get("user") == us:
        return "said by ourselves"
    return ""


def _pressed(payload: Payload) -> Heard | Ignored:
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    if not isinstance(action, Mapping):
        raise Malformed("no action")
    person, value = _string(_mapping(payload, "user"), "id"), str(action.get("value", ""))
    if action.get("action_id") == FEEDBACK:
        verdict, _, turn = value.partition(":")
        if verdict not in tuple(Verdict) or not turn:
            raise Malformed("a verdict that we do not give out")
        return Rated(place=_where(payload), person=person, turn=TurnId(turn), verdict=Verdict(verdict))
    if action.get("action_id") == PRIVATE and value:
        ts = _ts(action, "action_ts")
        return Sought(place=_where(payload), person=person, name=f"{value}:{person}", turn=TurnId(value), asked_at=_moment(ts))
    return Ignored("a button that is not ours")


def _commanded(payload: Payload) -> Heard | Ignored:
    if payload.get("command") != COMMAND:
        return Ignored("a command that is not ours")
    return Sought(
        place=_where(payload),
        person=_string(payload, "user_id"),
        name=_string(payload, "trigger_id"),
        text=plain(_string(payload, "text", default="")),
        asked_at=_moment(_ts(payload, "received")),
    )


def _where(payload: Payload) -> Place:
    """Where a button was pressed or a command given; what it leads to is not shown there."""
    channel = payload.get("channel")
    named = channel.get("id") if isinstance(channel, Mapping) else payload.get("channel_id")
    return Place(workspace=workspace(payload), channel=str(named or ""), thread="", direct=False)


def _installed(payload: Payload) -> str:
    found = payload.get("authorizations")
    first = found[0] if isinstance(found, list) and found else None
    if not isinstance(first, Mapping):
        return ""
    return str((first.get("enterprise_id") if first.get("is_enterprise_install") else first.get("team_id")) or "")


def _us(payload: Payload) -> str:
    """Our user there; empty if the payload does not say."""
    found = payload.get("authorizations")
    first = found[0] if isinstance(found, list) and found else None
    return str(first.get("user_id") or "") if isinstance(first, Mapping) else ""


def _mapping(payload: Payload, key: str) -> Payload:
    value = payload.get(key)
    if not isinstance(value, Mapping):
        raise Malformed(f"{key} is no object")
    return value


def _string(payload: Payload, key: str, *, default: str | None = None) -> str:
    value = payload.get(key, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value):
        raise Malformed(f"{key} is no text")
    return value


def _ts(payload: Payload, key: str) -> str:
    value = payload.get(key)
    if not isinstance(value, str) or not _TS.fullmatch(value):
        raise Malformed(f"{key} is no moment")
    return value


def _moment(ts: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError) as error:  # after the year 9999
        raise Malformed("a moment that no calendar has") from error
