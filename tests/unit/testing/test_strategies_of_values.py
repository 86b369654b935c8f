from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any, get_args

import attrs
import pytest
from drawn_values import drawn, seen, simplest, told_of_failure
from hypothesis import given
from hypothesis import strategies as st

from paysession import (
    CapturePolicy,
    ClientData,
    CreditCard,
    IdempotencyKey,
    Metadata,
    Money,
    Payable,
    PaymentMethod,
    Secret,
    Source,
    StoreCredit,
    StoredSource,
)
from paysession.errors import InvalidAmount, InvalidSignature, NotAllowed, UnsafeInput
from paysession.gateways import (
    CaptureRequest,
    ChargeRequest,
    Credit,
    LookUpRequest,
    Notification,
    Request,
    StandardWebhooks,
)
from paysession.outcomes import (
    Captured,
    Fact,
    Failure,
    FailureCode,
    NextAction,
    NotAttempted,
    Outcome,
    Pending,
    Profile,
    Redirect,
    ReferenceRole,
    References,
    Report,
    Totals,
    Unknown,
    Voided,
)
from paysession.testing import strategies
from paysession.testing._strategies.provider import REQUESTS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OF_ONE_CLASS = (
    (strategies.client_data(), ClientData),
    (strategies.credits(), Credit),
    (strategies.failures(), Failure),
    (strategies.idempotency_keys(), IdempotencyKey),
    (strategies.instants(), datetime),
    (strategies.metadata(), Metadata),
    (strategies.notifications(), Notification),
    (strategies.payables(), Payable),
    (strategies.payment_methods(), PaymentMethod),
    (strategies.profiles(), Profile),
    (strategies.references(), References),
    (strategies.reports(), Report),
    (strategies.secrets(), Secret),
)
OF_MANY_CLASSES = (
    (strategies.facts, get_args(Fact)),
    (strategies.next_actions, get_args(NextAction)),
    (strategies.outcomes, get_args(Outcome)),
    (strategies.requests, REQUESTS),
    (strategies.sources, get_args(Source)),
)
every_class = pytest.mark.parametrize(
    ("strategy", "kind"), OF_ONE_CLASS, ids=[kind.__name__ for _, kind in OF_ONE_CLASS]
)
every_choice = pytest.mark.parametrize(
    ("strategy", "kinds"), OF_MANY_CLASSES, ids=[each.__name__ for each, _ in OF_MANY_CLASSES]
)


@every_class
def test_a_strategy_draws_values_of_its_class(
    strategy: st.SearchStrategy[object], kind: type
) -> None:
    assert {kind} == {type(each) for each in drawn(strategy)}


@every_choice
def test_a_strategy_of_many_classes_draws_each_of_them(
    strategy: Callable[..., st.SearchStrategy[object]], kinds: tuple[type, ...]
) -> None:
    assert set(kinds) == seen(strategy(), type, kinds)


@every_choice
def test_a_strategy_of_many_classes_draws_the_one_that_is_named(
    strategy: Callable[..., st.SearchStrategy[object]], kinds: tuple[type, ...]
) -> None:
    for kind in kinds:
        assert {kind} == {type(each) for each in drawn(strategy(kind), 5)}


@every_choice
def test_a_class_that_is_none_of_them_is_refused(
    strategy: Callable[..., st.SearchStrategy[object]], kinds: tuple[type, ...]
) -> None:
    with pytest.raises(TypeError, match=r"Money is no .*: name some of"):
        strategy(kinds[0], Money)


