"""Laws of sessions: what is open can be paid once, and what is closed cannot be paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType
from typing import Final, TypeAlias, cast

import attrs

from paysession._domain.secrets import ClientData
from paysession._money import Money
from paysession.gateways import CreateSessionRequest
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    NotAttempted,
    Pending,
    Profile,
    Redirect,
    ReferenceRole,
    References,
    Rejected,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.endings import endings_of
from paysession.testing._gateways.law import SESSIONS, law
from paysession.testing._gateways.occasions import effect_of
from paysession.testing._gateways.paying import cannot_be_paid, is_paid

_ODD: Final = 1_999
"""A number of minor units that floats of major units are a little below of."""

_CLAIMS: Final = {
    "status": "succeeded",
    "redirect_status": "succeeded",
    "payment_status": "paid",
    "resultCode": "Authorised",
    "result": "success",
    "success": True,
    "paid": True,
}
"""How the addresses that browsers come back to, and the scripts in them, say that it is paid."""


@law(
    "SES-1",
    "opening a session answers an id that no other session has, and moves no money",
    reason="every later call and report finds the session by it, and two customers never share one",
    source="I47; WooPayments #6487, one intent for two orders",
    about="create_session",
    needs=("create_session",),
)
def an_open_session_has_an_id_of_its_own(bench: Bench) -> None:
    amount = bench.drawn.amount()
    with bench.unmoved("when two sessions were opened"):
        opened = [bench.created(amount)[1] for _ in range(2)]
    ids = {each.get(ReferenceRole.SESSION) for each in opened} - {None}
    bench.must(len(ids) > 1, "the ids of two new sessions", "two of role session", opened)


@law(
    "SES-2",
    "when an update is accepted the new amount is held or taken, and after that none is accepted",
    reason="the old amount would be taken of a cart that has changed, and nobody would know",
    source="I13; docs.stripe.com/api/payment_intents/update",
    about="update_session",
    needs=(*SESSIONS, "update_session"),
)
def an_accepted_update_counts(bench: Bench) -> None:
    amount = bench.drawn.amount()
    less = bench.drawn.part_of(amount)
    with bench.where_it_can_be_played():
        counted = _counted(bench, amount, less)
        bench.same(less, counted, "what an open session is about, once it was updated")
        _counted(bench, amount, less, amount * 2)
        for code in bench.author.currencies:
            _counted(bench, bench.drawn.amount(code), bench.drawn.least(code) * _ODD)
    for ending in endings_of(bench, "update_session"):
        with bench.where_it_can_be_played():
            bench.arm(ending.control, "update_session", **ending.named)
            _counted(bench, amount, less)
    if bench.knows("require_action"):
        with bench.where_it_can_be_played():
            bench.arm("require_action", "complete_session")
            _counted(bench, amount, less, is_under_way=True)


def _counted(
    bench: Bench, amount: Money, *wanted: Money, is_under_way: bool = False
) -> Money | None:
    """Update a session to each amount in turn, complete it, and tell which of them counted."""
    session, opened = bench.created(amount)
    if is_under_way:
        waiting = bench.ask(bench.orders.completion(session, opened))
        bench.one_of(waiting, ActionRequired, Pending, what="a session that needs the customer")
    counts = amount
    for each in wanted:
        answer = bench.heard(bench.orders.update(session, opened, each))
        if isinstance(answer, Accepted | ActionRequired):
            _is_about(bench, opened, answer.references)
            counts = each
        elif not isinstance(answer, Declined | Rejected | NotAttempted):
            return None  # which of them counts nobody has said
    _, paid = is_paid(bench, session, opened, updated=counts)
    late = bench.ask(bench.orders.update(session, opened | paid.references, amount))
    bench.one_of(late, Declined, Rejected, what="an update of a session that is paid")
    bench.anew()
    return counts


def _is_about(bench: Bench, opened: References, told: References) -> None:
    """Do nothing if what an update tells is no other session's."""
    ids = {told.get(ReferenceRole.SESSION), None}
    is_it = ids <= {opened.get(ReferenceRole.SESSION), None}
    bench.must(is_it, "the session that an update tells of", opened, told)


