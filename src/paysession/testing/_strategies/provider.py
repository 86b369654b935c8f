"""What a gateway is asked and answers, and what a provider tells by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar, cast, get_args, overload

import attrs
from hypothesis import strategies as st

from paysession._domain.methods import CapturePolicy, Terms
from paysession._money import Money
from paysession.gateways.notifications import Notification
from paysession.gateways.requests import (
    CancelRefundRequest,
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    LookUpRequest,
    Method,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import Fact, NextAction, Outcome, Report, Totals
from paysession.testing._strategies import plain
from paysession.testing._strategies.amounts import currencies, moved
from paysession.testing._strategies.choices import chosen, given_or
from paysession.testing._strategies.fields import built, ordinary, references
from paysession.testing._strategies.showing import made_of

AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)
AnyFact = TypeVar("AnyFact", bound=Fact)
AnyRequest = TypeVar("AnyRequest", bound=Request[Any])
A = TypeVar("A")

REQUESTS: Final[tuple[type[Request[Any]], ...]] = (
    CreateSessionRequest,
    UpdateSessionRequest,
    CompleteSessionRequest,
    CloseSessionRequest,
    ChargeRequest,
    CaptureRequest,
    VoidRequest,
    RefundRequest,
    CancelRefundRequest,
    CreateSetupSessionRequest,
    CompleteSetupSessionRequest,
    LookUpRequest,
)
"""Every class of the port, in the order of its methods."""

_MOVED: Final = currencies().flatmap(moved)

_ASKED: Final = tuple(kind.method for kind in REQUESTS if kind is not LookUpRequest)


def next_actions(*kinds: type[NextAction]) -> st.SearchStrategy[NextAction]:
    """
    Return what a customer must do: of these classes, or of any.

    Raises:
        TypeError: A kind is no next action.
    """
    among = chosen(kinds, among=get_args(NextAction), called="next action")
    return st.one_of([ordinary(kind) for kind in among])


@overload
def outcomes(
    kind: type[AnyOutcome],
    /,
    *,
    amounts: st.SearchStrategy[Money] | None = None,
    occurred_at: st.SearchStrategy[datetime | None] | None = None,
) -> st.SearchStrategy[AnyOutcome]: ...
@overload
def outcomes(
    *kinds: type[Outcome],
    amounts: st.SearchStrategy[Money] | None = None,
    occurred_at: st.SearchStrategy[datetime | None] | None = None,
) -> st.SearchStrategy[Outcome]: ...
def outcomes(
    *kinds: type,
    amounts: st.SearchStrategy[Money] | None = None,
    occurred_at: st.SearchStrategy[datetime | None] | None = None,
) -> st.SearchStrategy[Outcome]:
    """
    Return what a gateway may answer.

    Args:
        kinds: Classes of `paysession.outcomes.Outcome`; any of them if left out.
        amounts: What is moved: more than nothing. Of any currency if left out.
        occurred_at: The provider's time of it, or None where it gives none.

    Raises:
        TypeError: A kind is no outcome, or what should be a strategy is none.
    """
    among = chosen(kinds, among=get_args(Outcome), called="outcome")
    return cast("st.SearchStrategy[Outcome]", _said(among, amounts, occurred_at))


@overload
def facts(
    kind: type[AnyFact],
    /,
    *,
    amounts: st.SearchStrategy[Money] | None = None,
    occurred_at: st.SearchStrategy[datetime | None] | None = None,
) -> st.SearchStrategy[AnyFact]: ...
@overload
def facts(
    *kinds: type[Fact],
    amounts: st.SearchStrategy[Money] | None = None,
    occurred_at: st.SearchStrategy[datetime | None] | None = None,
) -> st.SearchStrategy[Fact]: ...
def facts(
    *kinds: type,
    amounts: st.SearchStrategy[Money] | None = None,
    occurred_at: st.SearchStrategy[datetime | None] | None = None,
) -> st.SearchStrategy[Fact]:
    """
    Return what a provider may say has happened.

    Args:
        kinds: Classes of `paysession.outcomes.Fact`; any of them if left out.
        amounts: What was moved: more than nothing. Of any currency if left out.
        occurred_at: The provider's time of it, or None where it gives none.

    Raises:
        TypeError: A kind is no fact, or what should be a strategy is none.
    """
    return _said(chosen(kinds, among=get_args(Fact), called="fact"), amounts, occurred_at)


def _said(
    among: Sequence[type[Fact]],
    amounts: st.SearchStrategy[Money] | None,
    occurred_at: st.SearchStrategy[datetime | None] | None,
) -> st.SearchStrategy[Fact]:
    times = given_or(st.none() | plain.instants(), occurred_at, called="occurred_at")
    return st.one_of([_of_kind(kind, amounts, times) for kind in among])


def _of_kind(
    kind: type[AnyFact],
    amounts: st.SearchStrategy[Money] | None,
    times: st.SearchStrategy[datetime | None],
) -> st.SearchStrategy[AnyFact]:
    """Return facts of a class; if one has two amounts, they are of one currency."""
    if amounts is None and kind is Totals:
        return currencies().flatmap(
            lambda currency: built(kind, {Money: moved(currency)}, occurred_at=times)
        )
    return built(kind, {Money: given_or(_MOVED, amounts, called="amounts")}, occurred_at=times)


def answers(
    to: Request[A] | type[Request[A]], *, amounts: st.SearchStrategy[Money] | None = None
) -> st.SearchStrategy[A]:
    """
    Return what a gateway may lawfully answer to a request.

    Args:
        to: A request, or its class. To a request, the amount that it asks for is answered.
        amounts: What is moved otherwise: more than nothing.

    Raises:
        TypeError: It is no request, or what should be a strategy is none.
    """
    kind = to if isinstance(to, type) else type(to)
    asked = getattr(to, "amount", None)
    chosen([kind], among=REQUESTS, called="request")
    if amounts is None and isinstance(asked, Money):
        amounts = st.just(asked)
    if kind is LookUpRequest:
        told = st.lists(reports(facts=facts(amounts=amounts)), max_size=3).map(tuple)
        among = [told, outcomes(*kind.answers[1:], amounts=amounts)]
        return cast("st.SearchStrategy[A]", st.one_of(among))
    return cast("st.SearchStrategy[A]", outcomes(*kind.answers, amounts=amounts))


def reports(
    *,
    facts: st.SearchStrategy[Fact] | None = None,
    our_references: st.SearchStrategy[str | None] | None = None,
) -> st.SearchStrategy[Report]:
    """
    Return a provider's own words about one object.

    Args:
        facts: What happened; anything if left out.
        our_references: The operation's id that the provider echoes, or None where it does
            not; both if left out.

    Raises:
        TypeError: What should be a strategy is none.
    """
    named = st.none() | plain.ids("at")
    return st.builds(
        Report,
        given_or(_said(get_args(Fact), None, None), facts, called="facts"),
        our_reference=given_or(named, our_references, called="our_references"),
        references=references(),
        id=st.none() | plain.ids("evt"),
        attempt=st.none() | plain.ids("pi"),
    )


def notifications(
    *,
    bodies: st.SearchStrategy[bytes] | None = None,
    sign: Callable[[bytes], Mapping[str, str]] | None = None,
) -> st.SearchStrategy[Notification]:
    """
    Return what a provider sends by itself, as it comes over the network.

    Args:
        bodies: The raw bytes; a JSON document if left out.
        sign: Returns the headers by which a body is believed, such as the `sign` of a
            verifier; without it nobody believes any of them.

    Raises:
        TypeError: What should be a strategy is none, or what should sign cannot be called.
    """
    headers = _unsigned if sign is None else sign
    if not callable(headers):
        raise TypeError(f"sign must return headers of a body, not be {type(headers).__name__}")
    sent = given_or(plain.bodies(), bodies, called="bodies")
    return sent.flatmap(lambda body: st.builds(Notification, st.just(body), st.just(headers(body))))


def _unsigned(body: bytes) -> Mapping[str, str]:
    return {"content-type": "application/json", "content-length": str(len(body))}


@overload
def requests(
    kind: type[AnyRequest], /, *, amounts: st.SearchStrategy[Money] | None = None
) -> st.SearchStrategy[AnyRequest]: ...
@overload
def requests(
    *kinds: type[Request[Any]], amounts: st.SearchStrategy[Money] | None = None
) -> st.SearchStrategy[Request[Any]]: ...
def requests(
    *kinds: type[Request[Any]], amounts: st.SearchStrategy[Money] | None = None
) -> st.SearchStrategy[Request[Any]]:
    """
    Return what a gateway may be asked.

    Args:
        kinds: Classes of requests, as the port's methods take them; any if left out.
        amounts: What they are about: more than nothing. Of any currency if left out.

    Raises:
        TypeError: A kind is no request, or what should be a strategy is none.
    """
    return st.one_of(
        [_asked(kind, amounts) for kind in chosen(kinds, among=REQUESTS, called="request")]
    )


def _asked(
    kind: type[Request[Any]], amounts: st.SearchStrategy[Money] | None
) -> st.SearchStrategy[Request[Any]]:
    """Return requests of a class; the key is the operation's id, as it always is."""
    # A provider is asked to take money or to hold it: until when is none of its business.
    capture = st.sampled_from((CapturePolicy.AUTOMATIC, CapturePolicy.MANUAL))
    of_class = built(
        kind,
        {
            Money: given_or(_MOVED, amounts, called="amounts"),
            Terms: built(Terms, capture=capture),
            Method: st.sampled_from(_ASKED),
        },
    )
    return made_of(of_class, lambda request: attrs.evolve(request, key=request.operation_id))
