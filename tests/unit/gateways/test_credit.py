"""Credit that a store owes: how it is used up, what is refused, and what a ledger remembers."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from paysession._money import Money
from paysession.errors import CurrencyMismatch, InvalidAmount, LimitExceeded, UnsafeInput
from paysession.gateways import (
    AsyncInMemoryCreditLedger,
    Credit,
    CreditDraw,
    CreditEntry,
    CreditMovement,
    CreditMovementKind,
    CreditRefusal,
    InMemoryCreditLedger,
    draw_credits,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def granted(
    credit_id: str = "sc_1", amount: Money | None = None, *, days: int = 0, **parts: Any
) -> Credit:
    return Credit(
        id=credit_id,
        customer_id="cus_1",
        amount=usd("100.00") if amount is None else amount,
        created_at=NOON + timedelta(days=days),
        **parts,
    )


@pytest.fixture
def ledger() -> InMemoryCreditLedger:
    return InMemoryCreditLedger([granted()])


def held(ledger: InMemoryCreditLedger, amount: str = "10.00") -> str:
    return ledger.move(
        CreditMovement.authorize("sc_1", amount=usd(amount), key="hold", customer_id="cus_1")
    ).id


def stands(ledger: InMemoryCreditLedger) -> tuple[Money, Money]:
    """What is used and what is held of the only credit."""
    credit = ledger.credit("sc_1")
    assert credit is not None
    return credit.used, credit.authorized


# A credit


def test_what_remains_is_neither_used_nor_held() -> None:
    credit = granted(used=usd("10"), authorized=usd("15"))
    assert usd("75.00") == credit.remaining


def test_a_new_credit_is_whole() -> None:
    assert usd("100.00") == granted().remaining


@pytest.mark.parametrize("part", ["used", "authorized"])
def test_no_part_of_a_credit_is_below_zero(part: str) -> None:
    with pytest.raises(InvalidAmount, match="no part of a credit is below zero"):
        granted(**dict[str, Any]({part: usd("-0.01")}))


@pytest.mark.parametrize("part", ["used", "authorized"])
def test_a_credit_has_one_currency(part: str) -> None:
    with pytest.raises(CurrencyMismatch):
        granted(**dict[str, Any]({part: Money("1.00", "EUR")}))


def test_a_credit_is_refused_that_could_not_be_stored() -> None:
    with pytest.raises(UnsafeInput):
        granted("")
    with pytest.raises(UnsafeInput):
        attrs.evolve(granted(), created_at=datetime(2026, 11, 20))  # noqa: DTZ001
    with pytest.raises(TypeError):
        granted(used=100)


# Holding


def test_all_of_a_credit_can_be_held(ledger: InMemoryCreditLedger) -> None:
    entry = ledger.move(
        CreditMovement.authorize("sc_1", amount=usd("100.00"), key="a", customer_id="cus_1")
    )
    assert entry.refusal is None
    assert (usd("0"), usd("100.00")) == stands(ledger)


@pytest.mark.parametrize(
    ("movement", "refusal"),
    [
        (
            CreditMovement.authorize("sc_1", amount=usd("200"), key="a", customer_id="cus_1"),
            "insufficient_credit",
        ),
        (
            CreditMovement.purchase("sc_1", amount=usd("100.01"), key="a", customer_id="cus_1"),
            "insufficient_credit",
        ),
        (
            CreditMovement.authorize("sc_1", amount=Money(1, "EUR"), key="a", customer_id="cus_1"),
            "other_currency",
        ),
        (
            CreditMovement.authorize("sc_0", amount=usd("1"), key="a", customer_id="cus_1"),
            "unknown_credit",
        ),
        (
            CreditMovement.authorize("sc_1", amount=usd("1"), key="a", customer_id="cus_2"),
            "unknown_credit",
        ),
        (
            CreditMovement.authorize("sc_1", amount=usd("1"), key="a", customer_id=None),
            "unknown_credit",
        ),
        (
            CreditMovement.purchase("sc_1", amount=usd("1"), key="a", customer_id=None),
            "unknown_credit",
        ),
        (
            CreditMovement.authorize(
                "sc_1", amount=usd("1"), key="a", customer_id="cus_1", tenant="acme"
            ),
            "unknown_credit",
        ),
        (
            CreditMovement.authorize("sc_1", amount=usd("0"), key="a", customer_id="cus_1"),
            "not_above_zero",
        ),
        (
            CreditMovement.purchase("sc_1", amount=usd("-1"), key="a", customer_id="cus_1"),
            "not_above_zero",
        ),
    ],
)
def test_what_cannot_be_held_is_refused_and_recorded(
    ledger: InMemoryCreditLedger, movement: CreditMovement, refusal: str
) -> None:
    entry = ledger.move(movement)
    assert CreditRefusal(refusal) is entry.refusal
    assert entry == ledger.entry("a")
    assert (usd("0"), usd("0")) == stands(ledger)


def test_the_customer_whose_credit_it_is_may_use_it(ledger: InMemoryCreditLedger) -> None:
    movement = CreditMovement.authorize("sc_1", amount=usd("1"), key="a", customer_id="cus_1")
    assert ledger.move(movement).refusal is None


def test_what_was_held_cannot_be_held_again(ledger: InMemoryCreditLedger) -> None:
    held(ledger, "60.00")
    entry = ledger.move(
        CreditMovement.authorize("sc_1", amount=usd("40.01"), key="b", customer_id="cus_1")
    )
    assert CreditRefusal.INSUFFICIENT_CREDIT is entry.refusal
    assert (usd("0"), usd("60.00")) == stands(ledger)


def test_a_purchase_holds_and_takes_in_one(ledger: InMemoryCreditLedger) -> None:
    ledger.move(CreditMovement.purchase("sc_1", amount=usd("30"), key="a", customer_id="cus_1"))
    assert (usd("30"), usd("0")) == stands(ledger)


# What becomes of a hold


def test_some_of_what_is_held_is_taken(ledger: InMemoryCreditLedger) -> None:
    ledger.move(CreditMovement.capture(held(ledger), amount=usd("9"), key="c"))
    assert (usd("9"), usd("1")) == stands(ledger)


def test_a_final_capture_releases_what_it_leaves(ledger: InMemoryCreditLedger) -> None:
    capture = CreditMovement.capture(held(ledger), amount=usd("9"), key="c", is_final=True)
    ledger.move(capture)
    assert (usd("9"), usd("0")) == stands(ledger)


def test_some_of_what_is_held_is_released(ledger: InMemoryCreditLedger) -> None:
    hold = held(ledger)
    ledger.move(CreditMovement.void(hold, amount=usd("4"), key="v"))
    assert (usd("0"), usd("6")) == stands(ledger)
    ledger.move(CreditMovement.void(hold, amount=usd("6"), key="w"))
    assert (usd("0"), usd("0")) == stands(ledger)


def test_what_was_taken_is_given_back_and_can_be_used_again(ledger: InMemoryCreditLedger) -> None:
    hold = ledger.move(
        CreditMovement.purchase("sc_1", amount=usd("100"), key="a", customer_id="cus_1")
    ).id
    ledger.move(CreditMovement.give_back(hold, amount=usd("30"), key="g"))
    assert (usd("70"), usd("0")) == stands(ledger)
    again = ledger.move(
        CreditMovement.authorize("sc_1", amount=usd("30"), key="b", customer_id="cus_1")
    )
    assert again.refusal is None


@pytest.mark.parametrize(
    ("ask", "amount", "refusal"),
    [
        (CreditMovement.capture, usd("20"), CreditRefusal.MORE_THAN_HELD),
        (CreditMovement.capture, Money("5", "EUR"), CreditRefusal.OTHER_CURRENCY),
        (CreditMovement.capture, usd("0"), CreditRefusal.NOT_ABOVE_ZERO),
        (CreditMovement.void, usd("10.01"), CreditRefusal.MORE_THAN_HELD),
        (CreditMovement.give_back, usd("0.01"), CreditRefusal.MORE_THAN_TAKEN),
    ],
)
def test_no_more_is_moved_than_there_is(
    ledger: InMemoryCreditLedger, ask: type, amount: Money, refusal: CreditRefusal
) -> None:
    entry = ledger.move(ask(held(ledger), amount=amount, key="x"))
    assert refusal is entry.refusal
    assert (usd("0"), usd("10")) == stands(ledger)


def test_what_was_released_is_released_once(ledger: InMemoryCreditLedger) -> None:
    hold = held(ledger)
    for key in ("v", "w"):
        entry = ledger.move(CreditMovement.void(hold, amount=usd("10"), key=key))
        assert entry.refusal is None
    assert (usd("0"), usd("0")) == stands(ledger)


def test_what_was_captured_is_not_released(ledger: InMemoryCreditLedger) -> None:
    hold = held(ledger)
    ledger.move(CreditMovement.capture(hold, amount=usd("10"), key="c"))
    entry = ledger.move(CreditMovement.void(hold, amount=usd("10"), key="v"))
    assert CreditRefusal.MORE_THAN_HELD is entry.refusal
    assert (usd("10"), usd("0")) == stands(ledger)


def test_what_a_final_capture_has_let_go_is_released_already(ledger: InMemoryCreditLedger) -> None:
    hold = held(ledger)
    ledger.move(CreditMovement.capture(hold, amount=usd("4"), key="c", is_final=True))
    entry = ledger.move(CreditMovement.void(hold, amount=usd("6"), key="v"))
    more = ledger.move(CreditMovement.void(hold, amount=usd("7"), key="w"))
    assert (None, CreditRefusal.MORE_THAN_HELD) == (entry.refusal, more.refusal)
    assert (usd("4"), usd("0")) == stands(ledger)


def test_what_was_taken_and_given_back_is_not_released(ledger: InMemoryCreditLedger) -> None:
    hold = held(ledger)
    ledger.move(CreditMovement.capture(hold, amount=usd("10"), key="c"))
    ledger.move(CreditMovement.give_back(hold, amount=usd("10"), key="g"))
    entry = ledger.move(CreditMovement.void(hold, amount=usd("10"), key="v"))
    assert CreditRefusal.MORE_THAN_HELD is entry.refusal
    assert (usd("0"), usd("0")) == stands(ledger)


@pytest.mark.parametrize(
    "ask", [CreditMovement.capture, CreditMovement.void, CreditMovement.give_back]
)
@pytest.mark.parametrize("on", ["", "sce_0", "sc_1"])
def test_a_hold_that_nobody_made_is_refused(
    ledger: InMemoryCreditLedger, ask: type, on: str
) -> None:
    entry = ledger.move(ask(on, amount=usd("1"), key="x"))
    assert CreditRefusal.UNKNOWN_HOLD is entry.refusal
    assert (usd("0"), usd("0")) == stands(ledger)


def test_what_is_held_of_one_credit_is_not_anothers(ledger: InMemoryCreditLedger) -> None:
    ledger.grant(granted("sc_2"))
    hold = ledger.move(
        CreditMovement.authorize("sc_2", amount=usd("5"), key="a", customer_id="cus_1")
    ).id
    ledger.move(CreditMovement.capture(hold, amount=usd("5"), key="c"))
    assert (usd("0"), usd("0")) == stands(ledger)


# Tenants


ACME = CreditMovement.authorize(
    "sc_acme", amount=usd("10"), key="a", customer_id="cus_1", tenant="acme"
)


def test_a_tenant_s_payments_use_its_own_credit(ledger: InMemoryCreditLedger) -> None:
    ledger.grant(granted("sc_acme", tenant="acme"))
    hold = ledger.move(ACME).id
    ledger.move(CreditMovement.capture(hold, amount=usd("9"), key="c", tenant="acme"))
    ledger.move(CreditMovement.void(hold, amount=usd("1"), key="v", tenant="acme"))
    ledger.move(CreditMovement.give_back(hold, amount=usd("4"), key="g", tenant="acme"))
    credit = ledger.credit("sc_acme")
    assert credit is not None
    assert (usd("5"), usd("0")) == (credit.used, credit.authorized)
    assert (usd("0"), usd("0")) == stands(ledger)


@pytest.mark.parametrize(
    "ask", [CreditMovement.capture, CreditMovement.void, CreditMovement.give_back]
)
def test_what_one_tenant_holds_another_does_not_move(
    ledger: InMemoryCreditLedger, ask: type
) -> None:
    ledger.grant(granted("sc_acme", tenant="acme"))
    hold = ledger.move(ACME).id
    before = ledger.credit("sc_acme")
    entry = ledger.move(ask(hold, amount=usd("1"), key="x"))
    assert CreditRefusal.UNKNOWN_CREDIT is entry.refusal
    assert before == ledger.credit("sc_acme")


def test_a_tenant_is_text_that_can_be_stored() -> None:
    with pytest.raises(UnsafeInput):
        granted(tenant="a\0b")
    with pytest.raises(UnsafeInput):
        attrs.evolve(ACME, tenant="a\0b")


# Keys


def test_a_repeat_has_one_effect_and_answers_as_the_first_time(
    ledger: InMemoryCreditLedger,
) -> None:
    movement = CreditMovement.capture(held(ledger), amount=usd("4"), key="c")
    first = ledger.move(movement)
    assert first == ledger.move(movement) == ledger.entry("c")
    assert (usd("4"), usd("6")) == stands(ledger)


def test_a_new_hold_has_the_id_of_its_entry(ledger: InMemoryCreditLedger) -> None:
    hold = CreditMovement.authorize("sc_1", amount=usd("10"), key="a", customer_id="cus_1")
    capture = CreditMovement.capture(ledger.move(hold).id, amount=usd("4"), key="c")
    assert ledger.move(capture).refusal is None


def test_a_repeat_of_what_was_refused_is_refused_though_it_would_fit_by_now(
    ledger: InMemoryCreditLedger,
) -> None:
    hold = held(ledger, "100")
    movement = CreditMovement.authorize("sc_1", amount=usd("1"), key="a", customer_id="cus_1")
    refused = ledger.move(movement)
    ledger.move(CreditMovement.void(hold, amount=usd("100"), key="v"))
    assert refused == ledger.move(movement)
    assert CreditRefusal.INSUFFICIENT_CREDIT is refused.refusal


def test_a_key_means_one_movement(ledger: InMemoryCreditLedger) -> None:
    hold = held(ledger)
    first = ledger.move(CreditMovement.capture(hold, amount=usd("4"), key="c"))
    for other in (
        CreditMovement.capture(hold, amount=usd("5"), key="c"),
        CreditMovement.capture(hold, amount=usd("4"), key="c", is_final=True),
        CreditMovement.void(hold, amount=usd("4"), key="c"),
    ):
        assert CreditRefusal.KEY_REUSED is ledger.move(other).refusal
    assert first == ledger.entry("c")
    assert (usd("4"), usd("6")) == stands(ledger)


def test_nothing_is_recorded_under_a_key_that_was_never_used(
    ledger: InMemoryCreditLedger,
) -> None:
    assert ledger.entry("c") is None


def test_a_movement_is_refused_that_could_not_be_stored() -> None:
    with pytest.raises(UnsafeInput):
        CreditMovement.void("h", amount=usd("1"), key="")
    with pytest.raises(LimitExceeded):
        CreditMovement.void("h", amount=usd("1"), key="k" * 256)
    with pytest.raises(UnsafeInput):
        CreditMovement(kind="lend", on="sc_1", amount=usd("1"), key="k")


# The ledger in memory


def test_a_customer_has_the_credits_that_were_granted(ledger: InMemoryCreditLedger) -> None:
    ledger.grant(granted("sc_2"))
    ledger.grant(attrs.evolve(granted("sc_3"), customer_id="cus_2"))
    assert ["sc_1", "sc_2"] == [credit.id for credit in ledger.credits_of("cus_1")]
    assert () == ledger.credits_of("cus_0")
    assert ledger.credit("sc_0") is None


def test_granting_a_credit_again_leaves_it_as_it_is(ledger: InMemoryCreditLedger) -> None:
    held(ledger)
    ledger.grant(granted())
    assert (usd("0"), usd("10")) == stands(ledger)


def test_many_threads_never_hold_more_than_there_is(ledger: InMemoryCreditLedger) -> None:
    movements = [
        CreditMovement.authorize(
            "sc_1", amount=usd("30"), key=f"key-{number % 16}", customer_id="cus_1"
        )
        for number in range(64)
    ]
    with ThreadPoolExecutor(8) as threads:
        entries = list(threads.map(ledger.move, movements))
    happened = {entry.id for entry in entries if entry.refusal is None}
    assert 3 == len(happened)
    assert (usd("0"), usd("90")) == stands(ledger)


def test_both_worlds_share_one_ledger(ledger: InMemoryCreditLedger) -> None:
    later = AsyncInMemoryCreditLedger(ledger)
    movement = CreditMovement.authorize("sc_1", amount=usd("10"), key="a", customer_id="cus_1")

    async def asked() -> tuple[CreditEntry, CreditEntry | None, Credit | None, tuple[Credit, ...]]:
        entry = await later.move(movement)
        found = await later.entry("a")
        return entry, found, await later.credit("sc_1"), await later.credits_of("cus_1")

    entry, found, credit, owed = asyncio.run(asked())
    assert entry == found == ledger.entry("a")
    assert (credit,) == owed == ledger.credits_of("cus_1")
    assert asyncio.run(AsyncInMemoryCreditLedger().credit("sc_1")) is None


# Which credits to use


@pytest.mark.parametrize(
    ("credit", "asked", "drawn"),
    [("500", "500", "500"), ("400", "500", "400"), ("500", "300", "300")],
)
def test_a_credit_is_drawn_for_what_is_asked_and_what_remains(
    credit: str, asked: str, drawn: str
) -> None:
    only = granted(amount=usd(credit))
    assert (CreditDraw(only, usd(drawn)),) == draw_credits([only], amount=usd(asked))


def test_the_oldest_credit_is_drawn_first() -> None:
    newer, older = granted("sc_2", usd("500"), days=1), granted("sc_1", usd("400"))
    draws = draw_credits([newer, older], amount=usd("500"))
    assert (CreditDraw(older, usd("400")), CreditDraw(newer, usd("100"))) == draws


def test_only_what_remains_is_drawn() -> None:
    used = granted(used=usd("60"), authorized=usd("10"))
    (draw,) = draw_credits([used], amount=usd("100"))
    assert usd("30") == draw.amount


def test_credit_in_another_currency_is_passed_over() -> None:
    foreign, right = granted("sc_1", Money("30", "EUR")), granted("sc_2", usd("30"), days=1)
    assert (CreditDraw(right, usd("30")),) == draw_credits([foreign, right], amount=usd("50"))


def test_no_credit_is_drawn_twice() -> None:
    draws = draw_credits([granted(), granted(), granted("sc_2")], amount=usd("150"))
    assert [("sc_1", usd("100")), ("sc_2", usd("50"))] == [
        (draw.credit.id, draw.amount) for draw in draws
    ]


@pytest.mark.parametrize("due", ["0", "-30"])
def test_nothing_is_drawn_when_nothing_is_due(due: str) -> None:
    assert () == draw_credits([granted()], amount=usd(due))


def test_nothing_is_drawn_of_what_is_used_up() -> None:
    lowered = attrs.evolve(granted(), amount=usd("50"), used=usd("60"))
    spent = attrs.evolve(granted("sc_2"), used=usd("100"))
    assert () == draw_credits([lowered, spent], amount=usd("10"))


def test_every_movement_and_refusal_has_a_name() -> None:
    assert {"authorize", "purchase", "capture", "void", "give_back"} == set(CreditMovementKind)
    assert all(refusal.islower() for refusal in CreditRefusal)
