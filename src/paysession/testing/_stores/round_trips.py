"""Laws of what comes back: every kind with every field, every letter, every unit."""

from __future__ import annotations

from typing import Any, cast

import attrs

from paysession._domain.balances import Balances
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.secrets import ClientData
from paysession._domain.session import PaymentSession
from paysession._money import Money
from paysession.errors import AlreadyExists
from paysession.events import Event, RecoveryStarted
from paysession.outcomes import Pending
from paysession.stores.port import KINDS, Changes
from paysession.testing._stores.bench import Bench
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import (
    EXTREME_AMOUNTS,
    EXTREME_INSTANTS,
    EXTREME_INTEGERS,
    LONGEST_AMOUNT,
    ODD_TEXTS,
    VARIANTS,
    account,
    at,
    attempt,
    claim,
    every_event,
    every_kind,
    every_kind_in_brief,
    evidence,
    example,
    of_amount,
    session,
)
from paysession.testing._stores.trials import Trial


@law(
    "ROUND-1",
    "what was committed is read back the same in every field, at the next version, its news told",
    reason="every decision is made on what was read; news read twice would be told twice",
    source="I24",
    about="get",
)
def every_kind_comes_back(bench: Bench) -> Trial[None]:
    for variant in range(VARIANTS):
        store, entities = (yield from bench.store()), every_kind(variant=variant)
        yield from store.commit(*entities)
        for entity in entities:
            found, name = (yield from store.held(entity)), KINDS[type(entity)]
            bench.same(entity.committed(), found, name)
            changed = entity.committed().is_changed
            bench.same(changed, found.is_changed, f"{name}: whether it has news when it is read")


@law(
    "ROUND-2",
    "what was not committed cannot be read",
    reason="an empty answer must be empty, or a first commit takes itself for a second",
    source="I41",
    about="get",
)
def nothing_is_readable_before(bench: Bench) -> Trial[None]:
    store, entities, key = (yield from bench.store()), every_kind(), claim("key")
    for when in ("before anything", "before itself"):
        for name, shown in (yield from store.shown(entities, [key])).items():
            bench.nothing(shown, f"{name}, {when}")
        yield from store.commit(account(f"something else {when}"))
        yield from store.mark_published((yield from store.unpublished()))


