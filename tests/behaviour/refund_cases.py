"""Giving money back."""

from __future__ import annotations

from case import Do, Seen, better, outside, same
from storefront import Shop, answered, refusal, usd

from paysession import Money, Refund
from paysession.outcomes import ReferenceRole
from paysession.views import store_api


def refund(amount: str | None = None, **script: str) -> Do:
    """Take money, and give it or a part of it back; tell how that is printed."""

    def do(shop: Shop) -> Seen:
        payment_id = shop.take(**script)
        shop.payments.refund(payment_id, amount=usd(amount) if amount else None)
        return {"printed": store_api.refund(shop.only(Refund))["amount"]}

    return do


def refund_refused(amount: Money) -> Do:
    """Take 45.75, and ask for an amount back that cannot be given."""

    def do(shop: Shop) -> Seen:
        return {"refused": answered(shop.payments.refund, shop.take(), amount=amount)}

    return do


def _break() -> None:
    raise OSError("the database is gone")


def lose_the_answer(shop: Shop) -> Seen:
    payment_id = shop.take()
    shop.meanwhile(lambda: None, _break)
    refused = refusal(shop.payments.refund, payment_id, amount=usd("10.00"))
    shop.recover()
    is_known = shop.only(Refund).references.get(ReferenceRole.REFUND) is not None
    return {"refused": refused, "its id is known": is_known}


def refund_twice(shop: Shop) -> Seen:
    payment_id = shop.take()
    shop.payments.refund(payment_id)
    before = shop.only(Refund).references
    shop.payments.refund(payment_id)
    return {"keeps its id": shop.only(Refund).references == before}


def refund_unreached(shop: Shop) -> Seen:
    payment_id = shop.take(refund="unreachable")
    refusals = [refusal(shop.payments.refund, payment_id) for _ in range(2)]
    return {"refused": refusals}


def refund_one_part_of_two(shop: Shop) -> Seen:
    first = shop.take(total="40.00", order_id="or_a")
    second = shop.take(total="60.00", order_id="or_b")
    refunds = [(first, "40.00"), (second, "70.00"), (first, "5.00"), ("py_of_nothing", "5.00")]
    return {
        "refused": [
            refusal(shop.payments.refund, payment_id, amount=usd(amount))
            for payment_id, amount in refunds
        ]
    }


CASES = (
    same(
        124,
        "taken money is refunded, without an amount",
        refund(),
        {"refunds": ["succeeded 45.75 USD"], "payments": ["refunded 45.75 USD"]},
    ),
    same(
        125,
        "a part of taken money is refunded",
        refund("10.00"),
        {
            "refunds": ["succeeded 10.00 USD"],
            "payments": ["partially_refunded 45.75 USD"],
            "minor units asked for": [4575, 4575, 1000],
        },
    ),
    same(
        127,
        "more than was taken is refunded",
        refund_refused(usd("55.75")),
        {
            "refused": "422 refund_amount_exceeds_balance",
            "refunds": [],
            "payments": ["captured 45.75 USD"],
            "calls": ["create_session", "complete_session"],
        },
    ),
    same(
        128,
        "nothing is refunded",
        refund_refused(usd("0.00")),
        {"refused": "422 invalid_amount", "refunds": [], "payments": ["captured 45.75 USD"]},
    ),
    better(
        130,
        "money is given back, and the store breaks before that can be recorded",
        lose_the_answer,
        {
            "refused": "outcome_unknown",
            "its id is known": True,
            "refunds": ["succeeded 10.00 USD"],
            "calls": ["create_session", "complete_session", "refund", "look_up"],
        },
        because="Every call to a gateway is made on behalf of an operation that was durably"
        " committed *before* the call.",
    ),
    outside(
        131,
        "a rule of the backend's own forbids a refund",
        because="The backend asks its own rules before it asks for a refund.",
    ),
    same(
        133,
        "a refund that has the provider's id is asked for again",
        refund_twice,
        {
            "keeps its id": True,
            "refunds": ["succeeded 45.75 USD"],
            "calls": ["create_session", "complete_session", "refund"],
        },
    ),
    same(
        134,
        "a refund does not reach the provider, and is asked for again",
        refund_unreached,
        {
            "refused": ["gateway_unreachable", None],
            "refunds": ["failed 45.75 USD", "succeeded 45.75 USD"],
            "payments": ["refunded 45.75 USD"],
        },
    ),
    better(
        136,
        "of 40 and 60 paid for two orders: 40 of the one, 70 of the other, 5 more of the one, and"
        " 5 of none",
        refund_one_part_of_two,
        {
            "refused": [None, "amount_exceeded", "illegal_transition", "record_not_found"],
            "payments": ["refunded 40.00 USD", "captured 60.00 USD"],
            "refunds": ["succeeded 40.00 USD"],
        },
        because="money held or taken at one gateway for one payable",
    ),
    same(
        137,
        "5.00 is refunded",
        refund("5.00"),
        {"printed": "5.0", "refunds": ["succeeded 5.00 USD"]},
    ),
)
