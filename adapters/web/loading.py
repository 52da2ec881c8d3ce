"""What is said while the company's documents are still being read: on the page, and beside an answer that was made meanwhile. Pure."""

from adapters.web.house import Loading
from adapters.web.render import say


def on_page(loading: Loading | None) -> str:
    """Say how far it is, or nothing if it is not under way."""
    return _under_way("loading", loading)


def beside(loading: Loading | None) -> str:
    """Say beside an answer what it was made from, or nothing if everything was read."""
    return _under_way("early", loading)


def report(loading: Loading | None) -> dict[str, object]:
    """Tell the page that follows it how far it is, and at the end what came of it."""
    if loading is None:
        return {"under_way": False, "said": ""}
    return {"under_way": loading.under_way, "said": on_page(loading) or _said(_end(loading), loading)}


def _under_way(word: str, loading: Loading | None) -> str:
    if loading is None or not loading.under_way:
        return ""
    return _said(word if loading.documents else f"{word}_uncounted", loading)


def _end(loading: Loading) -> str:
    if not loading.ready:
        return "loaded_nothing"
    return "loaded" if loading.ready >= loading.documents else "loaded_in_part"


def _said(word: str, loading: Loading) -> str:
    return say(word, ready=loading.ready, documents=loading.documents)
