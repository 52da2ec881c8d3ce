"""Markup is taken off, words stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.markup import is_empty, readable


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("Plain words, 5 * 3 = 15.", "Plain words, 5 * 3 = 15.", id="plain words stay"),
        pytest.param("See [the *portal*](https://a.example/x_(y)) now", "See the portal now", id="a link is its text"),
        pytest.param('[HR]({% page "hr/x" %}) and [it][1]', "HR and it", id="links of templates and by reference"),
        pytest.param('Ask in {% slack_channel "travel" %}.', "Ask in travel.", id="a template's own words"),
        pytest.param("a{% comment %} b {{ site.x }}{: .class} c", "a b c", id="tags and templates"),
        pytest.param("**Note**: _very_ __bold__, ~~gone~~ ***all***", "Note: very bold, gone all", id="emphasis"),
        pytest.param("**_NOTE: cut in the middle", "NOTE: cut in the middle", id="emphasis that was cut"),
        pytest.param("the snake_case_name and file_name.py", "the snake_case_name and file_name.py", id="underscores in words"),
        pytest.param("Run `git add *` and `a_b`", "Run `git add *` and `a_b`", id="code stays code"),
        pytest.param("a `cut span", "a cut span", id="half a code span"),
        pytest.param("H<sub>2</sub>O<br/>and <b>salt</b>. <!-- no --> a < b", "H2O and salt. a < b", id="HTML tags"),
        pytest.param("Use <https://a.example> or <a@b.example>", "Use https://a.example or a@b.example", id="addresses in angles"),
        pytest.param("Press <Enter> twice", "Press <Enter> twice", id="angles that are no HTML"),
        pytest.param(r"5\. Duration \- six \& more &amp; less, snake\_case", "5. Duration - six & more & less, snake_case", id="escapes"),
        pytest.param(r"2 \* 3 and \[1\]", r"2 \* 3 and \[1\]", id="escapes that Markdown needs"),
        pytest.param("![a picture](x.png) It shows ![this][1].", "It shows.", id="pictures"),
    ],
)
def test_people_read_the_words(written: str, read: str) -> None:
    assert readable(written) == read


@pytest.mark.parametrize(("written", "empty"), [("{% include x.html %}", True), ("![x](y)", True), ("---", False), ("[a](b)", False)])
def test_markup_without_words_is_empty(written: str, empty: bool) -> None:  # noqa: FBT001  a table's column
    assert is_empty(written) is empty


@given(st.text(alphabet="ab *_`[](){}%<>!#&\\~-/:\n", max_size=60))
def test_any_text_becomes_one_line(written: str) -> None:
    assert "\n" not in readable(written)
