"""Callers who repeat themselves, mix up their keys, or pass what makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
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

_Changed: TypeAlias = tuple[str, dict[str, Any]]
_Change: TypeAlias = Callable[[Process], _Changed | None]
_CENT: Final = Money("0.01", "USD")
_ODD_AMOUNTS: Final = (
    *(0, -1, 2**63, "NaN", "sNaN", "-0", "1E+999999", "1_000", "\u0661\u0662", 0.1 + 0.2, True),
    *(Money("0", "USD"), Money("-1", "USD"), Money("1", "XAF")),
)
_ODD_TEXTS: Final = ("", "nul \x00", "lone \ud800", "turned \u202e", "e\u0301" * 300, "\U0001f4b3")


def repeats(shopper: Shopper) -> None:
    """A caller gives a command again, perhaps in another scope."""
    change = shopper.dice.choice((_the_same, _the_same, _in_another_scope))
    _give_changed(shopper, change, lambda each: each.key is not None)


def mixes_up_keys(shopper: Shopper) -> None:
    """A caller takes the key of something that is done for something else."""
    change = shopper.dice.choice((_with_other_arguments, _for_another_command))
    _give_changed(shopper, change, lambda each: each.key is not None and each.error is None)


def _give_changed(shopper: Shopper, change: _Change, suits: Callable[[Process], bool]) -> None:
    """Give a command that was given before, as it is changed, where it can be."""
    given = [(each.args, change(each)) for each in shopper.given if suits(each)]
    possible = [(args, changed) for args, changed in given if changed is not None]
    if possible:
        args, (command, kwargs) = shopper.dice.choice(possible)
        shopper.driver.run(shopper.driver.begin("worker 3", command, *args, **kwargs))


def _the_same(given: Process) -> _Changed:
    """Ask for the very same."""
    return given.command, given.kwargs


def _in_another_scope(given: Process) -> _Changed:
    """Use the same text as a key of one's own."""
    key = IdempotencyKey(given.kwargs["idempotency_key"], scope="another caller")
    return given.command, {**given.kwargs, "idempotency_key": key}


def _with_other_arguments(given: Process) -> _Changed | None:
    """Ask for something else under the same key."""
    other = _OTHER.get(given.command)
    return None if other is None else (given.command, {**given.kwargs, **other})


def _for_another_command(given: Process) -> _Changed | None:
    """Use the same key for another command that takes the same."""
    other = _LIKE.get(given.command)
    kept = {name: value for name, value in given.kwargs.items() if name in _TAKEN_BY_BOTH}
    return None if other is None else (other, kept)


_OTHER: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "capture": {"amount": _CENT},
        "void": {"amount": _CENT},
        "refund": {"amount": _CENT},
        "update_session": {"amount": _CENT},
        "complete_session": {"external_data": {"other": "sim"}},
        "complete_setup_session": {"external_data": {"other": "sim"}},
        "create_session": {"metadata": {"other": "sim"}},
        "create_setup_session": {"metadata": {"other": "sim"}},
        "charge": {"metadata": {"other": "sim"}},
    }
)
"""What else may be asked for by the same command."""
_LIKE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "refund": "capture",
        "capture": "refund",
        "void": "refund",
        "charge": "create_session",
        "complete_session": "cancel_session",
        "cancel_session": "complete_session",
    }
)
"""Another command that can be given with the same."""
_TAKEN_BY_BOTH: Final[frozenset[str]] = frozenset({"idempotency_key", "method"})


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
