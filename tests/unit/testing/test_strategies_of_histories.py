from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count, product
from typing import TypeGuard, get_args

import attrs
import pytest
from drawn_values import drawn, seen, simplest
from hypothesis import given, settings
from hypothesis import strategies as st

from paysession import (
    AsyncPayments,
    Capture,
    Money,
    Payable,
    PayableAccount,
    Payment,
    PaymentMethod,
    Payments,
    PaymentSession,
    Refund,
    SetupSession,
    StoredSource,
    Void,
)
from paysession._payments import Commands, command
from paysession.errors import (
    IllegalTransition,
    MethodUnavailable,
    NotFound,
    PaySessionError,
    UnknownCurrency,
    UnsafeInput,
)
from paysession.gateways import AsyncBogusGateway, AsyncOfflineGateway, BogusGateway, OfflineGateway
from paysession.testing import strategies
from paysession.testing.strategies import Answer, Command, History, acarry_out, carry_out

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDER = Payable("or_1", total=Money("10.00", "USD"))
CARD = PaymentMethod(id="pm_1", name="Card", gateway="bogus")
CHECK = PaymentMethod(id="pm_2", name="Check", gateway="offline", session_required=False)
SOURCE = StoredSource(id="src_1", profile_id="tok_1")
CREATE = strategies.CreateSession(payable=ORDER, method=CARD)
KINDS: tuple[type[Command], ...] = get_args(Command)


def shop() -> Payments:
    numbers = count(1)
    return Payments(
        {"bogus": BogusGateway(clock=lambda: NOW), "offline": OfflineGateway()},
        clock=lambda: NOW,
        ids=lambda prefix: f"{prefix}_{next(numbers)}",
        sleep=lambda _: None,
    )


def async_shop() -> AsyncPayments:
    numbers = count(1)
    return AsyncPayments(
        {"bogus": AsyncBogusGateway(clock=lambda: NOW), "offline": AsyncOfflineGateway()},
        clock=lambda: NOW,
        ids=lambda prefix: f"{prefix}_{next(numbers)}",
    )


def answers_to(*history: Command) -> list[Answer]:
    payments = shop()
    answers: list[Answer] = []
    for each in history:
        answers.append(carry_out(each, payments, after=answers))
    return answers


async def awaited_answers_to(*history: Command) -> list[Answer]:
    payments = async_shop()
    answers: list[Answer] = []
    for each in history:
        answers.append(await acarry_out(each, payments, after=answers))
    return answers


def how_it_ended(answer: Answer) -> object:
    """An answer as both worlds give it: an error is another object each time."""
    return (type(answer), str(answer)) if isinstance(answer, PaySessionError) else answer


def test_a_history_is_carried_out_on_what_it_has_made_itself() -> None:
    session, completed, refund = answers_to(
        CREATE,
        strategies.CompleteSession(session=0),
        strategies.RefundPayment(payment=0, amount=Money("4.00", "USD")),
    )
    assert isinstance(session, PaymentSession)
    assert isinstance(completed, PaymentSession)
    assert isinstance(refund, Refund)
    assert (session.id, completed.payment_id) == (completed.id, refund.payment_id)
    assert Money("4.00", "USD") == refund.amount
    assert refund.succeeded


def test_what_is_refused_comes_back_as_the_error_that_refuses_it() -> None:
    [missing] = answers_to(strategies.CapturePayment(payment=2))
    assert isinstance(missing, NotFound)
    assert "no_payment" == missing.id
    *_, refused = answers_to(CREATE, strategies.CancelSession(), strategies.CompleteSession())
    assert isinstance(refused, IllegalTransition)


def test_a_number_beyond_the_last_record_goes_round() -> None:
    other = attrs.evolve(CREATE, payable=Payable("or_2", total=Money("1.00", "USD")))
    first, second, *completed = answers_to(
        CREATE, other, *(strategies.CompleteSession(session=number) for number in (3, 2))
    )
    sessions = [each for each in (second, first, *completed) if isinstance(each, PaymentSession)]
    assert sessions[0].id == sessions[2].id
    assert sessions[1].id == sessions[3].id


def test_a_failure_that_is_none_of_the_librarys_is_raised() -> None:
    wrong = attrs.evolve(CREATE, amount="10.00")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(TypeError, match="amount must be Money"):
        carry_out(wrong, shop())


