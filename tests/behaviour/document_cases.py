"""The documents of the store's API, printed from what is stored."""

from __future__ import annotations

from datetime import timedelta

from case import Do, Seen, same
from storefront import CARD, CHECK, VISA, Shop, card, order, usd

from paysession import Payment, Refund, Source
from paysession.views import store_api


def see_session(shop: Shop) -> Seen:
    expires_at = shop.clock.now + timedelta(hours=1)
    session = shop.payments.create_session(
        order("99.99"), method=CARD, source=card(), expires_at=expires_at
    )
    document = store_api.payment_session(shop.payments.statement(session.id))
    told = ("status", "payment_method_id", "order_id", "amount")
    return {
        "printed": {name: document[name] for name in told},
        "data for the browser": type(document["external_data"]).__name__,
        "says when it ends": document["expires_at"] is not None,
        "times beside": [name for name in ("created_at", "updated_at") if name in document],
    }


def complete_by_external_id(shop: Shop) -> Seen:
    session = shop.open()
    external_id = shop.payments.get_session(session.id).external_id
    found = shop.payments.find_session(external_id=external_id)
    shop.payments.complete_session(found.id)
    document = store_api.payment_session(shop.payments.statement(session.id))
    return {"printed": document["status"]}


def see_payment(shop: Shop) -> Seen:
    payment = shop.payments.create_payment(
        order(), method=CHECK, amount=usd("5.00"), metadata={"purchase_order_number": "PO-7"}
    )
    document = store_api.payment(shop.payments.statement(payment.id))
    return {
        "printed": document["amount"],
        "kept": dict(shop.only(Payment).metadata),
        "is shown": "metadata" in document,
    }


def see_refund(shop: Shop) -> Seen:
    shop.payments.refund(shop.take(), amount=usd("10"))
    document = store_api.refund(shop.only(Refund))
    return {"printed": document["amount"], "keys": [*document]}


def see_source(source: Source) -> Do:
    """Pay with a source, and print that."""

    def do(shop: Shop) -> Seen:
        session = shop.payments.create_session(order(), method=CARD, source=source)
        session = shop.payments.complete_session(session.id)
        document = store_api.payment(shop.payments.statement(session.id))
        return {"printed": document["source"], "kind": document["source_type"]}

    return do


CASES = (
    same(
        56,
        "a session is created",
        see_session,
        {
            "printed": {
                "status": "pending",
                "payment_method_id": "pm_card",
                "order_id": "or_1",
                "amount": "99.99",
            },
            "sessions": ["pending 99.99 USD"],
        },
    ),
    same(
        64,
        "a session is completed that was found by the provider's id",
        complete_by_external_id,
        {"printed": "completed", "sessions": ["completed 100.00 USD"]},
    ),
    same(
        67,
        "a payment of 5.00 is created",
        see_payment,
        {"printed": "5.0", "payments": ["checkout 5.00 USD"]},
    ),
    same(
        68,
        "a payment is created with notes of the backend's",
        see_payment,
        {
            "kept": {"purchase_order_number": "PO-7"},
            "is shown": False,
            "payments": ["checkout 5.00 USD"],
        },
    ),
    same(
        74,
        "a session over 99.99 that ends in an hour is printed",
        see_session,
        {
            "printed": {
                "status": "pending",
                "payment_method_id": "pm_card",
                "order_id": "or_1",
                "amount": "99.99",
            },
            "data for the browser": "dict",
            "says when it ends": True,
            "times beside": [],
            "sessions": ["pending 99.99 USD"],
        },
    ),
    same(
        76,
        "a refund of 10 is printed",
        see_refund,
        {
            "printed": "10.0",
            "keys": [
                "id",
                "amount",
                "transaction_id",
                "payment_id",
                "refund_reason_id",
                "originator_id",
                "originator_type",
            ],
            "refunds": ["succeeded 10.00 USD"],
        },
    ),
    same(
        77,
        "a card that was paid with is printed",
        see_source(VISA),
        {
            "kind": "credit_card",
            "printed": {
                "id": "card_1",
                "brand": "visa",
                "last4": "4242",
                "month": 12,
                "year": 2031,
                "name": "Ada",
                "default": False,
                "gateway_payment_profile_id": "approve",
            },
            "payments": ["captured 100.00 USD"],
        },
    ),
    same(
        79,
        "a stored source that was paid with is printed",
        see_source(card()),
        {
            "kind": "payment_source",
            "printed": {"id": "src_1", "gateway_payment_profile_id": "approve"},
            "payments": ["captured 100.00 USD"],
        },
    ),
)
