"""
What every gateway must do, one law at a time.

A law is a function with a code, a sentence and a reason, which is tried on a `Bench`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import TypeVar

import attrs
from gateway_bench import (
    AUTOMATIC,
    HUNDRED,
    MANUAL,
    SESSIONS,
    SETUPS,
    Bench,
    LawBroken,
    equal,
    must,
    nothing_moved,
    one_of,
)

from paysession._domain.attempts import CloseReason
from paysession._domain.failures import FailureCode
from paysession._money import Money
from paysession.errors import InvalidSignature, UnreadableNotification, Unsupported
from paysession.gateways import Notification, Request
from paysession.gateways.port import METHODS
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    NotAttempted,
    Pending,
    Redirect,
    ReferenceRole,
    Refunded,
    Rejected,
    Stored,
    Unknown,
    Voided,
)

T = TypeVar("T")


@attrs.frozen
class Law:
    """
    One rule of the port.

    Attributes:
        code: What it is known by.
        sentence: What it says.
        reason: Why it is there.
        needs: The operations that it speaks of.
        plays: What the provider must be told to do for it to be tried.
        check: How it is tried.
    """

    code: str
    sentence: str
    reason: str
    needs: frozenset[str]
    plays: frozenset[str]
    check: Callable[[Bench], None]

    def applies_to(self, bench: Bench) -> bool:
        """Tell whether the gateway has what the law speaks of, and the bench can try it."""
        return bench.offers(*self.needs) and self.plays <= bench.plays

    def __call__(self, bench: Bench) -> None:
        """Try it, and say which law was broken and how."""
        try:
            self.check(bench)
        except LawBroken as broken:
            message = f"{self.code}: {self.sentence} {self.reason} But: {broken}"
            raise LawBroken(message) from None


LAWS: list[Law] = []


def law(
    code: str, *, reason: str, needs: Collection[str] = (), plays: Collection[str] = ()
) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Make a function a law, whose docstring is its sentence."""

    def enacted(check: Callable[[Bench], None]) -> Callable[[Bench], None]:
        sentence = inspect.getdoc(check) or ""
        LAWS.append(Law(code, sentence, reason, frozenset(needs), frozenset(plays), check))
        return check

    return enacted


@law(
    "SES-1",
    reason="Every later call and report finds the session by it.",
    needs=("create_session",),
)
def an_open_session_has_an_id(bench: Bench) -> None:
    """Opening a session answers its id as the reference of role session."""
    _, opened = bench.opened()
    must(opened.get(ReferenceRole.SESSION) is not None, f"no session id in {opened!r}")
    nothing_moved(bench)


@law("SES-2", reason="Two customers must never pay in one session.", needs=("create_session",))
def two_sessions_have_two_ids(bench: Bench) -> None:
    """Two requests to open a session open two."""
    ids = {bench.opened()[1].get(ReferenceRole.SESSION) for _ in range(2)}
    equal(2, len(ids))


@law(
    "SES-3",
    reason="The old amount would be taken, and nobody would know.",
    needs=(*SESSIONS, "update_session"),
)
def an_accepted_update_counts(bench: Bench) -> None:
    """When an update is accepted, completing takes the new amount."""
    session, opened = bench.opened(policy=AUTOMATIC)
    one_of(bench.ask(bench.update(session, opened, Money("80.00", "USD"))), Accepted)
    paid = one_of(bench.ask(bench.completion(session, opened)), Captured)
    equal(Money("80.00", "USD"), paid.amount)
    equal(Money("80.00", "USD"), bench.books("USD").taken)


@law(
    "SES-4",
    reason="The store has given the goods to somebody else by then.",
    needs=(*SESSIONS, "close_session"),
)
def no_money_moves_in_a_closed_session(bench: Bench) -> None:
    """A closed session takes no money, whether it was canceled or expired."""
    for reason, kind in ((CloseReason.CANCELED, Canceled), (CloseReason.EXPIRED, Expired)):
        session, opened = bench.opened()
        one_of(bench.ask(bench.closing(session, opened, reason)), kind)
        one_of(bench.ask(bench.completion(session, opened)), Canceled, Expired, Declined, Rejected)
    nothing_moved(bench)


