"""Laws of sessions: what is open can be paid once, and what is closed cannot be paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.secrets import ClientData
from paysession._money import Money
from paysession.gateways import CreateSessionRequest, Request
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    NotAttempted,
    Outcome,
    Pending,
    Profile,
    Redirect,
    ReferenceRole,
    References,
    Rejected,
    Unknown,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.endings import Ending, endings_of
from paysession.testing._gateways.law import SESSIONS, law
from paysession.testing._gateways.occasions import effect_of

_OF_MONEY: Final = frozenset({ReferenceRole.AUTHORIZATION, ReferenceRole.CAPTURE})

_OVER: Final = (Canceled, Expired, Authorized, Captured)
"""What is certain of a session that is closed: it was not paid, or it was."""

_ODD: Final = 1_999
"""A number of minor units that floats of major units are a little below of."""

_UNDER_WAY: Final = ("decline", "require_action")
"""How a completion may have ended before a session is closed."""

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
        answer = _answered(bench, bench.orders.update(session, opened, each))
        if isinstance(answer, Accepted | ActionRequired):
            _is_about(bench, opened, answer.references)
            counts = each
        elif not isinstance(answer, Declined | Rejected | NotAttempted):
            return None  # which of them counts nobody has said
    _, paid = _is_paid(bench, session, opened, updated=counts)
    late = bench.ask(bench.orders.update(session, opened | paid.references, amount))
    bench.one_of(late, Declined, Rejected, what="an update of a session that is paid")
    bench.anew()
    return counts


def _is_about(bench: Bench, opened: References, told: References) -> None:
    """Do nothing if what an update tells is no other session's."""
    ids = {told.get(ReferenceRole.SESSION), None}
    is_it = ids <= {opened.get(ReferenceRole.SESSION), None}
    bench.must(is_it, "the session that an update tells of", opened, told)


def _answered(bench: Bench, request: Request[Any]) -> Outcome:
    """Ask, and where nobody heard the answer once more: what was not done must be done then."""
    answer = bench.ask(request)
    again = isinstance(answer, Unknown) and bench.gateway.capabilities.honours_keys
    return bench.ask(request) if again else answer


@law(
    "SES-3",
    "a closed session stays closed: no money moves in it, and closing it again says so",
    reason="the store gives the goods to others, and whoever closes cannot know that somebody has",
    source="I16, I17; WooPayments #3118, paid at the provider and canceled by a timer",
    about="close_session",
    needs=(*SESSIONS, "close_session"),
)
def a_closed_session_stays_closed(bench: Bench) -> None:
    amount = bench.drawn.amount()
    for reason in CloseReason:
        bench.anew()
        session, opened = bench.created(amount)
        for what in ("a session that is closed unpaid", "a closed session, closed again"):
            closed = bench.end_of(bench.orders.closing(session, opened, reason))
            bench.one_of(closed, Canceled, Expired, what=what)
        with bench.unmoved("after it was closed"):
            late = bench.end_of(bench.orders.completion(session, opened))
            lawful = (Canceled, Expired, Declined, Rejected)
            bench.one_of(late, *lawful, what="a closed session that is completed")


@law(
    "SES-4",
    "closing a session that was paid answers what was held or taken, and leaves it alone",
    reason="money that nobody knows of is the worst that can happen: the order is not sent",
    source="I16, F35; WooPayments #3118",
    about="close_session",
    needs=(*SESSIONS, "close_session"),
)
def closing_a_paid_session_tells_of_its_money(bench: Bench) -> None:
    amount = bench.drawn.amount()
    for policy in bench.policies:
        bench.anew()
        session, opened = bench.opened(amount, policy=policy)
        _, end = bench.concluded(bench.orders.completion(session, opened))
        paid = bench.sold(end, what="a session that is completed")
        with bench.unmoved("after a paid session was closed"):
            answer = bench.end_of(bench.orders.closing(session, opened))
            told = bench.sold(answer, what="a paid session that is closed")
        bench.same(type(paid), type(told), "whether it tells that the money is held or taken")
        bench.same(paid.amount, told.amount, "the amount that it tells of")
        bench.same(_ids(paid.references), _ids(told.references), "the ids of that money")


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
            _is_paid(bench, session, answer.references)
    what = "the addresses of the pages of several sessions"
    bench.must(len(set(addresses)) == len(addresses), what, "all of them differ", addresses)


def _is_paid(
    bench: Bench, session: CreateSessionRequest, opened: References, *, updated: Money | None = None
) -> tuple[Request[Any], Authorized | Captured]:
    """Do nothing but tell how, if a session is paid: held or taken, as agreed, to the last unit."""
    amount = updated or session.amount
    with bench.moving("after a session was completed") as moves:
        bench.customer_acts(opened)
        last, end = bench.concluded(bench.orders.completion(session, opened, amount=amount))
        paid = bench.sold_as(session.terms.capture, end, what="a session that is completed")
        bench.same(amount, paid.amount, "what was paid in it")
        moves.update(effect_of(last, paid))
    return last, paid


