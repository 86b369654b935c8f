"""What is being paid, and the running totals of all that was paid for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from paysession._domain.entities import Aggregate
from paysession._domain.limits import is_a, safe_id, safe_text
from paysession._money import Money
from paysession.errors import AmountExceeded, CurrencyMismatch, InvalidAmount, NothingDue
from paysession.events import PayableChanged, PayablePaid


def _id(value: str) -> str:
    return safe_id(value, field="payable.id")


def _total(value: Money) -> Money:
    if type(value) is not Money:
        raise TypeError(f"payable.total must be Money, not {type(value).__name__}")
    return value


def _reference(value: str) -> str:
    return safe_text(value, field="payable.reference", most=255)


def _customer(value: str | None) -> str | None:
    return None if value is None else safe_id(value, field="payable.customer_id")


@attrs.frozen
class Payable:
    """
    What is being paid: an order, a cart, an invoice. The backend passes it each time.

    Attributes:
        id: The backend's id of it.
        total: What it costs, more than zero or zero.
        reference: What the customer knows it by; the id where it is left out.
        credit_outside: What was covered without paysession (a gift card of the backend's own).
        customer_id: The backend's id of who pays.

    Raises:
        InvalidAmount: The total or the credit is below zero.
        CurrencyMismatch: The credit is in another currency than the total.
    """

    id: str = attrs.field(converter=_id)
    total: Money = attrs.field(kw_only=True, converter=_total)
    reference: str = attrs.field(
        default=attrs.Factory(lambda payable: payable.id, takes_self=True),
        kw_only=True,
        converter=_reference,
    )
    credit_outside: Money = attrs.field(
        default=attrs.Factory(lambda payable: payable.total * 0, takes_self=True),
        kw_only=True,
        validator=is_a(Money),
    )
    customer_id: str | None = attrs.field(default=None, kw_only=True, converter=_customer)

    def __attrs_post_init__(self) -> None:
        if self.credit_outside.currency != self.total.currency:
            raise CurrencyMismatch(
                self.total.currency.code, self.credit_outside.currency.code, "subtract"
            )
        for amount in (self.total, self.credit_outside):
            if amount.minor < 0:
                raise InvalidAmount(str(amount), "a payable's total and credit are not below zero")


@attrs.frozen(kw_only=True)
class Share:
    """What one session or payment adds to the totals of its payable."""

    authorized: Money
    paid: Money
    in_flight: Money
    refunded: Money
    lost: Money

    @classmethod
    def of_nothing(cls, zero: Money) -> Share:
        """Add nothing."""
        return cls(authorized=zero, paid=zero, in_flight=zero, refunded=zero, lost=zero)

    def __add__(self, other: Share) -> Share:
        return Share(
            authorized=self.authorized + other.authorized,
            paid=self.paid + other.paid,
            in_flight=self.in_flight + other.in_flight,
            refunded=self.refunded + other.refunded,
            lost=self.lost + other.lost,
        )


class PayableStatus(StrEnum):
    """How far a payable is paid."""

    UNPAID = "unpaid"
    IN_PROGRESS = "in_progress"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


@attrs.frozen(kw_only=True)
class PayableAccount(Aggregate):
    """
    The running totals of all payments for one payable; its id is the payable's.

    Every commit that reserves, takes or returns money carries its next version, so that
    two charges can never use the same due amount.

    Attributes:
        total: What the payable costs, as the backend said last.
        credit_outside: What was covered without paysession.
        authorized: Held for us and not taken yet.
        paid: Taken, whatever was given back since.
        in_flight: Being asked for; nobody knows yet how it ends.
        refunded: Given back.
        lost: Taken back from us, by disputes or without one.
        paid_at: When it was first covered by captured money.
    """

    total: Money
    credit_outside: Money
    authorized: Money
    paid: Money
    in_flight: Money
    refunded: Money
    lost: Money
    paid_at: datetime | None = None

    @classmethod
    def opened(cls, payable: Payable, *, tenant: str, at: datetime) -> PayableAccount:
        """Return the account of a payable that nothing was paid for yet."""
        zero = Money.zero(payable.total.currency)
        account = cls(
            id=payable.id,
            tenant=tenant,
            created_at=at,
            updated_at=at,
            total=payable.total,
            credit_outside=payable.credit_outside,
            authorized=zero,
            paid=zero,
            in_flight=zero,
            refunded=zero,
            lost=zero,
        )
        return account._told(at)

    @property
    def owed(self) -> Money:
        """What is to be paid through paysession in all."""
        return self.total - self.credit_outside

    @property
    def due(self) -> Money:
        """What is still to be paid: what is held, taken or being asked for counts."""
        rest = self.owed - self.authorized - self.paid - self.in_flight
        return rest if rest.minor > 0 else Money.zero(rest.currency)

    @property
    def is_covered(self) -> bool:
        """Whether all that is to be paid is held or taken, and there was something to pay."""
        held = self.authorized + self.paid
        return held.minor > 0 and held >= self.owed

    @property
    def is_overpaid(self) -> bool:
        """Whether more is held, and taken and not given back or lost, than is to be paid."""
        return self.authorized + self.paid - self.refunded - self.lost > self.owed

    @property
    def status(self) -> PayableStatus:
        """How far the payable is paid: the first line that holds."""
        if self.refunded.minor > 0:
            fully = self.refunded >= self.paid
            return PayableStatus.REFUNDED if fully else PayableStatus.PARTIALLY_REFUNDED
        if self.paid > self.owed and self.paid.minor > 0:
            return PayableStatus.OVERPAID
        if self.paid >= self.owed:
            return PayableStatus.PAID
        if self.paid.minor > 0:
            return PayableStatus.PARTIALLY_PAID
        if self.authorized.minor > 0:
            return PayableStatus.AUTHORIZED
        return PayableStatus.IN_PROGRESS if self.in_flight.minor > 0 else PayableStatus.UNPAID

    def restated(self, payable: Payable, *, at: datetime) -> PayableAccount:
        """
        Take over what the backend says the payable costs now.

        Raises:
            CurrencyMismatch: It was in another currency before.
        """
        if payable.total.currency != self.total.currency:
            raise CurrencyMismatch(self.total.currency.code, payable.total.currency.code, "charge")
        if payable.total == self.total and payable.credit_outside == self.credit_outside:
            return self
        return attrs.evolve(self, total=payable.total, credit_outside=payable.credit_outside)._told(
            at
        )

    def redenominated(self, payable: Payable, *, at: datetime) -> PayableAccount:
        """Begin anew in another currency: nothing was held or taken, and nobody is asked for it."""
        fresh = PayableAccount.opened(payable, tenant=self.tenant, at=max(self.updated_at, at))
        return attrs.evolve(
            fresh,
            version=self.version,
            created_at=self.created_at,
            news=(*self.news, *fresh.news),
        )

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was ever held or taken, and nothing is being asked for."""
        touched = (self.authorized, self.paid, self.in_flight, self.refunded, self.lost)
        return self.paid_at is None and not any(touched)

    def asked_for(self, amount: Money | None) -> Money:
        """
        Return what a session or payment is to be about: `amount`, or all that is due.

        Raises:
            NothingDue: The payable is covered.
            InvalidAmount: The amount is zero or below.
            AmountExceeded: More than is due.
            CurrencyMismatch: In another currency.
        """
        if amount is not None:
            checked_amount(amount, self.total, verb="charge")
        if not self.due:
            raise self.nothing_due()
        if amount is not None and amount > self.due:
            raise AmountExceeded(amount, self.due, "due", self.id)
        return self.due if amount is None else amount

    def nothing_due(self) -> NothingDue:
        """Say why nothing is due: paid, held, or being asked for."""
        return NothingDue(self.id, self.paid, self.authorized, self.in_flight)

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.id} ({self.status}): due {self.due}"

    def moved(self, old: Share | None, new: Share, *, at: datetime) -> PayableAccount:
        """
        Take an old share out of the totals and put the new one in.

        What comes late in a currency that the payable had before pays nothing of it.
        """
        if old == new or new.paid.currency != self.total.currency:
            return self
        before = old or Share.of_nothing(Money.zero(self.total.currency))
        if before == new:
            return self
        return attrs.evolve(
            self,
            authorized=self.authorized - before.authorized + new.authorized,
            paid=self.paid - before.paid + new.paid,
            in_flight=self.in_flight - before.in_flight + new.in_flight,
            refunded=self.refunded - before.refunded + new.refunded,
            lost=self.lost - before.lost + new.lost,
        )._told(at)

    def _told(self, at: datetime) -> PayableAccount:
        at = max(self.updated_at, at)
        changed = PayableChanged(
            at=at,
            status=self.status,
            total=self.total,
            authorized=self.authorized,
            paid=self.paid,
            in_flight=self.in_flight,
            refunded=self.refunded,
            lost=self.lost,
            due=self.due,
        )
        told = attrs.evolve(self, updated_at=at, news=(*self.news, changed))
        if self.paid_at is None and self.paid.minor > 0 and self.paid >= self.owed:
            paid = PayablePaid(at=at, paid=self.paid)
            return attrs.evolve(told, paid_at=at, news=(*told.news, paid))
        return told


def checked_amount(amount: Money, like: Money, *, verb: str) -> Money:
    """
    Return an amount that a command may ask for: more than zero, in the right currency.

    Raises:
        TypeError: It is not `Money`.
        CurrencyMismatch: It is in another currency than `like`.
        InvalidAmount: It is zero or below.
    """
    if type(amount) is not Money:
        raise TypeError(f"amount must be Money, not {type(amount).__name__}")
    if amount.currency != like.currency:
        raise CurrencyMismatch(like.currency.code, amount.currency.code, verb)
    if amount.minor <= 0:
        raise InvalidAmount(str(amount), "ask for more than zero")
    return amount
