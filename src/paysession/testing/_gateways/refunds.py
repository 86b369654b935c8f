"""Laws of giving back what was taken."""

from __future__ import annotations

from typing import Final

from paysession._domain.movements import RefundReason
from paysession._money import Money
from paysession.gateways import RefundRequest
from paysession.outcomes import (
    Canceled,
    Captured,
    Declined,
    Outcome,
    Pending,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.endings import endings_of
from paysession.testing._gateways.law import law
from paysession.testing._gateways.orders import AUTOMATIC

_REASONS: Final = (None, *RefundReason)
"""Why money may go back: nobody need say."""


@law(
    "REF-1",
    "more than was taken is not given back, in one refund or in several",
    reason="the store would lose money that it never had",
    source="I4",
    about="refund",
    needs=("sale", "refund"),
)
def no_more_is_given_back_than_was_taken(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, left = bench.paid(amount, policy=AUTOMATIC), amount
    parts = [bench.drawn.part_of(amount)] if bench.gateway.capabilities.partial_refunds else []
    for part in parts:
        _gives_back(bench, bench.orders.refund(paid, part), "a refund of a part")
        left -= part
    more = bench.orders.refund(paid, left + bench.drawn.part_of(amount))
    _is_refused(bench, more, "a refund of more than is left")


@law(
    "REF-2",
    "what is held and not taken is not given back, nor released by a refund",
    reason="a refund that is compared with what was held gives back what nobody has paid",
    source="I4; docs.adyen.com/online-payments/reversal, which cancels what it cannot refund",
    about="refund",
    needs=("sale", "capture", "refund"),
)
def what_is_only_held_is_not_given_back(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, can = bench.paid(amount), bench.gateway.capabilities
    early = bench.orders.refund(paid, amount)
    _is_refused(bench, early, "a refund of what is only held")
    for part in [bench.drawn.part_of(amount)] if can.partial_captures else []:
        taken = _captured(bench, paid, part, what="a capture of a part")
        more = bench.orders.refund(taken, amount)
        _is_refused(bench, more, "a refund of all that was held, of which a part was taken")


@law(
    "REF-3",
    "where refunds of parts are declared, each gives back its part, why ever, and has its own id",
    reason="an amount that is left out means all of it; what is told of one falls upon another",
    source="I46; docs.stripe.com/api/refunds/create (amount)",
    about="refund",
    needs=("sale", "refund"),
    able=("partial_refunds",),
)
def parts_are_given_back_as_parts(bench: Bench) -> None:
    code = bench.drawn.currency()
    parts = [bench.drawn.amount(code) for _ in _REASONS]
    paid = bench.paid(Money.sum(parts, currency=code), policy=AUTOMATIC)
    made: list[Refunded] = []
    for part, reason in zip(parts, _REASONS, strict=True):
        refund = bench.orders.refund(paid, part, reason=reason)
        made.append(_gives_back(bench, refund, f"a refund of a part, reason: {reason or 'none'}"))
    bench.same(parts, [each.amount for each in made], "what refunds of parts answer")
    ids = [each.references.get(ReferenceRole.REFUND) for each in made]
    bench.must(None not in ids, "the references of role refund of each", "an id", ids)
    bench.must(len(set(ids)) == len(ids), "the ids of refunds of parts", "all of them differ", ids)


@law(
    "REF-4",
    "where refunds of a part are not declared, one is refused and gives nothing back",
    reason="giving the whole back instead is a loss",
    source="I4; what is not declared is refused, not approximated",
    about="refund",
    needs=("sale", "refund"),
    unable=("partial_refunds",),
)
def a_part_is_not_given_back(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid = bench.paid(amount, policy=AUTOMATIC)
    part = bench.orders.refund(paid, bench.drawn.part_of(amount))
    _is_refused(bench, part, "a refund of a part, where there is none")
    whole = bench.orders.refund(paid, amount, reason=bench.drawn.one_of(_REASONS))
    _gives_back(bench, whole, "a refund of the whole, after one of a part was refused")


@law(
    "REF-5",
    "a refund that names a capture gives back what that took, and no more than that",
    reason="a provider that books refunds to captures refuses it, or books it to the wrong one",
    source="I4; developer.paypal.com/docs/api/payments/v2/#captures_refund",
    about="refund",
    needs=("sale", "capture", "refund"),
    able=("refunds_per_capture", "partial_captures", "several_captures", "partial_refunds"),
    unable=("first_capture_closes",),
)
def a_refund_stays_within_its_capture(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, part = bench.paid(amount), bench.drawn.part_of(amount)
    parts, what = (part, amount - part), "one of two captures"
    one, other = (_captured(bench, paid, each, what=what) for each in parts)
    refunds = bench.orders.refund
    _gives_back(bench, refunds(one, part), "a refund of all that one of two captures took")
    more = refunds(one, amount - part)
    _is_refused(bench, more, "a second refund of the same capture")
    _gives_back(bench, refunds(other, amount - part), "a refund of the other capture")


@law(
    "REF-6",
    "a pending refund gives nothing back until it is decided, and counts as given back meanwhile",
    reason="a customer who is told that money came back, and finds none, asks his bank for it",
    source="I4, I5; woocommerce-gateway-stripe #4405; docs.adyen.com: a refund is `received` first",
    about="refund",
    needs=("sale", "refund", "word"),
    controls=("keep_pending", "settle"),
)
def a_pending_refund_gives_nothing_back_yet(bench: Bench) -> None:
    amount = bench.drawn.amount()
    first = _refund_kept_pending(bench, amount)
    second = bench.orders.refund(first.references, amount)
    with bench.unmoved("while a refund is pending"):
        pending = bench.one_of(bench.ask(first), Pending, what="a refund that is not decided")
    with bench.moving("after two refunds of all that was taken", given_back=amount):
        answer = bench.ask(second)
        ends = [bench.ended(first, pending), bench.ended(second, answer)]
        given_back = [each.amount for each in ends if isinstance(each, Refunded)]
        what = "what two refunds of all that was taken say that they gave back"
        bench.same([amount], given_back, what)


@law(
    "REF-7",
    "a pending refund that fails leaves as much to be given back as there was before",
    reason="one refund that failed would block every other one for ever",
    source="I7; solidus #3831, gumroad #5779",
    about="refund",
    needs=("sale", "refund", "word"),
    controls=("keep_pending", "settle"),
)
def a_failed_refund_gives_back_its_room(bench: Bench) -> None:
    amount = bench.drawn.amount()
    refund = _refund_kept_pending(bench, amount)
    failed = bench.end_of(refund, succeed=False)
    lawful = (Declined, Rejected, Canceled)
    bench.one_of(failed, *lawful, what="a pending refund that the provider lets fail")
    parts = [bench.drawn.part_of(amount)] if bench.gateway.capabilities.partial_refunds else []
    for part in (*parts, amount - Money.sum(parts, currency=amount.currency)):
        again = bench.orders.refund(refund.references, part)
        _gives_back(bench, again, "a refund of what was taken, after one that has failed")


@law(
    "REF-8",
    "a pending refund that is called off gives nothing back, and can be asked for anew",
    reason="otherwise it is given back after all, and perhaps twice",
    source="I7; docs.stripe.com/api/refunds/cancel",
    about="cancel_refund",
    needs=("sale", "refund", "cancel_refund", "word"),
    controls=("keep_pending", "settle"),
)
def a_refund_called_off_gives_nothing_back(bench: Bench) -> None:
    with bench.where_it_can_be_played():
        off = _called_off(bench)
        bench.one_of(off, Canceled, Pending, what="calling a pending refund off")
    for ending in endings_of(bench, "cancel_refund"):
        bench.anew()
        with bench.where_it_can_be_played():
            bench.arm(ending.control, "cancel_refund", **ending.named)
            _called_off(bench)


def _called_off(bench: Bench) -> Outcome:
    """Call a pending refund off, give back what it leaves, and return what calling off answers."""
    amount = bench.drawn.amount()
    refund = _refund_kept_pending(bench, amount)
    made = bench.one_of(bench.ask(refund), Pending, what="a refund that is not decided")
    with bench.moving("after a refund was to be called off") as moves:
        off = bench.heard(bench.orders.calling_off(refund, made.references))
        bench.settle()
        told = [each for each in bench.known_of(refund) if isinstance(each, Refunded)]
        what = "what is told to be given back by a refund that was called off"
        bench.must(not isinstance(off, Canceled) or not told, what, [], told)
        moves["given_back"] = Money.sum((each.amount for each in told), currency=amount.currency)
    for left in [amount - moves["given_back"]] if moves["given_back"] < amount else []:
        again = bench.orders.refund(refund.references, left)
        _gives_back(bench, again, "a refund of what one that was called off has left")
    return off


@law(
    "REF-9",
    "a refund that was made cannot be called off: that is refused and changes nothing",
    reason="money that went back would be believed to be here, and be given back once more",
    source="I31; docs.stripe.com/api/refunds/cancel",
    about="cancel_refund",
    needs=("sale", "refund", "cancel_refund"),
)
def a_refund_that_was_made_is_not_called_off(bench: Bench) -> None:
    amount = bench.drawn.amount()
    refund = bench.orders.refund(bench.paid(amount, policy=AUTOMATIC), amount)
    made = _gives_back(bench, refund, "a refund of what was taken")
    with bench.unmoved("after a refund that was made was to be called off"):
        off = bench.end_of(bench.orders.calling_off(refund, made.references))
        bench.one_of(off, Declined, Rejected, what="calling off a refund that was made")


@law(
    "REF-10",
    "what several captures took is given back by one refund, and by several, to the last unit",
    reason="an order that left in three parcels comes back in one",
    source="I4, I8; docs.stripe.com/payments/multicapture: refunds are of the whole payment",
    about="refund",
    needs=("sale", "capture", "refund"),
    able=("partial_captures", "several_captures", "partial_refunds"),
    unable=("refunds_per_capture", "first_capture_closes"),
)
def several_captures_are_given_back(bench: Bench) -> None:
    amount = bench.drawn.amount()
    some = bench.drawn.part_of(amount)
    for parts in ([amount], [some, amount - some]):
        bench.anew()
        paid, captured = bench.paid(amount), bench.drawn.part_of(amount)
        for each in (captured, amount - captured):
            paid = _captured(bench, paid, each, what="one of two captures")
        for part in parts:
            refund = bench.orders.refund(paid, part)
            _gives_back(bench, refund, "a refund of what two captures took")


def _captured(bench: Bench, paid: References, amount: Money, *, what: str) -> References:
    """Capture some of a payment; return its ids and the capture's."""
    taken = bench.end_of(bench.orders.capture(paid, amount))
    return paid | bench.one_of(taken, Captured, what=what).references


def _refund_kept_pending(bench: Bench, amount: Money) -> RefundRequest:
    """Take an amount, of which a refund will not be decided at once; return that refund."""
    bench.arm("keep_pending", "refund")
    return bench.orders.refund(bench.paid(amount, policy=AUTOMATIC), amount)


def _gives_back(bench: Bench, refund: RefundRequest, what: str) -> Refunded:
    __tracebackhide__ = True
    with bench.moving(f"after {what}", given_back=refund.amount):
        return bench.one_of(bench.end_of(refund), Refunded, what=what)


def _is_refused(bench: Bench, refund: RefundRequest, what: str) -> None:
    __tracebackhide__ = True
    with bench.unmoved(f"after {what}"):
        bench.one_of(bench.end_of(refund), Declined, Rejected, what=what)
