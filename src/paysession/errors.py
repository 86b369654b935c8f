"""
Everything that can go wrong, and what to do about it.

    PaySessionError
    ├── MoneyError            an amount or a currency that cannot be what was meant
    │   ├── InvalidAmount
    │   ├── InexactAmount
    │   ├── CurrencyMismatch
    │   ├── UnknownCurrency
    │   └── AmountNotRepresentable
    ├── NotAllowed            the command is refused; nothing was written, nobody was called
    │   ├── IllegalTransition
    │   ├── AmountExceeded
    │   ├── NothingDue
    │   ├── SessionRequired
    │   ├── SessionNotSupported
    │   ├── SourceRequired
    │   ├── MethodUnavailable
    │   ├── ExpiredSession
    │   ├── SessionClosing
    │   ├── OperationUnresolved
    │   ├── Unsupported
    │   ├── LimitExceeded
    │   └── UnsafeInput
    ├── NotFound
    ├── Conflict              somebody else was faster, or the same key means something else
    │   ├── StaleVersion
    │   ├── AlreadyExists
    │   ├── IdempotencyKeyReused
    │   └── IdempotencyKeyInFlight
    ├── NotSettled            only from `raise_for_failure()`: what a finished command came to
    │   ├── PaymentDeclined
    │   ├── StillOpen
    │   └── Closed
    ├── OutcomeUnknown        a call was made and its end could not be recorded; recovery will
    ├── GatewayError
    │   ├── GatewayUnreachable   certainly nothing happened: safe to try again
    │   └── GatewayBroken
    ├── NotificationError
    │   ├── InvalidSignature
    │   └── UnreadableNotification
    └── StoreError
        ├── NotDurable
        └── RecordError

Each leaf has a stable `code`, a `message` that says what and then what to do, and
carries every value of the message as an attribute; `details` holds them all as text.
Errors survive pickling and copying, and none ever carries a secret. Library code raises
nothing else, except `TypeError` for an argument of the wrong type.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

import attrs

if TYPE_CHECKING:
    from paysession._money.money import Money

__all__ = [
    "AlreadyExists",
    "AmountExceeded",
    "AmountNotRepresentable",
    "Closed",
    "Conflict",
    "CurrencyMismatch",
    "ExpiredSession",
    "GatewayBroken",
    "GatewayError",
    "GatewayUnreachable",
    "IdempotencyKeyInFlight",
    "IdempotencyKeyReused",
    "IllegalTransition",
    "InexactAmount",
    "InvalidAmount",
    "InvalidSignature",
    "LimitExceeded",
    "MethodUnavailable",
    "MoneyError",
    "NotAllowed",
    "NotDurable",
    "NotFound",
    "NotSettled",
    "NothingDue",
    "NotificationError",
    "OperationUnresolved",
    "OutcomeUnknown",
    "PaySessionError",
    "PaymentDeclined",
    "RecordError",
    "SessionClosing",
    "SessionNotSupported",
    "SessionRequired",
    "SourceRequired",
    "StaleVersion",
    "StillOpen",
    "StoreError",
    "UnknownCurrency",
    "UnreadableNotification",
    "UnsafeInput",
    "Unsupported",
]


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in cast("tuple[object, ...]", value))
    return str(value)


class PaySessionError(Exception):
    """Anything this library refuses, or could not bring to its end."""

    code: ClassVar[str] = "error"

    @property
    def message(self) -> str:
        """What happened, and then what to do about it: one lower-case sentence."""
        return self.code.replace("_", " ")

    @property
    def details(self) -> Mapping[str, str]:
        """Every value the message speaks of, as text, by name."""
        fields: tuple[attrs.Attribute[object], ...] = getattr(type(self), "__attrs_attrs__", ())
        values = ((field.name, getattr(self, field.name)) for field in fields)
        return {name: _plain(value) for name, value in values if value is not None}

    def __str__(self) -> str:
        return self.message


class MoneyError(PaySessionError, ValueError):
    """An amount or a currency that cannot be what was meant."""


@attrs.define(slots=False, eq=False, repr=False)
class InvalidAmount(MoneyError):
    """Not a plain decimal number, or out of bounds."""

    code: ClassVar[str] = "invalid_amount"

    value: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.value} is not an amount: {self.reason}"


@attrs.define(slots=False, eq=False, repr=False)
class InexactAmount(MoneyError):
    """More digits than the currency has, and no rounding was asked for."""

    code: ClassVar[str] = "inexact_amount"

    value: str
    currency: str
    digits: int

    @property
    def message(self) -> str:
        return (
            f"{self.value} has more digits than the {self.digits} of {self.currency}: "
            "round it first, or pass rounding="
        )


@attrs.define(slots=False, eq=False, repr=False)
class CurrencyMismatch(MoneyError):
    """Two currencies met where only one may be."""

    code: ClassVar[str] = "currency_mismatch"

    left: str
    right: str
    verb: str = "mix"

    @property
    def message(self) -> str:
        word = {"add": "to", "subtract": "from"}.get(self.verb, "with")
        return f"cannot {self.verb} {self.right} {word} {self.left}: convert one of them first"


@attrs.define(slots=False, eq=False, repr=False)
class UnknownCurrency(MoneyError):
    """Not a code of ISO 4217, active or retired."""

    code: ClassVar[str] = "unknown_currency"

    currency: str

    @property
    def message(self) -> str:
        return (
            f"{self.currency} is not a currency: pass an ISO 4217 code in capitals, such as 'EUR'"
        )


@attrs.define(slots=False, eq=False, repr=False)
class AmountNotRepresentable(MoneyError):
    """The provider's unit cannot express this amount, or the currency the provider's number."""

    code: ClassVar[str] = "amount_not_representable"

    amount: Money | str
    profile: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.amount} does not fit the minor units of {self.profile}: {self.reason}"


class NotAllowed(PaySessionError):
    """The command is refused; nothing was written and nobody was called."""


_WITHOUT_MONEY = frozenset({"voided", "lapsed", "failed", "abandoned"})
"""Where a payment has ended and holds nothing, so that another one may be made."""


@attrs.define(slots=False, eq=False, repr=False)
class IllegalTransition(NotAllowed):
    """The lifecycle has no such step from here."""

    code: ClassVar[str] = "illegal_transition"

    subject: str
    record_id: str | None
    status: str
    event: str
    allowed: tuple[str, ...]

    @property
    def message(self) -> str:
        which = f"{self.subject} {self.record_id}," if self.record_id else f"a {self.subject}"
        return f"cannot {self.event} {which} that is {self.status}: {self._next_step}"

    @property
    def _next_step(self) -> str:
        """What holds money, or has paid, is never to be made anew."""
        if self.allowed:
            return f"it allows only {', '.join(self.allowed)}"
        match self.subject, self.status:
            case "session", "completed":
                return "void or refund its payment"
            case "payment", "processing":
                return "run recover() to learn how that ends"
            case "payment", status if status not in _WITHOUT_MONEY:
                return "see in its balances where the money is"
            case "refund", _:
                return "nothing of it is left to be called off"
            case _:
                return "create a new one"


@attrs.define(slots=False, eq=False, repr=False)
class AmountExceeded(NotAllowed):
    """More than is due, capturable, voidable or refundable."""

    code: ClassVar[str] = "amount_exceeded"

    amount: Money
    available: Money
    purpose: str
    record_id: str

    @property
    def message(self) -> str:
        most = f"the {self.available} that is {self.purpose} for {self.record_id}"
        return f"{self.amount} is more than {most}: ask for less"


@attrs.define(slots=False, eq=False, repr=False)
class NothingDue(NotAllowed):
    """All of the payable is paid, held, or being asked for: which is not the same as paid."""

    code: ClassVar[str] = "nothing_due"

    payable_id: str
    paid: Money
    held: Money
    in_flight: Money

    @property
    def message(self) -> str:
        where = f"{self.paid} paid, {self.held} held, {self.in_flight} being asked for"
        step = "run recover() to learn how that ends" if self.in_flight else "ask for no more"
        return f"nothing is due for {self.payable_id} ({where}): {step}"


@attrs.define(slots=False, eq=False, repr=False)
class SessionRequired(NotAllowed):
    """This payment method works through sessions only."""

    code: ClassVar[str] = "payment_session_required"

    method_id: str

    @property
    def message(self) -> str:
        return f"payment method {self.method_id} requires a payment session: use create_session"


@attrs.define(slots=False, eq=False, repr=False)
class SessionNotSupported(NotAllowed):
    """This payment method has no sessions."""

    code: ClassVar[str] = "payment_session_not_supported"

    method_id: str

    @property
    def message(self) -> str:
        return f"payment method {self.method_id} takes no payment session: use create_payment"


@attrs.define(slots=False, eq=False, repr=False)
class SourceRequired(NotAllowed):
    """This payment method needs to know what the customer pays with."""

    code: ClassVar[str] = "payment_source_required"

    method_id: str

    @property
    def message(self) -> str:
        return f"payment method {self.method_id} requires a source: pass source="


@attrs.define(slots=False, eq=False, repr=False)
class MethodUnavailable(NotAllowed):
    """No gateway of that name is configured."""

    code: ClassVar[str] = "payment_method_unavailable"

    method_id: str
    gateway: str

    @property
    def message(self) -> str:
        return (
            f"payment method {self.method_id} is unavailable: "
            f"no gateway named {self.gateway!r} was given to Payments"
        )


@attrs.define(slots=False, eq=False, repr=False)
class ExpiredSession(NotAllowed):
    """The session's time is over, though nobody has closed it yet."""

    code: ClassVar[str] = "session_expired"

    session_id: str
    expires_at: datetime

    @property
    def message(self) -> str:
        return f"{self.session_id} expired at {self.expires_at.isoformat()}: create a new session"


