"""Callers who repeat themselves, mix up their keys, or pass what makes no sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from paysession._domain.decisions import Decision
from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._money import Money
from paysession.errors import PaySessionError
from paysession.testing._simulation.faults import COMMAND, Fault
from paysession.testing._simulation.processes import Process
from paysession.testing._simulation.shopper import Shopper

_Change: TypeAlias = Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]
_CENT: Final = Money("0.01", "USD")
_ODD_AMOUNTS: Final = (
    *(0, -1, 2**63, "NaN", "sNaN", "-0", "1E+999999", "1_000", "\u0661\u0662", 0.1 + 0.2, True),
    *(Money("0", "USD"), Money("-1", "USD"), Money("1", "XAF")),
)
_ODD_TEXTS: Final = ("", "nul \x00", "lone \ud800", "turned \u202e", "e\u0301" * 300, "\U0001f4b3")


def repeats(shopper: Shopper) -> None:
    """A caller gives a command again, perhaps in another scope."""
    given = shopper.one_given(lambda each: each.key is not None)
    if given is not None:
        _give_changed(shopper, given, shopper.dice.choice(_REPEATS))


def mixes_up_keys(shopper: Shopper) -> None:
    """A caller takes the key of something that is done for something else."""
    given = shopper.one_given(lambda each: each.key is not None and each.error is None)
    if given is not None:
        _give_changed(shopper, given, shopper.dice.choice(_MIX_UPS))


def _give_changed(shopper: Shopper, given: Process, change: _Change) -> None:
    command, kwargs = change(given.command, given.kwargs)
    shopper.driver.run(shopper.driver.begin("worker 3", command, *given.args, **kwargs))


def _with_other_arguments(command: str, kwargs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Ask for something else under the same key."""
    if "amount" in kwargs:
        return command, {**kwargs, "amount": _CENT}
    if command in ("complete_session", "update_session", "complete_setup_session"):
        return command, {**kwargs, "external_data": {"other": "sim"}}
    if command in ("create_session", "charge", "create_setup_session"):
        return command, {**kwargs, "metadata": {"other": "sim"}}
    return command, kwargs


def _in_another_scope(command: str, kwargs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Use the same text as a key of one's own."""
    key = IdempotencyKey(kwargs["idempotency_key"], scope="another caller")
    return command, {**kwargs, "idempotency_key": key}


def _for_another_command(command: str, kwargs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Use the same key for another command, where there is one that takes the same."""
    other = _LIKE.get(command)
    return (other, {"idempotency_key": kwargs["idempotency_key"]}) if other else (command, kwargs)


def _the_same(command: str, kwargs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Ask for the very same."""
    return command, kwargs


_LIKE: Final = {
    "refund": "capture",
    "capture": "refund",
    "void": "refund",
    "complete_session": "cancel_session",
    "cancel_session": "complete_session",
    "cancel_refund": "cancel_refund",
}
_REPEATS: Final[tuple[_Change, ...]] = (_the_same, _the_same, _in_another_scope)
_MIX_UPS: Final[tuple[_Change, ...]] = (
    _with_other_arguments,
    _with_other_arguments,
    _for_another_command,
)


def passes_odd_amount(shopper: Shopper) -> None:
    """A caller passes an amount that is none (F49)."""
    payment = shopper.one_of(Payment, lambda _: True)
    target = payment.id if payment else "py_none"
    _give_odd(shopper, Fault.ODD_AMOUNT, "refund", target, amount=shopper.dice.choice(_ODD_AMOUNTS))


def passes_odd_text(shopper: Shopper) -> None:
    """A caller passes text that must not be stored (F50)."""
    odd = shopper.dice.choice(_ODD_TEXTS)
    payment = shopper.one_of(Payment, lambda _: True)
    target = payment.id if payment else "py_none"
    if shopper.dice.random() < 0.5:
        decision, actor = Decision.SUCCEEDED, shopper.dice.choice(("", odd, "sim"))
        reason = "" if actor == "sim" else odd
        _give_odd(
            shopper,
            Fault.ODD_TEXT,
            "resolve",
            target,
            decision=decision,
            actor=actor,
            reason=reason,
        )
    else:
        notes = {odd: odd, "nul": "\x00"}
        _give_odd(shopper, Fault.ODD_TEXT, "refund", target, metadata=notes)


def passes_odd_json(shopper: Shopper) -> None:
    """A caller passes on what a browser made up (F51)."""
    odd: dict[str, Any] = {}
    for _ in range(shopper.dice.choice((50, 5000))):
        odd = {"deep": odd}
    session = shopper.one_of(PaymentSession, lambda _: True)
    target = session.id if session else "ps_none"
    _give_odd(shopper, Fault.ODD_JSON, "complete_session", target, external_data=odd)


def _give_odd(shopper: Shopper, fault: Fault, command: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
    """Give a command that must be refused before anything is written."""
    driver = shopper.driver
    driver.faults[fault, COMMAND] += 1
    driver.refusals = (PaySessionError, TypeError)
    driver.run(driver.begin("worker 1", command, *args, **kwargs))
    driver.refusals = (PaySessionError,)
