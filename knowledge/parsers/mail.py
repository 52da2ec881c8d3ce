"""Mail to text: the subject as title, who and when as the first lines, the body, and the text of what is attached. Pure."""

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from knowledge.errors import Unreadable
from knowledge.parsers.dates import date_of
from knowledge.parsers.decoding import decode, tidy
from knowledge.parsers.kinds import MAIL
from knowledge.parsers.markup import declared_charset, html_text
from knowledge.parsers.pages import Block, assemble
from knowledge.parsers.port import Extracted
from knowledge.parsers.refusals import BLANK, BROKEN, ENCRYPTED_MAIL
from knowledge.parsers.text import title_of

MOST_ATTACHMENTS = 50
DEEPEST = 3
"""Messages within messages; what lies deeper is not read."""

_FIELDS = ("From", "To", "Cc", "Date")
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})

ReadPart = Callable[[str, bytes, int], Extracted]
"""Reads an attachment: name, content, how deep it lies. Raises `Unreadable`."""


def read_mail(name: str, data: bytes, read: ReadPart, depth: int = 0) -> Extracted:
    """The text of one message. An attachment that cannot be read is left out. Raises `Unreadable`."""
    message = message_from_bytes(data.lstrip(), _class=EmailMessage, policy=policy.default)
    if message.get_content_type() in _ENCRYPTED and not _signed(message):
        raise ENCRYPTED_MAIL.error()
    body = _body(message)
    attached = list(_attachments(message, read, depth))
    if not body.strip() and not attached:
        raise BLANK.error()
    fields = "\n".join(f"{field}: {value}" for field in _FIELDS if (value := _field(message, field)))
    text, _ = assemble([Block(fields), Block(body), *attached])
    return Extracted(
        text=text, title=title_of(name, _field(message, "Subject")), media_type=MAIL, modified_at=date_of(_field(message, "Date"))
    )


def _signed(message: Message) -> bool:
    return message.get_param("smime-type") == "signed-data"


def _field(message: EmailMessage, field: str) -> str:
    """One header field on one line; empty if it is absent or cannot be read."""
    try:
        value = str(message[field] or "")
    except (ValueError, TypeError, IndexError, AttributeError):  # the standard library's parser fails on some broken fields
        return ""
    return " ".join(tidy(value).split())


def _body(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain", "html"))
    except (KeyError, ValueError, AttributeError) as error:
        raise BROKEN.error() from error
    if part is None or (part is not message and part.is_attachment()):
        return ""
    content = _content(part)
    markup = part.get_content_type() == "text/html"
    try:
        text = decode(content, part.get_content_charset() or (declared_charset(content) if markup else None)) if content else ""
    except Unreadable:
        return ""
    return html_text(text)[1] if markup else tidy(text)


def _attachments(message: EmailMessage, read: ReadPart, depth: int) -> Iterator[Block]:
    if depth >= DEEPEST or not message.is_multipart():
        return
    for number, part in enumerate(message.iter_attachments()):
        if number >= MOST_ATTACHMENTS:
            return
        inner = _read_part(part, read, depth)
        if inner:
            yield Block(f"## Attachment: {inner[0]}")
            yield Block(inner[1].text)


def _read_part(part: Message, read: ReadPart, depth: int) -> tuple[str, Extracted] | None:
    name = " ".join(tidy(part.get_filename() or "message.eml").split())
    try:
        return name, read(name, _content(part), depth + 1)
    except Unreadable:
        return None


def _content(part: Message) -> bytes:
    if part.get_content_type() == MAIL:
        inner = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and inner and isinstance(inner[0], Message) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
