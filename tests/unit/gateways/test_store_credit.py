"""The gateway to a ledger of store credit."""

import asyncio
from datetime import UTC, datetime

import attrs
import pytest
from gateway_builders import capture, charge, fact, refund, reports, terms, the, void

from paysession._domain.failures import FailureCode
from paysession._domain.sources import Source, StoreCredit, StoredSource
from paysession._money import Money
from paysession.gateways import (
    AsyncInMemoryCreditLedger,
    AsyncStoreCreditGateway,
    ChargeRequest,
    Credit,
    CreditEntry,
    CreditMovement,
    CreditRefusal,
    InMemoryCreditLedger,
    LookUpRequest,
    StoreCreditGateway,
    operations_of,
)
from paysession.gateways.store_credit import _CODES
from paysession.outcomes import (
    NO_REFERENCES,
    Authorized,
    Captured,
    Declined,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Voided,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HUNDRED = Money("100.00", "USD")
SIXTY = Money("60.00", "USD")
NOTHING = Money.zero("USD")
CREDIT = StoreCredit(id="sc_1")


@pytest.fixture
def ledger() -> InMemoryCreditLedger:
    return InMemoryCreditLedger(
        [Credit(id="sc_1", customer_id="cus_1", amount=HUNDRED, created_at=NOON)]
    )


@pytest.fixture
def gateway(ledger: InMemoryCreditLedger) -> StoreCreditGateway:
    return StoreCreditGateway(ledger)


def asked(
    key: str = "charge",
    *,
    amount: Money = HUNDRED,
    policy: str = "manual",
    source: Source = CREDIT,
    customer_id: str | None = "cus_1",
    tenant: str = "",
) -> ChargeRequest:
    return attrs.evolve(
        charge(key),
        amount=amount,
        source=source,
        terms=terms(policy, customer_id=customer_id),
        tenant=tenant,
    )


def stands(ledger: InMemoryCreditLedger) -> tuple[Money, Money]:
    """What is used and what is held of the credit."""
    credit = ledger.credit("sc_1")
    assert credit is not None
    return credit.used, credit.authorized


def test_it_offers_charges_and_what_follows_from_them() -> None:
    offered = {"charge", "capture", "void", "refund", "look_up"}
    assert offered == operations_of(StoreCreditGateway(InMemoryCreditLedger()))
    assert offered == operations_of(AsyncStoreCreditGateway(AsyncInMemoryCreditLedger()))


def test_it_declares_that_its_books_are_the_truth(gateway: StoreCreditGateway) -> None:
    can = gateway.capabilities
    assert can.look_up_is_authoritative
    assert can.honours_keys
    assert can.partial_voids
    assert not can.look_up_grace
    assert not can.collects_source
    assert can.key_window.days >= 365


def test_a_manual_charge_holds(gateway: StoreCreditGateway, ledger: InMemoryCreditLedger) -> None:
    held = the(Authorized, gateway.charge(asked(amount=SIXTY)))
    assert SIXTY == held.amount
    assert held.references.get(ReferenceRole.AUTHORIZATION)
    assert (NOTHING, SIXTY) == stands(ledger)


def test_an_automatic_charge_takes_at_once(
    gateway: StoreCreditGateway, ledger: InMemoryCreditLedger
) -> None:
    taken = the(Captured, gateway.charge(asked(policy="automatic")))
    assert taken.references.get(ReferenceRole.AUTHORIZATION)
    assert taken.references.get(ReferenceRole.CAPTURE)
    assert (HUNDRED, NOTHING) == stands(ledger)


def test_what_is_held_is_taken_released_and_given_back(
    gateway: StoreCreditGateway, ledger: InMemoryCreditLedger
) -> None:
    held = gateway.charge(asked()).references
    taken = the(Captured, gateway.capture(capture(held, SIXTY)))
    released = the(Voided, gateway.void(void(held, Money("30", "USD"))))
    given_back = the(Refunded, gateway.refund(refund(held, Money("20", "USD"))))
    assert (Money("40", "USD"), Money("10", "USD")) == stands(ledger)
    assert taken.references.get(ReferenceRole.CAPTURE)
    assert released.references.get(ReferenceRole.VOID)
    assert given_back.references.get(ReferenceRole.REFUND)


def test_a_final_capture_releases_the_rest(
    gateway: StoreCreditGateway, ledger: InMemoryCreditLedger
) -> None:
    held = gateway.charge(asked()).references
    the(Captured, gateway.capture(capture(held, SIXTY, is_final=True)))
    assert (SIXTY, NOTHING) == stands(ledger)


@pytest.mark.parametrize(
    ("request_", "code", "raw_code"),
    [
        (asked(amount=HUNDRED * 2), FailureCode.INSUFFICIENT_FUNDS, "insufficient_credit"),
        (asked(amount=Money("10", "EUR")), FailureCode.NOT_SUPPORTED, "other_currency"),
        (asked(source=StoreCredit(id="sc_0")), FailureCode.ACCOUNT_CLOSED, "unknown_credit"),
        (asked(customer_id="cus_2"), FailureCode.ACCOUNT_CLOSED, "unknown_credit"),
        (asked(customer_id=None), FailureCode.ACCOUNT_CLOSED, "unknown_credit"),
        (asked(tenant="acme"), FailureCode.ACCOUNT_CLOSED, "unknown_credit"),
        (asked(amount=NOTHING), FailureCode.INVALID_AMOUNT, "not_above_zero"),
    ],
)
def test_what_the_ledger_refuses_is_declined_with_the_reason(
    gateway: StoreCreditGateway,
    ledger: InMemoryCreditLedger,
    request_: ChargeRequest,
    code: FailureCode,
    raw_code: str,
) -> None:
    declined = the(Declined, gateway.charge(request_))
    assert (code, raw_code) == (declined.failure.code, declined.failure.raw_code)
    assert declined == fact(gateway, request_)
    assert (NOTHING, NOTHING) == stands(ledger)


def test_more_than_is_held_or_was_taken_is_declined(
    gateway: StoreCreditGateway, ledger: InMemoryCreditLedger
) -> None:
    held = gateway.charge(asked(amount=SIXTY)).references
    refusals = [
        the(Declined, gateway.capture(capture(held, HUNDRED))).failure.raw_code,
        the(Declined, gateway.void(void(held, HUNDRED))).failure.raw_code,
        the(Declined, gateway.refund(refund(held, SIXTY))).failure.raw_code,
    ]
    assert ["more_than_held", "more_than_held", "more_than_taken"] == refusals
    assert (NOTHING, SIXTY) == stands(ledger)


@pytest.mark.parametrize("named", [NO_REFERENCES, References.of(authorization="sce_0")])
def test_a_hold_that_nobody_made_is_declined(
    gateway: StoreCreditGateway, named: References
) -> None:
    declined = the(Declined, gateway.capture(capture(named)))
    assert "unknown_hold" == declined.failure.raw_code


def test_a_key_used_for_something_else_is_rejected(
    gateway: StoreCreditGateway, ledger: InMemoryCreditLedger
) -> None:
    first = gateway.charge(asked(amount=SIXTY))
    rejected = the(Rejected, gateway.charge(asked(amount=HUNDRED)))
    assert "key_reused" == rejected.failure.raw_code
    assert first == gateway.charge(asked(amount=SIXTY))
    assert (NOTHING, SIXTY) == stands(ledger)


def test_what_is_no_store_credit_is_rejected(
    gateway: StoreCreditGateway, ledger: InMemoryCreditLedger
) -> None:
    card = StoredSource(id="src_1", profile_id="sc_1")
    the(Rejected, gateway.charge(asked(source=card)))
    assert ledger.entry("charge") is None


def test_a_look_up_tells_what_was_answered(gateway: StoreCreditGateway) -> None:
    hold, sale = asked(amount=SIXTY), asked("sale", amount=Money("40", "USD"), policy="automatic")
    held, sold = gateway.charge(hold), gateway.charge(sale)
    take, release = capture(held.references, Money("30", "USD")), void(held.references, SIXTY)
    give_back = refund(sold.references, Money("10", "USD"))
    assert held == fact(gateway, hold)
    assert sold == fact(gateway, sale)
    assert gateway.capture(take) == fact(gateway, take)
    assert gateway.void(release) == fact(gateway, release)
    assert gateway.refund(give_back) == fact(gateway, give_back)


def test_one_ledger_serves_several_tenants(
    gateway: StoreCreditGateway, ledger: InMemoryCreditLedger
) -> None:
    ledger.grant(
        Credit(id="sc_2", customer_id="cus_1", amount=HUNDRED, created_at=NOON, tenant="acme")
    )
    hold = asked(source=StoreCredit(id="sc_2"), tenant="acme")
    held = the(Authorized, gateway.charge(hold)).references
    the(Captured, gateway.capture(attrs.evolve(capture(held, SIXTY), tenant="acme")))
    the(Voided, gateway.void(attrs.evolve(void(held, HUNDRED - SIXTY), tenant="acme")))
    the(Refunded, gateway.refund(attrs.evolve(refund(held, SIXTY), tenant="acme")))
    assert (HUNDRED,) == tuple(each.remaining for each in ledger.credits_of("cus_1")[1:])
    assert (NOTHING, NOTHING) == stands(ledger)


def test_what_one_tenant_moved_is_not_found_by_another(gateway: StoreCreditGateway) -> None:
    gateway.charge(asked())
    assert () == reports(gateway, asked(tenant="acme"))


def test_what_was_never_sent_is_not_found(gateway: StoreCreditGateway) -> None:
    assert () == reports(gateway, asked())


def test_every_refusal_has_a_failure_code() -> None:
    assert set(CreditRefusal) == set(_CODES)


class DownLedger(InMemoryCreditLedger):
    """Its database is down."""

    def move(self, movement: CreditMovement) -> CreditEntry:
        raise ConnectionError("no database")


def test_what_the_ledger_raises_is_no_answer() -> None:
    with pytest.raises(ConnectionError):
        StoreCreditGateway(DownLedger()).charge(asked())


def test_it_answers_the_same_in_both_worlds(ledger: InMemoryCreditLedger) -> None:
    now = StoreCreditGateway(ledger)
    later = AsyncStoreCreditGateway(AsyncInMemoryCreditLedger(ledger))
    hold, card = asked(), asked("card", source=StoredSource(id="src_1", profile_id="tok"))
    held = now.charge(hold).references
    take, release = capture(held, SIXTY), void(held, Money("40", "USD"))
    give_back = refund(held, SIXTY)
    look_up = LookUpRequest(
        key="refund",
        operation_id="op_refund",
        tenant="",
        references=NO_REFERENCES,
        about="refund",
    )

    async def answers() -> list[object]:
        return [
            await later.charge(hold),
            await later.charge(card),
            await later.capture(take),
            await later.void(release),
            await later.refund(give_back),
            await later.look_up(look_up),
        ]

    assert asyncio.run(answers()) == [
        now.charge(hold),
        now.charge(card),
        now.capture(take),
        now.void(release),
        now.refund(give_back),
        now.look_up(look_up),
    ]
