"""What words are searched over. Pure."""

from collections.abc import Sequence

from knowledge.terms import terms

_WEIGHT_OF_TITLES = 3  # times that title and heading terms stand in the field of terms


def searchable_terms(title: str, heading: Sequence[str], body: str) -> list[str]:
    """The one field that words are searched over: title and headings count three times."""
    return terms(" ".join((title, *heading))) * _WEIGHT_OF_TITLES + terms(body)
