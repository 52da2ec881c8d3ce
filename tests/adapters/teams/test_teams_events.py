"""What Teams' activities say, and why some say nothing. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.heard import Asked, Rated, Sought
from adapters.teams import events
from bot.messages import Ignored, Verdict

TENANT = "11111111-2222-3333-4444-555555555555"
OTHER_TENANT = "99999999-2222-3333-4444-555555555555"
US, ANA = "28:bot", "29:ana"
SERVICE = "https://smba.trafficmanager.net/amer/"
TURN = "abcdefghijklmnopqrstuvw234"
ROOT = "19:abc@thread.tacv2;messageid=1700000000000"


def activity(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - an activity's own fields
    """A direct message of Ana's, with other fields in the place of its own; None takes one away."""
    made: dict[str, Any] = {
        "type": "message",
        "id": "1700000000001",
        "timestamp": "2026-03-03T08:00:00.123Z",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "from": {"id": ANA, "aadObjectId": "a-1", "name": "Ana"},
        "recipient": {"id": US, "name": "Footnote"},
        "conversation": {"id": "a:1", "conversationType": "personal", "tenantId": TENANT},
        "channelData": {"tenant": {"id": TENANT}},
        "text": "How long is leave?",
    }
    return {name: value for name, value in (made | other).items() if value is not None}


def mention(text: str = "<at>Footnote</at> How long is leave?\n", mentioned: str = US, **other: Any) -> dict[str, Any]:  # noqa: ANN401
    """The same in a thread of a channel."""
    named = {"type": "mention", "mentioned": {"id": mentioned}, "text": "<at>Footnote</at>"}
    where = {"id": ROOT, "conversationType": "channel", "tenantId": TENANT, "isGroup": True}
    return activity(text=text, entities=[{"type": "clientInfo"}, named], conversation=where, **other)


def verdict(value: object, **other: Any) -> dict[str, Any]:  # noqa: ANN401
    return activity(type="invoke", name="message/submitAction", replyToId="17", value=value, text=None, **other)


def asked(of: dict[str, Any]) -> Asked:
    heard = events.heard(of)
    assert isinstance(heard, Asked)
    return heard


def test_a_direct_message_is_a_question() -> None:
    heard = asked(activity())
    assert (heard.text, heard.person, heard.message, heard.addressed) == ("How long is leave?", ANA, "1700000000001", True)
    assert heard.asked_at == datetime(2026, 3, 3, 8, tzinfo=UTC)
    place = heard.place
    assert (place.workspace, place.channel, place.thread, place.direct, place.via) == (TENANT, "a:1", "a:1", True, SERVICE)


def test_a_mention_in_a_channel_stays_in_its_thread() -> None:
    heard = asked(mention())
    assert (heard.text, heard.addressed, heard.place.direct) == ("How long is leave?", True, False)
    assert (heard.place.channel, heard.place.thread) == (ROOT.partition(";")[0], ROOT)


def test_what_is_not_said_to_us_may_be_a_follow_up() -> None:
    assert not asked(mention(mentioned="28:another")).addressed


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<at>Footnote</at> what is the Footnote on leave?", "what is the Footnote on leave?"),
        ("<at>Footnote</at>&nbsp;&nbsp;R&amp;D leave\n", "R&D leave"),
        ("Hello <at>Footnote</at>, and <at>Footnote</at>", "Hello , and <at>Footnote</at>"),
        ("<at>Footnote</at>", ""),
    ],
)
def test_our_mention_is_taken_out_exactly_and_once(text: str, read: str) -> None:
    assert asked(mention(text)).text == read


