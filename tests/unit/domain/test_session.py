"""The verbs of a session."""

from __future__ import annotations

import pytest
from domain_builders import (
    FAILURE,
    NOTHING,
    NOW,
    at,
    completing,
    eur,
    heard,
    lease,
    new_session,
    opened_at_provider,
)

from paysession import events
from paysession._domain.attempts import AttemptKind, CloseReason
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.secrets import ClientData
from paysession.errors import ExpiredSession, IllegalTransition, SessionClosing
from paysession.lifecycles import SessionStatus
from paysession.outcomes import (
    ActionRequired,
    Canceled,
    Declined,
    References,
    UseSdk,
    WaitForTransfer,
)


def test_a_session_opens_pending_with_its_creation_asked_for() -> None:
    session, attempt = new_session()
    assert (SessionStatus.PENDING, "at_create", ("at_create",)) == (
        session.status,
        session.attempt_id,
        session.open_attempts,
    )
    assert (AttemptKind.CREATE, eur(100), session.terms) == (
        attempt.kind,
        attempt.amount,
        attempt.terms,
    )
    created, requested = session.news
    assert isinstance(created, events.SessionCreated)
    assert isinstance(requested, events.AttemptRequested)
    assert (True, False, None, NOTHING) == (
        session.is_open,
        session.succeeded,
        session.failure,
        session.share.in_flight,
    )
    assert ("pending", "order") == (session._standing, session.payable_id)


def test_a_session_is_known_by_our_id_until_the_provider_gives_its_own() -> None:
    session, attempt = new_session()
    known = attempt.observed(heard(Canceled(references=References.of(session="cs_1"))))
    assert ("ps_1", "cs_1") == (session.external_id, session.noted(known).external_id)


def test_an_update_asks_for_another_amount_and_the_old_one_stands() -> None:
    before = opened_at_provider().session
    session, attempt = before.request_update(
        "at_update", amount=eur(120), external_data=None, lease=lease(5)
    )
    assert (eur(100), eur(120), AttemptKind.UPDATE) == (
        session.amount,
        attempt.amount,
        attempt.kind,
    )
    assert "cs_1" == attempt.acts_on.entries[0].id


def test_completing_puts_the_amount_in_flight() -> None:
    known = completing()
    assert (SessionStatus.PROCESSING, eur(100)) == (known.session.status, known.session.in_flight)
    assert (AttemptKind.COMPLETE, eur(100)) == (known.attempt.kind, known.attempt.amount)
    assert eur(100) == known.account.in_flight


def test_the_amount_stays_in_flight_until_the_attempt_has_ended() -> None:
    known = completing()
    waiting = known.attempt.observed(heard(ActionRequired(WaitForTransfer("to us"))))
    declined = known.attempt.observed(heard(Declined(FAILURE)))
    assert NOTHING == known.session.noted(waiting).in_flight
    assert (NOTHING, ()) == (
        known.session.noted(declined).in_flight,
        known.session.noted(declined).open_attempts,
    )
    assert known.session == known.session.noted(known.attempt)


def test_closing_is_asked_for_with_its_reason_and_told() -> None:
    before = opened_at_provider().session
    session, attempt = before.request_close("at_close", CloseReason.EXPIRED, lease=lease(5))
    assert (SessionStatus.CLOSING, CloseReason.EXPIRED, None) == (
        session.status,
        session.closing,
        session.due_at,
    )
    assert AttemptKind.CLOSE is attempt.kind
    assert [events.SessionCloseRequested, events.AttemptRequested] == [
        type(event) for event in session.news[len(before.news) :]
    ]


