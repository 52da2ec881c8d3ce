"""What each command of the command line does, once the settings are read."""

from bot.errors import BotError
from knowledge.errors import KnowledgeError
from tenancy.errors import TenancyError

FAILURES = (TenancyError, KnowledgeError, BotError, OSError)
"""Errors whose message is a sentence for the person at the terminal."""
