"""Answer -> Teams activity. Pure. Plain dictionaries: the SDK's `Entity` drops every field that it does not know.

Citations and the AI label stand in one root entity, for two are refused; limits as in `facts/teams.md` §3.
"""

from typing import Any, Final

from adapters import footnotes
from adapters.heard import Asked
from bot.messages import Answer, Citation

_MOST_CITATIONS: Final = 20
_MOST_NAME: Final = 80
_MOST_ABSTRACT: Final = 160
_MOST_TEXT: Final = 24_000  # characters; Teams takes about 28 kB of a message, entities and all
_RULE: Final = "\n\n---\n\n"
_CUT: Final = "…"
_ROOT: Final = "https://schema.org/Message"

Activity = dict[str, Any]


def message(answer: Answer, *, url: str, asked: Asked) -> Activity:
    """The activity of an answer. `url`: the public base URL, without which footnotes lead nowhere."""
    text = footnotes.markdown(answer, lambda one: f"[{one.n}]")
    lines = [text, *([footnotes.escaped(answer.notice)] if answer.notice else [])]
    activity: Activity = {
        "type": "message",
        "textFormat": "markdown",
        "text": _cut("\n\n".join(lines), _MOST_TEXT) + _sources(answer),
        "entities": [_root(answer, url)],
    }
    if asked.message:
        activity["replyToId"] = asked.message
    return activity | ({"channelData": {"feedbackLoop": {"type": "default"}}} if answer.citations else {})


def doing(words: str) -> Activity:
    """What is shown until there is an answer."""
    return {"type": "message", "textFormat": "plain", "text": words}


def _sources(answer: Answer) -> str:
    """One line for each source: `[1] Title · Space · updated 3 Mar 2026`."""
    lines = [f"[{one.n}] {footnotes.escaped(footnotes.source_line(one, answer))}" for one in answer.citations[:_MOST_CITATIONS]]
    return _RULE + "  \n".join(lines) if lines else ""


def _root(answer: Answer, url: str) -> Activity:
    root: Activity = {"type": _ROOT, "@type": "Message", "@context": "https://schema.org", "@id": ""}
    if answer.written or answer.citations:
        root["additionalType"] = ["AIGeneratedContent"]
    if answer.citations:
        root["citation"] = [_claim(one, answer, url) for one in answer.citations[:_MOST_CITATIONS]]
    return root


def _claim(citation: Citation, answer: Answer, url: str) -> Activity:
    appearance: Activity = {
        "@type": "DigitalDocument",
        "name": _cut(footnotes.titled(citation, answer), _MOST_NAME),
        "abstract": _cut(" ".join(citation.quote.split()) or citation.title, _MOST_ABSTRACT),
    }
    if url:
        appearance["url"] = f"{url}{footnotes.link(citation)}"
    return {"@type": "Claim", "position": citation.n, "appearance": appearance}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + _CUT
