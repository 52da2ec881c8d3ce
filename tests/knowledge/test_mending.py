"""What keeps an index from being what PostgreSQL says. Pure."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import DocumentId
from knowledge.index.port import NOTHING, Held
from knowledge.ingest.mending import difference
from tenancy.viewer import EVERYONE, Principal

ALL, HR = frozenset({EVERYONE}), frozenset({Principal("group:hr")})
A, B = DocumentId("a"), DocumentId("b")


def held(*found: tuple[str, int, int], readers: frozenset[Principal] = ALL) -> Counter[Held]:
    """So many passages of these documents and versions."""
    return Counter({Held(DocumentId(document), version, readers): passages for document, version, passages in found})


def test_what_is_as_it_should_be_is_no_difference() -> None:
    assert not difference(held(("a", 1, 3)), {A}, held(("a", 1, 3)), exact=True)


@pytest.mark.parametrize("there", [held(), held(("a", 1, 2)), held(("a", 1, 3))], ids=["nothing", "a part", "the version before"])
def test_what_is_not_whole_is_lost(there: Counter[Held]) -> None:
    found = difference(held(("a", 2, 3)), {A}, there, exact=False)
    assert found.lost == [A]


def test_what_is_older_or_gone_is_too_much() -> None:
    found = difference(held(("a", 2, 1)), {A}, held(("a", 2, 1), ("a", 1, 1), ("b", 4, 1)), exact=False)
    assert (found.stale, found.lost) == ({A: 2, B: NOTHING}, [])


def test_more_passages_than_a_version_has_are_taken_out_before_it_is_put_again() -> None:
    found = difference(held(("a", 2, 1)), {A}, held(("a", 2, 5)), exact=True)
    assert (found.stale, found.lost) == ({A: NOTHING}, [A])


@pytest.mark.parametrize("exact", [True, False])
def test_a_version_that_is_about_to_be_published_stays_unless_nobody_writes(*, exact: bool) -> None:
    found = difference(held(("a", 1, 1)), {A, B}, held(("a", 1, 1), ("a", 2, 1), ("b", 1, 1)), exact=exact)
    assert found.stale == ({A: 1, B: NOTHING} if exact else {})


def test_other_readers_are_a_difference_of_their_own() -> None:
    found = difference(held(("a", 1, 3), readers=HR), {A}, held(("a", 1, 3)), exact=False)
    assert (found.readers, found.lost) == ({A: HR}, [])
    mixed = held(("a", 1, 1)) + held(("a", 1, 2), readers=HR)
    assert difference(held(("a", 1, 3), readers=HR), {A}, mixed, exact=False).readers == {A: HR}


def test_a_difference_is_said_in_words() -> None:
    found = difference(held(("a", 2, 1)), {A}, held(("b", 1, 1)), exact=False)
    assert str(found) == "1 missing, 1 outdated, 0 with other readers"


_HELD = st.builds(Held, st.sampled_from([A, B, DocumentId("c")]), st.integers(1, 3), st.sampled_from([ALL, HR]))
_COUNTS = st.dictionaries(_HELD, st.integers(1, 3)).map(Counter)


@given(_COUNTS, _COUNTS)
def test_undoing_a_difference_leaves_none(wanted: Counter[Held], there: Counter[Held]) -> None:
    wanted = Counter({one: wanted[one] for one in {one.document: one for one in wanted}.values()})  # one version is current
    known = {one.document for one in wanted}
    found = difference(wanted, known, there, exact=True)
    after: Counter[Held] = Counter()
    for one, passages in there.items():
        if one.document not in found.stale or one.version == found.stale[one.document]:
            after[one._replace(readers=found.readers.get(one.document, one.readers))] += passages
    for one in wanted:
        if one.document in found.lost:
            after = Counter({other: count for other, count in after.items() if other.document != one.document}) + Counter(
                {one: wanted[one]}
            )
    assert after == wanted
