"""A refund that is called off: an operation of its own, whose end is its refund's."""

from __future__ import annotations

from typing import Any

import pytest
from flow_builders import (
    DECLINE,
    NOW,
    ScriptedGateway,
    Shop,
    bogus_shop,
    card,
    eur,
    scripted_shop,
    seen,
)

from paysession import Refund
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.decisions import Decision
from paysession._domain.evidence import EvidenceSource
from paysession.errors import (
    GatewayUnreachable,
    IdempotencyKeyInFlight,
    IllegalTransition,
    NotFound,
    OperationUnresolved,
    OutcomeUnknown,
    UnsafeInput,
    Unsupported,
)
from paysession.events import RefundCanceled, RefundCancellationRequested
from paysession.gateways import Capabilities
from paysession.gateways.requests import CancelRefundRequest, Request
from paysession.lifecycles import OperationStatus
from paysession.outcomes import Canceled, Declined, Pending, References, Refunded, Report, Unknown


class Canceling(ScriptedGateway):
    """Can call refunds off, and does unless a test says otherwise."""

    def cancel_refund(self, request: CancelRefundRequest) -> Any:
        return self._answer(request) or Canceled()


def pending_refund(
    capabilities: Capabilities | None = None, /, **answers: object
) -> tuple[Shop[Canceling], Refund]:
    """A refund that the provider is working on."""
    made = Pending(references=References.of(refund="rf_1"))
    shop = Shop(Canceling(capabilities, refund=made, **answers))
    refund = shop.payments.refund(shop.taken().id)
    shop.gateway.calls.clear()
    return shop, refund


def cancellations(shop: Shop[Any]) -> list[RefundCancellation]:
    return [each for each in shop.store.entities() if isinstance(each, RefundCancellation)]


# The call


def test_a_refund_that_is_called_off_is_refundable_again() -> None:
    shop, refund = pending_refund()

    after = shop.payments.cancel_refund(refund.id)

    assert OperationStatus.CANCELED is after.status
    payment = shop.payments.get_payment(refund.payment_id)
    assert eur(100) == payment.balances.refundable
    assert () == payment.open_operations
    (cancellation,) = cancellations(shop)
    assert cancellation.succeeded


def test_the_call_names_the_refund_and_is_written_before_it_is_made() -> None:
    shop, refund = pending_refund()
    written: list[RefundCancellation] = []
    shop.gateway.then("cancel_refund", lambda _: written.extend(cancellations(shop)))

    shop.payments.cancel_refund(refund.id)

    (request,) = shop.gateway.calls
    assert isinstance(request, CancelRefundRequest)
    assert (refund.id, refund.payment_id) == (request.refund_id, request.payment_id)
    assert ("rf_1", written[0].id) == (request.references.get("refund"), request.key)  # type: ignore[arg-type]


def test_the_payment_tells_that_it_is_asked_for_and_what_came_of_it() -> None:
    shop, refund = pending_refund()

    shop.payments.cancel_refund(refund.id)

    told = [each.event for each in shop.store.unpublished(limit=1000, tenant="")]
    (asked,) = (each for each in told if isinstance(each, RefundCancellationRequested))
    assert refund.id == asked.refund_id
    assert 1 == sum(isinstance(each, RefundCanceled) for each in told)


def test_a_canceled_refund_is_returned_and_nobody_called() -> None:
    shop, refund = pending_refund()
    first = shop.payments.cancel_refund(refund.id)
    before = shop.snapshot()

    assert first == shop.payments.cancel_refund(refund.id)
    assert before == shop.snapshot()
    assert ["cancel_refund"] == shop.gateway.methods


def test_a_provider_that_refuses_goes_on_with_the_refund_and_is_asked_how_it_ends() -> None:
    shop, refund = pending_refund(cancel_refund=Declined(DECLINE))

    after = shop.payments.cancel_refund(refund.id)

    assert OperationStatus.PENDING is after.status
    assert shop.clock.now == after.due_at
    assert eur(100) == shop.payments.get_payment(refund.payment_id).balances.refund_in_flight
    (cancellation,) = cancellations(shop)
    assert DECLINE == cancellation.failure
    shop.gateway.then("look_up", seen(Refunded(eur(100))))
    shop.payments.recover()
    assert shop.payments.get_refund(refund.id).succeeded


