"""
What every store must do, each rule a small function with a code.

A law is given a way to make a fresh and empty store, and raises `LawBroken`, with both
values, if the store does not keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from threading import Barrier
from typing import TypeAlias, TypeVar

import attrs

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.charges import Charge
from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind
from paysession._domain.entities import Aggregate, Entity
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod, SetupTerms, Terms
from paysession._domain.movements import Authorization, Capture, Lapse, Refund, Reversal, Void
from paysession._domain.operations import Lease
from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.secrets import ClientData
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import MandateUse, StoredSource
from paysession._money import Money
from paysession.errors import AlreadyExists, Conflict, PaySessionError, StaleVersion
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import Captured, Pending, Redirect, References, Unknown
from paysession.stores import INDEXES, KINDS, AnyKind, Changes, Claim, RecordedEvent, Store

MakeStore: TypeAlias = Callable[[], Store]
E = TypeVar("E", bound=Entity)
S = TypeVar("S", PaymentSession, SetupSession)

WRITERS = 16
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALWAYS = datetime(9000, 1, 1, tzinfo=UTC)
MANY = 10_000


class LawBroken(AssertionError):
    """A store does not keep a law."""


@attrs.frozen
class Law:
    """One rule: its code, what it says and why it must hold."""

    code: str
    sentence: str
    reason: str
    check: Callable[[MakeStore], None] = attrs.field(repr=False)


LAWS: dict[str, Law] = {}


def law(
    code: str, sentence: str, reason: str
) -> Callable[[Callable[[MakeStore], None]], Callable[[MakeStore], None]]:
    def listed(check: Callable[[MakeStore], None]) -> Callable[[MakeStore], None]:
        assert code not in LAWS, code
        LAWS[code] = Law(code, sentence, reason, check)
        return check

    return listed


def expect(expected: object, actual: object, what: str) -> None:
    if expected != actual:
        raise LawBroken(f"{what}:\n  expected {expected!r}\n  but got  {actual!r}")


def refused(error: type[PaySessionError], commit: Callable[[], None], what: str) -> None:
    try:
        commit()
    except error:
        return
    except PaySessionError as other:
        raise LawBroken(f"{what}: expected {error.__name__}, but got {other!r}") from other
    raise LawBroken(f"{what}: expected {error.__name__}, but it was written")


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def leased(minutes: int = 0) -> Lease:
    return Lease(at=at(minutes), until=at(minutes + 1), deadline=at(minutes + 60))


def account_of(name: str, *, tenant: str = "", total: Money | None = None) -> PayableAccount:
    payable = Payable(name, total=total or Money("100.00", "EUR"))
    return PayableAccount.opened(payable, tenant=tenant, at=NOW)


def session_of(
    name: str,
    *,
    payable_id: str = "order",
    tenant: str = "",
    minutes: int = 0,
    expires_at: datetime | None = None,
    title: str = "Card",
    amount: Money | None = None,
) -> tuple[PaymentSession, Attempt]:
    return PaymentSession.opened(
        f"ps_{name}",
        tenant=tenant,
        method=PaymentMethod(id="pm_1", name=title, gateway="bogus"),
        amount=amount or Money("100.00", "EUR"),
        terms=Terms(
            payable_id=payable_id,
            payable_reference=title,
            customer_id=f"customer_of_{payable_id}",
            expires_at=expires_at,
        ),
        source=None,
        attempt_id=f"at_{name}",
        external_data=None,
        lease=leased(minutes),
    )


def setup_session_of(
    name: str, *, tenant: str = "", minutes: int = 0
) -> tuple[SetupSession, SetupAttempt]:
    return SetupSession.opened(
        f"pss_{name}",
        tenant=tenant,
        method=PaymentMethod(id="pm_1", name="Card", gateway="bogus"),
        terms=SetupTerms(customer_id="customer"),
        attempt_id=f"sat_{name}",
        external_data=None,
        lease=leased(minutes),
    )


def at_the_browser(session: S) -> S:
    """The same session with all that only some sessions hold."""
    mismatch = Discrepancy(
        kind=DiscrepancyKind.AMOUNT_MISMATCH,
        operation_id="at_1",
        expected="100.00 EUR",
        actual="90.00 EUR",
        opened_at=at(2),
    )
    return attrs.evolve(
        session,
        client_data=ClientData({"client_secret": "cs_1_secret_2", "deep": [{"of": None}]}),
        next_action=Redirect("https://bank.example/3ds", method="POST", fields={"PaReq": "p_1"}),
        discrepancies=(mismatch, attrs.evolve(mismatch, operation_id="at_2", closed_at=at(3))),
        claims=("key of one", "key of another"),
    )


def charged_payment_of(name: str, *, tenant: str = "", minutes: int = 0) -> tuple[Payment, Charge]:
    return _begun(
        f"py_charged_{name}",
        tenant=tenant,
        minutes=minutes,
        phase=PaymentStatus.CHECKOUT,
    ).request_charge(
        f"ch_{name}",
        terms=Terms(payable_id="order", payable_reference="R1"),
        source=StoredSource(id="src_1", profile_id="tok_1"),
        use=MandateUse.LATER,
        lease=leased(minutes),
    )


def payment_of(
    name: str,
    *,
    payable_id: str = "order",
    tenant: str = "",
    minutes: int = 0,
    amount: Money | None = None,
    session_id: str = "ps_1",
) -> tuple[Payment, Authorization]:
    amount = amount or Money("100.00", "EUR")
    payment = _begun(
        f"py_{name}",
        payable_id=payable_id,
        tenant=tenant,
        minutes=minutes,
        amount=amount,
        session_id=session_id,
    )
    return payment.authorize(
        f"au_{name}",
        amount=amount,
        references=References.of(authorization=f"pi_{name}"),
        expires_at=None,
        at=at(minutes),
    )


def _begun(
    payment_id: str,
    *,
    tenant: str,
    minutes: int,
    payable_id: str = "order",
    amount: Money | None = None,
    session_id: str | None = None,
    phase: PaymentStatus = PaymentStatus.PROCESSING,
) -> Payment:
    return Payment.begun(
        payment_id,
        tenant=tenant,
        gateway="bogus",
        payable_id=payable_id,
        payable_reference="R1",
        method=PaymentMethod(id="pm_1", name="Card", gateway="bogus"),
        source=None,
        session_id=session_id,
        attempt_id=None if session_id is None else "at_1",
        amount=amount or Money("100.00", "EUR"),
        customer_id="customer",
        capture_policy=CapturePolicy.AUTOMATIC,
        metadata=Metadata(),
        at=at(minutes),
        phase=phase,
    )


def everything(name: str = "1", *, tenant: str = "", minutes: int = 0) -> tuple[Entity, ...]:
    """One entity of every kind, as the first commit would write them."""
    lease, ten = leased(minutes), Money("10.00", "EUR")
    session, attempt = session_of(name, tenant=tenant, minutes=minutes)
    session = at_the_browser(session)
    payment, authorization = payment_of(name, tenant=tenant, minutes=minutes)
    payment, capture = payment.request_capture(
        f"ca_{name}",
        amount=Money("50.00", "EUR"),
        over=Money.zero("EUR"),
        is_final=False,
        lease=lease,
        metadata=Metadata(),
    )
    taken = Evidence(
        fact=Captured(Money("50.00", "EUR")), source=EvidenceSource.RESPONSE, recorded_at=lease.at
    )
    payment, capture = payment.settle(capture, taken)
    payment, void = payment.request_void(
        f"vo_{name}", amount=ten, lease=lease, metadata=Metadata.of({"why": "less"})
    )
    payment, refund = payment.request_refund(
        f"re_{name}", amount=ten, reason=None, capture=capture, lease=lease, metadata=Metadata()
    )
    payment, lapse = payment.lapse(f"la_{name}", amount=ten, at=lease.at)
    payment, reversal = payment.reverse(f"rv_{name}", amount=ten, at=lease.at)
    account = account_of(f"order_{name}", tenant=tenant)
    money = (payment, authorization, capture, void, refund, lapse, reversal)
    charged, charge = charged_payment_of(name, tenant=tenant, minutes=minutes)
    charge = attrs.evolve(charge, facts=(_working_on(f"pi_{name}", minutes),))
    setup, setup_attempt = setup_session_of(name, tenant=tenant, minutes=minutes)
    setup = at_the_browser(setup)
    return (account, session, attempt, *money, charged, charge, setup, setup_attempt)


def _working_on(authorization: str, minutes: int) -> Evidence:
    return Evidence(
        fact=Pending("overnight", references=References.of(authorization=authorization)),
        source=EvidenceSource.LOOK_UP,
        recorded_at=at(minutes),
    )


def commit(
    store: Store,
    *entities: Entity,
    tenant: str = "",
    claims: Iterable[Claim] = (),
    released: Iterable[Claim] = (),
) -> None:
    store.commit(
        Changes.of(entities, tenant=tenant, claims=tuple(claims), released=tuple(released))
    )


def held(store: Store, entity: E, *, tenant: str = "") -> E:
    found = store.get(type(entity), entity.id, tenant=tenant)
    if found is None:
        raise LawBroken(f"{KINDS[type(entity)]} {entity.id!r} is not there")
    return found


def touched(account: PayableAccount, *, total: str, minutes: int = 1) -> PayableAccount:
    """The same account with other money in it, and news."""
    return account.restated(Payable(account.id, total=Money(total, "EUR")), at=at(minutes))


def seen(
    store: Store, entities: Iterable[Entity], claims: Iterable[Claim] = (), *, tenant: str = ""
) -> Iterator[object]:
    """All that the port shows of these entities and claims."""
    for entity in entities:
        kind = type(entity)
        yield store.get(kind, entity.id, tenant=tenant)
        for by in INDEXES.get(kind, ()):
            yield store.find(kind, by=by, value=getattr(entity, by), tenant=tenant)
    for claim in claims:
        yield store.claimed(claim.namespace, claim.text, tenant=tenant)
    yield store.due(ALWAYS, kinds=tuple(KINDS), limit=MANY, tenant=tenant)
    yield store.attention(limit=MANY, tenant=tenant)
    yield store.unpublished(limit=MANY, tenant=tenant)


@law(
    "STORE-1",
    "what was committed is read back equal, at the next version, its news told",
    "every decision is made on what was read; news read twice would be told twice",
)
def reads_back_what_was_committed(make_store: MakeStore) -> None:
    store, entities = make_store(), everything()
    commit(store, *entities)
    for entity in entities:
        found = held(store, entity)
        expect(entity.committed(), found, f"a {KINDS[type(entity)]} that was committed")
        expect(1, found.version, f"the version of a new {KINDS[type(entity)]}")
        expect(False, found.is_changed, f"whether a {KINDS[type(entity)]} has news when read")
    expect(set(KINDS), {type(entity) for entity in entities}, "the kinds that were tried")


@law(
    "STORE-2",
    "what was not committed cannot be read",
    "an empty answer must be empty, or a first commit takes itself for a second",
)
def nothing_is_readable_before(make_store: MakeStore) -> None:
    store, entities, claim = make_store(), everything(), claim_of("key")
    for shown in seen(store, entities, [claim]):
        expect(True, shown in (None, ()), f"whether nothing is shown, when {shown!r} is")


@law(
    "STORE-3",
    "a stale version raises StaleVersion, and nothing is written",
    "two who loaded the same balance may not both spend it",
)
def a_stale_version_writes_nothing(make_store: MakeStore) -> None:
    store, account, claim = make_store(), account_of("order"), claim_of("key")
    commit(store, account)
    loaded = held(store, account)
    commit(store, touched(loaded, total="120.00"))
    before = list(seen(store, [account], [claim]))
    late = touched(loaded, total="130.00")
    refused(StaleVersion, lambda: commit(store, late, claims=[claim]), "a stale account")
    expect(before, list(seen(store, [account], [claim])), "all that is shown after a refusal")


@law(
    "STORE-4",
    "a first version of what exists raises AlreadyExists, and nothing is written",
    "ids are derived where something must happen once: the second must notice the first",
)
def a_first_version_twice_writes_nothing(make_store: MakeStore) -> None:
    store, account, claim = make_store(), account_of("order"), claim_of("key")
    commit(store, account)
    before = list(seen(store, [account], [claim]))
    again = account_of("order", total=Money("7.00", "EUR"))
    refused(AlreadyExists, lambda: commit(store, again, claims=[claim]), "a second creation")
    expect(before, list(seen(store, [account], [claim])), "all that is shown after a refusal")


@law(
    "STORE-5",
    "where one entity of many cannot be written, none is",
    "a payment without its session's word, or a movement without its payment, is lost money",
)
def half_a_commit_is_none(make_store: MakeStore) -> None:
    stale = account_of("stale")
    for order in permutations([account_of("good"), stale, account_of("fine")]):
        store, claim = make_store(), claim_of("key")
        commit(store, stale)
        before = list(seen(store, order, [claim]))

        def write(order: tuple[PayableAccount, ...] = order, store: Store = store) -> None:
            commit(store, *order, claims=[claim_of("key")])

        refused(AlreadyExists, write, "one account of three that exists")
        expect(before, list(seen(store, order, [claim])), "all that is shown after a refusal")


@law(
    "STORE-6",
    "a version without its predecessor raises StaleVersion",
    "what was never there, or was lost, may not come back by its second version",
)
def a_second_version_needs_a_first(make_store: MakeStore) -> None:
    store, account = make_store(), account_of("order").committed()
    late = touched(account, total="120.00")
    refused(StaleVersion, lambda: commit(store, late), "a second version of nothing")
    expect(None, store.get(PayableAccount, "order", tenant=""), "the account after a refusal")


def claim_of(text: str, *, id: str = "ps_1", namespace: str = "keys", version: int = 1) -> Claim:  # noqa: A002
    return Claim(namespace=namespace, text=text, kind="payment_session", id=id, version=version)


@law(
    "STORE-7",
    "a claim is unique within its tenant and namespace, and a taken one stops the whole commit",
    "one idempotency key is one effect, and one provider reference is one payment",
)
def claims_are_unique(make_store: MakeStore) -> None:
    store, claim = make_store(), claim_of("key")
    first, second = account_of("first"), account_of("second")
    commit(store, first, claims=[claim])
    before = list(seen(store, [first, second], [claim]))
    rival = claim_of("key", id="ps_2")
    refused(AlreadyExists, lambda: commit(store, second, claims=[rival]), "a claim that is taken")
    expect(before, list(seen(store, [first, second], [claim])), "all that is shown afterwards")
    elsewhere = claim_of("key", id="ps_3", namespace="references")
    commit(store, second, claims=[elsewhere])
    commit(store, account_of("first", tenant="other"), tenant="other", claims=[rival])
    expect(claim, store.claimed("keys", "key", tenant=""), "the claim that was first")
    expect(elsewhere, store.claimed("references", "key", tenant=""), "another namespace's")
    expect(rival, store.claimed("keys", "key", tenant="other"), "another tenant's")


@law(
    "STORE-8",
    "a claim at version n replaces the one at n - 1 and no other",
    "the record of a finished command is written into its key's claim, once",
)
def claims_are_replaced_by_version(make_store: MakeStore) -> None:
    store, newer = make_store(), claim_of("key", id="ps_2", version=2)
    refused(
        StaleVersion,
        lambda: commit(store, account_of("early"), claims=[newer]),
        "the second version of a claim that nobody has made",
    )
    commit(store, account_of("first"), claims=[claim_of("key")])
    commit(store, account_of("second"), claims=[newer])
    expect(newer, store.claimed("keys", "key", tenant=""), "a claim that was replaced")
    refused(
        StaleVersion,
        lambda: commit(store, account_of("third"), claims=[newer]),
        "the second version of a claim, twice",
    )
    expect(newer, store.claimed("keys", "key", tenant=""), "a claim that was not replaced")
    twice = [claim_of("twice"), claim_of("twice", id="ps_2", version=2)]
    commit(store, account_of("fourth"), claims=twice)
    expect(twice[1], store.claimed("keys", "twice", tenant=""), "a claim made twice in one commit")


@law(
    "STORE-9",
    "a released claim is free to be taken again",
    "a refused command frees its caller's key",
)
def released_claims_are_free(make_store: MakeStore) -> None:
    store, claim, kept = make_store(), claim_of("key"), claim_of("kept")
    commit(store, account_of("first"), claims=[claim, kept])
    commit(store, account_of("second"), released=[claim])
    expect(None, store.claimed("keys", "key", tenant=""), "a claim that was released")
    expect(kept, store.claimed("keys", "kept", tenant=""), "a claim that was not released")
    again = claim_of("key", id="ps_2")
    commit(store, account_of("third"), claims=[again])
    expect(again, store.claimed("keys", "key", tenant=""), "a claim that was taken again")
    commit(store, account_of("fourth"), claims=[claim_of("both")], released=[claim_of("both")])
    expect(None, store.claimed("keys", "both", tenant=""), "a claim made and released in one")


@law(
    "STORE-10",
    "entities are found by every index, oldest first",
    "a report names a reference or a payable, and must meet all that it is about",
)
def found_by_every_index(make_store: MakeStore) -> None:
    store = make_store()
    batches = [everything(name, minutes=age) for name, age in (("new", 9), ("old", 3), ("mid", 5))]
    for batch in batches:
        commit(store, *batch)
    for kind, indexes in INDEXES.items():
        for by in indexes:
            _is_found_by(store, kind, by, [one for batch in batches for one in batch])


def _is_found_by(store: Store, kind: AnyKind, by: str, everyone: list[Entity]) -> None:
    ours = [one for one in everyone if type(one) is kind]
    for value in {getattr(one, by) for one in ours} - {None}:
        expected = sorted(
            (one.committed() for one in ours if getattr(one, by) == value),
            key=lambda one: (one.created_at, one.id),
        )
        found = store.find(kind, by=by, value=value, tenant="")
        expect(tuple(expected), found, f"each {KINDS[kind]} by {by}")
    expect((), store.find(kind, by=by, value="nothing", tenant=""), f"{KINDS[kind]} by no {by}")


@law(
    "STORE-11",
    "an index follows a value that changed",
    "a session is known by our id until the provider has given its own",
)
def an_index_follows_its_value(make_store: MakeStore) -> None:
    store = make_store()
    session, attempt = session_of("1")
    commit(store, session, attempt)
    loaded = held(store, session)
    renamed = attrs.evolve(loaded, references=References.of(session="cs_1"))
    renamed, _ = renamed.doubt(held(store, attempt), Unknown("timeout"), at=at(1))
    commit(store, renamed)
    by_ours = store.find(PaymentSession, by="external_id", value="ps_1", tenant="")
    by_theirs = store.find(PaymentSession, by="external_id", value="cs_1", tenant="")
    expect((), by_ours, "a session by the external id it had")
    expect((renamed.committed(),), by_theirs, "a session by the external id it has")


@law(
    "STORE-12",
    "tenants never see or disturb one another",
    "one shop's money is nobody else's business",
)
def tenants_are_apart(make_store: MakeStore) -> None:
    store, ours, theirs = make_store(), everything(), everything(tenant="theirs")
    claim, rival = claim_of("key"), claim_of("key", id="ps_2")
    commit(store, *ours, claims=[claim])
    for shown in seen(store, ours, [claim], tenant="theirs"):
        expect(True, shown in (None, ()), f"whether nothing is shown, when {shown!r} is")
    before = list(seen(store, ours, [claim]))
    commit(store, *theirs, tenant="theirs", claims=[rival])
    store.mark_published(store.unpublished(limit=MANY, tenant="theirs"), tenant="theirs")
    commit(store, account_of("more", tenant="theirs"), tenant="theirs", released=[rival])
    expect(before, list(seen(store, ours, [claim])), "all that one tenant sees of its own")
    expect({"theirs"}, {held(store, one, tenant="theirs").tenant for one in theirs}, "the tenant")


def expiring(name: str, minutes: int | None) -> tuple[PaymentSession, Attempt]:
    return session_of(name, expires_at=None if minutes is None else at(minutes))


@law(
    "STORE-13",
    "what is due comes longest due first, of the kinds that were asked for, up to the limit",
    "recovery works in batches and must not starve the oldest",
)
def due_is_ordered_and_limited(make_store: MakeStore) -> None:
    store = make_store()
    waiting = {minutes: expiring(str(minutes), minutes) for minutes in (30, 10, 20, 40)}
    for pair in (*waiting.values(), expiring("never", None)):
        commit(store, *pair)

    def due(minutes: int, kinds: tuple[AnyKind, ...], limit: int = MANY) -> tuple[str, ...]:
        return tuple(one.id for one in store.due(at(minutes), kinds=kinds, limit=limit, tenant=""))

    sessions = (PaymentSession,)
    expect(("ps_10", "ps_20", "ps_30"), due(30, sessions), "sessions that are due")
    expect(("ps_10", "ps_20"), due(30, sessions, limit=2), "two sessions that are due")
    expect((), due(30, sessions, limit=0), "no session that is due")
    expect((), due(9, sessions), "sessions before the first is due")
    expect(5, len(due(30, (Attempt,))), "attempts that are due")
    expect(8, len(due(30, (Attempt, PaymentSession))), "sessions and attempts that are due")
    expect((), due(30, (Payment,)), "kinds of which nothing is due")


@law(
    "STORE-14",
    "what is due moves with its time and is gone with it",
    "back-off moves an operation, and what has ended is nobody's work",
)
def due_follows_its_time(make_store: MakeStore) -> None:
    store = make_store()
    session, attempt = session_of("1")
    commit(store, session, attempt)

    def due() -> list[datetime | None]:
        found = store.due(ALWAYS, kinds=(Attempt,), limit=MANY, tenant="")
        return [one.due_at for one in found]

    expect([at(1)], due(), "when an attempt is due")
    session, attempt = held(store, session).take_up(held(store, attempt), leased(20))
    commit(store, session, attempt)
    expect([attempt.due_at], due(), "when an attempt is due that was leased again")
    session, attempt = held(store, session).supersede(held(store, attempt), by="at_2", at=at(30))
    commit(store, session, attempt)
    expect([], due(), "when an attempt is due that has ended")


@law(
    "STORE-15",
    "what a person must look at is shown oldest first, up to the limit, while it must",
    "nobody looks for what nobody shows",
)
def attention_is_shown(make_store: MakeStore) -> None:
    store = make_store()
    for name, minutes in (("new", 9), ("old", 3), ("mid", 5), ("fine", 1)):
        commit(store, *session_of(name, minutes=minutes))
    for name in ("mid", "new", "old"):
        session, attempt = session_of(name)
        session, attempt = held(store, session).hand_over(
            held(store, attempt), "nobody knows", at=at(60)
        )
        commit(store, session, attempt)

    def waiting(limit: int = MANY) -> tuple[str, ...]:
        return tuple(one.id for one in store.attention(limit=limit, tenant=""))

    expect(("at_old", "at_mid", "at_new"), waiting(), "what needs attention")
    expect(("at_old", "at_mid"), waiting(limit=2), "two that need attention")
    session, attempt = session_of("mid")
    loaded = held(store, session)
    session, _ = loaded.doubt(attempt, Unknown("settled by a person"), at=at(90))
    settled = attrs.evolve(held(store, attempt), waits_for_person=None, changed=True)
    commit(store, session, settled)
    expect(("at_old", "at_new"), waiting(), "what needs attention still")


@law(
    "STORE-16",
    "events are dense: each has its aggregate, its version and its place in it, and that is its id",
    "whoever reads the outbox must see a gap, and must know what was told twice",
)
def events_are_dense(make_store: MakeStore) -> None:
    store, account = make_store(), account_of("order")
    payment, authorization = payment_of("1")
    commit(store, account, payment, authorization)
    again = touched(touched(held(store, account), total="7.00"), total="8.00")
    commit(store, again)
    events = store.unpublished(limit=MANY, tenant="")
    by_aggregate = {
        one: [(event.version, event.index) for event in events if event.aggregate_id == one]
        for one in ("order", "py_1")
    }
    expect([(1, 0), (2, 0), (2, 1)], by_aggregate["order"], "the events of an account")
    expect([(1, 0), (1, 1)], by_aggregate["py_1"], "the events of a payment")
    for event in events:
        expected = f"{event.aggregate_id}:{event.version}:{event.index}"
        expect(expected, event.id, "the id of an event")
    expect(_told(account, payment, again), [event.event for event in events], "what was told")


def _told(*aggregates: Aggregate) -> list[object]:
    return [event for aggregate in aggregates for event in aggregate.news]


@law(
    "STORE-17",
    "events stay in order and unpublished until they are marked, and marking twice does no harm",
    "each is told at least once, and each aggregate's in order",
)
def events_wait_in_order(make_store: MakeStore) -> None:
    store, accounts = make_store(), [account_of(f"order_{number}") for number in range(5)]
    for account in accounts:
        commit(store, account)

    def waiting(limit: int = MANY) -> tuple[RecordedEvent, ...]:
        return store.unpublished(limit=limit, tenant="")

    first = waiting(limit=2)
    expect(["order_0", "order_1"], [one.aggregate_id for one in first], "the first two events")
    expect(first, waiting(limit=2), "the first two events, read again")
    rest = waiting()[2:]
    store.mark_published(first, tenant="")
    store.mark_published(first, tenant="")
    store.mark_published((), tenant="")
    expect(rest, waiting(), "the events that are not marked")
    store.mark_published(rest[1:], tenant="")
    expect(rest[:1], waiting(), "the event that was passed over")


def winners(writers: Iterable[Callable[[], None]]) -> int:
    """Start them all at once; return how many were not told that somebody was faster."""
    ready = list(writers)
    barrier = Barrier(len(ready))

    def run(write: Callable[[], None]) -> bool:
        barrier.wait()
        try:
            write()
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(len(ready)) as pool:
        return sum(pool.map(run, ready))


@law(
    "STORE-18",
    "of many who write one version at once, exactly one wins, and the others change nothing",
    "two charges may not use the same due amount",
)
def one_writer_wins(make_store: MakeStore) -> None:
    store, account = make_store(), account_of("order")
    commit(store, account)
    loaded = held(store, account)

    def writer(number: int) -> Callable[[], None]:
        changed, own = touched(loaded, total=f"{number}.00"), account_of(f"by_{number}")
        return lambda: commit(store, changed, own)

    won = winners(writer(number) for number in range(101, 101 + WRITERS))
    expect(1, won, f"how many of {WRITERS} writers won")
    expect(2, held(store, account).version, "the version afterwards")
    total = held(store, account).total.minor // 100
    ids = [f"by_{number}" for number in range(101, 101 + WRITERS)]
    written = [one for one in ids if store.get(PayableAccount, one, tenant="")]
    expect([f"by_{total}"], written, "what the writers wrote beside it")
    expect(3, len(store.unpublished(limit=MANY, tenant="")), "how many events were told")


@law(
    "STORE-19",
    "of many who make one claim at once, exactly one wins, and the others change nothing",
    "one key pressed twice is one payment",
)
def one_claimant_wins(make_store: MakeStore) -> None:
    store = make_store()

    def claimant(number: int) -> Callable[[], None]:
        own, claim = account_of(f"by_{number}"), claim_of("key", id=f"by_{number}")
        return lambda: commit(store, own, claims=[claim])

    won = winners(claimant(number) for number in range(WRITERS))
    expect(1, won, f"how many of {WRITERS} claimants won")
    claim = store.claimed("keys", "key", tenant="")
    ids = [f"by_{number}" for number in range(WRITERS)]
    written = [one for one in ids if store.get(PayableAccount, one, tenant="")]
    expect([claim.id if claim else None], written, "what the claimants wrote beside it")


@law(
    "STORE-20",
    "what has no news is not written",
    "a report that came twice changes nothing, not even a version",
)
def without_news_nothing_is_written(make_store: MakeStore) -> None:
    store, entities = make_store(), everything()
    commit(store, *entities)
    before = list(seen(store, entities))
    commit(store, *(held(store, entity) for entity in entities))
    expect(before, list(seen(store, entities)), "all that is shown after an empty commit")


ODD_TEXTS = {
    "four octets": "\U0001f4b3\U0001f9fe",
    "right to left": "\u05e7\u05d1\u05dc\u05d4 \u0642\u0647\u0648\u0629",
    "combined": "cafe\u0301 \u1100\u1161",
    "quotes": "'; -- \" \\ % _ { } \u2028",
    "255 characters": "\u65e5" * 255,
}


@law(
    "STORE-21",
    "text comes back character by character",
    "names, notes and keys are written in every script, and `%` and `'` are letters too",
)
def odd_text_comes_back(make_store: MakeStore) -> None:
    for name, text in ODD_TEXTS.items():
        store, claim = make_store(), claim_of(text)
        session, attempt = session_of("1", title=text)
        commit(store, session, attempt, claims=[claim])
        expect(session.committed(), held(store, session), f"a session with {name}")
        expect(claim, store.claimed("keys", text, tenant=""), f"a claim with {name}")
        expect(None, store.claimed("keys", text + "x", tenant=""), f"no claim, almost {name}")
        rival = claim_of(text, id="ps_2")
        refused(
            AlreadyExists,
            lambda rival=rival, store=store: commit(store, account_of("a"), claims=[rival]),  # type: ignore[misc]
            f"a second claim with {name}",
        )


AMOUNTS = (
    Money.from_minor(1, "EUR"),
    Money.from_minor(10**18 - 1, "EUR"),
    Money.from_minor(10**17 + 1, "JPY"),
    Money.from_minor(10**17 + 1, "KWD"),
)


@law(
    "STORE-22",
    "amounts come back to the last unit, however large or small",
    "a sum that went through a floating number is another sum",
)
def extreme_amounts_come_back(make_store: MakeStore) -> None:
    for amount in AMOUNTS:
        store = make_store()
        payment, authorization = payment_of("1", amount=amount)
        account = account_of("order", total=amount)
        commit(store, account, payment, authorization)
        expect(amount, held(store, account).total, "the total of an account")
        expect(amount, held(store, payment).balances.authorized, "what a payment holds")
        expect(amount, held(store, authorization).amount, "what was authorized")
        told = [event.event for event in store.unpublished(limit=MANY, tenant="")]
        expect(_told(account, payment), told, "what was told")


@law(
    "STORE-23",
    "an operation is written with the facts it was settled by",
    "what is believed of it is read from them, after every crash",
)
def facts_come_back(make_store: MakeStore) -> None:
    store, entities = make_store(), everything()
    commit(store, *entities)
    refund = next(held(store, one) for one in entities if isinstance(one, Refund))
    payment = next(held(store, one) for one in entities if isinstance(one, Payment))
    working = Evidence(
        fact=Pending("overnight", references=References.of(refund="rf_1"), occurred_at=at(5)),
        source=EvidenceSource.NOTIFICATION,
        recorded_at=at(6),
    )
    payment, refund = payment.settle(refund, working)
    commit(store, payment, refund)
    expect(refund.committed(), held(store, refund), "a refund that is pending")
    expect((working,), held(store, refund).facts, "the facts of a refund")
    expect(payment.committed(), held(store, payment), "a payment with a pending refund")
    kinds = (Capture, Void, Lapse, Reversal, Authorization)
    versions = {held(store, one).version for one in entities if isinstance(one, kinds)}
    expect({1}, versions, "the version of movements that did not change")


@law(
    "STORE-24",
    "a settled claim comes back with its answer, whole",
    "a command that is asked again answers as it did, to the browser that needs its data too",
)
def answers_come_back(make_store: MakeStore) -> None:
    store, account = make_store(), account_of("order")
    session, attempt = session_of("1")
    answer = at_the_browser(session).committed()
    begun = attrs.evolve(claim_of("key"), fingerprint="5e1d" * 16)
    settled = attrs.evolve(begun, version=2, answer=answer, settled_at=at(5))
    commit(store, session, attempt, claims=[begun])
    expect(begun, store.claimed("keys", "key", tenant=""), "a claim that is not settled")
    commit(store, account, claims=[settled])
    found = store.claimed("keys", "key", tenant="")
    expect(settled, found, "a claim that is settled")
    expect(answer, found and found.answer, "the answer of a claim")


@law(
    "STORE-25",
    "releasing a claim that stands for another record does nothing",
    "who comes late may not free a key that somebody else has taken since",
)
def only_its_own_claim_is_released(make_store: MakeStore) -> None:
    store, claim = make_store(), claim_of("key")
    commit(store, account_of("first"), claims=[claim])
    others = (
        claim_of("key", id="ps_2"),
        attrs.evolve(claim, kind="payment"),
        claim_of("key", namespace="references"),
    )
    for number, other in enumerate(others):
        commit(store, account_of(f"late_{number}"), released=[other])
        expect(claim, store.claimed("keys", "key", tenant=""), "a claim that stands for another")
