"""People who look at what no machine can settle, and decide by the provider's truth."""

from __future__ import annotations

from typing import cast

from paysession._domain.decisions import Decision
from paysession._domain.entities import Entity
from paysession._domain.operations import Operation
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Expired,
    Fact,
    Pending,
    Refunded,
    Retaken,
    Stored,
    Unreadable,
    Voided,
)
from paysession.testing._simulation.driver import Driver


class People:
    """
    Whoever answers what is left to a person.

    Attributes:
        resolved: How much they have decided.
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.resolved = 0

    def decide(self) -> None:
        """Decide on all that waits for a person, by what is true at the provider."""
        asked = self.driver.run(self.driver.begin("person", "needs_attention", limit=100))
        for each in cast("tuple[Entity, ...]", asked.result or ()):
            self._decide_on(each)

    def _decide_on(self, entity: Entity) -> None:
        decision = self.decision_on(entity)
        if decision is None:
            return
        given = self.driver.run(
            self.driver.begin(
                "person",
                "resolve",
                entity.id,
                decision=decision,
                actor="sim",
                reason="as the provider's dashboard says",
            )
        )
        self.resolved += given.error is None

    def decision_on(self, entity: Entity) -> Decision | None:
        """Return what is true; nothing while the provider does not know it itself."""
        if not isinstance(entity, Operation):
            return Decision.DISMISSED
        fact = self._truth_of(entity)
        match fact:
            case Pending() | ActionRequired():
                return None
            case Authorized(amount) | Captured(amount) | Voided(amount) | Refunded(amount):
                is_as_asked = amount == getattr(entity, "amount", None)
                return Decision.SUCCEEDED if is_as_asked else Decision.DISMISSED
            case Accepted() | Stored() | Canceled() | Expired() | Retaken():
                return Decision.SUCCEEDED
            case Unreadable():
                return Decision.DISMISSED
            case _:
                return Decision.FAILED

    def _truth_of(self, operation: Operation) -> Fact | None:
        jobs = self.driver.provider.jobs.get(operation.id)
        return jobs[-1].said[-1] if jobs else None
