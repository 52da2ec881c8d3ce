"""How exactly extracts quote: `make quality SETS=sentences`; what it comes to stands in `results.md`.

On scifact, what people marked as the reason why an abstract supports or contradicts a claim: of the sentences that are quoted, the share
that are such reasons (precision), and of those the share that are quoted (recall), over all claims that have evidence. A sentence counts
as quoted when half of its characters are. On the spans of chroma's evaluation of chunking: the same in characters, a mean over questions,
and what both have in common as a share of what either has (IoU).

Each once from the right passages alone (`given`: the evidence's abstracts, or the passages that a span stands in) and once from what
ranking finds among all (`ranked`).

Hits have their neighbours, so that what a window's end cuts is quoted whole; without them F1 is .364 and .345, IoU .458 and .324.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.llm.extractive import extracts
from bot.quotes import Cited
from knowledge.chunking import cut, embedding_text
from knowledge.documents import Document, DocumentId, Findings, Hit, Passage, passage_id
from knowledge.embedding.kept import Kept
from knowledge.embedding.minilm import MiniLM
from knowledge.index.port import Proposal
from knowledge.ranking import (
    CANDIDATES,
    LIST_LENGTH,
    RECIPE,
    Judging,
    beside,
    current_first,
    diversify,
    fuse,
    searchable_terms,
    unsaid,
)
from knowledge.terms import terms

LIMIT = 8  # passages that an answer is made from
QUOTED = 0.5  # of a sentence's characters, for it to count as quoted
_ASKED_AT = datetime(2026, 11, 25, tzinfo=UTC)
_K1, _B = 1.2, 0.75

Ranges = Mapping[DocumentId, Collection[range]]
"""Document -> characters of its text."""


class Text(NamedTuple):
    """One document of a corpus."""

    name: str
    title: str
    text: str


class Judged(NamedTuple):
    """A question and the characters that answer it."""

    text: str
    spans: Ranges


class Scores(NamedTuple):
    """One row of the table; words and pieces are means over the answers."""

    precision: float
    recall: float
    both: float  # F1 of scifact, IoU of chroma
    words: float
    pieces: float


@dataclass
class Corpus:
    """Passages in memory, found as the product finds them: words and vectors propose, late interaction judges."""

    passages: Sequence[Passage]
    kept: Sequence[Kept]
    embedder: MiniLM
    _words: dict[str, list[tuple[int, float]]] = field(init=False)  # term -> passages and BM25

    def __post_init__(self) -> None:
        """Count the words."""
        counts = [Counter(searchable_terms(one.document.title, one.heading, one.text)) for one in self.passages]
        self._words = _bm25(counts)
        self._vectors = np.stack([one.vector for one in self.kept])
        self._by_id = {one.id: one for one in self.passages}

    async def hits(self, query: str, limit: int = LIMIT) -> list[Hit]:
        """The best passages for `query`, with their neighbours."""
        return list((await self.findings(query, limit)).hits)

    async def findings(self, query: str, limit: int = LIMIT) -> Findings:
        """The same, with what tells whether any of them answers."""
        asked = await self.embedder.query(query)
        cosines = self._vectors @ asked.vector
        scores: dict[int, float] = defaultdict(float)
        for term in dict.fromkeys(terms(query)):
            for number, score in self._words.get(term, ()):
                scores[number] += score
        by_words = sorted(scores, key=lambda number: -scores[number])[:LIST_LENGTH]
        by_vector = np.argsort(-cosines, kind="stable")[:LIST_LENGTH]
        found = fuse([self._proposals(by_words, scores)], self._proposals(by_vector, cosines), CANDIDATES)
        number_of = {self.passages[number].id: number for number in {*by_words, *map(int, by_vector)}}
        judging = Judging(
            RECIPE,
            [asked.states],
            kept={one.passage: self.kept[number_of[one.passage]] for one in found},
            documents={one.passage: self.passages[number_of[one.passage]].document.id for one in found},
        )
        ranked = [
            Hit(passage=self.passages[number_of[one.passage]], score=one.score, words=one.words, cosine=one.cosine, late=one.late)
            for one in judging.ranked(found)
        ]
        return Findings(
            hits=tuple(beside(diversify(current_first(ranked, query), limit), self._by_id)),
            signals=judging.signals(found),
            unsaid=unsaid(query, [hit.passage for hit in ranked]),
            model=self.embedder.name,
        )

    def within(self, wanted: Ranges) -> list[Hit]:
        """The passages that `wanted` stands in, in their order, all as good as each other."""
        found = [
            Hit(passage=one, score=1.0)
            for one in self.passages
            if any(_common(range(one.span.start, one.span.end), span) for span in wanted.get(one.document.id, ()))
        ]
        return beside(found, self._by_id)

    def _proposals(self, numbers: Iterable[int], scores: "Mapping[int, float] | NDArray[np.float32]") -> list[Proposal]:
        return [Proposal(passage=self.passages[number].id, score=float(scores[number])) for number in numbers]


async def corpus(texts: Iterable[Text], name: str, embedder: MiniLM, cache: Path) -> Corpus:
    """Cut and encoded; what was encoded before is read from `cache`."""
    passages = [one for text in texts for one in _passages(text, embedder)]
    path = cache / f"{name}.npz"
    if path.exists():
        read = np.load(path)
        vectors, states, ends = read["vectors"].astype(np.float32), read["states"], read["ends"]
    else:
        made = await embedder.passages(
            [embedding_text(one.document.title, one.heading, one.text, count=embedder.count) for one in passages]
        )
        vectors, states = made.vectors, np.concatenate(list(made.states or ()))
        ends = np.cumsum([0, *map(len, made.states or ())])
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(path, vectors=vectors.astype(np.float16), states=states, ends=ends)
    assert len(vectors) == len(passages), f"{path} is of another cut: remove it"
    kept = [Kept(states[start:end], vector) for (start, end), vector in zip(pairwise(ends), vectors, strict=True)]
    return Corpus(passages, kept, embedder)


def _passages(text: Text, embedder: MiniLM) -> Iterator[Passage]:
    document = Document(
        id=DocumentId(text.name),
        source="corpus",
        name=text.name,
        title=text.title,
        url=None,
        media_type="text/markdown",
        version=1,
        readers=frozenset(),
        modified_at=None,
    )
    for number, piece in enumerate(cut(text.text, count=embedder.count)):
        yield Passage(
            id=passage_id(document.id, document.version, number),
            document=document,
            ordinal=number,
            span=piece.span,
            text=piece.text,
            heading=piece.heading,
            page=piece.page,
        )


def _bm25(counts: Sequence[Counter[str]]) -> dict[str, list[tuple[int, float]]]:
    lengths = [count.total() for count in counts]
    mean = fmean(lengths)
    having = Counter(term for count in counts for term in count)
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, count in enumerate(counts):
        for term, times in count.items():
            rare = math.log(1 + (len(counts) - having[term] + 0.5) / (having[term] + 0.5))
            score = rare * times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * lengths[number] / mean))
            found[term].append((number, score))
    return found


def _common(one: range, other: range) -> int:
    return max(0, min(one.stop, other.stop) - max(one.start, other.start))


def quoted(cited: Cited) -> dict[DocumentId, list[range]]:
    """What an answer quotes."""
    found: dict[DocumentId, list[range]] = defaultdict(list)
    for citation in cited.citations:
        found[citation.document].append(range(citation.span.start, citation.span.end))
    return found


def of_sentences(answers: Sequence[tuple[Judged, Cited]], sentences: Ranges) -> Scores:
    """Precision, recall and F1 in sentences, over all answers."""
    said = right = wanted = 0
    for judged, cited in answers:
        spans = {(document, span) for document, spans in judged.spans.items() for span in spans}
        chosen = {
            (document, sentence)
            for document, quotes in quoted(cited).items()
            for sentence in sentences[document]
            if sum(_common(sentence, quote) for quote in quotes) >= QUOTED * len(sentence)
        }
        said, right, wanted = said + len(chosen), right + len(chosen & spans), wanted + len(spans)
    precision, recall = right / max(1, said), right / max(1, wanted)
    return _row(precision, recall, 2 * precision * recall / max(1e-9, precision + recall), answers)


def of_characters(answers: Sequence[tuple[Judged, Cited]]) -> Scores:
    """Precision, recall and IoU in characters, means over the answers."""
    rows = []
    for judged, cited in answers:
        said, wanted = _characters(quoted(cited)), _characters(judged.spans)
        right = len(said & wanted)
        rows.append((right / max(1, len(said)), right / max(1, len(wanted)), right / max(1, len(said | wanted))))
    precision, recall, both = (fmean(column) for column in zip(*rows, strict=True))
    return _row(precision, recall, both, answers)


def _characters(spans: Ranges) -> set[tuple[DocumentId, int]]:
    return {(document, place) for document, ranges in spans.items() for span in ranges for place in span}


def _row(precision: float, recall: float, both: float, answers: Sequence[tuple[Judged, Cited]]) -> Scores:
    lengths = [sum(len(citation.quote.split()) for citation in cited.citations) for _, cited in answers]
    return Scores(precision, recall, both, fmean(lengths), fmean(len(cited.citations) for _, cited in answers))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def scifact(folder: Path) -> tuple[list[Text], dict[DocumentId, list[range]], list[Judged]]:
    """Its abstracts, where their sentences stand, and the claims that have evidence."""
    texts = [Text(row["_id"], row["title"], row["text"]) for row in _lines(folder / "corpus.jsonl")]
    places = {DocumentId(row["_id"]): list(_places(row["sentences"])) for row in _lines(folder / "corpus_sentences.jsonl")}
    claims = []
    for row in _lines(folder / "rationales_dev.jsonl"):
        reasons: dict[DocumentId, set[int]] = defaultdict(set)
        for evidence in row["evidence"]:
            reasons[DocumentId(evidence["doc_id"])].update(evidence["sentences"])
        if reasons:
            claims.append(Judged(row["claim"], {one: [places[one][number] for number in sorted(of)] for one, of in reasons.items()}))
    return texts, places, claims


def _places(sentences: Iterable[str]) -> Iterator[range]:
    """Where sentences stand that are joined by single spaces."""
    start = 0
    for sentence in sentences:
        yield range(start, start + len(sentence))
        start += len(sentence) + 1


def chroma(folder: Path) -> tuple[list[Text], list[Judged]]:
    """Its five texts and their questions."""
    texts = [Text(path.stem, path.stem.replace("_", " "), path.read_text(encoding="utf-8")) for path in sorted(folder.glob("corpora/*.md"))]
    questions = [
        Judged(row["question"], {DocumentId(row["corpus_id"]): [range(one["start_index"], one["end_index"]) for one in row["references"]]})
        for row in _lines(folder / "questions.jsonl")
    ]
    return texts, questions


async def answered(found: Corpus, questions: Sequence[Judged], *, given: bool) -> list[tuple[Judged, Cited]]:
    """Every question with its extracts, from the right passages or from those that were found."""
    answers = []
    for one in questions:
        hits = found.within(one.spans) if given else await found.hits(one.text)
        answers.append((one, extracts(one.text, hits, _ASKED_AT)))
    return answers


async def measured(shared: Path, embedder: MiniLM, cache: Path) -> dict[str, dict[str, dict[str, float]]]:
    """The table `quotes`; what is encoded is kept in `cache`: chroma's takes two minutes, scifact's many more."""
    texts, sentences, claims = scifact(shared / "scifact")
    whole = {DocumentId(text.name): [range(len(text.text))] for text in texts}
    abstracts = await corpus(texts, "scifact", embedder, cache)
    right = [Judged(claim.text, {document: whole[document] for document in claim.spans}) for claim in claims]
    given = zip(claims, (cited for _, cited in await answered(abstracts, right, given=True)), strict=True)
    texts, questions = chroma(shared / "chroma_chunking_eval")
    five = await corpus(texts, "chroma", embedder, cache)
    scores = {
        "scifact, given": of_sentences(list(given), sentences),
        "scifact, ranked": of_sentences(await answered(abstracts, claims, given=False), sentences),
        "chroma, given": of_characters(await answered(five, questions, given=True)),
        "chroma, ranked": of_characters(await answered(five, questions, given=False)),
    }
    return {"quotes": {name: one._asdict() for name, one in scores.items()}}
