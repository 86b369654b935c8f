"""No command of one tenant reads, changes, answers with or calls anything of another's."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from canaries import CARD, CanaryGateway

from paysession import (
    AsyncPayments,
    CapturePolicy,
    Money,
    Payable,
    PayableAccount,
    PaymentMethod,
    Payments,
)
from paysession._domain.decisions import Decision
from paysession._domain.entities import Entity
from paysession._domain.erasure import Forgotten
from paysession._payments import Commands, command
from paysession.errors import NotFound
from paysession.gateways import AsyncBogusGateway, Notification
from paysession.gateways.requests import Request
from paysession.outcomes import DisputeChanged, References, Report
from paysession.stores import AsyncInMemoryStore, InMemoryStore
from paysession.stores.port import INDEXES, KINDS

COMMANDS = {name: member for name, member in vars(Commands).items() if isinstance(member, command)}
METHOD = PaymentMethod(
    id="pm_1", name="Card", gateway="bogus", capture=CapturePolicy.MANUAL, source_required=False
)
CHECK = PaymentMethod(
    id="pm_2", name="Check", gateway="bogus", session_required=False, source_required=False
)
KEY = "k1"


class CountingGateway(CanaryGateway):
    """Remembers whom it was called for."""

    def __init__(self) -> None:
        super().__init__()
        self.tenants: list[str] = []
        self.told: tuple[Report, ...] = ()

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return self.told

    def _answer(self, request: Request[Any]) -> Any:
        self.tenants.append(request.tenant)
        return super()._answer(request)


def order(number: int) -> Payable:
    return Payable(f"or_{number}", total=Money(100, "EUR"), customer_id="cu_1")


class World:
    """Two tenants in one store at one gateway; one of them has a record of every kind."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.store = InMemoryStore()
        self.gateway = CountingGateway()
        everybody = Payments(
            {"bogus": self.gateway},
            store=self.store,
            clock=lambda: self.now,
            sleep=lambda _: None,
        )
        self.acme = everybody.for_tenant("acme")
        self.other = everybody.for_tenant("other")
        self._sell()
        self.now += timedelta(hours=3)

    def _sell(self) -> None:
        acme, soon = self.acme, self.now + timedelta(hours=1)
        self.session = acme.create_session(
            order(1), method=METHOD, expires_at=soon, idempotency_key=KEY
        )
        paid = acme.create_session(order(2), method=METHOD)
        paid = acme.complete_session(paid.id, source=CARD, idempotency_key=KEY)
        self.payment_id = str(paid.payment_id)
        acme.capture(self.payment_id, amount=Money(50, "EUR"), idempotency_key=KEY)
        self.refund = acme.refund(self.payment_id, amount=Money(1, "EUR"), idempotency_key=KEY)
        self.gateway.then("capture", TimeoutError())
        self.stuck = acme.capture(self.payment_id, amount=Money(2, "EUR"))
        self.setup_session = acme.create_setup_session(
            METHOD, customer_id="cu_1", expires_at=soon, idempotency_key=KEY
        )
        acme.charge(order(3), method=METHOD, source=CARD, idempotency_key=KEY)
        self.check = acme.create_payment(order(4), method=CHECK, idempotency_key=KEY)
        other_check = acme.create_payment(order(5), method=CHECK)
        self.coins = acme.mark_paid(other_check.id, amount=Money(101, "EUR"))
        held = acme.create_session(order(6), method=METHOD)
        held = acme.complete_session(held.id, source=CARD)
        self.void = acme.void(str(held.payment_id))
        self._dispute()

    def _dispute(self) -> None:
        named = self.acme.get_payment(self.payment_id).references | References.of(dispute="dp_1")
        self.gateway.told = (Report(DisputeChanged("needs_response"), references=named),)
        self.acme.receive_notification("bogus", body=b"", headers={})
        (self.dispute,) = self.acme.disputes_of(self.payment_id)

    def of_acme(self) -> object:
        """All that belongs to the one who does nothing here."""
        return (
            self.store.entities(tenant="acme"),
            self.store.unpublished(limit=10_000, tenant="acme"),
            {key: claim for key, claim in self.store._claims.items() if key[0] == "acme"},
            self.store.due(
                self.now + timedelta(days=9), kinds=tuple(KINDS), limit=1000, tenant="acme"
            ),
        )


