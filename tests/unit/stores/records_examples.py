"""One entity of every kind, one event of every class and claims, with every field set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_type_hints

import attrs

from paysession import events
from paysession._domain.attempts import Attempt, AttemptKind, CloseReason, SetupAttempt
from paysession._domain.balances import Balances
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Entity
from paysession._domain.evidence import Evidence, EvidenceSource, LastWord
from paysession._domain.limits import Metadata
from paysession._domain.methods import (
    CapturePolicy,
    LatePolicy,
    PaymentMethod,
    SetupTerms,
    Terms,
    UnderpaidPolicy,
)
from paysession._domain.movements import (
    Authorization,
    Capture,
    Refund,
    RefundReason,
    Reversal,
    Void,
)
from paysession._domain.operations import Origin
from paysession._domain.parked import ParkedReport, ParkReason
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.secrets import ClientData
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import CreditCard, MandateUse, StoreCredit, StoredSource
from paysession._money import Money
from paysession.lifecycles import PaymentStatus, SessionStatus, SetupSessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    AuthorizationChanged,
    AuthorizationLapsed,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Ends,
    Expired,
    Fact,
    Failure,
    FailureCode,
    FundsReinstated,
    FundsWithdrawn,
    NextAction,
    NotAttempted,
    Pending,
    Profile,
    Redirect,
    ReferenceChanged,
    References,
    Refunded,
    Rejected,
    Report,
    Retaken,
    ShowCode,
    Stored,
    Superseded,
    Totals,
    Unknown,
    Unreadable,
    UseSdk,
    Voided,
    WaitForTransfer,
    as_evidence,
)
from paysession.stores import Claim, RecordedEvent

CANARY: Final = "canary_5e1d"
"""What all client data here holds, and nothing else does."""

START: Final = datetime(2026, 3, 1, 12, 30, 15, 250_001, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def client_data(of: str) -> ClientData:
    return ClientData({"of": of, "secret": CANARY, "numbers": [1, 0.5, True, None]})


FAILURE: Final = Failure(
    FailureCode.INSUFFICIENT_FUNDS,
    raw_code="51",
    raw_message="Insufficient funds: ask for another card",
    advice="try_again_later",
)
REFERENCES: Final = References.of(
    session="cs_1",
    authorization="pi_1",
    capture="ch_1",
    void="vo_0",
    refund="rf_0",
    dispute="dp_1",
    customer="cus_1",
    source="src_9",
)
CREDIT_CARD: Final = CreditCard(
    id="card_1",
    profile_id="profile_1",
    brand="visa",
    last4="4242",
    month=12,
    year=2031,
    name="Zoë Ångström-قهوة",
    is_default=True,
)
STORE_CREDIT: Final = StoreCredit(id="credit_1")
STORED_SOURCE: Final = StoredSource(id="src_1", profile_id="profile_2")
METHOD: Final = PaymentMethod(
    id="pm_1",
    name="Credit Card",
    gateway="stripe_eu",
    description="Visa, Mastercard",
    type="Gateway::Stripe",
    provider="stripe",
    instrument="card",
    session_required=True,
    source_required=False,
    capture=CapturePolicy.WHEN_COVERED,
    on_underpaid=UnderpaidPolicy.ACCEPT,
    on_late=LatePolicy.REFUND,
)
METADATA: Final = Metadata.of({"purchase_order": "PO-77", "größe": "日本 \U0001f4b3 'x' \u2028"})
TERMS: Final = Terms(
    payable_id="or_1",
    payable_reference="R123456789",
    customer_id="cu_1",
    customer_external_id="cus_1",
    capture=CapturePolicy.MANUAL,
    hosted=True,
    save_source=True,
    return_url="https://shop.example/thanks",
    cancel_url="https://shop.example/cart",
    expires_at=at(90),
    metadata=METADATA,
)
SETUP_TERMS: Final = SetupTerms(
    customer_id="cu_1",
    customer_external_id="cus_1",
    return_url="https://shop.example/thanks",
    cancel_url="https://shop.example/wallet",
    expires_at=at(90),
    metadata=METADATA,
)
BALANCES: Final = Balances(
    requested=usd("110.00"),
    authorized=usd("100.09"),
    captured=usd("50.08"),
    over=usd("0.08"),
    capture_in_flight=usd("10.07"),
    closed=usd("0.60"),
    closing=usd("0.70"),
    voids=usd("5.06"),
    voids_in_flight=usd("4.05"),
    lapses=usd("3.04"),
    undone=usd("0.40"),
    refunded=usd("2.03"),
    refund_in_flight=usd("1.02"),
    withheld=usd("0.01"),
    lost=usd("0.02"),
    uncounted=usd("0.50"),
)
DISCREPANCY: Final = Discrepancy(
    kind=DiscrepancyKind.AMOUNT_MISMATCH,
    operation_id="at_1",
    expected="110.00 USD",
    actual="100.09 USD",
    opened_at=at(2),
    closed_at=at(3),
)

NEXT_ACTIONS: Final[tuple[NextAction, ...]] = (
    Redirect(f"https://pay.example/{CANARY}", method="POST", fields={"PaReq": CANARY, "MD": "é😀"}),
    UseSdk(client_data("sdk")),
    ShowCode(CANARY, kind="pix", expires_at=at(30)),
    WaitForTransfer({"iban": CANARY, "reference": "R123456789"}),
)
SAID: Final[dict[str, Any]] = {"references": REFERENCES, "occurred_at": at(1), "sequence": 7}
PROFILE: Final = Profile(
    id="profile_1", brand="visa", last4="4242", month=12, year=2031, name="Zoë"
)
_AS_TOLD: Final[tuple[Fact, ...]] = (
    *(
        Accepted(client_data=client_data("fact"), next_action=each, expires_at=at(60), **SAID)
        for each in NEXT_ACTIONS
    ),
    *(ActionRequired(each, client_data=client_data("fact"), **SAID) for each in NEXT_ACTIONS),
    Approved(**SAID),
    Pending("the bank is closed", **SAID),
    Authorized(usd("100.00"), expires_at=at(10_000), profile=PROFILE, **SAID),
    Captured(usd("60.00"), profile=PROFILE, **SAID),
    Stored(PROFILE, **SAID),
    Voided(usd("10.00"), **SAID),
    Refunded(usd("45.01"), **SAID),
    Declined(FAILURE, Ends.OBJECT, **SAID),
    Rejected(FAILURE, **SAID),
    Canceled(**SAID),
    Expired(**SAID),
    NotAttempted("no connection", **SAID),
    Unknown("it took too long", **SAID),
    Superseded("at_2", **SAID),
    Bounced(FAILURE, **SAID),
    Retaken(usd("60.00"), **SAID),
    AuthorizationChanged(usd("0.00"), expires_at=at(20_000), **SAID),
    AuthorizationLapsed(usd("5.00"), **SAID),
    ReferenceChanged("pi_0", **SAID),
    DisputeChanged("needs_response", amount=usd("60.00"), respond_by=at(500), **SAID),
    FundsWithdrawn(usd("60.00"), **SAID),
    FundsReinstated(usd("60.00"), **SAID),
    Totals(captured=usd("60.00"), refunded=usd("45.01"), **SAID),
    Unreadable("12.345 USD", **SAID),
)
FACTS: Final = tuple(map(as_evidence, _AS_TOLD))


def evidence_of(*facts: Fact) -> tuple[Evidence, ...]:
    sources = list(EvidenceSource)
    return tuple(
        Evidence(fact=fact, source=sources[index % len(sources)], recorded_at=at(index))
        for index, fact in enumerate(facts)
    )


def _entity(kind_id: str) -> dict[str, Any]:
    return {
        "id": kind_id,
        "tenant": "acme",
        "version": 3,
        "created_at": START,
        "updated_at": at(9),
    }


def _record(kind_id: str) -> dict[str, Any]:
    return {**_entity(kind_id), "changed": False}


def _owner(kind_id: str) -> dict[str, Any]:
    return {
        **_entity(kind_id),
        "discrepancies": (DISCREPANCY, attrs.evolve(DISCREPANCY, kind=DiscrepancyKind.UNDERPAID)),
        "forgotten_at": at(8),
        "claims": ("digest-of-a-key", "digest-of-another"),
    }


def _operation(kind_id: str, *facts: Fact) -> dict[str, Any]:
    return {
        **_record(kind_id),
        "gateway": "stripe_eu",
        "acts_on": References.of(session="cs_1", customer="cus_1"),
        "references": REFERENCES,
        "facts": evidence_of(*facts),
        "doubt": "it took too long",
        "sent_at": at(1),
        "tries": 2,
        "lease_until": at(4),
        "deadline": at(60),
        "recheck_at": at(12),
        "recheck_seconds": (86_400, 604_800),
        "last_word": LastWord.FAILURE,
        "waits_for_person": "nobody knows whether it happened",
        "origin": Origin.POLICY,
        "claim": "sha256-of-a-key",
    }


def _movement(kind_id: str, *facts: Fact) -> dict[str, Any]:
    return {
        **_operation(kind_id, *facts),
        "payment_id": "py_1",
        "amount": usd("45.01"),
        "metadata": METADATA,
    }


def _recorded(kind_id: str, *facts: Fact) -> dict[str, Any]:
    return {
        **_record(kind_id),
        "payment_id": "py_1",
        "amount": usd("45.01"),
        "references": REFERENCES,
        "facts": evidence_of(*facts),
        "origin": Origin.ATTEMPT,
    }


SESSION: Final = PaymentSession(
    **_owner("ps_1"),
    gateway="stripe_eu",
    method=METHOD,
    amount=usd("110.00"),
    terms=TERMS,
    source=CREDIT_CARD,
    status=SessionStatus.REQUIRES_ACTION,
    references=REFERENCES,
    client_data=client_data("session"),
    next_action=NEXT_ACTIONS[0],
    attempt_id="at_2",
    open_attempts=("at_1", "at_2"),
    asking=("at_2",),
    payment_id="py_1",
    approved=True,
    closing=CloseReason.EXPIRED,
    not_before=at(95),
    last_failure=FAILURE,
)
PAYMENT: Final = Payment(
    **_owner("py_1"),
    number="P1234567",
    gateway="stripe_eu",
    payable_id="or_1",
    payable_reference="R123456789",
    customer_id="cu_1",
    method=METHOD,
    source=STORED_SOURCE,
    session_id="ps_1",
    attempt_id="at_1",
    balances=BALANCES,
    phase=PaymentStatus.PROCESSING,
    status=PaymentStatus.PARTIALLY_REFUNDED,
    references=REFERENCES,
    open_operations=("cp_1", "rf_1"),
    asking=("cg_1",),
    movements=6,
    moved_at=at(1),
    totals=evidence_of(Totals(captured=usd("60.00"), refunded=usd("45.01"), **SAID)),
    authorized_until=at(10_000),
    origin=Origin.POLICY,
    capture_policy=CapturePolicy.WHEN_COVERED,
    next_action=NEXT_ACTIONS[1],
    client_data=client_data("payment"),
    last_failure=FAILURE,
    metadata=METADATA,
)
ATTEMPT: Final = Attempt(
    **_operation("at_1", *FACTS),
    kind=AttemptKind.CLOSE,
    session_id="ps_1",
    amount=usd("110.00"),
    payment_id="py_1",
    terms=TERMS,
    source=STORE_CREDIT,
    external_data=client_data("attempt"),
    close_reason=CloseReason.CANCELED,
)
REFUND: Final = Refund(
    **_movement("rf_1", Refunded(usd("45.01"), **SAID), Bounced(FAILURE, **SAID)),
    reason=RefundReason.FRAUDULENT,
    capture_id="cp_1",
)
REVERSAL: Final = Reversal(**_recorded("rv_1", FundsWithdrawn(usd("45.01"), **SAID)))
ENTITIES: Final[tuple[Entity, ...]] = (
    PayableAccount(
        **_entity("or_1"),
        total=usd("110.00"),
        credit_outside=usd("9.91"),
        authorized=usd("50.01"),
        paid=usd("50.08"),
        in_flight=usd("10.07"),
        refunded=usd("2.03"),
        lost=usd("0.02"),
        paid_at=at(8),
    ),
    SESSION,
    SetupSession(
        **_owner("pss_1"),
        gateway="stripe_eu",
        method=METHOD,
        terms=SETUP_TERMS,
        status=SetupSessionStatus.REQUIRES_ACTION,
        references=REFERENCES,
        client_data=client_data("setup session"),
        next_action=NEXT_ACTIONS[2],
        source=CREDIT_CARD,
        attempt_id="at_6",
        open_attempts=("at_5", "at_6"),
        not_before=at(95),
        last_failure=FAILURE,
    ),
    PAYMENT,
    ATTEMPT,
    SetupAttempt(
        **_operation("at_6", Accepted(**SAID), Stored(Profile(id="profile_1"), **SAID)),
        kind=AttemptKind.COMPLETE,
        setup_session_id="pss_1",
        terms=SETUP_TERMS,
        external_data=client_data("setup attempt"),
    ),
    Charge(
        **_operation("cg_1", Authorized(usd("110.00"), **SAID)),
        payment_id="py_1",
        amount=usd("110.00"),
        terms=TERMS,
        source=STORED_SOURCE,
        use=MandateUse.FIRST,
    ),
    Authorization(
        **_recorded("au_1", AuthorizationChanged(usd("40.00"), **SAID)), expires_at=at(10_000)
    ),
    Capture(
        **_movement("cp_1", Pending(**SAID), Captured(usd("45.01"), **SAID)),
        is_final=True,
        releases=usd("4.99"),
        over=usd("0.08"),
    ),
    Void(**_movement("vo_1", Voided(usd("45.01"), **SAID))),
    REFUND,
    RefundCancellation(**_operation("rc_1", Canceled(**SAID)), payment_id="py_1", refund_id="rf_1"),
    REVERSAL,
    Dispute(
        **_recorded(
            "dp_1",
            DisputeChanged("needs_response", amount=usd("45.01"), respond_by=at(500), **SAID),
            FundsWithdrawn(usd("45.01"), **SAID),
        ),
        gateway="stripe_eu",
    ),
    ParkedReport(
        **_owner("pr_1"),
        gateway="stripe_eu",
        report=Report(
            Refunded(usd("45.01"), **SAID),
            our_reference="rf_9",
            references=REFERENCES,
            id="evt_1",
            attempt="pi_1",
        ),
        reason=ParkReason.UNDECIDED,
        tries=3,
        recheck_at=at(12),
        waiting="stripe_eu",
        waits_for_person="no record of ours is what it speaks of",
        applied_to="rf_1",
    ),
)


def _value_for(name: str, kind: Any) -> object:
    """A value for a field of an event."""
    if isinstance(kind, UnionType):
        kind = next(each for each in get_args(kind) if each is not NoneType)
    match kind:
        case type() if issubclass(kind, StrEnum):
            return list(kind)[-1]
        case type() if kind is str:
            # The library puts enums into text, which must not stay what they are.
            return FailureCode.LOST_OR_STOLEN if name == "failure_code" else f"{name}_1"
        case _:
            return {int: 3, Money: usd("45.01"), Balances: BALANCES, datetime: at(7)}[kind]


def event_classes() -> tuple[type[events.Event], ...]:
    """Every class of event that is no kind of others."""
    known = [getattr(events, name) for name in events.__all__]
    return tuple(each for each in known if not any(each in other.__bases__ for other in known))


def _event(kind: type[events.Event]) -> events.Event:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {name: _value_for(name, hint) for name, hint in hints.items()}
    return kind(**values)


EVENTS: Final = tuple(
    RecordedEvent(
        id=f"py_1:3:{index}",
        tenant="acme",
        kind="payment",
        aggregate_id="py_1",
        version=3,
        index=index,
        event=_event(kind),
    )
    for index, kind in enumerate(event_classes())
)
CLAIMS: Final = (
    Claim(namespace="reference:stripe_eu:session", text="cs_1", kind="payment_session", id="ps_1"),
    Claim(
        namespace="key:create_session",
        text="digest-of-a-key",
        kind="attempt",
        id="at_1",
        version=2,
        fingerprint="0f" * 32,
        answer=SESSION,
        settled_at=at(8),
    ),
)