@pytest.mark.parametrize(
    "strategy", [each() for each, _ in OF_MANY_CLASSES] + [each for each, _ in OF_ONE_CLASS]
)
@given(data=st.data())
def test_what_is_drawn_goes_through_its_own_constructor_unchanged(
    strategy: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = data.draw(strategy)
    if attrs.has(type(value)):
        assert value == attrs.evolve(value)


def test_a_payable_shrinks_to_one_that_is_plain() -> None:
    plain = Payable("or_1", total=Money("3.00", "USD"))
    assert plain == simplest(strategies.payables(least=3), lambda _: True)


def test_payables_are_covered_in_part_outside_and_cost_what_was_asked() -> None:
    orders = drawn(strategies.payables(currency="EUR", least=1, most=5, id="cart"))
    assert {"cart"} == {each.id for each in orders}
    assert all(1 <= each.total.amount <= 5 for each in orders)
    assert all(each.credit_outside <= each.total for each in orders)
    assert {True, False} == {each.credit_outside.is_positive for each in orders}
    assert {True, False} == {each.customer_id is None for each in orders}


@pytest.mark.parametrize("least", [-1, "-0.01", Money(-1, "EUR")])
def test_a_payable_that_costs_less_than_nothing_is_refused(least: int | str | Money) -> None:
    with pytest.raises(InvalidAmount, match="below zero: raise it"):
        strategies.payables(least=least)


@pytest.mark.parametrize(
    ("strategy", "name"),
    [
        (strategies.outcomes, "amounts"),
        (strategies.facts, "amounts"),
        (strategies.facts, "occurred_at"),
        (strategies.reports, "facts"),
        (strategies.reports, "our_references"),
        (strategies.requests, "amounts"),
        (strategies.notifications, "bodies"),
        (strategies.sources, "profile_ids"),
        (strategies.commands, "payables"),
        (strategies.commands, "methods"),
        (strategies.commands, "sources"),
        (strategies.histories, "amounts"),
        (strategies.histories, "methods"),
    ],
)
def test_a_value_where_a_strategy_is_wanted_is_refused_at_once(
    strategy: Callable[..., st.SearchStrategy[object]], name: str
) -> None:
    expected = rf"^{name} must be a strategy, not int: wrap a value in st.just\(\)$"
    with pytest.raises(TypeError, match=expected):
        strategy(**{name: 5})


def test_what_cannot_sign_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="sign must return headers of a body, not be int"):
        strategies.notifications(sign=5)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        (strategies.notifications(bodies=st.just(b"{}")), r"Notification\(\s*b'{}',\s*{'content-"),
        (strategies.instants(), r"datetime\.datetime\(2026, 1, 1, "),
        (strategies.secrets(), r"Secret\(\s*'whsec_\w+'\)"),
        (strategies.requests(), r"Request\(\s*key='(.+)',\s*operation_id='\1',"),
    ],
)
def test_what_a_test_fails_with_is_told_and_not_how_it_was_made(
    strategy: st.SearchStrategy[object], told: str
) -> None:
    shown = told_of_failure(strategy)
    assert re.search(told, shown)
    assert "lambda" not in shown


def test_a_role_that_there_is_not_is_refused() -> None:
    assert {"refund"} == {
        each.role for entries in drawn(strategies.references("refund")) for each in entries
    }
    with pytest.raises(UnsafeInput, match="roles is refused: choose one of"):
        strategies.references("nope")


def test_an_id_that_no_payable_can_have_is_refused() -> None:
    with pytest.raises(UnsafeInput, match=r"payable\.id is refused"):
        strategies.payables(id=" or_1")


def test_a_payment_method_shrinks_to_a_card() -> None:
    expected = PaymentMethod(id="pm_1", name="Card", gateway="acme")
    assert expected == simplest(strategies.payment_methods(gateway="acme"), lambda _: True)


def test_payment_methods_work_in_every_way_but_where_one_is_named() -> None:
    every = list(product((True, False), (True, False), CapturePolicy))
    assert set(every) == seen(strategies.payment_methods(), way_of, every)
    one = strategies.payment_methods(
        session_required=False, source_required=True, capture=CapturePolicy.MANUAL
    )
    assert {(False, True, CapturePolicy.MANUAL)} == set(map(way_of, drawn(one)))


def way_of(method: PaymentMethod) -> tuple[bool, bool, CapturePolicy]:
    return method.session_required, method.source_required, method.capture


def test_a_gateway_that_can_have_no_such_name_is_refused() -> None:
    with pytest.raises(NotAllowed):
        strategies.payment_methods(gateway="")


def test_sources_have_the_ids_that_their_provider_knows() -> None:
    known = st.just("tok_9")
    for source in drawn(strategies.sources(profile_ids=known)):
        assert "tok_9" == source.profile_id
    expected = StoredSource(id="src_1", profile_id="tok_9")
    assert expected == simplest(
        strategies.sources(CreditCard, StoredSource, profile_ids=known),
        lambda each: isinstance(each, StoredSource),
    )


def test_store_credit_is_paid_with_by_its_own_id() -> None:
    assert StoreCredit(id="sc_1") == simplest(strategies.sources(StoreCredit), lambda _: True)


