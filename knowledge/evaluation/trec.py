"""Rankings as a TREC run, and back: query, Q0, document, rank, score, tag."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from knowledge.errors import BadCorpus
from knowledge.evaluation.rankings import RUN_DEPTH, Ranking
from knowledge.ingest.rows import lines_of

_TAG = "footnote"
_BEHIND = 3  # fields behind the document's name, which may hold spaces


def run_lines(rankings: Iterable[Ranking]) -> list[str]:
    """The lines of a run, `RUN_DEPTH` documents deep. The score only says the order."""
    return [
        f"{one.query.id} Q0 {name} {place} {RUN_DEPTH + 1 - place} {_TAG}"
        for one in rankings
        for place, name in enumerate(one.documents, 1)
    ]


def read_run(path: Path) -> dict[str, list[str]]:
    """Query to documents, best first: by score, as trec_eval has it, then by rank. Raises `BadCorpus`."""
    found: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    for number, line in enumerate(lines_of(path, "The run"), 1):
        if line.strip():
            query, *entry = _fields(line, f"{path.name}, line {number}")
            found[query].append((-float(entry[2]), int(entry[1]), entry[0]))
    if not found:
        raise BadCorpus(f"The run {path} is empty. Write one with `footnote evaluate … --run {path.name}`.")
    return {query: [name for _, _, name in sorted(entries)] for query, entries in found.items()}


def _fields(line: str, where: str) -> Sequence[str]:
    """Query, document, rank, score."""
    try:
        query, _, rest = line.split(maxsplit=2)
        document, rank, score, _ = rest.rsplit(maxsplit=_BEHIND)
        int(rank), float(score)
    except ValueError as error:
        raise BadCorpus(f"{where}: expected `query Q0 document rank score tag`, as `footnote evaluate … --run FILE` writes it.") from error
    return query, document, rank, score
