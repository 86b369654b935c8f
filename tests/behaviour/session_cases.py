"""Sessions: how they come about, change, and end."""

from __future__ import annotations

from datetime import timedelta

from case import Do, Seen, outside, same
from storefront import CARD, HELD_CARD, SCRIPTED_CARD, Shop, card, order, refusal, usd

from paysession import Money, PaymentSession, SetupSession
from paysession.outcomes import Declined, Ends, Failure, FailureCode, Pending

OPENED = ("SessionCreated", "AttemptRequested", "SessionOpened")


def complete(**script: str) -> Do:
    """Complete a session whose provider acts by the script."""

    def do(shop: Shop) -> None:
        shop.complete(method=CARD, **script)

    return do


def end_while_processing(shop: Shop) -> None:
    ended = Declined(Failure(FailureCode.RISK_BLOCKED), ends=Ends.OBJECT)
    shop.scripted.then(complete_session=Pending(), look_up=ended)
    shop.complete(method=SCRIPTED_CARD)
    shop.recover()


def expire(shop: Shop) -> None:
    until = shop.clock.now + timedelta(minutes=10)
    shop.payments.create_session(order(), method=CARD, expires_at=until)
    shop.clock.forward(minutes=11)
    shop.payments.expire_sessions()


def expire_one_of_three(shop: Shop) -> None:
    soon, late = (shop.clock.now + timedelta(minutes=each) for each in (10, 60))
    for expires_at in (None, late, soon):
        shop.payments.create_session(order(), method=CARD, expires_at=expires_at)
    shop.clock.forward(minutes=11)
    shop.payments.expire_sessions()


def cancel_completed(shop: Shop) -> Seen:
    session = shop.complete()
    return {"refused": refusal(shop.payments.cancel_session, session.id)}


def complete_in_two_processes(shop: Shop) -> None:
    session, other = shop.open(), shop.process()
    shop.meanwhile(lambda: other.complete_session(session.id))
    shop.payments.complete_session(session.id)


def cancel_what_was_just_completed(shop: Shop) -> Seen:
    session, other = shop.open(), shop.process()
    shop.meanwhile(lambda: other.complete_session(session.id))
    return {"comes back": str(shop.payments.cancel_session(session.id).status)}


def ask_without_currency(shop: Shop) -> Seen:
    def ask(currency: str) -> PaymentSession:
        amount = Money("10.00", currency)
        return shop.payments.create_session(order(), method=CARD, amount=amount)

    return {"refused": [refusal(ask, ""), refusal(ask, "USD")]}


def ask_for_zero(shop: Shop) -> Seen:
    return {
        "refused": refusal(
            shop.payments.create_session, order(), method=CARD, amount=Money.zero("USD")
        )
    }


def ask_without_amount(shop: Shop) -> Seen:
    shop.payments.create_session(order("25.00", customer="cus_7"), method=CARD)
    return {"customer": shop.only(PaymentSession).customer_id}


def change_amount(shop: Shop) -> None:
    session = shop.open()
    shop.payments.update_session(session.id, amount=usd("60.00"))


def see_ids(shop: Shop) -> Seen:
    shop.open()
    shop.payments.create_setup_session(CARD)
    ids = [shop.only(PaymentSession).id, shop.only(SetupSession).id]
    return {"prefixes": [each.partition("_")[0] for each in ids]}


def find_session(shop: Shop) -> Seen:
    session = shop.open()
    stored = shop.only(PaymentSession)
    return {
        "is told apart": stored.id != stored.external_id,
        "by id": shop.payments.get_session(session.id) == stored,
        "by external id": shop.payments.find_session(external_id=stored.external_id) == stored,
    }


def choose_when_to_capture(shop: Shop) -> Seen:
    def ask(capture: str | None) -> str | None:
        return refusal(
            shop.payments.create_session,
            order(),
            method=HELD_CARD,
            source=card(),
            capture=capture,  # type: ignore[arg-type]  # text is taken for a policy
        )

    refusals = [ask(None), ask("automatic"), ask("whenever")]
    sessions = shop.stored(PaymentSession)
    return {"refused": refusals, "policies": [str(each.terms.capture) for each in sessions]}


