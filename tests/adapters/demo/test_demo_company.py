"""People, groups and channels of the demo company, and who may read what."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from adapters.demo.company import Company, load

RESTRICTED = ["hr-cases", "people/pay", "finance", "legal", "project-kingfisher", "engineering", "support/internal"]


@pytest.fixture(scope="module")
def company() -> Company:
    return load()


def test_there_are_twelve_people_six_groups_and_four_suggestions(company: Company) -> None:
    assert (len(company.people), len(company.groups), len(company.suggestions)) == (12, 6, 4)
    assert 4 <= len(company.channels) <= 6


def test_every_group_of_a_person_exists_and_no_group_is_empty(company: Company) -> None:
    held = {group for person in company.people for group in person.groups}
    assert held == {group.name for group in company.groups}


def test_somebody_is_in_no_group_and_somebody_in_two(company: Company) -> None:
    assert {0, 2} <= {len(person.groups) for person in company.people}


def test_addresses_are_unique_and_belong_to_nobody_real(company: Company) -> None:
    addresses = [person.email for person in company.people]
    assert len(set(addresses)) == len(addresses)
    assert all(address.endswith(f"@{company.slug}.example") for address in addresses)


def test_everyone_in_a_channel_works_here(company: Company) -> None:
    addresses = {person.email for person in company.people}
    assert {member for channel in company.channels for member in channel.members} == addresses


def test_suggestions_are_asked_by_members_of_the_channel(company: Company) -> None:
    channels = {channel.name: channel.members for channel in company.channels}
    anyone = tuple(person.email for person in company.people)
    for suggestion in company.suggestions:
        assert suggestion.asker in (channels[suggestion.channel] if suggestion.channel else anyone)


def test_the_readers_file_knows_the_same_people_and_groups(company: Company, policy: Mapping[str, Any]) -> None:
    assert policy["people"] == {person.email: list(person.groups) for person in company.people}
    principals = {reader for rule in policy["rules"] for reader in rule["readers"]}
    assert principals <= {"everyone", *(f"group:{group.name}" for group in company.groups)}


@pytest.mark.parametrize("folder", RESTRICTED)
def test_a_restricted_folder_is_closed_to_everyone(folder: str, texts: Mapping[str, str], readers_of: Callable[[str], list[str]]) -> None:
    inside = [path for path in texts if path.startswith(f"{folder}/")]
    assert inside
    assert [path for path in inside if "everyone" in readers_of(path)] == []


def test_no_other_document_is_closed(texts: Mapping[str, str], readers_of: Callable[[str], list[str]]) -> None:
    outside = [path for path in texts if not path.startswith(tuple(f"{folder}/" for folder in RESTRICTED))]
    assert {tuple(readers_of(path)) for path in outside} == {("everyone",)}


def test_the_acquisition_is_named_in_no_document_that_others_may_read(
    texts: Mapping[str, str], readers_of: Callable[[str], list[str]]
) -> None:
    insiders = {"group:leadership", "group:legal"}
    telling = [
        path for path, text in texts.items() if any(word in text for word in ("Kingfisher", "Salix", "Wietske", "acquisition", "acquire"))
    ]
    assert telling
    assert [path for path in telling if not set(readers_of(path)) <= insiders] == []
