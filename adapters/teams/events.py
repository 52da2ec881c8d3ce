"""Teams' activities -> what was heard, or why nothing was. Pure; plain dictionaries, since the SDK's models lose what they do not know."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from adapters.heard import Asked, Heard, Place, Rated, Sought
from bot.messages import Ignored, TurnId, Verdict

FEEDBACK: Final = "message/submitAction"
PRIVATE: Final = "footnote_private"
"""What the data of our button is called; `render.py` gives it out, with the turn that it belongs to."""

ENTRA: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
"""How an Entra tenant is named, in lower case."""

_DIRECT = "personal"
_VERDICTS: Mapping[object, Verdict] = {"like": Verdict.HELPFUL, "dislike": Verdict.NOT_HELPFUL}
_TURN = re.compile(r"[a-z2-7]{26}", re.ASCII)  # as `heard.turn_of` names them
_SPACES = re.compile(r"[ \t\u00a0]{2,}")
_MENTION = re.compile(r"<at\b[^<>]*>(.*)</at>", re.DOTALL)
_LONGEST_NAME: Final = 400  # bytes; Teams' longest are about 150

Activity = Mapping[str, Any]


class Malformed(Exception):
    """An activity has another shape than Teams gives it; the message says where."""


def workspace(activity: Activity) -> str:
    """The Entra tenant that an activity comes from. Empty if it names none, or two."""
    conversation, channel_data = _part(activity, "conversation"), _part(activity, "channelData")
    named = {str(one).lower() for one in (conversation.get("tenantId"), _part(channel_data, "tenant").get("id")) if one}
    found = named.pop() if len(named) == 1 else ""
    return found if ENTRA.fullmatch(found) else ""


def heard(activity: Activity) -> Heard | Ignored:
    """What an activity says. Nothing in it is trusted to be there; every name in it can be kept in a database."""
    try:
        _string(activity, "id")
        if activity.get("type") == "message":
            return _asked(activity)
        if activity.get("type") == "invoke" and activity.get("name") == FEEDBACK:
            return _rated(activity)
    except Malformed as error:
        return Ignored(f"it has another shape than Teams gives it: {error}")
    return Ignored("nothing is done about such activities")


def plain(text: str, ours: Sequence[str] = (), others: Sequence[str] = ()) -> str:
    """A message as people read it. Mentions are given exact as they stand in it: of us, each is taken out once; of others, named."""
    for mention in ours:
        text = text.replace(mention, " ", 1)
    for mention in others:
        found = _MENTION.fullmatch(mention)
        text = text.replace(mention, found[1] if found else mention)
    return _SPACES.sub(" ", html.unescape(text).replace("\u00a0", " ")).strip()


def _asked(activity: Activity) -> Heard | Ignored:
    sender = _part(activity, "from")
    if sender.get("role") == "bot" or str(sender.get("id", "")).startswith("28:"):
        return Ignored("said by a bot")
    text = activity.get("text")
    if not text and activity.get("value") is not None:
        return _pressed(activity)
    place = _place(activity)
    ours, others = _mentions(activity)
    return Asked(
        place=place,
        person=_string(sender, "id"),
        message=_string(activity, "id"),
        text=plain(text if isinstance(text, str) else "", ours, others),
        asked_at=_moment(activity),
        addressed=place.direct or bool(ours),
    )


def _pressed(activity: Activity) -> Heard | Ignored:
    """A card's button. Its data comes from the client, which may send anything."""
    turn, person = _part(activity, "value").get(PRIVATE), _string(_part(activity, "from"), "id")
    if not isinstance(turn, str) or not _TURN.fullmatch(turn):
        return Ignored("a card's button that is not ours")
    return Sought(place=_place(activity), person=person, name=f"{turn}:{person}", turn=TurnId(turn), asked_at=_moment(activity))


def _rated(activity: Activity) -> Heard | Ignored:
    value = _part(activity, "value")
    if value.get("actionName") != "feedback":
        return Ignored("a button that is not ours")
    given = _part(value, "actionValue")
    verdict = _VERDICTS.get(given.get("reaction"))
    if verdict is None:
        raise Malformed("a verdict that Teams does not give out")
    return Rated(
        place=_place(activity),
        person=_string(_part(activity, "from"), "id"),
        verdict=verdict,
        post=_string(activity, "replyToId"),
        comment=_comment(given.get("feedback")),
    )


def _comment(given: object) -> str:
    """Teams sends it as text, as an object, or as an object written as text."""
    if isinstance(given, str) and given.startswith("{"):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return str(given)
    if isinstance(given, Mapping):
        given = given.get("feedbackText")
    return given if isinstance(given, str) else ""


def _place(activity: Activity) -> Place:
    conversation = _part(activity, "conversation")
    name = _string(conversation, "id")
    found = workspace(activity)
    if not found:
        raise Malformed("it names no Entra tenant, or two")
    return Place(
        workspace=found,
        channel=name.partition(";")[0],
        thread=name,
        direct=conversation.get("conversationType") == _DIRECT,
        via=_string(activity, "serviceUrl"),
    )


def _mentions(activity: Activity) -> tuple[list[str], list[str]]:
    """The texts by which we are mentioned, and others are, exact as they stand in the message."""
    us = _part(activity, "recipient").get("id")
    entities = activity.get("entities")
    ours: list[str] = []
    others: list[str] = []
    for one in entities if isinstance(entities, list) else ():
        if isinstance(one, Mapping) and one.get("type") == "mention" and isinstance(text := one.get("text"), str) and text:
            (ours if us and _part(one, "mentioned").get("id") == us else others).append(text)
    return ours, others


def _moment(activity: Activity) -> datetime:
    written = _string(activity, "timestamp")
    try:
        moment = datetime.fromisoformat(written[:19])
    except ValueError as error:
        raise Malformed("timestamp is no moment") from error
    return moment.replace(tzinfo=UTC)


def _part(whole: Activity, key: str) -> Activity:
    """A part that may be missing, null or of another kind: then it is empty."""
    value = whole.get(key)
    return value if isinstance(value, Mapping) else {}


def _string(part: Activity, key: str) -> str:
    """A name, of whatever it may be."""
    value = part.get(key)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{key} is no text")
    if not value.isprintable() or len(value.encode()) > _LONGEST_NAME:  # neither NUL nor half a surrogate pair is printable
        raise Malformed(f"{key} is nothing that Teams calls anything")
    return value
