"""Commands in any order, as the customers and the people of a shop may give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, get_args

import attrs
from hypothesis import strategies as st

from paysession._domain.methods import CapturePolicy, LatePolicy, PaymentMethod, UnderpaidPolicy
from paysession._domain.payable import Payable
from paysession._domain.sources import Source, StoredSource
from paysession._money import Currency, Money
from paysession.errors import UnsafeInput
from paysession.testing._strategies import shop
from paysession.testing._strategies.amounts import FINEST_UNIT, money
from paysession.testing._strategies.choices import chosen, given_or
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
from paysession.testing._strategies.showing import made_of

History: TypeAlias = tuple[Command, ...]

_RECORDS: Final = st.integers(0, 2)
"""Of the sessions, payments and so on, one of the first three."""

_MOST_EACH: Final = 200
"""What an order costs at most, in major units: so that parts of it are often enough of it."""

_CHECK: Final = PaymentMethod(
    id="pm_2", name="Check", gateway="offline", session_required=False, source_required=False
)

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


@attrs.frozen(kw_only=True)
class _Parts:
    """What commands are made of."""

    payables: st.SearchStrategy[Payable]
    methods: st.SearchStrategy[PaymentMethod] | None
    sources: st.SearchStrategy[Source]
    amounts: st.SearchStrategy[Money]

    @classmethod
    def of(
        cls,
        currency: str | Currency,
        payables: st.SearchStrategy[Payable] | None,
        methods: st.SearchStrategy[PaymentMethod] | None,
        sources: st.SearchStrategy[Source] | None,
        amounts: st.SearchStrategy[Money] | None,
    ) -> _Parts:
        """
        Return what was given, and for what was left out the plainest.

        What stands in texts matters little to a history, and takes long to shrink.
        """
        tokens = st.just("tok_1") | shop.bogus_tokens()
        paid_with = st.builds(StoredSource, id=st.just("src_1"), profile_id=tokens)
        return cls(
            payables=given_or(_orders(currency), payables, called="payables"),
            methods=methods,
            sources=given_or(paid_with, sources, called="sources"),
            amounts=given_or(money(currency, most=_MOST_EACH), amounts, called="amounts"),
        )

    def commands(self, kinds: Sequence[type[Command]]) -> st.SearchStrategy[Command]:
        """Return commands of these kinds, some of them more often than others."""
        often = [self._of_kind(kind) for kind in kinds for _ in range(_OFTEN.get(kind, 1))]
        return st.one_of(often)

    def _of_kind(self, kind: type[Command]) -> st.SearchStrategy[Command]:
        changed = self.payables.flatmap(_at_another_price)
        instead: dict[object, st.SearchStrategy[Any]] = {
            Payable: changed if kind is UpdatePayable else self.payables,
            PaymentMethod: given_or(_methods_for(kind), self.methods, called="methods"),
            Money: self.amounts,
            int: _RECORDS,
            **dict.fromkeys(get_args(Source), self.sources),
        }
        return built(kind, instead)


def _orders(currency: str | Currency) -> st.SearchStrategy[Payable]:
    names = st.sampled_from(("or_1", "or_2"))
    return st.builds(Payable, names, total=_prices(currency))


def _prices(currency: str | Currency) -> st.SearchStrategy[Money]:
    return money(currency, least=FINEST_UNIT, most=_MOST_EACH)


def _at_another_price(payable: Payable) -> st.SearchStrategy[Payable]:
    totals = _prices(payable.total.currency)
    return made_of(totals, lambda total: attrs.evolve(payable, total=total))


def _methods_for(kind: type[Command]) -> st.SearchStrategy[PaymentMethod]:
    """Return methods by which a command may come to something."""
    if kind is CreatePayment:
        return st.just(_CHECK)
    return st.builds(
        PaymentMethod,
        id=st.just("pm_1"),
        name=st.just("Card"),
        gateway=st.just("bogus"),
        capture=st.sampled_from(CapturePolicy),
        on_underpaid=st.sampled_from(UnderpaidPolicy),
        on_late=st.sampled_from(LatePolicy),
    )


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
            `UpdatePayable` gives them other totals.
        methods: How. A card at a gateway named "bogus" if left out, and where a payment is
            created without a session, a check at one named "offline".
        sources: What customers pay with; stored sources with `bogus_tokens` if left out.
        amounts: Parts that are asked for; from zero to 200 major units if left out.

    Raises:
        TypeError: A kind is no command, or what should be a strategy is none.
        UnknownCurrency: The currency is not in ISO 4217.
    """
    among = chosen(kinds, among=get_args(Command), called="command")
    return _Parts.of(currency, payables, methods, sources, amounts).commands(among)


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
        kinds: As of `commands`, and so is all that is not named here.
        least: How many commands there are at least.
        most: How many there are at most.
        currency: Of all that is left out.
        payables: Where the one or two are taken from.
        methods: How they are paid.
        sources: What customers pay with.
        amounts: Parts that are asked for.

    Raises:
        TypeError: A kind is no command, or what should be a strategy is none.
        UnsafeInput: `least` is below one, or above `most`.
        UnknownCurrency: The currency is not in ISO 4217.
    """
    if not 1 <= least <= most:
        raise UnsafeInput("least", "a history has so many commands: choose from 1 to most")
    among = chosen(kinds, among=get_args(Command), called="command")
    opening = [kind for kind in _OPENING if kind in among] or among
    parts = _Parts.of(currency, payables, methods, sources, amounts)
    # Drawn once for all commands of a history.
    orders = st.shared(st.lists(parts.payables, min_size=1, max_size=2, unique_by=_id_of))
    about_them = attrs.evolve(parts, payables=orders.flatmap(st.sampled_from))
    more = st.lists(about_them.commands(among), min_size=least - 1, max_size=most - 1)
    whole = st.tuples(about_them.commands(opening), more)
    return made_of(whole, lambda both: (both[0], *both[1]))


def _id_of(payable: Payable) -> str:
    return payable.id
