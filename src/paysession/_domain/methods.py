"""How a customer may pay, and what a session was asked to do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from paysession._domain.limits import Metadata, is_a, safe_choice, safe_id, safe_text


class CapturePolicy(StrEnum):
    """
    When held money is taken.

    At once; or by `capture()` (on dispatch, say); or as soon as all of the payable is
    covered, and released when the rest of it fails (store credit beside a card, say).
    """

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    WHEN_COVERED = "when_covered"


class UnderpaidPolicy(StrEnum):
    """What to do with less money than asked: give it back, or keep it as a part."""

    RELEASE = "release"
    ACCEPT = "accept"


class LatePolicy(StrEnum):
    """
    What to do with money that nobody waits for any more: keep it, or give it back.

    It came for a session that was closed, or a second time for one. Somebody is told of it
    either way, by a discrepancy of its payment.
    """

    KEEP = "keep"
    REFUND = "refund"


_is_bool = is_a(bool)


def capture_policy(value: str) -> CapturePolicy:
    """Return the capture policy that is meant, itself or by its text."""
    return safe_choice(value, field="capture", among=CapturePolicy)


def _underpaid_policy(value: str) -> UnderpaidPolicy:
    return safe_choice(value, field="on_underpaid", among=UnderpaidPolicy)


def _late_policy(value: str) -> LatePolicy:
    return safe_choice(value, field="on_late", among=LatePolicy)


def _id(value: str) -> str:
    return safe_id(value, field="payment method id")


def _text(value: str) -> str:
    return safe_text(value, field="payment method", most=255)


def _optional_text(value: str | None) -> str | None:
    return None if value is None else _text(value)


@attrs.frozen(kw_only=True)
class PaymentMethod:
    """
    One way to pay that the backend offers; a copy is kept with each session.

    Attributes:
        id: The backend's id, `pm_…`.
        name: As customers see it: "Credit Card".
        gateway: The name of the gateway that serves it, as given to `Payments`.
        description: More for customers.
        type: The backend's own word for its kind.
        provider: The provider's name as views print it, such as "stripe"; the gateway's
            name where it is left out.
        instrument: What is used: "card", "sepa_debit".
        session_required: Whether it works through sessions; if not, by `create_payment`.
        source_required: Whether a source must be known before money can move.
        capture: When held money is taken, unless the session says otherwise.
        on_underpaid: What happens when the provider holds or takes less than asked.
        on_late: What happens with money for a session that is closed, or is being canceled.
    """

    id: str = attrs.field(converter=_id)
    name: str = attrs.field(converter=_text)
    gateway: str = attrs.field(converter=_text)
    description: str | None = attrs.field(default=None, converter=_optional_text)
    type: str = attrs.field(default="card", converter=_text)
    provider: str = attrs.field(
        default=attrs.Factory(lambda method: method.gateway, takes_self=True), converter=_text
    )
    instrument: str = attrs.field(default="card", converter=_text)
    session_required: bool = attrs.field(default=True, validator=_is_bool)
    source_required: bool = attrs.field(default=True, validator=_is_bool)
    capture: CapturePolicy = attrs.field(default=CapturePolicy.AUTOMATIC, converter=capture_policy)
    on_underpaid: UnderpaidPolicy = attrs.field(
        default=UnderpaidPolicy.RELEASE, converter=_underpaid_policy
    )
    on_late: LatePolicy = attrs.field(default=LatePolicy.KEEP, converter=_late_policy)


@attrs.frozen(kw_only=True)
class Terms:
    """
    What a session was asked to do, as its provider needs to know it.

    Attributes:
        payable_id: The backend's id of what is being paid.
        payable_reference: What customers know it by: an order number.
        customer_id: The backend's id of who pays.
        customer_external_id: The provider's id of who pays, if it is known.
        capture: When held money is taken.
        hosted: Whether the provider's own page collects the payment.
        save_source: Whether to keep the source for later use.
        return_url: Where the provider sends the browser afterwards.
        cancel_url: Where it sends a customer who gives up.
        expires_at: When the session's time is over.
        metadata: The backend's own notes, sent along.
    """

    payable_id: str
    payable_reference: str
    customer_id: str | None = None
    customer_external_id: str | None = None
    capture: CapturePolicy = CapturePolicy.AUTOMATIC
    hosted: bool = False
    save_source: bool = False
    return_url: str | None = attrs.field(default=None, repr=False)
    cancel_url: str | None = attrs.field(default=None, repr=False)
    expires_at: datetime | None = None
    metadata: Metadata = attrs.field(factory=Metadata, repr=False)

    @property
    def for_provider(self) -> Terms:
        """The same as a provider needs to know it: to hold until covered is to hold."""
        if self.capture is not CapturePolicy.WHEN_COVERED:
            return self
        return attrs.evolve(self, capture=CapturePolicy.MANUAL)

    def ending(self, at: datetime | None) -> Terms:
        """Return the same, over at that instant if that is earlier."""
        if at is None or (self.expires_at is not None and self.expires_at <= at):
            return self
        return attrs.evolve(self, expires_at=at)


@attrs.frozen(kw_only=True)
class SetupTerms:
    """
    What a setup session was asked to do.

    Attributes:
        customer_id: The backend's id of whose source it is.
        customer_external_id: The provider's id of the customer, if it is known.
        return_url: Where the provider sends the browser afterwards.
        cancel_url: Where it sends a customer who gives up.
        expires_at: When the setup session's time is over.
        metadata: The backend's own notes, sent along.
    """

    customer_id: str | None = None
    customer_external_id: str | None = None
    return_url: str | None = attrs.field(default=None, repr=False)
    cancel_url: str | None = attrs.field(default=None, repr=False)
    expires_at: datetime | None = None
    metadata: Metadata = attrs.field(factory=Metadata, repr=False)

    def ending(self, at: datetime | None) -> SetupTerms:
        """Return the same, over at that instant if that is earlier."""
        if at is None or (self.expires_at is not None and self.expires_at <= at):
            return self
        return attrs.evolve(self, expires_at=at)