def test_what_is_closed_or_closing_or_over_is_refused() -> None:
    session, _ = new_session(expires_at=at(10))
    session.refuse_unless_open("complete", at=at(9))
    with pytest.raises(ExpiredSession):
        session.refuse_unless_open("complete", at=at(10))
    closing, _ = session.request_close("at_close", CloseReason.EXPIRED, lease=lease(11))
    with pytest.raises(SessionClosing):
        closing.refuse_unless_open("complete", at=NOW)
    closed = session.close(CloseReason.CANCELED, at=at(1))
    with pytest.raises(IllegalTransition, match="that is canceled"):
        closed.refuse_unless_open("complete", at=NOW)
    with pytest.raises(IllegalTransition):
        closed.request_completion("at_2", source=None, external_data=None, lease=lease())
    with pytest.raises(IllegalTransition):
        closing.request_close("at_3", CloseReason.EXPIRED, lease=lease())


def test_a_session_is_due_when_its_time_is_over_while_it_is_open() -> None:
    session, _ = new_session(expires_at=at(10))
    assert (at(10), False, True) == (
        session.due_at,
        session.is_over(at(9)),
        session.is_over(at(10)),
    )
    assert session.close(CloseReason.EXPIRED, at=at(11)).due_at is None
    assert not new_session()[0].is_over(at(10_000))


def test_what_waited_for_the_customer_is_superseded_and_told() -> None:
    session, attempt = new_session()
    waiting = attempt.observed(heard(ActionRequired(WaitForTransfer("to us"))))
    session, ended = session.noted(waiting).supersede(waiting, by="at_2", at=at(3))
    assert (False, ()) == (ended.is_open, session.open_attempts)
    assert isinstance(session.news[-1], events.AttemptSuperseded)


def test_the_provider_would_not_close_it_so_it_lives_on() -> None:
    closing, _ = new_session()[0].request_close("at_close", CloseReason.EXPIRED, lease=lease(1))
    reopened = closing.reopen(at=at(2))
    assert (SessionStatus.PENDING, None) == (reopened.status, reopened.closing)


@pytest.mark.parametrize(
    ("reason", "status", "event"),
    [
        (CloseReason.CANCELED, SessionStatus.CANCELED, events.SessionCanceled),
        (CloseReason.EXPIRED, SessionStatus.EXPIRED, events.SessionExpired),
    ],
)
def test_a_session_ends_without_money_and_forgets_what_the_browser_needed(
    reason: CloseReason, status: SessionStatus, event: type[events.Event]
) -> None:
    session, attempt = new_session()
    action = UseSdk(ClientData("challenge"))
    acting = session.require_action(attempt, action, client_data=ClientData("secret"), at=at(1))
    assert (ClientData("secret"), action) == (acting.client_data, acting.next_action)
    closed = acting.close(reason, at=at(2))
    assert (status, None, None, True) == (
        closed.status,
        closed.client_data,
        closed.next_action,
        closed.is_closed,
    )
    assert event is type(closed.news[-1])


def test_an_end_is_never_left() -> None:
    completed = completing().session.complete("py_1", at=at(3))
    assert (True, "py_1", NOTHING) == (
        completed.succeeded,
        completed.payment_id,
        completed.in_flight,
    )
    with pytest.raises(IllegalTransition):
        completed.close(CloseReason.CANCELED, at=at(4))
    with pytest.raises(IllegalTransition):
        completed.fail(FAILURE, at=at(4))


def test_what_contradicts_a_session_is_opened_once_and_time_never_goes_back() -> None:
    session, attempt = new_session()
    kind = DiscrepancyKind.UNRESOLVED
    left, _ = session.hand_over(attempt, "nobody knows", at=at(9))
    again = left.disagreed(kind, attempt.id, "an answer", "nothing", at=at(10))
    assert (again is left, [kind]) == (True, [one.kind for one in left.discrepancies])
    agreed = left.agreed(kind, attempt.id, at=at(8))
    assert (at(9), [False]) == (agreed.updated_at, [one.is_open for one in agreed.discrepancies])
    assert agreed is agreed.agreed(kind, attempt.id, at=at(11))


def test_a_doubt_and_a_lease_are_told_and_change_nothing_else() -> None:
    session, attempt = new_session()
    told, taken = session.take_up(attempt, lease(9))
    assert (2, SessionStatus.PENDING) == (taken.tries, told.status)
    assert isinstance(told.news[-1], events.RecoveryStarted)
