"""
What a backend may ask of `Payments`, as frozen values that are made before anything is asked.

A command that is about a record cannot know its id yet: it says which one by a number, from 0
on, in the order in which they came into being. A number beyond the last goes round, and while
there is none, the id is one that nobody has. So a command can always be given, and may be
refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeAlias

import attrs

from paysession._domain.methods import CapturePolicy, PaymentMethod
from paysession._domain.movements import RefundReason
from paysession._domain.payable import Payable
from paysession._domain.sources import MandateUse, Source
from paysession._money import Money


@attrs.frozen(kw_only=True)
class _Command:
    """
    One use of a command of `Payments`.

    Attributes:
        command: The name of the method that it is given to.
        on: The attribute that says which record it is about, if it is about one.
    """

    command: ClassVar[str]
    on: ClassVar[str | None] = None

    def arguments(self, ids: Mapping[str, Sequence[str]]) -> dict[str, object]:
        """
        Return what the method is called with, all of it by name.

        Args:
            ids: Of the records there are by now, oldest first, by the name of the attribute.
        """
        given: dict[str, object] = {
            field.name: getattr(self, field.name) for field in attrs.fields(type(self))
        }
        if self.on is not None:
            known = ids.get(self.on, ())
            number: int = getattr(self, self.on)
            del given[self.on]
            given[f"{self.on}_id"] = known[number % len(known)] if known else f"no_{self.on}"
        return given


@attrs.frozen(kw_only=True)
class CreateSession(_Command):
    """A customer comes to the checkout."""

    command: ClassVar[str] = "create_session"

    payable: Payable
    method: PaymentMethod
    amount: Money | None = None
    source: Source | None = None
    capture: CapturePolicy | None = None
    save_source: bool = False


@attrs.frozen(kw_only=True)
class UpdateSession(_Command):
    """The cart has changed."""

    command: ClassVar[str] = "update_session"
    on: ClassVar[str | None] = "session"

    session: int = 0
    amount: Money | None = None


@attrs.frozen(kw_only=True)
class CompleteSession(_Command):
    """The customer has confirmed."""

    command: ClassVar[str] = "complete_session"
    on: ClassVar[str | None] = "session"

    session: int = 0
    source: Source | None = None


@attrs.frozen(kw_only=True)
class CancelSession(_Command):
    """The customer goes back."""

    command: ClassVar[str] = "cancel_session"
    on: ClassVar[str | None] = "session"

    session: int = 0


@attrs.frozen(kw_only=True)
class ChargeSource(_Command):
    """A subscription is due."""

    command: ClassVar[str] = "charge"

    payable: Payable
    method: PaymentMethod
    source: Source
    amount: Money | None = None
    capture: CapturePolicy | None = None
    use: MandateUse = MandateUse.LATER


@attrs.frozen(kw_only=True)
class CreatePayment(_Command):
    """A customer will pay by check."""

    command: ClassVar[str] = "create_payment"

    payable: Payable
    method: PaymentMethod
    amount: Money | None = None
    source: Source | None = None


@attrs.frozen(kw_only=True)
class AbandonPayment(_Command):
    """The check will not come."""

    command: ClassVar[str] = "abandon_payment"
    on: ClassVar[str | None] = "payment"

    payment: int = 0


@attrs.frozen(kw_only=True)
class MarkPaid(_Command):
    """The check has come."""

    command: ClassVar[str] = "mark_paid"
    on: ClassVar[str | None] = "payment"

    payment: int = 0
    amount: Money | None = None


@attrs.frozen(kw_only=True)
class MarkBounced(_Command):
    """The bank has returned the check."""

    command: ClassVar[str] = "mark_bounced"
    on: ClassVar[str | None] = "capture"

    capture: int = 0


@attrs.frozen(kw_only=True)
class MarkRefunded(_Command):
    """Somebody has given cash back."""

    command: ClassVar[str] = "mark_refunded"
    on: ClassVar[str | None] = "payment"

    payment: int = 0
    amount: Money | None = None
    reason: RefundReason | None = None


@attrs.frozen(kw_only=True)
class CapturePayment(_Command):
    """Goods are sent."""

    command: ClassVar[str] = "capture"
    on: ClassVar[str | None] = "payment"

    payment: int = 0
    amount: Money | None = None
    is_final: bool = False


@attrs.frozen(kw_only=True)
class VoidPayment(_Command):
    """An order is called off before its goods are sent."""

    command: ClassVar[str] = "void"
    on: ClassVar[str | None] = "payment"

    payment: int = 0
    amount: Money | None = None


@attrs.frozen(kw_only=True)
class RefundPayment(_Command):
    """Goods come back."""

    command: ClassVar[str] = "refund"
    on: ClassVar[str | None] = "payment"

    payment: int = 0
    amount: Money | None = None
    reason: RefundReason | None = None


@attrs.frozen(kw_only=True)
class CancelRefund(_Command):
    """Somebody wants the money back that was to be given back."""

    command: ClassVar[str] = "cancel_refund"
    on: ClassVar[str | None] = "refund"

    refund: int = 0


@attrs.frozen(kw_only=True)
class CreateSetupSession(_Command):
    """A customer wants a source to be kept."""

    command: ClassVar[str] = "create_setup_session"

    method: PaymentMethod
    customer_id: str | None = None


@attrs.frozen(kw_only=True)
class CompleteSetupSession(_Command):
    """The customer has confirmed that."""

    command: ClassVar[str] = "complete_setup_session"
    on: ClassVar[str | None] = "setup_session"

    setup_session: int = 0


@attrs.frozen(kw_only=True)
class CancelSetupSession(_Command):
    """The customer would rather not."""

    command: ClassVar[str] = "cancel_setup_session"
    on: ClassVar[str | None] = "setup_session"

    setup_session: int = 0


@attrs.frozen(kw_only=True)
class UpdatePayable(_Command):
    """An order costs something else now."""

    command: ClassVar[str] = "update_payable"

    payable: Payable


@attrs.frozen(kw_only=True)
class Recover(_Command):
    """A minute has passed."""

    command: ClassVar[str] = "recover"


Command: TypeAlias = (
    CreateSession
    | CompleteSession
    | UpdateSession
    | CancelSession
    | ChargeSource
    | CreatePayment
    | AbandonPayment
    | MarkPaid
    | MarkBounced
    | MarkRefunded
    | CapturePayment
    | VoidPayment
    | RefundPayment
    | CancelRefund
    | CreateSetupSession
    | CompleteSetupSession
    | CancelSetupSession
    | UpdatePayable
    | Recover
)
