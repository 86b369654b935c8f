"""Credit that the store itself owes its customers."""

from __future__ import annotations

from datetime import timedelta

from case import Do, Seen, same
from storefront import CREDIT, Shop, order, refusal, usd

from paysession import CapturePolicy, Money, Payable, Payment, StoreCredit
from paysession.gateways import Credit, draw_credits


def grant(shop: Shop, *amounts: Money, customer: str = "cus_1") -> None:
    """Owe a customer these credits, the oldest first."""
    for number, amount in enumerate(amounts, start=1):
        shop.ledger.grant(
            Credit(
                id=f"{customer}_{number}",
                customer_id=customer,
                amount=amount,
                created_at=shop.clock.now + timedelta(days=number),
            )
        )


def hold(shop: Shop, amount: Money, *, order_id: str = "or_1") -> Payment:
    """Hold some of the customer's first credit, for an order that costs as much."""
    return shop.payments.charge(
        Payable(order_id, total=amount, customer_id="cus_1"),
        method=CREDIT,
        source=StoreCredit(id="cus_1_1"),
        capture=CapturePolicy.MANUAL,
    )


def apply_credit(shop: Shop, payable: Payable, *, at_most: Money | None = None) -> None:
    """Pay what is due of an order, or some of it, with what its customer has."""
    due = at_most or shop.payments.balance(payable).due
    for draw in draw_credits(shop.ledger.credits_of(str(payable.customer_id)), amount=due):
        shop.payments.charge(
            payable, method=CREDIT, source=StoreCredit(id=draw.credit.id), amount=draw.amount
        )


def apply_to_order(total: str, *credits_: Money) -> Do:
    """Owe a customer these credits, and pay an order with them."""

    def do(shop: Shop) -> None:
        grant(shop, *credits_)
        apply_credit(shop, order(total, customer="cus_1"))

    return do


def use_and_hold(shop: Shop) -> None:
    grant(shop, usd("100.00"))
    shop.payments.capture(hold(shop, usd("10.00")).id)
    hold(shop, usd("15.00"), order_id="or_2")


def hold_too_much_and_enough(shop: Shop) -> Seen:
    grant(shop, usd("8.21"))
    for number, amount in enumerate((usd("16.42"), Money("8.21", "EUR"), usd("8.21"))):
        hold(shop, amount, order_id=f"or_{number}")
    failures = [payment.failure for payment in shop.stored(Payment)]
    return {"because": [failure and failure.raw_code for failure in failures]}


def capture_a_part_and_too_much(shop: Shop) -> Seen:
    grant(shop, usd("100.00"))
    payment = hold(shop, usd("10.00"))
    refused = refusal(shop.payments.capture, payment.id, amount=usd("20.00"))
    shop.payments.capture(payment.id, amount=usd("9.00"))
    return {"refused": refused}


def void_held_and_taken(shop: Shop) -> Seen:
    grant(shop, usd("100.00"))
    held, taken = hold(shop, usd("10.00")), hold(shop, usd("20.00"), order_id="or_2")
    shop.payments.capture(taken.id)
    ids = (held.id, taken.id, "py_of_nothing")
    return {"refused": [refusal(shop.payments.void, payment_id) for payment_id in ids]}


def apply_to_three_orders(shop: Shop) -> None:
    wishes = (("500.00", None), ("400.00", None), ("500.00", usd("300.00")))
    for number, (credit, at_most) in enumerate(wishes):
        payable = order("500.00", f"or_{number}", customer=f"cus_{number}")
        grant(shop, usd(credit), customer=f"cus_{number}")
        apply_credit(shop, payable, at_most=at_most)


def apply_to_overpaid_order(shop: Shop) -> None:
    grant(shop, usd("100.00"))
    shop.take(total="40.00")
    apply_credit(shop, order("10.00", customer="cus_1"))


CASES = (
    same(
        151,
        "of a credit of 100.00, 10.00 is used and 15.00 held",
        use_and_hold,
        {
            "credit": ["10.00 USD used, 15.00 USD held, 75.00 USD left"],
            "payments": ["captured 10.00 USD", "authorized 15.00 USD"],
        },
    ),
    same(
        152,
        "of a credit of 8.21, twice as much is to be held, then euros, then all of it",
        hold_too_much_and_enough,
        {
            "because": ["insufficient_credit", "other_currency", None],
            "payments": ["failed 16.42 USD", "failed 8.21 EUR", "authorized 8.21 USD"],
            "credit": ["0.00 USD used, 8.21 USD held, 0.00 USD left"],
        },
    ),
    same(
        154,
        "of 10.00 of credit that are held, 20.00 are captured, and then 9.00",
        capture_a_part_and_too_much,
        {
            "refused": "amount_exceeded",
            "captures": ["succeeded 9.00 USD"],
            "credit": ["9.00 USD used, 1.00 USD held, 90.00 USD left"],
        },
    ),
    same(
        155,
        "credit is released that is held, that is taken, and that nobody knows of",
        void_held_and_taken,
        {
            "refused": [None, "illegal_transition", "record_not_found"],
            "payments": ["voided 10.00 USD", "captured 20.00 USD"],
            "credit": ["20.00 USD used, 0.00 USD held, 80.00 USD left"],
        },
    ),
    same(
        157,
        "orders of 500.00 are paid with a credit of 500.00, one of 400.00, and 300.00 of one",
        apply_to_three_orders,
        {"payments": ["captured 500.00 USD", "authorized 400.00 USD", "authorized 300.00 USD"]},
    ),
    same(
        158,
        "an order of 500.00 is paid with an older credit of 400.00 and a newer one of 500.00",
        apply_to_order("500.00", usd("400.00"), usd("500.00")),
        {
            "payments": ["captured 400.00 USD", "captured 100.00 USD"],
            "credit": [
                "400.00 USD used, 0.00 USD held, 0.00 USD left",
                "100.00 USD used, 0.00 USD held, 400.00 USD left",
            ],
        },
    ),
    same(
        160,
        "an order of 10.00 that 40.00 were paid for is paid with credit",
        apply_to_overpaid_order,
        {
            "payments": ["captured 40.00 USD"],
            "credit": ["0.00 USD used, 0.00 USD held, 100.00 USD left"],
        },
    ),
    same(
        161,
        "an order of 30.00 dollars is paid with an older credit in euros and one in dollars",
        apply_to_order("30.00", Money("100.00", "EUR"), usd("100.00")),
        {
            "payments": ["captured 30.00 USD"],
            "credit": [
                "0.00 EUR used, 0.00 EUR held, 100.00 EUR left",
                "30.00 USD used, 0.00 USD held, 70.00 USD left",
            ],
        },
    ),
    same(
        164,
        "an order is paid with what there is of credits of 15.00 and 10.00 dollars and 20.00 euros",
        apply_to_order("100.00", usd("15.00"), usd("10.00"), Money("20.00", "EUR")),
        {
            "payments": ["authorized 15.00 USD", "authorized 10.00 USD"],
            "order": "authorized, due 75.00 USD",
        },
    ),
)
