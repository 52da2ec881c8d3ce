"""Why a file is refused, in the words that people read. One table; the child process and its parent both speak from it."""

from dataclasses import dataclass

from knowledge.errors import Unreadable


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason ("the file …") and what the person can do about it."""

    reason: str
    remedy: str

    def error(self) -> Unreadable:
        """The error that says so."""
        return Unreadable(self.reason, self.remedy)


_KINDS = "text, Markdown, HTML, PDF, Word, PowerPoint, Excel, CSV, OpenDocument, RTF, EPUB and mail"

EMPTY = Refusal("is empty", "save it again with its content, then ingest it again")
BLANK = Refusal("holds no text", "add text to it, or leave it out")
TOO_BIG = Refusal("is over 100 MB", "split it, or leave out its pictures, and ingest the parts")
TOO_LONG = Refusal("holds too much text for one document", "split it and ingest the parts")
NOT_READ = Refusal("is not a kind of file that Footnote reads", f"save it as one of {_KINDS}")
NOT_TEXT = Refusal("is named like a text file but holds binary data", "check what it is and give it its right name")
UNKNOWN_TEXT = Refusal("is in a character encoding that cannot be told", "save it as UTF-8 and ingest it again")
NOT_WHAT_IT_SAYS = Refusal("is not inside what its name says", "open it, save it again in the format of its name, then ingest it again")
ENCRYPTED = Refusal("is password-protected", "save a copy without the password and ingest it again")
ENCRYPTED_MAIL = Refusal("is an encrypted message", "save a decrypted copy and ingest that")
BROKEN = Refusal("is broken", "open it, save it again, then ingest it again")
SCANNED = Refusal(
    "holds only pictures of text, or no text at all", "ingest a version with a text layer; reading pictures (OCR) comes later"
)
PICTURE = Refusal("is a picture", "ingest its text as a document; reading pictures (OCR) comes later")
SOUND = Refusal("is sound or video", "ingest a transcript of it instead")
ARCHIVE = Refusal("is an archive", "unpack it and ingest the folder")
PROGRAM = Refusal("is a program", "leave it out; Footnote reads documents")
BOMB = Refusal("unpacks to far more than a document holds", "leave it out, unless you know that it is harmless and can split it")
OLD_WORD = Refusal("is in the Word format of before 2007", "save it as .docx and ingest that")
TOO_SLOW = Refusal("took too long to read", "split it, or save it in a simpler format, and ingest it again")
CRASHED = Refusal("could not be read: the reader broke down over it", "save it again or in another format, then ingest it again")
