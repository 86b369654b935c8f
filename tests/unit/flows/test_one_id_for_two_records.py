"""One id of the provider's for two records: it is seen, and shown."""

from __future__ import annotations

from flow_builders import eur, scripted_shop
from notifying import notifying_shop, tell
from payment_builders import Till
from test_setup_flows import opened, shop_of

from paysession._domain.discrepancies import DiscrepancyKind
from paysession.outcomes import Accepted, Captured, Pending, References, Report

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


def test_money_of_another_session_is_shown_once() -> None:
    shop = notifying_shop()
    paid, other = shop.completed(total=100), shop.opened(total=200)
    strange = Report(
        Pending(references=References.of(session=paid.external_id)), our_reference=other.attempt_id
    )
    money = Captured(eur(100), references=shop.payment_of(paid).references)

    tell(shop, strange)
    before = shop.snapshot()
    assert FOREIGN == [each.kind for each in shop.payments.get_session(other.id).discrepancies]

    tell(shop, Report(money, our_reference=other.attempt_id))
    assert before == shop.snapshot()
