"""Laws of what is to be done: what is due, and what a person must look at."""

from __future__ import annotations

from datetime import timedelta

import attrs

from paysession._domain.attempts import Attempt
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession.stores.port import KINDS, AnyKind, Changes
from paysession.testing._stores.bench import MANY, Bench, StoreOnTrial
from paysession.testing._stores.finding import ids
from paysession.testing._stores.indexed import (
    DUE_KINDS,
    PERSONS_KINDS,
    due_example,
    persons_example,
)
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import at, at_version, attempt, changed, session
from paysession.testing._stores.trials import Trial

_MICROSECOND = timedelta(microseconds=1)


@law(
    "DUE-1",
    "what is due comes longest due first, of the kinds that were asked for, up to the limit",
    reason="recovery works in batches and must not starve the oldest",
    source="I28",
    about="due",
)
def due_is_ordered_and_limited(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    for minutes in (30, 10, 20, 40):
        owner = session(f"ps_{minutes}", expires_at=at(minutes))
        yield from store.commit(owner, attempt(f"at_{minutes}", of=owner, recheck_at=at(5)))
    never = session("never")
    yield from store.commit(never, attempt("never", of=never, recheck_at=None))
    sessions, both = (PaymentSession,), (Attempt, PaymentSession)
    yield from _is_due(store, ["ps_10", "ps_20", "ps_30"], 30, sessions)
    yield from _is_due(store, ["ps_10", "ps_20"], 30, sessions, limit=2)
    yield from _is_due(store, [], 30, sessions, limit=0)
    yield from _is_due(store, [], 9, sessions)
    yield from _is_due(store, [], 30, (Payment,))
    yield from _is_due(store, [], 30, ())
    found = yield from store.due(at(30), kinds=both)
    bench.same(["ps_10", "ps_20", "ps_30"], ids(found)[4:], "sessions due after four attempts")
    found = yield from store.due()
    bench.same(8, len(found), "how many are ever due, of all kinds")
    yield from _every_kind_is_due_in_turn(bench)


def _every_kind_is_due_in_turn(bench: Bench) -> Trial[None]:
    store, expected = (yield from bench.store()), list[str]()
    for turn in ("first", "second"):
        for kind in reversed(DUE_KINDS):
            one = due_example(kind, f"{KINDS[kind]}_{turn}", at(len(expected))).committed()
            yield from store.write(Changes(tenant="", entities=(one,)))
            expected.append(one.id)
    everything, last, several = len(expected), len(expected) - 1, len(DUE_KINDS) + 2
    for limit in (everything, several):
        yield from _is_due(store, expected[:limit], last, DUE_KINDS, limit=limit)
    yield from _is_due(store, expected[:several], several - 1, DUE_KINDS)
    for kind in DUE_KINDS:
        ours = [f"{KINDS[kind]}_first", f"{KINDS[kind]}_second"]
        yield from _is_due(store, ours, last, (kind,))


def _is_due(
    store: StoreOnTrial,
    expected: list[str],
    minutes: int,
    kinds: tuple[AnyKind, ...],
    limit: int = MANY,
) -> Trial[None]:
    found = yield from store.due(at(minutes), kinds=kinds, limit=limit)
    what = "of every kind" if kinds == DUE_KINDS else " and ".join(KINDS[kind] for kind in kinds)
    store.bench.same(expected, ids(found), f"{what or 'nothing'} due by {minutes}, {limit} at most")


@law(
    "DUE-2",
    "what is due at the very instant is due, and what is due a microsecond later is not",
    reason="an instant that is cut or rounded leaves a lease early, or an expiry for ever undone",
    source="I21",
    about="due",
)
def due_includes_its_instant(bench: Bench) -> Trial[None]:
    store, now = (yield from bench.store()), at(0)
    whole_second = now.replace(microsecond=0)
    instants = (whole_second, now - _MICROSECOND, now, now + _MICROSECOND)
    names = [instant.isoformat() for instant in instants]
    for name, instant in zip(names, instants, strict=True):
        yield from store.commit(session(name, expires_at=instant))
    found = yield from store.due(whole_second - _MICROSECOND)
    bench.same([], ids(found), "what is due before any of it is")
    for number, instant in enumerate(instants, start=1):
        found = yield from store.due(instant)
        bench.same(names[:number], ids(found), f"what is due at {instant.isoformat()}")


@law(
    "DUE-3",
    "what is due moves with its time, and is gone with it",
    reason="back-off moves an operation, and what has ended is nobody's work",
    source="I28",
    about="due",
)
def due_follows_its_time(bench: Bench) -> Trial[None]:
    store, owner = (yield from bench.store()), session("ps_1")
    waiting = attempt("at_1", of=owner, recheck_at=at(1))
    yield from store.commit(owner, waiting)
    for recheck_at in (at(20), at(3), None, at(4)):
        owner, held = changed((yield from store.held(owner))), (yield from store.held(waiting))
        waiting = attrs.evolve(held, recheck_at=recheck_at, changed=True)
        yield from store.commit(owner, waiting)
        expected = () if recheck_at is None else (waiting.committed(),)
        bench.same(expected, (yield from store.due()), f"what is due, when it is at {recheck_at}")
    bench.same((), (yield from store.due(at(3))), "what is due when the attempt was due before")


@law(
    "DUE-4",
    "what changed otherwise is due still, when it was, and as it is now",
    reason="a report that leaves the time alone must not take an operation out of recovery's sight",
    source="I28",
    about="due",
)
def due_stays_when_its_time_stays(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    entities = [due_example(kind, "id_1", at(5 + n)) for n, kind in enumerate(DUE_KINDS)]
    for version in (1, 2, 3):
        newer = tuple(at_version(entity, version) for entity in entities)
        yield from store.write(Changes(tenant="", entities=newer))
    bench.same(newer, (yield from store.due()), "what is due, each at its third version")


@law(
    "ATT-1",
    "what a person must look at is shown oldest first, up to the limit, while it must",
    reason="nobody looks for what nobody shows",
    source="I28",
    about="attention",
)
def attention_is_shown_while_it_is_needed(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    for name, minutes in (("new", 9), ("old", 3), ("mid", 5), ("b_mid", 5), ("fine", 1)):
        owner, reason = session(name), None if name == "fine" else "nobody knows"
        changed_last = at(20 - minutes)
        one = attempt(
            name, of=owner, minutes=minutes, updated_at=changed_last, waits_for_person=reason
        )
        yield from store.commit(owner, one)
    found = yield from store.attention()
    bench.same(["old", "b_mid", "mid", "new"], ids(found), "what needs attention")
    found = yield from store.attention(limit=2)
    bench.same(["old", "b_mid"], ids(found), "two that need attention")
    bench.same((), (yield from store.attention(limit=0)), "none that need attention")
    owner = changed((yield from store.held(session("mid"))))
    one = yield from store.held(attempt("mid", of=owner))
    yield from store.commit(owner, attrs.evolve(one, waits_for_person=None, changed=True))
    found = yield from store.attention()
    bench.same(["old", "b_mid", "new"], ids(found), "what needs attention still")
    yield from _every_kind_is_shown_in_turn(bench)


def _every_kind_is_shown_in_turn(bench: Bench) -> Trial[None]:
    store, expected = (yield from bench.store()), list[str]()
    for turn in ("first", "second"):
        for kind in reversed(PERSONS_KINDS):
            name = f"{KINDS[kind]}_{turn}"
            one = persons_example(kind, name, minutes=len(expected)).committed()
            yield from store.write(Changes(tenant="", entities=(one,)))
            expected.append(name)
    for limit in (MANY, len(PERSONS_KINDS) + 2):
        found = yield from store.attention(limit=limit)
        bench.same(expected[:limit], ids(found), f"what needs attention, {limit} at most")


@law(
    "ATT-2",
    "what changed otherwise is shown still, and as it is now",
    reason="who looks after an hour must find what nobody has seen to, and decide on what is known",
    source="I28",
    about="attention",
)
def attention_stays_while_it_is_needed(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    entities = [persons_example(kind, "id_1", minutes=n) for n, kind in enumerate(PERSONS_KINDS)]
    for version in (1, 2, 3):
        newer = tuple(at_version(entity, version) for entity in entities)
        yield from store.write(Changes(tenant="", entities=newer))
    bench.same(newer, (yield from store.attention()), "what needs attention, at its third version")
