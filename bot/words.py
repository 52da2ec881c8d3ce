"""Word lists, written as people write words. Pure."""

import re


def words(text: str) -> frozenset[str]:
    """The set of the words of `text`."""
    return frozenset(text.split())


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern that matches what any of `patterns` does, whatever the case."""
    return re.compile("|".join(patterns), re.IGNORECASE)
