"""
Credit that the store itself owes, as a gateway: its provider is a ledger of the backend's.

A customer may pay a part with credit and the rest by card. The credit is held first, by a
method whose capture policy is `when_covered`: it is taken in the commit that covers the
order, and released in the one by which the rest has failed.

    >>> from datetime import UTC, datetime
    >>> from paysession import Money, Payable, PaymentMethod, Payments, StoreCredit
    >>> from paysession.gateways import BogusGateway, Credit, InMemoryCreditLedger, draw_credits
    >>> ledger = InMemoryCreditLedger(
    ...     [
    ...         Credit(
    ...             id="sc_1",
    ...             customer_id="cus_1",
    ...             amount=Money("60.00", "USD"),
    ...             created_at=datetime(2026, 11, 20, tzinfo=UTC),
    ...         )
    ...     ]
    ... )
    >>> payments = Payments({"credit": StoreCreditGateway(ledger), "bogus": BogusGateway()})
    >>> order = Payable("or_1", total=Money("100.00", "USD"), customer_id="cus_1")
    >>> credit = PaymentMethod(
    ...     id="pm_1",
    ...     name="Store credit",
    ...     gateway="credit",
    ...     session_required=False,
    ...     capture="when_covered",
    ... )
    >>> for draw in draw_credits(ledger.credits_of("cus_1"), amount=order.total):
    ...     held = payments.charge(
    ...         order,
    ...         method=credit,
    ...         source=StoreCredit(id=draw.credit.id),
    ...         amount=draw.amount,
    ...         idempotency_key=f"or_1-{draw.credit.id}",
    ...     )
    >>> print(held.status, ledger.credit("sc_1").authorized)
    authorized 60.00 USD
    >>> card = PaymentMethod(id="pm_2", name="Card", gateway="bogus", source_required=False)
    >>> session = payments.create_session(order, method=card)
    >>> print(session.amount, payments.complete_session(session.id).status)
    40.00 USD completed
    >>> print(payments.get_payment(held.id).status, ledger.credit("sc_1").used)
    captured 60.00 USD
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import CapturePolicy
from paysession._domain.sources import StoreCredit
from paysession.gateways._credit import (
    CreditEntry,
    CreditMovement,
    CreditMovementKind,
    CreditRefusal,
)
from paysession.gateways._credit_ledger import AsyncCreditLedger, CreditLedger
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.port import AsyncGateway, Gateway
from paysession.gateways.requests import (
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    LookUpRequest,
    RefundAnswer,
    RefundRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.outcomes import (
    Authorized,
    Captured,
    Declined,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Report,
    Voided,
)

_Refused: TypeAlias = Declined | Rejected

STORE_CREDIT: Final = Capabilities(
    collects_source=False,
    partial_voids=True,
    key_window=timedelta(days=365),
    look_up_is_authoritative=True,
)
"""What a ledger can do: every movement in parts, and a memory for every key."""

_CODES: Final[Mapping[CreditRefusal, FailureCode]] = MappingProxyType(
    {
        CreditRefusal.UNKNOWN_CREDIT: FailureCode.ACCOUNT_CLOSED,
        CreditRefusal.UNKNOWN_HOLD: FailureCode.MERCHANT_CONFIG,
        CreditRefusal.OTHER_CURRENCY: FailureCode.NOT_SUPPORTED,
        CreditRefusal.NOT_ABOVE_ZERO: FailureCode.INVALID_AMOUNT,
        CreditRefusal.INSUFFICIENT_CREDIT: FailureCode.INSUFFICIENT_FUNDS,
        CreditRefusal.MORE_THAN_HELD: FailureCode.INVALID_AMOUNT,
        CreditRefusal.MORE_THAN_TAKEN: FailureCode.INVALID_AMOUNT,
        CreditRefusal.KEY_REUSED: FailureCode.MERCHANT_CONFIG,
    }
)

_NO_CREDIT: Final = Rejected(
    Failure(FailureCode.NOT_SUPPORTED, raw_code="source_is_no_store_credit")
)


class StoreCreditGateway(Gateway):
    """
    Pay with credit that the store owes.

    The ledger is asked once for each call. What it refuses is declined; what it raises
    leaves the outcome unknown, until its own books tell. A payable says whose credit may pay
    for it by its `customer_id`; one that names no customer is paid with nobody's.

    Args:
        ledger: The backend's books.
    """

    capabilities = STORE_CREDIT

    def __init__(self, ledger: CreditLedger) -> None:
        self._ledger = ledger

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Hold or take some of the credit that is the source, if the customer owns it."""
        if not isinstance(request.source, StoreCredit):
            return _NO_CREDIT
        return _charged(self._ledger.move(_charge(request, request.source)))

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """Take some of what is held."""
        return _captured(self._ledger.move(_capture(request)))

    def void(self, request: VoidRequest) -> VoidAnswer:
        """Release some of what is held."""
        return _voided(self._ledger.move(_void(request)))

    def refund(self, request: RefundRequest) -> RefundAnswer:
        """Give some of what was taken back, to the same credit."""
        return _refunded(self._ledger.move(_refund(request)))

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report what is recorded under the operation's key."""
        return _reports(self._ledger.entry(request.key), request)


