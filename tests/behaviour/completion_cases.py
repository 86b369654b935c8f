"""Completing a session: what its provider says, and the payment that comes of it."""

from __future__ import annotations

import attrs
from case import Do, Seen, better, same
from storefront import CARD, HELD_CARD, SCRIPTED_CARD, Shop, card, usd

from paysession import Payment, PaymentMethod, PaymentSession
from paysession.outcomes import Authorized
from paysession.views import store_api

SEPA = attrs.evolve(CARD, id="pm_sepa", name="SEPA", instrument="sepa_debit")


def complete(method: PaymentMethod = CARD, **script: str) -> Do:
    """Complete a session whose provider acts by the script."""

    def do(shop: Shop) -> None:
        shop.complete(method=method, **script)

    return do


def complete_one_of_each(method: PaymentMethod, *behaviours: str) -> Do:
    """Complete a session for each behaviour, of as many orders."""

    def do(shop: Shop) -> None:
        for number, behaviour in enumerate(behaviours):
            shop.complete(method=method, order_id=f"or_{number}", complete=behaviour)

    return do


def pay_by_card_in_every_way(shop: Shop) -> None:
    complete_one_of_each(CARD, "approve", "pending", "require_action")(shop)
    shop.scripted.then(complete_session=Authorized(usd("100.00")))
    shop.complete(method=SCRIPTED_CARD, order_id="or_held_unasked")
    shop.complete(method=HELD_CARD, order_id="or_held")


def compare_with_session(shop: Shop) -> Seen:
    shop.complete(total="99.99")
    session, payment = shop.only(PaymentSession), shop.only(Payment)
    return {
        "pays for": payment.payable_id,
        "method": payment.method.id,
        "is known by the session's id": _response_code(shop) == session.external_id,
    }


def _response_code(shop: Shop) -> object:
    session = shop.only(PaymentSession)
    return store_api.payment(shop.payments.statement(session.id))["response_code"]


def see_payment(method: PaymentMethod) -> Do:
    """Complete a session, and print its payment."""

    def do(shop: Shop) -> Seen:
        session = shop.complete(method=method)
        document = store_api.payment(shop.payments.statement(session.id))
        external_id = shop.only(PaymentSession).external_id
        return {
            "printed": document["status"],
            "is known by the session's id": document["response_code"] == external_id,
        }

    return do


def complete_twice(method: PaymentMethod) -> Do:
    """Complete a session, and once more."""

    def do(shop: Shop) -> None:
        session = shop.complete(method=method)
        shop.payments.complete_session(session.id)

    return do


def hear_of_it_again_and_again(shop: Shop) -> None:
    session = shop.complete(complete="timeout_after")
    for _ in range(3):
        shop.recover()
        shop.payments.complete_session(session.id)


def settle_in_two_processes(shop: Shop) -> None:
    session = shop.open()
    shop.meanwhile(lambda: None, shop.recover)
    shop.payments.complete_session(session.id)


def break_while_completing(shop: Shop) -> None:
    shop.scripted.then(complete_session=ValueError("verification failed"))
    shop.complete(method=SCRIPTED_CARD)


def bring_the_browsers_data(shop: Shop) -> Seen:
    session = shop.open()
    shop.payments.complete_session(session.id, external_data={"session_result": "ok"})
    sent = [getattr(call, "external_data", None) for call in shop.calls()]
    return {"sent": [data and data.reveal() for data in sent]}


def pay_at_the_providers_page(shop: Shop) -> None:
    shop.complete(complete="require_action")
    shop.bogus.let_pending_succeed()
    shop.recover()


def hold_and_capture_unheard(shop: Shop) -> None:
    session = shop.complete(method=HELD_CARD, complete="timeout_after", capture="timeout_after")
    shop.recover()
    shop.payments.capture(str(shop.payments.get_session(session.id).payment_id))
    shop.recover()


def take_money_of_a_canceled_session(shop: Shop) -> None:
    session, other = shop.open(method=SCRIPTED_CARD), shop.process()
    shop.meanwhile(lambda: None, lambda: other.cancel_session(session.id))
    shop.payments.complete_session(session.id)


