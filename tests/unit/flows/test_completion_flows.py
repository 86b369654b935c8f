"""Sessions: completed, and what a provider says of their money."""

from __future__ import annotations

import pytest
from flow_builders import (
    CARD,
    DECLINE,
    HELD_CARD,
    PATIENT_CARD,
    bogus_shop,
    card,
    eur,
    order,
    scripted_shop,
    seen,
)

from paysession import PaymentMethod, PaymentSession, StoreCredit
from paysession._domain.entities import Entity
from paysession.errors import (
    AmountExceeded,
    ExpiredSession,
    GatewayUnreachable,
    IllegalTransition,
    MethodUnavailable,
    NothingDue,
    OperationUnresolved,
    OutcomeUnknown,
    SessionClosing,
    SourceRequired,
    StillOpen,
    Unsupported,
)
from paysession.gateways import Capabilities, Gateway
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    Authorized,
    Captured,
    Declined,
    Ends,
    Pending,
    Redirect,
    ReferenceRole,
    References,
    Rejected,
    Unknown,
)
from paysession.stores.port import Changes

REDIRECT = ActionRequired(
    Redirect("https://bank.example/3ds"), references=References.of(session="cs_1")
)


# Completing


def test_a_completed_session_has_a_payment() -> None:
    shop = bogus_shop()

    session = shop.completed().raise_for_failure()

    assert shop.payment_of(session).status is PaymentStatus.CAPTURED
    assert eur(100) == shop.account()["paid"]
    assert eur(100) == shop.gateway.taken("EUR")


def test_completing_a_completed_session_returns_it_and_calls_nobody() -> None:
    shop = bogus_shop()
    session = shop.completed()
    before, calls = shop.snapshot(), shop.gateway.calls

    assert session == shop.payments.complete_session(session.id)
    assert before == shop.snapshot()
    assert calls == shop.gateway.calls


def test_completing_first_carries_out_a_creation_that_is_unknown() -> None:
    shop = bogus_shop()
    session = shop.opened(card(create="timeout_before"))

    session = shop.payments.complete_session(session.id)

    assert session.succeeded
    methods = [request.method for request in shop.gateway.calls]
    assert ["create_session", "look_up", "create_session", "complete_session"] == methods


def test_completing_is_refused_while_the_creation_stays_unknown() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), create_session=TimeoutError())
    session = shop.opened()

    with pytest.raises(OperationUnresolved) as refused:
        shop.payments.complete_session(session.id)

    assert session.attempt_id == refused.value.operation_id
    assert ["create_session", "look_up"] == shop.gateway.methods


def test_completing_is_refused_while_somebody_else_is_creating_it() -> None:
    shop = scripted_shop(create_session=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        shop.opened()
    (session,) = shop.payments.sessions_of("or_1")

    with pytest.raises(OperationUnresolved):
        shop.payments.complete_session(session.id)
    assert ["create_session"] == shop.gateway.methods


def test_completing_goes_on_after_the_customer_has_acted() -> None:
    shop = bogus_shop()
    session = shop.completed(card(complete="require_action"))
    assert session.status is SessionStatus.REQUIRES_ACTION
    waiting = session.attempt_id

    session = shop.payments.complete_session(session.id, external_data={"redirect": "ok"})

    assert session.succeeded
    assert waiting not in session.open_attempts


def test_a_decline_lets_the_customer_try_again() -> None:
    shop = bogus_shop()
    session = shop.completed(card(complete="decline:do_not_honor"))
    assert session.status is SessionStatus.PENDING
    assert session.failure is not None
    assert eur(100) == shop.account()["due"]

    assert shop.payments.complete_session(session.id, source=card()).succeeded


def test_a_decline_that_ends_the_provider_s_object_fails_the_session() -> None:
    shop = scripted_shop(complete_session=Declined(DECLINE, Ends.OBJECT))

    assert shop.completed().status is SessionStatus.FAILED


def test_a_completion_that_nobody_knows_of_is_processing_and_reserves_what_is_due() -> None:
    shop = scripted_shop(complete_session=TimeoutError())

    session = shop.completed()

    assert session.status is SessionStatus.PROCESSING
    assert eur(0) == shop.account()["due"]
    with pytest.raises(StillOpen):
        session.raise_for_failure()


def test_completing_again_looks_the_unknown_completion_up_and_begins_no_second_one() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), complete_session=TimeoutError())
    session = shop.completed()
    attempt = session.attempt_id

    session = shop.payments.complete_session(session.id)

    assert attempt == session.attempt_id
    assert ["create_session", "complete_session", "look_up"] == shop.gateway.methods


