"""Every word that the assistant says of itself, in one place, ready for translation.

Templates are named by what they are for and filled with `str.format`. What they never hold: a title, count or place of
something the reader may not see.
"""

from datetime import date
from typing import Final

from bot.errors import Unavailable
from bot.reply import Step

STEPS: Final = {
    Step.READING: "Reading the question",
    Step.SEARCHING: "Looking through the documents you can read",
    Step.WRITING: "Writing the answer",
    Step.CHECKING: "Checking every sentence against its source",
}

# Refusals and the nearest
NOTHING: Final = "I found nothing that answers this in {where}."
NOTHING_BUT: Final = "I found nothing that answers this in {where}. The nearest is {title} [1]."
NEAREST: Final = "The nearest that I found in {where} is {title} [1]. It may not answer you."
WHERE_ASKER: Final = "the {documents} you can read"
WHERE_EVERYBODY: Final = "the {documents} that everybody here can read"
WHERE_NONE_ASKER: Final = "your documents, because there are none that you can read yet"
WHERE_NONE_EVERYBODY: Final = "the documents, because there are none that everybody here can read"
ONE_DOCUMENT: Final = "one document"
DOCUMENTS: Final = "{count:,} documents"
NO_SUCH_DOCUMENT: Final = "I found no document like that among those you can read. Ask again with its title, or a few words of it."
NO_SUCH_DOCUMENT_EVERYBODY: Final = (
    "I found no document like that among those that everybody here can read. Ask again with its title, or ask me in private."
)
NAME_A_DOCUMENT: Final = "Which document? Ask again with its title, or a few words of it."
NO_TEXT: Final = "The document of that name has no text that I could sum up. Open the document itself."
NO_LONGER_ASKER: Final = (
    "I answered this earlier, but not all sources of that answer are still open to you, so I do not show it again. Ask anew to hear "
    "what the documents you can read say now."
)
NO_LONGER_EVERYBODY: Final = (
    "I answered this earlier, but not all sources of that answer are still open to everybody here, so I do not show it again. Ask "
    "anew to hear what the documents that everybody here can read say now."
)
GONE_ASKER: Final = (
    "What I answered from was changed or is not open to you any more, so I do not repeat it. Ask anew to hear what the documents you can "
    "read say now."
)
GONE_EVERYBODY: Final = (
    "What I answered from was changed or is not open to everybody here any more, so I do not repeat it. Ask anew to hear what the "
    "documents that everybody here can read say now."
)
AS_SHORT: Final = "That is as short as its source puts it."
WHICH_SUBJECT: Final = "What is that about? Name it in a word or two, such as “parental leave”."
WHICH_BEFORE: Final = (
    "I cannot tell which of these you mean, and found nothing sure. Name one or give its number, or ask about something else."
)
WHICH_ONE: Final = "The documents answer that differently for each of these. Which do you mean? Name one or give its number."
ONE_SOURCE: Final = "That answer has only one source. Say “source 1” to read it."
NO_SUCH_POINT: Final = "That list has no such point."
SO_MANY_SOURCES: Final = "That answer has {count} sources. Name one by its number."
NOT_LINKED: Final = (
    "This workspace is not linked to any company that I work for, so I have no documents to answer from. Ask your admin to link it."
)
NOT_KNOWN: Final = "I do not know you in this company yet, so I cannot tell which documents you may read. Ask your admin to add you."
NO_ANSWER_LAST: Final = "I had no answer to your last question, so there is nothing to say again. Ask it in other words."
NOTHING_SAID: Final = "I have answered nothing in this thread yet that I could sum up or say again. Ask a question first."

# Offers and notices, one sentence or two beside an answer
PRIVATE_OFFER: Final = "I can say more in private."
ANSWER_IN_PRIVATE: Final = "Answer me in private"
THE_QUESTION: Final = "The question: {question}"
NOTICES: Final = {
    Unavailable.SLOW: ("The model took too long, so here are the passages themselves. Ask again in a minute for a written answer."),
    Unavailable.BUSY: ("The model is busy, so here are the passages themselves. Ask again in a minute for a written answer."),
    Unavailable.FAILED: ("The model failed, so here are the passages themselves. Ask again in a minute for a written answer."),
    Unavailable.UNREACHABLE: (
        "The model cannot be reached, so here are the passages themselves. Ask again in a minute for a written answer."
    ),
    Unavailable.REJECTED: (
        "The model did not take the question, so here are the passages themselves. An admin can see why with `footnote doctor`."
    ),
    Unavailable.CUT: ("The model stopped midway, so here are the passages themselves. Ask again in a minute for a written answer."),
}
WORDS_ONLY: Final = "I can only look for the question's own words just now, so I may have missed something. Ask again in a few minutes."
CUT_SHORT: Final = "The model stopped midway, so this answer may lack its end. Ask again in a minute for all of it."
OTHER_LANGUAGE: Final = (
    "The sources are in another language, so only this answer's numbers and names could be checked. Open a footnote to read what it says."
)
UNSUPPORTED: Final = "What the model wrote did not hold against its sources, so here are the passages themselves."

