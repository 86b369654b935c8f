"""Laws of sessions that store a source and take no money."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from paysession._domain.limits import holds_card_number
from paysession.gateways import CompleteSetupSessionRequest, Request
from paysession.outcomes import Accepted, ActionRequired, Pending, Profile, ReferenceRole, Stored
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import SETUPS, law
from paysession.testing._gateways.occasions import effect_of, occasion

_CARD_DIGITS: Final = re.compile(r"[0-9]{13,19}")


@law(
    "SET-1",
    "two setup sessions have two ids, and so have the sources that two customers store in them",
    reason="every later call finds one by its id, and two customers must not share a source",
    source="I47; docs.stripe.com/api/setup_intents/object",
    about="create_setup_session",
    needs=SETUPS,
)
def two_setup_sessions_have_two_ids(bench: Bench) -> None:
    opened = [_opened(bench, customer_id=bench.orders.fresh("cus")) for _ in range(2)]
    ids = {each.references.get(ReferenceRole.SESSION) for each in opened} - {None}
    bench.must(len(ids) > 1, "the ids of two setup sessions", "two of role session", opened)
    one, other = (_stored_by(bench, each).id for each in opened)
    what = "the ids of the sources of two customers"
    bench.must(one is None or one != other, what, "two that differ", [one, other])


@law(
    "SET-2",
    "what is stored has an id, and storing it moves no money",
    reason="a source without an id cannot be charged, and nobody has bought anything",
    source="docs.stripe.com/api/setup_intents/object",
    about="complete_setup_session",
    needs=SETUPS,
)
def a_stored_source_has_an_id(bench: Bench) -> None:
    with bench.unmoved("after a source was stored"):
        profile = _stored(bench)
    bench.must(profile.id is not None, "the profile of a stored source", "one with an id", profile)


@law(
    "SET-3",
    "a stored source can be charged",
    reason="that is what it was stored for, and the customer is not there to give another",
    source="docs.stripe.com/payments/save-and-reuse",
    about="complete_setup_session",
    needs=(*SETUPS, "charge"),
)
def a_stored_source_can_be_charged(bench: Bench) -> None:
    source = _stored(bench).as_source("src_of_kit")
    charge = bench.orders.charge(bench.drawn.amount(), source)
    with bench.moving("after a stored source was charged") as moves:
        answer = bench.end_of(charge)
        paid = bench.sold(answer, what="a charge of a source just stored")
        moves.update(effect_of(charge, paid))


@law(
    "SET-4",
    "while the customer has to act nothing is stored, and afterwards it is",
    reason="a mandate that nobody has confirmed is charged back, all of it",
    source="docs.stripe.com/payments/setup-intents",
    about="complete_setup_session",
    needs=SETUPS,
    controls=("require_action",),
)
def the_action_comes_before_the_source(bench: Bench) -> None:
    bench.arm("require_action", "complete_setup_session")
    storing = occasion(bench, "complete_setup_session", bench.drawn.amount())
    answer = bench.ask(storing)
    bench.one_of(answer, ActionRequired, Pending, what="a setup session that needs the customer")
    bench.safe(getattr(answer, "next_action", None))
    bench.customer_acts(storing.references | answer.references)
    _, end = bench.concluded(bench.orders.again(storing))
    bench.one_of(end, Stored, what="the same, when he has acted")


@law(
    "SET-5",
    "what is told of a stored card is no card number",
    reason="whoever keeps a card number has to be audited, and is robbed some day",
    source="I50; PCI DSS, requirement 3; docs.adyen.com/online-payments/tokenization",
    about="complete_setup_session",
    needs=SETUPS,
)
def a_stored_card_shows_no_number(bench: Bench) -> None:
    profile = _stored(bench)
    for text in (profile.id, profile.name):
        numbers = _card_numbers_in(text or "", ending=profile.last4)
        what = "card numbers in the profile of a stored card"
        bench.must(not numbers, what, "none", [f"…{each[-4:]}" for each in numbers])


@law(
    "SET-6",
    "completing a setup session once more tells the same source",
    reason="a browser that returns and a timer complete one session at once: of two cards that are "
    "told nobody knows which the customer has agreed to",
    source="I17, I47; docs.stripe.com/api/setup_intents/object",
    about="complete_setup_session",
    needs=SETUPS,
)
def a_source_is_stored_once(bench: Bench) -> None:
    storing = occasion(bench, "complete_setup_session", bench.drawn.any_amount())
    first = _stored_by(bench, storing)
    again = _stored_by(bench, bench.orders.again(storing))
    bench.same(first.id, again.id, "the id of the source, told once more")


def _opened(bench: Bench, *, customer_id: str) -> CompleteSetupSessionRequest:
    """Open a setup session, in which this customer does his part; return how it is completed."""
    plain = bench.orders.setup(external_data=bench.brought())
    setup = attrs.evolve(plain, terms=attrs.evolve(plain.terms, customer_id=customer_id))
    opened = bench.one_of(bench.ask(setup), Accepted, ActionRequired, what="a new setup session")
    bench.customer_acts(opened.references)
    return bench.orders.storing(setup, opened.references)


def _stored(bench: Bench) -> Profile:
    """Store a source; return what is told of it."""
    return _stored_by(bench, occasion(bench, "complete_setup_session", bench.drawn.amount()))


def _stored_by(bench: Bench, storing: Request[Any]) -> Profile:
    """Complete a setup session; return what is told of the source."""
    _, end = bench.concluded(storing)
    return bench.one_of(end, Stored, what="a setup session that is completed").profile


def _card_numbers_in(text: str, *, ending: str | None) -> list[str]:
    """
    Find the numbers of this very card.

    An id may look like some card number by chance, but hardly like one with these last digits.
    """
    groups: list[str] = _CARD_DIGITS.findall(text)
    return [each for each in groups if ending and each.endswith(ending) and holds_card_number(each)]