def test_a_completion_that_the_look_up_finds_completes_the_session() -> None:
    shop = bogus_shop()
    session = shop.completed(card(complete="timeout_after"))

    session = shop.payments.complete_session(session.id)

    assert session.succeeded
    assert eur(100) == shop.gateway.taken("EUR")


def test_two_completions_at_once_are_one() -> None:
    shop = bogus_shop()
    session = shop.opened()
    shop.before_id.then = lambda: shop.payments.complete_session(session.id)

    assert shop.payments.complete_session(session.id).succeeded
    assert 2 == len(shop.gateway.calls)


def test_a_completion_that_began_meanwhile_and_is_unknown_is_not_begun_again() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session = shop.opened()
    shop.before_id.then = lambda: shop.payments.complete_session(session.id)

    session = shop.payments.complete_session(session.id)

    assert session.status is SessionStatus.PROCESSING
    assert ["create_session", "complete_session"] == shop.gateway.methods


def test_a_gateway_that_was_not_reached_frees_what_was_reserved() -> None:
    shop = bogus_shop()
    session = shop.opened(card(complete="unreachable"))

    with pytest.raises(GatewayUnreachable):
        shop.payments.complete_session(session.id)

    assert eur(100) == shop.account()["due"]
    assert shop.payments.complete_session(session.id).succeeded


def test_a_cancellation_leaves_the_completion_open_as_after_a_crash() -> None:
    shop = scripted_shop(complete_session=KeyboardInterrupt())
    session = shop.opened()

    with pytest.raises(KeyboardInterrupt):
        shop.payments.complete_session(session.id)

    assert shop.attempt(session).status is OperationStatus.REQUESTED
    assert eur(0) == shop.account()["due"]


def test_a_session_whose_time_is_over_cannot_be_completed() -> None:
    shop = bogus_shop()
    session = shop.opened(expires_in_minutes=10)
    shop.clock.forward(minutes=10)
    before = shop.snapshot()

    with pytest.raises(ExpiredSession):
        shop.payments.complete_session(session.id)
    assert before == shop.snapshot()


def test_a_session_at_its_end_cannot_be_completed_or_updated() -> None:
    shop = bogus_shop()
    session = shop.payments.cancel_session(shop.opened().id)
    before = shop.snapshot()

    with pytest.raises(IllegalTransition):
        shop.payments.complete_session(session.id)
    with pytest.raises(IllegalTransition):
        shop.payments.update_session(session.id)
    assert before == shop.snapshot()


def test_a_closing_session_can_be_neither_completed_nor_updated() -> None:
    shop = scripted_shop(close_session=TimeoutError())
    session = shop.payments.cancel_session(shop.opened().id)
    assert session.status is SessionStatus.CLOSING
    before = shop.snapshot()

    with pytest.raises(SessionClosing):
        shop.payments.complete_session(session.id)
    with pytest.raises(SessionClosing):
        shop.payments.update_session(session.id)
    assert before == shop.snapshot()


def test_completing_what_was_covered_meanwhile_is_refused() -> None:
    shop = bogus_shop()
    late, other = shop.opened(card(close="decline:do_not_honor")), shop.opened()
    shop.payments.complete_session(other.id)
    before = shop.snapshot()

    with pytest.raises(NothingDue):
        shop.payments.complete_session(late.id)
    assert before == shop.snapshot()


def test_completing_more_than_is_due_by_now_is_refused() -> None:
    shop = bogus_shop()
    whole = shop.opened()
    part = shop.payments.create_session(order(), method=CARD, amount=eur(30))
    shop.payments.complete_session(part.id)

    with pytest.raises(AmountExceeded) as refused:
        shop.payments.complete_session(whole.id)
    assert eur(70) == refused.value.available


