"""
Stories of what a provider tells by itself, however it comes.

Late answers, what was lost on its way back, what somebody did at its dashboard, disputes,
hints; in order, backwards, twice, all in one letter, unreadable, or at the wrong address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias

import attrs
from shop import (
    CARD,
    ORDER,
    Arrival,
    Deaf,
    Decide,
    Do,
    Later,
    Mail,
    Occurs,
    Story,
    is_refusal,
)
from telling import Tale, Telling, named, source, token, usd

from paysession import CapturePolicy, Money, PaymentMethod
from paysession._domain.evidence import LastWord
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import LatePolicy
from paysession.gateways import Capabilities
from paysession.outcomes import (
    Captured,
    Declined,
    Fact,
    Reference,
    ReferenceRole,
    References,
    Report,
    Unknown,
    Unreadable,
)

Event: TypeAlias = tuple[str, Mapping[str, Any]]

UNWANTED: Final = attrs.evolve(CARD, on_late=LatePolicy.REFUND)
HINTS: Final = Capabilities(look_up_is_authoritative=True, signs_facts=False)
LOST: Final = ("timeout_after", "broken", "nonsense", "timeout_before")
WAYS: Final = (Arrival.IN_ORDER, Arrival.BACKWARDS, Arrival.TWICE, Arrival.TOGETHER)
OF_DISPUTES: Final = frozenset({"change_dispute", "withdraw", "reinstate"})
PEOPLE: Final = frozenset({"notification"})


def opened(script: Mapping[str, str], *, policy: CapturePolicy, **more: object) -> Telling:
    kwargs = {"method": CARD, "source": source(script), "capture": policy, **more}
    return (yield Do("create_session", (ORDER,), kwargs))


def bought(script: Mapping[str, str], *, policy: CapturePolicy) -> Telling:
    """Open a session and complete it; return it as it is then."""
    session = yield from opened(script, policy=policy)
    if is_refusal(session):
        return session
    yield Do("complete_session", (session.id,))
    return (yield Do("get_session", (session.id,)))


def tells_again(arrival: Arrival) -> Story:
    """The provider tells what it has answered, at the end."""

    def story() -> Telling:
        session = yield from bought({}, policy=CapturePolicy.MANUAL)
        yield Do("capture", (session.payment_id,), {"amount": usd("60.00"), "is_final": True})
        yield Do("refund", (session.payment_id,), {"amount": usd("20.00")})
        yield Mail(arrival)
        yield Do("statement", (session.id,))

    return story


def tells_what_was_lost(
    script: Mapping[str, str], command: str | None, arrival: Arrival, *, policy: CapturePolicy
) -> Story:
    """A call ends without an answer, and a letter tells how it ended."""

    def story() -> Telling:
        session = yield from bought(script, policy=policy)
        if is_refusal(session):
            return
        if command is not None and session.payment_id is not None:
            yield Do(command, (session.payment_id,), {"amount": usd("110.00")})
        yield Mail(arrival)
        yield Do("recover")
        yield Do("get_session", (session.id,))

    return story


def tells_what_a_charge_came_to(script: Mapping[str, str], arrival: Arrival) -> Story:
    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script)}
        payment = yield Do("charge", (ORDER,), kwargs)
        yield Decide(True)
        yield Mail(arrival)
        if not is_refusal(payment):
            yield Do("get_payment", (payment.id,))

    return story


def tells_later(
    script: Mapping[str, str], command: str, *, succeed: bool, policy: CapturePolicy
) -> Story:
    """What was pending is decided, and a letter tells of it."""

    def story() -> Telling:
        session = yield from bought(script, policy=policy)
        if is_refusal(session):
            return
        if session.payment_id is not None and command != "complete":
            yield Do(command, (session.payment_id,))
        yield Later(timedelta(hours=1))
        yield Decide(succeed)
        yield Mail()
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def approves(script: Mapping[str, str], *, recovers: bool) -> Story:
    """The customer is done at the provider, which says so: our completing call is due."""

    def story() -> Telling:
        session = yield from opened(script, policy=CapturePolicy.AUTOMATIC)
        if script.get("create") is None:
            session = yield Do("complete_session", (session.id,))
        yield Occurs("approve", (session.attempt_id,))
        yield Mail()
        if recovers:
            yield Do("recover")
        else:
            yield Do("complete_session", (session.id,))
        yield Do("get_session", (session.id,))

    return story


def closes_by_itself(*, completing: bool) -> Story:
    """The provider closes a session, perhaps while the customer is at it."""

    def story() -> Telling:
        script = {"complete": "require_action"}
        session = yield from opened(script, policy=CapturePolicy.MANUAL)
        if completing:
            yield Do("complete_session", (session.id,))
        yield Occurs("expire", (session.external_id,))
        yield Mail()
        yield Do("complete_session", (session.id,))

    return story


def tries_twice(*told: Fact, arrival: Arrival = Arrival.IN_ORDER) -> Story:
    """Words on a whole session of which two attempts were made: which is meant is looked up."""

    def story() -> Telling:
        script = {"complete": "decline:insufficient_funds"}
        session = yield from opened(script, policy=CapturePolicy.MANUAL)
        yield Do("complete_session", (session.id,))
        again = {"source": source({"complete": "require_action"})}
        yield Do("complete_session", (session.id,), again)
        for fact in told:
            yield Occurs("tell", (Report(fact, our_reference=session.id),))
        yield Mail(arrival)
        yield Do("complete_session", (session.id,))

    return story


def happens(
    events: Iterable[Event],
    arrival: Arrival,
    *,
    policy: CapturePolicy = CapturePolicy.AUTOMATIC,
    script: Mapping[str, str] | None = None,
    commands: Iterable[tuple[str, Mapping[str, Any]]] = (),
) -> Story:
    """Things happen to a payment at the provider that nobody of us asked for."""

    def story() -> Telling:
        session = yield from bought(script or {}, policy=policy)
        if is_refusal(session) or session.payment_id is None:
            return
        for command, kwargs in commands:
            yield Do(command, (session.payment_id,), dict(kwargs))
        dispute = None
        for event, given in events:
            of = dispute if event in OF_DISPUTES and dispute else session.external_id
            came_of_it = yield Occurs(event, (of,), dict(given))
            dispute = came_of_it if event == "dispute" else dispute
        yield Mail(arrival)
        yield Do("recover")
        yield Do("disputes_of", (session.payment_id,))
        yield Do("statement", (session.id,))

    return story


def comes_undone(command: str, *events: str, arrival: Arrival) -> Story:
    """A movement comes undone days later, and is made again perhaps."""

    def story() -> Telling:
        is_capture = command == "capture"
        policy = CapturePolicy.MANUAL if is_capture else CapturePolicy.AUTOMATIC
        session = yield from bought({}, policy=policy)
        movement = yield Do(command, (session.payment_id,), {"amount": usd("60.00")})
        yield Later(timedelta(days=2))
        for event in events:
            yield Occurs(event, (movement.id,))
        yield Mail(arrival)
        yield Do(f"get_{command}", (movement.id,))

    return story


def is_made_by_hand_meanwhile(command: str, script: Mapping[str, str]) -> Story:
    """Our call has no answer, and somebody does the same at the dashboard."""

    def story() -> Telling:
        is_refund = command == "refund"
        policy = CapturePolicy.AUTOMATIC if is_refund else CapturePolicy.MANUAL
        session = yield from bought(script, policy=policy)
        amount = {"amount": usd("40.00")} if command != "void" else {}
        movement = yield Do(command, (session.payment_id,), amount)
        if is_refusal(movement):
            return
        yield Occurs(command, (session.external_id,), amount)
        yield Mail()
        yield Later(timedelta(hours=1))
        yield Decide(True)
        yield Do("recover")
        yield Mail()
        yield Later(timedelta(hours=1))
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def hints_early(*, deaf: bool) -> Story:
    """A hint comes before the answer by which its session is known, or is not looked up."""

    def story() -> Telling:
        script = {"create": "approve" if deaf else "timeout_after"}
        session = yield from opened(script, policy=CapturePolicy.AUTOMATIC)
        if is_refusal(session):
            return
        if deaf:
            yield Do("complete_session", (session.id,))
            yield Deaf(True)
        yield Mail()
        yield Deaf(False)
        for _ in range(3):
            yield Later(timedelta(hours=1))
            yield Do("recover")
        yield Do("get_session", (session.id,))

    return story


def speaks_of(report: Report, arrival: Arrival = Arrival.IN_ORDER, *, gateway: str = "bogus") -> Story:
    """The provider speaks of something that is not ours, or in a way that nobody can apply."""

    def story() -> Telling:
        session = yield from bought({}, policy=CapturePolicy.MANUAL)
        yield Mail()
        yield Occurs("tell", (report,))
        yield Occurs("capture", (session.external_id,), {"amount": usd("30.00")})
        yield Mail(arrival, gateway)
        yield Do("recover")
        yield Later(timedelta(days=8))
        yield Do("recover")
        yield Do("needs_attention")

    return story


def contradicts_itself(*told: Fact, command: str = "capture", arrival: Arrival) -> Story:
    """It says contrary things of one movement, and not when each was."""

    def story() -> Telling:
        is_capture = command == "capture"
        policy = CapturePolicy.MANUAL if is_capture else CapturePolicy.AUTOMATIC
        session = yield from bought({}, policy=policy)
        movement = yield Do(command, (session.payment_id,), {"amount": usd("60.00")})
        for fact in told:
            yield Occurs("tell", (Report(fact, our_reference=movement.id),))
        yield Mail(arrival)
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def stores_by_mail(script: Mapping[str, str], *, succeed: bool) -> Story:
    """What became of a source is told by a letter."""

    def story() -> Telling:
        session = yield Do(
            "create_setup_session", (CARD,), {"external_data": {"token": token(script)}}
        )
        yield Do("complete_setup_session", (session.id,))
        yield Decide(succeed)
        yield Mail()
        yield Do("get_setup_session", (session.id,))

    return story


def pays_when_it_is_over(method: PaymentMethod, arrival: Arrival) -> Story:
    """The session has expired when the customer pays at the provider."""

    def story() -> Telling:
        expires_at = Later(timedelta(hours=2))
        session = yield from opened(
            {}, policy=CapturePolicy.AUTOMATIC, method=method, expires_at=START_PLUS
        )
        yield expires_at
        yield Do("expire_sessions")
        yield Occurs("pay", (session.external_id,))
        yield Mail(arrival)
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def is_no_letter(gateway: str, headers: Mapping[str, str]) -> Story:
    """Somebody sends what no provider has signed, or to a gateway that cannot read."""

    def story() -> Telling:
        session = yield from opened({}, policy=CapturePolicy.MANUAL)
        given = {"body": b'{"events": []}', "headers": headers}
        yield Do("receive_notification", (gateway,), given)
        yield Do("get_session", (session.id,))

    return story


def looks_again(*events: Event) -> Story:
    """Nobody tells what happened to a payment, but it is looked at again on a schedule."""

    def story() -> Telling:
        session = yield from bought({}, policy=CapturePolicy.AUTOMATIC)
        refund = yield Do("refund", (session.payment_id,), {"amount": usd("10.00")})
        if is_refusal(refund):
            return
        for event, given in events:
            of = refund.id if event == "bounce" else session.external_id
            yield Occurs(event, (of,), dict(given))
        yield Later(timedelta(hours=2))
        yield Do("recover")
        yield Deaf(True)
        yield Later(timedelta(days=2))
        yield Do("recover")
        yield Deaf(False)
        yield Later(timedelta(days=2))
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story
