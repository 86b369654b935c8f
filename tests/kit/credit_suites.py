"""The suites for the gateways that ask no provider: store credit, and money that people take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from paysession._domain.sources import StoreCredit
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
from paysession.gateways.requests import Method
from paysession.testing import GatewayConformance, ProviderBooks

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PARTS = ("held", "taken", "released", "given_back")
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
        self.lost: defaultdict[str, list[bool]] = defaultdict(list)
        self.moved: list[ProviderBooks] = []
        self._credit_of_hold: dict[str, str] = {}

    def move(self, movement: CreditMovement) -> CreditEntry:
        lost = self.lost[VERBS[movement.kind]]
        happens = lost.pop() if lost else None
        if happens is False:
            raise TimeoutError
        entry = self._moved_and_written(movement)
        if happens is True:
            raise TimeoutError
        return entry

    def entry(self, key: str) -> CreditEntry | None:
        if self.lost["look_up"]:
            self.lost["look_up"].pop()
            raise TimeoutError
        return super().entry(key)

    def _moved_and_written(self, movement: CreditMovement) -> CreditEntry:
        credit_id = movement.on
        if movement.opens_hold:
            amount = movement.amount * 10
            credit = Credit(id=credit_id, customer_id="cus_1", amount=amount, created_at=NOON)
            self.grant(credit)
        else:
            credit_id = self._credit_of_hold.get(movement.on, "")
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


def written(kind: CreditMovementKind, amount: Money, let_go: Money) -> ProviderBooks:
    """What one movement adds to the books."""
    nothing = amount * 0
    opens = kind in (CreditMovementKind.AUTHORIZE, CreditMovementKind.PURCHASE)
    takes = kind in (CreditMovementKind.PURCHASE, CreditMovementKind.CAPTURE)
    released = let_go if kind is CreditMovementKind.VOID else nothing
    if kind is CreditMovementKind.CAPTURE:
        released = let_go - amount
    return ProviderBooks(
        held=amount if opens else nothing,
        taken=amount if takes else nothing,
        released=released,
        given_back=amount if kind is CreditMovementKind.GIVE_BACK else nothing,
    )


class StoreCreditSuite(GatewayConformance[Any]):
    """Store credit: the ledger is the provider."""

    def make_gateway(self) -> Any:
        self.ledger, self.count = ScriptedLedger(), 0
        return StoreCreditGateway(self.ledger)

    def another(self, gateway: Any) -> Any:
        return StoreCreditGateway(self.ledger)

    def source(self, gateway: Any) -> StoreCredit:
        self.count += 1
        return StoreCredit(id=f"sc_{self.count}")

    def lose_answer(self, gateway: Any, method: Method, *, happened: bool) -> None:
        self.ledger.lost[method].append(happened)

    def books(self, gateway: Any, currency: str) -> ProviderBooks:
        moved: Sequence[ProviderBooks] = [
            each for each in self.ledger.moved if each.held.currency.code == currency
        ]
        sums = {
            part: Money.sum((getattr(each, part) for each in moved), currency=currency)
            for part in PARTS
        }
        return ProviderBooks(**sums)


class AsyncStoreCreditSuite(StoreCreditSuite):
    """The same, awaited."""

    def make_gateway(self) -> Any:
        super().make_gateway()
        return self.another(None)

    def another(self, gateway: Any) -> Any:
        return AsyncStoreCreditGateway(AsyncInMemoryCreditLedger(self.ledger))


class OfflineSuite(GatewayConformance[OfflineGateway]):
    """Money that people take: nothing is ever asked."""

    offers_nothing = True

    def make_gateway(self) -> OfflineGateway:
        return OfflineGateway()


class AsyncOfflineSuite(GatewayConformance[AsyncOfflineGateway]):
    """The same, awaited."""

    offers_nothing = True

    def make_gateway(self) -> AsyncOfflineGateway:
        return AsyncOfflineGateway()