def test_completing_needs_a_source_where_the_gateway_asks_nobody_for_one() -> None:
    shop = scripted_shop()
    session = shop.opened()
    shop.gateway.capabilities = Capabilities(collects_source=False)

    with pytest.raises(SourceRequired):
        shop.payments.complete_session(session.id)
    credit = StoreCredit(id="sc_1")
    assert credit == shop.payments.complete_session(session.id, source=credit).source


def test_a_gateway_that_is_gone_cannot_complete() -> None:
    shop = bogus_shop()
    session = shop.opened()
    shop.gateways.clear()

    with pytest.raises(MethodUnavailable):
        shop.payments.complete_session(session.id)


def test_a_gateway_that_cannot_complete_is_not_asked_to() -> None:
    shop = scripted_shop()
    session = shop.opened()
    shop.gateways["bogus"] = Gateway()

    with pytest.raises(Unsupported):
        shop.payments.complete_session(session.id)


# What a provider says of the amount


@pytest.mark.parametrize("policy", [CARD, HELD_CARD])
def test_less_money_than_asked_is_given_back_and_the_session_has_failed(
    policy: PaymentMethod,
) -> None:
    shop = bogus_shop()

    session = shop.completed(card(complete="partial"), method=policy)

    assert session.status is SessionStatus.FAILED
    assert eur(100) == shop.account()["due"] + shop.account()["paid"]
    given_back = shop.gateway.given_back("EUR") + shop.gateway.released("EUR")
    assert eur(50) == given_back


def test_less_money_than_asked_is_kept_as_a_part_where_the_method_says_so() -> None:
    shop = bogus_shop()

    session = shop.completed(card(complete="partial"), method=PATIENT_CARD)

    assert session.succeeded
    assert eur(50) == shop.account()["due"]


def test_more_money_than_asked_completes_and_is_noted() -> None:
    shop = bogus_shop()

    session = shop.completed(card(complete="more"))

    payment = shop.payment_of(session)
    assert ["amount_mismatch", "overpaid"] == [each.kind for each in payment.discrepancies]


def test_money_of_another_currency_completes_nothing_and_waits_for_a_person() -> None:
    shop = bogus_shop()

    session = shop.completed(card(complete="other_currency"))

    assert session.status is SessionStatus.PROCESSING
    assert ["currency_mismatch"] == [each.kind for each in session.discrepancies]
    assert shop.attempt(session).attention


def test_a_decline_as_a_duplicate_may_have_happened_the_first_time() -> None:
    shop = bogus_shop()

    session = shop.completed(card(complete="decline:duplicate"))

    assert session.status is SessionStatus.PROCESSING
    assert shop.attempt(session).doubt == "declined as a duplicate"


def test_money_that_another_session_claims_is_left_to_a_person_once() -> None:
    pi_1 = References.of(authorization="pi_1")
    shop = scripted_shop(complete_session=Captured(eur(40), references=pi_1))
    first = shop.payments.create_session(order(), method=CARD, amount=eur(40))
    shop.payments.complete_session(first.id)
    shop.gateway.then("complete_session", Captured(eur(60), references=pi_1))

    second = shop.completed()

    assert second.status is SessionStatus.PROCESSING
    assert ["foreign_reference"] == [each.kind for each in second.discrepancies]
    assert shop.attempt(second).attention
    assert eur(40) == shop.account()["paid"]


def test_a_report_of_the_same_foreign_money_changes_nothing_any_more() -> None:
    pi_1 = References.of(authorization="pi_1")
    shop = scripted_shop(complete_session=Captured(eur(40), references=pi_1))
    first = shop.payments.create_session(order(), method=CARD, amount=eur(40))
    shop.payments.complete_session(first.id)
    shop.gateway.then("complete_session", TimeoutError())
    second = shop.completed()
    foreign = seen(Captured(eur(60), references=pi_1))
    shop.gateway.then("look_up", lambda request: foreign(request) * 2)

    shop.payments.complete_session(second.id)

    assert 1 == len(shop.payments.get_session(second.id).discrepancies)


