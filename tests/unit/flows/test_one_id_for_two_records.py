"""One id of the provider's for two records: it is seen, and shown."""

from __future__ import annotations

from flow_builders import eur, scripted_shop
from payment_builders import Till
from test_setup_flows import opened, shop_of

from paysession._domain.discrepancies import DiscrepancyKind
from paysession.outcomes import Accepted, Captured, References

FOREIGN = [DiscrepancyKind.FOREIGN_REFERENCE]


def test_two_captures_under_one_id_are_shown() -> None:
    same = [Captured(eur(30), references=References.of(capture="ch_1")) for _ in range(2)]
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", *same)
    for _ in same:
        shop.payments.capture(payment.id, amount=eur(30))
    payment = shop.payments.get_payment(payment.id)
    assert FOREIGN == [each.kind for each in payment.discrepancies]
    assert eur(60) == payment.balances.captured


def test_two_charges_under_one_id_are_shown() -> None:
    same = References.of(authorization="pi_1")
    till = Till(charge=Captured(eur(30), references=same))
    till.gateway.then("charge", Captured(eur(30), references=same))
    first, second = (till.charged(amount=eur(30)) for _ in range(2))
    assert () == first.discrepancies
    assert FOREIGN == [each.kind for each in second.discrepancies]


def test_two_setup_sessions_under_one_id_are_shown() -> None:
    accepted = Accepted(references=References.of(session="seti_1"))
    shop = shop_of(create_setup_session=accepted)
    shop.gateway.then("create_setup_session", accepted)
    first, second = opened(shop), opened(shop)
    assert () == first.discrepancies
    assert FOREIGN == [each.kind for each in second.discrepancies]