def test_a_refused_call_may_be_made_again() -> None:
    shop, refund = pending_refund(cancel_refund=Declined(DECLINE))
    shop.payments.cancel_refund(refund.id)

    assert OperationStatus.CANCELED is shop.payments.cancel_refund(refund.id).status
    assert 2 == len(cancellations(shop))


def test_while_the_provider_has_not_decided_no_second_call_is_made() -> None:
    shop, refund = pending_refund(cancel_refund=Pending())
    first = shop.payments.cancel_refund(refund.id)

    assert OperationStatus.PENDING is first.status
    assert first == shop.payments.cancel_refund(refund.id)
    assert ["cancel_refund"] == shop.gateway.methods


def test_a_call_that_did_not_arrive_leaves_the_refund_as_it_is() -> None:
    shop, refund = pending_refund(cancel_refund=GatewayUnreachable("refused"))

    with pytest.raises(GatewayUnreachable):
        shop.payments.cancel_refund(refund.id)

    assert OperationStatus.PENDING is shop.payments.get_refund(refund.id).status
    (cancellation,) = cancellations(shop)
    assert OperationStatus.FAILED is cancellation.status


# Refusals


def test_a_gateway_that_cannot_call_refunds_off_is_not_asked_to() -> None:
    shop = scripted_shop(refund=Pending())
    refund = shop.payments.refund(shop.taken().id)
    before = shop.snapshot()

    with pytest.raises(Unsupported):
        shop.payments.cancel_refund(refund.id)

    assert before == shop.snapshot()


def test_money_that_has_gone_back_cannot_be_called_off() -> None:
    shop = Shop(Canceling())
    refund = shop.payments.refund(shop.taken().id)
    before = shop.snapshot()

    with pytest.raises(IllegalTransition, match="cannot cancel refund"):
        shop.payments.cancel_refund(refund.id)

    assert before == shop.snapshot()


def test_a_refund_that_nobody_has_heard_of_is_looked_up_first() -> None:
    shop = Shop(Canceling(Capabilities(honours_keys=False), refund=TimeoutError()))
    refund = shop.payments.refund(shop.taken().id)
    shop.clock.forward(minutes=3)

    with pytest.raises(OperationUnresolved) as refused:
        shop.payments.cancel_refund(refund.id)

    assert refund.id == refused.value.operation_id
    assert [] == cancellations(shop)
    assert "cancel_refund" not in shop.gateway.methods


@pytest.mark.parametrize(("refund_id", "error"), [("re_no", NotFound), ("", UnsafeInput)])
def test_what_is_no_refund_changes_nothing(refund_id: str, error: type) -> None:
    shop, _ = pending_refund()
    before = shop.snapshot()

    with pytest.raises(error):
        shop.payments.cancel_refund(refund_id)

    assert before == shop.snapshot()


# Answers that are lost


def lost(
    capabilities: Capabilities | None = None, answer: object = TimeoutError()
) -> tuple[Shop[Canceling], Refund]:
    shop, refund = pending_refund(capabilities, cancel_refund=answer)
    shop.payments.cancel_refund(refund.id)
    shop.gateway.calls.clear()
    shop.clock.forward(minutes=3)
    return shop, refund


@pytest.mark.parametrize("answer", [TimeoutError(), Unknown("hung up")])
def test_a_lost_answer_is_looked_up_and_its_call_repeated(answer: object) -> None:
    shop, refund = lost(answer=answer)

    shop.payments.recover()

    assert OperationStatus.CANCELED is shop.payments.get_refund(refund.id).status
    assert ["look_up", "cancel_refund"] == [
        each.method for each in shop.gateway.calls if each.operation_id.startswith("rc_")
    ]


def test_a_lost_answer_that_the_look_up_finds_cancels_the_refund() -> None:
    shop, refund = lost(Capabilities(honours_keys=False))
    shop.gateway.then("look_up", _canceled, _canceled)

    shop.payments.recover()

    assert OperationStatus.CANCELED is shop.payments.get_refund(refund.id).status
    assert [True] == [each.succeeded for each in cancellations(shop)]