class AsyncStoreCreditGateway(AsyncGateway):
    """
    `StoreCreditGateway`, called from an event loop.

    Args:
        ledger: The backend's books.
    """

    capabilities = STORE_CREDIT

    def __init__(self, ledger: AsyncCreditLedger) -> None:
        self._ledger = ledger

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Hold or take some of the credit that is the source, if the customer owns it."""
        if not isinstance(request.source, StoreCredit):
            return _NO_CREDIT
        return _charged(await self._ledger.move(_charge(request, request.source)))

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """Take some of what is held."""
        return _captured(await self._ledger.move(_capture(request)))

    async def void(self, request: VoidRequest) -> VoidAnswer:
        """Release some of what is held."""
        return _voided(await self._ledger.move(_void(request)))

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        """Give some of what was taken back, to the same credit."""
        return _refunded(await self._ledger.move(_refund(request)))

    async def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report what is recorded under the operation's key."""
        return _reports(await self._ledger.entry(request.key), request)


def _charge(request: ChargeRequest, credit: StoreCredit) -> CreditMovement:
    takes = request.terms.capture is CapturePolicy.AUTOMATIC
    ask = CreditMovement.purchase if takes else CreditMovement.authorize
    return ask(
        credit.id,
        amount=request.amount,
        key=request.key,
        customer_id=request.terms.customer_id,
        tenant=request.tenant,
    )


def _capture(request: CaptureRequest) -> CreditMovement:
    return CreditMovement.capture(
        _hold_of(request),
        amount=request.amount,
        key=request.key,
        is_final=request.is_final,
        tenant=request.tenant,
    )


def _void(request: VoidRequest) -> CreditMovement:
    return CreditMovement.void(
        _hold_of(request), amount=request.amount, key=request.key, tenant=request.tenant
    )


def _refund(request: RefundRequest) -> CreditMovement:
    return CreditMovement.give_back(
        _hold_of(request), amount=request.amount, key=request.key, tenant=request.tenant
    )


def _hold_of(request: CaptureRequest | VoidRequest | RefundRequest) -> str:
    """Name the hold that the payment is; a payment without one has no hold of any name."""
    return request.references.get(ReferenceRole.AUTHORIZATION) or ""


def _charged(entry: CreditEntry) -> Authorized | Captured | _Refused:
    if entry.refusal is not None:
        return _refused(entry.refusal)
    if entry.movement.kind is CreditMovementKind.AUTHORIZE:
        return Authorized(entry.movement.amount, references=References.of(authorization=entry.id))
    made = References.of(authorization=entry.id, capture=entry.id)
    return Captured(entry.movement.amount, references=made)


def _captured(entry: CreditEntry) -> Captured | _Refused:
    if entry.refusal is not None:
        return _refused(entry.refusal)
    return Captured(entry.movement.amount, references=References.of(capture=entry.id))


def _voided(entry: CreditEntry) -> Voided | _Refused:
    if entry.refusal is not None:
        return _refused(entry.refusal)
    return Voided(entry.movement.amount, references=References.of(void=entry.id))


def _refunded(entry: CreditEntry) -> Refunded | _Refused:
    if entry.refusal is not None:
        return _refused(entry.refusal)
    return Refunded(entry.movement.amount, references=References.of(refund=entry.id))


def _refused(refusal: CreditRefusal) -> _Refused:
    """A movement that cannot be is declined; a key of another movement is a fault of ours."""
    failure = Failure(_CODES[refusal], raw_code=refusal)
    return Rejected(failure) if refusal is CreditRefusal.KEY_REUSED else Declined(failure)


_ANSWERS: Final[
    Mapping[
        CreditMovementKind,
        Callable[[CreditEntry], Authorized | Captured | Voided | Refunded | _Refused],
    ]
] = MappingProxyType(
    {
        CreditMovementKind.AUTHORIZE: _charged,
        CreditMovementKind.PURCHASE: _charged,
        CreditMovementKind.CAPTURE: _captured,
        CreditMovementKind.VOID: _voided,
        CreditMovementKind.GIVE_BACK: _refunded,
    }
)


def _reports(entry: CreditEntry | None, request: LookUpRequest) -> tuple[Report, ...]:
    if entry is None or entry.movement.tenant != request.tenant:
        return ()
    fact = _ANSWERS[entry.movement.kind](entry)
    return (Report(fact, our_reference=request.operation_id, references=fact.references),)
