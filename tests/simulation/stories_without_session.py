"""Stories of payments without a session: charges, what a person says has come, split payments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from shop import CARD, CHECK, ORDER, PATIENT_CARD, START, Decide, Do, Later, Story, is_refusal
from telling import CHARGE, RELEASED_AND_CHARGED_AGAIN, Tale, Telling, named, needed, source, usd

from paysession import CapturePolicy, Payment, PaymentMethod
from paysession._domain.payable import Payable

BY_POLICY = frozenset({"capture", "void"})


def charged(
    script: Mapping[str, str],
    *,
    policy: CapturePolicy = CapturePolicy.AUTOMATIC,
    amount: str | None = None,
    method: PaymentMethod = CARD,
) -> Telling:
    """Charge what is due for the order, or a part of it."""
    kwargs = {"method": method, "source": source(script), "capture": policy}
    return (yield Do("charge", (ORDER,), kwargs if amount is None else _of(kwargs, amount)))


def _of(kwargs: dict[str, object], amount: str) -> dict[str, object]:
    return {**kwargs, "amount": usd(amount)}


def read(payment: Payment, order: Payable = ORDER) -> Telling:
    """Read all that a backend shows of a payment."""
    yield Do("statement", (payment.id,))
    yield Do("balance", (order.id,))
    return (yield Do("get_payment", (payment.id,)))


def charges_twice(script: Mapping[str, str], *, method: PaymentMethod = CARD) -> Story:
    """Charge all, and then whatever is due still, which is nothing as a rule."""

    def story() -> Telling:
        payment = yield from charged(script, method=method)
        if not is_refusal(payment):
            yield from read(payment)
        yield from charged(script, method=method)

    return story


def charges_and_moves(script: Mapping[str, str]) -> Story:
    """Hold the money, take it, and give a part of it back."""

    def story() -> Telling:
        payment = yield from charged(script, policy=CapturePolicy.MANUAL)
        if is_refusal(payment):
            return
        yield Do("capture", (payment.id,))
        yield Do("refund", (payment.id,), {"amount": usd("10.00")})

    return story


def charges_and_waits(script: Mapping[str, str], *, succeed: bool) -> Story:
    """The provider, or the customer there, decides later."""

    def story() -> Telling:
        payment = yield from charged(script)
        yield Later(timedelta(hours=1))
        yield Decide(succeed)
        yield Do("recover")
        if not is_refusal(payment):
            yield from read(payment)

    return story


def charges_in_parts() -> Telling:
    yield from charged({}, amount="60.00")
    yield from charged({"charge": "timeout_after"}, amount="60.00")
    yield from charged({"charge": "timeout_after"}, amount="30.00")
    yield from charged({})


def checked_out() -> Telling:
    return (yield Do("create_payment", (ORDER,), {"method": CHECK}))


def pays_by_check() -> Telling:
    """It comes in parts, the second too large, and a part goes back."""
    payment = yield from checked_out()
    yield Do("mark_paid", (payment.id,), {"amount": usd("60.00"), "reference": "1041"})
    yield Do("mark_paid", (payment.id,), {"amount": usd("60.00")})
    yield Do("mark_paid", (payment.id,))
    yield Do("mark_refunded", (payment.id,), {"amount": usd("10.00")})
    yield Do("mark_refunded", (payment.id,))
    yield from read(payment)


def changes_the_mind() -> Telling:
    """Two checks were announced, and the one that came is the one that was given up."""
    first = yield from checked_out()
    second = yield from checked_out()
    yield Do("mark_paid", (first.id,))
    yield from charged({})
    yield from read(second)


def pays_by_check_and_card() -> Telling:
    payment = yield from checked_out()
    yield Do("mark_paid", (payment.id,), {"amount": usd("60.00")})
    yield from charged({"charge": "timeout_after"})


def held_until_covered(script: Mapping[str, str]) -> Telling:
    """Hold a part of the money until the rest has come."""
    return (yield from charged(script, policy=CapturePolicy.WHEN_COVERED, amount="40.00"))


def splits(held: Mapping[str, str], rest: Mapping[str, str]) -> Story:
    """Hold a part, pay the rest by another card, and give it up if that is refused."""

    def story() -> Telling:
        part = yield from held_until_covered(held)
        if is_refusal(part):
            return
        kwargs = {"method": CARD, "source": source(rest), "expires_at": START + timedelta(days=1)}
        session = yield Do("create_session", (ORDER,), kwargs)
        if is_refusal(session):
            return
        session = yield Do("complete_session", (session.id,))
        if is_refusal(session) or not session.succeeded:
            yield Do("cancel_session", (getattr(session, "id", ""),))
        else:
            yield Do("refund", (part.id,))
            yield Do("refund", (session.payment_id,))
        yield from read(part)

    return story


def splits_charges(held: Mapping[str, str], rest: Mapping[str, str]) -> Story:
    """Hold a part, and charge the rest."""

    def story() -> Telling:
        part = yield from held_until_covered(held)
        yield from charged(rest)
        if not is_refusal(part):
            yield from read(part)

    return story


def waits_for_a_check() -> Telling:
    """Hold a part until a check covers the rest."""
    part = yield from held_until_covered({})
    payment = yield from checked_out()
    yield Do("mark_paid", (payment.id,))
    yield Do("recover")
    yield from read(part)


def tales_without_session() -> list[Tale]:
    return [*_tales_of_charges(), *_tales_of_people(), *_tales_of_splits()]


def _tales_of_charges() -> list[Tale]:
    tales: list[Tale] = []
    for name, script, people in named("charge", CHARGE):
        is_partial = script["charge"] == "partial"
        times = RELEASED_AND_CHARGED_AGAIN if is_partial else 1
        tales += [
            Tale(f"charge and take, {name}", charges_twice(script), people, times),
            Tale(f"charge and hold, {name}", charges_and_moves(script), people, times),
        ]
    few = charges_twice({"charge": "partial"}, method=PATIENT_CARD)
    tales += [
        Tale("charge and keep what came", few),
        Tale("charge in parts", charges_in_parts),
    ]
    for succeed in (True, False):
        end = "approved" if succeed else "refused"
        tales += [
            Tale(
                f"charge {each}, {end} later", charges_and_waits({"charge": each}, succeed=succeed)
            )
            for each in ("pending", "require_action")
        ]
    return tales


def _tales_of_people() -> list[Tale]:
    return [
        Tale("pay by check", pays_by_check),
        Tale("pay by the check that was given up", changes_the_mind),
        Tale("pay by check and by charge", pays_by_check_and_card),
        Tale("hold until a check covers it", waits_for_a_check, by_policy=BY_POLICY),
    ]


REST = (
    "approve",
    "decline:insufficient_funds",
    "end:lost_or_stolen",
    "require_action",
    "timeout_after",
    "partial",
)
COVERED = ("decline:insufficient_funds", "timeout_after", "unreachable")


def _tales_of_splits() -> list[Tale]:
    tales: list[Tale] = []
    for each in REST:
        script = {"complete": each}
        name, people = f"split, complete {each}", needed("complete", each)
        tales.append(Tale(name, splits({}, script), people, by_policy=BY_POLICY))
    for each in ("decline:insufficient_funds", "timeout_after", "partial"):
        script = {"charge": each}
        name = f"split charges, charge {each}"
        times = RELEASED_AND_CHARGED_AGAIN if each == "partial" else 1
        people = needed("charge", each)
        tales.append(Tale(name, splits_charges({}, script), people, times, BY_POLICY))
    for each in COVERED:
        people = BY_POLICY if each.startswith("decline") else frozenset()
        refused = {"complete": "decline:insufficient_funds"}
        tales += [
            Tale(f"split, capture {each}", splits({"capture": each}, {}), people, 1, BY_POLICY),
            Tale(
                f"split and give up, void {each}",
                splits({"void": each}, refused),
                people,
                1,
                BY_POLICY,
            ),
        ]
    return tales
