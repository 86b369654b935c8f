"""The embedded store, and what one commit is made of."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from paysession._domain.attempts import Attempt
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms
from paysession._domain.operations import Lease
from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._money import Money
from paysession.errors import AlreadyExists, StaleVersion
from paysession.outcomes import References, Unknown
from paysession.stores import AsyncInMemoryStore, Changes, Claim, InMemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLAIM = Claim(namespace="keys", text="key", kind="payment_session", id="ps_1")


def minutes(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


def account_of(name: str = "order", *, tenant: str = "") -> PayableAccount:
    payable = Payable(name, total=Money("100.00", "EUR"))
    return PayableAccount.opened(payable, tenant=tenant, at=NOW)


def restated(account: PayableAccount, total: str = "120.00") -> PayableAccount:
    return account.restated(Payable(account.id, total=Money(total, "EUR")), at=minutes(1))


def session_of(
    name: str = "1", *, at: datetime = NOW, expires_at: datetime | None = None
) -> tuple[PaymentSession, Attempt]:
    return PaymentSession.opened(
        f"ps_{name}",
        tenant="",
        method=PaymentMethod(id="pm_1", name="Card", gateway="bogus"),
        amount=Money("100.00", "EUR"),
        terms=Terms(payable_id="order", payable_reference="R1", expires_at=expires_at),
        source=None,
        attempt_id=f"at_{name}",
        external_data=None,
        lease=Lease(at=at, until=minutes(30), deadline=minutes(60)),
    )


def changes_of(*entities: PayableAccount | PaymentSession | Attempt) -> Changes:
    return Changes.of(entities, tenant="")


def test_what_was_committed_is_returned_at_its_next_version() -> None:
    store = InMemoryStore()
    store.commit(changes_of(account_of()))
    found = store.get(PayableAccount, "order", tenant="")
    assert found is not None
    assert account_of().committed() == found
    assert (1, ()) == (found.version, found.news)
    assert store.get(PayableAccount, "order", tenant="other") is None


def test_a_stale_version_is_refused_and_nothing_is_written() -> None:
    store = InMemoryStore()
    store.commit(changes_of(account_of()))
    loaded = store.entities()[0]
    assert isinstance(loaded, PayableAccount)
    store.commit(changes_of(restated(loaded)))
    before = store.entities(), store.unpublished(limit=9, tenant="")
    with pytest.raises(StaleVersion, match="no longer at version 1"):
        store.commit(changes_of(restated(loaded, "130.00")))
    assert before == (store.entities(), store.unpublished(limit=9, tenant=""))


def test_what_exists_is_not_created_again() -> None:
    store = InMemoryStore()
    store.commit(changes_of(account_of()))
    with pytest.raises(AlreadyExists, match="payable_account 'order' exists already"):
        store.commit(changes_of(account_of()))
    assert 1 == len(store.unpublished(limit=9, tenant=""))


def test_a_claim_is_taken_once_and_free_when_released() -> None:
    store = InMemoryStore()
    store.commit(Changes(tenant="", entities=(), claims=(CLAIM,)))
    rival = attrs.evolve(CLAIM, id="ps_2")
    with pytest.raises(AlreadyExists, match="keys 'key'"):
        store.commit(Changes(tenant="", entities=(), claims=(rival,)))
    assert CLAIM == store.claimed("keys", "key", tenant="")
    store.commit(Changes(tenant="", entities=(), released=(CLAIM, CLAIM)))
    assert store.claimed("keys", "key", tenant="") is None


def test_an_index_follows_its_value_and_is_sorted_by_age() -> None:
    store = InMemoryStore()
    younger, late = session_of("young", at=minutes(2))
    older, early = session_of("old", at=minutes(1))
    store.commit(changes_of(younger, late))
    store.commit(changes_of(older, early))
    found = store.find(PaymentSession, by="payable_id", value="order", tenant="")
    assert ["ps_old", "ps_young"] == [one.id for one in found]
    known = attrs.evolve(found[0], references=References.of(session="cs_1"))
    renamed, doubted = known.doubt(early.committed(), Unknown("timeout"), at=minutes(3))
    store.commit(changes_of(renamed, doubted))
    assert () == store.find(PaymentSession, by="external_id", value="ps_old", tenant="")
    assert (renamed.committed(),) == store.find(
        PaymentSession, by="external_id", value="cs_1", tenant=""
    )


def test_what_has_no_value_is_in_no_index() -> None:
    store = InMemoryStore()
    money = Money("100.00", "EUR")
    payment = Payment.begun(
        "py_1",
        tenant="",
        gateway="bogus",
        payable_id="order",
        payable_reference="R1",
        method=PaymentMethod(id="pm_1", name="Card", gateway="bogus"),
        source=None,
        session_id=None,
        attempt_id=None,
        amount=money,
        customer_id=None,
        capture_policy=CapturePolicy.AUTOMATIC,
        metadata=Metadata(),
        at=NOW,
    )
    store.commit(Changes.of([payment], tenant=""))
    written = payment.committed()
    assert (written,) == store.find(Payment, by="payable_id", value="order", tenant="")
    assert () == store.find(Payment, by="session_id", value="None", tenant="")


def test_an_unknown_index_is_an_error_of_the_caller() -> None:
    with pytest.raises(TypeError, match="payment_session is not indexed by amount"):
        InMemoryStore().find(PaymentSession, by="amount", value="1", tenant="")


def test_what_is_due_is_limited_to_kinds_and_number() -> None:
    store = InMemoryStore()
    for number in (3, 1, 2):
        store.commit(changes_of(*session_of(str(number), expires_at=minutes(number))))
    store.commit(changes_of(*session_of("never")))

    def due(before: int, limit: int) -> list[str]:
        found = store.due(minutes(before), kinds=(PaymentSession,), limit=limit, tenant="")
        return [one.id for one in found]

    assert ["ps_1", "ps_2"] == due(2, 9)
    assert ["ps_1"] == due(2, 1)
    assert ["ps_1", "ps_2", "ps_3"] == due(50, 9)
    assert () == store.due(minutes(50), kinds=(PaymentSession,), limit=9, tenant="other")


def test_what_needs_attention_is_shown_while_it_does() -> None:
    store = InMemoryStore()
    session, attempt = session_of()
    session, attempt = session.hand_over(attempt, "nobody knows", at=minutes(1))
    store.commit(changes_of(session, attempt))
    assert (attempt.committed(),) == store.attention(limit=9, tenant="")
    assert () == store.attention(limit=9, tenant="other")
    resolved = attrs.evolve(attempt.committed(), waits_for_person=None, changed=True)
    session, _ = session.committed().doubt(resolved, Unknown("resolved"), at=minutes(2))
    store.commit(changes_of(session, resolved))
    assert () == store.attention(limit=9, tenant="")


def test_events_wait_until_they_are_marked() -> None:
    store = InMemoryStore()
    session, attempt = session_of()
    store.commit(changes_of(session, attempt))
    events = store.unpublished(limit=9, tenant="")
    assert ["payment_session:ps_1:1:0", "payment_session:ps_1:1:1"] == [
        event.id for event in events
    ]
    assert list(session.news) == [event.event for event in events]
    store.mark_published(events[:1], tenant="")
    store.mark_published(events[:1], tenant="")
    assert events[1:] == store.unpublished(limit=9, tenant="")


def test_a_commit_of_nothing_new_is_empty() -> None:
    account = account_of()
    assert changes_of(account)
    assert not changes_of(account.committed())
    assert Changes(tenant="", entities=(), claims=(CLAIM,))


def test_an_attempt_is_not_written_without_the_news_of_its_session() -> None:
    session, attempt = session_of()
    with pytest.raises(AssertionError, match="at_1"):
        changes_of(session.committed(), attempt)


def test_the_asynchronous_store_is_the_same_store() -> None:
    async def story() -> None:
        shared = InMemoryStore()
        store = AsyncInMemoryStore(shared)
        session, attempt = session_of(expires_at=minutes(1))
        session, attempt = session.hand_over(attempt, "nobody knows", at=minutes(1))
        changes = Changes.of((session, attempt), tenant="", claims=[CLAIM])
        await store.commit(changes)
        written = session.committed()
        assert written == await store.get(PaymentSession, "ps_1", tenant="")
        assert (written,) == await store.find(
            PaymentSession, by="payable_id", value="order", tenant=""
        )
        assert CLAIM == await store.claimed("keys", "key", tenant="")
        assert (written,) == await store.due(
            minutes(1), kinds=(PaymentSession,), limit=9, tenant=""
        )
        assert (attempt.committed(),) == await store.attention(limit=9, tenant="")
        assert changes.events == await store.unpublished(limit=9, tenant="")
        await store.mark_published(changes.events, tenant="")
        assert () == shared.unpublished(limit=9, tenant="")

    asyncio.run(story())
    assert () == AsyncInMemoryStore().store.entities()
