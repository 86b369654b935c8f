"""Deeds that make ready what other deeds and faults need: done only where it is missing."""

from __future__ import annotations

from paysession._domain.payable import Payable
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession.testing._simulation.provider import CALM, REFUSING, SLOW
from paysession.testing._simulation.shopper import TOTALS, Shopper
from paysession.testing._simulation.shopping import completes_session, refunds, waits_for_customer


def checks_out(shopper: Shopper) -> None:
    """A session is opened, and nothing more, so that there is something to be changed."""
    if shopper.one_of(PaymentSession, waits_for_customer) is None:
        number, total = len(shopper.given), shopper.dice.choice(TOTALS)
        with shopper.mood(CALM):
            order = Payable(f"or_more_{number}", total=total)
            shopper.give("create_session", order, method=shopper.dice.choice(shopper.methods))


def holds(shopper: Shopper) -> None:
    """Money is held, so that there is something to be captured or voided."""
    if shopper.one_of(Payment, lambda each: bool(each.balances.capturable)) is None:
        shopper.charged_calmly(shopper.manual)


def takes(shopper: Shopper) -> None:
    """Money is taken, so that there is something to be given back."""
    if shopper.one_of(Payment, lambda each: bool(each.balances.refundable)) is None:
        shopper.charged_calmly(shopper.automatic)


def is_declined(shopper: Shopper) -> None:
    """A customer's source is refused."""
    with shopper.mood(REFUSING):
        completes_session(shopper)


def gives_back_slowly(shopper: Shopper) -> None:
    """A refund is begun, and not finished, so that there is something to be called off."""
    with shopper.mood(SLOW):
        refunds(shopper)


def gives_back_calmly(shopper: Shopper) -> None:
    """A refund succeeds, so that there is something to bounce."""
    with shopper.mood(CALM):
        refunds(shopper)