@pytest.mark.parametrize(
    ("history", "kind"),
    [
        ([strategies.ChargeSource(payable=ORDER, method=CARD, source=SOURCE)], Payment),
        ([strategies.UpdatePayable(payable=ORDER)], PayableAccount),
        ([strategies.Recover()], tuple),
        (
            [
                strategies.CreatePayment(payable=ORDER, method=CHECK, source=SOURCE),
                strategies.MarkPaid(),
                strategies.MarkBounced(),
            ],
            Capture,
        ),
        (
            [
                strategies.CreatePayment(payable=ORDER, method=CHECK, source=SOURCE),
                strategies.MarkPaid(amount=Money("1.00", "USD")),
                strategies.MarkRefunded(),
            ],
            Refund,
        ),
        (
            [
                strategies.CreatePayment(payable=ORDER, method=CHECK, source=SOURCE),
                strategies.AbandonPayment(),
            ],
            Payment,
        ),
        (
            [strategies.CreateSetupSession(method=CARD), strategies.CompleteSetupSession()],
            SetupSession,
        ),
        (
            [strategies.CreateSetupSession(method=CARD), strategies.CancelSetupSession()],
            SetupSession,
        ),
        ([CREATE, strategies.UpdateSession(amount=Money("1.00", "USD"))], PaymentSession),
    ],
)
def test_each_kind_of_command_comes_to_its_record(history: list[Command], kind: type) -> None:
    assert kind is type(answers_to(*history)[-1])


def test_a_hold_is_captured_and_voided_and_a_refund_called_off() -> None:
    token = BogusGateway.token(refund="pending")
    held = strategies.ChargeSource(
        payable=ORDER,
        method=PaymentMethod(id="pm_1", name="Card", gateway="bogus", capture="manual"),
        source=StoredSource(id="src_1", profile_id=token),
    )
    _, capture, void, refund, canceled = answers_to(
        held,
        strategies.CapturePayment(amount=Money("6.00", "USD")),
        strategies.VoidPayment(),
        strategies.RefundPayment(),
        strategies.CancelRefund(),
    )
    assert isinstance(capture, Capture)
    assert isinstance(void, Void)
    assert isinstance(refund, Refund)
    assert isinstance(canceled, Refund)
    assert (refund.id, "canceled") == (canceled.id, canceled.status)


def test_a_payment_that_recovery_found_is_there_for_the_next_command() -> None:
    lost = StoredSource(id="src_1", profile_id=BogusGateway.token(complete="timeout_after"))
    now = [NOW]
    payments = Payments(
        {"bogus": BogusGateway(clock=lambda: now[0])}, clock=lambda: now[0], sleep=lambda _: None
    )
    answers = [carry_out(attrs.evolve(CREATE, source=lost), payments)]
    answers.append(carry_out(strategies.CompleteSession(), payments, after=answers))
    unknown = carry_out(strategies.RefundPayment(), payments, after=answers)
    now[0] = NOW.replace(hour=18)
    answers.append(carry_out(strategies.Recover(), payments, after=answers))
    refund = carry_out(strategies.RefundPayment(), payments, after=answers)
    assert isinstance(unknown, NotFound)
    assert isinstance(refund, Refund)


@settings(max_examples=15)
@given(strategies.histories())
def test_both_worlds_answer_a_history_alike(history: History) -> None:
    expected = [how_it_ended(each) for each in answers_to(*history)]
    awaited = asyncio.run(awaited_answers_to(*history))
    assert expected == [how_it_ended(each) for each in awaited]


