"""Laws of taking what is held."""

from __future__ import annotations

from paysession.outcomes import Captured, Declined, Rejected
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law


@law(
    "CAP-1",
    "a capture repeated with its key answers the same and takes nothing more",
    reason="a caller who heard nothing asks again, and the customer must not pay twice",
    source="I32; docs.stripe.com/api/idempotent_requests",
    about="capture",
    needs=("sale", "capture"),
    controls=("books",),
    able=("honours_keys",),
)
def a_repeated_capture_takes_nothing_more(bench: Bench) -> None:
    amount = bench.drawn.amount()
    capture = bench.orders.capture(bench.paid(amount), bench.drawn.part_of(amount))
    before = bench.books(amount)
    first = bench.ask(capture)
    bench.one_of(bench.ended(capture, first), Captured, what="a capture of what is held")
    bench.same(first, bench.ask(capture), "what the same capture answers the second time")
    bench.moved(before, "after a capture and its repetition", taken=capture.amount)


@law(
    "CAP-3",
    "more than is held, and may be captured above it, is refused and takes nothing",
    reason="the customer agreed to no more",
    source="I3",
    about="capture",
    needs=("sale", "capture"),
)
def no_more_is_taken_than_is_held(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid = bench.paid(amount)
    above = bench.gateway.capabilities.over_capture(amount) + amount
    refused = bench.end_of(bench.orders.capture(paid, amount + above))
    bench.one_of(refused, Declined, Rejected, what="a capture of more than is held")
