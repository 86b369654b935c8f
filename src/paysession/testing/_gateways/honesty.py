"""Laws of what a gateway says of itself: the methods that it has, and its capabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final, cast

import attrs

from paysession._domain.sources import StoredSource
from paysession._money import Money
from paysession.errors import Unsupported
from paysession.gateways import (
    AsyncGateway,
    Capabilities,
    Gateway,
    Notification,
    Request,
    no_over_capture,
    operations_of,
)
from paysession.gateways.port import METHODS
from paysession.gateways.requests import Method
from paysession.outcomes import NO_REFERENCES
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.endings import came_of
from paysession.testing._gateways.law import law
from paysession.testing._gateways.occasions import callable_here, occasion


@law(
    "CAPY-1",
    "a method that the gateway does not override raises Unsupported",
    reason="what is refused before anything is written cannot go wrong; no reports, or an empty "
    "answer, would say that nothing has happened, of whatever is asked",
    source="I18, I19, I26, I48",
    about="create_session",
    lacks=METHODS,
)
def what_is_not_offered_is_refused(bench: Bench) -> None:
    requests = _requests(bench)
    for method in sorted(requests.keys() - operations_of(bench.gateway)):
        came = came_of(bench, requests[method])
        bench.one_of(came.error or came.value, Unsupported, what=f"{method}, which is not offered")
    if not bench.offers("read_notification"):
        read = bench.raised_by(lambda: bench.read(Notification(b"{}", {})))
        bench.one_of(read, Unsupported, what="read_notification, which is not offered")


@law(
    "CAPY-2",
    "a method that the gateway overrides is never refused as not supported",
    reason="the operation was written and its money reserved, because the gateway offers it",
    source="I18",
    about="create_session",
    needs=("sale",),
)
def what_is_offered_is_done(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench)):
        with bench.where_it_can_be_played():
            error = came_of(bench, occasion(bench, method, bench.drawn.amount())).error
            is_refused = isinstance(error, Unsupported | NotImplementedError)
            bench.must(not is_refused, f"what comes of {method}", "an answer", error)


@law(
    "CAPY-3",
    "no capability is declared for a method that the gateway does not have",
    reason="what is declared is planned with: what was never there is then waited for",
    source="I28; docs.mollie.com/reference/webhooks: a hint is nothing without a look-up",
    about="create_session",
)
def what_is_declared_fits_what_is_offered(bench: Bench) -> None:
    can = bench.gateway.capabilities
    bench.tell(f"it offers {', '.join(sorted(operations_of(bench.gateway))) or 'nothing'}")
    for declared, (methods, is_declared) in _DECLARED_FOR.items():
        fits = not is_declared(can) or bench.offers(*methods)
        bench.must(fits, declared, f"{' and '.join(methods)} offered", "it is declared without")
    is_hinting = bench.offers("read_notification") and not can.signs_facts
    fits = not is_hinting or bench.offers("look_up")
    bench.must(fits, "notifications that are hints", "look_up offered", "hints for nobody")


@law(
    "CAPY-4",
    "how much may be captured above what is held is an amount of the same currency, none below 0",
    reason="it is compared with what is asked, before anything is written",
    source="I3; developer.paypal.com: 115 % of the amount, and 75 USD above it at most",
    about="capture",
    needs=("capture",),
)
def over_capture_is_an_amount(bench: Bench) -> None:
    for currency in bench.author.currencies:
        held = bench.drawn.amount(currency)
        bench.tell(f"it is asked for over_capture({held})")
        above = bench.raised_by(partial(bench.gateway.capabilities.over_capture, held))
        is_amount = isinstance(above, Money) and above.currency == held.currency
        what = f"over_capture({held})"
        bench.must(is_amount, what, f"an amount in {currency}", above)
        bench.must(cast("Money", above).minor >= 0, what, "zero or more", above)


@law(
    "CAPY-5",
    "an instance declares no more than its class does",
    reason="accounts differ, and the class says what the provider can at most: who reads it "
    "plans with that",
    source="I18; the features of a Stripe account follow from its country",
    about="create_session",
)
def an_instance_only_narrows(bench: Bench) -> None:
    declared, can = _declared_by_class(bench.gateway), bench.gateway.capabilities
    bench.tell("what the class declares is compared with what its instance does")
    for name in _MORE_IF_TRUE if declared else ():
        narrows = getattr(declared, name) or not getattr(can, name)
        bench.must(narrows, f"{name}, which the class does not declare", "not declared", "declared")


@law(
    "CAPY-6",
    "what is declared is the same after a call as before it",
    reason="it was asked when the operation was written, and holds while it is carried out",
    source="I19",
    about="create_session",
    needs=("sale",),
)
def what_is_declared_does_not_change(bench: Bench) -> None:
    before = bench.gateway.capabilities
    for method in bench.drawn.some_of(callable_here(bench)):
        with bench.where_it_can_be_played():
            came_of(bench, occasion(bench, method, bench.drawn.amount()))
    bench.same(_told(before), _told(bench.gateway.capabilities), "the capabilities afterwards")


@law(
    "CAPY-7",
    "where not found means that it never happened, our own reference alone finds what did",
    reason="after a crash there is no id of the provider's: what is not found then is done again",
    source="I26, F41; own-pay/OwnPay #222",
    about="look_up",
    needs=("sale", "look_up"),
    able=("look_up_is_authoritative",),
)
def our_reference_alone_is_enough(bench: Bench) -> None:
    policy = bench.drawn.one_of(bench.policies)
    request = bench.sale(bench.drawn.amount(), policy=policy)
    bench.end_of(request)
    bench.let_grace_pass()
    question = attrs.evolve(bench.orders.question(request), references=NO_REFERENCES)
    found = [each.our_reference for each in bench.found(question)]
    is_found = request.operation_id in found
    bench.must(is_found, "what is found without the provider's ids", "it", found)


_DECLARED_FOR: Final[Mapping[str, tuple[tuple[Method, ...], Callable[[Capabilities], bool]]]] = (
    MappingProxyType(
        {
            "refunds_per_capture": (("refund",), lambda can: can.refunds_per_capture),
            "partial_voids": (("void",), lambda can: can.partial_voids),
            "over_capture": (("capture",), lambda can: can.over_capture is not no_over_capture),
            "look_up_is_authoritative": (
                ("look_up",),
                lambda can: can.look_up_is_authoritative,
            ),
            "look_up_grace": (("look_up",), lambda can: can.look_up_grace > timedelta(0)),
            "recheck_schedule": (("look_up",), lambda can: bool(can.recheck_schedule)),
        }
    )
)
"""What is not declared by default, and the methods without which it means nothing."""

_MORE_IF_TRUE: Final = (
    "partial_captures",
    "several_captures",
    "partial_voids",
    "void_after_capture",
    "partial_refunds",
    "honours_keys",
    "replays_errors",
    "look_up_is_authoritative",
    "signs_facts",
)
"""What is more if it is declared than if it is not."""


def _requests(bench: Bench) -> dict[Method, Request[Any]]:
    """Return a request for each method, about what no provider knows."""
    orders, amount, nothing = bench.orders, bench.drawn.any_amount(), NO_REFERENCES
    source = StoredSource(id="src_1", profile_id="pm_1")
    session, setup, refund = orders.creation(amount), orders.setup(), orders.refund(nothing, amount)
    requests: list[Request[Any]] = [
        session,
        orders.update(session, nothing, amount),
        orders.completion(session, nothing),
        orders.closing(session, nothing),
        orders.charge(amount, source),
        orders.capture(nothing, amount),
        orders.void(nothing, amount),
        refund,
        orders.calling_off(refund, nothing),
        setup,
        orders.storing(setup, nothing),
        orders.question(session),
    ]
    return {each.method: each for each in requests}


def _declared_by_class(gateway: object) -> Capabilities | None:
    """Return what the adapter's class declares, if it declares anything."""
    own = (vars(each).get("capabilities") for each in type(gateway).__mro__ if each not in _PORTS)
    return next((each for each in own if isinstance(each, Capabilities)), None)


_PORTS: Final = (Gateway, AsyncGateway)


def _told(can: Capabilities) -> dict[str, object]:
    """Return what is declared but for what two equal declarations need not share: a function."""
    told = attrs.asdict(can, recurse=False)
    del told["over_capture"]
    return told
