"""An entry as Weaviate keeps it, and back."""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.documents import DocumentId, PassageId
from knowledge.embedding.port import Vector
from knowledge.index.port import Entry, Held
from tenancy.viewer import Principal, TenantId

if TYPE_CHECKING:
    from weaviate.collections.classes.data import DataObject

_OURS = uuid.UUID("9d0d6f6e-2f0d-5f7b-8a51-6f1c7f0d5a11")
"""The namespace of our objects' names; made up once."""


def object_id(tenant: TenantId, passage: PassageId) -> uuid.UUID:
    """The same for the same passage in every process: putting it again replaces it. A passage's id holds its document and version."""
    return uuid.uuid5(_OURS, f"{tenant}\n{passage}")


def to_object(tenant: TenantId, entry: Entry) -> "DataObject[Mapping[str, Any], None]":
    """What is sent to be kept."""
    from weaviate.classes.data import DataObject

    return DataObject(
        uuid=object_id(tenant, entry.passage),
        properties={
            "passage": entry.passage,
            "document": entry.document,
            "version": entry.version,
            "terms": " ".join(entry.terms),
            "readers": sorted(entry.readers),
        },
        vector=entry.vector.tolist(),
    )


def to_held(properties: Mapping[str, Any]) -> Held:
    """What one object is counted under."""
    readers = frozenset(map(Principal, properties["readers"] or ()))
    return Held(DocumentId(properties["document"]), int(properties["version"]), readers)


def to_vector(vectors: Mapping[str, Any]) -> Vector:
    """An object's one vector, which has no name."""
    return np.asarray(vectors["default"], np.float32)
