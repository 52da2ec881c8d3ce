"""Embeddings from any server that speaks OpenAI's protocol, through LlamaIndex."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from knowledge.embedding.port import Asked, Embedded, Matrix
from knowledge.errors import EmbedderUnavailable

if TYPE_CHECKING:
    import httpx
    from llama_index.embeddings.openai_like import OpenAILikeEmbedding

_TIMEOUT_S = 30.0
_BATCH = 64  # texts in one request
_CHARACTERS_A_PIECE = 4  # of English, for budgets; the server's own tokenizer is not ours to run


class OpenAILikeEmbedder:
    """One embedding model behind one address."""

    def __init__(self, url: str, name: str, api_key: str | None, dimension: int) -> None:
        """`dimension` as `measure` found it."""
        self.name = name.replace("/", "-")
        self.dimension = dimension
        self._model_name = name
        self._url = url
        self._api_key = api_key

    @classmethod
    async def measure(cls, url: str, name: str, api_key: str | None) -> "OpenAILikeEmbedder":
        """Ask the server once, to learn how long its vectors are. Raises `EmbedderUnavailable`."""
        probing = cls(url, name, api_key, 0)
        try:
            dimension = len((await probing.query("dimension")).vector)
        finally:
            await probing.close()
        return cls(url, name, api_key, dimension)

    async def query(self, text: str) -> Asked:
        """One question."""
        return Asked((await self.passages([text])).vectors[0])

    async def passages(self, texts: Sequence[str]) -> Embedded:
        """The vectors of `texts`, at unit length, in their order; no server of this protocol shows states of tokens."""
        import openai

        try:
            found = await self._client.aget_text_embedding_batch(list(texts))
        except openai.OpenAIError as error:
            kind = type(error).__name__
            message = f"The embedding server did not answer ({kind}). Check EMBEDDING_URL and EMBEDDING_NAME."
            raise EmbedderUnavailable(message) from error
        vectors = np.asarray(found, np.float32)
        lengths: Matrix = np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float32)
        if not (np.isfinite(vectors).all() and lengths.all()):
            message = "The embedding server gave a vector of zeros, or of no numbers, which nothing can be found by. Check EMBEDDING_NAME."
            raise EmbedderUnavailable(message)
        return Embedded(vectors / lengths)

    def count(self, text: str) -> int:
        """Word pieces of `text`, estimated; never 0 for text that is not empty."""
        return -(-len(text) // _CHARACTERS_A_PIECE)

    async def close(self) -> None:
        """Close the connections, if there were any."""
        if "_client" in self.__dict__:
            await self._http.aclose()

    @cached_property
    def _http(self) -> "httpx.AsyncClient":
        import httpx

        return httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)

    @cached_property
    def _client(self) -> "OpenAILikeEmbedding":
        from llama_index.embeddings.openai_like import OpenAILikeEmbedding  # 3 s

        return OpenAILikeEmbedding(
            model_name=self._model_name,
            api_base=self._url,
            api_key=self._api_key or "none",
            embed_batch_size=_BATCH,
            timeout=_TIMEOUT_S,
            max_retries=1,
            async_http_client=self._http,
        )
