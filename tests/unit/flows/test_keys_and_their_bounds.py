"""How long a caller's key is kept, and that two keys are never taken for one."""

from __future__ import annotations

from flow_builders import eur, order, seen
from payment_builders import PATIENT, STORED, Till

from paysession import IdempotencyKey, Money, Payment
from paysession.outcomes import Captured


def _charged(till: Till, key: IdempotencyKey | str, amount: Money) -> Payment:
    return till.payments.charge(
        order(), method=PATIENT, source=STORED, amount=amount, idempotency_key=key
    )


def test_a_key_is_kept_for_a_day_from_when_its_operation_ended_not_from_the_request() -> None:
    till = Till(charge=TimeoutError(), look_up=seen(Captured(eur(40))))
    payment = _charged(till, "k", eur(40))
    till.clock.forward(hours=20)
    till.payments.recover()

    till.clock.forward(hours=23)
    assert payment.id == _charged(till, "k", eur(40)).id

    till.clock.forward(hours=2)
    assert payment.id != _charged(till, "k", eur(40)).id


def test_where_a_scope_ends_and_a_key_begins_is_part_of_both() -> None:
    till = Till()

    first = _charged(till, IdempotencyKey("bc", scope="a"), eur(10))
    second = _charged(till, IdempotencyKey("c", scope="ab"), eur(10))

    assert first.id != second.id
    assert eur(20) == till.in_order().paid
    assert first.id == _charged(till, IdempotencyKey("bc", scope="a"), eur(10)).id
