"""The demo company, built once and read back once for all its tests."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any

import kreuzberg
import pytest
import yaml

from adapters.demo.build import build
from adapters.demo.company import READERS


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds every document of the company."""
    target = tmp_path_factory.mktemp("larkspur")
    build(target)
    return target


@pytest.fixture(scope="session")
def texts(built: Path) -> Mapping[str, str]:
    """Return each document's extracted text, white space made single, by its path below the folder."""
    paths = (path for path in sorted(built.rglob("*")) if path.is_file())
    return MappingProxyType({path.relative_to(built).as_posix(): _text(path) for path in paths})


@pytest.fixture(scope="session")
def policy() -> Mapping[str, Any]:
    """Return the readers file as it is written."""
    return MappingProxyType(yaml.safe_load(READERS.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def readers_of(policy: Mapping[str, Any]) -> Callable[[str], list[str]]:
    """Return what gives a path's readers: those of the first rule that matches, as `footnote ingest --readers` does."""
    return lambda path: next((rule["readers"] for rule in policy["rules"] if fnmatchcase(path, rule["path"])), [])


def _text(path: Path) -> str:
    return " ".join(kreuzberg.extract_file_sync(str(path)).content.split())