def _canceled(request: Request[Any]) -> tuple[Report, ...]:
    fact = Canceled() if request.operation_id.startswith("rc_") else Pending()
    return (Report(fact, our_reference=request.operation_id),)


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (Canceled(), OperationStatus.SUCCEEDED),
        (Refunded(eur(100)), OperationStatus.CANCELED),
    ],
)
def test_the_end_of_the_refund_ends_the_call_that_was_to_call_it_off(
    fact: Any, status: OperationStatus
) -> None:
    shop, refund = lost(Capabilities(honours_keys=False))

    def told(request: Request[Any]) -> tuple[Report, ...]:
        return (Report(fact, our_reference=refund.id),)

    shop.gateway.then("look_up", told, told)
    shop.clock.forward(hours=1)

    shop.payments.recover()

    ended = shop.payments.get_refund(refund.id)
    assert not ended.is_open
    assert EvidenceSource.OURSELVES not in {each.source for each in ended.facts}
    assert [status] == [each.status for each in cancellations(shop)]


def test_what_nobody_can_find_out_is_left_to_a_person_who_decides() -> None:
    shop, refund = lost(Capabilities(honours_keys=False))
    shop.clock.forward(hours=25)
    shop.gateway.then("look_up", _nothing_new, _nothing_new)
    shop.payments.recover()
    (listed,) = shop.payments.needs_attention()

    decided = shop.payments.resolve(
        listed.id, decision=Decision.SUCCEEDED, actor="staff_7", reason="seen at the dashboard"
    )

    assert isinstance(decided, RefundCancellation)
    assert OperationStatus.CANCELED is shop.payments.get_refund(refund.id).status


def _nothing_new(request: Request[Any]) -> tuple[Report, ...]:
    if request.operation_id.startswith("rc_"):
        return ()
    return (Report(Pending(), our_reference=request.operation_id),)


def test_a_doubt_that_comes_after_the_end_says_nothing() -> None:
    shop, refund = pending_refund()

    def settled_meanwhile(request: Request[Any]) -> object:
        shop.clock.forward(minutes=3)
        shop.gateway.then("look_up", _canceled, _canceled)
        shop.payments.recover()
        raise TimeoutError

    shop.gateway.then("cancel_refund", settled_meanwhile)

    assert OperationStatus.CANCELED is shop.payments.cancel_refund(refund.id).status
    assert [True] == [each.succeeded for each in cancellations(shop)]


def test_an_answer_that_cannot_be_read_back_is_an_unknown_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, refund = pending_refund()
    get = shop.store.get

    def broken(kind: Any, id: str, *, tenant: str) -> Any:  # noqa: A002
        if (
            kind is Refund
            and "cancel_refund" in shop.gateway.methods
            and cancellations(shop)[0].succeeded
        ):
            raise OSError("the disk is gone")
        return get(kind, id, tenant=tenant)

    monkeypatch.setattr(shop.store, "get", broken)

    with pytest.raises(OutcomeUnknown):
        shop.payments.cancel_refund(refund.id)


# Keys


def test_a_key_is_answered_with_the_refund_as_it_was_when_the_call_had_ended() -> None:
    shop, refund = pending_refund(cancel_refund=Declined(DECLINE))

    first = shop.payments.cancel_refund(refund.id, idempotency_key="k_1")

    assert first == shop.payments.cancel_refund(refund.id, idempotency_key="k_1")
    assert ["cancel_refund"] == shop.gateway.methods
    assert first == shop.payments.result_of("k_1", command="cancel_refund")


def test_a_key_whose_call_was_lost_is_in_flight_until_it_is_found() -> None:
    shop, refund = pending_refund(cancel_refund=TimeoutError())
    shop.payments.cancel_refund(refund.id, idempotency_key="k_1")
    with pytest.raises(IdempotencyKeyInFlight):
        shop.payments.cancel_refund(refund.id, idempotency_key="k_1")
    shop.clock.forward(minutes=3)

    shop.payments.recover()

    after = shop.payments.cancel_refund(refund.id, idempotency_key="k_1")
    assert OperationStatus.CANCELED is after.status


# At the provider in memory


@pytest.mark.parametrize("behaviour", ["approve", "timeout_after", "timeout_before"])
def test_the_provider_in_memory_gives_nothing_back_that_was_called_off(behaviour: str) -> None:
    shop = bogus_shop()
    token = card(refund="pending", cancel_refund=behaviour)
    refund = shop.payments.refund(shop.taken(token).id)
    shop.payments.cancel_refund(refund.id)
    shop.clock.forward(hours=1)
    shop.payments.recover()

    assert OperationStatus.CANCELED is shop.payments.get_refund(refund.id).status
    assert eur(0) == shop.gateway.given_back("EUR")
    assert NOW < shop.clock.now
