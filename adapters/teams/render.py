"""Answer -> Teams activity. Pure. Plain dictionaries: the SDK's `Entity` drops every field that it does not know.

Citations and the AI label stand in one root entity, for two are refused; limits as in `facts/teams.md` §3.
"""

from typing import Any, Final

from adapters import footnotes
from adapters.heard import Asked
from adapters.teams.events import PRIVATE
from bot import texts
from bot.messages import Answer, Citation, TurnId

_MOST_CITATIONS: Final = 20
_MOST_NAME: Final = 80
_MOST_ABSTRACT: Final = 160
_MOST_TEXT: Final = 24_000  # characters; Teams takes about 28 kB of a message, entities and all
_MOST_QUOTED: Final = 300  # characters of a question
_RULE: Final = "\n\n---\n\n"
_CUT: Final = "…"
_ROOT: Final = "https://schema.org/Message"
_SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"
_CARD: Final = "application/vnd.microsoft.card.adaptive"

Activity = dict[str, Any]


def message(answer: Answer, *, url: str, asked: Asked) -> Activity:
    """The activity of an answer. `url`: the public base URL, without which footnotes lead nowhere."""
    asked_elsewhere = texts.YOU_ASKED.format(question=footnotes.unlinked(_cut(" ".join(asked.text.split()), _MOST_QUOTED)))
    text = footnotes.markdown(answer, lambda one: f"[{one.n}]")
    lines = [asked_elsewhere if asked.elsewhere else "", text, footnotes.unlinked(answer.notice)]
    activity: Activity = {
        "type": "message",
        "textFormat": "markdown",
        "text": _cut("\n\n".join(filter(None, lines)), _MOST_TEXT) + _sources(answer),
        "entities": [_root(answer, url)],
    }
    if asked.message and not asked.elsewhere:
        activity["replyToId"] = asked.message
    return activity | ({"channelData": {"feedbackLoop": {"type": "default"}}} if answer.citations else {})


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
    lines = [f"[{one.n}] {footnotes.unlinked(footnotes.source_line(one, answer))}" for one in answer.citations[:_MOST_CITATIONS]]
    return _RULE + "  \n".join(lines) if lines else ""


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
        "name": _cut(name, _MOST_NAME),
        "abstract": _cut(" ".join(citation.quote.split()) or name, _MOST_ABSTRACT),
    }
    if url:
        appearance["url"] = f"{url}{footnotes.link(citation)}"
    return {"@type": "Claim", "position": citation.n, "appearance": appearance}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + _CUT