@law(
    "SES-5",
    reason="Money that nobody knows of is the worst that can happen.",
    needs=(*SESSIONS, "close_session"),
)
def closing_a_paid_session_tells_of_its_money(bench: Bench) -> None:
    """Closing a session that was paid answers what was held or taken."""
    for policy, kind in ((MANUAL, Authorized), (AUTOMATIC, Captured)):
        session, opened = bench.opened(policy=policy)
        paid = bench.ask(bench.completion(session, opened))
        equal(one_of(paid, kind), bench.ask(bench.closing(session, opened)))


@law(
    "SES-6",
    reason="Whoever closes cannot know that somebody else has.",
    needs=("create_session", "close_session"),
)
def closing_a_closed_session_says_so_again(bench: Bench) -> None:
    """Closing a closed session by another call answers as the first did."""
    session, opened = bench.opened()
    first = one_of(bench.ask(bench.closing(session, opened)), Canceled)
    equal(first, bench.ask(bench.closing(session, opened)))


@law("SES-7", reason="The customer may never act.", needs=SESSIONS, plays=("require_action",))
def an_action_comes_before_the_money(bench: Bench) -> None:
    """While an action is required nothing is held; when it is done, the next call holds."""
    session, opened = bench.opened(complete="require_action")
    one_of(bench.ask(bench.completion(session, opened)), ActionRequired)
    nothing_moved(bench)
    one_of(bench.ask(bench.completion(session, opened)), Authorized)
    equal(HUNDRED, bench.books("USD").held)


@law("SES-8", reason="The browser has to be sent somewhere.", needs=("create_session",))
def a_hosted_session_has_an_address(bench: Bench) -> None:
    """A hosted session answers a redirect to an https address."""
    answer = bench.ask(bench.hosted())
    action = answer.next_action if isinstance(answer, Accepted | ActionRequired) else None
    address = action.url.reveal() if isinstance(action, Redirect) else None
    must(isinstance(address, str) and address.startswith("https://"), "no https address")


@law("AUTH-1", reason="Taking before dispatch is against the schemes' rules.")
def a_manual_policy_only_holds(bench: Bench) -> None:
    """With manual capture, completing and charging hold and take nothing."""
    held = Money.zero("USD")
    for request in bench.sales(MANUAL):
        one_of(bench.ask(request), Authorized)
        held += HUNDRED
        equal(held, bench.books("USD").held)
    equal(Money.zero("USD"), bench.books("USD").taken)


@law("AUTH-2", reason="Nobody will capture it later.")
def an_automatic_policy_takes(bench: Bench) -> None:
    """With automatic capture, completing and charging take the money."""
    taken = Money.zero("USD")
    for request in bench.sales(AUTOMATIC):
        one_of(bench.ask(request), Captured)
        taken += HUNDRED
        equal(taken, bench.books("USD").taken)


@law("CHG-1", reason="Nobody is there to see that the card is charged twice.", needs=("charge",))
def a_repeated_charge_moves_nothing_more(bench: Bench) -> None:
    """A charge repeated with its key answers the same and holds or takes nothing more."""
    for policy in (MANUAL, AUTOMATIC):
        charging = bench.charging(policy=policy)
        first, books = bench.ask(charging), bench.books("USD")
        equal(first, bench.ask(charging))
        equal(books, bench.books("USD"))
        one_of(first, Authorized, Captured)


@law(
    "CHG-2",
    reason="Two customers would pay for one another.",
    needs=("charge",),
)
def two_charges_are_two_payments(bench: Bench) -> None:
    """Two charges hold twice, and have two ids."""
    held = [one_of(bench.ask(bench.charging()), Authorized).references for _ in range(2)]
    equal(2, len({each.get(ReferenceRole.AUTHORIZATION) for each in held}))
    equal(HUNDRED * 2, bench.books("USD").held)


@law(
    "CHG-3",
    reason="After a crash it is all there is to find out by.",
    needs=("charge", "look_up"),
    plays=("timeout_after", "timeout_before"),
)
def a_look_up_tells_the_truth_of_a_lost_charge(bench: Bench) -> None:
    """A look-up finds a charge whose answer was lost, and nothing of one that never happened."""
    done = bench.charging(charge="timeout_after")
    undone = bench.charging(charge="timeout_before")
    one_of(bench.ask(done), Unknown)
    one_of(bench.ask(undone), Unknown)
    equal(bench.ask(done), bench.fact(done))
    equal((), bench.reports(undone))
    equal(HUNDRED, bench.books("USD").held)


