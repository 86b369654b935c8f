"""
Credit that a store owes its customers, and the rules by which it moves. Nothing here waits.

A credit is an amount that is used up in steps: some of it is held, and what is held is taken
or released; what was taken can be given back. A ledger, in memory or on a database, only
has to remember what these rules return.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import assert_never

import attrs

from paysession._domain.limits import aware, is_a, safe_choice, safe_id, safe_reference, safe_text
from paysession._money import Money
from paysession.errors import CurrencyMismatch, InvalidAmount

_is_money = is_a(Money)


def _credit_id(value: str) -> str:
    return safe_id(value, field="credit.id")


def _customer_id(value: str) -> str:
    return safe_id(value, field="credit.customer_id")


def _created_at(value: datetime) -> datetime:
    return aware(value, field="credit.created_at")


def _tenant(value: str) -> str:
    return safe_text(value, field="tenant", most=255, allow_empty=True)


def _nothing_of(credit: Credit) -> Money:
    return Money.zero(credit.amount.currency)


def _nothing_held(hold: CreditHold) -> Money:
    return Money.zero(hold.held.currency)


@attrs.frozen(kw_only=True)
class Credit:
    """
    Credit that the store owes one customer.

        >>> from datetime import UTC, datetime
        >>> credit = Credit(
        ...     id="sc_1",
        ...     customer_id="cus_1",
        ...     amount=Money("60.00", "USD"),
        ...     used=Money("10.00", "USD"),
        ...     created_at=datetime(2026, 11, 20, tzinfo=UTC),
        ... )
        >>> credit.remaining
        Money('50.00', 'USD')

    Attributes:
        id: The backend's id of it; the id of the `StoreCredit` that pays with it.
        customer_id: The backend's id of whose it is.
        amount: How much was granted.
        used: How much of it was taken, and not given back.
        authorized: How much of it is held: neither taken nor released.
        created_at: When it was granted; the oldest is used first.
        tenant: Whose customer that is; nobody else's payments use it.

    Raises:
        CurrencyMismatch: Its amounts are of different currencies.
        InvalidAmount: One of them is below zero.
    """

    id: str = attrs.field(converter=_credit_id)
    customer_id: str = attrs.field(converter=_customer_id)
    amount: Money = attrs.field(validator=_is_money)
    used: Money = attrs.field(
        default=attrs.Factory(_nothing_of, takes_self=True), validator=_is_money
    )
    authorized: Money = attrs.field(
        default=attrs.Factory(_nothing_of, takes_self=True), validator=_is_money
    )
    created_at: datetime = attrs.field(converter=_created_at)
    tenant: str = attrs.field(default="", converter=_tenant)

    def __attrs_post_init__(self) -> None:
        for part in (self.amount, self.used, self.authorized):
            if part.currency != self.amount.currency:
                raise CurrencyMismatch(self.amount.currency.code, part.currency.code)
            if part.is_negative:
                raise InvalidAmount(str(part), "no part of a credit is below zero")

    @property
    def remaining(self) -> Money:
        """How much can still be held; below zero only if the grant was lowered since."""
        return self.amount - self.used - self.authorized


@attrs.frozen(kw_only=True)
class CreditHold:
    """
    What has become of the money that one movement held of a credit.

    Attributes:
        credit_id: Of which credit.
        held: How much is still held.
        taken: How much of it was taken, and not given back.
        let_go: How much of it was released, by a void or by a final capture.
    """

    credit_id: str
    held: Money
    taken: Money
    let_go: Money = attrs.field(default=attrs.Factory(_nothing_held, takes_self=True))


class CreditMovementKind(StrEnum):
    """What is asked of a ledger."""

    AUTHORIZE = "authorize"
    """Hold some of a credit."""
    PURCHASE = "purchase"
    """Hold some of a credit and take it, in one."""
    CAPTURE = "capture"
    """Take some of what is held."""
    VOID = "void"
    """Release some of what is held."""
    GIVE_BACK = "give_back"
    """Give some of what was taken back."""


class CreditRefusal(StrEnum):
    """Why a movement did not happen."""

    UNKNOWN_CREDIT = "unknown_credit"
    """There is no such credit, or it is somebody else's: another customer's or tenant's."""
    UNKNOWN_HOLD = "unknown_hold"
    OTHER_CURRENCY = "other_currency"
    NOT_ABOVE_ZERO = "not_above_zero"
    INSUFFICIENT_CREDIT = "insufficient_credit"
    """More than remains."""
    MORE_THAN_HELD = "more_than_held"
    """It was captured, released, or never as much."""
    MORE_THAN_TAKEN = "more_than_taken"
    KEY_REUSED = "key_reused"
    """The key is that of another movement; this alone is never recorded."""