@attrs.define(slots=False, eq=False, repr=False)
class SessionClosing(NotAllowed):
    """The session is being closed at the provider, which has not answered yet."""

    code: ClassVar[str] = "session_closing"

    session_id: str

    @property
    def message(self) -> str:
        return f"{self.session_id} is being closed: run recover() to learn how that ended"


@attrs.define(slots=False, eq=False, repr=False)
class OperationUnresolved(NotAllowed):
    """An earlier operation of this kind may have happened: another one could double it."""

    code: ClassVar[str] = "operation_unresolved"

    operation_id: str
    waits_for_person: str | None = None

    @property
    def message(self) -> str:
        if self.waits_for_person is not None:
            return (
                f"{self.operation_id} may have happened, and a person must look at it "
                f"({self.waits_for_person}): resolve() it (another capture, void or refund "
                "of its kind may be made with despite_unresolved=)"
            )
        return (
            f"{self.operation_id} may have happened, or is under way: "
            "run recover() until it is resolved"
        )


@attrs.define(slots=False, eq=False, repr=False)
class Unsupported(NotAllowed):
    """The gateway cannot do this."""

    code: ClassVar[str] = "unsupported"

    gateway: str
    operation: str
    reason: str = "its adapter does not offer it"

    @property
    def message(self) -> str:
        return f"gateway {self.gateway!r} cannot {self.operation.replace('_', ' ')}: {self.reason}"


