"""
What a law of the port to providers has at hand: a gateway on trial, and its provider's ways.

A law asks as a driver does, and is told what a driver would be told: whatever an adapter raises
is `Unknown`, but for `GatewayUnreachable`, which is `NotAttempted`. All that was asked and all
that came back is written down, so that a broken law can show it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, cast

import attrs

from paysession._domain.methods import CapturePolicy
from paysession._domain.secrets import ClientData
from paysession._domain.sources import Source
from paysession._money import Money
from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    AsyncGateway,
    CreateSessionRequest,
    LookUpRequest,
    Method,
    Notification,
    Request,
    operations_of,
)
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    Authorized,
    Captured,
    Fact,
    NotAttempted,
    Outcome,
    Pending,
    References,
    Report,
    Unknown,
)
from paysession.testing._gateways.calls import AnyGateway, NeedsEventLoop, Stage, Timed, Together
from paysession.testing._gateways.controls import Controls, ProviderBooks
from paysession.testing._gateways.law import SESSIONS, GatewayLaw
from paysession.testing._gateways.orders import AUTOMATIC, MANUAL, Orders
from paysession.testing._laws.law import CannotBeTried, LawBroken
from paysession.testing._laws.shown import shown
from paysession.testing._laws.threads import Answer, Stuck

if TYPE_CHECKING:
    from paysession.testing._gateways.drawing import Drawn

T = TypeVar("T")

_UNDECIDED: Final = (Accepted, ActionRequired, Pending, Unknown)
_ACTIONS: Final = 3
"""How often a customer does what is asked before nobody believes that it leads anywhere."""

_PARTS: Final = ("held", "taken", "released", "given_back")
"""What a provider's books say of money."""

_LOOKS: Final = 10
"""How often what is pending is looked up before nobody waits for it any longer."""


