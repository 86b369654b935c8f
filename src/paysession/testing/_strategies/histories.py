"""Commands in any order, as the customers and the people of a shop may give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, get_args

import attrs
from hypothesis import strategies as st

from paysession._domain.methods import PaymentMethod
from paysession._domain.payable import Payable
from paysession._domain.sources import Source, StoredSource
from paysession._money import Currency, Money
from paysession.errors import UnsafeInput
from paysession.testing._strategies import shop
from paysession.testing._strategies.amounts import FINEST_UNIT, money
from paysession.testing._strategies.choices import chosen
from paysession.testing._strategies.commands import (
    CapturePayment,
    ChargeSource,
    Command,
    CompleteSession,
    CreatePayment,
    CreateSession,
    RefundPayment,
    UpdatePayable,
    VoidPayment,
)
from paysession.testing._strategies.fields import built

History: TypeAlias = tuple[Command, ...]

_RECORDS: Final = st.integers(0, 2)
"""Of the sessions, payments and so on, one of the first three."""

_MOST_EACH: Final = 200
"""What an order costs at most, in major units: so that parts of it are often enough of it."""

_OPENING: Final = (CreateSession, ChargeSource, CreatePayment)
"""By what money may come in."""

_OFTEN: Final[Mapping[type[Command], int]] = {
    CreateSession: 3,
    CompleteSession: 6,
    ChargeSource: 3,
    CapturePayment: 4,
    VoidPayment: 2,
    RefundPayment: 4,
}
"""How often a command is given, for once of another."""


def commands(
    *kinds: type[Command],
    currency: str | Currency = "USD",
    payables: st.SearchStrategy[Payable] | None = None,
    methods: st.SearchStrategy[PaymentMethod] | None = None,
    sources: st.SearchStrategy[Source] | None = None,
    amounts: st.SearchStrategy[Money] | None = None,
) -> st.SearchStrategy[Command]:
    """
    Return single commands, sensible or not.

    Args:
        kinds: Which commands; any of them if left out.
        currency: Of all that is left out.
        payables: What is being paid; orders of up to 200 major units if left out.
        methods: How. If left out, methods of a gateway named "bogus" that works through
            sessions, and to create a payment, those of one named "offline".
        sources: What customers pay with; stored sources with `bogus_tokens` if left out.
        amounts: Parts that are asked for; from zero to 200 major units if left out.

    Raises:
        TypeError: A kind is no command.
        UnknownCurrency: The currency is not in ISO 4217.
    """
    among = chosen(kinds, among=get_args(Command), called="command")
    parts: dict[object, st.SearchStrategy[Any]] = {
        Payable: _orders(currency) if payables is None else payables,
        **dict.fromkeys(get_args(Source), _tokens() if sources is None else sources),
        Money: money(currency, most=_MOST_EACH) if amounts is None else amounts,
        int: _RECORDS,
    }

    def given_as(kind: type[Command]) -> st.SearchStrategy[Command]:
        by = _methods_for(kind) if methods is None else methods
        return built(kind, {**parts, PaymentMethod: by})

    often = [given_as(kind) for kind in among for _ in range(_OFTEN.get(kind, 1))]
    return st.sampled_from(often).flatmap(lambda command: command)


def histories(
    *kinds: type[Command],
    least: int = 1,
    most: int = 12,
    currency: str | Currency = "USD",
    payables: st.SearchStrategy[Payable] | None = None,
    methods: st.SearchStrategy[PaymentMethod] | None = None,
    sources: st.SearchStrategy[Source] | None = None,
    amounts: st.SearchStrategy[Money] | None = None,
) -> st.SearchStrategy[History]:
    """
    Return whole histories: commands about one payable or two, one after the other.

    The first is one by which money may come in, if there is such a one among the kinds. What
    follows may be lawful or not: `carry_out` says what comes of it.

    Args:
        kinds: As of `commands`, and so are all that are not named here.
        least: How many commands there are at least.
        most: How many there are at most.
        currency: Of all that is left out.
        payables: Where one or two are taken from; `UpdatePayable` gives them other totals.
        methods: How they are paid.
        sources: What customers pay with.
        amounts: Parts that are asked for.

    Raises:
        TypeError: A kind is no command.
        UnsafeInput: `least` is below one, or above `most`.
        UnknownCurrency: The currency is not in ISO 4217.
    """
    if not 1 <= least <= most:
        raise UnsafeInput(
            "least", "a history has one command at least, and at most as many as most"
        )
    among = chosen(kinds, among=get_args(Command), called="command")
    opening = [kind for kind in _OPENING if kind in among] or among

    def about(orders: Sequence[Payable]) -> st.SearchStrategy[History]:
        def given_as(*kinds: type[Command]) -> st.SearchStrategy[Command]:
            return commands(
                *kinds,
                currency=currency,
                payables=st.sampled_from(orders),
                methods=methods,
                sources=sources,
                amounts=amounts,
            )

        more = given_as(*among).flatmap(_with_other_total)
        rest = st.lists(more, min_size=least - 1, max_size=most - 1)
        return st.tuples(given_as(*opening), rest).map(lambda drawn: (drawn[0], *drawn[1]))

    among_these = _orders(currency) if payables is None else payables
    return st.lists(among_these, min_size=1, max_size=2, unique_by=_id_of).flatmap(about)


def _with_other_total(command: Command) -> st.SearchStrategy[Command]:
    """Return the command, but an order that is said to have changed has changed."""
    if not isinstance(command, UpdatePayable):
        return st.just(command)
    totals = _prices(command.payable.total.currency)
    return totals.map(
        lambda total: UpdatePayable(payable=attrs.evolve(command.payable, total=total))
    )


def _id_of(payable: Payable) -> str:
    return payable.id


def _orders(currency: str | Currency) -> st.SearchStrategy[Payable]:
    return shop.payables(currency=currency, least=FINEST_UNIT, most=_MOST_EACH)


def _prices(currency: str | Currency) -> st.SearchStrategy[Money]:
    return money(currency, least=FINEST_UNIT, most=_MOST_EACH)


def _tokens() -> st.SearchStrategy[Source]:
    return shop.sources(StoredSource, profile_ids=st.just("tok_1") | shop.bogus_tokens())


def _methods_for(kind: type[Command]) -> st.SearchStrategy[PaymentMethod]:
    if kind is CreatePayment:
        return shop.payment_methods(
            gateway="offline", session_required=False, source_required=False
        )
    return shop.payment_methods(gateway="bogus", session_required=True)