CASES = (
    same(
        1,
        "a pending session is completed, and the provider works on it",
        complete(complete="pending"),
        {
            "sessions": ["processing 100.00 USD"],
            "session events": [*OPENED, "AttemptRequested", "SessionProcessing"],
        },
    ),
    same(
        2,
        "a pending session is completed, and the provider takes the money",
        complete(),
        {
            "sessions": ["completed 100.00 USD"],
            "session events": [*OPENED, "AttemptRequested", "SessionCompleted"],
        },
    ),
    same(
        4,
        "a pending session is completed, and the provider refuses and ends it",
        complete(complete="end:risk_blocked"),
        {
            "sessions": ["failed 100.00 USD"],
            "payments": [],
            "session events": [*OPENED, "AttemptRequested", "SessionFailed"],
        },
    ),
    same(
        5,
        "a session that the provider works on is looked up, and the provider has ended it",
        end_while_processing,
        {
            "sessions": ["failed 100.00 USD"],
            "payments": [],
            "session events": [*OPENED, "AttemptRequested", "SessionProcessing", "SessionFailed"],
        },
    ),
    same(
        7,
        "a pending session's time is over",
        expire,
        {
            "sessions": ["expired 100.00 USD"],
            "session events": [
                *OPENED,
                "SessionCloseRequested",
                "AttemptRequested",
                "SessionExpired",
            ],
        },
    ),
    same(
        8,
        "a completed session is canceled",
        cancel_completed,
        {
            "refused": "illegal_transition",
            "sessions": ["completed 100.00 USD"],
            "calls": ["create_session", "complete_session"],
        },
    ),
    same(
        10,
        "two processes that know one session as pending both complete it",
        complete_in_two_processes,
        {
            "sessions": ["completed 100.00 USD"],
            "payments": ["captured 100.00 USD"],
            "session events": [*OPENED, "AttemptRequested", "SessionCompleted"],
            "money at the provider": ["held 100.00 USD", "taken 100.00 USD"],
        },
    ),
    same(
        11,
        "a session is canceled by a process that has not seen it completed by another",
        cancel_what_was_just_completed,
        {
            "comes back": "completed",
            "sessions": ["completed 100.00 USD"],
            "payments": ["captured 100.00 USD"],
            "calls": ["create_session", "complete_session"],
        },
    ),
    same(
        13,
        "a session is asked for in no currency, and then in one",
        ask_without_currency,
        {"refused": ["unknown_currency", None], "sessions": ["pending 10.00 USD"]},
    ),
    same(
        14,
        "a session is asked for over nothing",
        ask_for_zero,
        {"refused": "invalid_amount", "sessions": [], "calls": []},
    ),
    same(
        16,
        "a session is asked for without an amount, for an order in dollars",
        ask_without_amount,
        {"sessions": ["pending 25.00 USD"]},
    ),
    same(
        17,
        "a session is asked for, for the order of a customer",
        ask_without_amount,
        {"customer": "cus_7", "sessions": ["pending 25.00 USD"]},
    ),
    same(
        19,
        "of three sessions, one is without an end, one ends later and one has ended",
        expire_one_of_three,
        {"sessions": ["pending 100.00 USD", "pending 100.00 USD", "expired 100.00 USD"]},
    ),
    outside(
        22,
        "a session is deleted",
        because="Nothing that tells of money is deleted; what is shown is the backend's choice.",
    ),
    same(
        23,
        "a session is created, and its amount is changed",
        change_amount,
        {
            "sessions": ["pending 60.00 USD"],
            "session events": [*OPENED, "AttemptRequested", "SessionUpdated"],
        },
    ),
    same(
        35,
        "a session and a setup session are created",
        see_ids,
        {"prefixes": ["ps", "pss"], "sessions": ["pending 100.00 USD"]},
    ),
    outside(
        58,
        "a guest asks for a session, with and without the cart's token",
        because="Who may see a cart is what the backend's web knows.",
    ),
    outside(
        59,
        "a session is asked for by the id of a method that does not exist",
        because="A payment method is a value that the backend passes: it finds it by its id.",
    ),
    same(
        61,
        "a session is read by its id and by the provider's",
        find_session,
        {
            "is told apart": True,
            "by id": True,
            "by external id": True,
            "sessions": ["pending 100.00 USD"],
        },
    ),
    outside(
        62,
        "another customer's session is read by its id and by the provider's",
        because="Who may see a session is what the backend's web knows; tenants never meet.",
    ),
    same(
        170,
        "the method says when to capture, or the session does, or it says a word that is none",
        choose_when_to_capture,
        {
            "refused": [None, None, "unsafe_input"],
            "policies": ["manual", "automatic"],
            "sessions": ["pending 100.00 USD", "pending 100.00 USD"],
        },
    ),
)
