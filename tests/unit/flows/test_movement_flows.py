"""Captures, voids and refunds: requested, repeated, refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flow_builders import (
    DECLINE,
    HELD_CARD,
    ScriptedGateway,
    Shop,
    bogus_shop,
    card,
    eur,
    scripted_shop,
    seen,
)

from paysession import Capture, Money, Payable, Payment, Payments, Refund, RefundReason, Void
from paysession._domain.payment_requests import MOST_MOVEMENTS
from paysession._money.minor_units import STRIPE
from paysession.errors import (
    AmountExceeded,
    AmountNotRepresentable,
    CurrencyMismatch,
    GatewayUnreachable,
    IllegalTransition,
    LimitExceeded,
    MethodUnavailable,
    NotFound,
    OperationUnresolved,
    PaymentDeclined,
    StillOpen,
    UnsafeInput,
    Unsupported,
)
from paysession.gateways import Capabilities, Gateway
from paysession.lifecycles import OperationStatus, PaymentStatus
from paysession.outcomes import Authorized, Captured, Declined, Pending, Refunded, Voided

# Everything at once


def test_all_that_is_held_is_captured() -> None:
    shop = bogus_shop()
    payment = shop.held()

    capture = shop.payments.capture(payment.id).raise_for_failure()

    assert eur(100) == capture.amount
    assert shop.payments.get_payment(payment.id).status is PaymentStatus.CAPTURED
    assert eur(100) == shop.gateway.taken("EUR")


def test_all_that_is_held_is_released() -> None:
    shop = bogus_shop()
    payment = shop.held()

    void = shop.payments.void(payment.id).raise_for_failure()

    assert eur(100) == void.amount
    assert shop.payments.get_payment(payment.id).status is PaymentStatus.VOIDED
    assert eur(100) == shop.account()["due"]


def test_all_that_was_taken_is_given_back() -> None:
    shop = bogus_shop()
    payment = shop.taken()

    refund = shop.payments.refund(payment.id, reason=RefundReason.DUPLICATE).raise_for_failure()

    assert eur(100) == refund.amount
    assert refund.reason is RefundReason.DUPLICATE
    assert shop.payments.get_payment(payment.id).status is PaymentStatus.REFUNDED


Command = Callable[[Payments, str], Capture | Void | Refund]
COMMANDS: dict[str, Command] = {
    "capture": lambda payments, payment_id: payments.capture(payment_id),
    "void": lambda payments, payment_id: payments.void(payment_id),
    "refund": lambda payments, payment_id: payments.refund(payment_id),
}


def _payment_for(shop: Shop[ScriptedGateway], command: str) -> Payment:
    payment = shop.held()
    if command == "refund":
        shop.payments.capture(payment.id)
    shop.gateway.calls.clear()
    return payment


@pytest.mark.parametrize("command", COMMANDS)
def test_repeating_a_finished_command_returns_its_record_and_calls_nobody(command: str) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, command)
    first = COMMANDS[command](shop.payments, payment.id)
    before = shop.snapshot()

    assert first == COMMANDS[command](shop.payments, payment.id)
    assert before == shop.snapshot()
    assert [command] == shop.gateway.methods


@pytest.mark.parametrize("command", COMMANDS)
def test_repeating_a_command_that_is_under_way_returns_its_record(command: str) -> None:
    shop = scripted_shop(**{command: Pending("slow")})
    payment = _payment_for(shop, command)
    first = COMMANDS[command](shop.payments, payment.id)
    assert first.status is OperationStatus.PENDING
    with pytest.raises(StillOpen):
        first.raise_for_failure()

    assert first == COMMANDS[command](shop.payments, payment.id)
    assert [command] == shop.gateway.methods


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_whose_end_is_unknown_is_looked_up_and_not_made_twice(command: str) -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), **{command: TimeoutError("late")})
    payment = _payment_for(shop, command)
    first = COMMANDS[command](shop.payments, payment.id)
    assert first.doubt == "TimeoutError: late"

    again = COMMANDS[command](shop.payments, payment.id)

    assert first.id == again.id
    assert [command, "look_up"] == shop.gateway.methods


@pytest.mark.parametrize("command", COMMANDS)
def test_a_declined_command_frees_what_it_reserved(command: str) -> None:
    shop = scripted_shop(**{command: Declined(DECLINE)})
    payment = _payment_for(shop, command)

    declined = COMMANDS[command](shop.payments, payment.id)

    with pytest.raises(PaymentDeclined):
        declined.raise_for_failure()
    assert COMMANDS[command](shop.payments, payment.id).succeeded


@pytest.mark.parametrize("command", COMMANDS)
def test_a_gateway_that_was_not_reached_frees_what_was_reserved(command: str) -> None:
    shop = scripted_shop(**{command: GatewayUnreachable("refused")})
    payment = _payment_for(shop, command)

    with pytest.raises(GatewayUnreachable):
        COMMANDS[command](shop.payments, payment.id)

    assert () == shop.payments.get_payment(payment.id).open_operations
    assert COMMANDS[command](shop.payments, payment.id).succeeded


@pytest.mark.parametrize("command", COMMANDS)
def test_an_adapter_that_does_not_support_it_after_all_has_done_nothing(command: str) -> None:
    shop = scripted_shop(**{command: Unsupported("bogus", command)})
    payment = _payment_for(shop, command)

    with pytest.raises(GatewayUnreachable):
        COMMANDS[command](shop.payments, payment.id)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("answer", [None, object(), Captured, "captured"])
def test_an_unlawful_answer_is_unknown(command: str, answer: object) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, command)
    shop.gateway.then(command, lambda _: answer)

    operation = COMMANDS[command](shop.payments, payment.id)

    assert operation.status is OperationStatus.REQUESTED
    assert f"{command} answered {type(answer).__name__}" == operation.doubt


class _Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_that_cannot_say_what_it_is_is_unknown_too() -> None:
    shop = scripted_shop(capture=_Speechless())

    capture = shop.payments.capture(shop.held().id)

    assert capture.doubt == "_Speechless: no text"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_cancellation_leaves_the_operation_open_and_leased(command: str) -> None:
    shop = scripted_shop(**{command: KeyboardInterrupt()})
    payment = _payment_for(shop, command)

    with pytest.raises(KeyboardInterrupt):
        COMMANDS[command](shop.payments, payment.id)

    (operation_id,) = shop.payments.get_payment(payment.id).open_operations
    again = COMMANDS[command](shop.payments, payment.id)
    assert operation_id == again.id
    assert [command] == shop.gateway.methods


# Unresolved


@pytest.mark.parametrize("command", COMMANDS)
def test_another_one_is_refused_while_one_may_have_happened(command: str) -> None:
    shop = scripted_shop(
        Capabilities(honours_keys=False, partial_voids=True), **{command: TimeoutError()}
    )
    payment = _payment_for(shop, command)
    move = getattr(shop.payments, command)
    unknown = move(payment.id, amount=eur(10))

    with pytest.raises(OperationUnresolved) as refused:
        move(payment.id, amount=eur(10))

    assert unknown.id == refused.value.operation_id
    assert [command, "look_up"] == shop.gateway.methods


@pytest.mark.parametrize("command", COMMANDS)
def test_another_one_is_made_despite_the_unresolved_one_that_is_named(command: str) -> None:
    shop = scripted_shop(
        Capabilities(honours_keys=False, partial_voids=True), **{command: TimeoutError()}
    )
    payment = _payment_for(shop, command)
    move = getattr(shop.payments, command)
    unknown = move(payment.id, amount=eur(10))

    another = move(payment.id, amount=eur(10), despite_unresolved=unknown.id)

    assert another.succeeded
    assert unknown.id in shop.payments.get_payment(payment.id).open_operations


def test_another_kind_is_not_refused_because_of_it() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), refund=TimeoutError())
    payment = shop.held()
    shop.payments.capture(payment.id, amount=eur(60))
    shop.payments.refund(payment.id, amount=eur(10))

    assert shop.payments.capture(payment.id, amount=eur(40)).succeeded


def test_the_look_up_may_settle_the_unresolved_one_so_that_another_is_made() -> None:
    shop = bogus_shop()
    payment = shop.taken(card(refund="timeout_after"))
    unknown = shop.payments.refund(payment.id, amount=eur(10))
    assert unknown.is_open

    assert shop.payments.refund(payment.id, amount=eur(10)).succeeded
    assert eur(20) == shop.gateway.given_back("EUR")


def test_an_operation_that_became_unresolved_meanwhile_refuses_another() -> None:
    shop = scripted_shop(refund=TimeoutError())
    payment = _payment_for(shop, "refund")
    shop.before_id.then = lambda: shop.payments.refund(payment.id, amount=eur(10))

    with pytest.raises(OperationUnresolved):
        shop.payments.refund(payment.id, amount=eur(10))
    assert ["refund"] == shop.gateway.methods


# What a gateway can do


@pytest.mark.parametrize("command", COMMANDS)
def test_what_the_adapter_does_not_offer_is_refused(command: str) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, command)
    shop.gateways["bogus"] = Gateway()
    before = shop.snapshot()

    with pytest.raises(Unsupported):
        COMMANDS[command](shop.payments, payment.id)
    assert before == shop.snapshot()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_gateway_that_is_gone_is_refused(command: str) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, command)
    shop.gateways.clear()

    with pytest.raises(MethodUnavailable):
        COMMANDS[command](shop.payments, payment.id)


@pytest.mark.parametrize(
    ("command", "capabilities"),
    [
        ("capture", Capabilities(partial_captures=False)),
        ("void", Capabilities(partial_voids=False)),
        ("refund", Capabilities(partial_refunds=False)),
    ],
)
def test_a_part_is_refused_where_it_is_all_or_nothing(
    command: str, capabilities: Capabilities
) -> None:
    shop = scripted_shop(capabilities)
    payment = _payment_for(shop, command)
    before = shop.snapshot()

    with pytest.raises(Unsupported):
        getattr(shop.payments, command)(payment.id, amount=eur(99))
    assert before == shop.snapshot()
    assert [] == shop.gateway.calls
    assert getattr(shop.payments, command)(payment.id, amount=eur(100)).succeeded


def test_what_is_left_after_a_capture_cannot_be_released_everywhere() -> None:
    shop = scripted_shop(Capabilities(void_after_capture=False))
    payment = shop.held()
    shop.payments.capture(payment.id, amount=eur(40))

    with pytest.raises(Unsupported):
        shop.payments.void(payment.id)


def test_what_is_left_after_a_capture_is_released_where_that_is_possible() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.payments.capture(payment.id, amount=eur(40))

    assert eur(60) == shop.payments.void(payment.id).amount


def test_a_part_is_released_where_parts_may_be() -> None:
    shop = scripted_shop(Capabilities(partial_voids=True))
    payment = shop.held()

    assert eur(30) == shop.payments.void(payment.id, amount=eur(30)).amount
    assert eur(70) == shop.payments.get_payment(payment.id).balances.capturable


@pytest.mark.parametrize(
    "capabilities",
    [Capabilities(first_capture_closes=True), Capabilities(several_captures=False)],
)
def test_the_first_capture_releases_the_rest_where_there_is_only_one(
    capabilities: Capabilities,
) -> None:
    shop = scripted_shop(capabilities)
    payment = shop.held()

    capture = shop.payments.capture(payment.id, amount=eur(40))

    assert capture.is_final
    assert eur(60) == capture.releases
    with pytest.raises(IllegalTransition):
        shop.payments.capture(payment.id, amount=eur(1))
    assert eur(60) == shop.account()["due"]


def test_a_final_capture_releases_the_rest() -> None:
    shop = bogus_shop()
    payment = shop.held()

    shop.payments.capture(payment.id, amount=eur(40), is_final=True)

    assert eur(60) == shop.gateway.released("EUR")
    assert eur(0) == shop.payments.get_payment(payment.id).balances.capturable


def test_a_final_capture_waits_until_what_is_open_beside_it_has_ended() -> None:
    shop = bogus_shop()
    payment = shop.held(card(capture="pending"))
    beside = shop.payments.capture(payment.id, amount=eur(40))
    before = shop.snapshot()

    with pytest.raises(OperationUnresolved) as caught:
        shop.payments.capture(payment.id, is_final=True)

    assert beside.id == caught.value.operation_id
    assert before == shop.snapshot()


def test_a_void_says_so_if_what_it_waits_for_waits_for_a_person() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), capture=TimeoutError())
    payment = shop.held()
    beside = shop.payments.capture(payment.id, amount=eur(40))
    for _ in range(6):
        shop.clock.forward(hours=12)
        shop.payments.recover()

    with pytest.raises(OperationUnresolved) as caught:
        shop.payments.void(payment.id)

    assert beside.id == caught.value.operation_id
    assert "no look-up settles it" in str(caught.value)


def test_a_final_capture_need_not_wait_for_a_refund() -> None:
    shop = bogus_shop()
    payment = shop.held(card(refund="pending"))
    shop.payments.capture(payment.id, amount=eur(40))
    shop.payments.refund(payment.id, amount=eur(10))

    capture = shop.payments.capture(payment.id, amount=eur(30), is_final=True)

    assert (True, eur(30)) == (capture.succeeded, capture.releases)


def test_more_than_is_held_is_taken_where_the_provider_lets_us() -> None:
    shop = scripted_shop(Capabilities(over_capture=lambda held: Money(15, held.currency)))
    payment = shop.held()

    assert eur(115) == shop.payments.capture(payment.id, amount=eur(115)).amount


def test_no_more_than_the_provider_lets_us_is_taken() -> None:
    shop = scripted_shop(Capabilities(over_capture=lambda held: Money(15, held.currency)))
    payment = shop.held()

    with pytest.raises(AmountExceeded) as refused:
        shop.payments.capture(payment.id, amount=eur("115.01"))
    assert eur(115) == refused.value.available


def test_over_capture_is_not_granted_once_for_each_capture() -> None:
    shop = scripted_shop(Capabilities(over_capture=lambda held: Money(15, held.currency)))
    payment = shop.held()
    shop.payments.capture(payment.id, amount=eur(60))
    shop.payments.capture(payment.id, amount=eur(55))

    with pytest.raises(IllegalTransition):
        shop.payments.capture(payment.id, amount=eur(1))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_the_provider_s_units_cannot_hold_is_refused(command: str) -> None:
    shop = scripted_shop()
    session = shop.payments.create_session(
        Payable("or_1", total=Money("10.005", "KWD")), method=HELD_CARD
    )
    payment = shop.payment_of(shop.payments.complete_session(session.id))
    if command == "refund":
        shop.payments.capture(payment.id)
    shop.gateway.capabilities = Capabilities(minor_units=STRIPE, partial_voids=True)
    before, calls = shop.snapshot(), list(shop.gateway.calls)

    with pytest.raises(AmountNotRepresentable):
        getattr(shop.payments, command)(payment.id, amount=Money("1.005", "KWD"))
    assert before == shop.snapshot()
    assert calls == shop.gateway.calls


# Amounts


@pytest.mark.parametrize("command", COMMANDS)
def test_more_than_there_is_is_refused(command: str) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, command)
    before = shop.snapshot()

    with pytest.raises(AmountExceeded):
        getattr(shop.payments, command)(payment.id, amount=eur("100.01"))
    assert before == shop.snapshot()


@pytest.mark.parametrize("command", COMMANDS)
def test_another_currency_is_refused(command: str) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, command)

    with pytest.raises(CurrencyMismatch):
        getattr(shop.payments, command)(payment.id, amount=Money(1, "USD"))


def test_nothing_to_move_and_nothing_moved_is_refused() -> None:
    shop = scripted_shop()
    voided = shop.held()
    shop.payments.void(voided.id)

    with pytest.raises(IllegalTransition):
        shop.payments.capture(voided.id)
    with pytest.raises(IllegalTransition):
        shop.payments.refund(voided.id)


def test_two_commands_at_once_never_move_more_than_there_is() -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, "refund")
    shop.before_id.then = lambda: shop.payments.refund(payment.id, amount=eur(60))

    with pytest.raises(AmountExceeded):
        shop.payments.refund(payment.id, amount=eur(60))
    assert ["refund"] == shop.gateway.methods


def test_a_payment_has_a_thousand_movements_at_most() -> None:
    shop = scripted_shop()
    payment = shop.taken(total=MOST_MOVEMENTS)
    made = shop.payments.get_payment(payment.id).movements
    for _ in range(MOST_MOVEMENTS - made):
        shop.payments.refund(payment.id, amount=eur("0.01"))
    before = shop.snapshot()

    with pytest.raises(LimitExceeded):
        shop.payments.refund(payment.id, amount=eur("0.01"))
    assert before == shop.snapshot()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("argument", "value", "refusal"),
    [
        ("amount", 10, TypeError),
        ("metadata", {"cvc": "123"}, UnsafeInput),
        ("despite_unresolved", 7, TypeError),
        ("despite_unresolved", "", UnsafeInput),
    ],
)
def test_what_cannot_be_meant_is_refused(
    command: str, argument: str, value: object, refusal: type[Exception]
) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, command)
    before = shop.snapshot()

    with pytest.raises(refusal):
        getattr(shop.payments, command)(payment.id, **{argument: value})

    assert before == shop.snapshot()
    assert [] == shop.gateway.calls


@pytest.mark.parametrize(
    ("argument", "value", "refusal"),
    [
        ("reason", "bored", UnsafeInput),
        ("reason", 1, TypeError),
        ("capture_id", 1, TypeError),
        ("capture_id", "ca\0", UnsafeInput),
    ],
)
def test_a_refund_s_reason_and_capture_are_what_they_can_be(
    argument: str, value: object, refusal: type[Exception]
) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, "refund")

    with pytest.raises(refusal):
        getattr(shop.payments, "refund")(payment.id, **{argument: value})  # noqa: B009
    assert [] == shop.gateway.calls


# What a provider says of the amount


def test_a_provider_s_smaller_amount_counts_and_is_noted() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", Captured(eur(70)))

    capture = shop.payments.capture(payment.id)

    payment = shop.payments.get_payment(payment.id)
    assert eur(70) == capture.moved_amount
    assert eur(70) == payment.balances.captured
    assert ["amount_mismatch"] == [each.kind for each in payment.discrepancies]


@pytest.mark.parametrize(
    ("command", "fact"),
    [
        ("capture", Captured(Money(100, "USD"))),
        ("void", Voided(Money(100, "USD"))),
        ("refund", Refunded(Money(100, "USD"))),
    ],
)
def test_a_provider_s_amount_in_another_currency_waits_for_a_person(
    command: str, fact: object
) -> None:
    shop = scripted_shop()
    payment = _payment_for(shop, command)
    shop.gateway.then(command, fact)

    operation = COMMANDS[command](shop.payments, payment.id)

    assert operation.attention
    assert operation.is_open


# Refunds of one capture


def _captured_in_parts(capabilities: Capabilities) -> tuple[Shop[ScriptedGateway], str, list[str]]:
    shop = scripted_shop(capabilities)
    payment = shop.held()
    captures = [shop.payments.capture(payment.id, amount=eur(each)).id for each in (40, 60)]
    return shop, payment.id, captures


PER_CAPTURE = Capabilities(refunds_per_capture=True)


def test_a_refund_is_taken_from_the_oldest_capture_with_enough_left() -> None:
    shop, payment_id, (first, second) = _captured_in_parts(PER_CAPTURE)

    made = [shop.payments.refund(payment_id, amount=eur(each)) for each in (30, 30, 10)]

    assert [first, second, first] == [refund.capture_id for refund in made]


def test_a_refund_may_name_its_capture() -> None:
    shop, payment_id, (_, second) = _captured_in_parts(PER_CAPTURE)

    refund = shop.payments.refund(payment_id, amount=eur(10), capture_id=second)

    assert second == refund.capture_id


def test_a_refund_may_name_its_capture_where_the_provider_does_not_ask_for_it() -> None:
    shop, payment_id, (_, second) = _captured_in_parts(Capabilities())

    refund = shop.payments.refund(payment_id, amount=eur(10), capture_id=second)

    assert second == refund.capture_id
    assert shop.payments.refund(payment_id, amount=eur(10)).capture_id is None


def test_more_than_one_capture_has_left_is_refused() -> None:
    shop, payment_id, (first, _) = _captured_in_parts(PER_CAPTURE)
    before = shop.snapshot()

    with pytest.raises(AmountExceeded) as refused:
        shop.payments.refund(payment_id, amount=eur(61))
    assert eur(60) == refused.value.available
    with pytest.raises(AmountExceeded) as refused:
        shop.payments.refund(payment_id, amount=eur(41), capture_id=first)
    assert eur(40) == refused.value.available
    assert before == shop.snapshot()


@pytest.mark.parametrize("capabilities", [PER_CAPTURE, Capabilities()])
def test_a_refund_of_a_capture_that_the_payment_does_not_have_is_refused(
    capabilities: Capabilities,
) -> None:
    shop, payment_id, _ = _captured_in_parts(capabilities)
    before = shop.snapshot()

    with pytest.raises(NotFound) as missing:
        shop.payments.refund(payment_id, amount=eur(1), capture_id="ca_0")

    assert missing.value.id == "ca_0"
    assert before == shop.snapshot()


def test_a_refund_that_failed_gives_its_amount_back_to_its_capture() -> None:
    shop, payment_id, (first, _) = _captured_in_parts(PER_CAPTURE)
    shop.gateway.then("refund", Declined(DECLINE))
    shop.payments.refund(payment_id, amount=eur(40))

    assert first == shop.payments.refund(payment_id, amount=eur(40)).capture_id


def test_a_capture_that_failed_has_nothing_to_refund() -> None:
    shop = scripted_shop(PER_CAPTURE, capture=Declined(DECLINE))
    payment = shop.held()
    shop.payments.capture(payment.id, amount=eur(40))
    second = shop.payments.capture(payment.id, amount=eur(60))

    assert second.id == shop.payments.refund(payment.id, amount=eur(30)).capture_id


def test_what_the_look_up_says_of_a_refund_counts() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), refund=TimeoutError())
    payment = _payment_for(shop, "refund")
    shop.payments.refund(payment.id, amount=eur(40))
    shop.gateway.then("look_up", seen(Refunded(eur(40))))

    shop.payments.refund(payment.id, amount=eur(60))

    assert shop.payments.get_payment(payment.id).status is PaymentStatus.REFUNDED


def test_a_capture_that_names_no_amount_takes_no_more_than_was_asked_for() -> None:
    shop = scripted_shop(complete_session=Authorized(eur(10_000)))
    payment = shop.held()

    capture = shop.payments.capture(payment.id)
    again = shop.payments.capture(payment.id)

    assert (eur(100), capture.id) == (capture.amount, again.id)
    assert eur(9_900) == shop.payments.get_payment(payment.id).balances.capturable
    assert eur(50) == shop.payments.capture(payment.id, amount=eur(50)).amount
