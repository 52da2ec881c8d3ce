"""A question that reads as if it stood on its own."""

from bot.intents.follow_up import follow_up
from bot.intents.grounded import answered, searched
from bot.intents.intent import Request, Tools
from bot.intents.subject import last_searched
from bot.messages import Answer


async def ask(tools: Tools, request: Request) -> Answer:
    """Search for the question as it was asked, and answer from what was found.

    In a thread that something was searched for in, it is taken for a follow-up until it proves to be about something else: of
    mtrag's 134 later turns the words alone give away few, and two thirds need the thread.
    """
    if last_searched(request.past):
        return await follow_up(tools, request)
    findings = await searched(tools, request, request.question.text)
    return await answered(tools, request, request.question.text, findings)
