"""The gateways that ask no provider obey every law that speaks of what they offer."""

from datetime import UTC, datetime

import pytest
from gateway_bench import BEHAVIOURS, Bench, Books
from gateway_laws import LAWS, Law

from paysession._domain.sources import Source, StoreCredit, StoredSource
from paysession._money import Money
from paysession.gateways import (
    AsyncInMemoryCreditLedger,
    AsyncOfflineGateway,
    AsyncStoreCreditGateway,
    Credit,
    CreditEntry,
    CreditMovement,
    CreditMovementKind,
    InMemoryCreditLedger,
    OfflineGateway,
    StoreCreditGateway,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AnyStoreCredit = StoreCreditGateway | AsyncStoreCreditGateway
VERBS = {
    CreditMovementKind.AUTHORIZE: "charge",
    CreditMovementKind.PURCHASE: "charge",
    CreditMovementKind.CAPTURE: "capture",
    CreditMovementKind.VOID: "void",
    CreditMovementKind.GIVE_BACK: "refund",
}


class ScriptedLedger(InMemoryCreditLedger):
    """Grants what is asked for, writes down what moved, and loses answers as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: dict[str, dict[str, str]] = {}
        self.moved: list[Books] = []
        self._credit_of_hold: dict[str, str] = {}

    def move(self, movement: CreditMovement) -> CreditEntry:
        credit_id = movement.on
        if not movement.opens_hold:
            credit_id = self._credit_of_hold.get(movement.on, "")
        how = self.scripts.get(credit_id, {}).pop(VERBS[movement.kind], "approve")
        if how == "timeout_before":
            raise TimeoutError
        entry = self._moved_and_written(movement, credit_id)
        if how == "timeout_after":
            raise TimeoutError
        return entry

    def _moved_and_written(self, movement: CreditMovement, credit_id: str) -> CreditEntry:
        if movement.opens_hold:
            self._grant(credit_id, movement.amount * 10)
        before, is_known = self.credit(credit_id), self.entry(movement.key) is not None
        entry = super().move(movement)
        after = self.credit(credit_id)
        if is_known or entry.refusal is not None or before is None or after is None:
            return entry
        if movement.opens_hold:
            self._credit_of_hold[entry.id] = credit_id
        let_go = before.authorized - after.authorized
        self.moved.append(written(movement.kind, movement.amount, let_go))
        return entry

    def _grant(self, credit_id: str, amount: Money) -> None:
        self.grant(Credit(id=credit_id, customer_id="cus_1", amount=amount, created_at=NOON))


def written(kind: CreditMovementKind, amount: Money, let_go: Money) -> Books:
    """What one movement adds to the books."""
    nothing = amount * 0
    opens = kind in (CreditMovementKind.AUTHORIZE, CreditMovementKind.PURCHASE)
    takes = kind in (CreditMovementKind.PURCHASE, CreditMovementKind.CAPTURE)
    released = let_go if kind is CreditMovementKind.VOID else nothing
    if kind is CreditMovementKind.CAPTURE:
        released = let_go - amount
    return Books(
        held=amount if opens else nothing,
        taken=amount if takes else nothing,
        released=released,
        given_back=amount if kind is CreditMovementKind.GIVE_BACK else nothing,
    )


class StoreCreditBench(Bench):
    """A bench for the gateways to a ledger; what the ledger is told to do, it does once."""

    plays = frozenset({"timeout_after", "timeout_before"})

    def __init__(self, kind: type[AnyStoreCredit]) -> None:
        self._kind = kind
        self.ledger = ScriptedLedger()
        super().__init__()

    def make_gateway(self) -> AnyStoreCredit:
        if self._kind is StoreCreditGateway:
            return StoreCreditGateway(self.ledger)
        return AsyncStoreCreditGateway(AsyncInMemoryCreditLedger(self.ledger))

    def source(self, **script: str) -> StoreCredit:
        credit = StoreCredit(id=self.fresh("sc"))
        self.ledger.scripts[credit.id] = script
        return credit

    def books(self, currency: str) -> Books:
        moved = [each for each in self.ledger.moved if each.held.currency.code == currency]
        return Books(
            **{
                part: Money.sum((getattr(each, part) for each in moved), currency=currency)
                for part in ("held", "taken", "released", "given_back")
            }
        )

    def let_pending_succeed(self) -> None:
        """Nothing is ever pending."""


class OfflineBench(Bench):
    """A bench where nothing can ever happen."""

    plays = frozenset()

    def __init__(self, make: type[OfflineGateway | AsyncOfflineGateway]) -> None:
        self._make = make
        super().__init__()

    def make_gateway(self) -> OfflineGateway | AsyncOfflineGateway:
        return self._make()

    def source(self, **script: str) -> Source:
        return StoredSource(id="src_1", profile_id="tok_1")

    def books(self, currency: str) -> Books:
        nothing = Money.zero(currency)
        return Books(held=nothing, taken=nothing, released=nothing, given_back=nothing)

    def let_pending_succeed(self) -> None:
        """Nothing is ever pending."""


def applying(bench: Bench) -> list[Law]:
    return [law for law in LAWS if law.applies_to(bench)]


def named(law: Law) -> str:
    return f"{law.code}-{law.check.__name__}"


@pytest.mark.parametrize("kind", [StoreCreditGateway, AsyncStoreCreditGateway])
@pytest.mark.parametrize("law", applying(StoreCreditBench(StoreCreditGateway)), ids=named)
def test_store_credit_obeys_the_law(law: Law, kind: type[AnyStoreCredit]) -> None:
    law(StoreCreditBench(kind))


@pytest.mark.parametrize("kind", [OfflineGateway, AsyncOfflineGateway])
@pytest.mark.parametrize("law", applying(OfflineBench(OfflineGateway)), ids=named)
def test_money_that_a_person_takes_obeys_the_law(
    law: Law, kind: type[OfflineGateway | AsyncOfflineGateway]
) -> None:
    law(OfflineBench(kind))


def test_the_laws_that_apply_are_those_of_what_is_offered() -> None:
    codes = {law.code for law in applying(StoreCreditBench(StoreCreditGateway))}
    expected = {
        "AUTH-1", "AUTH-2", "IDEM-2", "CHG-1", "CHG-2", "CHG-3", "CAP-1", "CAP-3", "CAP-4",
        "CAP-5", "VOID-1", "VOID-2", "REF-1", "REF-2", "LOOK-2", "UNK-2", "UNK-3", "AMT-1",
        "CAPY-1",
    }  # fmt: skip
    assert expected == codes
    assert {"AUTH-1", "AUTH-2", "CAPY-1"} == {
        law.code for law in applying(OfflineBench(OfflineGateway))
    }


def test_no_law_needs_what_no_provider_can_be_told() -> None:
    assert set() == {each for law in LAWS for each in law.plays} - BEHAVIOURS
