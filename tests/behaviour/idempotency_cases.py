"""Idempotency keys of the backend's callers."""

from __future__ import annotations

from case import Do, Seen, same
from storefront import CARD, Shop, answered, order, usd


def refund_twice_without_key(shop: Shop) -> None:
    payment_id = shop.take()
    for _ in range(2):
        shop.payments.refund(payment_id, amount=usd("10.00"))


def refund_under(*keys_and_amounts: tuple[str, str]) -> Do:
    """Take money, and give some of it back under each key."""

    def do(shop: Shop) -> Seen:
        payment_id, refund = shop.take(), shop.payments.refund
        return {
            "answers": [
                answered(refund, payment_id, amount=usd(amount), idempotency_key=key)
                for key, amount in keys_and_amounts
            ]
        }

    return do


def read_after_key(shop: Shop) -> Seen:
    def read() -> str:
        return str(shop.payments.get_session(session.id).status)

    session = shop.payments.create_session(order(), method=CARD, idempotency_key="session-1")
    before = read()
    shop.payments.complete_session(session.id, idempotency_key="session-1")
    return {"read": [before, read()]}


CASES = (
    same(
        80,
        "10.00 is refunded twice, without a key",
        refund_twice_without_key,
        {"refunds": ["succeeded 10.00 USD", "succeeded 10.00 USD"]},
    ),
    same(
        82,
        "10.00 is refunded twice under a key, and 20.00 under the same",
        refund_under(("refund-1", "10.00"), ("refund-1", "10.00"), ("refund-1", "20.00")),
        {
            "answers": [None, None, "422 idempotency_key_reused"],
            "refunds": ["succeeded 10.00 USD"],
            "calls": ["create_session", "complete_session", "refund"],
        },
    ),
    same(
        83,
        "10.00 is refunded under two keys",
        refund_under(("refund-1", "10.00"), ("refund-2", "10.00")),
        {"answers": [None, None], "refunds": ["succeeded 10.00 USD", "succeeded 10.00 USD"]},
    ),
    same(
        85,
        "money is refunded under a key of 255 characters, and under one of 256",
        refund_under(("k" * 255, "10.00"), ("k" * 256, "20.00")),
        {"answers": [None, "400 invalid_request"], "refunds": ["succeeded 10.00 USD"]},
    ),
    same(
        86,
        "a session that was created and completed under keys is read before and after",
        read_after_key,
        {"read": ["pending", "completed"], "sessions": ["completed 100.00 USD"]},
    ),
)
