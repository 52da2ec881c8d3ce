"""Judged sentences of the demo company's documents, and how many of them the checks get right."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from knowledge.documents import Passage
from tests.bot.fakes import document, passage

COMPANY = Path(__file__).parents[2] / "adapters" / "demo" / "company"
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
_TITLE = re.compile(r"^# (.*)$", re.MULTILINE)


class Judged(NamedTuple):
    """One sentence that cites `source`."""

    source: Passage
    sentence: str
    kind: str  # `faithful`, `loose`, `unsaid`, or what is wrong with it: `number`, `row`, `name`, `negation`, `antonym`, `subject`, …
    held_out: bool


def judged_claims() -> Iterator[Judged]:
    """All of `claims.yaml`; a source is one section of a document."""
    for entry in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8")):
        source = _section(entry["document"], entry["heading"])
        said = [(kind, sentence) for kind in ("faithful", "loose", "unsaid") for sentence in entry.get(kind, ())]
        said += [(kind.rstrip("2"), sentence) for kind, sentence in entry["corrupt"].items()]
        for kind, sentence in said:
            yield Judged(source, f"{sentence.rstrip('.')} [1].", kind, entry.get("held_out", False))


def _section(name: str, heading: str) -> Passage:
    text = _FRONT.sub("", (COMPANY / name).read_text("utf-8"))
    title = _TITLE.search(text)
    assert title is not None
    intro, *others = _HEADING.split(text[title.end() :])
    sections = {"": intro} | dict(zip(others[::2], others[1::2], strict=True))
    return passage(document(name, title[1]), sections[heading].strip(), *([heading] if heading else []))
