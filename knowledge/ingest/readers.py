"""The `--readers` file: who is in which group, and who may read what. First match wins; no match means nobody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.documents import Readers
from knowledge.errors import BadReaders
from tenancy.errors import BadEmail
from tenancy.users import address, person_id
from tenancy.viewer import EVERYONE, Principal, TenantId, group_principal, person_principal

_READER = re.compile(r"everyone|group:.+|person:.*@.*")
_EXAMPLE = 'Write `people: {ana@acme.example: [hr]}` and `rules: [{path: "hr/**", readers: ["group:hr"]}]`.'
_FORMS = "A reader is `everyone`, `group:NAME` or `person:E-MAIL`, such as `person:ana@acme.example`."


@dataclass(frozen=True, slots=True)
class ReadersFile:
    """Who belongs where, and the rules by path."""

    people: Mapping[str, Sequence[str]]  # e-mail -> names of groups
    rules: Sequence[tuple[re.Pattern[str], Readers]]

    def readers_of(self, name: str) -> Readers:
        """The readers of the document with this path; empty, so nobody, where no rule matches."""
        return next((readers for pattern, readers in self.rules if pattern.fullmatch(name)), frozenset())


def open_to_everyone(_name: str) -> Readers:
    """The readers of every document when no file says otherwise: every person of the tenant."""
    return frozenset({EVERYONE})


def principal_of(written: str, source: str, tenant: TenantId | None = None) -> Principal:
    """A principal as people write it.

    `group:hr` is the group `hr` of this source, `person:ana@acme.example` whoever signs in to `tenant` with that address; every other
    form stands for itself. So does a person where there is no tenant, as in a judged set. Raises `BadEmail`.
    """
    kind, _, rest = written.partition(":")
    if kind == "group" and ":" not in rest:
        return group_principal(source, rest)
    if kind == "person" and "@" in rest and tenant is not None:
        return person_principal(person_id(tenant, address(rest)))
    return Principal(written)


def load(path: Path, source: str, tenant: TenantId | None = None) -> ReadersFile:
    """Read a readers file for documents of `source`. Raises `BadReaders` with what to write instead.

    Without `tenant` the file may name no persons: the same address is somebody else in every tenant.
    """
    try:
        written: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"There is no readers file at {path}. Check the path."
        raise BadReaders(message) from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        message = f"{path} cannot be read as YAML: {' '.join(str(error).split())}"
        raise BadReaders(message) from error
    if not isinstance(written, dict) or not written.keys() <= {"people", "rules"}:
        message = f"{path} holds `people` and `rules`, nothing else. {_EXAMPLE}"
        raise BadReaders(message)
    return ReadersFile(_people(written.get("people") or {}, path), _rules(written.get("rules") or [], path, source, tenant))


def _people(written: Any, path: Path) -> Mapping[str, Sequence[str]]:  # noqa: ANN401 - whatever the YAML held
    if not isinstance(written, dict) or not all("@" in str(email) and _strings(groups or []) for email, groups in written.items()):
        message = f"{path}: `people` gives each e-mail a list of groups, such as `ana@acme.example: [hr, managers]`."
        raise BadReaders(message)
    return {str(email): list(groups or []) for email, groups in written.items()}


def _rules(written: Any, path: Path, source: str, tenant: TenantId | None) -> list[tuple[re.Pattern[str], Readers]]:  # noqa: ANN401 - whatever the YAML held
    if not isinstance(written, list):
        message = f"{path}: `rules` is a list. {_EXAMPLE}"
        raise BadReaders(message)
    rules = []
    for number, rule in enumerate(written, 1):
        if not isinstance(rule, dict) or not isinstance(rule.get("path"), str) or not _strings(rule.get("readers")):
            message = f"{path}: rule {number} needs a `path` and a list of `readers`. {_EXAMPLE}"
            raise BadReaders(message)
        readers = frozenset(_reader(reader, f"{path}: rule {number}", source, tenant) for reader in rule["readers"])
        rules.append((_pattern(rule["path"]), readers))
    return rules


def _reader(written: str, where: str, source: str, tenant: TenantId | None) -> Principal:
    if not _READER.fullmatch(written) or not written.isprintable():
        raise BadReaders(f"{where} names {written!r}. {_FORMS}")
    if tenant is None and written.startswith("person:"):
        raise BadReaders(f"{where} names {written!r}, but no tenant was given in which to look for that person. Name a group instead.")
    try:
        return principal_of(written, source, tenant)
    except BadEmail as error:
        raise BadReaders(f"{where} names {written!r}. {_FORMS}") from error


def _strings(written: Any) -> bool:  # noqa: ANN401 - whatever the YAML held
    return isinstance(written, list) and all(isinstance(entry, str) for entry in written)


def _pattern(glob: str) -> re.Pattern[str]:
    """`**` matches any folders or none, `*` and `?` within one name."""
    translated = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(translated.get(part, re.escape(part)) for part in parts), re.DOTALL)
