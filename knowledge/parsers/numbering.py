"""What Word's styles and numbering say about a paragraph: is it a heading, is it a list item, which number does it bear. Pure."""

import re
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

_HEADING = re.compile(r"heading (\d)|überschrift (\d)|titre (\d)", re.IGNORECASE)
_LONGEST_CHAIN = 20  # styles based on one another
_LEVELS = 9


@dataclass(frozen=True, slots=True)
class Style:
    """What matters of a paragraph's style."""

    heading: int = 0  # 1 to 9; 0: it is none
    list_id: str = ""  # empty: it is no list item
    list_level: int = 0  # 0 to 8


class Styles:
    """The styles of one document."""

    def __init__(self, root: ET.Element | None) -> None:
        """`root` is `word/styles.xml`, or None if the document has none."""
        self._styles = {each.get("styleId", ""): each for each in (root.findall("style") if root is not None else ())}
        self._known: dict[str, Style] = {}

    def of(self, properties: ET.Element | None) -> Style:
        """What a paragraph with these properties is: by its style, and by what it says itself."""
        if properties is None:
            return Style()
        named = properties.find("pStyle")
        return _with_own(self._named(named.get("val", "") if named is not None else "", 0), properties)

    def _named(self, style_id: str, depth: int) -> Style:
        if style_id not in self._known:
            self._known[style_id] = self._built(style_id, depth)
        return self._known[style_id]

    def _built(self, style_id: str, depth: int) -> Style:
        element = self._styles.get(style_id)
        if element is None or depth > _LONGEST_CHAIN:
            return Style()
        based = element.find("basedOn")
        style = self._named(based.get("val", ""), depth + 1) if based is not None else Style()
        name = element.find("name")
        heading = _heading(name.get("val", "") if name is not None else "")
        properties = element.find("pPr")
        style = replace(style, heading=heading or style.heading)
        return style if properties is None else _with_own(style, properties)


def _heading(name: str) -> int:
    if name.lower() == "title":
        return 1
    found = _HEADING.match(name)
    return int(next(filter(None, found.groups()))) if found else 0


def _with_own(style: Style, properties: ET.Element) -> Style:
    """`style` with what the paragraph's own properties change. Numbering 0 takes a style's numbering away."""
    outline = _value(properties, "outlineLvl")
    list_id = _value(properties, "numPr/numId")
    level = _value(properties, "numPr/ilvl")
    return Style(
        heading=int(outline) + 1 if outline in {*"012345678"} else style.heading,
        list_id="" if list_id == "0" else list_id or style.list_id,
        list_level=int(level) if level in {*"012345678"} else style.list_level,
    )


def _value(element: ET.Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else found.get("val", "")


class Numbering:
    """The lists of one document, counting as they are read from top to bottom."""

    def __init__(self, root: ET.Element | None) -> None:
        """`root` is `word/numbering.xml`, or None if the document has none."""
        patterns = {each.get("abstractNumId", ""): _patterns(each) for each in (root.findall("abstractNum") if root is not None else ())}
        self._lists = {each.get("numId", ""): _value(each, "abstractNumId") for each in (root.findall("num") if root is not None else ())}
        self._patterns = patterns
        self._counts: dict[str, list[int]] = {}

    def mark(self, list_id: str, level: int) -> tuple[str, int]:
        """The mark of the next item of a list, with a space after it (`- `, `2. `, `2.1 `), and the level to indent it by."""
        formats = self._patterns.get(self._lists.get(list_id, ""), [])
        number_format, pattern = formats[level] if level < len(formats) else ("bullet", "")
        counts = self._counts.setdefault(list_id, [0] * _LEVELS)
        counts[level] += 1
        counts[level + 1 :] = [0] * (_LEVELS - level - 1)
        if number_format == "none":
            return "", level
        if number_format == "bullet" or "%" not in pattern:
            return "- ", level
        return re.sub(r"%(\d)", lambda found: _numeral(counts, formats, int(found[1]) - 1), pattern) + " ", level


def _patterns(abstract: ET.Element) -> list[tuple[str, str]]:
    """(number format, text pattern) per level."""
    levels = sorted(abstract.findall("lvl"), key=lambda level: level.get("ilvl", "0"))
    return [(_value(level, "numFmt") or "decimal", _value(level, "lvlText")) for level in levels[:_LEVELS]]


def _numeral(counts: list[int], formats: list[tuple[str, str]], level: int) -> str:
    if not 0 <= level < len(formats):
        return ""
    count = max(1, counts[level])
    letters = {"lowerLetter": "a", "upperLetter": "A"}.get(formats[level][0])
    return chr(ord(letters) + (count - 1) % 26) if letters else str(count)
