"""Laws of taking what is held."""

from __future__ import annotations

from functools import partial

from paysession._money import Money
from paysession.gateways import CaptureRequest
from paysession.outcomes import Captured, Declined, ReferenceRole, References, Rejected
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law
from paysession.testing._gateways.occasions import moves_parts
from paysession.testing._laws.law import CannotBeTried


@law(
    "CAP-1",
    "more than is held, and may be captured above it, is refused in one capture and in several",
    reason="the customer agreed to no more, and what each capture is compared with shrinks",
    source="I3, I5",
    about="capture",
    needs=("sale", "capture"),
)
def no_more_is_taken_than_is_held(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, left = bench.paid(amount), amount
    more = bench.orders.capture(paid, _most_of(bench, left) + bench.drawn.part_of(amount))
    _is_refused(bench, more, "a capture of more than is held")
    for part in [bench.drawn.part_of(amount)] if moves_parts(bench, "capture") else []:
        first = bench.orders.capture(paid, part)
        _takes(bench, first, amount, "a capture of a part, after one of more was refused")
        left -= part
        rest = _most_of(bench, amount) - part + bench.drawn.part_of(amount)
        second = bench.orders.capture(paid, rest)
        _is_refused(bench, second, "a second capture, of more than is left")
    last = bench.end_of(bench.orders.capture(paid, left))
    bench.one_of(last, Captured, what="a capture of what is left, after one of more was refused")


@law(
    "CAP-2",
    "where captures of parts are declared, each takes its part, and several add up to what is held",
    reason="goods are paid in parts as they leave, and an amount left out would mean all of it",
    source="I8; docs.stripe.com/payments/multicapture",
    about="capture",
    needs=("sale", "capture"),
    able=("partial_captures",),
)
def parts_are_taken_as_parts(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, part = bench.paid(amount), bench.drawn.part_of(amount)
    taken = _takes(bench, _ordered(bench, paid, part), amount, "a capture of a part")
    bench.same(part, taken.amount, "what a capture of a part answers")
    for each in _in_two(bench, amount - part) if moves_parts(bench, "capture") else []:
        with bench.moving("after another capture, of what is left", taken=each):
            other = bench.end_of(bench.orders.capture(paid, each))
            bench.one_of(other, Captured, what="another capture, of what is left")


@law(
    "CAP-3",
    "a final capture of a part releases what it leaves, and nothing can be taken after it",
    reason="held money that nobody will take is missing on the customer's account for days",
    source="I8; docs.stripe.com/payments/multicapture (final_capture)",
    about="capture",
    needs=("sale", "capture"),
    able=("partial_captures",),
)
def a_final_capture_releases_the_rest(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, part = bench.paid(amount), bench.drawn.part_of(amount)
    last = bench.orders.capture(paid, part, is_final=True)
    _takes(bench, last, amount, "a final capture of a part")
    after = bench.orders.capture(paid, amount - part)
    _is_refused(bench, after, "a capture of what a final one has released")
    if moves_parts(bench, "capture"):
        paid = bench.paid(amount * 2)
        _takes(bench, bench.orders.capture(paid, part), amount * 2, "a first capture of a part")
        second = bench.orders.capture(paid, part, is_final=True)
        _takes(bench, second, amount * 2 - part, "a second capture of a part, the final one")


@law(
    "CAP-4",
    "where captures of a part are not declared, one is refused and takes nothing",
    reason="taking the whole instead makes the customer pay for what was not delivered",
    source="I3; what is not declared is refused, not approximated",
    about="capture",
    needs=("sale", "capture"),
    unable=("partial_captures",),
)
def a_part_is_refused(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid = bench.paid(amount)
    part = bench.orders.capture(paid, bench.drawn.part_of(amount))
    _is_refused(bench, part, "a capture of a part, where there is none")
    whole = bench.orders.capture(paid, amount)
    _takes(bench, whole, amount, "a capture of the whole, after one of a part was refused")


@law(
    "CAP-5",
    "where several captures are not declared, a second one is refused and takes nothing",
    reason="whoever takes `captured already` for done says that money moved which never did",
    source="I31; docs.stripe.com/error-codes (payment_intent_unexpected_state)",
    about="capture",
    needs=("sale", "capture"),
    able=("partial_captures",),
    unable=("several_captures",),
)
def a_second_capture_is_refused(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, part = bench.paid(amount), bench.drawn.part_of(amount)
    first = bench.end_of(bench.orders.capture(paid, part))
    bench.one_of(first, Captured, what="a first capture, of a part")
    second = bench.orders.capture(paid, amount - part)
    _is_refused(bench, second, "a second capture, where there is but one")


@law(
    "CAP-6",
    "where the first capture is declared to close, it releases what it leaves, whatever we ask",
    reason="a rest that is believed to be released, and is held, is nobody's to release",
    source="I8; developer.paypal.com/docs/api/payments/v2 (final_capture)",
    about="capture",
    needs=("sale", "capture"),
    able=("first_capture_closes", "partial_captures"),
)
def the_first_capture_closes(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid, part = bench.paid(amount), bench.drawn.part_of(amount)
    first = bench.orders.capture(paid, part)
    _takes(bench, first, amount, "a first capture, of a part, that closes the authorization")
    after = bench.orders.capture(paid, amount - part)
    _is_refused(bench, after, "a capture after the one that closes")


@law(
    "CAP-7",
    "as much above what is held as is declared can be captured",
    reason="shipping is dearer than was thought, and the store counts on what was promised",
    source="developer.paypal.com/docs/api/payments/v2: 115 %, or 75 USD more",
    about="capture",
    needs=("sale", "capture"),
    able=("over_capture",),
)
def what_may_be_captured_above_it_can_be(bench: Bench) -> None:
    amount = bench.drawn.amount()
    most = _most_of(bench, amount)
    capture = bench.orders.capture(bench.paid(amount), most)
    before = [bench.books(amount).taken] if bench.knows("books") else []
    taken = bench.one_of(bench.end_of(capture), Captured, what="a capture of the most there may be")
    bench.same(most, taken.amount, "what a capture of the most there may be answers")
    for was in before:
        bench.same(was + most, bench.books(amount).taken, "taken, after the most there may be")


@law(
    "CAP-8",
    "each capture has an id of its own",
    reason="a refund names it, and what is told of one days later must not fall upon another",
    source="I46; WooPayments #6487",
    about="capture",
    needs=("sale", "capture"),
)
def each_capture_has_an_id(bench: Bench) -> None:
    amount = bench.drawn.amount()
    ids = [
        bench.one_of(bench.end_of(each), Captured, what="a capture").references.get(
            ReferenceRole.CAPTURE
        )
        for each in _two_captures(bench, amount)
    ]
    bench.must(None not in ids, "the references of role capture of two captures", "two ids", ids)
    bench.must(ids[0] != ids[1], "the ids of two captures", "two that differ", ids)


def _in_two(bench: Bench, amount: Money) -> list[Money]:
    """Divide an amount, if it can be."""
    least = bench.drawn.least(amount.currency.code)
    return [least, amount - least] if amount > least else [amount]


def _most_of(bench: Bench, amount: Money) -> Money:
    """
    Return the most that may be captured, of what the provider can count.

    Raises:
        CannotBeTried: What may be captured above it is no amount, which CAPY-4 is about.
    """
    above = bench.raised_by(partial(bench.gateway.capabilities.over_capture, amount))
    if not isinstance(above, Money) or above.currency != amount.currency:
        raise CannotBeTried(f"over_capture({amount}) is no amount in {amount.currency}: see CAPY-4")
    return amount + bench.drawn.countable(above)


def _two_captures(bench: Bench, amount: Money) -> list[CaptureRequest]:
    """Return two captures: of one payment where there can be two, and else of two payments."""
    by_parts = moves_parts(bench, "capture")
    part = bench.drawn.part_of(amount) if by_parts else amount
    paid = bench.paid(amount)
    other = paid if by_parts else bench.paid(amount)
    rest = amount - part if by_parts else amount
    return [bench.orders.capture(paid, part), bench.orders.capture(other, rest)]


def _ordered(bench: Bench, paid: References, amount: Money) -> CaptureRequest:
    """Ask as flows do: where there is but one capture, it is the final one."""
    can = bench.gateway.capabilities
    closes = can.first_capture_closes or not can.several_captures
    return bench.orders.capture(paid, amount, is_final=closes)


def _moved_by(bench: Bench, capture: CaptureRequest, *, of: Money) -> dict[str, Money]:
    """Return what a capture moves by the books, if it is the first of what is held."""
    closes = capture.is_final or bench.gateway.capabilities.first_capture_closes
    moved = {"taken": capture.amount}
    return moved | {"released": of - capture.amount} if closes else moved


def _takes(bench: Bench, capture: CaptureRequest, of: Money, what: str) -> Captured:
    """Do nothing if that is the first capture of what is held, and takes what it asks for."""
    __tracebackhide__ = True
    with bench.moving(f"after {what}") as moves:
        moves.update(_moved_by(bench, capture, of=of))
        return bench.one_of(bench.end_of(capture), Captured, what=what)


def _is_refused(bench: Bench, capture: CaptureRequest, what: str) -> None:
    __tracebackhide__ = True
    with bench.unmoved(f"after {what}"):
        bench.one_of(bench.end_of(capture), Declined, Rejected, what=what)
