"""A question that reads as if it stood on its own."""

from bot.intents.follow_up import follow_up
from bot.intents.intent import Request, Tools
from bot.messages import Answer


async def ask(tools: Tools, request: Request) -> Answer:
    """Taken for a follow-up until it proves to be about something else; where there is nothing to follow, it stands alone.

    Of mtrag's 134 later turns the router takes 105 for questions that stand alone, and most of them need the thread.
    """
    return await follow_up(tools, request)
