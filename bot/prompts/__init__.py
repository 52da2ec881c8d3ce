"""Prompts: Markdown files with a name, a version and declared variables, read and checked once, at start.

A file has front matter (`name`, `version`, `variables`), then `## system` and `## user`. `{{variable}}` stands for a value. One that
follows another prompt has no `## system`: it is read with the other's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

import yaml

from bot.errors import BadPrompt
from bot.llm.port import Prompt

_FILE = re.compile(r"---\n(?P<head>.*?)\n---\n\s*(?:## system\n(?P<system>.*?)\n)?## user\n(?P<user>.*)", re.DOTALL)
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_NEEDED = frozenset({"answer", "again", "judge", "summarize", "rewrite", "restate", "expand"})
_FOLLOWING = frozenset({"again.md"})  # files whose prompt is put below another one
_HEAD = frozenset({"name", "version", "variables"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One prompt file, checked: the variables it declares are exactly those it uses, none of them in `system`."""

    name: str
    version: int
    variables: frozenset[str]
    system: str
    user: str

    def filled(self, **values: str) -> Prompt:
        """The prompt with its variables filled in, in one pass: `{{…}}` inside a value stays what it is.

        Raises `BadPrompt` if a variable is missing or unknown.
        """
        if values.keys() != self.variables:
            message = f"Prompt {self.name} takes {sorted(self.variables)}, not {sorted(values)}."
            raise BadPrompt(message)
        user = _VARIABLE.sub(lambda match: values[match[1]], self.user)
        return Prompt(self.system, user, f"{self.name}@{self.version}")

    def after(self, first: Prompt, **values: str) -> Prompt:
        """`first` with this below it: all that went before stays the same, so that providers need not read it again."""
        filled = self.filled(**values)
        return Prompt(first.system, f"{first.user}\n\n{filled.user}", filled.name)


Prompts = Mapping[str, Template]
"""The prompts by name."""


def load(folder: Path = Path(__file__).parent) -> Prompts:
    """All prompts in `folder`. Raises `BadPrompt`, naming the file, for one that cannot be used or is missing."""
    found = {path.stem: parse(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md"))}
    missing = _NEEDED - found.keys()
    if missing:
        message = f"Prompts are missing in {folder}: {', '.join(sorted(missing))}."
        raise BadPrompt(message)
    return found


def parse(file: str, text: str) -> Template:
    """One prompt file's text, checked. Raises `BadPrompt`."""
    match = _FILE.fullmatch(text)
    if match is None:
        _refuse(file, "it needs front matter between ---, then `## system`, unless it follows another prompt, and `## user`")
    head = _head(file, match["head"])
    system, user = (match["system"] or "").strip(), match["user"].strip()
    if file in _FOLLOWING and system:
        _refuse(file, "it follows another prompt, whose `## system` holds; it has none of its own")
    if file not in _FOLLOWING and not system:
        _refuse(file, "it needs a `## system` above `## user`")
    declared = frozenset(head["variables"])
    used = frozenset(_VARIABLE.findall(user))
    if f"{head['name']}.md" != file:
        _refuse(file, f"its name is {head['name']!r}, which is not the file's")
    if _VARIABLE.search(system):
        _refuse(file, "`## system` uses a variable; it is the same for every question, so that it can be cached")
    if declared != used:
        _refuse(file, f"it declares {sorted(declared)} but uses {sorted(used)}")
    return Template(name=head["name"], version=head["version"], variables=declared, system=system, user=user)


def _head(file: str, text: str) -> dict[str, Any]:
    try:
        head = yaml.safe_load(text)
    except yaml.YAMLError:
        head = None
    if not isinstance(head, dict) or head.keys() != _HEAD:
        _refuse(file, f"its front matter needs {', '.join(sorted(_HEAD))} and nothing else")
    if not isinstance(head["version"], int) or not isinstance(head["name"], str) or not isinstance(head["variables"], list):
        _refuse(file, "version is a number, name a word and variables a list")
    return head


def _refuse(file: str, why: str) -> Never:
    message = f"The prompt {file} cannot be used: {why}."
    raise BadPrompt(message)
