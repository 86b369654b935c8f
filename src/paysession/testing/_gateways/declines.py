"""Laws of declines: what a provider refuses is a result, with a reason, and moves nothing."""

from __future__ import annotations

from itertools import product
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
from paysession.testing._gateways.law import MOVEMENTS, SESSIONS, law
from paysession.testing._gateways.occasions import LASTS, MOVES, callable_here, occasion

_OF_CUSTOMERS: Final[tuple[Method, ...]] = ("complete_session", "charge", "complete_setup_session")
"""What is declined because of the customer's source."""

_UNHEARD_OF: Final = ("zz_never_heard_of", "98765", "R-77 / new")
"""Codes that a provider might make up tomorrow: a word, a number, and what is neither."""


@law(
    "DECL-1",
    "what is declined says why by the class of the provider's code, and keeps the code",
    reason="what the customer is told, who must act and what is tried again follow from the class",
    source="docs.stripe.com/declines/codes; docs.adyen.com/development-resources/refusal-reasons",
    about="complete_session",
    needs=("sale",),
    controls=("decline", "declines"),
)
def a_decline_says_why(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method, raw_code in product(callable_here(bench, _OF_CUSTOMERS), _told_as_declines(bench)):
        with bench.where_it_can_be_played():
            failure = _declined(bench, method, raw_code).failure
            _is_told_as(bench, Failure(bench.author.declines[raw_code], raw_code=raw_code), failure)


@law(
    "DECL-2",
    "a capture, void or refund that is declined keeps the provider's code, and moves nothing",
    reason="a person has to find out why, and what is declined is free to be asked for again",
    source="I7; woocommerce-gateway-stripe #4405, a failed refund shown as refunded",
    about="refund",
    needs=("sale", "movement"),
    controls=("decline", "declines"),
)
def a_declined_movement_keeps_the_code(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method, raw_code in product(callable_here(bench, MOVEMENTS), _told_as_declines(bench)):
        with bench.where_it_can_be_played():
            expected = Failure(bench.author.declines[raw_code], raw_code=raw_code)
            failure = _declined(bench, method, raw_code).failure
            # Some tell of movements by codes that are like those of payments, and are not.
            lawful = {expected.code, FailureCode.UNKNOWN_DECLINE}
            bench.must(
                failure.code in lawful, "the class of the decline", expected.code, failure.code
            )
            bench.same(expected.raw_code, failure.raw_code, "the provider's code in it")


@law(
    "DECL-3",
    "a code that nobody knows is a decline of the class `unknown_decline`, and keeps the code",
    reason="providers make up new ones, and who guesses tries a stolen card again",
    source="I25; docs.stripe.com/declines/codes",
    about="complete_session",
    needs=("sale",),
    controls=("decline",),
)
def an_unknown_code_is_an_unknown_decline(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    unheard_of = [each for each in _UNHEARD_OF if each not in bench.author.declines]
    for method, raw_code in product(callable_here(bench, LASTS), unheard_of):
        with bench.where_it_can_be_played():
            failure = _declined(bench, method, raw_code).failure
            _is_told_as(bench, Failure(FailureCode.UNKNOWN_DECLINE, raw_code=raw_code), failure)


@law(
    "DECL-4",
    "a decline ends what it says: another source pays in the session, or none does",
    reason="most customers have another card, and those whose session is over must begin anew",
    source="docs.stripe.com/payments/paymentintents/lifecycle; docs.mollie.com/docs/status-change",
    about="complete_session",
    needs=SESSIONS,
    controls=("decline", "declines"),
)
def a_decline_ends_what_it_says(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    told = _told_as_declines(bench)
    for raw_code, again in [*product(told, (False,)), *product(told[:1], (True,))]:
        bench.anew()
        with bench.where_it_can_be_played():
            bench.arm("decline", "complete_session", raw_code)
            session, opened = bench.opened(bench.drawn.amount())
            declined = _declined_once(bench, bench.orders.completion(session, opened), raw_code)
            if again and declined.ends is Ends.ATTEMPT:
                bench.arm("decline", "complete_session", raw_code)
                second = bench.orders.completion(session, opened, source=bench.source())
                declined = _declined_once(bench, second, raw_code)
            bench.customer_acts(opened)
            another = bench.orders.completion(session, opened, source=bench.source())
            _, paid = bench.concluded(another)
            what = f"another source, after a decline that ends the {declined.ends}"
            bench.one_of(paid, *_AFTER[declined.ends], what=what)


def _declined_once(bench: Bench, completion: Request[Any], raw_code: str) -> Declined:
    end = bench.end_of(completion, succeed=False)
    return bench.one_of(end, Declined, what=f"a session that is declined by {raw_code!r}")


_AFTER: Final = {
    Ends.ATTEMPT: (Authorized, Captured),
    Ends.OBJECT: (Canceled, Expired, Declined, Rejected),
}


@law(
    "DECL-5",
    "what the provider refuses to look at is rejected, and is no decline",
    reason="a customer cannot mend a wrong key: a developer must act, and no attempt was made",
    source="docs.stripe.com/api/errors; docs.adyen.com/development-resources/error-codes",
    about="complete_session",
    controls=("reject",),
    needs=("sale",),
)
def a_rejection_is_no_decline(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method in callable_here(bench):
        bench.anew()
        with bench.where_it_can_be_played():
            bench.arm("reject", method)
            request = occasion(bench, method, bench.drawn.amount())
            with bench.unmoved(f"after a {method} was refused as malformed"):
                answer = bench.end_of(request)
                bench.one_of(answer, Rejected, what=f"a {method} that is refused as malformed")


@law(
    "DECL-6",
    "what is declined as a duplicate is not said to be undone",
    reason="there is a first one, of which nobody has heard: the money may have moved",
    source="I26; ISO 8583, response code 94; docs.stripe.com/declines/codes, duplicate_transaction",
    about="capture",
    needs=("sale",),
    controls=("decline", "declines.duplicate"),
)
def a_duplicate_may_have_happened(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method, raw_code in product(callable_here(bench, MOVES), _told_as_duplicates(bench)):
        with bench.where_it_can_be_played():
            answer = _refused(bench, method, raw_code)
            bench.must(_is_doubtful(answer), f"the {method}", "unknown, or a duplicate", answer)


def is_same_decline(answer: Declined, told: Declined) -> bool:
    """Tell whether what is told later may stand beside the answer: not every word is kept."""
    classes = answer.failure.code, FailureCode.UNKNOWN_DECLINE
    return told.ends is answer.ends and told.failure.code in classes


def _told_as_declines(bench: Bench) -> list[str]:
    """Return the provider's codes but those of duplicates, after which money may have moved."""
    return sorted(bench.author.declines.keys() - set(_told_as_duplicates(bench)))


def _told_as_duplicates(bench: Bench) -> list[str]:
    known = bench.author.declines.items()
    return sorted(raw_code for raw_code, code in known if code is FailureCode.DUPLICATE)


def _declined(bench: Bench, method: Method, raw_code: str) -> Declined:
    """Have a call declined, and see that no money moves; return the answer."""
    answer = _refused(bench, method, raw_code)
    return bench.one_of(answer, Declined, what=f"a {method} that is declined")


def _refused(bench: Bench, method: Method, raw_code: str) -> Outcome | Fact:
    bench.anew()
    bench.arm("decline", method, raw_code)
    request = occasion(bench, method, bench.drawn.amount())
    with bench.unmoved(f"after a {method} was declined"):
        return bench.end_of(request, succeed=False)


def _is_told_as(bench: Bench, expected: Failure, failure: Failure) -> None:
    bench.same(expected.code, failure.code, "the class of the decline")
    bench.same(expected.raw_code, failure.raw_code, "the provider's code in it")


def _is_doubtful(answer: Outcome | Fact) -> bool:
    """Tell whether nothing is settled by this."""
    says_so = isinstance(answer, Declined) and answer.failure.means_unknown
    return says_so or isinstance(answer, Unknown)
