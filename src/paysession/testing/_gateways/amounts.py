"""Laws of amounts: exact to the last unit, in whatever currency, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from paysession._money import Money
from paysession._money.money import MOST_MINOR_UNITS
from paysession.outcomes import (
    Authorized,
    Captured,
    Declined,
    Fact,
    Outcome,
    Refunded,
    Rejected,
    Unknown,
    Voided,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import SESSIONS, law
from paysession.testing._gateways.occasions import MOVES, callable_here, occasion
from paysession.testing._gateways.orders import AUTOMATIC

_MOVED: Final = (Authorized, Captured, Voided, Refunded)

_ODD: Final = (1_999, 100_115)
"""So many units, 19.99 and 1001.15 with two decimals, are one less in a careless float."""

_EXTREME: Final = (1, 2**31, 2**32 + 1, 2**53 + 1)
"""So many units are the least there is, and more than an int or a float may hold."""


@law(
    "AMT-1",
    "what is held or taken is exact to the last unit, in every currency of the account",
    reason="a hundredfold of yen is the oldest bug of all, and a float loses the last cent",
    source="I10, F38; docs.stripe.com/currencies#zero-decimal",
    about="complete_session",
    needs=("sale",),
)
def sales_are_exact(bench: Bench) -> None:
    for amount in _amounts(bench):
        for sale in bench.sales(amount, policy=AUTOMATIC):
            with bench.moving(f"after a sale of {amount}", held=amount, taken=amount):
                _, end = bench.concluded(sale)
                taken = bench.one_of(end, Captured, what=f"a sale of {amount}")
                bench.same(amount, taken.amount, "what a sale answers")


@law(
    "AMT-2",
    "what is captured is exact to the last unit, in every currency of the account",
    reason="captures are written by other code than sales, and get the same things wrong",
    source="I10, F38; docs.stripe.com/currencies#zero-decimal",
    about="capture",
    needs=("sale", "capture"),
)
def captures_are_exact(bench: Bench) -> None:
    for amount in _amounts(bench):
        capture = bench.orders.capture(bench.paid(amount), amount)
        with bench.moving(f"after a capture of {amount}", taken=amount):
            end = bench.end_of(capture)
            taken = bench.one_of(end, Captured, what=f"a capture of {amount}")
            bench.same(amount, taken.amount, "what a capture answers")


@law(
    "AMT-3",
    "what is given back is exact to the last unit, in every currency of the account",
    reason="refunds are written by other code than sales, and get the same things wrong",
    source="I10, F38; docs.stripe.com/currencies#zero-decimal",
    about="refund",
    needs=("sale", "refund"),
)
def refunds_are_exact(bench: Bench) -> None:
    for amount in _amounts(bench):
        refund = bench.orders.refund(bench.paid(amount, policy=AUTOMATIC), amount)
        with bench.moving(f"after a refund of {amount}", given_back=amount):
            end = bench.end_of(refund)
            given_back = bench.one_of(end, Refunded, what=f"a refund of {amount}")
            bench.same(amount, given_back.amount, "what a refund answers")


@law(
    "AMT-4",
    "the least amount there is, and one that no float can hold, is taken exactly or refused",
    reason="whoever counts in floats, or in 32 bits, takes another amount than was asked for",
    source="I10, F49; RFC 8259, section 6",
    about="complete_session",
    needs=("sale",),
)
def extreme_amounts_are_exact_or_refused(bench: Bench) -> None:
    least = bench.drawn.least(bench.drawn.currency())
    for units in bench.drawn.some_of(_EXTREME):
        amount = least * min(units, MOST_MINOR_UNITS // least.minor)
        with bench.moving(f"after a sale of {amount}") as moves:
            end = _sold_or_not(bench, amount)
            bench.one_of(end, Captured, Declined, Rejected, Unknown, what=f"a sale of {amount}")
            taken = [each.amount for each in (end,) if isinstance(each, Captured)]
            bench.must(taken in ([], [amount]), "what a sale answers", [amount], taken)
            moves.update({part: each for each in taken for part in ("held", "taken")})


@law(
    "AMT-5",
    "an amount that the provider tells in another currency is told in that one, or not at all",
    reason="100 yen that are taken for 100 dollars complete an order",
    source="I2, I13, F38: only what is told as it is can be found to be wrong",
    about="capture",
    needs=("sale",),
    controls=("answer_in_other_currency",),
)
def another_currency_is_told_as_such(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, MOVES)):
        amount = bench.drawn.amount()
        bench.arm("answer_in_other_currency", method)
        _, end = bench.concluded(occasion(bench, method, amount))
        what = f"a {method} of {amount} that the provider tells in another currency"
        bench.one_of(end, *_MOVED, Unknown, what=what)
        told = end.amount.currency if isinstance(end, _MOVED) else None
        bench.must(told != amount.currency, what, "that currency, or Unknown", end)


@law(
    "AMT-6",
    "an amount that the provider cannot count is refused, and not rounded",
    reason="what is rounded is paid too much or too little, by a unit that nobody ever finds",
    source="I10, I11; docs.stripe.com/currencies#special-cases",
    about="complete_session",
    needs=("sale",),
    able=("minor_units",),
)
def what_cannot_be_counted_is_refused(bench: Bench) -> None:
    for code in bench.drawn.coarse():
        amount = bench.drawn.amount(code) + Money.from_minor(1, code)
        with bench.unmoved(f"after a sale of {amount}"):
            end = _sold_or_not(bench, amount)
            bench.one_of(end, Declined, Rejected, Unknown, what=f"a sale of {amount}")


def _amounts(bench: Bench) -> Iterator[Money]:
    """Return amounts of every currency: one that floats get wrong, and any other."""
    for code in bench.drawn.currencies:
        yield bench.drawn.least(code) * bench.drawn.one_of(_ODD)
        yield bench.drawn.amount(code)


def _sold_or_not(bench: Bench, amount: Money) -> Outcome | Fact:
    """Try to sell: whoever refuses an amount may do so before there is a session."""
    if not bench.offers(*SESSIONS):
        return bench.concluded(bench.charge(amount, policy=AUTOMATIC))[1]
    session = bench.orders.creation(amount, policy=AUTOMATIC, source=bench.source())
    opened = bench.ask(session)
    if isinstance(opened, Declined | Rejected | Unknown):
        return opened
    bench.customer_acts(opened.references)
    return bench.concluded(bench.orders.completion(session, opened.references))[1]
