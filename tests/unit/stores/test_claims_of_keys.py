"""What a claim of an idempotency key carries, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from paysession import Money, Payable, PayableAccount
from paysession.errors import StaleVersion
from paysession.stores import Changes, Claim, InMemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
PAYABLE = Payable("or_1", total=Money(100, "EUR"), customer_id="cu_jane")
ACCOUNT = PayableAccount.opened(PAYABLE, tenant="", at=NOW).committed()
OPEN = Claim(namespace="keys", text="digest", kind="capture", id="ca_1", fingerprint="f")
ANSWERED = attrs.evolve(OPEN, version=2, answer=ACCOUNT, settled_at=NOW)


def written(store: InMemoryStore, *claims: Claim, released: tuple[Claim, ...] = ()) -> Claim | None:
    store.commit(Changes(tenant="", entities=(), claims=claims, released=released))
    return store.claimed("keys", "digest", tenant="")


def test_an_answer_comes_back_as_it_was_written() -> None:
    store = InMemoryStore()

    assert OPEN == written(store, OPEN)
    assert ANSWERED == written(store, ANSWERED)


def test_a_claim_is_answered_once() -> None:
    store = InMemoryStore()
    written(store, OPEN)
    written(store, ANSWERED)

    with pytest.raises(StaleVersion):
        written(store, attrs.evolve(ANSWERED, answer=None))

    assert ANSWERED == store.claimed("keys", "digest", tenant="")


def test_a_claim_that_was_given_up_may_be_made_again() -> None:
    store = InMemoryStore()
    written(store, OPEN)

    assert written(store, released=(OPEN,)) is None
    assert OPEN == written(store, OPEN)


def test_a_claim_is_over_a_day_after_it_was_settled() -> None:
    assert not OPEN.is_over(NOW + 1000 * DAY)
    assert not ANSWERED.is_over(NOW + DAY - timedelta(microseconds=1))
    assert ANSWERED.is_over(NOW + DAY)


def test_a_claim_does_not_show_its_answer() -> None:
    assert "or_1" not in repr(ANSWERED)
