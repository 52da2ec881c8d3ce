"""Files of lines; and lines of JSON that each have an id and a text: corpora, judged queries, batches of questions."""

import json
from pathlib import Path
from typing import Any

from knowledge.errors import BadCorpus


def lines_of(path: Path, called: str) -> list[str]:
    """The lines of a text file. Raises `BadCorpus`, which names it as it is `called`."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise BadCorpus(f"{called} {path} cannot be read: {why}. Check the path.") from error


def row_of(line: str, where: str, advice: str = "") -> dict[str, Any]:
    """The object of one line, its `_id` and `text` strings. Raises `BadCorpus`, which says `where`, and `advice`."""
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        raise BadCorpus(" ".join(filter(None, (f"{where} is not JSON: {error}.", advice)))) from error
    if not isinstance(row, dict) or not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
        raise BadCorpus(" ".join(filter(None, (f"{where} needs a string `_id` and a string `text`.", advice))))
    return row
