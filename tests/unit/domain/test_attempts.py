"""One call for a session, and what its facts mean for it."""

from __future__ import annotations

import attrs
import pytest
from domain_builders import FAILURE, completing, eur, heard, lease, new_session, opened_at_provider

from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.secrets import ClientData
from paysession.lifecycles import OperationStatus
from paysession.outcomes import (
    Accepted,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    Pending,
)


def closing_attempt() -> Attempt:
    session = opened_at_provider().session
    return session.request_close("at_close", CloseReason.CANCELED, lease=lease())[1]


def test_an_attempt_belongs_to_its_session() -> None:
    _, attempt = new_session()
    assert ("ps_1", "at_create") == (attempt.owner_id, attempt.id)


def test_only_a_completing_attempt_asks_for_the_money() -> None:
    assert (True, False) == (completing().attempt.is_completing, new_session()[1].is_completing)


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (Canceled(), OperationStatus.SUCCEEDED),
        (Expired(), OperationStatus.SUCCEEDED),
        (Authorized(eur(100)), OperationStatus.FAILED),
        (Captured(eur(100)), OperationStatus.FAILED),
        (Declined(FAILURE), OperationStatus.FAILED),
    ],
)
def test_closing_succeeds_when_the_object_is_closed_and_fails_when_money_was_quicker(
    fact: Fact, status: OperationStatus
) -> None:
    assert status is closing_attempt().observed(heard(fact)).status
    assert CloseReason.CANCELED is closing_attempt().close_reason


def test_creating_succeeds_when_the_provider_took_note() -> None:
    _, attempt = new_session()
    assert OperationStatus.SUCCEEDED is attempt.observed(heard(Accepted())).status
    assert OperationStatus.FAILED is attempt.observed(heard(Canceled())).status


def test_taking_note_ends_neither_a_completion_nor_a_closing() -> None:
    for attempt in (completing().attempt, closing_attempt()):
        assert OperationStatus.PENDING is attempt.observed(heard(Accepted())).status


def test_what_the_browser_brought_back_is_forgotten_at_the_end() -> None:
    asking = attrs.evolve(completing().attempt, external_data=ClientData({"nonce": "n_1"}))
    assert asking.external_data is asking.observed(heard(Pending())).external_data
    assert None is asking.observed(heard(Declined(FAILURE))).external_data
