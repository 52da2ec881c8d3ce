"""What `footnote evaluate` tells, as JSON and as text. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from knowledge.evaluation import Ablation, Comparison, Difference, Ingested, JudgedQuery, Loss
from knowledge.evaluation.rankings import RUN_DEPTH

_MOST_CHANGES = 10
"""Queries that changed, in text; --json has all."""
_MOST_WRONG = 20
"""Questions that did not go as judged, in text; --json has all."""
_ORDER = ("queries", "documents", "passages")  # first of what is printed; the rest follows as it comes

Told = dict[str, Any]


def with_ingestion(told: Told, ingested: Ingested) -> Told:
    """The figures with those of the ingestion, in the order that scripts and people know."""
    figures = {name: round(value, 4) for name, value in asdict(ingested).items()}
    both = {name: value for name, value in told.items() if not isinstance(value, list | dict)} | figures
    first = {name: both[name] for name in _ORDER}
    return {**first, **{name: value for name, value in both.items() if name not in first}, **told}


def ablation(one: Ablation) -> Told:
    """A line of the table."""
    figures = {name: round(getattr(one.quality, name), 4) for name in ("ndcg_10", "recall_10", "p50_ms")}
    return {"without": one.without, **figures, **_difference(one.difference)}


def comparison(run: Path, compared: Comparison) -> Told:
    """How two runs differ."""
    counts = {name: getattr(compared, name) for name in ("wins", "losses", "ties", "left_out")}
    changes = [
        {"query": one.id, "text": one.text, "before": round(one.before, 4), "after": round(one.after, 4)} for one in compared.changes
    ]
    means = {"before": round(compared.before, 4), "after": round(compared.after, 4)}
    return {"run": str(run), **means, **_difference(compared.difference), **counts, "changes": changes}


def loss(one: Loss, titles: Mapping[str, str]) -> Told:
    """A query that lost, and what stood where its documents should."""
    relevant = [{**_document(name, titles), "place": place} for name, place in one.places.items()]
    first = None if one.first is None else _document(one.first, titles)
    return {"query": one.query.id, "text": one.query.text, "ndcg_10": round(one.ndcg_10, 4), "relevant": relevant, "first": first}


def wrong(row: int, query: JudgedQuery, problem: str, cited: Mapping[str, str], titles: Mapping[str, str]) -> Told:
    """A question that did not go as judged: what happened, of `PROBLEMS`; `cited` has names -> titles, as `titles` does for all others."""
    documents = {"wanted": [_document(name, titles) for name in query.grades], "cited": [_document(name, cited) for name in cited]}
    return {"row": row, "query": query.id, "text": query.text, "problem": problem, **documents}


def as_text(told: Mapping[str, Any]) -> str:
    """For people."""
    figures = [f"{name:30}{value:>12}" for name, value in told.items() if not isinstance(value, list | dict)]
    sections = [lines(told[name]) for name, lines in _SECTIONS.items() if told.get(name)]
    return "\n\n".join("\n".join(section) for section in ([figures] if figures else []) + [list(section) for section in sections])


def _ablations(rows: Sequence[Told]) -> Iterator[str]:
    yield f"{'left out':12}{'nDCG@10':>9}{'recall@10':>11}{'p50 ms':>8}   change of nDCG@10 (95 % interval)"
    for row in rows:
        change = "" if row["without"] is None else _signed(row)
        yield f"{row['without'] or 'nothing':12}{row['ndcg_10']:9.4f}{row['recall_10']:11.4f}{row['p50_ms']:8.1f}   {change}".rstrip()
    yield "Times here are of searches for questions that are embedded already."


def _against(told: Told) -> Iterator[str]:
    yield f"nDCG@10 against {told['run']}: {told['before']:.4f} then, {told['after']:.4f} now, {_signed(told)}"
    counted = f"better: {told['wins']}, worse: {told['losses']}, the same: {told['ties']}"
    yield f"{counted}, left out because only one of the two has them: {told['left_out']}"
    for one in told["changes"][:_MOST_CHANGES]:
        yield f"  {one['before']:.2f} -> {one['after']:.2f}  {one['query']}  {_short(one['text'])}"


def _worst(rows: Sequence[Told]) -> Iterator[str]:
    yield "What loses most, nDCG@10:" if rows else "No question lost anything: what was wanted always came first."
    for row in rows:
        yield f"{row['ndcg_10']:.2f}  {row['query']}  {_short(row['text'])}"
        for one in row["relevant"]:
            place = f"place {one['place']}" if one["place"] else f"not among {RUN_DEPTH}"
            yield f"      wanted {_called(one)}: {place}"
        if row["first"]:
            yield f"      first was {_called(row['first'])}"


def _answers(told: Told) -> Iterator[str]:
    for kind, words in (("answerable", "Of those that a document answers"), ("unanswerable", "Of those that nothing answers")):
        counted = told[kind]
        if counted["questions"]:
            outcomes = ", ".join(f"{count} {_OUTCOMES[outcome]}" for outcome, count in counted.items() if outcome in _OUTCOMES and count)
            yield f"{words} ({counted['questions']}): {outcomes}"
    if told["answerable"]["questions"]:
        yield f"The right document was cited in {told['answerable']['cited']} of {told['answerable']['questions']}"
    if any(told[kind]["questions"] for kind in told):
        yield "These answers are extracts, as without a language model."


def _wrong(rows: Sequence[Told]) -> Iterator[str]:
    yield f"{len(rows)} {'question' if len(rows) == 1 else 'questions'} did not go as judged:"
    for row in rows[:_MOST_WRONG]:
        yield f"Row {row['row']}: {_short(row['text'])}"
        yield f"      {PROBLEMS[row['problem']](_called_all(row['wanted'], ' or '), _called_all(row['cited'], ', '))}"
    if len(rows) > _MOST_WRONG:
        yield f"and {len(rows) - _MOST_WRONG} more: --json has them all."


def _left_out(rows: Sequence[Told]) -> Iterator[str]:
    yield f"{len(rows)} {'row was' if len(rows) == 1 else 'rows were'} left out:"
    yield from (f"Row {row['row']}: {row['problem']}" for row in rows)


_SECTIONS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "answers": _answers,
    "wrong": _wrong,
    "ablations": _ablations,
    "against": _against,
    "worst": _worst,
    "left_out": _left_out,
}
_OUTCOMES = {"answer": "answered", "nearest": "with the nearest that was found", "refusal": "refused", "apology": "failed"}


PROBLEMS: Mapping[str, Callable[[str, str], str]] = {
    "not_cited": lambda wanted, cited: f"cited {cited}, not {wanted}" if cited else f"cited nothing, though answered by {wanted}",
    "refused": lambda wanted, _: f"refused, though answered by {wanted}",
    "answered": lambda _, cited: f"answered {f'from {cited}' if cited else 'without a source'}, though nothing answers it",
    "not_quoted": lambda wanted, _: f"the quote stands in no passage that was found of {wanted}; check its words",
    "failed": lambda *_: "failed on our side; ask it again",
}
"""What can happen to a question other than was judged -> words for it, of the documents that answer it and those that were cited."""


def _difference(difference: Difference) -> Told:
    return {"difference": round(difference.mean, 4), "low": round(difference.low, 4), "high": round(difference.high, 4)}


def _signed(row: Told) -> str:
    return f"{row['difference']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"


def _document(name: str, titles: Mapping[str, str]) -> Told:
    return {"document": name, "title": titles.get(name, name)}


def _called(document: Told) -> str:
    same = document["title"] == document["document"]
    return document["document"] if same else f"{document['document']} ({_short(document['title'])})"


def _called_all(documents: Sequence[Told], between: str) -> str:
    return between.join(map(_called, documents))


def _short(text: str, most: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
