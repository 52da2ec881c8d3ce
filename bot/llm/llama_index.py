"""Any model that speaks OpenAI's protocol, through LlamaIndex's `OpenAILike`: vLLM, Ollama, llama.cpp, gateways, OpenAI.

LlamaIndex neither retries nor times out for us (`max_retries=0`): one retry and four time limits are kept here, because what
a person waits for is the first word, and a retry after it would write the answer twice.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.errors import ModelUnavailable, Unavailable
from bot.llm.port import CHARACTERS_A_TOKEN, Prompt, Usage

if TYPE_CHECKING:
    import httpx
    from llama_index.core.llms import ChatMessage, ChatResponse
    from llama_index.llms.openai_like import OpenAILike

_RETRIED: Final = frozenset({Unavailable.BUSY, Unavailable.FAILED, Unavailable.UNREACHABLE})
_UNFINISHED: Final = frozenset({"", "length", "content_filter"})  # without a word, at the limit of tokens, by the provider's filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait, in seconds, and how much to read."""

    connect: float = 4.0
    first_piece: float = 20.0  # from the request to the first word, retry included
    next_piece: float = 10.0  # between two words
    whole: float = 90.0  # the whole answer
    pause: float = 0.4  # before the one retry, give or take a half
    tokens: int = 900  # of one answer