@law(
    "CHG-4",
    reason="What the customer is told, and who must act, follows from the code.",
    needs=("charge",),
    plays=("decline",),
)
def a_declined_charge_says_why_and_moves_nothing(bench: Bench) -> None:
    """Every failure of a charge is a decline with its own code, and no money moves."""
    for code in FailureCode:
        declined = one_of(bench.ask(bench.charging(charge=f"decline:{code}")), Declined)
        equal(code, declined.failure.code)
    nothing_moved(bench)


@law("SET-1", reason="Every later call and report finds it by its id.", needs=SETUPS)
def an_open_setup_session_has_an_id_and_moves_nothing(bench: Bench) -> None:
    """Two setup sessions have two ids of role session, and no money moves."""
    opened = [one_of(bench.ask(bench.setup()), Accepted, ActionRequired) for _ in range(2)]
    ids = {each.references.get(ReferenceRole.SESSION) for each in opened} - {None}
    equal(2, len(ids))
    nothing_moved(bench)


@law("SET-2", reason="A source that has no id cannot be charged.", needs=SETUPS)
def a_stored_source_can_be_named(bench: Bench) -> None:
    """Completing a setup session answers the profile's id, each time the same one."""
    storing = bench.stored()
    first = one_of(bench.ask(storing), Stored)
    must(first.profile.id is not None, "the profile has no id")
    equal(first, bench.ask(storing))
    nothing_moved(bench)


@law("SET-3", reason="That is what it was stored for.", needs=(*SETUPS, "charge"))
def a_stored_source_can_be_charged(bench: Bench) -> None:
    """What a setup session stores can be charged."""
    profile = one_of(bench.ask(bench.stored()), Stored).profile
    charging = attrs.evolve(bench.charging(), source=profile.as_source("src_stored"))
    equal(HUNDRED, one_of(bench.ask(charging), Authorized).amount)


@law("SET-4", reason="The customer may never act.", needs=SETUPS, plays=("require_action",))
def an_action_comes_before_the_source(bench: Bench) -> None:
    """While an action is required nothing is stored; when it is done, the next call stores."""
    setup = bench.setup(complete_setup="require_action")
    opened = one_of(bench.ask(setup), Accepted).references
    one_of(bench.ask(bench.storing(setup, opened)), ActionRequired)
    one_of(bench.ask(bench.storing(setup, opened)), Stored)


@law(
    "SET-5",
    reason="After a crash it is all there is to find out by.",
    needs=(*SETUPS, "look_up"),
    plays=("timeout_after", "timeout_before"),
)
def a_look_up_tells_the_truth_of_a_lost_source(bench: Bench) -> None:
    """A look-up finds a source whose answer was lost, and nothing of one that was not stored."""
    done = bench.stored(complete_setup="timeout_after")
    undone = bench.stored(complete_setup="timeout_before")
    one_of(bench.ask(done), Unknown)
    one_of(bench.ask(undone), Unknown)
    equal(bench.ask(done), one_of(bench.fact(done), Stored))
    equal((), bench.reports(undone))


@law("SET-6", reason="Most customers have another card.", needs=SETUPS, plays=("decline",))
def every_refusal_to_store_says_why(bench: Bench) -> None:
    """Every failure to store is a decline with its own code."""
    for code in FailureCode:
        storing = bench.stored(complete_setup=f"decline:{code}")
        equal(code, one_of(bench.ask(storing), Declined).failure.code)


@law(
    "IDEM-1",
    reason="A caller who heard nothing asks again.",
    needs=(*SESSIONS, "update_session", "close_session", "capture", "void", "refund"),
)
def the_same_key_answers_the_same(bench: Bench) -> None:
    """Any request repeated answers as the first time and moves nothing more."""
    session, opened = bench.opened()
    completion = bench.completion(session, opened)
    first = one_of(bench.ask(completion), Authorized)
    paid = opened | first.references
    requests: list[Request[object]] = [
        bench.creation(),
        bench.update(*bench.opened(), Money("80.00", "USD")),
        bench.closing(*bench.opened()),
        bench.capture(paid, Money("60.00", "USD")),
        bench.void(paid, Money("40.00", "USD")),
        bench.refund(paid, Money("20.00", "USD")),
    ]
    equal(first, bench.ask(completion))
    for request in requests:
        answer, books = bench.ask(request), bench.books("USD")
        equal(answer, bench.ask(request))
        equal(books, bench.books("USD"))


