"""The error tree: every leaf says what and what to do, by a code that never changes."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import attrs
import pytest

from paysession import Money, errors
from paysession.errors import PaySessionError

EXAMPLES: list[tuple[PaySessionError, str, str]] = [
    (
        errors.InvalidAmount("'NaN'", "write plain digits"),
        "invalid_amount",
        "'NaN' is not an amount: write plain digits",
    ),
    (
        errors.InexactAmount("1.005", "EUR", 2),
        "inexact_amount",
        "1.005 has more digits than the 2 of EUR: round it first, or pass rounding=",
    ),
    (
        errors.CurrencyMismatch("EUR", "USD", "add"),
        "currency_mismatch",
        "cannot add USD to EUR: convert one of them first",
    ),
    (
        errors.UnknownCurrency("'eur'"),
        "unknown_currency",
        "'eur' is not a currency: pass an ISO 4217 code in capitals, such as 'EUR'",
    ),
    (
        errors.AmountNotRepresentable(Money("1.005", "KWD"), "stripe", "send multiples of 10"),
        "amount_not_representable",
        "1.005 KWD does not fit the minor units of stripe: send multiples of 10",
    ),
    (
        errors.IllegalTransition("session", "ps_1", "pending", "refund", ("complete", "cancel")),
        "illegal_transition",
        "cannot refund session ps_1, that is pending: it allows only complete, cancel",
    ),
    (
        errors.AmountExceeded(Money(2, "EUR"), Money(1, "EUR"), "due", "or_1"),
        "amount_exceeded",
        "2.00 EUR is more than the 1.00 EUR that is due for or_1: ask for less",
    ),
    (
        errors.NothingDue("or_1", Money(0, "EUR"), Money(1, "EUR"), Money(2, "EUR")),
        "nothing_due",
        (
            "nothing is due for or_1 (0.00 EUR paid, 1.00 EUR held, 2.00 EUR being asked for): "
            "run recover() to learn how that ends"
        ),
    ),
    (
        errors.SessionRequired("pm_1"),
        "payment_session_required",
        "payment method pm_1 requires a payment session: use create_session",
    ),
    (
        errors.SessionNotSupported("pm_1"),
        "payment_session_not_supported",
        "payment method pm_1 takes no payment session: use create_payment",
    ),
    (
        errors.SourceRequired("pm_1"),
        "payment_source_required",
        "payment method pm_1 requires a source: pass source=",
    ),
    (
        errors.MethodUnavailable("pm_1", "stripe"),
        "payment_method_unavailable",
        "payment method pm_1 is unavailable: no gateway named 'stripe' was given to Payments",
    ),
    (
        errors.ExpiredSession("ps_1", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        "session_expired",
        "ps_1 expired at 2026-03-01T12:00:00+00:00: create a new session",
    ),
    (
        errors.SessionClosing("ps_1"),
        "session_closing",
        "ps_1 is being closed: run recover() to learn how that ended",
    ),
    (
        errors.OperationUnresolved("ca_1"),
        "operation_unresolved",
        "ca_1 may have happened, or is under way: run recover() until it is resolved",
    ),
    (
        errors.Unsupported("stripe", "close_session"),
        "unsupported",
        "gateway 'stripe' cannot close session: its adapter does not offer it",
    ),
    (
        errors.LimitExceeded("keys in metadata", 50),
        "limit_exceeded",
        "there may be at most 50 keys in metadata: use fewer",
    ),
    (
        errors.UnsafeInput("tenant", "it holds a NUL: remove it"),
        "unsafe_input",
        "tenant is refused: it holds a NUL: remove it",
    ),
    (
        errors.NotFound("payment", "py_1"),
        "record_not_found",
        "there is no payment 'py_1': check the id and the tenant",
    ),
    (
        errors.StaleVersion("payment", "py_1", 3),
        "stale_version",
        "payment py_1 is no longer at version 3: load it again",
    ),
    (
        errors.AlreadyExists("payment", "py_1"),
        "already_exists",
        "payment 'py_1' exists already: load it instead",
    ),
    (
        errors.IdempotencyKeyReused("refund"),
        "idempotency_key_reused",
        "this idempotency key was used for another refund: use a new key",
    ),
    (
        errors.IdempotencyKeyInFlight("re_1"),
        "idempotency_key_in_flight",
        "the first command with this key is still open as re_1: ask later",
    ),
    (
        errors.PaymentDeclined("ps_1", "expired_card", "use another card"),
        "payment_declined",
        "ps_1 was declined (expired_card): use another card",
    ),
    (
        errors.StillOpen("ps_1", "processing"),
        "still_open",
        "ps_1 is processing, which is not a failure: wait, and run recover()",
    ),
    (errors.Closed("ps_1", "canceled"), "closed", "ps_1 is canceled: create a new one"),
    (
        errors.OutcomeUnknown("at_1", "ps_1"),
        "outcome_unknown",
        "the end of at_1 for ps_1 could not be recorded: run recover(), do not ask again",
    ),
    (
        errors.GatewayUnreachable(),
        "gateway_unreachable",
        "the gateway could not be reached (no connection) and nothing happened: try again",
    ),
    (
        errors.GatewayBroken("stripe", "make it a Gateway"),
        "gateway_broken",
        "gateway 'stripe' breaks its contract: make it a Gateway",
    ),
    (
        errors.InvalidSignature(),
        "invalid_signature",
        "the notification's signature is not valid: answer 401 and store nothing",
    ),
    (
        errors.UnreadableNotification("no JSON"),
        "notification_unreadable",
        "the notification is signed and cannot be read (no JSON): mend the adapter",
    ),
    (
        errors.NotDurable(),
        "not_durable",
        "a transaction is open on this connection: let the store open its own",
    ),
    (
        errors.RecordError("payment.balances", "it is no object"),
        "record_error",
        "the record cannot be read at payment.balances: it is no object",
    ),
]
"""Every leaf once, its code and its message. A code is kept for ever."""

NAMED = pytest.mark.parametrize("error", [pytest.param(e, id=code) for e, code, _ in EXAMPLES])


def _tree(error: type[PaySessionError]) -> Iterator[type[PaySessionError]]:
    yield error
    for child in error.__subclasses__():
        yield from _tree(child)


def _leaves() -> set[type[PaySessionError]]:
    return {error for error in _tree(PaySessionError) if not error.__subclasses__()}


def test_every_leaf_has_an_example() -> None:
    assert _leaves() == {type(error) for error, _, _ in EXAMPLES}


@pytest.mark.parametrize(
    ("error", "code", "message"), [pytest.param(*each, id=each[1]) for each in EXAMPLES]
)
def test_an_error_has_its_code_and_says_what_and_what_to_do(
    error: PaySessionError, code: str, message: str
) -> None:
    assert code == error.code
    assert message == error.message
    assert message == str(error)


def test_no_two_leaves_have_the_same_code() -> None:
    codes = [leaf.code for leaf in _leaves()]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@NAMED
def test_a_message_is_one_sentence_that_says_what_to_do_after_a_colon(
    error: PaySessionError,
) -> None:
    assert ": " in error.message
    assert not error.message.endswith(".")
    assert "\n" not in error.message


@NAMED
def test_a_class_s_own_words_begin_in_lower_case(error: PaySessionError) -> None:
    values = [str(value) for value in error.details.values()]
    first = error.message

    assert first[0].islower() or first[0] in "'0123456789" or any(map(first.startswith, values))


@NAMED
def test_every_value_is_an_attribute_and_a_detail(error: PaySessionError) -> None:
    fields = [field.name for field in attrs.fields(cast("Any", type(error)))]
    values = {name: getattr(error, name) for name in fields}
    values = {name: value for name, value in values.items() if value is not None}

    assert list(values) == list(error.details)
    for name, value in values.items():
        parts = value if isinstance(value, tuple) else (value,)
        assert ", ".join(str(part) for part in parts) == error.details[name]


@NAMED
def test_every_value_that_is_needed_is_in_the_message(error: PaySessionError) -> None:
    for name, value in error.details.items():
        is_told_in_words = name in ("allowed", "operation", "verb", "expires_at")
        assert is_told_in_words or value in error.message, name


@NAMED
def test_an_error_survives_pickling(error: PaySessionError) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        _assert_same(error, pickle.loads(pickle.dumps(error, protocol)))


@NAMED
def test_an_error_survives_copying(error: PaySessionError) -> None:
    _assert_same(error, copy.copy(error))
    _assert_same(error, copy.deepcopy(error))


def _assert_same(error: PaySessionError, again: PaySessionError) -> None:
    assert type(error) is type(again)
    assert error.message == again.message
    assert error.details == again.details
    assert vars(error) == vars(again)


@NAMED
def test_an_error_is_equal_to_itself_only_and_can_be_kept_in_a_set(
    error: PaySessionError,
) -> None:
    assert error != copy.copy(error)
    assert 2 == len({error, copy.copy(error)})


def _drawn() -> dict[str, str]:
    """The tree of the module's docstring: each name and the one it hangs from."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.fullmatch(r"    ((?:[│ ]   )*)(├── |└── )?([A-Z]\w+)(?: {2,}.*)?", line)
        if found is None:
            continue
        depth = len(found[1]) // 4 + bool(found[2])
        path[depth:] = [found[3]]
        parents[found[3]] = path[depth - 1] if depth else ""
    return parents


