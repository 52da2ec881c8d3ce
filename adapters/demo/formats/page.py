"""Web pages, as an intranet would serve them."""

from html import escape

from adapters.demo.blocks import markdown
from adapters.demo.sources import Source

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="author" content="Larkspur Instruments">
<meta name="date" content="{date}">
</head>
<body>
<main>
{body}</main>
</body>
</html>
"""


def render(source: Source) -> bytes:
    """Return the source as one self-contained .html page, UTF-8."""
    return _PAGE.format(
        title=escape(source.title),
        date=source.changed.date().isoformat(),
        body=markdown().render(source.body),
    ).encode()
