"""Entities remember what is not committed, and say how they ended."""

from __future__ import annotations

import pytest
from domain_builders import FAILURE, account, asked_capture, at, authorized, heard, new_session

from paysession.errors import Closed, PaymentDeclined, StillOpen
from paysession.outcomes import Declined, NotAttempted, Pending


def test_an_aggregate_is_changed_while_it_has_news() -> None:
    fresh = account()
    stored = fresh.committed()
    assert (True, 0, False, 1) == (
        fresh.is_changed,
        fresh.version,
        stored.is_changed,
        stored.version,
    )
    assert () == stored.news


def test_a_record_is_changed_until_it_is_committed() -> None:
    _, attempt = new_session()
    stored = attempt.committed()
    assert (True, False, 1) == (attempt.is_changed, stored.is_changed, stored.version)


def test_news_make_no_difference_to_what_an_entity_is() -> None:
    fresh = account()
    told = fresh.moved(None, authorized().share, at=at(1))
    assert told != fresh
    assert told.committed().committed() != told.committed()


def test_nothing_is_due_and_nobody_must_look_by_nature() -> None:
    assert (None, False) == (account().due_at, account().attention)


def test_what_is_open_failed_or_closed_is_raised_as_such() -> None:
    _, capture = asked_capture(authorized())
    with pytest.raises(StillOpen, match="is requested, which is not a failure"):
        capture.raise_for_failure()
    with pytest.raises(StillOpen, match="is pending"):
        capture.observed(heard(Pending())).raise_for_failure()
    with pytest.raises(PaymentDeclined, match="do_not_honor"):
        capture.observed(heard(Declined(FAILURE))).raise_for_failure()
    with pytest.raises(Closed, match="is failed"):
        capture.observed(heard(NotAttempted())).raise_for_failure()


def test_a_record_is_told_in_a_word_in_logs() -> None:
    session, attempt = new_session()
    assert ("PaymentSession ps_1 (pending)", "Attempt at_create (requested)") == (
        str(session),
        str(attempt),
    )