@attrs.define(slots=False, eq=False, repr=False)
class LimitExceeded(NotAllowed):
    """More of something than is ever kept."""

    code: ClassVar[str] = "limit_exceeded"

    what: str
    limit: int

    @property
    def message(self) -> str:
        return f"there may be at most {self.limit} {self.what}: use fewer"


@attrs.define(slots=False, eq=False, repr=False)
class UnsafeInput(NotAllowed, ValueError):
    """Text, an address or metadata that must not be stored or sent. The value is not repeated."""

    code: ClassVar[str] = "unsafe_input"

    field: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.field} is refused: {self.reason}"


@attrs.define(slots=False, eq=False, repr=False)
class NotFound(PaySessionError, LookupError):
    """There is no such record for this tenant."""

    code: ClassVar[str] = "record_not_found"

    kind: str
    id: str

    @property
    def message(self) -> str:
        return f"there is no {self.kind} {self.id!r}: check the id and the tenant"


class Conflict(PaySessionError):
    """Somebody else was faster, or the same key means something else."""


@attrs.define(slots=False, eq=False, repr=False)
class StaleVersion(Conflict):
    """The record was changed since it was loaded; nothing was written."""

    code: ClassVar[str] = "stale_version"

    kind: str
    id: str
    version: int

    @property
    def message(self) -> str:
        return f"{self.kind} {self.id} is no longer at version {self.version}: load it again"


@attrs.define(slots=False, eq=False, repr=False)
class AlreadyExists(Conflict):
    """That id or claim is taken; nothing was written."""

    code: ClassVar[str] = "already_exists"

    kind: str
    id: str

    @property
    def message(self) -> str:
        return f"{self.kind} {self.id!r} exists already: load it instead"


@attrs.define(slots=False, eq=False, repr=False)
class IdempotencyKeyReused(Conflict):
    """The key was used before, for something else."""

    code: ClassVar[str] = "idempotency_key_reused"

    operation: str

    @property
    def message(self) -> str:
        return f"this idempotency key was used for another {self.operation}: use a new key"


