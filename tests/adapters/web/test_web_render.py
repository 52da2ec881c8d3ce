"""An answer as HTML: nothing of it becomes markup that should not, and each footnote opens its words."""

import re
from dataclasses import replace

import pytest

from adapters import footnotes
from adapters.web import render
from adapters.web.markdown import to_html
from adapters.web.render import Setting
from bot.messages import Answer, Outcome, TurnId
from bot.reply import Step
from tests.adapters.web.web_house import ANA, ANSWER, citation

PRIVATE = Setting(email=ANA, name="Ana Lima", turn=TurnId("t1"))
CHANNEL = replace(PRIVATE, place="#all")
MARKS = {1: "<sup>¹</sup>", 2: "<sup>²</sup>"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("See [9].", "<p>See [9].</p>", id="a number without a citation stays text"),
        pytest.param("`[1]`", "<p><code>[1]</code></p>", id="code stays code"),
        pytest.param("\\[1]", "<p>[1]</p>", id="an escaped mark stays text"),
        pytest.param("A [1].", '<p><span class="claim" data-notes="1">A<sup>¹</sup>.</span></p>', id="a mark stands close to its word"),
        pytest.param(
            "One. Two [1]. Three.",
            '<p>One. <span class="claim" data-notes="1">Two<sup>¹</sup>.</span> Three.</p>',
            id="a mark lights its sentence alone",
        ),
        pytest.param(
            "One. [1][2] Two.",
            '<p><span class="claim" data-notes="1 2">One.<sup>¹</sup><sup>²</sup></span> Two.</p>',
            id="marks after the full stop belong to the sentence before",
        ),
        pytest.param(
            "A **b. C** d [1]", '<p><span class="claim" data-notes="1">A <strong>b. C</strong> d<sup>¹</sup></span></p>', id="emphasis"
        ),
        pytest.param("# Big", "<h3>Big</h3>", id="headings go below the question"),
        pytest.param("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>", id="HTML is text"),
        pytest.param("![i](https://spy.example/p.png)", "<p>!i</p>", id="no image is fetched"),
        pytest.param("[k](javascript:alert(1))", "<p>[k](javascript:alert(1))</p>", id="no script in a link"),
        pytest.param("[k](https://spy.example/?q=secret)", "<p>k</p>", id="a made-up address cannot be followed"),
        pytest.param("[1](https://spy.example)", "<sup>¹</sup>(https://spy.example)", id="a mark is no link text"),
        pytest.param("[1]: https://spy.example\n\nA [1]", "<sup>¹</sup>", id="a mark cannot be redefined"),
        pytest.param("|a|b|\n|-|-:|\n|x [1]|2|", '<td class="number">2</td>', id="tables"),
        pytest.param("- a [1]\n- b", "<li>b</li>", id="lists"),
    ],
)
def test_markdown_becomes_safe_html(text: str, html: str) -> None:
    made = to_html(text, MARKS)
    assert html in made
    assert "spy.example" not in "".join(re.findall(r'(?:href|src)="([^"]*)"', made))


def test_a_link_that_a_cited_passage_has_can_be_followed() -> None:
    made = to_html("[form](https://hr.example/form)", {}, ["Use https://hr.example/form for it."])
    assert made == '<p><a href="https://hr.example/form" rel="noopener noreferrer nofollow" target="_blank">form</a></p>\n'


def test_a_footnote_opens_the_cited_words_for_who_asked() -> None:
    made = render.outcome(ANSWER, PRIVATE)
    mark = citation()
    address = (
        f"/d/d%2F1?start={mark.span.start}&amp;end={mark.span.end}&amp;as=ana%40acme.example&amp;is={footnotes.seal(mark.quote)}#passage"
    )
    assert made.count(f'href="{address}"') == 2
    assert 'aria-label="Footnote 1: Leave, Parental leave"' in made


def test_a_source_is_one_line() -> None:
    assert footnotes.source_line(ANSWER.citations[0], ANSWER) == "Leave · Handbook · updated 3 Mar 2026"


@pytest.mark.parametrize(
    ("page", "line"),
    [
        pytest.param(4, "Leave, page 4 · Handbook · updated 3 Mar 2026", id="by page"),
        pytest.param(None, "Leave, Parental leave · Handbook · updated 3 Mar 2026", id="by heading"),
    ],
)
def test_two_passages_of_one_document_are_told_apart(page: int | None, line: str) -> None:
    two = replace(ANSWER, citations=(citation(page=page), citation(2)))
    assert footnotes.source_line(two.citations[0], two) == line


def test_a_document_without_a_date_says_none() -> None:
    assert footnotes.source_line(citation(modified_at=None), ANSWER) == "Leave · Handbook"


def test_a_title_is_text_whatever_it_holds() -> None:
    evil = replace(ANSWER, citations=(citation(title='"><script>alert(1)</script>', heading=("<img src=x>",)),))
    made = render.outcome(evil, PRIVATE) + render.extracts(evil, PRIVATE)
    assert "<script" not in made
    assert "<img" not in made


@pytest.mark.parametrize(
    ("setting", "withheld", "offered"),
    [
        pytest.param(CHANNEL, True, True, id="a channel that may not read it all"),
        pytest.param(CHANNEL, False, False, id="a channel that may"),
        pytest.param(PRIVATE, True, False, id="in private there is nothing to offer"),
    ],
)
def test_what_a_channel_may_not_read_is_offered_in_private(setting: Setting, withheld: bool, offered: bool) -> None:  # noqa: FBT001 - a table's columns
    made = render.outcome(replace(ANSWER, withheld=withheld), setting)
    assert ("Ask in private" in made) is offered


@pytest.mark.parametrize(
    ("outcome", "word"),
    [(Outcome.NEAREST, "Nearest passage"), (Outcome.REFUSAL, "No source, no answer"), (Outcome.APOLOGY, "Ask again")],
)
def test_an_outcome_that_is_no_answer_says_so(outcome: Outcome, word: str) -> None:
    made = render.outcome(Answer(outcome=outcome, text="Words.", notice="A notice & more."), PRIVATE)
    assert word in made
    assert "A notice &amp; more." in made
    assert "Written by a model" not in made


def test_a_silent_answer_is_one_muted_line_without_sources_or_buttons() -> None:
    silent = replace(ANSWER, silent=True, withheld=True, notice="A notice.")
    assert render.outcome(silent, CHANNEL).strip() == '<p class="muted">Nobody asked me, so I stayed quiet.</p>'
    assert render.spoken(silent, 300) == "Nobody asked me, so I stayed quiet."


def test_every_outcome_and_step_has_its_words() -> None:
    assert all(render.outcome(replace(ANSWER, outcome=outcome), PRIVATE) for outcome in Outcome)
    assert all(render.step(step) for step in Step)


def test_a_growing_text_has_marks_that_are_no_links_yet() -> None:
    made = render.written("A [1]. B [2")
    assert '<sup class="note" data-n="1"><span>1</span></sup>' in made
    assert "[2" in made
    assert "href" not in made


def test_a_long_answer_is_read_aloud_only_at_its_beginning() -> None:
    long = replace(ANSWER, text="**Word** [1] " * 100)
    assert render.spoken(ANSWER, 300) == "It lasts 26 weeks."
    assert render.spoken(long, 30) == "Word Word Word Word Word Word …"


def test_data_cannot_end_its_element() -> None:
    assert "<" not in render.data({"words": "</script><!--"})
