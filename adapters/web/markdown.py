"""An answer's Markdown -> HTML that is safe to show, with footnote marks that are links. Pure.

Nothing of the text can become markup but what Markdown makes of it, and of that only what the list below allows. `[n]`
becomes a superscript mark where citation n exists and stays text where it does not. A link survives only if its address
stands in a passage that the answer cites: an address that a text made up is shown, but cannot be followed.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

TAGS = {
    *("p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "strong", "em", "del", "h3", "h4", "h5"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "sup", "span"),
}
ATTRIBUTES = {
    "a": {"href", "rel", "target", "role", "aria-label", "data-n"},
    "span": {"data-notes"},
    "sup": {"data-n"},
    "ol": {"start"},
}
CLASSES = {"span": {"claim"}, "sup": {"note"}, "td": {"number"}, "th": {"number"}}
HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h5", "h6": "h5"}
"""An answer stands under its question, which is a heading of level two."""

NOTE = re.compile(r"\[([1-9]\d{0,2})\]")
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”\u2019)]*\s+(?=[\"'“\u2018(]?[^\W_a-z])|\n")
"""Where one sentence ends and the next begins with a capital or a figure; good enough to light one, never to cut one."""

ENDED = re.compile(r"[.!?…][\"'”\u2019)]*\s*$")


def to_html(text: str, marks: Mapping[int, str], quotes: Sequence[str] = ()) -> str:
    """Return `text` as safe HTML; `marks` are the marks there are, `quotes` the words that links may come from."""
    env = {"marks": marks, "quotes": quotes}
    unsafe = _parser().render(text, env)
    return nh3.clean(
        unsafe,
        tags=TAGS,
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        allowed_classes={tag: set(names) for tag, names in CLASSES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """Build the parser: CommonMark with tables, without HTML, images and definitions of links."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline", "image", "reference"])
    parser.inline.ruler.before("link", "note", _note)
    parser.core.ruler.push("ours", lambda state: _rework(state.tokens, state.env))
    parser.add_render_rule("note", _render_note)
    return parser


def _note(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's own signature
    """Take `[n]` where there is a mark n, before Markdown takes it for a link."""
    found = NOTE.match(state.src, state.pos)
    if found is None or int(found[1]) not in state.env["marks"]:
        return False
    if not silent:
        state.push("note", "", 0).meta = {"n": int(found[1])}
    state.pos = found.end()
    return True


def _render_note(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, env: EnvType) -> str:
    """Render one mark."""
    return str(env["marks"][tokens[at].meta["n"]])


def _rework(tokens: list[Token], env: EnvType) -> None:
    """Lower headings, line up numbers, take away links that no source has, and wrap what each footnote supports."""
    for token in tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)
        if token.tag in {"td", "th"} and "right" in str(token.attrs.pop("style", "")):
            token.attrSet("class", "number")
        if token.children:
            token.children = _claims(_links(token.children, env["quotes"]))


def _links(children: list[Token], quotes: Sequence[str]) -> list[Token]:
    """Keep the links whose address a cited passage has; of the others keep the words."""
    kept: list[Token] = []
    allowed = [False]
    for token in children:
        if token.type == "link_open":
            href = str(token.attrs.get("href", ""))
            allowed.append(any(href and href in quote for quote in quotes))
            token.attrs = {"href": href, "rel": "noopener noreferrer nofollow", "target": "_blank"}
        keep = token.type not in {"link_open", "link_close"} or allowed[-1]
        if token.type == "link_close":
            allowed.pop()
        kept += [token] if keep else []
    return kept


def _claims(children: list[Token]) -> list[Token]:
    """Wrap every sentence that has footnotes, so that a mark can light what it supports."""
    wrapped: list[Token] = []
    for sentence in _sentences(children):
        notes = [str(token.meta["n"]) for token in sentence if token.type == "note"]
        wrapped += _wrapped(sentence, " ".join(notes)) if notes else sentence
    return wrapped


def _wrapped(sentence: list[Token], notes: str) -> list[Token]:
    """Wrap one sentence. A mark stands close to its word; space and line ends around the sentence stay outside."""
    for word, mark in pairwise(sentence):
        if mark.type == "note" and word.type == "text":
            word.content = word.content.rstrip()
    first = next(at for at, token in enumerate(sentence) if token.content.strip() or token.nesting or token.meta)
    said = sentence[first:]
    before, after = _cut_space(said[0], at_end=False), _cut_space(said[-1], at_end=True)
    opening = Token("claim_open", "span", 1, attrs={"class": "claim", "data-notes": notes})
    return [*sentence[:first], *before, opening, *said, Token("claim_close", "span", -1), *after]


def _cut_space(token: Token, *, at_end: bool) -> list[Token]:
    """Take the space at one end of a text off it, and return it as a token of its own."""
    cut = token.content.rstrip() if at_end else token.content.lstrip()
    if token.type != "text" or token.content == cut:
        return []
    token.content = cut
    return [Token("text", "", 0, content=" ")]


def _sentences(children: list[Token]) -> list[list[Token]]:
    """Part a line's tokens into sentences. A mark after the full stop still belongs to the sentence before it."""
    sentences: list[list[Token]] = [[]]
    depth = 0
    for token in _fragments(children):
        words = (token.type == "text" and bool(token.content.strip())) or token.nesting == 1
        if depth == 0 and ((words and _ended(sentences[-1])) or token.type in {"softbreak", "hardbreak"}):
            sentences.append([])
        depth += token.nesting
        sentences[-1].append(token)
    return sentences


def _ended(sentence: Sequence[Token]) -> bool:
    """Whether the words so far end a sentence, marks and space after them aside."""
    said = "".join(token.content for token in sentence if token.type in {"text", "code_inline"})
    return bool(ENDED.search(said))


def _fragments(children: Sequence[Token]) -> list[Token]:
    """Cut text tokens that stand in no other markup where a sentence ends."""
    cut: list[Token] = []
    depth = 0
    for token in children:
        depth += token.nesting
        if token.type == "text" and depth == 0:
            cut += [Token("text", "", 0, content=part) for part in _parts(token.content)]
        else:
            cut.append(token)
    return cut


def _parts(text: str) -> list[str]:
    """Part `text` after each sentence; the space between two is a part of its own."""
    edges = [0, *(edge for found in SENTENCE_END.finditer(text) for edge in found.span()), len(text)]
    return [text[a:b] for a, b in pairwise(edges) if a < b]
