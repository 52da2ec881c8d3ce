"""May these people read this? The one place that decides. Empty means no."""

from knowledge.documents import Readers
from tenancy.viewer import Audience, Principal, Viewer


def holds(principals: frozenset[Principal], readers: Readers) -> bool:
    """Whether somebody with `principals` is named in `readers`. Nobody is in an empty list, and nobody holds nothing."""
    return not principals.isdisjoint(readers)


def may_read(viewer: Viewer, readers: Readers) -> bool:
    """Whether `viewer` may read what has these readers."""
    return holds(viewer.principals, readers)


def may_all_read(audience: Audience, readers: Readers) -> bool:
    """Whether every member of `audience` may read it. An empty audience adds nobody to the asker, so it objects to nothing."""
    return all(holds(principals, readers) for principals in audience.members)


def all_may_read(viewer: Viewer, audience: Audience, readers: Readers) -> bool:
    """Whether a document with these readers may be used for `viewer` before `audience`."""
    return may_read(viewer, readers) and may_all_read(audience, readers)
