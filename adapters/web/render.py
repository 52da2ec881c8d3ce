"""Answer -> HTML. Pure.

Every value of the templates is escaped by them; the one thing that enters as markup is what `markdown.to_html` made.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from adapters import footnotes
from adapters.footnotes import day, place_in, source_line
from adapters.web.markdown import to_html
from adapters.web.static import version
from adapters.web.texts import OUTCOMES, VERDICTS, WORDS
from bot.messages import Answer, Citation, Outcome, TurnId
from bot.reply import Step
from bot.texts import STEPS, joined

SIGNS = re.compile(r" ?\[\d{1,3}\]|[*_`#>|\\]+")
"""What an answer's text has that is not read aloud."""

PAGES = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Who asked, where, and whether too early: what an answer looks like depends on nothing else."""

    email: str  # who opens the footnotes
    name: str
    place: str = ""  # the channel; empty in private
    turn: TurnId
    early: str = ""  # what is said beside the answer because documents were still being read when it was asked for


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates, read once."""
    pages = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals.update(words=WORDS, say=say, verdicts=VERDICTS, outcomes=OUTCOMES, version=version)
    pages.filters["day"] = day
    return pages


def page(name: str, /, **values: object) -> str:
    """Render the template `name`."""
    return environment().get_template(name).render(**values)


def say(word: str, /, **values: object) -> str:
    """Return the words of that name, filled in."""
    return WORDS[word].format(**values)


def step(doing: Step) -> str:
    """Say what is being done, in words."""
    return str(escape(STEPS[doing]))


def extracts(answer: Answer, setting: Setting) -> str:
    """Show the cited extracts, while the written answer is on its way."""
    return page("extracts.html", body=_body(answer, setting))


def written(text: str) -> str:
    """Show the written answer so far. Its marks are not links yet: its citations are known when it is finished."""
    numbers = range(1, 1 + min(text.count("["), 99))
    return to_html(text, {n: f'<sup class="note" data-n="{n}"><span>{n}</span></sup>' for n in numbers})


def outcome(answer: Answer, setting: Setting) -> str:
    """Show the finished answer with its sources, its notice and what can be done next; of a silent one, only that it is."""
    return page(
        "answer.html",
        answer=answer,
        setting=setting,
        body=_body(answer, setting),
        early=early(answer, setting),
        notice=joined(answer.notice, early(answer, setting)),
        sources=[(citation, source_line(citation, answer), link(citation, setting)) for citation in answer.citations],
        offer_private=bool(setting.place) and answer.withheld,
    )


def spoken(answer: Answer, most: int) -> str:
    """Return the beginning of the answer as it is read aloud: no marks, no Markdown, whole words; nothing of a silent one."""
    if answer.silent:
        return WORDS["quiet"]
    plain = " ".join(SIGNS.sub("", answer.text).split())
    return plain if len(plain) <= most else f"{plain[:most].rpartition(' ')[0]} …"


def early(answer: Answer, setting: Setting) -> str:
    """Return what is said because the question came too early; nothing beside an apology, which says itself what to do."""
    return "" if answer.silent or answer.outcome is Outcome.APOLOGY else setting.early


def link(citation: Citation, setting: Setting) -> str:
    """Return the address of the cited words in their document, for whoever asked."""
    return footnotes.link(citation, setting.email)


def data(values: Mapping[str, object]) -> Markup:
    """Return `values` as JSON that cannot end the element it stands in."""
    plain = json.dumps(values, ensure_ascii=False)
    return Markup(plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped here


def _body(answer: Answer, setting: Setting) -> Markup:
    """Return the answer's text with its marks linked."""
    marks = {citation.n: _mark(citation, setting) for citation in answer.citations}
    made = to_html(answer.text, marks, [citation.quote for citation in answer.citations])
    return Markup(made)  # noqa: S704 - sanitised by nh3


def _mark(citation: Citation, setting: Setting) -> str:
    """Return the superscript link of one citation."""
    label = ", ".join(filter(None, (say("footnote", n=citation.n, title=citation.title), place_in(citation))))
    return (
        f'<sup class="note" data-n="{citation.n}"><a href="{escape(link(citation, setting))}" data-n="{citation.n}" '
        f'role="doc-noteref" aria-label="{escape(label)}">{citation.n}</a></sup>'
    )
