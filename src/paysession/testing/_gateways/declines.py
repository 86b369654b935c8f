"""Laws of declines: what a provider refuses is a result, with a reason, and moves nothing."""

from __future__ import annotations

from typing import Any, Final

from paysession._domain.failures import Failure, FailureCode
from paysession.gateways import Request
from paysession.gateways.requests import Method
from paysession.outcomes import (
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Fact,
    Outcome,
    Rejected,
    Unknown,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import MOVEMENTS, SESSIONS, SETUPS, law
from paysession.testing._gateways.occasions import MOVES, callable_here, occasion

_UNHEARD_OF: Final = ("zz_never_heard_of", "98765", "R-77 / new")
"""Codes that a provider might make up tomorrow: a word, a number, and what is neither."""


@law(
    "DECL-1",
    "a session that is declined says why by the class of the provider's code, and keeps the code",
    reason="what the customer is told, who must act and what is tried again follow from the class",
    source="docs.stripe.com/declines/codes; docs.adyen.com/development-resources/refusal-reasons",
    about="complete_session",
    needs=SESSIONS,
    controls=("decline", "declines"),
)
def a_declined_session_says_why(bench: Bench) -> None:
    _every_code_has_its_class(bench, "complete_session")


@law(
    "DECL-2",
    "a charge that is declined says why by the class of the provider's code, and keeps the code",
    reason="nobody is there to see it: a program decides by the class whether to charge again",
    source="docs.stripe.com/declines/codes; docs.adyen.com, merchant advice codes of Mastercard",
    about="charge",
    needs=("charge",),
    controls=("decline", "declines"),
)
def a_declined_charge_says_why(bench: Bench) -> None:
    _every_code_has_its_class(bench, "charge")


@law(
    "DECL-3",
    "a source that is refused says why by the class of the provider's code, and keeps the code",
    reason="the customer is to be told whether to try again or to take another card",
    source="docs.stripe.com/declines/codes",
    about="complete_setup_session",
    needs=SETUPS,
    controls=("decline", "declines"),
)
def a_refused_source_says_why(bench: Bench) -> None:
    _every_code_has_its_class(bench, "complete_setup_session")


@law(
    "DECL-4",
    "a capture, void or refund that is declined keeps the provider's code, and moves nothing",
    reason="a person has to find out why, and what is declined is free to be asked for again",
    source="I7; woocommerce-gateway-stripe #4405, a failed refund shown as refunded",
    about="refund",
    needs=("sale", "movement"),
    controls=("decline", "declines"),
)
def a_declined_movement_keeps_the_code(bench: Bench) -> None:
    for method in callable_here(bench, MOVEMENTS):
        raw_code = bench.drawn.one_of(_told_as_declines(bench))
        expected = Failure(bench.author.declines[raw_code], raw_code=raw_code)
        failure = _declined(bench, method, raw_code).failure
        # Of movements some providers tell by codes that are like those of payments, and are not.
        lawful = {expected.code, FailureCode.UNKNOWN_DECLINE}
        bench.must(failure.code in lawful, "the class of the decline", expected.code, failure.code)
        bench.same(expected.raw_code, failure.raw_code, "the provider's code in it")


@law(
    "DECL-5",
    "a code that nobody knows is a decline of the class `unknown_decline`, and keeps the code",
    reason="providers make up new ones, and who guesses tries a stolen card again",
    source="I25; docs.stripe.com/declines/codes",
    about="complete_session",
    needs=("sale",),
    controls=("decline",),
)
def an_unknown_code_is_an_unknown_decline(bench: Bench) -> None:
    unheard_of = [each for each in _UNHEARD_OF if each not in bench.author.declines]
    for method in callable_here(bench, (*MOVES, "complete_setup_session")):
        expected = Failure(FailureCode.UNKNOWN_DECLINE, raw_code=bench.drawn.one_of(unheard_of))
        failure = _declined(bench, method, expected.raw_code or "").failure
        _is_told_as(bench, expected, failure)


@law(
    "DECL-6",
    "a decline ends what it says: another source pays in the session, or none does",
    reason="most customers have another card, and those whose session is over must begin anew",
    source="docs.stripe.com/payments/paymentintents/lifecycle; docs.mollie.com/docs/status-change",
    about="complete_session",
    needs=SESSIONS,
    controls=("decline", "declines"),
)
def a_decline_ends_what_it_says(bench: Bench) -> None:
    for raw_code in _told_as_declines(bench):
        bench.anew()
        bench.arm("decline", "complete_session", raw_code)
        session, opened = bench.opened(bench.drawn.amount())
        end = bench.end_of(bench.orders.completion(session, opened), succeed=False)
        declined = bench.one_of(end, Declined, what=f"a session that is declined by {raw_code!r}")
        bench.customer_acts(opened)
        another = bench.orders.completion(session, opened, source=bench.source())
        _, paid = bench.concluded(another)
        what = f"another source, after a decline that ends the {declined.ends}"
        bench.one_of(paid, *_AFTER[declined.ends], what=what)


_AFTER: Final = {
    Ends.ATTEMPT: (Authorized, Captured),
    Ends.OBJECT: (Canceled, Expired, Declined, Rejected),
}


@law(
    "DECL-7",
    "what the provider refuses to look at is rejected, and is no decline",
    reason="a customer cannot mend a wrong key: a developer must act, and no attempt was made",
    source="docs.stripe.com/api/errors; docs.adyen.com/development-resources/error-codes",
    about="complete_session",
    controls=("reject",),
    needs=("sale",),
)
def a_rejection_is_no_decline(bench: Bench) -> None:
    for method in callable_here(bench):
        bench.anew()
        bench.arm("reject", method)
        request = occasion(bench, method, bench.drawn.amount())
        with bench.unmoved(f"after a {method} was refused as malformed"):
            answer = bench.end_of(request)
            bench.one_of(answer, Rejected, what=f"a {method} that is refused as malformed")


@law(
    "DECL-8",
    "what is declined as a duplicate is not said to be undone",
    reason="there is a first one, of which nobody has heard: the money may have moved",
    source="I26; ISO 8583, response code 94; docs.stripe.com/declines/codes, duplicate_transaction",
    about="capture",
    needs=("sale",),
    controls=("decline", "declines.duplicate"),
)
def a_duplicate_may_have_happened(bench: Bench) -> None:
    for method in callable_here(bench, MOVES):
        for raw_code, code in bench.author.declines.items():
            if code is FailureCode.DUPLICATE:
                _, answer = _refused(bench, method, raw_code)
                bench.must(_is_doubtful(answer), f"the {method}", "unknown, or a duplicate", answer)


def _every_code_has_its_class(bench: Bench, method: Method) -> None:
    for raw_code in _told_as_declines(bench):
        failure = _declined(bench, method, raw_code).failure
        _is_told_as(bench, Failure(bench.author.declines[raw_code], raw_code=raw_code), failure)


def _told_as_declines(bench: Bench) -> list[str]:
    """Return the provider's codes but those that say `duplicate`, after which money may move."""
    known = sorted(bench.author.declines.items())
    return [raw_code for raw_code, code in known if code is not FailureCode.DUPLICATE]


def _declined(bench: Bench, method: Method, raw_code: str) -> Declined:
    """Have a call declined, and see that no money moves; return the answer."""
    request, answer = _refused(bench, method, raw_code)
    return bench.one_of(answer, Declined, what=f"a {request.method} that is declined")


def _refused(bench: Bench, method: Method, raw_code: str) -> tuple[Request[Any], Outcome | Fact]:
    bench.anew()
    bench.arm("decline", method, raw_code)
    request = occasion(bench, method, bench.drawn.amount())
    with bench.unmoved(f"after a {method} was declined"):
        return request, bench.end_of(request, succeed=False)


def _is_told_as(bench: Bench, expected: Failure, failure: Failure) -> None:
    bench.same(expected.code, failure.code, "the class of the decline")
    bench.same(expected.raw_code, failure.raw_code, "the provider's code in it")


def _is_doubtful(answer: Outcome | Fact) -> bool:
    """Tell whether nothing is settled by this."""
    says_so = isinstance(answer, Declined) and answer.failure.means_unknown
    return says_so or isinstance(answer, Unknown)
