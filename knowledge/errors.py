"""What can go wrong with documents.

KnowledgeError
├── Unreadable        a file that no text can be had from; `reason` and `remedy` say why and what to do
├── UnknownDocument
├── BadReaders        a --readers file that cannot be used
├── BadCorpus         a .jsonl corpus or question set that cannot be used
├── BadWords          a short form, or what it stands for, that an admin cannot mean
├── IndexUnavailable
│   └── IndexMissing
└── EmbedderUnavailable
"""


class KnowledgeError(Exception):
    """Something about documents or finding them is not as asked."""


class Unreadable(KnowledgeError):
    """No text can be had from this file."""

    def __init__(self, reason: str, remedy: str) -> None:
        """`reason` says what is wrong with the file, `remedy` what the person can do; both are sentences' ends."""
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


class UnknownDocument(KnowledgeError):
    """There is no such document, or you may not read it."""


class BadReaders(KnowledgeError):
    """The readers file cannot be used; the message says which line and what to write instead."""


class BadCorpus(KnowledgeError):
    """The corpus cannot be used; the message says which line and what to write instead."""


class BadWords(KnowledgeError):
    """What was said about the tenant's own words cannot be; the message says why and what to do."""


class IndexUnavailable(KnowledgeError):
    """The index cannot be reached just now. Nothing was lost; try again in a minute."""


class IndexFull(IndexUnavailable):
    """The index takes no writes: its disk is nearly full, or somebody made it read-only. Make room and try again; nothing was lost."""


class IndexMissing(IndexUnavailable):
    """This company's index is gone. It is being built again from what is kept; nothing was lost. Try again in a few minutes."""


class EmbedderUnavailable(KnowledgeError):
    """The embedding model cannot be reached just now. Nothing was lost; try again in a minute."""
