"""Laws of releasing what is held."""

from __future__ import annotations

from paysession._money import Money
from paysession.gateways import VoidRequest
from paysession.outcomes import Captured, Declined, References, Rejected, Voided
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law
from paysession.testing._gateways.orders import AUTOMATIC


@law(
    "VOID-1",
    "what was released stays so: a void of it is `Voided`, and no refusal, and no capture takes it",
    reason="a hold that nobody can take or release would be waited for without end",
    source="I8, I28; docs.stripe.com/api/payment_intents/cancel, an error once it is canceled",
    about="void",
    needs=("sale", "void"),
)
def what_was_released_stays_released(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid = bench.paid(amount)
    _releases(bench, bench.orders.void(paid, amount), "a void of what is held")
    with bench.unmoved("after a void and a capture of what was released already"):
        again = bench.end_of(bench.orders.void(paid, amount))
        bench.one_of(again, Voided, what="a void of what was released already")
        for capture in [bench.orders.capture(paid, amount)] if bench.offers("capture") else []:
            taken = bench.end_of(capture)
            bench.one_of(taken, Declined, Rejected, what="a capture of what was released")


@law(
    "VOID-2",
    "what was taken is not released, nor given back: a void of it is refused",
    reason="taken money goes back by a refund, which has a record, and fees, of its own",
    source="I8; docs.adyen.com/online-payments/reversal, which refunds what it cannot cancel",
    about="void",
    needs=("sale", "void"),
)
def what_was_taken_is_not_released(bench: Bench) -> None:
    amount = bench.drawn.amount()
    void = bench.orders.void(bench.paid(amount, policy=AUTOMATIC), amount)
    _is_refused(bench, void, "a void of what was taken")


@law(
    "VOID-3",
    "where voids of a part are declared, a part is released, and the rest, no more, can be taken",
    reason="one of two goods is sold out, and the other is paid when it leaves",
    source="I8",
    about="void",
    needs=("sale", "void", "capture"),
    able=("partial_voids",),
)
def a_part_is_released_as_a_part(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, part = bench.paid(amount), bench.drawn.part_of(amount)
    _releases(bench, bench.orders.void(paid, part), "a void of a part")
    rest = amount - part
    _is_refused(bench, bench.orders.void(paid, rest + part), "a void of more than a void has left")
    with bench.moving("after a capture of what a void has left", taken=rest):
        taken = bench.end_of(bench.orders.capture(paid, rest))
        bench.one_of(taken, Captured, what="a capture of what a void has left")


@law(
    "VOID-4",
    "where voids of a part are not declared, one of less or more than is held releases nothing",
    reason="releasing the whole instead loses what was still to be captured",
    source="I8; docs.stripe.com/api/payment_intents/cancel, which takes no amount",
    about="void",
    needs=("sale", "void"),
    unable=("partial_voids",),
)
def a_part_is_not_released(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid = bench.paid(amount)
    part = bench.drawn.part_of(amount)
    _is_refused(bench, bench.orders.void(paid, part), "a void of a part, where there is none")
    _is_refused(bench, bench.orders.void(paid, amount + part), "a void of more than is held")
    whole = bench.orders.void(paid, amount)
    _releases(bench, whole, "a void of the whole, after those of less and of more were refused")


@law(
    "VOID-5",
    "where voids after a capture are declared, what a capture has left is released",
    reason="the second parcel is never sent, and its money is missing on the customer's account",
    source="I8; docs.adyen.com/online-payments/cancel",
    about="void",
    needs=("sale", "void", "capture"),
    able=("void_after_capture", "partial_captures", "several_captures"),
    unable=("first_capture_closes",),
)
def what_a_capture_leaves_is_released(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, rest = _captured_in_part(bench, amount)
    least = bench.drawn.least(amount.currency.code)
    for less in [least] if rest > least else []:
        part, what = bench.orders.void(paid, less), "a void of a part of what is left"
        if bench.gateway.capabilities.partial_voids:
            _releases(bench, part, what)
            rest -= less
        else:
            _is_refused(bench, part, what)
    _releases(bench, bench.orders.void(paid, rest), "a void of what a capture has left")


@law(
    "VOID-6",
    "where voids after a capture are not declared, one is refused and releases nothing",
    reason="such a void would take back the capture as well, at some providers",
    source="I8; what is not declared is refused, not approximated",
    about="void",
    needs=("sale", "void", "capture"),
    able=("partial_captures", "several_captures"),
    unable=("void_after_capture", "first_capture_closes"),
)
def what_a_capture_leaves_is_not_released(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, rest = _captured_in_part(bench, amount)
    void = bench.orders.void(paid, rest)
    _is_refused(bench, void, "a void after a capture, where there is none")


@law(
    "VOID-7",
    "what a final capture has let go of is `Voided` when it is voided, and no refusal",
    reason="a rest that nobody can take or release would be waited for without end",
    source="I8, I28; docs.stripe.com/payments/multicapture (final_capture)",
    about="void",
    needs=("sale", "void", "capture"),
    able=("void_after_capture", "partial_captures"),
)
def what_was_let_go_is_voided(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, part = bench.paid(amount), bench.drawn.part_of(amount)
    last = bench.end_of(bench.orders.capture(paid, part, is_final=True))
    bench.one_of(last, Captured, what="a final capture of a part")
    with bench.unmoved("after a void of what a final capture has let go of"):
        void = bench.end_of(bench.orders.void(paid, amount - part))
        bench.one_of(void, Voided, what="a void of what a final capture has let go of")


def _captured_in_part(bench: Bench, amount: Money) -> tuple[References, Money]:
    """Hold an amount and capture some of it; return the payment's ids and what is left."""
    paid, part = bench.paid(amount), bench.drawn.part_of(amount)
    taken = bench.end_of(bench.orders.capture(paid, part))
    bench.one_of(taken, Captured, what="a capture of a part")
    return paid, amount - part


def _releases(bench: Bench, void: VoidRequest, what: str) -> None:
    __tracebackhide__ = True
    with bench.moving(f"after {what}", released=void.amount):
        bench.one_of(bench.end_of(void), Voided, what=what)


def _is_refused(bench: Bench, void: VoidRequest, what: str) -> None:
    __tracebackhide__ = True
    with bench.unmoved(f"after {what}"):
        bench.one_of(bench.end_of(void), Declined, Rejected, what=what)