def test_every_behaviour_of_the_bogus_gateway_is_scripted_and_the_plainest_is_none() -> None:
    plain = ("reject", "pending", "partial", "more", "other_currency", "broken", "nonsense")
    lost = ("timeout_before", "timeout_after", "unreachable", "unreachable_always")
    refused = [f"{kind}:{code}" for kind in ("decline", "end") for code in FailureCode]
    every = {"approve", *(f"capture={each}" for each in (*plain, *lost, *refused))}
    assert every == seen(strategies.bogus_tokens("capture"), str, every)
    assert "approve" == simplest(strategies.bogus_tokens(), lambda _: True)


def test_any_calls_may_be_scripted_and_none_that_is_not_named() -> None:
    calls = {
        part.partition("=")[0]
        for token in drawn(strategies.bogus_tokens("refund", "void", "complete", "capture"))
        for part in token.split(",")
        if "=" in part
    }
    assert {"refund", "void", "complete", "capture"} == calls
    assert any(token.count("=") > 1 for token in drawn(strategies.bogus_tokens()))


def test_a_call_that_no_token_scripts_is_refused() -> None:
    with pytest.raises(UnsafeInput, match="use some of create, update"):
        strategies.bogus_tokens("pay")


def test_credit_is_used_and_held_in_part_and_never_more_than_there_is() -> None:
    owed = drawn(strategies.credits(currency="EUR"))
    assert {"EUR"} == {each.amount.currency.code for each in owed}
    assert not any(each.remaining.is_negative for each in owed)
    assert any(each.used and each.authorized and each.remaining for each in owed)


def test_failures_are_of_every_class_or_of_those_that_are_named() -> None:
    assert set(FailureCode) == seen(strategies.failures(), code_of, list(FailureCode))
    named = strategies.failures("expired_card", FailureCode.DUPLICATE)
    assert {FailureCode.EXPIRED_CARD, FailureCode.DUPLICATE} == set(map(code_of, drawn(named)))
    with pytest.raises(UnsafeInput, match="codes is refused: choose one of"):
        strategies.failures("no_money")


def code_of(failure: Failure) -> FailureCode:
    return failure.code


def test_references_are_in_every_role_or_in_those_that_are_named() -> None:
    single = strategies.references().filter(lambda each: len(each.entries) == 1)
    assert set(ReferenceRole) == seen(
        single, lambda each: each.entries[0].role, list(ReferenceRole)
    )
    named = strategies.references(ReferenceRole.CAPTURE)
    assert {ReferenceRole.CAPTURE} == {entry.role for each in drawn(named) for entry in each}
    assert References() == simplest(strategies.references(), lambda _: True)


def test_instants_are_in_utc_and_between_their_bounds() -> None:
    first, last = NOON - timedelta(days=1), NOON
    for instant in drawn(strategies.instants(least=first, most=last)):
        assert first <= instant <= last
        assert UTC is instant.tzinfo
    assert datetime(2026, 1, 1, tzinfo=UTC) == simplest(strategies.instants(), lambda _: True)


@pytest.mark.parametrize(
    ("least", "most"),
    [
        (datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)),
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_shrinks_to_what_is_nearest_to_2026(least: datetime, most: datetime) -> None:
    nearest = least if least.year > 2026 else most
    assert nearest == simplest(strategies.instants(least=least, most=most), lambda _: True)


def test_bounds_of_instants_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UnsafeInput, match="it is after most: swap them"):
        strategies.instants(least=NOON, most=NOON - timedelta(microseconds=1))
    with pytest.raises(UnsafeInput, match="it has no time zone"):
        strategies.instants(least=NOON.replace(tzinfo=None))
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert {NOON} == set(drawn(strategies.instants(least=NOON, most=east)))


def test_metadata_has_as_many_keys_as_are_asked_for_at_most() -> None:
    assert {0, 1, 2} == {len(each) for each in drawn(strategies.metadata(most=2))}
    assert Metadata() == simplest(strategies.metadata(), lambda _: True)


@pytest.mark.parametrize("most", [-1, 51])
def test_more_metadata_than_may_be_kept_is_refused(most: int) -> None:
    with pytest.raises(UnsafeInput, match="choose from 0 to 50"):
        strategies.metadata(most=most)


def test_client_data_is_text_or_values_by_name() -> None:
    revealed = [each.reveal() for each in drawn(strategies.client_data())]
    assert {str, dict} == {type(each) for each in revealed}


def test_a_secret_is_one_that_verifiers_take() -> None:
    for secret in drawn(strategies.secrets(), 20):
        assert secret.reveal().startswith("whsec_")


