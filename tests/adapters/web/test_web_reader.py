"""A document's text as HTML: every character escaped, the cited ones marked, page and headings named."""

import re
from html import unescape

import pytest

from adapters.web.reader import AROUND, MOST, WHOLE, view
from knowledge.chunking import cut
from knowledge.documents import Span

TEXT = """# Leave & more

Owner: **Nadia**
Since: 2025

## How much

| Who | Weeks |
|---|--:|
| Birth parent | 26 |
| Other \\| second | 10 |

- first `code`
  - deeper <script>alert(1)</script>
1. counted

> said
> twice

```
fenced # not a heading

still
```

A line of running prose that was wrapped by whoever wrote it down
and goes on here.
"""


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("Owner: **Nadia**", id="across emphasis"),
        pytest.param("| Birth parent | 26 |", id="a row of a table"),
        pytest.param("deeper <script>alert(1)</script>", id="what looks like markup"),
        pytest.param("whoever wrote it down\nand goes", id="across lines"),
        pytest.param("still", id="in a fenced block"),
        pytest.param("How much", id="a heading"),
        pytest.param("said\n> twice", id="a quotation"),
    ],
)
def test_exactly_the_cited_words_are_marked(words: str) -> None:
    made = str(view(TEXT, of(words)).html)
    marked = unescape("".join(re.findall(r"<mark[^>]*>(.*?)</mark>", made, re.DOTALL)))
    assert letters(marked) == letters(words)
    assert made.count('id="passage"') == 1


@pytest.mark.parametrize(
    "html",
    [
        "<h3>Leave &amp; more</h3>",
        "<p>Owner: <strong>Nadia</strong><br>Since: 2025</p>",
        "<h4>How much</h4>",
        "<th>Who</th><th>Weeks</th>",
        '<td>Birth parent</td><td class="number">26</td>',
        "<td>Other | second</td>",
        '<p class="item depth-0"><span class="sign">•</span>first <code>code</code></p>',
        '<p class="item depth-1"><span class="sign">•</span>deeper &lt;script&gt;alert(1)&lt;/script&gt;</p>',
        '<span class="sign">1.</span>counted',
        "<blockquote><p>said<br>twice</p></blockquote>",
        "<pre>fenced # not a heading\n\nstill</pre>",
        "wrote it down and goes on here.",
    ],
)
def test_a_text_is_set_by_its_structure(html: str) -> None:
    assert html in view(TEXT, Span(0, 0)).html


def test_nothing_of_the_text_is_lost() -> None:
    shown = unescape(re.sub(r"<[^>]+>", " ", str(view(TEXT, Span(0, 0)).html)))
    assert set(re.findall(r"\w+", TEXT)) <= set(re.findall(r"\w+", shown))


def test_the_page_and_the_headings_above_the_words_are_named() -> None:
    cut = TEXT.index("## How much")
    seen = view(TEXT, of("Birth parent"), (Span(0, cut), Span(cut, len(TEXT))))
    assert (seen.page, seen.heading, seen.marked, seen.cut) == (2, ("Leave & more", "How much"), True, False)
    assert '<p class="page-break">Page 2</p>' in seen.html


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        pytest.param("# A\n\n```\n# install deps\n\nrun\n```\n\n5.1 Travel expenses\n\nhere", ("A", "5.1 Travel expenses"), id="code"),
        pytest.param("```\n# install deps\n\nhere\n```", (), id="in code that is closed below"),
        pytest.param("5 Money\n=======\n\n5.1 Travel expenses\n\nhere", ("5 Money", "5.1 Travel expenses"), id="underlined and numbered"),
        pytest.param("# One\n\n## Two\n\n# Three\n\nhere", ("Three",), id="only those that are still open"),
        pytest.param("## **Leave** in [here](x) #\n\n", ("Leave in here",), id="the heading itself, without its signs"),
        pytest.param("# One\n\nhere\n\n## Two", ("One",), id="not those below"),
    ],
)
def test_the_headings_are_those_that_the_citation_names(text: str, heading: tuple[str, ...]) -> None:
    at = text.index("here")
    (piece,) = (piece for piece in cut(text, count=lambda words: len(words.split())) if piece.span.start <= at < piece.span.end)
    assert view(text, Span(at, at + 4)).heading == piece.heading == heading


def test_of_a_text_that_is_too_long_to_be_looked_through_the_nearest_headings_are_named() -> None:
    text = "# Far\n\n" + "word\n\n" * MOST + "# Near\n\n- a\n\nhere\n\n" + "word\n\n" * MOST
    assert view(text, Span(text.index("here"), text.index("here") + 4)).heading == ("Near",)


@pytest.mark.parametrize("span", [Span(0, 0), Span(9_000, 9_100), Span(50, 10)], ids=["none", "outside", "backwards"])
def test_a_place_that_is_not_there_marks_nothing(span: Span) -> None:
    seen = view(TEXT, span, (Span(0, len(TEXT)),))
    assert (seen.page, seen.heading, seen.marked) == (None, (), False)
    assert "<mark" not in seen.html


def test_a_long_document_is_shown_around_the_words_unless_all_of_it_is_wanted() -> None:
    text = "A paragraph of some words.\n\n" * 4_000 + "Here it is.\n\n" + "And more of it.\n\n" * 4_000
    span = Span(text.index("Here"), text.index("Here") + 11)
    part, whole = view(text, span), view(text, span, whole=True)
    assert (part.cut, whole.cut) == (True, False)
    assert "Here it is.</mark>" in part.html
    assert len(part.html) < 4 * AROUND < WHOLE * 2 < len(whole.html)


@pytest.mark.parametrize("whole", [True, False])
def test_no_more_than_a_million_characters_are_shown_whatever_is_asked_for(whole: bool) -> None:  # noqa: FBT001 - a table's column
    text = "word\n\n" * (MOST // 4)
    for span in (Span(0, 4), Span(MOST, MOST + 4), Span(0, len(text))):
        seen = view(text, span, whole=whole)
        assert seen.cut
        assert seen.marked
        assert seen.html.count("word") <= MOST // len("word\n\n") + 1


@pytest.mark.parametrize("sign", ["#", "|", "[", "**a ", "- ", "`", "> ", "\n", "| :", "*a"])
def test_a_hostile_text_is_set_in_time(sign: str) -> None:
    text = sign * (WHOLE // len(sign))
    assert view(text, Span(0, 5)).html is not None


def of(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words))


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))
