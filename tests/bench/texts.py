"""Real sentences to measure with: the demo company's own documents."""

from adapters.demo.sources import sources
from knowledge.chunking import cut


def passages_of_the_demo() -> list[str]:
    """Every passage of the demo company's sources, some hundreds."""
    return [piece.text for source in sources() for piece in cut(source.body, count=lambda text: len(text.split()))]
