"""What `make quality` measures beside the judged sets: the tables of `doubts`, `followups` and `sentences`, and when a figure is worse.

None of them depends on an engine, so each is measured once. Pure.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

DATA = {
    "doubts": ("mtrag", "scifact"),
    "followups": ("mtrag",),
    "sentences": ("scifact", "chroma_chunking_eval"),
}
"""Part -> the judged sets that it reads."""

Rows = Mapping[str, Mapping[str, Any]]
"""Row -> figure -> its value; shares are 0 to 1."""
Tables = Mapping[str, Rows]
"""Table -> its rows."""

WHOLE = "the whole message"
"""How rows are called that nobody meets: a message that is searched and doubted as it is."""
BY_REWRITES = ("the rewrite alone", "in its thread, with a model that rewrites so")
"""Rows that need rewrites; where there are none the older ones stand."""


class Figure(NamedTuple):
    """A column."""

    name: str
    title: str
    better: int = 1  # more is better; -1: less is; 0: shown and never compared
    questions: str = ""  # where it is a share of questions: the row's figure that says of how many
    shown: str = "{:.3f}"


class Table(NamedTuple):
    """A table of a part, as it is told."""

    part: str
    name: str
    title: str
    note: str
    figures: tuple[Figure, ...]
    aside: str = ""  # rows whose names end so are shown and never compared


_PERCENT = "{:.1%}"

TABLES = (
    Table(
        "doubts",
        "auroc",
        "How well doubt knows what nothing answers",
        "How often a question that nothing answers is doubted more than one that has an answer: .5 is chance, 1 never errs.",
        (
            Figure("auroc", "AUROC"),
            Figure("answerable", "with an answer", 0, shown="{}"),
            Figure("unanswerable", "without one", 0, shown="{}"),
        ),
    ),
    Table(
        "doubts",
        "shares",
        "What is doubted and what is refused",
        "Doubted: the nearest is shown as such, or the question is refused. With 20 judged questions: thresholds as a company learns them, "
        "the mean of 200 draws. The other rows are the same questions as people wrap them, with the usual thresholds: as they are, which "
        "nobody meets, and only what they ask, as the product does. A third of mtrag's last turns lean on what was said before; by "
        "themselves they are asked with the whole story.",
        (
            Figure("doubted, answerable", "doubted, with an answer", -1, "answerable", _PERCENT),
            Figure("refused, answerable", "refused, with an answer", -1, "answerable", _PERCENT),
            Figure("doubted, unanswerable", "doubted, without one", 1, "unanswerable", _PERCENT),
            Figure("refused, unanswerable", "refused, without one", 1, "unanswerable", _PERCENT),
        ),
        aside=WHOLE,
    ),
    Table(
        "followups",
        "found",
        "What follow-ups find",
        "The last turn of every conversation of mtrag, in the whole product: as if there were no thread, as the product takes it without "
        "a model, and with a scripted model that says the rewrites which one of us wrote by hand. The halves (every other turn) say how "
        "much of a difference is noise.",
        (
            Figure("ndcg_10", "nDCG@10"),
            Figure("recall_10", "recall@10"),
            *(Figure(f"{figure}, {half}", f"{title}, {half} turns", 0) for half in ("even", "odd")
              for figure, title in (("ndcg_10", "nDCG@10"), ("recall_10", "recall@10"))),
            Figure("turns", "turns", 0, shown="{}"),
        ),
    ),
    Table(
        "followups",
        "turns",
        "How last turns are taken",
        "Nearly every last turn of mtrag asks something. Alone: searched in its own words, which is wrong where the conversation goes on, "
        "and right where the first question of another conversation stands in the last turn's place. Asked back: answered by a question, "
        "by mtrag's labels.",
        (
            Figure("questions", "taken for a question", 1, "later", _PERCENT),
            Figure("alone, goes on", "alone, goes on", -1, "later", _PERCENT),
            Figure("alone, turns to its own collection", "alone, turns to its own collection", 1, "later", _PERCENT),
            Figure("alone, turns to the other one", "alone, turns to the other one", 1, "later", _PERCENT),
            Figure("back, ANSWERABLE", "asked back, answerable", -1, "ANSWERABLE", _PERCENT),
            Figure("back, PARTIAL", "partly", 0, "PARTIAL", _PERCENT),
            Figure("back, UNANSWERABLE", "unanswerable", 0, "UNANSWERABLE", _PERCENT),
            Figure("back, UNDERSPECIFIED", "underspecified", 1, "UNDERSPECIFIED", _PERCENT),
            Figure("intents", "taken for", 0, shown="{}"),
        ),
    ),
    Table(
        "sentences",
        "quotes",
        "How exactly extracts quote",
        "Precision: the share of what is quoted that people marked as the answer. Recall: the share of what they marked that is quoted. "
        "On scifact in sentences, with F1; on chroma's spans in characters, with what both have in common as a share of what either has "
        "(IoU). Given: from the right passages alone. Ranked: from what ranking finds among all.",
        (
            Figure("precision", "precision"),
            Figure("recall", "recall"),
            Figure("both", "F1 or IoU"),
            Figure("words", "words", 0, shown="{:.1f}"),
            Figure("pieces", "pieces", 0, shown="{:.2f}"),
        ),
    ),
)  # fmt: skip


def kept(before: Tables, after: Tables) -> dict[str, dict[str, Any]]:
    """`after`, with the rows of `before` that nothing could be measured for: those that need rewrites."""
    older = {table: {row: one for row, one in rows.items() if row in BY_REWRITES} for table, rows in before.items()}
    return {table: {**rows, **{row: one for row, one in older.get(table, {}).items() if row not in rows}} for table, rows in after.items()}
