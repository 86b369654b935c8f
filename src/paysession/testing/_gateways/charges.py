"""Laws of holding and taking money: in a session, and from a stored source."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import attrs

from paysession._domain.methods import CapturePolicy
from paysession._domain.sources import MandateUse
from paysession._money import Money
from paysession.gateways import CloseSessionRequest, Request
from paysession.gateways.requests import Method
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Captured,
    Declined,
    Pending,
    ReferenceRole,
)
from paysession.testing._gateways.amounts import is_told_as_answered
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import MOVEMENTS, law
from paysession.testing._gateways.occasions import DONE, callable_here, effect_of, moves_parts
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
        with bench.where_it_can_be_played(), bench.moving("after what was to be held") as moves:
            _, answer = bench.concluded(_sale(bench, method, amount, MANUAL))
            held = bench.one_of(answer, Authorized, what="a sale that only holds")
            bench.same(amount, held.amount, "what a sale that only holds answers")
            moves["held"] = amount


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
    for method in callable_here(bench, _SALES):
        what = "after what was to be taken at once"
        with bench.where_it_can_be_played(), bench.moving(what) as moves:
            sale, answer = bench.concluded(_sale(bench, method, amount, AUTOMATIC))
            what = "a sale that takes the money at once"
            paid = bench.sold_as(AUTOMATIC, answer, what=what)
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
                policy = bench.drawn.one_of(bench.policies)
                asked, closings = _sale_to_be_closed(bench, method, amount, policy)
                sale, answer = bench.concluded(asked)
                paid = bench.sold(answer, what="a sale that is approved in part")
                told, less = paid.amount, f"less than {amount}"
                bench.must(told < amount, "what it answers", less, told)
                moves.update(effect_of(sale, paid))
                is_told_as_answered(bench, sale, paid)
                for closing in closings:
                    what = "closing a session that was approved in part"
                    over = bench.sold(bench.end_of(closing), what=what)
                    bench.same(told, over.amount, f"what {what} answers")


@law(
    "CHG-1",
    "each charge moves what it was asked to, by whatever consent, and has an id of its own",
    reason="a refund of one that has another's id would give the other customer's money back",
    source="WooPayments #6487, one intent for two orders",
    about="charge",
    needs=("charge",),
)
def each_charge_is_one_of_its_own(bench: Bench) -> None:
    amount = bench.drawn.amount()
    ids: list[str | None] = []
    for use, policy in product(MandateUse, bench.policies):
        charge: Any = bench.charge(amount, policy=policy)
        with bench.moving(f"after a charge, the {use} use of a consent") as moves:
            last, answer = bench.concluded(attrs.evolve(charge, use=use))
            charged = bench.sold(answer, what="a charge")
            bench.same(amount, charged.amount, "what a charge answers")
            moves.update(effect_of(last, charged))
        ids.append(_id_of(charged))
    bench.must(len(set(ids) - {None}) == len(ids), "the ids of charges", "all of them differ", ids)


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


@law(
    "CHG-3",
    "what was charged is captured, voided and refunded like what was paid in a session",
    reason="there is no session's id to name it by, and a renewal is given back as often as a sale",
    source="I24; docs.stripe.com/payments/save-and-reuse",
    about="charge",
    needs=("charge", "movement"),
)
def a_charge_moves_on_like_any_sale(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    amount = bench.drawn.amount()
    part = bench.drawn.part_of(amount)
    for method in callable_here(bench, MOVEMENTS):
        for some in (amount, part) if moves_parts(bench, method) else (amount,):
            bench.anew()
            policy = AUTOMATIC if method == "refund" else MANUAL
            ids = bench.paid(amount, policy=policy, by=bench.charge(amount, policy=policy))
            request = getattr(bench.orders, method)(ids, some)
            with bench.moving(f"after a {method} of what was charged") as moves:
                what = f"a {method} of what was charged"
                end = bench.end_of(request)
                bench.one_of(end, *DONE[method], what=what)
                moves.update(effect_of(request, end))
            bench.same([some], [*moves.values()], f"what {what} answers")


def _sale(bench: Bench, method: Method, amount: Money, policy: CapturePolicy) -> Request[Any]:
    """Return a request to hold or take an amount by this method, which can be asked now."""
    sale, _ = _sale_to_be_closed(bench, method, amount, policy)
    return sale


def _sale_to_be_closed(
    bench: Bench, method: Method, amount: Money, policy: CapturePolicy
) -> tuple[Request[Any], list[CloseSessionRequest]]:
    """Return such a request, and one to close its session, if it has one that can be closed."""
    if method == "charge":
        return bench.charge(amount, policy=policy), []
    session, opened = bench.opened(amount, policy=policy)
    closings = [bench.orders.closing(session, opened)] if bench.offers("close_session") else []
    return bench.orders.completion(session, opened), closings


def _id_of(charged: Authorized | Captured) -> str | None:
    """Return what the money of a charge is called, whether it was held or taken."""
    ids = charged.references
    return ids.get(ReferenceRole.AUTHORIZATION) or ids.get(ReferenceRole.CAPTURE)
