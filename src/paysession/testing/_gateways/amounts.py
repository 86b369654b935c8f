"""Laws of amounts: exact to the last unit, in whatever currency, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType
from typing import Any, Final, cast

from paysession._domain.methods import CapturePolicy
from paysession._money import Money
from paysession._money.money import MOST_MINOR_UNITS
from paysession.errors import AmountNotRepresentable
from paysession.gateways import Request
from paysession.gateways.requests import Method
from paysession.outcomes import (
    Accepted,
    ActionRequired,
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
from paysession.testing._gateways.occasions import DONE, MOVES, callable_here, effect_of, occasion
from paysession.testing._gateways.orders import AUTOMATIC, MANUAL

_MOVED: Final = (Authorized, Captured, Voided, Refunded)

_ODD: Final = (1_999, 100_115)
"""So many units, 19.99 and 1001.15 with two decimals, are one less in a careless float."""

_EXTREME: Final = (1, 2**31, 2**32 + 1, 2**53 + 1)
"""So many units are the least there is, and more than an int or a float may hold."""

_BOOKED: Final[Mapping[Method, str]] = MappingProxyType(
    {"capture": "taken", "void": "released", "refund": "given_back"}
)
"""Which of the provider's books each movement is written in."""

_MOVEMENTS: Final = tuple(_BOOKED)

_REFUSED_HERE: Final = Unknown(AmountNotRepresentable.__name__)
"""What a driver makes of it when an adapter raises what its units raise: nothing was asked."""


@law(
    "AMT-1",
    "what is held, taken, released or given back is exact, in every currency, to the last unit",
    reason="a hundredfold of yen is the oldest bug of all, and a float loses the last cent",
    source="I10, F38; docs.stripe.com/currencies#zero-decimal",
    about="capture",
    needs=("sale",),
)
def amounts_are_exact(bench: Bench) -> None:
    for amount in _amounts(bench):
        bench.anew()
        _is_sold_exactly(bench, amount)
        for method in callable_here(bench, _MOVEMENTS):
            request = _movement(bench, method, amount)
            with bench.moving(f"after a {method} of {amount}") as moves:
                end = bench.end_of(request)
                bench.one_of(end, *DONE[method], what=f"a {method} of {amount}")
                bench.same([amount], _told(end), f"what a {method} answers")
                moves.update(effect_of(request, end))


@law(
    "AMT-2",
    "the least amount there is, and one that no float can hold, is moved exactly or refused",
    reason="whoever counts in floats, or in 32 bits, takes another amount than was asked for",
    source="I10, F49; RFC 8259, section 6",
    about="complete_session",
    needs=("sale",),
)
def extreme_amounts_are_exact_or_refused(bench: Bench) -> None:
    least = bench.drawn.least(bench.drawn.currency())
    ways = ["sale", *callable_here(bench, ("charge", *_MOVEMENTS))]
    for units, way in bench.drawn.some_of([*product(_EXTREME, ways)]):
        bench.anew()
        amount = least * min(units, MOST_MINOR_UNITS // least.minor)
        with (
            bench.where_it_can_be_played(),
            bench.moving(f"after a {way} of {amount}") as moves,
        ):
            for request, end in _as_far_as_not_refused(bench, way, amount):
                what = f"a {request.method} of {amount}"
                bench.one_of(end, *DONE[request.method], Declined, Rejected, what=what)
                told = _told(end)
                bench.must(told in ([], [amount]), f"what {what} answers", [amount], told)
                is_told_as_answered(bench, request, end)
                _add(moves, effect_of(request, end))


@law(
    "AMT-3",
    "an amount that the provider tells in another currency is told in that one, or not at all",
    reason="100 yen that are taken for 100 dollars complete an order",
    source="I2, I13, F38: only what is told as it is can be found to be wrong",
    about="capture",
    needs=("sale",),
    controls=("answer_in_other_currency",),
)
def another_currency_is_told_as_such(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, MOVES)):
        bench.anew()
        amount = bench.drawn.amount()
        with bench.where_it_can_be_played():
            bench.arm("answer_in_other_currency", method)
            _, end = bench.concluded(occasion(bench, method, amount))
            what = f"a {method} of {amount} that the provider tells in another currency"
            bench.one_of(end, *_MOVED, Unknown, what=what)
            told = end.amount.currency if isinstance(end, _MOVED) else None
            bench.must(told != amount.currency, what, "that currency, or Unknown", end)


