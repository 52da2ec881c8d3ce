"""That answer was wrong, or right: kept with it, and acknowledged."""

import re

from bot import guardrails, texts
from bot.intents.intent import Request, Tools
from bot.messages import Answer, Outcome, Verdict

_GOOD = re.compile(
    r"\b(good|great|perfect|correct|right|helpful|helped|useful|exactly|works|worked|nice|solved|spot on|nailed|brilliant)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(not|isn'?t|wasn'?t|didn'?t|doesn'?t|don'?t|never|no|un\w+ful|useless|wrong|bad|incorrect|outdated|unhelpful|false|"
    r"nonsense|inaccurate|misleading|missing|mistake|old)\b",
    re.IGNORECASE,
)


async def feedback(tools: Tools, request: Request) -> Answer:
    """Keep the verdict with the thread's last answer."""
    last = next((turn for turn in reversed(request.past) if turn.answer.citations or turn.query), None)
    if last is None:
        return Answer(outcome=Outcome.ANSWER, text=texts.FEEDBACK_NOTHING)
    verdict = verdict_of(request.question.text)
    await tools.memory.rate(request.question.viewer, last.id, verdict, guardrails.comment(request.question.text))
    return Answer(outcome=Outcome.ANSWER, text=texts.FEEDBACK_GOOD if verdict is Verdict.HELPFUL else texts.FEEDBACK_BAD)


def verdict_of(text: str) -> Verdict:
    """Helpful only if it says so and nothing against it."""
    return Verdict.HELPFUL if _GOOD.search(text) and not _NOT.search(text) else Verdict.NOT_HELPFUL
