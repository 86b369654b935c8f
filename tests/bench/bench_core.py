"""
What things cost, as ratios within one run: run it as `python tests/bench/bench_core.py`.

Times of one machine say little on another; how they compare says what to look at.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from timeit import repeat

from paysession import Money, Payable, PaymentMethod, Payments
from paysession.gateways import BogusGateway, Notification, read_json
from paysession.lifecycles import PAYMENT, PaymentStatus

CARD = PaymentMethod(id="pm_1", name="Card", gateway="bogus", capture="manual")
HALF, PRICE = Money("55.00", "USD"), Money("110.00", "USD")


def a_life(payments: Payments, orders: count[int]) -> Callable[[], object]:
    """A session, completed; two captures and a refund: five commands, ten commits."""

    def live() -> object:
        order = Payable(f"or_{next(orders)}", total=PRICE)
        session = payments.create_session(order, method=CARD)
        payment_id = payments.complete_session(session.id).payment_id or ""
        payments.capture(payment_id, amount=HALF)
        payments.capture(payment_id)
        return payments.refund(payment_id, amount=HALF)

    return live


def one_more_refund(payments: Payments, movements: int) -> Callable[[], object]:
    """One refund of a cent, of a payment that has had so many already."""
    session = payments.create_session(Payable(f"or_m{movements}", total=PRICE), method=CARD)
    payment_id = payments.complete_session(session.id).payment_id or ""
    payments.capture(payment_id)
    cent = Money("0.01", "USD")
    for _ in range(movements):
        payments.refund(payment_id, amount=cent)
    return lambda: payments.refund(payment_id, amount=cent)


def reading(body: str) -> Callable[[], object]:
    """One notification, as an adapter reads it once it was verified."""
    notification = Notification(body.encode(), {})
    return lambda: read_json(notification)


def microseconds(work: Callable[[], object], number: int) -> float:
    """Return what one run of the work takes at best."""
    return min(repeat(work, number=number, repeat=5)) / number * 1e6


def main() -> None:
    """Print each cost and what it is compared with."""
    payments = Payments({"bogus": BogusGateway()}, clock=lambda: datetime.now(UTC))
    status = PaymentStatus.AUTHORIZED
    table = microseconds(lambda: PAYMENT.next(status, "capture"), 20_000)
    machine = microseconds(lambda: PAYMENT.machine(start_value=str(status)).send("capture"), 20)
    money = microseconds(lambda: PRICE + HALF, 20_000)
    number = Decimal("110.00")
    decimal = microseconds(lambda: number + number, 20_000)
    life = microseconds(a_life(payments, count()), 20)
    early = microseconds(one_more_refund(payments, 1), 20)
    late = microseconds(one_more_refund(payments, 500), 20)
    usual = '{"id": "evt_1", "type": "paid", "data": {"amount": 1100, "order": "or_1"}}'
    read = microseconds(reading(usual), 2_000)
    plain = microseconds(lambda: json.loads(usual), 2_000)
    most = microseconds(reading('{"a": [' + "{}," * 9_990 + "{}]}"), 5)
    print(f"one step by the table {table:.2f} µs; by a throw-away machine {machine / table:.0f}x")
    print(f"adding money {money:.2f} µs; {money / decimal:.1f}x adding decimals")
    print(f"a whole life {life:.0f} µs; {life / money:.0f}x adding money")
    print(f"reading a notification {read:.1f} µs; {read / plain:.1f}x plain JSON")
    print(f"reading the most laborious one {most:.0f} µs; {most / life:.1f} whole lives")
    print(f"one refund more {early:.0f} µs; after five hundred {late / early:.2f}x")


if __name__ == "__main__":
    main()
