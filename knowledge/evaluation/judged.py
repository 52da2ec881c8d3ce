"""A judged question set in the layout of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import BadCorpus
from knowledge.ingest.items import TextItem, corpus
from knowledge.ingest.readers import open_to_everyone, principal_of
from knowledge.ingest.rows import row_of
from tenancy.viewer import EVERYONE, Principal

SOURCE = "evaluation"
"""What the corpus of a judged set is called as a source."""
_LAYOUT = "A judged set is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv."


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """One question of a set."""

    id: str
    text: str
    principals: frozenset[Principal]  # what its viewer holds
    grades: Mapping[str, int]  # document -> relevance, 1 or more; as rankings call the document


def load_corpus(folder: Path) -> list[TextItem]:
    """The documents of the set. Raises `BadCorpus`."""
    return list(corpus(_existing(folder, "corpus.jsonl"), open_to_everyone, SOURCE))


def load_queries(folder: Path) -> list[JudgedQuery]:
    """The queries that have a judgement, in the file's order. Raises `BadCorpus`."""
    grades = _qrels(_existing(folder, "qrels/test.tsv"))
    path = _existing(folder, "queries.jsonl")
    queries = []
    for number, line in enumerate(_lines(path), 1):
        row = row_of(line, f"{path.name}, line {number}")
        if grades.get(row["_id"]):
            principals = frozenset(principal_of(one, SOURCE) for one in row.get("viewer", [EVERYONE]))
            queries.append(JudgedQuery(row["_id"], row["text"], principals, grades[row["_id"]]))
    if not queries:
        message = f"No query of {path} has a judgement in qrels/test.tsv. Check that their ids match."
        raise BadCorpus(message)
    return queries


def _existing(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        message = f"There is no {path}. {_LAYOUT}"
        raise BadCorpus(message)
    return path


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for number, line in enumerate(_lines(path), 1):
        fields = line.split("\t")
        if number == 1 and "\t" in line and not fields[-1].lstrip("-").isdigit():
            continue  # the header
        try:
            query, document, grade = fields
            if int(grade) > 0:
                grades[query][document] = int(grade)
        except ValueError as error:
            message = f"{path.name}, line {number}: expected `query-id<tab>corpus-id<tab>score`."
            raise BadCorpus(message) from error
    return grades


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadCorpus(f"{path} is not in UTF-8. Save it as UTF-8 and try again.") from error
