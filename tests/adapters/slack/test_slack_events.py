"""What Slack's payloads say, in no platform's words: who asks what, where, and to whom; and why nobody waits for an answer to the rest."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.heard import Asked, Heard, Place, Rated, Sought
from adapters.slack import events
from bot.messages import Ignored, TurnId, Verdict
from tests.adapters.slack import (
    ANA,
    BOT,
    CHANNEL,
    DIRECT,
    PARENT,
    TEAM,
    TS,
    TURN,
    Json,
    authorization,
    command,
    direct,
    envelope,
    mention,
    mentioned,
    message,
    pressed,
    submitted,
)

WHEN = datetime(2023, 11, 14, 22, 13, 20, 100, tzinfo=UTC)
QUESTION = "How long is parental leave?"


def place(**other: Any) -> Place:  # noqa: ANN401 - the place's own fields
    return replace(Place(workspace=TEAM, channel=CHANNEL, thread=TS, direct=False), **other)


def asked(where: Place, **other: Any) -> Asked:  # noqa: ANN401 - the question's own fields
    return replace(Asked(place=where, person=ANA, message=TS, text=QUESTION, asked_at=WHEN), **other)


def in_thread(**other: object) -> Json:
    """Ana says something in a thread, to nobody."""
    return message(**({"text": "And then?", "thread_ts": PARENT, "parent_user_id": BOT} | other))


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        pytest.param(mention(), asked(place()), id="a mention begins a thread"),
        pytest.param(mention(thread_ts=PARENT), asked(place(thread=PARENT)), id="a mention in a thread stays there"),
        pytest.param(direct(), asked(place(channel=DIRECT, direct=True)), id="a direct message"),
        pytest.param(
            direct(thread_ts=PARENT), asked(place(channel=DIRECT, direct=True, thread=PARENT)), id="a direct message stays in its thread"
        ),
        pytest.param(
            direct(text=mentioned()["text"]),
            asked(place(channel=DIRECT, direct=True)),
            id="a mention in a direct message, which has no twin",
        ),
        pytest.param(
            direct(assistant_thread={"action_token": "1.2"}), asked(place(channel=DIRECT, direct=True)), id="a message in the agent's view"
        ),
        pytest.param(
            in_thread(), asked(place(thread=PARENT), text="And then?", addressed=False), id="a reply in a thread is said to nobody yet"
        ),
        pytest.param(
            in_thread(channel_type="group"),
            asked(place(thread=PARENT), text="And then?", addressed=False),
            id="a reply in a private channel",
        ),
        pytest.param(
            in_thread(channel_type="mpim"), asked(place(thread=PARENT), text="And then?", addressed=False), id="a reply among a few people"
        ),
        pytest.param(
            in_thread(subtype="thread_broadcast", root={"ts": PARENT}),
            asked(place(thread=PARENT), text="And then?", addressed=False),
            id="a reply that the channel sees too",
        ),
        pytest.param(
            direct(subtype="file_share", files=[{"id": "F1"}]), asked(place(channel=DIRECT, direct=True)), id="a direct message with a file"
        ),
        pytest.param(mention(files=[{"id": "F1"}]), asked(place()), id="a mention with a file"),
        pytest.param(mention(text=f"<@{BOT}>"), asked(place(), text=""), id="a mention and no more"),
        pytest.param(mention(text=None), asked(place(), text=""), id="a mention without text"),
        pytest.param(mention(user=BOT + "2"), asked(place(), person=BOT + "2"), id="somebody whose name begins like ours"),
        pytest.param(mention(thread_ts=None), asked(place()), id="a mention in no thread, said so"),
        pytest.param(mention(hidden=False), asked(place()), id="a mention that is not hidden, said so"),
    ],
)
def test_what_is_asked(payload: Json, wanted: Asked) -> None:
    assert events.heard(payload) == wanted


BOTS = "said by a bot"
EDIT = "an edit, a removal, or what Slack itself says of a place"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(message(), "not said to us", id="talk in a channel"),
        pytest.param(message(channel_type="mpim"), "not said to us", id="talk among a few people"),
        pytest.param(message(text=mentioned()["text"]), "the mention's own event is answered", id="the message's own event of a mention"),
        pytest.param(
            in_thread(text=f"and <@{BOT}>?"), "the mention's own event is answered", id="the message's own event of a mention in a thread"
        ),
        pytest.param(message(subtype="message_changed", hidden=True, message={"text": "x"}), EDIT, id="an edit"),
        pytest.param(direct(subtype="message_changed", hidden=True), EDIT, id="an edit of a direct message"),
        pytest.param(direct(subtype="message_deleted", hidden=True, deleted_ts=TS), EDIT, id="a removal"),
        pytest.param(direct(hidden=True), EDIT, id="something hidden"),
        pytest.param(in_thread(subtype="channel_join"), EDIT, id="a join"),
        pytest.param(in_thread(subtype="channel_topic"), EDIT, id="a new topic"),
        pytest.param(direct(subtype="assistant_app_thread"), EDIT, id="the head of an agent's thread"),
        pytest.param(direct(subtype="bot_message"), EDIT, id="a message of an old kind of bot"),
        pytest.param(direct(subtype="a subtype to come"), EDIT, id="a subtype that nobody knows yet"),
        pytest.param(mention(edited={"user": ANA, "ts": TS}), "an edit: what it said first is answered", id="a mention that was edited in"),
        pytest.param(direct(bot_id="B9"), BOTS, id="another bot"),
        pytest.param(mention(bot_id="B9"), BOTS, id="another bot that mentions us"),
        pytest.param(in_thread(bot_profile={"id": "B9"}), BOTS, id="another bot in our thread"),
        pytest.param(direct(app_id="A9"), BOTS, id="another app"),
        pytest.param(direct(user=BOT), "said by ourselves", id="ourselves"),
        pytest.param(in_thread(user=BOT), "said by ourselves", id="ourselves in a thread"),
        pytest.param(envelope({"type": "reaction_added", "user": ANA}), "nothing is done about such events", id="a reaction"),
        pytest.param(envelope({"type": "member_joined_channel"}), "nothing is done about such events", id="somebody joins"),
        pytest.param({"type": "event_callback", "event": {}}, "nothing is done about such events", id="an event of no type"),
        pytest.param(pressed("feedback", "x"), "a button that is not ours", id="a button of another app's"),
        pytest.param(pressed("footnote_private", ""), "a button that is not ours", id="an offer of nothing"),
        pytest.param(command(command="/other"), "a command that is not ours", id="a command of another app's"),
        pytest.param(submitted(), "nothing of ours", id="a form that was sent"),
        pytest.param({}, "nothing of ours", id="nothing"),
    ],
)
def test_what_nobody_waits_for_an_answer_to(payload: Json, reason: str) -> None:
    assert events.heard(payload) == Ignored(reason)


@pytest.mark.parametrize(
    "name", ["channel_join", "channel_leave", "channel_name", "channel_purpose", "pinned_item", "me_message", "reply_broadcast"]
)
def test_what_slack_says_of_a_place_is_no_question(name: str) -> None:
    assert events.heard(direct(subtype=name)) == Ignored(EDIT)


LABELLED = f"<@{BOT}|footnote> {QUESTION}"


def test_a_mention_with_a_label_has_a_twin_too() -> None:
    assert isinstance(events.heard(mention(text=LABELLED, thread_ts=PARENT)), Asked)
    assert isinstance(events.heard(in_thread(text=LABELLED)), Ignored)


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        pytest.param(mention(), TEAM, id="an event"),
        pytest.param(mention() | {"team_id": "TOTHER", "context_team_id": "TOTHER"}, TEAM, id="an event from another company"),
        pytest.param(mention() | {"authorizations": [authorization(), authorization(team_id="TOTHER")]}, TEAM, id="the first of two"),
        pytest.param(
            mention() | {"authorizations": [authorization(enterprise_id="EORG", team_id=None, is_enterprise_install=True)]},
            "EORG",
            id="an install in a whole organisation",
        ),
        pytest.param(
            mention() | {"authorizations": [authorization(enterprise_id="EORG")]}, TEAM, id="an install in one workspace of an organisation"
        ),
        pytest.param(mention() | {"authorizations": None, "authed_users": [BOT]}, "", id="the form of old, with authed_users"),
        pytest.param(mention() | {"authorizations": []}, "", id="nobody who may see it"),
        pytest.param(mention() | {"authorizations": "TLARK"}, "", id="no list"),
        pytest.param(mention() | {"authorizations": ["TLARK"]}, "", id="no object in it"),
        pytest.param(mention() | {"authorizations": [authorization(team_id=None)]}, "", id="a workspace that is missing"),
        pytest.param(submitted(), TEAM, id="a form of a shared channel"),
        pytest.param(submitted(app_installed_team_id=None), "TOTHER", id="a form that does not say who installed us"),
        pytest.param(pressed("a", "b"), TEAM, id="a button"),
        pytest.param(pressed("a", "b", user={"id": "UEVE", "team_id": "TOTHER"}), TEAM, id="a button, pressed by another company's"),
        pytest.param(pressed("a", "b", team=None), "", id="a button of nowhere"),
        pytest.param(pressed("a", "b", team="TLARK", team_id="TTOP"), "TTOP", id="a button whose workspace is no object"),
        pytest.param(command(), TEAM, id="a command"),
        pytest.param({}, "", id="nothing"),
    ],
)
def test_whose_event_it_is(payload: Json, wanted: str) -> None:
    assert events.workspace(payload) == wanted


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(pressed("a", "b", enterprise={"id": "EORG"}, is_enterprise_install=True), id="a button"),
        pytest.param(pressed("a", "b", enterprise={"id": "EORG"}, is_enterprise_install=True, team=None), id="a button without workspace"),
        pytest.param(command(enterprise_id="EORG", is_enterprise_install="true"), id="a command"),
    ],
)
def test_of_an_organisation_wide_install_everything_is_the_organisations(payload: Json) -> None:
    assert events.workspace(payload) == "EORG"


def test_in_a_legacy_event_that_names_nobody_our_own_mention_stays() -> None:
    heard = events.heard(mention() | {"authorizations": None, "authed_users": [BOT]})
    assert isinstance(heard, Asked)
    assert (heard.place.workspace, heard.text) == ("", f"@{BOT} {QUESTION}")


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_is_about_a_turn(verdict: Verdict) -> None:
    assert events.heard(pressed("footnote_feedback", f"{verdict}:{TURN}", {"type": "feedback_buttons"})) == Rated(
        place=place(thread=""), person=ANA, verdict=verdict, turn=TurnId(TURN)
    )


def test_a_private_answer_is_wanted_by_who_pressed() -> None:
    heard = events.heard(pressed("footnote_private", TURN, user={"id": "UBOB"}))
    assert heard == Sought(place=place(thread=""), person="UBOB", name=f"{TURN}:UBOB", turn=TurnId(TURN), asked_at=WHEN)


def test_two_people_who_want_the_same_answer_want_two() -> None:
    his, hers = (events.heard(pressed("footnote_private", TURN, user={"id": user})) for user in ("UBOB", "UANA"))
    assert isinstance(his, Sought)
    assert isinstance(hers, Sought)
    assert his.name != hers.name


def test_a_command_wants_a_private_answer() -> None:
    heard = events.heard(command(text="Is Tom &amp; Jerry's leave &lt; 2 weeks?") | {"received": TS})
    wanted = Sought(place=place(thread=""), person=ANA, name="1.3.trigger", text="Is Tom & Jerry's leave < 2 weeks?", asked_at=WHEN)
    assert heard == wanted


def test_a_command_without_text_asks_nothing_in_particular() -> None:
    fields = {name: value for name, value in command().items() if name != "text"}
    heard = events.heard(fields | {"received": TS})
    assert isinstance(heard, Sought)
    assert heard.text == ""


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        pytest.param({"type": "event_callback"}, "event", id="no event"),
        pytest.param(envelope([]), "event", id="an event that is a list"),
        pytest.param(mention(channel=None), "channel", id="no channel"),
        pytest.param(mention(channel=""), "channel", id="an empty channel"),
        pytest.param(mention(channel={"id": CHANNEL}), "channel", id="a channel that is an object"),
        pytest.param(mention(user=None), "user", id="nobody"),
        pytest.param(mention(user=7), "user", id="a number for a user"),
        pytest.param(mention(ts=None), "ts", id="no moment"),
        pytest.param(mention(ts=1700000000.0001), "ts", id="a moment that is a number"),
        pytest.param(mention(ts="yesterday"), "ts", id="a moment in words"),
        pytest.param(mention(ts="1700000000"), "ts", id="a moment without microseconds"),
        pytest.param(mention(ts="-1.0"), "ts", id="a moment before all"),
        pytest.param(mention(ts="1.0\n"), "ts", id="a moment with a line break"),
        pytest.param(mention(thread_ts="the first"), "thread_ts", id="a thread in words"),
        pytest.param(mention(thread_ts=True), "thread_ts", id="a thread that is true"),
        pytest.param(mention(text=[]), "text", id="a text that is a list"),
        pytest.param(direct(text={"text": "x"}), "text", id="a text that is an object"),
        pytest.param(pressed("footnote_private", TURN, actions=[]), "no action", id="no press"),
        pytest.param(pressed("footnote_private", TURN, actions={}), "no action", id="presses that are no list"),
        pytest.param(pressed("footnote_private", TURN, actions=[None]), "no action", id="a press that is nothing"),
        pytest.param(pressed("footnote_private", TURN, user=None), "user", id="pressed by nobody"),
        pytest.param(pressed("footnote_private", TURN, user={}), "id", id="pressed by nobody in particular"),
        pytest.param(pressed("footnote_private", TURN, {"action_ts": None}), "action_ts", id="pressed at no time"),
        pytest.param(pressed("footnote_feedback", "helpful"), "a verdict", id="a verdict about nothing"),
        pytest.param(pressed("footnote_feedback", f"superb:{TURN}"), "a verdict", id="a verdict that we do not give out"),
        pytest.param(pressed("footnote_feedback", None), "a verdict", id="no verdict"),
        pytest.param(command(user_id=""), "user_id", id="a command of nobody"),
        pytest.param(command(), "received", id="a command that came at no time"),
        pytest.param(command(trigger_id="") | {"received": TS}, "trigger_id", id="a command without a name"),
    ],
)
def test_another_shape_than_slacks_is_ignored_and_said(payload: Json, where: str) -> None:
    heard = events.heard(payload)
    assert isinstance(heard, Ignored)
    assert heard.reason.startswith("it has another shape than Slack gives it: ")
    assert where in heard.reason


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("<@UBOT> hello", "hello", id="our mention is not part of the question"),
        pytest.param("hello <@UBOT>", "hello", id="nor at its end"),
        pytest.param("<@UBOT|footnote> hello", "hello", id="nor with a label"),
        pytest.param("what does <@UBOB> do?", "what does @UBOB do?", id="somebody else"),
        pytest.param("what does <@UBOB|bob> do?", "what does @bob do?", id="somebody else by name"),
        pytest.param("see <https://a.example/x?a=1&amp;b=2>", "see https://a.example/x?a=1&b=2", id="a link"),
        pytest.param("see <https://a.example|the policy>", "see the policy", id="a link with words"),
        pytest.param("write <mailto:ana@a.example|ana@a.example>", "write ana@a.example", id="an address"),
        pytest.param("call <tel:+4930123|+49 30 123>", "call +49 30 123", id="a number"),
        pytest.param("in <#C123|people>", "in #people", id="a channel"),
        pytest.param("in <#C123>", "in #C123", id="a channel without name"),
        pytest.param("in <#C123|>", "in #C123", id="a channel whose name is hidden"),
        pytest.param("<!here> hello", "@here hello", id="everybody here"),
        pytest.param("<!subteam^S1|@people> hello", "@people hello", id="a group"),
        pytest.param("<!date^1392734382^{date}|18 Feb 2014>", "18 Feb 2014", id="a date"),
        pytest.param("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2", id="signs"),
        pytest.param("&amp;lt;", "&lt;", id="signs that somebody wrote"),
        pytest.param("&lt;@UBOT&gt;", "<@UBOT>", id="a mention that somebody only wrote about"),
        pytest.param("a < b", "a < b", id="a sign as it is"),
        pytest.param("<>", "<>", id="nothing in brackets"),
        pytest.param("  \n x \n ", "x", id="room around it"),
        pytest.param("a\nb", "a\nb", id="lines stay lines"),
        pytest.param("naïve ☃ 日本", "naïve ☃ 日本", id="letters of everywhere"),
    ],
)
def test_a_message_is_read_as_people_read_it(text: str, read: str) -> None:
    assert events.plain(text, us="UBOT") == read


MARKS = st.sampled_from(["<", ">", "@", "#", "!", "|", "U1", "&amp;", "&lt;", "&", ";", " ", "\n", "\0", "x", "^", "\ud800"])


@given(st.lists(MARKS, max_size=40).map("".join))
def test_any_text_is_read(text: str) -> None:
    read = events.plain(text, us="U1")
    assert "<@U1>" not in read or "&lt;" in text
    assert read == read.strip()


@given(st.text(alphabet=st.characters(exclude_characters="<>&", exclude_categories=["Cs"])))
def test_text_without_marks_is_read_as_it_is(text: str) -> None:
    assert events.plain(text, us=BOT) == text.strip()


# Payloads that were good, with anything anywhere.

GOOD = [
    mention(thread_ts=PARENT),
    direct(),
    in_thread(),
    pressed("footnote_private", TURN),
    pressed("footnote_feedback", f"helpful:{TURN}"),
    command() | {"received": TS},
    submitted(),
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["event_callback", "block_actions", "app_mention", "message", "im", "/footnote", "999999999999.999999", "٠.٠", BOT])
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6
)


def spots(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where anything stands in a payload."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from spots(child, (*path, key))


def changed(payload: Json, path: tuple[Any, ...], value: object) -> Json:
    """`payload` with something else at one spot, or without it."""
    made: Json = copy.deepcopy(payload)
    *way, last = path
    inside: Any = made
    for key in way:
        inside = inside[key]
    if value is MISSING:
        del inside[last]
    else:
        inside[last] = value
    return made


MISSING = object()


@st.composite
def spoilt(draw: st.DrawFn) -> Json:
    """A good payload in which up to three things are missing, or anything else."""
    payload: Json = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 3))):
        payload = changed(payload, draw(st.sampled_from(list(spots(payload)))), draw(st.just(MISSING) | ANYTHING))
    return payload


def test_good_payloads_are_heard() -> None:
    assert [type(events.heard(payload)) for payload in GOOD] == [Asked, Asked, Asked, Sought, Rated, Sought, Ignored]


@given(spoilt())
@example(mention(subtype=[]))
@example(mention(ts="999999999999.000000"))
def test_nothing_that_a_payload_may_hold_is_more_than_ignored(payload: Json) -> None:
    assert isinstance(events.heard(payload), Heard | Ignored)


@given(spoilt())
def test_whose_event_it_is_is_always_a_word(payload: Json) -> None:
    assert isinstance(events.workspace(payload), str)


@pytest.mark.parametrize("kind", [[], {}, ["message"]], ids=str)
@pytest.mark.parametrize("name", ["type", "subtype"])
def test_a_type_that_is_no_word_is_ignored(name: str, kind: object) -> None:
    assert isinstance(events.heard(direct(**{name: kind})), Ignored)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(mention(ts="999999999999.000000"), id="a mention"),
        pytest.param(pressed("footnote_private", TURN, {"action_ts": "253402300800.0"}), id="a button"),
        pytest.param(command() | {"received": "999999999999.000000"}, id="a command"),
    ],
)
def test_a_moment_that_no_calendar_has_is_ignored(payload: Json) -> None:
    assert isinstance(events.heard(payload), Ignored)


def test_a_moment_in_other_digits_is_ignored() -> None:
    assert isinstance(events.heard(mention(ts="١٧٠٠٠٠٠٠٠٠.٠٠٠١٠٠")), Ignored)
