"""What waits is looked at again, by a machine or by a person, however long it takes."""

from __future__ import annotations

from datetime import timedelta

from books import all_of, check_closed
from shop import CARD, ORDER, START, Do, Process, Shop, recover
from telling import source, usd

from paysession import Capture, CapturePolicy, PaymentSession, Void
from paysession.errors import OperationUnresolved
from paysession.lifecycles import SessionStatus


def begun(process: Process, *, hours: int | None = None, **script: str) -> PaymentSession:
    answer = process.act(
        Do(
            "create_session",
            (ORDER,),
            {
                "method": CARD,
                "source": source(script),
                "capture": CapturePolicy.MANUAL,
                "expires_at": None if hours is None else START + timedelta(hours=hours),
            },
        )
    )
    assert isinstance(answer, PaymentSession)
    return answer


def completed(process: Process, session: PaymentSession) -> PaymentSession:
    answer = process.act(Do("complete_session", (session.id,)))
    assert isinstance(answer, PaymentSession)
    return answer


def test_a_session_that_was_opened_late_expires_like_any_other() -> None:
    shop = Shop()
    process = Process(shop)
    session = begun(process, hours=1, create="pending")
    shop.bogus.let_pending_succeed()
    shop.now += timedelta(minutes=10)
    process.act(Do("recover"))
    assert SessionStatus.PENDING is shop.sessions[0].status
    shop.now += timedelta(hours=1)
    process.act(Do("expire_sessions"))
    assert [(session.id, SessionStatus.EXPIRED)] == [
        (each.id, each.status) for each in shop.sessions
    ]


def test_money_that_could_not_be_released_by_itself_waits_for_a_person() -> None:
    shop = Shop()
    process = Process(shop)
    session = begun(process, complete="partial", void="decline:insufficient_funds")
    session = completed(process, session)
    recover(shop)
    (release,) = all_of(shop, Void)
    assert release.failure is not None
    assert usd("55.00") == shop.bogus.held("USD")
    assert 1 == len(shop.books.attention(limit=10, tenant=""))


def test_a_final_capture_waits_for_the_one_before() -> None:
    shop = Shop()
    process = Process(shop)
    session = completed(process, begun(process, capture="pending"))
    process.act(Do("capture", (session.payment_id,), {"amount": usd("60.00")}))
    shop.bogus.provider._books.sale(session.external_id).token = None
    final = process.act(Do("capture", (session.payment_id,), {"is_final": True}))
    assert isinstance(final, Capture | OperationUnresolved)
    shop.bogus.let_pending_succeed()
    recover(shop)
    check_closed(shop)


def test_a_customer_who_paid_at_the_provider_is_found_though_nobody_tells() -> None:
    shop = Shop()
    process = Process(shop)
    completed(process, begun(process, complete="require_action"))
    shop.bogus.let_pending_succeed()
    for _ in range(20):
        shop.now += timedelta(hours=12)
        process.act(Do("recover"))
    assert usd("110.00") == shop.bogus.held("USD")
    assert SessionStatus.COMPLETED is shop.sessions[0].status
