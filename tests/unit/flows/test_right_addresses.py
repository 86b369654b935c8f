"""No call is ever addressed to somebody else's money, whatever a provider says."""

from __future__ import annotations

from flow_builders import CARD, HELD_CARD, Shop, eur, order
from notifying import NotifyingGateway, notifying_shop, tell
from payment_builders import Till

from paysession import Payment
from paysession._domain.discrepancies import DiscrepancyKind
from paysession.gateways.requests import CompleteSessionRequest
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import (
    Accepted,
    Captured,
    Pending,
    ReferenceChanged,
    ReferenceRole,
    References,
    Report,
    Unknown,
)

FOREIGN = [DiscrepancyKind.FOREIGN_REFERENCE]
AUTHORIZATION, SESSION = ReferenceRole.AUTHORIZATION, ReferenceRole.SESSION


def _two_held() -> tuple[Shop[NotifyingGateway], Payment, Payment]:
    shop = notifying_shop()
    opened = [
        shop.payments.create_session(order(100, order_id), method=HELD_CARD)
        for order_id in ("or_1", "or_2")
    ]
    ours, other = (shop.payment_of(shop.payments.complete_session(each.id)) for each in opened)
    return shop, ours, other


def _address_of(payment: Payment) -> References:
    return payment.references.only((AUTHORIZATION,))


def _newest(shop: Shop[NotifyingGateway], payment: Payment) -> Payment:
    return shop.payments.get_payment(payment.id)


def test_a_capture_whose_answer_names_another_payment_is_refunded_where_it_was_taken() -> None:
    shop, ours, other = _two_held()
    shop.gateway.then("capture", Captured(eur(100), references=_address_of(other)))

    shop.payments.capture(ours.id)
    shop.payments.refund(ours.id)

    assert _address_of(ours) == shop.gateway.calls[-1].references.only((AUTHORIZATION,))
    assert FOREIGN == [each.kind for each in _newest(shop, ours).discrepancies]


def test_a_doubtful_answer_that_names_another_payment_changes_no_address() -> None:
    shop, ours, other = _two_held()
    shop.gateway.then("capture", Unknown(references=_address_of(other)))

    capture = shop.payments.capture(ours.id)

    assert capture.references.get(AUTHORIZATION) is None
    assert FOREIGN == [each.kind for each in _newest(shop, ours).discrepancies]


def test_a_payment_that_is_said_to_be_another_one_now_keeps_its_address() -> None:
    shop, ours, other = _two_held()
    former, taken = (each.references.get(AUTHORIZATION) for each in (ours, other))
    assert former is not None
    renamed = Report(ReferenceChanged(former), references=References.of(authorization=taken))

    tell(shop, renamed)
    before = shop.snapshot()
    tell(shop, renamed)

    assert before == shop.snapshot()
    assert ours.references == _newest(shop, ours).references
    assert FOREIGN == [each.kind for each in _newest(shop, ours).discrepancies]


def test_a_capture_of_another_payment_s_money_is_left_to_a_person() -> None:
    shop, ours, other = _two_held()

    tell(shop, Report(Captured(eur(100)), our_reference=ours.id, references=_address_of(other)))

    for payment in (ours, other):
        assert PaymentStatus.AUTHORIZED is _newest(shop, payment).status
    assert ours.session_id in [each.id for each in shop.payments.needs_attention()]


def test_a_session_is_completed_under_its_own_id_and_shown() -> None:
    shop = notifying_shop()
    paid, open_one = shop.completed(), shop.payments.create_session(order(20, "or_2"), method=CARD)
    named = References.of(
        session=paid.external_id, authorization=shop.payment_of(paid).references.get(AUTHORIZATION)
    )

    tell(shop, Report(Pending(references=named), our_reference=open_one.attempt_id))
    shop.payments.complete_session(open_one.id)

    request = shop.gateway.calls[-1]
    assert isinstance(request, CompleteSessionRequest)
    assert open_one.references == request.references
    kinds = {each.kind for each in shop.payments.get_session(open_one.id).discrepancies}
    assert set(FOREIGN) == kinds


def test_a_session_that_is_paid_twice_is_told_of_both_its_payments() -> None:
    shop = notifying_shop()
    session = shop.completed()
    again = References.of(authorization="pi_again")
    tell(shop, Report(Captured(eur(100)), our_reference=session.id, references=again))
    told = Report(Accepted(references=again), our_reference=session.id)

    tell(shop, told)

    assert () == shop.payments.get_session(session.id).discrepancies


def test_a_charge_whose_answer_is_in_doubt_and_names_another_one_keeps_its_address() -> None:
    same = References.of(authorization="pi_1")
    till = Till(charge=Captured(eur(30), references=same))
    till.gateway.then("charge", Unknown(references=same))

    _, doubtful = till.charged(amount=eur(30)), till.charged(amount=eur(30))

    assert doubtful.references.get(AUTHORIZATION) is None
    assert FOREIGN == [each.kind for each in doubtful.discrepancies]
