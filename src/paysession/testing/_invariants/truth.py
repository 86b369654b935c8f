"""
What the books say in the end, beside what the provider did.

Money is compared by what it was asked for: all payments of one session together, or one payment
that has no session. What a person had to decide, and money in a currency or amount that cannot
be counted, is left out: there the books cannot be expected to know.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import attrs

from paysession._domain.attempts import Attempt
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.operations import Operation
from paysession._domain.parked import ParkedReport
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession.testing._invariants.history import Effect, EffectKind, History

_COLUMNS = ("authorized", "captured", "voided", "lapsed", "refunded", "withheld", "lost")
_UNCOUNTABLE = frozenset(
    {
        DiscrepancyKind.AMOUNT_UNREADABLE,
        DiscrepancyKind.CURRENCY_MISMATCH,
        DiscrepancyKind.FOREIGN_REFERENCE,
        DiscrepancyKind.RESOLUTION_CONTRADICTED,
    }
)


@attrs.frozen(kw_only=True)
class Compared:
    """
    The money of one session, or of one payment without one, in minor units.

    Attributes:
        name: The session or payment.
        payments: What it has become.
        did: What the provider did and did not undo, by kind.
    """

    name: str
    payments: tuple[Payment, ...]
    did: Counter[EffectKind]

    def __str__(self) -> str:
        balances = [each.balances for each in self.payments]
        columns = [
            f"{column} {getattr(each, column).minor}"
            for each in balances
            for column in _COLUMNS
            if getattr(each, column)
        ]
        did = [f"{kind} {minor}" for kind, minor in self.did.items()]
        return f"{self.name}: the provider {', '.join(did)}; booked {', '.join(columns)}"

    def booked(self, *columns: str) -> int:
        """Return what the payments carry in these columns together."""
        balances = [each.balances for each in self.payments]
        return sum(getattr(each, column).minor for each in balances for column in columns)


def compared(history: History) -> Iterator[Compared]:
    """Yield all money of which the books are expected to say what the provider did."""
    names = _names_of_deals(history)
    effects: dict[str, list[Effect]] = defaultdict(list)
    for effect in history.truth:
        if effect.deal in names:
            effects[names[effect.deal]].append(effect)
    payments: dict[str, list[Payment]] = defaultdict(list)
    for payment in history.entities(Payment):
        payments[payment.session_id or payment.id].append(payment)
    dismissed = _dismissed_in(history)
    for name in {**effects, **payments}:
        is_known = not any(each.reference in dismissed for each in effects[name])
        if is_known and _is_countable(name, effects[name], payments[name], history):
            yield Compared(
                name=name,
                payments=tuple(payments[name]),
                did=_sums_of(effects[name]),
            )


def _dismissed_in(history: History) -> set[str]:
    """Return the provider's ids of what people said that it concerns nothing here."""
    parked = (each for each in history.entities(ParkedReport) if not each.is_waiting)
    return {
        reference.id
        for each in parked
        if each.applied_to is None
        for reference in each.report.told.references
    }


def _names_of_deals(history: History) -> dict[str, str]:
    """Return what each deal at the provider was made for, as far as anything of ours was."""
    names: dict[str, str] = {}
    for effect in history.truth:
        operation = history.operations.get(effect.operation_id or "")
        if operation is not None:
            names.setdefault(effect.deal, _name_of(operation, history))
    return names


def _name_of(operation: Operation, history: History) -> str:
    if isinstance(operation, Attempt):
        return operation.session_id
    payment = history.get(Payment, operation.owner_id)
    return (payment.session_id if payment else None) or operation.owner_id


def _is_countable(
    name: str, effects: list[Effect], payments: list[Payment], history: History
) -> bool:
    session = history.get(PaymentSession, name)
    owners = [*payments, *([session] if session else [])]
    operations = [
        each
        for owner in owners
        for each in history.owned[owner.id].values()
        if isinstance(each, Operation)
    ]
    is_a_persons = any(
        each.attention or any(fact.is_a_persons for fact in each.facts) for each in operations
    )
    kinds = {each.kind for owner in owners for each in owner.discrepancies}
    currencies = {each.amount.currency for each in effects}
    currencies |= {each.amount.currency for each in payments}
    return not is_a_persons and not kinds & _UNCOUNTABLE and len(currencies) == 1


def _sums_of(effects: list[Effect]) -> Counter[EffectKind]:
    did: Counter[EffectKind] = Counter()
    for effect in effects:
        if not effect.undone:
            did[effect.kind] += effect.amount.minor
    return did
