"""Recovery in one call, and many of them at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flow_builders import (
    NOW,
    Clock,
    ScriptedGateway,
    Shop,
    card,
    eur,
    order,
    scripted_shop,
    seen,
    stored,
    unknown_capture,
)

from paysession import CapturePolicy, PaymentMethod
from paysession._domain.decisions import Decision
from paysession._domain.parked import ParkedReport
from paysession.errors import GatewayUnreachable
from paysession.gateways import BogusGateway, Capabilities
from paysession.gateways.requests import Request
from paysession.outcomes import Captured, Pending, References, Refunded, Report, Retaken

THREADS = 10
OPERATIONS = 12
HELD = PaymentMethod(id="pm_2", name="Card", gateway="bogus", capture=CapturePolicy.MANUAL)


def many_unknown_captures() -> Shop[BogusGateway]:
    """Captures whose calls timed out, before or after they took effect; no lease holds."""
    clock = Clock()
    shop = Shop(BogusGateway(clock=clock), clock=clock)
    for number in range(OPERATIONS):
        behaviour = "timeout_before" if number % 2 else "timeout_after"
        session = shop.payments.create_session(
            order(order_id=f"or_{number}"), method=HELD, source=card(capture=behaviour)
        )
        session = shop.payments.complete_session(session.id)
        shop.payments.capture(str(session.payment_id))
    shop.clock.forward(minutes=3)
    return shop


def at_once(act: Callable[[], object]) -> list[BaseException]:
    """Do the same in many threads that start together; return what they failed by."""
    start, failed = Barrier(THREADS), []

    def run() -> None:
        start.wait()
        try:
            act()
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_ten_recoveries_at_once_bring_each_operation_to_its_end_once() -> None:
    shop = many_unknown_captures()

    assert [] == at_once(shop.payments.recover)

    assert eur(100 * OPERATIONS) == shop.gateway.taken("EUR")
    for number in range(OPERATIONS):
        assert eur(100) == shop.payments.balance(f"or_{number}").paid
    look_ups = [each.operation_id for each in shop.gateway.calls if each.method == "look_up"]
    assert sorted(set(look_ups)) == sorted(look_ups)


def test_ten_people_at_once_decide_once() -> None:
    shop, payment, capture = unknown_capture(Capabilities(honours_keys=False))
    shop.clock.forward(hours=25)
    shop.payments.recover()

    def decide() -> object:
        return shop.payments.resolve(
            capture.id, decision=Decision.SUCCEEDED, actor="staff_7", reason="seen there"
        )

    assert [] == at_once(decide)

    assert stored(shop, capture).succeeded
    told = [type(each.event).__name__ for each in shop.store.unpublished(limit=999, tenant="")]
    assert 1 == told.count("OperationResolved")
    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured


# One call


class Notifying(ScriptedGateway):
    """Reports what a test put there, whatever the notification says."""

    reports: tuple[Report, ...] = ()

    def read_notification(self, notification: object) -> tuple[Report, ...]:
        return self.reports


def parked_shop(*reports: Report) -> Shop[Notifying]:
    shop = Shop(Notifying())
    shop.gateway.reports = reports
    shop.payments.receive_notification("bogus", body=b"", headers={})
    return shop


def test_a_report_whose_record_has_appeared_is_applied_by_recovery() -> None:
    shop = parked_shop(Report(Captured(eur(100)), our_reference="at_3"))
    session = shop.opened()
    shop.gateway.then("complete_session", TimeoutError())
    session = shop.payments.complete_session(session.id)
    assert "at_3" == session.attempt_id
    shop.clock.forward(minutes=3)

    shop.payments.recover()

    assert shop.payments.get_session(session.id).succeeded
    assert "look_up" not in shop.gateway.methods


def test_a_report_that_breaks_keeps_no_operation_from_being_recovered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = parked_shop(Report(Captured(eur(100)), our_reference="at_99"))
    payment = shop.held()
    shop.gateway.then("capture", TimeoutError())
    capture = shop.payments.capture(payment.id)
    shop.clock.forward(minutes=3)
    get = shop.store.get

    def broken(kind: Any, id: str, *, tenant: str) -> Any:  # noqa: A002
        if kind is ParkedReport:
            raise OSError("the record is damaged")
        return get(kind, id, tenant=tenant)

    monkeypatch.setattr(shop.store, "get", broken)

    with pytest.raises(OSError, match="damaged"):
        shop.payments.recover()

    monkeypatch.undo()
    assert shop.payments.get_capture(capture.id).succeeded


# Everything that a look-up tells


def test_a_look_up_settles_what_it_tells_of_other_operations() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False))
    payment = shop.held()
    captures: list[Any] = []
    for amount in (40, 60):
        shop.gateway.then("capture", TimeoutError())
        captures.append(shop.payments.capture(payment.id, amount=eur(amount), **despite(captures)))
        shop.clock.forward(minutes=3)
    shop.clock.now = NOW
    shop.clock.forward(minutes=30)

    def tells_of_both(_: Request[Any]) -> tuple[Report, ...]:
        return tuple(
            Report(Captured(each.amount, references=ids(each)), our_reference=each.id)
            for each in captures
        )

    shop.gateway.answers["look_up"] = [tells_of_both]

    shop.payments.recover()

    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured


def despite(captures: list[Any]) -> dict[str, Any]:
    return {"despite_unresolved": captures[0].id} if captures else {}


def ids(capture: Any) -> References:
    return References.of(capture=f"ch_{capture.id}")


def test_a_refund_at_the_provider_s_dashboard_is_found_by_the_look_up_of_its_attempt() -> None:
    shop = scripted_shop(Capabilities(recheck_schedule=(timedelta(days=1),)))
    session = shop.completed()
    attempt = shop.attempt(session)
    shop.clock.forward(hours=24)
    made = Refunded(eur(30), references=References.of(refund="rf_dashboard"))
    shop.gateway.answers["look_up"] = [
        lambda _: (
            Report(Captured(eur(100)), our_reference=attempt.id),
            Report(made, our_reference=attempt.id),
        )
    ] * 3

    shop.payments.recover()
    shop.payments.recover()

    payment = shop.payment_of(shop.payments.get_session(session.id))
    assert eur(30) == payment.balances.refunded
    assert eur(100) == payment.balances.captured


def test_what_a_look_up_names_by_the_provider_s_id_alone_is_settled() -> None:
    shop = scripted_shop(capture=Pending(references=References.of(capture="ch_1")))
    capture = shop.payments.capture(shop.held().id)
    shop.clock.forward(hours=1)
    nameless = Report(Captured(eur(100)), references=References.of(capture="ch_1"))
    shop.gateway.then("look_up", (nameless,))

    (recovered,) = shop.payments.recover()

    assert capture.id == recovered.id
    assert recovered.succeeded


@pytest.mark.parametrize("answer", [TimeoutError(), GatewayUnreachable("429 Too Many Requests")])
def test_a_provider_that_does_not_answer_is_asked_less_and_less_often(answer: Exception) -> None:
    shop, _, capture = unknown_capture()
    waits = []
    for _ in range(6):
        shop.gateway.answers["look_up"] = [answer]
        shop.payments.recover()
        due = stored(shop, capture).due_at
        assert due is not None
        waits.append(due - shop.clock.now)
        shop.clock.now = due

    assert sorted(waits) == waits
    assert waits[0] < waits[-1]
    assert {"look_up"} == set(shop.gateway.methods)


# Leases


def test_a_call_is_not_made_when_the_look_up_took_longer_than_the_lease() -> None:
    shop, _, capture = unknown_capture()

    def slowly(_: Request[Any]) -> tuple[Report, ...]:
        shop.clock.forward(minutes=30)
        return ()

    shop.gateway.then("look_up", slowly)

    shop.payments.recover()

    assert ["look_up"] == shop.gateway.methods
    assert stored(shop, capture).is_open


def test_what_somebody_else_took_up_during_a_slow_look_up_is_left_to_them() -> None:
    shop, _, _ = unknown_capture()

    def overtaken(_: Request[Any]) -> tuple[Report, ...]:
        shop.clock.forward(minutes=30)
        shop.gateway.then("look_up", ())
        shop.gateway.then("capture", TimeoutError())
        shop.payments.recover()
        return ()

    shop.gateway.then("look_up", overtaken)

    shop.payments.recover()

    assert ["look_up", "look_up", "capture"] == shop.gateway.methods


def test_a_retaken_capture_is_news_like_any_other() -> None:
    shop, payment, _ = unknown_capture(Capabilities(honours_keys=False))
    shop.gateway.then("look_up", seen(Retaken(eur(100))))

    shop.payments.recover()

    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured
