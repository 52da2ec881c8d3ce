"""The parts of an Office file (Open Packaging Conventions), read safely. Pure, standard library.

Names come without namespaces, so that the transitional and the strict form of the formats look alike; only the attributes
that point at relations keep a mark: `r:id`.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree as ET

from knowledge.parsers.refusals import BOMB, BROKEN

LARGEST_PART = 100_000_000
"""Bytes of one unpacked part."""

_DOCTYPE = re.compile(rb"<!\0?D\0?O\0?C\0?T", re.IGNORECASE)
_RELATIONS = ("/officeDocument/2006/relationships}", "/ooxml/officeDocument/relationships}")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, ET.ParseError, NotImplementedError, EOFError, ValueError, KeyError, OSError)


class Package:
    """One open Office file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """For `opened` to call."""
        self._archive = archive

    def part(self, path: str) -> ET.Element | None:
        """The root of one XML part, or None if there is none of that name.

        Raises `Unreadable` for parts over `LARGEST_PART` and for document type declarations: Office writes none, and entities
        are made of them.
        """
        try:
            with self._archive.open(path) as entry:
                raw = entry.read(LARGEST_PART + 1)
        except KeyError:
            return None
        if len(raw) > LARGEST_PART:
            raise BOMB.error()
        if _DOCTYPE.search(raw):
            raise BROKEN.error()
        root = ET.fromstring(raw)  # noqa: S314 - no document type, so no entities; and in a child with limits
        for element in root.iter():
            element.tag = _local(element.tag)
            if element.attrib:
                element.attrib = {_attribute(name): value for name, value in element.attrib.items()}
        return root

    def relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Id to (kind, path) of the parts that a part points at. What lies outside the file is never looked at."""
        folder, file = posixpath.split(path)
        found = self.part(f"{folder}/_rels/{file}.rels")
        return {
            relation.get("Id", ""): (
                relation.get("Type", "").rsplit("/", 1)[-1],
                posixpath.normpath(posixpath.join(folder, relation.get("Target", ""))).lstrip("/"),
            )
            for relation in (found if found is not None else ())
            if relation.get("TargetMode") != "External"
        }

    def fact(self, name: str) -> str | None:
        """One core property: `title`, `modified`, `created`."""
        facts = self.part("docProps/core.xml")
        found = None if facts is None else facts.find(name)
        return None if found is None else found.text


@contextmanager
def opened(data: bytes) -> Iterator[Package]:
    """The Office file in `data`. Whatever is wrong inside it becomes `Unreadable` on the way out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield Package(archive)
    except _UNREADABLE as error:
        raise BROKEN.error() from error


def shown(element: ET.Element) -> Iterator[ET.Element]:
    """The children of `element` that are shown: of alternatives only the first, without deleted text."""
    for child in element:
        if child.tag == "AlternateContent":
            for choice in child.findall("Choice")[:1] or child.findall("Fallback")[:1]:
                yield from shown(choice)
        elif child.tag not in {"del", "moveFrom", "Fallback"}:
            yield child


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _attribute(name: str) -> str:
    return ("r:" if any(relations in name for relations in _RELATIONS) else "") + _local(name)
