"""The gateway for money that a person takes."""

import pytest

from paysession import Money, Payable, PaymentMethod, Payments, StoredSource
from paysession.errors import NotFound, Unsupported
from paysession.gateways import (
    AsyncGateway,
    AsyncOfflineGateway,
    BogusGateway,
    Gateway,
    OfflineGateway,
    operations_of,
)

HUNDRED = Money("100.00", "USD")
ORDER = Payable("or_1", total=HUNDRED)
CHECK = PaymentMethod(
    id="pm_1", name="Check", gateway="check", session_required=False, source_required=False
)


@pytest.mark.parametrize("gateway", [OfflineGateway(), AsyncOfflineGateway()])
def test_it_offers_nothing_and_leaves_everything_to_a_person(
    gateway: Gateway | AsyncGateway,
) -> None:
    assert frozenset() == operations_of(gateway)
    assert gateway.capabilities.settled_by_person
    assert not gateway.capabilities.collects_source


def test_a_payment_is_paid_in_parts_and_given_back() -> None:
    payments = Payments({"check": OfflineGateway()})
    payment = payments.create_payment(ORDER, method=CHECK)
    assert "checkout" == payment.status
    payments.mark_paid(payment.id, amount=Money("60.00", "USD"))
    assert Money("40.00", "USD") == payments.get_payment(payment.id).missing
    payments.mark_paid(payment.id)
    assert payments.balance(ORDER).is_covered
    payments.mark_refunded(payment.id)
    assert "refunded" == payments.get_payment(payment.id).status


def test_nobody_but_the_provider_says_what_another_gateway_took() -> None:
    method = PaymentMethod(id="pm_2", name="Card", gateway="bogus")
    source = StoredSource(id="src_1", profile_id="approve")
    payments = Payments({"bogus": BogusGateway()})
    payment = payments.charge(ORDER, method=method, source=source)
    with pytest.raises(Unsupported):
        payments.mark_paid(payment.id)
    assert payment == payments.get_payment(payment.id)


def test_what_nobody_waits_for_cannot_be_marked_paid() -> None:
    with pytest.raises(NotFound):
        Payments({"check": OfflineGateway()}).mark_paid("py_0")