class OpenAICompatible:
    """One model at one address. Safe to share between tasks; loads LlamaIndex at the first call, off the event loop."""

    def __init__(self, *, url: str, name: str, api_key: str = "", limits: Limits | None = None) -> None:
        """`url` ends in `/v1` as a rule. Does not connect."""
        self.name = name
        self.url = url
        self._api_key = api_key or "none"  # the client insists on one; local servers ignore it
        self._limits = limits or Limits()
        self._model: OpenAILike | None = None
        self._client: httpx.AsyncClient | None = None
        self._loading = asyncio.Lock()

    async def warm(self) -> None:
        """Load LlamaIndex now rather than at the first question (3 s). Does not connect."""
        async with self._loading:
            if self._model is None:
                self._model, self._client = await asyncio.to_thread(self._load)

    async def stream(self, prompt: Prompt, usage: Usage) -> AsyncIterator[str]:
        """The answer, piece by piece. One retry on 429, 5xx and no connection, before the first piece only."""
        await self.warm()
        written = 0
        counted: tuple[int, int] | None = None
        finished = ""
        try:
            async with aclosing(self._responses(prompt)) as responses:
                async for response in responses:
                    counted = _counted(response) or counted
                    finished = _finished(response) or finished
                    if response.delta:
                        written += len(response.delta)
                        yield response.delta
        finally:
            usage.add(*(counted or (_estimate(len(prompt.system) + len(prompt.user)), _estimate(written))))
        if finished in _UNFINISHED:
            raise ModelUnavailable(Unavailable.CUT)

    async def complete(self, prompt: Prompt, usage: Usage) -> str:
        """A short answer as a whole."""
        return "".join([piece async for piece in self.stream(prompt, usage)])

    async def _responses(self, prompt: Prompt) -> AsyncGenerator["ChatResponse"]:
        """The server's events under the time limits; whatever goes wrong is a `ModelUnavailable`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._limits.whole
        source, first = await self._begun(prompt, loop.time() + self._limits.first_piece)
        try:
            response: ChatResponse | None = first
            while response is not None:
                yield response
                response = await _next(source, min(self._limits.next_piece, end - loop.time()), started=True)
        finally:
            await source.aclose()

    async def _begun(self, prompt: Prompt, deadline: float) -> tuple[AsyncGenerator["ChatResponse"], "ChatResponse | None"]:
        """The stream and its first event, at the second attempt at the latest."""
        try:
            return await self._attempt(prompt, deadline)
        except ModelUnavailable as problem:
            if problem.reason not in _RETRIED:
                raise
        await asyncio.sleep(self._limits.pause * random.uniform(0.5, 1.5))  # noqa: S311  jitter, not a secret
        return await self._attempt(prompt, deadline)

    async def _attempt(self, prompt: Prompt, deadline: float) -> tuple[AsyncGenerator["ChatResponse"], "ChatResponse | None"]:
        model = self._model
        assert model is not None  # noqa: S101  `stream` warmed it
        source = _events(model, _messages(prompt))
        try:
            return source, await _next(source, deadline - asyncio.get_running_loop().time(), started=False)
        except (ModelUnavailable, asyncio.CancelledError):
            await source.aclose()
            raise

    async def close(self) -> None:
        """Close idle connections. A later call opens them again."""
        client, self._client, self._model = self._client, None, None
        if client is not None:
            await client.aclose()

    def _load(self) -> "tuple[OpenAILike, httpx.AsyncClient]":
        import anyio._backends._asyncio  # noqa: F401  the first call would load these two, on the event loop, for 2 s
        import httpx  # with llama_index, below
        import openai.resources  # noqa: F401  the other of the two
        from llama_index.llms.openai_like import OpenAILike  # takes 3 s to import

        client = httpx.AsyncClient(
            timeout=httpx.Timeout(self._limits.whole, connect=self._limits.connect),
            trust_env=False,  # an address in the settings is meant as it stands; nothing else reads the environment
        )
        model = OpenAILike(
            model=self.name,
            api_base=self.url,
            api_key=self._api_key,
            is_chat_model=True,
            max_retries=0,
            timeout=self._limits.whole,
            temperature=0.0,
            max_tokens=self._limits.tokens,
            additional_kwargs={"stream_options": {"include_usage": True}},
            async_http_client=client,
        )
        return model, client


async def _events(model: "OpenAILike", messages: list["ChatMessage"]) -> AsyncGenerator["ChatResponse"]:
    async for response in await model.astream_chat(messages):
        yield response


async def _next(source: AsyncGenerator["ChatResponse"], seconds: float, *, started: bool) -> "ChatResponse | None":
    """The next event; None at the end. Raises `ModelUnavailable`."""
    import httpx
    from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError  # loaded with the model

    try:
        async with asyncio.timeout(max(0.0, seconds)):
            return await anext(source)
    except StopAsyncIteration:
        return None
    except (TimeoutError, APITimeoutError, httpx.TimeoutException) as problem:
        raise ModelUnavailable(Unavailable.SLOW) from problem
    except APIStatusError as problem:
        raise ModelUnavailable(_status(problem.status_code)) from problem
    except (APIConnectionError, httpx.TransportError) as problem:
        raise ModelUnavailable(Unavailable.CUT if started else Unavailable.UNREACHABLE) from problem
    except (APIError, ValueError) as problem:  # an error event in the stream, or something that is no event
        raise ModelUnavailable(Unavailable.CUT if started else Unavailable.FAILED) from problem


def _status(code: int) -> Unavailable:
    if code == 429:  # noqa: PLR2004  Too Many Requests
        return Unavailable.BUSY
    return Unavailable.FAILED if code >= 500 else Unavailable.REJECTED  # noqa: PLR2004  the server's own failures


def _messages(prompt: Prompt) -> list["ChatMessage"]:
    from llama_index.core.llms import ChatMessage, MessageRole  # loaded with the model

    return [ChatMessage(prompt.system, role=MessageRole.SYSTEM), ChatMessage(prompt.user, role=MessageRole.USER)]


def _counted(response: "ChatResponse") -> tuple[int, int] | None:
    usage = getattr(response.raw, "usage", None)
    return (usage.prompt_tokens, usage.completion_tokens) if usage else None


def _finished(response: "ChatResponse") -> str:
    """Why the model stopped, once it has."""
    choices = getattr(response.raw, "choices", None)
    return str(choices[0].finish_reason or "") if choices else ""


def _estimate(characters: int) -> int:
    return -(-characters // CHARACTERS_A_TOKEN)
