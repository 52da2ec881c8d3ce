"""From two lists of proposals to one order. Pure functions, a module for each stage of the recipe in `facts/retrieval.md`.

    words        what is searched by words: title and headings count three times
    query_map    what turns a question's vector towards its documents
    candidates   both lists become one, by the sum of both scores; the best are looked at closely
    late         what the tokens of a passage say to those of the question
    score        words, cosine and late interaction in one number, smoothed over what is near; a document counts as a whole
    judging      a candidate's numbers, brought together
    signals      what tells that none of the candidates answers
    together     two searches for one question become one: what was said, and that with its subject
    versions     what was replaced comes after what replaced it
    exact        what a question names exactly comes first
    diversity    no two that say the same, and no document too often
    neighbours   what stands beside the best in their documents

`recipe` says how much each counts. Only what the live check lets through is scored: nobody's order depends on what they may not read.
"""

from knowledge.ranking.candidates import CANDIDATES, LIST_LENGTH, Candidate, best_of, fuse
from knowledge.ranking.diversity import PASSAGES_A_DOCUMENT, diversify
from knowledge.ranking.exact import exact_first
from knowledge.ranking.judging import Judging, Ranked
from knowledge.ranking.neighbours import WITH_NEIGHBOURS, beside, unread
from knowledge.ranking.query_map import turned
from knowledge.ranking.recipe import RECIPE, Recipe, Stage
from knowledge.ranking.signals import unsaid
from knowledge.ranking.together import together
from knowledge.ranking.versions import current_first, editions
from knowledge.ranking.words import searchable_terms

__all__ = [
    "CANDIDATES",
    "LIST_LENGTH",
    "PASSAGES_A_DOCUMENT",
    "RECIPE",
    "WITH_NEIGHBOURS",
    "Candidate",
    "Judging",
    "Ranked",
    "Recipe",
    "Stage",
    "beside",
    "best_of",
    "current_first",
    "diversify",
    "editions",
    "exact_first",
    "fuse",
    "searchable_terms",
    "together",
    "turned",
    "unread",
    "unsaid",
]