@law(
    "AMT-4",
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
            _, end = _sold_or_not(bench, amount)
            is_refused = isinstance(end, Declined | Rejected) or end == _REFUSED_HERE
            what = f"a sale of {amount}"
            bench.must(is_refused, what, "Declined, Rejected or AmountNotRepresentable", end)


@law(
    "AMT-5",
    "a capture, a void and a refund answer the amount that the provider moved, and no echo of ours",
    reason="an echo hides that something else was moved, and the store delivers for it",
    source="I13, F38",
    about="capture",
    needs=("sale",),
    controls=("move_less",),
)
def the_providers_amount_is_told(bench: Bench) -> None:
    for method in callable_here(bench, _MOVEMENTS):
        bench.anew()
        amount = bench.drawn.amount()
        with bench.where_it_can_be_played():
            bench.arm("move_less", method)
            request = _movement(bench, method, amount)
            part = _BOOKED[method]
            before = [getattr(bench.books(amount), part)] if bench.knows("books") else []
            end = bench.end_of(request)
            bench.one_of(end, *DONE[method], what=f"a {method} of which the provider moves less")
            (told,) = _told(end)
            what = f"what a {method} answers of which the provider moved less"
            bench.must(told < amount, what, f"less than {amount}", told)
            is_told_as_answered(bench, request, end)
            for was in before:
                bench.same(getattr(bench.books(amount), part) - was, told, what)


def is_told_as_answered(bench: Bench, request: Request[Any], end: Outcome | Fact) -> None:
    """Do nothing if look-ups and notifications, as far as there are, tell of no other amount."""
    __tracebackhide__ = True
    notified = bench.told_of(request)  # first: looking up takes time, and it may grow too old
    looked_up = bench.known_of(request) if bench.offers("look_up") else ()
    for who, facts in (("a look-up", looked_up), ("a notification", notified)):
        told = [
            each.amount for each in facts if isinstance(each, _MOVED) and type(each) is type(end)
        ]
        what = f"the amount of a {request.method} that {who} tells"
        bench.same(_told(end) * len(told), told, what)


def _amounts(bench: Bench) -> Iterator[Money]:
    """Return amounts of every currency: one that floats get wrong, and any other."""
    for code in bench.drawn.currencies:
        yield bench.drawn.least(code) * bench.drawn.one_of(_ODD)
        yield bench.drawn.amount(code)


def _is_sold_exactly(bench: Bench, amount: Money) -> None:
    __tracebackhide__ = True
    with bench.moving(f"after sales of {amount}") as moves:
        for sale in bench.sales(amount, policy=AUTOMATIC):
            last, end = bench.concluded(sale)
            sold = bench.sold(end, what=f"a sale of {amount}")
            bench.same(amount, sold.amount, "what a sale answers")
            _add(moves, effect_of(last, sold))


def _add(moves: dict[str, Money], effect: Mapping[str, Money]) -> None:
    for part, moved in effect.items():
        moves[part] = moves.get(part, moved * 0) + moved


def _movement(bench: Bench, method: Method, amount: Money) -> Request[Any]:
    """Ask for all of a payment to be moved."""
    paid = bench.paid(amount, policy=AUTOMATIC if method == "refund" else MANUAL)
    return cast("Request[Any]", getattr(bench.orders, method)(paid, amount))


def _told(end: Outcome | Fact) -> list[Money]:
    """Return the amount that is told, if any is."""
    return [end.amount] if isinstance(end, _MOVED) else []


def _as_far_as_not_refused(
    bench: Bench, way: str, amount: Money
) -> Iterator[tuple[Request[Any], Outcome | Fact]]:
    """Try to sell an amount in this way, or to move it when it is sold; return each that ended."""
    if way == "charge":
        yield bench.concluded(bench.charge(amount, policy=AUTOMATIC))
        return
    last, end = _sold_or_not(bench, amount, MANUAL if way in ("capture", "void") else AUTOMATIC)
    yield last, end
    if way != "sale" and isinstance(end, Authorized | Captured):
        movement = getattr(bench.orders, way)(last.references | end.references, amount)
        yield movement, bench.end_of(movement)


def _sold_or_not(
    bench: Bench, amount: Money, policy: CapturePolicy = AUTOMATIC
) -> tuple[Request[Any], Outcome | Fact]:
    """Try to sell: whoever refuses an amount may do so before there is a session."""
    if not bench.offers(*SESSIONS):
        return bench.concluded(bench.charge(amount, policy=policy))
    session = bench.orders.creation(amount, policy=policy, source=bench.source())
    opened = bench.ask(session)
    if not isinstance(opened, Accepted | ActionRequired):
        return session, opened
    bench.customer_acts(opened.references)
    return bench.concluded(bench.orders.completion(session, opened.references))