@law("IDEM-2", reason="It would answer a question that nobody asked.", needs=("capture",))
def a_key_means_one_thing(bench: Bench) -> None:
    """The same key with other parameters is rejected and moves nothing."""
    paid = bench.paid()
    capture = bench.capture(paid, Money("10.00", "USD"))
    bench.ask(capture)
    books = bench.books("USD")
    one_of(bench.ask(attrs.evolve(capture, amount=Money("20.00", "USD"))), Rejected)
    equal(books, bench.books("USD"))


@law("CAP-1", reason="The customer must not pay twice.", needs=("capture",))
def a_repeated_capture_takes_nothing_more(bench: Bench) -> None:
    """A capture repeated with its key answers the same and takes nothing more."""
    capture = bench.capture(bench.paid(), Money("30.00", "USD"))
    first = one_of(bench.ask(capture), Captured)
    equal(first, bench.ask(capture))
    equal(Money("30.00", "USD"), bench.books("USD").taken)


@law(
    "CAP-2",
    reason="An echo of ours hides that the provider took something else.",
    needs=("capture",),
    plays=("partial",),
)
def a_capture_answers_the_providers_amount(bench: Bench) -> None:
    """A capture answers what the provider took, not what was asked for."""
    captured = one_of(bench.ask(bench.capture(bench.paid(capture="partial"))), Captured)
    equal(Money("50.00", "USD"), captured.amount)
    equal(captured.amount, bench.books("USD").taken)
    must(captured.references.get(ReferenceRole.CAPTURE) is not None, "the capture has no id")


@law("CAP-3", reason="The customer agreed to no more.", needs=("capture",))
def no_more_is_taken_than_is_held(bench: Bench) -> None:
    """More than is held, and may be captured above it, is refused and takes nothing."""
    paid = bench.paid()
    above = bench.gateway.capabilities.over_capture(HUNDRED) + Money("0.01", "USD")
    one_of(bench.ask(bench.capture(paid, HUNDRED + above)), Declined, Rejected)
    equal(Money.zero("USD"), bench.books("USD").taken)


@law(
    "CAP-4",
    reason="Held money that nobody will take is missing on the customer's account.",
    needs=("capture",),
)
def a_final_capture_releases_the_rest(bench: Bench) -> None:
    """A final capture of a part releases what it leaves."""
    capture = bench.capture(bench.paid(), Money("60.00", "USD"), is_final=True)
    one_of(bench.ask(capture), Captured)
    equal(Money("40.00", "USD"), bench.books("USD").released)


@law("CAP-5", reason="Goods are dispatched in parts.", needs=("capture",))
def captures_add_up(bench: Bench) -> None:
    """Where several captures are declared, they add up to what is held and no further."""
    if not bench.gateway.capabilities.several_captures:
        return
    paid = bench.paid()
    for amount in ("30.00", "70.00"):
        one_of(bench.ask(bench.capture(paid, Money(amount, "USD"))), Captured)
    one_of(bench.ask(bench.capture(paid, Money("0.01", "USD"))), Declined, Rejected)
    equal(HUNDRED, bench.books("USD").taken)


@law("VOID-1", reason="What is released cannot be taken any more.", needs=("void", "capture"))
def what_is_voided_is_held_no_more(bench: Bench) -> None:
    """A void releases what is held, once, and no capture follows it."""
    paid = bench.paid()
    void = bench.void(paid)
    first = one_of(bench.ask(void), Voided)
    equal(first, bench.ask(void))
    one_of(bench.ask(bench.capture(paid)), Declined, Rejected)
    books = bench.books("USD")
    equal((HUNDRED, Money.zero("USD")), (books.released, books.taken))


@law(
    "VOID-2",
    reason="Taken money goes back by a refund, which has fees and a record.",
    needs=("void",),
)
def what_is_taken_is_not_voided(bench: Bench) -> None:
    """A void of what was taken is refused."""
    one_of(bench.ask(bench.void(bench.paid(policy=AUTOMATIC))), Declined, Rejected)
    equal(Money.zero("USD"), bench.books("USD").released)


