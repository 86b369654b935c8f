"""Where credit is kept: the port that a backend implements, and a ledger in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from threading import Lock

from paysession._domain.identity import derived_id
from paysession.gateways._credit import (
    Credit,
    CreditEntry,
    CreditHold,
    CreditMovement,
    CreditRefusal,
)


class CreditLedger(ABC):
    """
    The backend's books of the credit that it owes its customers.

    `move` is one transaction: what it returns is recorded, whatever happens next.

    The backend asks for `credits_of` and `credit`, the gateway for `entry` and `move`; all of
    them are about the whole ledger, and none but `move` is told a tenant. One ledger may
    serve several tenants if each credit carries its own: then a movement of another's is
    refused. Ids of customers are not to be shared by tenants that share a ledger.
    """

    @abstractmethod
    def credits_of(self, customer_id: str) -> tuple[Credit, ...]:
        """Return all credit of one customer, as it is now."""

    @abstractmethod
    def credit(self, credit_id: str) -> Credit | None:
        """Return one credit as it is now, if there is one."""

    @abstractmethod
    def entry(self, key: str) -> CreditEntry | None:
        """Return what was recorded under a key; none means that it certainly never happened."""

    @abstractmethod
    def move(self, movement: CreditMovement) -> CreditEntry:
        """
        Record a movement, with its effect or with the reason why it has none.

        In one transaction: where the key has an entry, return that entry's `repeated_by`.
        Else lock the credit and its hold, ask `movement.applied_to`, and write what that
        returns, with the entry. Two movements of one credit never run side by side.

        A refusal is recorded under its key like everything else: a repeat is refused with the
        same words, though it would fit by then. The hold that a movement makes has the id of
        its entry.
        """


class AsyncCreditLedger(ABC):
    """`CreditLedger`, called from an event loop."""

    @abstractmethod
    async def credits_of(self, customer_id: str) -> tuple[Credit, ...]:
        """Return all credit of one customer, as it is now."""

    @abstractmethod
    async def credit(self, credit_id: str) -> Credit | None:
        """Return one credit as it is now, if there is one."""

    @abstractmethod
    async def entry(self, key: str) -> CreditEntry | None:
        """Return what was recorded under a key; none means that it certainly never happened."""

    @abstractmethod
    async def move(self, movement: CreditMovement) -> CreditEntry:
        """Record a movement; the contract is `CreditLedger.move`'s."""


class InMemoryCreditLedger(CreditLedger):
    """
    A ledger in this process's memory, for tests and for trying things out. Thread-safe.

    Args:
        owed: The credits that there are from the beginning.
    """

    def __init__(self, owed: Iterable[Credit] = ()) -> None:
        self._lock = Lock()
        self._credits = {credit.id: credit for credit in owed}
        self._holds: dict[str, CreditHold] = {}
        self._entries: dict[str, CreditEntry] = {}

    def grant(self, credit: Credit) -> None:
        """Owe one more credit; one that is owed already stays as it is."""
        with self._lock:
            self._credits.setdefault(credit.id, credit)

    def credits_of(self, customer_id: str) -> tuple[Credit, ...]:
        """Return all credit of one customer, as it is now."""
        with self._lock:
            return tuple(
                credit for credit in self._credits.values() if credit.customer_id == customer_id
            )

    def credit(self, credit_id: str) -> Credit | None:
        """Return one credit as it is now, if there is one."""
        with self._lock:
            return self._credits.get(credit_id)

    def entry(self, key: str) -> CreditEntry | None:
        """Return what was recorded under a key."""
        with self._lock:
            return self._entries.get(key)

    def move(self, movement: CreditMovement) -> CreditEntry:
        """Record a movement, with its effect or with the reason why it has none."""
        with self._lock:
            known = self._entries.get(movement.key)
            if known is not None:
                return known.repeated_by(movement)
            entry = self._moved(movement, derived_id("sce", movement.key))
            self._entries[movement.key] = entry
            return entry

    def _moved(self, movement: CreditMovement, entry_id: str) -> CreditEntry:
        hold_id = entry_id if movement.opens_hold else movement.on
        hold = self._holds.get(hold_id)
        credit_id = movement.on if hold is None else hold.credit_id
        after = movement.applied_to(self._credits.get(credit_id), hold)
        if isinstance(after, CreditRefusal):
            return CreditEntry(id=entry_id, movement=movement, refusal=after)
        credit, self._holds[hold_id] = after
        self._credits[credit.id] = credit
        return CreditEntry(id=entry_id, movement=movement)


class AsyncInMemoryCreditLedger(AsyncCreditLedger):
    """An `InMemoryCreditLedger` for `AsyncStoreCreditGateway`: it never waits for anything."""

    def __init__(self, ledger: InMemoryCreditLedger | None = None) -> None:
        self.ledger: InMemoryCreditLedger = InMemoryCreditLedger() if ledger is None else ledger

    async def credits_of(self, customer_id: str) -> tuple[Credit, ...]:
        """Return all credit of one customer, as it is now."""
        return self.ledger.credits_of(customer_id)

    async def credit(self, credit_id: str) -> Credit | None:
        """Return one credit as it is now, if there is one."""
        return self.ledger.credit(credit_id)

    async def entry(self, key: str) -> CreditEntry | None:
        """Return what was recorded under a key."""
        return self.ledger.entry(key)

    async def move(self, movement: CreditMovement) -> CreditEntry:
        """Record a movement, with its effect or with the reason why it has none."""
        return self.ledger.move(movement)