class Bench:
    """
    Where one gateway is put on trial, for one law.

    Attributes:
        law: The law.
        author: Who knows the gateway and its provider.
        stage: Where the gateway is called.
        drawn: What the law leaves open.
        gateway: The gateway.
        orders: Makes requests.
        story: What was asked and what came back.
        mail: All that the provider was found to have sent so far.
    """

    def __init__(self, law: GatewayLaw, author: Controls[Any], stage: Stage, drawn: Drawn) -> None:
        self.law = law
        self.author = author
        self.stage = stage
        self.drawn = drawn
        self.orders = Orders(
            author.prefix, hosted=author.hosted, source_comes_last=author.source_comes_last
        )
        self.story: list[str] = []
        self._written = author.written()
        self._unplayed: list[CannotBeTried] = []
        self._is_played = False
        self._told_so_far: list[Report] = []
        self._named: dict[str, References] = {}
        self._is_news = True
        self.mail: list[Notification] = []
        self.gateway: AnyGateway = self._made("make_gateway", author.make_gateway)
        if author.prefix and self.knows("notifications"):
            self._played("notifications", lambda: author.notifications(self.gateway))

    # -- What the gateway is

    def offers(self, *methods: str) -> bool:
        """Tell whether the gateway has all of these methods."""
        return operations_of(self.gateway) >= set(methods)

    def knows(self, control: str) -> bool:
        """Tell whether the author has written a control."""
        return control in self._written

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
                "calls made at the same time", _Words("all of them come back"), _Words(str(stuck))
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

    def anew(self) -> None:
        """Forget what was asked and came back: what follows has nothing to do with it."""
        self.story.clear()

    def afresh(self) -> Bench:
        """Return a bench for another gateway, at a fresh provider, whose story goes on in this."""
        other = Bench(self.law, self.author, self.stage, self.drawn)
        other.story = self.story
        return other

    def tell(self, what: str) -> None:
        """Let the story say what was looked at, where nothing was asked."""
        self.story.append(f"({what})")

    # -- What the provider does

    def control(self, name: str, call: Callable[[], Any], what: str) -> None:
        """
        Have the author's provider do something.

        Raises:
            CannotBeTried: The control says by `NotImplementedError` that it cannot do so.
        """
        self.tell(what)
        self._is_news = True
        self._played(name, call)

    def _played(self, control: str, call: Callable[[], T | Awaitable[T]]) -> T:
        """Let a control do something, which is given more time than a call of the gateway."""
        try:
            return self.stage.do(call, is_control=True)
        except NotImplementedError as why:
            told = f"{control} cannot do that{f': {why}' if str(why) else ''}"
            raise CannotBeTried(told) from None
        except Stuck as stuck:
            self.broken(
                f"how long {control}() takes", _Words("it comes to an end"), _Words(str(stuck))
            )

    def arm(self, control: str, method: Method, *arguments: object, **named: object) -> None:
        """
        Tell the provider how the next call of a method ends: `arm("reject", "capture")`.

        Raises:
            CannotBeTried: The control says by `NotImplementedError` that it cannot do so.
        """
        told = ", ".join([*map(repr, arguments), *(f"{name}={it!r}" for name, it in named.items())])
        what = f"the provider is told: {control} the next {method}{f', {told}' if told else ''}"
        act = getattr(self.author, control)
        try:
            self.control(control, lambda: act(self.gateway, method, *arguments, **named), what)
        except CannotBeTried:
            raise CannotBeTried(f"{control} cannot play that for {method}") from None

    @contextmanager
    def where_it_can_be_played(self) -> Generator[None, None, None]:
        """Pass over what a control cannot play, and go on with what others can."""
        try:
            yield
        except CannotBeTried as why:
            self._unplayed.append(why)
        else:
            self._is_played = True

    def ends(self) -> None:
        """
        Do nothing if something was tried.

        Raises:
            CannotBeTried: All that was to be tried was passed over.
        """
        if self._unplayed and not self._is_played:
            raise self._unplayed[-1]

    def settle(self, *, succeed: bool = True) -> None:
        """Let the provider decide what is pending, if the author can tell it to."""
        if self.knows("settle"):
            what = f"the provider lets what is pending {'succeed' if succeed else 'fail'}"
            act = partial(self.author.settle, self.gateway, succeed=succeed)
            self.control("settle", act, what)

    def pass_time(self, time: timedelta) -> None:
        """Move the clock."""
        act = partial(self.author.pass_time, self.gateway, time)
        self.control("pass_time", act, f"{time} go by")

    def let_grace_pass(self) -> None:
        """Let so much time go by that a look-up misses nothing that was done, if it ever does."""
        grace = self.gateway.capabilities.look_up_grace
        if grace and self._is_news and self.knows("pass_time"):
            self.pass_time(grace)
            self._is_news = False

    def books(self, currency: str | Money) -> ProviderBooks:
        """Return what the provider's own books say."""
        code = currency.currency.code if isinstance(currency, Money) else currency
        (only,) = self._all_books([code])
        return only

    def _all_books(self, codes: Sequence[str]) -> list[ProviderBooks]:
        """Return what the books say of each of these currencies; asked for at one go."""

        async def read() -> list[object]:
            books: list[object] = []
            for code in codes:
                told = self.author.books(self.gateway, code)
                books.append(await told if isinstance(told, Awaitable) else told)
            return books

        books: list[object] = self._played("books", read)
        for each in books:
            if not isinstance(each, ProviderBooks):
                raise TypeError(f"books() must return ProviderBooks, not {type(each).__name__}")
        return cast("list[ProviderBooks]", books)

    def sent(self) -> tuple[Notification, ...]:
        """Return what the provider has sent since it was asked last."""
        fresh = self._played("notifications", lambda: self.author.notifications(self.gateway))
        if not all(isinstance(each, Notification) for each in fresh):
            raise TypeError("notifications() must return Notification(body, headers) each")
        self.mail += fresh
        return tuple(fresh)

    def all_sent(self) -> tuple[Notification, ...]:
        """Return what the provider has sent so far, whoever has read it by now."""
        self.sent()
        return tuple(self.mail)

    def signed(self, body: bytes, *secrets: str) -> Notification:
        """Return these bytes as the provider sends them now, signed with each of the secrets."""
        return self._played("sign", lambda: self.author.sign(self.gateway, body, *secrets))

    def knowing(self, *secrets: str) -> AnyGateway:
        """Return a gateway at the same provider that knows these webhook secrets alone."""
        return self._made("knowing", lambda: self.author.knowing(self.gateway, *secrets))

    def another(self) -> AnyGateway:
        """Return a second gateway at the same provider, as another process has one."""
        return self._made("another", lambda: self.author.another(self.gateway))

    def _made(self, control: str, make: Callable[[], Any]) -> AnyGateway:
        gateway: AnyGateway = self._played(control, make)
        self.stage.gateways.append(gateway)
        return gateway

    def source(self) -> Source | None:
        """Return what the next customer pays with."""
        return self._played("source", lambda: self.author.source(self.gateway))

    def brought(self) -> ClientData | None:
        """Return what the next customer's browser brings."""
        return self._played("browser_brings", lambda: self.author.browser_brings(self.gateway))

    def customer_acts(self, references: References) -> None:
        """Let the customer do his part."""
        self._is_news = True
        act = partial(self.author.customer_acts, self.gateway, references)
        self._played("customer_acts", act)

    # -- What is usually asked

    @property
    def policies(self) -> tuple[CapturePolicy, ...]:
        """When money may be taken: later, if the gateway captures, or else at once."""
        return (MANUAL, AUTOMATIC) if self.offers("capture") else (AUTOMATIC,)

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

    def paid(self, amount: Money, *, policy: CapturePolicy | None = None) -> References:
        """
        Hold an amount, or take it; return all ids that the provider gave to it.

        What is only held that was to be taken is captured, as it is by flows.
        """
        kind = Authorized if (policy or self.policies[0]) is MANUAL else Captured
        last, fact = self.concluded(self.sale(amount, policy=policy))
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

    # -- What is told

    def known_of(self, request: Request[Any]) -> tuple[Fact, ...]:
        """Return what the provider tells of an operation: looked up, or else by notifications."""
        if self.offers("look_up"):
            return tuple(
                report.fact
                for report in self.reports(request)
                if report.our_reference == request.operation_id
            )
        self._told_so_far += [report for each in self.sent() for report in self.read(each)]
        return tuple(
            report.fact
            for report in self._told_so_far
            if report.our_reference == request.operation_id
        )

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
        return self.broken(what, _Words("somebody tells its end"), _Words("nobody does"))

    def _asked_again(self, request: Request[Any]) -> Iterator[Outcome]:
        """Complete or close a session again, where that only tells of what the customer does."""
        if self.author.customer_pays and request.method in ("complete_session", "close_session"):
            yield self.ask(self.orders.again(request))

    # -- What must be

    def broken(self, what: str, expected: object, actual: object) -> NoReturn:
        """Say that the law is broken, and how."""
        __tracebackhide__ = True
        raise self.law.broken(what, expected, actual, story=tuple(self.story))

    def must(self, holds: bool, what: str, expected: object, actual: object) -> None:  # noqa: FBT001 - a condition
        """Do nothing if it holds; `expected` may say in words what would."""
        __tracebackhide__ = True
        if not holds:
            wanted = _Words(expected) if isinstance(expected, str) else expected
            self.broken(what, wanted, actual)

    def same(self, expected: object, actual: object, what: str) -> None:
        """Do nothing if both are equal."""
        __tracebackhide__ = True
        if expected != actual:
            self.broken(what, expected, actual)

    def one_of(self, answer: object, *kinds: Callable[..., T], what: str) -> T:
        """Do nothing but return it, if an answer is of one of these classes."""
        __tracebackhide__ = True
        expected = " or ".join(getattr(kind, "__name__", "?") for kind in kinds)
        self.must(type(answer) in kinds, what, _Words(expected), answer)
        return cast("T", answer)

    def sold(self, answer: object, *, what: str) -> Authorized | Captured:
        """Do nothing but return it, if an answer says that money is held or taken."""
        __tracebackhide__ = True
        self.one_of(answer, Authorized, Captured, what=what)
        return cast("Authorized | Captured", answer)

    @contextmanager
    def moving(self, what: str, **moves: Money) -> Generator[dict[str, Money], None, None]:
        """
        Do nothing if exactly that happens to money meanwhile, as far as `books` is written.

        What is to happen is named by the parts of the books, `moving(what, held=amount)`, or
        filled in by them later: `moves["held"] = amount`.
        """
        __tracebackhide__ = True
        kept = self.author.currencies if self.knows("books") else ()
        before = self._all_books(kept)
        yield moves
        for was, now in zip(before, self._all_books(kept), strict=True):
            for part in _PARTS:
                nothing = was.held * 0
                moved = moves.get(part, nothing)
                more = moved if moved.currency == nothing.currency else nothing
                self.same(getattr(was, part) + more, getattr(now, part), f"{part}, {what}")

    @contextmanager
    def unmoved(self, what: str) -> Generator[None, None, None]:
        """Do nothing if no money moves meanwhile, as far as `books` is written."""
        __tracebackhide__ = True
        with self.moving(what):
            yield

    def _told(self, what: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as it does
        __tracebackhide__ = True
        self.story.append(f"{what} → …")
        try:
            answer = self.stage.do(call)
        except Stuck as stuck:
            self.broken("how long a call takes", _Words("it comes to an end"), _Words(str(stuck)))
        except BaseException as error:
            self.story[-1] = f"{what} → raised {shown(error)}"
            raise
        self.story[-1] = f"{what} → {shown(answer)}"
        return answer


class _Words(str):
    """Words that stand in a report without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


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
