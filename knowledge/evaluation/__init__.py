"""How well documents are found, measured on questions whose right documents are known.

    measures      nDCG, recall, reciprocal rank: one ranking against its judgements
    judged        a judged set in the layout of BEIR
    rankings      what queries found, what that comes to, and which of them lose most
    trec          rankings as a TREC run, and back
    comparison    two lists of figures for the same queries: difference, and how sure it is
    evaluation    asks the parts that answer questions
    sheets        .xlsx and .csv as numbered rows
    question_set  those rows as an admin's questions, with what is wrong with any of them
    matching      the documents that an admin named, among those that an asker may read

All but `evaluation` is pure, or reads one file.
"""

from knowledge.evaluation.comparison import Comparison, Difference, compare, difference
from knowledge.evaluation.evaluation import Ablation, Called, Evaluation, Ingested, by_name
from knowledge.evaluation.judged import JudgedQuery, load_corpus, load_queries
from knowledge.evaluation.matching import Named, full_name
from knowledge.evaluation.measures import ndcg, recall, reciprocal_rank
from knowledge.evaluation.question_set import Complaint, JudgedRow, QuestionSet, read_question_set
from knowledge.evaluation.rankings import Loss, Quality, Ranking, losses, quality
from knowledge.evaluation.trec import read_run, run_lines

__all__ = [
    "Ablation",
    "Called",
    "Comparison",
    "Complaint",
    "Difference",
    "Evaluation",
    "Ingested",
    "JudgedQuery",
    "JudgedRow",
    "Loss",
    "Named",
    "Quality",
    "QuestionSet",
    "Ranking",
    "by_name",
    "compare",
    "difference",
    "full_name",
    "load_corpus",
    "load_queries",
    "losses",
    "ndcg",
    "quality",
    "read_question_set",
    "read_run",
    "recall",
    "reciprocal_rank",
    "run_lines",
]
