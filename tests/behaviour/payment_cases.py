"""Payments without a session: those that wait in the checkout, those that are charged at once."""

from __future__ import annotations

import attrs
from case import Do, Seen, better, outside, same
from storefront import CARD, CHECK, HELD_CARD, Shop, answered, card, order, refusal, usd

from paysession import Payable, Payment
from paysession.views import store_api

CHARGED = attrs.evolve(CARD, session_required=False)
CHARGED_LATER = attrs.evolve(HELD_CARD, session_required=False)


def charge(**script: str) -> Do:
    """Charge a stored source whose provider acts by the script."""

    def do(shop: Shop) -> None:
        shop.payments.charge(order("45.75"), method=CHARGED, source=card(**script))

    return do


def _printed(shop: Shop, payment: Payment) -> object:
    return store_api.payment(shop.payments.statement(payment.id))["status"]


def charge_now_and_later(shop: Shop) -> Seen:
    for method, order_id in ((CHARGED, "or_1"), (CHARGED_LATER, "or_2")):
        shop.payments.charge(order(order_id=order_id), method=method, source=card())
    return {"printed": [_printed(shop, payment) for payment in shop.stored(Payment)]}


def charge_in_vain(shop: Shop) -> Seen:
    def ask(order_id: str, **script: str) -> str | None:
        payable = order(order_id=order_id)
        return refusal(shop.payments.charge, payable, method=CHARGED, source=card(**script))

    return {
        "refused": [ask("or_1", charge="decline:do_not_honor"), ask("or_2", charge="unreachable")]
    }


def authorize_and_compare(shop: Shop) -> Seen:
    shop.payments.charge(order("45.75"), method=CHARGED_LATER, source=card())
    payment = shop.only(Payment)
    (effect,) = shop.bogus.effects
    document = store_api.payment(shop.payments.statement(payment.id))
    return {
        "printed": document["status"],
        "is known by the provider's id": document["response_code"] == effect.reference,
    }


def ask_for_more_and_less(shop: Shop) -> Seen:
    def ask(amount: str) -> str | None:
        return refusal(shop.payments.create_payment, order(), method=CHECK, amount=usd(amount))

    return {"refused": [ask("101.00"), ask("99.00")]}


def ask_without_source(shop: Shop) -> Seen:
    needing = attrs.evolve(CHECK, source_required=True)
    return {
        "refused": [
            refusal(shop.payments.create_payment, order(), method=method)
            for method in (needing, CHECK)
        ]
    }


def change_ones_mind(shop: Shop) -> Seen:
    first = shop.payments.create_payment(order(), method=CHECK)
    shop.payments.create_payment(order(), method=CHECK)
    return {"printed": store_api.payment(shop.payments.statement(first.id))["status"]}


def change_ones_mind_beside_held_money(shop: Shop) -> None:
    shop.payments.create_session(order(), method=HELD_CARD, source=card(), amount=usd("40.00"))
    for session in shop.payments.sessions_of("or_1"):
        shop.payments.complete_session(session.id)
    shop.payments.create_payment(order(), method=CHECK)
    shop.payments.create_payment(order(), method=CHECK)


def choose_what_is_not_there(shop: Shop) -> Seen:
    gone = attrs.evolve(CHECK, gateway="closed account")
    refusals = [
        answered(shop.payments.create_payment, order(), method=gone),
        answered(shop.payments.create_session, order(), method=attrs.evolve(CARD, gateway="gone")),
    ]
    return {"refused": refusals}


def pay_the_rest(shop: Shop) -> None:
    payable = Payable("or_1", total=usd("100.00"), credit_outside=usd("30.00"))
    shop.payments.create_payment(payable, method=CHECK)


def pay_in_two_parts(shop: Shop) -> Seen:
    for amount in ("40.00", "60.00"):
        shop.payments.charge(order(), method=CHARGED, source=card(), amount=usd(amount))
    outbox = shop.store.unpublished(limit=1_000, tenant="")
    names = [type(each.event).__name__ for each in outbox]
    return {"paid": [name for name in names if name in ("PaymentCaptured", "PayablePaid")]}


def see_numbers(shop: Shop) -> Seen:
    token = card(charge="timeout_before")
    shop.payments.charge(order(), method=CHARGED, source=token, amount=usd("40.00"))
    shop.payments.charge(order(), method=CHARGED, source=card(), amount=usd("60.00"))
    shop.recover()
    first, second = (payment.number for payment in shop.stored(Payment))
    keys = [call.key for call in shop.calls() if call.method == "charge"]
    return {
        "form": [number[0] + "x" * len(number[1:]) for number in (first, second)],
        "are told apart": first != second,
        "keys": [keys.index(key) for key in keys],
    }


