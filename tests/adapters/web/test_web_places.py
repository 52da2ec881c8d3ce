"""Who may ask as whom, and where."""

import pytest

from adapters.demo import company as demo
from adapters.web.demo import demo_company
from adapters.web.errors import NoSuchMember, NoSuchPlace, NotInPlace
from tests.adapters.web.web_house import ANA, BOB, COMPANY


def test_an_email_is_found_in_any_case() -> None:
    assert COMPANY.member(f" {ANA.upper()} ").name == "Ana Lima"


def test_a_stranger_is_told_to_choose_from_the_list() -> None:
    with pytest.raises(NoSuchMember, match=r"Acme has nobody called “eve@x\.example”"):
        COMPANY.member("eve@x.example")


def test_nobody_asks_where_they_are_not() -> None:
    assert COMPANY.channel("", COMPANY.member(BOB)) is None
    assert COMPANY.channel("#all", COMPANY.member(BOB)) == COMPANY.channels[0]
    with pytest.raises(NotInPlace, match="Bob Kim is not in #people"):
        COMPANY.channel("#people", COMPANY.member(BOB))
    with pytest.raises(NoSuchPlace, match="no channel “#none”"):
        COMPANY.channel("#none", COMPANY.member(BOB))


def test_members_are_named_in_the_companys_order() -> None:
    assert COMPANY.names([BOB, ANA, "eve@x.example"]) == ["Ana Lima", "Bob Kim"]


def test_every_person_and_place_of_the_demo_company_can_be_chosen() -> None:
    company = demo_company(demo.load())
    assert len(company.members) == 12
    assert all(channel.name.startswith("#") for channel in company.channels)
    for suggestion in company.suggestions:
        company.channel(suggestion.place, company.member(suggestion.person))
