"""What shops and their customers ask for: sessions, charges, movements of money."""

from __future__ import annotations

from typing import Final

from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.payable import Payable
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._money import Money
from paysession.lifecycles import SessionStatus
from paysession.testing._simulation.shopper import SOURCE, Shopper

_MOVEMENTS: Final[tuple[tuple[type[Capture | Void | Refund], str], ...]] = (
    (Capture, "capture"),
    (Void, "void"),
    (Refund, "refund"),
)


def waits_for_customer(session: PaymentSession) -> bool:
    """Whether nothing is asked of the provider about a session, and it may be paid or changed."""
    return session.status is SessionStatus.PENDING


def opens_session(shopper: Shopper) -> None:
    """A customer comes to the checkout."""
    order = shopper.order()
    shopper.give(
        "create_session",
        order,
        method=shopper.dice.choice(shopper.methods),
        amount=shopper.part_of(order.total) if shopper.dice.random() < 0.3 else None,
        source=SOURCE if shopper.dice.random() < 0.3 else None,
        expires_at=shopper.end_of_session(),
    )


def completes_session(shopper: Shopper) -> None:
    """The customer has confirmed."""
    session = shopper.one_of(PaymentSession, lambda each: each.is_open) or shopper.one_of(
        PaymentSession, lambda _: True
    )
    if session is not None:
        hint = {"payload": "sim"} if shopper.dice.random() < 0.1 else None
        shopper.give("complete_session", session.id, external_data=hint)


def updates_session(shopper: Shopper) -> None:
    """The cart has changed."""
    session = shopper.one_of(PaymentSession, waits_for_customer) or shopper.one_of(
        PaymentSession, lambda each: each.is_open
    )
    if session is not None:
        minor = shopper.dice.randint(1, session.amount.minor)
        amount = Money.from_minor(minor, session.amount.currency)
        shopper.give("update_session", session.id, amount=amount)


def cancels_session(shopper: Shopper) -> None:
    """The customer goes back."""
    session = shopper.one_of(PaymentSession, lambda each: each.is_open)
    if session is not None:
        shopper.give("cancel_session", session.id)


def charges(shopper: Shopper) -> None:
    """A subscription is due."""
    method = shopper.dice.choice(shopper.methods)
    shopper.give("charge", shopper.order(), method=method, source=SOURCE)


def captures(shopper: Shopper) -> None:
    """Goods are sent."""
    payment = shopper.one_of(Payment, lambda each: bool(each.balances.capturable))
    if payment is not None:
        amount = shopper.part_of(payment.balances.capturable)
        is_final = shopper.dice.random() < 0.3
        shopper.give("capture", payment.id, amount=amount, is_final=is_final)


def voids(shopper: Shopper) -> None:
    """An order is called off before its goods are sent."""
    payment = shopper.one_of(Payment, lambda each: bool(each.balances.capturable))
    if payment is not None:
        shopper.give("void", payment.id, amount=shopper.part_of(payment.balances.capturable))


def refunds(shopper: Shopper) -> None:
    """Goods come back."""
    payment = shopper.one_of(Payment, lambda each: bool(each.balances.refundable))
    if payment is not None:
        shopper.give("refund", payment.id, amount=shopper.part_of(payment.balances.refundable))


def moves_despite(shopper: Shopper) -> None:
    """Somebody will not wait for a movement of which nobody knows."""
    kind, command = shopper.dice.choice(_MOVEMENTS)
    unknown = shopper.one_of(kind, lambda each: each.is_unresolved)
    if unknown is not None:
        amount = shopper.part_of(unknown.amount)
        shopper.give(command, unknown.payment_id, amount=amount, despite_unresolved=unknown.id)


def cancels_refund(shopper: Shopper) -> None:
    """Somebody wants the money back that was to be given back."""
    refund = shopper.one_of(Refund, lambda each: each.is_open)
    if refund is not None:
        shopper.give("cancel_refund", refund.id)


def opens_setup_session(shopper: Shopper) -> None:
    """A customer wants a source to be kept."""
    shopper.give("create_setup_session", shopper.automatic, expires_at=shopper.end_of_session())


def completes_setup_session(shopper: Shopper) -> None:
    """The customer has confirmed that."""
    session = shopper.one_of(SetupSession, lambda each: each.is_open)
    if session is not None:
        shopper.give("complete_setup_session", session.id)


def cancels_setup_session(shopper: Shopper) -> None:
    """The customer would rather not."""
    session = shopper.one_of(SetupSession, lambda each: each.is_open)
    if session is not None:
        shopper.give("cancel_setup_session", session.id)


def abandons_payment(shopper: Shopper) -> None:
    """Nobody waits for a payment any more."""
    payment = shopper.one_of(Payment, lambda each: each.is_open)
    if payment is not None:
        shopper.give("abandon_payment", payment.id)


def restates_payable(shopper: Shopper) -> None:
    """An order costs something else now."""
    order = shopper.order()
    total = Money.from_minor(shopper.dice.randint(1, 2 * order.total.minor), order.total.currency)
    changed = Payable(order.id, total=total)
    shopper.orders[shopper.orders.index(order)] = changed
    shopper.driver.run(shopper.driver.begin("worker 1", "update_payable", changed))
