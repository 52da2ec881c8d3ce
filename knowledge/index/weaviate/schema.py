"""What the collection is called and made of, and what somebody changed by hand."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

PREFIX = "Footnote_"
"""Every collection of ours, and no other, begins so."""
VERSION = 1
"""Of what `definition` says. One that is higher is another collection, built beside the old one."""
K1 = 1.2
VECTOR_INDEX_FROM = 10_000  # passages of a tenant; below, an exact scan over codes is as fast and costs no memory
_MODEL_CHARACTERS = 100  # Weaviate takes names of 255
_SHOWN_AS = {"distance": "distanceMetric"}
"""What the client calls otherwise when it shows a collection."""
_CODES = {"enabled": True, "bits": 8}  # rotational quantization: a quarter of the memory, exact distances from disk for what is found


def collection_name(model: str, dimension: int) -> str:
    """Letters, digits and `_`, as Weaviate has it. Two models never share one, however alike their names: a digest tells them apart."""
    digest = hashlib.sha256(f"{model}\n{dimension}\n{VERSION}".encode()).hexdigest()[:10]
    return f"{PREFIX}{re.sub(r'[^A-Za-z0-9]+', '_', model)[:_MODEL_CHARACTERS]}_{dimension}_v{VERSION}_{digest}"


def definition(name: str, replicas: int) -> dict[str, Any]:
    """The collection as Weaviate's REST interface takes it. Whatever matters is written out: defaults differ from version to version."""
    return {
        "class": name,
        "description": "Passages of Footnote's companies, a tenant each. Can be built again from PostgreSQL.",
        # A tenant that was removed must not come back because somebody still writes to it.
        "multiTenancyConfig": {"enabled": True, "autoTenantCreation": False, "autoTenantActivation": True},
        "replicationConfig": {"factor": replicas, "deletionStrategy": "TimeBasedResolution"},
        "invertedIndexConfig": {"bm25": {"k1": K1, "b": 0.75}, "stopwords": {"preset": "none"}},
        "properties": [
            _text("passage", "field"),
            _text("document", "field"),
            {"name": "version", "dataType": ["int"], "indexFilterable": True, "indexSearchable": False},
            _text("terms", "whitespace", searchable=True),  # our analyser has done the work: the engine only splits at spaces
            # FIELD is a matter of access: split into words, `a-b` would match `a`.
            _text("readers", "field", many=True),
        ],
        "vectorizer": "none",
        "vectorIndexType": "dynamic",
        "vectorIndexConfig": {
            "distance": "cosine",
            "threshold": VECTOR_INDEX_FROM,
            "flat": {"distance": "cosine", "rq": _CODES},
            "hnsw": {"distance": "cosine", "rq": _CODES},
        },
    }


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What of `wanted` is otherwise in `found`, a phrase each. What `found` has besides is its own matter."""
    return list(_differences(wanted, found, ""))


def _text(name: str, tokenization: str, *, searchable: bool = False, many: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "dataType": ["text[]" if many else "text"],
        "tokenization": tokenization,
        "indexFilterable": not searchable,
        "indexSearchable": searchable,
    }


def _differences(wanted: object, found: object, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping):
        held = found if isinstance(found, Mapping) else {}
        for key, value in wanted.items():
            yield from _differences(value, held.get(key, held.get(_SHOWN_AS.get(key))), f"{path}.{key}" if path else key)
    elif path == "properties" and isinstance(wanted, list):
        yield from _differences(_by_name(wanted), _by_name(found if isinstance(found, list) else []), "properties")
    elif wanted != found:
        yield f"{path} is {'missing' if found is None else repr(found)}, not {wanted!r}"


def _by_name(properties: list[Any]) -> dict[str, Any]:
    return {one["name"]: one for one in properties}