def test_there_is_a_command_for_whatever_a_shop_asks_but_what_needs_a_person_or_a_clock() -> None:
    offered = {name for name, each in vars(Commands).items() if isinstance(each, command)}
    readers = {name for name in offered if name.startswith(("get_", "find_", "result_"))} | {
        *("sessions_of", "payments_of", "disputes_of", "statement", "balance", "needs_attention")
    }
    elsewhere = {
        *("expire_sessions", "expire_setup_sessions", "receive_notification"),
        *("resolve", "forget"),
    }
    assert offered - readers - elsewhere == {kind.command for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_command_of_each_kind_is_drawn_and_can_be_given(kind: type[Command]) -> None:
    for each in drawn(strategies.commands(kind), 5):
        assert kind is type(each)
        carry_out(each, shop())


def test_commands_of_every_kind_are_drawn() -> None:
    assert set(KINDS) == seen(strategies.commands(), type, KINDS)


def test_a_command_is_made_of_what_is_given() -> None:
    made = strategies.commands(
        strategies.ChargeSource,
        payables=st.just(ORDER),
        methods=st.just(CARD),
        sources=st.just(SOURCE),
        amounts=st.just(Money("2.00", "USD")),
    )
    for each in drawn(made):
        assert isinstance(each, strategies.ChargeSource)
        assert (ORDER, CARD, SOURCE) == (each.payable, each.method, each.source)
        assert each.amount in (None, Money("2.00", "USD"))


def test_a_command_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="is no command: name some of Abandon"):
        strategies.commands(PaymentSession)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(TypeError, match="PaymentSession is no command"):
        strategies.histories(PaymentSession)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(UnknownCurrency):
        strategies.commands(currency="usd")


def test_a_history_is_of_one_order_or_two_and_begins_by_what_brings_money() -> None:
    opening = (strategies.CreateSession, strategies.ChargeSource, strategies.CreatePayment)
    for history in drawn(strategies.histories()):
        assert isinstance(history[0], opening)
        orders = {each.payable.id for each in history if hasattr(each, "payable")}
        assert 1 <= len(orders) <= 2


def test_a_history_is_as_long_as_is_asked_for() -> None:
    lengths = {len(each) for each in drawn(strategies.histories(least=2, most=4), 100)}
    assert {2, 3, 4} == lengths


@pytest.mark.parametrize(("least", "most"), [(0, 3), (4, 3)])
def test_a_history_of_nothing_or_of_more_than_most_is_refused(least: int, most: int) -> None:
    with pytest.raises(UnsafeInput, match="choose from 1 to most"):
        strategies.histories(least=least, most=most)


def test_a_history_has_the_commands_that_are_named_and_no_others() -> None:
    kinds = {strategies.CancelSession, strategies.CompleteSession}
    histories = strategies.histories(*kinds, least=3)
    assert kinds == {type(each) for history in drawn(histories) for each in history}


def test_an_order_that_is_said_to_have_changed_has_another_price_and_the_same_name() -> None:
    ours = st.just(ORDER)
    changed = strategies.histories(strategies.UpdatePayable, payables=ours)
    orders = [each.payable for history in drawn(changed) for each in history if is_update(each)]
    assert {"or_1"} == {each.id for each in orders}
    assert len({each.total for each in orders}) > 10


def is_update(command: Command) -> TypeGuard[strategies.UpdatePayable]:
    return isinstance(command, strategies.UpdatePayable)


def test_a_history_shrinks_to_the_few_commands_that_show_something() -> None:
    def asks_for_a_refund(history: History) -> bool:
        return any(isinstance(each, strategies.RefundPayment) for each in history)

    kinds = (strategies.ChargeSource, strategies.RefundPayment)
    histories = strategies.histories(*kinds, currency="EUR", sources=st.just(SOURCE))
    charge, *others = simplest(histories, asks_for_a_refund)
    assert isinstance(charge, strategies.ChargeSource)
    assert Payable("or_1", total=Money("0.01", "EUR")) == charge.payable
    assert len(others) <= 2
    assert strategies.RefundPayment() == others[-1]


def test_the_commands_of_a_history_come_to_something_as_well_as_to_nothing() -> None:
    moves = (strategies.CapturePayment, strategies.VoidPayment, strategies.RefundPayment)
    histories = strategies.histories(strategies.ChargeSource, *moves, least=4)
    ends = {
        (type(each), isinstance(answer, PaySessionError))
        for history in drawn(histories, 60)
        for each, answer in zip(history, answers_to(*history), strict=True)
    }
    assert set(product((strategies.ChargeSource, *moves), (True, False))) == ends


def test_a_gateway_that_is_not_there_is_a_refusal_too() -> None:
    methods = strategies.payment_methods(gateway="nowhere", session_required=True)
    amounts = st.just(Money("0.01", "USD"))
    creating = strategies.commands(strategies.CreateSession, methods=methods, amounts=amounts)
    assert {MethodUnavailable} == {type(carry_out(each, shop())) for each in drawn(creating, 10)}
