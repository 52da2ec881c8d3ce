import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.access import may_all_read, may_read
from tenancy.viewer import Audience, Principal, TenantId
from tests.knowledge.parts import viewer_of

principals = st.frozensets(st.sampled_from(["everyone", "group:files:hr", "group:files:legal", "person:1"]).map(Principal))


def who(*held: str) -> frozenset[Principal]:
    return frozenset(map(Principal, held))


@pytest.mark.parametrize(
    ("held", "readers", "may"),
    [
        pytest.param(who("everyone"), who("everyone"), True, id="what one holds"),
        pytest.param(who("everyone"), who("group:files:hr"), False, id="what one does not hold"),
        pytest.param(who(), who("everyone"), False, id="who holds nothing reads nothing"),
        pytest.param(who("everyone"), who(), False, id="what nobody is named for nobody reads"),
        pytest.param(who(), who(), False, id="nothing and nobody do not meet"),
    ],
)
def test_a_viewer_reads_what_names_them(held: frozenset[Principal], readers: frozenset[Principal], *, may: bool) -> None:
    assert may_read(viewer_of(TenantId("t"), *held), readers) is may


@given(st.lists(principals), principals)
def test_an_audience_reads_what_every_member_reads(members: list[frozenset[Principal]], readers: frozenset[Principal]) -> None:
    viewers = [viewer_of(TenantId("t"), *held) for held in members]
    everybody = bool(viewers) and all(may_read(viewer, readers) for viewer in viewers)
    assert may_all_read(Audience.of(viewers), readers) is everybody


@given(st.lists(principals, min_size=1), principals)
def test_what_a_shared_principal_opens_all_may_read(members: list[frozenset[Principal]], readers: frozenset[Principal]) -> None:
    audience = Audience.of(viewer_of(TenantId("t"), *held) for held in members)
    assert not audience.shared() & readers or may_all_read(audience, readers)


def test_an_audience_that_turns_out_to_be_nobody_may_read_nothing() -> None:
    assert Audience.of([]) != Audience()
    assert not may_all_read(Audience.of([]), who("everyone"))


def test_an_audience_of_nobody_shares_nothing_and_objects_to_nothing() -> None:
    assert Audience().shared() == frozenset()
    assert may_all_read(Audience(), who())
