"""A source's markup taken off, so that people read words: for answers, never for quotes. Pure."""

import html
import re
from typing import Final

_SIGNS: Final = re.compile(r"[\[<{&\\*_`#>~]")  # text without any of these is plain
_CODE: Final = re.compile(r"(`{1,3}[^`\n]+`{1,3})")
_INLINE: Final = "abbr|a|bdi|b|cite|code|del|em|font|ins|i|kbd|mark|q|samp|small|span|strike|strong|sub|sup|svg|s|u|var"
_BLOCK: Final = (
    "article|aside|blockquote|br|button|center|caption|col|dd|details|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|iframe|"
    "img|input|label|li|main|nav|ol|path|picture|pre|p|script|section|source|style|summary|table|tbody|td|tfoot|thead|th|tr|ul|video"
)
_RULES: Final = tuple(
    (re.compile(pattern, re.DOTALL), shown)
    for pattern, shown in (
        (r"<!--.*?(?:-->|$)", " "),
        (r"\{%\s*(?!include|link|page|post_url|render)\w+\s+[\"']([^\"'/%]+)[\"'][^%]*%\}", r"\1"),  # {% channel "general" %}
        (r"\{%.*?(?:%\}|$)|\{\{.*?(?:\}\}|$)|\{:[^}\n]*\}|^[^{}]*?%\}", " "),  # Jekyll, Liquid and kramdown
        (r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?", " "),
        (r"\[([^\]\[]+)\]\(\s*[^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\s*\)", r"\1"),
        (r"\[([^\]\[]+)\]\[[^\]]*\]", r"\1"),
        (r"<((?:https?://|mailto:)[^>\s]+|[\w.+-]+@[\w.-]+)>", r"\1"),
        (rf"</?(?:{_INLINE})\b[^<>]*>", ""),
        (rf"</?(?:{_BLOCK})\b[^<>]*>", " "),
        (r"^\s*(?:#{1,6}|>)\s+", ""),
        (r"(?<![\w\\])(?:[*_]{1,4}|~~)(?=[^\s*_~])|(?<=[^\s\\*_~])(?:[*_]{1,4}|~~)(?!\w)", ""),  # emphasis, whole or cut
        (r"(?<!\S)[*_]{2,4}(?!\S)", ""),
        (r"(?<=\w) +(?=[,.;:](?:\s|$))", ""),  # that what was taken off has left
        (r"\\([-.!#(){}&$><~+\"':/@%])", r"\1"),
        (r"(?<=\w)\\_(?=\w)", "_"),
    )
)


def readable(words: str) -> str:
    """`words` on one line without links' addresses, emphasis, tags, templates and needless escapes; code spans stay."""
    if not _SIGNS.search(words):
        return " ".join(words.split())
    parts = _CODE.split(words)
    plain = "".join(part if i % 2 else _plain(part) for i, part in enumerate(parts))
    return " ".join((plain if plain.count("`") % 2 == 0 else plain.replace("`", "")).split())


def is_empty(words: str) -> bool:
    """Whether `words` are markup and nothing else."""
    return bool(_SIGNS.search(words)) and not any(map(str.isalnum, readable(words)))


def _plain(words: str) -> str:
    for rule, shown in _RULES:
        words = rule.sub(shown, words)
    return html.unescape(words)
