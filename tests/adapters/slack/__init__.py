"""What Slack sends, in its shapes and our words: a company Larkspur (`TLARK`), whose app `ALARK` has the bot `UBOT`, and its Ana."""

import hashlib
import hmac
from typing import Any, Final
from urllib.parse import urlencode

Json = dict[str, Any]

SECRET: Final = "a secret that only Slack and we know"  # noqa: S105 - of an app that does not exist
TEAM, APP, BOT, ANA, CHANNEL, DIRECT = "TLARK", "ALARK", "UBOT", "UANA", "CALL", "DANA"
TS, PARENT = "1700000000.000100", "1699999990.000100"
TURN: Final = "4f6vqd7c3yk2aemx5zj6bwn7ra"


def authorization(**other: object) -> Json:
    """Through whose eyes Slack shows us an event."""
    return {"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True, "is_enterprise_install": False} | other


def envelope(event: object, **other: object) -> Json:
    """What is around an event."""
    return {
        "token": "verification-token",
        "team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": "Ev0001",
        "event_time": 1700000000,
        "authorizations": [authorization()],
        "is_ext_shared_channel": False,
        "event_context": f"4-event-{TEAM}-{CHANNEL}",
    } | other


def mentioned(**other: object) -> Json:
    """The event inside the envelope when Ana mentions us."""
    said = {"type": "app_mention", "text": f"<@{BOT}> How long is parental leave?", "user": ANA, "ts": TS, "team": TEAM}
    return said | {"channel": CHANNEL, "event_ts": TS, "client_msg_id": "00000000-0000-4000-8000-000000000001"} | other


def said(**other: object) -> Json:
    """The event inside the envelope when Ana says something in a channel."""
    return mentioned(type="message", text="Lunch?", channel_type="channel") | other


def mention(**other: object) -> Json:
    """Ana mentions us in a channel; `other` are fields of her message."""
    return envelope(mentioned(**other))


def message(**other: object) -> Json:
    """Ana says something in a channel."""
    return envelope(said(**other))


def direct(**other: object) -> Json:
    """Ana writes to us alone."""
    return message(**({"text": "How long is parental leave?", "channel": DIRECT, "channel_type": "im"} | other))


def pressed(action_id: object, value: object, action: Json | None = None, **other: object) -> Json:
    """Ana presses a button of ours; `action` are fields of the press, `other` of what is around it."""
    return {
        "type": "block_actions",
        "user": {"id": ANA, "username": "ana", "name": "ana", "team_id": TEAM},
        "api_app_id": APP,
        "token": "verification-token",
        "container": {"type": "message", "message_ts": TS, "channel_id": CHANNEL, "is_ephemeral": False},
        "trigger_id": "1.2.trigger",
        "team": {"id": TEAM, "domain": "larkspur"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "all"},
        "response_url": "https://hooks.slack.invalid/actions/1",
        "actions": [{"action_id": action_id, "block_id": "b1", "value": value, "type": "button", "action_ts": TS} | (action or {})],
    } | other


def command(**other: str) -> dict[str, str]:
    """Ana gives our command: the fields of its form."""
    return {
        "token": "verification-token",
        "team_id": TEAM,
        "team_domain": "larkspur",
        "api_app_id": APP,
        "channel_id": CHANNEL,
        "channel_name": "all",
        "user_id": ANA,
        "user_name": "ana",
        "command": "/footnote",
        "text": "How long is parental leave?",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.invalid/commands/1",
        "trigger_id": "1.3.trigger",
    } | other


def submitted(**view: object) -> Json:
    """Somebody of another company sends a form of ours that they opened in a shared channel."""
    return {
        "type": "view_submission",
        "team": {"id": "TOTHER", "domain": "other", "enterprise_id": "EOTHER"},
        "user": {"id": "UEVE", "username": "eve", "team_id": "TOTHER"},
        "api_app_id": APP,
        "trigger_id": "1.4.trigger",
        "view": {"id": "V1", "team_id": "TOTHER", "type": "modal", "callback_id": "c", "app_installed_team_id": TEAM, **view},
    }


def form(fields: Json) -> bytes:
    """Fields as a browser's form sends them."""
    return urlencode(fields).encode()


def signature(body: bytes, timestamp: object, secret: str = SECRET) -> str:
    """Slack's proof that it sent `body` at `timestamp`."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


def signed(body: bytes, timestamp: object) -> dict[str, str]:
    """The two headers of that proof."""
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": signature(body, timestamp)}