OTHERS: dict[str, Callable[[Payments, World], Any]] = {
    "create_session": lambda p, w: p.create_session(
        order(1), method=METHOD, expires_at=w.now + timedelta(hours=1), idempotency_key=KEY
    ),
    "update_session": lambda p, w: p.update_session(w.session.id, amount=Money(1, "EUR")),
    "complete_session": lambda p, w: p.complete_session(w.session.id, idempotency_key=KEY),
    "cancel_session": lambda p, w: p.cancel_session(w.session.id),
    "expire_sessions": lambda p, w: p.expire_sessions(),
    "create_payment": lambda p, w: p.create_payment(order(4), method=CHECK, idempotency_key=KEY),
    "abandon_payment": lambda p, w: p.abandon_payment(w.check.id),
    "mark_paid": lambda p, w: p.mark_paid(w.check.id),
    "mark_bounced": lambda p, w: p.mark_bounced(w.coins.id),
    "mark_refunded": lambda p, w: p.mark_refunded(w.check.id),
    "charge": lambda p, w: p.charge(order(3), method=METHOD, source=CARD, idempotency_key=KEY),
    "capture": lambda p, w: p.capture(w.payment_id, idempotency_key=KEY),
    "void": lambda p, w: p.void(w.payment_id),
    "refund": lambda p, w: p.refund(w.payment_id, amount=Money(1, "EUR"), idempotency_key=KEY),
    "cancel_refund": lambda p, w: p.cancel_refund(w.refund.id),
    "needs_attention": lambda p, w: p.needs_attention(),
    "resolve": lambda p, w: p.resolve(
        w.stuck.id, decision=Decision.FAILED, actor="staff_7", reason="never seen there"
    ),
    "create_setup_session": lambda p, w: p.create_setup_session(
        METHOD, customer_id="cu_1", expires_at=w.now + timedelta(hours=1), idempotency_key=KEY
    ),
    "complete_setup_session": lambda p, w: p.complete_setup_session(w.setup_session.id),
    "cancel_setup_session": lambda p, w: p.cancel_setup_session(w.setup_session.id),
    "expire_setup_sessions": lambda p, w: p.expire_setup_sessions(),
    "recover": lambda p, w: p.recover(),
    "receive_notification": lambda p, w: p.receive_notification("bogus", body=b"", headers={}),
    "forget": lambda p, w: p.forget("cu_1"),
    "get_session": lambda p, w: p.get_session(w.session.id),
    "get_setup_session": lambda p, w: p.get_setup_session(w.setup_session.id),
    "get_payment": lambda p, w: p.get_payment(w.payment_id),
    "get_capture": lambda p, w: p.get_capture(w.coins.id),
    "get_void": lambda p, w: p.get_void(w.void.id),
    "payments_of": lambda p, w: p.payments_of("or_3"),
    "update_payable": lambda p, w: p.update_payable(order(2)),
    "get_refund": lambda p, w: p.get_refund(w.refund.id),
    "get_dispute": lambda p, w: p.get_dispute(w.dispute.id),
    "disputes_of": lambda p, w: p.disputes_of(w.payment_id),
    "find_session": lambda p, w: p.find_session(external_id=w.session.external_id),
    "sessions_of": lambda p, w: p.sessions_of("or_1"),
    "statement": lambda p, w: p.statement(w.payment_id),
    "balance": lambda p, w: p.balance(order(2)),
    "result_of": lambda p, w: p.result_of(KEY, command="charge"),
}
"""Every command, given by one tenant with the ids, keys, payables and customers of another."""

FINDS_NOTHING: dict[str, object] = {
    "expire_sessions": (),
    "expire_setup_sessions": (),
    "recover": (),
    "needs_attention": (),
    "sessions_of": (),
    "payments_of": (),
    "disputes_of": (),
    "forget": Forgotten(),
}
BEGINS_ANEW = (
    "update_payable",
    "create_session",
    "create_payment",
    "charge",
    "create_setup_session",
    "balance",
)


KEEPS = ("receive_notification",)


@pytest.fixture
def world() -> World:
    return World()


def entities_in(value: object) -> Iterator[Entity]:
    if isinstance(value, Entity):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from entities_in(item)
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):  # type: ignore[arg-type]
            yield from entities_in(getattr(value, field.name))


def test_every_command_is_tried_across_tenants() -> None:
    assert set(COMMANDS) == set(OTHERS)


@pytest.mark.parametrize("name", OTHERS)
def test_no_command_lets_its_caller_name_the_tenant(name: str) -> None:
    assert "tenant" not in inspect.signature(getattr(Payments, name)).parameters


@pytest.mark.parametrize("name", OTHERS)
def test_no_command_touches_another_tenant_s_records(world: World, name: str) -> None:
    before, called = world.of_acme(), len(world.gateway.tenants)

    answer = _answer_of(lambda: OTHERS[name](world.other, world))

    assert before == world.of_acme()
    assert {"other"} >= set(world.gateway.tenants[called:])
    assert {"other"} >= {entity.tenant for entity in entities_in(answer)}


