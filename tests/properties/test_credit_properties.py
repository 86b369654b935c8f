"""Store credit is conserved, whatever is asked of it, and drawn exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paysession import Money
from paysession.gateways import (
    Credit,
    CreditHold,
    CreditMovement,
    CreditRefusal,
    InMemoryCreditLedger,
    draw_credits,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTHING = Money.zero("USD")


def usd(minor: int) -> Money:
    return Money.from_minor(minor, "USD")


def owed(minor: int, name: str = "sc_1", *, age: int = 0, used: int = 0) -> Credit:
    return Credit(
        id=name,
        customer_id="cus_1",
        amount=usd(minor),
        used=usd(used),
        created_at=NOON - timedelta(days=age),
    )


amounts = st.integers(-10, 120).map(usd) | st.just(Money("1", "EUR"))
holds = st.sampled_from(["h0", "h1", "h2", "h3"])
opening = st.sampled_from([CreditMovement.authorize, CreditMovement.purchase])
moving = st.sampled_from([CreditMovement.capture, CreditMovement.void, CreditMovement.give_back])
steps = st.tuples(opening | moving, holds, amounts, st.booleans())


def movement(
    ask: Callable[..., CreditMovement], hold: str, amount: Money, is_final: bool
) -> CreditMovement:
    if ask in (CreditMovement.authorize, CreditMovement.purchase):
        return ask("sc_1", amount=amount, key=hold, customer_id="cus_1")
    more: dict[str, Any] = {"is_final": is_final} if ask == CreditMovement.capture else {}
    return ask(hold, amount=amount, key="k", **more)


@given(st.lists(steps, max_size=30))
def test_a_credit_carries_the_sum_of_its_holds(asked: list[Any]) -> None:
    credit, held = owed(100), dict[str, CreditHold]()
    for ask, name, amount, is_final in asked:
        step = movement(ask, name, amount, is_final)
        if step.opens_hold and name in held:
            continue
        after = step.applied_to(credit, held.get(name))
        if isinstance(after, CreditRefusal):
            continue
        credit, held[name] = after
        assert credit.authorized == Money.sum((each.held for each in held.values()), currency="USD")
        assert credit.used == Money.sum((each.taken for each in held.values()), currency="USD")
        assert not credit.remaining.is_negative


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 60)), max_size=30))
def test_a_key_has_one_entry_for_ever(asked: list[tuple[str, int]]) -> None:
    ledger = InMemoryCreditLedger([owed(100)])
    first: dict[str, object] = {}
    for key, minor in asked:
        step = CreditMovement.authorize("sc_1", amount=usd(minor), key=key, customer_id="cus_1")
        entry = ledger.move(step)
        assert first.setdefault(key, ledger.entry(key)) == ledger.entry(key)
        assert entry == ledger.entry(key) or entry.refusal is CreditRefusal.KEY_REUSED
    credit = ledger.credit("sc_1")
    assert credit is not None
    entries = {key: ledger.entry(key) for key, _ in asked}
    kept = [each for each in entries.values() if each is not None and each.refusal is None]
    assert credit.authorized == Money.sum((each.movement.amount for each in kept), currency="USD")


@given(
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 5), st.integers(0, 80)), max_size=6),
    st.integers(-10, 300),
)
def test_draws_are_the_amount_or_all_that_remains(
    parts: list[tuple[int, int, int]], due: int
) -> None:
    credits_ = [
        owed(minor, f"sc_{number}", age=age, used=used)
        for number, (minor, age, used) in enumerate(parts)
    ]
    draws = draw_credits(credits_, amount=usd(due))
    there_is = sum(max(each.remaining.minor, 0) for each in credits_)
    assert max(min(due, there_is), 0) == sum(draw.amount.minor for draw in draws)
    assert all(NOTHING < draw.amount <= draw.credit.remaining for draw in draws)
    assert len(draws) == len({draw.credit.id for draw in draws})
    ages = [draw.credit.created_at for draw in draws]
    assert sorted(ages) == ages
