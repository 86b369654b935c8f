"""Taking and releasing money that is held."""

from __future__ import annotations

import attrs
from case import Do, Seen, better, same
from storefront import CARD, CHECK, Shop, answered, card, order, refusal, usd

from paysession import Payment, Void
from paysession.outcomes import ReferenceRole

CHARGED = attrs.evolve(CARD, session_required=False)


def capture(amount: str | None = None, **script: str) -> Do:
    """Hold money, and take it or a part of it."""

    def do(shop: Shop) -> Seen:
        payment_id = shop.hold(**script)
        shop.payments.capture(payment_id, amount=usd(amount) if amount else None)
        payment = shop.only(Payment)
        held = payment.references.get(ReferenceRole.AUTHORIZATION)
        asked_on = [call.references.get(ReferenceRole.AUTHORIZATION) for call in shop.calls()]
        return {
            "is asked about what is held": held is not None and asked_on[-1] == held,
            "still capturable": str(payment.balances.capturable),
        }

    return do


def capture_in_two_parts(shop: Shop) -> Seen:
    def balances() -> list[str]:
        payment = shop.only(Payment)
        return [str(payment.balances.captured), str(payment.balances.capturable)]

    payment_id = shop.hold(total="5.00")
    before = balances()
    for part in ("2.00", "3.00"):
        shop.payments.capture(payment_id, amount=usd(part))
    return {"before": before, "after": balances()}


def capture_again_what_failed(shop: Shop) -> None:
    payment_id = shop.hold(capture="pending")
    shop.payments.capture(payment_id)
    shop.bogus.let_pending_fail()
    shop.recover()
    shop.payments.capture(payment_id)
    shop.bogus.let_pending_succeed()
    shop.recover()


def capture_voided(shop: Shop) -> Seen:
    payment_id = shop.hold()
    shop.payments.void(payment_id)
    return {"refused": answered(shop.payments.capture, payment_id)}


def capture_while_another_process_does(shop: Shop) -> None:
    payment_id, other = shop.hold(), shop.process()
    shop.meanwhile(lambda: other.capture(payment_id))
    shop.payments.capture(payment_id)


def capture_while_another_process_voids(shop: Shop) -> Seen:
    payment_id, other = shop.hold(), shop.process()
    shop.meanwhile(lambda: other.void(payment_id))
    return {"refused": refusal(shop.payments.capture, payment_id)}


def capture_twice_and_capture_failed(shop: Shop) -> Seen:
    payment_id = shop.take()
    shop.payments.capture(payment_id)
    failed = shop.payments.charge(
        order(order_id="or_2"), method=CHARGED, source=card(charge="decline:do_not_honor")
    )
    return {"refused": refusal(shop.payments.capture, failed.id)}


def void(times: int = 1, **script: str) -> Do:
    """Hold money, and release it as often as is said."""

    def do(shop: Shop) -> Seen:
        payment_id = shop.hold(**script)
        for _ in range(times):
            shop.payments.void(payment_id)
        payment, movement = shop.only(Payment), shop.only(Void)
        return {
            "the void's id is its own": movement.references.get(ReferenceRole.VOID)
            not in (None, *(each.id for each in payment.references)),
        }

    return do


def give_up_what_nobody_holds(shop: Shop) -> Seen:
    waiting = shop.payments.create_payment(order(), method=CHECK)
    refused = refusal(shop.payments.void, waiting.id)
    shop.payments.abandon_payment(waiting.id)
    return {"refused": refused}


def void_failed(shop: Shop) -> Seen:
    failed = shop.payments.charge(
        order(), method=CHARGED, source=card(charge="decline:do_not_honor")
    )
    return {"refused": answered(shop.payments.void, failed.id)}


def give_up_taken_and_held_money(shop: Shop) -> Seen:
    taken, held = shop.take(), shop.hold(order_id="or_2")
    refused = refusal(shop.payments.void, taken)
    for _ in range(2):
        shop.payments.refund(taken)
    shop.payments.void(held)
    return {"refused": refused}