def test_the_tree_is_as_it_is_drawn() -> None:
    actual = {
        error.__name__: "" if error is PaySessionError else error.__bases__[0].__name__
        for error in _tree(PaySessionError)
    }

    assert _drawn() == actual


def test_every_error_is_exported() -> None:
    assert {error.__name__ for error in _tree(PaySessionError)} == set(errors.__all__)
    assert sorted(errors.__all__) == list(errors.__all__)


def test_a_branch_has_a_message_too() -> None:
    class Odd(PaySessionError):
        code = "odd_thing"

    assert str(Odd()) == "odd thing"
    assert {} == Odd().details
    del Odd


def test_what_is_unknown_is_not_among_the_details() -> None:
    assert "reason" in errors.Unsupported("stripe", "refund").details
    missing = errors.StillOpen("ps_1", None)  # type: ignore[arg-type]
    assert {"record_id": "ps_1", "next_step": "wait, and run recover()"} == missing.details


def test_what_waits_for_a_person_says_so() -> None:
    error = errors.OperationUnresolved("ca_1", "the provider speaks of USD")
    assert "a person must look at it (the provider speaks of USD)" in error.message
    assert "resolve() it" in error.message
    assert "despite_unresolved=" in error.message


def test_nothing_due_with_nothing_in_flight_asks_for_no_more() -> None:
    nothing = Money.zero("EUR")
    assert errors.NothingDue("or_1", Money(1, "EUR"), nothing, nothing).message.endswith(
        "ask for no more"
    )


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.MoneyError, ValueError),
        (errors.UnsafeInput, ValueError),
        (errors.NotFound, LookupError),
    ],
)
def test_an_error_is_also_what_python_calls_it(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("add", "cannot add USD to EUR"),
        ("subtract", "cannot subtract USD from EUR"),
        ("charge", "cannot charge USD with EUR"),
    ],
)
def test_two_currencies_are_told_as_the_command_reads(verb: str, message: str) -> None:
    assert errors.CurrencyMismatch("EUR", "USD", verb).message.startswith(message)


def test_a_record_at_its_end_allows_nothing_any_more() -> None:
    error = errors.IllegalTransition("session", None, "canceled", "complete", ())

    assert error.message == ("cannot complete a session that is canceled: create a new one")


@pytest.mark.parametrize(
    ("refused", "next_step"),
    [
        (("session", "ps_1", "completed", "cancel"), "void or refund its payment"),
        (("payment", "py_1", "captured", "refund"), "see in its balances where the money is"),
        (("payment", "py_1", "processing", "capture"), "run recover() to learn how that ends"),
        (("refund", "re_1", "succeeded", "cancel"), "nothing of it is left to be called off"),
    ],
)
def test_what_holds_money_or_has_paid_is_not_to_be_made_anew(
    refused: tuple[str, str, str, str], next_step: str
) -> None:
    assert errors.IllegalTransition(*refused, ()).message.endswith(f": {next_step}")


@pytest.mark.parametrize("status", ["voided", "lapsed", "failed", "abandoned"])
def test_a_payment_that_ended_without_money_may_be_followed_by_another(status: str) -> None:
    error = errors.IllegalTransition("payment", "py_1", status, "capture", ())

    assert error.message.endswith(": create a new one")
