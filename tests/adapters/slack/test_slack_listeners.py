"""What the front kept is heard again by the worker, through Bolt, in the same words; and Bolt asks and tells nobody anything."""

import logging

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.heard import Asked, Rated, Sought
from adapters.slack import events
from adapters.slack.sdk import Listeners
from bot.messages import Ignored
from tests.adapters.slack import (
    BOT,
    PARENT,
    TS,
    TURN,
    Json,
    authorization,
    command,
    direct,
    envelope,
    mention,
    message,
    pressed,
    submitted,
)

NOWHERE = "http://127.0.0.1:9/api/"  # tests without sockets would fail if anything were asked there


@pytest.fixture
def listeners() -> Listeners:
    return Listeners(AsyncWebClient(token="xoxb-1", base_url=NOWHERE))  # noqa: S106 - of nobody


HEARD = [
    pytest.param(mention(), Asked, id="a mention"),
    pytest.param(direct(), Asked, id="a direct message"),
    pytest.param(direct(subtype="file_share", files=[{"id": "F1"}]), Asked, id="a direct message with a file"),
    pytest.param(message(thread_ts=PARENT), Asked, id="a reply in a thread"),
    pytest.param(message(thread_ts=PARENT, subtype="thread_broadcast"), Asked, id="a reply that the channel sees too"),
    pytest.param(
        mention(user="UEVE", user_team="TOTHER", source_team="TOTHER") | {"team_id": "TOTHER", "is_ext_shared_channel": True},
        Asked,
        id="a mention by another company's",
    ),
    pytest.param(
        mention() | {"authorizations": [authorization(enterprise_id="EORG", team_id=None, is_enterprise_install=True)]},
        Asked,
        id="a mention in an organisation-wide install",
    ),
    pytest.param(pressed("footnote_private", TURN), Sought, id="the offer of a private answer"),
    pytest.param(pressed("footnote_feedback", f"helpful:{TURN}", {"type": "feedback_buttons"}), Rated, id="a verdict"),
    pytest.param(pressed("footnote_private", TURN, team=None, enterprise={"id": "EORG"}), Sought, id="a button without workspace"),
    pytest.param(command() | {"received": TS}, Sought, id="a command"),
]


@pytest.mark.parametrize(("payload", "kind"), HEARD)
async def test_what_the_front_kept_is_heard_again(listeners: Listeners, payload: Json, kind: type) -> None:
    heard = await listeners.hear(payload)
    assert isinstance(heard, kind)
    assert heard == events.heard(payload)


async def test_hearing_an_event_again_changes_nothing_in_it(listeners: Listeners) -> None:
    payload = mention()
    assert await listeners.hear(payload) == await listeners.hear(payload)
    assert payload == mention()


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(direct(user=BOT), id="ourselves"),
        pytest.param(direct(bot_id="B9"), id="another bot"),
        pytest.param(direct(subtype="message_changed", hidden=True, message={"user": "U", "text": "x"}), id="an edit"),
        pytest.param(envelope({"type": "reaction_added", "user": "U"}), id="an event that we do not take"),
        pytest.param(pressed("somebody_elses", TURN), id="a button that is not ours"),
        pytest.param(command(command="/other"), id="a command that is not ours"),
        pytest.param(submitted(), id="a form"),
        pytest.param({"type": "event_callback"}, id="an event without an event"),
        pytest.param({}, id="nothing"),
    ],
)
async def test_what_is_for_no_listener_of_ours_is_ignored(listeners: Listeners, payload: Json) -> None:
    assert isinstance(await listeners.hear(payload), Ignored)


async def test_bolt_writes_nothing_of_its_own_into_our_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Listeners(AsyncWebClient(token="xoxb-1", base_url=NOWHERE))  # noqa: S106 - of nobody
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(mention() | {"authorizations": [None]}, id="an authorization that is nothing"),
        pytest.param(mention() | {"authorizations": {"a": 1}}, id="authorizations that are no list"),
        pytest.param(pressed("footnote_private", TURN, enterprise=7), id="an organisation that is a number"),
        pytest.param(pressed("footnote_private", TURN, channel=7), id="a channel that is a number"),
        pytest.param(pressed("footnote_private", TURN, team=True), id="a workspace that is true"),
    ],
)
async def test_whatever_the_front_takes_the_worker_can_hear(listeners: Listeners, payload: Json) -> None:
    assert not isinstance(events.heard(payload), Ignored)
    assert await listeners.hear(payload) == events.heard(payload)