@law(
    "SES-7",
    "when a session is closed while it is being paid, the money is told of, or never moves",
    reason="money that arrives in a session that everybody takes for closed is found by nobody",
    source="I21, I23, F35; WooPayments #3118",
    about="close_session",
    needs=(*SESSIONS, "close_session"),
    controls=("keep_pending", "settle", "books"),
)
def closing_what_is_being_paid_loses_no_money(bench: Bench) -> None:
    bench.arm("keep_pending", "complete_session")
    with bench.moving("after a session was closed that was being paid") as moves:
        session, opened = bench.opened(bench.drawn.amount())
        completion = bench.orders.completion(session, opened)
        bench.one_of(bench.ask(completion), Pending, what="a completion that is kept pending")
        first = bench.ask(bench.orders.closing(session, opened))
        bench.one_of(first, *_OVER, Pending, Declined, what="the session, closed meanwhile")
        bench.settle()
        # What was not certain then is asked for again, when all is decided.
        is_certain = isinstance(first, _OVER)
        told = first if is_certain else bench.end_of(bench.orders.closing(session, opened))
        bench.one_of(told, *_OVER, what="the session, closed when all is decided")
        moves.update(effect_of(completion, told))


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
        _, paid = _is_paid(bench, session, opened)
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
    "SES-11",
    "a session that is said to be closed cannot be paid, whatever happened in it before",
    reason="a refusal, a customer at his bank or a lost answer is no reason to close it in name",
    source="I16, I21, F35; WooPayments #3118, paid at the provider and canceled by a timer",
    about="close_session",
    needs=(*SESSIONS, "close_session", "word"),
)
def what_is_said_to_be_closed_is_closed(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    ends = (None, *endings_of(bench, "close_session"))
    before = [each for each in endings_of(bench, "complete_session") if each.control in _UNDER_WAY]
    befores = (None,) if bench.author.customer_pays else (None, *before)
    for ending, earlier in product(ends, befores):
        bench.anew()
        with bench.where_it_can_be_played():
            session, opened = _under_way(bench, ending, earlier)
            closing = bench.orders.closing(session, opened)
            answer = bench.ended(closing, _answered(bench, closing))
            if isinstance(answer, Canceled | Expired):
                _cannot_be_paid(bench, session, opened)


def _under_way(
    bench: Bench, ending: Ending | None, earlier: Ending | None
) -> tuple[CreateSessionRequest, References]:
    """Open a session whose closing will end so, and in which something else happened earlier."""
    if ending is not None:
        bench.arm(ending.control, "close_session", **ending.named)
    if earlier is not None:
        bench.arm(earlier.control, "complete_session", **earlier.named)
    session, opened = bench.created(bench.drawn.amount())
    if earlier is not None:
        bench.ask(bench.orders.completion(session, opened))
    return session, opened


def _cannot_be_paid(bench: Bench, session: CreateSessionRequest, opened: References) -> None:
    with bench.unmoved("after a session was said to be closed"):
        if not bench.author.customer_pays:
            bench.customer_acts(opened)
        for _ in range(2):
            late = bench.orders.completion(session, opened, source=bench.source())
            lawful = (Canceled, Expired, Declined, Rejected)
            bench.one_of(bench.end_of(late), *lawful, what="a closed session that is completed")
    if bench.offers("update_session"):
        update = bench.ask(bench.orders.update(session, opened, session.amount * 2))
        is_refused = not isinstance(update, Accepted | ActionRequired)
        bench.must(is_refused, "an update of a closed session", "refused", update)


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
    last, paid = _is_paid(bench, session, opened)
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
        _is_paid,
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
    _is_paid(bench, session, opened, updated=counts)


def _is_closed(bench: Bench, session: CreateSessionRequest, opened: References) -> None:
    answer = bench.end_of(bench.orders.closing(session, opened))
    if isinstance(answer, Canceled | Expired):
        _cannot_be_paid(bench, session, opened)


_Deed: TypeAlias = Callable[[Bench, CreateSessionRequest, References], object]

_DEEDS: Final[Mapping[str, _Deed]] = MappingProxyType(
    {"update_session": _is_updated, "close_session": _is_closed}
)
"""What can be done with an open session but complete it, and how it is tried."""


def _ids(references: References) -> References:
    """Return what the money is called, in whatever order it was told."""
    return References(tuple(sorted(references.only(_OF_MONEY), key=lambda each: each.role)))
