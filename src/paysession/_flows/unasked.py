"""
A session that was paid once more at its provider: with money of which nobody here has asked.

The provider names it by an authorization of its own, under an attempt whose money we know
already, or under the session. It becomes a payment of its own, by an attempt of its own.
"""

from __future__ import annotations

from paysession._domain.attempts import Attempt
from paysession._domain.evidence import Evidence
from paysession._domain.identity import derived_id
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._flows.asks import Load, Peek, Unit
from paysession._flows.naming import payment_named
from paysession.outcomes import Authorized, Captured, ReferenceRole, References, Retaken

_ROLE = (ReferenceRole.AUTHORIZATION,)


def is_another(payment: Payment, references: References) -> bool:
    """Whether the provider's ids name an authorization, and none of a payment's own."""
    known, told = payment.references.only(_ROLE), references.only(_ROLE)
    return bool(known.entries) and bool(told.entries) and not set(known) & set(told)


def attempt_told_of(attempt: Attempt, session: PaymentSession, evidence: Evidence) -> Unit[Attempt]:
    """
    Return the attempt that a fact is about: this one, or one that nobody here has made.

    What names the money of another session is left with this one, for a person to look at.
    """
    fact = evidence.fact
    if attempt.payment_id is None:
        return attempt
    payment = yield from Load(Payment, attempt.payment_id)
    if not is_another(payment, fact.references):
        return attempt
    unasked_id = derived_id("at", session.id, fact.references.only(_ROLE).entries[0].id)
    known = yield from Peek(Attempt, unasked_id)
    if known is not None or not isinstance(fact, Authorized | Captured | Retaken):
        return known or attempt
    _, named = yield from payment_named(session.gateway, fact.references)
    if named is not None and named.session_id != session.id:
        return attempt
    return session.unasked(unasked_id, at=evidence.recorded_at)