_OPENING = frozenset({CreditMovementKind.AUTHORIZE, CreditMovementKind.PURCHASE})


def _kind(value: str) -> CreditMovementKind:
    return safe_choice(value, field="movement.kind", among=CreditMovementKind)


def _key(value: str) -> str:
    return safe_reference(value, field="movement.key")


@attrs.frozen(kw_only=True)
class CreditMovement:
    """
    One thing that is asked of a ledger.

    Attributes:
        kind: What.
        on: The credit that is held, or else the hold that is taken, released or given back.
        amount: How much.
        key: Under it a repeat has one effect.
        is_final: Whether this capture releases what it leaves of the hold.
        customer_id: Who pays: a new hold is made of this customer's credit only, and of
            nobody's if it is left out.
        tenant: Whose payment it is; it moves this tenant's credit only.
    """

    kind: CreditMovementKind = attrs.field(converter=_kind)
    on: str
    amount: Money = attrs.field(validator=_is_money)
    key: str = attrs.field(converter=_key)
    is_final: bool = False
    customer_id: str | None = None
    tenant: str = attrs.field(default="", converter=_tenant)

    @classmethod
    def authorize(
        cls, credit_id: str, *, amount: Money, key: str, customer_id: str | None, tenant: str = ""
    ) -> CreditMovement:
        """Hold some of a credit."""
        return cls(
            kind=CreditMovementKind.AUTHORIZE,
            on=credit_id,
            amount=amount,
            key=key,
            customer_id=customer_id,
            tenant=tenant,
        )

    @classmethod
    def purchase(
        cls, credit_id: str, *, amount: Money, key: str, customer_id: str | None, tenant: str = ""
    ) -> CreditMovement:
        """Hold some of a credit and take it, in one."""
        return cls(
            kind=CreditMovementKind.PURCHASE,
            on=credit_id,
            amount=amount,
            key=key,
            customer_id=customer_id,
            tenant=tenant,
        )

    @classmethod
    def capture(
        cls, hold_id: str, *, amount: Money, key: str, is_final: bool = False, tenant: str = ""
    ) -> CreditMovement:
        """Take some of what is held."""
        kind = CreditMovementKind.CAPTURE
        return cls(kind=kind, on=hold_id, amount=amount, key=key, is_final=is_final, tenant=tenant)

    @classmethod
    def void(cls, hold_id: str, *, amount: Money, key: str, tenant: str = "") -> CreditMovement:
        """Release some of what is held."""
        kind = CreditMovementKind.VOID
        return cls(kind=kind, on=hold_id, amount=amount, key=key, tenant=tenant)

    @classmethod
    def give_back(
        cls, hold_id: str, *, amount: Money, key: str, tenant: str = ""
    ) -> CreditMovement:
        """Give some of what was taken back."""
        kind = CreditMovementKind.GIVE_BACK
        return cls(kind=kind, on=hold_id, amount=amount, key=key, tenant=tenant)

    @property
    def opens_hold(self) -> bool:
        """Whether it is about a credit, and makes a new hold of it."""
        return self.kind in _OPENING

    def applied_to(
        self, credit: Credit | None, hold: CreditHold | None
    ) -> tuple[Credit, CreditHold] | CreditRefusal:
        """
        Return the credit and its hold as they are afterwards, or why nothing happens.

        Args:
            credit: The credit that it is about, or that its hold is of, if there is one.
            hold: The hold that it is about, if there is one; none if it makes a new one.
        """
        if hold is None and not self.opens_hold:
            return CreditRefusal.UNKNOWN_HOLD
        if credit is None or not self._may_move(credit):
            return CreditRefusal.UNKNOWN_CREDIT
        if self.amount.currency != credit.amount.currency:
            return CreditRefusal.OTHER_CURRENCY
        if not self.amount.is_positive:
            return CreditRefusal.NOT_ABOVE_ZERO
        nothing = _nothing_of(credit)
        before = hold or CreditHold(credit_id=credit.id, held=nothing, taken=nothing)
        after = self._moved(before, credit.remaining)
        if isinstance(after, CreditRefusal):
            return after
        authorized = credit.authorized + after.held - before.held
        used = credit.used + after.taken - before.taken
        return attrs.evolve(credit, authorized=authorized, used=used), after

    def _may_move(self, credit: Credit) -> bool:
        """Whether it is the tenant's, and the customer's; what is held was asked for by both."""
        is_customers = not self.opens_hold or self.customer_id == credit.customer_id
        return is_customers and self.tenant == credit.tenant

    def _moved(self, hold: CreditHold, remaining: Money) -> CreditHold | CreditRefusal:
        amount, held, taken = self.amount, hold.held, hold.taken
        match self.kind:
            case CreditMovementKind.AUTHORIZE | CreditMovementKind.PURCHASE if amount > remaining:
                return CreditRefusal.INSUFFICIENT_CREDIT
            case CreditMovementKind.VOID if not held and amount <= hold.let_go:
                # What was released already is no refusal: nobody has anything to wait for.
                return hold
            case CreditMovementKind.CAPTURE | CreditMovementKind.VOID if amount > held:
                return CreditRefusal.MORE_THAN_HELD
            case CreditMovementKind.GIVE_BACK if amount > taken:
                return CreditRefusal.MORE_THAN_TAKEN
            case CreditMovementKind.AUTHORIZE:
                return attrs.evolve(hold, held=amount)
            case CreditMovementKind.PURCHASE:
                return attrs.evolve(hold, taken=amount)
            case CreditMovementKind.CAPTURE:
                rest = held - amount
                gone = rest if self.is_final else rest * 0
                left, let_go = rest - gone, hold.let_go + gone
                return attrs.evolve(hold, held=left, taken=taken + amount, let_go=let_go)
            case CreditMovementKind.VOID:
                return attrs.evolve(hold, held=held - amount, let_go=hold.let_go + amount)
            case CreditMovementKind.GIVE_BACK:
                return attrs.evolve(hold, taken=taken - amount)
            case _:
                assert_never(self.kind)


