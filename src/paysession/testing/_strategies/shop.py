"""What a shop passes: payables, payment methods, sources, and the credit that it owes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, TypeVar, get_args, overload

from hypothesis import strategies as st

from paysession._domain.methods import CapturePolicy, LatePolicy, PaymentMethod, UnderpaidPolicy
from paysession._domain.payable import Payable
from paysession._domain.sources import CreditCard, Profile, Source, StoreCredit, StoredSource
from paysession._money import Currency, Money
from paysession.errors import UnsafeInput
from paysession.gateways._bogus_script import VERBS, Behaviour, Step
from paysession.gateways._credit import Credit
from paysession.gateways.bogus import BogusGateway
from paysession.outcomes import FailureCode
from paysession.testing._strategies.amounts import Bound, money, not_below_zero
from paysession.testing._strategies.choices import chosen, given_or
from paysession.testing._strategies.plain import ids, instants, texts

S = TypeVar("S", CreditCard, StoreCredit, StoredSource)
T = TypeVar("T")

_CARD: Final = {
    "brand": st.sampled_from(("visa", "mastercard", "amex", "jcb")),
    "last4": st.from_regex(r"\A[0-9]{4}\Z"),
    "month": st.integers(1, 12),
    "year": st.integers(2026, 2045),
}
"""What is told of a card."""
_MOST_SCRIPTED: Final = 3
"""Calls that one token scripts: more of them may not fit into its 255 characters."""


def payables(
    *,
    currency: str | Currency | st.SearchStrategy[Currency] | None = None,
    least: Bound = 0,
    most: Bound = 1_000_000,
    id: str | None = None,  # noqa: A002 - it is what a payable calls it
) -> st.SearchStrategy[Payable]:
    """
    Return orders, carts and invoices; some were covered in part by a credit outside.

    Args:
        currency: As of `money`, of what they cost.
        least: As of `money`: at least zero.
        most: As of `money`.
        id: Of each of them; another one each time if left out.

    Raises:
        MoneyError: As of `money`, or `least` is below zero.
        UnsafeInput: No payable can have that id.
    """
    not_below_zero(least)
    Payable("or_1" if id is None else id, total=Money.zero("USD"))  # refused now, not when drawn
    totals = money(currency, least=least, most=most)
    return totals.flatmap(lambda total: _payables_of(total, id))


def _payables_of(total: Money, named: str | None) -> st.SearchStrategy[Payable]:
    nothing = Money.zero(total.currency)
    outside = st.just(nothing) | money(least=nothing, most=total)
    numbers = ids("or") if named is None else st.just(named)
    return st.builds(
        Payable,
        numbers,
        total=st.just(total),
        reference=numbers | texts(),
        credit_outside=outside,
        customer_id=st.none() | ids("cus"),
    )


def payment_methods(
    *,
    gateway: str = "bogus",
    session_required: bool | None = None,
    source_required: bool | None = None,
    capture: CapturePolicy | None = None,
) -> st.SearchStrategy[PaymentMethod]:
    """
    Return payment methods; they shrink towards a card that is captured at once.

    Args:
        gateway: The name of the gateway that serves them, as given to `Payments`.
        session_required: Whether they work through sessions; both, if left out.
        source_required: Whether a source must be known; both, if left out.
        capture: When held money is taken; each of the ways, if left out.

    Raises:
        UnsafeInput: No gateway can have that name.
    """
    PaymentMethod(id="pm_1", name="Card", gateway=gateway)  # refused now, not when one is drawn
    return st.builds(
        PaymentMethod,
        id=ids("pm"),
        name=st.just("Card") | texts(),
        gateway=st.just(gateway),
        description=st.none() | texts(),
        type=st.sampled_from(("card", "wallet", "transfer")),
        instrument=st.sampled_from(("card", "sepa_debit")),
        session_required=_this_or_each(session_required, (True, False)),
        source_required=_this_or_each(source_required, (True, False)),
        capture=_this_or_each(capture, tuple(CapturePolicy)),
        on_underpaid=st.sampled_from(UnderpaidPolicy),
        on_late=st.sampled_from(LatePolicy),
    )


def _this_or_each(this: T | None, each: Sequence[T]) -> st.SearchStrategy[T]:
    return st.sampled_from(each) if this is None else st.just(this)


@overload
def sources(
    kind: type[S], /, *, profile_ids: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[S]: ...
@overload
def sources(
    *kinds: type[Source], profile_ids: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[Source]: ...
def sources(
    *kinds: type, profile_ids: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[Source]:
    """
    Return what customers pay with; they shrink towards a stored source.

    Args:
        kinds: `CreditCard`, `StoreCredit` or `StoredSource`; each of them if left out.
        profile_ids: The provider's ids of them, such as `bogus_tokens()`; any if left out.
            Store credit has no other id than its own, and takes it from there.

    Raises:
        TypeError: A kind is no source, or what should be a strategy is none.
    """
    profiles = given_or(ids("tok"), profile_ids, called="profile_ids")
    ways: dict[type[Source], st.SearchStrategy[Source]] = {
        StoredSource: st.builds(StoredSource, id=ids("src"), profile_id=profiles),
        CreditCard: st.builds(
            CreditCard,
            id=ids("card"),
            profile_id=profiles,
            **_CARD,
            name=st.none() | texts(),
            is_default=st.booleans(),
        ),
        StoreCredit: st.builds(StoreCredit, id=ids("sc") if profile_ids is None else profiles),
    }
    among = chosen(kinds, among=get_args(Source), called="source")
    return st.one_of([way for kind, way in ways.items() if kind in among])


def profiles() -> st.SearchStrategy[Profile]:
    """Return what a provider tells of a source: its id, a card, or both."""
    named = st.builds(Profile, id=st.none() | ids("pm"))
    return named | st.builds(Profile, id=st.none() | ids("pm"), **_CARD, name=st.none() | texts())


def credits(  # noqa: A001 - it is what they are; nobody quits here
    *, currency: str | Currency | None = None
) -> st.SearchStrategy[Credit]:
    """Return credit that a store owes; some of it is used or held, and never more than all."""
    return money(currency).flatmap(_credits_of)


def _credits_of(amount: Money) -> st.SearchStrategy[Credit]:
    nothing = Money.zero(amount.currency)

    def left_of(used: Money) -> st.SearchStrategy[Credit]:
        return st.builds(
            Credit,
            id=ids("sc"),
            customer_id=ids("cus"),
            amount=st.just(amount),
            used=st.just(used),
            authorized=money(least=nothing, most=amount - used),
            created_at=instants(),
        )

    return money(least=nothing, most=amount).flatmap(left_of)


def bogus_tokens(*calls: str) -> st.SearchStrategy[str]:
    """
    Return tokens that script what a `BogusGateway` does: decline, time out, be pending, ….

    They are the `profile_id` of what is paid with, and shrink towards one that approves all.

    Args:
        calls: Which are scripted, as `BogusGateway.token` names them; any if left out.

    Raises:
        UnsafeInput: There is no such call.
    """
    if not set(calls) <= set(VERBS):
        raise UnsafeInput("calls", f"there is no such call: use some of {', '.join(VERBS)}")
    verbs = [verb for verb in VERBS if not calls or verb in calls]
    scripts = st.lists(
        st.sampled_from(verbs), max_size=min(_MOST_SCRIPTED, len(verbs)), unique=True
    ).flatmap(
        lambda named: st.fixed_dictionaries(
            {verb: st.sampled_from(steps_of(verb)) for verb in named}
        )
    )
    return scripts.map(lambda script: BogusGateway.token(**script))


@cache
def steps_of(verb: str) -> Sequence[str]:
    """Return all that can be scripted for one call."""
    refusals = [f"{each}:{code}" for each in ("decline", "end") for code in FailureCode]
    return tuple(step for step in [*map(str, Behaviour), *refusals] if _can_be_read(verb, step))


def _can_be_read(verb: str, step: str) -> bool:
    try:
        Step.read(verb, step)
    except UnsafeInput:
        return False
    return True