def test_an_outcome_moves_the_amounts_that_are_asked_for_at_the_time_that_is() -> None:
    two = Money(2, "CHF")
    of_money = strategies.outcomes(
        Captured, Voided, amounts=st.just(two), occurred_at=st.just(NOON)
    )
    for outcome in drawn(of_money):
        assert isinstance(outcome, Captured | Voided)
        assert (two, NOON) == (outcome.amount, outcome.occurred_at)


def test_a_fact_moves_more_than_nothing_in_every_kind_of_currency() -> None:
    captures = strategies.facts(Captured)
    assert {0, 2, 3, 4} == seen(captures, lambda each: each.amount.currency.digits, (0, 2, 3, 4))
    assert all(each.amount.is_positive for each in drawn(captures))


def test_the_amounts_of_one_fact_are_of_one_currency() -> None:
    for totals in drawn(strategies.facts(Totals)):
        told = [each for each in (totals.captured, totals.refunded) if each is not None]
        assert len({each.currency for each in told}) <= 1


def test_a_redirect_leads_to_an_address_that_is_safe() -> None:
    for action in drawn(strategies.next_actions(Redirect), 30):
        assert isinstance(action, Redirect)
        assert str(action.url.reveal()).startswith("https://shop.example/")


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.method)
def test_every_lawful_answer_to_a_request_comes_and_no_other(kind: type[Request[Any]]) -> None:
    assert set(kind.answers) == seen(strategies.answers(kind), type, kind.answers)


def test_an_answer_to_a_request_moves_what_it_asks_for() -> None:
    request = drawn(strategies.requests(CaptureRequest), 10)[-1]
    amounts = [each.amount for each in drawn(strategies.answers(request)) if type(each) is Captured]
    assert {request.amount} == set(amounts)
    other = strategies.answers(request, amounts=st.just(Money(1, "XPF")))
    moved = [each.amount for each in drawn(other) if type(each) is Captured]
    assert {Money(1, "XPF")} == set(moved)


def test_a_look_up_is_answered_by_reports() -> None:
    answers = drawn(strategies.answers(LookUpRequest))
    reports = [each for answer in answers if isinstance(answer, tuple) for each in answer]
    assert reports
    assert {Report} == {type(each) for each in reports}
    assert {tuple, NotAttempted, Unknown} == {type(each) for each in answers}


@pytest.mark.parametrize("what", [Captured, Money(1, "EUR"), Request])
def test_what_is_no_request_has_no_answers(what: Any) -> None:
    with pytest.raises(TypeError, match="is no request"):
        strategies.answers(what)


def test_a_request_is_about_the_amounts_that_are_asked_for_and_its_key_is_its_operation() -> None:
    two = Money(2, "CHF")
    for request in drawn(strategies.requests(amounts=st.just(two))):
        assert request.operation_id == request.key
        assert getattr(request, "amount", two) == two
    assert all(each.amount.is_positive for each in drawn(strategies.requests(CaptureRequest)))


def test_a_provider_is_never_asked_to_hold_until_something_is_covered() -> None:
    charges = drawn(strategies.requests(ChargeRequest))
    assert {CapturePolicy.AUTOMATIC, CapturePolicy.MANUAL} == {
        each.terms.capture for each in charges
    }


def test_every_method_that_sends_a_request_is_looked_up() -> None:
    sent = {kind.method for kind in REQUESTS} - {"look_up"}
    assert sent == seen(strategies.requests(LookUpRequest), lambda each: each.about, sent)


def test_a_report_tells_the_facts_and_echoes_what_is_asked_for() -> None:
    told = strategies.reports(facts=strategies.facts(Pending), our_references=st.just("at_7"))
    assert {("at_7", Pending)} == {(each.our_reference, type(each.fact)) for each in drawn(told)}
    assert {True, False} == {each.our_reference is None for each in drawn(strategies.reports())}


def test_a_notification_that_is_signed_is_believed_and_no_other() -> None:
    verifier = StandardWebhooks(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    signed = strategies.notifications(sign=lambda body: verifier.sign(body, id="msg_1", at=NOON))
    for notification in drawn(signed, 30):
        verifier.verify(notification, now=NOON)
        json.loads(notification.body)
    for notification in drawn(strategies.notifications(bodies=st.binary()), 30):
        with pytest.raises(InvalidSignature):
            verifier.verify(notification, now=NOON)