CASES = (
    same(
        92,
        "nothing of what is held is captured yet, and then all of it, in two parts",
        capture_in_two_parts,
        {
            "before": ["0.00 USD", "5.00 USD"],
            "after": ["5.00 USD", "0.00 USD"],
            "captures": ["succeeded 2.00 USD", "succeeded 3.00 USD"],
        },
    ),
    same(
        109,
        "held money is captured",
        capture(),
        {
            "minor units asked for": [4575, 4575, 4575],
            "is asked about what is held": True,
            "payments": ["captured 45.75 USD"],
            "movement events": [
                "PaymentAuthorized 45.75 USD",
                "CaptureRequested 45.75 USD",
                "PaymentCaptured 45.75 USD",
            ],
        },
    ),
    better(
        110,
        "a part of held money is captured",
        capture("10.00"),
        {
            "payments": ["partially_captured 45.75 USD"],
            "captures": ["succeeded 10.00 USD"],
            "still capturable": "35.75 USD",
            "money at the provider": ["held 45.75 USD", "taken 10.00 USD"],
        },
        because="What may be captured or refunded is read from balances, never from the status.",
    ),
    same(
        112,
        "held money is captured again after a capture that failed",
        capture_again_what_failed,
        {
            "payments": ["captured 45.75 USD"],
            "captures": ["failed 45.75 USD", "succeeded 45.75 USD"],
        },
    ),
    same(
        113,
        "released money is captured",
        capture_voided,
        {
            "refused": "422 payment_not_capturable",
            "captures": [],
            "calls": ["create_session", "complete_session", "void"],
        },
    ),
    same(
        115,
        "held money is captured by a process that has not seen another one capture it",
        capture_while_another_process_does,
        {
            "captures": ["succeeded 45.75 USD"],
            "payment events": [
                *("PaymentCreated", "PaymentAuthorized"),
                *("CaptureRequested", "PaymentCaptured"),
            ],
            "calls": ["create_session", "complete_session", "capture"],
        },
    ),
    same(
        116,
        "held money is captured by a process that has not seen another one release it",
        capture_while_another_process_voids,
        {"refused": "illegal_transition", "payments": ["voided 45.75 USD"], "captures": []},
    ),
    better(
        118,
        "held money is released",
        void(),
        {
            "payments": ["voided 45.75 USD"],
            "voids": ["succeeded 45.75 USD"],
            "the void's id is its own": True,
        },
        because="movements of a payment, records of their own",
    ),
    better(
        119,
        "a payment is given up that no provider knows of",
        give_up_what_nobody_holds,
        {"refused": "unsupported", "payments": ["abandoned 100.00 USD"], "calls": []},
        because="Commands are legal by the chart",
    ),
    same(
        121,
        "a payment is voided that has failed",
        void_failed,
        {"refused": "422 payment_not_voidable", "payments": ["failed 100.00 USD"], "voids": []},
    ),
    same(
        122,
        "held money is released, and the provider refuses",
        void(void="decline:processing_error"),
        {"payments": ["authorized 45.75 USD"], "voids": ["failed 45.75 USD"]},
    ),
    same(
        139,
        "held money is released twice",
        void(times=2),
        {
            "payments": ["voided 45.75 USD"],
            "voids": ["succeeded 45.75 USD"],
            "calls": ["create_session", "complete_session", "void"],
        },
    ),
    same(
        181,
        "taken money is captured, and a payment that has failed",
        capture_twice_and_capture_failed,
        {
            "refused": "illegal_transition",
            "captures": ["succeeded 45.75 USD"],
            "calls": ["create_session", "complete_session", "charge"],
        },
    ),
    better(
        182,
        "taken money is given up, twice, and held money",
        give_up_taken_and_held_money,
        {
            "refused": "illegal_transition",
            "payments": ["refunded 45.75 USD", "voided 45.75 USD"],
            "refunds": ["succeeded 45.75 USD"],
            "voids": ["succeeded 45.75 USD"],
        },
        because="Commands are legal by the chart",
    ),
)