@attrs.define(slots=False, eq=False, repr=False)
class IdempotencyKeyInFlight(Conflict):
    """The first command with this key has not come to its end."""

    code: ClassVar[str] = "idempotency_key_in_flight"

    operation_id: str

    @property
    def message(self) -> str:
        return f"the first command with this key is still open as {self.operation_id}: ask later"


class NotSettled(PaySessionError):
    """What `raise_for_failure()` says of a record that did not succeed."""


@attrs.define(slots=False, eq=False, repr=False)
class PaymentDeclined(NotSettled):
    """The provider refused; certainly no money moved. `failure_code` says why, and who may act."""

    code: ClassVar[str] = "payment_declined"

    record_id: str
    failure_code: str
    shown_to_customer: str

    @property
    def message(self) -> str:
        return f"{self.record_id} was declined ({self.failure_code}): {self.shown_to_customer}"


@attrs.define(slots=False, eq=False, repr=False)
class StillOpen(NotSettled):
    """Not finished, or not known to be: this is not a failure."""

    code: ClassVar[str] = "still_open"

    record_id: str
    status: str
    next_step: str = "wait, and run recover()"

    @property
    def message(self) -> str:
        return f"{self.record_id} is {self.status}, which is not a failure: {self.next_step}"


@attrs.define(slots=False, eq=False, repr=False)
class Closed(NotSettled):
    """Ended without money, and without a decline: canceled or expired."""

    code: ClassVar[str] = "closed"

    record_id: str
    status: str

    @property
    def message(self) -> str:
        return f"{self.record_id} is {self.status}: create a new one"


@attrs.define(slots=False, eq=False, repr=False)
class OutcomeUnknown(PaySessionError):
    """
    A call was made and its end could not be recorded; `recover()` will find out.

    `record_id` is the session or payment that it was made for.
    """

    code: ClassVar[str] = "outcome_unknown"

    operation_id: str
    record_id: str

    @property
    def message(self) -> str:
        return (
            f"the end of {self.operation_id} for {self.record_id} could not be recorded: "
            "run recover(), do not ask again"
        )


class GatewayError(PaySessionError):
    """The gateway could not be asked, or its adapter broke the port's contract."""


@attrs.define(slots=False, eq=False, repr=False)
class GatewayUnreachable(GatewayError):
    """
    The request certainly did not arrive.

    Adapters raise it when they know that nothing was sent (a refused connection, a name
    that does not resolve). When in doubt, answer `Unknown` or let the time-out pass.
    """

    code: ClassVar[str] = "gateway_unreachable"

    reason: str = "no connection"

    @property
    def message(self) -> str:
        return f"the gateway could not be reached ({self.reason}) and nothing happened: try again"


@attrs.define(slots=False, eq=False, repr=False)
class GatewayBroken(GatewayError):
    """The adapter breaks the contract of its port."""

    code: ClassVar[str] = "gateway_broken"

    gateway: str
    reason: str

    @property
    def message(self) -> str:
        return f"gateway {self.gateway!r} breaks its contract: {self.reason}"


class NotificationError(PaySessionError):
    """A notification that cannot be believed, or cannot be read."""


@attrs.define(slots=False, eq=False, repr=False)
class InvalidSignature(NotificationError):
    """The notification is not what the provider signed. It says no more, on purpose."""

    code: ClassVar[str] = "invalid_signature"

    @property
    def message(self) -> str:
        return "the notification's signature is not valid: answer 401 and store nothing"


@attrs.define(slots=False, eq=False, repr=False)
class UnreadableNotification(NotificationError):
    """The provider signed it, and it cannot be read: an adapter raises it, and it is kept."""

    code: ClassVar[str] = "notification_unreadable"

    reason: str

    @property
    def message(self) -> str:
        return f"the notification is signed and cannot be read ({self.reason}): mend the adapter"


class StoreError(PaySessionError):
    """The store could not keep its promise."""


@attrs.define(slots=False, eq=False, repr=False)
class NotDurable(StoreError):
    """A transaction is open around the commit, so it could still be undone."""

    code: ClassVar[str] = "not_durable"

    @property
    def message(self) -> str:
        return "a transaction is open on this connection: let the store open its own"


@attrs.define(slots=False, eq=False, repr=False)
class RecordError(StoreError):
    """A stored record cannot be read. The path is told, the value never."""

    code: ClassVar[str] = "record_error"

    path: str
    reason: str

    @property
    def message(self) -> str:
        return f"the record cannot be read at {self.path}: {self.reason}"
