"""Setup sessions: a source is stored, and no money moves."""

from __future__ import annotations

from datetime import timedelta

from case import Seen, better, same
from storefront import CARD, Shop, refusal

from paysession import SetupSession
from paysession.gateways import BogusGateway
from paysession.views import store_api


def open_setup(shop: Shop, **script: str) -> SetupSession:
    return shop.payments.create_setup_session(
        CARD, external_data={"token": BogusGateway.token(**script)}
    )


def go_every_way(shop: Shop) -> Seen:
    payments = shop.payments
    for behaviour in ("pending", "approve", "end:risk_blocked"):
        setup = open_setup(shop, complete_setup=behaviour)
        payments.complete_setup_session(setup.id)
    payments.cancel_setup_session(open_setup(shop).id)
    payments.create_setup_session(CARD, expires_at=shop.clock.now + timedelta(minutes=10))
    shop.clock.forward(minutes=11)
    payments.expire_setup_sessions()
    _, completed, failed, *_ = shop.stored(SetupSession)
    return {
        "refused": [
            refusal(payments.cancel_setup_session, completed.id),
            refusal(payments.complete_setup_session, failed.id),
        ]
    }


def store_card(shop: Shop) -> Seen:
    setup = open_setup(shop)
    document = store_api.setup_session(shop.payments.complete_setup_session(setup.id))
    stored = shop.only(SetupSession).source
    return {
        "printed": [document["status"], document["payment_source_type"]],
        "its source": document["payment_source_id"] == (stored and stored.id) is not None,
        "kind": type(stored).__name__,
    }


def see_setup(shop: Shop) -> Seen:
    document = store_api.setup_session(open_setup(shop))
    return {
        "printed": [document["status"], document["payment_method_id"]],
        "has a secret for the browser": bool(document["external_client_secret"]),
    }


CASES = (
    same(
        32,
        "setup sessions are worked on, completed, refused, canceled and expired; a completed one"
        " is canceled and a failed one completed",
        go_every_way,
        {
            "setup sessions": ["processing", "completed", "failed", "canceled", "expired"],
            "refused": ["illegal_transition", "illegal_transition"],
        },
    ),
    better(
        34,
        "a setup session stores a card",
        store_card,
        {
            "kind": "CreditCard",
            "printed": ["completed", "credit_card"],
            "setup sessions": ["completed"],
        },
        because="`source_type` credit_card, store_credit, payment_source or null.",
    ),
    same(
        71,
        "a setup session is created",
        see_setup,
        {
            "printed": ["pending", "pm_card"],
            "has a secret for the browser": True,
            "setup sessions": ["pending"],
        },
    ),
    better(
        73,
        "a setup session is completed",
        store_card,
        {
            "printed": ["completed", "credit_card"],
            "its source": True,
            "setup sessions": ["completed"],
            "setup events": [
                *("SetupSessionCreated", "SetupAttemptRequested", "SetupSessionOpened"),
                *("SetupSessionProcessing", "SetupAttemptRequested", "SetupSessionCompleted"),
            ],
        },
        because="`source_type` credit_card, store_credit, payment_source or null.",
    ),
)