@pytest.mark.parametrize(
    ("text", "names", "read"),
    [
        pytest.param("Does <at>Bob Smith</at> get leave?\n", ["<at>Bob Smith</at>"], "Does Bob Smith get leave?", id="by name"),
        pytest.param("<at>R&amp;D</at>&nbsp;leave", ["<at>R&amp;D</at>"], "R&D leave", id="escaped"),
        pytest.param("<at>A</at>, <at>B</at>, <at>A</at>", ["<at>A</at>", "<at>B</at>"], "A, B, A", id="several, one twice"),
        pytest.param('<at id="1">Bob</at>?', ['<at id="1">Bob</at>'], "Bob?", id="numbered"),
        pytest.param("What does <at>x</at> mean?", ["<at>Bob</at>"], "What does <at>x</at> mean?", id="typed by hand"),
        pytest.param("the leave", ["e"], "the leave", id="no mention's text"),
        pytest.param("<at>Bob</at>", ["", None, 7, "<at>Bob"], "<at>Bob</at>", id="nonsense"),
    ],
)
def test_others_who_are_mentioned_are_named(text: str, names: list[object], read: str) -> None:
    named = [{"type": "mention", "mentioned": {"id": f"29:{n}"}, "text": name} for n, name in enumerate(names)]
    heard = asked(activity(text=text, entities=named))
    assert (heard.text, heard.addressed) == (read, True)


def test_somebody_who_is_called_as_we_are_is_named_too() -> None:
    heard = asked(mention("<at>Footnote</at> is <at>Footnote</at> on leave?"))
    both = mention("<at>Footnote</at> is <at>Footnote</at> on leave?")
    both["entities"].append({"type": "mention", "mentioned": {"id": "29:x"}, "text": "<at>Footnote</at>"})
    assert (heard.text, asked(both).text) == ("is <at>Footnote</at> on leave?", "is Footnote on leave?")


UNKEEPABLE = ["a\0b", "a\ud800", "\udfff", "a\nb", "x" * 401, "\u00fc" * 201]
VERDICT = {"actionName": "feedback", "actionValue": {"reaction": "like"}}


@pytest.mark.parametrize("name", UNKEEPABLE, ids=ascii)
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda name: activity(id=name), id="id"),
        pytest.param(lambda name: activity(**{"from": {"id": name}}), id="from"),
        pytest.param(lambda name: activity(serviceUrl=name), id="service URL"),
        pytest.param(lambda name: activity(conversation={"id": name, "tenantId": TENANT}), id="conversation"),
        pytest.param(lambda name: verdict(VERDICT) | {"replyToId": name}, id="judged answer"),
        pytest.param(lambda name: verdict(VERDICT) | {"id": name}, id="verdict's id"),
        pytest.param(lambda name: activity(text=None, value={events.PRIVATE: TURN}, **{"from": {"id": name}}), id="who pressed"),
    ],
)
def test_what_no_database_keeps_is_no_name(made: Callable[[str], dict[str, Any]], name: str) -> None:
    assert isinstance(events.heard(made("a1")), Asked | Rated | Sought)
    heard = events.heard(made(name))
    assert isinstance(heard, Ignored)
    assert heard.reason.startswith("it has another shape")


def test_a_verdict_or_wish_without_an_id_cannot_be_told_from_the_next() -> None:
    assert isinstance(events.heard(verdict(VERDICT) | {"id": None}), Ignored)


@pytest.mark.parametrize(
    "kind", ["messageUpdate", "messageDelete", "messageReaction", "conversationUpdate", "installationUpdate", "typing", None]
)
def test_what_is_no_message_is_ignored(kind: str | None) -> None:
    assert isinstance(events.heard(activity(type=kind)), Ignored)


@pytest.mark.parametrize("sender", [{"id": "28:another"}, {"id": ANA, "role": "bot"}])
def test_bots_are_not_answered(sender: dict[str, str]) -> None:
    assert events.heard(activity(**{"from": sender})) == Ignored("said by a bot")


def test_a_cards_button_is_no_question() -> None:
    assert isinstance(events.heard(activity(text=None, value={"x": 1})), Ignored)


def test_our_button_wants_a_private_answer() -> None:
    heard = events.heard(mention(text="", value={events.PRIVATE: TURN}))
    assert isinstance(heard, Sought)
    assert (heard.turn, heard.person, heard.name, heard.place.thread) == (TURN, ANA, f"{TURN}:{ANA}", ROOT)


