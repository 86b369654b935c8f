"""
What a law of the port to providers has at hand: a gateway on trial, and its provider's ways.

A law asks as a driver does, and is told what a driver would be told: whatever an adapter raises
is `Unknown`, but for `GatewayUnreachable`, which is `NotAttempted`. All that was asked and all
that came back is written down, so that a broken law can show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import attrs

from paysession._domain.methods import CapturePolicy
from paysession._money import Money
from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    AsyncGateway,
    CreateSessionRequest,
    LookUpRequest,
    Notification,
    Request,
)
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    Authorized,
    Captured,
    Fact,
    NextAction,
    NotAttempted,
    Outcome,
    Pending,
    Redirect,
    References,
    Report,
    Unknown,
)
from paysession.testing._gateways.calls import AnyGateway, NeedsEventLoop, Stage, Timed, Together
from paysession.testing._gateways.controls import Controls
from paysession.testing._gateways.law import SESSIONS, GatewayLaw
from paysession.testing._gateways.orders import AUTOMATIC, MANUAL, Orders
from paysession.testing._gateways.playing import Playing
from paysession.testing._gateways.telling import Words
from paysession.testing._laws.law import CannotBeTried, LawBroken
from paysession.testing._laws.shown import shown
from paysession.testing._laws.threads import Answer, Stuck

if TYPE_CHECKING:
    from paysession.testing._gateways.drawing import Drawn

T = TypeVar("T")

_UNDECIDED: Final = (Accepted, ActionRequired, Pending, Unknown)
_ACTIONS: Final = 3
"""How often a customer does what is asked before nobody believes that it leads anywhere."""

_LOOKS: Final = 10
"""How often what is pending is looked up before nobody waits for it any longer."""


class Bench(Playing):
    """
    Where one gateway is put on trial, for one law.

    Attributes:
        drawn: What the law leaves open.
        orders: Makes requests.
    """

    def __init__(self, law: GatewayLaw, author: Controls[Any], stage: Stage, drawn: Drawn) -> None:
        super().__init__(law, author, stage)
        self.drawn = drawn
        self.orders = Orders(
            author.prefix, hosted=author.hosted, source_comes_last=author.source_comes_last
        )
        self._told_so_far: list[Report] = []
        self._named: dict[str, References] = {}

    # -- What is asked

    def call(self, request: Request[Any], *, of: AnyGateway | None = None) -> Any:  # noqa: ANN401 - as asked
        """
        Call the gateway, and let whatever it raises pass.

        Raises:
            LawBroken: It never came back.
        """
        gateway = of or self.gateway
        if request.method != "look_up":
            self._is_news = True  # be it answered or not
        answer = self._told(_asked(request), lambda: getattr(gateway, request.method)(request))
        if request.method != "look_up":
            named = getattr(answer, "references", None)
            if isinstance(named, References):
                earlier = self._named.get(request.operation_id, NO_REFERENCES)
                self._named[request.operation_id] = earlier | named
        return answer

    def ask(self, request: Request[Any], *, of: AnyGateway | None = None) -> Outcome:
        """Call the gateway as a driver does: only `GatewayUnreachable` means not done."""
        return _heard(lambda: self.call(request, of=of))

    def heard(self, request: Request[Any]) -> Outcome:
        """Ask, and where nobody heard the answer once more: what was not done must be done then."""
        answer = self.ask(request)
        again = isinstance(answer, Unknown) and self.gateway.capabilities.honours_keys
        return self.ask(request) if again else answer

    def ask_at_once(self, requests: Sequence[Request[Any]]) -> list[Outcome]:
        """Call the gateway with all of these at the same time."""
        self._is_news = True
        self.story.append(f"at the same time: {'; '.join(map(_asked, requests))}")
        calls: list[Callable[[], Any]] = [
            partial(getattr(self.gateway, each.method), each) for each in requests
        ]
        is_async = isinstance(self.gateway, AsyncGateway)
        together = cast("Together", self.author.together) if is_async else None
        try:
            answers: list[Answer[Any]] = self.stage.at_once(calls, together)
        except Stuck as stuck:
            self.stage.is_stuck = True
            self.broken(
                "calls made at the same time", Words("all of them come back"), Words(str(stuck))
            )
        heard = [_heard(answer.given) for answer in answers]
        self.story[-1] += f" → {', '.join(map(shown, heard))}"
        return heard

    def held_up_by(self, request: Request[Any]) -> float:
        """Call the gateway; return for how many seconds at most it let nobody else go on."""
        timed = Timed(lambda: getattr(self.gateway, request.method)(request))
        _heard(lambda: self._told(_asked(request), lambda: timed))
        return timed.longest

    def read(
        self, notification: Notification, *, of: AnyGateway | None = None
    ) -> tuple[Report, ...]:
        """Read a notification, and let whatever is raised pass."""
        gateway = of or self.gateway
        what = f"read_notification({len(notification.body)} bytes)"
        reports = self._told(what, lambda: gateway.read_notification(notification))
        return cast("tuple[Report, ...]", reports)

    def reports(self, request: Request[Any], *, of: AnyGateway | None = None) -> tuple[Report, ...]:
        """Look an operation up, as flows do, once what was done is certain to be seen."""
        self.let_grace_pass()
        return self.found(self.question(request), of=of)

    def question(self, request: Request[Any]) -> LookUpRequest:
        """Ask for an operation by all the ids that are known of it."""
        question = self.orders.question(request)
        named = self._named.get(request.operation_id, NO_REFERENCES)
        return attrs.evolve(question, references=question.references | named)

    def found(self, question: LookUpRequest, *, of: AnyGateway | None = None) -> tuple[Report, ...]:
        """Ask a question, which must be answered by reports, if only by none."""
        answer = self.ask(question, of=of)
        reports = answer if isinstance(answer, tuple) else None
        self.must(reports is not None, "what a look-up answers", "reports", answer)
        return cast("tuple[Report, ...]", reports)

    def raised_by(self, call: Callable[[], object]) -> object:
        """Return what a call raises, or else what it returns."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - it is what was asked for
            return error

    def afresh(self) -> Bench:
        """Return a bench for another gateway, at a fresh provider, whose story goes on in this."""
        other = Bench(self.law, self.author, self.stage, self.drawn)
        other.story = self.story
        return other

    # -- What is usually asked

    @property
    def policies(self) -> tuple[CapturePolicy, ...]:
        """When money may be taken: later, if the gateway captures, or else at once."""
        return (MANUAL, AUTOMATIC) if self.offers("capture") else (AUTOMATIC,)

    def sold_as(self, policy: CapturePolicy, answer: object, *, what: str) -> Authorized | Captured:
        """
        Do nothing but return it, if an answer says what was agreed: that money is held, or taken.

        What is to be taken may be held at first, where we can capture it.
        """
        if policy is MANUAL:
            return self.one_of(answer, Authorized, what=what)
        return (
            self.sold(answer, what=what)
            if self.offers("capture")
            else self.one_of(answer, Captured, what=what)
        )

    def opened(
        self, amount: Money, *, policy: CapturePolicy | None = None
    ) -> tuple[CreateSessionRequest, References]:
        """Open a session, in which the customer does his part; return its request and its ids."""
        session, opened = self.created(amount, policy=policy)
        self.customer_acts(opened)
        return session, opened

    def created(
        self, amount: Money, *, policy: CapturePolicy | None = None
    ) -> tuple[CreateSessionRequest, References]:
        """Open a session of which the customer has seen nothing yet."""
        when = policy or self.policies[0]
        session = self.orders.creation(amount, policy=when, source=self.source())
        answer = self.one_of(self.ask(session), Accepted, ActionRequired, what="a new session")
        return session, answer.references

    def sale(self, amount: Money, *, policy: CapturePolicy | None = None) -> Request[Any]:
        """Return a request to hold or take an amount: of a session that is open, or of a source."""
        if self.offers(*SESSIONS):
            return self.orders.completion(*self.opened(amount, policy=policy))
        return self.charge(amount, policy=policy)

    def sales(
        self, amount: Money, *, policy: CapturePolicy | None = None
    ) -> Iterable[Request[Any]]:
        """Return one request to hold or take an amount for each way that there is."""
        if self.offers(*SESSIONS):
            with self.where_it_can_be_played():
                yield self.orders.completion(*self.opened(amount, policy=policy))
        if self.offers("charge"):
            with self.where_it_can_be_played():
                yield self.charge(amount, policy=policy)

    def charge(self, amount: Money, *, policy: CapturePolicy | None = None) -> Request[Any]:
        """
        Return a request to charge a stored source.

        Raises:
            CannotBeTried: There is none: what the customer has in a session is no such thing.
        """
        source = self.source()
        if source is None:
            raise CannotBeTried("source() returned None, and a charge is of a stored source")
        return self.orders.charge(amount, source, policy=policy or self.policies[0])

    def paid(
        self,
        amount: Money,
        *,
        policy: CapturePolicy | None = None,
        by: Request[Any] | None = None,
    ) -> References:
        """
        Hold an amount, or take it, by some sale; return all ids that the provider gave to it.

        What is only held that was to be taken is captured, as it is by flows.
        """
        kind = Authorized if (policy or self.policies[0]) is MANUAL else Captured
        last, fact = self.concluded(by or self.sale(amount, policy=policy))
        ids = last.references | fact.references
        if isinstance(fact, Authorized) and kind is Captured and self.offers("capture"):
            fact = self.end_of(self.orders.capture(ids, amount, is_final=True))
        return ids | self.one_of(fact, kind, what=f"a sale of {amount}").references

    def concluded(self, request: Request[Any]) -> tuple[Request[Any], Outcome | Fact]:
        """
        Ask, for a customer who acts where he must, whereupon it is asked once more.

        Return what was asked last, and how it ended.
        """
        fact = self.end_of(request)
        for _ in range(_ACTIONS):
            if not isinstance(fact, ActionRequired):
                break
            self.customer_acts(request.references | fact.references)
            request = self.orders.again(request)
            fact = self.end_of(request)
        return request, fact

    def safe(self, action: NextAction | None) -> str:
        """Return the address that a browser is sent to, if any, where nobody can read along."""
        address = str(action.url.reveal()) if isinstance(action, Redirect) else ""
        is_safe = not isinstance(action, Redirect) or address.startswith("https://")
        self.must(is_safe, "where the browser is sent", "a redirect to https", action)
        return address

    # -- What is told

    def known_of(self, request: Request[Any]) -> tuple[Fact, ...]:
        """Return what the provider tells of an operation: looked up, or else by notifications."""
        if self.offers("look_up"):
            return tuple(
                report.fact
                for report in self.reports(request)
                if report.our_reference == request.operation_id
            )
        return self.told_of(request)

    def told_of(self, request: Request[Any]) -> tuple[Fact, ...]:
        """
        Return what notifications have told of an operation so far, where there are any.

        One that cannot be read tells nothing here: other laws are about that.
        """
        if self.offers("read_notification") and self.knows("notifications"):
            self._told_so_far += [report for each in self.sent() for report in self._if_read(each)]
        return tuple(
            report.fact
            for report in self._told_so_far
            if report.our_reference == request.operation_id
        )

    def _if_read(self, notification: Notification) -> tuple[Report, ...]:
        try:
            return self.read(notification)
        except LawBroken:
            raise
        except Exception:  # noqa: BLE001 - whatever it is
            return ()

    def end_of(self, request: Request[Any], *, succeed: bool = True) -> Outcome | Fact:
        """
        Ask, and return how it ended: what is pending is decided, and its end is found out.

        Raises:
            LawBroken: Nobody ever tells how it ended.
        """
        return self.ended(request, self.ask(request), succeed=succeed)

    def ended(
        self, request: Request[Any], answer: Outcome, *, succeed: bool = True
    ) -> Outcome | Fact:
        """Return how an operation ended that was answered so."""
        if not isinstance(answer, Pending):
            return answer
        self.settle(succeed=succeed)
        for _ in range(_LOOKS):
            known = [*self.known_of(request), *self._asked_again(request)]
            told = [each for each in known if not isinstance(each, _UNDECIDED)]
            if told:
                return told[-1]
        what = "what was pending, once it was decided"
        return self.broken(what, Words("somebody tells its end"), Words("nobody does"))

    def _asked_again(self, request: Request[Any]) -> Iterator[Outcome]:
        """Complete or close a session again, where that only tells of what the customer does."""
        if self.author.customer_pays and request.method in ("complete_session", "close_session"):
            yield self.ask(self.orders.again(request))

    def _told(self, what: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as it does
        __tracebackhide__ = True
        self.story.append(f"{what} → …")
        try:
            answer = self.stage.do(call)
        except Stuck as stuck:
            self.broken("how long a call takes", Words("it comes to an end"), Words(str(stuck)))
        except BaseException as error:
            self.story[-1] = f"{what} → raised {shown(error)}"
            raise
        self.story[-1] = f"{what} → {shown(answer)}"
        return answer


def _heard(call: Callable[[], Any]) -> Outcome:
    try:
        return cast("Outcome", call())
    except GatewayUnreachable as unreachable:
        return NotAttempted(unreachable.reason)
    except (LawBroken, NeedsEventLoop):
        raise
    except Exception as error:  # noqa: BLE001 - to a driver, too, it is an outcome
        return Unknown(type(error).__name__)


def _asked(request: Request[Any]) -> str:
    told = {
        "key": request.key,
        "amount": getattr(request, "amount", None),
        "policy": getattr(getattr(request, "terms", None), "capture", None),
        "is_final": getattr(request, "is_final", None) or None,
        "about": getattr(request, "about", None),
        "references": request.references if request.references != NO_REFERENCES else None,
    }
    parts = [f"{name}={shown(each)}" for name, each in told.items() if each is not None]
    return f"{request.method}({', '.join(parts)})"
