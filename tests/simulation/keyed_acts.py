"""Each command that takes an idempotency key, ready to be given once, whatever its call does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, cast

import attrs
from shop import CARD, CHECK, ORDER, Do, Process
from telling import source, usd

from paysession import Capture, CapturePolicy, Payment, PaymentSession, Refund, SetupSession

Script: TypeAlias = Mapping[str, str]

LOST = ("approve", "decline:insufficient_funds", "timeout_before", "timeout_after")
CALL = (*LOST, "unreachable")
MOVE = (*CALL, "pending")
ASK = (*MOVE, "require_action")
BEGIN = (*LOST, "pending", "require_action")
"""What is unreachable once is so for each session and charge anew: they would never begin."""


@attrs.frozen
class Act:
    """
    A command, what its call may do, and how a process comes to where it can be given.

    One that must be in time is refused, and rightly, when recovery has come first.
    """

    verb: str | None
    behaviours: tuple[str, ...]
    come_to: Callable[[Process, Script], Do] = attrs.field(repr=False)
    must_be_in_time: bool = False


@attrs.frozen
class Case:
    """One command with one behaviour of its call."""

    name: str
    come_to: Callable[[Process], Do] = attrs.field(repr=False)
    must_be_in_time: bool = False


def _opened(process: Process, script: Script) -> PaymentSession:
    do = Do("create_session", (ORDER,), {"method": CARD, "source": source(script)})
    return cast("PaymentSession", process.act(do))


def _paid(process: Process, script: Script, policy: CapturePolicy) -> str:
    kwargs = {"method": CARD, "source": source(script), "capture": policy}
    return cast("Payment", process.act(Do("charge", (ORDER,), kwargs))).id


def _checked_out(process: Process) -> str:
    return cast("Payment", process.act(Do("create_payment", (ORDER,), {"method": CHECK}))).id


def _create(process: Process, script: Script) -> Do:
    return Do("create_session", (ORDER,), {"method": CARD, "source": source(script)})


def _update(process: Process, script: Script) -> Do:
    return Do("update_session", (_opened(process, script).id,), {"amount": usd("40.00")})


def _complete(process: Process, script: Script) -> Do:
    return Do("complete_session", (_opened(process, script).id,))


def _cancel(process: Process, script: Script) -> Do:
    return Do("cancel_session", (_opened(process, script).id,))


def _charge(process: Process, script: Script) -> Do:
    kwargs = {"method": CARD, "source": source(script), "amount": usd("40.00")}
    return Do("charge", (ORDER,), kwargs)


def _capture(process: Process, script: Script) -> Do:
    payment_id = _paid(process, script, CapturePolicy.MANUAL)
    return Do("capture", (payment_id,), {"amount": usd("40.00")})


def _void(process: Process, script: Script) -> Do:
    return Do("void", (_paid(process, script, CapturePolicy.MANUAL),))


def _refund(process: Process, script: Script) -> Do:
    payment_id = _paid(process, script, CapturePolicy.AUTOMATIC)
    return Do("refund", (payment_id,), {"amount": usd("40.00")})


def _cancel_refund(process: Process, script: Script) -> Do:
    payment_id = _paid(process, {"refund": "pending", **script}, CapturePolicy.AUTOMATIC)
    refund = cast("Refund", process.act(Do("refund", (payment_id,))))
    return Do("cancel_refund", (refund.id,))


def _resolve(process: Process, script: Script) -> Do:
    """Less came than was asked, and its release was refused: a person has seen that."""
    _paid(process, {"charge": "partial", "refund": "reject", **script}, CapturePolicy.AUTOMATIC)
    (refund,) = (each for each in process.shop.operations if each.attention)
    said = {"decision": "dismissed", "actor": "staff_7", "reason": "given back at the till"}
    return Do("resolve", (refund.id,), said)


def _create_payment(process: Process, script: Script) -> Do:
    return Do("create_payment", (ORDER,), {"method": CHECK})


def _abandon_payment(process: Process, script: Script) -> Do:
    return Do("abandon_payment", (_checked_out(process),))


def _mark_paid(process: Process, script: Script) -> Do:
    return Do("mark_paid", (_checked_out(process),), {"amount": usd("40.00")})


def _mark_bounced(process: Process, script: Script) -> Do:
    capture = cast("Capture", process.act(Do("mark_paid", (_checked_out(process),))))
    return Do("mark_bounced", (capture.id,))


def _mark_refunded(process: Process, script: Script) -> Do:
    payment_id = _checked_out(process)
    process.act(Do("mark_paid", (payment_id,)))
    return Do("mark_refunded", (payment_id,), {"amount": usd("40.00")})


def _set_up(process: Process) -> SetupSession:
    return cast("SetupSession", process.act(Do("create_setup_session", (CARD,))))


def _create_setup(process: Process, script: Script) -> Do:
    return Do("create_setup_session", (CARD,))


def _complete_setup(process: Process, script: Script) -> Do:
    return Do("complete_setup_session", (_set_up(process).id,))


def _cancel_setup(process: Process, script: Script) -> Do:
    return Do("cancel_setup_session", (_set_up(process).id,))


ACTS: Mapping[str, Act] = {
    "create_session": Act("create", BEGIN, _create),
    "update_session": Act("update", CALL, _update),
    "complete_session": Act("complete", ASK, _complete),
    "cancel_session": Act("close", MOVE, _cancel),
    "charge": Act("charge", BEGIN, _charge),
    "capture": Act("capture", MOVE, _capture),
    "void": Act("void", MOVE, _void),
    "refund": Act("refund", MOVE, _refund),
    "cancel_refund": Act("cancel_refund", LOST, _cancel_refund, must_be_in_time=True),
    "resolve": Act(None, ("approve",), _resolve),
    "create_payment": Act(None, ("approve",), _create_payment),
    "abandon_payment": Act(None, ("approve",), _abandon_payment),
    "mark_paid": Act(None, ("approve",), _mark_paid),
    "mark_bounced": Act(None, ("approve",), _mark_bounced),
    "mark_refunded": Act(None, ("approve",), _mark_refunded),
    "create_setup_session": Act(None, ("approve",), _create_setup),
    "complete_setup_session": Act(None, ("approve",), _complete_setup),
    "cancel_setup_session": Act(None, ("approve",), _cancel_setup),
}


def cases() -> Iterator[Case]:
    for name, act in ACTS.items():
        for behaviour in act.behaviours:
            yield Case(f"{name} {behaviour}", _coming_to(act, behaviour), act.must_be_in_time)


def _coming_to(act: Act, behaviour: str) -> Callable[[Process], Do]:
    script: dict[str, Any] = {} if act.verb is None else {act.verb: behaviour}
    return lambda process: act.come_to(process, script)


CASES: Mapping[str, Case] = {each.name: each for each in cases()}
