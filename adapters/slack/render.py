"""Answer -> Block Kit. Pure.

One message: the text, a thin rule, the sources as one compact block, then the buttons. Limits measured and documented: `facts/slack.md` §1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters import footnotes
from adapters.heard import Asked
from adapters.slack.events import FEEDBACK, PRIVATE
from bot import texts
from bot.messages import Answer, Citation, TurnId, Verdict

METADATA: Final = "footnote_answer"
"""The type of our messages' metadata, by which one is found again."""

_MOST_MARKDOWN: Final = 8_000  # characters; 12,000 are allowed, but of all blocks together Slack takes about 13,000
_MOST_TEXT: Final = 3_000  # characters of the text that notifications show
_MOST_CONTEXT: Final = 2_900  # characters of one context element; 3,000 is refused by some clients
_MOST_QUOTED: Final = 300  # characters of a question
_CUT: Final = " …"
_FURTHER: Final = "and {count} more"
_HELPFUL, _NOT_HELPFUL = "Helpful", "Not helpful"

Block = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What Slack is given to show."""

    text: str  # for notifications, and for clients that show no blocks
    blocks: list[Block]
    metadata: dict[str, Any]


def message(answer: Answer, turn: TurnId, *, url: str, asked: Asked) -> Message:
    """The message of an answer. `url`: the public base URL, without which footnotes lead nowhere."""
    asked_elsewhere = texts.THE_QUESTION.format(question=footnotes.escaped(_cut(asked.text, _MOST_QUOTED)))
    blocks = [_context(asked_elsewhere)] if asked.elsewhere else []
    blocks += [{"type": "markdown", "text": _cut(footnotes.markdown(answer, lambda one: _mark(one, url)), _MOST_MARKDOWN)}]
    if answer.citations:
        blocks += [{"type": "divider"}, _context(_sources(answer, url))]
    if answer.notice:
        blocks.append(_context(footnotes.escaped(answer.notice)))
    blocks += _buttons(answer, turn, private=asked.place.direct)
    text = footnotes.escaped(_cut(footnotes.words(answer.text) or answer.notice, _MOST_TEXT))
    return Message(text=text, blocks=blocks, metadata={"event_type": METADATA, "event_payload": {"turn": turn}})


def _sources(answer: Answer, url: str) -> str:
    """One line for each source: `[1] Title · Space · updated 3 Mar 2026`, the title a link to the passage."""
    lines: list[str] = []
    for citation in answer.citations:
        line = f"[{citation.n}] {_source(citation, answer, url)}"
        if sum(map(len, lines)) + len(lines) + len(line) > _MOST_CONTEXT:
            return "\n".join((*lines, _FURTHER.format(count=len(answer.citations) - len(lines))))
        lines.append(line)
    return "\n".join(lines)


def _source(citation: Citation, answer: Answer, url: str) -> str:
    title, line = footnotes.titled(citation, answer), footnotes.source_line(citation, answer)
    if not url:
        return footnotes.escaped(line)
    return f"<{url}{footnotes.link(citation)}|{footnotes.escaped(title).replace('|', '¦')}>{footnotes.escaped(line.removeprefix(title))}"


def _mark(citation: Citation, url: str) -> str:
    return rf"[\[{citation.n}\]]({url}{footnotes.link(citation)})" if url else f"[{citation.n}]"


def _buttons(answer: Answer, turn: TurnId, *, private: bool) -> Sequence[Block]:
    """What can be said of an answer, and the offer of a private one; nothing where there is nothing to judge."""
    offer = answer.withheld and not private
    offered = {
        "type": "actions",
        "elements": [{"type": "button", "action_id": PRIVATE, "text": _plain(texts.ANSWER_IN_PRIVATE), "value": turn}],
    }
    judged = {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": FEEDBACK,
                "positive_button": {"text": _plain(_HELPFUL), "value": f"{Verdict.HELPFUL}:{turn}"},
                "negative_button": {"text": _plain(_NOT_HELPFUL), "value": f"{Verdict.NOT_HELPFUL}:{turn}"},
            }
        ],
    }
    return ([offered] if offer else []) + ([judged] if answer.citations else [])


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _cut(text: str, most: int) -> str:
    """`text` as it is, or its first whole paragraphs or words that fit."""
    if len(text) <= most:
        return text
    kept = text[: most - len(_CUT)]
    at = max(kept.rfind("\n"), kept.rfind(" "))
    return (kept[:at] if at > 0 else kept) + _CUT
