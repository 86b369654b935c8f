"""What a provider tells by itself."""

from __future__ import annotations

from case import Seen, better, outside, same
from storefront import SCRIPTED_CARD, Shop, answered, order, usd

from paysession.outcomes import Captured, Pending, References, Report

SIGNED = {"Signature": "good"}


def pay_and_wait(shop: Shop) -> str:
    """Complete a session that the provider then works on; return the provider's id of it."""
    session = shop.payments.create_session(order(), method=SCRIPTED_CARD)
    shop.scripted.then(complete_session=Pending())
    shop.payments.complete_session(session.id)
    return session.external_id


def captured(session: str) -> Report:
    return Report(Captured(usd("100.00")), references=References.of(session=session))


def tell_of_a_session_that_is_nobodys(shop: Shop) -> Seen:
    pay_and_wait(shop)
    body = shop.scripted.sent(captured("cs_of_nobody"))
    received = shop.payments.receive_notification("scripted", body=body, headers=SIGNED)
    return {"settled": received.settled, "parked": len(received.parked)}


def forge_a_signature(shop: Shop) -> Seen:
    body = shop.scripted.sent(captured(pay_and_wait(shop)))
    answer = answered(
        shop.payments.receive_notification,
        "scripted",
        body=body,
        headers={"Signature": "forged"},
    )
    return {"answer": answer}


def tell_a_gateway_that_is_none(shop: Shop) -> Seen:
    body = shop.scripted.sent(captured(pay_and_wait(shop)))
    answer = answered(
        shop.payments.receive_notification, "of another store", body=body, headers=SIGNED
    )
    return {"answer": answer}


def tell_of_the_money(shop: Shop) -> Seen:
    body = shop.scripted.sent(captured(pay_and_wait(shop)))
    answer = answered(shop.payments.receive_notification, "scripted", body=body, headers=SIGNED)
    return {"answer": answer}


CASES = (
    better(
        47,
        "a notification speaks of a session that is nobody's",
        tell_of_a_session_that_is_nobodys,
        {
            "settled": (),
            "parked": 1,
            "sessions": ["processing 100.00 USD"],
            "discrepancies": ["unknown_reference"],
        },
        because="unknown_reference (parked, applied when the record appears, swept by recovery)",
    ),
    outside(
        50,
        "a job works on a notification, or on one for a method that does not exist any more",
        because="There are no jobs here: a notification is settled before it is acknowledged.",
    ),
    same(
        52,
        "a notification comes with a bad signature",
        forge_a_signature,
        {"answer": "401 invalid_signature", "sessions": ["processing 100.00 USD"]},
    ),
    same(
        53,
        "a notification comes for an unknown method, or for another store's",
        tell_a_gateway_that_is_none,
        {"answer": "404 record_not_found", "sessions": ["processing 100.00 USD"]},
    ),
    better(
        55,
        "a good notification comes",
        tell_of_the_money,
        {
            "answer": None,
            "sessions": ["completed 100.00 USD"],
            "payments": ["captured 100.00 USD"],
            "calls": ["create_session", "complete_session"],
        },
        because="a notification is *settle per report*",
    ),
)
