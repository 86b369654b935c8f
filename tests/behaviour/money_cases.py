"""Amounts: how they are read, counted, sent and shown."""

from __future__ import annotations

from case import Do, Seen, better, same
from storefront import CARD, Shop, order, refusal, usd

from paysession import Money, Payable, PaymentSession
from paysession.views import store_api


def pay(*amounts: Money, locale: str = "en_US") -> Do:
    """Complete a session over each amount, and print what each payment costs."""

    def do(shop: Shop) -> Seen:
        shown = []
        for number, amount in enumerate(amounts):
            payable = Payable(f"or_{number}", total=amount)
            session = shop.payments.create_session(payable, method=CARD)
            session = shop.payments.complete_session(session.id)
            statement = shop.payments.statement(session.id)
            shown.append(store_api.payment(statement, locale=locale)["display_amount"])
        return {"shown": shown}

    return do


def type_amounts(shop: Shop) -> Seen:
    def open_as_typed(text: str) -> PaymentSession:
        amount = Money.parse(text, "USD", locale="de_DE")
        return shop.payments.create_session(Payable("or_1", total=amount), method=CARD)

    return {"refused": [refusal(open_as_typed, text) for text in ("2,99", "2,99 $", "2.99")]}


def ask_for_a_free_order(shop: Shop) -> Seen:
    return {"refused": refusal(shop.payments.create_session, order("0.00"), method=CARD)}


def ask_for_half(shop: Shop) -> Seen:
    session = shop.payments.create_session(order(), method=CARD, amount=usd("50.0"))
    document = store_api.payment_session(shop.payments.statement(session.id))
    return {"printed": document["amount"]}


CASES = (
    same(
        20,
        "a session over 99.99 dollars is completed",
        pay(Money("99.99", "USD")),
        {"minor units asked for": [9999, 9999], "sessions": ["completed 99.99 USD"]},
    ),
    better(
        91,
        "amounts are typed by people who write a comma",
        type_amounts,
        {
            "refused": [None, None, "invalid_amount"],
            "sessions": ["pending 2.99 USD", "pending 2.99 USD"],
        },
        because='strict parsing (`parse_decimal("25.00", "de")` is 2500 without it',
    ),
    better(
        148,
        "payments in several currencies are shown",
        pay(Money("10.00", "USD"), Money(1000, "JPY"), Money(1000, "DKK")),
        {
            "shown": ["$10.00", "¥1,000", "DKK1,000.00"],
            "payments": ["captured 10.00 USD", "captured 1000 JPY", "captured 1000.00 DKK"],
        },
        because="Display and parsing are Babel's, imported lazily, with ISO digits forced",
    ),
    better(
        149,
        "100 dollars, 100 yen and 100 won are asked for",
        pay(Money(100, "USD"), Money(100, "JPY"), Money(100, "KRW")),
        {
            "minor units asked for": [10000, 10000, 100, 100, 100, 100],
            "payments": ["captured 100.00 USD", "captured 100 JPY", "captured 100 KRW"],
        },
        because="Digits are ISO 4217's, not CLDR's",
    ),
    same(
        175,
        "a session is asked for, for an order that costs nothing",
        ask_for_a_free_order,
        {"refused": "nothing_due", "sessions": [], "calls": []},
    ),
    same(
        176,
        "a session is asked for over half of an order",
        ask_for_half,
        {
            "printed": "50.0",
            "sessions": ["pending 50.00 USD"],
            "minor units asked for": [5000],
        },
    ),
)