@law("REF-1", reason="The store would lose money that it never had.", needs=("refund",))
def no_more_is_given_back_than_was_taken(bench: Bench) -> None:
    """Refunds of more than was taken, together, are refused."""
    paid = bench.paid(policy=AUTOMATIC)
    one_of(bench.ask(bench.refund(paid, Money("60.00", "USD"))), Refunded)
    one_of(bench.ask(bench.refund(paid, Money("40.01", "USD"))), Declined, Rejected)
    equal(Money("60.00", "USD"), bench.books("USD").given_back)


@law("REF-2", reason="A refund made twice is lost.", needs=("refund",))
def a_repeated_refund_gives_nothing_more(bench: Bench) -> None:
    """A refund repeated with its key answers the same and gives nothing more."""
    refund = bench.refund(bench.paid(policy=AUTOMATIC), Money("30.00", "USD"))
    first = one_of(bench.ask(refund), Refunded)
    equal(first, bench.ask(refund))
    equal(Money("30.00", "USD"), bench.books("USD").given_back)
    must(first.references.get(ReferenceRole.REFUND) is not None, "the refund has no id")


@law(
    "REF-3",
    reason="Otherwise it is given back after all, and perhaps twice.",
    needs=("refund", "cancel_refund", "look_up"),
    plays=("pending",),
)
def a_refund_called_off_gives_nothing_back(bench: Bench) -> None:
    """A pending refund that is called off stays off."""
    refund = bench.refund(bench.paid(policy=AUTOMATIC, refund="pending"))
    made = one_of(bench.ask(refund), Pending).references
    one_of(bench.ask(bench.calling_off(refund, made)), Canceled)
    bench.let_pending_succeed()
    equal(Money.zero("USD"), bench.books("USD").given_back)
    one_of(bench.fact(refund), Canceled)


@law(
    "LOOK-1",
    reason="After a crash it is all there is to find out by.",
    needs=(*SESSIONS, "capture", "look_up"),
)
def what_was_done_is_found(bench: Bench) -> None:
    """A look-up finds what was done, by our own reference, as it was answered."""
    session, opened = bench.opened()
    completion = bench.completion(session, opened)
    answer = one_of(bench.ask(completion), Authorized)
    capture = bench.capture(opened | answer.references)
    equal(answer, bench.fact(completion))
    equal(bench.ask(capture), bench.fact(capture))
    one_of(bench.fact(session), Accepted)


@law(
    "LOOK-2",
    reason="Evidence of what never happened would settle what may have.",
    needs=("capture", "look_up"),
)
def what_was_not_done_is_not_found(bench: Bench) -> None:
    """A look-up of what was never sent reports nothing."""
    equal((), bench.reports(bench.capture(bench.paid())))


@law(
    "LOOK-3", reason="A notification may be lost.", needs=("capture", "look_up"), plays=("pending",)
)
def a_look_up_tells_how_pending_ended(bench: Bench) -> None:
    """What was pending moves no money until it has ended, and a look-up tells how."""
    capture = bench.capture(bench.paid(capture="pending"))
    one_of(bench.ask(capture), Pending)
    one_of(bench.fact(capture), Pending)
    equal(Money.zero("USD"), bench.books("USD").taken)
    bench.let_pending_succeed()
    equal(HUNDRED, one_of(bench.fact(capture), Captured).amount)
    equal(HUNDRED, bench.books("USD").taken)


@law(
    "UNK-1",
    reason="A guess of Declined makes the customer pay again.",
    needs=(*SESSIONS, "capture", "refund"),
    plays=("timeout_after", "timeout_before"),
)
def a_lost_answer_is_no_answer(bench: Bench) -> None:
    """When the answer is lost the gateway raises or answers Unknown, and guesses nothing."""
    one_of(bench.ask(bench.capture(bench.paid(capture="timeout_after"))), Unknown)
    one_of(bench.ask(bench.capture(bench.paid(capture="timeout_before"))), Unknown)
    session, opened = bench.opened(complete="timeout_after")
    one_of(bench.ask(bench.completion(session, opened)), Unknown)
    one_of(bench.ask(bench.refund(bench.paid(policy=AUTOMATIC, refund="timeout_after"))), Unknown)