@law(
    "ROUND-3",
    "text comes back character by character, and texts that differ are two",
    reason="names, notes and keys are written in every script, and `%` and `'` are letters too",
    source="I24",
    about="get",
)
def odd_text_comes_back(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    for name, text in ODD_TEXTS.items():
        one = session(text, payable_id=text)
        made = claim(text, id=text, namespace=text, fingerprint=text)
        one = attrs.evolve(one, news=(_told_in(text),))
        yield from store.commit(one, claims=[made])
        bench.same(one.committed(), (yield from store.held(one)), f"a session with text {name}")
        told = yield from store.unpublished()
        bench.same(Changes.of([one], tenant="").events, told, f"an event with text {name}")
        yield from store.mark_published(told)
    for name, text in ODD_TEXTS.items():
        made = claim(text, id=text, namespace=text, fingerprint=text)
        found = yield from store.claimed(text, namespace=text)
        bench.same(made, found, f"a claim with text {name}")
        missing = yield from store.claimed(text + "x", namespace=text)
        bench.same(None, missing, f"a claim with almost the text {name}")
        rival = store.commit(account("rival"), claims=[attrs.evolve(made, id="other")])
        yield from bench.refused(AlreadyExists, rival, f"a second claim with text {name}")
        sessions = yield from store.find(PaymentSession, by="payable_id", value=text)
        bench.same([text], [one.id for one in sessions], f"sessions by a text {name}")


def _told_in(text: str) -> Event:
    return RecoveryStarted(at=at(1), operation_id=text, tries=1)


@law(
    "ROUND-4",
    "amounts come back to the last unit, however large or small",
    reason="a sum that went through a floating number is another sum",
    source="I11",
    about="get",
)
def extreme_amounts_come_back(bench: Bench) -> Trial[None]:
    for number, amount in enumerate(EXTREME_AMOUNTS):
        store = yield from bench.store()
        order = account(f"order_{number}", total=amount, paid=amount)
        balances = attrs.evolve(Balances.opening(amount), captured=amount)
        payment = example(Payment, "py_1", balances=balances)
        yield from store.commit(order, payment)
        bench.same(order.committed(), (yield from store.held(order)), f"an account of {amount}")
        bench.same(payment.committed(), (yield from store.held(payment)), f"a payment of {amount}")
    yield from _comes_back_everywhere(bench, LONGEST_AMOUNT)


def _comes_back_everywhere(bench: Bench, amount: Money) -> Trial[None]:
    """Put an amount wherever one may stand: in every kind, in every event, in every answer."""
    store, order = (yield from bench.store()), account("order").committed()
    entities = [of_amount(one, amount).committed() for one in every_kind_in_brief()]
    told = tuple(of_amount(event, amount) for event in every_event(order))
    answers = [claim(one.id, kind=KINDS[type(one)], id=one.id, answer=one) for one in entities]
    yield from store.write(
        Changes(tenant="", entities=(order, *entities), events=told, claims=tuple(answers))
    )
    for one, made in zip(entities, answers, strict=True):
        kind = KINDS[type(one)]
        bench.same(one, (yield from store.held(one)), f"a {kind} of {amount}")
        found = yield from store.claimed(made.text)
        bench.same(made, found, f"a claim settled with a {kind} of {amount}")
    bench.same(told, (yield from store.unpublished()), f"the events of {amount}")


@law(
    "ROUND-5",
    "numbers come back digit by digit",
    reason="a provider's sequence decides which of two facts is the later one",
    source="I45",
    about="get",
)
def extreme_integers_come_back(bench: Bench) -> Trial[None]:
    store, owner = (yield from bench.store()), session("ps_1")
    facts = tuple(
        attrs.evolve(evidence()[0], fact=Pending(sequence=number, occurred_at=at(1)))
        for number in EXTREME_INTEGERS
    )
    tries = attempt("at_1", of=owner, facts=facts, tries=2**31)
    shown = ClientData({"of": list(EXTREME_INTEGERS), "most": 2**64 - 1, "part": 0.1})
    owner = attrs.evolve(owner, client_data=shown)
    yield from store.commit(owner, tries)
    bench.same(tries.committed(), (yield from store.held(tries)), "an attempt")
    bench.same(owner.committed(), (yield from store.held(owner)), "a session")


@law(
    "ROUND-6",
    "instants come back to the microsecond, in UTC, from the first there is to the last",
    reason="leases, expiries and the order of facts are decided by instants",
    source="I21",
    about="get",
)
def extreme_instants_come_back(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    for number, instant in enumerate(EXTREME_INSTANTS):
        times: dict[str, Any] = {"created_at": instant, "updated_at": instant}
        owner = session(f"ps_{number}", expires_at=instant, **times)
        facts = (attrs.evolve(evidence()[0], recorded_at=instant),)
        one = attempt(f"at_{number}", of=owner, recheck_at=instant, facts=facts, **times)
        made = claim(f"key_{number}", settled_at=instant)
        yield from store.commit(owner, one, claims=[made])
        bench.same(owner.committed(), (yield from store.held(owner)), f"a session of {instant}")
        bench.same(one.committed(), (yield from store.held(one)), f"an attempt of {instant}")
        bench.same(made, (yield from store.claimed(made.text)), f"a claim settled at {instant}")
    found = yield from store.due(kinds=(PaymentSession,))
    ids = [f"ps_{number}" for number in range(len(EXTREME_INSTANTS))]
    bench.same(ids, [one.id for one in found], "sessions in the order in which they are due")


@law(
    "ROUND-7",
    "a settled claim comes back with its answer, whole, whatever kind the answer is of",
    reason="a command that is asked again answers as it did, with the data that the browser needs",
    source="I33",
    about="claimed",
)
def answers_come_back(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    for answer in every_kind():
        kind = KINDS[type(answer)]
        begun = claim(kind, kind=kind, id=answer.id, fingerprint="5e1d" * 16)
        yield from store.commit(claims=[begun])
        bench.same(begun, (yield from store.claimed(kind)), "a claim that is not settled")
        ended = attrs.evolve(begun, version=2, answer=answer.committed(), settled_at=at(5))
        yield from store.commit(claims=[ended])
        bench.same(ended, (yield from store.claimed(kind)), f"a claim settled with a {kind}")


@law(
    "ROUND-8",
    "the newest version comes back, without a trace of those before it",
    reason="what was dropped, such as client data when a session has closed, must be gone",
    source="I50",
    about="get",
)
def nothing_stays_of_former_versions(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    full = session("ps_1", expires_at=at(9))
    yield from store.commit(full)
    bare = _bared((yield from store.held(full)))
    yield from store.commit(bare)
    bench.same(bare.committed(), (yield from store.held(full)), "a session that was emptied")
    bench.same((), (yield from store.due()), "what is due once the session does not expire")
    order = account("order", paid_at=at(4))
    yield from store.commit(order)
    zero = Money.zero("JPY")
    sums: dict[str, Any] = {
        field.name: zero
        for field in attrs.fields(PayableAccount)
        if isinstance(getattr(order, field.name), Money)
    }
    loaded = yield from store.held(order)
    emptied = attrs.evolve(loaded, paid_at=None, news=order.news, **sums)
    yield from store.commit(emptied)
    bench.same(emptied.committed(), (yield from store.held(order)), "an account that was emptied")


def _bared(full: PaymentSession) -> PaymentSession:
    """Return a session with nothing in any field that may be empty, and news."""
    bare: dict[str, Any] = {
        field.name: field.default
        for field in attrs.fields(PaymentSession)
        if field.default in (None, ())
    }
    terms = attrs.evolve(cast("Any", full.terms), expires_at=None)
    news = session(full.id).news
    return attrs.evolve(full, **{**bare, "terms": terms, "news": news})
