"""
What is erased of a customer who is to be forgotten, by name, and what is kept.

Erased is what tells of a person: who pays (the backend's id and the provider's), what the
backend noted, where the browser was sent, the name on a card, the profile by which a source
could be charged again, what belonged to the browser, and all text that a provider wrote
freely.

Kept is what the books need: amounts, statuses, times, our own ids and the payable's, and the
provider's ids of sessions and movements, by which refunds are made and late reports found.
Brand, last digits and expiry of a card stay as well: on a receipt they say what was paid
with, and without a name or a profile they tell nobody from anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, cast

import attrs

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.entities import Record
from paysession._domain.evidence import Evidence
from paysession._domain.failures import Failure
from paysession._domain.limits import Metadata
from paysession._domain.methods import SetupTerms, Terms
from paysession._domain.movements import MovementOperation
from paysession._domain.operations import Operation
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import CreditCard, StoredSource
from paysession.events import CustomerForgotten
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Captured,
    NotAttempted,
    Pending,
    Profile,
    ReferenceRole,
    References,
    Unknown,
)

T = TypeVar("T")
R = TypeVar("R", bound=Record)
W = TypeVar("W", PaymentSession, SetupSession, Payment)
AnyOwner: TypeAlias = PaymentSession | SetupSession | Payment

_OF_TERMS: Mapping[str, object] = {
    "customer_id": None,
    "customer_external_id": None,
    "return_url": None,
    "cancel_url": None,
    "metadata": Metadata(),
}
_OF_BROWSER: Mapping[str, object] = {"client_data": None, "next_action": None}
_FREE_TEXT: Mapping[str, object] = {"reason": ""}

ERASABLE: Mapping[type, Mapping[str, object]] = MappingProxyType(
    {
        Terms: _OF_TERMS,
        SetupTerms: _OF_TERMS,
        CreditCard: {"profile_id": None, "name": None},
        StoredSource: {"profile_id": None},
        Profile: {"id": None, "name": None},
        PaymentSession: _OF_BROWSER,
        SetupSession: _OF_BROWSER,
        Payment: {**_OF_BROWSER, "customer_id": None, "metadata": Metadata()},
        Operation: {"doubt": None},
        Attempt: {"external_data": None},
        SetupAttempt: {"external_data": None},
        MovementOperation: {"metadata": Metadata()},
        Failure: {"raw_message": None},
        Accepted: _OF_BROWSER,
        ActionRequired: {"client_data": None},
        Authorized: {"profile": None},
        Captured: {"profile": None},
        Pending: _FREE_TEXT,
        NotAttempted: _FREE_TEXT,
        Unknown: _FREE_TEXT,
    }
)
"""Every field that is erased, by the class that has it (or inherits it), and what stands there
afterwards. Beside these, the provider's ids of roles in `ERASABLE_ROLES` are erased."""

ERASABLE_ROLES = frozenset({ReferenceRole.CUSTOMER, ReferenceRole.SOURCE})
"""The provider's ids that tell of a person: no refund is made by them, and no report found."""

_KEPT_ROLES = frozenset(ReferenceRole) - ERASABLE_ROLES


@attrs.frozen(kw_only=True)
class Forgotten:
    """
    How far a customer is forgotten.

    Attributes:
        erased: Ids of the sessions, setup sessions and payments that told of the customer,
            and no longer do; nor does any operation of theirs.
        still_open: Ids of those that still do, because the customer may still act in them, or
            because a call of theirs may be repeated and must be the same. End them (cancel
            the session, run `recover()`), and forget the customer again.
    """

    erased: tuple[str, ...] = ()
    still_open: tuple[str, ...] = ()


def erased(value: T) -> T:
    """
    Return a record, a fact or any other value of ours without what tells of its customer.

    What has nothing to erase is returned as it is, so that erasing twice changes nothing.
    """
    return cast("T", _erased(value))


def _erased(value: object) -> object:
    if isinstance(value, References):
        kept = value.only(_KEPT_ROLES)
        return value if kept == value else kept
    if isinstance(value, tuple):
        parts = cast("tuple[object, ...]", value)
        after = tuple(_erased(part) for part in parts)
        return parts if after == parts else after
    if attrs.has(type(value)):
        return _without_personal_fields(cast("attrs.AttrsInstance", value))
    return value


def _without_personal_fields(value: attrs.AttrsInstance) -> object:
    blanks = _blanks_of(type(value))
    changes: dict[str, Any] = {}
    for field in attrs.fields(type(value)):
        before: object = getattr(value, field.name)
        after = blanks[field.name] if field.name in blanks else _erased(before)
        if after != before:
            changes[field.name] = after
    return attrs.evolve(cast("Any", value), **changes) if changes else value


def _blanks_of(kind: type) -> Mapping[str, object]:
    blanks: dict[str, object] = {}
    for base in kind.__mro__:
        blanks.update(ERASABLE.get(base, {}))
    return blanks


def erased_record(record: R, *, at: datetime) -> R:
    """Return an operation or movement without what tells of its customer."""
    after = erased(record)
    if after is record:
        return record
    return attrs.evolve(after, updated_at=max(record.updated_at, at), changed=True)


def forgotten(owner: W, *, at: datetime) -> W:
    """Return a session or payment without what tells of its customer, and say that once."""
    after = erased(owner)
    if after is owner and owner.forgotten_at is not None:
        return owner
    return attrs.evolve(after, forgotten_at=at).telling(CustomerForgotten(at=at))


def as_told_of(owner: AnyOwner, evidence: Evidence) -> Evidence:
    """Return a fact as it may be kept: of a customer who is forgotten nothing is learnt anew."""
    return evidence if owner.forgotten_at is None else erased(evidence)


def must_stay_as_it_is(owner: AnyOwner) -> bool:
    """Whether the customer may still act in it, or an operation of it has not ended."""
    if isinstance(owner, Payment):
        return bool(owner.open_operations)
    return owner.is_open or bool(owner.open_attempts)


def may_be_repeated(operation: Operation, *, at: datetime) -> bool:
    """
    Whether the operation's call may be made once more, and must then be the same.

    One that a look-up did not find is open again if its call was only late.
    """
    return operation.is_open or (operation.is_absent and at < operation.deadline)