def complete_while_processing(shop: Shop) -> None:
    session = shop.complete(complete="pending")
    shop.payments.complete_session(session.id)


def try_another_card(shop: Shop) -> None:
    session = shop.complete(method=HELD_CARD, complete="decline:do_not_honor")
    shop.payments.complete_session(session.id, source=card())


def complete_what_another_process_completes(shop: Shop) -> None:
    session, other = shop.open(), shop.process()
    shop.meanwhile(lambda: other.complete_session(session.id))
    shop.payments.complete_session(session.id)


def decline_one_and_repeat_another(shop: Shop) -> None:
    shop.complete(complete="decline:insufficient_funds")
    done = shop.complete(order_id="or_2")
    shop.payments.complete_session(done.id)


CASES = (
    same(
        25,
        "a session is completed that had no payment",
        compare_with_session,
        {
            "pays for": "or_1",
            "method": "pm_card",
            "is known by the session's id": True,
            "payments": ["captured 99.99 USD"],
        },
    ),
    same(
        26,
        "a session that has its payment is completed again",
        complete_twice(CARD),
        {"payments": ["captured 100.00 USD"], "captures": ["succeeded 100.00 USD"]},
    ),
    same(
        28,
        "a session is completed, and its provider has taken the money",
        see_payment(CARD),
        {
            "printed": "completed",
            "is known by the session's id": True,
            "movement events": ["PaymentAuthorized 100.00 USD", "PaymentCaptured 100.00 USD"],
        },
    ),
    same(
        29,
        "a session is completed, and its provider holds the money",
        see_payment(HELD_CARD),
        {
            "printed": "pending",
            "payments": ["authorized 100.00 USD"],
            "captures": [],
            "movement events": ["PaymentAuthorized 100.00 USD"],
        },
    ),
    better(
        31,
        "an answer is settled while recovery, in another process, settles what it looked up",
        settle_in_two_processes,
        {
            "calls": ["create_session", "complete_session", "look_up"],
            "sessions": ["completed 100.00 USD"],
            "payments": ["captured 100.00 USD"],
            "movement events": ["PaymentAuthorized 100.00 USD", "PaymentCaptured 100.00 USD"],
            "orders paid": ["100.00 USD"],
        },
        because="On `StaleVersion` (or `AlreadyExists`) a unit runs again on fresh state",
    ),
    same(
        37,
        "a completed session is completed",
        complete_twice(CARD),
        {"sessions": ["completed 100.00 USD"], "calls": ["create_session", "complete_session"]},
    ),
    better(
        38,
        "a session is completed, and the adapter breaks",
        break_while_completing,
        {
            "sessions": ["processing 100.00 USD"],
            "attempts": ["create succeeded", "complete requested"],
            "doubts": ["ValueError: verification failed"],
        },
        because="every other `Exception` → `Unknown`, type and redacted text kept as evidence",
    ),
    same(
        40,
        "a session is completed with what the browser brought back",
        bring_the_browsers_data,
        {"sent": [None, {"session_result": "ok"}], "sessions": ["completed 100.00 USD"]},
    ),
    same(
        41,
        "a customer pays at the provider's page and never comes back; recovery looks it up",
        pay_at_the_providers_page,
        {
            "sessions": ["completed 100.00 USD"],
            "payments": ["captured 100.00 USD"],
            "order": "paid, due 0.00 USD",
            "orders paid": ["100.00 USD"],
        },
    ),
    same(
        43,
        "look-ups tell that money was held, and later that it was taken",
        hold_and_capture_unheard,
        {
            "payments": ["captured 100.00 USD"],
            "captures": ["succeeded 100.00 USD"],
            "calls": ["create_session", "complete_session", "look_up", "capture", "look_up"],
        },
    ),
    same(
        44,
        "the provider tells twice of the same money: by its answer, and looked up meanwhile",
        settle_in_two_processes,
        {
            "payments": ["captured 100.00 USD"],
            "movement events": ["PaymentAuthorized 100.00 USD", "PaymentCaptured 100.00 USD"],
            "money at the provider": ["held 100.00 USD", "taken 100.00 USD"],
        },
    ),
    same(
        46,
        "a session is completed, and its provider says that it was canceled",
        complete(complete="cancel"),
        {"sessions": ["canceled 100.00 USD"], "payments": []},
    ),
    better(
        49,
        "money is told of for a session that has ended without a payment",
        take_money_of_a_canceled_session,
        {
            "sessions": ["canceled 100.00 USD"],
            "payments": ["captured 100.00 USD"],
            "discrepancies": ["paid_after_close"],
        },
        because="Money that arrives for it becomes a payment with the discrepancy"
        " `paid_after_close`",
    ),
    same(
        65,
        "a session is completed that recovery has completed already",
        hear_of_it_again_and_again,
        {
            "sessions": ["completed 100.00 USD"],
            "calls": ["create_session", "complete_session", "look_up"],
        },
    ),
    better(
        101,
        "a session that the provider works on is completed",
        complete_while_processing,
        {
            "sessions": ["processing 100.00 USD"],
            "attempts": ["create succeeded", "complete pending"],
            "calls": ["create_session", "complete_session", "look_up"],
        },
        because='An operation leaves "unknown" only by evidence',
    ),
    better(
        103,
        "a session is completed whose customer was declined, with another card",
        try_another_card,
        {
            "sessions": ["completed 100.00 USD"],
            "attempts": ["create succeeded", "complete failed", "complete succeeded"],
            "payments": ["authorized 100.00 USD"],
        },
        because="A second try by the customer is a second attempt",
    ),
    same(
        104,
        "a session that one process knows as pending was completed by another",
        complete_what_another_process_completes,
        {"sessions": ["completed 100.00 USD"], "calls": ["create_session", "complete_session"]},
    ),
    same(
        106,
        "a session is completed twice, and its money taken at once",
        complete_twice(CARD),
        {
            "payments": ["captured 100.00 USD"],
            "payment events": ["PaymentCreated", "PaymentAuthorized", "PaymentCaptured"],
        },
    ),
    same(
        107,
        "a session is completed twice, and its money held",
        complete_twice(HELD_CARD),
        {
            "payments": ["authorized 100.00 USD"],
            "payment events": ["PaymentCreated", "PaymentAuthorized"],
        },
    ),
    better(
        172,
        "a card's provider has taken it, works on it, wants the customer, holds it unasked, holds"
        " it as was asked",
        pay_by_card_in_every_way,
        {
            "sessions": [
                "completed 100.00 USD",
                "processing 100.00 USD",
                "requires_action 100.00 USD",
                "completed 100.00 USD",
                "completed 100.00 USD",
            ],
            "payments": [
                "captured 100.00 USD",
                "authorized 100.00 USD",
                "authorized 100.00 USD",
            ],
        },
        because="at least the current amount completes (more opens `amount_mismatch`)",
    ),
    better(
        173,
        "the provider of direct debits has taken it, works on it, wants the customer",
        complete_one_of_each(SEPA, "approve", "pending", "require_action"),
        {
            "sessions": [
                "completed 100.00 USD",
                "processing 100.00 USD",
                "requires_action 100.00 USD",
            ],
            "payments": ["captured 100.00 USD"],
        },
        because="`StillOpen` (pending or unknown: not a failure)",
    ),
    better(
        178,
        "the provider refuses what the customer pays with; a completed session is completed again",
        decline_one_and_repeat_another,
        {
            "sessions": ["pending 100.00 USD", "completed 100.00 USD"],
            "attempts": [
                *("create succeeded", "complete failed"),
                *("create succeeded", "complete succeeded"),
            ],
            "payments": ["captured 100.00 USD"],
        },
        because="`retry` → pending (an attempt was declined, the object lives)",
    ),
    same(
        179,
        "a session is completed, and its provider holds the money until it is captured",
        complete(HELD_CARD),
        {
            "sessions": ["completed 100.00 USD"],
            "payments": ["authorized 100.00 USD"],
            "captures": [],
        },
    ),
)