@pytest.mark.parametrize("turn", [None, 7, "", [TURN], TURN[1:], f"{TURN}a", TURN.upper(), f"{TURN[:-1]}\0", f"{TURN}\n"])
def test_a_button_that_names_no_turn_is_not_ours(turn: object) -> None:
    assert events.heard(activity(text=None, value={events.PRIVATE: turn})) == Ignored("a card's button that is not ours")


@pytest.mark.parametrize("name", ["id", "timestamp", "serviceUrl", "from", "conversation"])
@pytest.mark.parametrize("value", [None, 7, [], {}, "", True])
def test_an_activity_without_what_it_needs_is_ignored(name: str, value: object) -> None:
    assert isinstance(events.heard(activity() | {name: value}), Ignored)


@pytest.mark.parametrize("name", ["text", "entities", "recipient", "channelData"])
@pytest.mark.parametrize("value", [None, 7, [], {}, [None], "x"])
def test_what_may_be_missing_may_be_anything(name: str, value: object) -> None:
    assert isinstance(events.heard(activity() | {name: value}), Asked)


@pytest.mark.parametrize(
    ("conversation", "channel_data", "whose"),
    [
        ({"id": "a:1", "tenantId": TENANT.upper()}, {}, TENANT),
        ({"id": "a:1"}, {"tenant": {"id": TENANT}}, TENANT),
        ({"id": "a:1", "tenantId": TENANT.upper()}, {"tenant": {"id": TENANT}}, TENANT),
        ({"id": "a:1", "tenantId": TENANT}, {"tenant": {"id": OTHER_TENANT}}, ""),
        ({"id": "a:1"}, {"tenant": "x"}, ""),
        ({"id": "a:1"}, {"tenant": {"id": "acme.onmicrosoft.com"}}, ""),
        ({"id": "a:1", "tenantId": TENANT + "\n"}, {}, ""),
        ({"id": "a:1", "tenantId": TENANT[:-1] + "\0"}, {}, ""),
        ({"id": "a:1", "tenantId": TENANT[:-1] + "\ud800"}, {}, ""),
        ({"id": "a:1", "tenantId": [TENANT]}, {}, ""),
    ],
)
def test_whose_activity_it_is(conversation: dict[str, Any], channel_data: dict[str, Any], whose: str) -> None:
    assert events.workspace(activity(conversation=conversation, channelData=channel_data)) == whose


@pytest.mark.parametrize("comment", ["too old", '{"feedbackText": "too old"}', {"feedbackText": "too old"}])
@pytest.mark.parametrize(("reaction", "wanted"), [("like", Verdict.HELPFUL), ("dislike", Verdict.NOT_HELPFUL)])
def test_a_verdict_is_read_in_each_of_its_forms(comment: object, reaction: str, wanted: Verdict) -> None:
    heard = events.heard(verdict({"actionName": "feedback", "actionValue": {"reaction": reaction, "feedback": comment}}))
    assert isinstance(heard, Rated)
    assert (heard.verdict, heard.comment, heard.post, heard.turn) == (wanted, "too old", "17", None)


@pytest.mark.parametrize(
    "value",
    [None, {}, [], {"actionName": "feedback"}, {"actionName": "other"}, {"actionName": "feedback", "actionValue": {"reaction": "angry"}}],
)
def test_a_verdict_that_is_none_is_ignored(value: object) -> None:
    assert isinstance(events.heard(verdict(value)), Ignored)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([activity(), mention(), verdict({"actionName": "feedback", "actionValue": {"reaction": "like"}})]), st.data())
def test_nothing_that_an_activity_may_hold_is_more_than_ignored(good: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(good)))
    part = good[name]
    odd = data.draw(ANYTHING)
    if isinstance(part, dict) and part and data.draw(st.booleans()):
        odd = part | {data.draw(st.sampled_from(sorted(part))): odd}
    assert isinstance(events.heard(good | {name: odd}), Asked | Rated | Ignored)
