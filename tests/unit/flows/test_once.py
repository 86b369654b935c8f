"""What stands between a flow and whoever drives it passes everything on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from flow_builders import CARD, NOW, eur, order

from paysession import CapturePolicy, Metadata, PayableAccount, Payment
from paysession._domain.idempotency import IdempotencyKey
from paysession._flows.asks import Ask, Claimed, Commit, Flow, NewId, Now, Peek, Unit
from paysession._flows.once import NAMESPACE, once
from paysession._flows.units import Released, atomic, deciding
from paysession.errors import AlreadyExists, IdempotencyKeyReused, NotFound, StaleVersion
from paysession.stores.port import Changes, Claim

ACCOUNT = PayableAccount.opened(order(), tenant="", at=NOW)
PAYMENT = Payment.begun(
    "py_1",
    tenant="",
    gateway="bogus",
    payable_id="or_1",
    payable_reference="R1",
    customer_id=None,
    method=CARD,
    source=None,
    session_id=None,
    attempt_id=None,
    amount=eur(100),
    capture_policy=CapturePolicy.AUTOMATIC,
    metadata=Metadata(),
    at=NOW,
)
CLAIM = Claim(namespace="keys", text="key", kind="payable_account", id="or_1")


class Crash(BaseException):
    """No exception that a flow may hear of."""


def keyed(flow: Flow[Any], **arguments: object) -> Flow[Any]:
    return once("capture", "key", arguments, flow)


def begun(flow: Flow[Any], held: Claim | None = None) -> Ask[Any]:
    """Answer what is asked before the flow begins, and return the flow's first ask."""
    assert isinstance(next(flow), Now)
    claimed = flow.send(NOW)
    assert isinstance(claimed, Claimed)
    assert claimed.namespace == NAMESPACE
    return flow.send(held)


def ended(step: Callable[[], object]) -> object:
    with pytest.raises(StopIteration) as stop:
        step()
    return stop.value.value


def asking(*asks: Ask[Any]) -> Flow[list[object]]:
    answers: list[object] = []
    for ask in asks:
        try:
            answers.append((yield ask))
        except Exception as error:
            answers.append(error)
    return answers


def test_every_ask_and_every_answer_is_passed_on() -> None:
    asks = (
        NewId("ca"),
        Now(),
        Commit(Changes(tenant="", entities=())),
        Peek(PayableAccount, "or_1"),
    )
    flow, answers = keyed(asking(*asks)), [object(), None, object(), ACCOUNT]

    seen = [begun(flow), *(flow.send(answer) for answer in answers[:-1])]

    assert all(one is other for one, other in zip(asks, seen, strict=True))
    claimed = flow.send(answers[-1])
    assert isinstance(claimed, Claimed)
    assert answers == ended(lambda: flow.send(None))


def test_every_error_is_passed_on() -> None:
    errors = [ValueError(), StaleVersion("payment", "py_1", 3), NotFound("payment", "py_1")]
    flow = keyed(asking(*[NewId("ca")] * 3))
    begun(flow)

    assert isinstance(flow.throw(errors[0]), NewId)
    assert isinstance(flow.throw(errors[1]), NewId)
    assert isinstance(flow.throw(errors[2]), Claimed)
    assert errors == ended(lambda: flow.send(None))


def test_what_a_flow_breaks_by_is_passed_on() -> None:
    def broken() -> Flow[None]:
        yield NewId("ca")
        raise ZeroDivisionError

    flow = keyed(broken())
    begun(flow)

    with pytest.raises(ZeroDivisionError):
        flow.send("ca_1")


@pytest.mark.parametrize("end", [lambda flow: flow.close(), lambda flow: flow.throw(Crash())])
def test_a_flow_ends_with_whoever_drives_it(end: Callable[[Flow[None]], object]) -> None:
    heard: list[BaseException] = []

    def listening() -> Flow[None]:
        try:
            yield NewId("ca")
        except BaseException as error:
            heard.append(error)
            raise

    flow = keyed(listening())
    begun(flow)
    try:
        end(flow)
    except Crash:
        heard.append(Crash())

    assert isinstance(heard[0], GeneratorExit)


def test_a_flow_that_was_never_begun_is_closed_as_well() -> None:
    flow = asking(Now())
    wrapped = keyed(flow)
    assert isinstance(next(wrapped), Now)
    wrapped.close()

    with pytest.raises(StopIteration):
        next(flow)


def decided() -> Flow[Payment]:
    @deciding
    def decide() -> Unit[Payment]:
        yield from ()
        return PAYMENT

    first = yield from decide()
    yield from decide()
    return first


def committed(ask: Ask[Any]) -> Changes:
    assert isinstance(ask, Commit)
    return ask.changes


def test_the_first_deciding_commit_carries_the_claim_and_no_other_does() -> None:
    flow = keyed(decided())
    first = committed(begun(flow))

    second = committed(flow.send(first))

    (claim,) = first.claims
    answer = attrs.evolve(PAYMENT.committed(), claims=(claim.text,))
    assert (answer, 1, NOW) == (claim.answer, claim.version, claim.settled_at)
    assert (answer,) == first.entities
    assert () == second.claims
    assert answer == ended(lambda: flow.send(second))


def test_after_a_conflict_about_something_else_the_claim_is_made_anew() -> None:
    flow = keyed(decided())
    first = committed(begun(flow))

    assert isinstance(flow.throw(AlreadyExists("payment", "py_1")), Claimed)
    pause = flow.send(None)
    again = committed(flow.send(None))

    assert "Pause" == type(pause).__name__
    assert first == again


def test_a_claim_that_is_over_is_replaced() -> None:
    old = Claim(
        namespace=NAMESPACE,
        text="",
        kind="capture",
        id="ca_1",
        version=7,
        answer=PAYMENT,
        settled_at=NOW.replace(year=2025),
    )
    flow = keyed(decided())

    (claim,) = committed(begun(flow, old)).claims

    assert 8 == claim.version


def test_who_comes_second_is_compared_with_who_came_first() -> None:
    (claim,) = committed(begun(keyed(decided(), amount=1))).claims
    flow, other = keyed(decided(), amount=1), keyed(decided(), amount=2)
    begun(flow)
    begun(other)

    flow.throw(AlreadyExists(NAMESPACE, claim.text))
    assert claim.answer == ended(lambda: flow.send(claim))
    other.throw(AlreadyExists(NAMESPACE, claim.text))
    with pytest.raises(IdempotencyKeyReused):
        other.send(claim)


def test_a_key_and_its_text_claim_the_same() -> None:
    def claimed_by(key: IdempotencyKey | str, command: str = "capture") -> str:
        flow = once(command, key, {}, decided())
        return committed(begun(flow)).claims[0].text

    scoped = IdempotencyKey("key", scope="a"), IdempotencyKey("a", scope="key")
    keys: list[IdempotencyKey | str] = [*scoped, "key", "a"]
    texts = (claimed_by(key, name) for key in keys for name in ("void", "refund"))

    assert claimed_by("key") == claimed_by(IdempotencyKey("key"))
    assert 8 == len(set(texts))


def test_a_unit_may_make_a_claim_and_give_one_up() -> None:
    given_up = Released(CLAIM)

    @atomic
    def unit() -> Unit[tuple[PayableAccount, Claim, tuple[Released, None]]]:
        yield from ()
        return ACCOUNT, CLAIM, (given_up, None)

    flow = unit()
    changes = committed(next(flow))

    assert ((CLAIM,), (CLAIM,)) == (changes.claims, changes.released)
    assert (ACCOUNT.committed(), CLAIM, (given_up, None)) == ended(lambda: flow.send(changes))
