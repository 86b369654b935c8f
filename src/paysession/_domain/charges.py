"""One call that holds or takes a payment's money from a stored source, the customer absent."""

from __future__ import annotations

import attrs

from paysession._domain.methods import Terms
from paysession._domain.operations import Operation
from paysession._domain.sources import MandateUse, Source
from paysession._money import Money
from paysession.lifecycles import OperationStatus
from paysession.outcomes import Accepted, Declined, Fact, Refunded, Voided


@attrs.frozen(kw_only=True)
class Charge(Operation):
    """
    One call that holds or takes the money of a payment.

    Attributes:
        payment_id: The payment it is for.
        amount: What it is about.
        terms: What the provider is asked to do.
        source: What is charged.
        use: Which use of the customer's consent it makes.
    """

    payment_id: str
    amount: Money
    terms: Terms
    source: Source
    use: MandateUse = MandateUse.LATER

    @property
    def owner_id(self) -> str:
        """The payment that tells its events."""
        return self.payment_id

    @property
    def asked(self) -> Money:
        """How much is to be held or taken."""
        return self.amount

    @property
    def is_denied(self) -> bool:
        """Whether its money, which counts, is believed never to have come."""
        return self._denies_money()

    @property
    def _may_change(self) -> bool:
        """A customer may come back to what was declined in their absence, and pay it."""
        return super()._may_change or isinstance(self.believed, Declined)

    def _is_told_by(self, fact: Fact) -> bool:
        """Only money says that it succeeded."""
        is_other = isinstance(fact, Accepted | Voided | Refunded)
        return not is_other and super()._is_told_by(fact)

    def _status_by(self, fact: Fact) -> OperationStatus:
        if not self._is_told_by(fact):
            return OperationStatus.REQUESTED
        return super()._status_by(fact)