@pytest.mark.parametrize("name", sorted({*OTHERS} - {*FINDS_NOTHING, *BEGINS_ANEW, *KEEPS}))
def test_another_tenant_s_record_is_not_found(world: World, name: str) -> None:
    with pytest.raises(NotFound):
        OTHERS[name](world.other, world)


@pytest.mark.parametrize("name", FINDS_NOTHING)
def test_nothing_of_another_tenant_is_due_or_found(world: World, name: str) -> None:
    assert FINDS_NOTHING[name] == OTHERS[name](world.other, world)
    assert FINDS_NOTHING[name] != OTHERS[name](world.acme, world)


def test_what_is_told_of_another_tenant_s_records_waits_for_one_of_its_own(world: World) -> None:
    received = world.other.receive_notification("bogus", body=b"", headers={})

    assert () == received.settled
    (parked,) = world.store.entities(tenant="other")
    assert (parked.id,) == received.parked


@pytest.mark.parametrize("name", BEGINS_ANEW)
def test_what_one_tenant_begins_knows_nothing_of_the_other(world: World, name: str) -> None:
    record = OTHERS[name](world.other, world)

    assert "other" == record.tenant
    if name in ("balance", "update_payable"):
        assert record.due == record.total
    else:
        assert record.id not in {entity.id for entity in world.store.entities(tenant="acme")}


def _answer_of(act: Callable[[], object]) -> object:
    try:
        return act()
    except NotFound:
        return None


def test_two_tenants_owe_for_the_same_payable_each_on_their_own(world: World) -> None:
    theirs = world.acme.balance("or_3")

    world.other.charge(order(3), method=METHOD, source=CARD)

    assert theirs == world.acme.balance("or_3")
    assert theirs.due == world.other.balance("or_3").due


def test_the_same_key_is_a_tenant_s_own(world: World) -> None:
    first = world.other.charge(order(3), method=METHOD, source=CARD, idempotency_key=KEY)

    assert first == world.other.result_of(KEY, command="charge")
    assert world.acme.result_of(KEY, command="charge") != first


def test_no_index_finds_another_tenant_s_record(world: World) -> None:
    indexed = [
        (type(entity), by, getattr(entity, by))
        for entity in world.store.entities(tenant="acme")
        for by in INDEXES.get(type(entity), ())
    ]

    assert {kind for kind, _, _ in indexed} >= {type(world.session), type(world.setup_session)}
    for kind, by, value in indexed:
        assert () == world.store.find(kind, by=by, value=value, tenant="other")


def test_no_claim_of_another_tenant_is_seen(world: World) -> None:
    texts = [(namespace, text) for tenant, namespace, text in world.store._claims]

    assert {"idempotency", "session_payment"} <= {namespace for namespace, _ in texts}
    for namespace, text in texts:
        assert world.store.claimed(namespace, text, tenant="other") is None


def test_no_list_tells_of_another_tenant(world: World) -> None:
    later = world.now + timedelta(days=9)

    assert () == world.store.due(later, kinds=tuple(KINDS), limit=1000, tenant="other")
    assert () == world.store.attention(limit=1000, tenant="other")
    assert () == world.store.unpublished(limit=1000, tenant="other")
    assert () == world.store.entities(tenant="other")


def test_one_tenant_s_events_are_not_published_by_another(world: World) -> None:
    events = world.store.unpublished(limit=1000, tenant="acme")

    world.store.mark_published(events, tenant="other")

    assert events == world.store.unpublished(limit=1000, tenant="acme")


def test_every_kind_of_record_was_there_to_be_found(world: World) -> None:
    kinds = {type(entity) for entity in world.store.entities(tenant="acme")}

    assert {PayableAccount, type(world.session), type(world.check)} <= kinds
    assert 9 <= len(kinds)


def test_tenants_are_apart_on_an_event_loop_as_well() -> None:
    async def story() -> None:
        store = AsyncInMemoryStore()
        payments = AsyncPayments({"bogus": AsyncBogusGateway()}, store=store)
        acme, other = payments.for_tenant("acme"), payments.for_tenant("other")
        session = await acme.create_session(order(1), method=METHOD, idempotency_key=KEY)
        before = store.store.entities(tenant="acme")
        with pytest.raises(NotFound):
            await other.complete_session(session.id)
        assert Forgotten() == await other.forget("cu_1")
        theirs = await other.create_session(order(1), method=METHOD, idempotency_key=KEY)
        assert theirs.id != session.id
        assert before == store.store.entities(tenant="acme")

    asyncio.run(story())