@law(
    "SES-5",
    "while the customer has to act nothing is held or taken, and afterwards it is",
    reason="the customer may never act, and is not to be asked for ever",
    source="docs.stripe.com/payments/paymentintents/lifecycle",
    about="complete_session",
    needs=SESSIONS,
    controls=("require_action",),
)
def the_action_comes_before_the_money(bench: Bench) -> None:
    amount = bench.drawn.amount()
    for policy in bench.policies:
        bench.anew()
        bench.arm("require_action", "complete_session")
        session, opened = bench.opened(amount, policy=policy)
        with bench.unmoved("while the customer has to act"):
            answer = bench.ask(bench.orders.completion(session, opened))
            bench.one_of(answer, ActionRequired, Pending, what="a session that needs the customer")
        bench.safe(getattr(answer, "next_action", None))
        with bench.moving("after the customer has acted") as moves:
            bench.customer_acts(opened | answer.references)
            again, end = bench.concluded(bench.orders.completion(session, opened))
            paid = bench.sold_as(policy, end, what="the session, when he has acted")
            moves.update(effect_of(again, paid))


@law(
    "SES-6",
    "a session at the provider's own page is paid at the https address it answers, or rejected",
    reason="the browser has to be sent somewhere, nobody must read along, and lines add up there",
    source="docs.stripe.com/api/checkout/sessions/object",
    about="create_session",
    needs=SESSIONS,
)
def a_hosted_session_is_paid_at_its_address(bench: Bench) -> None:
    addresses: list[str] = []
    for code in bench.author.currencies:
        bench.anew()
        session = bench.orders.hosted(bench.drawn.amount(code), source=bench.source())
        what, lawful = "a session at their own page", (Accepted, ActionRequired, Rejected)
        answer = bench.one_of(bench.ask(session), *lawful, what=what)
        if isinstance(answer, Accepted | ActionRequired):
            action = answer.next_action
            is_there = isinstance(action, Redirect)
            bench.must(is_there, "where the browser is sent", "a redirect to https", action)
            addresses.append(bench.safe(action))
            is_paid(bench, session, answer.references)
    what = "the addresses of the pages of several sessions"
    bench.must(len(set(addresses)) == len(addresses), what, "all of them differ", addresses)


@law(
    "SES-8",
    "what the browser brings is a hint: it pays for nothing",
    reason="whoever sits at the browser can write whatever address he likes",
    source="docs.stripe.com/payments/accept-a-payment, on the return address",
    about="complete_session",
    needs=SESSIONS,
    controls=("require_action",),
)
def the_browser_pays_for_nothing(bench: Bench) -> None:
    bench.arm("require_action", "complete_session")
    session, opened = bench.created(bench.drawn.amount())
    completion = bench.orders.completion(session, opened)
    claiming = attrs.evolve(completion, external_data=ClientData(_CLAIMS))
    bench.story.append(f"(the browser brings {_CLAIMS})")
    with bench.unmoved("after the browser said that it was paid"):
        answer = bench.ask(claiming)
        lawful = (ActionRequired, Pending, Declined, Rejected)
        bench.one_of(answer, *lawful, what="a session that needs the customer still")


@law(
    "SES-9",
    "completing a paid session once more answers its money, and moves no more",
    reason="a notification, a browser that returns and a timer complete one session at once",
    source="I17; medusa #13301, woocommerce-gateway-stripe #890",
    about="complete_session",
    needs=SESSIONS,
)
def a_session_is_paid_once(bench: Bench) -> None:
    amount = bench.drawn.amount()
    for policy in bench.policies:
        bench.anew()
        session, opened = bench.opened(amount, policy=policy)
        _, paid = is_paid(bench, session, opened)
        with bench.unmoved("after a paid session was completed once more"):
            again = bench.end_of(bench.orders.completion(session, opened))
            told = bench.sold(again, what="the same, completed once more")
        bench.same(paid.amount, told.amount, "the amount that it tells of")