@law(
    "UNK-2",
    reason="Only evidence settles what is unknown.",
    needs=("capture", "look_up"),
    plays=("timeout_after", "timeout_before"),
)
def a_look_up_tells_the_truth_of_a_lost_answer(bench: Bench) -> None:
    """A look-up finds what was done and not heard, and nothing of what was not done."""
    done = bench.capture(bench.paid(capture="timeout_after"))
    undone = bench.capture(bench.paid(capture="timeout_before"))
    bench.ask(done)
    bench.ask(undone)
    equal(HUNDRED, one_of(bench.fact(done), Captured).amount)
    equal((), bench.reports(undone))


@law(
    "UNK-3",
    reason="Recovery repeats what it cannot look up.",
    needs=("capture",),
    plays=("timeout_after", "timeout_before"),
)
def repeating_a_lost_call_moves_money_once(bench: Bench) -> None:
    """A call whose answer was lost, repeated with its key, has one effect in all."""
    for lost in ("timeout_after", "timeout_before"):
        before = bench.books("USD").taken
        capture = bench.capture(bench.paid(capture=lost))
        bench.ask(capture)
        one_of(bench.ask(capture), Captured)
        equal(HUNDRED, bench.books("USD").taken - before)


@law(
    "UNK-4",
    reason="Only then is it safe to ask again under another key.",
    needs=SESSIONS,
    plays=("unreachable",),
)
def unreachable_means_not_done(bench: Bench) -> None:
    """A gateway that says it was unreachable has moved nothing."""
    session, opened = bench.opened(complete="unreachable")
    one_of(bench.ask(bench.completion(session, opened)), NotAttempted)
    nothing_moved(bench)
    one_of(bench.ask(bench.completion(session, opened)), Authorized)


@law(
    "DECL-1",
    reason="What the customer is told, and who must act, follows from the code.",
    needs=SESSIONS,
    plays=("decline",),
)
def every_decline_says_why_and_moves_nothing(bench: Bench) -> None:
    """Every failure is a decline with its own code, and no money moves."""
    for code in FailureCode:
        session, opened = bench.opened(complete=f"decline:{code}")
        declined = one_of(bench.ask(bench.completion(session, opened)), Declined)
        equal(code, declined.failure.code)
    nothing_moved(bench)


@law("DECL-2", reason="Most customers have another card.", needs=SESSIONS, plays=("decline",))
def a_declined_session_can_still_be_paid(bench: Bench) -> None:
    """After a decline of the attempt, another source pays in the same session."""
    session, opened = bench.opened(complete="decline:insufficient_funds")
    declined = one_of(bench.ask(bench.completion(session, opened)), Declined)
    equal(Ends.ATTEMPT, declined.ends)
    one_of(bench.ask(bench.completion(session, opened, source=bench.source())), Authorized)


@law("DECL-3", reason="The store tells the customer to begin anew.", needs=SESSIONS, plays=("end",))
def a_decline_of_the_object_ends_it(bench: Bench) -> None:
    """After a decline that ends the object, no source pays in that session."""
    session, opened = bench.opened(complete="end:suspected_fraud")
    declined = one_of(bench.ask(bench.completion(session, opened)), Declined)
    equal(Ends.OBJECT, declined.ends)
    again = bench.ask(bench.completion(session, opened, source=bench.source()))
    one_of(again, Canceled, Expired, Declined, Rejected)
    nothing_moved(bench)


@law("AMT-1", reason="A hundredfold of yen is the oldest bug of all.", needs=("capture",))
def amounts_are_exact_in_every_currency(bench: Bench) -> None:
    """Amounts without decimals and with three come back to the last unit."""
    for amount in (Money("1", "JPY"), Money("12345", "JPY"), Money("1.001", "KWD")):
        before = bench.books(amount.currency.code)
        captured = one_of(bench.ask(bench.capture(bench.paid(amount), amount)), Captured)
        equal(amount, captured.amount)
        equal(amount, bench.books(amount.currency.code).taken - before.taken)


