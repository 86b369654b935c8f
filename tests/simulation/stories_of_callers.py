"""
Stories of those who call: customers who are forgotten, callers who ask again under the same
key, and who ask for what cannot be.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import attrs
from shop import CARD, CHECK, ORDER, Decide, Do, Later, Mail, Story, is_refusal
from stories_of_notifications import AUTOMATIC
from stories_of_people import ANNA
from telling import Tale, Telling, named, source, token, usd

from paysession import CreditCard, Decision, Payable

UNCHARGEABLE: Final = CreditCard(id="card_1", brand="visa", last4="4242", month=12, year=2034)
CUSTOMER: Final = "customer_1"
HER_ORDER: Final = Payable(ORDER.id, total=ORDER.total, customer_id=CUSTOMER)


def is_forgotten(script: Mapping[str, str], *, days: int) -> Story:
    """A customer is forgotten, at once and later, and money is given back to them all the same."""

    def story() -> Telling:
        key = {"idempotency_key": "key_1"}
        kwargs = {"method": CARD, "source": source(script), "capture": AUTOMATIC}
        session = yield Do("create_session", (HER_ORDER,), {**kwargs, **key})
        brought = {"customer_id": CUSTOMER, "external_data": {"token": token({})}}
        yield Do("create_setup_session", (CARD,), brought)
        if is_refusal(session):
            return
        session = yield Do("complete_session", (session.id,), key)
        yield Do("forget", (CUSTOMER,))
        yield Later(timedelta(days=days))
        yield Do("recover")
        yield Do("forget", (CUSTOMER,))
        yield Mail()
        if not is_refusal(session) and session.payment_id is not None:
            yield Do("refund", (session.payment_id,), key)
        yield Do("forget", (CUSTOMER,))

    return story


def comes_again_with_its_key(script: Mapping[str, str]) -> Story:
    """A caller gives each command twice under one key, and asks what came of it."""

    def twice(command: str, args: tuple[object, ...], kwargs: dict[str, Any]) -> Telling:
        given = {**kwargs, "idempotency_key": f"{command}_1"}
        yield Do(command, args, given)
        answer = yield Do(command, args, given)
        yield Do("result_of", (f"{command}_1",), {"command": command})
        return answer

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script), "capture": AUTOMATIC}
        session = yield from twice("create_session", (ORDER,), kwargs)
        if is_refusal(session):
            return
        session = yield from twice("complete_session", (session.id,), {})
        if is_refusal(session) or session.payment_id is None:
            return
        yield from twice("refund", (session.payment_id,), {"amount": usd("10.00")})
        yield Later(timedelta(hours=1))
        yield Do("recover")
        yield from twice("refund", (session.payment_id,), {"amount": usd("10.00")})

    return story


def gives_keys_to_all(script: Mapping[str, str]) -> Story:
    """Each other command is given twice under one key, too, and then with something else."""

    def twice(command: str, *args: object, **kwargs: object) -> Telling:
        given = {**kwargs, "idempotency_key": "key_2"}
        answer = yield Do(command, args, given)
        yield Do(command, args, given)
        return answer

    def story() -> Telling:
        check = yield from twice("create_payment", ORDER, method=CHECK)
        part = yield from twice("mark_paid", check.id, amount=usd("10.00"))
        yield from twice("mark_refunded", check.id, amount=usd("5.00"))
        yield from twice("mark_bounced", getattr(part, "id", "nothing"))
        yield from twice("abandon_payment", check.id)
        payment = yield from twice("charge", ORDER, method=CARD, source=source(script))
        if is_refusal(payment):
            return
        other = {"method": CARD, "source": UNCHARGEABLE, "idempotency_key": "key_2"}
        yield Do("charge", (ORDER,), other)
        yield from twice("capture", payment.id)
        refund = yield from twice("refund", payment.id, amount=usd("10.00"))
        if not is_refusal(refund):
            yield from twice("cancel_refund", refund.id)
        yield Later(timedelta(days=2))
        yield Do("recover")
        for each in (yield Do("needs_attention")):
            yield from twice("resolve", each.id, decision=Decision.DISMISSED, **ANNA)

    return story


def is_refused() -> Telling:
    """Much that can be seen to be wrong before anything is written."""
    stranger, of_nobody = attrs.evolve(CARD, gateway="nobody"), {"method": CARD}
    given = {"method": CARD, "source": source({})}
    session = yield Do("create_session", (ORDER,), {**given, "amount": usd("60.00")})
    yield Do("create_session", (ORDER,), {**given, "method": stranger})
    yield Do("create_session", (ORDER,), {"method": CHECK})
    yield Do("create_session", (ORDER,), {**given, "return_url": "http://shop.example"})
    yield Do("create_session", (ORDER,), {**given, "amount": usd("110.01")})
    yield Do("update_session", (session.id,), {"payable": Payable("or_2", total=ORDER.total)})
    yield Do("charge", (ORDER,), {**of_nobody, "source": UNCHARGEABLE})
    yield Do("create_payment", (ORDER,), of_nobody)
    check = yield Do("create_payment", (ORDER,), {"method": CHECK})
    yield Do("mark_paid", (check.id,), {"amount": usd("60.00")})
    yield Do("complete_session", (session.id,))
    yield Do("mark_refunded", ("py_of_nobody",))
    yield Do("result_of", ("key_1",), {"command": "recover"})
    yield Do("resolve", ("nothing",), {"decision": Decision.FAILED, **ANNA})
    yield Do("get_setup_session", ("pss_of_nobody",))
    yield Do("find_session", (), {"external_id": "nobody"})
    yield Do("cancel_session", (session.id,))
    yield Do("complete_session", (session.id,))


def gives_a_check_up() -> Telling:
    """One check is given up, and another bounces when it has come."""
    first = yield Do("create_payment", (ORDER,), {"method": CHECK})
    yield Do("abandon_payment", (first.id,))
    yield Do("abandon_payment", (first.id,))
    second = yield Do("create_payment", (ORDER,), {"method": CHECK})
    capture = yield Do("mark_paid", (second.id,), {"reference": "1042"})
    yield Do("mark_paid", (second.id,), {"reference": "1042", "amount": usd("20.00")})
    yield Do("mark_bounced", (capture.id,))
    yield Do("mark_bounced", (capture.id,))
    yield Do("get_capture", (capture.id,))
    yield Do("payments_of", (ORDER.id,))


def gives_a_charge_up(script: Mapping[str, str]) -> Story:
    """The customer should act on a charge, and does not."""

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script)}
        yield Do("charge", (ORDER,), kwargs)
        for payment in (yield Do("payments_of", (ORDER.id,))):
            yield Do("abandon_payment", (payment.id,))
        yield Decide(True)
        yield Later(timedelta(hours=1))
        yield Do("recover")

    return story


def tales_of_callers() -> list[Tale]:
    tales = [
        Tale("checks are given up", gives_a_check_up),
        Tale("refusals", is_refused),
        Tale("keys for all, approve", gives_keys_to_all({})),
        Tale("keys for all, refund pending", gives_keys_to_all({"refund": "pending"})),
        Tale("keys for all, charge unreachable", gives_keys_to_all({"charge": "unreachable"})),
    ]
    for each in ("approve", "decline:insufficient_funds", "timeout_after"):
        script = {"complete": each}
        tales += [
            Tale(f"forgotten, {each}", is_forgotten(script, days=0)),
            Tale(f"forgotten later, {each}", is_forgotten(script, days=10)),
        ]
    for verb in ("create", "complete", "refund"):
        for name, script, people in named(verb, ("approve", "pending", "timeout_after")):
            tales.append(Tale(f"under a key, {name}", comes_again_with_its_key(script), people))
    for each in ("require_action", "pending", "decline:insufficient_funds"):
        tales.append(Tale(f"a charge is given up, {each}", gives_a_charge_up({"charge": each})))
    return tales