def order_on_held_money(shop: Shop) -> Seen:
    shop.hold(total="100.00")
    account = shop.payments.balance("or_1")
    return {"is covered": account.is_covered, "paid": str(account.paid)}


def cover_by_credit(shop: Shop) -> Seen:
    def ask(order_id: str, credit: str) -> str | None:
        payable = Payable(order_id, total=usd("100.00"), credit_outside=usd(credit))
        return refusal(shop.payments.create_session, payable, method=CARD)

    return {"refused": [ask("or_1", "100.00"), ask("or_2", "50.00")]}


CASES = (
    same(
        70,
        "a payment and a session are asked for by methods that are not available",
        choose_what_is_not_there,
        {
            "refused": ["422 payment_method_unavailable", "422 payment_method_unavailable"],
            "sessions": [],
            "payments": [],
        },
    ),
    same(
        88,
        "payments of more and of less than an order costs are asked for",
        ask_for_more_and_less,
        {"refused": ["amount_exceeded", None], "payments": ["checkout 99.00 USD"]},
    ),
    same(
        89,
        "payments without a source are asked for, by methods that need one and that do not",
        ask_without_source,
        {"refused": ["payment_source_required", None], "payments": ["checkout 100.00 USD"]},
    ),
    same(
        94,
        "the customer chooses once more while a payment waits in the checkout",
        change_ones_mind,
        {"printed": "invalid", "payments": ["abandoned 100.00 USD", "checkout 100.00 USD"]},
    ),
    same(
        95,
        "stored sources are charged, and their money taken at once or on dispatch",
        charge_now_and_later,
        {
            "printed": ["completed", "pending"],
            "payments": ["captured 100.00 USD", "authorized 100.00 USD"],
            "captures": ["succeeded 100.00 USD"],
        },
    ),
    same(
        97,
        "money of a stored source is held (what the bank said of the address is case 143)",
        authorize_and_compare,
        {
            "printed": "pending",
            "is known by the provider's id": True,
            "payments": ["authorized 45.75 USD"],
        },
    ),
    better(
        98,
        "charges are declined, and do not reach the provider",
        charge_in_vain,
        {
            "refused": [None, "gateway_unreachable"],
            "payments": ["failed 100.00 USD", "failed 100.00 USD"],
            "money at the provider": [],
        },
        because="Every command returns the committed record it is about, with `status`,"
        " `is_open`, `succeeded`, `failure` and `raise_for_failure()`",
    ),
    same(
        100,
        "a charge is declined",
        charge(charge="decline:do_not_honor"),
        {
            "payments": ["failed 45.75 USD"],
            "captures": [],
            "payment events": ["PaymentCreated", "PaymentProcessing", "PaymentFailed"],
        },
    ),
    outside(
        140,
        "a payment is asked for with another customer's card, an unknown one, another store's"
        " method",
        because="Sources and methods are values that the backend passes: it knows whose they are.",
    ),
    same(
        142,
        "a payment is asked for without an amount, for an order of which credit covers a part",
        pay_the_rest,
        {"payments": ["checkout 70.00 USD"]},
    ),
    outside(
        143,
        "what the bank said of the address and the card's code is kept with a payment",
        because="paysession decides nothing by such codes: they are the adapter's and the"
        " backend's.",
    ),
    same(
        145,
        "an order is paid in two parts",
        pay_in_two_parts,
        {
            "paid": ["PaymentCaptured", "PaymentCaptured", "PayablePaid"],
            "orders paid": ["100.00 USD"],
            "order": "paid, due 0.00 USD",
        },
    ),
    better(
        146,
        "an order has two payments, and the first one's call is repeated after the second's",
        see_numbers,
        {
            "form": ["Pxxxxxxx", "Pxxxxxxx"],
            "are told apart": True,
            "keys": [0, 1, 0],
            "payments": ["captured 40.00 USD", "captured 60.00 USD"],
        },
        because="Its provider key is a pure function of the operation's id.",
    ),
    same(
        163,
        "credit covers all of an order, and half of one",
        cover_by_credit,
        {"refused": ["nothing_due", None], "sessions": ["pending 50.00 USD"]},
    ),
    same(
        166,
        "the customer chooses once more while money is held as well",
        change_ones_mind_beside_held_money,
        {"payments": ["authorized 40.00 USD", "abandoned 60.00 USD", "checkout 60.00 USD"]},
    ),
    outside(
        167,
        "a cart is completed twice, while it is being completed, and after it has changed",
        because="Completing a cart is the backend's; `PayablePaid` and `balance()` tell it when.",
    ),
    same(
        169,
        "the money of all of an order is held",
        order_on_held_money,
        {
            "is covered": True,
            "paid": "0.00 USD",
            "order": "authorized, due 0.00 USD",
            "payments": ["authorized 100.00 USD"],
        },
    ),
)
