"""A question that stands on its own."""

from bot.intents.grounded import answered, searched
from bot.intents.intent import Request, Tools
from bot.messages import Answer


async def ask(tools: Tools, request: Request) -> Answer:
    """Search for the question as it was asked, and answer from what was found."""
    findings = await searched(tools, request, request.question.text)
    return await answered(tools, request, request.question.text, findings)
