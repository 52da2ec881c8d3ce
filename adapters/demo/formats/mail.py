"""Mail as a client saves it: headers, a plain text and an HTML alternative. The title is the subject."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from adapters.demo.blocks import markdown
from adapters.demo.sources import Source


def render(source: Source) -> bytes:
    """Return the source as an .eml file. The front matter must give `from`, `to` and `message_id`."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = source.fields["from"], source.fields["to"]
    mail["Subject"] = source.title
    mail["Date"] = format_datetime(source.changed)
    mail["Message-ID"] = f"<{source.fields['message_id']}>"
    text = source.body.partition("\n")[2].strip() + "\n"
    mail.set_content(text)
    mail.add_alternative(f"<html><body>\n{markdown().render(text)}</body></html>\n", subtype="html")
    mail.set_boundary(f"=_{source.fields['message_id'].partition('@')[0]}")
    return mail.as_bytes()
