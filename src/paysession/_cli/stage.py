"""Where stories are played: one gateway, a store, and a clock that stands still between steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

import attrs

from paysession._domain.identity import derived_id
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.statement import Statement
from paysession._money import Currency, Money
from paysession._payments import Payments
from paysession.gateways import Gateway
from paysession.gateways.bogus import BogusGateway
from paysession.stores import KINDS, InMemoryStore, RecordedEvent

_BEGINNING: Final = datetime(2026, 3, 5, 20, 52, 26, 80_000, tzinfo=UTC)
_TENANT: Final = ""
_MOST_EVENTS: Final = 1000


@attrs.define(eq=False)
class Clock:
    """A clock that moves when a story says so."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


@attrs.frozen(kw_only=True)
class Books:
    """What the provider itself says of the money, in one currency."""

    held: Money
    taken: Money
    released: Money
    given_back: Money


@attrs.define(eq=False, kw_only=True)
class Stage:
    """
    One gateway with everything that a story needs around it.

    Attributes:
        payments: What the story is about.
        gateway_name: What `payments` calls the gateway.
        clock: Moved by the story alone.
        store: Where everything is kept, and the events of each step.
        gateway: The one that is called.
        session_id: The session that the story has come to, if any.
    """

    payments: Payments
    gateway_name: str
    clock: Clock
    store: InMemoryStore
    gateway: Gateway
    session_id: str | None = None

    @classmethod
    def of_bogus(cls) -> Stage:
        """Return the stage on which every performance is the same, to the last id."""
        clock = Clock(_BEGINNING)
        numbers = count()

        def ids(prefix: str) -> str:
            return derived_id(prefix, "demo", str(next(numbers)))

        return cls._around("bogus", BogusGateway(clock=clock), clock, ids)

    @classmethod
    def of_adapter(cls, gateway: Gateway) -> Stage:
        """
        Return a stage around somebody's adapter, which may be in earnest.

        Ids are fresh each time, or the provider would take the second performance for a
        repeat of the first.
        """
        return cls._around("adapter", gateway, Clock(datetime.now(UTC)), None)

    @classmethod
    def _around(
        cls, name: str, gateway: Gateway, clock: Clock, ids: Callable[[str], str] | None
    ) -> Stage:
        store = InMemoryStore()
        payments = Payments({name: gateway}, store=store, clock=clock, ids=ids, tenant=_TENANT)
        return cls(payments=payments, gateway_name=name, clock=clock, store=store, gateway=gateway)

    def news(self) -> tuple[RecordedEvent, ...]:
        """Return the events since the last time, as a publisher would."""
        events = self.store.unpublished(limit=_MOST_EVENTS, tenant=_TENANT)
        self.store.mark_published(events, tenant=_TENANT)
        for event in events:
            if event.kind == KINDS[PaymentSession]:
                self.session_id = event.aggregate_id
        return events

    def statement(self) -> Statement | None:
        """Return all there is to tell by now, if there is a session."""
        return None if self.session_id is None else self.payments.statement(self.session_id)

    def payment(self) -> Payment | None:
        """Return the payment that the story has come to, if any."""
        statement = self.statement()
        return statement.payment if statement else None

    def books(self, currency: Currency) -> Books | None:
        """Return what the provider says, where it is one that lets us look."""
        match self.gateway:
            case BogusGateway() as bogus:
                return Books(
                    held=bogus.held(currency),
                    taken=bogus.taken(currency),
                    released=bogus.released(currency),
                    given_back=bogus.given_back(currency),
                )
            case _:
                return None