@law(
    "SES-10",
    "a session is opened without a source, where the provider is declared to ask for one",
    reason="flows pass a customer on who has not said yet what he pays with, as most have not",
    source="design: Capabilities.collects_source; docs.stripe.com/payments/accept-a-payment",
    about="create_session",
    needs=("create_session",),
    able=("collects_source",),
)
def a_session_needs_no_source(bench: Bench) -> None:
    amount = bench.drawn.amount()
    session = bench.orders.creation(amount, policy=bench.policies[0], source=None)
    with bench.unmoved("when a session was opened without a source"):
        answer = bench.ask(session)
        bench.one_of(answer, Accepted, ActionRequired, what="a new session without a source")


@law(
    "SES-12",
    "a source that is to be saved is told when the session is paid, and can be charged later",
    reason="who agreed to pay next month has agreed in vain, and nobody knows until then",
    source="design: Terms.save_source; docs.stripe.com/payments/save-during-payment",
    about="complete_session",
    needs=SESSIONS,
)
def what_is_to_be_saved_is_told(bench: Bench) -> None:
    for policy, is_hosted in product(bench.policies, (False, True)):
        bench.anew()
        asked = bench.orders.hosted if is_hosted else bench.orders.creation
        session = bench.orders.saving(
            asked(bench.drawn.amount(), policy=policy, source=bench.source())
        )
        answer = bench.ask(session)
        if isinstance(answer, Accepted | ActionRequired):
            _saves(bench, session, answer.references)


def _saves(bench: Bench, session: CreateSessionRequest, opened: References) -> None:
    """Do nothing if a session is paid as agreed, and its source can be charged from then on."""
    last, paid = is_paid(bench, session, opened)
    profile = paid.profile
    is_told = profile is not None and profile.id is not None
    bench.must(is_told, "the profile that is told", "one with an id", profile)
    known = bench.known_of(last) if bench.offers("look_up") else ()
    found = [each.profile for each in known if isinstance(each, Authorized | Captured)]
    bench.same([profile] * len(found), found, "the profile that a look-up tells")
    if bench.offers("charge"):
        stored = cast("Profile", profile).as_source("src_of_kit")
        charge = bench.end_of(bench.orders.charge(session.amount, stored))
        bench.sold(charge, what="a charge of the source that was saved")


@law(
    "SES-13",
    "a session at the provider's own page is held or taken, updated and closed like any other",
    reason="where the customer pays is no reason to take what was to be held, or another amount",
    source="I13, I16, I22; docs.stripe.com/api/checkout/sessions/object",
    about="create_session",
    needs=SESSIONS,
)
def a_hosted_session_is_like_any_other(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    deeds: list[_Deed] = [
        is_paid,
        *(deed for method, deed in _DEEDS.items() if bench.offers(method)),
    ]
    for policy, deed in product(bench.policies, deeds):
        bench.anew()
        amount = bench.drawn.amount()
        session = bench.orders.hosted(amount, policy=policy, source=bench.source())
        answer = bench.ask(session)
        if isinstance(answer, Accepted | ActionRequired):
            deed(bench, session, answer.references)


def _is_updated(bench: Bench, session: CreateSessionRequest, opened: References) -> None:
    less = bench.drawn.part_of(session.amount)
    answer = bench.ask(bench.orders.update(session, opened, less))
    counts = less if isinstance(answer, Accepted | ActionRequired) else session.amount
    is_paid(bench, session, opened, updated=counts)


def _is_closed(bench: Bench, session: CreateSessionRequest, opened: References) -> None:
    answer = bench.end_of(bench.orders.closing(session, opened))
    if isinstance(answer, Canceled | Expired):
        cannot_be_paid(bench, session, opened)


_Deed: TypeAlias = Callable[[Bench, CreateSessionRequest, References], object]

_DEEDS: Final[Mapping[str, _Deed]] = MappingProxyType(
    {"update_session": _is_updated, "close_session": _is_closed}
)
"""What can be done with an open session but complete it, and how it is tried."""
