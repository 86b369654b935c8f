"""Laws of holding and taking money: in a session, and from a stored source."""

from __future__ import annotations

from typing import Any, Final

from paysession._domain.methods import CapturePolicy
from paysession._money import Money
from paysession.gateways import Request
from paysession.gateways.requests import Method
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Captured,
    Declined,
    Pending,
    ReferenceRole,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law
from paysession.testing._gateways.occasions import callable_here, effect_of, occasion
from paysession.testing._gateways.orders import AUTOMATIC, MANUAL

_SALES: Final[tuple[Method, ...]] = ("complete_session", "charge")


@law(
    "AUTH-1",
    "what is to be held is held, and not taken",
    reason="taking before dispatch is against the rules of the card schemes",
    source="I22; docs.stripe.com/payments/place-a-hold-on-a-payment-method",
    about="complete_session",
    needs=("sale", "capture"),
)
def a_manual_policy_only_holds(bench: Bench) -> None:
    amount = bench.drawn.amount()
    for method in callable_here(bench, _SALES):
        with bench.moving("after what was to be held") as moves:
            _, answer = bench.concluded(_sale(bench, method, amount, MANUAL))
            held = bench.one_of(answer, Authorized, what="a sale that only holds")
            moves["held"] = held.amount


@law(
    "AUTH-2",
    "what is to be taken at once is taken, or else is not said to be",
    reason="what is said to be taken nobody captures, and the hold runs out",
    source="I22; docs.stripe.com/payments/place-a-hold-on-a-payment-method",
    about="complete_session",
    needs=("sale",),
)
def an_automatic_policy_takes(bench: Bench) -> None:
    amount = bench.drawn.amount()
    lawful = (Captured, Authorized) if bench.offers("capture") else (Captured,)
    for method in callable_here(bench, _SALES):
        with bench.moving("after what was to be taken at once") as moves:
            sale, answer = bench.concluded(_sale(bench, method, amount, AUTOMATIC))
            paid = bench.one_of(answer, *lawful, what="a sale that takes the money at once")
            moves.update(effect_of(sale, paid))


@law(
    "AUTH-3",
    "another process captures by the ids that were answered, and by nothing else",
    reason="the process that held it is gone when the goods are sent",
    source="I24; docs.stripe.com/api/payment_intents/capture",
    about="capture",
    needs=("sale", "capture"),
    controls=("another",),
)
def a_hold_names_what_a_capture_needs(bench: Bench) -> None:
    amount = bench.drawn.amount()
    for method in callable_here(bench, _SALES):
        last, answer = bench.concluded(_sale(bench, method, amount, MANUAL))
        held = bench.one_of(answer, Authorized, what="a sale that only holds")
        capture = bench.orders.capture(last.references | held.references, amount)
        taken = bench.ended(capture, bench.ask(capture, of=bench.another()))
        bench.one_of(taken, Captured, what="a capture by another process")


@law(
    "AUTH-4",
    "a sale that is approved in part answers the provider's amount",
    reason="an order that was paid by half would be sent",
    source="I13, I14, F37",
    about="complete_session",
    needs=("sale",),
    controls=("move_less",),
)
def a_partial_approval_says_how_much(bench: Bench) -> None:
    for method in callable_here(bench, _SALES):
        bench.anew()
        with bench.where_it_can_be_played():
            bench.arm("move_less", method)
            amount = bench.drawn.amount()
            with bench.moving("after a sale that was approved in part") as moves:
                sale, answer = bench.concluded(occasion(bench, method, amount))
                paid = bench.sold(answer, what="a sale that is approved in part")
                bench.must(
                    paid.amount < amount, "what it answers", f"less than {amount}", paid.amount
                )
                moves.update(effect_of(sale, paid))


@law(
    "CHG-1",
    "two charges have two ids",
    reason="a refund of the one would give the other customer's money back",
    source="WooPayments #6487, one intent for two orders",
    about="charge",
    needs=("charge",),
)
def two_charges_have_two_ids(bench: Bench) -> None:
    amount = bench.drawn.amount()
    ids = [_id_of_charge(bench, bench.end_of(bench.charge(amount))) for _ in range(2)]
    bench.must(len(set(ids) - {None}) > 1, "the ids of two charges", "two ids", ids)


@law(
    "CHG-2",
    "a charge that needs the customer takes nothing",
    reason="nobody is there to confirm it, and nobody has",
    source="docs.stripe.com/declines/codes, authentication_required",
    about="charge",
    needs=("charge",),
    controls=("require_action",),
)
def a_charge_takes_nothing_that_needs_the_customer(bench: Bench) -> None:
    bench.arm("require_action", "charge")
    charge = bench.charge(bench.drawn.amount())
    with bench.unmoved("after a charge that needs the customer"):
        answer = bench.ask(charge)
        lawful = (ActionRequired, Pending, Declined)
        bench.one_of(answer, *lawful, what="a charge that needs the customer")


def _sale(bench: Bench, method: Method, amount: Money, policy: CapturePolicy) -> Request[Any]:
    """Return a request to hold or take an amount by this method, which can be asked now."""
    if method == "charge":
        return bench.charge(amount, policy=policy)
    return bench.orders.completion(*bench.opened(amount, policy=policy))


def _id_of_charge(bench: Bench, answer: object) -> str | None:
    """Return what the money of a charge is called, whether it was held or taken."""
    charged = bench.sold(answer, what="a charge").references
    return charged.get(ReferenceRole.AUTHORIZATION) or charged.get(ReferenceRole.CAPTURE)
