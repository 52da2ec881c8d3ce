"""What words are searched over. Pure."""

from collections.abc import Sequence

from knowledge.terms import terms, things

_WEIGHT_OF_TITLES = 3  # times that title and heading terms stand in the field of terms


def searchable_terms(title: str, heading: Sequence[str], body: str, name: str = "") -> list[str]:
    """The one field that words are searched over: title and headings count three times; of the document's name what is exact in it."""
    return terms(" ".join((title, *heading))) * _WEIGHT_OF_TITLES + terms(body) + things(name)
