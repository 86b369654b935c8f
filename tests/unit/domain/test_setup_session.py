"""What each fact does to a setup session, in whatever order they come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import permutations

import attrs
import pytest
from domain_builders import FAILURE, at, eur, heard, lease, method

from paysession._domain.attempts import CloseReason, SetupAttempt
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import EvidenceSource
from paysession._domain.methods import SetupTerms
from paysession._domain.secrets import ClientData
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import CreditCard, Profile, StoredSource
from paysession.errors import Closed, ExpiredSession, IllegalTransition, PaymentDeclined, StillOpen
from paysession.events import (
    SetupAttemptFailed,
    SetupSessionActionRequired,
    SetupSessionCompleted,
    SetupSessionExpiryPostponed,
    SetupSessionOpened,
)
from paysession.lifecycles import SESSION, SETUP_SESSION, OperationStatus, SetupSessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Fact,
    NotAttempted,
    Pending,
    Redirect,
    References,
    Rejected,
    Stored,
    Totals,
)

CHALLENGE = Redirect(ClientData("https://bank.test/3ds"))
HINT = ClientData({"nonce": "n_1"})
CARD = Profile(id="tok_1", brand="visa", last4="4242", month=12, year=2030, name="A. Person")
TAKEN_NOTE_OF = Accepted(references=References.of(session="cs_1"), client_data=HINT)


def created(
    *, expires_at: datetime | None = None, external_data: ClientData | None = None
) -> tuple[SetupSession, SetupAttempt]:
    """A setup session whose creation has been asked for, and nothing is known yet."""
    return SetupSession.opened(
        "pss_1",
        tenant="",
        method=method(),
        terms=SetupTerms(customer_id="customer_1", expires_at=expires_at),
        attempt_id="at_create",
        external_data=external_data,
        lease=lease(),
    )


def opened(*, expires_at: datetime | None = None) -> SetupSession:
    """A setup session that the provider has taken note of, as `cs_1`."""
    session, attempt = created(expires_at=expires_at)
    return session.settle(attempt, heard(TAKEN_NOTE_OF))[0]


def completing(external_data: ClientData | None = None) -> tuple[SetupSession, SetupAttempt]:
    return opened().request_completion("at_complete", external_data=external_data, lease=lease(2))


def settled(*facts: Fact) -> tuple[SetupSession, SetupAttempt]:
    session, attempt = completing()
    for minute, fact in enumerate(facts, start=3):
        session, attempt = session.settle(attempt, heard(fact, minute))
    return session, attempt


def told(session: SetupSession) -> list[str]:
    return [type(event).__name__ for event in session.news]


def test_it_says_whose_it_is_and_what_its_provider_calls_it() -> None:
    session, attempt = created()
    assert ("customer_1", "pss_1", None) == (
        session.customer_id,
        session.external_id,
        session.expires_at,
    )
    assert ("pss_1", "cs_1") == (attempt.owner_id, opened().external_id)
    assert "SetupSession pss_1 (pending)" == str(session)


def test_its_truth_table_is_that_of_a_session() -> None:
    for status in SESSION.statuses:
        ours = SetupSessionStatus(status.value)
        assert SESSION.allowed(status) == SETUP_SESSION.allowed(ours)
        for event in SESSION.allowed(status):
            assert SESSION.next(status, event).value == SETUP_SESSION.next(ours, event).value
    assert {each.value for each in SESSION.statuses} == {
        each.value for each in SETUP_SESSION.statuses
    }


def test_the_provider_takes_note_of_it_and_says_when_it_ends() -> None:
    session, attempt = created(expires_at=at(60))
    session, _ = session.settle(attempt, heard(attrs.evolve(TAKEN_NOTE_OF, expires_at=at(30))))
    assert (SetupSessionStatus.PENDING, at(30)) == (session.status, session.expires_at)
    assert HINT == session.client_data
    assert isinstance(session.news[-1], SetupSessionOpened)


def test_a_provider_may_take_note_late() -> None:
    session, attempt = created()
    session, attempt = session.settle(attempt, heard(Pending()))
    assert SetupSessionStatus.PROCESSING is session.status
    session, attempt = session.settle(attempt, heard(TAKEN_NOTE_OF, 2))
    assert SetupSessionStatus.PENDING is session.status
    assert () == session.open_attempts


def test_to_be_taken_note_of_completes_nothing() -> None:
    session, attempt = settled(Accepted())
    assert (SetupSessionStatus.PROCESSING, OperationStatus.PENDING) == (
        session.status,
        attempt.status,
    )
    assert ("at_complete",) == session.open_attempts


def test_what_is_stored_completes_it_and_ends_its_secrets() -> None:
    session, attempt = settled(Stored(CARD))
    assert SetupSessionStatus.COMPLETED is session.status
    assert isinstance(session.source, CreditCard)
    assert ("tok_1", "4242") == (session.source.profile_id, session.source.last4)
    assert (None, None, ()) == (session.client_data, session.next_action, session.open_attempts)
    assert session is session.raise_for_failure()
    assert [session.source.id] == [
        event.source_id for event in session.news if isinstance(event, SetupSessionCompleted)
    ]
    assert attempt.succeeded


def test_the_id_of_a_stored_source_is_the_same_in_every_process() -> None:
    first, again = settled(Stored(CARD))[0].source, settled(Pending(), Stored(CARD))[0].source
    assert first is not None
    assert first == again
    assert first.id.startswith("src_")


def test_an_action_is_asked_of_the_customer_and_no_more_once_it_ended() -> None:
    session, attempt = settled(ActionRequired(CHALLENGE, client_data=HINT))
    assert (SetupSessionStatus.REQUIRES_ACTION, CHALLENGE) == (session.status, session.next_action)
    assert isinstance(session.news[-1], SetupSessionActionRequired)
    with pytest.raises(StillOpen, match="send the customer to its next_action"):
        session.raise_for_failure()
    session, _ = session.settle(attempt, heard(Stored(CARD), 9))
    assert None is session.next_action


def test_a_decline_leads_back_and_the_next_attempt_forgets_it() -> None:
    session, _ = settled(Declined(FAILURE))
    assert (SetupSessionStatus.PENDING, FAILURE) == (session.status, session.failure)
    assert isinstance(session.news[-1], SetupAttemptFailed)
    with pytest.raises(PaymentDeclined):
        session.raise_for_failure()
    again, attempt = session.request_completion("at_2", external_data=None, lease=lease(6))
    assert (None, SetupSessionStatus.PROCESSING) == (again.failure, again.status)
    stored, _ = again.settle(attempt, heard(Stored(CARD), 7))
    assert stored.succeeded


@pytest.mark.parametrize("fact", [Declined(FAILURE, Ends.OBJECT)])
def test_a_decline_that_ends_the_object_fails_it(fact: Fact) -> None:
    session, _ = settled(fact)
    assert (SetupSessionStatus.FAILED, FAILURE) == (session.status, session.failure)
    assert (None, False) == (session.client_data, session.is_open)


@pytest.mark.parametrize("fact", [Declined(FAILURE), Rejected(FAILURE), NotAttempted("no route")])
def test_what_never_came_into_being_has_failed(fact: Fact) -> None:
    session, attempt = created()
    session, _ = session.settle(attempt, heard(fact))
    assert SetupSessionStatus.FAILED is session.status


@pytest.mark.parametrize(
    ("fact", "status"),
    [(Canceled(), SetupSessionStatus.CANCELED), (Expired(), SetupSessionStatus.EXPIRED)],
)
def test_the_provider_may_have_closed_it(fact: Fact, status: SetupSessionStatus) -> None:
    session, attempt = settled(fact)
    assert (status, OperationStatus.FAILED) == (session.status, attempt.status)
    with pytest.raises(Closed):
        session.raise_for_failure()


@pytest.mark.parametrize("reason", CloseReason)
def test_what_is_stored_after_the_end_is_kept_and_opens_nothing(reason: CloseReason) -> None:
    session, attempt = completing()
    closed = session.close(reason, at=at(3))
    assert (True, False) == (closed.is_closed_as(reason), session.is_closed_as(reason))
    late, _ = closed.settle(attempt, heard(Stored(CARD), 4))
    assert (closed.status, "tok_1") == (late.status, late.source and late.source.profile_id)
    assert "FactRecorded" == told(late)[-1]


FACTS: tuple[Fact, ...] = (
    Accepted(references=References.of(session="cs_1")),
    ActionRequired(CHALLENGE),
    Pending(),
    Stored(CARD),
    Declined(FAILURE),
    Captured(eur(1)),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_that_is_known_changes_nothing(fact: Fact) -> None:
    session, attempt = settled(fact)
    for source in (EvidenceSource.RESPONSE, EvidenceSource.LOOK_UP):
        again, same = session.settle(attempt, heard(fact, 30, source))
        assert (session, attempt) == (again, same)
        assert session.news == again.news


def test_a_fact_about_an_earlier_attempt_changes_nothing() -> None:
    session, attempt = settled(ActionRequired(CHALLENGE))
    session, superseded = session.supersede(attempt, by="at_2", at=at(5))
    session, _ = session.request_completion("at_2", external_data=None, lease=lease(5))
    after, _ = session.settle(superseded, heard(Declined(FAILURE), 6))
    assert (SetupSessionStatus.PROCESSING, ("at_2",)) == (after.status, after.open_attempts)
    assert "FactRecorded" == told(after)[-1]


def test_a_fact_about_something_else_is_recorded() -> None:
    session, attempt = settled(Totals())
    assert (SetupSessionStatus.PROCESSING, True) == (session.status, attempt.is_open)
    assert "FactRecorded" == told(session)[-1]


@pytest.mark.parametrize(
    "facts",
    [
        (Pending(), Stored(CARD)),
        (ActionRequired(CHALLENGE), Stored(CARD)),
        (Accepted(), Stored(CARD)),
        (Pending(), ActionRequired(CHALLENGE), Stored(CARD)),
        (Stored(CARD), Captured(eur(1)), Pending()),
        (Accepted(), Pending(), Declined(FAILURE, Ends.OBJECT)),
    ],
)
def test_any_order_of_the_same_facts_ends_alike(facts: tuple[Fact, ...]) -> None:
    ends = set()
    for order in permutations(facts):
        session, attempt = settled(*order)
        kinds = tuple(each.kind for each in session.discrepancies)
        ends.add((session.status, session.source, attempt.status, attempt.attention, kinds))
    assert 1 == len(ends)


@pytest.mark.parametrize("money", [Authorized(eur(1)), Captured(eur(1))])
def test_money_that_moved_all_the_same_is_shown_to_a_person(money: Fact) -> None:
    session, attempt = settled(money)
    assert (True, True, SetupSessionStatus.PROCESSING) == (
        attempt.attention,
        attempt.is_open,
        session.status,
    )
    session, attempt = session.settle(attempt, heard(Stored(CARD), 9))
    assert (True, SetupSessionStatus.COMPLETED) == (attempt.attention, session.status)
    assert [(DiscrepancyKind.CONTRADICTED, "1.00 EUR")] == [
        (each.kind, each.actual) for each in session.discrepancies
    ]


def test_of_one_source_more_may_be_told() -> None:
    session, attempt = settled(Stored(Profile(id="tok_1")))
    assert isinstance(session.source, StoredSource)
    more, _ = session.settle(attempt, heard(Stored(CARD, occurred_at=at(4)), 9))
    assert isinstance(more.source, CreditCard)
    assert (session.source.id, ()) == (more.source.id, more.discrepancies)


def test_of_two_sources_the_first_stays_and_a_person_hears_of_the_other() -> None:
    session, attempt = settled(Stored(CARD))
    other = Stored(Profile(id="tok_2"), occurred_at=at(4))
    after, _ = session.settle(attempt, heard(other, 9))
    assert session.source == after.source
    assert [DiscrepancyKind.CONTRADICTED] == [each.kind for each in after.discrepancies]


def test_what_the_browser_brought_back_is_forgotten_at_the_end() -> None:
    session, attempt = completing(HINT)
    _, waiting = session.settle(attempt, heard(Pending()))
    assert (HINT, HINT) == (attempt.external_data, waiting.external_data)
    _, ended = session.settle(attempt, heard(Declined(FAILURE)))
    assert None is ended.external_data


def test_it_expires_when_its_time_is_over_but_never_while_it_is_processed() -> None:
    session = opened(expires_at=at(30))
    assert at(30) == session.due_at
    session.refuse_unless_open("complete", at=at(29))
    with pytest.raises(ExpiredSession):
        session.refuse_unless_open("complete", at=at(30))
    later = session.postpone_expiry(at(35), at=at(30))
    assert (at(35), SetupSessionExpiryPostponed) == (later.due_at, type(later.news[-1]))
    asking, _ = session.request_completion("at_2", external_data=None, lease=lease(2))
    assert (None, None) == (asking.due_at, opened().due_at)


def test_what_is_over_refuses_every_command_and_says_what_is_allowed() -> None:
    closed = opened().close(CloseReason.CANCELED, at=at(3))
    commands: list[Callable[[], object]] = [
        lambda: closed.refuse_unless_open("complete", at=at(4)),
        lambda: closed.request_completion("at_2", external_data=None, lease=lease(4)),
        lambda: closed.close(CloseReason.EXPIRED, at=at(4)),
    ]
    for command in commands:
        with pytest.raises(IllegalTransition):
            command()


def test_what_to_do_next_is_said_while_it_is_open() -> None:
    with pytest.raises(StillOpen, match="complete it when the customer is ready"):
        opened().raise_for_failure()
    with pytest.raises(StillOpen, match="recover"):
        completing()[0].raise_for_failure()
