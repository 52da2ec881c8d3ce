"""Answer -> Teams activity. Pure. Plain dictionaries: the SDK's `Entity` drops every field that it does not know.

Citations and the AI label stand in one root entity, for two are refused; limits as in `facts/teams.md` §3. The whole is kept below what
Teams takes, and it is the answer's own text that gives way: its beginning, what was kept back and the sources stay.
"""

from bisect import bisect_right
from typing import Any, Final

from adapters import footnotes
from adapters.heard import Asked
from adapters.teams.events import PRIVATE
from adapters.teams.wire import written
from bot import texts
from bot.messages import Answer, Citation, TurnId

_MOST_CITATIONS: Final = 20
_MOST_NAME: Final = 80
_MOST_ABSTRACT: Final = 160
_MOST_BYTES: Final = 26_000  # of an activity; Teams takes about 28 kB, and an update adds a name to it
_NAME_BYTES: Final = 160  # the limits above are in characters, of which an emoji takes four bytes: twenty sources would leave no room
_ABSTRACT_BYTES: Final = 240
_SOURCE_BYTES: Final = 200
_MOST_QUOTED: Final = 300  # characters of a question
_RULE: Final = "\n\n---\n\n"
_CUT: Final = "…"
_ROOT: Final = "https://schema.org/Message"
_SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"
_CARD: Final = "application/vnd.microsoft.card.adaptive"

Activity = dict[str, Any]


def message(answer: Answer, *, url: str, asked: Asked) -> Activity:
    """The activity of an answer. `url`: the public base URL, without which footnotes lead nowhere."""
    asked_elsewhere = texts.THE_QUESTION.format(question=footnotes.unlinked(_cut(" ".join(asked.text.split()), _MOST_QUOTED)))
    before, after = asked_elsewhere if asked.elsewhere else "", footnotes.unlinked(answer.notice)

    def around(text: str) -> str:
        return "\n\n".join(filter(None, (before, text, after))) + _sources(answer)

    activity: Activity = {"type": "message", "textFormat": "markdown", "text": around(_CUT), "entities": [_root(answer, url)]}
    if asked.message and not asked.elsewhere:
        activity["replyToId"] = asked.message
    if answer.citations:
        activity["channelData"] = {"feedbackLoop": {"type": "default"}}
    text = _fitting(footnotes.markdown(answer, lambda one: f"[{one.n}]"), _MOST_BYTES - len(written(activity)))
    return activity | {"text": around(text)}


def doing(words: str) -> Activity:
    """What is shown until there is an answer."""
    return {"type": "message", "textFormat": "plain", "text": words}


def private_offer(turn: TurnId) -> Activity:
    """A button; pressing it sends its data to us, as a message without text. A message of its own: Teams takes no card with a text."""
    button = {"type": "Action.Submit", "title": texts.ANSWER_IN_PRIVATE, "data": {PRIVATE: turn}}
    card = {"type": "AdaptiveCard", "version": "1.2", "$schema": _SCHEMA, "body": [], "actions": [button]}
    return {"type": "message", "summary": texts.ANSWER_IN_PRIVATE, "attachments": [{"contentType": _CARD, "content": card}]}


def _sources(answer: Answer) -> str:
    """One line for each source: `[1] Title · Space · updated 3 Mar 2026`."""
    lines = [f"[{one.n}] {_source(one, answer)}" for one in answer.citations[:_MOST_CITATIONS]]
    return _RULE + "  \n".join(lines) if lines else ""


def _source(citation: Citation, answer: Answer) -> str:
    return _fitting(footnotes.unlinked(footnotes.source_line(citation, answer)), _SOURCE_BYTES)


def _root(answer: Answer, url: str) -> Activity:
    root: Activity = {"type": _ROOT, "@type": "Message", "@context": "https://schema.org", "@id": ""}
    if answer.written or answer.citations:
        root["additionalType"] = ["AIGeneratedContent"]
    if answer.citations:
        root["citation"] = [_claim(one, answer, url) for one in answer.citations[:_MOST_CITATIONS]]
    return root


def _claim(citation: Citation, answer: Answer, url: str) -> Activity:
    name = footnotes.titled(citation, answer)
    appearance: Activity = {
        "@type": "DigitalDocument",
        "name": _fitting(_cut(name, _MOST_NAME), _NAME_BYTES),
        "abstract": _fitting(_cut(" ".join(citation.quote.split()) or name, _MOST_ABSTRACT), _ABSTRACT_BYTES),
    }
    if url:
        appearance["url"] = f"{url}{footnotes.link(citation)}"
    return {"@type": "Claim", "position": citation.n, "appearance": appearance}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + _CUT


def _fitting(text: str, room: int) -> str:
    """As much of a text as has room in an activity, in bytes; never nothing of something."""
    if _size(text) <= room:
        return text
    kept = bisect_right(range(len(text)), room - _size(_CUT), key=lambda length: _size(text[:length])) - 1
    return text[: max(kept, 0)].rstrip() + _CUT


def _size(text: str) -> int:
    return len(written(text)) - len('""')
