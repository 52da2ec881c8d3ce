"""How far reading the demo company's documents is, as the terminal and the playground are told."""

import pytest

from adapters.demo_tenant import Reading


def test_a_first_start_is_under_way_until_every_document_is_done() -> None:
    said: list[str] = []
    reading = Reading(said.append)
    assert (reading.under_way, reading.ready, reading.documents) == (True, 0, 0)
    reading.found(25)
    for documents in (8, 9, 8):
        assert reading.under_way
        reading.advanced(documents, 30)
    assert (reading.under_way, reading.ready) == (False, 25)
    assert said == ["  17 of 25 documents can be asked about", "  25 of 25 documents can be asked about"]


@pytest.mark.parametrize(
    ("ready", "under_way"),
    [pytest.param(25, False, id="all"), pytest.param(26, False, id="more than there are now"), pytest.param(24, True, id="all but one")],
)
def test_what_an_earlier_start_read_is_known_once_it_is_counted(ready: int, under_way: bool) -> None:  # noqa: FBT001 - what is expected
    reading = Reading(print, ready=ready)
    assert reading.under_way
    reading.found(25)
    reading.advanced(3, 0)
    assert (reading.under_way, reading.ready) == (under_way, ready)


def test_a_start_goes_on_where_the_last_one_was_cut_off() -> None:
    reading = Reading(print, ready=20)
    reading.found(25)
    reading.advanced(20, 0)
    reading.advanced(4, 12)
    assert (reading.under_way, reading.ready) == (True, 24)
    reading.advanced(1, 2)
    assert (reading.under_way, reading.ready) == (False, 25)


def test_what_is_refused_cannot_be_asked_about() -> None:
    reading = Reading(print)
    reading.found(3)
    for _ in range(3):
        reading.advanced(1, 0)
    assert (reading.under_way, reading.ready) == (True, 0)


def test_reading_that_ended_before_all_was_read_is_not_under_way() -> None:
    reading = Reading(print)
    reading.found(25)
    reading.advanced(3, 9)
    reading.ended = True
    assert (reading.under_way, reading.ready) == (False, 3)