# Apologies
UNEXPECTED: Final = "Something of ours failed while answering. Ask again in a minute."
UNEXPECTED_KEPT: Final = "Something of ours failed while answering. Your question is kept; ask it again in a minute."

# Small talk
HELLO: Final = "Hello. Ask me anything that your company's documents answer."
THANKS: Final = "You are welcome."
BYE: Final = "Until next time."
FINE: Final = "All well here. Ask me anything that your company's documents answer."
NOT_FOR_ME: Final = "That seems to be meant for somebody else, so I looked nothing up."
NOT_A_QUESTION: Final = "I am not sure what to look up. Ask a question, or ask what I can do."

# Feedback
FEEDBACK_BAD: Final = "Noted: that answer did not help. Ask again in other words, or name the document that should have answered."
FEEDBACK_GOOD: Final = "Noted: that answer helped."
FEEDBACK_NOTHING: Final = "I have given no answer here yet that could be right or wrong."

HELP: Final = """I answer questions from {where}, and every sentence has a footnote that opens the exact passage.

- **Ask** in your own words: “How long is parental leave?”
- **Follow up** in the same thread: “And for contractors?”, “Shorter, please”, “The second one”
- **Summarise a document**: “Summarise the travel policy.”
- **Summarise this thread**: “Sum up what we have so far.”
- **Tell me** when an answer is wrong: “That's wrong.”

In a channel I use only what everybody there can read. What only you can read, I tell you in private."""

# Extracts and summaries
AS_OF: Final = "As of {month}: {extract}"
NEWER: Final = "newer edition: {title}"
IN_CONTEXT: Final = "*{heading}*:"
MORE: Final = "{count} more {things}. [{n}]"
OTHERS: Final = "{count} other {things}. [{n}]"
ROWS: Final = ("row is in the table", "rows are in the table")
ROWS_OF_SEVERAL: Final = ("row is in these tables", "rows are in these tables")
ITEMS: Final = ("point is in the list", "points are in the list")
OTHERWISE: Final = "*{other}* says otherwise:"
OLDER: Final = "*{newer}* is of {day}. *{other}*, of {other_day}, is older and says otherwise:"
SPOKEN: Final = "*Speaker notes*:"
SUMMARY_OF: Final = "{title}, section by section:"
THREAD_SO_FAR: Final = "- **{question}** {answer}"

# strftime's %B would follow the machine's locale.
_MONTHS: Final = "January February March April May June July August September October November December"


def joined(*notices: str) -> str:
    """Those of the notices that say something, one after another."""
    return " ".join(filter(None, notices))


def gone(*, private: bool) -> str:
    """That what was to be answered from is closed since."""
    return GONE_ASKER if private else GONE_EVERYBODY


def more(count: int, things: tuple[str, str], n: int, *, others: bool) -> str:
    """What is said below `things` of which `count` are not shown, but stand at `[n]`; `others`: the question names none of them."""
    return (OTHERS if others else MORE).format(count=f"{count:,}", things=things[count != 1], n=n)


def otherwise(newer: tuple[str, date | None], other: tuple[str, date | None]) -> str:
    """What is said before a source that disagrees with one before it; each its title, and the day from which it is as it is."""
    (title, day), (other_title, other_day) = newer, other
    if day is None or other_day is None or day == other_day:
        return OTHERWISE.format(other=plain(other_title))
    return OLDER.format(newer=plain(title), day=in_full(day), other=plain(other_title), other_day=in_full(other_day))


def edition(standing: str, replaced_by: str | None) -> str:
    """`draft`, `archived, newer edition: Travel policy 2026`, or nothing."""
    return ", ".join(filter(None, (standing, NEWER.format(title=replaced_by) if replaced_by else "")))


def documents(count: int) -> str:
    """`212 documents`, `one document`."""
    return ONE_DOCUMENT if count == 1 else DOCUMENTS.format(count=count)


def where(count: int, *, private: bool) -> str:
    """What was searched, for a sentence's end: `the 212 documents you can read`."""
    if count == 0:
        return WHERE_NONE_ASKER if private else WHERE_NONE_EVERYBODY
    return (WHERE_ASKER if private else WHERE_EVERYBODY).format(documents=documents(count))


def title(words: str) -> str:
    """A document's title as Markdown: in italics, nothing in it taken for Markdown or for a footnote mark."""
    return f"*{plain(' '.join(words.split()))}*" if words.strip() else "*Untitled*"


def plain(words: str) -> str:
    """`words` with what Markdown would read as emphasis, link, code or footnote mark escaped."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|~" else c for c in words)


def in_full(moment: date) -> str:
    """`3 March 2024`."""
    return f"{moment.day} {month(moment)}"


def month(moment: date) -> str:
    """`March 2024`."""
    return f"{_MONTHS.split()[moment.month - 1]} {moment.year}"
