"""What each command of the command line does, once the settings are read."""

from knowledge.errors import KnowledgeError
from tenancy.errors import TenancyError

FAILURES = (TenancyError, KnowledgeError)
"""Errors whose message is a sentence for the person at the terminal."""
