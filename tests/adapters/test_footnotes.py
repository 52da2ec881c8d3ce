"""What stands below an answer and what its marks lead to, the same on every platform; and text that nobody can make more of."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import footnotes
from bot import texts
from bot.messages import Answer, Citation, Outcome
from tests.adapters.web.web_house import citation

PLAIN = st.text(alphabet=st.characters(exclude_characters="<>&[]()!\\*`~_#|", exclude_categories=["Cs", "Cc"]))
ANY = st.text(alphabet=st.sampled_from("[]()!<>&:\\ \n*`~_#|123x\"'\u00e9\u2603")) | st.text()


def answer(text: str, count: int = 1) -> Answer:
    return Answer(outcome=Outcome.ANSWER, text=text, citations=tuple(citation(n) for n in range(1, count + 1)))


def marked(text: str, count: int = 1, mark: Callable[[Citation], str] = lambda one: f"⟨{one.n}⟩") -> str:
    """The text as a platform is given it, footnotes in brackets that no text here has."""
    return footnotes.markdown(answer(text, count), mark)


# Markdown that another company's client may be shown.


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("It lasts 26 weeks [1].", "It lasts 26 weeks ⟨1⟩.", id="a mark"),
        pytest.param("A [1][2] B [2]", "A ⟨1⟩⟨2⟩ B ⟨2⟩", id="marks beside each other, and one twice"),
        pytest.param("See [3] and [12].", "See [3] and [12].", id="a number without a source stays text"),
        pytest.param("See [0], [01] and [1000].", "See [0], [01] and [1000].", id="numbers that are no footnotes"),
        pytest.param(r"See \[1].", r"See \[1].", id="an escaped mark stays text"),
        pytest.param("[1]", "⟨1⟩", id="nothing but a mark"),
        pytest.param("", "", id="nothing"),
        pytest.param("**Bold**, *soft*, `code`\n\n- list", "**Bold**, *soft*, `code`\n\n- list", id="what is harmless stays"),
        pytest.param("[form](https://a.example/x?y=1)", "form", id="a link is its words"),
        pytest.param("![chart](https://a.example/p.png)", "chart", id="an image is its words"),
        pytest.param("![](https://a.example/p.png)", "", id="an image without words is nothing"),
        pytest.param('[form](https://a.example "Title")', "form", id="a link with a title"),
        pytest.param("[w](https://a.example/wiki/A_(b))", "w", id="an address with brackets"),
        pytest.param("[x](<https://a.example/a b>)", r"[x]\(&lt;https://a.example/a b&gt;)", id="an address in angle brackets"),
        pytest.param("[x][y]", r"[x]\[y]", id="a link by reference"),
        pytest.param("[y]: https://a.example", r"[y]\: https://a.example", id="what a reference refers to"),
        pytest.param("<!channel> <@U1> <b>", "&lt;!channel&gt; &lt;@U1&gt; &lt;b&gt;", id="calls and tags"),
        pytest.param("Q&A &lt;b&gt;", "Q&amp;A &amp;lt;b&amp;gt;", id="signs that were escaped stay as they were written"),
        pytest.param("[see [1]](https://a.example)", r"[see ⟨1⟩]\(https://a.example)", id="a mark within a link"),
    ],
)
def test_text_is_shown_without_what_could_hurt(text: str, shown: str) -> None:
    assert marked(text, 2) == shown


@given(ANY)
def test_nothing_in_any_text_is_a_tag_or_a_call(text: str) -> None:
    assert not set("<>") & set(marked(text))
    assert "&" not in re.sub(r"&(amp|lt|gt);", "", marked(text))


@given(PLAIN)
def test_words_without_signs_stay_as_they_are(text: str) -> None:
    assert marked(text, 0) == text


@given(st.lists(PLAIN, min_size=1, max_size=6), st.data())
def test_each_mark_is_put_where_it_stood_and_nothing_is_lost(pieces: list[str], data: st.DataObject) -> None:
    numbers = [data.draw(st.integers(1, 3)) for _ in pieces[1:]]
    text = pieces[0] + "".join(f"[{n}]{piece}" for n, piece in zip(numbers, pieces[1:], strict=True) if piece[:1] != ":")
    called: list[int] = []

    def mark(one: Citation) -> str:
        called.append(one.n)
        return f"[{one.n}]"

    assert marked(text, 3, mark) == text
    assert called == [int(n) for n in re.findall(r"\[(\d)\]", text)]


@given(ANY, st.integers(0, 3))
def test_no_mark_is_made_of_a_number_without_a_source(text: str, count: int) -> None:
    assert {int(n) for n in re.findall(r"⟨(\d+)⟩", marked(text, count))} <= set(range(1, count + 1))


@given(ANY)
def test_no_words_in_brackets_are_followed_by_what_makes_them_a_link(text: str) -> None:
    assert not re.search(r"\][(\[:]", marked(text, 0))


@pytest.mark.parametrize("text", ["[1](http://evil.example)", "[1]: http://evil.example", "[1][2](http://evil.example)"])
def test_no_mark_is_followed_by_what_makes_it_a_link(text: str) -> None:
    assert not re.search(r"\][(:]", marked(text, 2, lambda one: f"[{one.n}]"))


# Markdown as it is read.


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("It lasts **26 weeks** [1].", "It lasts 26 weeks [1]."),
        ("# Leave\n\n- one\n- two", "Leave - one - two"),
        ("> said *softly*", "said softly"),
        ("`code` and ~~gone~~", "code and gone"),
        ("```\nx = 1\n```", "x = 1"),
        ("_soft_ but snake_case", "soft but snake_case"),
        ("[form](https://a.example)", "form"),
        ("![chart](https://a.example/p.png) shows", "chart shows"),
        (r"\[1] is no mark", "[1] is no mark"),
        ("C# > B", "C# > B"),
        ("  much \n\n room\t", "much room"),
        ("", ""),
    ],
    ids=str,
)
def test_markdown_is_read_without_its_signs(text: str, read: str) -> None:
    assert footnotes.words(text) == read


@given(ANY)
def test_what_is_read_is_one_line_without_room_around_it(text: str) -> None:
    read = footnotes.words(text)
    assert read == " ".join(read.split())


@given(PLAIN)
def test_words_without_signs_are_read_as_they_are(text: str) -> None:
    assert footnotes.words(text) == " ".join(text.split())


@given(st.text(alphabet="abc éß", min_size=1).map(str.strip).filter(bool))
def test_emphasis_changes_no_word(text: str) -> None:
    for sign in ("*", "**", "_", "`", "~~"):
        assert footnotes.words(f"{sign}{text}{sign}") == " ".join(text.split())


@pytest.mark.parametrize("title", ["travel_policy", "5*3", "a`b", "_draft_", "~temp"])
def test_a_title_that_was_escaped_is_read_as_it_is_called(title: str) -> None:
    assert footnotes.words(texts.title(title)) == title


# Sources.


@pytest.mark.parametrize(
    ("moment", "written"), [(datetime(2026, 3, 3, tzinfo=UTC), "3 Mar 2026"), (datetime(1999, 12, 31, 23, 59, tzinfo=UTC), "31 Dec 1999")]
)
def test_a_date_is_written_as_people_do(moment: datetime, written: str) -> None:
    assert footnotes.day(moment) == written


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        pytest.param({"page": 4}, "page 4", id="a page"),
        pytest.param({"page": 0}, "page 0", id="a page of number 0"),
        pytest.param({"heading": ("Leave", "Parents", "Fathers")}, "Fathers", id="the innermost heading"),
        pytest.param({"heading": ("Leave",)}, "", id="no heading but the title"),
        pytest.param({"heading": ()}, "", id="no heading"),
    ],
)
def test_where_in_a_document_is_its_page_or_heading(changes: dict[str, object], place: str) -> None:
    assert footnotes.place_in(citation(**changes)) == place  # type: ignore[arg-type]


def test_a_source_line_leaves_out_what_is_not_known() -> None:
    nameless = citation(source="", modified_at=None)
    assert footnotes.source_line(nameless, answer("")) == "Leave"


def test_where_is_said_only_of_documents_that_are_cited_twice() -> None:
    twice = (citation(1, page=4), citation(2, page=9), citation(3, page=1, document="another"))
    made = replace(answer(""), citations=twice)
    assert [footnotes.titled(one, made) for one in twice] == ["Leave, page 4", "Leave, page 9", "Leave"]


@given(st.text(), st.text(), st.text())
def test_a_link_holds_the_document_the_spot_and_the_seal_whatever_they_are_called(document: str, quote: str, reader: str) -> None:
    document = document.encode("utf-8", "ignore").decode()
    reader = reader.encode("utf-8", "ignore").decode()
    one = citation(document=document, quote=quote)
    parts = urlsplit(footnotes.link(one, reader))
    assert (unquote(parts.path.removeprefix("/d/")), parts.fragment) == (document, "passage")
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    spot = {"start": str(one.span.start), "end": str(one.span.end), "is": footnotes.seal(quote)}
    assert asked == spot | ({"as": reader} if reader else {})
    assert re.fullmatch(r"[!-~]+", footnotes.link(one, reader))


def test_other_words_have_another_seal() -> None:
    assert footnotes.seal("26 weeks") != footnotes.seal("28 weeks")
    assert re.fullmatch(r"[0-9a-f]{8}", footnotes.seal("\ud800"))


@given(st.text())
def test_escaped_text_is_read_as_it_was(text: str) -> None:
    made = footnotes.escaped(text)
    assert not set("<>") & set(made)
    assert made.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


def test_a_source_line_ends_with_what_should_be_known_of_the_document() -> None:
    noted = replace(citation(1), note="newer edition: Travel\npolicy 2026")
    assert footnotes.source_line(noted, answer("")).endswith(" · newer edition: Travel policy 2026")