def test_a_look_up_that_finds_an_approval_makes_the_completion_due() -> None:
    shop = scripted_shop(complete_session=TimeoutError(), look_up=seen(Approved()))
    session = shop.completed()

    session = shop.payments.complete_session(session.id)

    assert session.approved
    assert session.status is SessionStatus.PROCESSING
    (completion,) = shop.payments.recover()
    assert session.attempt_id == completion.id
    assert shop.payments.get_session(session.id).succeeded


def test_pending_is_waited_for() -> None:
    shop = scripted_shop(complete_session=Pending("review"))

    session = shop.completed()

    assert session.status is SessionStatus.PROCESSING
    assert shop.attempt(session).status is OperationStatus.PENDING


def test_a_rejection_is_a_refusal_that_a_developer_must_look_at() -> None:
    shop = scripted_shop(complete_session=Rejected(DECLINE))

    assert DECLINE == shop.completed().failure


# Claims


def test_the_provider_s_ids_are_claimed_for_the_records_they_name() -> None:
    shop = scripted_shop()
    session = shop.completed()

    claims = {(claim.namespace, claim.text): claim.id for claim in shop.store._claims.values()}

    authorization = session.references.get(ReferenceRole.AUTHORIZATION) or ""
    assert claims == {
        ("reference:bogus:session", session.external_id): session.id,
        ("reference:bogus:authorization", authorization): session.payment_id,
        ("session_payment", session.id): session.payment_id,
    }


def test_an_id_that_was_claimed_before_stays_with_its_first_record() -> None:
    cs_1 = Accepted(references=References.of(session="cs_1"))
    shop = scripted_shop(create_session=cs_1)
    first = shop.opened()
    shop.gateway.then("create_session", cs_1)

    shop.opened()

    claim = shop.store.claimed("reference:bogus:session", "cs_1", tenant="")
    assert claim is not None
    assert first.id == claim.id


def test_an_id_without_a_record_of_its_own_is_not_claimed() -> None:
    references = References.of(session="cs_1", customer="cus_1", capture="ch_1")
    shop = scripted_shop(create_session=Accepted(references=references))
    shop.opened()

    assert ["cs_1"] == [claim.text for claim in shop.store._claims.values()]


# What cannot be recorded


def test_an_answer_that_cannot_be_recorded_is_an_unknown_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = scripted_shop()
    session = shop.opened()

    def answer_and_break(_: object) -> Authorized:
        monkeypatch.setattr(shop.store, "commit", _fail)
        return Authorized(eur(100))

    shop.gateway.then("complete_session", answer_and_break)

    with pytest.raises(OutcomeUnknown) as unknown:
        shop.payments.complete_session(session.id)
    assert shop.attempt(session).id == unknown.value.operation_id


def test_a_session_that_cannot_be_read_after_its_call_is_an_unknown_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = scripted_shop()
    session = shop.opened()
    commit, get = shop.store.commit, shop.store.get

    def commit_and_break(changes: Changes) -> None:
        commit(changes)
        if shop.gateway.methods[-1] == "complete_session":
            monkeypatch.setattr(shop.store, "get", get_no_session)

    def get_no_session(kind: type[Entity], record_id: str, *, tenant: str) -> object:
        if kind is PaymentSession:
            raise OSError("the disk is full")
        return get(kind, record_id, tenant=tenant)

    monkeypatch.setattr(shop.store, "commit", commit_and_break)

    with pytest.raises(OutcomeUnknown):
        shop.payments.complete_session(session.id)


def _fail(*_: object) -> None:
    raise OSError("the disk is full")


def test_an_unknown_answer_does_not_reopen_what_waits_for_a_person() -> None:
    shop = bogus_shop()
    session = shop.completed(card(complete="other_currency"))
    before = shop.snapshot()

    shop.payments.complete_session(session.id)

    assert before == shop.snapshot()


def test_doubt_about_what_is_decided_meanwhile_changes_nothing() -> None:
    shop = scripted_shop()
    session = shop.opened()

    def complete_then_time_out(request: object) -> Unknown:
        shop.clock.forward(hours=1)
        shop.gateway.then("look_up", seen(Captured(eur(100))))
        shop.payments.recover()
        return Unknown("late")

    shop.gateway.then("complete_session", complete_then_time_out)

    assert shop.payments.complete_session(session.id).succeeded
    assert shop.attempt(session).doubt is None