@law("CAPY-1", reason="What is refused before it is written cannot go wrong.")
def what_is_not_offered_is_refused(bench: Bench) -> None:
    """A method that is not overridden raises Unsupported."""
    session, setup, nothing = bench.creation(), bench.setup(), NO_REFERENCES
    refund = bench.refund(nothing)
    requests: list[Request[object]] = [
        session,
        bench.update(session, nothing, HUNDRED),
        bench.completion(session, nothing),
        bench.closing(session, nothing),
        bench.charging(),
        bench.capture(nothing),
        bench.void(nothing),
        refund,
        bench.calling_off(refund, nothing),
        setup,
        bench.storing(setup, nothing),
        bench.question(refund),
    ]
    equal(set(METHODS), {request.method for request in requests} | {"read_notification"})
    for request in requests:
        if not bench.offers(request.method):
            one_of(_raised_by(bench.call, request), Unsupported)
    if not bench.offers("read_notification"):
        one_of(_raised_by(bench.read, Notification(b"", {})), Unsupported)


@law(
    "CAPY-2",
    reason="An answer that the port does not know settles nothing.",
    needs=(*SESSIONS, "update_session", "capture", "refund"),
    plays=("decline", "reject"),
)
def every_answer_is_one_that_the_port_knows(bench: Bench) -> None:
    """Each method answers one of its declared outcomes, however the provider decides."""
    for ending in ("approve", "decline:do_not_honor", "reject"):
        session, opened = bench.opened(update=ending, complete=ending, capture=ending)
        update = bench.update(session, opened, HUNDRED)
        completion = bench.completion(session, opened)
        for request in (update, completion, bench.capture(opened), bench.refund(opened)):
            must(type(bench.ask(request)) in request.answers, f"{request.method}: unlawful")


@law(
    "NOTE-1",
    reason="Whichever comes first, the answer or the notification, the books end the same.",
    needs=(*SESSIONS, "capture", "read_notification"),
    plays=("notify",),
)
def a_notification_tells_what_was_answered(bench: Bench) -> None:
    """What a call answered is told with our operation's id, and nothing else is."""
    session, opened = bench.opened()
    completion = bench.completion(session, opened)
    held = one_of(bench.ask(completion), Authorized)
    capture = bench.capture(opened | held.references, Money("60.00", "USD"))
    taken = one_of(bench.ask(capture), Captured)
    told = [report for each in bench.sent() for report in bench.read(each)]
    expected = [(completion.operation_id, held), (capture.operation_id, taken)]
    equal(expected, [(report.our_reference, report.fact) for report in told])


@law(
    "NOTE-2",
    reason="Whoever can change a byte can pay with nothing.",
    needs=("read_notification",),
    plays=("notify",),
)
def nothing_is_believed_that_was_not_signed(bench: Bench) -> None:
    """With any byte of its body or headers changed, or a header gone, nothing is believed."""
    bench.paid()
    (notification, *_) = bench.sent()
    _is_believed(bench, notification)
    for forged in _forgeries(notification):
        _is_not_believed(bench, forged)


@law(
    "NOTE-3",
    reason="Somebody may have kept it, to send it when it no longer holds.",
    needs=("read_notification",),
    plays=("notify",),
)
def an_old_notification_is_not_believed(bench: Bench) -> None:
    """A notification is believed for a while, and neither a day later nor a day before."""
    for while_ in (timedelta(days=1), timedelta(days=-1)):
        bench.paid()
        (notification, *_) = bench.sent()
        _is_believed(bench, notification)
        bench.let_time_pass(while_)
        _is_not_believed(bench, notification)


@law(
    "NOTE-4",
    reason="Providers send everything at least once.",
    needs=("read_notification",),
    plays=("notify",),
)
def a_notification_that_comes_twice_says_the_same(bench: Bench) -> None:
    """Reading a notification again gives equal reports, and reading moves no money."""
    bench.paid()
    before = bench.books("USD")
    for notification in bench.sent():
        equal(bench.read(notification), bench.read(notification))
    equal(before, bench.books("USD"))