@attrs.frozen(kw_only=True)
class CreditEntry:
    """
    What a ledger recorded under one key: what was asked, and whether it happened.

    Attributes:
        id: The ledger's id of it; that of the hold as well, if it made one.
        movement: What was asked.
        refusal: Why it did not happen, if it did not.
    """

    id: str
    movement: CreditMovement
    refusal: CreditRefusal | None = None

    def repeated_by(self, movement: CreditMovement) -> CreditEntry:
        """Answer another movement under the same key: the same one, as the first time."""
        if movement == self.movement:
            return self
        return CreditEntry(id=self.id, movement=movement, refusal=CreditRefusal.KEY_REUSED)


@attrs.frozen
class CreditDraw:
    """How much of one credit to use."""

    credit: Credit
    amount: Money


def draw_credits(owed: Iterable[Credit], *, amount: Money) -> tuple[CreditDraw, ...]:
    """
    Return which credits to use for an amount: the oldest first, each for what remains of it.

    Credits in other currencies are passed over, and no credit is used twice. Together the
    draws are the amount, or all that remains; none, if nothing is due.
    """
    draws: dict[str, CreditDraw] = {}
    due = amount
    for credit in sorted(owed, key=lambda each: each.created_at):
        if credit.amount.currency != amount.currency or credit.id in draws:
            continue
        drawn = min(credit.remaining, due)
        if drawn.is_positive:
            draws[credit.id] = CreditDraw(credit, drawn)
            due -= drawn
    return tuple(draws.values())
