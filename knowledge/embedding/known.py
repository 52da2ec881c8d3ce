"""The embedding models that are at hand, by name: the one that is set up, and those that older indexes may have been built with."""

from knowledge.embedding.port import Embedder
from knowledge.errors import EmbedderUnavailable


class Embedders:
    """Finds the model whose vectors an index holds."""

    def __init__(self, preferred: Embedder, *others: Embedder) -> None:
        """`preferred`: the one that new indexes are built with."""
        self.preferred = preferred
        self._known = {one.name: one for one in (*others, preferred)}

    def of(self, model: str) -> Embedder:
        """The model of that name. Raises `EmbedderUnavailable`."""
        found = self._known.get(model)
        if found is None:
            message = (
                f"Passages are indexed with {model}, which is not set up here any more. `footnote index move` builds the index anew with "
                f"{self.preferred.name}; until then only words are searched."
            )
            raise EmbedderUnavailable(message)
        return found