@law(
    "NOTE-5",
    reason="A later look-up must not contradict what was acted upon.",
    needs=(*SESSIONS, "look_up", "read_notification"),
    plays=("notify", "pending"),
)
def a_notification_tells_what_a_look_up_tells(bench: Bench) -> None:
    """What was pending ends, and the notification and the look-up tell the same of it."""
    session, opened = bench.opened(complete="pending")
    completion = bench.completion(session, opened)
    one_of(bench.ask(completion), Pending)
    bench.sent()
    bench.let_pending_succeed()
    told = [report.fact for each in bench.sent() for report in bench.read(each)]
    equal([bench.fact(completion)], told)


@law(
    "NOTE-6",
    reason="A secret is replaced while notifications are under way.",
    needs=("read_notification",),
    plays=("notify",),
)
def any_of_the_known_secrets_is_enough(bench: Bench) -> None:
    """What one of the known secrets has signed is believed; by one no longer known, it is not."""
    bench.paid()
    (notification, *_) = bench.sent()
    old, new = bench.secrets
    signed_by = {each: bench.signed(notification.body, each) for each in bench.secrets}
    bench.know(old, new)
    _is_believed(bench, signed_by[old])
    _is_believed(bench, signed_by[new])
    bench.know(new)
    _is_believed(bench, bench.signed(notification.body, old, new))
    _is_believed(bench, signed_by[new])
    _is_not_believed(bench, signed_by[old])


@law(
    "NOTE-7",
    reason="No provider promises an order, and what is late is no less true.",
    needs=(*SESSIONS, "capture", "read_notification"),
    plays=("notify",),
)
def notifications_say_the_same_in_any_order(bench: Bench) -> None:
    """Each notification gives the same reports, whichever was read before it."""
    bench.ask(bench.capture(bench.paid(), Money("60.00", "USD")))
    sent = bench.sent()
    must(len(sent) > 1, "there is but one notification")
    in_order = [bench.read(each) for each in sent]
    equal(in_order[::-1], [bench.read(each) for each in reversed(sent)])


@law(
    "NOTE-8",
    reason="An error that passes makes the provider send it again, for days.",
    needs=("read_notification",),
    plays=("notify",),
)
def what_makes_no_sense_is_unreadable(bench: Bench) -> None:
    """What is signed and makes no sense is unreadable, or says nothing; unsigned, it is refused."""
    (secret, *_) = bench.secrets
    bench.know(secret)
    bench.paid()
    (notification, *_) = bench.sent()
    for body in NONSENSE:
        outcome = _raised_by(bench.read, bench.signed(body, secret))
        must(type(outcome) is UnreadableNotification or outcome == (), f"not {outcome!r}")
        _is_not_believed(bench, Notification(body, notification.headers))


NONSENSE = (
    b"", b"\0", b"\xff\xfe", b"null", b"[]", b"1", b'"paid"', b"{}", b"{", b"a=1&b=2",
    b'{"id": null, "type": 7, "events": {}}', b'{"events": [null]}', b'{"events": [{}]}',
    b'{"id": 1, "id": 2}', b'{"amount": NaN}', b'{"amount": 1e400}', b'{"amount": 1E+999999}',
    b'{"a": ' + b"9" * 5_000 + b"}", b'{"a": "\\ud800"}', b"[" * 200_000,
)  # fmt: skip
"""What a provider is not known to write, and what breaks parsers."""


def _is_believed(bench: Bench, notification: Notification) -> None:
    one_of(_raised_by(bench.read, notification), tuple)


def _is_not_believed(bench: Bench, notification: Notification) -> None:
    one_of(_raised_by(bench.read, notification), InvalidSignature)


def _forgeries(notification: Notification) -> Iterator[Notification]:
    body, headers = notification.body, dict(notification.headers)
    yield from (Notification(changed, headers) for changed in _changed_in_one_byte(body))
    yield Notification(body + b" ", headers)
    yield Notification(b"", headers)
    yield Notification(body, {})
    for name, text in headers.items():
        yield Notification(body, {other: headers[other] for other in headers if other != name})
        for changed in (*_changed_in_one_byte(text.encode()), b"", text.encode() + b"0"):
            yield Notification(body, {**headers, name: changed.decode()})


def _changed_in_one_byte(content: bytes) -> Iterator[bytes]:
    for place, byte in enumerate(content):
        yield content[:place] + bytes([byte ^ 1]) + content[place + 1 :]


def _raised_by(call: Callable[[T], object], argument: T) -> object:
    try:
        return call(argument)
    except Exception as error:
        return error
